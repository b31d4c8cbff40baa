/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index finds what a look at every fact finds, in the same order; parts of names; another file in its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "folder_each.h"
#include "journal_int.h"

#define DAY "2030-01-02"

enum { ENTRIES = 400, FACTS_MOST = 4, SEARCHES = 400, MINUTE = 60000 };

/* --- every fact of a day, and a look at each --- */

struct drawn {
	struct journal_fact facts[FACTS_MOST];
	char ids[FACTS_MOST][40];
	struct journal_seen seen;
	struct journal_entry entry;
};

static struct drawn day_facts[ENTRIES];
static unsigned long long drawing = 1;

static int draw(int below)
{
	drawing = drawing * 6364136223846793005ull + 1442695040888963407ull;
	return (int)(drawing >> 33) % below;
}

static struct bytes draw_of(const char *const *texts, int n)
{
	const char *text = texts[draw(n)];

	return text ? bytes_str(text) : BYTES_NONE;
}

/* One is a part of another, two are the same in different columns, some are absent. */
static const char *const participants[] = {"tax", "taxi", "registry", NULL};
static const char *const services[] = {"Permits", "tax", "x", NULL};
static const char *const senders[] = {"sys", "sys'a", NULL};
static const char *const exchanges[] = {"{1}", "{2}", "{3}", "{4}", "{5}"};
static const char *const shared[] = {"{c}", "{d}", NULL};

#define DRAW(texts) draw_of(texts, (int)(sizeof(texts) / sizeof(texts)[0]))

/* Most entries take no time, some up to an hour; entries are not in the order of their facts, and many are of one moment. */
static void entry_draw(struct drawn *d, int number)
{
	const int64_t begin = at(DAY "T06:00:00+05:00").ms + draw(12 * 6) * 10 * MINUTE;
	const int64_t takes = draw(2) == 0 ? 30 * MINUTE : 0;

	d->entry = (struct journal_entry){.facts = d->facts, .fact_count = (size_t)draw(FACTS_MOST + 1)};
	for (size_t i = 0; i < d->entry.fact_count; i++) {
		snprintf(d->ids[i], sizeof d->ids[i], "m%d.%zu", number, i);
		d->facts[i] = fact_of(DAY "T00:00:00+05:00", (const char *)DRAW(exchanges).p, d->ids[i]);
		d->facts[i].at.ms = begin + takes * draw(3);
		d->facts[i].participant = DRAW(participants);
		d->facts[i].service_id = DRAW(services);
		d->facts[i].sender_id = DRAW(senders);
		d->facts[i].correlation_id = DRAW(shared);
		d->facts[i].verdict = draw(10) == 0 ? JOURNAL_REFUSED : JOURNAL_ACCEPTED;
	}
	d->seen = (struct journal_seen){.sender_id = BYTES_LIT("sys"), .message_id = bytes_str(d->ids[0])};
	if (d->entry.fact_count > 0 && draw(2) == 0)
		d->entry.seen = &d->seen;
}

static struct journal_filter filter_draw(void)
{
	static const size_t limits[] = {0, 1, 2, 7, 50, 1000000};
	struct journal_filter f = {.limit = limits[draw(6)], .refused_only = draw(5) == 0};
	const int64_t morning = at(DAY "T06:00:00+05:00").ms;

	if (draw(3) == 0)
		f.participant = (const char *)DRAW(participants).p;
	if (draw(4) == 0)
		f.service_id = (const char *)DRAW(services).p;
	if (draw(4) == 0)
		f.sender_id = (const char *)DRAW(senders).p;
	if (draw(4) == 0)
		f.exchange = (const char *)DRAW(exchanges).p;
	if (draw(5) == 0)
		f.correlation_id = (const char *)DRAW(shared).p;
	if (draw(8) == 0)
		f.message_id = day_facts[draw(ENTRIES)].ids[0];
	if (draw(3) == 0)
		f.since_ms = morning + draw(12 * 60) * MINUTE;
	if (draw(3) == 0)
		f.until_ms = morning + draw(12 * 60) * MINUTE;
	return f;
}

static bool text_fits(const char *wanted, struct bytes has)
{
	return !wanted || (has.n > 0 && bytes_is(has, wanted));
}

static bool fits(const struct journal_filter *f, const struct journal_fact *fact)
{
	return text_fits(f->participant, fact->participant) && text_fits(f->service_id, fact->service_id) &&
		text_fits(f->sender_id, fact->sender_id) && text_fits(f->exchange, bytes_str(fact->exchange)) &&
		text_fits(f->correlation_id, fact->correlation_id) && text_fits(f->message_id, fact->message_id) &&
		(!f->since_ms || fact->at.ms >= f->since_ms) && (!f->until_ms || fact->at.ms <= f->until_ms) &&
		(!f->refused_only || fact->verdict == JOURNAL_REFUSED);
}

/* Newest first; of one moment what was written last. */
static int newest_first(const void *a, const void *b)
{
	const struct journal_fact *x = *(const struct journal_fact *const *)a, *y = *(const struct journal_fact *const *)b;

	if (x->at.ms != y->at.ms)
		return x->at.ms < y->at.ms ? 1 : -1;
	return x < y ? 1 : -1;
}

static void look_at_all(const struct journal_filter *f, struct buf *ids)
{
	const struct journal_fact *found[ENTRIES * FACTS_MOST];
	const size_t limit = f->limit ? f->limit : 1000;
	size_t n = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		for (size_t k = 0; k < day_facts[i].entry.fact_count; k++) {
			if (fits(f, &day_facts[i].facts[k]))
				found[n++] = &day_facts[i].facts[k];
		}
	}
	qsort(found, n, sizeof found[0], newest_first);
	for (size_t i = 0; i < n && i < limit; i++) {
		buf_add(ids, found[i]->message_id);
		buf_char(ids, ' ');
	}
}

static size_t searches_agree(void)
{
	size_t found = 0;

	for (int i = 0; i < SEARCHES; i++) {
		const struct journal_filter f = filter_draw();
		struct told told = {.ids = BUF(1 << 20)};
		struct buf want = BUF(1 << 20);
		struct err e = {.detail = ""};

		look_at_all(&f, &want);
		if (!journal_find(folder.journal, &f, told_each, &told, &e).ok)
			fail_msg("%s", e.detail);
		if (strcmp(buf_cstr(&told.ids), buf_cstr(&want)) != 0)
			fail_msg("search %d: wanted %s\ngot %s", i, buf_cstr(&want), buf_cstr(&told.ids));
		found += told.count > 0;
		buf_free(&told.ids);
		buf_free(&want);
	}
	return found;
}

/* Without the threads of a journal. */
static struct journal_day *day_open(struct journal_days *days)
{
	struct journal_day *day;
	struct err e = {.detail = ""};

	assert_true(mkdir(folder.journal, 0700) == 0 || errno == EEXIST);
	if (!journal_days_open(days, folder.journal, 0, &e).ok || !journal_days_ready(days, DAY, &day, &e).ok)
		fail_msg("%s", e.detail);
	return day;
}

/* The entries from `from` on, `n` of them. */
static void entries_write(struct journal_day *day, int from, int n)
{
	struct err e = {.detail = ""};

	for (int i = from; i < from + n; i++)
		day_facts[i].entry.next = i + 1 < from + n ? &day_facts[i + 1].entry : NULL;
	if (!journal_day_write(day, &day_facts[from].entry, NULL, &e).ok)
		fail_msg("%s", e.detail);
}

static void apply(struct journal_day *day)
{
	struct err e = {.detail = ""};

	if (!journal_day_apply(day, &(size_t){0}, &e).ok)
		fail_msg("%s", e.detail);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void the_index_finds_what_a_look_at_every_fact_finds(void **state)
{
	struct journal_days days;
	struct journal_day *day = day_open(&days);

	(void)state;
	for (int i = 0; i < ENTRIES; i++)
		entry_draw(&day_facts[i], i);
	entries_write(day, 0, ENTRIES / 2);
	apply(day);
	day->index.entries = JOURNAL_PART - ENTRIES / 4; /* so that names lie in two parts */
	entries_write(day, ENTRIES / 2, ENTRIES / 2);
	assert_true(searches_agree() > SEARCHES / 4); /* half of it in the log alone */
	apply(day);
	assert_int_equal(number_of(day->index.db, "SELECT max(key) >> 48 FROM name"), 1);
	assert_true(searches_agree() > SEARCHES / 4);
	journal_days_close(&days);
	assert_true(searches_agree() > SEARCHES / 4);
}

/* --- replay words --- */

static enum journal_seen_state state_of(struct journal_day *day, const char *sender, const char *message)
{
	struct journal_piece answer;
	struct journal_seen out;
	struct err e = {.detail = ""};

	if (!journal_seen_on(day, bytes_str(sender), bytes_str(message), INT64_MIN, &out, &answer, &e).ok)
		fail_msg("%s", e.detail);
	return out.state;
}

/* An entry of one fact; `state` SEEN_NONE: without a word. */
static void word_put_on(struct journal_day *day, const char *sender, const char *message, enum journal_seen_state state)
{
	struct journal_fact fact = fact_of(DAY "T10:00:00+05:00", "{x}", message);
	struct journal_seen seen = {.sender_id = bytes_str(sender), .message_id = bytes_str(message), .state = state};
	struct journal_entry entry = {.facts = &fact, .fact_count = 1, .seen = state == SEEN_NONE ? NULL : &seen};
	struct err e = {.detail = ""};

	if (!journal_day_write(day, &entry, NULL, &e).ok)
		fail_msg("%s", e.detail);
	apply(day);
}

static void word_put(struct journal_day *day, const char *sender, enum journal_seen_state state)
{
	word_put_on(day, sender, "m", state);
}

static void the_newest_word_of_a_sender_is_found_in_every_part(void **state)
{
	struct journal_days days;
	struct journal_day *day = day_open(&days);

	(void)state;
	word_put(day, "one", SEEN_OPEN);
	word_put(day, "two", SEEN_OPEN);
	for (int part = 1; part < 4; part++) {
		assert_int_equal(state_of(day, "one", "m"), part == 1 ? SEEN_OPEN : SEEN_RELEASED);
		assert_int_equal(state_of(day, "two", "m"), SEEN_OPEN);
		assert_int_equal(state_of(day, "three", "m"), SEEN_NONE);
		day->index.entries = (uint64_t)part * JOURNAL_PART;
		word_put(day, "one", SEEN_NONE);
		word_put(day, "one", SEEN_UNCERTAIN);
		word_put(day, "one", SEEN_RELEASED);
		word_put(day, "one", SEEN_NONE);
	}
	word_put_on(day, "one", "late", SEEN_OPEN);
	journal_days_close(&days);
	day = day_open(&days); /* and the filter knows them, of whatever part */
	assert_int_equal(state_of(day, "one", "late"), SEEN_OPEN);
	assert_int_equal(state_of(day, "one", "m"), SEEN_RELEASED);
	assert_int_equal(state_of(day, "two", "m"), SEEN_OPEN);
	journal_days_close(&days);
}

/* --- another file in its place --- */

static void copy_into_place(const char *path)
{
	static const char *const beside[] = {"-wal", "-shm"};
	char copy[600], command[700], other[600];
	sqlite3 *db = NULL;

	snprintf(copy, sizeof copy, "%s.copy", path);
	snprintf(command, sizeof command, "VACUUM INTO '%s'", copy);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, command, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	for (size_t i = 0; i < 2; i++) {
		snprintf(other, sizeof other, "%s%s", path, beside[i]);
		assert_true(unlink(other) == 0 || errno == ENOENT);
	}
	assert_int_equal(rename(copy, path), 0);
}

static void a_copy_in_its_place_is_followed_by_those_who_read(void **state)
{
	struct journal_days days;
	struct journal_day *day = day_open(&days);
	char path[512];

	(void)state;
	folder_path(&folder, "journal-" DAY ".sqlite", path);
	word_put(day, "one", SEEN_OPEN);
	assert_int_equal(state_of(day, "one", "m"), SEEN_OPEN); /* whose reader stays */
	copy_into_place(path);
	word_put(day, "two", SEEN_OPEN);
	assert_int_equal(state_of(day, "two", "m"), SEEN_OPEN);
	assert_int_equal(state_of(day, "one", "m"), SEEN_OPEN);
	journal_days_close(&days);
}

/* --- bounds --- */

static void a_day_that_is_full_says_so(void **state)
{
	struct journal_fact fact = fact_of(DAY "T10:00:00+05:00", "{x}", "m");
	struct journal_entry entry = {.facts = &fact, .fact_count = 1};
	struct journal_days days;
	struct journal_day *day = day_open(&days);
	struct err e = {.detail = ""};
	size_t n = 0;

	(void)state;
	word_put(day, "one", SEEN_OPEN);
	day->index.entries = (uint64_t)JOURNAL_PART * JOURNAL_PARTS_MOST;
	assert_true(journal_day_write(day, &entry, NULL, &e).ok);
	assert_false(journal_day_apply(day, &n, &e).ok);
	assert_non_null(strstr(e.detail, "no more entries"));
	assert_int_equal(state_of(day, "one", "m"), SEEN_OPEN);
	journal_days_close(&days);
}

/* --- heads in memory --- */

static void head_spoil(uint64_t place)
{
	const off_t at = (off_t)place + JOURNAL_HEAD_FIXED;
	unsigned char octet;
	char path[512];
	int fd;

	folder_path(&folder, "journal-" DAY ".log", path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && pread(fd, &octet, 1, at) == 1);
	octet ^= 1;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void a_head_that_is_in_memory_is_not_read_again(void **state)
{
	struct journal_fact fact = fact_of(DAY "T10:00:00+05:00", "{x}", "m");
	struct journal_entry entry[4];
	struct journal_days days;
	struct journal_day *day = day_open(&days);
	struct err e = {.detail = ""};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		entry[i] = (struct journal_entry){.facts = &fact, .fact_count = 1};
	assert_true(journal_day_write(day, &entry[0], NULL, &e).ok);
	buf_clear(&day->heads); /* as where there was no room for it */
	for (size_t i = 1; i < 3; i++) {
		assert_true(journal_day_write(day, &entry[i], NULL, &e).ok);
		head_spoil(entry[i].place);
	}
	apply(day);
	assert_int_equal(number_of(day->index.db, "SELECT count(*) FROM entry"), 3);
	assert_true(journal_day_write(day, &entry[3], NULL, &e).ok);
	buf_clear(&day->heads);
	head_spoil(entry[3].place);
	assert_false(journal_day_apply(day, &n, &e).ok);
	assert_non_null(strstr(e.detail, "stands no record"));
	journal_days_close(&days);
}

static void there_is_a_bound_for_heads_in_memory(void **state)
{
	static const char long_name[100000] = {[0 ... 99998] = 'x'};
	struct journal_fact fact = fact_of(DAY "T10:00:00+05:00", "{x}", "m");
	struct journal_entry entry[JOURNAL_HEADS / sizeof long_name + 2];
	struct journal_days days;
	struct journal_day *day = day_open(&days);
	const size_t most = sizeof entry / sizeof entry[0];
	struct err e = {.detail = ""};

	(void)state;
	fact.participant = bytes_str(long_name);
	for (size_t i = 0; i < most; i++) {
		entry[i] = (struct journal_entry){.facts = &fact, .fact_count = 1};
		assert_true(journal_day_write(day, &entry[i], NULL, &e).ok);
	}
	assert_in_range(day->heads.len, JOURNAL_HEADS / 2, JOURNAL_HEADS);
	apply(day);
	assert_int_equal(number_of(day->index.db, "SELECT count(*) FROM entry"), most);
	journal_days_close(&days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_index_finds_what_a_look_at_every_fact_finds, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_word_of_a_sender_is_found_in_every_part, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_in_its_place_is_followed_by_those_who_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_that_is_full_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_head_that_is_in_memory_is_not_read_again, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_a_bound_for_heads_in_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
