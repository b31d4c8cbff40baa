/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of an HTTP request: how it arrives in pieces changes nothing, and what is accepted lies within the head. */
#include "front_int.h"
#include "fuzz.h"

#define BODY_MOST (15u << 20)

/* Fed in pieces of `piece` octets. */
static enum http_step feed(struct front_head *h, struct bytes all, size_t piece)
{
	enum http_step step = HTTP_MORE;

	for (size_t n = piece; step == HTTP_MORE && n < all.n; n += piece) /* each call sees all that came so far */
		step = front_head_feed(h, bytes_sub(all, 0, n), BODY_MOST);
	return step == HTTP_MORE ? front_head_feed(h, all, BODY_MOST) : step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = {data + (size > 0), size - (size > 0)};
	struct front_head whole = {0}, pieces = {0};
	enum http_step step = front_head_feed(&whole, all, BODY_MOST);

	FUZZ_ASSERT(feed(&pieces, all, size ? 1 + data[0] : 1) == step);
	if (step == HTTP_BAD) {
		FUZZ_ASSERT(whole.refusal.status >= 400 && whole.refusal.reason);
		FUZZ_ASSERT(pieces.refusal.status == whole.refusal.status);
	}
	if (step != HTTP_DONE)
		return 0;
	FUZZ_ASSERT(whole.end <= all.n && pieces.end == whole.end && whole.content_length <= BODY_MOST);
	FUZZ_ASSERT(!whole.chunked || !(whole.seen & 1u << FIELD_CONTENT_LENGTH));
	FUZZ_ASSERT(http_is_token(front_head_part(all, whole.method)) && front_is_target(front_head_part(all, whole.path)));
	for (int i = 0; i < FIELD_COUNT; i++)
		FUZZ_ASSERT(whole.field[i].at + whole.field[i].n <= whole.end);
	return 0;
}
