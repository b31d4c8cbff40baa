/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_numbers - the numbers of a message that a notice of it repeats.
 * Promise: what is given has the form of the common contract, whatever the payload holds. */
#include "demand/demand_int.h"

enum { REQUEST_DIGITS = 20, CHAIN_MOST = 64 };

static struct bytes text_of(struct pool *pool, const xmlNode *in, const char *local)
{
	struct bytes text = BYTES_NONE;
	bool several;
	const xmlNode *node = demand_child(in, local, &several);

	return node && demand_text(pool, node, &text) ? text : BYTES_NONE;
}

static bool is_request_number(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	}
	return text.n == REQUEST_DIGITS;
}

struct demand_numbers demand_numbers(struct pool *pool, const struct payload *payload)
{
	const xmlNode *root = payload_root(payload), *info = NULL;
	struct demand_numbers out = {.request_number = BYTES_NONE};
	bool several;

	if (root)
		info = demand_child(root, "SystemInfo", &several);
	if (!info)
		return out;
	out.request_number = text_of(pool, info, "RequestNumber");
	out.chain_id = text_of(pool, info, "ChainId");
	if (!is_request_number(out.request_number))
		return (struct demand_numbers){.request_number = BYTES_NONE};
	if (out.chain_id.n > CHAIN_MOST)
		out.chain_id = BYTES_NONE;
	return out;
}
