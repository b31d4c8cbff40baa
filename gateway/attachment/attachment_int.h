/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_int - how this room reads octets: only through look_at and look_is, which know the end and count. */
#ifndef QAQPA_ATTACHMENT_ATTACHMENT_INT_H
#define QAQPA_ATTACHMENT_ATTACHMENT_INT_H

#include "attachment/attachment.h"

struct look {
	struct bytes o;
	uint64_t looked; /* octets read so far, repeated reads counted each: tests hold it against the length */
};

/* The octet at `i`, or -1 behind the end. */
static inline int look_at(struct look *l, size_t i)
{
	l->looked++;
	return i < l->o.n ? l->o.p[i] : -1;
}

/* Do the octets of `what` stand at `i`? */
static inline bool look_is(struct look *l, size_t i, struct bytes what)
{
	for (size_t k = 0; k < what.n; k++)
		if (look_at(l, i + k) != what.p[k])
			return false;
	return true;
}

#define LOOK_IS(l, i, s) look_is(l, i, BYTES_LIT(s))

/* Little-endian numbers; UINT32_MAX where the end cuts them. */
uint32_t look_u16(struct look *l, size_t i);
uint32_t look_u32(struct look *l, size_t i);

enum attachment_kind attachment_kind_looked(struct look *l);
outcome attachment_check_looked(struct bytes name, struct bytes media_type, struct look *l, struct attachment_set allowed,
	const struct attachment_limits *limits, struct err *e);

/* The kind that owns this extension (any case), ATTACHMENT_UNKNOWN when none does. */
enum attachment_kind attachment_by_extension(struct bytes extension);
/* Is `word` (any case) one of the words in `list`, which one space parts? */
bool attachment_listed(const char *list, struct bytes word);

/* Judges the name and gives its extension. */
outcome attachment_name_check(struct bytes name, size_t most, struct bytes *extension, struct err *e);

/* Length of the character of UTF-8 at `i`, 0 when it is none. */
size_t attachment_utf8_at(struct look *l, size_t i, uint32_t *code);

enum attachment_text { TEXT_NOT, TEXT_UTF8, TEXT_UTF16, TEXT_SINGLE };
/* Which text the octets are; TEXT_NOT gives the place of the first octet that no text has. */
enum attachment_text attachment_text_of(struct look *l, size_t *at);
/* Does text begin as an XML document does? */
bool attachment_text_is_xml(struct look *l);

/* Does an end-of-central-directory record that fits its surroundings begin at `i`? */
bool attachment_zip_ends_at(struct look *l, size_t i);
/* A ZIP file, looked into: DOCX, XLSX, ODT or ZIP. */
enum attachment_kind attachment_zip_kind(struct look *l);
/* A ZIP end record in the last 64 KiB. */
bool attachment_zip_at_end(struct look *l, size_t *at);
/* Does a header of a tar member begin at `i`: by its mark, or (old form) by its check sum? */
bool attachment_tar_at(struct look *l, size_t i);

/* The first archive or disk image behind the front of the file; ATTACHMENT_UNKNOWN when there is none. */
enum attachment_kind attachment_hidden(struct look *l, size_t *at);

outcome attachment_pdf_check(struct look *l, bool active_refused, struct err *e);

#endif
