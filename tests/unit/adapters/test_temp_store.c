/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the temporary store: how long they live, how much there may be, and who finds them. */
#include <dirent.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

#include "files/temp_files.h"

#define NOW INT64_C(1893456000000)
#define MESSAGE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct bench {
	char *folder;
	struct temp_place place;
	struct pool *pool;
};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct err e = {0};

	b->folder = fresh_folder();
	b->pool = pool_new(MUCH);
	b->place = (struct temp_place){b->folder, TEMP_LIMITS_DEFAULT, NOW};
	must(temp_store_open(b->folder, &e), &e);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	pool_free(&b->pool);
	remove_folder(b->folder);
	free(b);
	return 0;
}

struct origin {
	const char *owner, *message;
	unsigned index;
};

static enum temp_verdict put(struct bench *b, const struct origin *from, const struct temp_file *f, char id[TEMP_ID])
{
	const struct temp_origin origin = {from->owner, from->message};
	struct temp_visit *visit;
	enum temp_verdict v;
	int64_t life = 0;
	struct err e = {0};

	must(temp_store_begin(&b->place, b->pool, &origin, &visit, &e), &e);
	must(temp_store_put(visit, from->index, f, &v, id, &life, &e), &e);
	return v;
}

/* One more file of `n` octets of an owner. */
static enum temp_verdict put_more(struct bench *b, const char *owner, unsigned index, size_t n)
{
	static const unsigned char octets[4096];
	char id[TEMP_ID];

	return put(b, &(struct origin){owner, MESSAGE, index}, &(struct temp_file){.content = {octets, n}}, id);
}

static enum temp_verdict get(struct bench *b, const char *id, struct temp_file *out)
{
	enum temp_verdict v;
	struct err e = {0};

	must(temp_store_get(&b->place, b->pool, id, out, &v, &e), &e);
	return v;
}

static size_t looks;

/* In the place of the one of the C library: counts how often a file of the folder is looked at. */
int fstatat(int folder, const char *name, struct stat *st, int flags)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = fd < 0 ? -1 : fstat(fd, st);

	(void)flags;
	looks++;
	if (fd >= 0)
		close(fd);
	return result;
}

static size_t files_in(const char *folder)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static const struct origin from = {"department", MESSAGE, 0};

static void a_file_comes_back_as_it_was(void **state)
{
	static const unsigned char octets[] = {0, 1, '\n', '\n', 255, 'x'};
	struct temp_file f = {.content = {octets, sizeof octets}, .name = "Қазақша атау.pdf", .mime = "application/pdf",
		.confirm = true};
	struct bench *b = *state;
	struct temp_file found;
	char id[TEMP_ID];

	assert_int_equal(put(b, &from, &f, id), TEMP_DONE);
	assert_int_equal(get(b, id, &found), TEMP_DONE);
	assert_true(bytes_eq(found.content, f.content));
	assert_string_equal(found.name, f.name);
	assert_string_equal(found.mime, f.mime);
	assert_true(found.confirm);
	assert_int_equal(found.life_ms, 8 * 3600000);
	assert_int_equal(put(b, &(struct origin){"department", MESSAGE, 1}, &(struct temp_file){0}, id), TEMP_DONE);
	assert_int_equal(get(b, id, &found), TEMP_DONE);
	assert_int_equal(found.content.n, 0);
	assert_null(found.name);
	assert_false(found.confirm);
}

static void a_life_ends_to_the_millisecond(void **state)
{
	static const struct {
		const char *name;
		int64_t asked_ms, lives_ms;
	} rows[] = {
		{"the usual life", 0, 8 * 3600000},
		{"an hour", 3600000, 3600000},
		{"more than is given", 365 * INT64_C(86400000), 72 * 3600000},
		{"the shortest life", 1, 1},
	};
	struct bench *b = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct temp_file found;
		char id[TEMP_ID];

		print_message("%s\n", rows[i].name);
		b->place.now_ms = NOW;
		assert_int_equal(put(b, &(struct origin){"department", MESSAGE, i},
			&(struct temp_file){.life_ms = rows[i].asked_ms}, id), TEMP_DONE);
		b->place.now_ms = NOW + rows[i].lives_ms - 1;
		assert_int_equal(get(b, id, &found), TEMP_DONE);
		assert_int_equal(found.life_ms, 1);
		b->place.now_ms++;
		assert_int_equal(get(b, id, &found), TEMP_NONE);
	}
}

static void what_is_over_is_swept_and_nothing_else(void **state)
{
	struct bench *b = *state;
	struct err e = {0};
	char path[4096];

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(put(b, &(struct origin){"department", MESSAGE, i},
			&(struct temp_file){.life_ms = 1000 * (i + 1)}, path), TEMP_DONE);
	snprintf(path, sizeof path, "%s/notes.txt", b->folder);
	fclose(fopen(path, "w"));
	b->place.now_ms = NOW + 2000;
	must(temp_store_sweep(&b->place, &e), &e);
	assert_int_equal(files_in(b->folder), 3);
	b->place.now_ms = NOW + 4000;
	assert_int_equal(put_more(b, "permits", 0, 1), TEMP_DONE); /* so does every upload */
	assert_int_equal(files_in(b->folder), 2);
}

static void a_file_that_a_crash_left_half_made_goes(void **state)
{
	static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct bench *b = *state;
	struct err e = {0};
	char path[4096];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/.%d", b->folder, i);
		fclose(fopen(path, "w"));
	}
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	must(temp_store_sweep(&b->place, &e), &e);
	assert_int_equal(files_in(b->folder), 1);
}

static void the_same_message_gets_the_same_identifier(void **state)
{
	struct temp_file f = {.content = BYTES_LIT("x")};
	struct bench *b = *state;
	char first[TEMP_ID], again[TEMP_ID];

	assert_int_equal(put(b, &from, &f, first), TEMP_DONE);
	b->place.now_ms += 5000;
	assert_int_equal(put(b, &from, &f, again), TEMP_DONE);
	assert_string_equal(again, first);
	assert_int_equal(files_in(b->folder), 1);
	assert_int_equal(put(b, &(struct origin){"department", MESSAGE, 1}, &f, again), TEMP_DONE);
	assert_string_not_equal(again, first);
	assert_int_equal(put(b, &(struct origin){"department", OTHER, 0}, &f, again), TEMP_DONE);
	assert_string_not_equal(again, first);
	assert_int_equal(put(b, &(struct origin){"permits", MESSAGE, 0}, &f, again), TEMP_DONE);
	assert_string_not_equal(again, first);
	assert_int_equal(files_in(b->folder), 4);
}

static void identifiers_share_nothing_that_can_be_guessed(void **state)
{
	struct bench *b = *state;
	char one[TEMP_ID], other[TEMP_ID];

	assert_int_equal(put(b, &from, &(struct temp_file){0}, one), TEMP_DONE);
	remove_folder(strdup(b->folder));
	assert_int_equal(mkdir(b->folder, 0700), 0);
	assert_int_equal(put(b, &from, &(struct temp_file){0}, other), TEMP_DONE);
	assert_int_equal(strlen(one), 90);
	assert_memory_equal(one, other, 58); /* message, index, owner, end */
	for (size_t i = 58; i < 90; i += 8)
		assert_memory_not_equal(one + i, other + i, 8);
}

static void what_is_no_identifier_meets_no_file(void **state)
{
	struct bench *b = *state;
	struct temp_file found;
	char id[TEMP_ID], path[4096];
	const char *hostile[] = {"", ".", "..", "/etc/passwd", "../secret", "notes.txt", id + 1, path};

	snprintf(path, sizeof path, "%s/notes.txt", b->folder);
	fclose(fopen(path, "w"));
	assert_int_equal(put(b, &from, &(struct temp_file){0}, id), TEMP_DONE);
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		assert_int_equal(get(b, hostile[i], &found), TEMP_NONE);
	snprintf(path, sizeof path, "%s/", id);
	assert_int_equal(get(b, path, &found), TEMP_NONE);
	id[strlen(id) - 1] ^= 1;
	assert_int_equal(get(b, id, &found), TEMP_NONE);
}

static void a_link_is_not_followed(void **state)
{
	struct bench *b = *state;
	char id[TEMP_ID], path[4096], to[4096];
	struct temp_file found;

	assert_int_equal(put(b, &from, &(struct temp_file){0}, id), TEMP_DONE);
	snprintf(path, sizeof path, "%s/%s", b->folder, id);
	snprintf(to, sizeof to, "%s/elsewhere", b->folder);
	assert_int_equal(rename(path, to), 0);
	assert_int_equal(symlink(to, path), 0);
	assert_int_equal(get(b, id, &found), TEMP_NONE);
}

static void there_is_room_for_so_much_and_no_more(void **state)
{
	struct bench *b = *state;

	b->place.limits.total = 6000;
	b->place.limits.owner = 3000;
	b->place.limits.file = 2000;
	assert_int_equal(put_more(b, "department", 0, 2001), TEMP_LONG);
	assert_int_equal(put_more(b, "department", 1, 2000), TEMP_DONE);
	assert_int_equal(put_more(b, "department", 2, 2000), TEMP_OWNER_FULL);
	assert_int_equal(put_more(b, "permits", 0, 2000), TEMP_DONE);
	assert_int_equal(put_more(b, "monitoring", 0, 2000), TEMP_FULL);
	assert_int_equal(put_more(b, "department", 2, 500), TEMP_DONE);
	b->place.limits.total = 1u << 20;
	b->place.limits.count = 4;
	assert_int_equal(put_more(b, "monitoring", 0, 1), TEMP_DONE);
	assert_int_equal(put_more(b, "monitoring", 1, 1), TEMP_FULL);
	b->place.limits.count = 100;
	b->place.limits.owner_count = 2;
	assert_int_equal(put_more(b, "monitoring", 1, 1), TEMP_DONE);
	assert_int_equal(put_more(b, "monitoring", 2, 1), TEMP_OWNER_FULL); /* nobody takes the places of the others */
	assert_int_equal(put_more(b, "permits", 1, 1), TEMP_DONE);
	b->place.now_ms += 8 * 3600000; /* all of them are over */
	assert_int_equal(put_more(b, "department", 2, 2000), TEMP_DONE);
	assert_int_equal(files_in(b->folder), 1);
}

static void the_room_is_counted_once_for_all_files_of_a_message(void **state)
{
	static const struct temp_caller caller = {.owner = "department", .sender = "department_is", .message = OTHER};
	SCOPED(buf_free) struct buf text = BUF(MUCH);
	struct temp_answer answer;
	struct bench *b = *state;
	struct err e = {0};
	xmlDoc *doc;

	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(put_more(b, "permits", i, 1), TEMP_DONE);
	buf_str(&text, "<tempStorageRequest><type>UPLOAD</type><uploadRequest>");
	for (int i = 0; i < 12; i++)
		buf_str(&text, "<fileUploadRequests><content>eA==</content></fileUploadRequests>");
	buf_str(&text, "</uploadRequest></tempStorageRequest>");
	doc = xmlReadMemory((const char *)text.data, (int)text.len, NULL, NULL, XML_PARSE_NONET);
	looks = 0;
	b->place.limits.owner_count = 10;
	must(temp_files_serve(b->pool, &b->place, &caller, xmlDocGetRootElement(doc), &answer, &e), &e);
	assert_string_equal(answer.code, "SCSE001"); /* those that came before count: the last two find no room */
	assert_int_equal(files_in(b->folder), 30);
	assert_int_equal(looks, 20 + 2); /* with . and .. */
	xmlFreeDoc(doc);
}

static void what_cannot_be_kept_is_told(void **state)
{
	char long_name[TEMP_NAME_MOST + 2];
	const struct {
		const char *name;
		struct temp_file file;
		unsigned index;
		enum temp_verdict verdict;
	} rows[] = {
		{"a name of two lines", {.name = "a\nmime x"}, 0, TEMP_NAME},
		{"an empty name", {.name = ""}, 0, TEMP_NAME},
		{"a media type with a control character", {.mime = "text/\x01"}, 0, TEMP_NAME},
		{"a name that is no UTF-8", {.name = "\xff"}, 0, TEMP_NAME},
		{"a long name", {.name = long_name}, 0, TEMP_NAME},
		{"no life", {.life_ms = -1}, 0, TEMP_LIFE},
		{"one file too many", {.life_ms = 0}, TEMP_MESSAGE_MOST, TEMP_MANY},
		{"the last of a message", {.life_ms = 0}, TEMP_MESSAGE_MOST - 1, TEMP_DONE},
		{"the longest name", {.name = long_name + 1}, 0, TEMP_DONE},
	};
	struct bench *b = *state;
	char id[TEMP_ID];

	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].name);
		assert_int_equal(put(b, &(struct origin){"department", MESSAGE, rows[i].index}, &rows[i].file, id),
			rows[i].verdict);
	}
}

static void a_file_goes_when_its_receipt_is_confirmed(void **state)
{
	struct bench *b = *state;
	char wanted[TEMP_ID], not_wanted[TEMP_ID];
	enum temp_verdict v;
	struct err e = {0};

	assert_int_equal(put(b, &from, &(struct temp_file){.confirm = true}, wanted), TEMP_DONE);
	assert_int_equal(put(b, &(struct origin){"department", MESSAGE, 1}, &(struct temp_file){0}, not_wanted), TEMP_DONE);
	must(temp_store_confirm(&b->place, wanted, &v, &e), &e);
	assert_int_equal(v, TEMP_DONE);
	must(temp_store_confirm(&b->place, wanted, &v, &e), &e);
	assert_int_equal(v, TEMP_NONE);
	must(temp_store_confirm(&b->place, not_wanted, &v, &e), &e);
	assert_int_equal(v, TEMP_NOT_ASKED);
	assert_int_equal(files_in(b->folder), 1);
}

static void a_folder_that_everybody_may_enter_is_refused(void **state)
{
	struct bench *b = *state;
	struct err e = {0};

	assert_int_equal(chmod(b->folder, 0755), 0);
	must_fail(temp_store_open(b->folder, &e), &e, REASON_IO);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_file_comes_back_as_it_was),
		ROW(a_life_ends_to_the_millisecond),
		ROW(what_is_over_is_swept_and_nothing_else),
		ROW(a_file_that_a_crash_left_half_made_goes),
		ROW(the_same_message_gets_the_same_identifier),
		ROW(identifiers_share_nothing_that_can_be_guessed),
		ROW(what_is_no_identifier_meets_no_file),
		ROW(a_link_is_not_followed),
		ROW(there_is_room_for_so_much_and_no_more),
		ROW(the_room_is_counted_once_for_all_files_of_a_message),
		ROW(what_cannot_be_kept_is_told),
		ROW(a_file_goes_when_its_receipt_is_confirmed),
		ROW(a_folder_that_everybody_may_enter_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
