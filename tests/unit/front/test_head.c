/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of heads against the parser: each is fed at once and octet by octet, and must end the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "front/front_int.h"

#define H "Host: gw\r\n"
#define POST "POST /x HTTP/1.1\r\n" H
#define LIMIT 1000

/* status 200: passes; 0: not complete yet. */
static const struct row {
	const char *name;
	struct bytes head;
	int status;
} rows[] = {
	{"a plain GET passes", BYTES_LIT("GET / HTTP/1.1\r\n" H "\r\n"), 200},
	{"a POST with a length passes", BYTES_LIT(POST "Content-Length: 5\r\n\r\n"), 200},
	{"a POST in chunks passes", BYTES_LIT(POST "Transfer-Encoding: chunked\r\n\r\n"), 200},
	{"the coding's name has no case", BYTES_LIT(POST "transfer-encoding: CHUNKED\r\n\r\n"), 200},
	{"one empty line before the request is forgiven", BYTES_LIT("\r\nGET / HTTP/1.1\r\n" H "\r\n"), 200},
	{"a second empty line is not", BYTES_LIT("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"), 400},
	{"an incomplete head is waited for", BYTES_LIT("GET / HTTP/1.1\r\n" H), 0},
	{"HTTP/1.0 needs no Host", BYTES_LIT("GET / HTTP/1.0\r\n\r\n"), 200},
	{"HTTP/1.1 needs a Host", BYTES_LIT("GET / HTTP/1.1\r\n\r\n"), 400},
	{"an empty Host is none", BYTES_LIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
	{"two Hosts are ambiguous", BYTES_LIT("GET / HTTP/1.1\r\n" H H "\r\n"), 400},
	{"a Host with a port passes", BYTES_LIT("GET / HTTP/1.1\r\nHost: gw.example:8443\r\n\r\n"), 200},
	{"a Host that is an IPv6 literal passes", BYTES_LIT("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200},
	{"an open bracket is no host", BYTES_LIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
	{"text after the bracket is no host", BYTES_LIT("GET / HTTP/1.1\r\nHost: [::1]x:80\r\n\r\n"), 400},
	{"a host with a blank is none", BYTES_LIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
	{"a host with user data is none", BYTES_LIT("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400},
	{"a list of hosts is none", BYTES_LIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
	{"a port of letters is none", BYTES_LIT("GET / HTTP/1.1\r\nHost: gw:http\r\n\r\n"), 400},
	{"the absolute form passes", BYTES_LIT("GET http://gw/a?b HTTP/1.1\r\n" H "\r\n"), 200},
	{"the absolute form with user data is refused", BYTES_LIT("GET http://u@gw/ HTTP/1.1\r\n" H "\r\n"),
	 400},
	{"the absolute form of another scheme is refused", BYTES_LIT("GET ftp://gw/ HTTP/1.1\r\n" H "\r\n"),
	 400},
	{"the authority form is refused", BYTES_LIT("CONNECT gw:443 HTTP/1.1\r\n" H "\r\n"), 400},
	{"the asterisk is for OPTIONS", BYTES_LIT("OPTIONS * HTTP/1.1\r\n" H "\r\n"), 200},
	{"the asterisk is not for GET", BYTES_LIT("GET * HTTP/1.1\r\n" H "\r\n"), 400},
	{"a target without a slash is refused", BYTES_LIT("GET x HTTP/1.1\r\n" H "\r\n"), 400},
	{"a fragment is refused", BYTES_LIT("GET /a#b HTTP/1.1\r\n" H "\r\n"), 400},
	{"a backslash in the target is refused", BYTES_LIT("GET /a\\b HTTP/1.1\r\n" H "\r\n"), 400},
	{"percent-encoding passes", BYTES_LIT("GET /%d0%B0?x=%20 HTTP/1.1\r\n" H "\r\n"), 200},
	{"broken percent-encoding is refused", BYTES_LIT("GET /%zz HTTP/1.1\r\n" H "\r\n"), 400},
	{"cut percent-encoding is refused", BYTES_LIT("GET /%2 HTTP/1.1\r\n" H "\r\n"), 400},
	{"raw letters beyond ASCII are refused in a target", BYTES_LIT("GET /\xd0\xb0 HTTP/1.1\r\n" H "\r\n"),
	 400},
	{"two blanks in the request line are refused", BYTES_LIT("GET  / HTTP/1.1\r\n" H "\r\n"), 400},
	{"a blank at the end of the request line is refused", BYTES_LIT("GET / HTTP/1.1 \r\n" H "\r\n"), 400},
	{"a tab in the request line is refused", BYTES_LIT("GET\t/ HTTP/1.1\r\n" H "\r\n"), 400},
	{"a blank before the method is refused", BYTES_LIT(" GET / HTTP/1.1\r\n" H "\r\n"), 400},
	{"HTTP/0.9 is refused", BYTES_LIT("GET /\r\n"), 400},
	{"a single word is refused", BYTES_LIT("GET\r\n"), 400},
	{"HTTP/9.9 is not ours", BYTES_LIT("GET / HTTP/9.9\r\n"), 505},
	{"HTTP/1.2 is not ours", BYTES_LIT("GET / HTTP/1.2\r\n"), 505},
	{"the preface of HTTP/2 is not ours", BYTES_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
	{"a version in lower case is none", BYTES_LIT("GET / http/1.1\r\n"), 400},
	{"a version of two digits is none", BYTES_LIT("GET / HTTP/1.10\r\n"), 400},
	{"bare XML is refused at its first octet", BYTES_LIT("<"), 400},
	{"a TLS record on a plain port is refused at its first octet", BYTES_LIT("\x16\x03\x01"), 400},
	{"a method with a slash is refused", BYTES_LIT("GE/T"), 400},
	{"a method of 33 letters is unknown", BYTES_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n"),
	 501},
	{"a bare LF after the request line is refused at once", BYTES_LIT("GET / HTTP/1.1\n"), 400},
	{"a bare LF after a field is refused at once", BYTES_LIT("GET / HTTP/1.1\r\nHost: gw\n"), 400},
	{"a bare LF as the end is refused at once", BYTES_LIT("GET / HTTP/1.1\r\n" H "\n"), 400},
	{"a bare LF as the first octet is refused", BYTES_LIT("\n"), 400},
	{"a bare CR in a value is refused", BYTES_LIT(POST "X: a\rb"), 400},
	{"two CRs at a line's end are refused", BYTES_LIT("GET / HTTP/1.1\r\r\n"), 400},
	{"a NUL in a value is refused", BYTES_LIT(POST "X: a\0b"), 400},
	{"a vertical tab in a value is refused", BYTES_LIT(POST "Transfer-Encoding:\vchunked\r\n"), 400},
	{"a DEL in a name is refused", BYTES_LIT(POST "X\x7f: a\r\n"), 400},
	{"letters beyond ASCII in a value pass", BYTES_LIT("GET / HTTP/1.1\r\n" H "X: \xd0\xb0\r\n\r\n"),
	 200},
	{"letters beyond ASCII in a name are refused", BYTES_LIT("GET / HTTP/1.1\r\n" H "\xd0\xb0: x\r\n"),
	 400},
	{"a blank before the colon is refused", BYTES_LIT(POST "Content-Length : 5\r\n"), 400},
	{"a folded line is refused", BYTES_LIT(POST "X: a\r\n b\r\n"), 400},
	{"a line folded with a tab is refused", BYTES_LIT(POST "X: a\r\n\tb: c\r\n"), 400},
	{"a line without a colon is refused", BYTES_LIT(POST "nothing\r\n"), 400},
	{"an empty name is refused", BYTES_LIT(POST ": x\r\n"), 400},
	{"length and coding together are refused",
	 BYTES_LIT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
	{"coding and length together are refused",
	 BYTES_LIT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400},
	{"two lengths are refused", BYTES_LIT(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400},
	{"two equal lengths are refused", BYTES_LIT(POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n"),
	 400},
	{"a list of lengths is refused", BYTES_LIT(POST "Content-Length: 5, 5\r\n\r\n"), 400},
	{"a negative length is refused", BYTES_LIT(POST "Content-Length: -1\r\n\r\n"), 400},
	{"a signed length is refused", BYTES_LIT(POST "Content-Length: +5\r\n\r\n"), 400},
	{"a length in hex is refused", BYTES_LIT(POST "Content-Length: 0x5\r\n\r\n"), 400},
	{"an empty length is refused", BYTES_LIT(POST "Content-Length: \r\n\r\n"), 400},
	{"a length with junk is refused", BYTES_LIT(POST "Content-Length: 5 abc\r\n\r\n"), 400},
	{"a length beyond 64 bits is refused", BYTES_LIT(POST "Content-Length: 18446744073709551617\r\n\r\n"),
	 400},
	{"a length at the limit passes", BYTES_LIT(POST "Content-Length: 1000\r\n\r\n"), 200},
	{"a length above the limit is refused", BYTES_LIT(POST "Content-Length: 1001\r\n\r\n"), 413},
	{"a POST without a length is refused", BYTES_LIT(POST "\r\n"), 411},
	{"a PUT without a length is refused", BYTES_LIT("PUT / HTTP/1.1\r\n" H "\r\n"), 411},
	{"an unknown coding is not implemented", BYTES_LIT(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501},
	{"gzip as a transfer coding is not implemented", BYTES_LIT(POST "Transfer-Encoding: gzip\r\n\r\n"),
	 501},
	{"chunked in a list is refused", BYTES_LIT(POST "Transfer-Encoding: chunked, identity\r\n\r\n"), 400},
	{"chunked after gzip is refused", BYTES_LIT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 400},
	{"an empty coding is refused", BYTES_LIT(POST "Transfer-Encoding:\r\n\r\n"), 400},
	{"two codings are refused",
	 BYTES_LIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
	{"a coding in HTTP/1.0 is refused",
	 BYTES_LIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
	{"the expectation to continue passes",
	 BYTES_LIT(POST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n"), 200},
	{"another expectation is refused", BYTES_LIT(POST "Content-Length: 5\r\nExpect: 200-ok\r\n\r\n"),
	 417},
	{"two Content-Types are ambiguous",
	 BYTES_LIT(POST "Content-Length: 0\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n"), 400},
	{"two SOAPActions are ambiguous",
	 BYTES_LIT(POST "Content-Length: 0\r\nSOAPAction: \"a\"\r\nSOAPAction: \"b\"\r\n\r\n"), 400},
};

static enum http_step feed(struct front_head *h, struct bytes head, bool by_octet)
{
	*h = (struct front_head){0};
	enum http_step step = HTTP_MORE;
	for (size_t n = by_octet ? 1 : head.n; n <= head.n && step == HTTP_MORE; n++)
		step = front_head_feed(h, bytes_sub(head, 0, n), LIMIT);
	return step;
}

static int status_of(const struct front_head *h, enum http_step step)
{
	return step == HTTP_MORE ? 0 : step == HTTP_DONE ? 200 : h->refusal.status;
}

static void test_rows(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int by_octet = 0; by_octet < 2; by_octet++) {
			struct front_head h;
			int status = status_of(&h, feed(&h, rows[i].head, by_octet));
			if (status != rows[i].status) {
				wrong++;
				print_error("%s%s: %d, not %d\n", rows[i].name, by_octet ? " (by octet)" : "",
					    status, rows[i].status);
			}
			if (status >= 400)
				assert_non_null(h.refusal.reason);
		}
	assert_int_equal(wrong, 0);
}

static void assert_part(struct bytes all, struct front_range r, const char *wanted)
{
	if (!bytes_is(front_head_part(all, r), wanted))
		fail_msg("not %s", wanted);
}

static void test_parts(void **state)
{
	(void)state;
	struct bytes all = BYTES_LIT(
		"\r\nPOST /a/b?c=d?e HTTP/1.1\r\nhOST:gw:1 \r\nContent-Type: \t text/xml; charset=utf-8\t\r\n"
		"SOAPAction: \"SendMessage\"\r\nContent-Encoding: gzip\r\nContent-Length: 0012\r\n"
		"Expect: 100-continue\r\nConnection: x, Close\r\n\r\nbody");
	struct front_head h;
	assert_int_equal(feed(&h, all, false), HTTP_DONE);
	assert_int_equal(h.end, all.n - 4);
	assert_part(all, h.method, "POST");
	assert_part(all, h.path, "/a/b");
	assert_part(all, h.query, "c=d?e");
	assert_part(all, h.field[FIELD_HOST], "gw:1");
	assert_part(all, h.field[FIELD_CONTENT_TYPE], "text/xml; charset=utf-8");
	assert_part(all, h.field[FIELD_SOAP_ACTION], "\"SendMessage\"");
	assert_part(all, h.field[FIELD_CONTENT_ENCODING], "gzip");
	assert_int_equal(h.content_length, 12);
	assert_true(h.expects_continue);
	assert_true(h.close);
	assert_false(h.chunked);
	assert_int_equal(h.minor, 1);
}

static void test_connection(void **state)
{
	(void)state;
	struct front_head h;
	feed(&h, BYTES_LIT("GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\n\r\n"), false);
	assert_false(h.close);
	feed(&h, BYTES_LIT("GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: close\r\n\r\n"),
	     false);
	assert_true(h.close);
	feed(&h, BYTES_LIT("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"), false);
	assert_false(h.close);
	feed(&h, BYTES_LIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), false);
	assert_true(h.close);
}

static void test_absolute_form(void **state)
{
	(void)state;
	struct front_head h;
	struct bytes all = BYTES_LIT("GET HTTPS://other:8443?q HTTP/1.1\r\n" H "\r\n");
	/* An authority without a path: the path would have to be invented. */
	assert_int_equal(feed(&h, all, false), HTTP_BAD);
	all = BYTES_LIT("GET HTTPS://other:8443/p?q HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(feed(&h, all, false), HTTP_DONE);
	assert_part(all, h.field[FIELD_HOST], "other:8443");
	assert_part(all, h.path, "/p");
	assert_part(all, h.query, "q");
}

static void test_many_fields(void **state)
{
	(void)state;
	struct buf head = BUF(1 << 16);
	buf_str(&head, "GET / HTTP/1.1\r\n" H);
	for (int i = 0; i < 98; i++)
		buf_str(&head, "X: y\r\n");
	struct front_head h = {0};
	assert_int_equal(front_head_feed(&h, buf_bytes(&head), LIMIT), HTTP_MORE);
	buf_str(&head, "X: y\r\n");
	assert_int_equal(front_head_feed(&h, buf_bytes(&head), LIMIT), HTTP_BAD);
	assert_int_equal(h.refusal.status, 431);
	buf_free(&head);
}

static void test_too_large(void **state)
{
	(void)state;
	struct front_head h;
	feed(&h, BYTES_LIT("GET /aaaaaaaaaaaaaaaaa"), false);
	assert_int_equal(front_head_too_large(&h).status, 414);
	feed(&h, BYTES_LIT("GET / HTTP/1.1\r\nX: aaaaaaaaaa"), false);
	assert_int_equal(front_head_too_large(&h).status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	      cmocka_unit_test(test_parts),
		cmocka_unit_test(test_connection),    cmocka_unit_test(test_absolute_form),
		cmocka_unit_test(test_many_fields),   cmocka_unit_test(test_too_large),
	};
	return cmocka_run_group_tests_name("front: heads", tests, NULL, NULL);
}
