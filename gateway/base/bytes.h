/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes - octets that are looked at (struct bytes) and octets that grow (struct buf).
 *
 * struct bytes never owns and never ends with a NUL by promise. struct buf owns its memory, is born with a
 * ceiling and keeps one NUL behind its content, so that buf.data is also a C string when the content has none.
 */
#ifndef QAQPA_BASE_BYTES_H
#define QAQPA_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct bytes {
	const unsigned char *p;
	size_t n;
};

#define BYTES_NONE ((struct bytes){NULL, 0})
#define BYTES_LIT(s) ((struct bytes){(const unsigned char *)(s), sizeof(s) - 1})

static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){(const unsigned char *)s, s ? strlen(s) : 0};
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_is(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_str(s));
}

/* The part [from, to) of `a`; the range must lie inside. */
static inline struct bytes bytes_sub(struct bytes a, size_t from, size_t to)
{
	BUG_IF(from > to || to > a.n);
	return (struct bytes){from ? a.p + from : a.p, to - from}; /* nothing may be added to a NULL */
}

/* Without the octets of the set at both ends. */
#define XML_SPACE " \t\r\n"
struct bytes bytes_trim(struct bytes text, const char *set);

/* Equal without a timing trace of where they differ; the lengths may show. */
bool bytes_eq_secret(struct bytes a, struct bytes b);

struct buf {
	unsigned char *data; /* NULL while nothing was added */
	size_t len;
	size_t room;
	size_t ceiling; /* adding beyond it fails */
	bool failed;    /* an addition failed; later ones do nothing */
};

#define BUF(max) ((struct buf){.ceiling = (max)})

/* Add to the end. On lack of memory or at the ceiling the buffer is marked failed, keeps what it had, and every
 * later addition does nothing: check buf_ok once at the end. */
void buf_add(struct buf *b, struct bytes add);
static inline void buf_str(struct buf *b, const char *s) { buf_add(b, bytes_str(s)); }
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for `n` more octets; a pointer to write them to, or NULL. Follow with buf_grown(b, written). */
unsigned char *buf_reserve(struct buf *b, size_t n);
/* The same for who knows how it will grow: otherwise it gets twice what it had at least. */
unsigned char *buf_reserve_no_more(struct buf *b, size_t n);
void buf_grown(struct buf *b, size_t n);
/* Text with & < > and double quotes escaped, and CR as a character reference: fit for XML text and attributes. */
void buf_xml(struct buf *b, struct bytes text);
/* JSON string content without the quotes; control characters escaped, invalid UTF-8 as U+FFFD. */
void buf_json(struct buf *b, struct bytes text);
void buf_base64(struct buf *b, struct bytes raw); /* one line, padded */
void buf_hex(struct buf *b, struct bytes raw);    /* lower case */

static inline bool buf_ok(const struct buf *b) { return !b->failed; }
static inline struct bytes buf_bytes(const struct buf *b) { return (struct bytes){b->data, b->len}; }
static inline const char *buf_cstr(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

void buf_clear(struct buf *b); /* keeps memory and ceiling */
void buf_free(struct buf *b);  /* fit for SCOPED; the buffer can be used again */
void buf_wipe(struct buf *b);  /* as buf_free, the content overwritten first; fit for SCOPED */

/* Strict base64 (RFC 4648) where XML white space, CR included, may stand anywhere; padding required; nothing may
 * follow it; unused bits must be zero. Appends to `out`. Fails with REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome base64_decode(struct bytes text, struct buf *out, struct err *e);

/* Lower- or upper-case hex of even length, nothing else. Appends to `out`; false when malformed. */
MUST_USE bool hex_decode(struct bytes text, struct buf *out);

/* True when the octets are well-formed UTF-8 (RFC 3629) of characters that XML 1.0 section 2.2 allows. */
bool utf8_is_xml(struct bytes text);
/* Makes words fit for XML: when they are not such text (cut in the middle, say), every octet that is not printable ASCII
 * becomes a question mark. */
void utf8_repair(char *text);

#endif
