/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_rule - what rules and inner signatures must say to mean something.
 * Promise: a rule demands something, and a service that demands inner signatures says which forms and whose.
 * Not here: whether a certificate satisfies a rule (trust). */
#include "conf/conf_int.h"

void conf_check_rule(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_rule *rule = item->target;

	if (!item->faulty && !rule->subjects && !rule->any_of.n && !rule->all_of.n && !rule->policies.n && !rule->dc.n &&
		!rule->non_repudiation && !rule->own_bin)
		conf_error(r, rule->at,
			"Name a demand; subjects: [person, employee, organisation] takes everybody's certificates.",
			"the rule demands nothing");
}

static void conf_refer_rules(struct conf_reading *r, const struct conf_item *item, struct conf_inner *inner)
{
	const struct conf_rule **rules;
	struct conf_value v;
	size_t n = 0;
	bool said;

	while (conf_item_value(item, "inner.rules", n, &v))
		n++;
	rules = conf_take(r, (n + 1) * sizeof(*rules));
	for (size_t i = 0; rules && i < n; i++)
		rules[i] = conf_refer(r, item, "inner.rules", i, CONF_SECTION_RULE, &said);
	inner->rules = rules;
	inner->rule_count = rules ? n : 0;
}

void conf_check_inner(struct conf_reading *r, const struct conf_item *item, struct conf_inner *inner)
{
	struct conf_at at = conf_item_at(item, "inner");

	conf_refer_rules(r, item, inner);
	if (item->faulty)
		return;
	if (inner->forms && !inner->rule_count)
		conf_error(r, at, "Name the rules of those who must sign.",
			"inner: nothing says whose signatures are demanded");
	if (!inner->forms && (inner->rule_count || inner->covers || inner->cms || inner->answers))
		conf_error(r, at, "Add accept, or remove the section.", "inner: accept is missing");
	else if (inner->cms && !(inner->forms & CONF_INNER_CMS))
		conf_error(r, conf_item_at(item, "inner.cms"), "Add cms to accept, or remove the word.",
			"inner: cms has no effect without the form cms");
	else if (inner->covers && inner->forms == CONF_INNER_CMS && !inner->cms) /* its content is the document */
		conf_error(r, conf_item_at(item, "inner.covers"),
			"Name with cms the element that holds the CMS, or remove the word.",
			"inner: covers has no effect where the whole of data is a CMS");
}
