/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_trace - qaqpa msg trace: exchanges as stories: what went where, verified by whom, signed by whom, when. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_int.h"
#include "cli/cli_journal.h"

#define TRACE_MOST (64u << 20)

struct leg {
	struct journal_fact fact;
	const char *node; /* NULL: of one journal */
	struct leg *next; /* younger */
};

struct trace {
	struct cli_source *source;
	struct pool *pool;
	struct leg *first; /* oldest, since facts come newest first */
	bool short_of_memory;
};

static struct bytes kept(struct trace *t, struct bytes b)
{
	const char *copy = pool_copy(t->pool, b);

	if (!copy)
		t->short_of_memory = true;
	return (struct bytes){(const unsigned char *)copy, copy ? b.n : 0};
}

static bool collect(void *ctx, const struct journal_fact *f)
{
	struct trace *t = ctx;
	struct leg *leg = POOL_NEW(t->pool, struct leg);

	if (!leg)
		return false;
	leg->fact = *f;
	leg->node = t->source->node;
	leg->fact.participant = kept(t, f->participant);
	leg->fact.peer = kept(t, f->peer);
	leg->fact.service_id = kept(t, f->service_id);
	leg->fact.message_id = kept(t, f->message_id);
	leg->fact.subject = kept(t, f->subject);
	leg->fact.reason = kept(t, f->reason);
	leg->fact.error_id = kept(t, f->error_id);
	leg->next = t->first;
	t->first = leg;
	return !t->short_of_memory;
}

/* The CN of an RFC 2253 name, or the whole name. */
static struct bytes common_name(struct bytes subject)
{
	for (size_t i = 0; i + 3 <= subject.n; i++) {
		size_t end = i + 3;

		if (memcmp(subject.p + i, "CN=", 3) != 0 || (i > 0 && subject.p[i - 1] != ','))
			continue;
		while (end < subject.n && subject.p[end] != ',')
			end++;
		return bytes_sub(subject, i + 3, end);
	}
	return subject;
}

static const char *signer_words(enum journal_verdict v)
{
	return v == JOURNAL_ACCEPTED ? ", signature of" : v == JOURNAL_REFUSED ? ", said to be signed by" : " as";
}

static void print_leg(const struct journal_fact *f, int64_t start_ms)
{
	bool in = f->direction == JOURNAL_RECEIVED;
	struct bytes other = f->participant.n ? f->participant : f->peer, signer = common_name(f->subject);
	char way[64];

	snprintf(way, sizeof way, in ? "%.*s -> gateway" : "gateway -> %.*s", (int)(other.n > 40 ? 40 : other.n), other.p);
	printf("  +%5lld ms  %-26s %-8s %6zu octets  %s", (long long)(f->at.ms - start_ms), way, cli_kind_name(f->kind),
		f->size, cli_verdict_name(f->verdict));
	if (signer.n)
		printf("%s %.*s", signer_words(f->verdict), (int)signer.n, signer.p);
	if (f->duration_us)
		printf(", took %.1f ms", (double)f->duration_us / 1000);
	if (f->reason.n)
		printf("  %.*s %.*s", (int)f->reason.n, f->reason.p, (int)f->error_id.n, f->error_id.p);
	putchar('\n');
}

static void print_exchange(struct leg *first)
{
	const struct journal_fact *f = &first->fact;
	char at[STAMP_TEXT];

	stamp_print(f->at, at);
	printf("%s  %.*s  messageId %.*s  exchange %s%s%s\n", at, (int)f->service_id.n, f->service_id.p, (int)f->message_id.n,
		f->message_id.p, f->exchange, first->node ? " at " : "", first->node ? first->node : "");
	for (struct leg *leg = first; leg; leg = leg->next) {
		if (strcmp(leg->fact.exchange, f->exchange) != 0)
			continue;
		print_leg(&leg->fact, f->at.ms);
	}
}

/* True when an older leg of the same exchange stands before it. */
static bool is_later_leg(const struct trace *t, const struct leg *leg)
{
	for (const struct leg *l = t->first; l != leg; l = l->next) {
		if (strcmp(l->fact.exchange, leg->fact.exchange) == 0)
			return true;
	}
	return false;
}

int cli_trace(struct cli_source *source, struct journal_filter *filter, bool numbers)
{
	SCOPED(pool_free) struct pool *pool = pool_new(TRACE_MOST);
	struct trace t = {.source = source, .pool = pool};
	struct err e = {0};

	filter->with_octets = false;
	if (!cli_journal_find(source, filter, numbers, collect, &t, &e).ok)
		return cli_fail(&e);
	for (struct leg *leg = t.first; leg; leg = leg->next) {
		if (!is_later_leg(&t, leg))
			print_exchange(leg);
	}
	return cli_found(source, t.first != NULL);
}
