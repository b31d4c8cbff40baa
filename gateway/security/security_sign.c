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

enum { HEADER_MAX = 128 * 1024, BODY_TAG_GROWTH = 512, ID_ROOM = 48 };

static void close_buf(void *buf)
{
	buf_free(buf);
}

/* A buffer that lives as long as the pool. */
static struct buf *pool_buf(struct pool *pool, size_t ceiling)
{
	struct buf *b = POOL_NEW(pool, struct buf);

	if (!b)
		return NULL;
	*b = BUF(ceiling);
	return pool_closes(pool, close_buf, b) ? b : NULL;
}

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

/* Gives the Body a wsu:Id, in place of another identifier if it has one, and parses again. */
static outcome give_id(struct pool *pool, const struct envelope_limits *limits, struct envelope **env,
	struct err *e)
{
	const struct element *body = envelope_body(*env);
	const struct bytes text = envelope_text(*env);
	const xmlNs *bound = xmlSearchNs(envelope_doc(*env), body->node, (const xmlChar *)"wsu");
	const size_t tag_end = body->inner - 1;
	struct buf *tag = pool_buf(pool, BODY_TAG_GROWTH + body->inner), *copy;
	struct edit edits[2] = {{tag_end, tag_end, BYTES_NONE}, {tag_end, tag_end, BYTES_NONE}};
	char fresh[ID_ROOM];

	if (bound && strcmp((const char *)bound->href, NS_WSU) != 0)
		return err_set(e, REASON_XML_NAMESPACE, "the Body binds the prefix wsu to %.120s",
			(const char *)bound->href);
	copy = pool_buf(pool, text.n + BODY_TAG_GROWTH + body->inner);
	if (!tag || !copy)
		return err_set(e, REASON_MEMORY, "signing");
	find_id(text, body->start, body->inner, &edits[0].from, &edits[0].to);
	if (!bound)
		buf_str(tag, " xmlns:wsu=\"" NS_WSU "\"");
	buf_printf(tag, " wsu:Id=\"%s\"", value_for_id(*env, fresh));
	edits[1].with = buf_bytes(tag);
	envelope_splice(text, edits, 2, copy);
	if (!buf_ok(tag) || !buf_ok(copy))
		return err_set(e, REASON_MEMORY, "signing");
	return envelope_parse(pool, buf_bytes(copy), limits, env, e);
}

/* --- the new Header --- */

struct header {
	const struct sign_options *options;
	enum signature signature;
	const char *body_id;
	char token_id[ID_ROOM];
	struct buf *out;
	struct err *e;
};

/* For what our own canonical form does not cover. */
static outcome tree_digest(xmlNode *node, enum digest d, unsigned char value[64], size_t *n, struct err *e)
{
	outcome made;

	digest_begin(d);
	made = envelope_canonical(node, NULL, digest_add, NULL, e);
	*n = digest_end(value);
	return made;
}

static outcome write_digest(const struct header *h, const struct envelope *env, struct buf *b)
{
	const enum digest d = signature_row(h->signature)->digest;
	const xmlNode *body = envelope_body(env)->node;
	unsigned char value[64];
	size_t n;

	if (!security_canonical_digest(env, body, NULL, d, value, &n))
		TRY(tree_digest(envelope_body(env)->node, d, value, &n, h->e));
	buf_printf(b, "<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>",
		digest_row(d)->uri);
	buf_base64(b, (struct bytes){value, n});
	buf_str(b, "</ds:DigestValue>");
	return DONE;
}

/* SignedInfo behind its own start tag, in canonical form. */
static outcome write_signed_info(const struct header *h, const struct envelope *env, struct buf *b)
{
	buf_printf(b,
		"<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N "\"></ds:CanonicalizationMethod>"
		"<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>"
		"<ds:Reference URI=\"#%s\"><ds:Transforms>"
		"<ds:Transform Algorithm=\"" NS_EXC_C14N "\"></ds:Transform></ds:Transforms>",
		signature_row(h->signature)->uri, h->body_id);
	TRY(write_digest(h, env, b));
	buf_str(b, "</ds:Reference></ds:SignedInfo>");
	return DONE;
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

static outcome write_signature(const struct header *h, const struct envelope *env)
{
	static const char start[] = "<ds:SignedInfo xmlns:ds=\"" NS_DSIG "\">";
	SCOPED(buf_free) struct buf octets = BUF(HEADER_MAX), value = BUF(HEADER_MAX);
	char id[ID_ROOM];

	buf_str(&octets, start);
	TRY(write_signed_info(h, env, &octets));
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
	TRY(write_signature(h, env));
	buf_printf(h->out, "</wsse:Security></%s:Header>", soap);
	return buf_ok(h->out) ? DONE : err_set(h->e, REASON_MEMORY, "signing");
}

/* Puts the Header in the place of the old one, or first in the Envelope; only the Envelope remains. */
static outcome splice(const struct envelope *env, struct bytes header, struct buf *out, struct err *e)
{
	const struct element *root = envelope_root(env), *old = envelope_header(env);
	const struct bytes text = envelope_text(env);
	const struct edit edits[] = {
		{0, root->start, BYTES_NONE},
		{old ? old->start : root->inner, old ? old->end : root->inner, header},
		{root->end, text.n, BYTES_NONE},
	};

	envelope_splice(text, edits, sizeof edits / sizeof edits[0], out);
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "signing");
}

static outcome sign(struct pool *pool, struct bytes message, const struct sign_options *options,
	struct buf *out, struct err *e)
{
	/* Whoever brings a message here has admitted its size. */
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(buf_free) struct buf text = BUF(HEADER_MAX);
	struct header h = {.options = options, .out = &text, .e = e};
	struct envelope *env = NULL;

	BUG_IF(options->form != CONF_FORM_KEY_IDENTIFIER && options->form != CONF_FORM_ISSUER_SERIAL &&
		options->form != CONF_FORM_BST && options->form != CONF_FORM_X509_DATA);
	limits.bytes = message.n + HEADER_MAX;
	limits.elements = limits.bytes;
	TRY(envelope_parse(pool, message, &limits, &env, e));
	if (!usable_id(env))
		TRY(give_id(pool, &limits, &env, e));
	h.body_id = usable_id(env);
	h.signature = options->signature == SIGNATURE_COUNT ? options->key->usual : options->signature;
	TRY(write_header(&h, env));
	return splice(env, buf_bytes(&text), out, e);
}

outcome security_sign(struct pool *pool, struct bytes message, const struct sign_options *options,
	struct buf *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, sign(pool, message, options, out, e), e);
}
