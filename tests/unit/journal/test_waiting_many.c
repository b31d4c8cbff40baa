/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many messages that wait, and a list that is read while a gateway writes. */
#include <stdatomic.h>

#include "folder_each.h"
#include "waiting.h"

enum { MANY = 20000, DAYS = 4, IN_FLIGHT = 500, LIVES = 600 };

/* Message i: spread like a random one, so that the order of ids is not the order of acceptance. */
static void id_of(uint32_t i, char out[24])
{
	snprintf(out, 24, "%016llx", (unsigned long long)(i + 1) * 0x9e3779b97f4a7c15ull);
}

static void body_of(uint32_t i, char out[64])
{
	snprintf(out, 64, "body of message %u", i);
}

/* Accepted in turn on the days; the numbers are mixed so that what is accepted first is not written first. */
static int64_t accepted_of(uint32_t i)
{
	return (int64_t)(i * 7919u % MANY) / DAYS;
}

static enum journal_waiting_state state_of(uint32_t i)
{
	return i % 3 == 0 ? WAITING_QUEUED : i % 3 == 1 ? WAITING_DELIVERED : WAITING_DEAD;
}

static struct slot {
	struct ticket ticket;
	struct journal_fact fact;
	struct journal_waiting word;
	char id[24], body[64];
} slots[IN_FLIGHT];

static void slot_say(struct journal *j, struct slot *s, uint32_t i, int day, bool first)
{
	char when[64];

	snprintf(when, sizeof when, "2030-01-%02dT12:00:00Z", day + 1);
	id_of(i, s->id);
	body_of(i, s->body);
	s->fact = (struct journal_fact){.at = at(when)};
	s->word = word_of(s->id, first ? 0 : 1, accepted_of(i), first ? s->body : "");
	s->word.state = first ? WAITING_QUEUED : state_of(i);
	ticket_put_with(j, &s->ticket, &s->fact, 1, NULL, &s->word);
}

/* All messages, so many at a time; the first words, or the later ones a day after. */
static void say_all(struct journal *j, bool first)
{
	for (uint32_t from = 0; from < MANY; from += IN_FLIGHT) {
		int day = (int)(from / (MANY / DAYS)) + !first;

		for (uint32_t i = 0; i < IN_FLIGHT; i++)
			slot_say(j, &slots[i], from + i, day, first);
		for (uint32_t i = 0; i < IN_FLIGHT; i++)
			assert_true(ticket_wait(&slots[i].ticket, NULL));
	}
}

struct seen_list {
	bool told[MANY];
	int count;
	int64_t last;
};

static bool seen_each(void *ctx, const struct journal_waiting *w)
{
	struct seen_list *list = ctx;
	char id[24], body[64];
	uint32_t i;

	assert_true(w->accepted_ms >= list->last);
	list->last = w->accepted_ms;
	assert_int_equal(sscanf((const char *)w->body.p, "body of message %u", &i), 1);
	assert_true(i < MANY && !list->told[i]);
	id_of(i, id);
	body_of(i, body);
	assert_true(bytes_is(w->id, id));
	assert_true(bytes_is(w->body, body));
	assert_int_equal(w->attempts, 1);
	assert_int_equal(w->accepted_ms, accepted_of(i));
	list->told[i] = true;
	list->count++;
	return true;
}

static void of_twenty_thousand_messages_exactly_those_that_wait_are_told(void **state)
{
	static struct seen_list list;
	struct journal *j = journal_start(&folder);
	const char *directory = folder.journal;

	(void)state;
	say_all(j, true);
	say_all(j, false);
	list.last = INT64_MIN;
	assert_true(journal_waiting_find(&directory, 1, seen_each, &list, NULL).ok);
	journal_close(&j);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(list.told[i], state_of(i) == WAITING_QUEUED);
	assert_int_equal(list.count, (MANY + 2) / 3);
}

/* A gateway at work: every message is tried three times, on two days, and settled. It has so many messages
 * and no more, since a list reads them all: an endless writer could outrun any reader. */
static struct {
	struct journal *journal;
	atomic_bool finished;
} gateway;

static void *gateway_run(void *unused)
{
	static const struct {
		const char *when;
		enum journal_waiting_state state;
		const char *body;
	} life[] = {{"2030-01-01T12:00:00Z", WAITING_QUEUED, "moving"},
		{"2030-01-01T12:00:01Z", WAITING_QUEUED, ""}, {"2030-01-02T12:00:00Z", WAITING_QUEUED, ""},
		{"2030-01-02T12:00:01Z", WAITING_DELIVERED, ""}};
	char id[24];

	(void)unused;
	for (uint32_t n = 1; n <= LIVES; n++) {
		id_of(n, id);
		for (int attempt = 0; attempt < 4; attempt++) {
			struct journal_waiting w = word_of(id, attempt, 1000 + n, life[attempt].body);

			w.state = life[attempt].state;
			say(gateway.journal, life[attempt].when, w);
		}
	}
	atomic_store(&gateway.finished, true);
	return NULL;
}

struct moving {
	int standing, moving;
};

static bool moving_each(void *ctx, const struct journal_waiting *w)
{
	struct moving *m = ctx;

	if (bytes_is(w->body, "standing")) {
		assert_true(bytes_is(w->id, m->standing == 0 ? "first" : "second"));
		m->standing++;
	} else {
		assert_true(bytes_is(w->body, "moving"));
		m->moving++;
	}
	return true;
}

static void a_list_is_whole_while_a_gateway_writes(void **state)
{
	const char *directory = folder.journal;
	struct journal_waiting delivered = word_of("settled", 1, 7, "");
	pthread_t thread;

	(void)state;
	gateway.journal = journal_start(&folder);
	delivered.state = WAITING_DELIVERED;
	say(gateway.journal, "2030-01-01T12:00:00Z", word_of("second", 0, 9, "standing"));
	say(gateway.journal, "2030-01-01T12:00:00Z", word_of("first", 0, 8, "standing"));
	say(gateway.journal, "2030-01-01T12:00:00Z", word_of("settled", 0, 7, "settled"));
	say(gateway.journal, "2030-01-02T12:00:00Z", delivered);
	assert_int_equal(pthread_create(&thread, NULL, gateway_run, NULL), 0);
	while (!atomic_load(&gateway.finished)) {
		struct moving m = {0, 0};
		struct err e = {.detail = ""};

		if (!journal_waiting_find(&directory, 1, moving_each, &m, &e).ok)
			fail_msg("journal_waiting_find: %s", e.detail);
		assert_int_equal(m.standing, 2);
		assert_in_range(m.moving, 0, 1); /* one at a time */
	}
	pthread_join(thread, NULL);
	journal_close(&gateway.journal);
	check_list(&folder, "first/0/standing second/0/standing ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			of_twenty_thousand_messages_exactly_those_that_wait_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_is_whole_while_a_gateway_writes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
