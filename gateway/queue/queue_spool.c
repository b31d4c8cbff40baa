/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_spool - bodies too big for Redis, in a folder shared by the gateways.
 * Promise:  when a write returns, the body survives a power cut; no name is ever used twice, so a put that was refused
 *           can take its file back without harm to an earlier message of the same id.
 * Not here: which bodies are big (the caller). A process killed between file and put leaves a file nobody names
 *           (queue_admin_sweep.c). */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/ident.h"

#include "queue/queue_int.h"

#define BODY_MOST ((size_t)1 << 30)
#define CHANCE 16

outcome queue_spool_open(const char *directory, struct err *e)
{
	return file_folder(directory, e);
}

void queue_spool_mark(struct bytes id, char mark[QUEUE_SPOOL_MARK + 1])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	SCOPED(buf_free) struct buf text = BUF(QUEUE_SPOOL_NAME);

	BUG_IF(EVP_Digest(id.p, id.n, hash, NULL, EVP_sha256(), NULL) != 1);
	buf_hex(&text, (struct bytes){hash, QUEUE_SPOOL_MARK / 2});
	memcpy(mark, buf_cstr(&text), QUEUE_SPOOL_MARK + 1);
}

/* The mark of the id, by which an operator finds the file, a dot, and 16 digits of chance. */
static void name_new(struct bytes id, char name[QUEUE_SPOOL_NAME])
{
	unsigned char chance[CHANCE / 2];
	SCOPED(buf_free) struct buf text = BUF(QUEUE_SPOOL_NAME);
	char mark[QUEUE_SPOOL_MARK + 1];

	queue_spool_mark(id, mark);
	random_fill(chance, sizeof chance);
	buf_hex(&text, (struct bytes){chance, sizeof chance});
	snprintf(name, QUEUE_SPOOL_NAME, "%s.%s", mark, buf_cstr(&text));
}

bool queue_spool_is_name(struct bytes name)
{
	if (name.n != QUEUE_SPOOL_MARK + 1 + CHANCE || name.p[QUEUE_SPOOL_MARK] != '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (i != QUEUE_SPOOL_MARK && !memchr("0123456789abcdef", name.p[i], 16))
			return false;
	}
	return true;
}

outcome queue_spool_write(const char *directory, struct bytes id, struct bytes body, char name[QUEUE_SPOOL_NAME],
	struct err *e)
{
	SCOPED(file_close) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED(file_close) int file = -1;

	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", directory);
	name_new(id, name);
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	if (file_write(file, body) && fsync(folder) == 0)
		return DONE;
	err_set(e, REASON_IO, "%s/%s: %m", directory, name);
	unlinkat(folder, name, 0);
	return FAILED;
}

outcome queue_spool_read(const char *directory, struct bytes name, struct buf *out, struct err *e)
{
	char text[QUEUE_SPOOL_NAME];

	if (!queue_spool_is_name(name))
		return err_set(e, REASON_IO, "the name of a spool file is malformed");
	snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
	return file_read(directory, text, BODY_MOST, out, e);
}

void queue_spool_remove(const char *directory, struct bytes name)
{
	SCOPED(file_close) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[QUEUE_SPOOL_NAME];

	if (folder < 0 || !queue_spool_is_name(name))
		return;
	snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
	unlinkat(folder, text, 0);
}
