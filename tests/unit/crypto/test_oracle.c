/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Debian's gost-engine as the other party, in processes of its own: it verifies what we sign and we verify what it signs,
 * both curves, and its commands say the same digests. It knows the same curves by their Russian names, and writes a
 * signature value back to front. */
#include "../cm.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "../national.h"

#define CURVES(c) for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++)

extern char **environ;

static char folder[] = "/tmp/qaqpa-gost-engine-XXXXXX";

static const struct other_names {
	const char *key, *curve, *digest;
	int half;
} others[CRYPTO_CURVE_COUNT] = {
	{"1.2.643.7.1.1.1.2", "1.2.643.7.1.2.1.2.1", "1.2.643.7.1.1.2.3", 64},
	{"1.2.643.2.2.19", "1.2.643.2.2.35.1", "1.2.643.2.2.30.1", 32},
};

static int setup(void **state)
{
	struct err e = {.detail = ""};

	(void)state;
	return crypto_init(NULL, &e).ok && mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
	static char path[8][128];
	static int at;

	at = (at + 1) % 8;
	snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
	return path[at];
}

static int teardown(void **state)
{
	static const char *const names[] = {"digest", "value", "public", "secret", "text", "out"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

static void put(const char *name, const void *octets, size_t n)
{
	FILE *f = fopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static size_t get(const char *name, void *octets, size_t most)
{
	FILE *f = fopen(in_folder(name), "rb");
	size_t n;

	assert_non_null(f);
	n = fread(octets, 1, most, f);
	fclose(f);
	return n;
}

/* Exit code; what it says goes to the file `out`. */
static int run(const char *const *arguments)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, in_folder("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	status = posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (status != 0)
		return 127;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void need(const char *what, const char *const *arguments)
{
	int code = run(arguments);

	if (code == 0)
		return;
	print_message("SKIPPED: no %s here (packages libengine-gost-openssl and gostsum)\n", what);
	skip();
}

static void need_engine(void)
{
	need("gost-engine", (const char *const[]){"openssl", "pkeyutl", "-engine", "gost", "-help", NULL});
	need("gost-engine", (const char *const[]){"openssl", "engine", "gost", NULL});
}

static void reversed(unsigned char *to, const unsigned char *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[n - 1 - i];
}

/* SEQUENCE { curve, digest } with the other names. */
static ASN1_STRING *parameters(const struct other_names *o)
{
	ASN1_OBJECT *curve = OBJ_txt2obj(o->curve, 1), *digest = OBJ_txt2obj(o->digest, 1);
	unsigned char both[64], *p = both + 2;
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	i2d_ASN1_OBJECT(curve, &p);
	i2d_ASN1_OBJECT(digest, &p);
	both[0] = 0x30;
	both[1] = (unsigned char)(p - both - 2);
	assert_int_equal(ASN1_STRING_set(s, both, (int)(p - both)), 1);
	ASN1_OBJECT_free(curve);
	ASN1_OBJECT_free(digest);
	return s;
}

static unsigned char *octet_string(const unsigned char *octets, int n, int *der_n)
{
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;

	ASN1_OCTET_STRING_set(s, octets, n);
	*der_n = i2d_ASN1_OCTET_STRING(s, &der);
	ASN1_OCTET_STRING_free(s);
	return der;
}

/* Both keys as files with the other names; the numbers are the same octets in both worlds. */
static void write_keys(EVP_PKEY *key, enum crypto_curve c)
{
	const struct other_names *o = &others[c];
	PKCS8_PRIV_KEY_INFO *ours = EVP_PKEY2PKCS8(key), *p8 = PKCS8_PRIV_KEY_INFO_new();
	X509_PUBKEY *public = X509_PUBKEY_new();
	unsigned char *spki = NULL, secret[64], *der;
	const unsigned char *p;
	int n = i2d_PUBKEY(key, &spki), der_n;
	BIO *file;

	der = octet_string(spki + n - 2 * o->half, 2 * o->half, &der_n);
	X509_PUBKEY_set0_param(public, OBJ_txt2obj(o->key, 1), V_ASN1_SEQUENCE, parameters(o), der, der_n);
	file = BIO_new_file(in_folder("public"), "w");
	assert_int_equal(PEM_write_bio_X509_PUBKEY(file, public), 1);
	BIO_free(file);
	assert_int_equal(PKCS8_pkey_get0(NULL, &p, &n, NULL, ours), 1);
	if (c == CRYPTO_CURVE_512) {
		memcpy(secret, p + n - o->half, (size_t)o->half);
	} else { /* an INTEGER, perhaps with a zero in front or shorter */
		memset(secret, 0, sizeof(secret));
		reversed(secret, p + 2, (size_t)n - 2);
	}
	der = octet_string(secret, o->half, &der_n);
	PKCS8_pkey_set0(p8, OBJ_txt2obj(o->key, 1), 0, V_ASN1_SEQUENCE, parameters(o), der, der_n);
	file = BIO_new_file(in_folder("secret"), "w");
	assert_int_equal(PEM_write_bio_PKCS8_PRIV_KEY_INFO(file, p8), 1);
	BIO_free(file);
	PKCS8_PRIV_KEY_INFO_free(p8);
	PKCS8_PRIV_KEY_INFO_free(ours);
	X509_PUBKEY_free(public);
	OPENSSL_free(spki);
}

static bool engine_verifies(void)
{
	return run((const char *const[]){"openssl", "pkeyutl", "-verify", "-engine", "gost", "-pubin", "-inkey",
		in_folder("public"), "-sigfile", in_folder("value"), "-in", in_folder("digest"), NULL}) == 0;
}

static EVP_PKEY_CTX *context(EVP_PKEY *key) { return EVP_PKEY_CTX_new(key, NULL); }

static void gost_engine_verifies_what_we_sign(void **state)
{
	(void)state;
	need_engine();
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c);
		EVP_PKEY_CTX *ctx = context(key);
		unsigned char digest[64], value[128], other[128];
		size_t half = (size_t)others[c].half, n = sizeof(value);

		for (size_t i = 0; i < half; i++)
			digest[i] = (unsigned char)(200 - 3 * i);
		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_int_equal(EVP_PKEY_sign(ctx, value, &n, digest, half), 1);
		write_keys(key, c);
		reversed(other, value, n);
		put("digest", digest, half);
		put("value", other, n);
		assert_true(engine_verifies());
		other[7] ^= 1;
		put("value", other, n);
		assert_false(engine_verifies());
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
}

static void we_verify_what_gost_engine_signs(void **state)
{
	(void)state;
	need_engine();
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c);
		EVP_PKEY_CTX *ctx = context(key);
		unsigned char digest[64], value[128], other[128];
		size_t half = (size_t)others[c].half;

		for (size_t i = 0; i < half; i++)
			digest[i] = (unsigned char)(17 + 5 * i);
		write_keys(key, c);
		put("digest", digest, half);
		assert_int_equal(run((const char *const[]){"openssl", "pkeyutl", "-sign", "-engine", "gost", "-inkey",
			in_folder("secret"), "-in", in_folder("digest"), "-out", in_folder("value"), NULL}), 0);
		assert_int_equal(get("value", other, sizeof(other)), 2 * half);
		reversed(value, other, 2 * half);
		assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
		assert_int_equal(EVP_PKEY_verify(ctx, value, 2 * half, digest, half), 1);
		assert_true(EVP_PKEY_verify(ctx, other, 2 * half, digest, half) != 1);
		digest[half - 1] ^= 1;
		assert_true(EVP_PKEY_verify(ctx, value, 2 * half, digest, half) != 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
}

static void its_commands_say_the_same_digests(void **state)
{
	static const char *const commands[CRYPTO_DIGEST_COUNT][2] = {{"gost12sum", "-l"}, {"gostsum", "-t"}};
	unsigned char text[400];

	(void)state;
	put("text", "", 0);
	need("gostsum", (const char *const[]){"gostsum", "-t", in_folder("text"), NULL});
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * i + 11 * i);
	/* gostsum hashes a block of zeros for an empty file; RFC 5831 does not (test_hash.c). */
	for (size_t n = 1; n <= sizeof(text); n += n < 70 ? 1 : 33) {
		put("text", text, n);
		for (enum crypto_digest d = 0; d < CRYPTO_DIGEST_COUNT; d++) {
			SCOPED(buf_free) struct buf hex = BUF(200);
			unsigned char digest[64], back[64];
			char said[256] = "";
			unsigned digest_n = 0;

			assert_int_equal(EVP_Digest(text, n, digest, &digest_n, crypto_md(d), NULL), 1);
			assert_int_equal(
				run((const char *const[]){commands[d][0], commands[d][1], in_folder("text"), NULL}), 0);
			get("out", said, sizeof(said) - 1);
			reversed(back, digest, digest_n); /* gostsum prints a number, last octet first */
			buf_hex(&hex, (struct bytes){d == CRYPTO_DIGEST_512 ? digest : back, digest_n});
			assert_memory_equal(said, hex.data, hex.len);
			assert_int_equal(said[hex.len], ' ');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gost_engine_verifies_what_we_sign),
		cmocka_unit_test(we_verify_what_gost_engine_signs),
		cmocka_unit_test(its_commands_say_the_same_digests),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
