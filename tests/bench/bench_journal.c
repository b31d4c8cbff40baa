/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_journal - how many facts a second the journal confirms, and how quickly the replay memory says no.
 *
 *   bench_journal DIRECTORY [SECONDS [IN-FLIGHT [OCTETS]]]
 *
 * Keeps IN-FLIGHT entries of one fact and one replay row waiting (default 64, 4096 octets, 5 seconds), then
 * asks for unknown messages. Prints figures; decides nothing. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"

enum { IN_FLIGHT_MOST = 1024, QUESTIONS = 200000 };

static struct slot {
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal_seen seen;
	char message_id[40];
	int64_t put_us;
} slots[IN_FLIGHT_MOST];

static struct {
	struct journal *journal;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	struct bytes octets;
	int64_t until_us, worst_us, waited_us;
	long confirmed, failed, number;
	int under_way;
} run = {.lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER};

static void slot_done(struct journal_entry *entry, outcome result, const struct err *e);

static void slot_put(struct slot *slot)
{
	/* Multiplied, so that ids are as far apart as random ones and every index page is as good as the
	 * next. */
	unsigned long long spread = (unsigned long long)run.number++ * 0x9e3779b97f4a7c15ull;

	snprintf(slot->message_id, sizeof slot->message_id, "{%016llx-%016llx}", spread, spread * 31);
	slot->fact = (struct journal_fact){.at = stamp_now(),
		.message_id = bytes_str(slot->message_id),
		.sender_id = BYTES_LIT("bench"),
		.service_id = BYTES_LIT("Bench"),
		.participant = BYTES_LIT("bench"),
		.peer = BYTES_LIT("127.0.0.1:1"),
		.subject = BYTES_LIT("CN=bench, O=bench, C=KZ"),
		.octets = run.octets,
		.size = run.octets.n};
	memcpy(slot->fact.exchange, slot->message_id, sizeof slot->fact.exchange - 1);
	slot->seen = (struct journal_seen){.sender_id = BYTES_LIT("bench"),
		.message_id = bytes_str(slot->message_id),
		.state = SEEN_OPEN};
	slot->entry = (struct journal_entry){
		.facts = &slot->fact, .fact_count = 1, .seen = &slot->seen, .done = slot_done, .ctx = slot};
	slot->put_us = mono_us();
	journal_put(run.journal, &slot->entry);
}

static void slot_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct slot *slot = entry->ctx;
	int64_t now = mono_us(), waited = now - slot->put_us;

	(void)e;
	pthread_mutex_lock(&run.lock);
	run.confirmed += result.ok;
	run.failed += !result.ok;
	run.waited_us += waited;
	if (waited > run.worst_us)
		run.worst_us = waited;
	if (now >= run.until_us) {
		run.under_way--;
		pthread_cond_signal(&run.turned);
	} else {
		slot_put(slot);
	}
	pthread_mutex_unlock(&run.lock);
}

static void writing(int seconds, int in_flight)
{
	int64_t begun = mono_us(), us;

	pthread_mutex_lock(&run.lock);
	run.until_us = begun + seconds * INT64_C(1000000);
	run.under_way = in_flight;
	for (int i = 0; i < in_flight; i++)
		slot_put(&slots[i]);
	while (run.under_way > 0)
		pthread_cond_wait(&run.turned, &run.lock);
	us = mono_us() - begun;
	pthread_mutex_unlock(&run.lock);
	printf("written: %ld entries of %zu octets in %.2f s, %.0f a second, %ld failed\n", run.confirmed,
		run.octets.n, (double)us / 1e6, (double)run.confirmed * 1e6 / (double)us, run.failed);
	printf("waited:  %.2f ms on average, %.2f ms at worst, %d in flight\n",
		(double)run.waited_us / 1e3 / (double)(run.confirmed + run.failed + 1),
		(double)run.worst_us / 1e3, in_flight);
}

static void asking(void)
{
	int64_t begun = mono_us(), us;
	long known = 0, failed = 0;

	for (int i = 0; i < QUESTIONS; i++) {
		struct pool *pool = pool_new(4096);
		struct journal_seen seen;
		char id[32];

		snprintf(id, sizeof id, "{unknown-%d}", i);
		if (!pool ||
			!journal_seen_find(
				run.journal, pool, BYTES_LIT("bench"), bytes_str(id), 0, &seen, NULL)
				 .ok)
			failed++;
		else
			known += seen.state != SEEN_NONE;
		pool_free(&pool);
	}
	us = mono_us() - begun;
	printf("asked:   %d unknown messages, %.2f us each, %ld known, %ld failed\n", QUESTIONS,
		(double)us / QUESTIONS, known, failed);
}

static int argument(char **argv, int argc, int at, int otherwise, int most)
{
	long n = argc > at ? strtol(argv[at], NULL, 10) : otherwise;

	return n < 1 || n > most ? otherwise : (int)n;
}

int main(int argc, char **argv)
{
	struct journal_settings s = {.directory = argc > 1 ? argv[1] : NULL};
	int octets = argument(argv, argc, 4, 4096, 1 << 24);
	unsigned char *memory = calloc(1, (size_t)octets);
	struct err e;

	if (!s.directory || !memory) {
		fprintf(stderr, "usage: bench_journal DIRECTORY [SECONDS [IN-FLIGHT [OCTETS]]]\n");
		return 2;
	}
	run.octets = (struct bytes){memory, (size_t)octets};
	if (!journal_open(&s, &run.journal, &e).ok) {
		fprintf(stderr, "%s\n", e.detail);
		return 1;
	}
	writing(argument(argv, argc, 2, 5, 3600), argument(argv, argc, 3, 64, IN_FLIGHT_MOST));
	asking();
	journal_close(&run.journal);
	free(memory);
	return 0;
}
