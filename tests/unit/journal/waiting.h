/* SPDX-License-Identifier: GPL-3.0-or-later */
/* waiting - words on messages that wait for delivery, said and listed, for the tests of the journal. */
#ifndef QAQPA_TESTS_JOURNAL_WAITING_H
#define QAQPA_TESTS_JOURNAL_WAITING_H

#include "help.h"

/* A word that waits; the tests change what matters to them. */
static UNUSED struct journal_waiting word_of(
	const char *id, int attempts, int64_t accepted_ms, const char *body)
{
	return (struct journal_waiting){.id = bytes_str(id),
		.destination = BYTES_LIT("registry"),
		.order_key = BYTES_LIT("{order}"),
		.meta = BYTES_LIT("meta"),
		.policy = BYTES_LIT("policy"),
		.state = WAITING_QUEUED,
		.attempts = attempts,
		.accepted_ms = accepted_ms,
		.body = bytes_str(body)};
}

static UNUSED bool say_at(struct journal *j, struct stamp when, struct journal_waiting w)
{
	struct journal_fact fact = {.at = when};
	struct ticket t;

	ticket_put_with(j, &t, &fact, 1, NULL, &w);
	return ticket_wait(&t, NULL);
}

static UNUSED void say(struct journal *j, const char *when, struct journal_waiting w)
{
	assert_true(say_at(j, at(when), w));
}

/* The list as one text: id, attempts and body of each message. */
struct listed {
	struct buf text;
	int count, stop_after; /* 0: never */
};

static UNUSED bool listed_each(void *ctx, const struct journal_waiting *w)
{
	struct listed *l = ctx;

	buf_add(&l->text, w->id);
	buf_printf(&l->text, "/%d/", w->attempts);
	buf_add(&l->text, w->body);
	buf_char(&l->text, ' ');
	assert_int_equal(w->state, WAITING_QUEUED);
	return ++l->count != l->stop_after;
}

static UNUSED void check_list_of(const char *const *directories, size_t n, const char *want)
{
	struct listed l = {.text = BUF(1 << 20)};
	struct err e = {.detail = ""};

	if (!journal_waiting_find(directories, n, listed_each, &l, &e).ok)
		fail_msg("journal_waiting_find: %s", e.detail);
	if (strcmp(buf_cstr(&l.text), want) != 0)
		fail_msg("wanted '%s', got '%s'", want, buf_cstr(&l.text));
	buf_free(&l.text);
}

static UNUSED void check_list(const struct folder *f, const char *want)
{
	const char *directory = f->journal;

	check_list_of(&directory, 1, want);
}

#endif
