/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes - growing buffers and the text forms that are built in them. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"

#define BUF_FIRST 1024 /* malloc keeps pieces of that size at hand for each thread, and of no larger one */

bool bytes_eq_secret(struct bytes a, struct bytes b)
{
	unsigned diff = a.n != b.n;

	for (size_t i = 0; i < a.n && i < b.n; i++)
		diff |= (unsigned)(a.p[i] ^ b.p[i]);
	return diff == 0;
}

/* `room`: what it is to have when it must grow; more when that is not enough. */
static unsigned char *reserve(struct buf *b, size_t n, size_t room)
{
	unsigned char *grown;

	if (b->failed || n > b->ceiling - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->len + n + 1 <= b->room)
		return b->data + b->len;
	if (room < b->len + n + 1)
		room = b->len + n + 1;
	grown = memory_widen(b->data, room);
	if (!grown) {
		b->failed = true;
		return NULL;
	}
	b->data = grown;
	b->room = room;
	return b->data + b->len;
}

unsigned char *buf_reserve(struct buf *b, size_t n)
{
	return reserve(b, n, b->room ? b->room * 2 : BUF_FIRST);
}

unsigned char *buf_reserve_no_more(struct buf *b, size_t n)
{
	return reserve(b, n, 0);
}

void buf_grown(struct buf *b, size_t n)
{
	BUG_IF(b->len + n + 1 > b->room);
	b->len += n;
	b->data[b->len] = 0;
}

void buf_add(struct buf *b, struct bytes add)
{
	unsigned char *to = buf_reserve(b, add.n);

	if (!to)
		return;
	if (add.n)
		memcpy(to, add.p, add.n);
	buf_grown(b, add.n);
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, (struct bytes){(const unsigned char *)&c, 1});
}

void buf_xml(struct buf *b, struct bytes text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *ref = NULL;

		switch (text.p[i]) {
		case '&': ref = "&amp;"; break;
		case '<': ref = "&lt;"; break;
		case '>': ref = "&gt;"; break;
		case '"': ref = "&quot;"; break;
		case '\r': ref = "&#13;"; break;
		default: continue;
		}
		buf_add(b, bytes_sub(text, from, i));
		buf_str(b, ref);
		from = i + 1;
	}
	buf_add(b, bytes_sub(text, from, text.n));
}

void buf_hex(struct buf *b, struct bytes raw)
{
	static const char digit[] = "0123456789abcdef";
	unsigned char *to = buf_reserve(b, raw.n * 2);

	if (!to)
		return;
	for (size_t i = 0; i < raw.n; i++) {
		to[2 * i] = (unsigned char)digit[raw.p[i] >> 4];
		to[2 * i + 1] = (unsigned char)digit[raw.p[i] & 15];
	}
	buf_grown(b, raw.n * 2);
}

static void put_digits(unsigned char to[4], unsigned a, unsigned b, unsigned c)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	to[0] = (unsigned char)digit[a >> 2];
	to[1] = (unsigned char)digit[(a << 4 | b >> 4) & 63];
	to[2] = (unsigned char)digit[(b << 2 | c >> 6) & 63];
	to[3] = (unsigned char)digit[c & 63];
}

void buf_base64(struct buf *b, struct bytes raw)
{
	size_t n = (raw.n + 2) / 3 * 4, i = 0;
	unsigned char *to = buf_reserve(b, n);

	if (!to)
		return;
	for (; raw.n - i >= 3; i += 3, to += 4)
		put_digits(to, raw.p[i], raw.p[i + 1], raw.p[i + 2]);
	if (i < raw.n) {
		put_digits(to, raw.p[i], i + 1 < raw.n ? raw.p[i + 1] : 0, 0);
		to[3] = '=';
		if (i + 1 == raw.n)
			to[2] = '=';
	}
	buf_grown(b, n);
}

static bool is_one_of(unsigned char c, const char *set)
{
	return c && strchr(set, c);
}

struct bytes bytes_trim(struct bytes text, const char *set)
{
	while (text.n > 0 && is_one_of(text.p[0], set))
		text = bytes_sub(text, 1, text.n);
	while (text.n > 0 && is_one_of(text.p[text.n - 1], set))
		text.n--;
	return text;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = 0;
}

void buf_free(struct buf *b)
{
	memory_return(b->data);
	*b = BUF(b->ceiling);
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->room);
	buf_free(b);
}
