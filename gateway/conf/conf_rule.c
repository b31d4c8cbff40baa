/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_rule - what rules and inner signatures must say to mean something.
 * Promise: a rule demands something, and a service that demands inner signatures says which forms and whose.
 * Not here: whether a certificate satisfies a rule (trust). */
#include "conf/conf_int.h"

void conf_check_rule(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_rule *rule = item->target;

	if (!item->faulty && !rule->subjects && !rule->any_of.n && !rule->all_of.n && !rule->policies.n && !rule->dc.n &&
		!rule->non_repudiation && !rule->own_bin && !rule->bins.n)
		conf_error(r, rule->at,
			"Name a demand; subjects: [person, employee, organisation] takes everybody's certificates.",
			"the rule demands nothing");
}

/* The rules that the word of the item names; gives their number. */
static size_t conf_refer_rules(
	struct conf_reading *r, const struct conf_item *item, const char *word, const struct conf_rule *const **out)
{
	const struct conf_rule **rules;
	struct conf_value v;
	size_t n = 0;
	bool said;

	while (conf_item_value(item, word, n, &v))
		n++;
	rules = conf_take(r, (n + 1) * sizeof(*rules));
	for (size_t i = 0; rules && i < n; i++)
		rules[i] = conf_refer(r, item, word, i, CONF_SECTION_RULE, &said);
	*out = rules;
	return rules ? n : 0;
}

static void conf_refer_kinds(struct conf_reading *r, const struct conf_item *item, struct conf_inner *inner)
{
	struct conf_item inside;

	for (size_t i = 0; i < inner->by_kind.n && conf_item_inside(item, "inner.by_kind", i, &inside); i++) {
		struct conf_kind_rules *k = (struct conf_kind_rules *)(uintptr_t)&inner->by_kind.item[i];

		k->rule_count = conf_refer_rules(r, &inside, "rules", &k->rules);
	}
}

/* How many rows of by_kind name the kind. */
static size_t conf_kind_rows(const struct conf_inner *inner, const char *kind)
{
	size_t rows = 0;

	for (size_t i = 0; i < inner->by_kind.n; i++) {
		for (size_t k = 0; k < inner->by_kind.item[i].kinds.n; k++)
			rows += strcmp(inner->by_kind.item[i].kinds.name[k], kind) == 0;
	}
	return rows;
}

static bool conf_kind_is_allowed(const struct conf_kinds *kinds, const char *kind)
{
	for (size_t i = 0; i < kinds->allowed.n; i++) {
		if (strcmp(kinds->allowed.name[i], kind) == 0)
			return true;
	}
	return false;
}

static void conf_check_kind_row(
	struct conf_reading *r, const struct conf_kind_rules *row, const struct conf_service *s)
{
	if (!row->rule_count || !row->kinds.n)
		conf_error(r, row->at, "Name one at least.", "by_kind: %s is empty", row->kinds.n ? "rules" : "kinds");
	for (size_t k = 0; k < row->kinds.n; k++) {
		const char *kind = row->kinds.name[k];

		if (!conf_kind_is_allowed(&s->kinds, kind))
			conf_error(r, row->at, "Correct the name, or add it to kinds.", "by_kind: kinds.allowed has no '%s'", kind);
		else if (conf_kind_rows(&s->inner, kind) > 1)
			conf_error(r, row->at, "Remove one of the two.", "by_kind: '%s' stands more than once", kind);
	}
}

/* Every kind has rules, and every row says something. */
static void conf_check_by_kind(struct conf_reading *r, const struct conf_item *item, const struct conf_service *s)
{
	const struct conf_inner *inner = &s->inner;

	if (!inner->by_kind.n)
		return;
	if (!s->kinds.element) {
		conf_error(r, conf_item_at(item, "inner"), "Add the section kinds.", "inner: by_kind needs kinds");
		return;
	}
	for (size_t i = 0; i < inner->by_kind.n; i++)
		conf_check_kind_row(r, &inner->by_kind.item[i], s);
	for (size_t i = 0; !inner->rule_count && i < s->kinds.allowed.n; i++) {
		if (!conf_kind_rows(inner, s->kinds.allowed.name[i]))
			conf_error(r, conf_item_at(item, "inner"), "Add it to by_kind, or add rules.",
				"inner: nothing says who signs '%s'", s->kinds.allowed.name[i]);
	}
	if (inner->answers && !inner->rule_count)
		conf_error(r, conf_item_at(item, "inner"), "Add rules, or remove answers.",
			"inner: answers needs rules; by_kind is of requests");
}

void conf_check_inner(struct conf_reading *r, const struct conf_item *item, struct conf_inner *inner)
{
	struct conf_at at = conf_item_at(item, "inner");

	inner->rule_count = conf_refer_rules(r, item, "inner.rules", &inner->rules);
	conf_refer_kinds(r, item, inner);
	if (item->faulty)
		return;
	conf_check_by_kind(r, item, item->target);
	if (inner->forms && !inner->rule_count && !inner->by_kind.n)
		conf_error(r, at, "Name the rules of those who must sign.",
			"inner: nothing says whose signatures are demanded");
	if (!inner->forms && (inner->rule_count || inner->by_kind.n || inner->covers || inner->cms || inner->answers))
		conf_error(r, at, "Add accept, or remove the section.", "inner: accept is missing");
	else if (inner->cms && !(inner->forms & CONF_INNER_CMS))
		conf_error(r, conf_item_at(item, "inner.cms"), "Add cms to accept, or remove the word.",
			"inner: cms has no effect without the form cms");
	else if (inner->covers && inner->forms == CONF_INNER_CMS && !inner->cms) /* its content is the document */
		conf_error(r, conf_item_at(item, "inner.covers"),
			"Name with cms the element that holds the CMS, or remove the word.",
			"inner: covers has no effect where the whole of data is a CMS");
}
