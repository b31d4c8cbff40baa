/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule B3: inner signatures over documents are made and verified, and nothing but the agreed structure
 * passes. */
#include "sim_bench.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>

#include "security/inner.h"

#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define INC "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define ENV NS_DSIG "enveloped-signature"

static const struct conf_profile profile = {.name = "test", .forms = CONF_FORM_KEY_IDENTIFIER,
	.sign = CONF_FORM_KEY_IDENTIFIER};
static const char *const pinned[] = {
	PKI "/department.crt", PKI "/department-ec.crt", PKI "/department-ec384.crt", PKI "/permits.crt"};
static const struct conf_participant department = {.name = "department_is", .certificates = {pinned, 3},
	.profile = &profile};
static const struct conf_participant permits = {.name = "permits_is", .certificates = {pinned + 3, 1},
	.profile = &profile};
static const char *const key_names[] = {"department", "department-ec", "department-ec384", "other-system"};
static struct conf_key conf_keys[4];
static char paths[8][4096];
static struct trust *trust;
static struct pool *pool;

static int make_trust(void **state)
{
	struct err e = {0};

	if (bench_start(state) != 0)
		return -1;
	trust = trust_new();
	must(trust_add_participant(trust, &department, &e), &e);
	must(trust_add_participant(trust, &permits, &e), &e);
	for (int i = 0; i < 4; i++) {
		snprintf(paths[i], sizeof paths[i], PKI "/%s.crt", key_names[i]);
		snprintf(paths[i + 4], sizeof paths[i + 4], PKI "/%s.key", key_names[i]);
		conf_keys[i] = (struct conf_key){.name = key_names[i], .certificate = paths[i], .key = paths[i + 4]};
		must(trust_add_key(trust, &conf_keys[i], &e), &e);
	}
	return 0;
}

static int drop_trust(void **state)
{
	(void)state;
	trust_free(&trust);
	return 0;
}

static int fresh_pool(void **state)
{
	(void)state;
	pool = pool_new(MUCH);
	return pool ? 0 : -1;
}

static int drop_pool(void **state)
{
	(void)state;
	pool_free(&pool);
	return 0;
}

static const struct trust_key *key(const char *name)
{
	return trust_key_named(trust, name);
}

static outcome verify(const char *xml, const struct trust_cert **signer, struct err *e)
{
	return document_verify(pool, bytes_str(xml), trust, stamp_now().ms, signer, e);
}

static const struct {
	const char *name, *xml;
} documents[] = {
	{"a small document", "<a>text</a>"},
	{"a namespace on the root", "<p:a xmlns:p=\"urn:p\" z='1' b=\"2\"><b xmlns=''>&amp;&#13;</b></p:a>"},
	{"a declaration and comments around",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- </a> --><a>x</a> <!-- </a> -->\n"},
	{"two comments behind the root", "<a>x</a><!-- 1 --><!-- </b> -->"},
	{"a comment between elements", "<a>\n<!-- remark --><b>xy</b></a>"},
	{"white space in the end tag", "<a>x</a \n>"},
	{"CDATA with a false end", "<a><![CDATA[</a>]]></a>"},
	{"Kazakh text", "<a>Рұқсат берілді</a>"},
};

static void every_document_and_key_goes_round(void **state)
{
	(void)state;
	for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++) {
		for (size_t k = 0; k < 3; k++) {
			SCOPED(buf_free) struct buf out = BUF(65536);
			const struct trust_cert *signer = NULL;
			struct err e = {0};

			print_message("%s, %s\n", documents[d].name, key_names[k]);
			must(document_sign(pool, bytes_str(documents[d].xml), key(key_names[k]), &out, &e), &e);
			must(verify(buf_cstr(&out), &signer, &e), &e);
			assert_ptr_equal(signer->participant, &department);
			assert_string_equal(signer->print, key(key_names[k])->print);
		}
	}
}

static void octets_around_the_signature_are_kept(void **state)
{
	(void)state;
	for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++) {
		SCOPED(buf_free) struct buf out = BUF(65536), rest = BUF(65536);
		const char *from, *to;
		struct err e = {0};

		must(document_sign(pool, bytes_str(documents[d].xml), key("department"), &out, &e), &e);
		from = strstr(buf_cstr(&out), "<ds:Signature ");
		to = strstr(buf_cstr(&out), "</ds:Signature>");
		assert_true(from && to);
		buf_add(&rest, bytes_sub(buf_bytes(&out), 0, (size_t)(from - buf_cstr(&out))));
		buf_str(&rest, to + strlen("</ds:Signature>"));
		assert_string_equal(buf_cstr(&rest), documents[d].xml);
	}
}

/* How many signatures hold. */
static size_t holding(struct bytes xml)
{
	static const struct conf_inner demand = {.forms = CONF_INNER_ENVELOPED};
	struct inner_result found;
	struct payload payload = {0};
	struct err e = {0};
	xmlDoc *doc;

	must(envelope_parse_document(pool, xml, &ENVELOPE_LIMITS_DEFAULT, &doc, &e), &e);
	payload.top = xmlDocGetRootElement(doc);
	return inner_verify(pool, &payload, &demand, NULL, trust, stamp_now().ms, &found, &e).ok ? found.n : 0;
}

static void what_is_signed_is_signed_by_others_too(void **state)
{
	SCOPED(buf_free) struct buf once = BUF(65536), twice = BUF(65536), changed = BUF(65536);
	const struct trust_cert *signer = NULL;
	struct err e = {0};

	(void)state;
	must(document_sign(pool, bytes_str("<a><b>text</b></a>"), key(key_names[0]), &once, &e), &e);
	must(document_sign(pool, buf_bytes(&once), key(key_names[1]), &twice, &e), &e);
	assert_int_equal(holding(buf_bytes(&once)), 1);
	assert_int_equal(holding(buf_bytes(&twice)), 2);
	assert_false(verify(buf_cstr(&twice), &signer, &e).ok);
	assert_int_equal(e.reason, REASON_SEC_SEVERAL);
	buf_str(&changed, "<a><b>tent</b>");
	buf_str(&changed, strstr(buf_cstr(&twice), "<ds:Signature "));
	assert_int_equal(holding(buf_bytes(&changed)), 0);
}

static void what_cannot_be_signed_is_refused(void **state)
{
	static const struct {
		const char *xml;
		enum reason reason;
	} rows[] = {
		{"<a/>", REASON_SEC_SIGNATURE_SHAPE},
		{"<a />\n", REASON_SEC_SIGNATURE_SHAPE},
		{"<a><ds:Signature xmlns:ds=\"" NS_DSIG "\"></ds:Signature></a>", REASON_SEC_SIGNATURE_SHAPE},
		{"<a><b><S xmlns=\"" NS_DSIG "\"/><s:Signature xmlns:s=\"" NS_DSIG "\"/></b></a>",
			REASON_SEC_SIGNATURE_SHAPE},
		{"<a>x<!-- remark -->y</a>", REASON_SEC_SIGNATURE_SHAPE},
		{"<a><b><!-- remark -->xy</b></a>", REASON_SEC_SIGNATURE_SHAPE},
		{"<a>", REASON_XML_MALFORMED},
		{"", REASON_XML_EMPTY},
		{"<!DOCTYPE a><a></a>", REASON_XML_DTD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(buf_free) struct buf out = BUF(65536);
		struct err e = {0};

		print_message("%s\n", rows[i].xml);
		must_fail(document_sign(pool, bytes_str(rows[i].xml), key("department"), &out, &e), &e,
			rows[i].reason);
		assert_int_equal(out.len, 0);
	}
}

/* The inclusive or exclusive canonical form of SignedInfo in its place, by way of a document that holds it
 * alone with the same namespaces in scope. */
static xmlChar *canonical_signed_info(const char *whole, int mode, int *n)
{
	xmlDoc *doc = xmlReadMemory(whole, (int)strlen(whole), NULL, NULL, XML_PARSE_NONET);
	xmlNode *info = xmlDocGetRootElement(doc)->last->children;
	xmlDoc *alone = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *copy = xmlDocCopyNode(info, alone, 1);
	xmlNs **scope = xmlGetNsList(doc, info);
	xmlChar *canonical = NULL;

	assert_string_equal((const char *)info->name, "SignedInfo");
	for (size_t i = 0; scope && scope[i]; i++)
		xmlNewNs(copy, scope[i]->href, scope[i]->prefix);
	xmlDocSetRootElement(alone, copy);
	*n = xmlC14NDocDumpMemory(alone, NULL, mode, NULL, 0, &canonical);
	xmlFree(scope);
	xmlFreeDoc(alone);
	xmlFreeDoc(doc);
	return canonical;
}

static void digest_of(const char *xml, unsigned char digest[64])
{
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET);
	xmlChar *canonical = NULL;
	int n = xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 0, &canonical);

	sha256((struct bytes){canonical, (size_t)n}, digest);
	xmlFree(canonical);
	xmlFreeDoc(doc);
}

/* Signs like the bus does, with libxml2's inclusive canonical form: nothing is shared with the room's own
 * signing. */
static void sign_elsewhere(const char *start, const char *end, const char *c14n, const char *transforms,
	const char *method, enum signature algorithm, const char *key_info, struct buf *out)
{
	SCOPED(buf_free) struct buf plain = BUF(65536), text = BUF(65536), whole = BUF(65536), value = BUF(4096);
	unsigned char digest[64];
	struct err e = {0};
	xmlChar *canonical;
	int n;

	buf_printf(&plain, "%s%s", start, end);
	digest_of(buf_cstr(&plain), digest);
	buf_printf(&text,
		"%s<ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="
		"\"%s\"/><ds:SignatureMethod Algorithm=\"%s\"/><ds:Reference URI=\"\"><ds:Transforms>%s"
		"</ds:Transforms>"
		"<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue>",
		start, c14n, method, transforms);
	buf_base64(&text, (struct bytes){digest, 32});
	buf_str(&text, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
	buf_printf(&whole, "%s</ds:Signature>%s", buf_cstr(&text), end);
	canonical = canonical_signed_info(buf_cstr(&whole),
		strstr(c14n, "exc") ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0, &n);
	must(trust_sign(key("department"), algorithm, (struct bytes){canonical, (size_t)n}, &value, &e), &e);
	xmlFree(canonical);
	buf_printf(out, "%s<ds:SignatureValue>", buf_cstr(&text));
	buf_base64(out, buf_bytes(&value));
	buf_printf(out, "</ds:SignatureValue><ds:KeyInfo>%s</ds:KeyInfo></ds:Signature>%s", key_info, end);
}

#define START "<p:a xmlns:p=\"urn:p\" xmlns:unused=\"urn:u\"><b>1</b>"
#define X509 "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>"
#define T(uri) "<ds:Transform Algorithm=\"" uri "\"/>"

static const struct elsewhere {
	const char *name, *c14n, *transforms, *method, *key_info;
	enum signature algorithm;
	enum reason reason; /* NONE: accepted */
} elsewheres[] = {
	{"the common form of the bus", INC, T(ENV) T(INC "#WithComments"), MORE "rsa-sha256", X509,
		SIGNATURE_RSA_SHA256, REASON_NONE},
	{"inclusive without comments", INC, T(ENV) T(INC), MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256,
		REASON_NONE},
	{"exclusive SignedInfo", NS_EXC_C14N, T(ENV) T(INC), MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256,
		REASON_NONE},
	{"rsa-sha512", INC, T(ENV) T(INC), MORE "rsa-sha512", X509, SIGNATURE_RSA_SHA512, REASON_NONE},
	{"rsa-sha1", INC, T(ENV) T(INC), NS_DSIG "rsa-sha1", X509, SIGNATURE_RSA_SHA1, REASON_SEC_ALGORITHM},
	{"an algorithm for another kind of key", INC, T(ENV) T(INC), MORE "ecdsa-sha256", X509,
		SIGNATURE_RSA_SHA256, REASON_SEC_ALGORITHM},
	{"another algorithm than was used", INC, T(ENV) T(INC), MORE "rsa-sha512", X509, SIGNATURE_RSA_SHA256,
		REASON_SEC_VALUE},
	{"HMAC", INC, T(ENV) T(INC), NS_DSIG "hmac-sha1", X509, SIGNATURE_RSA_SHA256, REASON_SEC_ALGORITHM},
	{"no canonicalisation", INC, T(ENV), MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256,
		REASON_SEC_SIGNATURE_SHAPE},
	{"no enveloped transform", INC, T(INC) T(INC), MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256,
		REASON_SEC_ALGORITHM},
	{"an XPath transform", INC,
		T(ENV) "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">"
			   "<ds:XPath>1</ds:XPath></ds:Transform>",
		MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256, REASON_SEC_ALGORITHM},
	{"an XSLT transform", INC, T(ENV) T("http://www.w3.org/TR/1999/REC-xslt-19991116"), MORE "rsa-sha256",
		X509, SIGNATURE_RSA_SHA256, REASON_SEC_ALGORITHM},
	{"three transforms", INC, T(ENV) T(INC) T(INC), MORE "rsa-sha256", X509, SIGNATURE_RSA_SHA256,
		REASON_SEC_SIGNATURE_SHAPE},
	{"c14n 1.1", INC, T(ENV) T("http://www.w3.org/2006/12/xml-c14n11"), MORE "rsa-sha256", X509,
		SIGNATURE_RSA_SHA256, REASON_SEC_ALGORITHM},
	{"a key value instead of a certificate", INC, T(ENV) T(INC), MORE "rsa-sha256",
		"<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue><!--%s-->", SIGNATURE_RSA_SHA256, REASON_SEC_TOKEN_KIND},
	{"a key name beside the certificate", INC, T(ENV) T(INC), MORE "rsa-sha256",
		"<ds:KeyName>x</ds:KeyName>" X509, SIGNATURE_RSA_SHA256, REASON_SEC_TOKEN_KIND},
	{"two certificates", INC, T(ENV) T(INC), MORE "rsa-sha256",
		"<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>"
		"<ds:X509Certificate/></ds:X509Data>",
		SIGNATURE_RSA_SHA256, REASON_SEC_TOKEN_KIND},
	{"a broken certificate", INC, T(ENV) T(INC), MORE "rsa-sha256",
		"<ds:X509Data><ds:X509Certificate>!%s"
		"</ds:X509Certificate></ds:X509Data>",
		SIGNATURE_RSA_SHA256, REASON_SEC_TOKEN_BROKEN},
};

static void foreign_signatures_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof elsewheres / sizeof elsewheres[0]; i++) {
		const struct elsewhere *s = &elsewheres[i];
		const char *hole = strstr(s->key_info, "%s");
		SCOPED(buf_free) struct buf out = BUF(65536), key_info = BUF(16384);
		const struct trust_cert *signer = NULL;
		struct err e = {0};

		print_message("%s\n", s->name);
		buf_add(&key_info, (struct bytes){(const unsigned char *)s->key_info, (size_t)(hole - s->key_info)});
		buf_str(&key_info, key("department")->base64);
		buf_str(&key_info, hole + 2);
		sign_elsewhere(START, "</p:a>", s->c14n, s->transforms, s->method, s->algorithm, buf_cstr(&key_info),
			&out);
		if (s->reason == REASON_NONE)
			must(verify(buf_cstr(&out), &signer, &e), &e);
		else
			must_fail(verify(buf_cstr(&out), &signer, &e), &e, s->reason);
	}
}

/* One replacement in a well-signed document. */
static const struct tampering {
	const char *name, *find, *put;
	enum reason reason;
} tamperings[] = {
	{"a changed text", "<b>1</b>", "<b>2</b>", REASON_SEC_DIGEST},
	{"white space put in", "<b>1</b>", "<b>1</b> ", REASON_SEC_DIGEST},
	{"an element before", "<b>1</b>", "<b>1</b><c/>", REASON_SEC_DIGEST},
	{"an attribute on the root", "<p:a ", "<p:a x=\"1\" ", REASON_SEC_DIGEST},
	{"a used namespace renamed", "urn:p\"", "urn:q\"", REASON_SEC_DIGEST},
	{"an element behind the signature", "</p:a>", "<c/></p:a>", REASON_SEC_SIGNATURE_SHAPE},
	{"text behind the signature", "</p:a>", "x</p:a>", REASON_SEC_SIGNATURE_SHAPE},
	{"a comment behind the signature", "</p:a>", "<!--x--></p:a>", REASON_SEC_SIGNATURE_SHAPE},
	{"white space behind the signature is signed", "</p:a>", "\n</p:a>", REASON_SEC_DIGEST},
	{"another reference", "URI=\"\"", "URI=\"#x\"", REASON_SEC_REFERENCE},
	{"an XPointer reference", "URI=\"\"", "URI=\"#xpointer(/)\"", REASON_SEC_REFERENCE},
	{"an external reference", "URI=\"\"", "URI=\"http://127.0.0.1/\"", REASON_SEC_REFERENCE},
	{"no reference at all", " URI=\"\"", "", REASON_SEC_REFERENCE},
	{"a typed reference", "URI=\"\"", "URI=\"\" Type=\"" NS_DSIG "Manifest\"", REASON_SEC_REFERENCE},
	{"an Object in the signature", "</ds:Signature>", "<ds:Object/></ds:Signature>",
		REASON_SEC_SIGNATURE_SHAPE},
	{"a comment in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo><!--x-->", REASON_SEC_SIGNATURE_SHAPE},
	{"a second reference", "</ds:Reference>", "</ds:Reference><ds:Reference URI=\"\"/>",
		REASON_SEC_SIGNATURE_SHAPE},
	{"a second signature", "<b>1</b>", "<b>1<ds:Signature xmlns:ds=\"" NS_DSIG "\"/></b>",
		REASON_SEC_SIGNATURE_SHAPE},
	{"a comment that splits a text", "<b>1</b>", "<b>1<!----></b>", REASON_SEC_SIGNATURE_SHAPE},
	{"the digest algorithm changed", ENC "sha256", NS_DSIG "sha1", REASON_SEC_ALGORITHM},
	{"the digest algorithm spelled otherwise", ENC "sha256", MORE "sha256", REASON_SEC_ALGORITHM},
	{"a parameter of the canonicalisation", "<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N "\"/>",
		"<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N
		"\"><e:InclusiveNamespaces xmlns:e=\"" NS_EXC_C14N
		"\" PrefixList=\"p\"/></ds:CanonicalizationMethod>",
		REASON_SEC_ALGORITHM},
	{"a digest of other octets", "<ds:DigestValue>", "<ds:DigestValue>AAAA", REASON_SEC_DIGEST},
	{"a changed SignedInfo", "<ds:Transforms>", "<ds:Transforms> ", REASON_SEC_VALUE},
	{"a document type declaration", "<p:a ", "<!DOCTYPE a><p:a ", REASON_XML_DTD},
};

static void tampering_is_found(void **state)
{
	SCOPED(buf_free) struct buf good = BUF(65536);
	struct err e = {0};

	(void)state;
	must(document_sign(pool, BYTES_LIT("<p:a xmlns:p=\"urn:p\"><b>1</b></p:a>"), key("department"), &good,
			 &e),
		&e);
	for (size_t i = 0; i < sizeof tamperings / sizeof tamperings[0]; i++) {
		const struct tampering *t = &tamperings[i];
		const char *at = strstr(buf_cstr(&good), t->find);
		SCOPED(buf_free) struct buf bad = BUF(65536);
		const struct trust_cert *signer = NULL;

		print_message("%s\n", t->name);
		assert_non_null(at);
		buf_add(&bad, bytes_sub(buf_bytes(&good), 0, (size_t)(at - buf_cstr(&good))));
		buf_str(&bad, t->put);
		buf_str(&bad, at + strlen(t->find));
		must_fail(verify(buf_cstr(&bad), &signer, &e), &e, t->reason);
		assert_null(signer);
	}
}

static void an_unsigned_document_is_refused(void **state)
{
	const struct trust_cert *signer = NULL;
	struct err e = {0};

	(void)state;
	must_fail(verify("<a>x</a>", &signer, &e), &e, REASON_SEC_SIGNATURE_ABSENT);
}

static void a_signature_below_the_root_is_refused(void **state)
{
	SCOPED(buf_free) struct buf inner = BUF(65536), outer = BUF(65536);
	const struct trust_cert *signer = NULL;
	struct err e = {0};

	(void)state;
	must(document_sign(pool, BYTES_LIT("<a>x</a>"), key("department"), &inner, &e), &e);
	buf_printf(&outer, "<evil>%s</evil>", buf_cstr(&inner));
	must_fail(verify(buf_cstr(&outer), &signer, &e), &e, REASON_SEC_SIGNATURE_SHAPE);
}

static void an_unknown_certificate_is_refused(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(65536);
	const struct trust_cert *signer = NULL;
	struct err e = {0};

	(void)state;
	must(document_sign(pool, BYTES_LIT("<a>x</a>"), key("other-system"), &out, &e), &e);
	must_fail(verify(buf_cstr(&out), &signer, &e), &e, REASON_CERT_UNKNOWN);
}

static void a_foreign_key_under_a_known_certificate_is_refused(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(65536), swapped = BUF(65536);
	const struct trust_cert *signer = NULL;
	const char *at;
	struct err e = {0};

	(void)state;
	must(document_sign(pool, BYTES_LIT("<a>x</a>"), key("other-system"), &out, &e), &e);
	at = strstr(buf_cstr(&out), key("other-system")->base64);
	assert_non_null(at);
	buf_add(&swapped, bytes_sub(buf_bytes(&out), 0, (size_t)(at - buf_cstr(&out))));
	buf_str(&swapped, key("department")->base64);
	buf_str(&swapped, at + strlen(key("other-system")->base64));
	must_fail(verify(buf_cstr(&swapped), &signer, &e), &e, REASON_SEC_VALUE);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, fresh_pool, drop_pool)
	const struct CMUnitTest tests[] = {
		ROW(every_document_and_key_goes_round),
		ROW(octets_around_the_signature_are_kept),
		ROW(what_is_signed_is_signed_by_others_too),
		ROW(what_cannot_be_signed_is_refused),
		ROW(foreign_signatures_are_judged),
		ROW(tampering_is_found),
		ROW(an_unsigned_document_is_refused),
		ROW(a_signature_below_the_root_is_refused),
		ROW(an_unknown_certificate_is_refused),
		ROW(a_foreign_key_under_a_known_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, make_trust, drop_trust);
}
