/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file with its name: what is let through as pdf or txt is of that kind by its content too. */
#include <string.h>

#include "attachment/attachment.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *end = memchr(data, '\n', size);
	struct bytes name = {data, end ? (size_t)(end - data) : 0};
	struct bytes octets = end ? (struct bytes){end + 1, size - name.n - 1} : (struct bytes){data, size};
	const struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;
	const struct attachment_set allowed = {1u << ATTACHMENT_PDF | 1u << ATTACHMENT_TXT};
	enum attachment_kind kind = attachment_kind_of(octets);
	struct err e;

	FUZZ_ASSERT(kind < ATTACHMENT_KIND_COUNT);
	if (attachment_check(name, BYTES_NONE, octets, allowed, &limits, &e).ok)
		FUZZ_ASSERT(attachment_set_has(allowed, kind) || kind == ATTACHMENT_XML);
	return 0;
}
