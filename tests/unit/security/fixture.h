/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixture - one sender with real keys, one rogue, and messages put together from pieces and signed here.
 *
 * complete() digests and signs with libxml2's node-set canonicalisation, which shares no code with the room
 * or with envelope; so what it makes is an independent opinion on what a signature covers.
 */
#ifndef QAQPA_TEST_SECURITY_FIXTURE_H
#define QAQPA_TEST_SECURITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "security/security.h"

#define PKI BINARY_DIR "/test-pki"
#define MEMORY (64 << 20)

#define WSS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
#define B64 WSS "soap-message-security-1.0#Base64Binary"
#define X509V3 WSS "x509-token-profile-1.0#X509v3"
#define X509SKI WSS "x509-token-profile-1.0#X509SubjectKeyIdentifier"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define EXC "http://www.w3.org/2001/10/xml-exc-c14n#"
#define INC "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

#define XMLNS_WSU " xmlns:wsu=\"" NS_WSU "\""
#define PAYLOAD(data) \
	"<m:SendMessage xmlns:m=\"urn:m\"><request><requestData><data>" data "</data></requestData></request></m:SendMessage>"
#define BODY_AS(attributes, data) "<soapenv:Body" attributes ">" PAYLOAD(data) "</soapenv:Body>"
#define BODY BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", "100")
#define SECURITY "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"" XMLNS_WSU " soapenv:mustUnderstand=\"1\">"
#define C14N "<ds:CanonicalizationMethod Algorithm=\"" EXC "\"/>"
#define METHOD_AS(uri) "<ds:SignatureMethod Algorithm=\"" uri "\"/>"
#define METHOD METHOD_AS(MORE "rsa-sha256")
#define TRANSFORM(uri) "<ds:Transform Algorithm=\"" uri "\"/>"
#define ENVELOPED TRANSFORM(NS_DSIG "enveloped-signature")
#define DIGEST_AS(uri) "<ds:DigestMethod Algorithm=\"" uri "\"/><ds:DigestValue>?</ds:DigestValue>"
#define DIGEST DIGEST_AS(ENC "sha256")
#define REFERENCE_AS(attributes, transforms, digest) \
	"<ds:Reference" attributes "><ds:Transforms>" transforms "</ds:Transforms>" digest "</ds:Reference>"
#define REFERENCE(uri) REFERENCE_AS(" URI=\"" uri "\"", TRANSFORM(EXC), DIGEST)
#define VALUE "<ds:SignatureValue>?</ds:SignatureValue>"
#define KEY_INFO_AS(inside) \
	"<ds:KeyInfo><wsse:SecurityTokenReference>" inside "</wsse:SecurityTokenReference></ds:KeyInfo>"
#define KEY_IDENTIFIER(text) \
	"<wsse:KeyIdentifier EncodingType=\"" B64 "\" ValueType=\"" X509V3 "\">" text "</wsse:KeyIdentifier>"
#define KEY_INFO KEY_INFO_AS(KEY_IDENTIFIER("{CERT}"))
#define TOKEN_AS(id, type, text) \
	"<wsse:BinarySecurityToken EncodingType=\"" B64 "\" ValueType=\"" type "\" wsu:Id=\"" id "\">" text \
	"</wsse:BinarySecurityToken>"
#define TOKEN(id, text) TOKEN_AS(id, X509V3, text)
#define TOKEN_REFERENCE(uri) KEY_INFO_AS("<wsse:Reference URI=\"" uri "\" ValueType=\"" X509V3 "\"/>")
#define TIMESTAMP(created, expires) \
	"<wsu:Timestamp wsu:Id=\"ts\"><wsu:Created>" created "</wsu:Created><wsu:Expires>" expires \
	"</wsu:Expires></wsu:Timestamp>"

/* Pieces of a message; NULL means the usual one. {CERT} {ROGUE} {ISSUER} {SERIAL} {SKI} and {T+seconds} are
 * filled in, every ? of a DigestValue and SignatureValue is computed by complete(). */
struct message {
	const char *blocks;     /* header blocks before Security */
	const char *security;   /* start tag of Security */
	const char *before;     /* in Security before the Signature */
	const char *c14n, *method, *references, *value, *key_info;
	const char *signature_tail; /* behind KeyInfo */
	const char *after;      /* in Security behind the Signature */
	const char *later;      /* header blocks behind Security */
	const char *body, *tail;
	bool plain;             /* the Signature stands in the Header without Security */
};

enum who { SENDER, SENDER_EC, SENDER_EC384, ROGUE, WHO_COUNT };

static struct {
	struct conf_profile profile;
	struct conf_participant sender, rogue;
	struct conf_key conf_keys[WHO_COUNT];
	struct trust *trust;
	const struct trust_key *key[WHO_COUNT];
	struct stamp now;
	char *ski;
	const char *row; /* that is being worked on */
} world;

static inline struct conf_profile open_profile(void)
{
	return (struct conf_profile){.name = "open", .forms = 31, .plain_id = true, .sha1 = true,
		.sign = CONF_FORM_KEY_IDENTIFIER, .skew_ms = 60000, .max_age_ms = 7 * 86400000};
}

static inline void world_ski(void)
{
	const unsigned char *p = world.key[SENDER]->der.p;
	X509 *x = d2i_X509(NULL, &p, (long)world.key[SENDER]->der.n);
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
	struct buf text = BUF(256);

	buf_base64(&text, (struct bytes){ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski)});
	world.ski = strdup(buf_cstr(&text));
	buf_free(&text);
	X509_free(x);
}

static inline void world_keys(void)
{
	static const char *const names[] = {
		"department", "department-ec", "department-ec384", "other-system"};
	struct err e = {0};

	for (int i = 0; i < WHO_COUNT; i++) {
		char *certificate, *key;

		assert_true(asprintf(&certificate, PKI "/%s.crt", names[i]) > 0);
		assert_true(asprintf(&key, PKI "/%s.key", names[i]) > 0);
		world.conf_keys[i] = (struct conf_key){
			.name = names[i], .certificate = certificate, .key = key};
		if (!trust_add_key(world.trust, &world.conf_keys[i], &e).ok)
			fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
		world.key[i] = trust_key_named(world.trust, names[i]);
		assert_non_null(world.key[i]);
	}
}

/* Once per program. */
static inline int world_make(void **state)
{
	static const char *const pinned[] = {PKI "/department.crt", PKI "/department-ec.crt",
		PKI "/department-ec384.crt"};
	struct err e = {0};

	(void)state;
	assert_int_equal(system("sh " SOURCE_DIR "/certs/make-test-pki " PKI " >/dev/null"), 0);
	assert_true(clock_zone("Asia/Almaty"));
	envelope_init();
	assert_true(security_init(&e).ok);
	world.profile = open_profile();
	world.sender = (struct conf_participant){.name = "sender", .certificates = {pinned, 3},
		.profile = &world.profile};
	world.trust = trust_new();
	if (!trust_add_participant(world.trust, &world.sender, &e).ok)
		fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
	world_keys();
	world_ski();
	/* A moment inside the certificates' life that does not depend on today. */
	world.now = stamp_at(world.key[SENDER]->not_after_ms - 180ll * 86400000);
	return 0;
}

static inline int world_drop(void **state)
{
	(void)state;
	trust_free(&world.trust);
	for (int i = 0; i < WHO_COUNT; i++) {
		free((void *)(uintptr_t)world.conf_keys[i].certificate);
		free((void *)(uintptr_t)world.conf_keys[i].key);
	}
	free(world.ski);
	return 0;
}

/* --- text --- */

static inline void replace(struct buf *text, const char *find, const char *with)
{
	struct buf out = BUF(MEMORY);
	char *at = strstr(buf_cstr(text), find);

	if (!at)
		fail_msg("%s: not in the message: %.200s", world.row, find);
	buf_add(&out, (struct bytes){text->data, (size_t)((unsigned char *)at - text->data)});
	buf_str(&out, with);
	buf_str(&out, at + strlen(find));
	buf_free(text);
	*text = out;
}

static inline void fill_in(struct buf *out, const char *name)
{
	char stamp[STAMP_TEXT];

	if (strncmp(name, "CERT", 4) == 0) {
		buf_str(out, world.key[SENDER]->base64);
	} else if (strncmp(name, "EC}", 3) == 0) {
		buf_str(out, world.key[SENDER_EC]->base64);
	} else if (strncmp(name, "EC384", 5) == 0) {
		buf_str(out, world.key[SENDER_EC384]->base64);
	} else if (strncmp(name, "ROGUE", 5) == 0) {
		buf_str(out, world.key[ROGUE]->base64);
	} else if (strncmp(name, "ISSUER", 6) == 0) {
		buf_xml(out, bytes_str(world.key[SENDER]->issuer));
	} else if (strncmp(name, "SERIAL", 6) == 0) {
		buf_str(out, world.key[SENDER]->serial);
	} else if (strncmp(name, "SKI", 3) == 0) {
		buf_str(out, world.ski);
	} else if (name[0] == 'T') {
		stamp_print(stamp_at(world.now.ms + strtoll(name + 1, NULL, 10) * 1000), stamp);
		buf_str(out, stamp);
	} else {
		fail_msg("unknown piece: %.20s", name);
	}
}

static inline void expand(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text != '{') {
			buf_char(out, *text);
			continue;
		}
		fill_in(out, text + 1);
		text = strchr(text, '}');
	}
}

static inline void compose(struct buf *text, const struct message *m)
{
	const char *pieces[] = {
		"<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"><soapenv:Header>",
		m->blocks ? m->blocks : "",
		m->plain	    ? "" :
			m->security ? m->security :
				      SECURITY,
		m->before ? m->before : "",
		"<ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:SignedInfo>",
		m->c14n ? m->c14n : C14N,
		m->method ? m->method : METHOD,
		m->references ? m->references : REFERENCE("#body"),
		"</ds:SignedInfo>",
		m->value ? m->value : VALUE,
		m->key_info ? m->key_info : KEY_INFO,
		m->signature_tail ? m->signature_tail : "",
		"</ds:Signature>",
		m->after ? m->after : "",
		m->plain ? "" : "</wsse:Security>",
		m->later ? m->later : "",
		"</soapenv:Header>",
		m->body ? m->body : BODY,
		m->tail ? m->tail : "",
		"</soapenv:Envelope>",
	};

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		expand(text, pieces[i]);
}

/* --- an independent signer --- */

/* Canonical octets of the first node of the expression. */
static inline void canonical_set(struct buf *out, const char *text, const char *xpath, int mode,
	xmlChar **prefixes)
{
	xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL,
		XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlXPathContext *ctx = xmlXPathNewContext(doc);
	xmlXPathObject *apex = xmlXPathEval((const xmlChar *)xpath, ctx), *set;
	xmlChar *octets = NULL;
	int n;

	if (!apex || xmlXPathNodeSetIsEmpty(apex->nodesetval))
		fail_msg("%s: nothing to sign: %s", world.row, xpath);
	ctx->node = apex->nodesetval->nodeTab[0];
	set = xmlXPathEval((const xmlChar *)".//. | .//@* | .//namespace::*", ctx);
	n = xmlC14NDocDumpMemory(doc, set->nodesetval, mode, prefixes, 0, &octets);
	assert_true(n >= 0);
	buf_add(out, (struct bytes){octets, (size_t)n});
	xmlFree(octets);
	xmlXPathFreeObject(set);
	xmlXPathFreeObject(apex);
	xmlXPathFreeContext(ctx);
	xmlFreeDoc(doc);
}

/* The value of an attribute as it stands in the text of [from, to). */
static inline char *attribute(const char *from, const char *to, const char *name)
{
	char *find, *at;

	assert_true(asprintf(&find, "%s=\"", name) > 0);
	at = memmem(from, (size_t)(to - from), find, strlen(find));
	if (at)
		at = strndup(at + strlen(find), strcspn(at + strlen(find), "\""));
	free(find);
	return at;
}

static inline size_t split(char *list, xmlChar **words)
{
	size_t n = 0;

	for (char *word; list && (word = strsep(&list, " "));) {
		if (*word)
			words[n++] = (xmlChar *)word;
	}
	words[n] = NULL;
	return n;
}

static inline void complete_digest(struct buf *text, const char *question)
{
	const char *from = buf_cstr(text), *start = from, *uri_end, *method = NULL;
	struct buf octets = BUF(MEMORY), value = BUF(256);
	char *id, *uri, *prefixes, *xpath;
	unsigned char digest[64];
	xmlChar *words[64];
	enum digest d;
	size_t n;

	for (const char *at = from; (at = strstr(at, "<ds:Reference ")) && at < question; at++)
		start = at;
	for (const char *at = start; (at = strstr(at, "<ds:DigestMethod")) && at < question; at++)
		method = at;
	uri_end = strchr(start, '>');
	id = attribute(start, uri_end, "URI");
	uri = attribute(method, question, "Algorithm");
	prefixes = attribute(start, question, "PrefixList");
	split(prefixes, words);
	d = digest_by_uri(uri);
	assert_true(d != DIGEST_COUNT);
	assert_true(asprintf(&xpath, "//*[@*[local-name()='Id']='%s']", id + 1) > 0);
	canonical_set(&octets, buf_cstr(text), xpath, XML_C14N_EXCLUSIVE_1_0, prefixes ? words : NULL);
	digest_begin(d);
	digest_add(NULL, octets.data, octets.len);
	n = digest_end(digest);
	buf_str(&value, "<ds:DigestValue>");
	buf_base64(&value, (struct bytes){digest, n});
	buf_str(&value, "</ds:DigestValue>");
	replace(text, "<ds:DigestValue>?</ds:DigestValue>", buf_cstr(&value));
	buf_free(&octets);
	buf_free(&value);
	free(id);
	free(uri);
	free(prefixes);
	free(xpath);
}

/* The octets of SignedInfo as its CanonicalizationMethod says. */
static inline void signed_info(struct buf *octets, const char *text)
{
	const char *from = strstr(text, "<ds:CanonicalizationMethod"),
		   *to = strstr(text, "<ds:SignatureMethod");
	char *prefixes = attribute(from, to, "PrefixList"), *uri = attribute(from, to, "Algorithm");
	xmlChar *words[64];

	split(prefixes, words);
	canonical_set(octets, text, "//*[local-name()='SignedInfo']",
		strcmp(uri, INC) == 0 ? XML_C14N_1_0 : XML_C14N_EXCLUSIVE_1_0, prefixes ? words : NULL);
	free(prefixes);
	free(uri);
}

static inline void complete_value(struct buf *text, enum who who)
{
	struct buf octets = BUF(MEMORY), raw = BUF(2048), value = BUF(4096);
	const char *method = strstr(buf_cstr(text), "<ds:SignatureMethod");
	char *uri = attribute(method, strchr(method, '>'), "Algorithm");
	enum signature s = signature_by_uri(uri);
	struct err e = {0};

	signed_info(&octets, buf_cstr(text));
	if (!trust_sign(world.key[who], s == SIGNATURE_COUNT ? world.key[who]->usual : s, buf_bytes(&octets),
		    &raw, &e)
			.ok)
		fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
	buf_str(&value, "<ds:SignatureValue>");
	buf_base64(&value, buf_bytes(&raw));
	buf_str(&value, "</ds:SignatureValue>");
	replace(text, VALUE, buf_cstr(&value));
	buf_free(&octets);
	buf_free(&raw);
	buf_free(&value);
	free(uri);
}

/* Computes what was left open. */
static inline void complete(struct buf *text, enum who who)
{
	const char *question;

	while ((question = strstr(buf_cstr(text), "<ds:DigestValue>?</ds:DigestValue>")))
		complete_digest(text, question);
	if (strstr(buf_cstr(text), VALUE))
		complete_value(text, who);
}

/* --- verification --- */

struct verdict {
	enum reason reason; /* REASON_NONE: verified */
	char detail[256];
	enum conf_form form;
	enum signature signature;
	enum digest digest;
	bool named;         /* `who` was given */
};

static inline struct verdict verify_at(struct bytes text, struct stamp now)
{
	struct pool *pool = pool_new(MEMORY);
	const struct trust_cert *who = NULL;
	const struct verified *v = NULL;
	struct verdict out = {0};
	struct envelope *env = NULL;
	struct err e = {0};

	if (envelope_parse_frame(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok &&
	    security_verify(pool, env, world.trust, now, &v, &who, &e).ok) {
		out.form = verified_form(v);
		out.signature = verified_signature(v);
		out.digest = verified_digest(v);
		assert_ptr_equal(verified_envelope(v), env);
		assert_ptr_equal(verified_participant(v), &world.sender);
		assert_ptr_equal(verified_certificate(v), who);
		assert_ptr_equal(verified_operation(v), envelope_operation(env));
	} else {
		assert_null(v);
		assert_int_not_equal(e.reason, REASON_NONE);
		out.reason = e.reason;
		memcpy(out.detail, e.detail, sizeof out.detail);
	}
	out.named = who != NULL;
	pool_free(&pool);
	return out;
}

static inline struct verdict verify(const struct buf *text)
{
	return verify_at(buf_bytes(text), world.now);
}

/* Says in words what differs. */
static inline bool as_expected(const char *row, const struct buf *text, enum reason wanted)
{
	struct verdict v = verify(text);

	if (v.reason != wanted)
		print_error("%s: %s expected, got %s (%s)\n%s\n", row, reason_row(wanted)->name,
			reason_row(v.reason)->name, v.detail, buf_cstr(text));
	return v.reason == wanted;
}

static inline void expect(const char *row, const struct buf *text, enum reason wanted)
{
	assert_true(as_expected(row, text, wanted));
}

#endif
