/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals - the simulated service of video reception and video appeals (VAS).
 * Promise:  what a message brings about, and everything that others are told of it, is kept in one unit.
 * Not here: the services, each in a file of its own.
 * Spec:     A1 to A9; wsdl/appeals/v1/appeals.xsd */
#include "appeals/sim_appeals.h"

/* booking: number is VR and the id; moments as the messages write them. appeal: main is the number of the one that it is
 * attached to, card the paper in the document circulation that waits for its answer. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS booking (id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, request_number"
	" TEXT NOT NULL, kind TEXT NOT NULL, applicant TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, email"
	" TEXT NOT NULL, phone TEXT NOT NULL, body TEXT NOT NULL, officer TEXT NOT NULL, office TEXT NOT NULL, wanted"
	" TEXT NOT NULL, question TEXT NOT NULL, document TEXT NOT NULL, registered TEXT NOT NULL, state TEXT NOT NULL,"
	" from_time TEXT NOT NULL, to_time TEXT NOT NULL, words TEXT NOT NULL, UNIQUE (sender, request_number)) STRICT;"
	"CREATE TABLE IF NOT EXISTS schedule (body TEXT NOT NULL, month TEXT NOT NULL, changed TEXT NOT NULL,"
	" PRIMARY KEY (body, month)) STRICT;"
	"CREATE TABLE IF NOT EXISTS reception (booking TEXT PRIMARY KEY, month TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS appeal (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL UNIQUE, sender"
	" TEXT NOT NULL, request_number TEXT NOT NULL, kind TEXT NOT NULL, applicant TEXT NOT NULL, name TEXT NOT NULL,"
	" address TEXT NOT NULL, email TEXT NOT NULL, document TEXT NOT NULL, addressed TEXT NOT NULL, body TEXT NOT"
	" NULL, arrived TEXT NOT NULL, registered TEXT NOT NULL, topic TEXT NOT NULL, interest TEXT NOT NULL, point TEXT"
	" NOT NULL, recording TEXT NOT NULL, answer_by TEXT NOT NULL, secret TEXT NOT NULL UNIQUE, bar_code TEXT NOT NULL"
	" UNIQUE, main TEXT NOT NULL, card TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT NOT NULL, grounds TEXT NOT"
	" NULL, words TEXT NOT NULL, answered TEXT NOT NULL, UNIQUE (sender, request_number)) STRICT;"
	"CREATE TABLE IF NOT EXISTS movement (id INTEGER PRIMARY KEY AUTOINCREMENT, appeal TEXT NOT NULL, from_body TEXT"
	" NOT NULL, to_body TEXT NOT NULL, reason TEXT NOT NULL, moment TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS card (id TEXT PRIMARY KEY, about TEXT NOT NULL, state TEXT NOT NULL, registration"
	" TEXT NOT NULL, words TEXT NOT NULL, moment TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS letter (id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, address TEXT NOT NULL,"
	" about TEXT NOT NULL, text TEXT NOT NULL, moment TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS wrong (sender TEXT NOT NULL, terminal TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
	OUTBOX_SCHEMA;

static outcome open_appeals(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "appeals.db", schema, state, e);
}

static outcome send_what_waits(struct sim *sim, struct err *e)
{
	return outbox_work(sim, sim_state(sim), e);
}

/* ---- what an operator may look at ---- */

static outcome show_card(const char *const *texts, void *ctx, struct err *e)
{
	(void)e;
	buf_printf(ctx, "card %s %s %s %s\n", texts[0], texts[1], texts[2], texts[3]);
	return DONE;
}

static outcome show_letter(const char *const *texts, void *ctx, struct err *e)
{
	(void)e;
	buf_printf(ctx, "letter %s to %s\n", texts[0], texts[1]);
	return DONE;
}

struct showing {
	const char *about;
	struct buf *report;
};

static outcome show_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct showing *x = ctx;

	TRY(store_each(s, "SELECT id, state, registration, words FROM card WHERE about = ?1 ORDER BY rowid", &x->about, 1,
		show_card, x->report, e));
	return store_each(s, "SELECT channel, address FROM letter WHERE about = ?1 ORDER BY id", &x->about, 1,
		show_letter, x->report, e);
}

/* Cards and letters of a booking or an appeal. */
static int show(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	struct showing x = {argument ? argument : "", report};

	if (!store_transact(sim_state(sim), show_in_unit, &x, e).ok)
		return -1;
	if (report->len > 0)
		return 0;
	buf_printf(report, "there is nothing about %s\n", x.about);
	return 1;
}

static const struct sim_act acts[] = {
	{"show", show},
	{NULL, NULL},
};

static const struct sim_service services[] = {
	{"APPEALS_BOOKING", appeals_book},
	{"APPEALS_BOOKING_ANSWER", appeals_answer_booking},
	{"APPEALS_SCHEDULE", appeals_schedule},
	{"APPEALS_APPEAL", appeals_register},
	{"APPEALS_REDIRECT", appeals_redirect},
	{"APPEALS_OUTCOME", appeals_decide},
	{"APPEALS_FIND", appeals_find},
	{"APPEALS_EDMS_STATE", appeals_take_state},
	{NULL, NULL},
};

extern const struct sim_system sim_system_appeals;
const struct sim_system sim_system_appeals = {
	.name = "appeals",
	.summary = "video reception and video appeals: bookings, schedules, appeals, their answers",
	.services = services,
	.work = send_what_waits,
	.open = open_appeals,
	.close = store_close_state,
	.acts = acts,
};
