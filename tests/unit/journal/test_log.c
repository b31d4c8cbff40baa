/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log below the public interface: whatever octet of it is changed, nothing else is read than what was written. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "folder_each.h"
#include "journal_int.h"

#define DAY "2030-01-02"
#define WHEN "2030-01-02T03:04:05+05:00"

static struct journal_log log_file;

static int setup_log(void **state)
{
	struct err e;

	setup(state);
	assert_int_equal(mkdir(folder.journal, 0700), 0);
	assert_true(journal_log_create(folder.journal, DAY, &e).ok);
	assert_true(journal_log_open(folder.journal, DAY, true, &log_file, &e).ok);
	log_file.end = JOURNAL_FIRST;
	return 0;
}

static int teardown_log(void **state)
{
	journal_log_close(&log_file);
	return teardown(state);
}

static void append(struct bytes octets, struct bytes body)
{
	struct journal_fact fact = fact_of(WHEN, "{x}", "m");
	struct journal_seen seen = {.sender_id = BYTES_LIT("s"), .message_id = BYTES_LIT("m"), .state = SEEN_OPEN};
	struct journal_waiting waiting = {.id = BYTES_LIT("w"), .meta = BYTES_LIT("meta"), .body = body};
	struct journal_entry entry = {.facts = &fact, .fact_count = 1, .seen = &seen, .waiting = &waiting};
	struct err e = {.detail = ""};

	fact.octets = octets;
	if (!journal_log_append(&log_file, DAY, &entry, NULL, &e).ok)
		fail_msg("%s", e.detail);
}

struct tail {
	int records;
	uint64_t end;
};

static bool tail_each(void *ctx, const struct journal_record *record)
{
	struct tail *t = ctx;

	t->records++;
	assert_true(bytes_is(record->facts[0].message_id, "m"));
	assert_true(bytes_is(record->waiting.id, "w"));
	return true;
}

static struct tail tail_read(void)
{
	struct tail t = {0, 0};
	struct err e;

	assert_true(journal_log_tail(&log_file, DAY, JOURNAL_FIRST, &t.end, tail_each, &t, &e).ok);
	return t;
}

static void every_changed_octet_ends_the_tail(void **state)
{
	uint64_t second;
	unsigned char was, other;

	(void)state;
	append(BYTES_LIT("the octets of a fact"), BYTES_LIT("a body"));
	second = log_file.end;
	append(BYTES_LIT("more octets"), BYTES_LIT("another body"));
	assert_int_equal(tail_read().records, 2);
	assert_int_equal(tail_read().end, log_file.end);
	for (uint64_t at = second; at < log_file.end; at++) {
		assert_int_equal(pread(log_file.fd, &was, 1, (off_t)at), 1);
		other = was ^ (unsigned char)(1 << at % 8);
		assert_int_equal(pwrite(log_file.fd, &other, 1, (off_t)at), 1);
		if (tail_read().records != 1 || tail_read().end != second)
			fail_msg("octet %llu of the second record was changed, and it was read", (unsigned long long)(at - second));
		assert_int_equal(pwrite(log_file.fd, &was, 1, (off_t)at), 1);
	}
	assert_int_equal(tail_read().records, 2);
}

/* A record that stands elsewhere than it was written is none, whole as it is. */
static void a_record_counts_in_its_place_alone(void **state)
{
	unsigned char record[4096];
	uint64_t second;
	size_t n;

	(void)state;
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	second = log_file.end;
	n = second - JOURNAL_FIRST;
	assert_true(n <= sizeof record);
	assert_int_equal(pread(log_file.fd, record, n, JOURNAL_FIRST), n);
	assert_int_equal(pwrite(log_file.fd, record, n, (off_t)second), n);
	assert_int_equal(tail_read().records, 1);
	assert_int_equal(tail_read().end, second);
}

static void more_entries_than_one_call_takes_are_written(void **state)
{
	enum { MANY = 3000 };
	struct journal_fact fact = fact_of(WHEN, "{x}", "m");
	struct journal_waiting waiting = {.id = BYTES_LIT("w"), .body = BYTES_LIT("a body")};
	struct journal_entry *entries = calloc(MANY, sizeof *entries);
	struct err e;

	(void)state;
	assert_non_null(entries);
	fact.octets = BYTES_LIT("some octets");
	for (size_t i = 0; i < MANY; i++)
		entries[i] = (struct journal_entry){.facts = &fact,
			.fact_count = 1,
			.waiting = &waiting,
			.next = i + 1 < MANY ? &entries[i + 1] : NULL};
	assert_true(journal_log_append(&log_file, DAY, entries, NULL, &e).ok);
	assert_int_equal(tail_read().records, MANY);
	assert_int_equal(tail_read().end, log_file.end);
	free(entries);
}

static void what_failed_leaves_nothing(void **state)
{
	struct journal_fact fact = fact_of(WHEN, "{x}", "m");
	struct journal_entry entry = {.facts = &fact, .fact_count = JOURNAL_FACTS + 1};
	uint64_t before;
	struct err e;

	(void)state;
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	before = log_file.end;
	assert_false(journal_log_append(&log_file, DAY, &entry, NULL, &e).ok);
	assert_int_equal(log_file.end, before);
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	assert_int_equal(tail_read().records, 2);
	assert_true(journal_log_probe(&log_file, DAY, &e).ok);
	assert_int_equal(tail_read().end, log_file.end);
}

/* Of two entries the first is on disk when the second fails: nobody was told of it, so it must not be found. */
static void half_of_a_write_is_taken_back(void **state)
{
	static const unsigned char octets[100000];
	struct journal_fact fact = fact_of(WHEN, "{x}", "m");
	struct journal_entry second = {.facts = &fact, .fact_count = 1}, first = {.next = &second};
	struct rlimit before, tight;
	struct stat st;
	struct err e;

	(void)state;
	fact.octets = (struct bytes){octets, sizeof octets};
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 50000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_false(journal_log_append(&log_file, DAY, &first, NULL, &e).ok);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(fstat(log_file.fd, &st), 0);
	assert_int_equal(st.st_size, log_file.end);
	assert_int_equal(tail_read().records, 1);
}

static uint64_t size_now(void)
{
	struct stat st;

	assert_int_equal(fstat(log_file.fd, &st), 0);
	return (uint64_t)st.st_size;
}

/* Zeros that are written ahead are no record; records take their place, and what is left of them goes. */
static void zeros_ahead_are_written_over(void **state)
{
	static const unsigned char octets[JOURNAL_FILL];
	uint64_t filled;

	(void)state;
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	journal_log_fill(&log_file, DAY);
	filled = size_now();
	assert_in_range(filled, log_file.end + JOURNAL_FILL / 2, log_file.end + JOURNAL_FILL);
	assert_int_equal(tail_read().records, 1);
	append((struct bytes){octets, 10000}, BYTES_LIT("body"));
	journal_log_fill(&log_file, DAY);
	assert_int_equal(size_now(), filled); /* there are enough */
	assert_int_equal(tail_read().records, 2);
	append((struct bytes){octets, sizeof octets}, BYTES_LIT("body"));
	assert_int_equal(size_now(), log_file.end);
	journal_log_trim(&log_file);
	assert_int_equal(size_now(), log_file.end);
	journal_log_fill(&log_file, DAY);
	assert_true(size_now() > log_file.end);
	journal_log_trim(&log_file);
	assert_int_equal(size_now(), log_file.end);
	assert_int_equal(tail_read().records, 3);
	journal_log_fill(&log_file, DAY);
	filled = size_now();
	assert_int_equal(pwrite(log_file.fd, "x", 1, (off_t)filled), 1); /* somebody else's */
	journal_log_trim(&log_file);
	assert_int_equal(size_now(), filled + 1);
}

static void a_failure_takes_the_zeros_too(void **state)
{
	static const unsigned char octets[2 * JOURNAL_FILL];
	struct journal_fact fact = fact_of(WHEN, "{x}", "m");
	struct journal_entry entry = {.facts = &fact, .fact_count = 1};
	struct rlimit before, tight;
	struct err e;

	(void)state;
	append(BYTES_LIT("octets"), BYTES_LIT("body"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	signal(SIGXFSZ, SIG_IGN);
	tight.rlim_cur = JOURNAL_FILL / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	journal_log_fill(&log_file, DAY);
	assert_int_equal(size_now(), log_file.end);
	tight.rlim_cur = JOURNAL_FILL * 3 / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	journal_log_fill(&log_file, DAY);
	assert_true(size_now() > log_file.end);
	fact.octets = (struct bytes){octets, sizeof octets};
	assert_false(journal_log_append(&log_file, DAY, &entry, NULL, &e).ok);
	assert_int_equal(size_now(), log_file.end);
	journal_log_fill(&log_file, DAY);
	assert_true(size_now() > log_file.end); /* it was not forgotten that they went */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(tail_read().records, 1);
}

/* Pages of memory that the process has now. */
static rlim_t memory_now(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* What cannot be looked at is not the end of the log: it would be cut off there. */
static void a_lack_of_memory_is_not_the_end(void **state)
{
	static const unsigned char octets[64 << 20];
	struct rlimit before, tight;
	struct tail t = {0, 0};
	struct err e = {.reason = REASON_NONE};
	bool read;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();
#endif
	append((struct bytes){octets, sizeof octets}, BYTES_LIT("body"));
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	tight = before;
	tight.rlim_cur = memory_now() + (16 << 20);
	assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
	read = journal_log_tail(&log_file, DAY, JOURNAL_FIRST, &t.end, tail_each, &t, &e).ok;
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_false(read);
	assert_int_equal(e.reason, REASON_JOURNAL_DOWN);
	assert_int_equal(tail_read().records, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_changed_octet_ends_the_tail, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(a_record_counts_in_its_place_alone, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(more_entries_than_one_call_takes_are_written, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(what_failed_leaves_nothing, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(a_lack_of_memory_is_not_the_end, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(half_of_a_write_is_taken_back, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(zeros_ahead_are_written_over, setup_log, teardown_log),
		cmocka_unit_test_setup_teardown(a_failure_takes_the_zeros_too, setup_log, teardown_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
