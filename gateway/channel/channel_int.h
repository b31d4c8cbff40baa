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
	FIELD_DATE = 256,   /* a date, as stamp_parse understands it */
	FIELD_ELSEWHERE = 512, /* left to the caller */
};

struct field {
	const char *parent, *name;
	unsigned flags;
	size_t max;
};

/* Members of groups that several messages share. */
#define FIELDS_SENDER \
	{"sender", "senderId", FIELD_REQUIRED | FIELD_FILLED, 128}, \
	{"sender", "password", FIELD_ASIDE, 256}
#define FIELDS_PROPERTY \
	{"properties", "key", FIELD_REQUIRED | FIELD_CHARS, 30}, \
	{"properties", "value", FIELD_REQUIRED | FIELD_CHARS, 500}

/* What differs between the messages; `fields` in the order of the schema, ended by a row without name. */
struct direction {
	const char *outer;  /* request, around info and data; NULL when info alone stands in the operation */
	const char *info;   /* requestInfo */
	const char *holder; /* requestData; with outer only */
	bool any_order;     /* of the fields in info itself */
	bool data_required;
	const struct field *fields;
};
extern const struct direction channel_request, channel_response;
#define FIELDS_MOST 32 /* rows of one direction */

/* NULL when the schema has no such field. */
const struct field *channel_field_find(const struct direction *d, const char *parent, const char *name);
/* Length and control characters. Fails with REASON_CHANNEL_LENGTH or REASON_CHANNEL_FORMAT; the detail has
 * no value. */
MUST_USE outcome channel_field_check(const struct field *f, struct bytes text, struct err *e);
/* The beginning of `text` of at most `chars` characters. */
struct bytes channel_text_cut(struct bytes text, size_t chars);

/* channel_walk.c: from verified elements to the projection. */
struct walk {
	struct pool *pool;
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

/* Finds info and data under the verified operation by walking, never by search. The operation is one of
 * `d`: the caller looked. Fails with REASON_CHANNEL_FORMAT. */
MUST_USE outcome channel_walk_open(const struct verified *v, const struct direction *d, struct parts *out,
	struct err *e);
/* The same from the element that stands for d->outer, whatever its name. Leaves out->operation alone. */
MUST_USE outcome channel_walk_outer(const struct envelope *env, const struct element *outer,
	const struct direction *d, struct parts *out, struct err *e);
/* Writes the projection of `info` and fills the rest of `w`. Fails with REASON_CHANNEL_*. */
MUST_USE outcome channel_walk_info(struct walk *w, const struct element *info, struct err *e);

/* channel_read.c */
#define PROJECTION_MAX (2u << 20) /* above 100 properties of 500 escaped characters */
/* The Body holds another operation than the one that is read. */
outcome channel_refuse_operation(const struct element *operation, struct err *e);
/* The codec said no: the walk's words name the element; `why` is the rule. */
outcome channel_refuse_info(const struct walk *w, const char *why, struct err *e);

/* channel_codec.c: requestInfo, responseInfo and ErrorInfo. Reading: the projection's fields into `out`,
 * copied to the pool; false with `why` (a word of the generated reader's refusal) when the types do not
 * allow it. Writing: the element appended to `out`. */
MUST_USE bool channel_codec_read_request(struct pool *pool, const char *projection, struct sync_request *out,
	const char **why);
MUST_USE bool channel_codec_read_response(struct pool *pool, const char *projection,
	struct sync_response *out, const char **why);
MUST_USE bool channel_codec_write_request(const struct sync_request *r, struct buf *out);
MUST_USE bool channel_codec_write_response(const struct sync_response *r, struct buf *out);
MUST_USE bool channel_codec_write_error(const struct channel_fault *f, const char *tag, struct buf *out);

/* channel_forward.c: cuts of a verified text. */
void channel_cut_password(struct cuts *c, const struct envelope *env, const struct element *info);
/* The element `name` of info becomes its first (*place 0) or the one behind it (*place 1), which counts
 * *place up, or its last; wherever it stood before. */
void channel_cut_head(struct cuts *c, const struct envelope *env, const struct element *info,
	const char *name, size_t *place, struct bytes with);
void channel_cut_tail(struct cuts *c, const struct envelope *env, const struct element *info,
	const char *name, struct bytes with);

/* channel_write.c: what all writers do. */
#define ELEMENT_MAX (4u << 20)
#define PROPERTIES_MAX 100
MUST_USE outcome channel_check_text(const struct direction *d, const char *parent, const char *name,
	struct bytes text, struct err *e);
MUST_USE outcome channel_check_sender(const struct direction *d, struct bytes id, bool has_password,
	struct bytes password, struct err *e);
MUST_USE outcome channel_check_properties(const struct direction *d, const struct property *list, size_t n,
	struct err *e);
/* Empty, or a guid in braces as the schema demands. */
MUST_USE outcome channel_check_session(struct bytes id, struct err *e);
/* A tag without attributes, which begins with < or </. */
void channel_add_tag(struct buf *out, const char *begin, const char *name);
void channel_add_leaf(struct buf *out, const char *name, struct bytes text);
/* The codec's element with the password put behind senderId: it does not go through gSOAP. */
void channel_add_info(struct buf *out, struct bytes info, bool has_password, struct bytes password);
void channel_add_data(struct buf *out, const char *holder, const char *attributes, const char *data);
void channel_add_body(struct buf *out, const char *more_namespaces);
void channel_end_body(struct buf *out);
MUST_USE outcome channel_written(const struct buf *out, struct err *e);
/* A fault whose detail is the element `name` in the namespace `ns`. */
MUST_USE outcome channel_write_fault_as(const struct channel_fault *f, const char *ns, const char *name,
	struct buf *out, struct err *e);

/* channel_wsdl.c: the documents of a channel. */
struct document {
	const char *name, *text;
};
struct library {
	const struct document *documents;
	size_t count;
};
/* The document `name`, or the one that `query` asks for as ?wsdl=name or ?xsd=name; NULL when absent. */
const struct document *channel_document(const struct library *l, const char *name);
const struct document *channel_document_asked(const struct library *l, const char *query);
/* Its text with absolute locations. A `d` of NULL fails with REASON_SOAP_OPERATION. */
MUST_USE outcome channel_document_write(const struct library *l, const struct document *d,
	const char *address, struct buf *out, struct err *e);

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
