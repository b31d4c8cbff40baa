/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a simulated system: units of one statement, and statements that give many rows. */
#include "world.h"

#define SCHEMA "CREATE TABLE IF NOT EXISTS word (n INTEGER PRIMARY KEY, text TEXT) STRICT;"

struct bench {
	char *folder;
	struct store *store;
};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct err e = {0};

	b->folder = fresh_folder();
	must(store_open(b->folder, "words.db", SCHEMA, &b->store, &e), &e);
	for (int i = 1; i <= 3; i++)
		must(store_do(b->store, "INSERT INTO word SELECT count(*) + 1, iif(count(*) = 1, NULL, 'w' || count(*)) FROM word",
			NULL, 0, NULL, 0, NULL, &e), &e);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	store_close(&b->store);
	remove_folder(b->folder);
	free(b);
	return 0;
}

struct listing {
	const char *sql, *from;
	struct buf text;
	int stop_after; /* rows; 0: never */
};

static outcome add_row(const char *const *texts, void *ctx, struct err *e)
{
	struct listing *l = ctx;

	buf_printf(&l->text, "%s=%s;", texts[0], texts[1]);
	return --l->stop_after == 0 ? err_set(e, REASON_USAGE, "enough") : DONE;
}

static outcome list_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct listing *l = ctx;

	return store_each(s, l->sql, &l->from, 1, add_row, l, e);
}

static void every_row_is_given_in_turn(void **state)
{
	struct bench *b = *state;
	struct listing l = {"SELECT n, text FROM word WHERE n >= ?1 ORDER BY n DESC", "2", BUF(1000), 0};
	struct err e = {0};

	must(store_transact(b->store, list_in_unit, &l, &e), &e);
	assert_string_equal(buf_cstr(&l.text), "3=w2;2=;");
	buf_clear(&l.text);
	l.from = "9";
	must(store_transact(b->store, list_in_unit, &l, &e), &e);
	assert_int_equal(l.text.len, 0);
	buf_free(&l.text);
}

static void a_row_that_fails_ends_the_statement(void **state)
{
	struct bench *b = *state;
	struct listing l = {"SELECT n, text FROM word WHERE n >= ?1 ORDER BY n", "1", BUF(1000), 2};
	struct err e = {0};

	assert_false(store_transact(b->store, list_in_unit, &l, &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	assert_string_equal(buf_cstr(&l.text), "1=w0;2=;");
	buf_free(&l.text);
}

static void one_statement_is_a_unit(void **state)
{
	struct bench *b = *state;
	const char *values[] = {"4", "four"};
	char text[8] = "";
	bool found;
	struct err e = {0};

	must(store_do(b->store, "INSERT INTO word VALUES (?1, ?2) RETURNING text", values, 2,
		&(struct store_column){text, sizeof text}, 1, &found, &e), &e);
	assert_true(found);
	assert_string_equal(text, "four");
	assert_false(store_do(b->store, "INSERT INTO word VALUES (?1, ?2)", values, 2, NULL, 0, NULL, &e).ok);
	must(store_do(b->store, "SELECT text FROM word WHERE n = ?1", (const char *[]){"5"}, 1,
		&(struct store_column){text, sizeof text}, 1, &found, &e), &e);
	assert_false(found);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(every_row_is_given_in_turn),
		ROW(a_row_that_fails_ends_the_statement),
		ROW(one_statement_is_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
