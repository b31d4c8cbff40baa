/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_store - files of the room: answers to begin with after a restart, and evidence for those who ask years later.
 * Promise:  a file is there whole or not at all, whatever happens to the machine; nobody else may read it.
 * Not here: whether a file that is read back is believed (revocation_load.c). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ident.h"

#include "revocation/revocation_run.h"

#define UNFINISHED ".new-"

static void close_folder(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void scoped_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int folder_open(int at, const char *name, struct err *e)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST) {
		err_set(e, REASON_IO, "%s: cannot make the folder: %s", name, strerror(errno));
		return -1;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && ((st.st_mode & 07777) == 0700 || fchmod(fd, 0700) == 0))
		return fd;
	err_set(e, REASON_IO, "%s: cannot use the folder: %s", name, strerror(errno));
	close_folder(&fd);
	return -1;
}

outcome revocation_store_open(struct revocation_store *s, const char *directory, struct err *e)
{
	SCOPED(close_folder) int top = folder_open(AT_FDCWD, directory, e);

	*s = (struct revocation_store){-1, -1};
	if (top < 0)
		return FAILED;
	s->cache = folder_open(top, "cache", e);
	if (s->cache >= 0)
		s->evidence = folder_open(top, "evidence", e);
	if (s->evidence >= 0)
		return DONE;
	revocation_store_close(s);
	return FAILED;
}

void revocation_store_close(struct revocation_store *s)
{
	close_folder(&s->cache);
	close_folder(&s->evidence);
}

static bool write_all(int fd, struct bytes b)
{
	while (b.n) {
		ssize_t put = write(fd, b.p, b.n);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0)
			b = bytes_sub(b, (size_t)put, b.n);
	}
	return true;
}

bool revocation_store_put(int folder, const char *name, struct bytes one, struct bytes two)
{
	unsigned long long chance;
	char fresh[REVOCATION_NAME];
	bool whole;
	int fd;

	random_fill(&chance, sizeof chance);
	snprintf(fresh, sizeof fresh, UNFINISHED "%016llx", chance);
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	whole = write_all(fd, one) && write_all(fd, two) && fsync(fd) == 0;
	whole &= close(fd) == 0;
	if (whole && renameat(folder, fresh, folder, name) == 0)
		return fsync(folder) == 0;
	unlinkat(folder, fresh, 0);
	return false;
}

void revocation_store_name(const unsigned char sha256[32], const char *suffix, char out[REVOCATION_NAME])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", sha256[i]);
	snprintf(out + 64, REVOCATION_NAME - 64, "%s", suffix);
}

bool revocation_store_evidence(const struct revocation_store *s, const unsigned char sha256[32], struct bytes octets)
{
	char name[REVOCATION_NAME];

	revocation_store_name(sha256, "", name);
	/* The time of a file that is there is that of its last use, so that it outlives revocation_expire. */
	if (utimensat(s->evidence, name, NULL, 0) == 0)
		return true;
	return revocation_store_put(s->evidence, name, octets, BYTES_NONE);
}

bool revocation_store_get(int folder, const char *name, struct buf *out)
{
	SCOPED(close_folder) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return false;
	do {
		unsigned char *to = buf_reserve(out, 65536);

		if (!to)
			return false;
		got = read(fd, to, 65536);
		if (got > 0)
			buf_grown(out, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got == 0;
}

void revocation_store_remove(int folder, const unsigned char sha256[32])
{
	char name[REVOCATION_NAME];

	revocation_store_name(sha256, "", name);
	unlinkat(folder, name, 0);
}

static int64_t written_ms(int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return INT64_MAX;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

static DIR *folder_read(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (!d)
		close_folder(&fd);
	return d;
}

size_t revocation_store_each(
	int folder, bool (*each)(void *ctx, const unsigned char sha256[32], int64_t written_ms), void *ctx)
{
	SCOPED(scoped_dir) DIR *d = folder_read(folder);
	size_t removed = 0;

	for (const struct dirent *f; d && (f = readdir(d));) {
		SCOPED(buf_free) struct buf digest = BUF(32);

		if (strlen(f->d_name) == 64 && hex_decode(bytes_str(f->d_name), &digest) &&
			each(ctx, digest.data, written_ms(folder, f->d_name)))
			removed += unlinkat(folder, f->d_name, 0) == 0;
	}
	return removed;
}

size_t revocation_store_sweep(int folder, int64_t before_ms)
{
	SCOPED(scoped_dir) DIR *d = folder_read(folder);
	size_t removed = 0;

	for (const struct dirent *f; d && (f = readdir(d));) {
		if (strncmp(f->d_name, UNFINISHED, strlen(UNFINISHED)) == 0 && written_ms(folder, f->d_name) < before_ms)
			removed += unlinkat(folder, f->d_name, 0) == 0;
	}
	return removed;
}
