/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_zip - ZIP records and tar headers: is one here, and which document is a ZIP file?
 * Promise:  a record counts only where its fields fit what stands around it, so that chance octets do not.
 * Spec:     APPNOTE 4.3.7, 4.3.12, 4.3.15, 4.3.16; ECMA-376 part 2; OpenDocument 1.2 part 3, 3.3; POSIX ustar. */
#include "attachment/attachment_int.h"

enum { END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, COMMENT_MOST = 65535 };

bool attachment_zip_ends_at(struct look *l, size_t i)
{
	uint32_t entries, size, offset;

	if (!LOOK_IS(l, i, "PK\x05\x06") || i + END_SIZE > l->o.n)
		return false;
	if (i >= 20 && LOOK_IS(l, i - 20, "PK\x06\x07"))
		return true; /* the locator of ZIP64 */
	entries = look_u16(l, i + 10);
	size = look_u32(l, i + 12);
	offset = look_u32(l, i + 16);
	if (entries == 0)
		return size == 0 && offset <= i;
	return size >= ENTRY_SIZE && size <= i && offset <= i - size && LOOK_IS(l, i - size, "PK\x01\x02");
}

bool attachment_zip_at_end(struct look *l, size_t *at)
{
	size_t least = l->o.n > END_SIZE + COMMENT_MOST ? l->o.n - END_SIZE - COMMENT_MOST : 0;

	if (l->o.n < END_SIZE)
		return false;
	for (size_t i = l->o.n - END_SIZE + 1; i > least; i--)
		if (attachment_zip_ends_at(l, i - 1)) {
			*at = i - 1;
			return true;
		}
	return false;
}

/* What the members make of a file. */
struct members {
	bool types, word, sheet, other;
};

static void member(struct look *l, size_t at, uint32_t n, struct members *m)
{
	if (n == sizeof("[Content_Types].xml") - 1 && LOOK_IS(l, at, "[Content_Types].xml"))
		m->types = true;
	else if (LOOK_IS(l, at, "word/"))
		m->word = true;
	else if (LOOK_IS(l, at, "xl/"))
		m->sheet = true;
	else if (!LOOK_IS(l, at, "_rels/") && !LOOK_IS(l, at, "docProps/") && !LOOK_IS(l, at, "customXml/") &&
		!LOOK_IS(l, at, "docMetadata/"))
		m->other = true;
}

/* Walks the central directory, which has to fill the room between its offset and the end record. */
static bool walk(struct look *l, size_t end, struct members *m)
{
	size_t at = look_u32(l, end + 16), entries = look_u16(l, end + 10);

	if (at > end || end + END_SIZE + look_u16(l, end + 20) != l->o.n)
		return false;
	for (size_t i = 0; i < entries; i++) {
		uint32_t name = look_u16(l, at + 28), extra = look_u16(l, at + 30), comment = look_u16(l, at + 32);

		if (!LOOK_IS(l, at, "PK\x01\x02") || end - at < ENTRY_SIZE ||
			(size_t)name + extra + comment > end - at - ENTRY_SIZE)
			return false;
		member(l, at + ENTRY_SIZE, name, m);
		at += ENTRY_SIZE + (size_t)name + extra + comment;
	}
	return at == end;
}

/* The first member is `mimetype`, stored as it is. */
static bool is_odt(struct look *l)
{
	static const struct bytes type = BYTES_LIT("mimetypeapplication/vnd.oasis.opendocument.text");

	return look_u16(l, 8) == 0 && look_u16(l, 26) == 8 && look_u16(l, 28) == 0 &&
		look_u32(l, 22) == type.n - 8 && look_is(l, LOCAL_SIZE, type);
}

enum attachment_kind attachment_zip_kind(struct look *l)
{
	struct members m = {0};
	size_t end;

	if (!LOOK_IS(l, 0, "PK\x03\x04") || !attachment_zip_at_end(l, &end) || !walk(l, end, &m))
		return ATTACHMENT_ZIP;
	if (is_odt(l))
		return ATTACHMENT_ODT;
	if (!m.types || m.other || m.word == m.sheet)
		return ATTACHMENT_ZIP; /* a member that is no part of a document makes it an archive */
	return m.word ? ATTACHMENT_DOCX : ATTACHMENT_XLSX;
}

/* Octal digits, then NUL or space, from `i` on; the number. */
static bool octal(struct look *l, size_t i, size_t width, uint32_t *value)
{
	size_t k = 0, digits = 0;
	int c;

	*value = 0;
	while (k < width && look_at(l, i + k) == ' ')
		k++;
	for (; k < width && (c = look_at(l, i + k)) >= '0' && c <= '7'; k++, digits++)
		*value = *value << 3 | (uint32_t)(c - '0');
	c = look_at(l, i + k);
	return digits > 0 && (k == width || c == 0 || c == ' ');
}

/* The sum of the header, its own field read as spaces. */
static bool sum_fits(struct look *l, size_t i, uint32_t wanted)
{
	uint32_t sum = 8 * ' ';

	for (size_t k = 0; k < 512; k++) {
		int c = look_at(l, i + k);

		if (c < 0)
			return false;
		sum += k >= 148 && k < 156 ? 0 : (uint32_t)c;
	}
	return sum == wanted;
}

bool attachment_tar_at(struct look *l, size_t i)
{
	uint32_t mode, sum;

	if (look_at(l, i) <= 0 || !octal(l, i + 100, 8, &mode) || !octal(l, i + 148, 8, &sum))
		return false;
	return LOOK_IS(l, i + 257, "ustar") || sum_fits(l, i, sum);
}
