/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of our own folders: whole or absent, never over another. */
#include "../cm.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char top[128], folder[160];

static int start(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(top, sizeof top, "%.80s/qaqpa-file-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	snprintf(folder, sizeof folder, "%s/inside", mkdtemp(top) ? top : "");
	return 0;
}

static int stop(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", top);
	return system(command);
}

static int entries(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void a_folder_is_made_and_kept_to_ourselves(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	assert_true(file_folder(folder, &e).ok);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(file_folder(folder, &e).ok);
	assert_int_equal(chmod(folder, 0705), 0);
	assert_false(file_folder(folder, &e).ok);
	assert_non_null(strstr(e.detail, "open to everybody"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_false(file_folder("/nowhere/at/all", &e).ok);
	assert_int_equal(e.reason, REASON_IO);
}

static void the_first_content_stays(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);
	struct err e;
	bool made;

	(void)state;
	assert_true(file_create(folder, "a", BYTES_LIT("first\0octets"), &made, &e).ok);
	assert_true(made);
	assert_true(file_create(folder, "a", BYTES_LIT("second"), &made, &e).ok);
	assert_false(made);
	assert_true(file_read(folder, "a", 100, &out, &e).ok);
	assert_true(bytes_eq(buf_bytes(&out), BYTES_LIT("first\0octets")));
	assert_true(file_read(folder, "a", 100, &out, &e).ok); /* appended */
	assert_int_equal(out.len, 24);
	assert_int_equal(entries(), 1); /* nothing is left of the making */
}

static void what_cannot_be_is_said(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);
	char path[200];
	struct err e;
	bool made;

	(void)state;
	assert_false(file_create("/nowhere", "a", BYTES_LIT("x"), &made, &e).ok);
	assert_false(made);
	assert_false(file_create(folder, "no/such", BYTES_LIT("x"), &made, &e).ok);
	assert_non_null(strstr(e.detail, "no/such"));
	assert_false(file_read(folder, "b", 100, &out, &e).ok);
	assert_false(file_read(folder, "a", 5, &out, &e).ok); /* longer than it may be */
	snprintf(path, sizeof path, "%s/link", folder);
	assert_int_equal(symlink("a", path), 0);
	assert_false(file_read(folder, "link", 100, &out, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	assert_int_equal(out.len, 0);
	assert_int_equal(entries(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_made_and_kept_to_ourselves),
		cmocka_unit_test(the_first_content_stays),
		cmocka_unit_test(what_cannot_be_is_said),
	};

	return cmocka_run_group_tests_name("base file", tests, start, stop);
}
