/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_bench - what the tests of this room share: a department that signs, and a gateway that trusts it.
 *
 * The test PKI is made once in the build folder by certs/make-test-pki and used again by later runs.
 */
#ifndef QAQPA_TESTS_CHANNEL_BENCH_H
#define QAQPA_TESTS_CHANNEL_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/channel.h"

#define PKI BINARY_DIR "/test-pki"
#define MUCH (8u << 20)

#define ENVELOPE_WITH(more, body) \
	"<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"" more "><soapenv:Body xmlns:wsu=\"" NS_WSU \
	"\" wsu:Id=\"id-11111111-2222-4333-8444-555555555555\">" body "</soapenv:Body></soapenv:Envelope>"
#define ENVELOPE(body) ENVELOPE_WITH("", body)
#define OPERATION(name, inner) "<t:" name " xmlns:t=\"" NS_SYNC_TYPES "\">" inner "</t:" name ">"
#define SESSION "{99999999-8888-4777-8666-555555555555}"
#define OTHER_SESSION "{12121212-3434-4565-8787-909090909090}"

static const struct conf_profile bench_profile = {.name = "test", .forms = CONF_FORM_KEY_IDENTIFIER,
	.sign = CONF_FORM_KEY_IDENTIFIER, .skew_ms = 300000, .max_age_ms = 604800000};
static const char *const bench_pinned[] = {PKI "/department.crt"};
static const struct conf_participant bench_department = {.name = "department",
	.certificates = {bench_pinned, 1}, .profile = &bench_profile};
static const struct conf_key bench_key = {.name = "department", .certificate = PKI "/department.crt",
	.key = PKI "/department.key"};

struct bench {
	struct pool *pool;
	struct trust *trust;
};

static inline int bench_open(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e = {0};

	if (!b || system(SOURCE_DIR "/certs/make-test-pki " PKI " >/dev/null") != 0)
		return -1;
	envelope_init();
	if (!clock_zone("Asia/Almaty") || !security_init(&e).ok)
		return -1;
	b->trust = trust_new();
	if (!b->trust || !trust_add_participant(b->trust, &bench_department, &e).ok ||
		!trust_add_key(b->trust, &bench_key, &e).ok) {
		print_error("%s\n", e.detail);
		return -1;
	}
	*state = b;
	return 0;
}

static inline int bench_close(void **state)
{
	struct bench *b = *state;

	pool_free(&b->pool);
	trust_free(&b->trust);
	free(b);
	return 0;
}

/* A fresh pool for each test. */
static inline struct bench *bench_fresh(void **state)
{
	struct bench *b = *state;

	pool_free(&b->pool);
	b->pool = pool_new(64u << 20);
	assert_non_null(b->pool);
	return b;
}

/* The message signed by the department, as text that lives in the pool. */
static inline struct bytes bench_sign(struct bench *b, struct bytes message)
{
	struct sign_options options = {trust_key_named(b->trust, "department"), CONF_FORM_KEY_IDENTIFIER,
		SIGNATURE_COUNT};
	struct buf out = BUF(MUCH);
	struct err e = {0};
	struct bytes kept;

	if (!security_sign(b->pool, message, &options, &out, &e).ok)
		fail_msg("signing: %s", e.detail);
	kept = (struct bytes){(const unsigned char *)pool_copy(b->pool, buf_bytes(&out)), out.len};
	buf_free(&out);
	return kept;
}

/* Signs, parses, verifies. A message whose shape envelope or security refuse gives NULL with the reason in
 * `e`. */
static inline const struct verified *bench_verified(struct bench *b, const char *message, struct err *e)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct trust_cert *who = NULL;
	const struct verified *v = NULL;
	struct envelope *env = NULL;

	if (!envelope_parse(b->pool, bench_sign(b, bytes_str(message)), &limits, &env, e).ok)
		return NULL;
	if (!security_verify(b->pool, env, b->trust, stamp_now(), &v, &who, e).ok)
		return NULL;
	return v;
}

static inline struct envelope *bench_parse(struct bench *b, struct bytes text)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env = NULL;
	struct err e = {0};

	if (!envelope_parse(b->pool, text, &limits, &env, &e).ok)
		fail_msg("parsing: %s", e.detail);
	return env;
}

#endif
