/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_parts - waits, the order of serial numbers, a long list against what OpenSSL finds in it, the table by time. */
#include "authority.h"

#include "revocation/revocation_run.h"

static struct world world;

static void waits_double_up_to_their_bound(void **state)
{
	static const struct {
		unsigned failures;
		int most_ms;
		int64_t from, until;
	} rows[] = {
		{1, 600000, 500, 1000}, {2, 600000, 1000, 2000}, {3, 600000, 2000, 4000}, {10, 600000, 256000, 512000},
		{11, 600000, 300000, 600000}, {4000000000u, 600000, 300000, 600000}, {1, 100, 50, 100},
	};
	static const uint32_t chances[] = {0, 1, 77777, UINT32_MAX};
	int64_t apart = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t k = 0; k < COUNT(chances); k++) {
			int64_t wait = revocation_backoff(rows[i].failures, rows[i].most_ms, chances[k]);

			assert_in_range(wait, rows[i].from, rows[i].until);
			apart |= wait - rows[i].from;
		}
	}
	assert_true(apart > 0); /* chance moves them */
}

static void an_answer_is_refreshed_before_it_is_over(void **state)
{
	(void)state;
	assert_int_equal(revocation_refresh(T0 + DAY, T0, 600000, 0), 600000);
	assert_int_equal(revocation_refresh(T0 + 600000, T0, 600000, 0), 300000);
	assert_int_equal(revocation_refresh(T0 - DAY, T0, 600000, 0), 1000); /* over already: soon, yet not at once */
	assert_in_range(revocation_refresh(T0 + DAY, T0, 600000, UINT32_MAX), 525000, 600000);
}

static struct revocation_number number(long value)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	struct revocation_number out;

	ASN1_INTEGER_set(i, value);
	assert_true(revocation_number_of(i, &out));
	ASN1_INTEGER_free(i);
	return out;
}

static void numbers_are_in_the_order_of_their_values(void **state)
{
	static const long values[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1L << 40};
	unsigned char longest[21] = {1};
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	struct revocation_number a, b;

	(void)state;
	for (size_t k = 0; k < COUNT(values); k++) {
		for (size_t m = 0; m < COUNT(values); m++) {
			a = number(values[k]);
			b = number(values[m]);
			assert_int_equal((revocation_number_order(&a, &b) > 0) - (revocation_number_order(&a, &b) < 0),
				(k > m) - (k < m));
		}
	}
	a = number(5);
	b = number(-5);
	assert_true(revocation_number_order(&a, &b) != 0);
	assert_int_equal(ASN1_STRING_set(i, longest, 20), 1);
	assert_true(revocation_number_of(i, &a));
	assert_int_equal(ASN1_STRING_set(i, longest, 21), 1);
	assert_false(revocation_number_of(i, &a));
	ASN1_INTEGER_free(i);
}

/* 100,000 entries: each serial number is found exactly when OpenSSL finds it. */
static void a_long_list_is_searched_like_openssl_searches_it(void **state)
{
	SCOPED(buf_free) struct buf octets = list_make(&world, &(struct list){.others = 100000, .leaf = LISTED_HOLD});
	struct revocation_source s = {.issuer = der_of(&world.ca)};
	SCOPED(revocation_authority_drop) struct revocation_authority a = {.source = &s};
	SCOPED(revocation_crl_free) struct revocation_crl *crl = NULL;
	const unsigned char *p = octets.data;
	X509_CRL *oracle = d2i_X509_CRL(NULL, &p, (long)octets.len);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	size_t found = 0;

	(void)state;
	assert_true(revocation_authority_read(&s, &a, NULL).ok);
	assert_int_equal(revocation_crl_read(&a, buf_bytes(&octets), false, T0, 0, &crl), REVOCATION_GOOD);
	assert_int_equal(crl->n, 100001);
	for (long n = 0; n < 1100000; n += 3) {
		X509_REVOKED *entry = NULL;
		struct revocation_number key = number(n);
		const struct revocation_entry *mine = revocation_crl_find(crl, &key);

		ASN1_INTEGER_set(serial, n);
		X509_CRL_get0_by_serial(oracle, &entry, serial);
		assert_int_equal(mine != NULL, entry != NULL);
		found += mine != NULL;
	}
	assert_true(found > 30000);
	ASN1_INTEGER_free(serial);
	X509_CRL_free(oracle);
}

static struct revocation_watch *watch(unsigned n)
{
	struct revocation_watch *w = calloc(1, sizeof *w);

	memcpy(w->sha256, &n, sizeof n);
	return w;
}

static void the_table_gives_the_earliest_first(void **state)
{
	enum { MANY = 500 };
	struct revocation_table t;
	struct revocation_watch *w;
	int64_t last = -1;
	size_t given = 0;
	unsigned n;

	(void)state;
	assert_true(revocation_table_init(&t, MANY));
	for (n = 0; n < MANY; n++) {
		w = watch(n);
		revocation_table_add(&t, w);
		revocation_table_due(&t, w, n * 7919 % 1000);
	}
	for (n = 0; n < MANY; n += 3) { /* some move, some go */
		unsigned char key[32] = {0};

		memcpy(key, &n, sizeof n);
		w = revocation_table_find(&t, key);
		assert_non_null(w);
		if (n % 2)
			revocation_table_due(&t, w, n * 31 % 1000);
		else
			revocation_table_undue(&t, w);
	}
	while ((w = revocation_table_first(&t))) {
		assert_true(w->task.due_ms >= last);
		last = w->task.due_ms;
		revocation_table_undue(&t, w);
		given++;
	}
	assert_int_equal(given, MANY - (MANY + 5) / 6);
	w = TAILQ_LAST(&t.recent, revocation_list);
	assert_int_equal(memcmp(w->sha256, &(unsigned){0}, sizeof n), 0); /* the first that came */
	revocation_table_touch(&t, w);
	assert_ptr_equal(TAILQ_FIRST(&t.recent), w);
	revocation_table_drop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_their_bound),
		cmocka_unit_test(an_answer_is_refreshed_before_it_is_over),
		cmocka_unit_test(numbers_are_in_the_order_of_their_values),
		cmocka_unit_test(a_long_list_is_searched_like_openssl_searches_it),
		cmocka_unit_test(the_table_gives_the_earliest_first),
	};
	int failed;

	world_make(&world, KIND_EC);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_drop(&world);
	return failed;
}
