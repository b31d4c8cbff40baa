/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_status - a signature is worth what its certificate is worth now: revocation and the outage policy of the profile, for
 * everybody whose signature is believed, and the words that the journal keeps on it.
 * Not here: what an answer of an authority means (revocation), what follows from it (policy). */
#include "flow/flow_int.h"

enum { EVIDENCE_MOST = 65536, CHAIN_MOST = 8 };

outcome evidence_add(struct pool *pool, struct bytes *evidence, struct bytes line, struct err *e)
{
	SCOPED(buf_free) struct buf words = BUF(EVIDENCE_MOST);

	buf_add(&words, *evidence);
	if (evidence->n)
		buf_char(&words, '\n');
	buf_add(&words, line);
	evidence->p = (const unsigned char *)pool_copy(pool, buf_bytes(&words));
	evidence->n = words.len;
	return evidence->p && buf_ok(&words) ? DONE : err_set(e, REASON_MEMORY, "words on certificates");
}

/* "status of <print>: valid, ocsp of <moment>, evidence <hex>" */
static void status_print(
	const char *print, const struct revocation_answer *a, enum policy_status status, struct buf *out)
{
	char at[STAMP_TEXT] = "";
	bool last = status == POLICY_STATUS_LAST_GOOD;

	if (status == POLICY_STATUS_MARKED) {
		buf_printf(out, "status of %.16s: not known (%s), accepted all the same", print,
			revocation_reason_text(a->reason));
		return;
	}
	stamp_print(stamp_at(last ? a->last_ms : a->this_ms), at);
	buf_printf(out, "status of %.16s: %s of %s, evidence ", print,
		last ? "not known now, valid by an answer" : a->source, at);
	buf_hex(out, (struct bytes){last ? a->last_evidence : a->evidence, 32});
}

/* One certificate of the chain. */
struct link {
	struct bytes der;
	const unsigned char *sha256;
	const char *print;
};

/* Says whose status it is. */
static outcome err_before(struct err *e, const char *whose)
{
	char was[sizeof e->detail];

	memcpy(was, e->detail, sizeof was);
	return err_set(e, e->reason, "%s: %.200s", whose, was);
}

static outcome status_of(struct flow *f, const struct link *c, const struct conf_profile *profile, struct stamp now,
	struct pool *words, struct bytes *evidence, struct err *e)
{
	SCOPED(buf_free) struct buf line = BUF(EVIDENCE_MOST);
	struct revocation_answer answer;
	enum policy_status status;

	revocation_ask(revocation_desk_room(f->revocation), c->der, c->sha256, now.ms, &answer);
	TRY(policy_revocation(profile, &answer, now.ms, &status, e));
	status_print(c->print, &answer, status, &line);
	return evidence_add(words, evidence, buf_bytes(&line), e);
}

/* The certificate, then the authorities above it whose own status is told. */
outcome flow_status(struct flow *f, const struct trust_cert *c, const struct conf_profile *profile, struct stamp now,
	struct pool *words, struct bytes *evidence, struct err *e)
{
	const struct desk_authority *a;

	if (!f->revocation)
		return DONE;
	TRY(status_of(f, &(struct link){c->der, c->sha256, c->print}, profile, now, words, evidence, e));
	a = revocation_desk_authority(f->revocation, c->issuer);
	for (int depth = 0; a && depth < CHAIN_MOST; depth++) {
		if (!status_of(f, &(struct link){a->der, a->sha256, a->print}, profile, now, words, evidence, e).ok)
			return err_before(e, "its authority");
		a = revocation_desk_authority(f->revocation, a->issuer);
	}
	return DONE;
}

struct tally {
	struct flow *f;
	int64_t now_ms;
	size_t all, unknown;
	enum revocation_reason why;
};

static void ask_one(void *ctx, const struct trust_cert *c)
{
	struct revocation_answer answer;
	struct tally *t = ctx;

	revocation_ask(revocation_desk_room(t->f->revocation), c->der, c->sha256, t->now_ms, &answer);
	t->all++;
	if (answer.verdict != REVOCATION_UNKNOWN)
		return;
	t->unknown++;
	t->why = answer.reason;
}

bool flow_statuses(struct flow *f, const struct snapshot *s, struct err *e)
{
	struct tally t = {.f = f, .now_ms = stamp_now().ms};

	if (!f->revocation)
		return true;
	trust_each(s->trust, ask_one, &t);
	if (t.unknown == 0)
		return true;
	err_set(e, REASON_CERT_STATUS, "of %zu of %zu certificates nobody can tell now whether they are revoked: %s", t.unknown,
		t.all, revocation_reason_text(t.why));
	return false;
}

outcome flow_verify(struct flow *f, const struct snapshot *s, struct pool *trees, struct pool *words,
	const struct envelope *env, struct stamp now, struct verification *out, struct err *e)
{
	const struct verified *v;

	*out = (struct verification){.verified = NULL};
	TRY(security_verify(trees, env, s->trust, now, &v, &out->who, e));
	TRY(flow_status(f, verified_certificate(v), verified_participant(v)->profile, now, words, &out->evidence, e));
	out->verified = v;
	return DONE;
}
