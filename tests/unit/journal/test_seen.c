/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay memory: states, days, restarts, and that doubt is never a no. */
#include <malloc.h>

#include "help.h"
#include "journal_int.h"

#define DAY1 "2030-01-01T23:59:59+05:00"
#define DAY2 "2030-01-02T00:00:01+05:00"
#define DAY3 "2030-01-03T12:00:00+05:00"

static struct folder folder;
static struct pool *pool;

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	pool = pool_new(1 << 20);
	return pool ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	folder_drop(&folder);
	pool_free(&pool);
	return 0;
}

static struct journal_seen seen_of(
	const char *message_id, enum journal_seen_state state, const char *exchange)
{
	struct journal_seen seen = {
		.sender_id = BYTES_LIT("sys"), .message_id = bytes_str(message_id), .state = state};

	memset(seen.content, 0xab, sizeof seen.content);
	seen.content[0] = 0;
	snprintf(seen.exchange, sizeof seen.exchange, "%s", exchange);
	return seen;
}

/* One fact and, with it, what is known of its message. */
static void put_seen(struct journal *j, const char *when, struct journal_seen seen)
{
	struct journal_fact fact = fact_of(when, seen.exchange, "m");

	assert_true(put_wait(j, &fact, 1, &seen, NULL));
}

static void put_answer(struct journal *j, const char *when, struct journal_seen seen, enum journal_kind kind,
	struct bytes octets)
{
	struct journal_fact fact = fact_of(when, seen.exchange, "m");

	fact.direction = JOURNAL_SENT;
	fact.kind = kind;
	fact.octets = octets;
	assert_true(put_wait(j, &fact, 1, &seen, NULL));
}

static struct journal_seen find(struct journal *j, const char *sender, const char *message, const char *since)
{
	struct journal_seen out;
	struct err e = {.detail = ""};

	if (!journal_seen_find(j, pool, bytes_str(sender), bytes_str(message), at(since).ms, &out, &e).ok)
		fail_msg("journal_seen_find: %s", e.detail);
	assert_true(bytes_is(out.sender_id, sender));
	assert_true(bytes_is(out.message_id, message));
	return out;
}

static void every_state_comes_back_and_follows_the_last_change(void **state)
{
	static const enum journal_seen_state way[] = {
		SEEN_OPEN, SEEN_RELEASED, SEEN_OPEN, SEEN_UNCERTAIN, SEEN_ANSWERED};
	struct journal *j = journal_start(&folder);
	struct journal_seen got;

	(void)state;
	assert_int_equal(find(j, "sys", "m", DAY1).state, SEEN_NONE);
	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		struct journal_seen seen = seen_of("m", way[i], "{x}");

		seen.answer_status = 200 + (int)i;
		put_seen(j, DAY1, seen);
		got = find(j, "sys", "m", DAY1);
		assert_int_equal(got.state, way[i]);
		assert_string_equal(got.exchange, "{x}");
		assert_memory_equal(got.content, seen.content, 32);
		assert_int_equal(got.answer_status, 200 + i);
		assert_int_equal(got.answer.n, 0);
	}
	journal_close(&j);
	j = journal_start(&folder); /* a restart forgets nothing */
	assert_int_equal(find(j, "sys", "m", DAY1).state, SEEN_ANSWERED);
	assert_int_equal(find(j, "sys", "n", DAY1).state, SEEN_NONE);
	assert_int_equal(find(j, "sy", "sm", DAY1).state, SEEN_NONE);
	assert_int_equal(find(j, "", "m", DAY1).state, SEEN_NONE);
	journal_close(&j);
}

static void the_newest_answer_comes_back_octet_for_octet(void **state)
{
	static const unsigned char octets[] = {'<', 0, 0xff, '\r', '\n', 0};
	struct journal_fact request = fact_of(DAY1, "{x}", "m");
	struct journal *j = journal_start(&folder);
	struct journal_seen got;

	(void)state;
	request.octets = BYTES_LIT("the request");
	assert_true(put_wait(j, &request, 1, NULL, NULL));
	request.direction = JOURNAL_SENT; /* onwards to the provider: no answer either */
	assert_true(put_wait(j, &request, 1, NULL, NULL));
	request.direction = JOURNAL_RECEIVED;
	request.kind = JOURNAL_ANSWER; /* the provider's, not ours */
	assert_true(put_wait(j, &request, 1, NULL, NULL));
	put_answer(j, DAY1, seen_of("m", SEEN_OPEN, "{x}"), JOURNAL_FAULT, BYTES_LIT("repeat it later"));
	put_answer(j, DAY1, seen_of("m", SEEN_ANSWERED, "{x}"), JOURNAL_ANSWER,
		(struct bytes){octets, sizeof octets});
	put_answer(j, DAY1, seen_of("f", SEEN_ANSWERED, "{y}"), JOURNAL_FAULT, BYTES_LIT("<fault/>"));
	got = find(j, "sys", "m", DAY1);
	assert_int_equal(got.answer.n, sizeof octets);
	assert_memory_equal(got.answer.p, octets, sizeof octets);
	assert_true(bytes_is(find(j, "sys", "f", DAY1).answer, "<fault/>"));
	journal_close(&j);
}

static void a_row_before_the_window_is_not_known(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	put_seen(j, "2030-01-02T10:00:00+05:00", seen_of("m", SEEN_OPEN, "{x}"));
	assert_int_equal(find(j, "sys", "m", "2030-01-02T10:00:00+05:00").state, SEEN_OPEN);
	assert_int_equal(find(j, "sys", "m", "2030-01-02T10:00:00.001+05:00").state, SEEN_NONE);
	assert_int_equal(find(j, "sys", "m", "2030-01-09T00:00:00+05:00").state, SEEN_NONE);
	assert_int_equal(find(j, "sys", "m", "2029-06-01T00:00:00+05:00").state, SEEN_OPEN);
	journal_close(&j);
}

/* What is put when, and what must be known after it. */
static const struct row {
	const char *name, *accepted, *answered, *since;
} midnights[] = {{"answered on the day it was accepted", DAY1, DAY1, DAY1},
	{"accepted before midnight, answered after it", DAY1, DAY2, DAY1},
	{"accepted before midnight, answered after it, asked for the new day alone", DAY1, DAY2, DAY2},
	{"answered two days later", DAY1, DAY3, DAY1},
	{"the clock was set back over midnight before the answer", DAY2, DAY1, DAY1},
	{"the clock was set back by days before the answer", DAY3, DAY1, DAY1}};

static void the_answer_is_known_whatever_midnight_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof midnights / sizeof midnights[0]; i++) {
		const struct row *row = &midnights[i];
		struct journal *j = journal_start(&folder);
		char message[16], exchange[16];
		struct journal_seen got;

		snprintf(message, sizeof message, "m%zu", i);
		snprintf(exchange, sizeof exchange, "{x%zu}", i);
		put_seen(j, row->accepted, seen_of(message, SEEN_OPEN, exchange));
		if (find(j, "sys", message, row->accepted).state != SEEN_OPEN)
			fail_msg("%s: not known as open", row->name);
		put_answer(j, row->answered, seen_of(message, SEEN_ANSWERED, exchange), JOURNAL_ANSWER,
			BYTES_LIT("<a/>"));
		for (int restarted = 0; restarted < 2; restarted++) {
			got = find(j, "sys", message, row->since);
			if (got.state != SEEN_ANSWERED || !bytes_is(got.answer, "<a/>"))
				fail_msg("%s: state %d after %d restarts", row->name, got.state, restarted);
			journal_close(&j);
			j = journal_start(&folder);
		}
		journal_close(&j);
	}
}

static void an_answer_of_yesterday_is_found_from_a_row_of_today(void **state)
{
	struct journal *j = journal_start(&folder);
	struct journal_fact fact = fact_of(DAY1, "{x}", "m");
	struct journal_seen got;

	(void)state;
	fact.direction = JOURNAL_SENT;
	fact.kind = JOURNAL_ANSWER;
	fact.octets = BYTES_LIT("<yesterday/>");
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	put_seen(j, DAY2, seen_of("m", SEEN_ANSWERED, "{x}"));
	got = find(j, "sys", "m", DAY1);
	assert_int_equal(got.state, SEEN_ANSWERED);
	assert_true(bytes_is(got.answer, "<yesterday/>"));
	journal_close(&j);
}

static void a_change_without_facts_reaches_the_row(void **state)
{
	struct journal *j = journal_start(&folder);
	struct journal_seen released = seen_of("m", SEEN_RELEASED, "{x}");

	(void)state;
	put_seen(j, DAY3, seen_of("m", SEEN_OPEN, "{x}"));
	assert_true(put_wait(j, NULL, 0, &released, NULL));
	assert_int_equal(find(j, "sys", "m", "2020-01-01T00:00:00Z").state, SEEN_RELEASED);
	journal_close(&j);
}

/* More days than have a filter in memory; the message is of the oldest. */
static void many_days(struct journal *j)
{
	put_seen(j, "2029-12-01T12:00:00+05:00", seen_of("old", SEEN_UNCERTAIN, "{old}"));
	for (int day = 1; day <= JOURNAL_FILTERED + 2; day++) {
		char when[40], message[16];

		snprintf(when, sizeof when, "2030-01-%02dT12:00:00+05:00", day);
		snprintf(message, sizeof message, "m%d", day);
		put_seen(j, when, seen_of(message, SEEN_OPEN, "{x}"));
	}
}

static void days_without_a_filter_are_searched_too(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	many_days(j);
	for (int restarted = 0; restarted < 2; restarted++) {
		assert_int_equal(find(j, "sys", "old", "2029-12-01T00:00:00+05:00").state, SEEN_UNCERTAIN);
		assert_int_equal(find(j, "sys", "old", "2029-12-05T00:00:00+05:00").state, SEEN_NONE);
		assert_int_equal(find(j, "sys", "m1", "2029-12-01T00:00:00+05:00").state, SEEN_OPEN);
		assert_int_equal(find(j, "sys", "m10", "2029-12-01T00:00:00+05:00").state, SEEN_OPEN);
		journal_close(&j);
		j = journal_start(&folder);
	}
	journal_close(&j);
}

static void a_broken_day_in_the_window_is_a_failure_and_no_answer(void **state)
{
	struct journal *j = journal_start(&folder);
	struct journal_seen out;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	many_days(j);
	journal_close(&j);
	file_fill(&folder, "journal-2029-12-01.sqlite", "no database");
	j = journal_start(&folder); /* it is too old to be looked at now */
	assert_false(journal_seen_find(
		j, pool, BYTES_LIT("sys"), BYTES_LIT("new"), at("2029-12-01T00:00:00Z").ms, &out, &e)
			     .ok);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, "journal-2029-12-01.sqlite"));
	assert_int_equal(find(j, "sys", "new", "2029-12-05T00:00:00Z").state, SEEN_NONE);
	journal_close(&j);
}

static void an_answer_beyond_the_pool_is_a_lack_of_memory(void **state)
{
	static unsigned char octets[50000];
	struct journal *j = journal_start(&folder);
	struct pool *small = pool_new(20000);
	struct journal_seen out;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_non_null(small);
	put_answer(j, DAY1, seen_of("m", SEEN_ANSWERED, "{x}"), JOURNAL_ANSWER,
		(struct bytes){octets, sizeof octets});
	assert_false(journal_seen_find(j, small, BYTES_LIT("sys"), BYTES_LIT("m"), at(DAY1).ms, &out, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
	assert_int_equal(
		find(j, "sys", "m", DAY1).answer.n, sizeof octets); /* the connection is not spoiled */
	pool_free(&small);
	journal_close(&j);
}

/* Without the threads of a journal. */
static struct journal_day *day_open(struct journal_days *days)
{
	struct journal_day *day;
	struct err e;

	assert_int_equal(mkdir(folder.journal, 0700), 0);
	assert_true(journal_days_open(days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(days, "2030-01-01", &day, &e).ok);
	return day;
}

/* What two messages' hashes being the same would do: the place is that of another message. */
static void a_place_of_another_message_says_nothing_of_this_one(void **state)
{
	struct journal_fact fact = fact_of(DAY1, "{x}", "m");
	struct journal_seen seen = seen_of("m", SEEN_OPEN, "{x}"), out;
	struct journal_entry entry = {.facts = &fact, .fact_count = 1, .seen = &seen};
	struct journal_piece answer;
	struct journal_days days;
	struct journal_day *day;
	size_t records = 0;
	struct err e;
	char sql[200];
	int64_t key, name;

	(void)state;
	day = day_open(&days);
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
	key = journal_seen_hash(day->log.seed, BYTES_LIT("sys"), BYTES_LIT("n"));
	name = journal_name_hash(day->log.seed, NAME_MESSAGE, BYTES_LIT("n"));
	journal_bloom_add(day->bloom, (uint64_t)name);
	journal_recent_add(day->recent, key, entry.place);
	for (int round = 0; round < 2; round++) { /* not in the index yet, and in it */
		assert_true(journal_seen_on(day, BYTES_LIT("sys"), BYTES_LIT("n"), INT64_MIN, &out, &answer, &e).ok);
		assert_int_equal(out.state, SEEN_NONE);
		assert_true(journal_day_apply(day, &records, &e).ok);
		snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO name VALUES(%lld, -%llu)", (long long)name,
			(unsigned long long)entry.place);
		assert_int_equal(sqlite3_exec(day->index.db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	assert_true(journal_seen_on(day, BYTES_LIT("sys"), BYTES_LIT("m"), INT64_MIN, &out, &answer, &e).ok);
	assert_int_equal(out.state, SEEN_OPEN);
	journal_days_close(&days);
}

/* As when the log could not be looked at for a moment, and was opened anew. */
static void a_day_that_is_connected_again_forgets_nothing(void **state)
{
	struct journal_fact fact = fact_of(DAY1, "{x}", "m");
	struct journal_seen seen = seen_of("m", SEEN_OPEN, "{x}"), out;
	struct journal_entry entry = {.facts = &fact, .fact_count = 1, .seen = &seen};
	struct journal_piece answer;
	struct journal_days days;
	struct journal_day *day;
	struct err e;

	(void)state;
	day = day_open(&days);
	assert_true(journal_day_apply(day, &(size_t){0}, &e).ok);
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
	journal_days_disconnect(&days, day);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	assert_true(journal_day_behind(day));
	assert_true(journal_seen_on(day, BYTES_LIT("sys"), BYTES_LIT("m"), INT64_MIN, &out, &answer, &e).ok);
	assert_int_equal(out.state, SEEN_OPEN);
	journal_days_close(&days);
}

static size_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void a_large_answer_is_not_held_when_its_asker_has_gone(void **state)
{
	enum { LARGE = 8 << 20 };
	unsigned char *octets = calloc(1, LARGE);
	struct journal *j = journal_start(&folder);
	struct pool *own = pool_new(LARGE + 10000);
	struct journal_seen got;
	size_t before;

	(void)state;
	assert_non_null(octets);
	put_answer(j, DAY1, seen_of("m", SEEN_ANSWERED, "{x}"), JOURNAL_ANSWER, (struct bytes){octets, LARGE});
	free(octets);
	before = heap();
	assert_true(journal_seen_find(j, own, BYTES_LIT("sys"), BYTES_LIT("m"), at(DAY1).ms, &got, NULL).ok);
	assert_int_equal(got.answer.n, LARGE);
	pool_free(&own);
	assert_true(heap() < before + LARGE / 2); /* readers with their caches stay */
	journal_close(&j);
}

/* By an operator who wants it made anew, while the gateway runs; what SQLite keeps beside it stays. */
static void index_take_away(void)
{
	char path[512];

	folder_path(&folder, "journal-2030-01-02.sqlite", path);
	assert_int_equal(unlink(path), 0);
}

/* All that is in SQLite's log goes into the index, so that the log begins again with what comes then. */
static void index_checkpoint(void)
{
	sqlite3 *db = NULL;
	char path[512];

	folder_path(&folder, "journal-2030-01-02.sqlite", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void is_indexed(struct journal *j)
{
	struct err e = {.detail = ""};

	if (!journal_indexer_settle(&j->days.indexer, &e).ok)
		fail_msg("%s", e.detail);
}

static void an_index_taken_away_hides_no_message(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	put_seen(j, DAY2, seen_of("before", SEEN_OPEN, "{1}"));
	is_indexed(j);
	assert_int_equal(find(j, "sys", "before", DAY2).state, SEEN_OPEN); /* a reader is kept */
	index_take_away();
	put_seen(j, DAY2, seen_of("after", SEEN_OPEN, "{2}"));
	is_indexed(j);
	assert_int_equal(find(j, "sys", "after", DAY2).state, SEEN_OPEN);
	assert_int_equal(find(j, "sys", "before", DAY2).state, SEEN_OPEN);
	journal_close(&j);
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
}

static void what_is_left_of_an_index_is_no_part_of_the_next(void **state)
{
	struct journal *j = journal_start(&folder);
	char id[32];

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(id, sizeof id, "m%d", i);
		put_seen(j, DAY2, seen_of(id, SEEN_OPEN, "{1}"));
		if (i == 500) {
			is_indexed(j);
			index_checkpoint();
		}
	}
	is_indexed(j);
	index_take_away();
	put_seen(j, DAY2, seen_of("after", SEEN_OPEN, "{2}"));
	is_indexed(j);
	for (int i = 0; i < 600; i++) {
		snprintf(id, sizeof id, "m%d", i);
		assert_int_equal(find(j, "sys", id, DAY2).state, SEEN_OPEN);
	}
	journal_close(&j);
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_state_comes_back_and_follows_the_last_change, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_answer_comes_back_octet_for_octet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_place_of_another_message_says_nothing_of_this_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_that_is_connected_again_forgets_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_answer_is_not_held_when_its_asker_has_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_before_the_window_is_not_known, setup, teardown),
		cmocka_unit_test_setup_teardown(the_answer_is_known_whatever_midnight_does, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_answer_of_yesterday_is_found_from_a_row_of_today, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_without_facts_reaches_the_row, setup, teardown),
		cmocka_unit_test_setup_teardown(days_without_a_filter_are_searched_too, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_broken_day_in_the_window_is_a_failure_and_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_answer_beyond_the_pool_is_a_lack_of_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(an_index_taken_away_hides_no_message, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_left_of_an_index_is_no_part_of_the_next, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
