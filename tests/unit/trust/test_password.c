/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords: the right one fits, the dear hash is paid once, and what is remembered opens nothing else. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <crypt.h>

#include "trust/trust.h"

static int hashings;

/* Stands before libcrypt's own, counts and passes on. */
char *crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	static char *(*real)(const char *, const char *, void *, int);

	if (!real)
		real = (char *(*)(const char *, const char *, void *, int))dlsym(RTLD_NEXT, "crypt_rn");
	hashings++;
	return real(phrase, setting, data, size);
}

static char hash[384];

static int setup(void **state)
{
	struct err e;

	(void)state;
	return password_hash(BYTES_LIT("Құпия сөз 1"), hash, &e).ok ? 0 : -1;
}

static void a_fresh_hash_is_yescrypt_and_never_the_same_twice(void **state)
{
	char other[384];
	struct err e;

	(void)state;
	assert_memory_equal(hash, "$y$", 3);
	assert_true(password_hash(BYTES_LIT("Құпия сөз 1"), other, &e).ok);
	assert_string_not_equal(hash, other);
}

static void the_right_password_fits_and_is_hashed_once(void **state)
{
	char other[384];
	struct err e;

	(void)state;
	hashings = 0;
	for (int i = 0; i < 5; i++)
		assert_true(password_fits(hash, BYTES_LIT("Құпия сөз 1")));
	assert_int_equal(hashings, 1);
	assert_true(password_hash(BYTES_LIT("another"), other, &e).ok);
	hashings = 0;
	assert_false(password_fits(other, BYTES_LIT("Құпия сөз 1")));
	assert_int_equal(hashings, 1);
}

static const struct {
	const char *name;
	struct bytes password;
} wrong[] = {
	{"another word", BYTES_LIT("Құпия сөз 2")},
	{"a word cut short", BYTES_LIT("Құпия сөз ")},
	{"a word with more behind it", BYTES_LIT("Құпия сөз 1 ")},
	{"the right word and a NUL", BYTES_LIT("Құпия сөз 1\0")},
	{"the right word, a NUL and more", BYTES_LIT("Құпия сөз 1\0x")},
	{"nothing", {NULL, 0}},
	{"a NUL", BYTES_LIT("\0")},
};

static void a_wrong_password_never_fits_not_even_after_the_right_one(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_true(password_fits(hash, BYTES_LIT("Құпия сөз 1")));
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			if (password_fits(hash, wrong[i].password))
				fail_msg("%s fits", wrong[i].name);
		}
	}
	hashings = 0;
	assert_true(password_fits(hash, BYTES_LIT("Құпия сөз 1")));
	assert_int_equal(hashings, 0); /* wrong ones do not drive the right one out */
}

static void the_whole_password_counts_up_to_what_crypt_takes(void **state)
{
	char longest[CRYPT_MAX_PASSPHRASE_SIZE + 1], made[384];
	struct bytes fits = {(unsigned char *)longest, CRYPT_MAX_PASSPHRASE_SIZE - 1};
	struct err e;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(password_hash(fits, made, &e).ok);
	assert_true(password_fits(made, fits));
	assert_false(password_fits(made, (struct bytes){fits.p, fits.n + 1}));
	assert_false(password_fits(made, (struct bytes){fits.p, fits.n - 1}));
	assert_false(password_hash((struct bytes){fits.p, fits.n + 1}, made, &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	assert_false(password_hash(BYTES_NONE, made, &e).ok);
	assert_false(password_hash(BYTES_LIT("a\0b"), made, &e).ok);
}

/* What is remembered is kept in few places; another hash that falls into the same one gains nothing by it. */
static void a_remembered_password_opens_no_other_hash(void **state)
{
	unsigned char wanted[32], got[32];
	char other[32];
	int tried = 0;

	(void)state;
	assert_true(password_fits(hash, BYTES_LIT("Құпия сөз 1")));
	sha256(bytes_str(hash), wanted);
	do {
		assert_true(tried < 100000);
		snprintf(other, sizeof(other), "$y$j9T$%d", tried++);
		sha256(bytes_str(other), got);
	} while (got[0] != wanted[0]);
	assert_false(password_fits(other, BYTES_LIT("Құпия сөз 1")));
}

static const char *const broken[] = {
	"", "*0", "*1", "*", "x", "$y$", "$y$j9T$", "plain text", "$99$salt$hash"};

static void a_broken_hash_fits_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_false(password_fits(broken[i], BYTES_LIT("x")));
		assert_false(password_fits(broken[i], bytes_str("plain text")));
		assert_false(password_fits(broken[i], BYTES_NONE));
	}
}

static void hashes_of_other_makers_are_read(void **state)
{
	(void)state;
	/* SHA-crypt's published vector. */
	assert_true(password_fits(
		"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", BYTES_LIT("Hello world!")));
	assert_false(password_fits(
		"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", BYTES_LIT("Hello world")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_hash_is_yescrypt_and_never_the_same_twice),
		cmocka_unit_test(the_right_password_fits_and_is_hashed_once),
		cmocka_unit_test(a_wrong_password_never_fits_not_even_after_the_right_one),
		cmocka_unit_test(the_whole_password_counts_up_to_what_crypt_takes),
		cmocka_unit_test(a_remembered_password_opens_no_other_hash),
		cmocka_unit_test(a_broken_hash_fits_nothing),
		cmocka_unit_test(hashes_of_other_makers_are_read),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
