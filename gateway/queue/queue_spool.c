/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_spool - bodies too big for Redis, in a folder shared by the gateways.
 * Promise:  when a write returns, the body survives a power cut; no name is ever used twice, so a put that was refused
 *           can take its file back without harm to an earlier message of the same id.
 * Not here: which bodies are big (the caller). A process killed between file and put leaves a file nobody names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/ident.h"

#include "queue/queue_int.h"

#define BODY_MOST ((size_t)1 << 30)

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

outcome queue_spool_open(const char *directory, struct err *e)
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

/* 32 hexadecimal digits of the id's SHA-256, by which an operator finds the file, a dot, and 16 of chance. */
static void name_new(struct bytes id, char name[QUEUE_SPOOL_NAME])
{
	unsigned char hash[EVP_MAX_MD_SIZE], chance[8];
	SCOPED(buf_free) struct buf text = BUF(QUEUE_SPOOL_NAME);

	BUG_IF(EVP_Digest(id.p, id.n, hash, NULL, EVP_sha256(), NULL) != 1);
	random_fill(chance, sizeof chance);
	buf_hex(&text, (struct bytes){hash, 16});
	buf_char(&text, '.');
	buf_hex(&text, (struct bytes){chance, sizeof chance});
	snprintf(name, QUEUE_SPOOL_NAME, "%s", buf_cstr(&text));
}

/* A name out of Redis is a name of ours, or no file is touched. */
static bool name_is_ours(struct bytes name)
{
	if (name.n == 0 || name.n >= QUEUE_SPOOL_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!memchr("0123456789abcdef.", name.p[i], 17))
			return false;
	}
	return name.p[0] != '.';
}

static bool write_all(int fd, struct bytes body)
{
	while (body.n) {
		ssize_t n = write(fd, body.p, body.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			body = bytes_sub(body, (size_t)n, body.n);
	}
	return fsync(fd) == 0;
}

outcome queue_spool_write(const char *directory, struct bytes id, struct bytes body, char name[QUEUE_SPOOL_NAME],
	struct err *e)
{
	SCOPED(close_fd) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED(close_fd) int file = -1;

	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", directory);
	name_new(id, name);
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	if (write_all(file, body) && fsync(folder) == 0)
		return DONE;
	err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	unlinkat(folder, name, 0);
	return FAILED;
}

static outcome open_body(const char *directory, const char *name, int *file, size_t *size, struct err *e)
{
	SCOPED(close_fd) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", directory);
	*file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*file < 0 || fstat(*file, &st))
		return err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > BODY_MOST)
		return err_set(e, REASON_IO, "%s/%s is no body", directory, name);
	*size = (size_t)st.st_size;
	return DONE;
}

outcome queue_spool_read(const char *directory, struct bytes name, struct buf *out, struct err *e)
{
	SCOPED(close_fd) int file = -1;
	char text[QUEUE_SPOOL_NAME];
	unsigned char *to;
	size_t size = 0, had = 0;

	if (!name_is_ours(name))
		return err_set(e, REASON_IO, "the name of a spool file is malformed");
	snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
	TRY(open_body(directory, text, &file, &size, e));
	to = buf_reserve(out, size);
	if (!to && size)
		return err_set(e, REASON_MEMORY, "%zu octets for a body of the spool", size);
	while (had < size) {
		ssize_t n = read(file, to + had, size - had);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, REASON_IO, "%s/%s: %s", directory, text, n ? strerror(errno) : "cut off");
		had += (size_t)n;
	}
	buf_grown(out, size);
	return DONE;
}

void queue_spool_remove(const char *directory, struct bytes name)
{
	SCOPED(close_fd) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[QUEUE_SPOOL_NAME];

	if (folder < 0 || !name_is_ours(name))
		return;
	snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
	unlinkat(folder, text, 0);
}
