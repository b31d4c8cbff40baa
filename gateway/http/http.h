/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http - the parts of HTTP/1.1 that a request and an answer have in common: words, fields, lengths, the chunked coding.
 *
 * Promise:  answers yes only to what the grammar allows; knows neither sockets nor memory.
 * Not here: the head of a request (front), the head of an answer (egress), where the data goes.
 * Spec:     RFC 9110 section 5, RFC 9112 sections 5 to 7 */
#ifndef QAQPA_HTTP_HTTP_H
#define QAQPA_HTTP_HTTP_H

#include "base/bytes.h"

/* What a reader that is fed piece by piece says. */
enum http_step { HTTP_MORE, HTTP_DONE, HTTP_BAD };

struct http_refusal {
	int status;         /* what a server answers; 413: larger than its limit */
	const char *reason; /* a stable word for the log */
};

/* ---- http_syntax.c: words of a head ---- */

bool http_is_token_char(unsigned char c);
bool http_is_token(struct bytes text);
bool http_is_text_char(unsigned char c);             /* of a value: no control character but HTAB */
bool http_is_text(struct bytes text);
bool http_is_same(struct bytes text, const char *s); /* without regard to case */
/* Splits a line, without its end, into name and trimmed value. NULL, or the word for what is wrong with it: a folded line
 * and a blank before the colon have a name that is no token. */
const char *http_field(struct bytes line, struct bytes *name, struct bytes *value);
/* Cuts the next element off a comma-separated list; false at its end. */
bool http_next_element(struct bytes *list, struct bytes *element);
/* The value of Content-Length: digits only, 18 at most, which always fit. */
MUST_USE bool http_length(struct bytes text, uint64_t *out);

/* ---- http_body.c: long bodies ---- */

/* Of a body of known length octets came, and octets are left: for how many of these there shall be room next. At most
 * thrice what came, so that an announcement costs nothing, and within that `least` or more where so many are left; but not
 * nearly all, for what came is copied to where the room is. */
size_t http_body_room(size_t came, size_t left, size_t least);

/* ---- http_chunk.c: the chunked coding, octet by octet ---- */

/* Starts as all zero but for `limit`. */
struct http_chunk {
	int state;
	unsigned digits;
	uint64_t left;  /* size read so far, then octets of the chunk still to come */
	uint64_t total; /* data octets announced so far */
	uint64_t limit; /* of the body */
	unsigned line_extension, extensions, trailers;
	struct http_refusal refusal; /* after HTTP_BAD */
};

/* Takes octets from `in` until there is data, an end or an error. `used` octets were taken; `data`,
 * perhaps empty, points into `in`. HTTP_MORE with used < in.n: call again with the rest. */
enum http_step http_chunk_feed(struct http_chunk *k, struct bytes in, size_t *used, struct bytes *data);

#endif
