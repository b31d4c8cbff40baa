/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own canonical form and libxml2's, over texts that a grammar makes: not one may differ.
 * QAQPA_CANONICAL_INPUTS=N asks for more than the default, QAQPA_CANONICAL_SEED=N for others (./test --canonical N). */
#include "../cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "both.h"
#include "grammar.h"

#ifdef __SANITIZE_ADDRESS__
enum { DEFAULT_INPUTS = 20000 };
#else
enum { DEFAULT_INPUTS = 100000 };
#endif
enum { SEED = 20221211 };

struct tally {
	size_t inputs, refused, foreign, same, octets;
};

static void tell(const struct subject *s, size_t i, const struct buf *ours, const struct buf *theirs)
{
	print_error("element %zu of:\n%.*s\nours:\n%s\ntheirs:\n%s\n", i, (int)s->text.n, (const char *)s->text.p,
		buf_cstr(ours), buf_cstr(theirs));
	fail();
}

static void compare(const struct subject *s, struct choices *c, struct buf *ours, struct buf *theirs, struct tally *t)
{
	const char *room[8];
	const char *const *list = grammar_list(c, room);
	size_t i = choose(c, 3) ? choose(c, (unsigned)s->elements) : 0;

	buf_clear(ours);
	buf_clear(theirs);
	if (subject_own(s, i, list, ours) == CANONICAL_FOREIGN) {
		t->foreign++;
		return;
	}
	if (!subject_other(s, i, list, theirs) || !bytes_eq(buf_bytes(ours), buf_bytes(theirs)))
		tell(s, i, ours, theirs);
	t->same++;
	t->octets += ours->len;
}

static void both_give_the_same(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20), ours = BUF(1u << 20), theirs = BUF(1u << 20);
	const size_t seed = choices_number("QAQPA_CANONICAL_SEED", SEED);
	struct choices c = {.state = seed ? seed : SEED};
	struct tally t = {.inputs = choices_number("QAQPA_CANONICAL_INPUTS", DEFAULT_INPUTS)};

	(void)state;
	for (size_t i = 0; i < t.inputs; i++) {
		SCOPED(subject_close) struct subject s;

		buf_clear(&text);
		grammar_document(&c, &text);
		if (subject_open(&s, buf_bytes(&text)))
			compare(&s, &c, &ours, &theirs, &t);
		else
			t.refused++;
	}
	printf("seed %zu, %zu inputs: %zu not well-formed, %zu left to libxml2, %zu the same, %zu octets of canonical form, "
		"0 differ\n", seed, t.inputs, t.refused, t.foreign, t.same, t.octets);
	/* The grammar makes what is of use. */
	assert_true(t.same > t.inputs / 2);
	assert_true(t.octets > t.same * 100);
	assert_true(t.foreign > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_give_the_same)};

	envelope_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
