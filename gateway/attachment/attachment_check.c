/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_check - the order of judging a file: size, name, kind, content.
 * Promise:  each refusal has words of its own, without name and content.
 * Spec:     rule T3 */
#include "attachment/attachment_int.h"

static outcome size_check(struct bytes octets, const struct attachment_limits *limits, struct err *e)
{
	if (octets.n == 0)
		return err_set(e, REASON_ATTACHMENT_SIZE, "the attachment is empty");
	if (octets.n > limits->size_most)
		return err_set(e, REASON_ATTACHMENT_SIZE, "the attachment has %zu octets, %zu are allowed", octets.n,
			limits->size_most);
	return DONE;
}

static outcome media_check(struct bytes media, enum attachment_kind named, struct err *e)
{
	const unsigned char *end = media.n ? memchr(media.p, ';', media.n) : NULL;

	if (end)
		media.n = (size_t)(end - media.p);
	while (media.n && (media.p[media.n - 1] == ' ' || media.p[media.n - 1] == '\t'))
		media.n--;
	while (media.n && (media.p[0] == ' ' || media.p[0] == '\t'))
		media = bytes_sub(media, 1, media.n);
	if ((media.n == 0 && !end) || attachment_listed("application/octet-stream", media) ||
		attachment_listed(attachment_row(named)->media, media))
		return DONE;
	return err_set(e, REASON_ATTACHMENT_KIND, "the media type is not one of %s, as the extension says",
		attachment_row(named)->says);
}

static outcome named_kind(struct bytes extension, struct attachment_set allowed, enum attachment_kind *out, struct err *e)
{
	*out = attachment_by_extension(extension);
	if (*out == ATTACHMENT_UNKNOWN)
		return err_set(e, REASON_ATTACHMENT_KIND, "the extension of the name is of no kind that is known");
	if (!attachment_set_has(allowed, *out))
		return err_set(e, REASON_ATTACHMENT_KIND, "the extension says %s, which is not allowed",
			attachment_row(*out)->says);
	return DONE;
}

static outcome text_check(struct look *l, const struct attachment_limits *limits, struct err *e)
{
	size_t at;
	enum attachment_text text = attachment_text_of(l, &at);

	if (text == TEXT_SINGLE && !limits->windows_1251)
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the text is no UTF-8, and windows-1251 is not allowed");
	if (text == TEXT_UTF16 && !limits->utf16)
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the text is UTF-16, which is not allowed");
	return DONE;
}

static bool is_text(enum attachment_kind k) { return k == ATTACHMENT_TXT || k == ATTACHMENT_XML; }

/* Says why what is no text of any encoding is none. */
static outcome no_text(struct look *l, struct err *e)
{
	size_t at;

	if (attachment_text_of(l, &at) != TEXT_NOT || at >= l->o.n)
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the content is no text");
	return err_set(e, REASON_ATTACHMENT_CONTENT, "the content is no text: octet %zu is %02X", at, (unsigned)look_at(l, at));
}

static outcome content_check(struct look *l, enum attachment_kind named, struct err *e)
{
	enum attachment_kind k = attachment_kind_looked(l);

	if (k == named || (named == ATTACHMENT_TXT && k == ATTACHMENT_XML))
		return DONE; /* XML is text */
	if (k == ATTACHMENT_UNKNOWN && is_text(named))
		return no_text(l, e);
	return err_set(e, REASON_ATTACHMENT_CONTENT, "the content is %s, its name says %s", attachment_row(k)->says,
		attachment_row(named)->says);
}

/* Documents that are packed by nature, archives and programs are not searched. */
static bool is_searched(enum attachment_kind k) { return k <= ATTACHMENT_TIFF; }

static outcome hidden_check(struct look *l, enum attachment_kind named, struct err *e)
{
	size_t at;
	enum attachment_kind k = is_searched(named) ? attachment_hidden(l, &at) : ATTACHMENT_UNKNOWN;

	if (k == ATTACHMENT_UNKNOWN)
		return DONE;
	return err_set(e, REASON_ATTACHMENT_CONTENT, "%s hides in %s at octet %zu", attachment_row(k)->says,
		attachment_row(named)->says, at);
}

static outcome name_check(struct bytes name, struct bytes media_type, struct attachment_set allowed,
	const struct attachment_limits *limits, enum attachment_kind *named, struct err *e)
{
	struct bytes extension;

	TRY(attachment_name_check(name, limits->name_most, &extension, e));
	TRY(named_kind(extension, allowed, named, e));
	return media_check(media_type, *named, e);
}

outcome attachment_check_name(struct bytes name, struct bytes media_type, struct attachment_set allowed,
	const struct attachment_limits *limits, struct err *e)
{
	enum attachment_kind named;

	return name_check(name, media_type, allowed, limits, &named, e);
}

outcome attachment_check_looked(struct bytes name, struct bytes media_type, struct look *l, struct attachment_set allowed,
	const struct attachment_limits *limits, struct err *e)
{
	enum attachment_kind named;

	TRY(size_check(l->o, limits, e));
	TRY(name_check(name, media_type, allowed, limits, &named, e));
	TRY(content_check(l, named, e));
	TRY(hidden_check(l, named, e));
	if (is_text(named))
		return text_check(l, limits, e);
	return named == ATTACHMENT_PDF ? attachment_pdf_check(l, limits->active_refused, e) : DONE;
}

outcome attachment_check(struct bytes name, struct bytes media_type, struct bytes octets, struct attachment_set allowed,
	const struct attachment_limits *limits, struct err *e)
{
	struct look l = {.o = octets};

	return attachment_check_looked(name, media_type, &l, allowed, limits, e);
}
