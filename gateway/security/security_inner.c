/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner - the demand of a service for signatures inside `data`, met or not.
 * Promise:  nothing counts but signatures that hold over what the demand names, by certificates that trust decided on;
 *           every rule gets a signature of its own whenever that is possible.
 * Not here: the document (security_inner_payload.c), single signatures (security_inner_read.c, security_inner_check.c,
 *           security_inner_cms.c), what a rule demands of a certificate (trust).
 * Spec:     B3; T4 */
#include "base/memory.h"
#include "security/inner.h"
#include "security/security_inner_int.h"

enum { SIGNERS_MAX = 4 * SIGNATURES_MAX };

struct judge {
	struct pool *pool;
	const struct conf_inner *demand;
	const char *sender_bin;
	struct trust *trust;
	int64_t now_ms;
	struct inner_signer *signer; /* room for SIGNERS_MAX */
	size_t n;
};

static outcome add(struct judge *j, struct inner_signer signer, struct err *e)
{
	if (j->n == SIGNERS_MAX)
		return err_set(e, REASON_SEC_SEVERAL, "more than %d signers", SIGNERS_MAX);
	j->signer[j->n++] = signer;
	return DONE;
}

/* --- XML signatures --- */

static outcome check_form(const struct judge *j, const struct xml_signature *s, struct err *e)
{
	unsigned form = s->by_id ? CONF_INNER_BY_ID : CONF_INNER_ENVELOPED;

	if (j->demand->forms & form)
		return DONE;
	return err_set(e, REASON_SEC_FORM, "the service takes no XML signature %s", s->by_id ? "by Id" : "with URI=\"\"");
}

/* From the last to the first, as they were put on. The order of the result is that of the document. */
static outcome check_all(struct judge *j, const struct xml_signatures *all, struct err *e)
{
	struct inner_signer found[SIGNATURES_MAX];

	for (size_t i = all->n; i-- > 0;) {
		const struct xml_signature *s = &all->item[i];
		const struct trust_cert *cert;

		TRY(check_form(j, s, e));
		TRY(trust_find_signer(j->trust, s->certificate, j->now_ms, &cert, e));
		TRY(security_inner_check(all, i, cert, e));
		found[i] = (struct inner_signer){.certificate = cert, .kind = INNER_XML, .signature = s->algorithm,
			.value = s->value};
	}
	for (size_t i = 0; i < all->n; i++)
		TRY(add(j, found[i], e));
	return DONE;
}

static bool is_inclusive(const struct xml_signatures *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->item[i].inclusive || all->item[i].info_inclusive)
			return true;
	}
	return false;
}

/* Inclusive forms take in the namespaces around the document, which were others where it was signed before it was put
 * into the message. The copy has the same content, or it would not be the same canonical form. */
static outcome check_alone(struct judge *j, const struct document *doc, size_t n, struct err *e)
{
	struct xml_signatures all;
	struct document alone;

	TRY(security_inner_alone(j->pool, doc, j->demand->covers, &alone, e));
	TRY(security_inner_read(j->pool, &alone, &all, e));
	if (all.n != n)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "a signature stands outside of the document");
	return check_all(j, &all, e);
}

static outcome read_xml(struct judge *j, const struct document *doc, struct err *e)
{
	struct xml_signatures all;
	outcome in_place;
	struct err why;

	TRY(security_inner_read(j->pool, doc, &all, e));
	in_place = check_all(j, &all, &why);
	if (in_place.ok)
		return DONE;
	if (e)
		*e = why;
	if (!doc->in_message || !is_inclusive(&all) || (why.reason != REASON_SEC_DIGEST && why.reason != REASON_SEC_VALUE))
		return FAILED;
	return check_alone(j, doc, all.n, e);
}

/* --- CMS --- */

static outcome read_one_cms(struct judge *j, const struct document *doc, xmlNode *node, struct err *e)
{
	struct trust_cms cms;

	TRY(security_inner_cms(j->pool, doc, j->demand->covers, node, j->trust, j->now_ms, &cms, e));
	for (size_t i = 0; i < cms.n; i++) {
		const struct trust_cms_signer *s = &cms.signer[i];

		TRY(add(j, (struct inner_signer){.certificate = s->certificate, .kind = INNER_CMS,
				.signature = s->signature, .signed_ms = s->signed_ms, .stamp = s->stamp,
				.value = s->value}, e));
	}
	return DONE;
}

static outcome read_cms(struct judge *j, const struct document *doc, struct err *e)
{
	xmlNode *nodes[SIGNATURES_MAX];
	size_t n;

	TRY(security_inner_cms_nodes(doc, j->demand->cms, nodes, &n, e));
	for (size_t i = 0; i < n; i++)
		TRY(read_one_cms(j, doc, nodes[i], e));
	return DONE;
}

/* What decides who has to sign is signed itself. It stands once in the payload, which the caller made sure of. */
static outcome check_kind(const struct conf_inner *demand, const struct document *doc, struct err *e)
{
	if (!demand->kind || !demand->covers)
		return DONE;
	for (xmlNode *n = doc->named; n; n = node_next(doc->named, n)) {
		if (n->type == XML_ELEMENT_NODE && strcmp(node_local(n), demand->kind_element) == 0)
			return DONE;
	}
	return err_set(e, REASON_SEC_WRAPPED, "%.80s, which decides who signs, stands outside of %.80s", demand->kind_element,
		demand->covers);
}

static outcome read_all(struct judge *j, const struct payload *payload, struct err *e)
{
	struct document doc;
	bool cms = j->demand->forms & CONF_INNER_CMS;

	if (!payload)
		return err_set(e, REASON_INNER_ABSENT, "the message has no data");
	TRY(security_inner_document(payload, j->demand, &doc, e));
	TRY(check_kind(j->demand, &doc, e));
	if (!doc.top && (!cms || j->demand->cms))
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "data is base64 of something that is no XML document");
	if (!doc.top && j->demand->covers)
		return err_set(e, REASON_SEC_WRAPPED, "data is a CMS alone, and holds no element %.80s", j->demand->covers);
	if (!doc.top)
		return read_one_cms(j, &doc, NULL, e);
	TRY(read_xml(j, &doc, e));
	return cms ? read_cms(j, &doc, e) : DONE;
}

/* --- rules --- */

struct matching {
	const struct judge *judge;
	size_t signer_of[SIGNERS_MAX]; /* by rule; SIGNERS_MAX: none */
	bool tried[SIGNERS_MAX];       /* signers, in the present search */
};

/* Two signatures of one person, with whichever of the person's certificates, are the word of one. */
static bool is_same(const struct trust_cert *a, const struct trust_cert *b)
{
	if (a->who.iin && b->who.iin)
		return strcmp(a->who.iin, b->who.iin) == 0;
	return memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

static bool is_repeated(const struct judge *j, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_same(j->signer[k].certificate, j->signer[i].certificate))
			return true;
	}
	return false;
}

static bool fits(const struct judge *j, size_t rule, size_t signer, struct err *e)
{
	return trust_rule_holds(j->signer[signer].certificate, j->demand->rules[rule], j->sender_bin, e).ok;
}

static size_t rule_of(const struct matching *m, size_t signer)
{
	size_t rule = 0;

	while (rule < m->judge->demand->rule_count && m->signer_of[rule] != signer)
		rule++;
	return rule;
}

/* An augmenting path: a signer who serves another rule is taken when that rule finds another one. The depth is bounded by
 * the number of signers. */
static bool serve(struct matching *m, size_t rule)
{
	const struct judge *j = m->judge;

	for (size_t i = 0; i < j->n; i++) {
		size_t other;

		if (m->tried[i] || is_repeated(j, i) || !fits(j, rule, i, NULL))
			continue;
		m->tried[i] = true;
		other = rule_of(m, i);
		if (other < j->demand->rule_count && !serve(m, other))
			continue;
		m->signer_of[rule] = i;
		return true;
	}
	return false;
}

static size_t count_signers(const struct judge *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++)
		n += !is_repeated(j, i);
	return n;
}

/* Words for a rule that nobody serves: what is wrong with a signer who serves none; there is one, by their number. */
static outcome unserved(const struct matching *m, size_t rule, struct err *e)
{
	const struct judge *j = m->judge;
	size_t i = 0;

	while (i < j->n && (is_repeated(j, i) || rule_of(m, i) < j->demand->rule_count))
		i++;
	BUG_IF(i == j->n);
	if (fits(j, rule, i, e)) /* its place went to another signer who fits nothing else */
		return err_set(e, REASON_CERT_ROLE, "the signers do not suffice for rule %.80s", j->demand->rules[rule]->name);
	return FAILED;
}

/* "ROLE01, ROLE02": the roles of one signer. */
static void print_roles(const struct trust_subject *who, struct buf *out)
{
	for (size_t i = 0; i < who->dc.n; i++)
		buf_printf(out, "%s%s", i ? " " : "", who->dc.name[i]);
	if (!who->dc.n)
		buf_str(out, "none");
}

/* Who may sign this kind of document, and who did; `why` ends the words. */
static outcome refuse_roles(const struct judge *j, const char *why, struct err *e)
{
	SCOPED(buf_free) struct buf words = BUF(4096);

	buf_printf(&words, "%.60s demands", j->demand->kind);
	for (size_t i = 0; i < j->demand->rule_count; i++)
		buf_printf(&words, "%s %s", i ? "," : "", j->demand->rules[i]->name);
	buf_str(&words, "; DC of the signers: ");
	for (size_t i = 0; i < j->n; i++) {
		if (is_repeated(j, i))
			continue;
		buf_str(&words, i ? "; " : "");
		print_roles(&j->signer[i].certificate->who, &words);
	}
	return err_set(e, REASON_INNER_ROLE, "%.190s; %.60s", buf_cstr(&words), why);
}

static outcome unserved_kind(const struct matching *m, size_t rule, struct err *e)
{
	struct err why;

	(void)unserved(m, rule, &why);
	return refuse_roles(m->judge, why.detail, e);
}

static outcome match(struct judge *j, struct err *e)
{
	struct matching m = {.judge = j};

	if (j->n == 0)
		return err_set(e, REASON_INNER_ABSENT, "no signature in data");
	if (count_signers(j) < j->demand->rule_count && j->demand->kind)
		return refuse_roles(j, "a signer is missing", e);
	if (count_signers(j) < j->demand->rule_count)
		return err_set(e, REASON_INNER_ABSENT, "%zu signers, and %zu are demanded", count_signers(j),
			j->demand->rule_count);
	for (size_t rule = 0; rule < SIGNERS_MAX; rule++)
		m.signer_of[rule] = SIGNERS_MAX;
	for (size_t rule = 0; rule < j->demand->rule_count; rule++) {
		memset(m.tried, 0, sizeof m.tried);
		if (!serve(&m, rule))
			return j->demand->kind ? unserved_kind(&m, rule, e) : unserved(&m, rule, e);
	}
	for (size_t rule = 0; rule < j->demand->rule_count; rule++)
		j->signer[m.signer_of[rule]].rule = j->demand->rules[rule]->name;
	return DONE;
}

/* --- the whole --- */

/* The reasons of single signatures in the words of the demand. */
static outcome refuse(struct err *e)
{
	struct err why = *e;
	const char *name = reason_row(why.reason)->name;

	switch (why.reason) {
	case REASON_MEMORY:
	case REASON_INTERNAL:
	case REASON_INNER_ABSENT:
	case REASON_INNER_ROLE:
		return FAILED;
	case REASON_CERT_UNKNOWN:
	case REASON_CERT_EXPIRED:
	case REASON_CERT_USAGE:
	case REASON_CERT_WEAK:
	case REASON_CERT_OWNER:
	case REASON_CERT_ROLE:
	case REASON_CERT_BLOCKED:
	case REASON_CERT_REVOKED:
	case REASON_CERT_STATUS:
		return err_set(e, why.reason, "inner signature: %.200s", why.detail);
	case REASON_SEC_SIGNATURE_ABSENT:
		return err_set(e, REASON_INNER_ABSENT, "%.200s", why.detail);
	case REASON_SEC_TOKEN_UNKNOWN:
		return err_set(e, REASON_CERT_UNKNOWN, "inner signature: %.200s", why.detail);
	case REASON_SEC_REFERENCE:
	case REASON_SEC_WRAPPED:
	case REASON_XML_DUPLICATE_ID:
		return err_set(e, REASON_INNER_COVERAGE, "%s: %.200s", name, why.detail);
	default:
		return err_set(e, REASON_INNER_WRONG, "%s: %.200s", name, why.detail);
	}
}

static outcome verify(struct pool *pool, const struct payload *payload, const struct conf_inner *demand,
	const char *sender_bin, struct trust *trust, int64_t now_ms, struct inner_result *out, struct err *e)
{
	struct judge j = {.pool = pool, .demand = demand, .sender_bin = sender_bin, .trust = trust, .now_ms = now_ms};
	struct err why = {.reason = REASON_NONE};

	j.signer = pool_alloc(pool, SIGNERS_MAX * sizeof *j.signer);
	if (!j.signer)
		return err_set(e, REASON_MEMORY, "signers of a document");
	if (!read_all(&j, payload, &why).ok || !match(&j, &why).ok) {
		refuse(&why);
		if (e)
			*e = why;
		return FAILED;
	}
	*out = (struct inner_result){j.signer, j.n};
	return DONE;
}

outcome inner_verify(struct pool *pool, const struct payload *payload, const struct conf_inner *demand,
	const char *sender_bin, struct trust *trust, int64_t now_ms, struct inner_result *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, verify(pool, payload, demand, sender_bin, trust, now_ms, out, e), e);
}

void inner_print(const struct inner_result *result, struct buf *out)
{
	for (size_t i = 0; i < result->n; i++) {
		const struct inner_signer *s = &result->signer[i];
		char at[STAMP_TEXT];

		buf_printf(out, "%s%s %s", i ? "\n" : "", s->kind == INNER_CMS ? "cms" : "xml", signature_row(s->signature)->name);
		if (s->rule)
			buf_printf(out, ", rule %s", s->rule);
		if (s->signed_ms) {
			stamp_print(stamp_at(s->signed_ms), at);
			buf_printf(out, ", signed %s", at);
		}
		if (s->stamp.n)
			buf_printf(out, ", time-stamp %s", s->stamped ? "right" : "enclosed, not checked");
		buf_printf(out, ", certificate %s, %s", s->certificate->print, s->certificate->subject);
	}
}
