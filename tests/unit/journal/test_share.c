/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two facts of an entry have in common stands in the log once, and each comes back whole. */
#include "help.h"

enum { MOST = 4096, LONG = 300000 };

static const struct journal_filter all = {.with_octets = true};

struct wanted {
	struct bytes octets[3];
	size_t n, told;
};

static bool as_wanted(void *ctx, const struct journal_fact *fact)
{
	struct wanted *w = ctx;
	const size_t at = (size_t)(fact->id % 16);

	assert_true(at < w->n);
	if (!bytes_eq(fact->octets, w->octets[at]))
		fail_msg("the octets of fact %zu came back changed", at);
	assert_int_equal(fact->kept, w->octets[at].n);
	w->told++;
	return true;
}

/* In one entry; of all but the first the last `rest` octets are said to stand with the first. Gives the log's length. */
static long put(struct wanted *w, size_t rest)
{
	struct journal_fact facts[3];
	struct folder f;
	struct journal *j;
	struct stat st;
	char path[512];

	folder_make(&f);
	j = journal_start(&f);
	for (size_t i = 0; i < w->n; i++) {
		facts[i] = fact_of("2030-01-02T03:04:05+05:00", "{1}", "m");
		facts[i].octets = bytes_sub(w->octets[i], 0, w->octets[i].n - (i > 0 ? rest : 0));
		facts[i].rest = i > 0 ? bytes_sub(w->octets[0], w->octets[0].n - rest, w->octets[0].n) : BYTES_NONE;
		facts[i].size = w->octets[i].n;
	}
	assert_true(put_wait(j, facts, w->n, NULL, NULL));
	journal_close(&j);
	w->told = 0;
	assert_true(journal_find(f.journal, &all, as_wanted, w, NULL).ok);
	assert_int_equal(w->told, w->n);
	folder_path(&f, "journal-2030-01-02.log", path);
	assert_int_equal(stat(path, &st), 0);
	folder_drop(&f);
	return st.st_size;
}

static long put_two(struct bytes first, struct bytes second)
{
	struct wanted w = {.octets = {first, second}, .n = 2};

	return put(&w, 0);
}

static void whatever_they_have_in_common_both_come_back(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"", "a"}, {"a", ""}, {"a", "a"}, {"a", "b"}, {"aaaa", "aaa"},
		{"aaa", "aaaa"}, {"abab", "ab"}, {"ab", "abab"}, {"abcab", "ab"}, {"front-x-back", "front-long-back"},
		{"front-x-back", "front-back"}, {"front-back", "front-x-back"}, {"xback", "back"}, {"front", "frontx"}};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		put_two(bytes_str(pairs[i][0]), bytes_str(pairs[i][1]));
}

/* Cuts around the strides in which octets are compared: so much of the first octets, so much else, so much of their end. */
static const size_t cuts[] = {0, 1, 255, 256, 257, 300, 511, 512, 513}, owns[] = {0, 1, 2};

enum { CUTS = sizeof cuts / sizeof cuts[0], OWNS = sizeof owns / sizeof owns[0], PAIRS = CUTS * CUTS * OWNS };

static unsigned char long_one[MOST], cut_one[MOST];

static struct bytes cut_of(size_t pair)
{
	const size_t front = cuts[pair % CUTS], back = cuts[pair / CUTS % CUTS], own = owns[pair / CUTS / CUTS];

	memcpy(cut_one, long_one, front);
	memset(cut_one + front, '!', own);
	memcpy(cut_one + front + own, long_one + sizeof long_one - back, back);
	return (struct bytes){cut_one, front + own + back};
}

static bool as_cut(void *ctx, const struct journal_fact *fact)
{
	const size_t pair = strtoul(fact->exchange, NULL, 10);

	if (!bytes_eq(fact->octets, fact->id % 16 == 0 ? (struct bytes){long_one, sizeof long_one} : cut_of(pair)))
		fail_msg("the octets of pair %zu came back changed", pair);
	++*(size_t *)ctx;
	return true;
}

static void cuts_anywhere_come_back(void **state)
{
	struct journal_fact facts[2];
	struct folder f;
	struct journal *j;
	char exchange[8];
	size_t told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof long_one; i++)
		long_one[i] = (unsigned char)(i * 7 + i / 251);
	folder_make(&f);
	j = journal_start(&f);
	for (size_t pair = 0; pair < PAIRS; pair++) {
		snprintf(exchange, sizeof exchange, "%zu", pair);
		facts[0] = facts[1] = fact_of("2030-01-02T03:04:05+05:00", exchange, "m");
		facts[0].octets = (struct bytes){long_one, sizeof long_one};
		facts[1].octets = cut_of(pair);
		assert_true(put_wait(j, facts, 2, NULL, NULL));
	}
	journal_close(&j);
	assert_true(journal_find(f.journal, &all, as_cut, &told, NULL).ok);
	assert_int_equal(told, 2 * PAIRS);
	folder_drop(&f);
}

static void what_is_common_stands_there_once(void **state)
{
	static unsigned char first[LONG], second[LONG];
	const struct bytes a = {first, LONG}, b = {second, LONG};
	struct wanted three = {.octets = {a, b, a}, .n = 3};

	(void)state;
	for (size_t i = 0; i < LONG; i++)
		first[i] = (unsigned char)(i * 7 + i / 251);
	memcpy(second, first, LONG);
	memset(second + 1000, '!', 500);
	assert_in_range(put_two(a, b), LONG + 500, LONG + 2000);
	assert_in_range(put(&three, 0), LONG + 500, LONG + 3000);
	memset(second, '!', LONG);
	assert_in_range(put_two(a, b), 2 * LONG, 2 * LONG + 2000);
}

/* Octets that the writer leaves where the first ones stand; those before them may be alike as well. */
static void what_is_said_to_be_common_comes_back(void **state)
{
	static const char *const pairs[][2] = {{"abcdef", "abcdef"}, {"abcdef", "def"}, {"abcdef", "xdef"}, {"abcdef", "abxdef"},
		{"abcdef", "abcdabcdef"}, {"def", "abcdef"}, {"def", "def"}};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		for (size_t rest = 1; rest <= 3; rest++) {
			struct wanted w = {.octets = {bytes_str(pairs[i][0]), bytes_str(pairs[i][1])}, .n = 2};

			put(&w, rest);
		}
	}
}

static bool none(void *ctx, const struct journal_fact *fact)
{
	*(int *)ctx |= 1 << fact->id % 16;
	return true;
}

/* An octet that both facts need is found out for each of them. */
static void a_spoilt_octet_is_found_out_for_both(void **state)
{
	static unsigned char octets[2][5000];
	struct journal_fact facts[2];
	struct folder f;
	struct journal *j;
	struct err e = {.detail = ""};
	char path[512];
	int told = 0;
	FILE *log;

	(void)state;
	memset(octets, 'o', sizeof octets);
	octets[1][4000] = '!';
	folder_make(&f);
	j = journal_start(&f);
	for (size_t i = 0; i < 2; i++) {
		facts[i] = fact_of("2030-01-02T03:04:05+05:00", i == 0 ? "{0}" : "{1}", "m");
		facts[i].octets = (struct bytes){octets[i], sizeof octets[i]};
		facts[i].size = sizeof octets[i];
	}
	assert_true(put_wait(j, facts, 2, NULL, NULL));
	journal_close(&j);
	folder_path(&f, "journal-2030-01-02.log", path);
	log = fopen(path, "r+");
	assert_non_null(log);
	assert_int_equal(fseek(log, -4900, SEEK_END), 0); /* of the first octets, before what the second has for itself */
	assert_int_equal(fputc('x', log), 'x');
	assert_int_equal(fclose(log), 0);
	for (int i = 0; i < 2; i++) {
		struct journal_filter one = {.with_octets = true, .exchange = i == 0 ? "{0}" : "{1}"};

		assert_false(journal_find(f.journal, &one, none, &told, &e).ok);
		assert_non_null(strstr(e.detail, "are not what was written"));
	}
	assert_int_equal(told, 0);
	folder_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_they_have_in_common_both_come_back),
		cmocka_unit_test(cuts_anywhere_come_back),
		cmocka_unit_test(what_is_common_stands_there_once),
		cmocka_unit_test(what_is_said_to_be_common_comes_back),
		cmocka_unit_test(a_spoilt_octet_is_found_out_for_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
