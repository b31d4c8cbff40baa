/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching: filters, order, limit, and readers who may not write. */
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

#include "help.h"

static struct folder folder;

/* Facts over three days: m1 is the oldest, m6 the newest. */
static struct journal *sample_put(void)
{
	struct journal_fact facts[] = {fact_of("2030-01-01T10:00:00+05:00", "{x1}", "m1"),
		fact_of("2030-01-01T11:00:00+05:00", "{x1}", "m2"),
		fact_of("2030-01-02T10:00:00+05:00", "{x2}", "m3"),
		fact_of("2030-01-02T11:00:00+05:00", "{x2}", "m4"),
		fact_of("2030-01-03T10:00:00+05:00", "{x3}", "m5"),
		fact_of("2030-01-03T11:00:00+05:00", "{x3}", "m6")};
	static const int order[] = {5, 0, 3, 1, 2, 4}; /* of writing; not that of time */
	struct journal *j = journal_start(&folder);

	facts[0].correlation_id = BYTES_LIT("{c}");
	facts[4].correlation_id = BYTES_LIT("{c}");
	facts[1].participant = facts[2].participant = BYTES_LIT("registry");
	facts[3].service_id = BYTES_LIT("Permits");
	facts[5].error_id = BYTES_LIT("ERR1");
	facts[5].verdict = facts[1].verdict = JOURNAL_REFUSED;
	facts[0].sender_id = facts[5].sender_id = BYTES_LIT("sys'a");
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		assert_true(put_wait(j, &facts[order[i]], 1, NULL, NULL));
	return j;
}

static const struct row {
	const char *name;
	struct journal_filter filter;
	const char *since, *until;
	int stop_after;
	const char *want;
} rows[] = {{"everything comes newest first", {.limit = 0}, NULL, NULL, 0, "m6 m5 m4 m3 m2 m1 "},
	{"a message id finds its fact", {.message_id = "m3"}, NULL, NULL, 0, "m3 "},
	{"a part of a message id finds nothing", {.message_id = "m"}, NULL, NULL, 0, ""},
	{"an empty text fits nothing, not the absent one", {.correlation_id = ""}, NULL, NULL, 0, ""},
	{"a correlation id finds facts over days", {.correlation_id = "{c}"}, NULL, NULL, 0, "m5 m1 "},
	{"an exchange finds its legs", {.exchange = "{x2}"}, NULL, NULL, 0, "m4 m3 "},
	{"a participant finds his facts", {.participant = "registry"}, NULL, NULL, 0, "m3 m2 "},
	{"a service finds its facts", {.service_id = "Permits"}, NULL, NULL, 0, "m4 "},
	{"an error id finds the fault", {.error_id = "ERR1"}, NULL, NULL, 0, "m6 "},
	{"a sender's id is no SQL", {.sender_id = "sys'a"}, NULL, NULL, 0, "m6 m1 "},
	{"only what was refused", {.refused_only = true}, NULL, NULL, 0, "m6 m2 "},
	{"two filters must both fit", {.sender_id = "sys'a", .refused_only = true}, NULL, NULL, 0, "m6 "},
	{"since is a bound that belongs to it", {.limit = 0}, "2030-01-02T11:00:00+05:00", NULL, 0,
		"m6 m5 m4 "},
	{"until is a bound that belongs to it", {.limit = 0}, NULL, "2030-01-02T10:00:00+05:00", 0,
		"m3 m2 m1 "},
	{"both bounds", {.limit = 0}, "2030-01-01T10:00:01+05:00", "2030-01-03T10:59:59+05:00", 0,
		"m5 m4 m3 m2 "},
	{"a bound and a name", {.exchange = "{x1}"}, "2030-01-01T10:30:00+05:00", NULL, 0, "m2 "},
	{"the limit holds over files", {.limit = 3}, NULL, NULL, 0, "m6 m5 m4 "},
	{"the reader can end it", {.limit = 0}, NULL, NULL, 3, "m6 m5 m4 "}};

static void check_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct told told = {.ids = BUF(4096), .stop_after = rows[i].stop_after};
		struct journal_filter filter = rows[i].filter;
		struct err e = {.detail = ""};

		filter.since_ms = rows[i].since ? at(rows[i].since).ms : 0;
		filter.until_ms = rows[i].until ? at(rows[i].until).ms : 0;
		if (!journal_find(folder.journal, &filter, told_each, &told, &e).ok)
			fail_msg("%s: %s", rows[i].name, e.detail);
		if (strcmp(buf_cstr(&told.ids), rows[i].want) != 0)
			fail_msg("%s: got %s", rows[i].name, buf_cstr(&told.ids));
		buf_free(&told.ids);
	}
}

static void filters_find_what_they_name(void **state)
{
	struct journal *j;

	(void)state;
	folder_make(&folder);
	j = sample_put();
	check_rows(); /* while it is being written */
	journal_close(&j);
	check_rows(); /* at rest */
	folder_drop(&folder);
}

static bool ids_differ(void *ctx, const struct journal_fact *fact)
{
	int64_t *before = ctx;

	assert_true(fact->id < *before); /* falling with the days */
	*before = fact->id & ~INT64_C(0xffffffffffff);
	return true;
}

static void numbers_of_facts_are_unique_over_days(void **state)
{
	struct journal *j;
	int64_t before = INT64_MAX;

	(void)state;
	folder_make(&folder);
	j = journal_start(&folder);
	assert_true(put_fact(j, "2030-01-01T10:00:00+05:00", "{1}", "a"));
	assert_true(put_fact(j, "2030-01-02T10:00:00+05:00", "{1}", "a"));
	assert_true(put_fact(j, "2030-01-03T10:00:00+05:00", "{1}", "a"));
	journal_close(&j);
	assert_true(
		journal_find(folder.journal, &(struct journal_filter){.limit = 9}, ids_differ, &before, NULL)
			.ok);
	folder_drop(&folder);
}

/* Counts facts in a process that may read, but write neither files nor directory; -1 when it fails. */
static int stranger_counts(void)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct told told = {.ids = BUF(1 << 16)};

		if (geteuid() == 0 &&
			(setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 ||
				setresuid(65534, 65534, 65534) != 0))
			_exit(98);
		if (!journal_find(
			    folder.journal, &(struct journal_filter){.limit = 50}, told_each, &told, NULL)
				.ok)
			_exit(99);
		_exit(told.count);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) < 98 ? WEXITSTATUS(status) : -1;
}

static void open_to_strangers(void)
{
	char path[512];
	struct dirent *entry;
	DIR *dir = opendir(folder.journal);

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		folder_path(&folder, entry->d_name, path);
		if (entry->d_name[0] != '.')
			assert_int_equal(chmod(path, 0444), 0);
	}
	closedir(dir);
	assert_int_equal(chmod(folder.top, 0755), 0);
	assert_int_equal(chmod(folder.journal, 0555), 0);
}

static void a_reader_needs_no_right_to_write(void **state)
{
	struct journal *j;

	(void)state;
	folder_make(&folder);
	j = sample_put();
	open_to_strangers();
	assert_int_equal(stranger_counts(), 6); /* while it is open */
	assert_int_equal(chmod(folder.journal, 0755), 0);
	journal_close(&j);
	open_to_strangers();
	assert_false(file_there(&folder, "journal-2030-01-02.sqlite-wal"));
	assert_int_equal(stranger_counts(), 6); /* at rest, where no shared memory can be made */
	assert_int_equal(chmod(folder.journal, 0700), 0);
	folder_drop(&folder);
}

static void a_log_left_by_a_killed_gateway_is_read(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	folder_make(&folder);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		sample_put();
		raise(SIGKILL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(file_there(&folder, "journal-2030-01-02.sqlite-wal"));
	open_to_strangers();
	assert_int_equal(stranger_counts(), 6);
	assert_int_equal(chmod(folder.journal, 0700), 0);
	check_rows();
	folder_drop(&folder);
}

static void a_directory_that_is_absent_is_a_failure(void **state)
{
	struct told told = {.ids = BUF(64)};
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_false(journal_find(
		"/nonexistent/journal", &(struct journal_filter){.limit = 1}, told_each, &told, &e)
			     .ok);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_non_null(strstr(e.detail, "/nonexistent/journal"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_find_what_they_name),
		cmocka_unit_test(numbers_of_facts_are_unique_over_days),
		cmocka_unit_test(a_reader_needs_no_right_to_write),
		cmocka_unit_test(a_log_left_by_a_killed_gateway_is_read),
		cmocka_unit_test(a_directory_that_is_absent_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
