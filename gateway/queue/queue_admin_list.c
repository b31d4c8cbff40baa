/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_admin_list - what is in the queues, for operators to read.
 * Promise:  a list is read in pages, so nobody waits for it; messages that move meanwhile may be told twice or not at all,
 *           those that stay where they are are told once.
 * Not here: acts (queue_admin). */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "queue/queue_int.h"

#define PAGE 200
#define POOL_MOST ((size_t)1 << 24)

static int by_name(const void *one, const void *other)
{
	const struct bytes *a = one, *b = other;
	int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);

	return order ? order : (a->n > b->n) - (a->n < b->n);
}

outcome queue_admin_destinations(struct queue_admin *a, struct pool *pool, struct bytes **list, size_t *n,
	struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_args args;

	queue_script_destinations(&args, queue_admin_at(a, BYTES_NONE).prefix);
	TRY(queue_admin_ask(a, &args, &reply, e));
	if (!queue_reply_is(reply, REDIS_REPLY_ARRAY, e))
		return FAILED;
	*n = reply->elements;
	*list = pool_alloc(pool, (*n + 1) * sizeof **list);
	for (size_t i = 0; *list && i < *n; i++) {
		struct bytes name = {(const unsigned char *)reply->element[i]->str, reply->element[i]->len};
		char *copy = pool_copy(pool, name);

		if (!copy)
			return err_set(e, REASON_MEMORY, "%zu destinations", *n);
		(*list)[i] = (struct bytes){(const unsigned char *)copy, name.n};
	}
	if (!*list)
		return err_set(e, REASON_MEMORY, "%zu destinations", *n);
	qsort(*list, *n, sizeof **list, by_name);
	return DONE;
}

static outcome ask_totals(struct queue_admin *a, struct bytes destination, struct queue_total *total,
	struct redisReply **reply, struct err *e)
{
	struct queue_at at = queue_admin_at(a, destination);
	struct queue_args args;

	queue_script_totals(&args, &at);
	TRY(queue_admin_ask(a, &args, reply, e));
	total->destination = destination;
	return queue_reply_totals(*reply, total, e) ? DONE : FAILED;
}

static outcome totals_of(struct queue_admin *a, struct pool *pool, struct queue_total **list, size_t *n, struct err *e)
{
	struct queue_total *longer;
	struct bytes *names;
	size_t all;

	TRY(queue_admin_destinations(a, pool, &names, &all, e));
	longer = pool_alloc(pool, (*n + all + 1) * sizeof *longer);
	if (!longer)
		return err_set(e, REASON_MEMORY, "%zu destinations", all);
	if (*n)
		memcpy(longer, *list, *n * sizeof *longer);
	*list = longer;
	for (size_t i = 0; i < all; i++) {
		SCOPED(queue_reply_free) struct redisReply *reply = NULL;
		struct queue_total *t = &(*list)[*n];

		*t = (struct queue_total){.redis = queue_admin_redis(a)};
		TRY(ask_totals(a, names[i], t, &reply, e));
		*n += t->waiting || t->leased || t->dead || t->held || t->closed;
	}
	return DONE;
}

outcome queue_admin_totals(struct queue_admin *a, struct pool *pool, struct queue_total **list, size_t *n, struct err *e)
{
	*n = 0;
	for (size_t i = 0; i < queue_admin_parts(a); i++) {
		struct queue_admin *part;

		TRY(queue_admin_part(a, i, &part, e));
		TRY(totals_of(part, pool, list, n, e));
	}
	return DONE;
}

/* The part of that name; the first for none. */
static outcome part_named(struct queue_admin *a, const char *redis, struct queue_admin **out, struct err *e)
{
	for (size_t i = 0; i < queue_admin_parts(a); i++) {
		TRY(queue_admin_part(a, i, out, e));
		if (queue_admin_redis(*out) == redis)
			return DONE;
	}
	return err_set(e, REASON_USAGE, "there is no Redis %s", redis ? redis : "");
}

outcome queue_admin_causes(struct queue_admin *a, const struct queue_total *of, struct pool *pool,
	struct queue_cause **list, size_t *n, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_total total;
	struct queue_admin *part;

	TRY(part_named(a, of->redis, &part, e));
	TRY(ask_totals(part, of->destination, &total, &reply, e));
	*n = queue_reply_causes(reply);
	*list = pool_alloc(pool, (*n + 1) * sizeof **list);
	for (size_t i = 0; *list && i < *n; i++) {
		struct queue_cause c = queue_reply_cause(reply, i);
		char *copy = pool_copy(pool, c.cause);

		if (!copy)
			return err_set(e, REASON_MEMORY, "%zu causes", *n);
		(*list)[i] = (struct queue_cause){{(const unsigned char *)copy, c.cause.n}, c.count};
	}
	return *list ? DONE : err_set(e, REASON_MEMORY, "%zu causes", *n);
}

struct wanted_body {
	struct bytes destination, id;
	struct buf *out;
};

static outcome body_of(struct queue_admin *a, void *ctx, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	const struct wanted_body *w = ctx;
	struct queue_shown shown;

	TRY(queue_admin_show(a, w->destination, w->id, &reply, &shown, e));
	if (shown.spool.n && !queue_admin_spool(a))
		return err_set(e, REASON_USAGE, "the body is in the spool; say which folder that is");
	if (shown.spool.n)
		return queue_spool_read(queue_admin_spool(a), shown.spool, w->out, e);
	buf_add(w->out, shown.body);
	return buf_ok(w->out) ? DONE : err_set(e, REASON_MEMORY, "%zu octets of a body", shown.body.n);
}

outcome queue_admin_body(struct queue_admin *a, struct bytes destination, struct bytes id, struct buf *out,
	struct err *e)
{
	return queue_admin_try(a, destination, body_of, &(struct wanted_body){destination, id, out}, e);
}

/* ---- lists ---- */

struct walk {
	struct queue_admin *a;
	const struct queue_filter *f;
	bool (*each)(void *ctx, const struct queue_item *item);
	void *ctx;
	int64_t now_ms;
	size_t told;
	bool over;
};

static bool wanted(const struct walk *w, const struct queue_item *item)
{
	const struct queue_filter *f = w->f;

	return (f->where < 0 || (int)item->where == f->where) && (!f->cause || bytes_is(item->cause, f->cause)) &&
		(f->older_ms == 0 || w->now_ms - item->accepted_ms >= f->older_ms);
}

static void tell(struct walk *w, struct queue_item *item)
{
	if (!wanted(w, item))
		return;
	item->redis = queue_admin_redis(w->a);
	w->told++;
	w->over = !w->each(w->ctx, item) || (w->f->limit && w->told >= w->f->limit);
}

/* One page; `last` is where it ended. *more is false behind the last page. */
static outcome walk_page(struct walk *w, struct bytes destination, enum queue_where where, int64_t *score,
	struct buf *last, bool *more, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_item item = {.destination = destination, .where = where};
	struct queue_at at = queue_admin_at(w->a, destination);
	struct queue_page page = {*score, buf_bytes(last)};
	char name[QUEUE_POLICY_TEXT];
	struct queue_args args;

	queue_script_list(&args, &at, where, &page, PAGE);
	TRY(queue_admin_ask(w->a, &args, &reply, e));
	if (!queue_reply_is(reply, REDIS_REPLY_ARRAY, e))
		return FAILED;
	*more = reply->elements > 0;
	for (size_t i = 0; i < reply->elements && !w->over; i++) {
		if (!queue_reply_item(reply->element[i], &item, &page, name, e))
			return FAILED;
		tell(w, &item);
	}
	*score = page.score;
	if (*more) {
		buf_clear(last);
		buf_add(last, page.id);
	}
	return buf_ok(last) ? DONE : err_set(e, REASON_MEMORY, "an id of %zu octets", page.id.n);
}

static outcome walk_place(struct walk *w, struct bytes destination, enum queue_where where, struct err *e)
{
	SCOPED(buf_free) struct buf last = BUF(1 << 20);
	int64_t score = 0;
	bool more = true;

	while (more && !w->over)
		TRY(walk_page(w, destination, where, &score, &last, &more, e));
	return DONE;
}

static outcome walk_one(struct walk *w, struct bytes destination, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_item item = {.destination = destination};
	struct queue_at at = queue_admin_at(w->a, destination);
	char name[QUEUE_POLICY_TEXT];
	struct queue_shown shown;
	struct queue_page page;
	struct queue_args args;

	queue_script_show(&args, &at, bytes_str(w->f->id));
	TRY(queue_admin_ask(w->a, &args, &reply, e));
	if (!queue_reply_show(reply, &shown, e))
		return FAILED;
	if (!shown.there)
		return DONE;
	item.where = shown.where;
	if (!queue_reply_item(shown.item, &item, &page, name, e))
		return FAILED;
	tell(w, &item);
	return DONE;
}

static outcome walk_destination(struct walk *w, struct bytes destination, struct err *e)
{
	if (w->f->id)
		return walk_one(w, destination, e);
	for (int where = QUEUE_WAITING; where <= QUEUE_DEAD && !w->over; where++) {
		if (w->f->where < 0 || w->f->where == where)
			TRY(walk_place(w, destination, (enum queue_where)where, e));
	}
	return DONE;
}

static outcome walk_part(struct walk *w, struct pool *pool, struct err *e)
{
	struct bytes *names;
	size_t n;

	if (w->f->destination)
		return walk_destination(w, bytes_str(w->f->destination), e);
	TRY(queue_admin_destinations(w->a, pool, &names, &n, e));
	for (size_t i = 0; i < n && !w->over; i++)
		TRY(walk_destination(w, names[i], e));
	return DONE;
}

outcome queue_admin_list(struct queue_admin *a, const struct queue_filter *f,
	bool (*each)(void *ctx, const struct queue_item *item), void *ctx, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	struct walk w = {.f = f, .each = each, .ctx = ctx, .now_ms = stamp_now().ms};

	if (!pool)
		return err_set(e, REASON_MEMORY, "a list of the queue");
	for (size_t i = 0; i < queue_admin_parts(a) && !w.over; i++) {
		TRY(queue_admin_part(a, i, &w.a, e));
		TRY(walk_part(&w, pool, e));
	}
	return DONE;
}
