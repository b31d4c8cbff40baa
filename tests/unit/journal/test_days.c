/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of day files below the public interface: what it closes, keeps in memory, never replaces. */
#include "help.h"
#include "journal_int.h"

static struct folder folder;

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	return mkdir(folder.journal, 0700);
}

static int teardown(void **state)
{
	(void)state;
	folder_drop(&folder);
	return 0;
}

static void the_turn_of_the_day_removes_and_closes(void **state)
{
	struct journal_days days;
	struct journal_day *day;
	struct err e;

	(void)state;
	assert_true(journal_days_open(&days, folder.journal, 1, &e).ok);
	assert_true(journal_days_ready(&days, "2001-02-03", &day, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-02", &day, &e).ok);
	assert_int_equal(days.count, 3);
	journal_days_turn(&days, "2030-01-02");
	assert_int_equal(days.count, 2);
	assert_string_equal(days.item[0]->name, "2030-01-02");
	assert_non_null(days.item[0]->db);
	assert_null(days.item[1]->db);
	assert_false(file_there(&folder, "journal-2001-02-03.sqlite"));
	assert_true(file_there(&folder, "journal-2030-01-01.sqlite"));
	journal_days_close(&days);
}

static void only_the_newest_days_have_a_filter(void **state)
{
	struct journal_days days;
	struct journal_day *day;
	char name[32];
	struct err e;

	(void)state;
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	for (int i = 1; i <= JOURNAL_FILTERED + 3; i++) {
		snprintf(name, sizeof name, "2030-01-%02d", i);
		assert_true(journal_days_ready(&days, name, &day, &e).ok);
	}
	assert_true(journal_days_ready(&days, "2029-12-31", &day, &e).ok); /* late, and too old for one */
	for (size_t i = 0; i < days.count; i++)
		assert_int_equal(days.item[i]->bloom != NULL, i < JOURNAL_FILTERED);
	assert_int_equal(days.count, JOURNAL_FILTERED + 4);
	assert_string_equal(days.item[days.count - 1]->name, "2029-12-31");
	journal_days_close(&days);
}

static void a_file_is_never_made_over_another(void **state)
{
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_true(journal_file_create(folder.journal, "2030-01-01", &e).ok);
	assert_false(journal_file_create(folder.journal, "2030-01-01", &e).ok);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, "journal-2030-01-01.sqlite"));
	assert_false(file_there(&folder, "journal-new.sqlite"));
	file_is_whole(&folder, "journal-2030-01-01.sqlite");
}

static int pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void every_commit_waits_for_the_disk(void **state)
{
	struct journal_days days;
	struct journal_day *day;
	struct err e;

	(void)state;
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	assert_int_equal(pragma(day->db, "PRAGMA synchronous"), 2);
	assert_int_equal(pragma(day->db, "PRAGMA busy_timeout"), JOURNAL_BUSY_MS);
	assert_int_equal(pragma(day->db, "PRAGMA wal_autocheckpoint"), 0); /* ours, after the callbacks */
	journal_days_close(&days);
}

static void the_log_is_copied_when_it_is_long(void **state)
{
	static unsigned char octets[JOURNAL_WAL_PAGES * JOURNAL_PAGE];
	struct journal_fact fact = fact_of("2030-01-01T12:00:00Z", "{1}", "m");
	struct journal_entry entry = {.facts = &fact, .fact_count = 1};
	struct journal_days days;
	struct journal_day *day;
	struct stat st;
	struct err e;
	char path[512];

	(void)state;
	folder_path(&folder, "journal-2030-01-01.sqlite", path);
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	fact.octets = (struct bytes){octets, sizeof octets};
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
	assert_int_equal(stat(path, &st), 0);
	assert_true((size_t)st.st_size < sizeof octets); /* all of it is still in the log */
	assert_true(journal_day_checkpoint(day, &e).ok);
	assert_int_equal(stat(path, &st), 0);
	assert_true((size_t)st.st_size > sizeof octets);
	journal_days_close(&days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_turn_of_the_day_removes_and_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_newest_days_have_a_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_never_made_over_another, setup, teardown),
		cmocka_unit_test_setup_teardown(every_commit_waits_for_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(the_log_is_copied_when_it_is_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
