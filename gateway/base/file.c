/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file - folders and files on disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ident.h"

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int folder_fd(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

outcome file_folder(const char *directory, struct err *e)
{
	struct stat st;

	if (mkdir(directory, 0700) && errno != EEXIST)
		return err_set(e, REASON_IO, "%s: %m", directory);
	if (stat(directory, &st))
		return err_set(e, REASON_IO, "%s: %m", directory);
	if (!S_ISDIR(st.st_mode) || access(directory, R_OK | W_OK | X_OK))
		return err_set(e, REASON_IO, "%s is no folder that can be written", directory);
	if (st.st_mode & 07)
		return err_set(e, REASON_IO, "%s is open to everybody; its mode must be 0700", directory);
	return DONE;
}

bool file_write(int fd, struct bytes octets)
{
	while (octets.n) {
		ssize_t n = write(fd, octets.p, octets.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			octets = bytes_sub(octets, (size_t)n, octets.n);
	}
	return fsync(fd) == 0;
}

/* Written under a name of chance first: a crash in between leaves no half of a file under the real one. */
static bool create(int folder, const char *part, const char *name, struct bytes octets, bool *made)
{
	SCOPED(file_close) int file =
		openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file < 0 || !file_write(file, octets))
		return false;
	*made = linkat(folder, part, folder, name, 0) == 0;
	return *made || errno == EEXIST;
}

outcome file_create(const char *directory, const char *name, struct bytes octets, bool *made, struct err *e)
{
	SCOPED(file_close) int folder = folder_fd(directory);
	unsigned long long chance;
	char part[32];
	bool done;

	*made = false;
	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", directory);
	random_fill(&chance, sizeof chance);
	snprintf(part, sizeof part, ".%016llx", chance);
	/* Also where the name was taken: whoever took it may not have come to this fsync yet. */
	done = create(folder, part, name, octets, made);
	if (!done)
		err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	unlinkat(folder, part, 0);
	if (!done)
		return FAILED;
	return fsync(folder) == 0 ? DONE : err_set(e, REASON_IO, "%s: %m", directory);
}

static outcome open_file(const char *directory, const char *name, size_t most, int *file, size_t *size, struct err *e)
{
	SCOPED(file_close) int folder = folder_fd(directory);
	struct stat st;

	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", directory);
	*file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*file < 0 || fstat(*file, &st))
		return err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > most)
		return err_set(e, REASON_IO, "%s/%s is no file of ours", directory, name);
	*size = (size_t)st.st_size;
	return DONE;
}

outcome file_read(const char *directory, const char *name, size_t most, struct buf *out, struct err *e)
{
	SCOPED(file_close) int file = -1;
	size_t size = 0, had = 0;
	unsigned char *to;

	TRY(open_file(directory, name, most, &file, &size, e));
	to = buf_reserve(out, size);
	if (!to && size)
		return err_set(e, REASON_MEMORY, "%zu octets for %s/%s", size, directory, name);
	while (had < size) {
		ssize_t n = read(file, to + had, size - had);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, REASON_IO, "%s/%s: %s", directory, name, n ? strerror(errno) : "cut off");
		had += (size_t)n;
	}
	buf_grown(out, size);
	return DONE;
}
