/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_syntax - the grammar of single words in the head of a request: target and host (RFC 3986).
 * Promise:  answers yes only to what the grammar allows.
 * Not here: lines and their order (front_head.c). */

#include <string.h>

#include "front/front_int.h"

enum {
	P = 1 /* pchar, "/" and "?" */,
	H = 2 /* reg-name */,
	X = 4 /* hex digit */,
	D = 8 /* digit */
};

static const unsigned char classes[256] = {
	['0' ... '9'] = P | H | X | D,
	['A' ... 'F'] = P | H | X,
	['G' ... 'Z'] = P | H,
	['a' ... 'f'] = P | H | X,
	['g' ... 'z'] = P | H,
	['-'] = P | H, ['.'] = P | H, ['_'] = P | H, ['~'] = P | H,
	['!'] = P | H, ['$'] = P | H, ['&'] = P | H, ['\''] = P | H,
	['*'] = P | H, ['+'] = P | H, ['%'] = P | H,
	['('] = P | H, [')'] = P | H, [','] = P | H, [';'] = P | H, ['='] = P | H,
	[':'] = P, ['@'] = P, ['/'] = P, ['?'] = P,
};

static bool all_are(struct bytes text, unsigned char class)
{
	for (size_t i = 0; i < text.n; i++)
		if (!(classes[text.p[i]] & class))
			return false;
	return true;
}

static bool percent_is_encoded(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '%' &&
		    (text.n - i < 3 || !(classes[text.p[i + 1]] & X) || !(classes[text.p[i + 2]] & X)))
			return false;
	return true;
}

bool front_is_target(struct bytes text)
{
	return all_are(text, P) && percent_is_encoded(text);
}

/* IP-literal without the future forms: hex digits, colons and a dotted end between brackets. */
static bool is_literal(struct bytes text)
{
	for (size_t i = 1; i + 1 < text.n; i++)
		if (!(classes[text.p[i]] & X) && text.p[i] != ':' && text.p[i] != '.')
			return false;
	return text.n > 2;
}

bool front_is_host(struct bytes text)
{
	const unsigned char *close = text.n > 0 && text.p[0] == '[' ? memchr(text.p, ']', text.n) : NULL;
	const unsigned char *from = close ? close : text.p;
	const unsigned char *colon = text.n > 0 ? memchr(from, ':', text.n - (size_t)(from - text.p)) : NULL;
	struct bytes host = text, port = BYTES_NONE;
	if (colon) {
		host.n = (size_t)(colon - text.p);
		port = bytes_sub(text, host.n + 1, text.n);
	}
	if (port.n > 5 || !all_are(port, D))
		return false;
	if (close)
		return close == host.p + host.n - 1 && is_literal(host);
	return host.n > 0 && all_are(host, H) && percent_is_encoded(host);
}
