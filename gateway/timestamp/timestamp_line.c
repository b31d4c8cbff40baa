/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_line - orders by the moment at which they may be asked, and the waits between attempts. */
#include <stdlib.h>

#include "timestamp/timestamp_int.h"

static void swap(struct order *a, struct order *b)
{
	struct order was = *a;

	*a = *b;
	*b = was;
}

bool line_put(struct line *l, const struct order *o)
{
	size_t i = l->n;

	if (l->n == LINE_MOST)
		return false;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct order *heap = realloc(l->heap, room * sizeof *heap);

		if (!heap)
			return false;
		l->heap = heap;
		l->room = room;
	}
	l->heap[l->n++] = *o;
	for (; i && l->heap[i].due_ms < l->heap[(i - 1) / 2].due_ms; i = (i - 1) / 2)
		swap(&l->heap[i], &l->heap[(i - 1) / 2]);
	return true;
}

struct order line_take(struct line *l)
{
	struct order first;
	size_t i = 0;

	BUG_IF(!l->n);
	first = l->heap[0];
	l->heap[0] = l->heap[--l->n];
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < l->n; child++) {
			if (l->heap[child].due_ms < l->heap[least].due_ms)
				least = child;
		}
		if (least == i)
			return first;
		swap(&l->heap[i], &l->heap[least]);
		i = least;
	}
}

void line_free(struct line *l)
{
	free(l->heap);
	*l = (struct line){0};
}

int64_t line_wait_ms(int initial_ms, int most_ms, int attempts, double part)
{
	int64_t wait = initial_ms > 0 ? initial_ms : 1;

	for (int i = 1; i < attempts && wait < most_ms; i++)
		wait *= 2;
	if (wait > most_ms)
		wait = most_ms;
	wait += (int64_t)((double)wait * 0.2 * (2 * part - 1));
	return wait > 0 ? wait : 1;
}
