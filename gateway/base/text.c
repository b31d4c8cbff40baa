/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text - checked decoding of base64, hex and UTF-8, and JSON text. Spec: RFC 4648, RFC 3629, RFC 8259, XML 1.0 2.2. */
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/bytes.h"

/* One more than the value of a digit of base64; 0 for what is none. */
static const unsigned char base64_digit[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, ['+'] = 63, ['/'] = 64,
};

static int base64_value(unsigned char c) { return base64_digit[c] - 1; }

static bool is_xml_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Octets go out in pieces: one by one they cost more than their decoding. */
struct pieces {
	unsigned char piece[1024];
	size_t n;
	struct buf *out;
};

static void pieces_flush(struct pieces *p)
{
	buf_add(p->out, (struct bytes){p->piece, p->n});
	p->n = 0;
}

/* Where the next `n` octets belong. */
static unsigned char *pieces_next(struct pieces *p, size_t n)
{
	if (n > sizeof p->piece - p->n)
		pieces_flush(p);
	p->n += n;
	return p->piece + p->n - n;
}

/* Groups of four digits with nothing between them, as many as there are; gives the octets read. */
static size_t base64_groups(struct bytes text, size_t at, struct pieces *to)
{
	size_t i = at;

	for (; i + 4 <= text.n; i += 4) {
		const unsigned char *p = text.p + i;
		const unsigned a = base64_digit[p[0]], b = base64_digit[p[1]], c = base64_digit[p[2]], d = base64_digit[p[3]];
		unsigned char *three;
		unsigned bits;

		if (!a || !b || !c || !d)
			break;
		bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		three = pieces_next(to, 3);
		three[0] = (unsigned char)(bits >> 16);
		three[1] = (unsigned char)(bits >> 8);
		three[2] = (unsigned char)bits;
	}
	return i - at;
}

outcome base64_decode(struct bytes text, struct buf *out, struct err *e)
{
	unsigned bits = 0, have = 0, pad = 0;
	struct pieces to;
	size_t digits = 0;

	to.n = 0;
	to.out = out;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c;
		int v;

		if (have == 0 && !pad) {
			size_t n = base64_groups(text, i, &to);

			digits += n;
			i += n;
			if (i == text.n)
				break;
		}
		c = text.p[i];
		if (is_xml_space(c))
			continue;
		if (c == '=') {
			pad++;
			digits++;
			continue;
		}
		v = base64_value(c);
		if (v < 0 || pad)
			return err_set(e, REASON_SEC_TOKEN_BROKEN, "character %zu is outside base64", i);
		digits++;
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*pieces_next(&to, 1) = (unsigned char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	pieces_flush(&to);
	if (digits % 4 || pad > 2 || bits || have / 2 != pad)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "base64 text has wrong padding");
	if (!buf_ok(out))
		return err_set(e, REASON_MEMORY, "base64 text is too long");
	return DONE;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct bytes text, struct buf *out)
{
	if (text.n % 2)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		buf_char(out, (char)(high << 4 | low));
	}
	return buf_ok(out);
}

/* Length and code point of the UTF-8 character at `p`; 0 when it is none: overlong, surrogate, cut, beyond U+10FFFF. */
static size_t utf8_read(const unsigned char *p, size_t n, unsigned *code)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3
		: p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	*code = len == 1 ? p[0] : p[0] & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3Fu);
	}
	if (*code < least[len] || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))
		return 0;
	return len;
}

/* Eight octets at once, each from 0x20 to 0x7F. */
static bool is_plain_ascii(const unsigned char *p)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return ((w | (w - 0x20 * ones)) & 0x80 * ones) == 0; /* a borrow leaves its own octet's bit set */
}

/* Behind printable ASCII and characters of two octets, which are all of those that XML allows: nearly everything. */
static size_t skip_usual(struct bytes text, size_t i)
{
	for (;;) {
		while (text.n - i >= 8 && is_plain_ascii(text.p + i))
			i += 8;
		while (i < text.n && text.p[i] >= 0x20 && text.p[i] < 0x80)
			i++;
		if (text.n - i < 2 || text.p[i] < 0xC2 || text.p[i] >= 0xE0)
			return i;
		while (text.n - i >= 2 && text.p[i] >= 0xC2 && text.p[i] < 0xE0) {
			if ((text.p[i + 1] & 0xC0) != 0x80)
				return i;
			i += 2;
		}
	}
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2"))) /* all but old processors have it */

AVX2 static uint32_t set_in(__m256i octets)
{
	return (uint32_t)_mm256_movemask_epi8(octets);
}

/* Octets above `low` and below `high`, read with a sign: so 0x80 is the least of all, and 0x7F the greatest. */
AVX2 static uint32_t between(unsigned char low, __m256i octets, unsigned char high)
{
	return set_in(_mm256_and_si256(_mm256_cmpgt_epi8(octets, _mm256_set1_epi8((char)low)),
		_mm256_cmpgt_epi8(_mm256_set1_epi8((char)high), octets)));
}

AVX2 static uint32_t controls(__m256i octets)
{
	const __m256i tab = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('\t')),
		lf = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('\n')), cr = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('\r'));

	return set_in(_mm256_andnot_si256(_mm256_or_si256(_mm256_or_si256(tab, lf), cr),
		_mm256_cmpgt_epi8(_mm256_set1_epi8(' '), octets))) & ~set_in(octets);
}

/* 32 octets at once: of ASCII what XML allows, all characters of two octets, and those of three behind whose first octet any
 * two may stand, so not E0, ED and EF. Gives how many octets of whole characters these are. */
AVX2 static size_t skip_blocks(const unsigned char *p, size_t n)
{
	uint64_t begun = 0; /* a bit for each octet of the block that must go on with a character of the one before */
	size_t i = 0;

	for (; n - i >= sizeof(__m256i); i += sizeof(__m256i)) {
		const __m256i octets = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		const uint32_t high = set_in(octets);
		uint32_t two, three, more;
		uint64_t wanted;

		if (controls(octets))
			break;
		if (!high && !begun)
			continue;
		more = set_in(_mm256_cmpgt_epi8(_mm256_set1_epi8((char)0xC0), octets));
		two = between(0xC1, octets, 0xE0);
		three = between(0xE0, octets, 0xED);
		wanted = begun | (uint64_t)(two | three) << 1 | (uint64_t)three << 2;
		if (more != (uint32_t)wanted || (more | two | three) != high)
			break;
		begun = wanted >> 32;
	}
	if (begun) {
		do
			i--;
		while ((p[i] & 0xC0) == 0x80);
	}
	return i;
}

static bool has_blocks(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
static size_t skip_blocks(const unsigned char *p, size_t n)
{
	(void)p, (void)n;
	return 0;
}

static bool has_blocks(void)
{
	return false;
}
#endif

bool utf8_is_xml(struct bytes text)
{
	const bool blocks = has_blocks();
	size_t i = 0;

	while (i < text.n) { /* where there is none, there may be no address either */
		unsigned code;
		size_t len;

		i += blocks ? skip_blocks(text.p + i, text.n - i) : 0;
		i = skip_usual(text, i);
		if (i == text.n)
			break;
		len = utf8_read(text.p + i, text.n - i, &code);
		if (len == 0 || code == 0xFFFE || code == 0xFFFF)
			return false;
		if (code < 0x20 && !is_xml_space((unsigned char)code))
			return false;
		i += len;
	}
	return true;
}

void utf8_repair(char *text)
{
	if (utf8_is_xml(bytes_str(text)))
		return;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

void buf_json(struct buf *b, struct bytes text)
{
	size_t i = 0;

	while (i < text.n) {
		unsigned char c = text.p[i];
		unsigned code;
		size_t len = utf8_read(text.p + i, text.n - i, &code);

		if (len == 0) {
			buf_str(b, "\xEF\xBF\xBD");
			i++;
			continue;
		}
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_str(b, "\\n");
		else if (code < 0x20 || code == 0x7F)
			buf_printf(b, "\\u%04x", code);
		else
			buf_add(b, bytes_sub(text, i, i + len));
		i += len;
	}
}
