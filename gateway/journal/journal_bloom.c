/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_bloom - an answer from memory to "was this message seen on that day?", which nearly always is no.
 * Promise:  never says no to a key that was added. Says maybe to about one in a hundred others.
 * Memory:   layers of 128 KiB, 512 KiB, 2, 8 and 32 MiB, each begun when the one before is full: 128 KiB up
 *           to 65 000 messages a day, 2.6 MiB up to 1.3 million, 42.6 MiB at most; above 22 million messages
 *           only the share of needless maybes grows. With JOURNAL_FILTERED days that bounds the whole.
 * Not here: the truth (journal_seen.c); keys are hashes that nobody outside can foresee. */
#include <stdatomic.h>
#include <stdlib.h>

#include "journal_int.h"

enum { LAYERS = 5, PROBES = 4, BITS_A_KEY = 16 };

struct journal_bloom {
	_Atomic(_Atomic(uint64_t) *) layer[LAYERS];
	atomic_bool full; /* memory was short: everything is a maybe */
	unsigned top;     /* the adder's: layer that is being filled */
	size_t used;      /* the adder's: keys in it */
};

static size_t layer_bits(unsigned layer)
{
	return (size_t)1 << (20 + 2 * layer);
}

static bool layer_begin(struct journal_bloom *b, unsigned layer)
{
	_Atomic(uint64_t) *words = calloc(layer_bits(layer) / 64, sizeof *words);

	if (!words)
		return false;
	atomic_store_explicit(&b->layer[layer], words, memory_order_release);
	b->top = layer;
	b->used = 0;
	return true;
}

struct journal_bloom *journal_bloom_new(void)
{
	struct journal_bloom *b = calloc(1, sizeof *b);

	if (b && !layer_begin(b, 0))
		journal_bloom_free(&b);
	return b;
}

void journal_bloom_free(struct journal_bloom **b)
{
	if (!*b)
		return;
	for (unsigned i = 0; i < LAYERS; i++)
		free(atomic_load_explicit(&(*b)->layer[i], memory_order_relaxed));
	free(*b);
	*b = NULL;
}

static size_t probe_bit(uint64_t key, unsigned probe, unsigned layer)
{
	return (size_t)((key & 0xffffffff) + probe * (key >> 32 | 1)) & (layer_bits(layer) - 1);
}

static bool layer_may_hold(_Atomic(uint64_t) *words, unsigned layer, uint64_t key)
{
	for (unsigned i = 0; i < PROBES; i++) {
		size_t bit = probe_bit(key, i, layer);

		if (!(atomic_load_explicit(&words[bit / 64], memory_order_acquire) >> bit % 64 & 1))
			return false;
	}
	return true;
}

bool journal_bloom_may_hold(struct journal_bloom *b, uint64_t key)
{
	if (atomic_load_explicit(&b->full, memory_order_acquire))
		return true;
	for (unsigned i = 0; i < LAYERS; i++) {
		_Atomic(uint64_t) *words = atomic_load_explicit(&b->layer[i], memory_order_acquire);

		if (!words)
			return false;
		if (layer_may_hold(words, i, key))
			return true;
	}
	return false;
}

void journal_bloom_add(struct journal_bloom *b, uint64_t key)
{
	_Atomic(uint64_t) *words;

	if (journal_bloom_may_hold(b, key))
		return;
	if (b->used >= layer_bits(b->top) / BITS_A_KEY && b->top + 1 < LAYERS &&
		!layer_begin(b, b->top + 1)) {
		atomic_store_explicit(&b->full, true, memory_order_release);
		return;
	}
	words = atomic_load_explicit(&b->layer[b->top], memory_order_relaxed);
	for (unsigned i = 0; i < PROBES; i++) {
		size_t bit = probe_bit(key, i, b->top);

		atomic_fetch_or_explicit(&words[bit / 64], UINT64_C(1) << bit % 64, memory_order_release);
	}
	b->used++;
}
