/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_splice - a text with some of its parts replaced; every other octet stays as it was. */
#include "envelope/envelope.h"

void envelope_splice(struct bytes text, const struct edit *edits, size_t n, struct buf *out)
{
	size_t at = 0, grown = text.n;

	for (size_t i = 0; i < n; i++)
		grown += edits[i].with.n;
	if (!buf_reserve(out, grown < out->ceiling - out->len ? grown : out->ceiling - out->len))
		return;
	for (size_t i = 0; i < n; i++) {
		BUG_IF(edits[i].from < at || edits[i].to < edits[i].from || edits[i].to > text.n);
		buf_add(out, bytes_sub(text, at, edits[i].from));
		buf_add(out, edits[i].with);
		at = edits[i].to;
	}
	buf_add(out, bytes_sub(text, at, text.n));
}

void envelope_splice_front(struct bytes text, const struct edit *edits, size_t n, struct buf *out, struct bytes *rest)
{
	const size_t last = n > 0 ? edits[n - 1].to : 0;

	*rest = last <= ENVELOPE_REST && text.n - last >= ENVELOPE_REST ? bytes_sub(text, last, text.n) : BYTES_NONE;
	envelope_splice(bytes_sub(text, 0, text.n - rest->n), edits, n, out);
}
