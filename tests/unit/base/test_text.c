/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Octets, buffers, base64, UTF-8, JSON and XML text. */
#include "../cm.h"

#include <stdio.h>

#include "base/bytes.h"

static void base64_is_strict(void **state)
{
	static const struct {
		const char *name, *text, *raw; /* raw NULL: refused */
	} rows[] = {
		{"nothing is nothing", "", ""},
		{"one octet", "QQ==", "A"},
		{"two octets", "QUI=", "AB"},
		{"three octets", "QUJD", "ABC"},
		{"white space and CR may stand anywhere", " QU\r\n\tJD ", "ABC"},
		{"padding may be split by white space", "QQ=\n=", "A"},
		{"padding is required", "QQ", NULL},
		{"half of the padding is not enough", "QQ=", NULL},
		{"too much padding", "QUI==", NULL},
		{"nothing may follow padding", "QQ==QQ==", NULL},
		{"unused bits must be zero", "QR==", NULL},
		{"unused bits of two octets must be zero", "QUJ=", NULL},
		{"characters outside the alphabet", "QU*D", NULL},
		{"the URL alphabet is another one", "QU_-", NULL},
		{"padding alone", "====", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(buf_free) struct buf out = BUF(100);
		struct err e;
		bool ok = base64_decode(bytes_str(rows[i].text), &out, &e).ok;

		if (ok != (rows[i].raw != NULL))
			fail_msg("%s", rows[i].name);
		if (ok && !bytes_is(buf_bytes(&out), rows[i].raw))
			fail_msg("%s: %s", rows[i].name, buf_cstr(&out));
	}
}

static void base64_comes_back(void **state)
{
	unsigned char raw[70];

	(void)state;
	for (size_t n = 0; n < sizeof raw; n++) {
		SCOPED(buf_free) struct buf text = BUF(200), back = BUF(200);
		struct err e;

		raw[n] = (unsigned char)(n * 37 + 129);
		buf_base64(&text, (struct bytes){raw, n});
		assert_true(base64_decode(buf_bytes(&text), &back, &e).ok);
		assert_true(bytes_eq(buf_bytes(&back), (struct bytes){raw, n}));
	}
}

/* At every place of a long text: a blank changes nothing, a foreign character is found. Whole groups are read in another way
 * than digits beside blanks. */
static void base64_is_read_alike_at_every_place(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(4000);
	unsigned char raw[1100];

	(void)state;
	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (unsigned char)(i * 101 + 7);
	buf_base64(&text, (struct bytes){raw, sizeof raw});
	for (size_t at = 0; at < text.len; at += 7) {
		SCOPED(buf_free) struct buf odd = BUF(4000), back = BUF(4000), none = BUF(4000);
		struct err e;

		buf_add(&odd, bytes_sub(buf_bytes(&text), 0, at));
		buf_char(&odd, '\n');
		buf_add(&odd, bytes_sub(buf_bytes(&text), at, text.len));
		assert_true(base64_decode(buf_bytes(&odd), &back, &e).ok);
		assert_true(bytes_eq(buf_bytes(&back), (struct bytes){raw, sizeof raw}));
		odd.data[at] = "!\x7F\x80=\xFF"[at % 5];
		assert_false(base64_decode(buf_bytes(&odd), &none, &e).ok);
	}
}

static void hex_is_strict(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(100), text = BUF(100);

	(void)state;
	assert_true(hex_decode(BYTES_LIT("00fFA9"), &out));
	assert_int_equal(out.len, 3);
	buf_hex(&text, buf_bytes(&out));
	assert_string_equal(buf_cstr(&text), "00ffa9");
	assert_false(hex_decode(BYTES_LIT("0"), &out));
	assert_false(hex_decode(BYTES_LIT("0g"), &out));
}

static void utf8_of_xml(void **state)
{
	static const struct {
		const char *name, *text;
		bool ok;
	} rows[] = {
		{"ASCII", "plain", true},
		{"Kazakh letters", "Қақпа әіңғүұқөһ", true},
		{"an emoji", "\xF0\x9F\x98\x80", true},
		{"the last code point", "\xF4\x8F\xBF\xBD", true},
		{"tab, line feed and CR", "\t\n\r", true},
		{"a control character", "\x01", false},
		{"DEL is allowed by XML 1.0", "\x7F", true},
		{"overlong two", "\xC0\xBC", false},
		{"overlong three", "\xE0\x80\xBC", false},
		{"overlong four", "\xF0\x80\x80\xBC", false},
		{"a surrogate", "\xED\xA0\x80", false},
		{"beyond Unicode", "\xF4\x90\x80\x80", false},
		{"a lone continuation", "\x80", false},
		{"a cut character", "\xD2", false},
		{"U+FFFE", "\xEF\xBF\xBE", false},
		{"Latin-1", "caf\xE9", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (utf8_is_xml(bytes_str(rows[i].text)) != rows[i].ok)
			fail_msg("%s", rows[i].name);
	}
	assert_false(utf8_is_xml((struct bytes){(const unsigned char *)"a\0b", 3}));
}

/* Octets are looked at in groups: each must be judged as it would be alone. */
static void utf8_is_judged_alike_at_every_place(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0x100; c++) {
		bool good = (c >= 0x20 && c < 0x80) || c == '\t' || c == '\n' || c == '\r';

		for (size_t at = 0; at < 72; at++) {
			unsigned char text[72];

			memset(text, at % 2 ? ' ' : 0x7F, sizeof text);
			text[at] = (unsigned char)c;
			assert_int_equal(utf8_is_xml((struct bytes){text, sizeof text}), good);
		}
	}
}

/* Four octets alone are too few for a group; where they lie across the bound of two groups, or across the end of the last,
 * they must be judged the same. */
static void utf8_is_judged_alike_across_groups(void **state)
{
	static const unsigned char octets[] = {0, 0x09, 0x1F, 0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBE, 0xBF, 0xC0, 0xC1,
		0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF4, 0xF5};
	const size_t most = sizeof octets;
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < most * most * most * most; i++) {
		unsigned char text[66] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0";
		const unsigned char four[] = {octets[i % most], octets[i / most % most], octets[i / most / most % most],
			octets[i / most / most / most]};
		const bool alone = utf8_is_xml((struct bytes){four, 4});

		good += alone;
		for (size_t at = 28; at < 33; at++) {
			memcpy(text + 28, "0123456789", 10);
			memcpy(text + at, four, 4);
			if (utf8_is_xml((struct bytes){text, 65}) != alone || utf8_is_xml((struct bytes){text, 60}) != alone)
				fail_msg("%02x %02x %02x %02x at %zu", four[0], four[1], four[2], four[3], at);
		}
	}
	assert_in_range(good, 1, most * most * most * most - 1);
}

static void text_is_escaped(void **state)
{
	SCOPED(buf_free) struct buf xml = BUF(200), json = BUF(200);

	(void)state;
	buf_xml(&xml, BYTES_LIT("a<b>&\"c\"\r\n"));
	assert_string_equal(buf_cstr(&xml), "a&lt;b&gt;&amp;&quot;c&quot;&#13;\n");
	buf_json(&json, BYTES_LIT("q\"\\\n\x01\x7F\xFFқ"));
	assert_string_equal(buf_cstr(&json), "q\\\"\\\\\\n\\u0001\\u007f\xEF\xBF\xBDқ");
}

static void a_buffer_stops_at_its_ceiling(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(10);

	(void)state;
	buf_str(&b, "123456789");
	buf_char(&b, '0');
	assert_true(buf_ok(&b));
	buf_char(&b, 'x');
	assert_false(buf_ok(&b));
	buf_str(&b, "");
	buf_printf(&b, "%d", 7);
	assert_string_equal(buf_cstr(&b), "1234567890");
	buf_clear(&b);
	buf_printf(&b, "%05d", 42);
	assert_true(buf_ok(&b));
	assert_string_equal(buf_cstr(&b), "00042");
	buf_printf(&b, "%s", "six on");
	assert_false(buf_ok(&b));
	assert_string_equal(buf_cstr(&b), "00042");
}

static void a_buffer_takes_what_it_is_told_at_once_and_otherwise_twice_what_it_had(void **state)
{
	SCOPED(buf_free) struct buf told = BUF(1u << 20), filled = BUF(1u << 20);
	size_t moves = 0;

	(void)state;
	assert_non_null(buf_reserve(&told, 600000));
	assert_int_equal(told.room, 600001);
	assert_non_null(buf_reserve(&told, 600000));
	assert_int_equal(told.room, 600001);
	for (size_t room = 0; filled.len < 600000; room = filled.room) {
		buf_char(&filled, 'c');
		moves += filled.room != room;
		assert_true(filled.room <= 1024 || filled.room <= 2 * filled.len);
	}
	assert_int_equal(moves, 11); /* 1024 octets, and ten times the double */
	assert_non_null(buf_reserve_no_more(&told, 600001));
	assert_int_equal(told.room, 600002);
	buf_grown(&told, 600001);
	assert_non_null(buf_reserve_no_more(&told, 1));
	assert_int_equal(told.room, 600003);
}

#define FILLER 1018 /* six octets are left of what a buffer takes first */
/* In a buffer that begins empty, one that has to grow in the middle, and one whose ceiling is exactly that. */
#define PRINTS(...)                                                               \
	do {                                                                      \
		char wanted[2048];                                                \
		size_t n = (size_t)snprintf(wanted, sizeof wanted, __VA_ARGS__);  \
		SCOPED(buf_free) struct buf empty = BUF(4096), full = BUF(n + FILLER), small = BUF(n + FILLER - 1); \
		buf_printf(&empty, __VA_ARGS__);                                  \
		assert_string_equal(buf_cstr(&empty), wanted);                    \
		assert_int_equal(empty.len, n);                                   \
		buf_add(&full, (struct bytes){filler, FILLER});                   \
		buf_printf(&full, __VA_ARGS__);                                   \
		assert_true(buf_ok(&full));                                       \
		assert_string_equal(buf_cstr(&full) + FILLER, wanted);            \
		buf_add(&small, (struct bytes){filler, FILLER - (n == 0)});       \
		buf_printf(&small, __VA_ARGS__);                                  \
		assert_int_equal(buf_ok(&small), n == 0);                         \
		assert_int_equal(small.len, FILLER - (n == 0));                   \
		assert_int_equal(small.data[small.len], 0);                       \
	} while (0)

static void formats_mean_what_they_mean_to_the_library(void **state)
{
	static unsigned char filler[FILLER];
	const char *cut = "cut";
	char lengthy[1500];

	(void)state;
	memset(filler, 'f', sizeof filler);
	memset(lengthy, 'l', sizeof lengthy - 1);
	lengthy[sizeof lengthy - 1] = 0;
	PRINTS("plain");
	PRINTS("%s", "");
	PRINTS("<%s a=\"%s\"/>", "name", lengthy);
	PRINTS("%.*s|%.*s|%.*s|%.*s", 2, cut, 0, cut, 9, cut, -1, cut);
	PRINTS("%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
	PRINTS("%lld%lld", (long long)INT64_MIN, (long long)INT64_MAX);
	PRINTS("%zu/%zu", (size_t)0, SIZE_MAX);
	PRINTS("100 %% of %s", "it");
	PRINTS("%s %05d %.2s %x %s", "first", 42, cut, 255u, "last"); /* some are the library's, and so is the whole */
	PRINTS("%s%%", lengthy);
}

static void ends_are_trimmed_and_the_middle_stays(void **state)
{
	(void)state;
	assert_true(bytes_is(bytes_trim(BYTES_LIT(" \t\r\n a b \n"), XML_SPACE), "a b"));
	assert_true(bytes_is(bytes_trim(BYTES_LIT("a"), XML_SPACE), "a"));
	assert_true(bytes_is(bytes_trim(BYTES_LIT("\ta "), " "), "\ta"));
	assert_int_equal(bytes_trim(BYTES_LIT(" \n "), XML_SPACE).n, 0);
	assert_int_equal(bytes_trim(BYTES_NONE, XML_SPACE).n, 0);
	assert_int_equal(bytes_trim(BYTES_LIT("\0a\0"), XML_SPACE).n, 3); /* the end of the set is no octet of it */
}

static void secrets_compare_whole(void **state)
{
	(void)state;
	assert_true(bytes_eq_secret(BYTES_LIT("abc"), BYTES_LIT("abc")));
	assert_false(bytes_eq_secret(BYTES_LIT("abc"), BYTES_LIT("abd")));
	assert_false(bytes_eq_secret(BYTES_LIT("abc"), BYTES_LIT("ab")));
	assert_false(bytes_eq_secret(BYTES_LIT(""), BYTES_LIT("a")));
	assert_true(bytes_eq_secret(BYTES_NONE, BYTES_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(base64_comes_back),
		cmocka_unit_test(base64_is_read_alike_at_every_place),
		cmocka_unit_test(hex_is_strict),
		cmocka_unit_test(utf8_of_xml),
		cmocka_unit_test(utf8_is_judged_alike_at_every_place),
		cmocka_unit_test(utf8_is_judged_alike_across_groups),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(a_buffer_stops_at_its_ceiling),
		cmocka_unit_test(a_buffer_takes_what_it_is_told_at_once_and_otherwise_twice_what_it_had),
		cmocka_unit_test(formats_mean_what_they_mean_to_the_library),
		cmocka_unit_test(ends_are_trimmed_and_the_middle_stays),
		cmocka_unit_test(secrets_compare_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
