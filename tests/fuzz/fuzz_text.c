/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small readers of base: what they take says the same when it is written again. */
#include <string.h>

#include "base/clock.h"
#include "base/ident.h"
#include "fuzz.h"

#define MOST (1u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	FUZZ_ASSERT(clock_zone("Asia/Almaty"));
	return 0;
}

static void without_space(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!memchr(XML_SPACE, text.p[i], 4))
			buf_char(out, (char)text.p[i]);
	}
}

/* Strict: there is one spelling of any octets, but for white space. */
static void check_base64(struct bytes text)
{
	SCOPED(buf_free) struct buf octets = BUF(MOST), again = BUF(MOST), bare = BUF(MOST);
	struct err e = {0};

	if (!base64_decode(text, &octets, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_SEC_TOKEN_BROKEN);
		return;
	}
	buf_base64(&again, buf_bytes(&octets));
	without_space(text, &bare);
	FUZZ_ASSERT(bytes_eq(buf_bytes(&again), buf_bytes(&bare)));
}

static void check_hex(struct bytes text)
{
	SCOPED(buf_free) struct buf octets = BUF(MOST), again = BUF(MOST);

	if (!hex_decode(text, &octets))
		return;
	buf_hex(&again, buf_bytes(&octets));
	FUZZ_ASSERT(again.len == text.n && strncasecmp(buf_cstr(&again), text.n ? (const char *)text.p : "", text.n) == 0);
}

static void check_stamp(struct bytes text)
{
	struct stamp s, again;
	char printed[STAMP_TEXT], day[11];

	if (!stamp_parse(text, &s))
		return;
	stamp_print(s, printed);
	stamp_day(s, day);
	FUZZ_ASSERT(s.offset_min >= -14 * 60 && s.offset_min <= 14 * 60 && strncmp(printed, day, 10) == 0);
	FUZZ_ASSERT(!s.has_offset || memcmp(printed, text.p, 19) == 0); /* local time is as it was written */
	FUZZ_ASSERT(stamp_parse(bytes_str(printed), &again) && again.ms == s.ms && again.offset_min == s.offset_min);
}

/* The check digit by the order of the rule: weights from 1, when that gives 10 weights from 3, which then must not. */
static bool digit_fits(const unsigned char *n)
{
	unsigned one = 0, two = 0;

	for (unsigned i = 0; i < 11; i++) {
		one += (i + 1) * (n[i] - '0');
		two += ((i + 2) % 11 + 1) * (n[i] - '0');
	}
	one = one % 11 == 10 ? two % 11 : one % 11;
	return one == (unsigned)(n[11] - '0');
}

static void check_numbers(struct bytes text)
{
	if (iin_bin_is(text))
		FUZZ_ASSERT(text.n == 12 && strspn((const char *)text.p, "0123456789") >= 12 && digit_fits(text.p));
	if (guid_is(text))
		FUZZ_ASSERT(text.n == 38 && text.p[0] == '{' && text.p[37] == '}');
	if (error_id_is(text))
		FUZZ_ASSERT(text.n == 12);
}

static void check_written(struct bytes text, char *copy)
{
	SCOPED(buf_free) struct buf json = BUF(MOST), xml = BUF(MOST);

	buf_json(&json, text);
	FUZZ_ASSERT(buf_ok(&json) && (!utf8_is_xml(text) || utf8_is_xml(buf_bytes(&json))));
	for (size_t i = 0; i < json.len; i++)
		FUZZ_ASSERT(json.data[i] >= 0x20 && (json.data[i] != '"' || (i && json.data[i - 1] == '\\')));
	buf_xml(&xml, text);
	FUZZ_ASSERT(buf_ok(&xml) && !memchr(buf_cstr(&xml), '<', xml.len) && !memchr(buf_cstr(&xml), '"', xml.len));
	utf8_repair(copy);
	FUZZ_ASSERT(utf8_is_xml(bytes_str(copy)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(buf_free) struct buf copy = BUF(MOST); /* which ends with a NUL */
	struct bytes text;

	buf_add(&copy, (struct bytes){data, size});
	buf_char(&copy, 0);
	text = (struct bytes){copy.data, size};
	check_base64(text);
	check_hex(text);
	check_stamp(text);
	check_numbers(text);
	check_written((struct bytes){data, size}, (char *)copy.data);
	return 0;
}
