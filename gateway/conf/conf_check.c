/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_check - what several words or several objects demand of each other.
 * Promise: without a problem, every name is unique, every reference is set, and no object contradicts itself.
 * Not here: single values (conf_kind, conf_text); keys (conf_key); rules and inner signatures (conf_rule);
 *           files behind paths (trust, channel). */
#include <stdlib.h>

#include "conf/conf_int.h"

/* Beyond so many errors nobody reads suggestions, and each costs a walk over all names. */
#define NEAR_UP_TO 100

static const char *conf_item_name(enum conf_section s, const struct conf_item *item)
{
	switch (s) {
	case CONF_SECTION_SHARD:
		return ((const struct conf_shard *)item->target)->name;
	case CONF_SECTION_NODE:
		return ((const struct conf_node *)item->target)->name;
	case CONF_SECTION_LISTENER:
		return ((const struct conf_listener *)item->target)->name;
	case CONF_SECTION_KEY:
		return ((const struct conf_key *)item->target)->name;
	case CONF_SECTION_PROFILE:
		return ((const struct conf_profile *)item->target)->name;
	case CONF_SECTION_RULE:
		return ((const struct conf_rule *)item->target)->name;
	case CONF_SECTION_SOURCE:
		return ((const struct conf_source *)item->target)->name;
	case CONF_SECTION_RETRY:
		return ((const struct conf_retry *)item->target)->name;
	case CONF_SECTION_PARTICIPANT:
		return ((const struct conf_participant *)item->target)->name;
	case CONF_SECTION_SERVICE:
		return ((const struct conf_service *)item->target)->id;
	default:
		bug(__FILE__, __LINE__, "a section without names");
	}
}

static void conf_check_names(struct conf_reading *r, enum conf_section s, const char *word)
{
	struct conf_list *list = &r->lists[s];

	if (!conf_table_init(&list->names, r->conf->pool, list->n)) {
		r->short_of_memory = true;
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		const char *name = conf_item_name(s, &list->items[i]);
		const struct conf_at *first = name ? conf_table_add(&list->names, name, list->items[i].target)
						   : NULL;

		if (first)
			conf_error(r, conf_item_at(&list->items[i], word), "Rename or remove one of the two.",
				"%s: %s '%s' is used before, in %s line %d", conf_section(s)->title, word,
				name, first->file, first->line);
	}
}

static void conf_dangling(
	struct conf_reading *r, enum conf_section s, const char *word, const struct conf_value *v)
{
	struct conf_near near = {.wanted = v->text};
	char hint[120], shown[64];

	for (size_t i = 0; i < r->lists[s].n && r->problems->errors < NEAR_UP_TO; i++) {
		const char *name = conf_item_name(s, &r->lists[s].items[i]);

		if (name)
			conf_near_offer(&near, name);
	}
	conf_error(r, v->at, "Correct the name, or define what it refers to.",
		"%s: nothing in %s is named '%s'%s", word, conf_section(s)->title, conf_show(v->text, shown),
		conf_near_text(&near, hint));
}

const void *conf_refer(struct conf_reading *r, const struct conf_item *item, const char *word, size_t n,
	enum conf_section s, bool *said)
{
	struct conf_value v;
	const void *found;

	*said = conf_item_value(item, word, n, &v);
	if (!*said)
		return NULL;
	found = conf_table_find(&r->lists[s].names, v.text);
	if (!found && v.text.n)
		conf_dangling(r, s, word, &v);
	return found;
}

static void conf_check_listener(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_listener *l = item->target;
	const struct conf_tls_files files = {l->tls, l->certificate, l->key, l->client_ca};

	conf_check_tls(r, conf_item_at(item, l->tls == CONF_TLS_SERVER && l->client_ca ? "client_ca" : "tls"), "the listener",
		&files);
}

void conf_split_address(struct conf_reading *r, const char **host, int *port)
{
	const char *whole = *host, *colon = whole ? strrchr(whole, ':') : NULL;
	struct bytes name;

	if (!colon)
		return;
	name = (struct bytes){(const unsigned char *)whole, (size_t)(colon - whole)};
	if (name.p[0] == '[')
		name = bytes_sub(name, 1, name.n - 1);
	*host = conf_take_text(r, name);
	*port = (int)strtol(colon + 1, NULL, 10);
}

static void conf_check_key_of(
	struct conf_reading *r, const struct conf_item *item, struct conf_participant *p)
{
	const struct conf_list *keys = &r->lists[CONF_SECTION_KEY];
	bool said;

	p->key = conf_refer(r, item, "key", 0, CONF_SECTION_KEY, &said);
	if (said)
		return;
	p->key = conf_only_key(r);
	if (!p->key)
		conf_error(r, p->at, keys->n ? "Name one of the keys." : "Define a key in the list keys.",
			"the participant has no key, and there %s", keys->n ? "are several" : "is none");
}

static void conf_check_owner(
	struct conf_reading *r, const struct conf_item *item, const struct conf_participant *p)
{
	if (!p->certificates.n && !p->issuer)
		conf_error(r, p->at, "Name its certificates, or its issuer with bin or iin.",
			"nothing tells which certificates belong to the participant");
	if (p->issuer && !p->bin && !p->iin)
		conf_error(r, conf_item_at(item, "issuer"), "Add bin or iin.",
			"issuer alone would make every certificate of the authority the participant's");
	if (!p->issuer && (p->bin || p->iin))
		conf_error(r, conf_item_at(item, p->bin ? "bin" : "iin"),
			"Name the issuer, or remove the number.", "%s has no effect without issuer",
			p->bin ? "bin" : "iin");
	if (p->password_hash && item->file->open_to_all) {
		r->unreadable = true;
		conf_error(r, conf_item_at(item, "password_hash"),
			"Take the right to read from others: chmod o-r.",
			"the file holds password hashes and everybody may read it");
	}
}

static void conf_check_senders(
	struct conf_reading *r, const struct conf_item *item, struct conf_participant *p)
{
	for (size_t i = 0; i < p->sender_ids.n; i++) {
		const struct conf_participant *first = conf_table_add(
			&r->index->senders, p->sender_ids.name[i], p);
		struct conf_value v;

		if (!first || !conf_item_value(item, "sender_ids", i, &v))
			continue;
		conf_error(r, v.at, "Remove one of the two.",
			"sender_ids: '%s' is used before, by '%s' in %s line %d", p->sender_ids.name[i],
			first->name ? first->name : "", first->at.file, first->at.line);
	}
}

static void conf_check_calls(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_value v;

	for (size_t i = 0; conf_item_value(item, "may_call", i, &v); i++) {
		if (v.text.n && !bytes_is(v.text, "*") && !conf_service_by_id(r->conf, v.text))
			conf_dangling(r, CONF_SECTION_SERVICE, "may_call", &v);
	}
}

/* The policy that the word of the item names, else the one named standard. */
static const struct conf_retry *conf_retry_of(
	struct conf_reading *r, const struct conf_item *item, const char *word, bool used, struct conf_at at)
{
	bool said;
	const struct conf_retry *retry = conf_refer(r, item, word, 0, CONF_SECTION_RETRY, &said);

	if (said)
		return retry;
	retry = conf_table_find(&r->lists[CONF_SECTION_RETRY].names, BYTES_LIT("standard"));
	if (!retry && used)
		conf_error(r, at, "Name a retry policy, or define one named standard.",
			"there is no retry policy, and none is named standard");
	return retry;
}

static void conf_check_async(struct conf_reading *r, const struct conf_item *item, struct conf_participant *p)
{
	struct conf_async *a = &p->async;

	a->retry = conf_retry_of(r, item, "async.retry", a->mode != CONF_ASYNC_OFF, p->at);
	if (item->faulty)
		return;
	if (a->mode == CONF_ASYNC_PUSH && !a->endpoint)
		conf_error(r, conf_item_at(item, "async"), "Add endpoint.", "mode: push needs an endpoint");
	else if (a->mode != CONF_ASYNC_OFF && !conf_has_queue(r->conf))
		conf_error(r, conf_item_at(item, "async"), "Add the section queue.",
			"the asynchronous channel keeps messages, yet there is no queue");
}

static void conf_check_participant(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_participant *p = item->target;
	bool said;

	p->profile = conf_refer(r, item, "profile", 0, CONF_SECTION_PROFILE, &said);
	if (!said)
		p->profile = conf_table_find(&r->lists[CONF_SECTION_PROFILE].names, BYTES_LIT("standard"));
	if (!said && !p->profile)
		conf_error(r, p->at, "Name a profile, or define one named standard.",
			"the participant has no profile, and none is named standard");
	conf_check_key_of(r, item, p);
	if (!item->faulty)
		conf_check_owner(r, item, p);
	conf_check_async(r, item, p);
	conf_check_senders(r, item, p);
	conf_check_calls(r, item);
}

/* A service is provided by a participant at an endpoint, or by the gateway itself. */
static void conf_check_provision(struct conf_reading *r, const struct conf_item *item, struct conf_service *s)
{
	static const char *const none[] = {"provider", "endpoint", "actions"};
	struct conf_value v;

	if (s->actions.n && s->channel == CONF_CHANNEL_ASYNC)
		conf_error(r, conf_item_at(item, "actions"), "Remove actions, or write channel: sync.",
			"actions have no effect with channel: async");
	if (!s->handler) {
		if (!conf_item_value(item, "provider", 0, &v))
			conf_error(r, s->at, "Participant that provides it; or the handler that answers in its place.",
				"provider is missing in services[]");
		if (s->channel == CONF_CHANNEL_SYNC && !s->endpoint && !item->faulty)
			conf_error(r, s->at, "Address of the provider.", "endpoint is missing in services[]");
		return;
	}
	s->repeat_safe = true;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (conf_item_value(item, none[i], 0, &v))
			conf_error(r, v.at, "Remove it, or remove handler.", "%s has no effect with a handler", none[i]);
	}
	if (s->channel == CONF_CHANNEL_ASYNC || s->delivery == CONF_DELIVERY_QUEUED)
		conf_error(r, conf_item_at(item, "handler"), "Write channel: sync and delivery: direct, or remove handler.",
			"a handler answers while the caller waits");
}

static void conf_check_service(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_service *s = item->target;
	bool said;

	s->retry = conf_retry_of(r, item, "retry", s->delivery == CONF_DELIVERY_QUEUED, s->at);
	conf_check_provision(r, item, s);
	if (s->channel == CONF_CHANNEL_SYNC && s->mode != CONF_ASYNC_OFF)
		conf_error(r, conf_item_at(item, "mode"), "Remove mode, or write channel: async.",
			"mode has no effect with channel: sync");
	if (s->channel == CONF_CHANNEL_ASYNC && s->endpoint)
		conf_error(r, conf_item_at(item, "endpoint"), "Remove endpoint, or write channel: sync.",
			"endpoint has no effect with channel: async");
	if (s->delivery == CONF_DELIVERY_QUEUED && !conf_has_queue(r->conf))
		conf_error(r, conf_item_at(item, "delivery"), "Add the section queue.",
			"delivery is queued, yet there is no queue");
	if (s->timestamp && !r->conf->timestamp.directory)
		conf_error(r, conf_item_at(item, "timestamp"), "Add the section timestamp.",
			"messages shall be stamped, yet there is no time-stamp authority");
	s->provider = conf_refer(r, item, "provider", 0, CONF_SECTION_PARTICIPANT, &said);
	conf_check_inner(r, item, &s->inner);
	conf_check_demands(r, item);
	if (item->faulty)
		return;
	if (!s->tls_certificate != !s->tls_key)
		conf_error(r, conf_item_at(item, "tls"), "Name both files, or none.",
			"tls has only one of certificate and key");
	if (s->endpoint && strncmp(s->endpoint, "http:", 5) == 0 &&
		(s->tls_ca || s->tls_certificate || s->tls_key))
		conf_error(r, conf_item_at(item, "tls"), "Make the endpoint https, or remove tls.",
			"tls has no effect on an http endpoint");
}

/* The built-in object of a list, made of the defaults, when the configuration has none. NULL when it has, or when memory
 * is short; the caller gives it its name and place. */
static void *conf_standard(struct conf_reading *r, enum conf_section s)
{
	struct conf_list *list = &r->lists[s];
	void *target;

	if (list->n)
		return NULL;
	target = conf_take(r, conf_section(s)->size);
	if (!target || !list->items)
		return NULL;
	conf_walk_defaults(r, s, target);
	list->items[0] = (struct conf_item){
		.file = r->files, .target = target, .node = yaml_document_get_root_node(&r->files->doc)};
	list->n = 1;
	return target;
}

static void conf_standard_objects(struct conf_reading *r)
{
	struct conf_profile *profile = conf_standard(r, CONF_SECTION_PROFILE);
	struct conf_retry *retry = conf_standard(r, CONF_SECTION_RETRY);
	struct conf_at at = {r->conf->path, 1};

	if (profile) {
		profile->name = "standard";
		profile->at = at;
	}
	if (retry) {
		retry->name = "standard";
		retry->at = at;
	}
}

static void conf_check_retry(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_retry *p = item->target;

	if (!item->faulty && p->initial_ms > p->max_interval_ms)
		conf_error(r, conf_item_at(item, "initial"), "Make initial shorter or max_interval longer.",
			"the first wait is longer than the longest");
}

static int conf_ways(const struct conf_redis *r)
{
	return (r->socket != NULL) + (r->host != NULL) + (r->sentinels.n > 0);
}

static void conf_check_redis(struct conf_reading *r, struct conf_at at, const char *what, const struct conf_redis *q)
{
	int ways = conf_ways(q);

	if (ways != 1)
		conf_error(r, at, "Write exactly one of socket, server and sentinels.",
			"%s: %s how Redis is reached", what, ways ? "it is said more than once" : "nothing says");
	if (!q->sentinels.n != !q->master)
		conf_error(r, at, "Write both, or none.", "%s: sentinels and master belong together", what);
	if (q->tls && !q->tls_ca)
		conf_error(r, at, "Name the PEM file of the authority in ca.", "%s: tls needs ca", what);
}

static void conf_check_queue(struct conf_reading *r)
{
	struct conf_queue *q = &r->conf->queue;

	if (conf_ways(&q->redis) || q->spool)
		conf_check_redis(r, (struct conf_at){r->conf->path, 1}, "queue", &q->redis);
}

/* Is the name a service that is delivered later, or a participant? */
static bool conf_may_be_held(const struct conf *c, struct bytes name)
{
	return conf_service_by_id(c, name) || conf_participant_named(c, name);
}

/* The shard before this one that holds the name too; NULL: none. */
static const struct conf_shard *conf_holder_before(const struct conf *c, const struct conf_shard *s, const char *name)
{
	for (const struct conf_shard *other = c->shards; other < s; other++) {
		for (size_t i = 0; i < other->holds.n; i++) {
			if (strcmp(other->holds.name[i], name) == 0)
				return other;
		}
	}
	return NULL;
}

static void conf_check_shard(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_shard *s = item->target;

	if (!item->faulty)
		conf_check_redis(r, s->at, s->name, &s->redis);
	conf_split_address(r, &s->redis.host, &s->redis.port);
	if (!conf_has_queue(r->conf))
		conf_error(r, s->at, "Add the section queue.", "shards are beside a first Redis, yet there is none");
	for (size_t i = 0; i < s->holds.n; i++) {
		const struct conf_shard *before = conf_holder_before(r->conf, s, s->holds.name[i]);

		if (!conf_may_be_held(r->conf, bytes_str(s->holds.name[i])))
			conf_error(r, conf_item_at(item, "holds"), "Name a service or a participant.",
				"nothing in services[] or participants[] is named '%s'", s->holds.name[i]);
		if (before)
			conf_error(r, conf_item_at(item, "holds"), "Name it in one of the two.", "%s is held by the shard %s already",
				s->holds.name[i], before->name);
	}
}

static void conf_check_timestamp(struct conf_reading *r)
{
	const struct conf_timestamp *t = &r->conf->timestamp;
	struct conf_at at = {r->conf->path, 1};

	if (!t->directory)
		return;
	if (t->authorities.name && !t->authorities.n)
		conf_error(r, at, "Name the certificates in authorities.", "timestamp: no token could be trusted");
	if (t->initial_ms > t->max_interval_ms)
		conf_error(r, at, "Make initial shorter or max_interval longer.",
			"timestamp: the first wait is longer than the longest");
}

static void conf_freeze_lists(struct conf_reading *r)
{
	struct conf *c = r->conf;
	const struct conf_list *l = r->lists;

	c->shards = l[CONF_SECTION_SHARD].n ? l[CONF_SECTION_SHARD].items[0].target : NULL;
	c->shard_count = l[CONF_SECTION_SHARD].n;
	c->nodes = l[CONF_SECTION_NODE].n ? l[CONF_SECTION_NODE].items[0].target : NULL;
	c->node_count = l[CONF_SECTION_NODE].n;
	c->listeners = l[CONF_SECTION_LISTENER].n ? l[CONF_SECTION_LISTENER].items[0].target : NULL;
	c->listener_count = l[CONF_SECTION_LISTENER].n;
	c->keys = l[CONF_SECTION_KEY].n ? l[CONF_SECTION_KEY].items[0].target : NULL;
	c->key_count = l[CONF_SECTION_KEY].n;
	c->rules = l[CONF_SECTION_RULE].n ? l[CONF_SECTION_RULE].items[0].target : NULL;
	c->rule_count = l[CONF_SECTION_RULE].n;
	c->profiles = l[CONF_SECTION_PROFILE].n ? l[CONF_SECTION_PROFILE].items[0].target : NULL;
	c->profile_count = l[CONF_SECTION_PROFILE].n;
	c->sources = l[CONF_SECTION_SOURCE].n ? l[CONF_SECTION_SOURCE].items[0].target : NULL;
	c->source_count = l[CONF_SECTION_SOURCE].n;
	c->retries = l[CONF_SECTION_RETRY].n ? l[CONF_SECTION_RETRY].items[0].target : NULL;
	c->retry_count = l[CONF_SECTION_RETRY].n;
	c->participants = l[CONF_SECTION_PARTICIPANT].n ? l[CONF_SECTION_PARTICIPANT].items[0].target : NULL;
	c->participant_count = l[CONF_SECTION_PARTICIPANT].n;
	c->services = l[CONF_SECTION_SERVICE].n ? l[CONF_SECTION_SERVICE].items[0].target : NULL;
	c->service_count = l[CONF_SECTION_SERVICE].n;
}

static bool conf_make_index(struct conf_reading *r)
{
	size_t senders = 0;

	for (size_t i = 0; i < r->conf->participant_count; i++)
		senders += r->conf->participants[i].sender_ids.n;
	if (!conf_table_init(&r->index->senders, r->conf->pool, senders)) {
		r->short_of_memory = true;
		return false;
	}
	r->index->services = r->lists[CONF_SECTION_SERVICE].names;
	r->index->participants = r->lists[CONF_SECTION_PARTICIPANT].names;
	r->conf->index = r->index;
	return true;
}

static void conf_check_each(struct conf_reading *r, enum conf_section s,
	void (*check)(struct conf_reading *r, const struct conf_item *item))
{
	for (size_t i = 0; i < r->lists[s].n; i++)
		check(r, &r->lists[s].items[i]);
}

static void conf_check_profile(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_profile *p = item->target;

	bool said;

	p->rule = conf_refer(r, item, "rule", 0, CONF_SECTION_RULE, &said);
	p->plain_id |= (p->forms & CONF_FORM_PLAIN) != 0;
	if (!item->faulty)
		conf_check_outage(r, item);
}

static void conf_check_address(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_listener *l = item->target;

	if (!item->faulty)
		conf_check_listener(r, item);
	conf_split_address(r, &l->host, &l->port);
}

void conf_check(struct conf_reading *r)
{
	conf_standard_objects(r);
	conf_check_queue(r);
	conf_check_timestamp(r);
	conf_check_calendar(r);
	conf_freeze_lists(r);
	conf_check_admin(r);
	conf_split_address(r, &r->conf->queue.redis.host, &r->conf->queue.redis.port);
	conf_check_names(r, CONF_SECTION_SHARD, "name");
	conf_check_names(r, CONF_SECTION_NODE, "name");
	conf_check_names(r, CONF_SECTION_LISTENER, "name");
	conf_check_names(r, CONF_SECTION_KEY, "name");
	conf_check_names(r, CONF_SECTION_RULE, "name");
	conf_check_names(r, CONF_SECTION_PROFILE, "name");
	conf_check_names(r, CONF_SECTION_SOURCE, "name");
	conf_check_names(r, CONF_SECTION_RETRY, "name");
	conf_check_names(r, CONF_SECTION_PARTICIPANT, "name");
	conf_check_names(r, CONF_SECTION_SERVICE, "id");
	if (r->short_of_memory || !conf_make_index(r))
		return;
	if (!r->conf->listener_count)
		conf_error(r, (struct conf_at){r->conf->path, 1}, "Add one to the list listeners.",
			"there is no listener: the gateway would receive nothing");
	conf_check_each(r, CONF_SECTION_LISTENER, conf_check_address);
	conf_check_each(r, CONF_SECTION_KEY, conf_check_key);
	conf_check_each(r, CONF_SECTION_RULE, conf_check_rule);
	conf_check_each(r, CONF_SECTION_PROFILE, conf_check_profile);
	conf_check_revocation(r);
	conf_check_each(r, CONF_SECTION_SOURCE, conf_check_status_source);
	conf_check_each(r, CONF_SECTION_NODE, conf_check_node);
	conf_check_each(r, CONF_SECTION_SHARD, conf_check_shard);
	conf_check_each(r, CONF_SECTION_RETRY, conf_check_retry);
	conf_check_each(r, CONF_SECTION_PARTICIPANT, conf_check_participant);
	conf_check_each(r, CONF_SECTION_SERVICE, conf_check_service);
}
