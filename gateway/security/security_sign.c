/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_sign - our transport signature, spliced into the octets of a message.
 * Promise:  only the Header is new, and the Body's identifier when it had none that is usable; nothing is
 *           serialised from a tree. SignedInfo is written in canonical form at once, so what is signed is
 *           known without canonicalising it.
 * Not here: keys (trust).
 * Spec:     bus contract sections 4.2, 4.3, 4.9 (the prefixes wsse, wsu, ds are looked for literally). */
#include "base/ident.h"
#include "base/memory.h"

#include "security/security_int.h"

enum {
	HEADER_MAX = 128 * 1024,
	HEADER_USUAL = 4000, /* with a token; taken at once, as for SignedInfo, and not in steps */
	SIGNED_INFO_USUAL = 1500,
	TAG_GROWTH = 512, /* of the Body's start tag */
	ID_ROOM = 48,
	ID_EDITS = 2,
	EDITS_MOST = 16
};

/* `prefix` and a fresh UUID: an NCName, as an identifier must be. */
static void fresh_id(const char *prefix, char out[ID_ROOM])
{
	char uuid[37];

	uuid_new(uuid);
	snprintf(out, ID_ROOM, "%s-%s", prefix, uuid);
}

/* --- the Body's identifier --- */

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_id_name(struct bytes name)
{
	struct bytes local = name;

	if (name.n >= 6 && memcmp(name.p, "xmlns:", 6) == 0)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ':')
			local = bytes_sub(name, i + 1, name.n);
	}
	return bytes_is(local, "Id") || bytes_is(local, "ID") || bytes_is(local, "id");
}

/* Where the identifying attribute stands in a well-formed start tag, from the white space before it to behind
 * its closing quote; false when there is none. */
static bool find_id(struct bytes text, size_t start, size_t inner, size_t *from, size_t *to)
{
	size_t at = start + 1;

	while (!is_space(text.p[at]) && text.p[at] != '>')
		at++;
	for (;;) {
		size_t before = at, name, name_end;
		unsigned char quote;

		while (is_space(text.p[at]))
			at++;
		if (at >= inner - 1)
			return false;
		for (name = at; text.p[at] != '=' && !is_space(text.p[at]);)
			at++;
		name_end = at;
		while (text.p[at] != '"' && text.p[at] != '\'')
			at++;
		quote = text.p[at++];
		while (text.p[at] != quote)
			at++;
		at++;
		if (is_id_name(bytes_sub(text, name, name_end))) {
			*from = before;
			*to = at;
			return true;
		}
	}
}

/* The Body's wsu:Id when a reference can name it. */
static const char *usable_id(const struct envelope *env)
{
	const char *id = security_node_value(envelope_body(env)->node, NS_WSU, "Id");

	return id && security_ncname(id) ? id : NULL;
}

/* An identifier without that namespace keeps its value: a Body has one identifier only. */
static const char *value_for_id(const struct envelope *env, char fresh[ID_ROOM])
{
	static const char *const names[] = {"Id", "ID", "id"};

	for (size_t i = 0; i < 3; i++) {
		const char *id = security_node_value(envelope_body(env)->node, "", names[i]);

		if (id && security_ncname(id))
			return id;
	}
	fresh_id("id", fresh);
	return fresh;
}

/* The edits that give the Body a wsu:Id, in place of another identifier if it has one. */
static outcome id_edits(struct pool *pool, const struct envelope *env, struct edit edits[ID_EDITS], const char **id,
	struct err *e)
{
	const struct element *body = envelope_body(env);
	const xmlNs *bound = xmlSearchNs(envelope_doc(env), body->node, (const xmlChar *)"wsu");
	const size_t tag_end = body->inner - 1;
	char fresh[ID_ROOM];
	const char *words;

	if (bound && strcmp((const char *)bound->href, NS_WSU) != 0)
		return err_set(e, REASON_XML_NAMESPACE, "the Body binds the prefix wsu to %.120s",
			(const char *)bound->href);
	*id = pool_copy(pool, bytes_str(value_for_id(env, fresh)));
	words = *id ? pool_printf(pool, "%s wsu:Id=\"%s\"", bound ? "" : " xmlns:wsu=\"" NS_WSU "\"", *id) : NULL;
	if (!words)
		return err_set(e, REASON_MEMORY, "signing");
	edits[0] = (struct edit){tag_end, tag_end, BYTES_NONE};
	edits[1] = (struct edit){tag_end, tag_end, bytes_str(words)};
	find_id(envelope_text(env), body->start, body->inner, &edits[0].from, &edits[0].to);
	return DONE;
}

/* --- the new Header --- */

struct header {
	const struct sign_options *options;
	enum signature signature;
	const char *body_id;
	struct bytes body_digest;
	char token_id[ID_ROOM];
	struct buf *out;
	struct err *e;
};

/* SignedInfo behind its own start tag, in canonical form. */
static void write_signed_info(const struct header *h, struct buf *b)
{
	buf_printf(b,
		"<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N "\"></ds:CanonicalizationMethod>"
		"<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>"
		"<ds:Reference URI=\"#%s\"><ds:Transforms>"
		"<ds:Transform Algorithm=\"" NS_EXC_C14N "\"></ds:Transform></ds:Transforms>"
		"<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>",
		signature_row(h->signature)->uri, h->body_id, digest_row(signature_row(h->signature)->digest)->uri);
	buf_base64(b, h->body_digest);
	buf_str(b, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
}

static void write_issuer_serial(const struct trust_key *key, struct buf *b)
{
	buf_str(b, "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>");
	buf_xml(b, bytes_str(key->issuer));
	buf_printf(b, "</ds:X509IssuerName><ds:X509SerialNumber>%s</ds:X509SerialNumber>", key->serial);
	buf_str(b, "</ds:X509IssuerSerial></ds:X509Data>");
}

static void write_key_info(const struct header *h)
{
	const struct trust_key *key = h->options->key;
	const bool by_serial = h->options->form == CONF_FORM_ISSUER_SERIAL;
	char key_info_id[ID_ROOM], reference_id[ID_ROOM];
	struct buf *b = h->out;

	if (by_serial) { /* WSS4J names these elements, and receivers were seen that expect it */
		fresh_id("KI", key_info_id);
		fresh_id("STR", reference_id);
		buf_printf(b, "<ds:KeyInfo Id=\"%s\"><wsse:SecurityTokenReference wsu:Id=\"%s\">",
			key_info_id, reference_id);
		write_issuer_serial(key, b);
	} else {
		buf_str(b, "<ds:KeyInfo><wsse:SecurityTokenReference>");
	}
	if (h->options->form == CONF_FORM_KEY_IDENTIFIER)
		buf_printf(b, "<wsse:KeyIdentifier EncodingType=\"" WSS_BASE64 "\" ValueType=\"" WSS_X509V3
			"\">%s</wsse:KeyIdentifier>", key->base64);
	else if (h->options->form == CONF_FORM_BST)
		buf_printf(b, "<wsse:Reference URI=\"#%s\" ValueType=\"" WSS_X509V3 "\"/>", h->token_id);
	else if (!by_serial)
		buf_printf(b, "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>",
			key->base64);
	buf_str(b, "</wsse:SecurityTokenReference></ds:KeyInfo>");
}

static outcome write_signature(const struct header *h)
{
	static const char start[] = "<ds:SignedInfo xmlns:ds=\"" NS_DSIG "\">";
	SCOPED(buf_free) struct buf octets = BUF(HEADER_MAX), value = BUF(HEADER_MAX);
	char id[ID_ROOM];

	buf_reserve(&octets, SIGNED_INFO_USUAL);
	buf_str(&octets, start);
	write_signed_info(h, &octets);
	if (!buf_ok(&octets))
		return err_set(h->e, REASON_MEMORY, "signing");
	TRY(trust_sign(h->options->key, h->signature, buf_bytes(&octets), &value, h->e));
	buf_str(h->out, "<ds:Signature xmlns:ds=\"" NS_DSIG "\"");
	if (h->options->form == CONF_FORM_ISSUER_SERIAL) {
		fresh_id("SIG", id);
		buf_printf(h->out, " Id=\"%s\"", id);
	}
	/* As signed, but ds is declared on the Signature above. */
	buf_str(h->out, "><ds:SignedInfo>");
	buf_add(h->out, bytes_sub(buf_bytes(&octets), sizeof start - 1, octets.len));
	buf_str(h->out, "<ds:SignatureValue>");
	buf_base64(h->out, buf_bytes(&value));
	buf_str(h->out, "</ds:SignatureValue>");
	write_key_info(h);
	buf_str(h->out, "</ds:Signature>");
	return buf_ok(&value) ? DONE : err_set(h->e, REASON_MEMORY, "signing");
}

/* The sender's prefix of the SOAP namespace, or NULL when it cannot serve an attribute in our header. */
static const char *soap_prefix(const struct envelope *env)
{
	static const char *const ours[] = {"wsse", "wsu", "ds"};
	const xmlNs *ns = envelope_root(env)->node->ns;

	for (size_t i = 0; ns->prefix && i < 3; i++) {
		if (strcmp((const char *)ns->prefix, ours[i]) == 0)
			return NULL;
	}
	return (const char *)ns->prefix;
}

static outcome write_header(struct header *h, const struct envelope *env)
{
	const char *theirs = soap_prefix(env), *soap = theirs ? theirs : "soapenv";

	buf_reserve(h->out, HEADER_USUAL);
	buf_printf(h->out, "<%s:Header", soap);
	if (!theirs)
		buf_str(h->out, " xmlns:soapenv=\"" NS_SOAP11 "\"");
	buf_printf(h->out, "><wsse:Security xmlns:wsse=\"" NS_WSSE "\"");
	if (h->options->form == CONF_FORM_BST || h->options->form == CONF_FORM_ISSUER_SERIAL)
		buf_str(h->out, " xmlns:wsu=\"" NS_WSU "\"");
	buf_printf(h->out, " %s:mustUnderstand=\"1\">", soap);
	if (h->options->form == CONF_FORM_BST) {
		fresh_id("X509", h->token_id);
		buf_printf(h->out,
			"<wsse:BinarySecurityToken EncodingType=\"" WSS_BASE64 "\" ValueType=\"" WSS_X509V3
			"\" wsu:Id=\"%s\">%s</wsse:BinarySecurityToken>",
			h->token_id, h->options->key->base64);
	}
	TRY(write_signature(h));
	buf_printf(h->out, "</wsse:Security></%s:Header>", soap);
	return buf_ok(h->out) ? DONE : err_set(h->e, REASON_MEMORY, "signing");
}

/* --- the Body as it will be --- */

/* What is signed: a message with some of its Body changed. */
struct draft {
	const struct envelope *env;
	struct edit edits[ID_EDITS + EDITS_MOST];
	size_t n;
	bool renamed; /* the Body gets another identifier, and perhaps the declaration for it */
};

static outcome draft_make(struct pool *pool, struct draft *d, const struct edit *edits, size_t n, const char **body_id,
	struct err *e)
{
	BUG_IF(n > EDITS_MOST);
	*body_id = usable_id(d->env);
	if (!*body_id) {
		TRY(id_edits(pool, d->env, d->edits, body_id, e));
		d->n = ID_EDITS;
		d->renamed = true;
	}
	for (size_t i = 0; i < n; i++)
		d->edits[d->n++] = edits[i];
	return DONE;
}

/* Cuts out the octets that are their own canonical form; false when there are none, an edit reaches into them, or they could
 * stand in other namespaces than those they were judged in. */
static bool find_own(const struct draft *d, struct edit *cut)
{
	const struct bytes own = envelope_own(d->env)->octets;
	const size_t from = own.n > 0 ? (size_t)(own.p - envelope_text(d->env).p) : 0;

	*cut = (struct edit){from, from + own.n, BYTES_NONE};
	for (size_t i = 0; i < d->n; i++) {
		if (d->edits[i].from < cut->to && d->edits[i].to > from)
			return false;
	}
	return own.n > 0 && !d->renamed;
}

/* The Body with its edits, and with the cut, if there is one. Gives where that was. */
static size_t write_body(const struct draft *d, const struct edit *cut, struct buf *out)
{
	const struct element *body = envelope_body(d->env);
	struct edit within[ID_EDITS + EDITS_MOST + 1];
	size_t n = 0, at = cut ? cut->from - body->start : 0;

	for (size_t i = 0; i < d->n || cut; n++) {
		if (cut && (i == d->n || d->edits[i].from >= cut->to)) {
			within[n] = *cut;
			cut = NULL;
		} else {
			within[n] = d->edits[i++];
			at += cut ? within[n].with.n - (within[n].to - within[n].from) : 0;
		}
		within[n].from -= body->start;
		within[n].to -= body->start;
	}
	envelope_splice(bytes_sub(envelope_text(d->env), body->start, body->end), within, n, out);
	return at;
}

/* Of the Body as it will be, in which the cut is not written but known; false when our own canonical form does not cover
 * it. */
static bool digest_octets(const struct draft *d, const struct edit *cut, enum digest kind, unsigned char out[64], size_t *n)
{
	const struct element *root = envelope_root(d->env);
	const struct bytes text = envelope_text(d->env), above = bytes_sub(text, root->start, root->inner);
	SCOPED(buf_free) struct buf body = BUF(text.n + HEADER_MAX);
	struct canonical_place place = {.above = &above, .depth = 1};
	const size_t at = write_body(d, cut, &body);
	enum canonical made;

	if (!buf_ok(&body))
		return false;
	place.element = buf_bytes(&body);
	if (cut) {
		place.own = envelope_own(d->env);
		place.own_at = body.data + at;
	}
	digest_begin(kind);
	made = canonical_write(&place, NULL, digest_add, NULL);
	*n = digest_end(out);
	return made == CANONICAL_WHOLE;
}

static outcome digest_tree(const struct draft *d, enum digest kind, unsigned char out[64], size_t *n, struct err *e)
{
	outcome made;

	TRY(envelope_whole(d->env, e));
	digest_begin(kind);
	made = envelope_canonical(envelope_body(d->env)->node, NULL, digest_add, NULL, e);
	*n = digest_end(out);
	return made;
}

/* Of the Body that was verified and stays as it is: its octets, and the Envelope's start tag, are what its digest in the
 * sender's signature was checked against. */
static bool digest_known(const struct draft *d, const struct verified *v, enum digest kind, unsigned char out[64], size_t *n)
{
	const struct bytes known = v && d->n == 0 ? security_verified_body(v, kind) : BYTES_NONE;

	if (known.n == 0)
		return false;
#ifdef QAQPA_BOTH_VERDICTS
	BUG_IF(digest_octets(d, NULL, kind, out, n) && !bytes_eq((struct bytes){out, *n}, known));
#endif
	memcpy(out, known.p, known.n);
	*n = known.n;
	return true;
}

/* The edits made first, so that there is a tree of what is signed. */
static outcome sign_anew(struct pool *pool, const struct draft *d, const struct sign_options *options, struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf whole = BUF(out->ceiling);

	envelope_splice(envelope_text(d->env), d->edits, d->n, &whole);
	if (!buf_ok(&whole))
		return err_set(e, REASON_MEMORY, "signing");
	return security_sign(pool, buf_bytes(&whole), options, out, e);
}

/* Puts the Header in the place of the old one, or first in the Envelope, and makes the edits of the Body; only the Envelope
 * remains. `rest` as for security_sign_verified. */
static outcome splice(const struct draft *d, struct bytes header, struct buf *out, struct bytes *rest, struct err *e)
{
	const struct element *root = envelope_root(d->env), *old = envelope_header(d->env);
	const struct bytes text = envelope_text(d->env);
	struct edit edits[ID_EDITS + EDITS_MOST + 3];
	size_t n = 0;

	edits[n++] = (struct edit){0, root->start, BYTES_NONE};
	edits[n++] = (struct edit){old ? old->start : root->inner, old ? old->end : root->inner, header};
	for (size_t i = 0; i < d->n; i++)
		edits[n++] = d->edits[i];
	if (root->end < text.n)
		edits[n++] = (struct edit){root->end, text.n, BYTES_NONE};
	if (rest)
		envelope_splice_front(text, edits, n, out, rest);
	else
		envelope_splice(text, edits, n, out);
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "signing");
}

static outcome sign_edited(struct pool *pool, const struct envelope *env, const struct verified *v, const struct edit *edits,
	size_t n, const struct sign_options *options, struct buf *out, struct bytes *rest, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(HEADER_MAX);
	struct header h = {.options = options, .out = &text, .e = e};
	struct draft d = {.env = env};
	unsigned char digest[64];
	enum digest kind;
	struct edit cut;

	BUG_IF(options->form != CONF_FORM_KEY_IDENTIFIER && options->form != CONF_FORM_ISSUER_SERIAL &&
		options->form != CONF_FORM_BST && options->form != CONF_FORM_X509_DATA);
	TRY(draft_make(pool, &d, edits, n, &h.body_id, e));
	h.signature = options->signature == SIGNATURE_COUNT ? options->key->usual : options->signature;
	kind = signature_row(h.signature)->digest;
	h.body_digest.p = digest;
	if (!digest_known(&d, v, kind, digest, &h.body_digest.n) &&
		!(find_own(&d, &cut) && digest_octets(&d, &cut, kind, digest, &h.body_digest.n)) &&
		!digest_octets(&d, NULL, kind, digest, &h.body_digest.n)) {
		if (d.n > 0)
			return sign_anew(pool, &d, options, out, e);
		TRY(digest_tree(&d, kind, digest, &h.body_digest.n, e));
	}
	TRY(write_header(&h, env));
	return splice(&d, buf_bytes(&text), out, rest, e);
}

static outcome sign(struct pool *pool, struct bytes message, const struct sign_options *options, struct buf *out,
	struct err *e)
{
	/* Whoever brings a message here has admitted its size. */
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env = NULL;

	limits.bytes = message.n + HEADER_MAX;
	limits.elements = limits.bytes;
	TRY(envelope_parse_frame(pool, message, &limits, &env, e));
	return sign_edited(pool, env, NULL, NULL, 0, options, out, NULL, e);
}

outcome security_sign(struct pool *pool, struct bytes message, const struct sign_options *options,
	struct buf *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, sign(pool, message, options, out, e), e);
}

outcome security_sign_edited(struct pool *pool, const struct envelope *env, const struct edit *edits, size_t n,
	const struct sign_options *options, struct buf *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, sign_edited(pool, env, NULL, edits, n, options, out, NULL, e), e);
}

outcome security_sign_verified(struct pool *pool, const struct verified *v, const struct edit *edits, size_t n,
	const struct sign_options *options, struct buf *out, struct bytes *rest, struct err *e)
{
	size_t before = memory_refusals();

	if (rest)
		*rest = BYTES_NONE;
	return memory_judge(before, sign_edited(pool, verified_envelope(v), v, edits, n, options, out, rest, e), e);
}
