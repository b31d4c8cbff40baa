/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message that was verified is signed by us and goes on. Where its Body stays as it is, the digest that was verified is
 * signed again; where anything differs in what a digest is made of, it must not be. */
#include "fixture.h"

#define LISTED(list) \
	REFERENCE_AS(" URI=\"#body\"", "<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC \
		"\" PrefixList=\"" list "\"/></ds:Transform>", DIGEST)

static const struct {
	const char *name;
	struct message message;
	const char *added; /* at the end of the operation */
} rows[] = {
	{"as it came", {0}, NULL},
	{"with other signed elements", {.before = TIMESTAMP("{T0}", "{T60}"), .references = REFERENCE("#body") REFERENCE("#ts")},
		NULL},
	{"a needless transform", {.references = REFERENCE_AS(" URI=\"#body\"", ENVELOPED TRANSFORM(EXC), DIGEST)}, NULL},
	{"another digest algorithm", {.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), DIGEST_AS(ENC "sha512"))},
		NULL},
	{"a list of prefixes", {.references = LISTED("x"),
		.body = BODY_AS(XMLNS_WSU " xmlns:x=\"urn:x\" wsu:Id=\"body\"", "100")}, NULL},
	{"an identifier without namespace", {.body = BODY_AS(" Id=\"body\"", "100")}, NULL},
	{"an edit", {0}, "<z/>"},
	{"what libxml2 has to canonicalise",
		{.body = BODY_AS(XMLNS_WSU " xmlns:x=\"urn:?a=1&amp;b\" wsu:Id=\"body\"", "100")}, NULL},
};

static void sign_on(size_t i, const struct verified *v, struct pool *pool, bool known, struct buf *out)
{
	const struct sign_options options = {world.key[SENDER], CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	const size_t at = verified_operation(v)->inner_end;
	const struct edit edit = {at, at, bytes_str(rows[i].added)};
	const size_t n = rows[i].added ? 1 : 0;
	struct err e = {0};

	if (!(known ? security_sign_verified(pool, v, &edit, n, &options, out, NULL, &e) :
		security_sign_edited(pool, verified_envelope(v), &edit, n, &options, out, &e)).ok)
		fail_msg("%s: %s", rows[i].name, e.detail);
}

static void what_was_verified_goes_on_with_a_good_signature(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MEMORY);
		SCOPED(buf_free) struct buf text = BUF(MEMORY), known = BUF(MEMORY), made = BUF(MEMORY);
		const struct verified *v;
		struct envelope *env;
		struct err e = {0};

		world.row = rows[i].name;
		compose(&text, &rows[i].message);
		complete(&text, SENDER);
		if (!envelope_parse_frame(pool, buf_bytes(&text), &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok ||
			!security_verify(pool, env, world.trust, world.now, &v, NULL, &e).ok)
			fail_msg("%s: %s: %s", rows[i].name, reason_row(e.reason)->name, e.detail);
		sign_on(i, v, pool, true, &known);
		sign_on(i, v, pool, false, &made);
		expect(rows[i].name, &known, REASON_NONE);
		assert_string_equal(buf_cstr(&known), buf_cstr(&made));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_verified_goes_on_with_a_good_signature),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
