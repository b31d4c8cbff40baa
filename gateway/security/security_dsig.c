/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_dsig - the cryptographic verdict over nodes that were chosen before.
 * Promise:  every chosen element is digested where it stands, in the form that was agreed, and SignedInfo is checked by the
 *           pinned key; nothing is looked up again, KeyInfo is not read. What our own canonical form does not cover goes to
 *           xmlsec1, whole.
 * Not here: which nodes, algorithms and key (earlier stages).
 * Spec:     XML Signature section 3.2; docs/decisions/0003 and 0022. */
#include "base/memory.h"
#include "security/security_int.h"

enum {
	SIGNATURE_VALUE_MAX = 4096, /* characters; an RSA key of 8192 bits needs 1368 */
	SIGNED_INFO_MAX = 1 << 20,
};

/* Strict about base64, which xmlsec1 is not. */
static outcome read_value(struct pool *pool, const xmlNode *value, struct buf *out, struct err *e)
{
	struct bytes text;

	for (const xmlNode *n = value->children; n; n = n->next) {
		if (n->type != XML_TEXT_NODE && n->type != XML_CDATA_SECTION_NODE)
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "SignatureValue holds more than text");
	}
	if (!node_text(pool, value, &text) || text.n > SIGNATURE_VALUE_MAX || !base64_decode(text, out, NULL).ok ||
		out->len == 0)
		return err_set(e, REASON_SEC_VALUE, "SignatureValue is not base64 of a signature");
	return DONE;
}

static bool keep(void *ctx, const void *data, size_t n)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){data, n});
	return buf_ok(b);
}

/* What our own means say about a signature. */
enum verdict {
	FOREIGN, /* nothing */
	RIGHT,
	WRONG,
};

static enum verdict wrong(outcome o)
{
	return o.ok ? RIGHT : WRONG;
}

static enum verdict check_reference(const struct envelope *env, const struct reference *r, struct err *e)
{
	unsigned char computed[64];
	size_t n;

	if (!security_canonical_digest(env, r->target, r->prefixes, r->digest, computed, &n))
		return FOREIGN;
	if (!bytes_eq_secret((struct bytes){computed, n}, (struct bytes){r->value, digest_row(r->digest)->size}))
		return wrong(err_set(e, REASON_SEC_DIGEST, "the digest of #%.100s differs",
			(const char *)r->id->children->content));
	return RIGHT;
}

/* Inclusive form, which some libraries use for SignedInfo alone, is libxml2's. */
static bool write_signed_info(const struct envelope *env, const struct parts *p, struct buf *out)
{
	const struct canonical_form form = {.inclusive = true};

	if (p->inclusive)
		return envelope_canonical_form(p->signed_info, &form, keep, out, NULL).ok;
	return security_canonical(env, p->signed_info, p->prefixes, keep, out) == CANONICAL_WHOLE;
}

static enum verdict check_signed_info(const struct envelope *env, const struct parts *p, const struct trust_cert *cert,
	struct bytes value, struct err *e)
{
	SCOPED(buf_free) struct buf octets = BUF(SIGNED_INFO_MAX);

	if (!write_signed_info(env, p, &octets))
		return FOREIGN;
	if (!trust_verify(cert, p->algorithm, buf_bytes(&octets), value, NULL).ok)
		return wrong(err_set(e, REASON_SEC_VALUE, "%s over SignedInfo, certificate %.16s",
			signature_row(p->algorithm)->name, cert->print));
	return RIGHT;
}

static enum verdict check(const struct envelope *env, const struct parts *p, const struct trust_cert *cert,
	struct bytes value, struct err *e)
{
	if (p->odd_list)
		return FOREIGN;
	for (size_t i = 0; i < p->reference_count; i++) {
		enum verdict v = check_reference(env, &p->references[i], e);

		if (v != RIGHT)
			return v;
	}
	return check_signed_info(env, p, cert, value, e);
}

/* xmlsec1 digests what is in the tree: where something was left out of it, the parts are found once more in the whole. */
static outcome by_xmlsec(struct pool *pool, const struct envelope *env, const struct parts *p, const struct trust_cert *cert,
	struct err *e)
{
	struct parts again;

	if (envelope_is_whole(env))
		return security_xmlsec_verify(env, p, cert, e);
	TRY(envelope_whole(env, e));
	TRY(security_parts_find(pool, env, &again, e));
	return security_xmlsec_verify(env, &again, cert, e);
}

/* In a build for tests, every verdict of ours is compared with that of xmlsec1 over a tree of its own, unless one of them
 * had no memory. */
static void compare(enum verdict ours, const struct err *e, struct pool *pool, const struct envelope *env,
	const struct trust_cert *cert, size_t before)
{
#ifdef QAQPA_BOTH_VERDICTS
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *whole;
	struct parts parts;
	struct err other = {0};
	bool right;

	limits.bytes = limits.elements = envelope_text(env).n;
	limits.depth = limits.attributes = limits.namespaces = 256;
	right = envelope_parse(pool, envelope_text(env), &limits, &whole, &other).ok &&
		security_parts_find(pool, whole, &parts, &other).ok && security_xmlsec_verify(whole, &parts, cert, &other).ok;
	BUG_IF(memory_refusals() == before && (right != (ours == RIGHT) || (!right && other.reason != e->reason)));
#else
	(void)ours, (void)e, (void)pool, (void)env, (void)cert, (void)before;
#endif
}

outcome security_dsig_verify(struct pool *pool, const struct envelope *env, const struct parts *p,
	const struct trust_cert *cert, struct err *e)
{
	SCOPED(buf_free) struct buf value = BUF(SIGNATURE_VALUE_MAX);
	size_t before = memory_refusals();
	struct err ours = {0};
	enum verdict v;

	TRY(read_value(pool, p->signature_value, &value, e));
	v = check(env, p, cert, buf_bytes(&value), &ours);
	if (v == FOREIGN)
		return by_xmlsec(pool, env, p, cert, e);
	compare(v, &ours, pool, env, cert, before);
	if (v == RIGHT)
		return DONE;
	return err_set(e, ours.reason, "%s", ours.detail);
}
