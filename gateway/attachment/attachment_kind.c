/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_kind - what the octets are, and the table of kinds.
 * Promise:  one kind for any octets; reads go through look_at and look_is only.
 * Not here: what hides behind the front (attachment_hidden.c), whether the kind is allowed (attachment_check.c). */
#include <strings.h>

#include "attachment/attachment_int.h"

static const struct attachment_row rows[ATTACHMENT_KIND_COUNT] = {
	[ATTACHMENT_UNKNOWN] = {"unknown", "of a kind that is not known", "", ""},
#define K(name, word, says, extensions, media) [ATTACHMENT_##name] = {word, says, extensions, media},
#include "attachment/attachment_kinds.def"
#undef K
};
_Static_assert(ATTACHMENT_KIND_COUNT <= 64, "a set of kinds has 64 bits");

static const struct mark {
	enum attachment_kind kind;
	size_t at;
	struct bytes octets;
} marks[] = {
#define M(kind, at, octets) {ATTACHMENT_##kind, at, {(const unsigned char *)(octets), sizeof(octets) - 1}},
#include "attachment/attachment_kinds.def"
#undef M
};

const struct attachment_row *attachment_row(enum attachment_kind k)
{
	BUG_IF((unsigned)k >= ATTACHMENT_KIND_COUNT);
	return &rows[k];
}

uint32_t look_u16(struct look *l, size_t i)
{
	int low = look_at(l, i), high = look_at(l, i + 1);

	return high < 0 ? UINT32_MAX : (uint32_t)(high << 8 | low);
}

uint32_t look_u32(struct look *l, size_t i)
{
	uint32_t low = look_u16(l, i), high = look_u16(l, i + 2);

	return high == UINT32_MAX ? UINT32_MAX : high << 16 | low;
}

bool attachment_listed(const char *list, struct bytes word)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == word.n && strncasecmp(list, (const char *)word.p, n) == 0)
			return true;
		list += n;
		list += *list == ' ';
	}
	return false;
}

enum attachment_kind attachment_by_extension(struct bytes extension)
{
	for (unsigned k = 1; k < ATTACHMENT_KIND_COUNT; k++)
		if (attachment_listed(rows[k].extensions, extension))
			return k;
	return ATTACHMENT_UNKNOWN;
}

static enum attachment_kind by_word(struct bytes word)
{
	for (unsigned k = 1; k < ATTACHMENT_KIND_COUNT; k++)
		if (bytes_is(word, rows[k].word))
			return k;
	return attachment_by_extension(word);
}

outcome attachment_set_of(const char *const *words, size_t n, struct attachment_set *out, struct err *e)
{
	out->bits = 0;
	for (size_t i = 0; i < n; i++) {
		enum attachment_kind k = by_word(bytes_str(words[i]));

		if (k == ATTACHMENT_UNKNOWN)
			return err_set(e, REASON_CONFIG, "%.40s is no kind of attachment", words[i]);
		out->bits |= UINT64_C(1) << k;
	}
	if (out->bits == 0)
		return err_set(e, REASON_CONFIG, "no kind of attachment is named");
	return DONE;
}

static enum attachment_kind by_mark(struct look *l)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (look_is(l, marks[i].at, marks[i].octets))
			return marks[i].kind;
	return ATTACHMENT_UNKNOWN;
}

/* BZh, a digit, and the mark of a block or of the end. */
static bool is_bzip2(struct look *l)
{
	int level = look_at(l, 3);

	return LOOK_IS(l, 0, "BZh") && level >= '1' && level <= '9' &&
		(LOOK_IS(l, 4, "1AY&SY") || LOOK_IS(l, 4, "\x17\x72\x45\x38\x50\x90"));
}

/* -lh?- or -lz?- behind size and check sum, and a level of header that exists. */
static bool is_lzh(struct look *l)
{
	int level = look_at(l, 20);

	return (LOOK_IS(l, 2, "-lh") || LOOK_IS(l, 2, "-lz")) && look_at(l, 6) == '-' && level >= 0 && level <= 3;
}

static bool is_arj(struct look *l)
{
	uint32_t size = look_u16(l, 2);

	return LOOK_IS(l, 0, "\x60\xEA") && size >= 30 && size <= 2600 && look_at(l, 10) == 2;
}

/* Text that happens to begin with MZ is text: the header of a program that Windows takes has NUL octets. */
static bool is_program(struct look *l, bool text)
{
	return !text && (LOOK_IS(l, 0, "MZ") || LOOK_IS(l, 0, "ZM"));
}

static bool stands_in(struct look *l, size_t from, size_t to, struct bytes what)
{
	for (; from < to && from < l->o.n; from++)
		if (look_is(l, from, what))
			return true;
	return false;
}

/* Readers accept a PDF that begins anywhere in the first 1024 octets. Text that tells of PDF has no end of one. */
static bool is_late_pdf(struct look *l, bool text)
{
	return stands_in(l, 1, 1024, BYTES_LIT("%PDF-")) &&
		(!text || stands_in(l, l->o.n > 1024 ? l->o.n - 1024 : 0, l->o.n, BYTES_LIT("%%EOF")));
}

static enum attachment_kind by_look(struct look *l)
{
	size_t at;
	bool text;

	if (is_bzip2(l))
		return ATTACHMENT_BZIP2;
	if (attachment_tar_at(l, 0))
		return ATTACHMENT_TAR;
	if (is_lzh(l))
		return ATTACHMENT_LZH;
	if (is_arj(l))
		return ATTACHMENT_ARJ;
	text = attachment_text_of(l, &at) != TEXT_NOT;
	if (is_program(l, text))
		return ATTACHMENT_PE;
	if (is_late_pdf(l, text))
		return ATTACHMENT_PDF;
	if (text)
		return attachment_text_is_xml(l) ? ATTACHMENT_XML : ATTACHMENT_TXT;
	return attachment_zip_at_end(l, &at) ? ATTACHMENT_ZIP : ATTACHMENT_UNKNOWN;
}

enum attachment_kind attachment_kind_looked(struct look *l)
{
	enum attachment_kind k;

	if (l->o.n == 0)
		return ATTACHMENT_UNKNOWN;
	k = by_mark(l);
	if (k == ATTACHMENT_ZIP)
		return attachment_zip_kind(l);
	return k != ATTACHMENT_UNKNOWN ? k : by_look(l);
}

enum attachment_kind attachment_kind_of(struct bytes octets)
{
	struct look l = {.o = octets};

	return attachment_kind_looked(&l);
}
