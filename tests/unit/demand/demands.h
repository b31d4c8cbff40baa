/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demands.h - a payload in any of its styles, judged for a service made in the test. */
#ifndef QAQPA_TEST_DEMANDS_H
#define QAQPA_TEST_DEMANDS_H

#include "../cm.h"

#include <libxml/tree.h>
#include <stdio.h>

#include "demand/demand.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define UNUSED __attribute__((unused))
#define NOON "2030-03-05T12:00:00+05:00" /* the present of these tests */

struct judged {
	struct pool *pool; /* what `seen` names may live in the service too */
	outcome o;
	struct demand_seen seen;
	struct err e;
};

UNUSED static void judged_end(struct judged *j)
{
	pool_free(&j->pool);
}

UNUSED static struct stamp moment(const char *text)
{
	struct stamp at;

	if (!stamp_parse(bytes_str(text), &at))
		fail_msg("%s is no moment", text);
	return at;
}

/* `content`: what stands in the element data, as written. */
UNUSED static struct judged judge_at(const struct conf_service *s, const char *content, const char *now)
{
	SCOPED(buf_free) struct buf text = BUF(64u << 20);
	SCOPED(demand_free) struct demand *d = NULL;
	struct judged j = {.pool = pool_new(128u << 20)};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct element data = {.node = NULL};
	struct payload payload;
	xmlDoc *doc;

	limits.elements = 1000000;
	assert_non_null(j.pool);
	buf_printf(&text, "<data>%s</data>", content);
	if (!demand_new(s, &d, &j.e).ok || !envelope_parse_document(j.pool, buf_bytes(&text), &limits, &doc, &j.e).ok)
		fail_msg("%s", j.e.detail);
	assert_non_null(d);
	data = (struct element){.node = xmlDocGetRootElement(doc), .end = text.len};
	j.o = demand_length(d, &data, &j.e);
	if (j.o.ok)
		j.o = payload_open(j.pool, &data, &limits, &payload, &j.e);
	if (j.o.ok)
		j.o = demand_check(d, j.pool, &payload, moment(now), &j.seen, &j.e);
	return j;
}

UNUSED static struct judged judge(const struct conf_service *s, const char *content)
{
	return judge_at(s, content, NOON);
}

/* Taken when `says` is NULL, else refused for `reason` in words that hold `says`. */
UNUSED static void must(const char *row, const struct conf_service *s, const char *content, enum reason reason,
	const char *says)
{
	SCOPED(judged_end) struct judged j = judge(s, content);

	if (j.o.ok != !says)
		fail_msg("%s: %s", row, j.o.ok ? "is taken" : j.e.detail);
	if (says && (j.e.reason != reason || !strstr(j.e.detail, says)))
		fail_msg("%s: %s (%s), not %s (%s)", row, reason_row(j.e.reason)->name, j.e.detail, reason_row(reason)->name, says);
}

#endif
