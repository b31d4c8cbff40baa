/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_list - qaqpa queue ls, show, shape and plan: what waits, for how long, and what will be done when. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_json.h"
#include "cli/cli_queue.h"

#define POOL_MOST ((size_t)64 << 20)
#define PLAN_ROWS 20

static const char *const states[] = {[QUEUE_WAITING] = "waiting", [QUEUE_LEASED] = "leased", [QUEUE_DEAD] = "dead"};

static json_t *time_json(int64_t ms)
{
	char at[STAMP_TEXT];

	if (!ms)
		return json_null();
	stamp_print(stamp_at(ms), at);
	return json_string(at);
}

static const char *time_text(int64_t ms, char at[STAMP_TEXT])
{
	snprintf(at, STAMP_TEXT, "never");
	if (ms)
		stamp_print(stamp_at(ms), at);
	return at;
}

static void print_json(json_t *root)
{
	json_dumpf(root, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(root);
}

/* ---- ls of destinations ---- */

static json_t *total_json(const struct queue_total *t, const struct queue_cause *causes, size_t n)
{
	json_t *o = json_pack("{s:o, s:I, s:I, s:I, s:o, s:b, s:i, s:o}", "destination", text_json(t->destination), "waiting",
		(json_int_t)t->waiting, "leased", (json_int_t)t->leased, "dead", (json_int_t)t->dead, "oldest",
		time_json(t->oldest_ms), "held", t->held, "concurrency", t->limit, "breaker_until",
		time_json(t->breaker_until_ms));
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:I}", "cause", text_json(causes[i].cause), "dead",
			(json_int_t)causes[i].count));
	json_object_set_new(o, "causes", list);
	json_object_set_new(o, "closed", json_boolean(t->closed));
	json_object_set_new(o, "redis", json_string(t->redis ? t->redis : "first"));
	return o;
}

static void print_total(const struct queue_total *t, const struct queue_cause *causes, size_t n)
{
	char name[CLI_SHOWN], age[16] = "-", at[STAMP_TEXT], limit[16] = "-";
	int64_t now = stamp_now().ms;

	if (t->oldest_ms)
		cli_queue_age(now > t->oldest_ms ? now - t->oldest_ms : 0, age);
	if (t->limit)
		snprintf(limit, sizeof limit, "%d", t->limit);
	printf("%-32s %9llu %7llu %7llu %9s %6s  %s%s%s%s%s%s%s\n", cli_queue_shown(t->destination, name),
		(unsigned long long)t->waiting, (unsigned long long)t->leased, (unsigned long long)t->dead, age, limit,
		t->redis ? "in " : "", t->redis ? t->redis : "", t->redis ? " " : "", t->held ? "held " : "",
		t->closed ? "closed " : "", t->breaker_until_ms ? "breaker open until " : "",
		t->breaker_until_ms ? time_text(t->breaker_until_ms, at) : "");
	for (size_t i = 0; i < n; i++)
		printf("  %-30s %25llu\n", cli_queue_shown(causes[i].cause, name), (unsigned long long)causes[i].count);
}

static int list_totals(struct cli_queue *q)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	json_t *list = q->json ? json_array() : NULL;
	struct queue_total *totals;
	struct queue_cause *causes;
	struct err e = {0};
	size_t n = 0, m;
	outcome read = pool ? queue_admin_totals(q->admin, pool, &totals, &n, &e) : err_set(&e, REASON_MEMORY, "a list");

	if (read.ok && !q->json)
		printf("%-32s %9s %7s %7s %9s %6s\n", "destination", "waiting", "leased", "dead", "oldest", "limit");
	for (size_t i = 0; read.ok && i < n; i++) {
		read = queue_admin_causes(q->admin, &totals[i], pool, &causes, &m, &e);
		if (read.ok && q->json)
			json_array_append_new(list, total_json(&totals[i], causes, m));
		else if (read.ok)
			print_total(&totals[i], causes, m);
	}
	if (!read.ok) {
		json_decref(list);
		return cli_fail(&e);
	}
	if (q->json)
		print_json(list);
	return CLI_DONE;
}

/* ---- lists of messages ---- */

struct listing {
	struct cli_queue *q;
	json_t *list;
	size_t count;
	int64_t now_ms;
	void (*print)(struct listing *l, const struct queue_item *item);
	json_t *(*json)(struct listing *l, const struct queue_item *item);
};

static json_t *item_json(struct listing *l, const struct queue_item *i)
{
	json_t *o = json_pack("{s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "id", text_json(i->id), "destination",
		text_json(i->destination), "state", states[i->where], "attempts", i->attempts, "accepted",
		time_json(i->accepted_ms), "due", time_json(i->due_ms), "expires", time_json(i->expire_ms), "cause",
		text_json(i->cause), "order_key", text_json(i->order_key), "body_bytes", (json_int_t)i->body_bytes, "meta",
		text_json(i->meta));

	(void)l;
	json_object_set_new(o, "policy", text_json(bytes_str(i->policy.name)));
	json_object_set_new(o, "redis", json_string(i->redis ? i->redis : "first"));
	return o;
}

static void print_item(struct listing *l, const struct queue_item *i)
{
	char id[CLI_SHOWN], destination[CLI_SHOWN], cause[CLI_SHOWN], age[16], at[STAMP_TEXT];

	printf("%-40s %-24s %-7s %3d %9s  %-29s  %s\n", cli_queue_shown(i->id, id),
		cli_queue_shown(i->destination, destination), states[i->where], i->attempts,
		cli_queue_age(l->now_ms > i->accepted_ms ? l->now_ms - i->accepted_ms : 0, age),
		i->due_ms ? time_text(i->due_ms, at) : "after those before it", cli_queue_shown(i->cause, cause));
}

/* What the moment of a message means in its state. */
static const char *moment_name(const struct queue_item *i)
{
	if (i->where == QUEUE_WAITING)
		return "next try";
	return i->where == QUEUE_LEASED ? "lease ends" : "given up";
}

static void print_whole(struct listing *l, const struct queue_item *i)
{
	char name[CLI_SHOWN], at[STAMP_TEXT];

	(void)l;
	printf("%s\n", cli_queue_shown(i->id, name));
	printf("  destination  %s\n", cli_queue_shown(i->destination, name));
	if (i->redis)
		printf("  redis        %s\n", i->redis);
	printf("  state        %s\n", states[i->where]);
	printf("  order key    %s\n", cli_queue_shown(i->order_key, name));
	printf("  accepted     %s\n", time_text(i->accepted_ms, at));
	printf("  expires      %s\n", time_text(i->expire_ms, at));
	printf("  attempts     %d\n", i->attempts);
	printf("  %-12s %s\n", moment_name(i), i->due_ms ? time_text(i->due_ms, at) : "after those before it");
	printf("  last cause   %s\n", cli_queue_shown(i->cause, name));
	printf("  policy       %s\n", cli_queue_shown(bytes_str(i->policy.name), name));
	printf("  body         %zu octets\n", i->body_bytes);
	for (size_t from = 0, to; from < i->meta.n; from = to + 1) {
		for (to = from; to < i->meta.n && i->meta.p[to] != '\n'; to++)
			;
		printf("  %-12s %s\n", from ? "" : "meta", cli_queue_shown(bytes_sub(i->meta, from, to), name));
	}
}

static bool each_item(void *ctx, const struct queue_item *item)
{
	struct listing *l = ctx;

	l->count++;
	if (l->list)
		json_array_append_new(l->list, l->json(l, item));
	else
		l->print(l, item);
	return true;
}

static int list_items(struct listing *l)
{
	struct err e = {0};
	outcome read;

	l->now_ms = stamp_now().ms;
	if (l->q->json)
		l->list = json_array();
	read = queue_admin_list(l->q->admin, &l->q->filter, each_item, l, &e);
	if (!read.ok) {
		json_decref(l->list);
		return cli_fail(&e);
	}
	if (l->list)
		print_json(l->list);
	if (l->count == 0)
		fprintf(stderr, "qaqpa: nothing found\n");
	return l->count ? CLI_DONE : 1;
}

int cli_queue_ls(struct cli_queue *q)
{
	struct listing l = {.q = q, .print = print_item, .json = item_json};
	const struct queue_filter *f = &q->filter;

	if (!f->destination && !f->cause && f->where < 0 && !f->older_ms && !f->limit)
		return list_totals(q);
	return list_items(&l);
}

int cli_queue_show(struct cli_queue *q)
{
	struct listing l = {.q = q, .print = print_whole, .json = item_json};

	q->filter.id = q->word;
	return list_items(&l);
}

/* ---- plan ---- */

struct try {
	int attempt;
	int64_t at_ms;
};

/* The next tries, when each is made on time and fails at once; what ends them is in *end. A message in somebody's hands is
 * taken as failing now. Returns how many. */
static size_t plan_of(const struct queue_item *i, int64_t now, struct try *tries, size_t most, const char **end)
{
	int64_t at = i->where == QUEUE_LEASED ? now + queue_delay(&i->policy, i->id, i->attempts) : i->due_ms;
	int attempt = i->attempts + 1;
	size_t n = 0;

	*end = i->where == QUEUE_DEAD ? "it was given up; retry brings it back"
		: i->due_ms >= QUEUE_NEVER ? "it waits to be fetched by its receiver" : "and so on";
	if (i->due_ms >= QUEUE_NEVER)
		return 0;
	if (i->where == QUEUE_DEAD)
		return 0;
	at = at < now ? now : at;
	for (; n < most; n++, attempt++) {
		/* Attempts that are used up do not keep a message from the try that an operator asked for. */
		if (i->policy.max_attempts && attempt > i->policy.max_attempts && (n || i->where == QUEUE_LEASED)) {
			*end = "then it is given up: its attempts are used up";
			break;
		}
		if (i->expire_ms && at >= i->expire_ms) {
			*end = "then it is given up: the next try would come after its life";
			break;
		}
		tries[n] = (struct try){attempt, at};
		at += queue_delay(&i->policy, i->id, attempt);
	}
	return n;
}

static void print_plan(struct listing *l, const struct queue_item *i)
{
	struct try tries[PLAN_ROWS];
	char name[CLI_SHOWN], at[STAMP_TEXT], age[16];
	const char *end;
	size_t n = plan_of(i, l->now_ms, tries, PLAN_ROWS, &end);

	printf("%s", cli_queue_shown(i->id, name));
	printf(" for %s, %s, attempts made: %d, accepted %s", cli_queue_shown(i->destination, name), states[i->where],
		i->attempts, time_text(i->accepted_ms, at));
	printf(", expires %s\n", time_text(i->expire_ms, at));
	if (i->where == QUEUE_LEASED)
		printf("  attempt %d is being made; if it fails now:\n", i->attempts);
	else if (i->where == QUEUE_WAITING && !i->due_ms)
		printf("  it waits until those before it of its order key have left; if that is now:\n");
	for (size_t k = 0; k < n; k++)
		printf("  attempt %-4d %s  in %s\n", tries[k].attempt, time_text(tries[k].at_ms, at),
			cli_queue_age(tries[k].at_ms - l->now_ms, age));
	printf("  %s\n", end);
}

static json_t *plan_json(struct listing *l, const struct queue_item *i)
{
	struct try tries[PLAN_ROWS];
	const char *end;
	size_t n = plan_of(i, l->now_ms, tries, PLAN_ROWS, &end);
	json_t *o = item_json(l, i), *list = json_array();

	for (size_t k = 0; k < n; k++)
		json_array_append_new(list, json_pack("{s:i, s:o, s:I}", "attempt", tries[k].attempt, "at",
			time_json(tries[k].at_ms), "at_ms", (json_int_t)tries[k].at_ms));
	json_object_set_new(o, "tries", list);
	json_object_set_new(o, "end", json_string(end));
	return o;
}

int cli_queue_plan(struct cli_queue *q)
{
	struct listing l = {.q = q, .print = print_plan, .json = plan_json};

	q->filter.id = q->word;
	return list_items(&l);
}

/* ---- shape ---- */

#define COLUMNS 10
static const int minutes[COLUMNS] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 0}; /* younger than; 0: any */

struct row {
	struct row *next;
	struct bytes destination;
	uint64_t in[COLUMNS], all;
};

struct shape {
	struct pool *pool;
	struct row *first, **last;
	int64_t now_ms;
	bool living, failed; /* living: dead letters are not counted */
};

static bool each_shape(void *ctx, const struct queue_item *item)
{
	struct shape *s = ctx;
	struct row *r = s->first;
	int64_t age = s->now_ms - item->accepted_ms;
	int column = 0;

	if (s->living && item->where == QUEUE_DEAD)
		return true;
	while (r && !bytes_eq(r->destination, item->destination))
		r = r->next;
	if (!r) {
		char *name = pool_copy(s->pool, item->destination);

		r = POOL_NEW(s->pool, struct row);
		s->failed = !r || !name;
		if (s->failed)
			return false;
		r->destination = (struct bytes){(const unsigned char *)name, item->destination.n};
		*s->last = r;
		s->last = &r->next;
	}
	while (minutes[column] && age >= minutes[column] * INT64_C(60000))
		column++;
	r->in[column]++;
	r->all++;
	return true;
}

static void print_shape(const struct shape *s)
{
	char name[CLI_SHOWN];

	printf("%-32s %8s", "destination", "all");
	for (int c = 0; c < COLUMNS; c++)
		printf(minutes[c] ? " %7d" : " %6d+", minutes[c] ? minutes[c] : minutes[c - 1]);
	printf("   (minutes since acceptance)\n");
	for (const struct row *r = s->first; r; r = r->next) {
		printf("%-32s %8llu", cli_queue_shown(r->destination, name), (unsigned long long)r->all);
		for (int c = 0; c < COLUMNS; c++)
			printf(" %7llu", (unsigned long long)r->in[c]);
		putchar('\n');
	}
}

static void print_shape_json(const struct shape *s)
{
	json_t *list = json_array();

	for (const struct row *r = s->first; r; r = r->next) {
		json_t *ages = json_array();

		for (int c = 0; c < COLUMNS; c++)
			json_array_append_new(ages, json_pack("{s:o, s:I}", "below_minutes",
				minutes[c] ? json_integer(minutes[c]) : json_null(), "messages", (json_int_t)r->in[c]));
		json_array_append_new(list, json_pack("{s:o, s:I, s:o}", "destination", text_json(r->destination), "messages",
			(json_int_t)r->all, "ages", ages));
	}
	print_json(list);
}

int cli_queue_shape(struct cli_queue *q)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	struct shape s = {.pool = pool, .last = &s.first, .now_ms = stamp_now().ms, .living = q->filter.where < 0};
	struct err e = {0};

	if (!pool || !queue_admin_list(q->admin, &q->filter, each_shape, &s, &e).ok || s.failed) {
		if (!pool || s.failed)
			err_set(&e, REASON_MEMORY, "too many destinations");
		return cli_fail(&e);
	}
	if (q->json)
		print_shape_json(&s);
	else
		print_shape(&s);
	return CLI_DONE;
}
