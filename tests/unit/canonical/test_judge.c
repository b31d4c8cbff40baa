/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own verdict on a message and libxml2's, over messages that a grammar makes and that are spoilt at random: what we
 * accept it accepts, with the same tree of what is around the content of `data`; what it refuses is refused in its words;
 * and the canonical form of the Body is the same. QAQPA_CANONICAL_INPUTS and QAQPA_CANONICAL_SEED as in test_same.c. */
#include "../cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "framed.h"

#ifdef __SANITIZE_ADDRESS__
enum { DEFAULT_INPUTS = 10000 };
#else
enum { DEFAULT_INPUTS = 50000 };
#endif
enum { SEED = 20221211 };

struct tally {
	size_t inputs, refused, whole, left, own;
};

static void compare(struct bytes text, struct tally *t)
{
	SCOPED(framed_close) struct framed f;
	const char *why;

	framed_open(&f, text);
	why = framed_differ(&f);
	if (why) {
		print_error("%s:\n%.*s\napart: %s\nwhole: %s\n", why, (int)text.n, (const char *)text.p, f.apart.detail,
			f.whole.detail);
		fail();
	}
	t->refused += !f.other;
	t->whole += f.other && !f.left;
	t->left += f.left > 0;
	t->own += f.own;
}

static void both_say_the_same(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	const size_t seed = choices_number("QAQPA_CANONICAL_SEED", SEED);
	struct choices c = {.state = seed ? seed : SEED};
	struct tally t = {.inputs = choices_number("QAQPA_CANONICAL_INPUTS", DEFAULT_INPUTS)};

	(void)state;
	for (size_t i = 0; i < t.inputs; i++) {
		buf_clear(&text);
		framed_message(&c, &text);
		compare(buf_bytes(&text), &t);
	}
	printf("seed %zu, %zu messages: %zu refused, %zu parsed whole, %zu judged apart, %zu of them canonical as they stand, "
		"0 differ\n", seed, t.inputs, t.refused, t.whole, t.left, t.own);
	/* The grammar makes what is of use. */
	assert_true(t.refused > t.inputs / 5);
	assert_true(t.left > t.inputs / 10);
	assert_true(t.own > t.inputs / 50);
	assert_true(t.whole > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_say_the_same)};

	envelope_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
