/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gateway killed at any moment forgets no word on a waiting message that it had confirmed, and no body. */
#include "crash.h"
#include "waiting.h"

enum { ROUNDS = 6, IN_FLIGHT = 12, WANTED = 150, IDS = 60000 }; /* confirmations in round n: WANTED * n */
enum { ACCEPTED, TRIED, DELIVERED, WORDS };                      /* the words on a message, in this order */

static struct folder folder;

/* Every third message is never delivered. */
static bool stuck(uint32_t id)
{
	return id % 3 == 0;
}

struct confirmed {
	uint32_t id, word;
};

/* The child: every word, once committed, is confirmed over the pipe; then comes the next on the message, the
 * first two on different days, or the first on another message. */
static struct slot {
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal_waiting waiting;
	char name[24];
	unsigned char body[CRASH_OCTETS];
	struct confirmed at;
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
	if (!result.ok || write(child.pipe, &slot->at, sizeof slot->at) != sizeof slot->at)
		_exit(1);
	if (++slot->at.word == (stuck(slot->at.id) ? DELIVERED : WORDS))
		slot->at = (struct confirmed){child.next++, ACCEPTED};
	slot_put(slot);
}

static void slot_put(struct slot *slot)
{
	snprintf(slot->name, sizeof slot->name, "m%u", slot->at.id);
	slot->fact = fact_of(
		slot->at.word == ACCEPTED ? "2030-01-01T23:59:59Z" : "2030-01-02T00:00:01Z", "{x}", "");
	slot->waiting = word_of(slot->name, (int)slot->at.word, slot->at.id, "");
	if (slot->at.word == ACCEPTED)
		slot->waiting.body = octets_of(slot->at.id, slot->body);
	if (slot->at.word == DELIVERED)
		slot->waiting.state = WAITING_DELIVERED;
	slot->entry = (struct journal_entry){.facts = &slot->fact,
		.fact_count = 1,
		.waiting = &slot->waiting,
		.done = slot_done,
		.ctx = slot};
	journal_put(child.journal, &slot->entry);
}

static void child_run(int pipe_fd, uint32_t first)
{
	struct hold hold;

	child.journal = journal_start(&folder);
	child.next = first;
	child.pipe = pipe_fd;
	hold_begin(child.journal, &hold, "2030-01-01T12:00:00Z"); /* no callback while the first ones are put */
	for (int i = 0; i < IN_FLIGHT; i++) {
		slots[i].at = (struct confirmed){child.next++, ACCEPTED};
		slot_put(&slots[i]);
	}
	hold_end(&hold);
	for (;;)
		pause();
}

/* What the parent knows: how many words on each message were confirmed. */
static unsigned char words[IDS];

/* Runs a child, kills it after so many confirmations; returns the first id that it cannot have used. */
static uint32_t run_and_kill(uint32_t first, size_t confirmations)
{
	struct confirmed c;
	uint32_t end = first;
	struct victim v = victim_start(child_run, first);
	size_t count = 0;

	while (read(v.from, &c, sizeof c) == sizeof c) {
		assert_in_range(c.id, first, IDS - 1);
		words[c.id] = (unsigned char)(c.word + 1);
		if (c.id >= end)
			end = c.id + 1;
		if (++count == confirmations)
			victim_kill(&v);
	}
	victim_end(&v);
	assert_true(count >= confirmations);
	return end + IN_FLIGHT; /* those were put, and perhaps committed, without a confirmation */
}

/* Told of each message, plus one. */
static unsigned char attempts[IDS];

static bool told_waiting(void *ctx, const struct journal_waiting *w)
{
	static unsigned char room[CRASH_OCTETS];
	uint32_t id, *last = ctx;

	assert_int_equal(sscanf((const char *)w->id.p, "m%u", &id), 1);
	assert_true(id < IDS && id > *last); /* in order of acceptance, each once */
	*last = id;
	assert_true(bytes_eq(w->body, octets_of(id, room)));
	attempts[id] = (unsigned char)(w->attempts + 1);
	return true;
}

/* The word after the last confirmed one may have been committed or not; nothing else is possible. */
static void check_message(uint32_t id)
{
	unsigned said = words[id], told = attempts[id];
	bool right;

	if (said == WORDS)
		right = told == 0;
	else if (said == DELIVERED && !stuck(id))
		right = told == said || told == 0;
	else if (said == DELIVERED)
		right = told == said;
	else
		right = told == said || told == said + 1;
	if (!right)
		fail_msg("message %u: %u words were confirmed, the list says %u", id, said, told);
}

static void no_confirmed_word_is_lost_to_kill_9(void **state)
{
	const char *directory = folder.journal;
	uint32_t next = 1, last;
	struct journal *j;

	(void)state;
	folder_make(&folder);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		next = run_and_kill(next, WANTED * round);
		memset(attempts, 0, sizeof attempts);
		last = 0;
		assert_true(journal_waiting_find(&directory, 1, told_waiting, &last, NULL).ok); /* as it lies there */
		for (uint32_t id = 1; id < next; id++)
			check_message(id);
		j = journal_start(&folder);
		last = 0;
		assert_true(journal_waiting_find(&directory, 1, told_waiting, &last, NULL).ok);
		for (uint32_t id = 1; id < next; id++)
			check_message(id);
		journal_close(&j);
		file_is_whole(&folder, "journal-2030-01-01.sqlite");
		file_is_whole(&folder, "journal-2030-01-02.sqlite");
	}
	folder_drop(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_confirmed_word_is_lost_to_kill_9)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
