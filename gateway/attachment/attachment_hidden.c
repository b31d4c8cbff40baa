/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_hidden - archives that stand behind or inside a file of another kind.
 * Promise:  one walk over the octets; a mark counts only where what stands beside it fits, so that the compressed parts
 *           of honest files are not taken for archives.
 * Not here: archives at the front (attachment_kind.c). */
#include "attachment/attachment_int.h"

/* The header of a member: a version that exists, a known way of packing, a name of printing characters. */
static bool is_zip_member(struct look *l, size_t i)
{
	uint32_t version, packing, name;

	if (!LOOK_IS(l, i, "PK\x03\x04"))
		return false;
	version = look_u16(l, i + 4) & 0xFF;
	packing = look_u16(l, i + 8);
	name = look_u16(l, i + 26);
	return version <= 63 && (packing <= 20 || (packing >= 92 && packing <= 99)) && name >= 1 && name <= 4096 &&
		look_at(l, i + 30) >= ' ';
}

/* Deflate, no reserved flag, a time of file that is absent or of this age, a known system. */
static bool is_gzip(struct look *l, size_t i)
{
	int extra, system;

	if (!LOOK_IS(l, i, "\x1F\x8B\x08") || look_at(l, i + 3) > 0x1F)
		return false;
	extra = look_at(l, i + 8);
	system = look_at(l, i + 9);
	return (extra == 0 || extra == 2 || extra == 4) && ((system >= 0 && system <= 13) || system == 255) &&
		look_at(l, i + 10) >= 0;
}

static bool is_bzip2(struct look *l, size_t i)
{
	int level = look_at(l, i + 3);

	return LOOK_IS(l, i, "BZh") && level >= '1' && level <= '9' && LOOK_IS(l, i + 4, "1AY&SY");
}

/* Judged at the mark of POSIX, which stands 257 octets into a header: fields that are octal numbers have to stand before. */
static bool is_tar(struct look *l, size_t i)
{
	return i >= 257 && LOOK_IS(l, i, "ustar") && (look_at(l, i + 5) == 0 || look_at(l, i + 5) == ' ') &&
		look_at(l, i - 257) > 0 && look_at(l, i - 257 + 104) >= '0' && look_at(l, i - 257 + 104) <= '7' &&
		look_at(l, i - 257 + 152) >= '0' && look_at(l, i - 257 + 152) <= '7';
}

static enum attachment_kind archive_at(struct look *l, size_t i)
{
	switch (look_at(l, i)) {
	case 'P':
		return is_zip_member(l, i) || attachment_zip_ends_at(l, i) ? ATTACHMENT_ZIP : ATTACHMENT_UNKNOWN;
	case 'R':
		return LOOK_IS(l, i, "Rar!\x1A\x07") ? ATTACHMENT_RAR : ATTACHMENT_UNKNOWN;
	case '7':
		return LOOK_IS(l, i, "7z\xBC\xAF\x27\x1C") ? ATTACHMENT_SEVENZIP : ATTACHMENT_UNKNOWN;
	case 0xFD:
		return LOOK_IS(l, i, "\xFD" "7zXZ\0") ? ATTACHMENT_XZ : ATTACHMENT_UNKNOWN;
	case 'M':
		return LOOK_IS(l, i, "MSCF\0\0\0\0") ? ATTACHMENT_CAB : ATTACHMENT_UNKNOWN;
	case 'B':
		return is_bzip2(l, i) ? ATTACHMENT_BZIP2 : ATTACHMENT_UNKNOWN;
	case 0x1F:
		return is_gzip(l, i) ? ATTACHMENT_GZIP : ATTACHMENT_UNKNOWN;
	case '!':
		return LOOK_IS(l, i, "!<arch>\n") ? ATTACHMENT_AR : ATTACHMENT_UNKNOWN;
	case 'u':
		return is_tar(l, i) ? ATTACHMENT_TAR : ATTACHMENT_UNKNOWN;
	default:
		return ATTACHMENT_UNKNOWN;
	}
}

/* A descriptor of an ISO 9660 volume in one of the sectors that are read first. */
static bool is_disk(struct look *l)
{
	return LOOK_IS(l, 32769, "CD001\x01") || LOOK_IS(l, 34817, "CD001\x01") || LOOK_IS(l, 36865, "CD001\x01");
}

enum attachment_kind attachment_hidden(struct look *l, size_t *at)
{
	*at = 32768;
	if (is_disk(l))
		return ATTACHMENT_ISO;
	for (*at = 1; *at < l->o.n; ++*at) {
		enum attachment_kind k = archive_at(l, *at);

		if (k != ATTACHMENT_UNKNOWN)
			return k;
	}
	return ATTACHMENT_UNKNOWN;
}
