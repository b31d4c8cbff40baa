/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_int - what the files of this room share. */
#ifndef QAQPA_CHANNEL_INT_H
#define QAQPA_CHANNEL_INT_H

#include "channel/channel.h"

/* channel_field.c: the fields of requestInfo and responseInfo. */
enum {
	FIELD_REQUIRED = 1, /* minOccurs 1 */
	FIELD_FILLED = 2,   /* and not empty */
	FIELD_MANY = 4,     /* may be repeated */
	FIELD_GROUP = 8,    /* holds fields, not text */
	FIELD_CHARS = 16,   /* `max` counts characters, not octets */
	FIELD_LINES = 32,   /* line ends and tabs are allowed */
	FIELD_GUID = 64,    /* a guid whose braces may be missing */
	FIELD_ASIDE = 128,  /* not handed to the codec: a secret, or longer than the schema allows */
};

struct field {
	const char *parent, *name;
	unsigned flags;
	size_t max;
};

/* What differs between the two directions; `fields` in the order of the schema, ended by a row without
 * name. */
struct direction {
	const char *outer, *info, *holder; /* request, requestInfo, requestData */
	const struct field *fields;
};
extern const struct direction channel_request, channel_response;

/* NULL when the schema has no such field. */
const struct field *channel_field_find(const struct direction *d, const char *parent, const char *name);
/* Length and control characters. Fails with REASON_CHANNEL_LENGTH or REASON_CHANNEL_FORMAT; the detail has
 * no value. */
MUST_USE outcome channel_field_check(const struct field *f, struct bytes text, struct err *e);
/* The beginning of `text` of at most `chars` characters. */
struct bytes channel_text_cut(struct bytes text, size_t chars);
/* Without XML white space around it. */
struct bytes channel_text_trim(struct bytes text);

/* channel_walk.c: from verified elements to the projection. */
struct walk {
	struct pool *pool;
	const struct envelope *env;
	const struct direction *direction;
	struct buf *projection; /* canonical text of the info element */
	struct bytes aside;     /* the field that is kept from the codec */
	bool has_aside;
	size_t repeated;        /* of FIELD_MANY fields */
	char note[128];         /* what the codec will refuse, in words */
};

struct parts {
	const struct element *operation, *info, *data; /* data: NULL when absent */
};

/* Finds info and data under the verified operation by walking, never by search. Fails with
 * REASON_SOAP_OPERATION or REASON_CHANNEL_FORMAT. */
MUST_USE outcome channel_walk_open(const struct verified *v, const struct direction *d, struct parts *out,
	struct err *e);
/* Writes the projection of `info` and fills the rest of `w`. Fails with REASON_CHANNEL_FORMAT or _LENGTH. */
MUST_USE outcome channel_walk_info(struct walk *w, const struct element *info, struct err *e);

/* channel_codec.c: the only file that knows gSOAP. Reading: the projection's fields into `out`, copied to
 * the pool; false with `why` (a word of the generated reader's refusal) when the types do not allow it.
 * Writing: the element appended to `out`. Dates go in and come out as text. */
MUST_USE bool channel_codec_read_request(struct pool *pool, const char *projection, struct sync_request *out,
	const char **why);
MUST_USE bool channel_codec_read_response(struct pool *pool, const char *projection,
	struct sync_response *out, const char **why);
MUST_USE bool channel_codec_write_request(const struct sync_request *r, const char *date, struct buf *out);
MUST_USE bool channel_codec_write_response(const struct sync_response *r, const char *date, struct buf *out);
MUST_USE bool channel_codec_write_error(const struct channel_fault *f, const char *date, struct buf *out);

#define NS_XSD "http://www.w3.org/2001/XMLSchema"
/* Namespace of our own element `data` in a compiled schema; no root of a message may name it. */
#define NS_PAYLOAD "urn:qaqpa:payload"

struct _xmlSchema;

struct schema {
	struct _xmlSchema *compiled; /* the user's declarations, imported into ours */
};

/* channel_words.c: the rule that a schema error code stands for, in plain words without values. */
const char *channel_schema_words(int code);

#endif
