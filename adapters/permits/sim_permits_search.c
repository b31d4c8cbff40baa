/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_search - anybody may look into the open part of the register.
 * Promise: no number of a person or of a holder stands in an answer, and a page holds no more than PAGE entries.
 * Spec:    P18 */
#include <stdio.h>
#include <stdlib.h>

#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_services.h"

#define PAGE 20

enum { NIKAD, SERVICE, HOLDER, STATUS, OFFSET, VALUES };
#define WHERE \
	" FROM entry WHERE (?1 = '' OR nikad = ?1) AND (?2 = '' OR service = ?2)" \
	" AND (?3 = '' OR instr(holder_name, ?3) > 0) AND (?4 = '' OR status = ?4)"

struct search {
	struct served v;
	const char *value[VALUES];
	const char *page;
	char offset[16];
};

static outcome write_entry(const char *const *texts, void *ctx, struct err *e)
{
	struct buf *out = ctx;

	(void)e;
	buf_str(out, "<Entry>");
	payload_field(out, "Nikad", texts[0]);
	payload_field(out, "EntryKind", texts[1]);
	payload_field(out, "ServiceCode", texts[2]);
	payload_field(out, "Holder", texts[3]);
	buf_str(out, "<Issuer>");
	payload_field(out, "Bin", texts[4]);
	payload_field(out, "Name", texts[5]);
	buf_str(out, "</Issuer>");
	payload_field(out, "IssueDate", texts[6]);
	if (texts[7][0])
		payload_field(out, "ValidUntil", texts[7]);
	payload_field(out, "Status", texts[8]);
	buf_str(out, "</Entry>");
	return DONE;
}

static outcome find_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct search *q = ctx;
	char found[24] = "";

	TRY(store_run(s, "SELECT count(*)" WHERE, q->value, OFFSET, &(struct store_column){found, sizeof found}, 1, NULL, e));
	payload_field(q->v.answer, "Found", found);
	payload_field(q->v.answer, "Page", q->page);
	return store_each(s, "SELECT nikad, kind, service, holder_name, body, body_name, issued, valid_until, status" WHERE
		" ORDER BY issued DESC, nikad LIMIT 20 OFFSET CAST(?5 AS INTEGER)", q->value, VALUES, write_entry, q->v.answer, e);
}

/* Nothing changes, so nothing is kept. */
outcome permits_search(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_PERMITS, "SearchResponse", "The register was searched.", NULL, NULL};
	static const char *const names[] = {"Nikad", "ServiceCode", "Holder", "Status"};
	SCOPED(buf_free) struct buf answer = BUF(ANSWER_BYTES);
	struct search q = {.v.answer = &answer};
	long page;

	if (!service_open(&q.v.r, sim, in, NS_PERMITS, "SearchRequest"))
		return reply_unreadable(out, "The payload is not a SearchRequest of permits.xsd.");
	q.page = payload_text(in->pool, q.v.r.business, "Page");
	page = q.page ? strtol(q.page, NULL, 10) : 0;
	if (page < 1 || page > 10000)
		return reply_unreadable(out, "The page is not a number from 1 to 10000.");
	for (int i = NIKAD; i < OFFSET; i++) {
		const char *text = payload_text(in->pool, q.v.r.business, names[i]);

		q.value[i] = text ? text : "";
	}
	snprintf(q.offset, sizeof q.offset, "%ld", (page - 1) * PAGE);
	q.value[OFFSET] = q.offset;
	answer_begin(&answer, &form, &q.v.r.info);
	TRY(store_transact(sim_state(sim), find_in_unit, &q, e));
	return answer_reply(&answer, &form, &q.v.r.reasons, out, e);
}
