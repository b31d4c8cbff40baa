/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_attachment - the files inside data: their number and size, and each by its name, media type and content.
 * Promise:  base64 is decoded strictly, once, into memory that serves all files of the message.
 * Not here: what kind of file octets are (attachment).
 * Spec:     rule T3 */
#include "demand/demand_int.h"

struct file {
	struct bytes name, media, content;
	bool stored; /* elsewhere: there is no content */
};

static outcome refuse(const struct walk *w, enum reason reason, const char *what, const char *local, struct err *e)
{
	return err_set(e, reason, "element %.60s, occurrence %zu: %s %.80s", w->demand->service->attachments.element, w->files,
		what, local);
}

static outcome read_part(const struct walk *w, const xmlNode *node, const char *local, bool needed, enum reason reason,
	struct bytes *out, struct err *e)
{
	bool several;
	const xmlNode *part = demand_child(node, local, &several);

	*out = BYTES_NONE;
	if (several)
		return refuse(w, reason, "it holds more than one", local, e);
	if (!part)
		return needed ? refuse(w, reason, "it holds no", local, e) : DONE;
	return demand_text(w->pool, part, out) ? DONE : refuse(w, reason, "more than text stands in", local, e);
}

static bool is_stored(const struct conf_attachments *a, const xmlNode *node)
{
	bool contents, several;

	return a->stored && demand_child(node, a->stored, &several) && !demand_child(node, a->content, &contents) && !contents;
}

static outcome read_content(struct walk *w, const xmlNode *node, struct file *out, struct err *e)
{
	const struct conf_attachments *a = &w->demand->service->attachments;
	struct bytes text;

	TRY(read_part(w, node, a->content, true, REASON_ATTACHMENT_CONTENT, &text, e));
	buf_clear(&w->content);
	if (!base64_decode(text, &w->content, NULL).ok && buf_ok(&w->content))
		return refuse(w, REASON_ATTACHMENT_CONTENT, "no base64 stands in", a->content, e);
	if (!buf_ok(&w->content))
		return refuse(w, REASON_ATTACHMENT_SIZE, "the file is larger than the service takes, in", a->content, e);
	out->content = buf_bytes(&w->content);
	return DONE;
}

static outcome read_file(struct walk *w, const xmlNode *node, struct file *out, struct err *e)
{
	const struct conf_attachments *a = &w->demand->service->attachments;

	*out = (struct file){.stored = is_stored(a, node)};
	TRY(read_part(w, node, a->name, true, REASON_ATTACHMENT_NAME, &out->name, e));
	if (a->media)
		TRY(read_part(w, node, a->media, false, REASON_ATTACHMENT_KIND, &out->media, e));
	return out->stored ? DONE : read_content(w, node, out, e);
}

static outcome judge(const struct walk *w, const struct file *f, struct err *e)
{
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;

	limits.size_most = w->demand->service->attachments.size;
	if (f->stored)
		return attachment_check_name(f->name, f->media, w->demand->files, &limits, e);
	return attachment_check(f->name, f->media, f->content, w->demand->files, &limits, e);
}

outcome demand_attachment(struct walk *w, const xmlNode *node, struct err *e)
{
	const struct conf_attachments *a = &w->demand->service->attachments;
	struct file file;
	struct err why;

	if (++w->files > (size_t)a->most)
		return err_set(e, REASON_ATTACHMENT_COUNT, "there are more than %d elements %.80s", a->most, a->element);
	TRY(read_file(w, node, &file, e));
	w->octets += file.content.n;
	if (w->octets > a->total)
		return err_set(e, REASON_ATTACHMENT_COUNT, "up to element %.80s, occurrence %zu, the files have %zu octets, and %zu "
			"are allowed", a->element, w->files, w->octets, a->total);
	if (judge(w, &file, &why).ok)
		return DONE;
	return err_set(e, why.reason, "element %.60s, occurrence %zu: %.150s", a->element, w->files, why.detail);
}
