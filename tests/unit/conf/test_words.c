/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_words - the manual says what the table of words says; the sample is good; garbage is refused. */
#include "conf_fixture.h"

static void read_whole(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	char piece[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(out, (struct bytes){(const unsigned char *)piece, n});
	fclose(f);
	assert_true(buf_ok(out));
}

/* Both ways at once: a word that either side lacks, and any other difference, makes the texts differ. */
static void the_manual_holds_exactly_the_words_of_the_table(void **state)
{
	SCOPED(buf_free) struct buf page = BUF(1 << 20);
	SCOPED(buf_free) struct buf words = BUF(1 << 20);
	char *start, *end;

	(void)state;
	read_whole(SOURCE_DIR "/docs/man/qaqpa.yaml.5.md", &page);
	conf_words_print(&words);
	assert_true(buf_ok(&words));
	start = strstr((char *)page.data, "## WORDS\n\n");
	assert_non_null(start);
	start += strlen("## WORDS\n\n");
	end = strstr(start, "\n## FILES\n");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(start, buf_cstr(&words));
}

static void the_sample_is_a_good_configuration(void **state)
{
	struct fixture f;

	(void)state;
	fixture_make(&f);
	snprintf(f.path, sizeof f.path, "%s", SOURCE_DIR "/config/qaqpa.yaml");
	fixture_load(&f);
	fixture_print(&f);
	assert_true(f.ok);
	assert_int_equal(f.problems->n, 0);
	for (size_t i = 0; i < f.conf->listener_count; i++) {
		assert_false(f.conf->listeners[i].diagnostics);
		assert_int_not_equal(f.conf->listeners[i].tls, CONF_TLS_OFF);
	}
	assert_true(f.conf->participant_count >= 14 && f.conf->service_count > f.conf->participant_count);
	fixture_drop(&f);
}

/* A small generator of its own, so that every run and machine tries the same files. */
static unsigned next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

static void broken_copies_of_the_sample_never_crash(void **state)
{
	SCOPED(buf_free) struct buf sample = BUF(1 << 20);
	uint64_t seed = 20300102;
	unsigned refused = 0;

	(void)state;
	read_whole(SOURCE_DIR "/config/qaqpa.yaml", &sample);
	for (int round = 0; round < 600; round++) {
		static const char signs[] = ":-[]{}&*!|>'\"#%@`, \n\t\\?~\x00\xff\xc3";
		SCOPED(buf_free) struct buf text = BUF(1 << 20);
		struct fixture f;

		buf_add(&text, buf_bytes(&sample));
		for (unsigned changes = 1 + next_random(&seed) % 8; changes; changes--)
			text.data[next_random(&seed) % text.len] = (unsigned char)
				signs[next_random(&seed) % (sizeof signs - 1)];
		if (next_random(&seed) % 4 == 0)
			text.len = next_random(&seed) % text.len;
		fixture_make(&f);
		fixture_write(&f, "qaqpa.yaml", buf_bytes(&text));
		fixture_load(&f);
		assert_int_equal(f.ok, f.problems->errors == 0);
		refused += !f.ok;
		fixture_drop(&f);
	}
	assert_true(refused > 300);
}

static void random_octets_are_refused(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		unsigned char octets[512];
		struct fixture f;
		size_t n = next_random(&seed) % sizeof octets;

		for (size_t i = 0; i < n; i++)
			octets[i] = (unsigned char)(round % 2 ? next_random(&seed)
							      : 0x20 + next_random(&seed) % 0x5f);
		fixture_make(&f);
		fixture_write(&f, "qaqpa.yaml", (struct bytes){octets, n});
		fixture_load(&f);
		assert_false(f.ok);
		assert_true(f.problems->errors > 0);
		fixture_drop(&f);
	}
}

static void deep_nesting_is_refused(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	struct fixture f;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_char(&text, '[');
	fixture_read(&f, buf_cstr(&text));
	assert_false(f.ok);
	assert_int_equal(f.problems->n, 1);
	assert_non_null(strstr(f.problems->list[0].what, "too deep"));
	fixture_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_holds_exactly_the_words_of_the_table),
		cmocka_unit_test(the_sample_is_a_good_configuration),
		cmocka_unit_test(broken_copies_of_the_sample_never_crash),
		cmocka_unit_test(random_octets_are_refused),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
