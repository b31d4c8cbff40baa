/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eight threads put and ask at once, over two days; meant for the thread sanitizer as well. */
#include "help.h"

enum { THREADS = 8, MESSAGES = 60 };

static struct folder folder;
static struct journal *journal;

/* cmocka's assertions belong to the main thread; the others count what went wrong. */
struct worker {
	pthread_t thread;
	int number, wrong;
};

static enum journal_seen_state state_of(struct pool *pool, const char *message_id)
{
	struct journal_seen seen;

	if (!journal_seen_find(journal, pool, BYTES_LIT("sys"), bytes_str(message_id), 0, &seen, NULL).ok)
		return SEEN_UNCERTAIN; /* never put here */
	return seen.state;
}

static void message_run(struct worker *w, struct pool *pool, int n)
{
	char message_id[32], exchange[39];
	struct journal_seen seen = {.sender_id = BYTES_LIT("sys"), .state = SEEN_OPEN};
	struct journal_fact fact = {.direction = JOURNAL_RECEIVED};

	snprintf(message_id, sizeof message_id, "t%d-%d", w->number, n);
	snprintf(exchange, sizeof exchange, "{%d-%d}", w->number, n);
	seen.message_id = fact.message_id = bytes_str(message_id);
	memcpy(seen.exchange, exchange, sizeof exchange);
	memcpy(fact.exchange, exchange, sizeof exchange);
	(void)!stamp_parse(
		bytes_str(n % 2 ? "2030-01-01T23:59:59+05:00" : "2030-01-02T00:00:00+05:00"), &fact.at);
	w->wrong += state_of(pool, message_id) != SEEN_NONE;
	w->wrong += !put_wait(journal, &fact, 1, &seen, NULL);
	w->wrong += state_of(pool, message_id) != SEEN_OPEN; /* what was confirmed is seen at once */
	fact.direction = JOURNAL_SENT;
	fact.kind = JOURNAL_ANSWER;
	fact.octets = bytes_str(message_id);
	seen.state = SEEN_ANSWERED;
	w->wrong += !put_wait(journal, &fact, 1, &seen, NULL);
	w->wrong += state_of(pool, message_id) != SEEN_ANSWERED;
	w->wrong += !journal_healthy(journal, NULL);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;

	for (int n = 0; n < MESSAGES; n++) {
		struct pool *pool = pool_new(100000);

		if (pool)
			message_run(w, pool, n);
		else
			w->wrong++;
		pool_free(&pool);
	}
	return NULL;
}

static void all_threads_see_what_they_wrote(void **state)
{
	static struct worker workers[THREADS];

	(void)state;
	folder_make(&folder);
	journal = journal_start(&folder);
	for (int i = 0; i < THREADS; i++) {
		workers[i].number = i;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(workers[i].wrong, 0);
	journal_close(&journal);
	assert_int_equal(facts_count(folder.journal, &(struct journal_filter){.limit = 100000}),
		THREADS * MESSAGES * 2);
	file_is_whole(&folder, "journal-2030-01-01.sqlite");
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
	folder_drop(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_threads_see_what_they_wrote)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
