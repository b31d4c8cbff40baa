/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every file that holds a secret is refused while everybody may read it; each word that names one is here. */
#include "conf_fixture.h"

#define PASSWORD "queue: {socket: r, spool: s, password_file: secret}\n"
#define REDIS_KEY "queue: {socket: r, spool: s, tls: true, ca: a, certificate: c, key: secret}\n"
#define TLS_KEY "listeners:\n  - {name: main, listen: '127.0.0.1:1', tls: server, certificate: c, key: secret}\n"
#define ADMIN_KEY "admin: {listen: '127.0.0.1:1', tls: server, certificate: c, key: secret}\n"
#define OWN_KEY "keys:\n  - {name: gw, certificate: c, key: secret}\n"
#define BAG "keys:\n  - {name: gw, pkcs12: secret, password_file: /p}\n"
#define CALL_KEY \
	"services:\n  - {id: E, provider: dep, endpoint: 'https://a/', tls: {certificate: c, key: secret}}\n"
#define PUSH_KEY \
	"participants:\n  - {name: dep, certificates: c, async: {endpoint: 'https://a/', certificate: c, key: secret}}\n"

#define SHARD "queue: {socket: r, spool: s}\nshards:\n  - {name: a, server: 'a:1', holds: dep, "
#define SHARD_PASSWORD SHARD "password_file: secret}\n"
#define SHARD_KEY SHARD "tls: true, ca: a, certificate: c, key: secret}\n"
#define NODE_KEY "nodes:\n  - {name: a, url: 'https://a/', certificate: c, key: secret}\n"

static const struct row {
	const char *section, *word;
	const char *text; /* the whole file */
	int line;
} rows[] = {
	{"QUEUE", "password_file", PASSWORD ALL_PARTS, 1},
	{"QUEUE", "key", REDIS_KEY ALL_PARTS, 1},
	{"LISTENER", "key", TLS_KEY PART_JOURNAL PART_KEYS PART_PARTICIPANTS PART_SERVICES, 2},
	{"ADMIN", "key", ADMIN_KEY ALL_PARTS, 1},
	{"KEY", "key", OWN_KEY PART_JOURNAL PART_LISTENERS PART_PARTICIPANTS PART_SERVICES, 2},
	{"KEY", "pkcs12", BAG PART_JOURNAL PART_LISTENERS PART_PARTICIPANTS PART_SERVICES, 2},
	{"SERVICE_TLS", "key", CALL_KEY PART_JOURNAL PART_LISTENERS PART_KEYS PART_PARTICIPANTS, 2},
	{"SHARD", "password_file", SHARD_PASSWORD ALL_PARTS, 3},
	{"SHARD", "key", SHARD_KEY ALL_PARTS, 3},
	{"NODE", "key", NODE_KEY ALL_PARTS, 2},
	{"ASYNC", "key", PUSH_KEY PART_JOURNAL PART_LISTENERS PART_KEYS PART_SERVICES, 2},
};

static const struct word {
	const char *section, *word, *kind;
} words[] = {
#define WORD(section, type, field, word, kind, ...) {#section, word, #kind},
#include "conf/conf_words.def"
};

static bool means_a_secret(const struct word *w)
{
	static const char *const names[] = {"key", "pkcs12", "password", "pin", "token", "secret"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strncmp(w->word, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static bool has_row(const struct word *w)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].section, w->section) == 0 && strcmp(rows[i].word, w->word) == 0)
			return true;
	}
	return false;
}

/* The files of the kind SECRET are read by trust_secret_read alone, which is stricter (unit.trust.test_source). */
static void each_word_of_a_secret_is_private(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct word *w = &words[i];
		bool private = strcmp(w->kind, "PRIVATE") == 0;

		if (private != has_row(w) || (means_a_secret(w) && strcmp(w->kind, "PATH") == 0))
			fail_msg("%s of %s", w->word, w->section);
	}
}

static void read_beside(const struct row *row, mode_t mode, struct fixture *f)
{
	char path[300];

	fixture_make(f);
	snprintf(path, sizeof path, "%s/secret", f->folder);
	fixture_write(f, "secret", BYTES_LIT("octets"));
	assert_int_equal(chmod(path, mode), 0);
	fixture_write(f, "qaqpa.yaml", bytes_str(row->text));
	fixture_load(f);
}

static void what_everybody_may_read_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture f;

		read_beside(&rows[i], 0644, &f);
		assert_false(f.ok);
		assert_int_equal(f.problems->errors, 1);
		assert_int_equal(f.problems->list[0].at.line, rows[i].line);
		assert_non_null(strstr(f.problems->list[0].what, "everybody may read"));
		assert_non_null(strstr(f.problems->list[0].what, rows[i].word));
		fixture_drop(&f);
		read_beside(&rows[i], 0640, &f);
		if (!f.ok)
			fixture_print(&f);
		assert_true(f.ok);
		fixture_drop(&f);
	}
}

/* Hashes of passwords stand in the configuration itself: in whichever of its files they do. */
static void an_included_file_with_hashes_is_private_too(void **state)
{
	static const char *const hash = "participants:\n  - {name: a, certificates: c, password_hash: "
		"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC}\n";

	(void)state;
	for (int open_to_all = 0; open_to_all < 2; open_to_all++) {
		struct fixture f;
		char path[300];

		fixture_make(&f);
		snprintf(path, sizeof path, "%s/more", f.folder);
		assert_int_equal(mkdir(path, 0700), 0);
		fixture_write(&f, "more/a.yaml", bytes_str(hash));
		snprintf(path, sizeof path, "%s/more/a.yaml", f.folder);
		assert_int_equal(chmod(path, open_to_all ? 0644 : 0640), 0);
		fixture_write(&f, "qaqpa.yaml", BYTES_LIT("include: more\n" ALL_PARTS));
		fixture_load(&f);
		assert_int_equal(f.ok, !open_to_all);
		if (open_to_all)
			assert_non_null(strstr(f.problems->list[0].what, "everybody may read it"));
		fixture_drop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_of_a_secret_is_private),
		cmocka_unit_test(what_everybody_may_read_is_refused),
		cmocka_unit_test(an_included_file_with_hashes_is_private_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
