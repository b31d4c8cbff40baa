/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_explain - verification told step by step, with guesses at what went wrong, for whoever has to
 * repair a sender.
 * Promise:  runs the stages of security_verify; where one fails it says so and goes on as far as it makes
 *           sense.
 * Not here: any decision; the guesses themselves (security_guess.c). */
#include "security/security_int.h"

enum { EXPLAIN_MEMORY = 256 << 20 };

struct story {
	struct pool *pool;
	struct buf *out;
	struct trust *trust;
	struct stamp now;
	struct envelope *env;
	struct parts p;
	const struct trust_cert *cert;
};

static void tell_failure(struct story *s, const char *step, const struct err *e)
{
	const struct reason_row *row = reason_row(e->reason);

	buf_printf(s->out, "%s: WRONG: %s\n", step, row->title);
	buf_printf(s->out, "    reason: %s, fault %s\n", row->name, fault_row(row->fault)->code);
	buf_printf(s->out, "    found:  %s\n", e->detail);
	buf_printf(s->out, "    remedy: %s\n", row->remedy);
}

static bool step(struct story *s, const char *name, outcome o, const struct err *e)
{
	if (o.ok)
		buf_printf(s->out, "%s: ok\n", name);
	else
		tell_failure(s, name, e);
	return o.ok;
}

static const char *form_name(enum conf_form form)
{
	switch (form) {
	case CONF_FORM_KEY_IDENTIFIER:
		return "KeyIdentifier";
	case CONF_FORM_ISSUER_SERIAL:
		return "issuer and serial number";
	case CONF_FORM_BST:
		return "BinarySecurityToken";
	case CONF_FORM_X509_DATA:
		return "X509Data with certificate";
	case CONF_FORM_PLAIN:
		return "ds:Signature in the Header without wsse:Security";
	}
	return "unknown";
}

static void tell_time(struct story *s, const char *what, int64_t ms)
{
	char text[STAMP_TEXT];

	stamp_print(stamp_at(ms), text);
	buf_printf(s->out, "    %s %s\n", what, text);
}

static void tell_certificate(struct story *s)
{
	const struct trust_cert *c = s->cert;

	buf_printf(s->out, "    subject:    %s\n    issuer:     %s\n    serial:     %s\n", c->subject,
		c->issuer, c->serial);
	tell_time(s, "valid from:", c->not_before_ms);
	tell_time(s, "valid to:  ", c->not_after_ms);
	buf_printf(s->out, "    owner:      %s\n", c->participant->name);
}

static void tell_algorithms(struct story *s)
{
	buf_printf(s->out, "    canonicalisation: %s%s\n", s->p.inclusive ? "inclusive" : "exclusive",
		s->p.prefixes ? " with prefix list" : "");
	buf_printf(s->out, "    signature:        %s\n", signature_row(s->p.algorithm)->name);
}

static void tell_reference(struct story *s, const struct reference *r)
{
	const enum digest d = r->digest;
	unsigned char computed[64];
	struct err e;

	buf_printf(s->out, "reference #%s to %s, %s%s%s\n", (const char *)r->id->children->content,
		node_local(r->target), digest_row(d)->name, r->prefixes ? ", prefix list" : "",
		r->enveloped ? ", enveloped-signature" : "");
	digest_begin(d);
	if (!envelope_canonical(r->target, r->prefixes, digest_add, NULL, &e).ok) {
		digest_end(computed);
		tell_failure(s, "    canonical form", &e);
		return;
	}
	digest_end(computed);
	buf_str(s->out, "    digest given:    ");
	buf_base64(s->out, (struct bytes){r->value, digest_row(d)->size});
	buf_str(s->out, "\n    digest computed: ");
	buf_base64(s->out, (struct bytes){computed, digest_row(d)->size});
	if (memcmp(computed, r->value, digest_row(d)->size) == 0) {
		buf_str(s->out, "\n    equal\n");
		return;
	}
	buf_str(s->out,
		"\n    WRONG: the element was changed after it was signed, or digested in another form\n");
	security_guess_digest(s->out, r);
}

static void tell_signature(struct story *s)
{
	struct err e;

	if (step(s, "signature", security_dsig_verify(s->pool, s->env, &s->p, s->cert, &e), &e))
		return;
	if (e.reason == REASON_SEC_VALUE)
		security_guess_value(s->pool, s->out, &s->p, s->cert);
	else if (e.reason == REASON_SEC_DIGEST)
		security_guess_side(s->pool, s->out, &s->p, s->cert);
}

static void tell_timestamp(struct story *s)
{
	struct timestamp t;
	outcome judged;
	struct err e;

	if (!s->p.timestamp) {
		buf_str(s->out, "timestamp: none\n");
		return;
	}
	judged = security_timestamp_check(s->pool, s->p.timestamp, s->cert->participant->profile, s->now, &e);
	step(s, "timestamp", judged, &e);
	if (!security_timestamp_read(s->pool, s->p.timestamp, &t, &e).ok)
		return;
	tell_time(s, "created:", t.created.ms);
	if (t.has_expires)
		tell_time(s, "expires:", t.expires.ms);
	tell_time(s, "now:    ", s->now.ms);
}

static void tell_all(struct story *s, struct bytes message)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct err e;
	bool found;

	if (!step(s, "envelope", envelope_parse(s->pool, message, &limits, &s->env, &e), &e) ||
	    !step(s, "security header", security_header_read(s->env, &s->p, &e), &e) ||
	    !step(s, "signed info", security_reference_read(s->pool, s->env, &s->p, &e), &e))
		return;
	tell_algorithms(s);
	for (size_t i = 0; i < s->p.reference_count; i++)
		tell_reference(s, &s->p.references[i]);
	found = step(s, "certificate",
		security_token_find(s->pool, s->env, &s->p, s->trust, s->now.ms, &s->cert, &e), &e);
	if (s->p.form)
		buf_printf(s->out, "    named by:   %s\n", form_name(s->p.form));
	if (!found)
		return;
	tell_certificate(s);
	step(s, "profile", security_profile_check(&s->p, s->cert, &e), &e);
	buf_printf(s->out, "    name:       %s\n", s->cert->participant->profile->name);
	tell_signature(s);
	tell_timestamp(s);
}

void security_explain(struct bytes message, struct trust *trust, struct stamp now, struct buf *out)
{
	SCOPED(pool_free) struct pool *pool = pool_new(EXPLAIN_MEMORY);
	struct story s = {.pool = pool, .out = out, .trust = trust, .now = now};

	if (!pool) {
		buf_str(out, "no memory\n");
		return;
	}
	tell_all(&s, message);
}
