/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_text - character data and attribute values: line ends, references, escaping.
 * Promise:  every octet is looked at once; a reference that is none of the five entities and no character of XML is foreign.
 * Spec:     XML 1.0 sections 2.11, 3.3.3, 4.1; xml-c14n section 2.3 */
#include "canonical_int.h"

#define LETTER (BEGINS_NAME | IN_NAME | IN_URI | IN_PATH)
const unsigned char canonical_class[256] = {
	[' '] = IS_BLANK, ['\t'] = IS_BLANK | ODD_VALUE, ['\r'] = IS_BLANK | ODD_TEXT | ODD_VALUE, ['\n'] = IS_BLANK | ODD_VALUE,
	['"'] = ODD_VALUE, ['<'] = ODD_TEXT | ODD_VALUE, ['>'] = ODD_TEXT, ['&'] = ODD_TEXT | ODD_VALUE,
	['A'... 'Z'] = LETTER, ['a'... 'z'] = LETTER, ['_'] = LETTER, [0x80 ... 0xff] = BEGINS_NAME | IN_NAME,
	['0'... '9'] = IN_NAME | IN_URI | IN_PATH, ['-'] = IN_NAME | IN_URI | IN_PATH, ['.'] = IN_NAME | IN_URI | IN_PATH,
	['~'] = IN_URI | IN_PATH, ['/'] = IN_PATH, [':'] = IN_PATH,
};

/* --- references --- */

static bool is_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
		(c >= 0x10000 && c <= 0x10ffff);
}

static int digit_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* What stands between "&#" and ";". */
static bool number_of(struct bytes text, uint32_t *c)
{
	const bool hex = text.n > 0 && text.p[0] == 'x';

	*c = 0;
	if (text.n == hex)
		return false;
	for (size_t i = hex; i < text.n; i++) {
		const int digit = digit_of(text.p[i]), base = hex ? 16 : 10;

		if (digit >= base || *c > 0x10ffff)
			return false;
		*c = *c * (uint32_t)base + (uint32_t)digit;
	}
	return is_char(*c);
}

static bool named_of(struct bytes name, uint32_t *c)
{
	static const struct {
		const char *name;
		unsigned char c;
	} five[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

	for (size_t i = 0; i < sizeof five / sizeof *five; i++) {
		if (bytes_is(name, five[i].name)) {
			*c = five[i].c;
			return true;
		}
	}
	return false;
}

/* `at` stands on '&', then behind ';'. The longest reference of a sane text is far shorter than the bound. */
static bool reference(const unsigned char **at, const unsigned char *to, uint32_t *c)
{
	enum { REFERENCE_MOST = 32 };
	const unsigned char *from = *at + 1;
	const size_t left = (size_t)(to - from);
	const unsigned char *semicolon = memchr(from, ';', left < REFERENCE_MOST ? left : REFERENCE_MOST);
	struct bytes text;

	if (!semicolon)
		return false;
	text = (struct bytes){from, (size_t)(semicolon - from)};
	*at = semicolon + 1;
	if (text.n > 0 && text.p[0] == '#')
		return number_of(bytes_sub(text, 1, text.n), c);
	return named_of(text, c);
}

static void say_char(struct output *out, uint32_t c)
{
	char utf8[4];
	size_t n = 0;

	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		if (c < 0x10000) {
			utf8[n++] = (char)(0xe0 | c >> 12);
		} else {
			utf8[n++] = (char)(0xf0 | c >> 18);
			utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		}
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	}
	canonical_say(out, utf8, n);
}

/* --- character data --- */

static void say_text(struct output *out, uint32_t c)
{
	if (out->resolved)
		say_char(out, c);
	else if (c == '&')
		SAY(out, "&amp;");
	else if (c == '<')
		SAY(out, "&lt;");
	else if (c == '>')
		SAY(out, "&gt;");
	else if (c == '\r')
		SAY(out, "&#xD;");
	else
		say_char(out, c);
}

bool canonical_text(struct output *out, const unsigned char **at, const unsigned char *to, bool cdata)
{
	const unsigned char *from = *at;

	for (;;) {
		const unsigned char *odd = canonical_plain(*at, to);
		uint32_t c;

		if (odd > *at)
			canonical_put(out, *at, odd);
		*at = odd;
		if (odd == to || (*odd == '<' && !cdata))
			return true;
		if (*odd == '\r') { /* CR LF is one line end, and so is CR alone */
			if (++*at == to || **at != '\n')
				SAY(out, "\n");
		} else if (*odd == '&' && !cdata) {
			if (!reference(at, to, &c))
				return false;
			if (!out->resolved && odd[1] != '#' && c != '"' && c != '\'') /* it stands in its canonical form */
				canonical_put(out, odd, *at);
			else
				say_text(out, c);
		} else if (!cdata && odd - from >= 2 && odd[-1] == ']' && odd[-2] == ']') {
			return false; /* XML 1.0 production 14 */
		} else {
			say_text(out, *(*at)++);
		}
	}
}

/* --- attribute values --- */

static void say_value(struct output *out, uint32_t c)
{
	if (out->resolved)
		say_char(out, c);
	else if (c == '&')
		SAY(out, "&amp;");
	else if (c == '<')
		SAY(out, "&lt;");
	else if (c == '"')
		SAY(out, "&quot;");
	else if (c == '\t')
		SAY(out, "&#x9;");
	else if (c == '\n')
		SAY(out, "&#xA;");
	else if (c == '\r')
		SAY(out, "&#xD;");
	else
		say_char(out, c);
}

bool canonical_value(struct output *out, struct bytes value)
{
	const unsigned char *at = value.p, *to = value.p + value.n;

	while (at < to) {
		const unsigned char *from = at;
		uint32_t c;

		while (at < to && !is_class(*at, ODD_VALUE))
			at++;
		if (at > from)
			canonical_put(out, from, at);
		if (at == to)
			break;
		if (is_class(*at, IS_BLANK)) { /* white space that stands so is one blank each, CR LF together */
			at += *at == '\r' && at + 1 < to && at[1] == '\n' ? 2 : 1;
			SAY(out, " ");
		} else if (*at == '&') {
			if (!reference(&at, to, &c))
				return false;
			say_value(out, c);
		} else if (*at == '<') {
			return false;
		} else {
			say_value(out, *at++);
		}
	}
	return true;
}

/* --- without escaping --- */

static bool append(void *ctx, const void *data, size_t n)
{
	unsigned char **to = ctx;

	memcpy(*to, data, n);
	*to += n;
	return true;
}

size_t canonical_resolve(struct bytes raw, bool value, unsigned char *to)
{
	const unsigned char *at = raw.p;
	unsigned char *behind = to;
	struct output out;
	bool good;

	canonical_output_start(&out, append, &behind);
	out.resolved = true;
	good = value ? canonical_value(&out, raw) : canonical_text(&out, &at, raw.p + raw.n, false);
	BUG_IF(!good);
	canonical_flush(&out);
	return (size_t)(behind - to);
}
