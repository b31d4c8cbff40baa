/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_case - see sim_permits_case.h.
 * Promise: what was withdrawn or decided is not reviewed any more; nothing is decided while somebody who was asked may
 *          still answer, and silence past the term does not hold the decision (P10).
 * Spec:    P7, P10, P11, P12 */
#include "permits/sim_permits_case.h"

#include "common/days.h"
#include "permits/sim_permits_catalogue.h"

bool case_has_cabinet(const struct permits_case *c)
{
	return strcmp(c->origin, ORIGIN_PORTAL) == 0 || strcmp(c->origin, ORIGIN_AUTOMATIC) == 0;
}

struct subject case_subject(const struct permits_case *c)
{
	return (struct subject){c->subject_kind, c->subject, c->subject_name};
}

outcome case_put(struct store *s, struct served *v, const struct permits_case *c, struct err *e)
{
	const char *values[] = {c->nikad, c->service, c->body, c->origin, c->subject_kind, c->subject, c->subject_name,
		c->representative, c->request_number, c->chain_id, v->now, c->status};

	return store_run(s, "INSERT INTO application (nikad, service, body, origin, subject_kind, subject, subject_name,"
		" representative, request_number, chain_id, registered, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, ?11, ?12)", values, sizeof values / sizeof values[0], NULL, 0, NULL, e);
}

#define COLUMN(field) {out->field, sizeof out->field}

outcome case_find(struct store *s, const char *nikad, struct permits_case *out, struct err *e)
{
	const struct store_column columns[] = {COLUMN(nikad), COLUMN(service), COLUMN(body), COLUMN(origin),
		COLUMN(subject_kind), COLUMN(subject), COLUMN(subject_name), COLUMN(representative), COLUMN(request_number),
		COLUMN(chain_id), COLUMN(status), COLUMN(suspended), COLUMN(filed), COLUMN(due), COLUMN(reply_until)};

	*out = (struct permits_case){0};
	return store_run(s, "SELECT nikad, service, body, origin, subject_kind, subject, subject_name, representative,"
		" request_number, chain_id, status, suspended, filed, due, reply_until FROM application WHERE nikad = ?1",
		&nikad, 1, columns, sizeof columns / sizeof columns[0], &out->known, e);
}

static outcome set(struct store *s, const struct permits_case *c, const char *sql, const char *value, struct err *e)
{
	const char *values[] = {c->nikad, value};

	return store_run(s, sql, values, 2, NULL, 0, NULL, e);
}

outcome case_status(struct store *s, const struct permits_case *c, const char *status, struct err *e)
{
	return set(s, c, "UPDATE application SET status = ?2 WHERE nikad = ?1", status, e);
}

outcome case_suspended(struct store *s, const struct permits_case *c, bool suspended, struct err *e)
{
	return set(s, c, "UPDATE application SET suspended = ?2 WHERE nikad = ?1", suspended ? "1" : "", e);
}

outcome case_reply_until(struct store *s, const struct permits_case *c, const char *moment, struct err *e)
{
	return set(s, c, "UPDATE application SET reply_until = ?2 WHERE nikad = ?1", moment, e);
}

outcome case_due(struct store *s, const struct permits_case *c, const char *day, struct err *e)
{
	return set(s, c, "UPDATE application SET due = ?2 WHERE nikad = ?1", day, e);
}

/* Working hours of a body. */
static const struct calendar_hours hours = {9 * 60, 18 * 60 + 30, 13 * 60, 14 * 60 + 30};

/* Years that are not settled yet are good enough for a simulator. */
static outcome terms(struct served *v, int days, char filed[STAMP_TEXT], char due[11], struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	struct calendar_day last;
	struct stamp at;
	bool provisional;

	TRY(days_open(v->r.sim, &calendar, e));
	TRY(calendar_next_working_moment(calendar, v->at, &hours, &provisional, &at, e));
	TRY(calendar_add_working_days(calendar, calendar_day_of(at), days, &provisional, &last, e));
	stamp_print(at, filed);
	calendar_day_print(last, due);
	return DONE;
}

outcome case_accepted(struct store *s, struct served *v, const struct permits_case *c, struct err *e)
{
	const struct catalogue_row *row = catalogue_find(c->service);
	char filed[STAMP_TEXT], due[11];

	BUG_IF(!row);
	TRY(terms(v, row->days, filed, due, e));
	TRY(case_status(s, c, CASE_ACCEPTED, e));
	TRY(case_due(s, c, due, e));
	return set(s, c, "UPDATE application SET filed = ?2 WHERE nikad = ?1", filed, e);
}

static void judge_status(struct served *v, const struct permits_case *c, bool registered)
{
	struct reasons *r = &v->r.reasons;

	if (strcmp(c->status, CASE_WITHDRAWN) == 0)
		reasons_add(r, "application.withdrawn", "the applicant withdrew the application %s", c->nikad);
	else if (strcmp(c->status, CASE_DECIDED) == 0)
		reasons_add(r, "application.decided", "the application %s is decided", c->nikad);
	else if (strcmp(c->status, CASE_REGISTERED) == 0 && !registered)
		reasons_add(r, "application.unaccepted", "the body has not accepted the application %s", c->nikad);
}

outcome case_of(struct store *s, struct served *v, const char *application, bool registered,
	struct permits_case *out, struct err *e)
{
	struct nikad n;

	*out = (struct permits_case){0};
	if (!document_read_number(v, application, "application.malformed", &n))
		return DONE;
	TRY(case_find(s, n.text, out, e));
	if (out->known)
		judge_status(v, out, registered);
	else
		reasons_add(&v->r.reasons, "application.unknown", "no application has the number %s", n.text);
	return DONE;
}

static bool is_ahead(const struct served *v, const char *moment)
{
	struct stamp at;

	return stamp_parse(bytes_str(moment), &at) && at.ms > v->at.ms;
}

static outcome judge_coordination(const char *const *texts, void *ctx, struct err *e)
{
	struct served *v = ctx;

	(void)e;
	if (is_ahead(v, texts[1]))
		reasons_add(&v->r.reasons, "application.coordination", "the other body may answer the request %s until %s",
			texts[0], texts[1]);
	return DONE;
}

outcome case_ripe(struct store *s, struct served *v, const struct permits_case *c, struct err *e)
{
	const char *nikad = c->nikad;

	if (c->suspended[0])
		reasons_add(&v->r.reasons, "application.suspended",
			"the term of the application %s stands still, and the applicant was not told that it goes on", c->nikad);
	if (is_ahead(v, c->reply_until))
		reasons_add(&v->r.reasons, "application.waits", "the applicant may answer until %s", c->reply_until);
	return store_each(s, "SELECT nikad, reply_until FROM coordination WHERE application = ?1 AND reply = ''", &nikad, 1,
		judge_coordination, v, e);
}
