/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_canonical - exclusive canonical form without comments, streamed. Spec: W3C xml-exc-c14n. */
#include "envelope_int.h"

#include <libxml/c14n.h>
#include <libxml/xmlerror.h>

struct stream {
	bool (*sink)(void *ctx, const void *data, size_t n);
	void *ctx;
	bool refused; /* by the sink */
};

/* Within the subtree, its attributes and namespace declarations included. A declaration is no xmlNode,
 * so only its `type`, which xmlNs has at the same place, may be looked at; `parent` is the element it
 * stands for. */
static int is_visible(void *apex, xmlNode *node, xmlNode *parent)
{
	const xmlNode *at = node->type == XML_NAMESPACE_DECL ? parent : node;

	while (at && at != apex)
		at = at->parent;
	return at != NULL;
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

static bool run(xmlNode *element, const char *const *prefixes, struct stream *stream)
{
	xmlOutputBuffer *out = xmlOutputBufferCreateIO(on_write, on_close, stream, NULL);
	xmlChar **list;
	int written, closed;

	if (!out)
		return false;
	/* libxml2 only reads the list, though it does not say so. */
	memcpy(&list, &prefixes, sizeof list);
	written = xmlC14NExecute(element->doc, is_visible, element, XML_C14N_EXCLUSIVE_1_0, list, 0, out);
	closed = xmlOutputBufferClose(out);
	return written >= 0 && closed >= 0;
}

outcome envelope_canonical(struct _xmlNode *element, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx, struct err *e)
{
	struct stream stream = {sink, ctx, false};
	xmlStructuredErrorFunc handler = xmlStructuredError;
	void *handler_ctx = xmlStructuredErrorContext;
	bool good;

	/* The words of the canonicaliser would go to whatever is set for the thread; the return value is
	 * enough. */
	xmlSetStructuredErrorFunc(NULL, on_error);
	good = run(element, prefixes, &stream);
	xmlSetStructuredErrorFunc(handler_ctx, handler);
	if (stream.refused)
		return err_set(e, REASON_MEMORY, "no room for the canonical form");
	if (!good)
		return err_set(e, REASON_XML_NAMESPACE, "line %ld: no canonical form", xmlGetLineNo(element));
	return DONE;
}
