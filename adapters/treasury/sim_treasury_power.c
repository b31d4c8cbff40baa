/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_power - powers of attorney are granted and revoked.
 * Promise:  all reasons against a power are told; what was granted counts from the answer on.
 * Not here: what is wrong with a power (power.c), who signed (sim_treasury_signers.c).
 * Spec:     T8; wsdl/treasury/v1/treasury.xsd */
#include "treasury/control.h"
#include "treasury/sim_treasury_power.h"
#include "treasury/sim_treasury_signers.h"

#define ANSWER_BYTES 65536

static const struct trust_subject *signer_with(const struct inner_result *signers, const char *iin)
{
	for (size_t i = 0; i < signers->n; i++) {
		const struct trust_subject *who = &signers->signer[i].certificate->who;

		if (iin && who->iin && strcmp(who->iin, iin) == 0)
			return who;
	}
	return NULL;
}

static outcome grant(struct service_request *r, const struct inner_result *signers, const struct powers *known,
	const char *bin, const char *number, struct err *e)
{
	const struct _xmlNode *principal = payload_child(r->business, "Principal");
	const struct _xmlNode *delegate = payload_child(r->business, "Delegate");
	const struct power wanted = {number, payload_text(r->pool, r->business, "Role"),
		payload_text(r->pool, principal, "Iin"), payload_text(r->pool, delegate, "Iin"),
		payload_text(r->pool, r->business, "FirstDay"), payload_text(r->pool, r->business, "LastDay"), false};
	struct power_fault fault[POWER_FAULTS_MOST];
	char day[11];
	size_t n;

	if (!wanted.role || !wanted.principal || !wanted.delegate || !wanted.first_day || !wanted.last_day) {
		reasons_add(&r->reasons, "power.malformed", "a power names role, principal, delegate and term");
		return DONE;
	}
	stamp_day(sim_now(), day);
	n = power_grant_faults(known, &wanted, bin, signer_with(signers, wanted.principal),
		signer_with(signers, wanted.delegate), day, fault);
	for (size_t i = 0; i < n; i++)
		reasons_add(&r->reasons, fault[i].code, "%s", fault[i].text);
	return r->reasons.n ? DONE : treasury_power_grant(sim_state(r->sim), bin, &wanted, e);
}

static outcome revoke(struct service_request *r, const struct inner_result *signers, const struct powers *known,
	const char *bin, const char *number, struct err *e)
{
	const struct power *p = power_numbered(known, number);

	if (!p)
		reasons_add(&r->reasons, "power.unknown", "there is no power %s of this client", number);
	else if (!signer_with(signers, p->principal))
		reasons_add(&r->reasons, "power.signer", "the principal of power %s did not sign", number);
	return r->reasons.n ? DONE : treasury_power_revoke(sim_state(r->sim), bin, number, e);
}

outcome treasury_take_power(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "TreasuryPowerResponse", "The power of attorney is registered.",
		"Registered", "Not registered"};
	static const char *const names[] = {"Act", "PowerNumber"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct inner_result signers;
	struct service_request r;
	struct powers known;
	const char *text[2], *bin;
	bool granting;

	if (!service_open(&r, sim, in, NS_TREASURY, "TreasuryPowerRequest") ||
		!payload_texts(r.pool, r.business, names, text, 2) ||
		!(bin = payload_text(r.pool, payload_child(r.business, "Client"), "Bin")))
		return reply_unreadable(out, "The payload is not a TreasuryPowerRequest of treasury.xsd.");
	granting = strcmp(text[0], "GRANT") == 0;
	treasury_signers_read(&r, in, &signers);
	TRY(treasury_signers_users(&r, &signers, bin, e));
	TRY(treasury_powers(sim_state(sim), r.pool, bin, &known, e));
	TRY((granting ? grant : revoke)(&r, &signers, &known, bin, text[1], e));
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "PowerNumber", text[1]);
	if (r.reasons.n == 0)
		payload_field(&data, "PowerState", granting ? "GRANTED" : "REVOKED");
	return answer_reply(&data, &form, &r.reasons, out, e);
}
