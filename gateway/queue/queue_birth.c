/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_birth - is this the Redis that holds our messages? It gets a name at first sight, in the key <prefix>:birth, which
 * gateways keep in the file `birth` of the spool.
 * Promise:  a Redis that came back without its data, or another one in its place, is not taken for the one that holds what
 *           was acknowledged: nothing is put or claimed there until an operator rebuilt it.
 * Not here: putting back what it held (qaqpa queue rebuild). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/ident.h"

#include "queue/queue_int.h"

static void path_of(const char *spool, char path[4200])
{
	snprintf(path, 4200, "%.4096s/birth", spool);
}

bool queue_birth_read(const char *spool, char birth[QUEUE_BIRTH])
{
	char path[4200];
	ssize_t n;
	int fd;

	path_of(spool, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 ? -1 : read(fd, birth, QUEUE_BIRTH - 1);
	if (fd >= 0)
		close(fd);
	birth[n == QUEUE_BIRTH - 1 ? n : 0] = 0;
	return birth[0] != 0;
}

/* Made whole under another name, so that nobody reads half of it. */
outcome queue_birth_write(const char *spool, const char *birth, struct err *e)
{
	char path[4200], draft[4240];
	bool written;
	int fd;

	path_of(spool, path);
	snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	written = fd >= 0 && write(fd, birth, QUEUE_BIRTH - 1) == QUEUE_BIRTH - 1 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (written && rename(draft, path) == 0)
		return DONE;
	err_set(e, REASON_QUEUE_DOWN, "%.200s cannot be written: %m", path);
	unlink(draft);
	return FAILED;
}

void queue_birth_new(char birth[QUEUE_BIRTH])
{
	uuid_new(birth);
}

void queue_command_birth(struct queue_args *a, const char *prefix, const char *birth, enum queue_birth_act act)
{
	queue_args_start(a);
	queue_args_add(a, act == BIRTH_LOOK ? BYTES_LIT("GET") : BYTES_LIT("SET"));
	queue_args_key(a, prefix, ":birth");
	if (act == BIRTH_LOOK)
		return;
	queue_args_add(a, bytes_str(birth));
	if (act == BIRTH_GIVE) {
		queue_args_add(a, BYTES_LIT("NX"));
		queue_args_add(a, BYTES_LIT("GET"));
	}
}

void queue_command_lost(struct queue_args *a, const char *prefix)
{
	queue_args_start(a);
	queue_args_add(a, BYTES_LIT("SET"));
	queue_args_key(a, prefix, ":seen-lost");
	queue_args_add(a, BYTES_LIT("0"));
}

/* Which name counts from now on: the server's, or, when it had none, the one that was just given. */
static outcome first_sight(const redisReply *r, const char *spool, char birth[QUEUE_BIRTH], struct err *e)
{
	if (r->type == REDIS_REPLY_STRING) {
		if (r->len != QUEUE_BIRTH - 1)
			return err_set(e, REASON_QUEUE_DOWN, "the key birth in Redis is not one of a gateway");
		memcpy(birth, r->str, QUEUE_BIRTH);
	}
	return queue_birth_write(spool, birth, e);
}

outcome queue_birth_judge(const redisReply *r, const char *spool, char birth[QUEUE_BIRTH], bool *known, struct err *e)
{
	if (r->type != REDIS_REPLY_NIL && r->type != REDIS_REPLY_STRING)
		return err_set(e, REASON_QUEUE_DOWN, "Redis refuses: %s", r->type == REDIS_REPLY_ERROR ? r->str : "strange reply");
	if (!*known) {
		TRY(first_sight(r, spool, birth, e));
		*known = true;
		return DONE;
	}
	if (r->type == REDIS_REPLY_NIL)
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis came back without the messages that it held; put them back with: qaqpa queue rebuild");
	if (strcmp(r->str, birth) != 0)
		return err_set(e, REASON_QUEUE_DOWN,
			"this is not the Redis that holds the messages; if it is to hold them from now on: qaqpa queue rebuild");
	return DONE;
}
