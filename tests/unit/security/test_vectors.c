/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents that the library of the National Certification Authority signed, and its keys in our hands; read from outside
 * the tree. Their certificates are judged at a time when they were valid. */
#include "fixture.h"

#include <openssl/pkcs12.h>

#include "security/document.h"

#include "../national.h"

static char folder[] = "/tmp/qaqpa-vectors-XXXXXX";

static int start(void **state)
{
	struct err e = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_true(clock_zone("Asia/Almaty"));
	envelope_init();
	if (!security_init(&e).ok)
		fail_msg("%s", e.detail);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const struct vector {
	const char *document, *issuer, *root;
	const char *bin, *iin;
	const char *now;      /* when the certificate was valid */
	const char *find;     /* one octet of what was signed */
} vectors[] = {
	{"xml/enveloped-gost2015-organisation.xml", "ca/nca_gost2022_test.cer", "ca/root_test_gost_2022.cer",
		"123456789021", "123456789011", "2025-01-15T12:00:00Z", "QCxn00hfuH9zCv58"},
	{"xml/enveloped-rsa-person.xml", "ca/nca_rsa_test.crt", NULL, NULL, "123456789011", "2021-06-15T12:00:00Z", "test"},
};

static struct trust *trust_in(const struct vector *v, struct conf_participant *p)
{
	struct trust *trust = trust_new();
	struct err e = {0};

	if (v->root && !trust_add_authority(trust, vector_path(v->root), &e).ok)
		fail_msg("%s", e.detail);
	if (!trust_add_participant(trust, p, &e).ok)
		fail_msg("%s", e.detail);
	return trust;
}

static void documents_of_the_authority_verify_and_touched_ones_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const struct vector *v = &vectors[i];
		char *issuer = strdup(vector_path(v->issuer));
		struct conf_profile profile = open_profile();
		struct conf_participant p = {
			.name = "tester", .issuer = issuer, .bin = v->bin, .iin = v->iin, .profile = &profile};
		struct trust *trust = trust_in(v, &p);
		const struct trust_cert *signer = NULL;
		struct pool *pool = pool_new(MEMORY);
		struct stamp now;
		struct err e = {0};
		unsigned char *text, *at;
		size_t n;

		assert_true(stamp_parse(bytes_str(v->now), &now));
		text = vector_read(v->document, &n);
		if (!document_verify(pool, (struct bytes){text, n}, trust, now.ms, &signer, &e).ok)
			fail_msg("%s: %s: %s", v->document, reason_row(e.reason)->name, e.detail);
		assert_ptr_equal(signer->participant, &p);
		at = memmem(text, n, v->find, strlen(v->find));
		assert_non_null(at);
		*at ^= 1;
		assert_false(document_verify(pool, (struct bytes){text, n}, trust, now.ms, &signer, &e).ok);
		assert_int_equal(e.reason, REASON_SEC_DIGEST);
		*at ^= 1;
		at = (unsigned char *)memmem(text, n, "<ds:SignatureValue>", 19) + 30;
		*at = *at == 'A' ? 'B' : 'A';
		assert_false(document_verify(pool, (struct bytes){text, n}, trust, now.ms, &signer, &e).ok);
		assert_int_equal(e.reason, REASON_SEC_VALUE);
		pool_free(&pool);
		trust_free(&trust);
		free(text);
		free(issuer);
	}
}

static const struct key_file {
	const char *name;
	const char *subject; /* part of it */
} key_files[] = {
	{"keys/individual_valid.p12", "IIN123456789011"}, {"keys/legal_infosystem_valid.p12", "BIN123456789021"}};

/* A key of the Authority as a transport key: what it signs is verified against its own chain. */
static void keys_of_the_authority_sign_messages(void **state)
{
	static const char message[] =
		"<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\"><soap:Body>" PAYLOAD("1") "</soap:Body></soap:Envelope>";

	(void)state;
	for (size_t i = 0; i < sizeof key_files / sizeof key_files[0]; i++) {
		BIO *file = BIO_new_file(vector_path(key_files[i].name), "rb");
		PKCS12 *p12 = d2i_PKCS12_bio(file, NULL);
		char cert_path[600], key_path[600];
		const char *pinned = cert_path;
		struct conf_participant p = {.name = "owner", .certificates = {&pinned, 1}, .profile = &world.profile};
		struct conf_key key = {.name = "own", .certificate = cert_path, .key = key_path};
		struct sign_options options = {.form = CONF_FORM_KEY_IDENTIFIER, .signature = SIGNATURE_COUNT};
		struct buf out = BUF(MEMORY);
		struct pool *pool = pool_new(MEMORY);
		struct trust *trust = trust_new();
		struct envelope *env = NULL;
		const struct verified *v = NULL;
		const struct trust_cert *who = NULL;
		struct err e = {0};
		struct national n = {0};

		snprintf(cert_path, sizeof cert_path, "%s/%zu.crt", folder, i);
		snprintf(key_path, sizeof key_path, "%s/%zu.key", folder, i);
		assert_int_equal(PKCS12_parse(p12, "Qwerty12", &n.key, &n.cert, NULL), 1);
		national_write(&n, cert_path, key_path);
		world.profile = open_profile();
		if (!trust_add_participant(trust, &p, &e).ok || !trust_add_key(trust, &key, &e).ok)
			fail_msg("%s: %s: %s", key_files[i].name, reason_row(e.reason)->name, e.detail);
		options.key = trust_key_named(trust, "own");
		assert_int_equal(options.key->usual, SIGNATURE_GOST_2015);
		assert_non_null(strstr(options.key->subject, key_files[i].subject));
		assert_true(security_sign(pool, bytes_str(message), &options, &out, &e).ok);
		assert_true(envelope_parse(pool, buf_bytes(&out), &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok);
		if (!security_verify(pool, env, trust, stamp_at(options.key->not_after_ms - 1000), &v, &who, &e).ok)
			fail_msg("%s: %s: %s", key_files[i].name, reason_row(e.reason)->name, e.detail);
		assert_int_equal(verified_signature(v), SIGNATURE_GOST_2015);
		trust_free(&trust);
		pool_free(&pool);
		buf_free(&out);
		national_drop(&n);
		PKCS12_free(p12);
		BIO_free(file);
		unlink(cert_path);
		unlink(key_path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_of_the_authority_verify_and_touched_ones_do_not),
		cmocka_unit_test(keys_of_the_authority_sign_messages),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
