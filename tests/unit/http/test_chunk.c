/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of chunked bodies against the decoder: each is fed at once and octet by octet, and must end the
 * same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

#define LIMIT 20

/* status 200: complete, and `left` octets belong to the next request; 0: more is waited for. */
static const struct row {
	const char *name;
	struct bytes body;
	int status;
	const char *data;
	size_t left;
} rows[] = {
	{"one chunk", BYTES_LIT("5\r\nhello\r\n0\r\n\r\n"), 200, "hello", 0},
	{"several chunks", BYTES_LIT("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 200, "abc", 0},
	{"no data at all", BYTES_LIT("0\r\n\r\n"), 200, "", 0},
	{"what follows is not taken", BYTES_LIT("1\r\na\r\n0\r\n\r\nGET /"), 200, "a", 5},
	{"sizes in hex of either case and with zeros before",
	 BYTES_LIT("00A\r\n0123456789\r\n0a\r\n0123456789\r\n0\r\n\r\n"), 200, "01234567890123456789", 0},
	{"data may hold CR LF", BYTES_LIT("4\r\n\r\n\r\n\r\n0\r\n\r\n"), 200, "\r\n\r\n", 0},
	{"an extension is read over", BYTES_LIT("1;a=b;c=\"d e\"\r\nx\r\n0;z\r\n\r\n"), 200, "x", 0},
	{"blanks before an extension pass", BYTES_LIT("1 \t;a\r\nx\r\n0\r\n\r\n"), 200, "x", 0},
	{"trailers are read over", BYTES_LIT("1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n"), 200, "x",
	 0},
	{"a cut size is waited for", BYTES_LIT("1"), 0, "", 0},
	{"cut data is waited for", BYTES_LIT("3\r\nab"), 0, "ab", 0},
	{"a cut end is waited for", BYTES_LIT("1\r\na\r\n0\r\n"), 0, "a", 0},
	{"a negative size", BYTES_LIT("-5\r\n"), 400, "", 0},
	{"a signed size", BYTES_LIT("+5\r\n"), 400, "", 0},
	{"a size beyond 64 bits", BYTES_LIT("FFFFFFFFFFFFFFFF1\r\n"), 400, "", 0},
	{"a size with endless zeros", BYTES_LIT("00000000000000001\r\n"), 400, "", 0},
	{"the largest size of 64 bits is above the limit", BYTES_LIT("FFFFFFFFFFFFFFFF\r\n"), 413, "", 0},
	{"a second chunk that would overflow the sum", BYTES_LIT("1\r\na\r\nFFFFFFFFFFFFFFFF\r\n"), 413, "a",
	 0},
	{"data at the limit", BYTES_LIT("14\r\n01234567890123456789\r\n0\r\n\r\n"), 200,
	 "01234567890123456789", 0},
	{"data above the limit", BYTES_LIT("15\r\n"), 413, "", 0},
	{"a size with 0x", BYTES_LIT("0x5\r\n"), 400, "", 0},
	{"no size", BYTES_LIT("\r\n"), 400, "", 0},
	{"an extension without a size", BYTES_LIT(";a\r\n"), 400, "", 0},
	{"junk before the size", BYTES_LIT(" 5\r\n"), 400, "", 0},
	{"junk after the size", BYTES_LIT("5g\r\n"), 400, "", 0},
	{"blanks after the size", BYTES_LIT("5 \r\n"), 400, "", 0},
	{"a bare LF after the size", BYTES_LIT("5\nhello"), 400, "", 0},
	{"a CR without LF after the size", BYTES_LIT("5\rhello"), 400, "", 0},
	{"a bare LF in an extension", BYTES_LIT("5;a\n"), 400, "", 0},
	{"a NUL in an extension", BYTES_LIT("5;a\0\r\n"), 400, "", 0},
	{"data not followed by CR LF", BYTES_LIT("2\r\nabXX"), 400, "ab", 0},
	{"data followed by LF", BYTES_LIT("2\r\nab\n0\r\n\r\n"), 400, "ab", 0},
	{"data followed by CR and no LF", BYTES_LIT("2\r\nab\r0"), 400, "ab", 0},
	{"an end with a bare LF", BYTES_LIT("0\r\n\n"), 400, "", 0},
	{"an end with a CR and no LF", BYTES_LIT("0\r\n\rX"), 400, "", 0},
	{"a trailer without a colon", BYTES_LIT("0\r\nabc\r\n"), 400, "", 0},
	{"a folded trailer", BYTES_LIT("0\r\nA: b\r\n c\r\n"), 400, "", 0},
	{"a trailer with a bare LF", BYTES_LIT("0\r\nA: b\n"), 400, "", 0},
	{"a trailer with a CR and no LF", BYTES_LIT("0\r\nA: b\rc"), 400, "", 0},
};

/* Feeds in pieces of `size`; the end, the data and what was left over. */
static enum http_step feed(struct http_chunk *k, struct bytes body, size_t size, struct buf *data,
			    size_t *left)
{
	enum http_step step = HTTP_MORE;
	size_t at = 0;
	while (at < body.n && step == HTTP_MORE) {
		struct bytes piece = bytes_sub(body, at, body.n - at < size ? body.n : at + size), found;
		size_t used;
		step = http_chunk_feed(k, piece, &used, &found);
		assert_true(used > 0);
		buf_add(data, found);
		at += used;
	}
	*left = body.n - at;
	return step;
}

static void test_rows(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 1; size < 60; size += 29) {
			struct http_chunk k = {.limit = LIMIT};
			SCOPED(buf_free) struct buf data = BUF(1000);
			size_t left;
			enum http_step step = feed(&k, rows[i].body, size, &data, &left);
			int status = step == HTTP_MORE ? 0 : step == HTTP_DONE ? 200 : k.refusal.status;
			if (status != rows[i].status || !bytes_is(buf_bytes(&data), rows[i].data) ||
			    (status == 200 && left != rows[i].left)) {
				wrong++;
				print_error("%s, in pieces of %zu: %d, not %d\n", rows[i].name, size, status,
					    rows[i].status);
			}
		}
	assert_int_equal(wrong, 0);
}

static int fill(struct buf *body, const char *before, const char *unit, int times, const char *after)
{
	struct http_chunk k = {.limit = LIMIT};
	struct buf data = BUF(100);
	size_t left;
	buf_clear(body);
	buf_str(body, before);
	for (int i = 0; i < times; i++)
		buf_str(body, unit);
	buf_str(body, after);
	enum http_step step = feed(&k, buf_bytes(body), 1000, &data, &left);
	buf_free(&data);
	return step == HTTP_DONE ? 200 : step == HTTP_BAD ? k.refusal.status : 0;
}

static void test_limits(void **state)
{
	(void)state;
	struct buf body = BUF(1 << 20);
	const char *end = "\r\nx\r\n0\r\n\r\n";
	assert_int_equal(fill(&body, "1;", "a", 256, end), 200);
	assert_int_equal(fill(&body, "1;", "a", 257, end), 400);
	assert_int_equal(fill(&body, "0\r\n", "A: b\r\n", 600, "\r\n"), 200);
	assert_int_equal(fill(&body, "0\r\n", "A: b\r\n", 700, "\r\n"), 431);
	buf_free(&body);
}

static void test_extensions_in_all(void **state)
{
	(void)state;
	struct http_chunk k = {.limit = 1000};
	SCOPED(buf_free) struct buf body = BUF(1 << 20), data = BUF(1000);
	size_t left;
	for (int i = 0; i < 30; i++) {
		buf_str(&body, "1;");
		for (int j = 0; j < 200; j++)
			buf_char(&body, 'a');
		buf_str(&body, "\r\nx\r\n");
	}
	assert_int_equal(feed(&k, buf_bytes(&body), body.len, &data, &left), HTTP_BAD);
	assert_int_equal(k.refusal.status, 400);
	assert_int_equal(data.len, 20); /* 20 times 200 octets are below 4096, the 21st is not */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_extensions_in_all),
	};
	return cmocka_run_group_tests_name("http: chunks", tests, NULL, NULL);
}
