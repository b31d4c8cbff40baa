/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment - what kind of file is an attachment really, and may it be sent?
 *
 * The octets are judged, not the name alone, and both have to agree. All calls are pure: no memory is taken, no file is
 * touched, any thread, and the octets that are looked at grow with the length of the file, whatever it holds.
 *
 * What is out of reach: an archive written as text (uuencode, base64) is text; what a PDF keeps in compressed streams
 * (object streams too) is not unpacked, so names in there are not seen; the members of an OOXML file are known by their
 * names only and an OpenDocument text by its first member, so embedded files and macros in them are not looked for, nor in
 * OLE2 files, which one kind holds together; a kind is not proven by decoding the picture or
 * laying out the pages; HTML is text; single-octet text of other code pages cannot be told from windows-1251.
 * Spec: rule T3 (attachments of the treasury are pdf or txt, archives are not allowed); ISO 32000-1 7.3.5, 7.5, 7.11.
 */
#ifndef QAQPA_ATTACHMENT_ATTACHMENT_H
#define QAQPA_ATTACHMENT_ATTACHMENT_H

#include "base/bytes.h"

enum attachment_kind {
	ATTACHMENT_UNKNOWN, /* none of the others; never allowed */
#define K(name, word, says, extensions, media) ATTACHMENT_##name,
#include "attachment/attachment_kinds.def"
#undef K
	ATTACHMENT_KIND_COUNT
};

struct attachment_row {
	const char *word;       /* name in the configuration: "pdf" */
	const char *says;       /* "a PDF document" */
	const char *extensions; /* lower case, one space between */
	const char *media;      /* media types, the same form */
};

/* The argument must be below ATTACHMENT_KIND_COUNT. Never NULL. */
const struct attachment_row *attachment_row(enum attachment_kind k);

/* What the octets are. One kind: the front decides, so a PDF with an archive behind it is a PDF here; attachment_check
 * looks for what hides. XML is text that begins with an XML declaration or an element other than html. */
enum attachment_kind attachment_kind_of(struct bytes octets);

/* A set of kinds: bit 1 << kind. */
struct attachment_set {
	uint64_t bits;
};

static inline bool attachment_set_has(struct attachment_set s, enum attachment_kind k)
{
	return k != ATTACHMENT_UNKNOWN && (s.bits >> k & 1);
}

/* The set of kinds with these words of the configuration ("pdf", "docx", ...); their extensions are understood too.
 * Fails with REASON_CONFIG: a word that is no kind, or no words at all. */
MUST_USE outcome attachment_set_of(const char *const *words, size_t n, struct attachment_set *out, struct err *e);

struct attachment_limits {
	size_t size_most;      /* octets of a file */
	size_t name_most;      /* octets of a name */
	bool windows_1251;     /* text may be in windows-1251; else UTF-8 only */
	bool utf16;            /* text may be UTF-16 with a byte order mark */
	bool active_refused;   /* a PDF may not carry JavaScript or start programs */
};

#define ATTACHMENT_LIMITS_USUAL \
	((struct attachment_limits){.size_most = (size_t)32 << 20, .name_most = 255, .active_refused = true})

/* May this file be sent? `media_type` may be empty (nobody said it), parameters behind ';' are ignored, and
 * application/octet-stream says nothing.
 * Fails, in this order, with
 *   REASON_ATTACHMENT_SIZE     empty or above the limit;
 *   REASON_ATTACHMENT_NAME     no name, no extension, several extensions, characters that hide, reverse or lead elsewhere;
 *   REASON_ATTACHMENT_KIND     the extension, or the media type, is of no kind that is allowed;
 *   REASON_ATTACHMENT_CONTENT  the octets are of another kind than the name says; text that is no text; a PDF that does not
 *                              begin at its first octet or end with its last, carries files, or (option) acts; an archive
 *                              or disk image anywhere in a file that is none.
 * The detail tells kinds, extensions and places, never the name or the content. */
MUST_USE outcome attachment_check(struct bytes name, struct bytes media_type, struct bytes octets,
	struct attachment_set allowed, const struct attachment_limits *limits, struct err *e);

/* The same of a file that lies elsewhere: name and media type alone. Fails with REASON_ATTACHMENT_NAME or
 * REASON_ATTACHMENT_KIND. */
MUST_USE outcome attachment_check_name(struct bytes name, struct bytes media_type, struct attachment_set allowed,
	const struct attachment_limits *limits, struct err *e);

#endif
