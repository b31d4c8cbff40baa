/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_answer - the answer to a request as it arrives: status line, fields, body (RFC 9112 sections 4 to 7).
 * Promise:  an answer that passes has one meaning only: one status, one end of its body. What breaks the grammar is refused
 *           with the line that breaks it; an announced length reserves nothing.
 * Not here: sockets and time (egress_conn, egress_flight), the chunked coding (room http). */
#include <string.h>

#include "egress/egress_int.h"

#define SLICE 1024

static bool bad(struct egress_answer *a, const char *word)
{
	a->wrong = word;
	return false;
}

static bool is_digits(const unsigned char *p, size_t n)
{
	while (n > 0 && p[n - 1] >= '0' && p[n - 1] <= '9')
		n--;
	return n == 0;
}

/* "HTTP/1.1 200 OK"; servers leave the words away, and the space before them. */
static bool read_status_line(struct egress_answer *a, struct bytes line)
{
	if (line.n < 12 || memcmp(line.p, "HTTP/1.", 7) != 0 || (line.p[7] != '0' && line.p[7] != '1') || line.p[8] != ' ' ||
		!is_digits(line.p + 9, 3) || line.p[9] == '0' || (line.n > 12 && line.p[12] != ' ') || !http_is_text(line))
		return bad(a, "status-line");
	a->minor = line.p[7] - '0';
	a->status = (line.p[9] - '0') * 100 + (line.p[10] - '0') * 10 + line.p[11] - '0';
	a->type_n = 0;
	a->has_length = a->chunked = a->close = a->keep = false;
	return true;
}

static void read_connection(struct egress_answer *a, struct bytes value)
{
	struct bytes option;

	while (http_next_element(&value, &option)) {
		a->close = a->close || http_is_same(option, "close");
		a->keep = a->keep || http_is_same(option, "keep-alive");
	}
}

/* A length or a coding that is said twice is refused even when it is the same twice. */
static bool read_field(struct egress_answer *a, struct bytes line)
{
	struct bytes name, value;
	const char *wrong = http_field(line, &name, &value);

	if (wrong || !http_is_text(value))
		return bad(a, wrong ? wrong : "control");
	if (http_is_same(name, "Content-Length")) {
		if (a->has_length || !http_length(value, &a->left))
			return bad(a, "content-length");
		a->has_length = true;
	} else if (http_is_same(name, "Transfer-Encoding")) {
		if (a->chunked || !http_is_same(value, "chunked"))
			return bad(a, "transfer-encoding");
		a->chunked = true;
	} else if (http_is_same(name, "Content-Type")) {
		a->type_at = value.n ? (size_t)(value.p - a->head.data) : 0;
		a->type_n = value.n;
	} else if (http_is_same(name, "Connection")) {
		read_connection(a, value);
	}
	return true;
}

/* Section 6.3. An interim answer leads to the next head; a change of protocol was not asked for. */
static bool end_head(struct egress_answer *a)
{
	if (a->status == 101)
		return bad(a, "status-101");
	a->begun = false;
	if (a->status < 200)
		return true;
	if (a->chunked && (a->has_length || a->minor == 0))
		return bad(a, "framing");
	if (a->status == 204 || a->status == 304 || (a->has_length && a->left == 0)) {
		a->state = ANSWER_WHOLE;
		return true;
	}
	a->state = a->chunked ? ANSWER_CHUNKS : a->has_length ? ANSWER_LENGTH : ANSWER_TO_END;
	a->chunk = (struct http_chunk){.limit = a->body.ceiling};
	a->too_large = a->has_length && a->left > a->body.ceiling;
	return !a->too_large || bad(a, "length");
}

/* What cannot become a status line is not waited for. */
static bool may_be_http(struct egress_answer *a)
{
	size_t n = a->head.len - a->line;

	if (!a->begun && memcmp(a->head.data + a->line, "HTTP/1.", n < 7 ? n : 7) != 0)
		return bad(a, "status-line");
	return true;
}

/* Reads the lines that `head` has; a line may end with LF alone (section 2.2). */
static bool read_lines(struct egress_answer *a)
{
	const unsigned char *lf;

	while (a->state == ANSWER_HEAD && a->at < a->head.len &&
		(lf = memchr(a->head.data + a->at, '\n', a->head.len - a->at))) {
		size_t end = (size_t)(lf - a->head.data);
		struct bytes line = bytes_sub(buf_bytes(&a->head), a->line, end > a->line && lf[-1] == '\r' ? end - 1 : end);

		a->at = a->line = end + 1;
		if (!a->begun ? !read_status_line(a, line) : line.n ? !read_field(a, line) : !end_head(a))
			return false;
		a->begun = line.n > 0;
	}
	if (a->state != ANSWER_HEAD)
		return true;
	a->at = a->head.len;
	return may_be_http(a);
}

/* Takes of `in` what belongs to the head, or refuses. By slices, for little of the body shall be copied with it. */
static bool take_head(struct egress_answer *a, struct bytes *in)
{
	size_t before = a->head.len, room = EGRESS_HEAD_MOST - before, n = room < SLICE ? room : SLICE;

	n = in->n < n ? in->n : n;
	buf_add(&a->head, bytes_sub(*in, 0, n));
	if (buf_ok(&a->head) && !read_lines(a))
		return false;
	a->too_large = !buf_ok(&a->head) || (a->state == ANSWER_HEAD && a->head.len == EGRESS_HEAD_MOST);
	if (a->too_large)
		return bad(a, "head");
	*in = bytes_sub(*in, a->state == ANSWER_HEAD ? n : a->line - before, in->n);
	return true;
}

static bool add(struct egress_answer *a, struct bytes data)
{
	buf_add(&a->body, data);
	a->too_large = !buf_ok(&a->body);
	return !a->too_large || bad(a, "body");
}

static bool take_length(struct egress_answer *a, struct bytes *in)
{
	size_t n = in->n < a->left ? in->n : (size_t)a->left;

	a->left -= n;
	if (a->left == 0)
		a->state = ANSWER_WHOLE;
	if (!add(a, bytes_sub(*in, 0, n)))
		return false;
	*in = bytes_sub(*in, n, in->n);
	return true;
}

static bool take_chunks(struct egress_answer *a, struct bytes *in)
{
	struct bytes data;
	size_t used;
	enum http_step step = http_chunk_feed(&a->chunk, *in, &used, &data);

	if (step == HTTP_BAD) {
		a->too_large = a->chunk.refusal.status == 413;
		return bad(a, a->chunk.refusal.reason);
	}
	if (!add(a, data))
		return false;
	if (step == HTTP_DONE)
		a->state = ANSWER_WHOLE;
	*in = bytes_sub(*in, used, in->n);
	return true;
}

static bool take_rest(struct egress_answer *a, struct bytes *in)
{
	struct bytes all = *in;

	*in = BYTES_NONE;
	return add(a, all);
}

static bool take(struct egress_answer *a, struct bytes *in)
{
	switch (a->state) {
	case ANSWER_HEAD: return take_head(a, in);
	case ANSWER_CHUNKS: return take_chunks(a, in);
	case ANSWER_LENGTH: return take_length(a, in);
	default: return take_rest(a, in);
	}
}

enum http_step egress_answer_feed(struct egress_answer *a, struct bytes in)
{
	while (in.n > 0 && a->state != ANSWER_WHOLE)
		if (!take(a, &in))
			return HTTP_BAD;
	a->more = in.n > 0;
	return a->state == ANSWER_WHOLE ? HTTP_DONE : HTTP_MORE;
}

unsigned char *egress_answer_place(struct egress_answer *a, size_t *n)
{
	struct buf *body = &a->body;
	unsigned char *place;
	size_t room;

	if (a->state != ANSWER_LENGTH || a->left < EGRESS_SCRATCH || body->len < EGRESS_SCRATCH / 2)
		return NULL;
	room = body->room - body->len - 1;
	room = room < EGRESS_SCRATCH ? http_body_room(body->len, (size_t)a->left, EGRESS_SCRATCH) :
		room < a->left ? room : (size_t)a->left;
	place = buf_reserve_no_more(body, room);
	if (place)
		*n = room;
	return place;
}

enum http_step egress_answer_placed(struct egress_answer *a, size_t n)
{
	buf_grown(&a->body, n);
	a->left -= n;
	if (a->left == 0)
		a->state = ANSWER_WHOLE;
	return a->left == 0 ? HTTP_DONE : HTTP_MORE;
}

bool egress_answer_ended(struct egress_answer *a)
{
	if (a->state != ANSWER_TO_END)
		return false;
	a->state = ANSWER_WHOLE;
	a->close = true;
	return true;
}

bool egress_answer_keeps(const struct egress_answer *a)
{
	return a->state == ANSWER_WHOLE && !a->more && !a->close && (a->minor == 1 || a->keep);
}
