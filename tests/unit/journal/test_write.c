/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts are written whole, in order, into the file of their day, for no other eyes. */
#include "help.h"

#include <openssl/sha.h>

static const struct journal_filter all = {.with_octets = true, .with_sha256 = true};

static bool same(void *ctx, const struct journal_fact *got)
{
	const struct journal_fact *want = ctx;
	const struct {
		const char *name;
		struct bytes got, want;
	} texts[] = {{"participant", got->participant, want->participant}, {"peer", got->peer, want->peer},
		{"service_id", got->service_id, want->service_id},
		{"sender_id", got->sender_id, want->sender_id},
		{"message_id", got->message_id, want->message_id},
		{"correlation_id", got->correlation_id, want->correlation_id},
		{"certificate", got->certificate, want->certificate},
		{"subject", got->subject, want->subject}, {"reason", got->reason, want->reason},
		{"detail", got->detail, want->detail}, {"error_id", got->error_id, want->error_id},
		{"octets", got->octets, want->octets}};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!bytes_eq(texts[i].got, texts[i].want))
			fail_msg("%s came back changed", texts[i].name);
	}
	assert_true(got->id != 0);
	assert_int_equal(got->at.ms, want->at.ms);
	assert_int_equal(got->at.offset_min, want->at.offset_min);
	assert_true(got->at.has_offset);
	assert_string_equal(got->exchange, want->exchange);
	assert_int_equal(got->direction, want->direction);
	assert_int_equal(got->kind, want->kind);
	assert_int_equal(got->verdict, want->verdict);
	assert_int_equal(got->duration_us, want->duration_us);
	assert_memory_equal(got->sha256, want->sha256, 32);
	assert_int_equal(got->size, want->size);
	return true;
}

static void every_field_and_octet_comes_back(void **state)
{
	static unsigned char octets[70000];
	unsigned char wanted[32];
	struct folder f;
	struct journal *j;
	struct journal_fact fact = {.at = at("2030-01-02T03:04:05.678+05:00"),
		.exchange = "{0f8fad5b-d9cb-469f-a165-70867728950e}",
		.direction = JOURNAL_SENT,
		.kind = JOURNAL_FAULT,
		.verdict = JOURNAL_PLAIN,
		.participant = BYTES_LIT("Тізілім"),
		.peer = BYTES_LIT("[::1]:8443"),
		.service_id = BYTES_LIT("Permits"),
		.sender_id = BYTES_LIT("sys"),
		.message_id = BYTES_LIT("{m}"),
		.correlation_id = BYTES_LIT("{c}"),
		.certificate = BYTES_LIT("00ff"),
		.subject = BYTES_LIT("CN=x"),
		.reason = BYTES_LIT("signature.digest-mismatch"),
		.detail = BYTES_LIT("it's \"this\""),
		.error_id = BYTES_LIT("ABCDEFGHJKLM"),
		.duration_us = INT64_C(5000000000),
		.size = sizeof octets,
		.octets = {octets, sizeof octets}};

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (unsigned char)(i * 7 + i / 251); /* every value, NUL included */
	SHA256(octets, sizeof octets, wanted);
	memset(fact.sha256, 'w', sizeof fact.sha256); /* it is not asked for: they are kept */
	folder_make(&f);
	j = journal_start(&f);
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	memcpy(fact.sha256, wanted, sizeof wanted);
	assert_true(journal_find(f.journal, &all, same, &fact, NULL).ok);
	journal_close(&j);
	assert_null(j);
	assert_true(journal_find(f.journal, &all, same, &fact, NULL).ok);
	assert_int_equal(facts_count(f.journal, &all), 1);
	fact.octets = BYTES_NONE; /* they were not asked for */
	assert_true(journal_find(f.journal, &(struct journal_filter){.with_sha256 = true}, same, &fact, NULL).ok);
	memset(fact.sha256, 0, sizeof fact.sha256); /* and neither was it */
	assert_true(journal_find(f.journal, &(struct journal_filter){.limit = 5}, same, &fact, NULL).ok);
	folder_drop(&f);
}

static void of_octets_that_are_not_kept_the_digest_is(void **state)
{
	struct journal_fact fact = {.at = at("2030-01-02T03:04:05+05:00"), .size = 5000};
	struct folder f;
	struct journal *j;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		fact.sha256[i] = (unsigned char)(i * 8);
	folder_make(&f);
	j = journal_start(&f);
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	journal_close(&j);
	assert_true(journal_find(f.journal, &(struct journal_filter){.limit = 5}, same, &fact, NULL).ok);
	assert_true(journal_find(f.journal, &all, same, &fact, NULL).ok);
	folder_drop(&f);
}

static void empty_fields_come_back_empty(void **state)
{
	struct journal_fact fact = {.at = at("2030-01-02T03:04:05-03:30")};
	struct folder f;
	struct journal *j;

	(void)state;
	SHA256((const unsigned char *)"", 0, fact.sha256);
	folder_make(&f);
	j = journal_start(&f);
	assert_true(put_wait(j, &fact, 1, NULL, NULL));
	journal_close(&j);
	assert_true(journal_find(f.journal, &all, same, &fact, NULL).ok);
	assert_int_equal(facts_count(f.journal, &all), 1);
	folder_drop(&f);
}

static void facts_lie_in_the_file_of_their_local_day(void **state)
{
	struct folder f;
	struct journal *j;

	(void)state;
	folder_make(&f);
	j = journal_start(&f);
	assert_true(put_fact(j, "2030-01-01T23:59:59.999+05:00", "{1}", "a"));
	assert_false(file_there(&f, "journal-2030-01-02.log"));
	assert_true(put_fact(j, "2030-01-02T00:00:00.000+05:00", "{2}", "b"));
	assert_true(put_fact(j, "2030-01-02T23:30:00.000-10:00", "{3}", "c")); /* already the third in UTC */
	assert_true(put_fact(j, "2030-01-01T12:00:00.000+05:00", "{4}", "d")); /* late, but into its day */
	journal_close(&j);
	assert_true(file_there(&f, "journal-2030-01-01.log"));
	assert_true(file_there(&f, "journal-2030-01-02.sqlite"));
	assert_false(file_there(&f, "journal-2030-01-03.log"));
	assert_int_equal(facts_count(f.journal, &all), 4);
	{
		char path[512];

		folder_path(&f, "journal-2030-01-02.sqlite", path);
		unlink(path); /* the log alone has them */
		assert_int_equal(facts_count(f.journal, &all), 4);
		folder_path(&f, "journal-2030-01-02.log", path);
		unlink(path);
	}
	assert_int_equal(facts_count(f.journal, &all), 2);
	folder_drop(&f);
}

static void an_entry_over_midnight_stays_in_one_file(void **state)
{
	struct journal_fact facts[] = {fact_of("2030-01-01T23:59:59+05:00", "{1}", "request"),
		fact_of("2030-01-02T00:00:01+05:00", "{1}", "answer")};
	struct folder f;
	struct journal *j;

	(void)state;
	folder_make(&f);
	j = journal_start(&f);
	assert_true(put_wait(j, facts, 2, NULL, NULL));
	journal_close(&j);
	assert_false(file_there(&f, "journal-2030-01-01.log"));
	assert_true(file_there(&f, "journal-2030-01-02.sqlite"));
	/* and a search that ends at midnight still finds the request */
	assert_int_equal(facts_count(f.journal, &(struct journal_filter){.until_ms = facts[0].at.ms}), 1);
	folder_drop(&f);
}

static void check_mode(const char *path, unsigned want)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	if ((st.st_mode & 07777) != want)
		fail_msg("%s has mode %04o", path, (unsigned)(st.st_mode & 07777));
}

static void nobody_else_can_read(void **state)
{
	static const char *const names[] = {"journal-2030-01-02.log", "journal-2030-01-02.sqlite",
		"journal-2030-01-02.sqlite-wal", "journal-2030-01-02.sqlite-shm"};
	mode_t before = umask(0);
	struct folder f;
	struct journal *j;
	char path[512];

	(void)state;
	folder_make(&f);
	assert_int_equal(mkdir(f.journal, 0755), 0);
	for (int round = 0; round < 2; round++) {
		j = journal_start(&f);
		assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "a"));
		check_mode(f.journal, 0700);
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			folder_path(&f, names[i], path);
			check_mode(path, 0600);
		}
		journal_close(&j);
		for (size_t i = 0; i < 2; i++) { /* the second round must repair this */
			folder_path(&f, names[i], path);
			assert_int_equal(chmod(path, 0666), 0);
		}
		assert_int_equal(chmod(f.journal, 0777), 0);
	}
	umask(before);
	folder_drop(&f);
}

static void closing_writes_what_waits_and_leaves_no_log_of_sqlites(void **state)
{
	enum { N = 40 };
	static struct ticket tickets[N];
	static struct journal_fact facts[N];
	struct folder f;
	struct journal *j;

	(void)state;
	folder_make(&f);
	j = journal_start(&f);
	for (int i = 0; i < N; i++) {
		facts[i] = fact_of("2030-01-02T03:04:05+05:00", "{1}", "m");
		ticket_put(j, &tickets[i], &facts[i], 1, NULL);
	}
	journal_close(&j);
	for (int i = 0; i < N; i++) {
		assert_int_equal(tickets[i].calls, 1);
		assert_true(tickets[i].ok);
	}
	assert_false(file_there(&f, "journal-new.log"));
	assert_false(file_there(&f, "journal-new.sqlite"));
	assert_true(file_there(&f, "journal-2030-01-02.log"));
	assert_true(file_there(&f, "journal-2030-01-02.sqlite"));
	assert_false(file_there(&f, "journal-2030-01-02.sqlite-wal"));
	assert_int_equal(facts_count(f.journal, &all), N);
	folder_drop(&f);
	journal_close(&j); /* takes NULL */
}

/* Puts itself again from its callback. */
struct chain {
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal *journal;
	int left;
};

static void chain_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct chain *c = entry->ctx;

	(void)e;
	if (result.ok && --c->left > 0)
		journal_put(c->journal, entry);
}

static void closing_writes_what_callbacks_put(void **state)
{
	struct chain c = {.fact = fact_of("2030-01-02T03:04:05+05:00", "{1}", "m"), .left = 30};
	struct folder f;
	struct journal *j;

	(void)state;
	folder_make(&f);
	j = journal_start(&f);
	c.journal = j;
	c.entry = (struct journal_entry){.facts = &c.fact, .fact_count = 1, .done = chain_done, .ctx = &c};
	journal_put(j, &c.entry);
	journal_close(&j);
	assert_int_equal(c.left, 0);
	assert_int_equal(facts_count(f.journal, &all), 30);
	folder_drop(&f);
}

enum { GROUP = 50 };
static struct {
	struct journal_entry entry;
	struct journal_fact fact;
	char name[16];
} group[GROUP];
static struct {
	const char *directory;
	int order[GROUP], calls;
	int there_at_first; /* facts on disk when the first was called back */
} group_log;

static void group_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	(void)e;
	assert_true(result.ok);
	if (group_log.calls == 0)
		group_log.there_at_first = facts_count(group_log.directory, &all);
	group_log.order[group_log.calls++] = (int)(intptr_t)entry->ctx;
}

static void entries_that_wait_share_a_commit_and_keep_their_order(void **state)
{
	struct told told = {.ids = BUF(1 << 16)};
	struct folder f;
	struct journal *j;
	struct hold hold;
	char want[GROUP * 8] = "";

	(void)state;
	folder_make(&f);
	j = journal_start(&f);
	group_log.directory = f.journal;
	hold_begin(j, &hold, "2030-01-02T03:04:05+05:00");
	for (int i = 0; i < GROUP; i++) {
		snprintf(group[i].name, sizeof group[i].name, "m%d", i);
		group[i].fact = fact_of("2030-01-02T03:04:06+05:00", "{1}", group[i].name);
		group[i].entry = (struct journal_entry){.facts = &group[i].fact,
			.fact_count = 1,
			.done = group_done,
			.ctx = (void *)(intptr_t)i};
		journal_put(j, &group[i].entry);
	}
	hold_end(&hold);
	journal_close(&j);
	assert_int_equal(group_log.calls, GROUP);
	assert_int_equal(group_log.there_at_first, 1 + GROUP);
	for (int i = 0; i < GROUP; i++)
		assert_int_equal(group_log.order[i], i);
	assert_true(journal_find(f.journal, &all, told_each, &told, NULL).ok);
	for (int i = GROUP - 1; i >= 0; i--)
		snprintf(want + strlen(want), sizeof want - strlen(want), "m%d ", i);
	assert_int_equal(strncmp(buf_cstr(&told.ids), want, strlen(want)), 0);
	buf_free(&told.ids);
	folder_drop(&f);
}

static void day_name(int days_ago, char out[64])
{
	char day[11];

	stamp_day(stamp_at(stamp_now().ms - days_ago * INT64_C(86400000)), day);
	snprintf(out, 64, "journal-%s.log", day);
}

static void days_beyond_retention_are_removed_whole(void **state)
{
	static const int ago[] = {0, 3, 12, 400};
	char name[64], wal[80];
	struct folder f;
	struct journal *j;

	(void)state;
	folder_make(&f);
	j = journal_start_with(&f, (struct journal_settings){.retention_days = 0});
	for (size_t i = 0; i < sizeof ago / sizeof ago[0]; i++) {
		struct journal_fact fact = {.at = stamp_at(stamp_now().ms - ago[i] * INT64_C(86400000))};

		assert_true(put_wait(j, &fact, 1, NULL, NULL));
	}
	journal_close(&j);
	day_name(12, name);
	snprintf(wal, sizeof wal, "%.18s.sqlite-wal", name);
	file_fill(&f, wal, "");
	file_fill(&f, "journal-1999-01-01.sqlite.bak", "kept: not ours");
	assert_int_equal(facts_count(f.journal, &all), 4);
	j = journal_start_with(&f, (struct journal_settings){.retention_days = 10});
	assert_false(file_there(&f, name));
	assert_false(file_there(&f, wal));
	day_name(400, name);
	assert_false(file_there(&f, name));
	day_name(3, name);
	assert_true(file_there(&f, name));
	assert_true(file_there(&f, "journal-1999-01-01.sqlite.bak"));
	assert_int_equal(facts_count(f.journal, &all), 2);
	assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "a"));
	journal_close(&j);
	assert_int_equal(facts_count(f.journal, &all), 3);
	folder_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_and_octet_comes_back),
		cmocka_unit_test(of_octets_that_are_not_kept_the_digest_is),
		cmocka_unit_test(empty_fields_come_back_empty),
		cmocka_unit_test(facts_lie_in_the_file_of_their_local_day),
		cmocka_unit_test(an_entry_over_midnight_stays_in_one_file),
		cmocka_unit_test(nobody_else_can_read),
		cmocka_unit_test(closing_writes_what_waits_and_leaves_no_log_of_sqlites),
		cmocka_unit_test(closing_writes_what_callbacks_put),
		cmocka_unit_test(entries_that_wait_share_a_commit_and_keep_their_order),
		cmocka_unit_test(days_beyond_retention_are_removed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
