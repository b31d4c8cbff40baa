/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_signers - see sim_treasury_signers.h. A real Treasury-Client judges signatures itself, and so does this one
 * (order No. 98, item 6), beside the gateway.
 * Not here: which roles a kind of document demands; those are rules of the gateway (services.yaml).
 * Spec:     T6, T8, T9 */
#include "treasury/sim_treasury_signers.h"

void treasury_signers_read(struct service_request *r, const struct sim_request *in, struct inner_result *out)
{
	struct err why;

	*out = (struct inner_result){0};
	if (!sim_document_signers(r->sim, r->pool, in->request->data, out, &why).ok)
		reasons_add(&r->reasons, "document.signature", "%s %s", reason_row(why.reason)->title, why.detail);
}

outcome treasury_signers_users(struct service_request *r, const struct inner_result *signers, const char *bin,
	struct err *e)
{
	for (size_t i = 0; i < signers->n; i++) {
		const struct trust_cert *c = signers->signer[i].certificate;
		char state[16];

		if (!c->who.iin || !c->who.bin || strcmp(c->who.bin, bin) != 0) {
			reasons_add(&r->reasons, "signer.client", "signature %zu is of another organisation than the client", i + 1);
			continue;
		}
		TRY(treasury_user_state(sim_state(r->sim), bin, c->who.iin, c->print, state, e));
		if (strcmp(state, "OPEN") != 0)
			reasons_add(&r->reasons, "signer.user", "the user of signature %zu is %s", i + 1, state);
	}
	return DONE;
}

outcome treasury_signers_powers(struct service_request *r, const struct inner_result *signers, const char *bin,
	struct err *e)
{
	struct powers known;
	char day[11];

	stamp_day(sim_now(), day);
	TRY(treasury_powers(sim_state(r->sim), r->pool, bin, &known, e));
	for (size_t i = 0; i < signers->n; i++) {
		SCOPED(buf_free) struct buf why = BUF(512);

		if (!power_allows(&known, &signers->signer[i].certificate->who, NULL, day, &why))
			reasons_add(&r->reasons, "signer.power", "signature %zu: %s", i + 1, buf_cstr(&why));
	}
	return DONE;
}
