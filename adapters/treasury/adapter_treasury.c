/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_treasury - who may sign for a client of the treasury now: powers of attorney and stopped users.
 * Promise:  a user who is blocked, closed or compromised is stopped before the message that says so goes on, and stays so
 *           whatever becomes of it; a power counts from the moment the Treasury-Client accepted it.
 * Not here: roles of a kind of document (services.yaml), the judge of powers (power.h), what is kept (register.h).
 * Spec:     T8, T9; wsdl/treasury/v1/treasury.xsd */
#include <inttypes.h>

#include "common/adapter_lost.h"
#include "common/business.h"
#include "treasury/register.h"

#define WHY_MOST 4096

/* One message about a client. */
struct visit {
	const struct adapter_call *c;
	const struct _xmlNode *business, *client;
	const char *act, *bin, *ms;
	struct register_known known;
};

static const char *said(const struct visit *v, const struct _xmlNode *parent, const char *name)
{
	return payload_text(v->c->pool, parent, name);
}

/* Everybody who signed is of the client and not stopped. */
static outcome judge_users(const struct visit *v, struct err *e)
{
	for (size_t i = 0; v->c->signers && i < v->c->signers->n; i++) {
		const struct trust_cert *cert = v->c->signers->signer[i].certificate;
		const char *state = register_stopped(&v->known, cert);

		if (!cert->who.iin || !cert->who.bin || strcmp(cert->who.bin, v->bin) != 0)
			return err_set(e, REASON_TREASURY_CLIENT, "signature %zu is of another organisation than the client", i + 1);
		if (state)
			return err_set(e, REASON_TREASURY_USER, "the user of signature %zu is %s", i + 1, state);
	}
	return DONE;
}

static outcome begin(struct visit *v, const struct adapter_call *c, struct err *e)
{
	*v = (struct visit){.c = c, .business = payload_child(c->payload, "BusinessData")};
	v->client = payload_child(v->business, "Client");
	v->act = said(v, v->business, "Act");
	v->bin = said(v, v->client, "Bin");
	v->ms = pool_printf(c->pool, "%" PRId64, c->at.ms);
	if (!v->bin || !v->ms)
		return err_set(e, REASON_PAYLOAD_FIELD, "the message names no client");
	TRY(register_read(c, v->bin, &v->known, e));
	return judge_users(v, e);
}

static const struct trust_subject *signer_with(const struct adapter_call *c, const char *iin)
{
	for (size_t i = 0; c->signers && iin && i < c->signers->n; i++) {
		const struct trust_subject *who = &c->signers->signer[i].certificate->who;

		if (who->iin && strcmp(who->iin, iin) == 0)
			return who;
	}
	return NULL;
}

static const struct conf_rule *rule_named(const struct adapter_call *c, const char *name)
{
	for (size_t i = 0; name && i < c->conf->rule_count; i++) {
		if (strcmp(c->conf->rules[i].name, name) == 0)
			return &c->conf->rules[i];
	}
	return NULL;
}

/* ---- documents ---- */

/* In the own right, or by a power that runs and gives a role of the rule. */
static outcome judge_right(const struct visit *v, size_t i, const struct conf_rule *rule, struct err *e)
{
	SCOPED(buf_free) struct buf why = BUF(WHY_MOST);
	char day[11];

	stamp_day(v->c->at, day);
	if (power_allows(&v->known.powers, &v->c->signers->signer[i].certificate->who, rule ? &rule->dc : NULL, day, &why))
		return DONE;
	return err_set(e, REASON_TREASURY_POWER, "signature %zu: %.200s", i + 1, buf_cstr(&why));
}

static outcome judge_rights(const struct visit *v, struct err *e)
{
	for (size_t i = 0; v->c->signers && i < v->c->signers->n; i++)
		TRY(judge_right(v, i, rule_named(v->c, v->c->signers->signer[i].rule), e));
	return DONE;
}

static outcome check_signers(const struct adapter_call *c, struct err *e)
{
	struct visit v;

	TRY(begin(&v, c, e));
	return judge_rights(&v, e);
}

/* ---- powers of attorney ---- */

static outcome refuse_grant(const struct power_fault *fault, size_t n, struct err *e)
{
	SCOPED(buf_free) struct buf why = BUF(WHY_MOST);

	for (size_t i = 0; i < n; i++)
		buf_printf(&why, "%s%s", i ? "; " : "", fault[i].text);
	return err_set(e, REASON_TREASURY_POWER, "%.250s", buf_cstr(&why));
}

static outcome check_grant(const struct visit *v, const char *number, struct err *e)
{
	const struct power p = {number, said(v, v->business, "Role"), said(v, payload_child(v->business, "Principal"), "Iin"),
		said(v, payload_child(v->business, "Delegate"), "Iin"), said(v, v->business, "FirstDay"),
		said(v, v->business, "LastDay"), false};
	struct power_fault fault[POWER_FAULTS_MOST];
	struct queue_answer kept;
	char day[11];
	size_t n;

	if (!p.role || !p.principal || !p.delegate || !p.first_day || !p.last_day)
		return err_set(e, REASON_TREASURY_POWER, "a power names role, principal, delegate and term");
	stamp_day(v->c->at, day);
	n = power_grant_faults(&v->known.powers, &p, v->bin, signer_with(v->c, p.principal), signer_with(v->c, p.delegate), day,
		fault);
	if (n)
		return refuse_grant(fault, n, e);
	return register_aside(v->c, (struct bytes[]){BYTES_LIT("power"), bytes_str(v->bin), bytes_str(v->ms), bytes_str(number),
		bytes_str(p.role), bytes_str(p.principal), bytes_str(p.delegate), bytes_str(p.first_day), bytes_str(p.last_day)}, 9,
		&kept, e);
}

static outcome check_revocation(const struct visit *v, const char *number, struct err *e)
{
	const struct power *p = power_numbered(&v->known.powers, number);
	struct queue_answer kept;

	if (!p)
		return err_set(e, REASON_TREASURY_POWER, "the client has no power of attorney %s", number);
	if (!signer_with(v->c, p->principal))
		return err_set(e, REASON_TREASURY_POWER, "the principal of power of attorney %s did not sign", number);
	return register_aside(v->c, (struct bytes[]){BYTES_LIT("revoke"), bytes_str(v->bin), bytes_str(v->ms),
		bytes_str(number)}, 4, &kept, e);
}

static outcome check_power(const struct adapter_call *c, struct err *e)
{
	const char *number;
	struct visit v;

	TRY(begin(&v, c, e));
	number = said(&v, v.business, "PowerNumber");
	if (!number || !v.act)
		return err_set(e, REASON_PAYLOAD_FIELD, "the message names no power of attorney");
	return (strcmp(v.act, "GRANT") == 0 ? check_grant : check_revocation)(&v, number, e);
}

/* ---- users ---- */

/* Users are changed by a head, or by whom a power of attorney gives the head's role now. */
static outcome judge_reporter(const struct visit *v, const char *iin, struct err *e)
{
	const struct conf_rule *heads = rule_named(v->c, "treasury-head");
	struct err other; /* of one who is no head */

	if (signer_with(v->c, iin))
		return DONE;
	for (size_t i = 0; heads && v->c->signers && i < v->c->signers->n; i++) {
		if (trust_rule_holds(v->c->signers->signer[i].certificate, heads, NULL, &other).ok &&
			judge_right(v, i, heads, &other).ok)
			return DONE;
	}
	return err_set(e, REASON_TREASURY_USER, "a compromised key is reported by its user or by a head of the client");
}

static outcome read_lost(const struct visit *v, const char *iin, const struct cert_view **out, struct err *e)
{
	struct cert_view *c = POOL_NEW(v->c->pool, struct cert_view);

	*out = NULL;
	if (!said(v, v->business, "Certificate") || !c)
		return DONE;
	if (!lost_certificate(v->c, v->business, c))
		return err_set(e, REASON_TREASURY_USER, "the certificate in the report cannot be read or trusted");
	if (!c->who.iin || !c->who.bin || strcmp(c->who.iin, iin) != 0 || strcmp(c->who.bin, v->bin) != 0)
		return err_set(e, REASON_TREASURY_USER, "the certificate in the report is not of this user");
	*out = c;
	return DONE;
}

static const char *state_after(const char *act)
{
	static const char *const acts[][2] = {{"BLOCK", "BLOCKED"}, {"CLOSE", "CLOSED"}, {"COMPROMISE", "COMPROMISED"}};

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (strcmp(acts[i][0], act) == 0)
			return acts[i][1];
	}
	return "OPEN";
}

static outcome check_user(const struct adapter_call *c, struct err *e)
{
	const struct cert_view *lost = NULL;
	struct queue_answer kept;
	const char *iin, *state;
	struct visit v;

	TRY(begin(&v, c, e));
	iin = said(&v, payload_child(v.business, "User"), "Iin");
	if (!iin || !v.act)
		return err_set(e, REASON_PAYLOAD_FIELD, "the message names no user");
	state = state_after(v.act);
	if (strcmp(v.act, "COMPROMISE") != 0) {
		TRY(judge_rights(&v, e));
	} else {
		TRY(judge_reporter(&v, iin, e));
		TRY(read_lost(&v, iin, &lost, e));
	}
	TRY(register_aside(c, (struct bytes[]){BYTES_LIT("user"), bytes_str(v.bin), bytes_str(v.ms), bytes_str(iin),
		bytes_str(state), bytes_str(lost ? lost->print : "")}, 6, &kept, e));
	if (strcmp(state, "OPEN") == 0)
		return DONE;
	TRY(register_keep(c, &kept, e));
	if (lost)
		lost_block(c, lost, "treasury"); /* only more than the rule asks for */
	return DONE;
}

/* ---- what became of them ---- */

static outcome keep(const struct adapter_call *c, bool accepted, struct err *e)
{
	struct queue_answer words;

	TRY(register_recall(c, accepted, &words, e));
	return register_keep(c, &words, e);
}

extern const struct adapter adapter_treasury_signers, adapter_treasury_power, adapter_treasury_user, adapter_treasury_kept;
const struct adapter adapter_treasury_signers = {
	.name = "treasury-signers",
	.summary = "signers of the treasury are of the client, not stopped, and sign in the own right or by a power of attorney",
	.redis = true,
	.check = check_signers,
	.restore = register_restore,
};
const struct adapter adapter_treasury_power = {
	.name = "treasury-power",
	.summary = "a power of attorney of the treasury may be granted, or revoked, by who signed",
	.redis = true,
	.check = check_power,
};
const struct adapter adapter_treasury_user = {
	.name = "treasury-user",
	.summary = "a user of the treasury is stopped at once",
	.redis = true,
	.check = check_user,
};
const struct adapter adapter_treasury_kept = {
	.name = "treasury-kept",
	.summary = "powers of attorney and users of the treasury count as accepted",
	.redis = true,
	.act = keep,
};
