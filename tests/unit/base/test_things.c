/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools, identifiers, registration numbers, workers, the catalogue of faults. */
#include "../cm.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/ident.h"
#include "base/address.h"
#include "base/bytes.h"
#include "base/pool.h"
#include "base/thread.h"
#include "base/work.h"

static int closed;
static void close_and_count(void *thing)
{
	closed = closed * 10 + *(int *)thing;
}

static void a_pool_ends_at_its_ceiling_and_closes_newest_first(void **state)
{
	struct pool *pool = pool_new(20000);
	int one = 1, two = 2;
	unsigned char *p;

	(void)state;
	closed = 0;
	assert_true(pool_closes(pool, close_and_count, &one));
	assert_true(pool_closes(pool, close_and_count, &two));
	p = pool_alloc(pool, 9000);
	assert_non_null(p);
	for (int i = 0; i < 9000; i++)
		assert_int_equal(p[i], 0);
	assert_string_equal(pool_copy(pool, BYTES_LIT("abc")), "abc");
	assert_string_equal(pool_printf(pool, "%d-%s", 5, "x"), "5-x");
	assert_null(pool_alloc(pool, 15000));
	assert_null(pool_alloc(pool, SIZE_MAX));
	assert_non_null(pool_alloc(pool, 1000));
	pool_free(&pool);
	assert_null(pool);
	assert_int_equal(closed, 21);
	pool_free(&pool);
}

static void identifiers_have_their_form(void **state)
{
	char guid[39], other[39], id[13];

	(void)state;
	guid_new(guid);
	guid_new(other);
	assert_true(guid_is(bytes_str(guid)));
	assert_string_not_equal(guid, other);
	assert_int_equal(guid[15], '4');
	assert_non_null(strchr("89ab", guid[20]));
	assert_false(guid_is(BYTES_LIT("99999999-8888-4777-8666-555555555555")));
	assert_false(guid_is(BYTES_LIT("{99999999-8888-4777-8666-55555555555g}")));
	assert_false(guid_is(BYTES_LIT("{}")));
	error_id_new(id);
	assert_int_equal(strlen(id), 12);
	for (int i = 0; id[i]; i++)
		assert_non_null(strchr("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", id[i]));
	assert_true(error_id_is(bytes_str(id)));
	assert_false(error_id_is(BYTES_LIT("123456789012")));
	assert_false(error_id_is(BYTES_LIT("ABCDEFGHJKL")));
}

static void registration_numbers_are_checked(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{"000000000000", true}, {"123456789013", true}, {"123456789012", false}, {"940140000385", true},
		{"940140000386", false}, {"12345678901", false}, {"1234567890111", false}, {"12345678901a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (iin_bin_is(bytes_str(rows[i].text)) != rows[i].ok)
			fail_msg("%s", rows[i].text);
	}
}

static void numbers_of_persons_are_hidden_and_no_others(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"880101300123", "******300123"},
		{"IIN880101300123", "IIN******300123"},
		{"CN=A+SERIALNUMBER=IIN031231600122,C=KZ", "CN=A+SERIALNUMBER=IIN******600122,C=KZ"},
		{"880101300123 031231600122", "******300123 ******600122"},
		{"BIN940140000385", "BIN940140000385"},
		{"880101300124", "880101300124"},
		{"8801013001237", "8801013001237"},
		{"1880101300123", "1880101300123"},
		{"881301300105", "881301300105"},
		{"880132300109", "880132300109"},
		{"", ""},
		{"88010130012", "88010130012"},
		{"\u0418880101300123\u0418", "\u0418******300123\u0418"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[64];

		snprintf(text, sizeof text, "%s", rows[i].text);
		iin_hide(text, strlen(text));
		assert_string_equal(text, rows[i].wanted);
	}
}

/* Also where the words are cut through a number. */
static void a_failure_hides_the_numbers_of_persons(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, REASON_IO, "the signer IIN%s is not %s", "880101300123", "031231600122");
	assert_string_equal(e.detail, "the signer IIN******300123 is not ******600122");
	for (int before = 230; before < 256; before++) {
		err_set(&e, REASON_IO, "%*s%s", before, "", "880101300123");
		assert_null(strstr(e.detail, "8801"));
		assert_int_equal(strlen(e.detail), before + 12 < 255 ? before + 12 : 255);
	}
}

struct job {
	struct work_item item;
	int *count;
};

static void count_up(struct work_item *item)
{
	__atomic_add_fetch(((struct job *)item)->count, 1, __ATOMIC_RELAXED);
}

static void workers_finish_the_line_before_they_stop(void **state)
{
	static struct job jobs[5000];
	struct work *w = work_start("test", 4);
	int count = 0;

	(void)state;
	assert_non_null(w);
	for (size_t i = 0; i < 5000; i++) {
		jobs[i] = (struct job){{NULL, count_up}, &count};
		work_put(w, &jobs[i].item);
	}
	work_stop(&w);
	assert_int_equal(count, 5000);
}

/* One worker, held until all is in its lines: then it takes one of each line in turn. */
static struct order {
	pthread_mutex_t gate;
	unsigned lines[300];
	size_t n;
} order = {.gate = PTHREAD_MUTEX_INITIALIZER};

struct lined {
	struct work_item item;
	unsigned line;
};

static void wait_at_the_gate(struct work_item *item)
{
	(void)item;
	pthread_mutex_lock(&order.gate);
	pthread_mutex_unlock(&order.gate);
}

static void note_line(struct work_item *item)
{
	order.lines[order.n++] = ((struct lined *)item)->line;
}

static void a_full_line_makes_only_itself_wait(void **state)
{
	static struct lined jobs[300];
	struct lined gate = {.item.run = wait_at_the_gate};
	struct work *w = work_start("test", 1);

	(void)state;
	pthread_mutex_lock(&order.gate);
	work_put(w, &gate.item);
	while (work_waiting(w) > 0)
		sched_yield();
	for (size_t i = 0; i < 300; i++) {
		jobs[i] = (struct lined){.item.run = note_line, .line = i < 200 ? 7 : i < 298 ? 40 : i == 298 ? 64 + 63 : 64 + 5};
		if (i == 299)
			work_put_begun(w, &jobs[i].item);
		else
			work_put_in_line(w, jobs[i].line, &jobs[i].item);
	}
	pthread_mutex_unlock(&order.gate);
	work_stop(&w);
	assert_int_equal(order.n, 300);
	assert_int_equal(order.lines[0], 64 + 5); /* begun: before all lines */
	assert_int_equal(order.lines[3], 64 + 63); /* line 63: behind one of each other line */
	for (size_t i = 0; i < 98; i++)
		assert_int_equal(order.lines[i < 1 ? 1 : 2 * i + 2], 7);
	assert_int_equal(order.lines[299], 7);
}

static struct {
	sem_t done;
	pid_t by;
} turn;

static void note_thread(struct work_item *item)
{
	(void)item;
	turn.by = (pid_t)syscall(SYS_gettid);
	sem_post(&turn.done);
}

/* Or ended: one that was joined is there for a moment more. */
static bool is_asleep(pid_t thread)
{
	char path[64], text[256] = "";
	const char *state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
	f = fopen(path, "r");
	state = f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
	if (f)
		fclose(f);
	return !state || state[2] == 'S';
}

/* All threads but this one. */
static bool others_sleep(void)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *one;
	bool asleep = true;

	assert_non_null(threads);
	while (asleep && (one = readdir(threads))) {
		pid_t thread = (pid_t)strtol(one->d_name, NULL, 10);

		asleep = thread == 0 || thread == (pid_t)syscall(SYS_gettid) || is_asleep(thread);
	}
	closedir(threads);
	return asleep;
}

/* Items that come one by one are all for the same worker, although others sleep as well: but for those that begin late, each
 * once, and a moment in which two of them meet. */
static void the_worker_that_worked_last_works_next(void **state)
{
	struct work *w = work_start("test", 4);
	struct work_item item = {.run = note_thread};
	pid_t last = 0;
	int changes = 0;

	(void)state;
	sem_init(&turn.done, 0, 0);
	for (int i = 0; i < 100; i++) {
		work_put(w, &item);
		while (sem_wait(&turn.done) != 0)
			;
		changes += turn.by != last;
		last = turn.by;
		while (!others_sleep())
			sched_yield();
	}
	assert_in_range(changes, 1, 10);
	work_stop(&w);
	sem_destroy(&turn.done);
}

static sem_t quiet;

static void note_quiet(void *work)
{
	assert_true(work_quiet(work)); /* by then it is to be seen */
	sem_post(&quiet);
}

/* Half of them at work is not quiet; of two that end, the last says that it is. */
static void who_makes_it_quiet_says_so(void **state)
{
	struct lined gates[] = {{.item.run = wait_at_the_gate}, {.item.run = wait_at_the_gate}};
	struct work *w = work_start("test", 2);

	(void)state;
	sem_init(&quiet, 0, 0);
	while (!work_quiet(w))
		sched_yield();
	pthread_mutex_lock(&order.gate);
	work_on_quiet(w, note_quiet, w);
	for (size_t i = 0; i < 2; i++) {
		work_put(w, &gates[i].item);
		while (work_waiting(w) > 0)
			sched_yield();
		assert_false(work_quiet(w));
	}
	pthread_mutex_unlock(&order.gate);
	while (sem_wait(&quiet) != 0)
		;
	work_stop(&w);
	assert_int_equal(sem_trywait(&quiet), -1); /* the first of them did not */
	sem_destroy(&quiet);
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	bool done;
} meeting = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *turn_it(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&meeting.lock);
	meeting.done = true;
	pthread_cond_signal(&meeting.turned);
	pthread_mutex_unlock(&meeting.lock);
	return NULL;
}

static void a_condition_is_waited_for_until_its_moment(void **state)
{
	const int64_t soon_us = mono_us() + 2000;
	pthread_t other;

	(void)state;
	cond_init(&meeting.turned);
	pthread_mutex_lock(&meeting.lock);
	assert_false(cond_wait_until(&meeting.turned, &meeting.lock, mono_us()));
	while (cond_wait_until(&meeting.turned, &meeting.lock, soon_us))
		; /* woken without cause */
	assert_true(mono_us() >= soon_us);
	assert_int_equal(pthread_create(&other, NULL, turn_it, NULL), 0);
	while (!meeting.done)
		assert_true(cond_wait_until(&meeting.turned, &meeting.lock, INT64_MAX));
	pthread_mutex_unlock(&meeting.lock);
	pthread_join(other, NULL);
	pthread_cond_destroy(&meeting.turned);
}

static void *blocked_here(void *all)
{
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, all), 0);
	return NULL;
}

static void a_thread_hears_no_signals_and_its_maker_still_does(void **state)
{
	sigset_t before, after, there;
	pthread_t thread;

	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_true(thread_start(&thread, blocked_here, &there));
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&there, SIGTERM), 1);
	assert_int_equal(sigismember(&there, SIGPIPE), 1);
	assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
	assert_int_equal(sigismember(&after, SIGTERM), 0);
}

static void a_wake_stays_until_the_thread_waits_and_one_more_is_no_harm(void **state)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd waits = {.fd = event, .events = POLLIN};
	const uint64_t full = UINT64_MAX - 1;

	(void)state;
	assert_int_equal(poll(&waits, 1, 0), 0);
	thread_wake(event);
	assert_int_equal(poll(&waits, 1, 0), 1);
	assert_int_equal(write(event, &(uint64_t){full - 1}, sizeof full), sizeof full);
	thread_wake(event);
	assert_int_equal(poll(&waits, 1, 0), 1);
	close(event);
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p;

	if (!prefix_read(bytes_str(text), &p))
		fail_msg("%s is no prefix", text);
	return p;
}

static bool is_within(const char *prefix, const char *address)
{
	struct prefix p = prefix_of(prefix);
	struct address a;

	assert_true(address_read(bytes_str(address), &a));
	return prefix_holds(&p, a);
}

static void addresses_and_prefixes_are_read_strictly(void **state)
{
	static const char *const wrong[] = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "::g", "[::1]", "1.2.3.4:80",
		"localhost", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/032", "1.2.3.4/-1", "1.2.3.4/24", "::/129", "::1/64", "/8",
		"1.2.3.4/8/8", "::/ 8",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"};
	struct prefix p;
	struct address a, b;
	char text[ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (prefix_read(bytes_str(wrong[i]), &p))
			fail_msg("%s was taken", wrong[i]);
	}
	assert_false(address_read((struct bytes){(const unsigned char *)"1.2.3.4\0x", 9}, &a));
	assert_true(address_read(bytes_str("192.0.2.9"), &a) && address_read(bytes_str("::ffff:192.0.2.9"), &b));
	assert_memory_equal(&a, &b, sizeof a);
	address_print(a, text);
	assert_string_equal(text, "192.0.2.9");
	assert_true(address_read(bytes_str("2001:DB8:0::9"), &a));
	address_print(a, text);
	assert_string_equal(text, "2001:db8::9");
	assert_true(is_within("192.0.2.9", "192.0.2.9") && !is_within("192.0.2.9", "192.0.2.8"));
	assert_true(is_within("192.0.2.8/29", "192.0.2.15") && !is_within("192.0.2.8/29", "192.0.2.16"));
	assert_true(is_within("0.0.0.0/0", "203.0.113.1") && !is_within("0.0.0.0/0", "2001:db8::1"));
	assert_true(is_within("::/0", "203.0.113.1") && is_within("2001:db8::/33", "2001:db8:7fff::1"));
	assert_true(!is_within("2001:db8::/33", "2001:db8:8000::1"));
}

static void every_reason_has_its_own_name_and_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *r = reason_row((enum reason)i);

		assert_int_equal(reason_find(r->name), i);
		if (strlen(r->title) < 10 || strlen(r->remedy) < 10)
			fail_msg("%s has no words", r->name);
	}
	for (unsigned i = 0; i < FAULT_COUNT; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(fault_row((enum fault)i)->code, fault_row((enum fault)j)->code);
	}
	assert_int_equal(reason_find("no.such"), REASON_COUNT);
}

static void a_failure_keeps_its_words(void **state)
{
	struct err e = {0};

	(void)state;
	assert_false(err_set(&e, REASON_XML_NUL, "at %d", 7).ok);
	assert_int_equal(e.reason, REASON_XML_NUL);
	assert_string_equal(e.detail, "at 7");
	for (int n = 240; n < 256; n++) { /* Kazakh letters at every place of the cut */
		char text[600];

		memset(text, 'x', (size_t)n);
		strcpy(text + n, "ӘҚӘҚӘҚӘҚӘҚ\xF0\x9F\x98\x80");
		assert_false(err_set(&e, REASON_XML_NUL, "%s", text).ok);
		assert_in_range(strlen(e.detail), 250, 255);
		assert_true(utf8_is_xml(bytes_str(e.detail)));
	}
	assert_false(err_set(NULL, REASON_XML_NUL, "nobody listens").ok);
}

static void a_pool_takes_at_once_what_is_usual(void **state)
{
	struct pool *pool = pool_new_of(100000, 30000), *small = pool_new_of(1000, 30000);
	char *first = pool_alloc(pool, 16000);

	(void)state;
	assert_non_null(first);
	assert_ptr_equal(pool_alloc(pool, 14000), first + 16000);
	assert_non_null(pool_alloc(pool, 16000)); /* and more beside it */
	assert_null(pool_alloc(small, 2000));
	pool_free(&pool);
	pool_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_ends_at_its_ceiling_and_closes_newest_first),
		cmocka_unit_test(a_pool_takes_at_once_what_is_usual),
		cmocka_unit_test(identifiers_have_their_form),
		cmocka_unit_test(registration_numbers_are_checked),
		cmocka_unit_test(numbers_of_persons_are_hidden_and_no_others),
		cmocka_unit_test(a_failure_hides_the_numbers_of_persons),
		cmocka_unit_test(workers_finish_the_line_before_they_stop),
		cmocka_unit_test(a_full_line_makes_only_itself_wait),
		cmocka_unit_test(the_worker_that_worked_last_works_next),
		cmocka_unit_test(who_makes_it_quiet_says_so),
		cmocka_unit_test(a_condition_is_waited_for_until_its_moment),
		cmocka_unit_test(a_thread_hears_no_signals_and_its_maker_still_does),
		cmocka_unit_test(a_wake_stays_until_the_thread_waits_and_one_more_is_no_harm),
		cmocka_unit_test(addresses_and_prefixes_are_read_strictly),
		cmocka_unit_test(every_reason_has_its_own_name_and_words),
		cmocka_unit_test(a_failure_keeps_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
