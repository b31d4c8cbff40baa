/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_admin_sweep - bodies in the spool that belong to no message any more: a process was killed between the file and its
 * message, or between the end of a message and that of its file.
 * Promise:  a file counts as left over only when it was old enough before Redis was asked, and that Redis, which holds the
 *           messages of this spool, has none with its id. A message that is there all the time cannot be overlooked: SCAN
 *           gives every key that is. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <hiredis/hiredis.h>

#include "queue/queue_int.h"

#define AT_ONCE 1000
#define IDS_MOST ((size_t)1 << 30) /* octets of the marks of all ids */
#define FILES_MOST ((size_t)1 << 28)
#define CURSOR 32

struct file {
	struct file *next;
	char name[QUEUE_SPOOL_NAME];
	size_t octets;
};

struct sweep {
	struct queue_admin *a;
	struct pool *pool;
	struct file *files; /* that are old enough */
	struct buf marks;   /* of the ids of all messages, sorted */
};

/* ---- the folder ---- */

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static outcome add_file(struct sweep *s, int folder, const char *name, int64_t until_ms, struct err *e)
{
	struct stat st;
	struct file *f;

	if (!queue_spool_is_name(bytes_str(name)) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
		(int64_t)st.st_mtime * 1000 > until_ms)
		return DONE;
	f = POOL_NEW(s->pool, struct file);
	if (!f)
		return err_set(e, REASON_MEMORY, "the files of the spool");
	*f = (struct file){.next = s->files, .octets = (size_t)st.st_size};
	memcpy(f->name, name, strlen(name) + 1);
	s->files = f;
	return DONE;
}

static outcome read_folder(struct sweep *s, const char *folder, int64_t until_ms, struct err *e)
{
	SCOPED(close_folder) DIR *d = opendir(folder);
	const struct dirent *entry;

	if (!d)
		return err_set(e, REASON_IO, "%s: %m", folder);
	while ((entry = readdir(d)))
		TRY(add_file(s, dirfd(d), entry->d_name, until_ms, e));
	return DONE;
}

/* ---- Redis ---- */

/* A wrong Redis has none of the messages, and all files would be left over. */
static outcome check_birth(struct queue_admin *a, const char *spool, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	const char *prefix = queue_admin_at(a, BYTES_NONE).prefix;
	char birth[QUEUE_BIRTH];
	struct queue_args args;
	bool known = queue_birth_read(spool, birth);

	if (!known)
		return err_set(e, REASON_USAGE, "%s: no gateway has used this spool", spool);
	queue_command_birth(&args, prefix, birth, BIRTH_LOOK);
	TRY(queue_admin_call(a, &args, &reply, e));
	return queue_birth_judge(reply, spool, birth, &known, e);
}

/* Records are <prefix>:{<destination>}:m:<id>. A destination that looks like one gives marks that nobody has. */
static void add_key(struct sweep *s, const char *prefix, struct bytes key)
{
	const struct bytes between = BYTES_LIT("}:m:");
	char mark[QUEUE_SPOOL_MARK + 1];
	size_t n = strlen(prefix);
	const unsigned char *at;

	if (key.n < n + 2 || memcmp(key.p, prefix, n) != 0 || memcmp(key.p + n, ":{", 2) != 0)
		return;
	while ((at = memmem(key.p, key.n, between.p, between.n))) {
		key = bytes_sub(key, (size_t)(at - key.p) + between.n, key.n);
		queue_spool_mark(key, mark);
		buf_add(&s->marks, bytes_str(mark));
	}
}

static outcome add_page(struct sweep *s, char cursor[CURSOR], struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	const char *prefix = queue_admin_at(s->a, BYTES_NONE).prefix;
	struct queue_args args;

	queue_args_start(&args);
	queue_args_add(&args, BYTES_LIT("SCAN"));
	queue_args_add(&args, bytes_str(cursor));
	queue_args_add(&args, BYTES_LIT("COUNT"));
	queue_args_number(&args, AT_ONCE);
	TRY(queue_admin_call(s->a, &args, &reply, e));
	if (!queue_reply_is(reply, REDIS_REPLY_ARRAY, e))
		return FAILED;
	if (reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING || reply->element[0]->len >= CURSOR ||
		reply->element[1]->type != REDIS_REPLY_ARRAY)
		return err_set(e, REASON_QUEUE_DOWN, "a strange answer to SCAN");
	memcpy(cursor, reply->element[0]->str, reply->element[0]->len + 1);
	for (size_t i = 0; i < reply->element[1]->elements; i++) {
		const struct redisReply *key = reply->element[1]->element[i];

		if (key->type == REDIS_REPLY_STRING)
			add_key(s, prefix, (struct bytes){(const unsigned char *)key->str, key->len});
	}
	return buf_ok(&s->marks) ? DONE : err_set(e, REASON_MEMORY, "the ids of all messages");
}

/* The beginning of a file's name compares as a mark does. */
static int by_mark(const void *one, const void *other)
{
	return memcmp(one, other, QUEUE_SPOOL_MARK);
}

static outcome read_ids(struct sweep *s, struct err *e)
{
	char cursor[CURSOR] = "0";

	do {
		TRY(add_page(s, cursor, e));
	} while (strcmp(cursor, "0") != 0);
	if (s->marks.len)
		qsort(s->marks.data, s->marks.len / QUEUE_SPOOL_MARK, QUEUE_SPOOL_MARK, by_mark);
	return DONE;
}

static bool is_left_over(const struct sweep *s, const char *name)
{
	return !s->marks.len || !bsearch(name, s->marks.data, s->marks.len / QUEUE_SPOOL_MARK, QUEUE_SPOOL_MARK, by_mark);
}

/* ---- the whole ---- */

static outcome sweep(struct sweep *s, int64_t older_ms, bool (*each)(void *ctx, const char *name, size_t octets), void *ctx,
	struct err *e)
{
	const char *spool = queue_admin_spool(s->a);

	if (!s->pool)
		return err_set(e, REASON_MEMORY, "the files of the spool");
	if (!spool)
		return err_set(e, REASON_USAGE, "the folder of the spool is needed");
	TRY(check_birth(s->a, spool, e));
	TRY(read_folder(s, spool, stamp_now().ms - older_ms, e));
	TRY(read_ids(s, e));
	for (const struct file *f = s->files; f; f = f->next) {
		if (is_left_over(s, f->name) && each(ctx, f->name, f->octets))
			queue_spool_remove(spool, bytes_str(f->name));
	}
	return DONE;
}

static outcome sweep_one(struct queue_admin *a, int64_t older_ms,
	bool (*each)(void *ctx, const char *name, size_t octets), void *ctx, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(FILES_MOST);
	struct sweep s = {.a = a, .pool = pool, .marks = BUF(IDS_MOST)};
	outcome result = sweep(&s, older_ms, each, ctx, e);

	buf_free(&s.marks);
	return result;
}

outcome queue_admin_sweep(struct queue_admin *a, int64_t older_ms,
	bool (*each)(void *ctx, const char *name, size_t octets), void *ctx, struct err *e)
{
	for (size_t i = 0; i < queue_admin_parts(a); i++) {
		struct queue_admin *part;

		TRY(queue_admin_part(a, i, &part, e));
		TRY(sweep_one(part, older_ms, each, ctx, e));
	}
	return DONE;
}
