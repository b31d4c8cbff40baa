/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a confined process can still write, tried in a process of its own. */
#include "../cm.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"

static char top[] = "/tmp/qaqpa-writes-XXXXXX";
static char inside[64], outside[64], missing[64], elsewhere[64];

static int made(const char *folder, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int make_inside(void)
{
	return made(inside, "a");
}

static int make_where_nothing_was(void)
{
	return made(missing, "a");
}

static int make_outside(void)
{
	return made(outside, "b");
}

static int write_outside(void)
{
	return made(outside, "there");
}

static int read_outside(void)
{
	char path[128], c;
	int fd;

	snprintf(path, sizeof path, "%s/there", outside);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : read(fd, &c, 1) == 1 ? 0 : EIO;
}

static int remove_outside(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/there", outside);
	return unlink(path) ? errno : 0;
}

static int carry_out(void)
{
	char from[128], to[128];

	snprintf(from, sizeof from, "%s/mine", inside);
	snprintf(to, sizeof to, "%s/mine", outside);
	return rename(from, to) ? errno : 0;
}

static int rename_inside(void)
{
	char from[128], to[128];

	snprintf(from, sizeof from, "%s/mine", inside);
	snprintf(to, sizeof to, "%s/yours", inside);
	return rename(from, to) ? errno : 0;
}

static int point_elsewhere(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/link", inside);
	return symlink("/etc/passwd", path) ? errno : 0;
}

static int start_program(void)
{
	char *const words[] = {(char[]){"true"}, NULL}, *const none[] = {NULL};

	execve("/bin/true", words, none);
	return errno;
}

static const struct row {
	const char *name;
	int (*act)(void);
	int wanted;
} rows[] = {
	{"a file in a folder of ours", make_inside, 0},
	{"a folder that was missing is there", make_where_nothing_was, 0},
	{"a file of ours is renamed", rename_inside, 0},
	{"reading is as before", read_outside, 0},
	{"no file elsewhere", make_outside, EACCES},
	{"no writing to one that is there", write_outside, EACCES},
	{"none is removed", remove_outside, EACCES},
	{"none is carried out", carry_out, EACCES},
	{"no link to elsewhere", point_elsewhere, EACCES},
	{"no program is started", start_program, EACCES},
};

static int fresh_folders(void)
{
	char path[160];
	FILE *f;

	for (int i = 0; i < 2; i++) {
		const char *folder = i ? outside : inside;

		mkdir(folder, 0700);
		snprintf(path, sizeof path, "%s/%s", folder, i ? "there" : "mine");
		f = fopen(path, "we");
		if (!f || fputs("x", f) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

/* The errno of the act in a child that may write to two folders; -1 when this kernel confines nothing. */
static int confined(int (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const char *const folders[] = {inside, missing, elsewhere};
		bool applied;

		if (!confine_writes(folders, 3, &applied, NULL).ok)
			_exit(255);
		_exit(applied ? act() : 254);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status) == 254 ? -1 : WEXITSTATUS(status);
}

static void each_change_has_its_end(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int found;

		assert_int_equal(fresh_folders(), 0);
		found = confined(rows[i].act);
		if (found == -1)
			skip();
		if (found == rows[i].wanted)
			continue;
		print_error("%s: %s\n", rows[i].name, strerror(found));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static int make_top(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(inside, sizeof inside, "%s/inside", top);
	snprintf(outside, sizeof outside, "%s/outside", top);
	snprintf(missing, sizeof missing, "%s/missing", top);
	snprintf(elsewhere, sizeof elsewhere, "%s/no/such/folder", top);
	return 0;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int remove_top(void **state)
{
	(void)state;
	return nftw(top, drop, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_has_its_end),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
