/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persons - authorised persons with real keys, documents that xmlsec1 (the library) signs for them, and the messages
 * around: what the tests of inner signatures share.
 *
 * seal() lets xmlsec1 fill in a Signature template, of whatever kind, so that an attack carries a signature that is
 * mathematically right. It shares no code with the room, which reads and digests by itself.
 */
#ifndef QAQPA_TESTS_SECURITY_PERSONS_H
#define QAQPA_TESTS_SECURITY_PERSONS_H

#include "../trust/pki.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/openssl/evp.h>

#include "security/inner.h"
#include "security/security.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define INC "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define ENVELOPED NS_DSIG "enveloped-signature"
#define MUCH (128u << 20)

enum person { DIRECTOR, ACCOUNTANT, EMPLOYEE, PERSON, FOREIGN, STRANGER, FORGED, EXPIRED, SYSTEM, TWIN, PERSONS };

/* Of the department, but for PERSON, who belongs to nobody, FOREIGN, of another organisation, and STRANGER, of no
 * authority. FORGED is of an authority that bears the name of the true one. TWIN is another certificate of DIRECTOR. */
static struct {
	EVP_PKEY *key[PERSONS];
	X509 *cert[PERSONS];
	const char *base64[PERSONS];
	struct trust *trust;
	struct pool *pool; /* of one test */
} persons;

#define BIN_OF(bin) "|O=Org|OU=BIN" bin
static const struct {
	const char *file;
	struct odd odd;
} person_rows[PERSONS] = {
	[DIRECTOR] = {"director", {.subject = "CN=D D|serialNumber=IIN900101300027" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"}},
	[ACCOUNTANT] = {"accountant", {.subject = "CN=A A|serialNumber=IIN900202300016" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE07",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.2"}},
	[EMPLOYEE] = {"employee", {.subject = "CN=E E|serialNumber=IIN900303300015" BIN_OF(DEPARTMENT_BIN),
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.5"}},
	[PERSON] = {"citizen", {.subject = "CN=P P|serialNumber=IIN900404300018",
		.purposes = "emailProtection,1.2.398.3.3.4.1.1"}},
	[FOREIGN] = {"foreign", {.subject = "CN=F F|serialNumber=IIN900505300013" BIN_OF(OTHER_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"}},
	[STRANGER] = {"stranger", {.subject = "CN=D D|serialNumber=IIN900101300027" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1", .ca = "itself"}},
	[FORGED] = {"forged", {.subject = "CN=D D|serialNumber=IIN900101300027" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1", .ca = "attacker-ca"}},
	[EXPIRED] = {"expired-one", {.subject = "CN=D D|serialNumber=IIN900101300027" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"}},
	[SYSTEM] = {"system", {.subject = "CN=S S" BIN_OF(DEPARTMENT_BIN)}},
	[TWIN] = {"twin", {.subject = "CN=D D|serialNumber=IIN900101300027" BIN_OF(DEPARTMENT_BIN) "|DC=ROLE01",
		.purposes = "emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"}},
};

#define OID(...) {(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)}
static const struct conf_rule rule_director = {.name = "director", .subjects = CONF_SUBJECT_EMPLOYEE,
	.any_of = OID("1.2.398.3.3.4.1.2.1"), .own_bin = true, .non_repudiation = true};
static const struct conf_rule rule_accountant = {.name = "accountant", .subjects = CONF_SUBJECT_EMPLOYEE,
	.any_of = OID("1.2.398.3.3.4.1.2.2"), .own_bin = true};
static const struct conf_rule rule_employee = {.name = "employee", .subjects = CONF_SUBJECT_EMPLOYEE, .own_bin = true};
static const struct conf_rule rule_anybody = {.name = "anybody"};
static const struct conf_rule rule_person = {.name = "person", .subjects = CONF_SUBJECT_PERSON};
static const struct conf_rule rule_role07 = {.name = "role07", .dc = OID("ROLE07")};
static const struct conf_rule *const one_director[] = {&rule_director};
static const struct conf_rule *const one_anybody[] = {&rule_anybody};

static inline void person_make(enum person who)
{
	struct odd odd = person_rows[who].odd;
	SCOPED(buf_free) struct buf text = BUF(65536);
	struct bytes der;

	/* One RSA key, so that both kinds are met; the others are made faster. */
	persons.key[who] = who == PERSON ? pki_key(pki_path("department.key")) : odd_ec(who == FOREIGN ? "P-384" : "P-256",
		false);
	odd.file = pool_printf(pki_pool, "mine:%s.crt", person_rows[who].file);
	odd.key = persons.key[who];
	if (who == EXPIRED)
		odd.until_ms = pki_now - DAY_MS / 2;
	odd_make(&odd);
	persons.cert[who] = pki_certificate(pki_path(odd.file));
	der = pki_der(odd.file);
	buf_base64(&text, der);
	persons.base64[who] = pool_copy(pki_pool, buf_bytes(&text));
}

UNUSED static int persons_make(void **state)
{
	struct err e = {0};

	if (pki_setup(state) != 0 || !clock_zone("Asia/Almaty"))
		return -1;
	envelope_init();
	if (!security_init(&e).ok)
		return -1;
	for (enum person who = 0; who < PERSONS; who++)
		person_make(who);
	persons.trust = trust_new();
	if (!trust_add_authority(persons.trust, PKI "root.crt", &e).ok ||
		!trust_add_authority(persons.trust, PKI "issuing.crt", &e).ok)
		fail_msg("%s", e.detail);
	return 0;
}

UNUSED static int persons_drop(void **state)
{
	for (enum person who = 0; who < PERSONS; who++) {
		EVP_PKEY_free(persons.key[who]);
		X509_free(persons.cert[who]);
	}
	trust_free(&persons.trust);
	return pki_teardown(state);
}

UNUSED static int fresh_pool(void **state)
{
	(void)state;
	persons.pool = pool_new(MUCH);
	return persons.pool ? 0 : -1;
}

UNUSED static int drop_pool(void **state)
{
	(void)state;
	pool_free(&persons.pool);
	return 0;
}

/* --- texts --- */

/* The text with the first `find` replaced; fails when there is none. */
UNUSED static const char *replaced(const char *text, const char *find, const char *put)
{
	const char *at = strstr(text, find);

	if (!at)
		fail_msg("no %s in %s", find, text);
	return pool_printf(persons.pool, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

/* From the first `from` to the end of the first `to` behind it. */
UNUSED static const char *part_of(const char *text, const char *from, const char *to)
{
	const char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;

	if (!b)
		fail_msg("no %s...%s in %s", from, to, text);
	return pool_printf(persons.pool, "%.*s", (int)(b + strlen(to) - a), a);
}

UNUSED static const char *escaped(const char *text)
{
	SCOPED(buf_free) struct buf out = BUF(1u << 20);

	buf_xml(&out, bytes_str(text));
	return pool_copy(persons.pool, buf_bytes(&out));
}

UNUSED static const char *base64_of(struct bytes octets)
{
	SCOPED(buf_free) struct buf out = BUF(1u << 24);

	buf_base64(&out, octets);
	return pool_copy(persons.pool, buf_bytes(&out));
}

/* --- XML signatures --- */

#define TRANSFORM(uri) "<ds:Transform Algorithm=\"" uri "\"/>"
#define KEY_INFO "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>"

/* A Signature to be; what is NULL is as usual. */
struct template {
	const char *uri;        /* "" */
	const char *reference;  /* further attributes of the Reference */
	const char *transforms; /* enveloped, exclusive */
	const char *c14n;       /* of SignedInfo, exclusive; a whole element when it begins with '<' */
	const char *method;     /* by the key */
	const char *digest;     /* sha256 */
	const char *key_info;   /* with %s for the certificate */
	const char *objects;    /* behind KeyInfo */
	const char *references; /* instead of the one */
	const char *attributes; /* of Signature */
};

static inline const char *usual_method(enum person who)
{
	return who == PERSON ? MORE "rsa-sha256" : who == FOREIGN ? MORE "ecdsa-sha384" : MORE "ecdsa-sha256";
}

static inline const char *reference_text(const struct template *t)
{
	if (t->references)
		return t->references;
	return pool_printf(persons.pool,
		"<ds:Reference URI=\"%s\"%s><ds:Transforms>%s</ds:Transforms><ds:DigestMethod Algorithm=\"%s\"/><ds:DigestValue>"
		"</ds:DigestValue></ds:Reference>",
		t->uri ? t->uri : "", t->reference ? t->reference : "",
		t->transforms ? t->transforms : TRANSFORM(ENVELOPED) TRANSFORM(NS_EXC_C14N), t->digest ? t->digest : ENC "sha256");
}

UNUSED static const char *template_text(const struct template *t, enum person who)
{
	const char *c14n = t->c14n ? t->c14n : NS_EXC_C14N;
	const char *key_info = t->key_info ? t->key_info : KEY_INFO, *hole = strstr(key_info, "%s");

	if (c14n[0] != '<')
		c14n = pool_printf(persons.pool, "<ds:CanonicalizationMethod Algorithm=\"%s\"/>", c14n);
	if (hole)
		key_info = pool_printf(persons.pool, "%.*s%s%s", (int)(hole - key_info), key_info, persons.base64[who], hole + 2);
	return pool_printf(persons.pool,
		"<ds:Signature xmlns:ds=\"" NS_DSIG "\"%s><ds:SignedInfo>%s<ds:SignatureMethod Algorithm=\"%s\"/>%s</ds:SignedInfo>"
		"<ds:SignatureValue></ds:SignatureValue><ds:KeyInfo>%s</ds:KeyInfo>%s</ds:Signature>",
		t->attributes ? t->attributes : "", c14n, t->method ? t->method : usual_method(who), reference_text(t), key_info,
		t->objects ? t->objects : "");
}

static inline void register_ids(xmlDoc *doc)
{
	xmlXPathContext *ctx = xmlXPathNewContext(doc);
	xmlXPathObject *found = xmlXPathEval(
		(const xmlChar *)"//@*[local-name()='Id' or local-name()='ID' or local-name()='id']", ctx);

	for (int i = 0; i < found->nodesetval->nodeNr; i++) {
		xmlAttr *a = (xmlAttr *)found->nodesetval->nodeTab[i];

		if (a->children && !xmlGetID(doc, a->children->content))
			xmlAddID(NULL, doc, a->children->content, a);
	}
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(ctx);
}

/* The text with the template whose SignatureValue is empty filled in by xmlsec1. */
UNUSED static const char *seal(const char *text, enum person who)
{
	xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
	xmlXPathContext *xpath = xmlXPathNewContext(doc);
	xmlXPathObject *found;
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	xmlSecKeyData *data = xmlSecOpenSSLEvpKeyAdopt(xmlSecOpenSSLEvpKeyDup(persons.key[who]));
	xmlChar *out;
	char *copy;
	int n;

	if (!doc)
		fail_msg("cannot be parsed: %s", text);
	xmlXPathRegisterNs(xpath, (const xmlChar *)"ds", (const xmlChar *)NS_DSIG);
	found = xmlXPathEval((const xmlChar *)"//ds:Signature[not(ds:SignatureValue/text())]", xpath);
	assert_int_equal(found->nodesetval->nodeNr, 1);
	register_ids(doc);
	ctx->signKey = xmlSecKeyCreate();
	assert_int_equal(xmlSecKeySetValue(ctx->signKey, data), 0);
	ctx->keyInfoWriteCtx.enabledKeyData.data = NULL;
	if (xmlSecDSigCtxSign(ctx, found->nodesetval->nodeTab[0]) != 0)
		fail_msg("xmlsec1 does not sign %s", text);
	xmlDocDumpMemory(doc, &out, &n);
	copy = pool_copy(persons.pool, (struct bytes){out, (size_t)n});
	copy = strstr(copy, "?>") + 2; /* without the declaration and the line behind it */
	copy += *copy == '\n';
	copy[strlen(copy) - (copy[strlen(copy) - 1] == '\n')] = 0;
	xmlFree(out);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(xpath);
	xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	return copy;
}

/* Signs: the template goes where "@" stands in the text, and "@" stands behind it for the next one unless `last`. */
UNUSED static const char *sealed(const char *text, const struct template *t, enum person who, bool last)
{
	static const struct template usual;
	const char *s = template_text(t ? t : &usual, who);
	const char *done = seal(replaced(text, "@", s), who), *end = done, *next = done;

	while (!last && (next = strstr(next, "</ds:Signature>")))
		end = next += strlen("</ds:Signature>");
	return last ? done : pool_printf(persons.pool, "%.*s@%s", (int)(end - done), done, end);
}

/* --- the question --- */

#define AROUND "<x:Body xmlns:x=\"urn:x\" xmlns:unused=\"urn:unused\">%s</x:Body>"

struct answer {
	outcome result;
	struct inner_result signers;
	struct err e;
};

/* As flow does: what stands in the element, then its signatures. */
UNUSED static outcome verify_data(const struct element *data, const struct conf_inner *demand, const char *bin,
	struct inner_result *out, struct err *e)
{
	struct payload payload;

	TRY(payload_open(persons.pool, data, &ENVELOPE_LIMITS_DEFAULT, &payload, e));
	return inner_verify(persons.pool, &payload, demand, bin, persons.trust, pki_now, out, e);
}

/* `data`: the element data with its content. */
UNUSED static struct answer ask(const char *data, const struct conf_inner *demand)
{
	const char *text = pool_printf(persons.pool, AROUND, data);
	struct element element = {.node = NULL};
	struct answer a = {.e = {.reason = REASON_NONE}};
	xmlDoc *doc;

	if (!envelope_parse_document(persons.pool, bytes_str(text), &ENVELOPE_LIMITS_DEFAULT, &doc, &a.e).ok)
		fail_msg("no XML (%s): %s", a.e.detail, text);
	element.node = xmlDocGetRootElement(doc)->children;
	a.result = verify_data(&element, demand, DEPARTMENT_BIN, &a.signers, &a.e);
	assert_int_equal(ERR_peek_error(), 0);
	return a;
}

UNUSED static void must_be(const char *row, const struct answer *a, enum reason wanted)
{
	assert_reason(row, a->result, &a->e, wanted);
	if (wanted != REASON_NONE)
		assert_int_equal(a->signers.n, 0);
}

#endif
