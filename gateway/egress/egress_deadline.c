/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_deadline - a heap of flights, so that the next deadline is known at once and an ended call costs little. */
#include <stdlib.h>

#include "base/memory.h"

#include "egress/egress_int.h"

static void put(struct egress_deadlines *d, size_t place, struct egress_flight *f)
{
	d->heap[place] = f;
	f->place = place;
}

static void rise(struct egress_deadlines *d, size_t place, struct egress_flight *f)
{
	while (place > 0 && f->deadline_ms < d->heap[(place - 1) / 2]->deadline_ms) {
		put(d, place, d->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(d, place, f);
}

static void sink(struct egress_deadlines *d, size_t place, struct egress_flight *f)
{
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < d->n && d->heap[child + 1]->deadline_ms < d->heap[child]->deadline_ms)
			child++;
		if (child >= d->n || d->heap[child]->deadline_ms >= f->deadline_ms)
			break;
		put(d, place, d->heap[child]);
		place = child;
	}
	put(d, place, f);
}

bool egress_deadline_add(struct egress_deadlines *d, struct egress_flight *f)
{
	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		struct egress_flight **heap = memory_resize(d->heap, room * sizeof(struct egress_flight *));

		if (!heap)
			return false;
		d->heap = heap;
		d->room = room;
	}
	rise(d, d->n++, f);
	return true;
}

void egress_deadline_remove(struct egress_deadlines *d, struct egress_flight *f)
{
	struct egress_flight *last = d->heap[--d->n];

	if (last == f)
		return;
	if (f->place > 0 && last->deadline_ms < d->heap[(f->place - 1) / 2]->deadline_ms)
		rise(d, f->place, last);
	else
		sink(d, f->place, last);
}
