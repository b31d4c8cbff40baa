/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_script - the commands that run the scripts (*.lua beside this file), built as words.
 * Promise:  whatever octets an id, a key or a body holds, they travel as one word with its length.
 * Not here: sending (queue_wire), what the answers mean (queue_reply). */
#include <inttypes.h>
#include <stdio.h>

#include "base/ident.h"

#include "queue/queue_int.h"

static const struct {
	const char *name, *sha;
	struct bytes text;
} scripts[] = {
#define SCRIPT(name, sha, octets) {name, sha, {(const unsigned char *)(octets), sizeof(octets) - 1}},
#include "queue_scripts.inc"
#undef SCRIPT
};
_Static_assert(sizeof scripts / sizeof *scripts == SCRIPT_COUNT, "cmake/scripts.cmake lists what queue_int.h names");

void queue_args_start(struct queue_args *a)
{
	a->count = a->used = 0;
	a->failed = false;
}

void queue_args_add(struct queue_args *a, struct bytes b)
{
	if (a->count == QUEUE_ARGS_MOST)
		a->failed = true;
	else
		a->word[a->count++] = b.p ? b : BYTES_LIT("");
}

/* Room for up to `n` octets of text; NULL when there is none. */
static char *take_text(struct queue_args *a, size_t n)
{
	char *at = a->text + a->used;

	if (n > sizeof a->text - a->used) {
		a->failed = true;
		return NULL;
	}
	a->used += n;
	return at;
}

void queue_args_copy(struct queue_args *a, struct bytes b)
{
	char *at = take_text(a, b.n);

	if (at && b.n)
		memcpy(at, b.p, b.n);
	if (at)
		queue_args_add(a, (struct bytes){(const unsigned char *)at, b.n});
}

void queue_args_number(struct queue_args *a, int64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, n);
	queue_args_copy(a, bytes_str(text));
}

/* One word made of two or three parts, of which some may be empty. */
static void add_joined(struct queue_args *a, struct bytes one, struct bytes two, struct bytes three)
{
	const struct bytes parts[] = {one, two, three};
	char *at = take_text(a, one.n + two.n + three.n), *to = at;

	if (!at)
		return;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].n)
			memcpy(to, parts[i].p, parts[i].n);
		to += parts[i].n;
	}
	queue_args_add(a, (struct bytes){(const unsigned char *)at, (size_t)(to - at)});
}

void queue_args_key(struct queue_args *a, const char *prefix, const char *name)
{
	add_joined(a, bytes_str(prefix), bytes_str(name), BYTES_LIT(""));
}

void queue_script_load(struct queue_args *a, enum queue_script which)
{
	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("SCRIPT"));
	queue_args_add(a, BYTES_LIT("LOAD"));
	queue_args_add(a, scripts[which].text);
}

/* EVALSHA <sha> <keys> <base> [<set of destinations>] <now> */
static void begin(struct queue_args *a, enum queue_script which, const struct queue_at *at, bool destinations)
{
	size_t prefix = strlen(at->prefix);
	char *base;

	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("EVALSHA"));
	queue_args_add(a, bytes_str(scripts[which].sha));
	queue_args_add(a, destinations ? BYTES_LIT("2") : BYTES_LIT("1"));
	base = take_text(a, prefix + at->destination.n + 4);
	if (base) {
		memcpy(base, at->prefix, prefix);
		memcpy(base + prefix, ":{", 2);
		memcpy(base + prefix + 2, at->destination.p, at->destination.n);
		memcpy(base + prefix + 2 + at->destination.n, "}:", 2);
		queue_args_add(a, (struct bytes){(const unsigned char *)base, prefix + at->destination.n + 4});
	}
	if (destinations)
		queue_args_key(a, at->prefix, ":destinations");
	queue_args_number(a, at->now_ms);
}

void queue_script_put(struct queue_args *a, const struct queue_at *at, const struct queue_put *put, struct bytes spool)
{
	char policy[QUEUE_POLICY_TEXT];

	queue_policy_print(put->policy, policy);
	begin(a, SCRIPT_PUT, at, true);
	queue_args_add(a, put->id);
	queue_args_number(a, put->attempts);
	queue_args_number(a, put->accepted_ms);
	queue_args_number(a, put->policy->expire_after_ms);
	queue_args_add(a, put->order_key);
	queue_args_add(a, put->meta);
	queue_args_copy(a, bytes_str(policy));
	queue_args_number(a, put->due_ms);
	queue_args_copy(a, spool);
	queue_args_number(a, (int64_t)put->body.n);
	queue_args_add(a, spool.n ? BYTES_NONE : put->body);
	queue_args_add(a, at->destination);
	queue_args_number(a, put->most);
}

void queue_command_mark(struct queue_args *a, const char *prefix, const struct queue_mark *mark)
{
	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("SET"));
	add_joined(a, bytes_str(prefix), BYTES_LIT(":mark:"), mark->name);
	queue_args_add(a, mark->says);
	queue_args_add(a, BYTES_LIT("NX"));
	queue_args_add(a, BYTES_LIT("GET"));
	queue_args_add(a, BYTES_LIT("PX"));
	queue_args_number(a, mark->for_ms);
}

/* EVALSHA <sha> <keys> <record> [<since> <signs of life> <loss>] <now> <content> <exchange> <gateway> */
static void begin_memory(struct queue_args *a, enum queue_script which, const char *prefix, int64_t now_ms,
	const struct queue_message *m)
{
	bool all = which == SCRIPT_RECALL;

	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("EVALSHA"));
	queue_args_add(a, bytes_str(scripts[which].sha));
	queue_args_add(a, all ? BYTES_LIT("4") : BYTES_LIT("1"));
	add_joined(a, bytes_str(prefix), BYTES_LIT(":seen:"), m->name);
	if (all) {
		add_joined(a, bytes_str(prefix), BYTES_LIT(":seen-since:"), m->holder);
		queue_args_key(a, prefix, ":node:");
		queue_args_key(a, prefix, ":seen-lost");
	}
	queue_args_number(a, now_ms);
	queue_args_add(a, (struct bytes){m->content, sizeof m->content});
	queue_args_add(a, m->exchange);
}

void queue_script_recall(struct queue_args *a, const char *prefix, int64_t now_ms, const char *node,
	const struct queue_recall *r)
{
	begin_memory(a, SCRIPT_RECALL, prefix, now_ms, &r->message);
	queue_args_add(a, bytes_str(node));
	queue_args_number(a, r->date_ms);
	queue_args_number(a, r->skew_ms);
	queue_args_number(a, r->message.for_ms);
	queue_args_number(a, r->may_repeat);
}

void queue_script_remember(struct queue_args *a, const char *prefix, int64_t now_ms, const char *node,
	const struct queue_remember *r)
{
	static const char *const fates[] = {[QUEUE_FATE_ANSWERED] = "answered", [QUEUE_FATE_RELEASED] = "released",
		[QUEUE_FATE_UNCERTAIN] = "uncertain"};

	begin_memory(a, SCRIPT_REMEMBER, prefix, now_ms, &r->message);
	queue_args_add(a, bytes_str(node));
	queue_args_add(a, bytes_str(fates[r->fate]));
	queue_args_number(a, r->status);
	queue_args_number(a, r->message.for_ms);
	queue_args_add(a, r->answer);
	queue_args_number(a, r->answer_ms);
}

void queue_script_claim(struct queue_args *a, const struct queue_at *at, const char *node, int most, int64_t lease_ms,
	const struct queue_destination *limits)
{
	char id[37];

	uuid_new(id);
	begin(a, SCRIPT_CLAIM, at, false);
	queue_args_number(a, most);
	queue_args_number(a, lease_ms);
	id[8] = '.'; /* the script puts a number behind; eight characters of chance tell two calls of a node apart */
	add_joined(a, bytes_str(node), BYTES_LIT("/"), (struct bytes){(const unsigned char *)id, 9});
	queue_args_number(a, limits->concurrency);
}

void queue_script_renew(struct queue_args *a, const struct queue_at *at, int64_t lease_ms)
{
	begin(a, SCRIPT_RENEW, at, false);
	queue_args_number(a, lease_ms);
}

void queue_script_renew_add(struct queue_args *a, struct bytes id, struct bytes token)
{
	queue_args_add(a, id);
	queue_args_add(a, token);
}

void queue_script_settle(struct queue_args *a, const struct queue_at *at, struct bytes id, struct bytes token,
	enum queue_verdict verdict, const char *cause, const struct queue_policy *policy, int attempt,
	const struct queue_destination *limits, int64_t known_ms)
{
	static const char *const verdicts[] = {[QUEUE_DELIVERED] = "delivered", [QUEUE_TROUBLE] = "trouble",
		[QUEUE_LATER] = "later", [QUEUE_REJECTED] = "rejected", [QUEUE_RETURNED] = "returned"};
	bool used_up = policy->max_attempts > 0 && attempt >= policy->max_attempts;

	begin(a, SCRIPT_SETTLE, at, false);
	queue_args_add(a, id);
	queue_args_add(a, token);
	queue_args_add(a, bytes_str(verdicts[verdict]));
	queue_args_add(a, bytes_str(cause));
	queue_args_number(a, used_up ? -1 : queue_delay(policy, id, attempt));
	queue_args_number(a, known_ms);
	queue_args_number(a, limits->concurrency);
	queue_args_number(a, limits->breaker_failures);
	queue_args_number(a, limits->breaker_ms);
}

void queue_script_hold(struct queue_args *a, const struct queue_at *at, bool hold, bool shut)
{
	begin(a, SCRIPT_HOLD, at, true);
	queue_args_number(a, hold);
	queue_args_add(a, at->destination);
	queue_args_add(a, shut ? BYTES_LIT("closed") : BYTES_LIT("hold"));
}

void queue_script_retry(struct queue_args *a, const struct queue_at *at, struct bytes id)
{
	begin(a, SCRIPT_RETRY, at, false);
	queue_args_add(a, id);
}

void queue_script_drop(struct queue_args *a, const struct queue_at *at, struct bytes id)
{
	begin(a, SCRIPT_DROP, at, false);
	queue_args_add(a, id);
}

void queue_script_show(struct queue_args *a, const struct queue_at *at, struct bytes id)
{
	begin(a, SCRIPT_SHOW, at, false);
	queue_args_add(a, id);
}

void queue_script_totals(struct queue_args *a, const struct queue_at *at)
{
	begin(a, SCRIPT_TOTALS, at, false);
}

void queue_script_list(struct queue_args *a, const struct queue_at *at, enum queue_where where,
	const struct queue_page *from, int most)
{
	static const char *const keys[] = {[QUEUE_WAITING] = "live", [QUEUE_LEASED] = "lease", [QUEUE_DEAD] = "dead"};

	begin(a, SCRIPT_LIST, at, false);
	queue_args_add(a, bytes_str(keys[where]));
	queue_args_number(a, from->score);
	queue_args_add(a, from->id);
	queue_args_number(a, most);
}

void queue_script_destinations(struct queue_args *a, const char *prefix)
{
	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("SMEMBERS"));
	queue_args_key(a, prefix, ":destinations");
}
