/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of the PROXY protocol: how it arrives in pieces changes nothing, not an octet behind it is taken, and a client
 * is known only after a whole header. */
#include <string.h>

#include "front_int.h"
#include "fuzz.h"

static enum http_step feed(struct front_proxy *p, struct bytes in, size_t piece, size_t *taken)
{
	enum http_step step = HTTP_MORE;

	*taken = 0;
	while (*taken < in.n && step == HTTP_MORE) {
		size_t used, end = *taken + piece < in.n ? *taken + piece : in.n;
		struct bytes part = bytes_sub(in, *taken, end);

		step = front_proxy_feed(p, part, &used);
		FUZZ_ASSERT(used <= part.n && (step != HTTP_MORE || used == part.n));
		*taken += used;
	}
	return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front_proxy whole = {0}, pieces = {0};
	struct bytes in = {data + (size > 0), size - (size > 0)};
	size_t one, other;
	enum http_step step = feed(&whole, in, in.n, &one);

	FUZZ_ASSERT(feed(&pieces, in, size ? 1 + data[0] % 7u : 1, &other) == step);
	FUZZ_ASSERT(one == other || step == HTTP_BAD);
	FUZZ_ASSERT(step != HTTP_MORE || !whole.known);
	FUZZ_ASSERT(step != HTTP_DONE || (whole.known == pieces.known && memcmp(&whole.client, &pieces.client, 16) == 0));
	FUZZ_ASSERT(one <= 16 + 4096);
	return 0;
}
