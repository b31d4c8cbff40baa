/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders in the background: they are kept, asked until their token comes, and no wrong answer counts. */
#include <dirent.h>
#include <sys/stat.h>

#include "log/log.h"

#include "authority.h"

static struct authority authority;
static char directory[160];

/* Tokens that came. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t some;
	size_t n;
	char last[80];
	char policy[80];
	int64_t at_ms;
} came = {.lock = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER};

static int start(void **state)
{
	if (folder_make(state))
		return -1;
	log_set_level(LOG_ERROR);
	authority_init(&authority);
	return 0;
}

static int stop(void **state)
{
	authority_drop(&authority);
	return folder_drop(state);
}

static int fresh(void **state)
{
	static int number;

	(void)state;
	snprintf(directory, sizeof directory, "%s/%d", folder, number++);
	came.n = 0;
	return 0;
}

static void on_token(void *ctx, struct bytes name, struct bytes token, const struct timestamp_token *says)
{
	assert_ptr_equal(ctx, &came);
	assert_true(token.n > 0);
	pthread_mutex_lock(&came.lock);
	came.n++;
	came.at_ms = says->at_ms;
	snprintf(came.policy, sizeof came.policy, "%s", says->policy);
	snprintf(came.last, sizeof came.last, "%.*s", (int)name.n, (const char *)name.p);
	pthread_cond_broadcast(&came.some);
	pthread_mutex_unlock(&came.lock);
}

static struct timestamp *begin_with(struct timestamp_settings s)
{
	struct timestamp *t = NULL;
	struct err e = {.detail = ""};

	s.on_token = on_token;
	s.ctx = &came;
	if (!timestamp_start(&s, &t, &e).ok)
		fail_msg("%s", e.detail);
	return t;
}

static struct timestamp *begin_usual(void)
{
	return begin_with(settings_for(&authority, directory));
}

static void order(struct timestamp *t, const char *name)
{
	unsigned char room[32];
	struct err e = {.detail = ""};

	if (!timestamp_order(t, bytes_str(name), imprint_of(name, room), &e).ok)
		fail_msg("%s: %s", name, e.detail);
}

static void wait_tokens(size_t n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60; /* only for a room that never asks */
	pthread_mutex_lock(&came.lock);
	while (came.n < n)
		assert_int_equal(pthread_cond_timedwait(&came.some, &came.lock, &until), 0);
	pthread_mutex_unlock(&came.lock);
}

/* Questions that wait for their answer. */
static void wait_held(size_t n)
{
	for (int i = 0;; i++) {
		size_t held;

		pthread_mutex_lock(&authority.lock);
		held = authority.held;
		pthread_mutex_unlock(&authority.lock);
		if (held >= n)
			return;
		assert_true(i < 30000);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
}

static size_t files(const char *what)
{
	char path[256];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/%s", directory, what);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void put_file(const char *what, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s/%s", directory, what, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static void a_token_comes_and_stays(void **state)
{
	struct timestamp_settings s = settings_for(&authority, directory);
	struct timestamp *t;

	(void)state;
	authority_listen(&authority, NULL, 0);
	s.url = authority.url;
	s.policy = "1.2.3.4"; /* not the one that the authority gives unasked */
	t = begin_with(s);
	order(t, "first-1");
	wait_tokens(1);
	assert_string_equal(came.last, "first-1");
	assert_string_equal(came.policy, "1.2.3.4");
	assert_int_equal(came.at_ms, NOON * 1000 + 250);
	assert_token(&authority, directory, "first-1");
	assert_int_equal(timestamp_waiting(t), 0);
	assert_int_equal(files("orders"), 0);
	order(t, "first-1"); /* changes nothing */
	assert_int_equal(timestamp_waiting(t), 0);
	assert_int_equal(files("orders"), 0);
	timestamp_stop(&t);
	assert_null(t);
	authority_quiet(&authority);
	assert_memory_equal(authority.head, "POST /tsp HTTP/1.1\r\n", 20);
	assert_non_null(strstr(authority.head, "\r\nContent-Type: application/timestamp-query\r\n"));
	assert_null(strstr(authority.head, "SOAPAction"));
	assert_int_equal(authority.asked, 1);
}

/* Each of these answers comes before the good one, and none of them is taken for it. */
static void only_the_right_answer_is_a_token(void **state)
{
	static const struct {
		const char *row;
		enum behaviour how;
	} rows[] = {
		{"HTTP 503", UNAVAILABLE}, {"waiting", WAITING}, {"rejection", REJECTED}, {"a closed connection", CLOSED},
		{"a page", PAGE}, {"a response that is cut", CUT}, {"a signer from elsewhere", STRANGE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const enum behaviour twice[] = {rows[i].how, rows[i].how};
		struct timestamp *t;

		fresh(NULL);
		authority_listen(&authority, twice, 2);
		t = begin_usual();
		order(t, "a");
		wait_tokens(1);
		assert_token(&authority, directory, "a");
		timestamp_stop(&t);
		authority_quiet(&authority);
		if (authority.asked != 3)
			fail_msg("%s: was asked %zu times", rows[i].row, authority.asked);
	}
}

/* The answer to the first question, given again to the second, is over another imprint and nonce. */
static void an_old_answer_is_no_token(void **state)
{
	static const enum behaviour script[] = {GOOD, OLD};
	struct timestamp *t;

	(void)state;
	authority_listen(&authority, script, COUNT(script));
	t = begin_usual();
	order(t, "a");
	wait_tokens(1);
	order(t, "b");
	wait_tokens(2);
	assert_token(&authority, directory, "b");
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_int_equal(authority.asked, 3);
}

static void many_orders_are_asked_a_few_at_once(void **state)
{
	static enum behaviour script[100];
	struct timestamp *t;
	char name[16];

	(void)state;
	for (size_t i = 0; i < COUNT(script); i++)
		script[i] = HELD;
	authority_listen(&authority, script, COUNT(script));
	t = begin_usual();
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "many-%d", i);
		order(t, name);
	}
	wait_held(8);
	assert_int_equal(timestamp_waiting(t), 200);
	atomic_store(&authority.http->open_gate, true);
	wait_tokens(200);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "many-%d", i);
		assert_token(&authority, directory, name);
	}
	assert_int_equal(timestamp_waiting(t), 0);
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_int_equal(authority.most, 8);
	assert_int_equal(authority.asked, 200);
}

static void an_authority_in_trouble_is_asked_by_one_question(void **state)
{
	static const enum behaviour script[] = {UNAVAILABLE, HELD, HELD, HELD, HELD};
	struct timestamp *t;
	char name[16];

	(void)state;
	authority_listen(&authority, script, COUNT(script));
	t = begin_usual();
	order(t, "a");
	wait_held(1); /* the second question: the trouble is known */
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "more-%d", i);
		order(t, name);
	}
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_int_equal(authority.asked, 2);
	assert_int_equal(files("orders"), 21);
}

static void an_order_waits_for_an_authority_that_is_away(void **state)
{
	struct timestamp_settings s = settings_for(&authority, directory);
	struct timestamp *t;

	(void)state;
	s.url = "http://127.0.0.1:1/";
	t = begin_with(s);
	order(t, "a");
	order(t, "a");
	order(t, "b");
	assert_int_equal(timestamp_waiting(t), 2);
	timestamp_stop(&t);
	assert_int_equal(files("orders"), 2);
	put_file("orders", ".0123456789abcdef", "half of an ord");
	put_file("tokens", ".0123456789abcdef", "half");
	authority_listen(&authority, NULL, 0);
	t = begin_usual();
	wait_tokens(2);
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_token(&authority, directory, "a");
	assert_token(&authority, directory, "b");
	assert_int_equal(files("orders"), 0);
	assert_int_equal(files("tokens"), 2);
	assert_int_equal(authority.asked, 2);
}

static void a_stop_does_not_wait_for_the_authority(void **state)
{
	static const enum behaviour script[] = {HELD};
	struct timestamp *t;

	(void)state;
	authority_listen(&authority, script, COUNT(script));
	t = begin_usual();
	order(t, "a");
	wait_held(1);
	timestamp_stop(&t);
	assert_int_equal(files("orders"), 1);
	assert_int_equal(files("tokens"), 0);
	authority_quiet(&authority);
	timestamp_stop(&t); /* takes NULL */
}

/* It died when the token was there and the order not yet gone. */
static void an_order_with_a_token_is_not_asked_again(void **state)
{
	struct timestamp *t;

	(void)state;
	authority_listen(&authority, NULL, 0);
	t = begin_usual();
	order(t, "a");
	wait_tokens(1);
	timestamp_stop(&t);
	put_file("orders", "a", "2.16.840.1.101.3.4.2.1 "
		"6100000000000000000000000000000000000000000000000000000000000000\n");
	t = begin_usual();
	order(t, "b");
	wait_tokens(2);
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_token(&authority, directory, "a");
	assert_int_equal(files("orders"), 0);
	assert_int_equal(authority.asked, 2);
}

static void an_order_that_cannot_be_read_hinders_no_other(void **state)
{
	static const char *const broken[] = {"", "nonsense", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.1 61\n",
		"2.16.840.1.101.3.4.2.1 xx\n", "1.3.14.3.2.26 6100000000000000000000000000000000000000\n"};
	struct timestamp *t;

	(void)state;
	authority_listen(&authority, NULL, 0);
	t = begin_usual();
	timestamp_stop(&t);
	for (size_t i = 0; i < COUNT(broken); i++) {
		char name[16];

		snprintf(name, sizeof name, "broken-%zu", i);
		put_file("orders", name, broken[i]);
	}
	log_set_level(LOG_ERROR + 1);
	t = begin_usual();
	order(t, "a");
	wait_tokens(1);
	timestamp_stop(&t);
	log_set_level(LOG_ERROR);
	authority_quiet(&authority);
	assert_int_equal(files("orders"), COUNT(broken)); /* left for the operator to see */
	assert_int_equal(authority.asked, 1);
}

/* The order says of which digest it is, whatever the configuration says when it is asked. */
static void an_order_keeps_its_digest(void **state)
{
	struct timestamp_settings s = settings_for(&authority, directory);
	struct timestamp *t;

	(void)state;
	s.url = "http://127.0.0.1:1/";
	t = begin_with(s);
	order(t, "a");
	timestamp_stop(&t);
	authority_listen(&authority, NULL, 0);
	s.url = authority.url;
	s.digest = TIMESTAMP_SHA512;
	t = begin_with(s);
	wait_tokens(1);
	timestamp_stop(&t);
	authority_quiet(&authority);
	assert_token(&authority, directory, "a");
}

static void what_cannot_be_ordered_is_said(void **state)
{
	static const char *const names[] = {"", "../a", "a/b", ".a", "{a}", "a b", "\xd0\xb0",
		"12345678901234567890123456789012345678901234567890123456789012345"};
	struct timestamp *t = begin_usual();
	unsigned char room[32];
	struct buf out = BUF(ROOM);
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_false(timestamp_order(t, bytes_str(names[i]), imprint_of("x", room), &e).ok);
		assert_int_equal(e.reason, REASON_IO);
		assert_false(timestamp_token_read(directory, bytes_str(names[i]), &out));
	}
	assert_false(timestamp_order(t, BYTES_LIT("a"), (struct bytes){room, 20}, &e).ok);
	assert_int_equal(timestamp_waiting(t), 0);
	assert_int_equal(files("orders"), 0);
	assert_false(timestamp_token_read(directory, BYTES_LIT("a"), &out));
	timestamp_stop(&t);
}

static void a_folder_that_cannot_be_used_is_named(void **state)
{
	struct timestamp_settings s = settings_for(&authority, "/nowhere/at/all");
	struct timestamp *t = NULL;
	struct err e;

	(void)state;
	assert_false(timestamp_start(&s, &t, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	assert_non_null(strstr(e.detail, "/nowhere/at/all"));
	assert_null(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_token_comes_and_stays, fresh),
		cmocka_unit_test_setup(only_the_right_answer_is_a_token, fresh),
		cmocka_unit_test_setup(an_old_answer_is_no_token, fresh),
		cmocka_unit_test_setup(many_orders_are_asked_a_few_at_once, fresh),
		cmocka_unit_test_setup(an_authority_in_trouble_is_asked_by_one_question, fresh),
		cmocka_unit_test_setup(an_order_waits_for_an_authority_that_is_away, fresh),
		cmocka_unit_test_setup(a_stop_does_not_wait_for_the_authority, fresh),
		cmocka_unit_test_setup(an_order_with_a_token_is_not_asked_again, fresh),
		cmocka_unit_test_setup(an_order_that_cannot_be_read_hinders_no_other, fresh),
		cmocka_unit_test_setup(an_order_keeps_its_digest, fresh),
		cmocka_unit_test_setup(what_cannot_be_ordered_is_said, fresh),
		cmocka_unit_test_setup(a_folder_that_cannot_be_used_is_named, fresh),
	};

	return cmocka_run_group_tests_name("timestamp run", tests, start, stop);
}
