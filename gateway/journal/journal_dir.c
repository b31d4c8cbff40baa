/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_dir - the directory of the journal and the names in it.
 * Promise:  one gateway writes a directory at a time; others cannot look into it.
 * Not here: what is in a file (journal_file.c). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_int.h"

static const char prefix[] = "journal-";
static const char *const suffixes[] = {[JOURNAL_LOG] = ".log", [JOURNAL_INDEX] = ".sqlite", [JOURNAL_CUT] = ".cut"};

static outcome dir_fail(struct err *e, const char *directory, const char *what)
{
	return err_set(e, REASON_JOURNAL_DOWN, "%s: %s: %s", directory, what, strerror(errno));
}

outcome journal_dir_take(const char *directory, int *fd, struct err *e)
{
	struct stat st;

	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return dir_fail(e, directory, "cannot make the directory");
	*fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return dir_fail(e, directory, "cannot open the directory");
	if (fstat(*fd, &st) != 0 || ((st.st_mode & 07777) != 0700 && fchmod(*fd, 0700) != 0))
		return dir_fail(e, directory, "cannot close the directory to others");
	/* A second writer would not see our replay keys in its memory, nor we his. */
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		return err_set(e, REASON_JOURNAL_DOWN, "%s: another gateway writes this journal", directory);
	return DONE;
}

void journal_path(const char *directory, const char *day, enum journal_part part, char out[JOURNAL_PATH])
{
	int n = snprintf(out, JOURNAL_PATH, "%s/%s%s%s", directory, prefix, day, suffixes[part]);

	BUG_IF(n < 0 || n >= JOURNAL_PATH);
}

outcome journal_path_fail(struct err *e, const char *day, enum journal_part part, const char *doing)
{
	return err_set(e, REASON_JOURNAL_DOWN, "%s%s%s: %s: %s", prefix, day, suffixes[part], doing, strerror(errno));
}

bool journal_part_exists(const char *directory, const char *day, enum journal_part part)
{
	char path[JOURNAL_PATH];
	struct stat st;

	journal_path(directory, day, part, path);
	return lstat(path, &st) == 0;
}

static bool day_parse(const char *day, int64_t *midnight_ms)
{
	char text[STAMP_TEXT];
	struct stamp s;

	snprintf(text, sizeof text, "%.10sT00:00:00Z", day);
	if (!stamp_parse(bytes_str(text), &s))
		return false;
	*midnight_ms = s.ms;
	return true;
}

int64_t journal_day_midnight(const char *day)
{
	int64_t midnight_ms;

	BUG_IF(!day_parse(day, &midnight_ms));
	return midnight_ms;
}

int64_t journal_day_end(const char *day)
{
	/* The westernmost offset of xsd:dateTime is 14 hours. */
	return journal_day_midnight(day) + (24 + 14) * INT64_C(3600000);
}

/* True for journal-2030-01-02.log and nothing else. */
static bool name_is_ours(const char *name, char day[JOURNAL_DAY])
{
	const char *suffix = suffixes[JOURNAL_LOG];
	int64_t midnight_ms;

	if (strlen(name) != sizeof prefix - 1 + JOURNAL_DAY - 1 + strlen(suffix))
		return false;
	if (strncmp(name, prefix, sizeof prefix - 1) != 0 ||
		strcmp(name + sizeof prefix - 1 + JOURNAL_DAY - 1, suffix) != 0)
		return false;
	memcpy(day, name + sizeof prefix - 1, JOURNAL_DAY - 1);
	day[JOURNAL_DAY - 1] = '\0';
	return day_parse(day, &midnight_ms);
}

static bool names_add(struct journal_names *names, const char *day)
{
	void *bigger = realloc(names->day, (names->count + 1) * sizeof *names->day);

	if (!bigger)
		return false;
	names->day = bigger;
	memcpy(names->day[names->count++], day, JOURNAL_DAY);
	return true;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(b, a);
}

outcome journal_names_read(const char *directory, struct journal_names *out, struct err *e)
{
	char day[JOURNAL_DAY];
	struct dirent *entry;
	bool fits = true;
	DIR *dir;

	*out = (struct journal_names){NULL, 0};
	if (strlen(directory) > JOURNAL_PATH - 64)
		return err_set(e, REASON_JOURNAL_DOWN, "the path of the journal is too long");
	dir = opendir(directory);
	if (!dir)
		return dir_fail(e, directory, "cannot open the directory");
	while (fits && (entry = readdir(dir)) != NULL)
		fits = !name_is_ours(entry->d_name, day) || names_add(out, day);
	closedir(dir);
	if (!fits) {
		journal_names_free(out);
		return err_set(e, REASON_JOURNAL_DOWN, "%s: no memory for the list of files", directory);
	}
	if (out->count > 1)
		qsort(out->day, out->count, sizeof *out->day, newest_first);
	return DONE;
}

void journal_names_free(struct journal_names *names)
{
	free(names->day);
	*names = (struct journal_names){NULL, 0};
}

static outcome directory_sync(const char *directory, const char *day, enum journal_part part, struct err *e)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	outcome r = DONE;

	if (fd < 0 || fsync(fd) != 0)
		r = journal_path_fail(e, day, part, "cannot write the directory");
	if (fd >= 0)
		close(fd);
	return r;
}

static void parts_remove(const char *path)
{
	/* The file goes last: so nothing is left behind when we are stopped half-way. */
	static const char *const parts[] = {"-journal", "-wal", "-shm", ""};
	char part[JOURNAL_PATH + 8];

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(part, sizeof part, "%s%s", path, parts[i]);
		unlink(part);
	}
}

static outcome empty_make(const char *path, const char *day, enum journal_part part, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	outcome r = DONE;

	if (fd < 0)
		return journal_path_fail(e, day, part, "cannot make the file");
	if (fchmod(fd, 0600) != 0)
		r = journal_path_fail(e, day, part, "cannot close the file to others");
	close(fd);
	return r;
}

outcome journal_part_create(const char *directory, const char *day, enum journal_part part,
	outcome (*fill)(const char *path, const char *day, uint64_t ctx, struct err *e), uint64_t ctx, struct err *e)
{
	char path[JOURNAL_PATH], fresh[JOURNAL_PATH];
	outcome r;

	journal_path(directory, day, part, path);
	journal_path(directory, "new", part, fresh);
	parts_remove(fresh); /* of an attempt that was cut short */
	TRY(empty_make(fresh, day, part, e));
	r = fill(fresh, day, ctx, e);
	if (r.ok && link(fresh, path) != 0) /* unlike rename, never over an existing file */
		r = journal_path_fail(e, day, part, "cannot name the new file");
	unlink(fresh);
	return r.ok ? directory_sync(directory, day, part, e) : r;
}

void journal_index_remove(const char *directory, const char *day)
{
	char path[JOURNAL_PATH];

	journal_path(directory, day, JOURNAL_INDEX, path);
	parts_remove(path);
}

void journal_log_remove(const char *directory, const char *day)
{
	static const enum journal_part parts[] = {JOURNAL_CUT, JOURNAL_LOG};
	char path[JOURNAL_PATH];

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		journal_path(directory, day, parts[i], path);
		unlink(path);
	}
}
