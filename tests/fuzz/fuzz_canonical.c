/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own canonical form: what it gives is what libxml2 gives, octet for octet, whatever text envelope has accepted.
 * The first octet says whether the rest is choices for the grammar, or nine choices and a text. */
#include "fuzz.h"

#include "../unit/canonical/both.h"
#include "../unit/canonical/grammar.h"

enum { CHOICES = 9, TRIALS = 4, TEXT_MOST = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	envelope_init();
	return 0;
}

static void compare(const struct subject *s, size_t i, const char *const *list)
{
	SCOPED(buf_free) struct buf ours = BUF(BOTH_MOST), theirs = BUF(BOTH_MOST);

	if (subject_own(s, i, list, &ours) != CANONICAL_WHOLE)
		return;
	FUZZ_ASSERT(subject_other(s, i, list, &theirs));
	FUZZ_ASSERT(bytes_eq(buf_bytes(&ours), buf_bytes(&theirs)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(buf_free) struct buf made = BUF(TEXT_MOST);
	SCOPED(subject_close) struct subject s = {0};
	struct choices c = {0};
	const char *room[8];

	if (size < 1 + CHOICES)
		return 0;
	if (data[0] & 1) {
		c.octets = (struct bytes){data + 1, size - 1};
		grammar_document(&c, &made);
	} else {
		c.octets = (struct bytes){data + 1, CHOICES};
		buf_add(&made, (struct bytes){data + 1 + CHOICES, size - 1 - CHOICES});
	}
	if (!buf_ok(&made) || !subject_open(&s, buf_bytes(&made)))
		return 0;
	compare(&s, 0, NULL);
	for (int i = 0; i < TRIALS; i++)
		compare(&s, choose(&c, (unsigned)s.elements), grammar_list(&c, room));
	return 0;
}
