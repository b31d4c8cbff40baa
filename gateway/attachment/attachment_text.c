/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_text - are the octets text, and of which encoding?
 * Promise:  text has no control characters but tab, line feed, form feed and carriage return.
 * Not here: which encodings are allowed (attachment_check.c).
 * Spec:     RFC 3629, RFC 2781; windows-1251 of the IANA register, where 0x98 is no character. */
#include "attachment/attachment_int.h"

/* A character that text may hold; U+0085 is a line end of mainframes. */
static bool may_stand(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\f' || c == '\r';
	return c < 0x7F || c == 0x85 || (c > 0x9F && (c & 0xFFFE) != 0xFFFE);
}

size_t attachment_utf8_at(struct look *l, size_t i, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int first = look_at(l, i);
	size_t n = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;

	*code = n <= 1 ? (uint32_t)first : (uint32_t)first & (0xFFu >> (n + 1));
	for (size_t k = 1; k < n; k++) {
		int c = look_at(l, i + k);

		if (c < 0 || (c & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | ((uint32_t)c & 0x3F);
	}
	return n == 0 || *code < least[n] || *code > 0x10FFFF || *code >> 11 == 0x1B ? 0 : n;
}

static bool is_utf8(struct look *l, size_t *at)
{
	uint32_t code;

	for (*at = LOOK_IS(l, 0, "\xEF\xBB\xBF") ? 3 : 0; *at < l->o.n;) {
		size_t n = attachment_utf8_at(l, *at, &code);

		if (n == 0 || !may_stand(code))
			return false;
		*at += n;
	}
	return true;
}

static bool is_utf16(struct look *l, size_t *at)
{
	unsigned low = LOOK_IS(l, 0, "\xFE\xFF"); /* which of two octets is the lower one */
	bool half = false;

	for (*at = 2; *at < l->o.n; *at += 2) {
		int a = look_at(l, *at), b = look_at(l, *at + 1);
		uint32_t unit = b < 0 ? 0 : (uint32_t)(low ? a << 8 | b : b << 8 | a);

		if (b < 0 || half != (unit >> 10 == 0x37) || !may_stand(unit))
			return false;
		half = unit >> 10 == 0x36;
	}
	return !half;
}

/* Every octet from 0x80 on is a character, but one. */
static bool is_single(struct look *l, size_t *at)
{
	for (*at = 0; *at < l->o.n; ++*at) {
		int c = look_at(l, *at);

		if (c == 0x98 || (c < 0x80 && !may_stand((uint32_t)c)))
			return false;
	}
	return true;
}

enum attachment_text attachment_text_of(struct look *l, size_t *at)
{
	if (LOOK_IS(l, 0, "\xFF\xFE") || LOOK_IS(l, 0, "\xFE\xFF"))
		return is_utf16(l, at) ? TEXT_UTF16 : TEXT_NOT;
	if (is_utf8(l, at))
		return TEXT_UTF8;
	return is_single(l, at) ? TEXT_SINGLE : TEXT_NOT;
}

/* The n-th ASCII character of text whose encoding shows at the front; -1 when it is another. */
static int letter(struct look *l, size_t n)
{
	int high;

	if (LOOK_IS(l, 0, "\xFF\xFE") || LOOK_IS(l, 0, "\xFE\xFF")) {
		size_t low = look_at(l, 0) == 0xFE;

		high = look_at(l, 2 + 2 * n + 1 - low);
		return high == 0 ? look_at(l, 2 + 2 * n + low) : -1;
	}
	return look_at(l, n + (LOOK_IS(l, 0, "\xEF\xBB\xBF") ? 3 : 0));
}

static bool says(struct look *l, size_t n, const char *lower)
{
	for (size_t i = 0; lower[i]; i++) {
		int c = letter(l, n + i);

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i])
			return false;
	}
	return true;
}

bool attachment_text_is_xml(struct look *l)
{
	size_t n = 0;
	int c = letter(l, 0);

	if (says(l, 0, "<?xml"))
		return true;
	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = letter(l, ++n);
	if (c != '<' || says(l, n, "<html") || says(l, n, "<!doctype html"))
		return false;
	c = letter(l, n + 1);
	return says(l, n, "<!--") || says(l, n, "<!doctype") || c == '_' || c == ':' || (c >= 'A' && c <= 'Z') ||
		(c >= 'a' && c <= 'z') || c >= 0x80;
}
