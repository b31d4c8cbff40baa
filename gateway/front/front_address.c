/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_address - what each client address holds of a listener, and what it owes for work that came to nothing.
 * Owns:     an entry for each address that is connected, has a request in hand, or left and still owes.
 * Promise:  no address holds more than its bounds; those that left are bounded in time and number; an IPv6 network of 64
 *           bits, which one client commands, is one address; nobody chooses who shares a bucket or a line with him.
 * Not here: what work costs (front_tls.c, and the handler), what is answered (front_conn.c). */

#include <stdlib.h>

#include "base/ident.h"

#include "front/front_int.h"

#define SECOND_US INT64_C(1000000)
/* Refused work may run ahead of its share by so long; a debt is never more than twice that, so that after twice so long
 * it has leaked away. */
#define AHEAD_S 10
#define FORGIVEN_US (2 * AHEAD_S * SECOND_US)

void front_addresses_init(struct front_addresses *t)
{
	random_fill(t->seed, sizeof t->seed);
}

static void net_of(struct address ip, uint32_t net[4])
{
	if (!address_is_v4(ip))
		memset(ip.octets + 8, 0, 8);
	memcpy(net, ip.octets, sizeof ip.octets);
}

/* The finish of SplitMix64. Whoever has a network has addresses in a row, and what is linear keeps them in a row: for some
 * seeds many of them would meet in one bucket. */
static uint64_t mixed(uint64_t h)
{
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

/* Multilinear hashing: words that do not know the seed seldom give the same. */
static uint32_t hash_of(const struct front_addresses *t, size_t listener, const uint32_t net[4])
{
	uint64_t h = t->seed[0] + t->seed[1] * (uint32_t)listener;
	for (int i = 0; i < 4; i++)
		h += t->seed[2 + i] * net[i];
	return (uint32_t)(mixed(h) >> 32);
}

static int64_t share_of_a_second(const struct front_listener_options *o)
{
	return o->refused_work * (SECOND_US / 100);
}

/* The debt that is left now. */
static int64_t debt(struct front_address *a, const struct front_listener_options *o, int64_t now_us)
{
	int64_t passed = now_us - a->debt_at_us;
	int64_t leaked = passed < FORGIVEN_US ? passed * o->refused_work / 100 : a->debt_us;
	a->debt_us -= leaked < a->debt_us ? leaked : a->debt_us;
	a->debt_at_us = now_us;
	return a->debt_us;
}

void front_address_charge(struct front_address *a, const struct front_listener_options *o, int64_t cpu_us,
			  int64_t now_us)
{
	int64_t most = 2 * AHEAD_S * share_of_a_second(o);
	if (cpu_us <= 0)
		return;
	a->debt_us = debt(a, o, now_us) + cpu_us;
	a->debt_us = a->debt_us < most ? a->debt_us : most;
}

int front_address_owes_s(struct front_address *a, const struct front_listener_options *o, int64_t now_us)
{
	int64_t share = share_of_a_second(o);
	int64_t over = share ? debt(a, o, now_us) - AHEAD_S * share : 0;
	return over > 0 ? (int)((over + share - 1) / share) : 0;
}

static int part(int whole, int percent)
{
	int64_t n = (int64_t)whole * percent / 100;
	return n > 0 ? (int)n : 1;
}

static bool has_all_connections(const struct front_address *a, const struct front_listener_options *o)
{
	return (o->connections_per_address > 0 && a->connections >= o->connections_per_address) ||
	       (o->share_per_address > 0 && a->connections >= part(o->connections, o->share_per_address));
}

bool front_address_takes(struct front *f, struct front_address *a, int percent, size_t n)
{
	size_t most = f->memory_bytes / 100 * (size_t)percent;
	if (atomic_fetch_add(&a->memory, n) + n <= most || percent == 0)
		return true;
	atomic_fetch_sub(&a->memory, n);
	return false;
}

static void leave_gone(struct front_addresses *t, struct front_address *a)
{
	*(a->before ? &a->before->after : &t->first_gone) = a->after;
	*(a->after ? &a->after->before : &t->last_gone) = a->before;
	a->gone = false;
	t->gone--;
}

static void join_gone(struct front_addresses *t, struct front_address *a, int64_t now_us)
{
	a->gone = true;
	a->gone_us = now_us;
	a->before = t->last_gone;
	a->after = NULL;
	*(t->last_gone ? &t->last_gone->after : &t->first_gone) = a;
	t->last_gone = a;
	t->gone++;
}

static void forget(struct front_addresses *t, struct front_address *a)
{
	struct front_address **link = &t->bucket[a->hash % FRONT_ADDRESS_BUCKETS];
	while (*link != a)
		link = &(*link)->next;
	*link = a->next;
	free(a);
}

static struct front_address *find_or_make(struct front_addresses *t, size_t listener, struct address ip)
{
	uint32_t net[4];
	net_of(ip, net);
	uint32_t hash = hash_of(t, listener, net);
	struct front_address **first = &t->bucket[hash % FRONT_ADDRESS_BUCKETS], *a = *first;
	while (a && (a->listener != listener || memcmp(a->net, net, sizeof net) != 0))
		a = a->next;
	if (a)
		return a;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	memcpy(a->net, net, sizeof net);
	a->listener = listener;
	a->hash = hash;
	a->next = *first;
	*first = a;
	return a;
}

/* An entry that nothing holds any more stays only for its debt. */
static void settle(struct front_addresses *t, struct front_address *a, int64_t now_us)
{
	if (a->connections > 0 || a->requests > 0)
		return;
	if (a->debt_us == 0)
		forget(t, a);
	else
		join_gone(t, a, now_us);
	while (t->gone > FRONT_ADDRESSES_GONE ||
	       (t->first_gone && now_us - t->first_gone->gone_us >= FORGIVEN_US)) {
		struct front_address *oldest = t->first_gone;
		leave_gone(t, oldest);
		forget(t, oldest);
	}
}

struct front_address *front_address_enter(struct front_addresses *t, size_t listener,
					  const struct front_listener_options *o, struct address ip, int64_t now_us)
{
	struct front_address *a = find_or_make(t, listener, ip);
	if (!a)
		return NULL;
	if (a->gone)
		leave_gone(t, a);
	if (has_all_connections(a, o)) {
		settle(t, a, now_us);
		return NULL;
	}
	a->connections++;
	return a;
}

void front_address_leave(struct front_addresses *t, struct front_address *a, int64_t now_us)
{
	a->connections--;
	settle(t, a, now_us);
}

enum reason front_address_begin(struct front_address *a, const struct front_listener_options *o, int64_t now_us)
{
	a->requests++;
	if (o->requests_per_address > 0 && a->requests > o->requests_per_address)
		return REASON_ADDRESS_REQUESTS;
	return front_address_owes_s(a, o, now_us) > 0 ? REASON_ADDRESS_WORK : REASON_NONE;
}

void front_address_end(struct front_addresses *t, struct front_address *a, int64_t now_us)
{
	a->requests--;
	settle(t, a, now_us);
}

void front_addresses_free(struct front_addresses *t)
{
	for (size_t i = 0; i < FRONT_ADDRESS_BUCKETS; i++)
		while (t->bucket[i]) {
			struct front_address *a = t->bucket[i];
			t->bucket[i] = a->next;
			free(a);
		}
}
