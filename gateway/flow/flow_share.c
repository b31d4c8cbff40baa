/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_share - what one participant may hold while its messages are in flight: a part of the listener's connections, of
 * the memory, and of the places of a service.
 * Promise:  one participant's slow calls leave room for the others; a participant with nothing in flight is let in
 *           whatever its part is, so that no share is too small for one message.
 * Not here: what an address may hold before anybody is known (front_address.c). */
#include <stdlib.h>

#include "flow/flow_int.h"

static size_t part_of(size_t whole, int percent)
{
	return whole / 100 * (size_t)percent + whole % 100 * (size_t)percent / 100;
}

static bool take(size_t *held, size_t more, size_t most)
{
	size_t now = __atomic_add_fetch(held, more, __ATOMIC_RELAXED);

	if (now <= most || now == more)
		return true;
	__atomic_sub_fetch(held, more, __ATOMIC_RELAXED);
	return false;
}

static struct participant_state *state_of(const struct exchange *x)
{
	return &x->snap->participants[x->caller - x->snap->conf->participants];
}

static enum after refuse_share(struct exchange *x, const char *of)
{
	return exchange_refuse(x, REASON_PARTICIPANT_BUSY, "%s may hold %d per cent of %s", x->caller->name, x->caller->share,
		of);
}

enum after step_admit(struct exchange *x)
{
	struct participant_state *held = state_of(x);
	int percent = x->caller->share;

	if (!take(&held->messages, 1, part_of((size_t)x->listener->limits.connections, percent)))
		return refuse_share(x, "the connections");
	if (!take(&held->memory, x->cost, part_of(x->snap->conf->memory_bytes, percent))) {
		__atomic_sub_fetch(&held->messages, 1, __ATOMIC_RELAXED);
		return refuse_share(x, "the memory");
	}
	x->admitted = true;
	return AFTER_NEXT;
}

enum after exchange_take_place(struct exchange *x, const struct conf_service *service)
{
	enum reason full = places_take(snapshot_service(x->snap, service)->places, x->caller);

	if (full == REASON_PARTICIPANT_BUSY)
		return refuse_share(x, "the places in flight of the service");
	if (full != REASON_NONE)
		return exchange_refuse(x, full, "%d calls of %s are in flight", service->in_flight, service->id);
	x->service = service;
	return AFTER_NEXT;
}

unsigned exchange_line(const struct exchange *x)
{
	return (unsigned)(x->caller - x->snap->conf->participants);
}

void exchange_give_back(struct exchange *x)
{
	__atomic_sub_fetch(&x->flow->memory, x->cost, __ATOMIC_RELAXED);
	if (x->admitted) {
		__atomic_sub_fetch(&state_of(x)->memory, x->cost, __ATOMIC_RELAXED);
		__atomic_sub_fetch(&state_of(x)->messages, 1, __ATOMIC_RELAXED);
	}
	if (x->service)
		places_leave(snapshot_service(x->snap, x->service)->places, x->caller);
	x->cost = 0;
	x->admitted = false;
	x->service = NULL;
}

/* Who has places now: there are no more of them than places or participants, and seldom more than a few. */
struct holder {
	const struct conf_participant *who;
	size_t n;
};

struct places {
	pthread_mutex_t lock;
	size_t most, taken, holders;
	struct holder holder[];
};

struct places *places_new(size_t most, size_t participants)
{
	size_t room = most < participants ? most : participants;
	struct places *p = calloc(1, sizeof *p + room * sizeof p->holder[0]);

	if (p) {
		pthread_mutex_init(&p->lock, NULL);
		p->most = most;
	}
	return p;
}

/* Its entry, or the one that is free. */
static struct holder *find(struct places *p, const struct conf_participant *who)
{
	struct holder *h = p->holder;

	while (h < p->holder + p->holders && h->who != who)
		h++;
	return h;
}

static enum reason take_under_lock(struct places *p, const struct conf_participant *who)
{
	struct holder *h = find(p, who);
	bool first = h == p->holder + p->holders;

	if (p->taken == p->most)
		return REASON_SERVICE_BUSY;
	if (!first && h->n >= part_of(p->most, who->share))
		return REASON_PARTICIPANT_BUSY;
	if (first) {
		*h = (struct holder){.who = who};
		p->holders++;
	}
	h->n++;
	p->taken++;
	return REASON_NONE;
}

enum reason places_take(struct places *p, const struct conf_participant *who)
{
	enum reason r;

	pthread_mutex_lock(&p->lock);
	r = take_under_lock(p, who);
	pthread_mutex_unlock(&p->lock);
	return r;
}

void places_leave(struct places *p, const struct conf_participant *who)
{
	struct holder *h;

	pthread_mutex_lock(&p->lock);
	h = find(p, who);
	p->taken--;
	if (--h->n == 0)
		*h = p->holder[--p->holders];
	pthread_mutex_unlock(&p->lock);
}

void places_free(struct places **p)
{
	if (*p)
		pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}
