/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_canonical - canonical forms without comments, streamed. Spec: W3C xml-exc-c14n, xml-c14n 1.0. */
#include "envelope_int.h"

#include <libxml/c14n.h>
#include <libxml/xmlerror.h>

#include "base/memory.h"

struct stream {
	bool (*sink)(void *ctx, const void *data, size_t n);
	void *ctx;
	bool refused; /* by the sink */
};

struct selection {
	const xmlNode *apex;
	const struct canonical_form *form;
};

static bool is_left_out(const struct canonical_form *form, const xmlNode *node)
{
	for (size_t i = 0; i < form->without_count; i++) {
		if (form->without[i] == node)
			return true;
	}
	return false;
}

/* Within the subtree, its attributes and namespace declarations included. A declaration is no xmlNode,
 * so only its `type`, which xmlNs has at the same place, may be looked at; `parent` is the element it
 * stands for. */
static int is_visible(void *ctx, xmlNode *node, xmlNode *parent)
{
	const struct selection *s = ctx;
	const xmlNode *at = node->type == XML_NAMESPACE_DECL ? parent : node;

	while (at && at != s->apex) {
		if (is_left_out(s->form, at))
			return false;
		at = at->parent;
	}
	return at && !is_left_out(s->form, at);
}

static int on_write(void *ctx, const char *data, int n)
{
	struct stream *stream = ctx;

	if (!stream->refused && n > 0 && !stream->sink(stream->ctx, data, (size_t)n))
		stream->refused = true;
	return stream->refused ? -1 : n;
}

static int on_close(void *ctx)
{
	(void)ctx;
	return 0;
}

static void on_error(void *unused, xmlError *error)
{
	(void)unused;
	(void)error;
}

static bool run(xmlNode *element, const char *const *prefixes, const struct canonical_form *form,
	struct stream *stream)
{
	struct selection selection = {element, form};
	int mode = form->inclusive ? XML_C14N_1_0 : XML_C14N_EXCLUSIVE_1_0;
	xmlOutputBuffer *out = xmlOutputBufferCreateIO(on_write, on_close, stream, NULL);
	xmlChar **list;
	int written, closed;

	if (!out)
		return false;
	/* libxml2 only reads the list, though it does not say so. */
	memcpy(&list, &prefixes, sizeof list);
	written = xmlC14NExecute(element->doc, is_visible, &selection, mode, list, 0, out);
	closed = xmlOutputBufferClose(out);
	return written >= 0 && closed >= 0;
}

static outcome canonical(xmlNode *element, const char *const *prefixes, const struct canonical_form *form,
	struct stream stream, struct err *e)
{
	xmlStructuredErrorFunc handler = xmlStructuredError;
	void *handler_ctx = xmlStructuredErrorContext;
	size_t before = memory_refusals();
	bool good;

	/* The words of the canonicaliser would go to whatever is set for the thread; the return value is
	 * enough. */
	xmlSetStructuredErrorFunc(NULL, on_error);
	good = run(element, prefixes, form, &stream);
	xmlSetStructuredErrorFunc(handler_ctx, handler);
	TRY(memory_judge(before, DONE, e)); /* libxml2 leaves out what it has no room for */
	if (stream.refused)
		return err_set(e, REASON_MEMORY, "no room for the canonical form");
	if (!good)
		return err_set(e, REASON_XML_NAMESPACE, "line %ld: no canonical form", xmlGetLineNo(element));
	return DONE;
}

outcome envelope_canonical(struct _xmlNode *element, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx, struct err *e)
{
	static const struct canonical_form exclusive = {.inclusive = false};

	return canonical(element, prefixes, &exclusive, (struct stream){sink, ctx, false}, e);
}

outcome envelope_canonical_form(struct _xmlNode *element, const struct canonical_form *form,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx, struct err *e)
{
	return canonical(element, NULL, form, (struct stream){sink, ctx, false}, e);
}
