/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A digest made beside others is the one that it would be alone, and so are those. */
#include "../cm.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "trust/trust.h"

enum { TEXT = 1 << 16, TRIES = 20000 };

static unsigned char text[TEXT];

static struct bytes part(size_t most)
{
	const size_t n = (size_t)random() % (most + 1), from = (size_t)random() % (TEXT - n);

	return (struct bytes){text + from, n};
}

/* Mostly a few blocks, where all bounds lie; at times many. */
static size_t length(void)
{
	return random() % 8 == 0 ? TEXT / 2 : random() % 2 == 0 ? 150 : 700;
}

static size_t alone(enum digest d, const struct bytes *piece, size_t n, unsigned char out[64])
{
	SCOPED(buf_free) struct buf whole = BUF(1 << 20);

	for (size_t i = 0; i < n; i++)
		buf_add(&whole, piece[i]);
	digest_begin(d);
	digest_add(NULL, whole.data, whole.len);
	return digest_end(out);
}

static void assert_same(const unsigned char *made, const unsigned char *wanted, size_t n, int i)
{
	if (memcmp(made, wanted, n) != 0)
		fail_msg("try %d", i);
}

static void each_is_what_it_is_alone(void **state)
{
	static const enum digest kinds[] = {DIGEST_SHA256, DIGEST_SHA256, DIGEST_SHA256, DIGEST_SHA512, DIGEST_SHA1};

	(void)state;
	for (int i = 0; i < TRIES; i++) {
		const enum digest d = kinds[random() % 5];
		const struct bytes beside[2] = {part(150), part(length())};
		const size_t n = (size_t)random() % 5;
		unsigned char made[64], other[64], wanted[64];
		struct bytes pieces[4];
		size_t size;

		digest_beside_begin(beside[0], beside[1]);
		digest_begin(d);
		for (size_t k = 0; k < n; k++) {
			pieces[k] = part(length());
			digest_add(NULL, pieces[k].p, pieces[k].n);
		}
		size = digest_end(made);
		digest_beside_end(other);
		assert_int_equal(alone(d, pieces, n, wanted), size);
		assert_same(made, wanted, size, i);
		alone(DIGEST_SHA256, beside, 2, wanted);
		assert_same(other, wanted, 32, i);
	}
}

/* The known answer of FIPS 180 for a million times the letter a, for both. */
static void the_known_answer_comes_twice(void **state)
{
	static unsigned char letters[1000000];
	static const unsigned char wanted[32] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92, 0x81, 0xa1, 0xc7, 0xe2, 0x84,
		0xd7, 0x3e, 0x67, 0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97, 0x20, 0x0e, 0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
	unsigned char made[64], other[64];

	(void)state;
	memset(letters, 'a', sizeof letters);
	digest_beside_begin((struct bytes){letters, 7}, (struct bytes){letters, sizeof letters - 7});
	digest_begin(DIGEST_SHA256);
	digest_add(NULL, letters, sizeof letters);
	digest_end(made);
	digest_beside_end(other);
	assert_memory_equal(made, wanted, 32);
	assert_memory_equal(other, wanted, 32);
}

/* Octets that are gone are not looked at. */
static void what_was_dropped_is_not_read(void **state)
{
	const unsigned char *gone = mmap(NULL, TEXT, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct bytes whole = {text, TEXT};
	unsigned char made[64], wanted[64];

	(void)state;
	assert_ptr_not_equal(gone, MAP_FAILED);
	digest_beside_begin(BYTES_NONE, (struct bytes){gone, TEXT});
	digest_beside_drop();
	assert_int_equal(mprotect((void *)(uintptr_t)gone, TEXT, PROT_NONE), 0);
	alone(DIGEST_SHA256, &whole, 1, made);
	sha256(whole, wanted);
	assert_memory_equal(made, wanted, 32);
	munmap((void *)(uintptr_t)gone, TEXT);
}

static int make_text(void **state)
{
	(void)state;
	srandom(1);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (unsigned char)random();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_what_it_is_alone),
		cmocka_unit_test(the_known_answer_comes_twice),
		cmocka_unit_test(what_was_dropped_is_not_read),
	};

	return cmocka_run_group_tests(tests, make_text, NULL);
}
