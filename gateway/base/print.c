/* SPDX-License-Identifier: GPL-3.0-or-later */
/* print - text from a format, into a buffer.
 * Nearly all formats hold texts and a whole number now and then. Those are put together here, octets by the piece: the
 * library would look at each octet twice where the buffer has to grow, and a signed message has 20 such places. Formats with
 * any other directive are the library's. */
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"

static void add_number(struct buf *b, bool negative, unsigned long long magnitude)
{
	unsigned char text[24];
	size_t at = sizeof text;

	do
		text[--at] = (unsigned char)('0' + magnitude % 10);
	while (magnitude /= 10);
	if (negative)
		text[--at] = '-';
	buf_add(b, (struct bytes){text + at, sizeof text - at});
}

static void add_signed(struct buf *b, long long number)
{
	add_number(b, number < 0, number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number);
}

static bool takes(const char **format, const char *directive)
{
	size_t n = strlen(directive);

	if (strncmp(*format, directive, n) != 0)
		return false;
	*format += n;
	return true;
}

/* False at a directive that is the library's. */
static bool add_plain(struct buf *b, const char *format, va_list args)
{
	for (;;) {
		size_t n = (size_t)(strchrnul(format, '%') - format);

		buf_add(b, (struct bytes){(const unsigned char *)format, n});
		format += n;
		if (!*format)
			return true;
		if (takes(&format, "%s")) {
			buf_str(b, va_arg(args, const char *));
		} else if (takes(&format, "%.*s")) {
			size_t most = (size_t)va_arg(args, int);
			const char *text = va_arg(args, const char *);

			buf_add(b, (struct bytes){(const unsigned char *)text, text ? strnlen(text, most) : 0});
		} else if (takes(&format, "%d")) {
			add_signed(b, va_arg(args, int));
		} else if (takes(&format, "%lld")) {
			add_signed(b, va_arg(args, long long));
		} else if (takes(&format, "%zu")) {
			add_number(b, false, va_arg(args, size_t));
		} else {
			return false;
		}
	}
}

static void add_any(struct buf *b, const char *format, va_list args)
{
	va_list again;
	unsigned char *to;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (!to) {
		b->failed = true;
		return;
	}
	vsnprintf((char *)to, (size_t)n + 1, format, args);
	buf_grown(b, (size_t)n);
}

static void cut_back(struct buf *b, size_t len)
{
	b->len = len;
	if (b->data)
		b->data[len] = 0;
}

void buf_printf(struct buf *b, const char *format, ...)
{
	size_t before = b->len;
	va_list args;
	bool plain;

	va_start(args, format);
	plain = add_plain(b, format, args);
	va_end(args);
	if (b->failed || !plain)
		cut_back(b, before);
	if (b->failed || plain)
		return;
	va_start(args, format);
	add_any(b, format, args);
	va_end(args);
}
