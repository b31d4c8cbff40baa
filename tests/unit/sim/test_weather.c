/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripts of weather: what is understood, what is refused and where, and what comes over which call. */
#include "sim_bench.h"

#include "sim/weather.h"

static struct pool *pool;
static uint64_t counts[64];

static int begin(void **state)
{
	(void)state;
	pool = pool_new(MUCH);
	memset(counts, 0, sizeof counts);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pool_free(&pool);
	return 0;
}

static const struct weather *parse(const char *text)
{
	const struct weather *w = NULL;
	struct err e = {0};

	must(weather_parse(pool, "test", bytes_str(text), &w, &e), &e);
	return w;
}

static struct weather_now call(const struct weather *w, const char *service)
{
	return weather_next(w, counts, false, bytes_str(service));
}

/* The answers of `n` calls, one letter each: the first of the word, or '.'. */
static const char *answers(const struct weather *w, const char *service, size_t n)
{
	char *line = pool_alloc(pool, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct weather_now now = call(w, service);

		line[i] = now.answer == WEATHER_FAIR ? '.' : weather_answer_name(now.answer)[0];
	}
	line[n] = '\0';
	return line;
}

static void each_kind_is_understood(void **state)
{
	static const struct {
		const char *text;
		struct weather_now now;
	} rows[] = {
		{"A always drop", {.answer = WEATHER_DROP}},
		{"A always before commit drop", {.answer = WEATHER_DROP}},
		{"A always after commit drop", {.answer = WEATHER_DROP, .worked = true}},
		{"A always after commit html-502", {.answer = WEATHER_HTML_502, .worked = true}},
		{"A always empty-200", {.answer = WEATHER_EMPTY_200}},
		{"A always half-open", {.answer = WEATHER_HALF_OPEN}},
		{"A always silent", {.answer = WEATHER_SILENT}},
		{"A always fault SCE004", {.answer = WEATHER_FAULT, .fault = "SCE004"}},
		{"A always after commit fault QG050", {.answer = WEATHER_FAULT, .worked = true, .fault = "QG050"}},
		{"A always delay 500ms", {.delay_before_ms = 500}},
		{"A always after commit delay 1h", {.delay_after_ms = 3600000}},
		{"A always delay 0s", {0}},
		{"A always duplicate", {.twice = true}},
		{"A always wrong-signature", {.wrong_signature = true}},
		{"A always expired-certificate", {.expired_certificate = true}},
		{"A always shifted-clock +10m", {.shift_ms = 600000}},
		{"A always shifted-clock -3660d", {.shift_ms = -INT64_C(316224000000)}},
		{"  A\talways \t drop # a remark; B always", {.answer = WEATHER_DROP}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct weather_now wanted = rows[i].now, got;

		print_message("%s\n", rows[i].text);
		wanted.line = 1;
		got = call(parse(rows[i].text), "A");
		assert_int_equal(got.answer, wanted.answer);
		assert_int_equal(got.worked, wanted.worked);
		assert_string_equal(got.fault, wanted.fault);
		assert_int_equal(got.delay_before_ms, wanted.delay_before_ms);
		assert_int_equal(got.delay_after_ms, wanted.delay_after_ms);
		assert_int_equal(got.twice, wanted.twice);
		assert_int_equal(got.wrong_signature, wanted.wrong_signature);
		assert_int_equal(got.expired_certificate, wanted.expired_certificate);
		assert_int_equal(got.shift_ms, wanted.shift_ms);
		assert_int_equal(got.line, wanted.line);
	}
}

static void a_verdict_is_told_in_the_words_of_a_script(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "fair"},
		{"A always delay 0s", "fair"},
		{"A always delay 1s", "delay 1000ms"},
		{"A always drop", "drop"},
		{"A always fault SCE004", "fault SCE004"},
		{"A always shifted-clock -1s; A always expired-certificate; A always duplicate; A always after commit silent;"
			"A always wrong-signature; A always after commit delay 5ms; A always delay 2ms",
			"delay 2ms, after commit delay 5ms, after commit silent, duplicate, wrong-signature, expired-certificate, "
			"shifted-clock -1000ms"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(buf_free) struct buf words = BUF(1024);
		struct weather_now now;

		memset(counts, 0, sizeof counts);
		now = call(parse(rows[i].text), "A");
		buf_str(&words, "before:");
		weather_print(&now, &words);
		assert_string_equal(buf_cstr(&words) + 7, rows[i].words);
	}
}

static void what_is_not_understood_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *detail;
	} rows[] = {
		{"A", "test line 1: after the service"},
		{"A drop", "test line 1: after the service"},
		{"\n\nA always", "test line 3: the weather is"},
		{"# remark; with a semicolon\nA always hail", "test line 2: the weather is"},
		{"A always drop; B always hail\n", "test line 1: the weather is"},
		{"A always drop now", "test line 1: too many words"},
		{"A always delay 1s 2s 3 4 5 6", "test line 1: too many words"},
		{"A always after drop", "test line 1: after and before"},
		{"A always before", "test line 1: after and before"},
		{"A always after commit duplicate", "neither before nor after"},
		{"A always before commit shifted-clock +1s", "neither before nor after"},
		{"A 0 drop", "calls are counted from 1"},
		{"A 5-4 drop", "calls are counted from 1"},
		{"A 1-x drop", "the end of a range"},
		{"A 1x drop", "calls are counted from 1"},
		{"A 3-4x drop", "calls are counted from 1"},
		{"A 0% drop", "calls are counted from 1"},
		{"A 101% drop", "calls are counted from 1"},
		{"A 10%% drop", "calls are counted from 1"},
		{"A -3 drop", "after the service"},
		{"A 99999999999999999999 drop", "after the service"},
		{"A always delay", "behind delay comes"},
		{"A always delay 5", "behind delay comes"},
		{"A always delay -5s", "behind delay comes"},
		{"A always delay 61m", "behind delay comes"},
		{"A always delay s", "behind delay comes"},
		{"A always shifted-clock 5m", "behind shifted-clock comes"},
		{"A always shifted-clock +", "behind shifted-clock comes"},
		{"A always shifted-clock +3661d", "behind shifted-clock comes"},
		{"A always fault", "behind fault comes"},
		{"A always fault sce004", "behind fault comes"},
		{"A always fault SCE0000000000004", "behind fault comes"},
		{"seed", "seed is followed"},
		{"seed x", "seed is followed"},
		{"seed 1 2", "seed is followed"},
		{"seed 1x", "seed is followed"},
		{"send A always html-502", "own requests have only"},
		{"send A always fault SCE004", "own requests have only"},
		{"send", "after the service"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct weather *w = NULL;
		struct err e = {0};

		print_message("%s\n", rows[i].text);
		must_fail(weather_parse(pool, "test", bytes_str(rows[i].text), &w, &e), &e, REASON_CONFIG);
		assert_null(w);
		if (!strstr(e.detail, rows[i].detail))
			fail_msg("%s", e.detail);
	}
}

static void nothing_but_remarks_is_fair_weather(void **state)
{
	static const char *const rows[] = {"", "\n\n", "# A always drop\n;;\n  # B always drop", ";", "seed 3"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct weather *w = parse(rows[i]);
		struct weather_now now = call(w, "A"), none = {0};

		assert_int_equal(weather_entries(w), 0);
		assert_memory_equal(&now, &none, sizeof now);
	}
}

static void calls_are_counted_by_service(void **state)
{
	static const struct {
		const char *text, *a, *b; /* nine calls of A, then nine of B */
	} rows[] = {
		{"A 3 drop", "..d......", "........."},
		{"A 2-4 drop", ".ddd.....", "........."},
		{"A 7- drop", "......ddd", "........."},
		{"* 8-11 drop", ".......dd", "dd......."},
		{"A 1 drop\nB 2 silent; A 9 html-502", "d.......h", ".s......."},
		{"send A always drop", ".........", "........."},
		{"AA always drop", ".........", "........."},
		{"a always drop", ".........", "........."},
		{"A 100% drop", "ddddddddd", "........."},
		{"A 2 drop; * always silent", "sdsssssss", "sssssssss"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct weather *w = parse(rows[i].text);

		print_message("%s\n", rows[i].text);
		memset(counts, 0, sizeof counts);
		assert_string_equal(answers(w, "A", 9), rows[i].a);
		assert_string_equal(answers(w, "B", 9), rows[i].b);
	}
}

static void own_requests_are_counted_apart(void **state)
{
	const struct weather *w = parse("A 1 silent; send A 2 drop");

	(void)state;
	assert_int_equal(call(w, "A").answer, WEATHER_SILENT);
	assert_int_equal(weather_next(w, counts, true, BYTES_LIT("A")).answer, WEATHER_FAIR);
	assert_int_equal(weather_next(w, counts, true, BYTES_LIT("A")).answer, WEATHER_DROP);
	assert_int_equal(weather_next(w, counts, true, BYTES_LIT("A")).answer, WEATHER_FAIR);
}

static void of_several_entries_marks_add_up_and_the_first_answer_counts(void **state)
{
	struct weather_now now = call(parse("\n* always delay 1s\nA always after commit drop\nA always silent\n"
		"A always delay 2s; A always duplicate; A always after commit delay 5ms; A always shifted-clock +1s\n"
		"A always shifted-clock -1m; A always wrong-signature"), "A");

	(void)state;
	assert_int_equal(now.line, 2);
	assert_int_equal(now.delay_before_ms, 3000);
	assert_int_equal(now.delay_after_ms, 5);
	assert_int_equal(now.answer, WEATHER_DROP);
	assert_true(now.worked && now.twice && now.wrong_signature);
	assert_int_equal(now.shift_ms, -59000);
}

static void the_same_seed_gives_the_same_weather(void **state)
{
	const char *first = answers(parse("seed 42\nA 30% drop"), "A", 200), *others[4];

	(void)state;
	memset(counts, 0, sizeof counts);
	assert_string_equal(answers(parse("# another place\n\nseed 42\nA 30% drop"), "A", 200), first);
	for (size_t i = 0; i < 4; i++) {
		memset(counts, 0, sizeof counts);
		others[i] = answers(parse(pool_printf(pool, "seed %zu\nA 30%% drop", i)), "A", 200);
		assert_string_not_equal(others[i], first);
		assert_true(i == 0 || strcmp(others[i], others[i - 1]) != 0);
	}
}

static void a_share_is_about_its_part(void **state)
{
	static const struct {
		unsigned percent, least, most;
	} rows[] = {{1, 50, 150}, {10, 850, 1150}, {50, 4800, 5200}, {99, 9850, 9950}, {100, 10000, 10000}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct weather *w = parse(pool_printf(pool, "seed 7\nA %u%% drop", rows[i].percent));
		unsigned dropped = 0;

		memset(counts, 0, sizeof counts);
		for (int n = 0; n < 10000; n++)
			dropped += call(w, "A").answer == WEATHER_DROP;
		print_message("%u%%: %u\n", rows[i].percent, dropped);
		assert_in_range(dropped, rows[i].least, rows[i].most);
	}
}

static void two_shares_fall_apart(void **state)
{
	const struct weather *w = parse("seed 7\nA 50% duplicate\nA 50% wrong-signature");
	unsigned both = 0;

	(void)state;
	for (int n = 0; n < 10000; n++) {
		struct weather_now now = call(w, "A");

		both += now.twice && now.wrong_signature;
	}
	assert_in_range(both, 2300, 2700);
}

static void an_expired_certificate_is_asked_for_where_it_is_needed(void **state)
{
	(void)state;
	assert_true(weather_needs_expired(parse("A always drop; send B 3 expired-certificate")));
	assert_false(weather_needs_expired(parse("A always drop")));
}

static void too_many_entries_are_refused(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	const struct weather *w = NULL;
	struct err e = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_str(&text, "A 1 drop\n");
	must(weather_parse(pool, "test", buf_bytes(&text), &w, &e), &e);
	assert_int_equal(weather_entries(w), 1000);
	buf_str(&text, "A 1 drop");
	must_fail(weather_parse(pool, "test", buf_bytes(&text), &w, &e), &e, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "line 1001"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(each_kind_is_understood),
		ROW(a_verdict_is_told_in_the_words_of_a_script),
		ROW(what_is_not_understood_is_refused_with_its_line),
		ROW(nothing_but_remarks_is_fair_weather),
		ROW(calls_are_counted_by_service),
		ROW(own_requests_are_counted_apart),
		ROW(of_several_entries_marks_add_up_and_the_first_answer_counts),
		ROW(the_same_seed_gives_the_same_weather),
		ROW(a_share_is_about_its_part),
		ROW(two_shares_fall_apart),
		ROW(an_expired_certificate_is_asked_for_where_it_is_needed),
		ROW(too_many_entries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
