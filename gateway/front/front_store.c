/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_store - buffers that count against the memory budget of the front, and of the client's address.
 * Promise:  what is charged equals what was asked for; any thread, one at a time per store.
 * Not here: what a full budget is answered with (front_conn.c). */

#include "base/memory.h"

#include "front/front_int.h"

#define FIRST_ROOM 1024

bool front_memory_charge(struct front_payer p, size_t n)
{
	struct front *f = p.front;
	if (p.address && !front_address_takes(f, p.address, p.percent, n)) {
		atomic_fetch_add(&f->put_off_memory, 1);
		return false;
	}
	if (atomic_fetch_add(&f->memory, n) + n <= f->memory_bytes)
		return true;
	front_memory_return(p, n);
	return false;
}

void front_memory_return(struct front_payer p, size_t n)
{
	atomic_fetch_sub(&p.front->memory, n);
	if (p.address)
		atomic_fetch_sub(&p.address->memory, n);
}

bool front_store_grow(struct front_payer p, struct front_store *s, size_t n, size_t limit)
{
	size_t need = s->len + n;
	BUG_IF(need > limit);
	if (need <= s->room)
		return true;
	size_t more = need - s->room;
	if (!front_memory_charge(p, more))
		return false;
	unsigned char *data = memory_widen(s->data, need);
	if (!data) {
		front_memory_return(p, more);
		return false;
	}
	s->data = data;
	s->room = need;
	return true;
}

/* By doubling, as far as that goes. */
static size_t room_for(const struct front_store *s, size_t n, size_t limit)
{
	size_t need = s->len + n, room = s->room ? s->room * 2 : FIRST_ROOM;
	if (need <= s->room)
		return n;
	room = room > limit ? limit : room;
	return room < need ? n : room - s->len;
}

bool front_store_add(struct front_payer p, struct front_store *s, struct bytes add, size_t limit)
{
	if (!front_store_grow(p, s, room_for(s, add.n, limit), limit))
		return false;
	if (add.n > 0)
		memcpy(s->data + s->len, add.p, add.n);
	s->len += add.n;
	return true;
}

bool front_store_force(struct front *f, struct front_store *s, size_t room)
{
	BUG_IF(s->data);
	s->data = memory_widen(NULL, room);
	if (!s->data)
		return false;
	s->room = room;
	atomic_fetch_add(&f->memory, room);
	return true;
}

void front_store_take(struct front *f, struct front_store *s, struct buf *content, size_t at)
{
	BUG_IF(s->data || at > content->len);
	if (content->len == 0)
		return;
	unsigned char *fitting = memory_widen(content->data, content->len); /* an answer may wait long for its client */
	*s = (struct front_store){.data = fitting ? fitting : content->data, .len = content->len,
		.room = fitting ? content->len : content->room, .from = at};
	*content = BUF(content->ceiling);
	atomic_fetch_add(&f->memory, s->room);
}

void front_store_free(struct front_payer p, struct front_store *s)
{
	if (!s->data)
		return; /* and the address may be gone */
	memory_return(s->data);
	front_memory_return(p, s->room);
	*s = (struct front_store){0};
}
