/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gateway killed at any moment loses nothing that it had confirmed. */
#include "crash.h"

enum { ROUNDS = 8, IN_FLIGHT = 12, WANTED = 60 }; /* confirmations in round n: WANTED * n */

static const char when[] = "2030-01-02T03:04:05+05:00", name[] = "journal-2030-01-02.sqlite";
static struct folder folder;

/* The child: every entry, once committed, is confirmed over the pipe and put again as another message. */
static struct slot {
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal_seen seen;
	char message_id[24];
	unsigned char octets[CRASH_OCTETS];
	uint32_t id;
} slots[IN_FLIGHT];
static struct {
	struct journal *journal;
	uint32_t next;
	int pipe;
} child;

static void slot_put(struct slot *slot);

static void slot_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct slot *slot = entry->ctx;

	(void)e;
	if (!result.ok || write(child.pipe, &slot->id, sizeof slot->id) != sizeof slot->id)
		_exit(1);
	slot_put(slot);
}

static void slot_put(struct slot *slot)
{
	slot->id = child.next++; /* first by the thread that holds the callbacks back, later by callbacks */
	snprintf(slot->message_id, sizeof slot->message_id, "m%u", slot->id);
	slot->fact = fact_of(when, "{x}", slot->message_id);
	slot->fact.octets = octets_of(slot->id, slot->octets);
	slot->seen = (struct journal_seen){.sender_id = BYTES_LIT("sys"),
		.message_id = bytes_str(slot->message_id),
		.state = SEEN_OPEN,
		.exchange = "{x}"};
	slot->entry = (struct journal_entry){
		.facts = &slot->fact, .fact_count = 1, .seen = &slot->seen, .done = slot_done, .ctx = slot};
	journal_put(child.journal, &slot->entry);
}

static void child_run(int pipe_fd, uint32_t first)
{
	struct hold hold;

	child.journal = journal_start(&folder);
	child.next = first;
	child.pipe = pipe_fd;
	hold_begin(child.journal, &hold, when); /* no callback while the first ones are put */
	for (int i = 0; i < IN_FLIGHT; i++)
		slot_put(&slots[i]);
	hold_end(&hold);
	for (;;)
		pause();
}

/* Runs a child, kills it after so many confirmations; writes those it gave into `ids`. */
static size_t run_and_kill(uint32_t first, size_t confirmations, uint32_t *ids, size_t room)
{
	struct victim v = victim_start(child_run, first);
	size_t count = 0;

	while (count < room && read(v.from, &ids[count], sizeof ids[0]) == sizeof ids[0]) {
		if (++count == confirmations)
			victim_kill(&v);
	}
	victim_end(&v);
	assert_in_range(count, confirmations, room - 1);
	return count;
}

static bool octets_fit(void *ctx, const struct journal_fact *fact)
{
	static unsigned char room[CRASH_OCTETS];
	const uint32_t *id = ctx;

	assert_true(bytes_eq(fact->octets, octets_of(*id, room)));
	return true;
}

static void check_confirmed(struct journal *j, uint32_t id)
{
	struct journal_filter filter = {.with_octets = true};
	struct pool *pool = pool_new(10000);
	struct journal_seen seen;
	char message_id[24];
	int found;

	snprintf(message_id, sizeof message_id, "m%u", id);
	filter.message_id = message_id;
	found = facts_count(folder.journal, &filter);
	if (found != 1)
		fail_msg("message %u was confirmed and stands %d times in the journal", id, found);
	assert_true(journal_find(folder.journal, &filter, octets_fit, &id, NULL).ok);
	assert_true(journal_seen_find(j, pool, BYTES_LIT("sys"), bytes_str(message_id), 0, &seen, NULL).ok);
	assert_int_equal(seen.state, SEEN_OPEN);
	pool_free(&pool);
}

static void what_was_confirmed_survives_kill_9(void **state)
{
	static uint32_t ids[ROUNDS + 1][WANTED * (ROUNDS + 1) + 20000]; /* more than a pipe holds behind those */
	static size_t counts[ROUNDS + 1];
	struct journal *j;

	(void)state;
	folder_make(&folder);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		counts[round] = run_and_kill(round * 1000000, WANTED * round, ids[round],
			sizeof ids[round] / sizeof ids[round][0]);
		assert_true(facts_count(folder.journal, &(struct journal_filter){.limit = 1000000}) >=
			(int)counts[round]);
		j = journal_start(&folder);
		for (uint32_t before = 1; before <= round; before++) {
			/* those of this round, and the first of each before it */
			for (size_t i = 0; i < (before == round ? counts[before] : 1); i++)
				check_confirmed(j, ids[before][i]);
		}
		journal_close(&j);
		file_is_whole(&folder, name);
	}
	folder_drop(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_confirmed_survives_kill_9)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
