/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_user - users are closed for a time or for good, opened again, and reported as compromised.
 * Promise:  from the answer on the user's signatures are refused.
 * Spec:     T9; order No. 98, items 17 and 18, annexes 1 and 4; wsdl/treasury/v1/treasury.xsd */
#include "common/days.h"
#include "treasury/control.h"
#include "treasury/sim_treasury_power.h"
#include "treasury/sim_treasury_signers.h"
#include "trust/certificate.h"

#define ANSWER_BYTES 65536
#define CERTIFICATE_BYTES 16384

static const char *state_after(const char *act)
{
	static const char *const acts[][2] = {{"BLOCK", "BLOCKED"}, {"CLOSE", "CLOSED"}, {"REOPEN", "OPEN"},
		{"COMPROMISE", "COMPROMISED"}};

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (strcmp(acts[i][0], act) == 0)
			return acts[i][1];
	}
	return NULL;
}

/* The print of the certificate in the report; NULL without one. */
static const char *lost_key(struct service_request *r, const char *bin, const char *iin)
{
	const char *text = payload_text(r->pool, r->business, "Certificate");
	struct cert_view *c = POOL_NEW(r->pool, struct cert_view);
	SCOPED(buf_free) struct buf der = BUF(CERTIFICATE_BYTES);
	struct err why;

	if (!text || !c)
		return NULL;
	if (!base64_decode(bytes_str(text), &der, &why).ok || !cert_view_read(r->pool, buf_bytes(&der), c, &why).ok) {
		reasons_add(&r->reasons, "user.certificate", "the certificate cannot be read");
		return NULL;
	}
	if (!c->who.iin || !c->who.bin || strcmp(c->who.iin, iin) != 0 || strcmp(c->who.bin, bin) != 0)
		reasons_add(&r->reasons, "user.certificate", "the certificate is not of this user");
	return c->print;
}

/* The moment of discovery of a report; `*said` is false without one. */
static struct stamp discovered(struct service_request *r, bool *said)
{
	const char *text = payload_text(r->pool, r->business, "DiscoveredDate");
	struct stamp at = {0};

	*said = text && stamp_parse(bytes_str(text), &at);
	if (*said && at.ms > sim_now().ms)
		reasons_add(&r->reasons, "report.moment", "the key cannot have been found out in the future");
	return at;
}

/* Was the report made within one working day? It is taken all the same. */
static outcome tell_term(const struct service_request *r, struct stamp from, struct buf *out, struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	char text[STAMP_TEXT];
	struct stamp end;
	bool provisional;

	TRY(days_open(r->sim, &calendar, e));
	TRY(calendar_deadline(calendar, from, 1, CALENDAR_DAY_END, &provisional, &end, e));
	stamp_print(end, text);
	payload_field(out, "TermEnd", text);
	payload_field(out, "InTime", sim_now().ms <= end.ms ? "true" : "false");
	return DONE;
}

outcome treasury_take_user(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "TreasuryUserResponse", "The user is changed.", "Changed",
		"Not changed"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	const char *act, *bin, *iin, *state = NULL, *lost;
	struct inner_result signers;
	struct service_request r;
	char now[STAMP_TEXT];
	struct stamp found;
	bool said;

	if (!service_open(&r, sim, in, NS_TREASURY, "TreasuryUserRequest") ||
		!(act = payload_text(r.pool, r.business, "Act")) || !(state = state_after(act)) ||
		!(bin = payload_text(r.pool, payload_child(r.business, "Client"), "Bin")) ||
		!(iin = payload_text(r.pool, payload_child(r.business, "User"), "Iin")))
		return reply_unreadable(out, "The payload is not a TreasuryUserRequest of treasury.xsd.");
	lost = lost_key(&r, bin, iin);
	found = discovered(&r, &said);
	treasury_signers_read(&r, in, &signers);
	TRY(treasury_signers_users(&r, &signers, bin, e));
	if (strcmp(act, "COMPROMISE") != 0)
		TRY(treasury_signers_powers(&r, &signers, bin, e));
	stamp_print(sim_now(), now);
	if (r.reasons.n == 0)
		TRY(treasury_user_set(sim_state(sim), bin, iin, state, lost, now, e));
	answer_begin(&data, &form, &r.info);
	if (r.reasons.n == 0)
		payload_field(&data, "UserState", state);
	if (r.reasons.n == 0 && said)
		TRY(tell_term(&r, found, &data, e));
	return answer_reply(&data, &form, &r.reasons, out, e);
}
