/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_history - permits and notifications of a time when a body could not keep the register are restored; with
 *          conversion the record, signed by the head, becomes the electronic permit and gets a matrix code.
 * Promise: what is on paper under one number of one body is restored once.
 * Spec:    P13, P19 */
#include "permits/sim_permits_document.h"
#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_services.h"

struct history {
	struct served v;
	struct document d;
	const char *original, *service, *issuer, *issuer_name, *issued, *valid_until;
	struct subject holder;
	bool conversion;
};

static outcome judge_original(struct store *s, struct history *h, struct err *e)
{
	const char *values[] = {h->issuer, h->original};
	char nikad[16] = "";
	bool known;

	TRY(store_run(s, "SELECT nikad FROM entry WHERE body = ?1 AND original = ?2", values, 2,
		&(struct store_column){nikad, sizeof nikad}, 1, &known, e));
	if (known)
		reasons_add(&h->v.r.reasons, "history.known", "number %.64s of this body is restored as %s", h->original, nikad);
	return DONE;
}

/* Number and digest of the signed document: what the picture of the matrix code holds. */
static void write_matrix_code(struct history *h)
{
	unsigned char sum[32];

	sha256(bytes_str(h->d.text), sum);
	buf_printf(h->v.answer, "<MatrixCode>%s:", h->d.nikad.text);
	buf_hex(h->v.answer, (struct bytes){sum, sizeof sum});
	buf_str(h->v.answer, "</MatrixCode>");
}

static outcome restore(struct store *s, struct history *h, struct err *e)
{
	const struct new_entry n = {h->d.nikad.text, h->d.kind, h->service, &h->holder, h->issuer, h->issuer_name, h->issued,
		h->valid_until, h->original};

	if (h->conversion)
		TRY(document_keep(s, &h->v, &h->d, e));
	return entry_put(s, &n, e);
}

static outcome unit(struct store *s, struct served *v, struct err *e)
{
	struct history *h = (struct history *)v;

	TRY(judge_original(s, h, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_new_number(s, v, "HST", h->d.kind, &h->d.nikad, e));
	TRY(restore(s, h, e));
	payload_field(v->answer, "Nikad", h->d.nikad.text);
	if (h->conversion)
		write_matrix_code(h);
	return DONE;
}

static bool read_record(struct history *h)
{
	const struct _xmlNode *b = h->v.r.business, *issuer = payload_child(b, "Issuer");
	struct pool *pool = h->v.r.pool;
	const char *conversion = payload_text(pool, b, "Conversion");

	h->d = (struct document){.kind = payload_text(pool, b, "EntryKind"), .text = h->v.text};
	h->original = payload_text(pool, b, "OriginalNumber");
	h->service = payload_text(pool, b, "ServiceCode");
	h->issuer = payload_text(pool, issuer, "Bin");
	h->issuer_name = payload_text(pool, issuer, "Name");
	h->issued = payload_text(pool, b, "IssueDate");
	h->valid_until = payload_text(pool, b, "ValidUntil");
	h->conversion = conversion && (strcmp(conversion, "true") == 0 || strcmp(conversion, "1") == 0);
	return h->d.kind && h->original && h->service && h->issuer && h->issuer_name && h->issued && conversion &&
		subject_read(pool, payload_child(b, "Holder"), &h->holder);
}

static void judge_record(struct history *h)
{
	struct reasons *r = &h->v.r.reasons;
	char today[11];

	stamp_day(h->v.at, today);
	subject_judge(r, &h->holder, "holder.number");
	if (strcmp(h->issued, today) > 0)
		reasons_add(r, "history.date", "the day of issue is to come");
	document_signature(&h->v, &h->d);
	(void)document_signed_by_head(&h->v, &h->d, h->issuer);
}

outcome permits_history(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "HistoryResponse", "The record is restored.", "Restored", "Not restored"};
	struct history h = {0};
	bool done;

	TRY(served_open(&h.v, sim, in, &form, "HistoryRequest", &done, out, e));
	if (done)
		return DONE;
	if (!read_record(&h))
		return reply_unreadable(out, "The payload is not a HistoryRequest of permits.xsd.");
	judge_record(&h);
	return served_finish(&h.v, unit, out, e);
}
