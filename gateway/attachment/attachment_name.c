/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_name - is the name of a file plain: one extension, nothing that hides, reverses or leads elsewhere?
 * Promise:  words for each kind of trouble, and never the name itself: it may hold what identifies a person.
 * Not here: whether the extension is allowed (attachment_check.c).
 * Spec:     RFC 3629; UAX 9 (characters of direction). */
#include "attachment/attachment_int.h"

/* Characters that cannot be seen or that change the order of others. */
static const struct range {
	uint32_t from, to;
	const char *says;
} ranges[] = {
	{0x00, 0x00, "a NUL octet"},
	{0x01, 0x1F, "a control character"},
	{0x7F, 0x9F, "a control character"},
	{0xAD, 0xAD, "an invisible character"},
	{0x61C, 0x61C, "a character that changes direction"},
	{0x180E, 0x180E, "an invisible character"},
	{0x200B, 0x200D, "an invisible character"},
	{0x200E, 0x200F, "a character that changes direction"},
	{0x2024, 0x2024, "a character that looks like a dot"},
	{0x2028, 0x2029, "a line end"},
	{0x202A, 0x202E, "a character that changes direction"},
	{0x2044, 0x2044, "a character that looks like a slash"},
	{0x2060, 0x2064, "an invisible character"},
	{0x2066, 0x2069, "a character that changes direction"},
	{0x2215, 0x2215, "a character that looks like a slash"},
	{0xFE52, 0xFE52, "a character that looks like a dot"},
	{0xFEFF, 0xFEFF, "an invisible character"},
	{0xFF0E, 0xFF0E, "a character that looks like a dot"},
	{0xFF0F, 0xFF0F, "a character that looks like a slash"},
	{0xFFFE, 0xFFFF, "a code that is no character"},
};

static const char *trouble_of(uint32_t code)
{
	for (size_t k = 0; k < sizeof(ranges) / sizeof(*ranges); k++)
		if (code >= ranges[k].from && code <= ranges[k].to)
			return ranges[k].says;
	if (code == '/' || code == '\\' || code == ':')
		return "a separator of paths";
	return code < 0x80 && strchr("*?\"<>|", (int)code) ? "a character that file systems do not take" : NULL;
}

static outcome characters_check(struct bytes name, struct err *e)
{
	struct look l = {.o = name};
	uint32_t code;

	for (size_t i = 0, n; i < name.n; i += n) {
		const char *says;

		n = attachment_utf8_at(&l, i, &code);
		if (n == 0)
			return err_set(e, REASON_ATTACHMENT_NAME, "the name is no UTF-8 at octet %zu", i);
		says = trouble_of(code);
		if (says)
			return err_set(e, REASON_ATTACHMENT_NAME, "the name holds %s at octet %zu", says, i);
	}
	return DONE;
}

/* archive.tar.gz says truly that there are two kinds, one in the other. */
static bool packed_tar(struct bytes part, struct bytes extension)
{
	return attachment_by_extension(part) == ATTACHMENT_TAR && attachment_listed("gz bz2 xz", extension);
}

/* No part between dots may be an extension of a kind as well; one letter is too common to count. */
static outcome parts_check(struct bytes name, size_t last_dot, struct bytes extension, struct err *e)
{
	size_t from = name.n;

	for (size_t i = 0; i <= last_dot; i++) {
		struct bytes part;

		if (name.p[i] != '.')
			continue;
		part = from < i ? bytes_trim(bytes_sub(name, from, i), " ") : BYTES_NONE;
		from = i + 1;
		if (part.n > 1 && attachment_by_extension(part) != ATTACHMENT_UNKNOWN && !packed_tar(part, extension))
			return err_set(e, REASON_ATTACHMENT_NAME, "the name has two extensions, the first is %s",
				attachment_row(attachment_by_extension(part))->word);
	}
	return DONE;
}

outcome attachment_name_check(struct bytes name, size_t most, struct bytes *extension, struct err *e)
{
	const unsigned char *dot;

	if (name.n == 0)
		return err_set(e, REASON_ATTACHMENT_NAME, "the attachment has no name");
	if (name.n > most)
		return err_set(e, REASON_ATTACHMENT_NAME, "the name has %zu octets, %zu are allowed", name.n, most);
	TRY(characters_check(name, e));
	if (name.p[0] == ' ' || name.p[name.n - 1] == ' ')
		return err_set(e, REASON_ATTACHMENT_NAME, "the name begins or ends with a space");
	if (name.p[name.n - 1] == '.')
		return err_set(e, REASON_ATTACHMENT_NAME, "the name ends with a dot");
	dot = memrchr(name.p, '.', name.n);
	if (!dot)
		return err_set(e, REASON_ATTACHMENT_NAME, "the name has no extension");
	if (dot == name.p)
		return err_set(e, REASON_ATTACHMENT_NAME, "the name is an extension and nothing else");
	if (dot[-1] == ' ' || dot[1] == ' ')
		return err_set(e, REASON_ATTACHMENT_NAME, "a space stands beside the last dot of the name");
	*extension = bytes_sub(name, (size_t)(dot - name.p) + 1, name.n);
	return parts_check(name, (size_t)(dot - name.p), *extension, e);
}
