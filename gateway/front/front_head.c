/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_head - the head of a request, line by line as it arrives (RFC 9112).
 * Promise:  a head that passes has one meaning only: one target, one host, one framing. What breaks the grammar is
 *           refused at the octet or line that breaks it.
 * Not here: memory and its limit (front_conn.c), the chunked coding (http_chunk.c). */

#include <string.h>

#include "front/front_int.h"

#define MAX_LINES 100
#define MAX_METHOD 32

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_HOST] = "Host",
	[FIELD_CONTENT_LENGTH] = "Content-Length",
	[FIELD_TRANSFER_ENCODING] = "Transfer-Encoding",
	[FIELD_CONTENT_TYPE] = "Content-Type",
	[FIELD_CONTENT_ENCODING] = "Content-Encoding",
	[FIELD_SOAP_ACTION] = "SOAPAction",
	[FIELD_AUTHORIZATION] = "Authorization",
	[FIELD_EXPECT] = "Expect",
};

static bool refuse(struct front_head *h, int status, const char *reason)
{
	h->refusal = (struct http_refusal){status, reason};
	return false;
}

static bool has(const struct front_head *h, enum front_field field)
{
	return h->seen & 1u << field;
}

/* Part of `all` that `piece` is; `piece` must point into it. */
static struct front_range range_of(struct bytes all, struct bytes piece)
{
	return (struct front_range){piece.n ? (size_t)(piece.p - all.p) : 0, piece.n};
}

/* Section 2.3. What looks like a version but is not ours is 505, before anything else of the line is judged. */
static bool read_version(struct front_head *h, struct bytes text)
{
	if (text.n != 8 || memcmp(text.p, "HTTP/", 5) != 0 || text.p[6] != '.' || text.p[5] < '0' ||
	    text.p[5] > '9' || text.p[7] < '0' || text.p[7] > '9')
		return refuse(h, 400, "request-line");
	if (text.p[5] != '1' || text.p[7] > '1')
		return refuse(h, 505, "version");
	h->minor = text.p[7] - '0';
	return true;
}

/* Section 3.2: origin-form; absolute-form, whose authority then stands above Host; "*" for OPTIONS. */
static bool read_target(struct front_head *h, struct bytes all, struct bytes target)
{
	if (bytes_is(target, "*") && bytes_is(front_head_part(all, h->method), "OPTIONS")) {
		h->path = range_of(all, target);
		return true;
	}
	size_t scheme = target.n > 7 && http_is_same(bytes_sub(target, 0, 7), "http://")  ? 7
			: target.n > 8 && http_is_same(bytes_sub(target, 0, 8), "https://") ? 8
											      : 0;
	if (scheme) {
		size_t end = scheme;
		while (end < target.n && target.p[end] != '/' && target.p[end] != '?')
			end++;
		struct bytes authority = bytes_sub(target, scheme, end);
		if (!front_is_host(authority))
			return refuse(h, 400, "target");
		h->authority = range_of(all, authority);
		target = bytes_sub(target, end, target.n);
	}
	if (!front_is_target(target) || target.n == 0 || target.p[0] != '/')
		return refuse(h, 400, "target");
	const unsigned char *mark = memchr(target.p, '?', target.n);
	size_t path = mark ? (size_t)(mark - target.p) : target.n;
	h->path = range_of(all, bytes_sub(target, 0, path));
	if (mark)
		h->query = range_of(all, bytes_sub(target, path + 1, target.n));
	return true;
}

/* Section 3: three words with exactly one space between them. */
static bool read_request_line(struct front_head *h, struct bytes all, struct bytes line)
{
	const unsigned char *first = memchr(line.p, ' ', line.n);
	const unsigned char *last = memrchr(line.p, ' ', line.n);
	if (!first || first == last)
		return refuse(h, 400, "request-line");
	struct bytes method = bytes_sub(line, 0, (size_t)(first - line.p));
	if (!http_is_token(method))
		return refuse(h, 400, "method");
	if (method.n > MAX_METHOD)
		return refuse(h, 501, "method");
	h->method = range_of(all, method);
	if (!read_version(h, bytes_sub(line, (size_t)(last - line.p) + 1, line.n)))
		return false;
	return read_target(h, all, bytes_sub(line, method.n + 1, (size_t)(last - line.p)));
}

/* Section 5. A line that begins with a blank (folding) and a blank before the colon are no tokens. None of the fields
 * we act on is a list that may be split over lines, so that a repetition is ambiguous. */
static bool read_field(struct front_head *h, struct bytes all, struct bytes line)
{
	struct bytes name, value;
	const char *wrong = http_field(line, &name, &value);
	if (wrong)
		return refuse(h, 400, wrong);
	if (http_is_same(name, "Connection")) {
		struct bytes option;
		while (http_next_element(&value, &option))
			h->close = h->close || http_is_same(option, "close");
		return true;
	}
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!http_is_same(name, field_names[i]))
			continue;
		if (h->seen & 1u << i)
			return refuse(h, 400, "field-repeated");
		h->seen |= 1u << i;
		h->field[i] = range_of(all, value);
	}
	return true;
}

static bool read_line(struct front_head *h, struct bytes all, struct bytes line)
{
	if (h->lines == MAX_LINES)
		return refuse(h, 431, "fields");
	return h->lines++ == 0 ? read_request_line(h, all, line) : read_field(h, all, line);
}

/* Section 6.1: chunked alone is understood. Well-formed others are 501, misuse of chunked is 400. */
static bool read_coding(struct front_head *h, struct bytes text)
{
	if (http_is_same(text, "chunked")) {
		h->chunked = true;
		return true;
	}
	struct bytes coding;
	while (http_next_element(&text, &coding))
		if (!http_is_token(coding) || http_is_same(coding, "chunked"))
			return refuse(h, 400, "transfer-encoding");
	return refuse(h, 501, "transfer-encoding");
}

/* Section 6.3: one framing, or none. */
static bool check_framing(struct front_head *h, struct bytes all, uint64_t body_limit)
{
	bool length = has(h, FIELD_CONTENT_LENGTH), coding = has(h, FIELD_TRANSFER_ENCODING);
	if (coding && (length || h->minor == 0))
		return refuse(h, 400, "framing");
	if (length && !http_length(front_head_part(all, h->field[FIELD_CONTENT_LENGTH]), &h->content_length))
		return refuse(h, 400, "content-length");
	if (coding && !read_coding(h, front_head_part(all, h->field[FIELD_TRANSFER_ENCODING])))
		return false;
	struct bytes method = front_head_part(all, h->method);
	if (!length && !coding &&
	    (bytes_is(method, "POST") || bytes_is(method, "PUT") || bytes_is(method, "PATCH")))
		return refuse(h, 411, "length-required");
	if (h->content_length > body_limit)
		return refuse(h, 413, "body");
	return true;
}

/* RFC 9110 section 10.1.1; a client of HTTP/1.0 cannot mean it. */
static bool check_expectation(struct front_head *h, struct bytes all)
{
	if (!has(h, FIELD_EXPECT) || h->minor == 0)
		return true;
	if (!http_is_same(front_head_part(all, h->field[FIELD_EXPECT]), "100-continue"))
		return refuse(h, 417, "expectation");
	h->expects_continue = h->chunked || h->content_length > 0;
	return true;
}

static bool check_whole(struct front_head *h, struct bytes all, uint64_t body_limit)
{
	if (has(h, FIELD_HOST) ? !front_is_host(front_head_part(all, h->field[FIELD_HOST])) : h->minor > 0)
		return refuse(h, 400, "host");
	if (h->authority.n > 0)
		h->field[FIELD_HOST] = h->authority;
	if (h->minor == 0)
		h->close = true;
	return check_framing(h, all, body_limit) && check_expectation(h, all);
}

/* Whether the octet at `i`, not LF, may stand where it stands. */
static bool check_octet(struct front_head *h, struct bytes all, size_t i)
{
	unsigned char c = all.p[i];
	if (i > h->line && all.p[i - 1] == '\r')
		return refuse(h, 400, "bare-cr");
	if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
		return refuse(h, 400, "control");
	if (!h->method_ended) {
		h->method_ended = c == ' ';
		if (c != ' ' && !http_is_token_char(c) && !(c == '\r' && i == h->line))
			return refuse(h, 400, "method");
	}
	return true;
}

enum http_step front_head_feed(struct front_head *h, struct bytes all, uint64_t body_limit)
{
	while (h->at < all.n) {
		size_t i = h->at++;
		if (all.p[i] != '\n') {
			if (!check_octet(h, all, i))
				return HTTP_BAD;
			continue;
		}
		if (i == h->line || all.p[i - 1] != '\r') {
			refuse(h, 400, "bare-lf");
			return HTTP_BAD;
		}
		struct bytes line = bytes_sub(all, h->line, i - 1);
		h->line = h->at;
		if (line.n > 0) {
			if (!read_line(h, all, line))
				return HTTP_BAD;
		} else if (h->lines > 0) {
			h->end = h->at;
			return check_whole(h, all, body_limit) ? HTTP_DONE : HTTP_BAD;
		} else if (h->skipped_empty) {
			refuse(h, 400, "request-line");
			return HTTP_BAD;
		} else { /* section 2.2: one empty line before a request is forgiven */
			h->skipped_empty = true;
		}
	}
	return HTTP_MORE;
}

struct http_refusal front_head_too_large(const struct front_head *h)
{
	return h->lines == 0 ? (struct http_refusal){414, "request-line"}
			     : (struct http_refusal){431, "head"};
}
