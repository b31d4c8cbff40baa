/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that wait for delivery: the list is exactly what the newest words say, in order of acceptance. */
#include "waiting.h"
#include "journal_int.h"

#define DAY1 "2030-01-01T23:59:59+05:00"
#define DAY2 "2030-01-02T00:00:01+05:00"
#define DAY3 "2030-01-03T12:00:00+05:00"

static struct folder folder, other;

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_make(&other);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_drop(&folder);
	folder_drop(&other);
	return 0;
}

static void a_message_waits_until_it_is_settled(void **state)
{
	static const enum journal_waiting_state ends[] = {WAITING_DELIVERED, WAITING_DEAD, WAITING_DROPPED};
	struct journal_waiting end = word_of("m", 4, 1000, "");
	struct journal *j = journal_start(&folder);

	(void)state;
	check_list(&folder, "");
	say(j, DAY1, word_of("m", 0, 1000, "body"));
	check_list(&folder, "m/0/body ");
	say(j, DAY1, word_of("m", 1, 1000, ""));
	check_list(&folder, "m/1/body ");
	say(j, DAY2, word_of("m", 2, 1000, "")); /* over midnight, into another file */
	check_list(&folder, "m/2/body ");
	journal_close(&j);
	check_list(&folder, "m/2/body "); /* of a journal at rest */
	j = journal_start(&folder);
	say(j, DAY3, word_of("m", 3, 1000, ""));
	check_list(&folder, "m/3/body ");
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		end.state = ends[i];
		say(j, DAY3, end);
		check_list(&folder, "");
		say(j, DAY3, word_of("m", 5, 1000, "")); /* and yet again */
		check_list(&folder, "m/5/body ");
	}
	say(j, DAY3, word_of("m", 5, 1000, "another body"));
	check_list(&folder, "m/5/another body ");
	journal_close(&j);
}

/* Another gateway accepted the message, this one delivered it, and now its sender repeats it here. */
static void a_word_that_keeps_earlier_ones_is_written_only_where_there_is_none(void **state)
{
	struct journal_waiting delivered = word_of("m", 1, 1000, ""), again = word_of("m", 0, 1000, "body");
	struct journal_waiting first = word_of("n", 0, 1000, "body");
	struct journal *j = journal_start(&folder);

	(void)state;
	delivered.state = WAITING_DELIVERED;
	again.keep_earlier = first.keep_earlier = true;
	say(j, DAY1, delivered);
	say(j, DAY1, again); /* the same file */
	check_list(&folder, "");
	say(j, DAY2, again); /* a later one */
	check_list(&folder, "");
	say(j, DAY2, first);
	check_list(&folder, "n/0/body ");
	again.keep_earlier = false;
	say(j, DAY2, again);
	check_list(&folder, "n/0/body m/0/body ");
	journal_close(&j);
}

static bool same(void *ctx, const struct journal_waiting *got)
{
	const struct journal_waiting *want = ctx;
	const struct {
		const char *name;
		struct bytes got, want;
	} texts[] = {{"id", got->id, want->id}, {"destination", got->destination, want->destination},
		{"order_key", got->order_key, want->order_key}, {"meta", got->meta, want->meta},
		{"policy", got->policy, want->policy}, {"body", got->body, want->body}};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!bytes_eq(texts[i].got, texts[i].want))
			fail_msg("%s came back changed", texts[i].name);
	}
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->attempts, want->attempts);
	assert_true(got->accepted_ms == want->accepted_ms);
	assert_true(got->due_ms == want->due_ms);
	assert_true(got->expire_ms == want->expire_ms);
	return true;
}

static void every_field_and_octet_comes_back(void **state)
{
	static unsigned char octets[3000000];
	static const unsigned char meta[] = {0, 'm', 0xff, 0, '\n', 0};
	const char *directory = folder.journal;
	struct journal *j = journal_start(&folder);
	struct journal_waiting w = {.id = BYTES_LIT("{0f8fad5b-d9cb-469f-a165-70867728950e}"),
		.destination = BYTES_LIT("Тізілім"),
		.meta = {meta, sizeof meta},
		.policy = BYTES_LIT("name=\"it's\""),
		.attempts = INT32_MAX,
		.accepted_ms = INT64_C(1) << 60,
		.due_ms = -(INT64_C(1) << 60),
		.expire_ms = INT64_MAX,
		.body = {octets, sizeof octets}};

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (unsigned char)(i * 7 + i / 251); /* every value, NUL included */
	say(j, DAY1, w);
	assert_true(journal_waiting_find(&directory, 1, same, &w, NULL).ok);
	w.destination = w.meta = w.policy = w.body = BYTES_NONE;
	say(j, DAY2, w);
	w.body = (struct bytes){octets, sizeof octets};
	assert_true(journal_waiting_find(&directory, 1, same, &w, NULL).ok);
	journal_close(&j);
}

static void the_oldest_acceptance_comes_first(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	say(j, DAY2, word_of("late", 0, 9000, "1"));
	say(j, DAY1, word_of("z", 0, 5000, "2"));
	say(j, DAY1, word_of("a", 0, 5000, "3")); /* the same millisecond, committed later */
	say(j, DAY2, word_of("b", 0, 5000, "4"));
	say(j, DAY3, word_of("early", 0, -1, "5"));
	say(j, DAY3, word_of("z", 7, 5000, "")); /* its last word is no matter */
	journal_close(&j);
	check_list(&folder, "early/0/5 z/7/2 a/0/3 b/0/4 late/0/1 ");
}

static void the_list_ends_when_the_reader_wants_no_more(void **state)
{
	struct listed l = {.text = BUF(1000), .stop_after = 2};
	struct journal *j = journal_start(&folder);
	const char *directory = folder.journal;

	(void)state;
	for (int i = 0; i < 4; i++)
		say(j, DAY1, word_of((const char *[]){"a", "b", "c", "d"}[i], 0, i, "x"));
	assert_true(journal_waiting_find(&directory, 1, listed_each, &l, NULL).ok);
	assert_string_equal(buf_cstr(&l.text), "a/0/x b/0/x ");
	assert_true(journal_waiting_find(&directory, 0, listed_each, &l, NULL).ok); /* no directory, no message */
	assert_int_equal(l.count, 2);
	buf_free(&l.text);
	journal_close(&j);
}

static void a_message_without_a_body_is_told_all_the_same(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	say(j, DAY1, word_of("m", 0, 1, ""));
	check_list(&folder, "m/0/ ");
	journal_close(&j);
}

/* Words on the message m; the first gateway accepted it at DAY1 in every row. */
static const struct {
	const char *name;
	struct {
		int gateway;
		const char *when;
		enum journal_waiting_state state;
		int attempts;
	} words[4];
	const char *want;
} gateways[] = {
	{"nobody has tried yet", {{0}}, "m/0/body "},
	{"the other tried and failed", {{2, DAY2, WAITING_QUEUED, 1}}, "m/1/body "},
	{"the other delivered it", {{2, DAY2, WAITING_DELIVERED, 1}}, ""},
	{"the other delivered it, and its clock is behind by days",
		{{1, DAY3, WAITING_QUEUED, 1}, {2, DAY1, WAITING_DELIVERED, 2}}, ""},
	{"the other failed, then the first delivered it",
		{{2, DAY2, WAITING_QUEUED, 1}, {1, DAY2, WAITING_DELIVERED, 2}}, ""},
	{"as many attempts: the later word counts, it is dead",
		{{2, DAY2, WAITING_QUEUED, 3}, {1, DAY3, WAITING_DEAD, 3}}, ""},
	{"as many attempts: the later word counts, it waits again",
		{{1, DAY2, WAITING_DEAD, 3}, {2, DAY3, WAITING_QUEUED, 3}}, "m/3/body "},
	{"as many attempts at the same time: it is settled",
		{{2, DAY2, WAITING_DROPPED, 1}, {1, DAY2, WAITING_QUEUED, 1}}, ""},
	{"the same word from both: it waits once",
		{{1, DAY2, WAITING_QUEUED, 1}, {2, DAY2, WAITING_QUEUED, 1}}, "m/1/body "},
	{"within one gateway the newest day counts, also with fewer attempts",
		{{1, DAY2, WAITING_DEAD, 5}, {1, DAY3, WAITING_QUEUED, 0}}, "m/0/body "},
	{"an old word of the other does not count against its newer one",
		{{2, DAY2, WAITING_DEAD, 5}, {2, DAY3, WAITING_QUEUED, 1}}, "m/1/body "},
};

static void the_newest_word_of_two_gateways_counts(void **state)
{
	const char *const directories[] = {folder.journal, other.journal};
	const char *const turned[] = {other.journal, folder.journal, other.journal};

	(void)state;
	for (size_t i = 0; i < sizeof gateways / sizeof gateways[0]; i++) {
		struct journal *j[] = {journal_start(&folder), journal_start(&other)};

		print_message("%s\n", gateways[i].name);
		say(j[0], DAY1, word_of("m", 0, 1000, "body"));
		for (size_t k = 0; gateways[i].words[k].gateway; k++) {
			struct journal_waiting w = word_of("m", gateways[i].words[k].attempts, 1000, "");

			w.state = gateways[i].words[k].state;
			say(j[gateways[i].words[k].gateway - 1], gateways[i].words[k].when, w);
		}
		check_list_of(directories, 2, gateways[i].want);
		check_list_of(turned, 2, gateways[i].want); /* in any order */
		check_list_of(turned, 3, gateways[i].want); /* and one named twice */
		journal_close(&j[0]);
		journal_close(&j[1]);
		teardown(NULL);
		setup(NULL);
	}
}

static void a_later_acceptance_of_the_id_is_another_message(void **state)
{
	const char *const directories[] = {folder.journal, other.journal};
	struct journal *here = journal_start(&folder), *there = journal_start(&other);
	struct journal_waiting delivered = word_of("m", 3, 1000, "");

	(void)state;
	delivered.state = WAITING_DELIVERED;
	say(here, DAY1, word_of("m", 0, 1000, "first"));
	say(here, DAY1, delivered);
	say(there, DAY3, word_of("m", 0, 9000, "second"));
	check_list_of(directories, 2, "m/0/second ");
	journal_close(&here);
	journal_close(&there);
}

static void messages_of_two_gateways_come_in_one_order(void **state)
{
	const char *const directories[] = {folder.journal, other.journal};
	struct journal *here = journal_start(&folder), *there = journal_start(&other);

	(void)state;
	say(here, DAY1, word_of("a", 0, 1, "h"));
	say(there, DAY1, word_of("b", 0, 2, "t"));
	say(here, DAY2, word_of("c", 0, 3, "h"));
	say(there, DAY3, word_of("d", 0, 4, "t"));
	say(here, DAY3, word_of("e", 0, 5, "h"));
	say(there, DAY3, word_of("c", 1, 3, ""));
	check_list_of(directories, 2, "a/0/h b/0/t c/1/h d/0/t e/0/h ");
	journal_close(&here);
	journal_close(&there);
}

static void a_word_after_the_clock_was_set_back_counts(void **state)
{
	struct journal_waiting delivered = word_of("m", 0, 1000, "");
	struct journal *j = journal_start(&folder);

	(void)state;
	delivered.state = WAITING_DELIVERED;
	say(j, DAY2, word_of("m", 0, 1000, "m"));
	say(j, DAY2, word_of("n", 0, 2000, "n"));
	say(j, DAY1, delivered);
	assert_false(file_there(&folder, "journal-2030-01-01.log"));
	check_list(&folder, "n/0/n ");
	journal_close(&j);
}

struct dues {
	int count;
	int64_t due_ms;
};

static bool due_each(void *ctx, const struct journal_waiting *w)
{
	struct dues *d = ctx;

	d->count++;
	d->due_ms = w->due_ms;
	return true;
}

static struct dues dues(void)
{
	const char *directory = folder.journal;
	struct dues d = {0, 0};

	assert_true(journal_waiting_find(&directory, 1, due_each, &d, NULL).ok);
	return d;
}

/* Said by the queue, and perhaps late: the message may have been tried or settled meanwhile. */
static void what_was_taken_has_its_due_and_nothing_newer_is_changed(void **state)
{
	struct journal_waiting taken = {.id = BYTES_LIT("m"), .state = WAITING_TAKEN, .due_ms = 77};
	struct journal_waiting tried = word_of("m", 1, 1000, ""), delivered = tried;
	struct journal *j = journal_start(&folder);

	(void)state;
	delivered.state = WAITING_DELIVERED;
	say(j, DAY1, taken); /* of nothing */
	assert_int_equal(dues().count, 0);
	say(j, DAY1, word_of("m", 0, 1000, "body"));
	assert_int_equal(dues().due_ms, 0);
	say(j, DAY1, taken);
	check_list(&folder, "m/0/body ");
	journal_close(&j);
	assert_int_equal(dues().due_ms, 77);
	j = journal_start(&folder);
	say(j, DAY1, tried);
	say(j, DAY1, taken);
	journal_close(&j);
	assert_int_equal(dues().due_ms, 0);
	check_list(&folder, "m/1/body ");
	j = journal_start(&folder);
	say(j, DAY1, delivered);
	say(j, DAY1, taken);
	check_list(&folder, "");
	journal_close(&j);
	check_list(&folder, "");
}

static void a_word_that_could_not_be_written_leaves_nothing(void **state)
{
	/* More than a journal takes; it looks at the length first. */
	struct journal_fact huge = {.at = at(DAY1), .octets = {(const unsigned char *)"x", 1500000000}};
	struct journal_waiting w = word_of("m", 0, 1, "body");
	struct journal *j = journal_start(&folder);
	struct hold hold;
	struct ticket good, bad;

	(void)state;
	hold_begin(j, &hold, DAY1);
	ticket_put_with(j, &good, &hold.fact, 1, NULL, &w); /* shares the commit */
	ticket_put_with(j, &bad, &huge, 1, NULL, &w);
	hold_end(&hold);
	assert_false(ticket_wait(&good, NULL));
	assert_false(ticket_wait(&bad, NULL));
	check_list(&folder, "");
	w.body = (struct bytes){(const unsigned char *)"x", 1500000000};
	assert_false(say_at(j, at(DAY1), w));
	check_list(&folder, "");
	journal_close(&j);
}

static int64_t log_size(void)
{
	char path[512];
	struct stat st;

	folder_path(&folder, "journal-2030-01-03.log", path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void an_attempt_does_not_write_the_body_again(void **state)
{
	static unsigned char octets[2000000];
	struct journal_waiting w = word_of("m", 0, 1, "");
	struct journal *j = journal_start(&folder);
	int64_t before;

	(void)state;
	w.body = (struct bytes){octets, sizeof octets};
	say(j, DAY3, w);
	journal_close(&j);
	before = log_size();
	assert_true(before > (int64_t)sizeof octets);
	j = journal_start(&folder);
	for (int i = 1; i <= 10; i++)
		say(j, DAY3, word_of("m", i, 1, ""));
	journal_close(&j);
	assert_true(log_size() - before < 10 * 1000);
}

/* Cuts SQLite's log of the day; a reader in the middle of a transaction would keep it from that. */
static bool cut_each(void *ctx, const struct journal_waiting *w)
{
	sqlite3 *db = NULL;
	char path[512];
	int *cut = ctx, frames, copied;

	(void)w;
	folder_path(&folder, "journal-2030-01-01.sqlite", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &copied), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE log SET applied = applied", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	++*cut;
	return true;
}

static void a_reader_who_takes_his_time_hinders_nobody(void **state)
{
	struct journal *j = journal_start(&folder);
	const char *directory = folder.journal;
	int cut = 0;

	(void)state;
	say(j, DAY1, word_of("a", 0, 1, "x"));
	say(j, DAY1, word_of("b", 0, 2, "x"));
	journal_close(&j); /* all is in the index */
	j = journal_start(&folder);
	assert_true(journal_waiting_find(&directory, 1, cut_each, &cut, NULL).ok);
	assert_int_equal(cut, 2);
	journal_close(&j);
}

static void what_cannot_be_read_is_named(void **state)
{
	const char *const directories[] = {folder.journal, other.journal};
	struct journal *j = journal_start(&folder);
	struct listed l = {.text = BUF(1000)};
	struct err e = {.reason = REASON_NONE};

	(void)state;
	say(j, DAY1, word_of("m", 0, 1, "x"));
	journal_close(&j);
	assert_false(journal_waiting_find(directories, 2, listed_each, &l, &e).ok); /* the second is not there */
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, other.journal));
	file_fill(&folder, "journal-2029-12-31.log", "this is no journal ");
	assert_false(journal_waiting_find(directories, 1, listed_each, &l, &e).ok);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, "journal-2029-12-31.log"));
	assert_int_equal(l.count, 0);
	buf_free(&l.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_word_that_keeps_earlier_ones_is_written_only_where_there_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_waits_until_it_is_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(every_field_and_octet_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_acceptance_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(the_list_ends_when_the_reader_wants_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_without_a_body_is_told_all_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_word_of_two_gateways_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_later_acceptance_of_the_id_is_another_message, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_of_two_gateways_come_in_one_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_word_after_the_clock_was_set_back_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_taken_has_its_due_and_nothing_newer_is_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_word_that_could_not_be_written_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attempt_does_not_write_the_body_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_who_takes_his_time_hinders_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
