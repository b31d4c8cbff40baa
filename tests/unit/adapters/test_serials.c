/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule P1: no number is ever given twice, whatever happens at the same time and however often the system
 * restarts. */
#include <pthread.h>

#include "permits/sim_permits_store.h"
#include "world.h"

#define THREADS 8
#define EACH 500

struct giver {
	pthread_t thread;
	struct store *store;
	struct nikad numbers[EACH];
	int failures;
};

static void *give(void *ctx)
{
	struct giver *g = ctx;

	for (int i = 0; i < EACH; i++) {
		struct err e;

		if (!permits_store_issue(g->store, i % 5 == 0 ? "REF" : "PRM", "PERMIT", "department_is",
				&g->numbers[i], &e)
				 .ok)
			g->failures++;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct nikad *)a)->text, ((const struct nikad *)b)->text);
}

static unsigned serial_of(const struct nikad *n)
{
	return (unsigned)strtoul(n->text + 7, NULL, 10);
}

static void threads_and_restarts_never_repeat_a_number(void **state)
{
	static struct giver givers[THREADS];
	static struct nikad all[THREADS * EACH + 2];
	char *folder = fresh_folder();
	struct store *first = NULL;
	struct err e = {0};
	size_t n = 0;

	(void)state;
	must(permits_store_open(folder, &first, &e), &e);
	for (int i = 0; i < THREADS; i++) {
		givers[i].store = first;
		assert_int_equal(pthread_create(&givers[i].thread, NULL, give, &givers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(givers[i].thread, NULL);
		assert_int_equal(givers[i].failures, 0);
		memcpy(all + n, givers[i].numbers, sizeof givers[i].numbers);
		n += EACH;
	}
	store_close(&first);
	must(permits_store_open(folder, &first, &e), &e);
	must(permits_store_issue(first, "PRM", "PERMIT", "department_is", &all[n++], &e), &e);
	must(permits_store_issue(first, "REF", "PERMIT", "department_is", &all[n++], &e), &e);
	store_close(&first);
	assert_int_equal(serial_of(&all[n - 2]), THREADS * EACH * 4 / 5 + 1);
	assert_int_equal(serial_of(&all[n - 1]), THREADS * EACH / 5 + 1);
	qsort(all, n, sizeof all[0], by_text);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(all[i - 1].text, all[i].text);
	remove_folder(folder);
}

static void two_processes_share_one_line_of_serials(void **state)
{
	char *folder = fresh_folder();
	struct store *one = NULL, *two = NULL; /* two connections see each other as two processes do */
	struct err e = {0};
	struct nikad n;

	(void)state;
	must(permits_store_open(folder, &one, &e), &e);
	must(permits_store_open(folder, &two, &e), &e);
	for (unsigned i = 1; i <= 20; i++) {
		must(permits_store_issue(i % 2 ? one : two, "PRM", "PERMIT", "department_is", &n, &e), &e);
		assert_int_equal(serial_of(&n), i);
	}
	store_close(&one);
	store_close(&two);
	remove_folder(folder);
}

static void a_failed_issue_takes_no_serial(void **state)
{
	char *folder = fresh_folder();
	struct store *s = NULL;
	struct err e = {0};
	struct nikad n;

	(void)state;
	must(permits_store_open(folder, &s, &e), &e);
	assert_false(permits_store_issue(s, "OIL", "PERMIT", "department_is", &n, &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	must(permits_store_issue(s, "PRM", "PERMIT", "department_is", &n, &e), &e);
	assert_int_equal(serial_of(&n), 1);
	store_close(&s);
	remove_folder(folder);
}

struct raise {
	const char *last;
};

static outcome raise_serial(struct store *s, void *ctx, struct err *e)
{
	struct raise *r = ctx;

	return store_run(s, "UPDATE serial SET last = CAST(?1 AS INTEGER)", &r->last, 1, NULL, 0, NULL, e);
}

static void the_last_serial_is_given_and_then_no_more(void **state)
{
	char *folder = fresh_folder();
	struct store *s = NULL;
	struct err e = {0};
	struct nikad n;
	struct raise near_the_end = {"99999998"};

	(void)state;
	must(permits_store_open(folder, &s, &e), &e);
	must(permits_store_issue(s, "PRM", "PERMIT", "department_is", &n, &e), &e);
	must(store_transact(s, raise_serial, &near_the_end, &e), &e);
	must(permits_store_issue(s, "PRM", "PERMIT", "department_is", &n, &e), &e);
	assert_int_equal(serial_of(&n), NIKAD_SERIAL_MAX);
	assert_false(permits_store_issue(s, "PRM", "PERMIT", "department_is", &n, &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	store_close(&s);
	remove_folder(folder);
}

struct registrar {
	pthread_t thread;
	struct store *store;
	const struct nikad *n;
	int done, failures;
};

static outcome register_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct registrar *r = ctx;
	char registration[16] = "";
	bool taken = false;

	TRY(permits_store_register(s, r->n, "<d/>", "2030-01-02T03:04:05.000+05:00", registration, &taken, e));
	r->done += !taken;
	return DONE;
}

struct finding {
	const struct nikad *n;
	struct permits_given given;
};

static outcome find_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct finding *f = ctx;

	return permits_store_find(s, f->n, &f->given, e);
}

static void *register_often(void *ctx)
{
	struct registrar *r = ctx;

	for (int i = 0; i < 20; i++) {
		struct err e = {0};

		if (!store_transact(r->store, register_in_unit, r, &e).ok)
			r->failures++;
	}
	return NULL;
}

static void one_number_registers_one_document(void **state)
{
	struct registrar registrars[THREADS] = {0};
	char *folder = fresh_folder();
	struct finding f;
	struct store *s = NULL;
	struct err e = {0};
	struct nikad n;
	int done = 0;

	(void)state;
	must(permits_store_open(folder, &s, &e), &e);
	must(permits_store_issue(s, "PRM", "PERMIT", "department_is", &n, &e), &e);
	f.n = &n;
	must(store_transact(s, find_in_unit, &f, &e), &e);
	assert_true(f.given.known);
	assert_string_equal(f.given.sender, "department_is");
	assert_string_equal(f.given.kind, "PERMIT");
	assert_string_equal(f.given.registration, "");
	for (int i = 0; i < THREADS; i++) {
		registrars[i].store = s;
		registrars[i].n = &n;
		assert_int_equal(pthread_create(&registrars[i].thread, NULL, register_often, &registrars[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(registrars[i].thread, NULL);
		done += registrars[i].done;
		assert_int_equal(registrars[i].failures, 0);
	}
	assert_int_equal(done, 1);
	f.n = &n;
	must(store_transact(s, find_in_unit, &f, &e), &e);
	assert_string_equal(f.given.registration, "REG0000000001");
	store_close(&s);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_restarts_never_repeat_a_number),
		cmocka_unit_test(two_processes_share_one_line_of_serials),
		cmocka_unit_test(a_failed_issue_takes_no_serial),
		cmocka_unit_test(the_last_serial_is_given_and_then_no_more),
		cmocka_unit_test(one_number_registers_one_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
