/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_reply - what the scripts answered, read with distrust: a reply of another shape is a failure, not a crash.
 * Not here: the commands (queue_script). */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "queue/queue_int.h"

enum { MESSAGE_WORDS = 10, ITEM_WORDS = 12, TOTAL_WORDS = 9, CAUSE_WORD = 7, RECALL_WORDS = 5 };

static struct bytes octets(const struct redisReply *r)
{
	return r->type == REDIS_REPLY_STRING ? (struct bytes){(const unsigned char *)r->str, r->len} : BYTES_NONE;
}

static int64_t number(const struct redisReply *r)
{
	return r->type == REDIS_REPLY_INTEGER ? r->integer : 0;
}

/* A number from 0 to `most`: what lies outside counts as the nearest, so that it can be reckoned with. */
static int64_t bounded(const struct redisReply *r, int64_t most)
{
	int64_t n = number(r);

	return n < 0 ? 0 : n > most ? most : n;
}

static int64_t moment(const struct redisReply *r)
{
	return bounded(r, QUEUE_NEVER);
}

static int count(const struct redisReply *r)
{
	return (int)bounded(r, INT32_MAX);
}

bool queue_reply_is(const struct redisReply *r, int type, struct err *e)
{
	if (r && r->type == type)
		return true;
	if (r && r->type == REDIS_REPLY_ERROR)
		err_set(e, REASON_QUEUE_DOWN, "Redis: %.200s", r->str);
	else
		err_set(e, REASON_QUEUE_DOWN, "Redis answered something unexpected");
	return false;
}

static bool is_array(const struct redisReply *r, size_t least, struct err *e)
{
	if (!queue_reply_is(r, REDIS_REPLY_ARRAY, e))
		return false;
	if (r->elements < least)
		err_set(e, REASON_QUEUE_DOWN, "Redis answered %zu values instead of %zu", r->elements, least);
	return r->elements >= least;
}

/* What an error says of something that was to be stored; it is worded already. */
static enum queue_result not_stored(const struct redisReply *r, struct err *e)
{
	if (!r || r->type != REDIS_REPLY_ERROR || strncmp(r->str, "OOM ", 4) != 0)
		return QUEUE_DOWN;
	err_set(e, REASON_QUEUE_FULL, "Redis has used up its maxmemory");
	return QUEUE_FULL;
}

enum queue_result queue_reply_put(const struct redisReply *r, struct err *e)
{
	if (!queue_reply_is(r, REDIS_REPLY_INTEGER, e))
		return not_stored(r, e);
	if (r->integer >= 0)
		return r->integer ? QUEUE_DONE : QUEUE_KNOWN;
	if (r->integer == -2) {
		err_set(e, REASON_QUEUE_DOWN, "the destination moves to another Redis: start this gateway anew");
		return QUEUE_DOWN;
	}
	err_set(e, REASON_QUEUE_FULL, "too many messages wait for the destination");
	return QUEUE_CROWDED;
}

enum queue_result queue_reply_mark(const struct redisReply *r, char there[QUEUE_MARK_MOST + 1], struct err *e)
{
	if (r && r->type == REDIS_REPLY_NIL)
		return QUEUE_DONE;
	if (!queue_reply_is(r, REDIS_REPLY_STRING, e))
		return not_stored(r, e);
	snprintf(there, QUEUE_MARK_MOST + 1, "%s", r->str);
	return QUEUE_KNOWN;
}

static void copy_text(const struct redisReply *r, char *out, size_t room)
{
	struct bytes b = octets(r);

	snprintf(out, room, "%.*s", (int)(b.n < room ? b.n : room - 1), b.n ? (const char *)b.p : "");
}

enum queue_result queue_reply_recall(const struct redisReply *r, struct queue_recall *out, struct err *e)
{
	if (!is_array(r, RECALL_WORDS, e))
		return not_stored(r, e);
	if (r->element[0]->type != REDIS_REPLY_INTEGER || number(r->element[0]) != bounded(r->element[0], RECALLED_FORGOTTEN)) {
		err_set(e, REASON_QUEUE_DOWN, "Redis answered something unexpected");
		return QUEUE_DOWN;
	}
	out->what = (enum queue_recalled)number(r->element[0]);
	copy_text(r->element[1], out->first, sizeof out->first);
	copy_text(r->element[2], out->node, sizeof out->node);
	out->status = count(r->element[3]);
	if (octets(r->element[4]).n)
		buf_add(&out->answer, octets(r->element[4]));
	if (buf_ok(&out->answer))
		return QUEUE_DONE;
	err_set(e, REASON_MEMORY, "no memory for the answer that is kept in Redis");
	return QUEUE_DOWN;
}

enum queue_result queue_reply_remember(const struct redisReply *r, struct err *e)
{
	return queue_reply_is(r, REDIS_REPLY_INTEGER, e) ? QUEUE_DONE : not_stored(r, e);
}

static bool are_messages(const struct redisReply *list, struct err *e)
{
	if (!is_array(list, 0, e))
		return false;
	for (size_t i = 0; i < list->elements; i++) {
		if (!is_array(list->element[i], MESSAGE_WORDS, e))
			return false;
	}
	return true;
}

bool queue_reply_claims(const struct redisReply *r, struct queue_claims *out, struct err *e)
{
	if (!is_array(r, 3, e) || !are_messages(r->element[1], e) || !are_messages(r->element[2], e))
		return false;
	*out = (struct queue_claims){r->element[1]->elements, r->element[2]->elements,
		number(r->element[0]) < 0 ? -1 : moment(r->element[0])};
	return true;
}

static void read_message(const struct redisReply *m, struct queue_found *out)
{
	*out = (struct queue_found){.id = octets(m->element[0]), .token = octets(m->element[1]),
		.attempt = count(m->element[2]), .accepted_ms = moment(m->element[3]),
		.expire_ms = moment(m->element[4]), .order_key = octets(m->element[5]), .meta = octets(m->element[6]),
		.policy = octets(m->element[7]), .body = octets(m->element[8]), .spool = octets(m->element[9])};
}

void queue_reply_claimed(const struct redisReply *r, size_t i, struct queue_found *out)
{
	read_message(r->element[1]->element[i], out);
}

void queue_reply_expired(const struct redisReply *r, size_t i, struct queue_found *out)
{
	read_message(r->element[2]->element[i], out);
}

bool queue_reply_renew(const struct redisReply *r, size_t count, struct err *e)
{
	return is_array(r, count, e);
}

bool queue_reply_renewed(const struct redisReply *r, size_t i)
{
	return number(r->element[i]) == 1;
}

bool queue_reply_settle(const struct redisReply *r, struct queue_settlement *out, struct err *e)
{
	int64_t became;

	if (!is_array(r, 2, e))
		return false;
	became = number(r->element[0]);
	if (became < SETTLED_STALE || became > SETTLED_WAITING) {
		err_set(e, REASON_QUEUE_DOWN, "Redis answered something unexpected");
		return false;
	}
	*out = (struct queue_settlement){(enum queue_settled)became, moment(r->element[1])};
	return true;
}

bool queue_reply_handled(const struct redisReply *r, enum queue_handled *out, struct bytes *spool, struct err *e)
{
	int64_t handled;

	if (r && r->type == REDIS_REPLY_INTEGER) {
		handled = r->integer;
	} else {
		if (!is_array(r, 2, e))
			return false;
		handled = number(r->element[0]);
		*spool = octets(r->element[1]);
	}
	if (handled < HANDLED_NONE || handled > HANDLED_BEHIND) {
		err_set(e, REASON_QUEUE_DOWN, "Redis answered something unexpected");
		return false;
	}
	*out = (enum queue_handled)handled;
	return true;
}

bool queue_reply_totals(const struct redisReply *r, struct queue_total *out, struct err *e)
{
	if (!is_array(r, TOTAL_WORDS, e))
		return false;
	out->waiting = (uint64_t)bounded(r->element[0], INT64_MAX);
	out->leased = (uint64_t)bounded(r->element[1], INT64_MAX);
	out->dead = (uint64_t)bounded(r->element[2], INT64_MAX);
	out->oldest_ms = moment(r->element[3]);
	out->held = number(r->element[4]) != 0;
	out->limit = count(r->element[5]);
	out->breaker_until_ms = moment(r->element[6]);
	out->closed = number(r->element[8]) != 0;
	return true;
}

size_t queue_reply_causes(const struct redisReply *r)
{
	const struct redisReply *causes = r->element[CAUSE_WORD];

	return causes->type == REDIS_REPLY_ARRAY ? causes->elements / 2 : 0;
}

struct queue_cause queue_reply_cause(const struct redisReply *r, size_t i)
{
	const struct redisReply *causes = r->element[CAUSE_WORD];
	const struct redisReply *count = causes->element[2 * i + 1]; /* a string, ended by the reader */

	return (struct queue_cause){octets(causes->element[2 * i]), strtoull(octets(count).n ? count->str : "0", NULL, 10)};
}

bool queue_reply_item(const struct redisReply *m, struct queue_item *out, struct queue_page *next,
	char name[QUEUE_POLICY_TEXT], struct err *e)
{
	if (!is_array(m, ITEM_WORDS, e))
		return false;
	*next = (struct queue_page){number(m->element[1]), octets(m->element[0])};
	out->id = next->id;
	out->attempts = count(m->element[2]);
	out->accepted_ms = moment(m->element[3]);
	out->expire_ms = moment(m->element[4]);
	out->order_key = octets(m->element[5]);
	out->meta = octets(m->element[6]);
	out->cause = octets(m->element[8]);
	out->body_bytes = (size_t)bounded(m->element[9], INT64_MAX);
	out->due_ms = moment(m->element[11]);
	if (queue_policy_parse(octets(m->element[7]), &out->policy, name))
		return true;
	err_set(e, REASON_QUEUE_DOWN, "the policy of a message cannot be read");
	return false;
}

bool queue_reply_show(const struct redisReply *r, struct queue_shown *out, struct err *e)
{
	int64_t where;

	*out = (struct queue_shown){0};
	if (!is_array(r, 0, e))
		return false;
	if (r->elements == 0)
		return true;
	if (!is_array(r, 3, e) || !is_array(r->element[1], ITEM_WORDS, e))
		return false;
	where = number(r->element[0]);
	if (where < QUEUE_WAITING || where > QUEUE_DEAD) {
		err_set(e, REASON_QUEUE_DOWN, "Redis answered something unexpected");
		return false;
	}
	*out = (struct queue_shown){true, (enum queue_where)where, r->element[1], octets(r->element[2]),
		octets(r->element[1]->element[10])};
	return true;
}

void queue_reply_free(struct redisReply **r)
{
	if (*r)
		freeReplyObject(*r);
	*r = NULL;
}
