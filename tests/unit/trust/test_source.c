/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Own keys out of encrypted PEM and PKCS#12 files, and the files of passwords that open them. */
#include "pki.h"

#include "crypto/crypto.h"
#include "trust/trust_int.h"

#include "command.h"

#define WORD "Qwerty12, as in <keys>"

/* The p12 files are made by the openssl command, in the old form that the authority uses (3DES, RC2-40, SHA-1) and in
 * today's. */
static int make_files(void **state)
{
	struct err e;

	if (pki_setup(state) != 0 || !crypto_init(NULL, &e).ok)
		return -1;
	pki_write("mine:word", BYTES_LIT(WORD), 0600);
	pki_write("mine:word-line", BYTES_LIT(WORD "\r\nand a remark\n"), 0400);
	pki_write("mine:word-wrong", BYTES_LIT("Qwerty13"), 0600);
	pki_write("mine:word-empty", BYTES_LIT("\n" WORD), 0600);
	pki_write("mine:word-nul", BYTES_LIT("Qwer\0ty12"), 0600);
	pki_write("mine:word-group", BYTES_LIT(WORD), 0640);
	pki_write("mine:word-all", BYTES_LIT(WORD), 0604);
	run("cd '%s' && openssl pkcs12 -export -legacy -in '" PKI "gateway.crt' -inkey '" PKI "gateway.key' -name any "
	    "-passout file:word -out old.p12 2>/dev/null",
		pki_folder);
	run("cd '%s' && openssl pkcs12 -export -in '" PKI "gateway-ec.crt' -inkey '" PKI "gateway-ec.key' -certfile '" PKI
	    "issuing.crt' -passout file:word -out new.p12",
		pki_folder);
	run("cd '%s' && openssl pkcs12 -export -in '" PKI "gateway.crt' -nokeys -passout file:word -out keyless.p12",
		pki_folder);
	run("cd '%s' && openssl pkcs12 -export -nocerts -inkey '" PKI "gateway.key' -passout file:word -out bare.p12 "
	    "2>/dev/null",
		pki_folder);
	run("cd '%s' && openssl pkcs12 -export -in '" PKI "rsa1024.crt' -inkey '" PKI "rsa1024.key' -passout file:word "
	    "-out weak.p12",
		pki_folder);
	run("cd '%s' && openssl pkey -in '" PKI "gateway.key' -aes256 -passout file:word -out encrypted.key", pki_folder);
	run("cd '%s' && chmod 600 *.p12 *.key && cp old.p12 open.p12 && chmod 644 open.p12 && head -c 700 old.p12 >cut.p12 "
	    "&& chmod 600 cut.p12",
		pki_folder);
	return 0;
}

static const struct {
	const char *name, *pkcs12, *key, *word;
	const char *fragment; /* of the detail; NULL: taken */
} rows[] = {
	{"the old form of PKCS#12", "mine:old.p12", NULL, "mine:word", NULL},
	{"today's form, with a chain", "mine:new.p12", NULL, "mine:word", NULL},
	{"only the first line is the password", "mine:old.p12", NULL, "mine:word-line", NULL},
	{"an encrypted PEM file", NULL, "mine:encrypted.key", "mine:word", NULL},
	{"another password of PKCS#12", "mine:old.p12", NULL, "mine:word-wrong", "old.p12: the password does not open it"},
	{"another password of PEM", NULL, "mine:encrypted.key", "mine:word-wrong", "encrypted.key: no private key"},
	{"an encrypted PEM file without password", NULL, "mine:encrypted.key", NULL, "no unencrypted private key"},
	{"a password for a key that needs none", NULL, "gateway.key", "mine:word", "the key is not encrypted"},
	{"a PKCS#12 file that everybody may read", "mine:open.p12", NULL, "mine:word", "open.p12: mode 0644"},
	{"a PKCS#12 file that ends early", "mine:cut.p12", NULL, "mine:word", "cut.p12: no PKCS#12 file"},
	{"a PKCS#12 file without key", "mine:keyless.p12", NULL, "mine:word", "lacks the key or its certificate"},
	{"a PKCS#12 file without certificate", "mine:bare.p12", NULL, "mine:word", "lacks the key or its certificate"},
	{"a weak key in PKCS#12", "mine:weak.p12", NULL, "mine:word", "weak.p12: an RSA key of 1024 bits"},
	{"a PEM file in place of PKCS#12", "gateway.key", NULL, "mine:word", "no PKCS#12 file"},
	{"no PKCS#12 file", "mine:absent.p12", NULL, "mine:word", "absent.p12: No such file"},
	{"no password file", "mine:old.p12", NULL, "mine:absent", "absent: No such file"},
	{"a password file that the group may read", "mine:old.p12", NULL, "mine:word-group", "word-group: mode 0640"},
	{"a password file that everybody may read", "mine:old.p12", NULL, "mine:word-all", "word-all: mode 0604"},
	{"an empty first line", "mine:old.p12", NULL, "mine:word-empty", "word-empty: the first line is no password"},
	{"a NUL in the password", "mine:old.p12", NULL, "mine:word-nul", "word-nul: the first line is no password"},
};

static void check_row(size_t i)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	SCOPED(buf_free) struct buf value = BUF(1000);
	struct conf_key k = {.name = "k", .pkcs12 = rows[i].pkcs12 ? pki_path(rows[i].pkcs12) : NULL,
		.key = rows[i].key ? pki_path(rows[i].key) : NULL,
		.certificate = rows[i].key ? PKI "gateway.crt" : NULL,
		.password_file = rows[i].word ? pki_path(rows[i].word) : NULL};
	const struct trust_key *key;
	struct err e = {0};

	assert_reason(rows[i].name, trust_add_key(t, &k, &e), &e, rows[i].fragment ? REASON_KEY_USELESS : REASON_NONE);
	if (rows[i].fragment && !strstr(e.detail, rows[i].fragment))
		fail_msg("%s: %s", rows[i].name, e.detail);
	if (strstr(e.detail, "Qwerty"))
		fail_msg("%s: the password is told: %s", rows[i].name, e.detail);
	key = trust_key_named(t, "k");
	assert_int_equal(key != NULL, rows[i].fragment == NULL);
	if (key)
		assert_true(trust_sign(key, key->usual, BYTES_LIT("octets"), &value, &e).ok);
}

static void keys_are_opened_by_their_passwords(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(i);
}

static void a_name_without_slash_is_a_credential(void **state)
{
	SCOPED(buf_wipe) struct buf out = BUF(1 << 21);
	struct err e = {0};

	(void)state;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_reason("no service manager", trust_secret_read("word", &out, &e), &e, REASON_KEY_USELESS);
	assert_non_null(strstr(e.detail, "gives no credentials"));
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", pki_folder, 1), 0);
	assert_reason("a credential", trust_secret_read("word", &out, &e), &e, REASON_NONE);
	assert_string_equal(buf_cstr(&out), WORD);
	buf_wipe(&out);
	assert_reason("the manager's own right looks like a group's", trust_secret_read("word-group", &out, &e), &e,
		REASON_NONE);
	buf_wipe(&out);
	assert_reason("readable by everybody", trust_secret_read("word-all", &out, &e), &e, REASON_KEY_USELESS);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void a_password_file_of_another_user_is_refused(void **state)
{
	SCOPED(buf_wipe) struct buf out = BUF(1 << 21);
	const char *path = pki_path("mine:word-foreign");
	struct err e = {0};

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: only root can give a file away\n");
		skip();
	}
	pki_write("mine:word-foreign", BYTES_LIT(WORD), 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_reason("foreign", trust_secret_read(path, &out, &e), &e, REASON_KEY_USELESS);
	assert_non_null(strstr(e.detail, "belongs to another user"));
}

/* Keys of the authority's own test kit: BER, 3DES and RC2-40, national keys. */
static void keys_of_the_authority_open(void **state)
{
	static const char *const names[] = {"individual_valid", "individual_revoked", "legal_infosystem_valid"};
	const char *folder = getenv("QAQPA_VECTORS") ? getenv("QAQPA_VECTORS") : SOURCE_DIR "/../shared/vectors";

	(void)state;
	if (access(folder, R_OK) != 0) {
		print_message("SKIPPED: no test vectors of the authority at %s (QAQPA_VECTORS)\n", folder);
		skip();
	}
	pki_write("mine:word-kit", BYTES_LIT("Qwerty12"), 0600);
	for (size_t i = 0; i < COUNT(names); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		SCOPED(buf_free) struct buf value = BUF(1000);
		const struct trust_key *key;
		struct conf_key k = {.name = "k", .password_file = pki_path("mine:word-kit"),
			.pkcs12 = pki_path(pool_printf(pki_pool, "mine:%s.p12", names[i]))};
		struct err e = {0};

		run("cp '%s/nca-test/keys/%s.p12' '%s' && chmod 600 '%s'", folder, names[i], k.pkcs12, k.pkcs12);
		assert_reason(names[i], trust_add_key(t, &k, &e), &e, REASON_NONE);
		key = trust_key_named(t, "k");
		assert_int_equal(crypto_curve_of(key->key), CRYPTO_CURVE_512);
		assert_int_equal(key->usual, SIGNATURE_GOST_2015);
		assert_true(trust_sign(key, key->usual, BYTES_LIT("octets"), &value, &e).ok);
		assert_int_equal(value.len, 128);
	}
}

static void a_successor_signs_from_its_moment_on(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_key last = {.name = "last", .certificate = PKI "department.crt", .key = PKI "department.key"};
	struct conf_key next = {.name = "next", .certificate = PKI "gateway-ec.crt", .key = PKI "gateway-ec.key",
		.successor = &last, .successor_ms = pki_now + 1000};
	struct conf_key first = {.name = "first", .certificate = PKI "gateway.crt", .key = PKI "gateway.key",
		.successor = &next, .successor_ms = pki_now};
	struct err e;

	(void)state;
	assert_true(trust_add_key(t, &first, &e).ok && trust_add_key(t, &next, &e).ok && trust_add_key(t, &last, &e).ok);
	assert_string_equal(trust_key_at(t, "first", pki_now - 1)->conf->name, "first");
	assert_string_equal(trust_key_at(t, "first", pki_now)->conf->name, "next");
	assert_string_equal(trust_key_at(t, "first", pki_now + 999)->conf->name, "next");
	assert_string_equal(trust_key_at(t, "first", pki_now + 1000)->conf->name, "last");
	assert_string_equal(trust_key_at(t, "next", pki_now)->conf->name, "next");
	assert_string_equal(trust_key_named(t, "first")->conf->name, "first");
	assert_null(trust_key_at(t, "absent", pki_now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_opened_by_their_passwords),
		cmocka_unit_test(a_name_without_slash_is_a_credential),
		cmocka_unit_test(a_password_file_of_another_user_is_refused),
		cmocka_unit_test(keys_of_the_authority_open),
		cmocka_unit_test(a_successor_signs_from_its_moment_on),
	};

	return cmocka_run_group_tests(tests, make_files, pki_teardown);
}
