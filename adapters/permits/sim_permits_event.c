/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_event - what happens to a permit or notification in the register: suspended, resumed, terminated by its body;
 *          annulled because its holder died.
 * Promise: a death annuls everything of the person in one unit, and once.
 * Spec:    P13, P15, P16 */
#include <stdio.h>

#include "base/ident.h"
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

static const struct event_kind {
	const char *name;
	struct permits_words words;
	const char *from, *also_from; /* statuses that it fits; the second may be NULL */
	const char *to;
} kinds[] = {
	{"SUSPENSION", {"PERMIT_SUSPENDED", "Действие приостановлено.", "Қолданылуы тоқтатыла тұрды.", NULL},
		ENTRY_ACTIVE, NULL, ENTRY_SUSPENDED},
	{"RESUMPTION", {"PERMIT_RESUMED", "Действие возобновлено.", "Қолданылуы қайта басталды.", NULL},
		ENTRY_SUSPENDED, NULL, ENTRY_ACTIVE},
	{"TERMINATION", {"PERMIT_TERMINATED", "Действие прекращено.", "Қолданылуы тоқтатылды.", NULL},
		ENTRY_ACTIVE, ENTRY_SUSPENDED, ENTRY_TERMINATED},
};

static const struct event_kind *kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

struct happening {
	struct served v;
	struct document d;
	const struct event_kind *kind;
	const char *written; /* number of the entry */
	const char *text;
	struct entry entry;
};

static bool fits(const struct happening *h)
{
	return strcmp(h->entry.status, h->kind->from) == 0 ||
		(h->kind->also_from && strcmp(h->entry.status, h->kind->also_from) == 0);
}

static outcome judge(struct store *s, struct happening *h, struct err *e)
{
	struct reasons *r = &h->v.r.reasons;
	struct nikad n;

	TRY(document_judge(s, &h->v, &h->d, e));
	if (!document_read_number(&h->v, h->written, "register.malformed", &n))
		return DONE;
	TRY(entry_find(s, n.text, &h->entry, e));
	if (!h->entry.known) {
		reasons_add(r, "register.unknown", "the register has no entry %s", n.text);
		return DONE;
	}
	(void)document_signed_by_head(&h->v, &h->d, h->entry.body);
	if (!fits(h))
		reasons_add(r, "register.status", "the entry %s is %s", n.text, h->entry.status);
	return DONE;
}

static outcome event_unit(struct store *s, struct served *v, struct err *e)
{
	struct happening *h = (struct happening *)v;
	struct permits_words words = h->kind->words;

	words.more = h->text;
	TRY(judge(s, h, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_keep(s, v, &h->d, e));
	TRY(entry_status(s, &h->entry, h->kind->to, e));
	document_answer(v, &h->d);
	return permits_tell_holder(s, v, &h->entry, &h->d, &words, e);
}

outcome permits_event(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "EventResponse", "The notice is registered.", "Registered", "Not registered"};
	enum { NUMBER, ENTRY, EVENT, TEXT, FIELDS };
	static const char *const names[] = {"Nikad", "Entry", "Event", "Text"};
	const char *text[FIELDS];
	struct happening h = {0};
	bool done;

	TRY(served_open(&h.v, sim, in, &form, "EventRequest", &done, out, e));
	if (done)
		return DONE;
	if (!payload_texts(in->pool, h.v.r.business, names, text, FIELDS) || !kind_named(text[EVENT]))
		return reply_unreadable(out, "The payload is not an EventRequest of permits.xsd.");
	h.d = (struct document){.kind = "NOTICE_TO_HOLDER", .text = h.v.text};
	h.kind = kind_named(text[EVENT]);
	h.written = text[ENTRY];
	h.text = text[TEXT];
	document_number(&h.v, &h.d, text[NUMBER]);
	document_signature(&h.v, &h.d);
	return served_finish(&h.v, event_unit, out, e);
}

/* ---- deaths ---- */

#define GBDFL_SENDER "gbdfl_is"

struct death {
	struct served v;
	const char *iin, *date;
};

static void judge_death(struct death *d)
{
	struct reasons *r = &d->v.r.reasons;
	char today[11];

	stamp_day(d->v.at, today);
	if (strcmp(d->v.r.sender, GBDFL_SENDER) != 0)
		reasons_add(r, "death.sender", "only the database of individuals announces deaths");
	if (!iin_bin_is(bytes_str(d->iin)))
		reasons_add(r, "death.iin", "the IIN has a wrong check digit");
	if (strcmp(d->date, today) > 0)
		reasons_add(r, "death.date", "the day of the death is to come");
}

static outcome death_unit(struct store *s, struct served *v, struct err *e)
{
	struct death *d = (struct death *)v;
	struct entry n = {.known = v->r.reasons.n == 0};
	char count[24];
	int annulled = 0;

	while (n.known) {
		TRY(entry_of_person(s, d->iin, &n, e));
		if (!n.known)
			break;
		TRY(entry_status(s, &n, ENTRY_ANNULLED, e));
		TRY(permits_tell_death(s, v, &n, e));
		annulled++;
	}
	snprintf(count, sizeof count, "%d", annulled);
	if (v->r.reasons.n == 0)
		payload_field(v->answer, "Annulled", count);
	return DONE;
}

outcome permits_death(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "DeathResponse", "Permits and notifications are annulled.", "Annulled", "Nothing is annulled"};
	struct death d = {0};
	bool done;

	TRY(served_open(&d.v, sim, in, &form, "DeathNotice", &done, out, e));
	if (done)
		return DONE;
	d.iin = payload_text(in->pool, d.v.r.business, "Iin");
	d.date = payload_text(in->pool, d.v.r.business, "DeathDate");
	if (!d.iin || !d.date)
		return reply_unreadable(out, "The payload is not a DeathNotice of permits.xsd.");
	judge_death(&d);
	return served_finish(&d.v, death_unit, out, e);
}
