/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An answer of HTTP: how it arrives in pieces changes nothing, and what is accepted lies within its limits and has one
 * framing. */
#include "egress_int.h"
#include "fuzz.h"

#define LIMIT 4096u

static enum http_step feed(struct egress_answer *a, struct bytes all, size_t piece)
{
	enum http_step step = HTTP_MORE;

	*a = (struct egress_answer){.head = BUF(EGRESS_HEAD_MOST), .body = BUF(LIMIT)};
	for (size_t at = 0; at < all.n && step == HTTP_MORE; at += piece)
		step = egress_answer_feed(a, bytes_sub(all, at, all.n - at < piece ? all.n : at + piece));
	FUZZ_ASSERT(a->head.len <= EGRESS_HEAD_MOST && a->body.len <= LIMIT);
	FUZZ_ASSERT((step == HTTP_DONE) == (a->state == ANSWER_WHOLE) || step == HTTP_BAD);
	FUZZ_ASSERT((step == HTTP_BAD) == (a->wrong != NULL));
	return step;
}

static void drop(struct egress_answer *a)
{
	buf_free(&a->head);
	buf_free(&a->body);
}

/* What the caller is told. */
static void compare(const struct egress_answer *a, const struct egress_answer *b)
{
	FUZZ_ASSERT(a->status == b->status && a->type_n == b->type_n && a->type_at == b->type_at && a->close == b->close);
	FUZZ_ASSERT(bytes_eq(buf_bytes(&a->body), buf_bytes(&b->body)));
	FUZZ_ASSERT(a->type_at + a->type_n <= a->line && a->line <= a->head.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = {data + (size > 0), size - (size > 0)};
	struct egress_answer whole, pieces;
	enum http_step step = feed(&whole, all, all.n ? all.n : 1), cut = feed(&pieces, all, size ? 1 + data[0] : 1);

	FUZZ_ASSERT(step == cut && whole.too_large == pieces.too_large);
	if (step != HTTP_BAD)
		compare(&whole, &pieces);
	else
		FUZZ_ASSERT(strcmp(whole.wrong, pieces.wrong) == 0);
	if (step == HTTP_DONE) {
		FUZZ_ASSERT(whole.status >= 200 && whole.status <= 999);
		FUZZ_ASSERT(!(whole.chunked && whole.has_length) || whole.status == 204 || whole.status == 304);
	}
	if (step == HTTP_MORE)
		FUZZ_ASSERT(egress_answer_ended(&whole) == egress_answer_ended(&pieces) && !egress_answer_keeps(&whole));
	drop(&whole);
	drop(&pieces);
	return 0;
}
