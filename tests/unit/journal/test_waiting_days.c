/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits keeps the days it needs. */
#include "waiting.h"
#include "journal_int.h"

#define DAY_MS INT64_C(86400000)

static struct folder folder;
static int64_t now_ms; /* the same for a whole test */

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	now_ms = stamp_now().ms;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_drop(&folder);
	return 0;
}

static struct stamp days_ago(int days)
{
	return stamp_at(now_ms - days * DAY_MS);
}

static void day_file(int days, char out[64])
{
	char day[11];

	stamp_day(days_ago(days), day);
	snprintf(out, 64, "journal-%s.log", day);
}

/* Words said so many days ago; then the journal is opened with a retention of 10 days. Every row has a fact of
 * 40, 30, 20 and 5 days ago. `kept` says which of these files are there afterwards. */
static const struct {
	const char *name;
	struct {
		const char *id;
		int ago;
		enum journal_waiting_state state;
		int attempts, expires_in; /* days from now; 0: never */
		const char *body;
	} words[5];
	bool kept[4];
	const char *want;
} rows[] = {
	{"nothing waits: all days beyond retention go", {{0}}, {false, false, false, true}, ""},
	{"what waits keeps its file, and newer ones", {{"m", 30, WAITING_QUEUED, 0, 0, "x"}},
		{false, true, true, true}, "m/0/x "},
	{"what was settled on the same day keeps nothing",
		{{"m", 30, WAITING_QUEUED, 0, 0, "x"}, {"m", 30, WAITING_DELIVERED, 1, 0, ""}},
		{false, false, false, true}, ""},
	{"what was settled on a later day keeps nothing",
		{{"m", 30, WAITING_QUEUED, 0, 0, "x"}, {"m", 5, WAITING_DEAD, 1, 0, ""}},
		{false, false, false, true}, ""},
	{"a word of today keeps the file with the body",
		{{"m", 20, WAITING_QUEUED, 0, 0, "x"}, {"m", 0, WAITING_QUEUED, 3, 0, ""}},
		{false, false, true, true}, "m/3/x "},
	{"a dead letter that waits again keeps the file with the body",
		{{"m", 40, WAITING_QUEUED, 0, 0, "x"}, {"m", 30, WAITING_DEAD, 3, 0, ""},
			{"m", 5, WAITING_QUEUED, 4, 0, ""}},
		{true, true, true, true}, "m/4/x "},
	{"what brought a new body keeps no old file",
		{{"m", 30, WAITING_QUEUED, 0, 0, "x"}, {"m", 5, WAITING_QUEUED, 0, 0, "y"}},
		{false, false, false, true}, "m/0/y "},
	{"what was settled after it waited again keeps nothing",
		{{"m", 40, WAITING_QUEUED, 0, 0, "x"}, {"m", 20, WAITING_QUEUED, 1, 0, ""},
			{"m", 5, WAITING_DELIVERED, 2, 0, ""}},
		{false, false, false, true}, ""},
	{"what expired keeps nothing", {{"m", 30, WAITING_QUEUED, 0, -1, "x"}}, {false, false, false, true}, ""},
	{"what expires tomorrow keeps its file", {{"m", 20, WAITING_QUEUED, 0, 1, "x"}},
		{false, false, true, true}, "m/0/x "},
	{"what got a new life time keeps the file with the body",
		{{"m", 20, WAITING_QUEUED, 0, -1, "x"}, {"m", 5, WAITING_QUEUED, 1, 1, ""}},
		{false, false, true, true}, "m/1/x "},
	{"a message that was settled is not taken for waiting because another keeps the older file",
		{{"m", 30, WAITING_QUEUED, 0, 0, "x"}, {"n", 30, WAITING_QUEUED, 0, 0, "y"},
			{"m", 20, WAITING_DELIVERED, 1, 0, ""}},
		{false, true, true, true}, "n/0/y "},
};

static void retention_keeps_what_waits(void **state)
{
	static const int ago[] = {40, 30, 20, 5};
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct journal *j = journal_start(&folder);

		for (size_t k = 0; k < 4; k++) {
			struct journal_fact fact = {.at = days_ago(ago[k])};

			assert_true(put_wait(j, &fact, 1, NULL, NULL));
		}
		for (size_t k = 0; rows[i].words[k].id; k++) {
			struct journal_waiting w = word_of(rows[i].words[k].id, rows[i].words[k].attempts,
				days_ago(rows[i].words[0].ago).ms, rows[i].words[k].body);

			w.state = rows[i].words[k].state;
			w.expire_ms = rows[i].words[k].expires_in
				? now_ms + rows[i].words[k].expires_in * DAY_MS
				: 0;
			assert_true(say_at(j, days_ago(rows[i].words[k].ago), w));
		}
		journal_close(&j);
		j = journal_start_with(&folder, (struct journal_settings){.retention_days = 10});
		for (size_t k = 0; k < 4; k++) {
			day_file(ago[k], name);
			if (file_there(&folder, name) != rows[i].kept[k])
				fail_msg("%s: the file of %d days ago is %s", rows[i].name, ago[k],
					rows[i].kept[k] ? "gone" : "there");
		}
		print_message("%s\n", rows[i].name);
		check_list(&folder, rows[i].want);
		journal_close(&j);
		teardown(NULL);
		setup(NULL);
	}
}

static void write_word(
	struct journal_days *days, const char *name, const char *when, struct journal_waiting w)
{
	struct journal_fact fact = {.at = at(when)};
	struct journal_entry entry = {.facts = &fact, .fact_count = 1, .waiting = &w};
	struct journal_day *day;
	struct err e;

	assert_true(journal_days_ready(days, name, &day, &e).ok);
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
}

static void the_turn_of_the_day_looks_again(void **state)
{
	struct journal_waiting w = word_of("m", 0, 1, "x");
	struct journal_days days;
	struct err e;

	(void)state;
	assert_int_equal(mkdir(folder.journal, 0700), 0);
	assert_true(journal_days_open(&days, folder.journal, 10, &e).ok);
	write_word(&days, "2001-02-03", "2001-02-03T12:00:00Z", w);
	journal_days_turn(&days, "2030-01-02");
	assert_int_equal(days.count, 1);
	w.state = WAITING_DELIVERED;
	write_word(&days, "2030-01-02", "2030-01-02T12:00:00Z", w);
	journal_days_turn(&days, "2030-01-03");
	assert_int_equal(days.count, 1);
	assert_string_equal(days.item[0]->name, "2030-01-02");
	assert_false(file_there(&folder, "journal-2001-02-03.log"));
	journal_days_close(&days);
}

static void what_cannot_be_read_is_not_removed(void **state)
{
	struct journal_days days;
	struct err e;

	(void)state;
	assert_int_equal(mkdir(folder.journal, 0700), 0);
	assert_true(journal_days_open(&days, folder.journal, 10, &e).ok);
	write_word(&days, "2001-02-03", "2001-02-03T12:00:00Z", word_of("m", 0, 1, ""));
	write_word(&days, "2001-02-04", "2001-02-04T12:00:00Z", word_of("m", 0, 1, ""));
	assert_true(journal_indexer_settle(&days.indexer, &e).ok);
	journal_days_disconnect(&days, days.item[1]);
	file_fill(&folder, "journal-2001-02-03.sqlite", "this is no database ");
	journal_days_turn(&days, "2030-01-02");
	assert_int_equal(days.count, 2);
	assert_true(file_there(&folder, "journal-2001-02-03.log"));
	assert_true(file_there(&folder, "journal-2001-02-04.log"));
	journal_days_close(&days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(retention_keeps_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(the_turn_of_the_day_looks_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_removed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
