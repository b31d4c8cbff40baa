/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_booking - an application for video reception, signed by the applicant, comes to the chosen body.
 * Promise:  the application, the officer who has it and the card of the document circulation are kept in one unit; one
 *           that comes twice is the same application.
 * Not here: the answer (sim_appeals_answer.c).
 * Spec:     A1, A2 */
#include "appeals/sim_appeals.h"

struct booking {
	struct service_request r;
	struct applicant applicant;
	const struct body *body;
	const char *wanted, *office, *question, *document, *now;
	char number[NUMBER_ROOM];
};

/* The certificate in the signature is the applicant's own: of the person, or of an employee of the organisation. */
static void judge_signature(struct booking *b, const struct sim_request *in)
{
	const struct trust_cert *cert;
	const char *number;
	struct err why;

	if (!sim_document_certificate(b->r.sim, b->r.pool, in->payload_text, &cert, &why).ok) {
		reasons_add(&b->r.reasons, "applicant.signature", "%s %s", reason_row(why.reason)->title, why.detail);
		return;
	}
	number = strcmp(b->applicant.kind, "Bin") == 0 ? cert->who.bin : cert->who.iin;
	if (!number || strcmp(number, b->applicant.number) != 0)
		reasons_add(&b->r.reasons, "applicant.other", "the application is signed by another person than the applicant");
}

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct booking *b = ctx;
	const struct applicant *a = &b->applicant;
	const char *values[] = {b->r.sender, b->r.info.request_number, a->kind, a->number, a->name, a->address, a->email,
		a->phone, b->body->bin, b->body->officer, b->office, b->wanted, b->question, b->document, b->now};
	struct paper card = {.kind = "booking", .body = b->body, .receiver = b->body->name, .text = b->question};
	bool fresh;

	TRY(store_run(s,
		"INSERT INTO booking (sender, request_number, kind, applicant, name, address, email, phone, body, officer,"
		" office, wanted, question, document, registered, state, from_time, to_time, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
		" ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'sent', '', '', '') ON CONFLICT (sender, request_number) DO NOTHING"
		" RETURNING printf('VR%010d', id)", values, 15, &(struct store_column){b->number, NUMBER_ROOM}, 1, &fresh, e));
	if (!fresh)
		return store_run(s, "SELECT printf('VR%010d', id) FROM booking WHERE sender = ?1 AND request_number = ?2", values, 2,
			&(struct store_column){b->number, NUMBER_ROOM}, 1, NULL, e);
	card.id = card.about = b->number;
	return tell_edms(s, &b->r, &card, e);
}

outcome appeals_book(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "BookingResponse",
		"The application is with the officer of the body.", "The application is with the officer of the body",
		"The application is not taken"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	enum { BODY, WANTED, OFFICE, QUESTION, FIELDS };
	static const char *const names[] = {"Body", "Wanted", "Office", "Question"};
	const char *text[FIELDS];
	struct booking b = {0};

	if (!service_open(&b.r, sim, in, NS_APPEALS, "BookingRequest") || !applicant_read(&b.r, &b.applicant) ||
		!payload_texts(b.r.pool, b.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a BookingRequest of appeals.xsd.");
	b.wanted = text[WANTED];
	b.office = text[OFFICE];
	b.question = text[QUESTION];
	b.document = pool_copy(b.r.pool, in->payload_text);
	if (!b.document)
		return err_set(e, REASON_MEMORY, "application");
	b.body = body_wanted(&b.r, text[BODY]);
	judge_signature(&b, in);
	TRY(moment_text(&b.r, &b.now, e));
	if (b.r.reasons.n == 0)
		TRY(store_transact(sim_state(sim), keep_in_unit, &b, e));
	sim_wake(sim);
	answer_begin(&data, &form, &b.r.info);
	if (b.r.reasons.n == 0) {
		payload_field(&data, "Booking", b.number);
		payload_field(&data, "Officer", b.body->officer);
		payload_field(&data, "RegisteredDate", b.now);
	}
	return answer_reply(&data, &form, &b.r.reasons, out, e);
}
