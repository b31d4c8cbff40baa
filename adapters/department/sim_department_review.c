/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_review - see sim_department_review.h.
 * Promise: every document gets its number first (P2), is signed by who has to sign it, and is sent to the permits system;
 *          the monitoring system hears how far the application is.
 * Spec:    P2, P7, P10 - P13, M1 */
#include <stdio.h>

#include "base/ident.h"
#include "common/moment.h"
#include "department/sim_department_delivery.h"
#include "department/sim_department_permits.h"
#include "department/sim_department_review.h"
#include "nikad/nikad.h"

#define ACT_POOL (32u << 20)
#define FIELDS_BYTES 65536
#define DAY_MS (24LL * 3600 * 1000)
#define REPLY_DAYS 5
#define EXTENSION_DAYS 60
#define OTHER_BIN "200540000019"
#define OTHER_NAME "Other body (test)"

/* What an act works on. */
struct step {
	struct sim *sim;
	struct buf *report;
	struct reasons reasons;
	struct system_info info;
	struct department_matter m;
	struct desk desk;
	bool refuse; /* the word `refuse` was given */
};

/* ---- steps ---- */

static void report(struct step *p, const char *what, const char *nikad, const char *registration)
{
	buf_printf(p->report, "%s: application %s, document %s, registration %s\n", what, p->m.application, nikad, registration);
}

static void write_moment(const struct step *p, struct buf *out, const char *name, int days)
{
	struct stamp at = moment_now(p->sim);
	char text[STAMP_TEXT];

	at.ms += days * DAY_MS;
	stamp_print(at, text);
	payload_field(out, name, text);
}

static void write_day(const struct step *p, struct buf *out, const char *name, int days)
{
	struct stamp at = moment_now(p->sim);
	char text[11];

	at.ms += days * DAY_MS;
	stamp_day(at, text);
	payload_field(out, name, text);
}

struct notice {
	const char *what, *kind, *signer, *text;
	int reply_days, extension_days;    /* 0: does not say */
	const char *status, *ru, *kz;      /* for the monitoring system; NULL: nothing is told */
};

static bool notify(struct step *p, const struct notice *n)
{
	SCOPED(buf_free) struct buf fields = BUF(FIELDS_BYTES);
	const struct desk_request r = {"PERMITS_NOTICE", "NoticeRequest", n->signer, &fields, "RegistrationNumber"};
	char nikad[16], registration[16];

	if (!desk_number(&p->desk, "NTC", "NOTICE_TO_APPLICANT", nikad))
		return false;
	payload_field(&fields, "Nikad", nikad);
	payload_field(&fields, "Application", p->m.nikad);
	payload_field(&fields, "NoticeKind", n->kind);
	payload_field(&fields, "Text", n->text);
	if (n->reply_days)
		write_moment(p, &fields, "ReplyUntil", n->reply_days);
	if (n->extension_days)
		write_day(p, &fields, "EndDate", n->extension_days);
	if (!desk_send(&p->desk, &r, registration))
		return false;
	report(p, n->what, nikad, registration);
	return !n->status || desk_status(&p->desk, p->m.service, n->status, n->ru, n->kz);
}

static bool accept_it(struct step *p)
{
	return notify(p, &(struct notice){"accepted", "ACCEPTANCE", SIGNER_OFFICER, "The application is accepted.", 0, 0, "002",
		"Заявление принято", "Өтініш қабылданды"});
}

static bool request(struct step *p)
{
	return notify(p, &(struct notice){"asked the applicant", "REQUEST", SIGNER_HEAD, "Please send the plan of the building.",
		REPLY_DAYS, 0, NULL, NULL, NULL});
}

static bool suspend(struct step *p)
{
	return notify(p, &(struct notice){"suspended", "SUSPENSION", SIGNER_HEAD, "Another body is asked.", 0, 0, "004",
		"Рассмотрение приостановлено", "Қарау тоқтатыла тұрды"});
}

static bool resume(struct step *p)
{
	return notify(p, &(struct notice){"resumed", "RESUMPTION", SIGNER_HEAD, "Review goes on.", 0, 0, "003",
		"На рассмотрении", "Қаралуда"});
}

static bool extend(struct step *p)
{
	return notify(p, &(struct notice){"extended", "EXTENSION", SIGNER_HEAD, "Review takes longer.", 0, EXTENSION_DAYS, NULL,
		NULL, NULL});
}

static bool coordinate(struct step *p)
{
	SCOPED(buf_free) struct buf fields = BUF(FIELDS_BYTES);
	const struct desk_request r = {"PERMITS_COORDINATION", "CoordinationRequest", SIGNER_HEAD, &fields,
		"RegistrationNumber"};
	char nikad[16], registration[16];

	if (!desk_number(&p->desk, "CRQ", "COORDINATION_REQUEST", nikad))
		return false;
	payload_field(&fields, "Nikad", nikad);
	payload_field(&fields, "Application", p->m.nikad);
	buf_str(&fields, "<CoordinationKind>CONSENT</CoordinationKind><Body><Bin>" OTHER_BIN "</Bin><Name>" OTHER_NAME
		"</Name></Body><Text>Do you agree to the licence?</Text>");
	write_moment(p, &fields, "ReplyUntil", REPLY_DAYS);
	payload_field(&fields, "Suspends", "true");
	if (!desk_send(&p->desk, &r, registration))
		return false;
	report(p, "asked the other body", nikad, registration);
	return true;
}

/* What the other body answers to the request that was brought to it. */
static bool opinion(struct step *p)
{
	SCOPED(buf_free) struct buf fields = BUF(FIELDS_BYTES);
	const struct desk_request r = {
		"PERMITS_COORDINATION_REPLY", "CoordinationReplyRequest", SIGNER_OTHER_HEAD, &fields, "RegistrationNumber"};
	char nikad[16], registration[16];

	if (!desk_number(&p->desk, "CRP", "COORDINATION_REPLY", nikad))
		return false;
	payload_field(&fields, "Nikad", nikad);
	payload_field(&fields, "Request", p->m.nikad);
	payload_field(&fields, "Decision", p->refuse ? "OBJECTED" : "AGREED");
	payload_field(&fields, "Text", p->refuse ? "The conditions are not met." : "There are no objections.");
	if (!desk_send(&p->desk, &r, registration))
		return false;
	report(p, "the other body answered", nikad, registration);
	return true;
}

static bool decide(struct step *p)
{
	char nikad[16], registration[16], registered[40];
	const char *kind = p->refuse ? "REFUSAL" : "PERMIT";
	const struct desk_decision n = {nikad, kind, p->m.service, p->m.nikad, p->m.subject_kind, p->m.subject,
		p->m.subject_name, p->refuse ? "The conditions are not met." : "The licence is granted."};

	if (!desk_number(&p->desk, p->refuse ? "REF" : "PRM", kind, nikad) ||
		!desk_register(&p->desk, &n, registration, registered))
		return false;
	report(p, p->refuse ? "refused" : "granted", nikad, registration);
	return p->refuse ? desk_status(&p->desk, p->m.service, "006", "Мотивированный отказ", "Дәлелді бас тарту")
		: desk_status(&p->desk, p->m.service, "005", "Разрешение выдано", "Рұқсат берілді");
}

/* ---- acts ---- */

/* Takes the words of the argument apart: at most one number. */
static bool understand(const char *argument, char nikad[16], bool *refuse)
{
	char word[2][20] = {"", ""};

	if (argument && sscanf(argument, "%19s %19s", word[0], word[1]) < 1)
		return false;
	for (int i = 0; i < 2 && word[i][0]; i++) {
		struct nikad n;

		if (nikad_parse(bytes_str(word[i]), &n, NULL))
			memcpy(nikad, n.text, sizeof n.text);
		else if (strcmp(word[i], "refuse") == 0)
			*refuse = true;
		else if (strcmp(word[i], "grant") != 0)
			return false;
	}
	return true;
}

static outcome find(struct step *p, const char *kind, const char *argument, struct err *e)
{
	char nikad[16] = "";

	if (!understand(argument, nikad, &p->refuse))
		return err_set(e, REASON_USAGE, "the argument is a number, grant or refuse");
	TRY(department_matter_find(sim_state(p->sim), kind, nikad, &p->m, e));
	if (!p->m.known)
		return err_set(e, REASON_USAGE, "no such document was brought");
	p->info = (struct system_info){p->m.request_number, p->m.chain_id, NULL};
	p->desk = (struct desk){p->sim, &p->reasons, &p->info};
	return DONE;
}

static int act(struct sim *sim, const char *kind, bool (*step)(struct step *p), const char *argument, struct buf *out,
	struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct step p = {.sim = sim, .report = out, .reasons = {.pool = pool}};
	char now[STAMP_TEXT];

	if (!pool)
		(void)!err_set(e, REASON_MEMORY, "act of the department").ok;
	if (!pool || !find(&p, kind, argument, e).ok)
		return -1;
	stamp_print(sim_now(), now);
	p.info.request_date = now;
	if (step(&p))
		return 0;
	buf_printf(out, "not done: %s\n", reasons_line(&p.reasons));
	return 1;
}

#define ACT(name, kind, step) \
	static int name(struct sim *sim, const char *argument, struct buf *out, struct err *e) \
	{ \
		return act(sim, kind, step, argument, out, e); \
	}
ACT(act_accept, "APPLICATION", accept_it)
ACT(act_request, "APPLICATION", request)
ACT(act_suspend, "APPLICATION", suspend)
ACT(act_resume, "APPLICATION", resume)
ACT(act_extend, "APPLICATION", extend)
ACT(act_coordinate, "APPLICATION", coordinate)
ACT(act_opinion, "COORDINATION_REQUEST", opinion)
ACT(act_decide, "APPLICATION", decide)
#undef ACT

/* A permit of a time on paper (P19). */
static bool restore(struct step *p, const char *original, const char *iin)
{
	SCOPED(buf_free) struct buf fields = BUF(FIELDS_BYTES);
	const struct desk_request r = {"PERMITS_HISTORY", "HistoryRequest", SIGNER_HEAD, &fields, "Nikad"};
	char nikad[16];

	buf_str(&fields, "<EntryKind>PERMIT</EntryKind>");
	payload_field(&fields, "OriginalNumber", original);
	buf_str(&fields, "<ServiceCode>LICENCE-001</ServiceCode><Issuer><Bin>" OWN_BIN "</Bin><Name>" OWN_NAME
		"</Name></Issuer><Holder>");
	payload_field(&fields, "Iin", iin);
	buf_str(&fields, "<Name>Holder of a permit on paper</Name></Holder><IssueDate>2012-03-05</IssueDate>"
		"<Conversion>true</Conversion>");
	if (!desk_send(&p->desk, &r, nikad))
		return false;
	buf_printf(p->report, "restored: number %s on paper, NIKAD %s\n", original, nikad);
	return true;
}

static int act_restore(struct sim *sim, const char *argument, struct buf *out, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct step p = {.sim = sim, .report = out, .reasons = {.pool = pool}};
	char original[65], iin[13];

	p.desk = (struct desk){sim, &p.reasons, &p.info};
	if (!argument || sscanf(argument, "%64s %12s", original, iin) != 2 || !iin_bin_is(bytes_str(iin))) {
		(void)!err_set(e, REASON_USAGE, "the argument is a number on paper and the IIN of the holder").ok;
		return -1;
	}
	if (!pool || !system_info_fresh(pool, &p.info)) {
		(void)!err_set(e, REASON_MEMORY, "act of the department").ok;
		return -1;
	}
	if (restore(&p, original, iin))
		return 0;
	buf_printf(out, "not done: %s\n", reasons_line(&p.reasons));
	return 1;
}

/* What was brought; 1 when there is nothing. */
static int act_show(struct sim *sim, const char *argument, struct buf *out, struct err *e)
{
	char nikad[16] = "";
	bool refuse;

	if (!understand(argument, nikad, &refuse))
		(void)!err_set(e, REASON_USAGE, "the argument is a number").ok;
	else if (department_matter_list(sim_state(sim), nikad, out, e).ok)
		return out->len == 0;
	return -1;
}

const struct sim_act department_acts[] = {
	{"show", act_show},
	{"restore", act_restore},
	{"accept", act_accept},
	{"request", act_request},
	{"suspend", act_suspend},
	{"resume", act_resume},
	{"extend", act_extend},
	{"coordinate", act_coordinate},
	{"opinion", act_opinion},
	{"decide", act_decide},
	{NULL, NULL},
};
