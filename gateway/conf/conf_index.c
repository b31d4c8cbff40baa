/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_index - names to objects in constant time.
 * Promise: a table is at most half full, and its seed is random, so nobody can choose names that collide.
 * Not here: which names are unique (conf_check). */
#include "base/ident.h"

#include "conf/conf_int.h"

bool conf_table_init(struct conf_table *t, struct pool *pool, size_t n)
{
	size_t room = 8;

	while (room < n * 2)
		room *= 2;
	t->slots = pool_alloc(pool, room * sizeof *t->slots);
	t->mask = room - 1;
	t->used = 0;
	random_fill(&t->seed, sizeof t->seed);
	return t->slots != NULL;
}

/* FNV-1a from a random start, its bits mixed at the end. */
static uint64_t conf_table_hash(const struct conf_table *t, struct bytes key)
{
	uint64_t h = 0xcbf29ce484222325u ^ t->seed;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3u;
	h ^= t->seed >> 7;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ (h >> 33);
}

/* The slot of the key, or the empty one where it belongs. */
static struct conf_slot *conf_table_slot(const struct conf_table *t, struct bytes key, uint64_t hash)
{
	size_t i = hash & t->mask;

	while (t->slots[i].key &&
		(t->slots[i].hash != hash || t->slots[i].key_len != key.n ||
			(key.n && memcmp(t->slots[i].key, key.p, key.n) != 0)))
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

const void *conf_table_add(struct conf_table *t, const char *key, const void *value)
{
	struct bytes k = bytes_str(key);
	uint64_t hash = conf_table_hash(t, k);
	struct conf_slot *slot = conf_table_slot(t, k, hash);

	if (slot->key)
		return slot->value;
	BUG_IF(t->used * 2 > t->mask);
	*slot = (struct conf_slot){.key = key, .key_len = k.n, .hash = hash, .value = value};
	t->used++;
	return NULL;
}

const void *conf_table_find(const struct conf_table *t, struct bytes key)
{
	if (!t->slots)
		return NULL;
	return conf_table_slot(t, key, conf_table_hash(t, key))->value;
}

const struct conf_participant *conf_participant_by_sender(const struct conf *c, struct bytes sender_id)
{
	BUG_IF(!c->index);
	return conf_table_find(&c->index->senders, sender_id);
}

const struct conf_participant *conf_participant_named(const struct conf *c, struct bytes name)
{
	BUG_IF(!c->index);
	return conf_table_find(&c->index->participants, name);
}

const struct conf_service *conf_service_by_id(const struct conf *c, struct bytes service_id)
{
	BUG_IF(!c->index);
	return conf_table_find(&c->index->services, service_id);
}

bool conf_may_call(const struct conf_participant *p, const struct conf_service *s)
{
	for (size_t i = 0; i < p->may_call.n; i++) {
		if (strcmp(p->may_call.name[i], "*") == 0 || strcmp(p->may_call.name[i], s->id) == 0)
			return true;
	}
	return false;
}

static bool conf_names_have(const struct conf_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->name[i], name) == 0)
			return true;
	}
	return false;
}

struct conf_inner conf_inner_of_kind(const struct conf_service *s, const char *kind)
{
	struct conf_inner inner = s->inner;

	for (size_t i = 0; kind && i < s->inner.by_kind.n; i++) {
		const struct conf_kind_rules *k = &s->inner.by_kind.item[i];

		if (!conf_names_have(&k->kinds, kind))
			continue;
		inner.rules = k->rules;
		inner.rule_count = k->rule_count;
		inner.kind = kind;
		inner.kind_element = s->kinds.element;
		break;
	}
	return inner;
}

bool conf_has_queue(const struct conf *c)
{
	return c->queue.redis.socket || c->queue.redis.host || c->queue.redis.sentinels.n;
}
