/* SPDX-License-Identifier: GPL-3.0-or-later */
/* business - see business.h.
 * Not here: XML Schema; the gateway checks it, a system judges what a schema cannot. */
#include <libxml/tree.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/business.h"

bool payload_is(const struct _xmlNode *node, const char *ns, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE && strcmp(node_local(node), name) == 0 &&
		strcmp(node_ns(node), ns) == 0;
}

struct _xmlNode *payload_child(const struct _xmlNode *parent, const char *name)
{
	xmlNode *found = NULL;

	for (xmlNode *c = parent ? parent->children : NULL; c; c = c->next) {
		if (!payload_is(c, "", name))
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

const char *payload_text(struct pool *pool, const struct _xmlNode *parent, const char *name)
{
	const xmlNode *child = payload_child(parent, name);
	struct bytes text;

	if (!child || !node_text(pool, child, &text) || text.n == 0)
		return NULL;
	return pool_copy(pool, text);
}

bool payload_texts(struct pool *pool, const struct _xmlNode *parent, const char *const *names, const char **texts,
	size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		texts[i] = payload_text(pool, parent, names[i]);
		all = all && texts[i];
	}
	return all;
}

static void free_text(xmlChar **text)
{
	xmlFree(*text);
}

bool payload_has_type(struct _xmlNode *node, const char *ns, const char *type)
{
	SCOPED(free_text) xmlChar *name = node ? xmlGetNsProp(node, BAD_CAST "type", BAD_CAST NS_XSI) : NULL;
	xmlChar *colon = name ? (xmlChar *)strchr((char *)name, ':') : NULL;
	const char *local = (const char *)(colon ? colon + 1 : name);
	const xmlNs *scope;

	if (!name)
		return false;
	if (colon)
		*colon = 0;
	scope = xmlSearchNs(node->doc, node, colon ? name : NULL);
	return scope && strcmp((const char *)scope->href, ns) == 0 && strcmp(local, type) == 0;
}

const char *payload_number(struct pool *pool, const struct _xmlNode *parent)
{
	const char *iin = payload_text(pool, parent, "Iin"), *bin = payload_text(pool, parent, "Bin");

	if (!iin == !bin)
		return NULL;
	return iin ? iin : bin;
}

void payload_field(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<%s>", name);
	buf_xml(out, bytes_str(text));
	buf_printf(out, "</%s>", name);
}

bool system_info_read(struct pool *pool, const struct _xmlNode *root, struct system_info *out)
{
	const xmlNode *info = payload_child(root, "SystemInfo");
	struct stamp ignored;

	out->request_number = payload_text(pool, info, "RequestNumber");
	out->chain_id = payload_text(pool, info, "ChainId");
	out->request_date = payload_text(pool, info, "RequestDate");
	return out->request_number && strlen(out->request_number) == 20 &&
		strspn(out->request_number, "0123456789") == 20 && out->chain_id && strlen(out->chain_id) <= 64 &&
		out->request_date && stamp_parse(bytes_str(out->request_date), &ignored) && ignored.has_offset;
}

static void write_fields(struct buf *out, const struct system_info *info)
{
	payload_field(out, "RequestNumber", info->request_number);
	payload_field(out, "ChainId", info->chain_id);
	payload_field(out, "RequestDate", info->request_date);
}

void system_info_write(struct buf *out, const struct system_info *info)
{
	buf_str(out, "<SystemInfo>");
	write_fields(out, info);
	buf_str(out, "</SystemInfo>");
}

void system_info_answer(struct buf *out, const struct system_info *info, struct stamp at)
{
	char now[STAMP_TEXT];

	stamp_print(at, now);
	buf_str(out, "<SystemInfo>");
	write_fields(out, info);
	payload_field(out, "ResponseDate", now);
	buf_str(out, "</SystemInfo>");
}

void reasons_add(struct reasons *r, const char *code, const char *format, ...)
{
	char text[512];
	va_list args;

	if (r->n == REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	utf8_repair(text);
	r->list[r->n].code = pool_copy(r->pool, bytes_str(code));
	r->list[r->n].text = pool_copy(r->pool, bytes_str(text));
	if (r->list[r->n].code && r->list[r->n].text)
		r->n++;
}

void reasons_read(struct reasons *r, const struct _xmlNode *reasons)
{
	for (const xmlNode *c = reasons ? reasons->children : NULL; c; c = c->next) {
		const char *code = payload_text(r->pool, c, "Code"), *text = payload_text(r->pool, c, "Text");

		if (payload_is(c, "", "Reason") && code && text)
			reasons_add(r, code, "%s", text);
	}
}

void reasons_write(struct buf *out, const struct reasons *r)
{
	buf_str(out, "<Reasons>");
	for (size_t i = 0; i < r->n; i++) {
		buf_str(out, "<Reason>");
		payload_field(out, "Code", r->list[i].code);
		payload_field(out, "Text", r->list[i].text);
		buf_str(out, "</Reason>");
	}
	buf_str(out, "</Reasons>");
}

const char *reasons_line(const struct reasons *r)
{
	SCOPED(buf_free) struct buf line = BUF(REASONS_MAX * 600);
	const char *kept;

	for (size_t i = 0; i < r->n; i++) {
		if (i > 0)
			buf_str(&line, "; ");
		buf_str(&line, r->list[i].text);
	}
	kept = pool_copy(r->pool, buf_bytes(&line));
	return kept ? kept : "refused";
}
