/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Own keys on a PKCS#11 token, played by softhsm2: made there, never seen here, used from many threads. */
#include "pki.h"

#include <pthread.h>

#include "trust/certificate.h"

#include "trust/trust_int.h"

#include "command.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN "12 34+56"
#define THREADS 4
#define ROUNDS 50

static bool no_softhsm;

/* A key and its certificate on the token, under one label and id. */
static void put_key(const char *token, const char *label, int id, const char *name)
{
	run("cd '%s' && openssl pkcs8 -topk8 -nocrypt -in '" PKI "%s.key' -out p8.pem && softhsm2-util --import p8.pem "
	    "--token %s --label %s --id %02d --pin '" PIN "' >/dev/null && rm p8.pem",
		pki_folder, name, token, label, id);
	run("cd '%s' && openssl x509 -in '" PKI "%s.crt' -outform DER -out c.der && pkcs11-tool --module " MODULE
	    " --token-label %s --login --pin '" PIN "' --write-object c.der --type cert --label %s --id %02d >/dev/null 2>&1",
		pki_folder, name, token, label, id);
}

static int make_token(void **state)
{
	const char *conf;

	if (pki_setup(state) != 0)
		return -1;
	no_softhsm = access(MODULE, R_OK) != 0 || system("command -v softhsm2-util pkcs11-tool >/dev/null") != 0;
	if (no_softhsm)
		return 0;
	conf = pool_printf(pki_pool, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
		pki_folder);
	pki_write("mine:softhsm2.conf", bytes_str(conf), 0600);
	pki_write("mine:pin", BYTES_LIT(PIN "\n"), 0600);
	pki_write("mine:pin-wrong", BYTES_LIT("65-43-21"), 0600);
	setenv("SOFTHSM2_CONF", pki_path("mine:softhsm2.conf"), 1);
	run("mkdir '%s/tokens' && softhsm2-util --init-token --free --label gateway --so-pin 1234567890 --pin '" PIN
	    "' >/dev/null",
		pki_folder);
	put_key("gateway", "rsa", 1, "gateway");
	put_key("gateway", "ec", 2, "gateway-ec");
	run("cd '%s' && openssl pkcs8 -topk8 -nocrypt -in '" PKI "department.key' -out p8.pem && softhsm2-util --import p8.pem "
	    "--token gateway --label bare --id 03 --pin '" PIN "' >/dev/null && rm p8.pem",
		pki_folder);
	return 0;
}

static void skip_without_softhsm(void)
{
	if (no_softhsm) {
		print_message("SKIPPED: softhsm2 and opensc are not installed\n");
		skip();
	}
}

static struct conf_key token_key(const char *object)
{
	return (struct conf_key){.name = object, .pkcs11 = pool_printf(pki_pool, "pkcs11:token=gateway;object=%s", object),
		.module = MODULE, .pin_file = pki_path("mine:pin")};
}

/* What the token signed is verified with the certificate of the PKI, by the code that verifies everybody's. */
static void sign_and_verify(const struct trust *t, const char *object)
{
	static const char *const pins[] = {PKI "gateway.crt", PKI "gateway-ec.crt", PKI "department.crt"};
	SCOPED(trust_free) struct trust *other = trust_new();
	SCOPED(buf_free) struct buf value = BUF(1000);
	struct conf_participant p = {.name = "gateway", .certificates = {pins, 3}};
	const struct trust_key *k = trust_key_named(t, object);
	const struct trust_cert *c;
	struct err e = {0};

	assert_non_null(k);
	assert_true(trust_add_participant(other, &p, &e).ok);
	assert_true(trust_find_der(other, k->der, pki_now, &c, &e).ok);
	for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
		if (signature_row(s)->key != k->key_kind)
			continue;
		buf_clear(&value);
		assert_reason(signature_row(s)->name, trust_sign(k, s, BYTES_LIT("octets"), &value, &e), &e, REASON_NONE);
		assert_reason(signature_row(s)->name, trust_verify(c, s, BYTES_LIT("octets"), buf_bytes(&value), &e), &e,
			REASON_NONE);
		assert_reason("other octets", trust_verify(c, s, BYTES_LIT("octetS"), buf_bytes(&value), &e), &e,
			REASON_SEC_VALUE);
	}
}

static void keys_on_a_token_sign(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_key rsa = token_key("rsa"), ec = token_key("ec"), bare = token_key("bare");
	struct err e = {0};

	(void)state;
	skip_without_softhsm();
	bare.certificate = PKI "department.crt";
	assert_reason("RSA", trust_add_key(t, &rsa, &e), &e, REASON_NONE);
	assert_reason("EC", trust_add_key(t, &ec, &e), &e, REASON_NONE);
	assert_reason("the certificate in a file", trust_add_key(t, &bare, &e), &e, REASON_NONE);
	sign_and_verify(t, "rsa");
	sign_and_verify(t, "ec");
	sign_and_verify(t, "bare");
}

static void a_key_on_a_token_asks_for_a_new_certificate(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_key keys[] = {token_key("rsa"), token_key("ec")};
	struct err e = {0};

	(void)state;
	skip_without_softhsm();
	for (size_t i = 0; i < COUNT(keys); i++) {
		SCOPED(buf_free) struct buf text = BUF(1 << 16);
		struct cert_request r = {.common_name = "Gateway", .country = "KZ"};
		X509_REQ *request;
		BIO *in;

		assert_true(trust_add_key(t, &keys[i], &e).ok);
		r.own = trust_key_named(t, keys[i].name);
		assert_reason(keys[i].name, cert_request_make(&r, &text, &e), &e, REASON_NONE);
		in = BIO_new_mem_buf(text.data, (int)text.len);
		request = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);
		assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
		X509_REQ_free(request);
		BIO_free(in);
	}
}

static void what_a_token_lacks_is_told(void **state)
{
	static const struct {
		const char *name, *uri, *pin, *certificate, *fragment;
	} rows[] = {
		{"another PIN, before anybody logged in", "pkcs11:token=gateway;object=rsa", "mine:pin-wrong", NULL,
			"mine:pin-wrong"},
		{"no such token", "pkcs11:token=other;object=rsa", "mine:pin", NULL, "token=other;object=rsa: the token has no"},
		{"no such key", "pkcs11:token=gateway;object=none", "mine:pin", NULL, "the token has no such key"},
		{"no PIN file", "pkcs11:token=gateway;object=rsa", "mine:none", NULL, "none: No such file"},
		{"no certificate", "pkcs11:token=gateway;object=bare", "mine:pin", NULL, "no such certificate"},
		{"the certificate of another key", "pkcs11:token=gateway;object=bare", "mine:pin", "permits.crt",
			"is not the key of"},
	};

	(void)state;
	skip_without_softhsm();
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		struct conf_key k = {.name = "k", .pkcs11 = rows[i].uri, .module = MODULE, .pin_file = pki_path(rows[i].pin),
			.certificate = rows[i].certificate ? pki_path(rows[i].certificate) : NULL};
		const char *fragment = strncmp(rows[i].fragment, "mine:", 5) == 0 ? pki_path(rows[i].fragment) : rows[i].fragment;
		struct err e = {0};

		assert_reason(rows[i].name, trust_add_key(t, &k, &e), &e, REASON_KEY_USELESS);
		if (!strstr(e.detail, fragment) || strstr(e.detail, "12 34") || strstr(e.detail, "65-43"))
			fail_msg("%s: %s", rows[i].name, e.detail);
	}
}

struct work {
	const struct trust_key *key;
	struct bytes wanted;
	bool right;
};

static void *sign_often(void *arg)
{
	struct work *w = arg;

	w->right = true;
	for (int i = 0; i < ROUNDS; i++) {
		SCOPED(buf_free) struct buf value = BUF(1000);
		struct err e;

		w->right &= trust_sign(w->key, SIGNATURE_RSA_SHA256, BYTES_LIT("octets"), &value, &e).ok &&
			bytes_eq(buf_bytes(&value), w->wanted);
	}
	return NULL;
}

/* As after SIGHUP: the keys are taken again while the old ones sign, then the old ones go. */
static void threads_sign_while_the_keys_are_taken_again(void **state)
{
	struct trust *t = trust_new();
	SCOPED(buf_free) struct buf wanted = BUF(1000);
	struct conf_key rsa = token_key("rsa");
	pthread_t thread[THREADS];
	struct work work[THREADS];
	struct err e = {0};

	(void)state;
	if (no_softhsm)
		trust_free(&t);
	skip_without_softhsm();
	assert_true(trust_add_key(t, &rsa, &e).ok);
	assert_true(trust_sign(trust_key_named(t, "rsa"), SIGNATURE_RSA_SHA256, BYTES_LIT("octets"), &wanted, &e).ok);
	for (int i = 0; i < THREADS; i++) {
		work[i] = (struct work){trust_key_named(t, "rsa"), buf_bytes(&wanted), false};
		assert_int_equal(pthread_create(&thread[i], NULL, sign_often, &work[i]), 0);
	}
	for (int i = 0; i < 10; i++) {
		struct trust *again = trust_new();
		SCOPED(buf_free) struct buf value = BUF(1000);

		assert_reason("again", trust_add_key(again, &rsa, &e), &e, REASON_NONE);
		assert_true(trust_sign(trust_key_named(again, "rsa"), SIGNATURE_RSA_SHA256, BYTES_LIT("octets"), &value, &e).ok);
		assert_true(bytes_eq(buf_bytes(&value), buf_bytes(&wanted)));
		trust_free(&again);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_true(work[i].right);
	trust_free(&t);
	t = trust_new(); /* the token was closed; it opens again */
	assert_true(trust_add_key(t, &rsa, &e).ok);
	sign_and_verify(t, "rsa");
	trust_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_token_lacks_is_told),
		cmocka_unit_test(keys_on_a_token_sign),
		cmocka_unit_test(a_key_on_a_token_asks_for_a_new_certificate),
		cmocka_unit_test(threads_sign_while_the_keys_are_taken_again),
	};

	return cmocka_run_group_tests(tests, make_token, pki_teardown);
}
