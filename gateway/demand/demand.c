/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand - the demands of one service, and the walk that judges a payload.
 * Not here: single values (demand_field.c, demand_number.c), files (demand_attachment.c), terms (demand_time.c). */
#include <stdlib.h>

#include "demand/demand_int.h"

static bool looks_inside(const struct conf_service *s)
{
	return s->fields.n || s->kinds.element || s->attachments.element || s->term.element;
}

outcome demand_new(const struct conf_service *s, struct demand **out, struct err *e)
{
	SCOPED(demand_free) struct demand *d = NULL;

	*out = NULL;
	if (!s->payload_bytes && !s->hours.to && !looks_inside(s))
		return DONE;
	d = calloc(1, sizeof *d);
	if (!d)
		return err_set(e, REASON_MEMORY, "demands of a service");
	d->service = s;
	if (s->attachments.element)
		TRY(attachment_set_of(s->attachments.kinds.name, s->attachments.kinds.n, &d->files, e));
	*out = d;
	d = NULL;
	return DONE;
}

void demand_free(struct demand **d)
{
	free(*d);
	*d = NULL;
}

bool demand_looks_inside(const struct demand *d)
{
	return looks_inside(d->service);
}

outcome demand_length(const struct demand *d, const struct element *data, struct err *e)
{
	size_t most = d->service->payload_bytes;

	if (!most || !data || data->end - data->start <= most)
		return DONE;
	return err_set(e, REASON_PAYLOAD_SIZE, "data has %zu octets, and the service takes %zu", data->end - data->start, most);
}

bool demand_text(struct pool *pool, const xmlNode *node, struct bytes *out)
{
	const xmlNode *first = node->children;
	bool joined = true;

	for (const xmlNode *c = first; c; c = c->next) {
		if (c->type != XML_TEXT_NODE && c->type != XML_CDATA_SECTION_NODE)
			return false;
	}
	*out = BYTES_NONE;
	if (first && !first->next) /* the usual case: files are not copied */
		*out = bytes_str((const char *)first->content);
	else
		joined = node_text(pool, node, out);
	*out = bytes_trim(*out, XML_SPACE);
	return joined;
}

const xmlNode *demand_child(const xmlNode *node, const char *local, bool *several)
{
	const xmlNode *found = NULL;

	*several = false;
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE || strcmp(node_local(c), local) != 0)
			continue;
		*several = found != NULL;
		if (*several)
			return NULL;
		found = c;
	}
	return found;
}

/* The text is not told: nobody agreed to it. */
static outcome judge_kind(struct walk *w, const xmlNode *node, struct err *e)
{
	const struct conf_kinds *k = &w->demand->service->kinds;
	struct bytes text;

	if (w->kinds++)
		return err_set(e, REASON_PAYLOAD_KIND, "element %.80s, occurrence 2: it tells the kind of document, once",
			k->element);
	if (!demand_text(w->pool, node, &text))
		return err_set(e, REASON_PAYLOAD_KIND, "element %.80s: it holds more than text", k->element);
	for (size_t i = 0; i < k->allowed.n; i++) {
		if (!bytes_is(text, k->allowed.name[i]))
			continue;
		w->seen->kind = k->allowed.name[i];
		return DONE;
	}
	return err_set(e, REASON_PAYLOAD_KIND, "element %.80s: the service takes %zu kinds, and not this one", k->element,
		k->allowed.n);
}

static outcome judge_element(struct walk *w, const xmlNode *node, struct err *e)
{
	const struct conf_service *s = w->demand->service;
	const char *local = node_local(node);

	for (size_t i = 0; i < s->fields.n; i++) {
		if (strcmp(local, s->fields.item[i].element) == 0)
			TRY(demand_field(w, &s->fields.item[i], ++w->met[i], node, e));
	}
	if (s->kinds.element && strcmp(local, s->kinds.element) == 0)
		TRY(judge_kind(w, node, e));
	if (s->attachments.element && strcmp(local, s->attachments.element) == 0)
		TRY(demand_attachment(w, node, e));
	if (s->term.element && strcmp(local, s->term.element) == 0)
		TRY(demand_last_day(w, node, e));
	return DONE;
}

static void walk_end(struct walk *w)
{
	buf_free(&w->content);
}

outcome demand_check(const struct demand *d, struct pool *pool, const struct payload *payload, struct stamp now,
	struct demand_seen *out, struct err *e)
{
	SCOPED(walk_end) struct walk w = {.demand = d, .pool = pool, .now = now, .seen = out};
	const struct conf_service *s = d->service;

	*out = (struct demand_seen){.kind = NULL};
	if (!payload || !payload->top)
		return err_set(e, REASON_PAYLOAD_DOCUMENT, "nothing in data can be judged: it holds no XML document");
	w.met = pool_alloc(pool, (s->fields.n + 1) * sizeof *w.met);
	if (!w.met)
		return err_set(e, REASON_MEMORY, "demands of a service");
	w.content = BUF(s->attachments.size + 1);
	for (xmlNode *node = payload->top; node; node = node_next(payload->top, node)) {
		if (node->type == XML_ELEMENT_NODE)
			TRY(judge_element(&w, node, e));
	}
	if (s->kinds.element && !w.kinds)
		return err_set(e, REASON_PAYLOAD_KIND, "element %.80s, which tells the kind of document, is missing",
			s->kinds.element);
	if (s->term.late == CONF_LATE_REFUSE && !w.terms)
		return err_set(e, REASON_PAYLOAD_FIELD, "element %.80s, the last day of the term, is missing", s->term.element);
	return DONE;
}
