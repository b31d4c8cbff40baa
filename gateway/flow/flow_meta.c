/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_meta - what a queued message carries beside its body, as lines of text. Identifiers hold no line ends: the channel
 * refuses control characters. */
#include "flow/flow_int.h"

#define META_MOST 4096u

struct bytes delivery_meta_write(const struct delivery_meta *m, struct pool *pool)
{
	SCOPED(buf_free) struct buf text = BUF(META_MOST);
	const char kind[] = {(char)m->kind, '+'}; /* the plus says that the body is signed */
	const struct bytes kind_text = {(const unsigned char *)kind, m->is_signed ? 2 : 1};
	const struct bytes *part[] = {&kind_text, &m->receiver, &m->service_id, &m->participant, &m->sender_id,
		&m->message_id, &m->correlation_id, &m->exchange};
	const char *copy;

	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		buf_add(&text, *part[i]);
		buf_char(&text, '\n');
	}
	copy = buf_ok(&text) ? pool_copy(pool, buf_bytes(&text)) : NULL;
	return (struct bytes){(const unsigned char *)copy, copy ? text.len : 0};
}

bool delivery_meta_read(struct bytes text, struct delivery_meta *out)
{
	struct bytes kind = BYTES_NONE;
	struct bytes *part[] = {&kind, &out->receiver, &out->service_id, &out->participant, &out->sender_id, &out->message_id,
		&out->correlation_id, &out->exchange};

	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		const unsigned char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
		size_t n = end ? (size_t)(end - text.p) : 0;

		if (!end)
			return false;
		*part[i] = bytes_sub(text, 0, n);
		text = bytes_sub(text, n + 1, text.n);
	}
	out->kind = kind.n ? (enum delivery_kind)kind.p[0] : 0;
	out->is_signed = kind.n == 2 && kind.p[1] == '+';
	return text.n == 0 && kind.n == 1u + out->is_signed && strchr("spfn", kind.p[0]) && out->exchange.n == 38;
}
