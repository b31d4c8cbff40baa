/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signed - a folder with a configuration, and messages really signed by those it names, for rooms above
 * channel.
 *
 * A struct verified can only be made by security_verify; so these tests sign with keys of a throw-away PKI,
 * which certs/make-test-pki makes once in the build folder.
 */
#ifndef QAQPA_TESTS_SIGNED_H
#define QAQPA_TESTS_SIGNED_H

#include "cm.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel/channel.h"

#define PKI BINARY_DIR "/test-pki"
#define MUCH (64u << 20)

struct signed_bench {
	char folder[200], path[256]; /* of the configuration */
	struct pool *pool;
	struct trust *signers;       /* has the keys of the others, which no gateway has */
};

static const struct conf_key bench_keys[] = {
	{.name = "department", .certificate = PKI "/department.crt", .key = PKI "/department.key"},
	{.name = "permits", .certificate = PKI "/permits.crt", .key = PKI "/permits.key"},
	{.name = "monitoring", .certificate = PKI "/monitoring.crt", .key = PKI "/monitoring.key"},
};

static inline void bench_file(const struct signed_bench *b, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", b->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* Once per program, before anything else. */
static inline void bench_make(struct signed_bench *b)
{
	const char *tmp = getenv("TMPDIR");
	struct err e = {.detail = ""};

	assert_int_equal(system("sh " SOURCE_DIR "/certs/make-test-pki " PKI " >/dev/null"), 0);
	assert_true(clock_zone("Asia/Almaty"));
	envelope_init();
	assert_true(security_init(&e).ok);
	snprintf(b->folder, sizeof b->folder, "%s/qaqpa-unit-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof b->path, "%s/qaqpa.yaml", b->folder);
	b->pool = pool_new(MUCH);
	b->signers = trust_new();
	for (size_t i = 0; i < sizeof bench_keys / sizeof bench_keys[0]; i++) {
		if (!trust_add_key(b->signers, &bench_keys[i], &e).ok)
			fail_msg("%s: %s", bench_keys[i].name, e.detail);
	}
}

static inline int bench_remove(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline void bench_drop(struct signed_bench *b)
{
	trust_free(&b->signers);
	pool_free(&b->pool);
	nftw(b->folder, bench_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A whole request of the channel, signed by `signer`; lives in the pool. */
static inline struct bytes bench_request(
	struct signed_bench *b, const char *signer, const struct sync_request *r, const char *data)
{
	struct sign_options options = {trust_key_named(b->signers, signer), CONF_FORM_KEY_IDENTIFIER,
		SIGNATURE_COUNT};
	struct buf plain = BUF(MUCH), text = BUF(MUCH);
	struct err e = {.detail = ""};
	struct bytes kept;

	if (!channel_write_request(r, "", data, &plain, &e).ok ||
		!security_sign(b->pool, buf_bytes(&plain), &options, &text, &e).ok)
		fail_msg("request of %s: %s", signer, e.detail);
	kept = (struct bytes){(const unsigned char *)pool_copy(b->pool, buf_bytes(&text)), text.len};
	buf_free(&plain);
	buf_free(&text);
	return kept;
}

/* What a gateway with `trust` makes of the message. */
static inline const struct verified *bench_verified(
	struct signed_bench *b, struct trust *trust, struct bytes message)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct trust_cert *who = NULL;
	const struct verified *v = NULL;
	struct err e = {.detail = ""};
	struct envelope *env = NULL;

	if (!envelope_parse(b->pool, message, &limits, &env, &e).ok ||
		!security_verify(b->pool, env, trust, stamp_now(), &v, &who, &e).ok)
		fail_msg("verifying: %s", e.detail);
	return v;
}

#endif
