/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B3 with the national algorithms: persons with keys of GOST 34.10-2015 sign data, as XML and as CMS; the legacy pair is not
 * taken of persons. And, from outside the tree, what the library of the National Certification Authority signed. */
#include "fixture.h"

#include <openssl/cms.h>

#include "security/document.h"
#include "security/inner.h"

#include "../national.h"

static char folder[] = "/tmp/qaqpa-inner-gost-XXXXXX";
static struct national authority, director, veteran;
static struct trust *trust;
static const struct trust_key *director_key, *veteran_key;
static struct conf_key conf_keys[2];
static struct pool *paths;

static const struct conf_rule rule = {.name = "employee", .subjects = CONF_SUBJECT_EMPLOYEE, .own_bin = true};
static const struct conf_rule anybody = {.name = "anybody"};
static const struct conf_rule *const rules[] = {&rule}, *const any[] = {&anybody};
static const struct conf_inner enveloped = {.forms = CONF_INNER_ENVELOPED, .rules = rules, .rule_count = 1};
static const struct conf_inner cms = {
	.forms = CONF_INNER_CMS, .rules = rules, .rule_count = 1, .covers = "file", .cms = "sign"};

static const char *path_of(const char *name)
{
	return pool_printf(paths, "%s/%s", folder, name);
}

static const struct trust_key *own(int i, const char *name, const struct national *n)
{
	char file[64];
	struct err e = {0};

	snprintf(file, sizeof file, "%s.crt", name);
	conf_keys[i] = (struct conf_key){.name = name, .certificate = path_of(file)};
	snprintf(file, sizeof file, "%s.key", name);
	conf_keys[i].key = path_of(file);
	national_write(n, conf_keys[i].certificate, conf_keys[i].key);
	if (!trust_add_key(trust, &conf_keys[i], &e).ok)
		fail_msg("%s: %s", name, e.detail);
	return trust_key_named(trust, name);
}

static int start(void **state)
{
	struct err e = {0};

	(void)state;
	paths = pool_new(MEMORY);
	assert_non_null(mkdtemp(folder));
	assert_true(clock_zone("Asia/Almaty"));
	envelope_init();
	assert_true(security_init(&e).ok);
	trust = trust_new();
	authority = national_new(CRYPTO_CURVE_512, NULL, "CN=root|C=KZ", NULL);
	director = national_new(CRYPTO_CURVE_512, &authority,
		"CN=D D|serialNumber=IIN900101300027|O=Org|OU=BIN200440000015|C=KZ", "emailProtection");
	veteran = national_new(CRYPTO_CURVE_256, &authority,
		"CN=V V|serialNumber=IIN900202300016|O=Org|OU=BIN200440000015|C=KZ", "emailProtection");
	national_write(&authority, path_of("root.crt"), path_of("root.key"));
	if (!trust_add_authority(trust, path_of("root.crt"), &e).ok)
		fail_msg("%s", e.detail);
	director_key = own(0, "director", &director);
	veteran_key = own(1, "veteran", &veteran);
	return 0;
}

static int stop(void **state)
{
	char command[128];

	(void)state;
	national_drop(&authority);
	national_drop(&director);
	national_drop(&veteran);
	trust_free(&trust);
	pool_free(&paths);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static outcome ask(struct pool *pool, const char *content, const struct conf_inner *demand, struct trust *t, int64_t now_ms,
	struct inner_result *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	struct element data = {.node = NULL};
	struct payload payload;
	xmlDoc *doc;

	*e = (struct err){.reason = REASON_NONE};
	buf_printf(&text, "<data>%s</data>", content);
	if (!envelope_parse_document(pool, buf_bytes(&text), &ENVELOPE_LIMITS_DEFAULT, &doc, e).ok)
		fail_msg("%s", e->detail);
	data.node = xmlDocGetRootElement(doc);
	TRY(payload_open(pool, &data, &ENVELOPE_LIMITS_DEFAULT, &payload, e));
	return inner_verify(pool, &payload, demand, "200440000015", t, now_ms, out, e);
}

static void must_be(outcome o, const struct err *e, enum reason wanted)
{
	if (wanted == REASON_NONE ? !o.ok : o.ok || e->reason != wanted)
		fail_msg("%s (%s), not %s", o.ok ? "success" : reason_row(e->reason)->name, e->detail, reason_row(wanted)->name);
}

static const char *swapped(struct pool *pool, const char *text, const char *find, const char *put)
{
	const char *at = strstr(text, find);

	assert_non_null(at);
	return pool_printf(pool, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

static void a_national_xml_signature_passes(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MEMORY);
	SCOPED(buf_free) struct buf good = BUF(65536), old = BUF(65536);
	struct inner_result r = {.n = 0};
	struct err e = {0};
	int64_t now = stamp_now().ms;

	(void)state;
	assert_true(document_sign(pool, BYTES_LIT("<a><sum>100</sum></a>"), director_key, &good, &e).ok);
	must_be(ask(pool, buf_cstr(&good), &enveloped, trust, now, &r, &e), &e, REASON_NONE);
	assert_int_equal(r.signer[0].signature, SIGNATURE_GOST_2015);
	must_be(ask(pool, swapped(pool, buf_cstr(&good), "100", "900"), &enveloped, trust, now, &r, &e), &e,
		REASON_INNER_WRONG);
	/* The legacy pair: neither the key nor the digest. */
	assert_true(document_sign(pool, BYTES_LIT("<a><sum>100</sum></a>"), veteran_key, &old, &e).ok);
	must_be(ask(pool, buf_cstr(&old), &enveloped, trust, now, &r, &e), &e, REASON_INNER_WRONG);
}

static const char *cms_over(struct pool *pool, const struct national *who, const EVP_MD *md, struct bytes octets)
{
	SCOPED(buf_free) struct buf text = BUF(65536);
	BIO *in = BIO_new_mem_buf(octets.p, (int)octets.n);
	CMS_ContentInfo *c = CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_DETACHED | CMS_PARTIAL);
	unsigned char *der = NULL;
	int n;

	assert_non_null(CMS_add1_signer(c, who->cert, who->key, md, CMS_BINARY));
	assert_int_equal(CMS_final(c, in, NULL, CMS_BINARY | CMS_DETACHED), 1);
	n = i2d_CMS_ContentInfo(c, &der);
	buf_base64(&text, (struct bytes){der, (size_t)n});
	OPENSSL_free(der);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	ERR_clear_error();
	return pool_copy(pool, buf_bytes(&text));
}

static void a_national_cms_passes(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MEMORY);
	const struct {
		const struct national *who;
		const EVP_MD *md;
		const char *said;
		enum reason reason;
	} rows[] = {
		{&director, crypto_md(CRYPTO_DIGEST_512), "an order of 100", REASON_NONE},
		{&director, crypto_md(CRYPTO_DIGEST_512), "an order of 900", REASON_INNER_WRONG},
		{&veteran, crypto_md(CRYPTO_DIGEST_LEGACY), "an order of 100", REASON_CERT_WEAK},
	};
	struct inner_result r = {.n = 0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = pool_printf(pool, "<q><file>%s</file><sign>%s</sign></q>", rows[i].said,
			cms_over(pool, rows[i].who, rows[i].md, BYTES_LIT("an order of 100")));

		must_be(ask(pool, text, &cms, trust, stamp_now().ms, &r, &e), &e, rows[i].reason);
	}
	assert_int_equal(r.signer[0].signature, SIGNATURE_GOST_2015);
	assert_int_equal(r.signer[0].kind, INNER_CMS);
}

/* --- documents of the authority --- */

static const struct vector {
	const char *document, *issuer, *root, *now;
	enum signature signature;
	const char *find, *put; /* of what is signed */
} vectors[] = {
	{"xml/enveloped-gost2015-organisation.xml", "ca/nca_gost2022_test.cer", "ca/root_test_gost_2022.cer",
		"2025-01-15T12:00:00Z", SIGNATURE_GOST_2015, "QCxn00hfuH9zCv58", "RCxn00hfuH9zCv58"},
	{"xml/enveloped-rsa-person.xml", "ca/nca_rsa_test.crt", NULL, "2021-06-15T12:00:00Z", SIGNATURE_RSA_SHA256, "test",
		"tost"},
};

/* The certificate of the document, as a file. */
static const char *certificate_of(const unsigned char *text)
{
	const char *at = strstr((const char *)text, "<ds:X509Certificate>") + strlen("<ds:X509Certificate>");
	SCOPED(buf_free) struct buf plain = BUF(65536), der = BUF(65536);
	const char *path = path_of("pinned.crt");
	FILE *f = fopen(path, "w");

	for (; *at != '<'; at += strncmp(at, "&#13;", 5) == 0 ? 5 : 1) {
		if (*at != '&')
			buf_char(&plain, *at);
	}
	assert_true(base64_decode(buf_bytes(&plain), &der, NULL).ok);
	assert_int_equal(fwrite(der.data, 1, der.len, f), der.len);
	fclose(f);
	return path;
}

/* Its chain when it is there whole; else the certificate itself. */
static struct trust *trust_in(const struct vector *v, const unsigned char *text)
{
	static const char *pinned[1];
	static struct conf_participant p = {.name = "somebody", .certificates = {pinned, 1}};
	struct trust *t = trust_new();
	struct err e = {0};

	if (v->root && !(trust_add_authority(t, vector_path(v->root), &e).ok &&
		trust_add_authority(t, vector_path(v->issuer), &e).ok))
		fail_msg("%s", e.detail);
	pinned[0] = certificate_of(text);
	if (!v->root && !trust_add_participant(t, &p, &e).ok)
		fail_msg("%s", e.detail);
	return t;
}

static void documents_of_the_authority_pass(void **state)
{
	const struct conf_inner demand = {.forms = CONF_INNER_ENVELOPED, .rules = any, .rule_count = 1};

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const struct vector *v = &vectors[i];
		SCOPED(pool_free) struct pool *pool = NULL;
		SCOPED(buf_free) struct buf escaped = BUF(1u << 20);
		struct inner_result r = {.n = 0};
		struct trust *t;
		struct stamp now;
		struct err e = {0};
		const char *element;
		unsigned char *text;
		size_t n;

		text = vector_read(v->document, &n); /* may leave the test: nothing is held yet */
		text[n] = 0;
		pool = pool_new(MEMORY);
		t = trust_in(v, text);
		buf_xml(&escaped, (struct bytes){text, n});
		assert_true(stamp_parse(bytes_str(v->now), &now));
		must_be(ask(pool, buf_cstr(&escaped), &demand, t, now.ms, &r, &e), &e, REASON_NONE);
		assert_int_equal(r.signer[0].signature, v->signature);
		must_be(ask(pool, swapped(pool, buf_cstr(&escaped), v->find, v->put), &demand, t, now.ms, &r, &e), &e,
			REASON_INNER_WRONG);
		/* The document as an element, among the namespaces of the message. */
		element = pool_copy(pool, (struct bytes){text, n});
		element = strncmp(element, "<?xml", 5) == 0 ? strstr(element, "?>") + 2 : element;
		must_be(ask(pool, element, &demand, t, now.ms, &r, &e), &e, REASON_NONE);
		free(text);
		trust_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_national_xml_signature_passes),
		cmocka_unit_test(a_national_cms_passes),
		cmocka_unit_test(documents_of_the_authority_pass),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
