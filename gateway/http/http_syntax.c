/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_syntax - tokens, fields, lists and lengths of a head (RFC 9110 section 5, RFC 9112 sections 5 and 6.2). */
#include <string.h>
#include <strings.h>

#include "http/http.h"

static const bool tchar[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true, ['*'] = true, ['+'] = true,
	['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
};

bool http_is_token_char(unsigned char c)
{
	return tchar[c];
}

bool http_is_token(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!tchar[text.p[i]])
			return false;
	return text.n > 0;
}

bool http_is_text_char(unsigned char c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t';
}

bool http_is_text(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!http_is_text_char(text.p[i]))
			return false;
	return true;
}

bool http_is_same(struct bytes text, const char *s)
{
	return text.n == strlen(s) && strncasecmp((const char *)text.p, s, text.n) == 0;
}

const char *http_field(struct bytes line, struct bytes *name, struct bytes *value)
{
	const unsigned char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;

	if (!colon)
		return "field";
	*name = bytes_sub(line, 0, (size_t)(colon - line.p));
	*value = bytes_trim(bytes_sub(line, name->n + 1, line.n), " \t");
	return http_is_token(*name) ? NULL : "field-name";
}

bool http_next_element(struct bytes *list, struct bytes *element)
{
	if (!list->p)
		return false;
	const unsigned char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	*element = bytes_trim(bytes_sub(*list, 0, n), " \t");
	*list = comma ? bytes_sub(*list, n + 1, list->n) : BYTES_NONE;
	return true;
}

bool http_length(struct bytes text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0 && text.n <= 18;
}
