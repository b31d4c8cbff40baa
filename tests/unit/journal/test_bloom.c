/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter of replay keys never says no to a key it was given, over all growth. */
#include "help.h"
#include "journal_int.h"

static uint64_t key_of(uint32_t n)
{
	char text[32];

	snprintf(text, sizeof text, "{message-%u}", n);
	return (uint64_t)journal_seen_hash(7, BYTES_LIT("sys"), bytes_str(text));
}

static void an_empty_filter_holds_nothing(void **state)
{
	struct journal_bloom *b = journal_bloom_new();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_false(journal_bloom_may_hold(b, key_of(i)));
	journal_bloom_free(&b);
	assert_null(b);
	journal_bloom_free(&b);
}

static void keys_are_never_denied_and_others_seldom_allowed(void **state)
{
	enum { KEYS = 400000, OTHERS = 100000 }; /* into the third layer */
	struct journal_bloom *b = journal_bloom_new();
	int allowed = 0;

	(void)state;
	for (uint32_t i = 0; i < KEYS; i++)
		journal_bloom_add(b, key_of(i));
	for (uint32_t i = 0; i < KEYS; i++)
		assert_true(journal_bloom_may_hold(b, key_of(i)));
	for (uint32_t i = 0; i < OTHERS; i++)
		allowed += journal_bloom_may_hold(b, key_of(KEYS + i));
	assert_in_range(allowed, 0, OTHERS / 50); /* the keys are fixed, so is the count */
	journal_bloom_free(&b);
}

static void sender_and_message_are_kept_apart(void **state)
{
	(void)state;
	assert_true(journal_seen_hash(7, BYTES_LIT("ab"), BYTES_LIT("c")) !=
		journal_seen_hash(7, BYTES_LIT("a"), BYTES_LIT("bc")));
	assert_true(journal_seen_hash(7, BYTES_NONE, BYTES_LIT("a")) !=
		journal_seen_hash(7, BYTES_LIT("a"), BYTES_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_filter_holds_nothing),
		cmocka_unit_test(keys_are_never_denied_and_others_seldom_allowed),
		cmocka_unit_test(sender_and_message_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
