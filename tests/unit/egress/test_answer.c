/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_answer - what is an answer and what is none, wherever it is cut on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "egress/egress_int.h"

#define LIMIT 20
#define OK "HTTP/1.1 200 OK\r\n"

/* BAD and LARGE: refused; CUT: whole neither with these octets nor with the end of the connection; END: whole with that. */
enum wanted { WHOLE, END, CUT, BAD, LARGE };

static const struct row {
	const char *name;
	struct bytes text;
	enum wanted wanted;
	int status;
	const char *type, *body;
	bool keeps;
	const char *wrong;
} rows[] = {
	{"a body of known length", BYTES_LIT(OK "Content-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc"), WHOLE, 200,
		"text/xml", "abc", true, NULL},
	{"an empty body", BYTES_LIT(OK "Content-Length: 0\r\n\r\n"), WHOLE, 200, "", "", true, NULL},
	{"fields of either case, with blanks", BYTES_LIT(OK "content-LENGTH:\t3 \r\ncontent-type:a/b \r\n\r\nabc"),
		WHOLE, 200, "a/b", "abc", true, NULL},
	{"the last type counts", BYTES_LIT(OK "Content-Type: a/b\r\nContent-Length: 0\r\nContent-Type: c/d\r\n\r\n"), WHOLE, 200,
		"c/d", "", true, NULL},
	{"an empty type is none", BYTES_LIT(OK "Content-Type:\r\nContent-Length: 0\r\n\r\n"), WHOLE, 200, "", "", true, NULL},
	{"chunks", BYTES_LIT(OK "Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n"), WHOLE, 200, "",
		"abc", true, NULL},
	{"a body that ends with the connection", BYTES_LIT(OK "\r\nabc"), END, 200, "", "abc", false, NULL},
	{"an empty one of that kind", BYTES_LIT(OK "\r\n"), END, 200, "", "", false, NULL},
	{"no words behind the status", BYTES_LIT("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na"), WHOLE, 200, "", "a", true, NULL},
	{"any words behind the status", BYTES_LIT("HTTP/1.1 599 \xd0\x90 b\r\nContent-Length: 1\r\n\r\na"), WHOLE, 599, "", "a",
		true, NULL},
	{"lines that end with LF alone", BYTES_LIT("HTTP/1.1 200 OK\nContent-Length: 1\n\na"), WHOLE, 200, "", "a", true, NULL},
	{"interim answers", BYTES_LIT("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 X\r\nContent-Length: 9\r\n"
		"Content-Type: x/y\r\nConnection: close\r\n\r\n" OK "Content-Length: 1\r\n\r\na"), WHOLE, 200, "", "a", true, NULL},
	{"204 has no body, whatever it says", BYTES_LIT("HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n"), WHOLE, 204,
		"", "", true, NULL},
	{"304 has no body, whatever it says", BYTES_LIT("HTTP/1.1 304 None\r\nTransfer-Encoding: chunked\r\n\r\n"),
		WHOLE, 304, "", "", true, NULL},
	{"close", BYTES_LIT(OK "Connection: close\r\nContent-Length: 1\r\n\r\na"), WHOLE, 200, "", "a", false, NULL},
	{"close in a list", BYTES_LIT(OK "Connection: x, Close\r\nContent-Length: 1\r\n\r\na"), WHOLE, 200, "", "a",
		false, NULL},
	{"HTTP/1.0 ends the connection", BYTES_LIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"), WHOLE, 200, "", "a",
		false, NULL},
	{"HTTP/1.0 that keeps it", BYTES_LIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\na"),
		WHOLE, 200, "", "a", true, NULL},
	{"close wins over keep-alive", BYTES_LIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n"
		"Connection: close\r\n\r\na"), WHOLE, 200, "", "a", false, NULL},
	{"a body at the limit", BYTES_LIT(OK "Content-Length: 20\r\n\r\n01234567890123456789"), WHOLE, 200, "",
		"01234567890123456789", true, NULL},
	{"cut in the status line", BYTES_LIT("HTTP/1.1 20"), CUT, 0, "", "", false, NULL},
	{"cut in a field", BYTES_LIT(OK "Content-Le"), CUT, 200, "", "", false, NULL},
	{"cut before the empty line", BYTES_LIT(OK "A: b\r\n"), CUT, 200, "", "", false, NULL},
	{"cut in the body", BYTES_LIT(OK "Content-Length: 3\r\n\r\nab"), CUT, 200, "", "ab", false, NULL},
	{"cut in a chunk", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nab"), CUT, 200, "", "ab", false, NULL},
	{"cut before the last chunk", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), CUT, 200, "", "ab",
		false, NULL},
	{"cut in the trailer", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n"), CUT, 200, "", "", false, NULL},
	{"an interim answer alone", BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"), CUT, 100, "", "", false, NULL},
	{"another protocol", BYTES_LIT("220 mail"), BAD, 0, "", "", false, "status-line"},
	{"an empty line before the status", BYTES_LIT("\r\n" OK), BAD, 0, "", "", false, "status-line"},
	{"HTTP/2", BYTES_LIT("HTTP/2.0"), BAD, 0, "", "", false, "status-line"},
	{"HTTP/1.2", BYTES_LIT("HTTP/1.2 200 OK\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a version in lower case", BYTES_LIT("http/1.1"), BAD, 0, "", "", false, "status-line"},
	{"a status of two digits", BYTES_LIT("HTTP/1.1 20\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a status of four digits", BYTES_LIT("HTTP/1.1 2000\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a status below 100", BYTES_LIT("HTTP/1.1 099 X\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a status with a letter", BYTES_LIT("HTTP/1.1 2x0 X\r\n"), BAD, 0, "", "", false, "status-line"},
	{"two spaces before the status", BYTES_LIT("HTTP/1.1  200 X\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a control character in the status line", BYTES_LIT("HTTP/1.1 200 \x01\r\n"), BAD, 0, "", "", false, "status-line"},
	{"a change of protocol", BYTES_LIT("HTTP/1.1 101 X\r\n\r\n"), BAD, 101, "", "", false, "status-101"},
	{"no status line behind an interim answer", BYTES_LIT("HTTP/1.1 100 X\r\n\r\nabc"), BAD, 100, "", "", false,
		"status-line"},
	{"a line without a colon", BYTES_LIT(OK "abc\r\n"), BAD, 200, "", "", false, "field"},
	{"a folded line", BYTES_LIT(OK "A: b\r\n c: d\r\n"), BAD, 200, "", "", false, "field-name"},
	{"a folded first line", BYTES_LIT(OK " c: d\r\n"), BAD, 200, "", "", false, "field-name"},
	{"a blank before the colon", BYTES_LIT(OK "Content-Length : 3\r\n"), BAD, 200, "", "", false, "field-name"},
	{"no name", BYTES_LIT(OK ": b\r\n"), BAD, 200, "", "", false, "field-name"},
	{"a NUL in a value", BYTES_LIT(OK "A: b\0\r\n"), BAD, 200, "", "", false, "control"},
	{"a CR in a value", BYTES_LIT(OK "A: b\rContent-Length: 3\r\n"), BAD, 200, "", "", false, "control"},
	{"two lengths", BYTES_LIT(OK "Content-Length: 3\r\nContent-Length: 4\r\n"), BAD, 200, "", "", false, "content-length"},
	{"the same length twice", BYTES_LIT(OK "Content-Length: 3\r\nContent-Length: 3\r\n"), BAD, 200, "", "", false,
		"content-length"},
	{"a list of lengths", BYTES_LIT(OK "Content-Length: 3, 3\r\n"), BAD, 200, "", "", false, "content-length"},
	{"a negative length", BYTES_LIT(OK "Content-Length: -3\r\n"), BAD, 200, "", "", false, "content-length"},
	{"an empty length", BYTES_LIT(OK "Content-Length:\r\n"), BAD, 200, "", "", false, "content-length"},
	{"a length beyond all sense", BYTES_LIT(OK "Content-Length: 18446744073709551619\r\n"), BAD, 200, "", "", false,
		"content-length"},
	{"another coding", BYTES_LIT(OK "Transfer-Encoding: gzip\r\n"), BAD, 200, "", "", false, "transfer-encoding"},
	{"a coding before chunked", BYTES_LIT(OK "Transfer-Encoding: gzip, chunked\r\n"), BAD, 200, "", "", false,
		"transfer-encoding"},
	{"chunked twice", BYTES_LIT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), BAD, 200, "", "", false,
		"transfer-encoding"},
	{"an empty coding", BYTES_LIT(OK "Transfer-Encoding:\r\n"), BAD, 200, "", "", false, "transfer-encoding"},
	{"a length and chunks", BYTES_LIT(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), BAD, 200, "", "", false,
		"framing"},
	{"chunks and a length", BYTES_LIT(OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"), BAD, 200, "", "", false,
		"framing"},
	{"chunks of HTTP/1.0", BYTES_LIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), BAD, 200, "", "",
		false, "framing"},
	{"a broken chunk", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n3\nabc"), BAD, 200, "", "", false, "chunk-size"},
	{"a folded trailer", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c"), BAD, 200, "", "", false,
		"trailer"},
	{"a length above the limit", BYTES_LIT(OK "Content-Length: 21\r\n\r\n"), LARGE, 200, "", "", false, "length"},
	{"chunks above the limit", BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n1\r\n"), LARGE,
		200, "", "01234567890123456789", false, "body"},
	{"more than the limit until the end", BYTES_LIT(OK "\r\n012345678901234567890"), LARGE, 200, "", NULL, false, "body"},
};

static void answer_start(struct egress_answer *a)
{
	*a = (struct egress_answer){.head = BUF(EGRESS_HEAD_MOST), .body = BUF(LIMIT)};
}

static void answer_drop(struct egress_answer *a)
{
	buf_free(&a->head);
	buf_free(&a->body);
}

static enum wanted judge(struct egress_answer *a, enum http_step step)
{
	switch (step) {
	case HTTP_DONE: return WHOLE;
	case HTTP_BAD: return a->too_large ? LARGE : BAD;
	default: return egress_answer_ended(a) ? END : CUT;
	}
}

static bool holds(const struct row *r, struct egress_answer *a, enum http_step step)
{
	enum wanted got = judge(a, step);
	struct bytes type = a->type_n ? bytes_sub(buf_bytes(&a->head), a->type_at, a->type_at + a->type_n) : BYTES_NONE;

	return got == r->wanted && a->status == r->status && (!r->body || bytes_is(buf_bytes(&a->body), r->body)) &&
		egress_answer_keeps(a) == r->keeps && (!r->wrong || (a->wrong && strcmp(a->wrong, r->wrong) == 0)) &&
		(r->wanted > END || bytes_is(type, r->type));
}

/* In two pieces, the first of `first` octets; or, with 0, octet by octet. */
static bool row_holds(const struct row *r, size_t first)
{
	struct egress_answer a;
	enum http_step step = HTTP_MORE;
	bool right;

	answer_start(&a);
	for (size_t at = 0, n; at < r->text.n && step == HTTP_MORE; at += n) {
		n = !first ? 1 : at == 0 && first < r->text.n ? first : r->text.n - at;
		step = egress_answer_feed(&a, bytes_sub(r->text, at, at + n));
	}
	right = holds(r, &a, step);
	if (!right)
		print_message("%s, cut at %zu: status %d, '%.*s', %s\n", r->name, first, a.status, (int)a.body.len,
		buf_cstr(&a.body),
			a.wrong ? a.wrong : "");
	answer_drop(&a);
	return right;
}

static void each_answer_is_what_it_is_wherever_it_is_cut(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t first = 0; first <= rows[i].text.n; first++)
			wrong += !row_holds(&rows[i], first);
	assert_int_equal(wrong, 0);
}

static void what_follows_an_answer_ends_its_connection(void **state)
{
	static const struct bytes texts[] = {BYTES_LIT(OK "Content-Length: 1\r\n\r\na"), BYTES_LIT("HTTP/1.1 204 X\r\n\r\n"),
		BYTES_LIT(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int more = 0; more < 2; more++) {
			struct buf text = BUF(1000);
			struct egress_answer a;

			buf_add(&text, texts[i]);
			buf_str(&text, more ? "H" : "");
			answer_start(&a);
			assert_int_equal(egress_answer_feed(&a, buf_bytes(&text)), HTTP_DONE);
			assert_int_equal(egress_answer_keeps(&a), !more);
			answer_drop(&a);
			buf_free(&text);
		}
}

/* Interim answers count, so that they cannot go on for ever. */
static void heads_have_a_limit_together(void **state)
{
	static const struct bytes parts[] = {BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"),
		BYTES_LIT("A: bcdefghijklmnopqrstuvw\r\n"),
		BYTES_LIT("aaaaaaaaaaaaaaaaaaaaaaaa")};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct egress_answer a;
		enum http_step step;
		size_t sent = 0;

		answer_start(&a);
		step = egress_answer_feed(&a, i ? BYTES_LIT(OK) : BYTES_NONE);
		for (; step == HTTP_MORE && sent < 2 * EGRESS_HEAD_MOST; sent += parts[i].n)
			step = egress_answer_feed(&a, parts[i]);
		assert_int_equal(step, HTTP_BAD);
		assert_true(a.too_large && sent <= EGRESS_HEAD_MOST + parts[i].n);
		answer_drop(&a);
	}
}

static void an_announced_length_reserves_nothing(void **state)
{
	struct egress_answer a;

	(void)state;
	answer_start(&a);
	a.body = BUF(1u << 30);
	assert_int_equal(egress_answer_feed(&a, BYTES_LIT(OK "Content-Length: 1000000000\r\n\r\na")), HTTP_MORE);
	assert_true(a.body.len == 1 && a.body.room < 4096);
	answer_drop(&a);
}

#define LONG 1000003u
#define CAME (EGRESS_SCRATCH / 2) /* of its body, before it counts as long */

static struct bytes long_text(struct buf *text)
{
	buf_printf(text, OK "Content-Length: %u\r\n\r\n", LONG);
	for (size_t i = 0; i < LONG; i++)
		buf_char(text, (char)(i % 251));
	return buf_bytes(text);
}

/* Reads on from `rest` as a connection does, at most `most` octets at once; gives how many were read in their place. */
static size_t read_on(struct egress_answer *a, struct bytes rest, size_t most)
{
	size_t placed = 0, n;
	enum http_step step = HTTP_MORE;

	for (size_t at = 0; at < rest.n; at += n) {
		size_t room = EGRESS_SCRATCH + 1, came = a->body.len;
		unsigned char *place = egress_answer_place(a, &room);

		assert_int_equal(step, HTTP_MORE);
		n = rest.n - at <= most + 1 ? rest.n - at : most; /* the last octet comes with others */
		n = n < room ? n : room;
		if (place) {
			assert_true(room >= EGRESS_SCRATCH && room <= a->left && a->body.room <= 4 * came + EGRESS_SCRATCH);
			memcpy(place, rest.p + at, n);
			step = egress_answer_placed(a, n);
			placed += n;
		} else {
			step = egress_answer_feed(a, bytes_sub(rest, at, at + n));
		}
	}
	assert_int_equal(step, HTTP_DONE);
	return placed;
}

static void a_long_body_is_read_where_it_stays_but_for_its_ends(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(2 * LONG);
	const struct bytes all = long_text(&text);
	const size_t head = all.n - LONG;
	static const struct {
		size_t most, more; /* octets at once, and behind the answer; TLS gives a record at most */
	} ways[] = {{1000, 0}, {1000, 1}, {EGRESS_RECORD, 0}, {EGRESS_RECORD, 1}, {EGRESS_SCRATCH, 0}, {LONG, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct egress_answer a;
		struct bytes rest = {all.p + head + CAME, LONG - CAME + ways[i].more};

		answer_start(&a);
		a.body = BUF(LONG);
		assert_int_equal(egress_answer_feed(&a, bytes_sub(all, 0, head + CAME)), HTTP_MORE);
		assert_true(read_on(&a, rest, ways[i].most) > LONG - CAME - EGRESS_SCRATCH);
		assert_true(bytes_eq(buf_bytes(&a.body), bytes_sub(all, head, all.n)));
		assert_int_equal(egress_answer_keeps(&a), !ways[i].more);
		answer_drop(&a);
	}
}

/* Then the octets go on through the memory that is there. */
static void a_place_that_is_refused_is_none(void **state)
{
	static unsigned char octets[CAME];
	struct egress_answer a;
	size_t room = EGRESS_SCRATCH;

	(void)state;
	answer_start(&a);
	a.body = BUF(LONG);
	assert_int_equal(egress_answer_feed(&a, bytes_str(OK "Content-Length: 1000000\r\n\r\n")), HTTP_MORE);
	assert_int_equal(egress_answer_feed(&a, (struct bytes){octets, CAME}), HTTP_MORE);
	a.body.ceiling = a.body.len + 1;
	assert_null(egress_answer_place(&a, &room));
	assert_int_equal(room, EGRESS_SCRATCH);
	answer_drop(&a);
}

#define INTERIM "HTTP/1.1 103 X\r\nContent-Length: 1000000\r\n\r\n"

static void no_other_body_is(void **state)
{
	static const struct {
		const char *head;
		size_t came;
	} others[] = {
		{INTERIM OK "Transfer-Encoding: chunked\r\n\r\n99999\r\n", CAME},
		{INTERIM OK "\r\n", CAME},
		{INTERIM OK "X: ", CAME},
		{OK "Content-Length: 98303\r\n\r\n", CAME},
		{OK "Content-Length: 1000000\r\n\r\n", CAME - 1},
	};
	static unsigned char octets[CAME];

	(void)state;
	memset(octets, 'o', sizeof octets);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct egress_answer a;
		size_t room;

		answer_start(&a);
		a.body = BUF(LONG);
		assert_int_equal(egress_answer_feed(&a, bytes_str(others[i].head)), HTTP_MORE);
		assert_int_equal(egress_answer_feed(&a, (struct bytes){octets, others[i].came}), HTTP_MORE);
		assert_null(egress_answer_place(&a, &room));
		answer_drop(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_is_what_it_is_wherever_it_is_cut),
		cmocka_unit_test(what_follows_an_answer_ends_its_connection),
		cmocka_unit_test(heads_have_a_limit_together),
		cmocka_unit_test(an_announced_length_reserves_nothing),
		cmocka_unit_test(a_long_body_is_read_where_it_stays_but_for_its_ends),
		cmocka_unit_test(a_place_that_is_refused_is_none),
		cmocka_unit_test(no_other_body_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
