/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_output - gathers the result: long pieces of the source go to the sink as they stand, small ones together.
 * Promise:  after the sink has refused it is not asked again. */
#include "canonical_int.h"

enum { SMALL = 256 };

static void hand_on(struct output *out, const void *data, size_t n)
{
	if (!out->stopped && n > 0 && !out->sink(out->ctx, data, n))
		out->stopped = true;
}

static void hand_on_held(struct output *out)
{
	hand_on(out, out->held, out->n);
	out->n = 0;
}

static void hold(struct output *out, const void *data, size_t n)
{
	if (n > sizeof out->held - out->n)
		hand_on_held(out);
	memcpy(out->held + out->n, data, n);
	out->n += n;
}

void canonical_settle(struct output *out)
{
	const unsigned char *from = out->from, *to = out->to;

	out->from = out->to = NULL;
	if (from == to)
		return;
	if (to - from <= SMALL) {
		hold(out, from, (size_t)(to - from));
		return;
	}
	hand_on_held(out);
	hand_on(out, from, (size_t)(to - from));
}

void canonical_say(struct output *out, const char *word, size_t n)
{
	canonical_settle(out);
	hold(out, word, n);
}

void canonical_flush(struct output *out)
{
	canonical_settle(out);
	hand_on_held(out);
}
