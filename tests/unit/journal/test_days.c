/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of days below the public interface: what it closes, keeps in memory, never replaces. */
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
	assert_true(days.item[0]->log.fd >= 0);
	assert_non_null(days.item[0]->index.db);
	assert_true(days.item[1]->log.fd < 0);
	assert_null(days.item[1]->index.db);
	assert_false(file_there(&folder, "journal-2001-02-03.log"));
	assert_false(file_there(&folder, "journal-2001-02-03.sqlite"));
	assert_true(file_there(&folder, "journal-2030-01-01.log"));
	journal_days_close(&days);
}

/* A day whose index cannot take what it lacks stays open, or it would never get it. */
static void a_day_that_is_behind_is_not_closed(void **state)
{
	struct journal_fact fact = fact_of("2030-01-01T12:00:00Z", "{1}", "m");
	struct journal_entry entry = {.facts = &fact, .fact_count = 1};
	struct journal_days days;
	struct journal_day *day;
	struct err e;

	(void)state;
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
	file_fill(&folder, "journal-2030-01-01.sqlite", "this is no database ");
	journal_index_disconnect(&day->index);
	journal_days_turn(&days, "2030-01-02");
	assert_true(day->log.fd >= 0);
	journal_index_remove(folder.journal, "2030-01-01");
	journal_days_turn(&days, "2030-01-02");
	assert_true(day->log.fd < 0);
	journal_days_close(&days);
	assert_int_equal(facts_count(folder.journal, &(struct journal_filter){.message_id = "m"}), 1);
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
	assert_true(journal_log_create(folder.journal, "2030-01-01", &e).ok);
	assert_false(journal_log_create(folder.journal, "2030-01-01", &e).ok);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, "journal-2030-01-01.log"));
	assert_true(journal_index_create(folder.journal, "2030-01-01", 1, &e).ok);
	assert_false(journal_index_create(folder.journal, "2030-01-01", 1, &e).ok);
	assert_non_null(strstr(e.detail, "journal-2030-01-01.sqlite"));
	assert_false(file_there(&folder, "journal-new.log"));
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

static void the_index_is_safe_in_order_if_not_in_time(void **state)
{
	struct journal_days days;
	struct journal_day *day;
	struct err e;

	(void)state;
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	assert_int_equal(pragma(day->index.db, "PRAGMA synchronous"), 1);
	assert_int_equal(pragma(day->index.db, "PRAGMA busy_timeout"), JOURNAL_BUSY_MS);
	assert_int_equal(pragma(day->index.db, "PRAGMA wal_autocheckpoint"), 0); /* ours, after a transaction */
	journal_days_close(&days);
}

/* So many entries of one fact, in one write. */
static void write_many(struct journal_day *day, const struct journal_fact *fact, size_t n)
{
	struct journal_entry *entries = calloc(n, sizeof *entries);
	struct err e;

	assert_non_null(entries);
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct journal_entry){
			.facts = fact, .fact_count = 1, .next = i + 1 < n ? &entries[i + 1] : NULL};
	assert_true(journal_day_write(day, entries, NULL, &e).ok);
	free(entries);
}

static void sqlites_own_log_is_copied_when_it_is_long(void **state)
{
	static const char long_name[3000] = {[0 ... 2998] = 'x'};
	struct journal_fact fact = fact_of("2030-01-01T12:00:00Z", "{1}", "m");
	struct journal_days days;
	struct journal_day *day;
	size_t records = 0;
	struct stat st;
	struct err e;
	char path[512];

	(void)state;
	folder_path(&folder, "journal-2030-01-01.sqlite", path);
	assert_true(journal_days_open(&days, folder.journal, 0, &e).ok);
	assert_true(journal_days_ready(&days, "2030-01-01", &day, &e).ok);
	fact.participant = bytes_str(long_name);
	write_many(day, &fact, 100);
	assert_true(journal_day_apply(day, &records, &e).ok);
	assert_int_equal(records, 100);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 100 * (int)sizeof long_name); /* all of it is still in SQLite's log */
	write_many(day, &fact, 3 * JOURNAL_WAL_PAGES);
	assert_true(journal_day_apply(day, &records, &e).ok);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > JOURNAL_WAL_PAGES * (int)sizeof long_name);
	journal_days_close(&days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_turn_of_the_day_removes_and_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_that_is_behind_is_not_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_newest_days_have_a_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_never_made_over_another, setup, teardown),
		cmocka_unit_test_setup_teardown(the_index_is_safe_in_order_if_not_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(sqlites_own_log_is_copied_when_it_is_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
