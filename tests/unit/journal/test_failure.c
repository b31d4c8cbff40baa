/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cannot be written is reported, nothing broken is overwritten, and a sick journal mends itself. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

#include "folder_each.h"
#include "journal_int.h"

#define WHEN "2030-01-02T03:04:05+05:00"

static const struct journal_filter all = {.limit = 100000};

static void check_down(const struct err *e, const char *part)
{
	assert_int_equal(e->reason, REASON_JOURNAL_DOWN);
	if (!strstr(e->detail, part))
		fail_msg("'%s' is not named in: %s", part, e->detail);
}

/* The thread looks once a second; how long it takes does not matter, that it never comes does. */
static void becomes_healthy(struct journal *j)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (int i = 0; i < 3000 && !journal_healthy(j, NULL); i++)
		nanosleep(&pause, NULL);
	assert_true(journal_healthy(j, NULL));
}

static void too_little_free_space_refuses_and_writes_nothing(void **state)
{
	struct journal *j =
		journal_start_with(&folder, (struct journal_settings){.free_bytes = (size_t)1 << 62});
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_false(put_wait(j, &fact, 1, NULL, &e));
	check_down(&e, folder.journal);
	e.reason = REASON_NONE;
	assert_false(journal_healthy(j, &e));
	check_down(&e, folder.journal);
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), 0);
	j = journal_start_with(&folder, (struct journal_settings){.free_bytes = 1});
	assert_true(journal_healthy(j, &e));
	assert_true(put_wait(j, &fact, 1, NULL, &e));
	journal_close(&j);
}

/* Three entries wait together; the second cannot be written. */
static void a_batch_fails_whole_and_the_next_one_succeeds(void **state)
{
	struct journal *j = journal_start(&folder);
	struct journal_fact facts[3];
	struct ticket tickets[3];
	struct journal_seen seen = {.sender_id = BYTES_LIT("s"),
				    .message_id = BYTES_LIT("m"),
				    .state = SEEN_OPEN},
			    out;
	struct pool *pool = pool_new(10000);
	struct hold hold;
	struct err e;

	(void)state;
	hold_begin(j, &hold, WHEN);
	for (int i = 0; i < 3; i++) {
		facts[i] = fact_of(WHEN, "{1}", "m");
		if (i == 1) /* more than a journal takes; it looks at the length first */
			facts[i].octets = (struct bytes){(const unsigned char *)"x", 1500000000};
		ticket_put(j, &tickets[i], &facts[i], 1, i == 0 ? &seen : NULL);
	}
	hold_end(&hold);
	for (int i = 0; i < 3; i++) {
		assert_false(ticket_wait(&tickets[i], &e));
		check_down(&e, "journal-2030-01-02.log");
	}
	assert_int_equal(facts_count(folder.journal, &all), 1);
	assert_true(journal_seen_find(j, pool, seen.sender_id, seen.message_id, 0, &out, &e).ok);
	assert_int_equal(out.state, SEEN_NONE);
	becomes_healthy(j);
	assert_true(put_wait(j, facts, 1, &seen, &e));
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), 2);
	pool_free(&pool);
}

static void a_file_that_cannot_grow_makes_it_sick_and_room_heals_it(void **state)
{
	static unsigned char octets[400000];
	struct journal_fact big = fact_of(WHEN, "{1}", "big");
	struct journal *j = journal_start(&folder);
	struct rlimit before, tight;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	big.octets = (struct bytes){octets, sizeof octets};
	assert_true(put_fact(j, WHEN, "{1}", "small"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 200000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_false(put_wait(j, &big, 1, NULL, &e));
	check_down(&e, "journal-2030-01-02.log");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	becomes_healthy(j); /* by itself: nobody sends to a sick journal */
	assert_true(put_wait(j, &big, 1, NULL, &e));
	journal_close(&j);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(facts_count(folder.journal, &all), 2);
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
}

static void a_full_file_system_loses_nothing_that_was_confirmed(void **state)
{
	static unsigned char octets[20000];
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct journal *j;
	struct err e = {.reason = REASON_NONE};
	int confirmed = 0;

	(void)state;
	assert_int_equal(mkdir(folder.journal, 0700), 0);
	if (mount("tmpfs", folder.journal, "tmpfs", 0, "size=1m,mode=0700") != 0) {
		print_message("no small file system can be mounted here\n");
		skip();
	}
	fact.octets = (struct bytes){octets, sizeof octets};
	j = journal_start(&folder);
	while (confirmed < 1000 && put_wait(j, &fact, 1, NULL, &e))
		confirmed++;
	assert_in_range(confirmed, 1, 999);
	check_down(&e, "journal-2030-01-02.log");
	assert_int_equal(facts_count(folder.journal, &all), confirmed);
	assert_int_equal(mount("tmpfs", folder.journal, "tmpfs", MS_REMOUNT, "size=8m,mode=0700"), 0);
	becomes_healthy(j);
	assert_true(put_wait(j, &fact, 1, NULL, &e));
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), confirmed + 1);
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
	assert_int_equal(umount(folder.journal), 0);
}

static void check_untouched(const char *name, const char *text)
{
	char path[512], got[64] = "";
	FILE *file;

	folder_path(&folder, name, path);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(got, 1, strlen(text), file) == strlen(text));
	fclose(file);
	assert_string_equal(got, text);
}

static void a_broken_file_is_named_and_never_touched(void **state)
{
	struct journal_settings s = {.directory = folder.journal};
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct journal *j = journal_start(&folder);
	struct told told = {.ids = BUF(64)};
	struct err e = {.reason = REASON_NONE};

	(void)state;
	file_fill(&folder, "journal-2030-01-02.sqlite", "this is no database ");
	assert_false(put_wait(j, &fact, 1, NULL, &e)); /* while it runs */
	check_down(&e, "journal-2030-01-02.sqlite");
	assert_false(journal_healthy(j, &e));
	check_down(&e, "journal-2030-01-02.sqlite");
	assert_true(put_fact(j, "2030-01-01T12:00:00+05:00", "{1}", "other day"));
	assert_true(journal_healthy(j, &e));
	journal_close(&j);
	assert_false(journal_open(&s, &j, &e).ok); /* at the start */
	assert_null(j);
	check_down(&e, "journal-2030-01-02.sqlite");
	assert_false(journal_find(folder.journal, &all, told_each, &told, &e).ok);
	check_down(&e, "journal-2030-01-02.sqlite");
	check_untouched("journal-2030-01-02.sqlite", "this is no database this is no");
	buf_free(&told.ids);
}

static void another_schema_is_named_and_never_touched(void **state)
{
	struct journal_settings s = {.directory = folder.journal};
	struct journal *j = journal_start(&folder);
	char path[512];
	sqlite3 *db;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_true(put_fact(j, WHEN, "{1}", "m"));
	journal_close(&j);
	folder_path(&folder, "journal-2030-01-02.sqlite", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=7", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_false(journal_open(&s, &j, &e).ok);
	check_down(&e, "journal-2030-01-02.sqlite: its schema is 7");
}

static void one_directory_has_one_writer(void **state)
{
	struct journal_settings s = {.directory = folder.journal};
	struct journal *first = journal_start(&folder), *second = NULL;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_false(journal_open(&s, &second, &e).ok);
	check_down(&e, "another gateway");
	journal_close(&first);
	assert_true(journal_open(&s, &second, &e).ok);
	journal_close(&second);
}

static void a_place_that_is_no_directory_is_named(void **state)
{
	struct journal_settings s = {.directory = "/dev/null"};
	struct journal *j = NULL;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_false(journal_open(&s, &j, &e).ok);
	check_down(&e, "/dev/null");
	s.directory = "/nonexistent/parent/journal";
	assert_false(journal_open(&s, &j, &e).ok);
	check_down(&e, "/nonexistent/parent/journal");
}

static void take_away(const char *name)
{
	char path[512];

	folder_path(&folder, name, path);
	assert_int_equal(unlink(path), 0);
}

static void a_log_taken_away_is_begun_anew(void **state)
{
	struct journal *j = journal_start(&folder);

	(void)state;
	assert_true(put_fact(j, WHEN, "{1}", "before"));
	take_away("journal-2030-01-02.log");
	assert_true(put_fact(j, WHEN, "{1}", "after"));
	assert_int_equal(facts_count(folder.journal, &all), 1); /* in a file that has a name, with an index of its own */
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), 1);
	assert_int_equal(facts_count(folder.journal, &(struct journal_filter){.message_id = "after"}), 1);
}

/* As when somebody brings back a copy: the file that has the name is the log. */
static void a_log_with_another_in_its_place_is_not_written_any_more(void **state)
{
	static char octets[2 * JOURNAL_FILL];
	struct journal *j = journal_start(&folder);
	char path[512], aside[512];
	ssize_t n;
	int fd;

	(void)state;
	folder_path(&folder, "journal-2030-01-02.log", path);
	folder_path(&folder, "aside", aside);
	assert_true(put_fact(j, WHEN, "{1}", "before"));
	assert_int_equal(rename(path, aside), 0);
	fd = open(aside, O_RDONLY);
	n = read(fd, octets, sizeof octets);
	close(fd);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(n > 0 && n < (ssize_t)sizeof octets && write(fd, octets, (size_t)n) == n);
	close(fd);
	assert_true(put_fact(j, WHEN, "{1}", "after"));
	assert_int_equal(facts_count(folder.journal, &all), 2);
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), 2);
}

static void an_index_taken_away_is_made_anew(void **state)
{
	struct journal_seen seen = {.sender_id = BYTES_LIT("s"), .message_id = BYTES_LIT("m"), .state = SEEN_OPEN}, out;
	struct journal_fact fact = fact_of(WHEN, "{1}", "before");
	struct pool *pool = pool_new(10000);
	struct journal *j = journal_start(&folder);
	struct err e;

	(void)state;
	assert_true(put_wait(j, &fact, 1, &seen, &e));
	take_away("journal-2030-01-02.sqlite");
	assert_true(put_fact(j, WHEN, "{1}", "after"));
	assert_int_equal(facts_count(folder.journal, &all), 2);
	journal_close(&j);
	for (int round = 0; round < 2; round++) { /* while it ran, and at rest */
		assert_int_equal(facts_count(folder.journal, &(struct journal_filter){.message_id = "before"}), 1);
		j = journal_start(&folder);
		assert_true(journal_seen_find(j, pool, seen.sender_id, seen.message_id, 0, &out, &e).ok);
		assert_int_equal(out.state, SEEN_OPEN);
		journal_close(&j);
		file_is_whole(&folder, "journal-2030-01-02.sqlite");
		take_away("journal-2030-01-02.sqlite");
	}
	pool_free(&pool);
}

static void spoil(const char *name, off_t at)
{
	char path[512];
	int fd;

	folder_path(&folder, name, path);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "!", 1, at), 1);
	close(fd);
}

/* What stands in the log before its end was confirmed: octets that changed are told, and never told as if they were
 * what was written. */
static void a_spoilt_log_is_named(void **state)
{
	static const unsigned char octets[10000] = {[0 ... 9999] = 'o'};
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct journal *j = journal_start(&folder);
	struct told told = {.ids = BUF(64)};
	struct journal_filter with = {.with_octets = true, .message_id = "m"};
	struct err e = {.reason = REASON_NONE};

	(void)state;
	fact.octets = (struct bytes){octets, sizeof octets};
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	journal_close(&j);
	spoil("journal-2030-01-02.log", 5000);
	assert_int_equal(facts_count(folder.journal, &all), 1);
	assert_false(journal_find(folder.journal, &with, told_each, &told, &e).ok);
	check_down(&e, "journal-2030-01-02.log: at octet");
	spoil("journal-2030-01-02.log", 100);
	assert_false(journal_find(folder.journal, &all, told_each, &told, &e).ok);
	check_down(&e, "journal-2030-01-02.log: at octet");
	assert_int_equal(told.count, 0);
	buf_free(&told.ids);
}

/* A write that was cut short by a loss of power: nobody was told of it, and it is cut off. */
static void a_write_cut_short_is_cut_off(void **state)
{
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct journal *j = journal_start(&folder);
	struct stat whole, now;
	char path[512];

	(void)state;
	fact.octets = BYTES_LIT("octets");
	folder_path(&folder, "journal-2030-01-02.log", path);
	assert_true(put_fact(j, WHEN, "{1}", "before"));
	journal_close(&j);
	assert_int_equal(stat(path, &whole), 0);
	j = journal_start(&folder);
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	journal_close(&j);
	assert_int_equal(stat(path, &now), 0);
	for (off_t size = now.st_size - 1; size > whole.st_size; size -= 7) {
		take_away("journal-2030-01-02.sqlite"); /* it had taken it */
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(facts_count(folder.journal, &all), 1); /* also as it lies there */
		j = journal_start(&folder);
		assert_int_equal(facts_count(folder.journal, &all), 1);
		assert_true(put_wait(j, &fact, 1, NULL, NULL));
		assert_int_equal(facts_count(folder.journal, &all), 2);
		journal_close(&j);
		assert_int_equal(stat(path, &now), 0);
	}
}

/* An octet that the disk has spoilt looks like a write cut short where no index says that more was confirmed: nothing is
 * destroyed. */
static void what_is_cut_off_is_kept(void **state)
{
	static char log[20000], kept[20000];
	struct journal_fact fact = fact_of(WHEN, "{1}", "m");
	struct journal *j = journal_start(&folder);
	struct stat before;
	char path[512];
	size_t n;
	FILE *file;

	(void)state;
	fact.octets = BYTES_LIT("octets");
	folder_path(&folder, "journal-2030-01-02.log", path);
	assert_true(put_fact(j, WHEN, "{1}", "before"));
	journal_close(&j);
	assert_int_equal(stat(path, &before), 0);
	j = journal_start(&folder);
	assert_true(put_wait(j, &fact, 1, NULL, NULL) && put_wait(j, &fact, 1, NULL, NULL));
	journal_close(&j);
	take_away("journal-2030-01-02.sqlite");
	spoil("journal-2030-01-02.log", before.st_size + 40);
	file = fopen(path, "r");
	n = fread(log, 1, sizeof log, file);
	fclose(file);
	j = journal_start(&folder);
	assert_int_equal(facts_count(folder.journal, &all), 1);
	journal_close(&j);
	folder_path(&folder, "journal-2030-01-02.cut", path);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(kept, 1, sizeof kept, file), n - (size_t)before.st_size);
	fclose(file);
	assert_memory_equal(kept, log + before.st_size, n - (size_t)before.st_size);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	journal_log_remove(folder.journal, "2030-01-02");
	assert_false(file_there(&folder, "journal-2030-01-02.cut"));
}

/* A gateway that was killed leaves the zeros that it had written ahead: they are nothing to be kept, but what stands among
 * them is. */
static void zeros_ahead_are_nobodys_octets(void **state)
{
	struct journal *j = journal_start(&folder);
	struct stat whole, now;
	char path[512], kept[512];
	const struct timespec pause = {.tv_nsec = 1000000};

	(void)state;
	folder_path(&folder, "journal-2030-01-02.log", path);
	folder_path(&folder, "journal-2030-01-02.cut", kept);
	assert_true(put_fact(j, WHEN, "{1}", "m"));
	for (int i = 0; i < 20000 && stat(path, &now) == 0 && now.st_size < JOURNAL_FILL / 2; i++)
		nanosleep(&pause, NULL); /* the writer does that when nobody waits any more */
	assert_true(now.st_size >= JOURNAL_FILL / 2);
	assert_int_equal(facts_count(folder.journal, &all), 1);
	journal_close(&j);
	assert_int_equal(stat(path, &whole), 0);
	assert_true(whole.st_size < 4096);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(truncate(path, whole.st_size + 200000), 0);
		if (i > 0)
			spoil("journal-2030-01-02.log", whole.st_size + 2);
		assert_int_equal(facts_count(folder.journal, &all), 1);
		j = journal_start(&folder);
		journal_close(&j);
		assert_int_equal(stat(path, &now), 0);
		assert_int_equal(now.st_size, whole.st_size);
		assert_int_equal(access(kept, F_OK), i > 0 ? 0 : -1);
	}
	assert_int_equal(stat(kept, &now), 0);
	assert_int_equal(now.st_size, 200000); /* a record may end with zeros, so they are kept too */
}

static void a_log_shorter_than_its_index_says_is_named(void **state)
{
	struct journal_settings s = {.directory = folder.journal};
	struct journal *j = journal_start(&folder);
	char path[512];
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_true(put_fact(j, WHEN, "{1}", "m"));
	journal_close(&j);
	folder_path(&folder, "journal-2030-01-02.log", path);
	assert_int_equal(truncate(path, 100), 0);
	assert_false(journal_open(&s, &j, &e).ok);
	check_down(&e, "journal-2030-01-02.log: it is shorter");
}

/* A sick index: the journal says so and accepts no more, though what it is given all the same is on disk. */
static void a_sick_index_is_said_and_mended(void **state)
{
	struct journal *j = journal_start(&folder);
	const struct timespec pause = {.tv_nsec = 20000000};
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_true(put_fact(j, WHEN, "{1}", "m"));
	take_away("journal-2030-01-02.sqlite");
	file_fill(&folder, "journal-2030-01-02.sqlite", "this is no database ");
	for (int i = 0; i < 3000 && journal_healthy(j, &e); i++) {
		assert_true(put_fact(j, WHEN, "{1}", "n"));
		nanosleep(&pause, NULL);
	}
	assert_false(journal_healthy(j, &e));
	check_down(&e, "journal-2030-01-02.sqlite");
	check_untouched("journal-2030-01-02.sqlite", "this is no database this is no");
	take_away("journal-2030-01-02.sqlite");
	becomes_healthy(j);
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &(struct journal_filter){.message_id = "m"}), 1);
}

static void an_attempt_cut_short_is_no_hindrance(void **state)
{
	struct journal *j;

	(void)state;
	assert_int_equal(mkdir(folder.journal, 0700), 0);
	file_fill(&folder, "journal-new.log", "half a file");
	file_fill(&folder, "journal-new.sqlite", "half a file");
	file_fill(&folder, "journal-new.sqlite-wal", "half a log");
	j = journal_start(&folder);
	assert_true(put_fact(j, WHEN, "{1}", "m"));
	journal_close(&j);
	file_is_whole(&folder, "journal-2030-01-02.sqlite");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			too_little_free_space_refuses_and_writes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_batch_fails_whole_and_the_next_one_succeeds, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_grow_makes_it_sick_and_room_heals_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_file_system_loses_nothing_that_was_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_file_is_named_and_never_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(another_schema_is_named_and_never_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(one_directory_has_one_writer, setup, teardown),
		cmocka_unit_test_setup_teardown(a_place_that_is_no_directory_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_taken_away_is_begun_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_with_another_in_its_place_is_not_written_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(an_index_taken_away_is_made_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spoilt_log_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_write_cut_short_is_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_cut_off_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(zeros_ahead_are_nobodys_octets, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_shorter_than_its_index_says_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sick_index_is_said_and_mended, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attempt_cut_short_is_no_hindrance, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
