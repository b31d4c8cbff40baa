/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chunked coding: how it arrives in pieces changes nothing, and no more comes out than went in or than is allowed. */
#include <string.h>

#include "http/http.h"

#include "fuzz.h"

#define LIMIT 65536u

struct decoded {
	enum http_step step;
	unsigned char data[LIMIT];
	size_t n;
};

static void decode(struct bytes in, size_t piece, struct decoded *out)
{
	struct http_chunk k = {.limit = LIMIT};

	out->n = 0;
	out->step = HTTP_MORE;
	while (in.n > 0 && out->step == HTTP_MORE) {
		struct bytes part = bytes_sub(in, 0, piece < in.n ? piece : in.n), data;
		size_t used = 0;

		while (part.n > 0 && out->step == HTTP_MORE) {
			out->step = http_chunk_feed(&k, part, &used, &data);
			FUZZ_ASSERT(used <= part.n && data.n <= used);
			FUZZ_ASSERT(out->n + data.n <= LIMIT);
			if (data.n)
				memcpy(out->data + out->n, data.p, data.n);
			out->n += data.n;
			FUZZ_ASSERT(used > 0 || out->step != HTTP_MORE); /* it goes on */
			part = bytes_sub(part, used, part.n);
		}
		in = bytes_sub(in, piece < in.n ? piece : in.n, in.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoded whole, pieces;
	struct bytes in = {data + (size > 0), size - (size > 0)};

	decode(in, in.n, &whole);
	decode(in, size ? 1 + data[0] % 7u : 1, &pieces);
	FUZZ_ASSERT(whole.step == pieces.step);
	FUZZ_ASSERT(whole.step == HTTP_BAD || (whole.n == pieces.n && memcmp(whole.data, pieces.data, whole.n) == 0));
	return 0;
}
