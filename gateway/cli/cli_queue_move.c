/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_move - qaqpa queue export and rebuild: bodies out to files, messages back from journals. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/journal.h"

#include "cli/cli_queue.h"

#define BODY_MOST ((size_t)1 << 30)
#define NAME_MOST 200

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- export ---- */

struct out {
	struct cli_queue *q;
	int folder;
	size_t done, skipped;
	bool failed;
	struct err e;
};

/* A name that is safe as one of a file: other octets than letters, digits and - _ . { } as %XX. */
static outcome file_name(struct bytes name, const char *ending, char out[NAME_MOST + 8], struct err *e)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < name.n && n + 3 < NAME_MOST; i++) {
		unsigned char c = name.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(i && c == '.') || c == '-' || c == '_' || c == '{' || c == '}') {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = digits[c >> 4];
			out[n++] = digits[c & 15];
		}
		if (n + 3 >= NAME_MOST)
			return err_set(e, REASON_USAGE, "an id or destination of %zu octets is too long for a file", name.n);
	}
	if (n == 0)
		return err_set(e, REASON_USAGE, "an empty id or destination cannot be a file");
	snprintf(out + n, NAME_MOST + 8 - n, "%s", ending);
	return DONE;
}

/* An earlier file is never replaced. */
static outcome write_file(int folder, const char *name, struct bytes body, struct err *e)
{
	SCOPED(close_fd) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(e, errno == EEXIST ? REASON_USAGE : REASON_IO, "%s: %m", name);
	while (body.n) {
		ssize_t n = write(fd, body.p, body.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, REASON_IO, "%s: %m", name);
		body = bytes_sub(body, (size_t)n, body.n);
	}
	return DONE;
}

static outcome export_one(struct out *o, const struct queue_item *item, struct err *e)
{
	SCOPED(buf_wipe) struct buf body = BUF(BODY_MOST);
	SCOPED(close_fd) int folder = -1;
	char destination[NAME_MOST + 8], id[NAME_MOST + 8];

	TRY(file_name(item->destination, "", destination, e));
	TRY(file_name(item->id, ".body", id, e));
	TRY(queue_admin_body(o->q->admin, item->destination, item->id, &body, e));
	if (mkdirat(o->folder, destination, 0700) && errno != EEXIST)
		return err_set(e, REASON_IO, "%s: %m", destination);
	folder = openat(o->folder, destination, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0)
		return err_set(e, REASON_IO, "%s: %m", destination);
	TRY(write_file(folder, id, buf_bytes(&body), e));
	printf("%s/%s\n", destination, id);
	return DONE;
}

static bool each_export(void *ctx, const struct queue_item *item)
{
	struct out *o = ctx;
	struct err e = {0};

	if (export_one(o, item, &e).ok) {
		o->done++;
		return true;
	}
	if (e.reason == REASON_USAGE) { /* this one: it left meanwhile, or was exported before */
		o->skipped++;
		fprintf(stderr, "qaqpa: %s\n", e.detail);
		return true;
	}
	o->failed = true;
	o->e = e;
	return false;
}

int cli_queue_export(struct cli_queue *q)
{
	SCOPED(close_fd) int folder = -1;
	struct out o = {.q = q};
	struct err e = {0};

	if (mkdir(q->word, 0700) && errno != EEXIST) {
		fprintf(stderr, "qaqpa: %s: %m\n", q->word);
		return CLI_CONFIG;
	}
	o.folder = folder = open(q->word, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		fprintf(stderr, "qaqpa: %s: %m\n", q->word);
		return CLI_CONFIG;
	}
	if (!queue_admin_list(q->admin, &q->filter, each_export, &o, &e).ok)
		return cli_fail(&e);
	fprintf(stderr, "qaqpa: %zu written, %zu left alone\n", o.done, o.skipped);
	if (o.failed)
		return cli_fail(&o.e);
	return o.done ? CLI_DONE : 1;
}

/* ---- rebuild ---- */

struct rebuild {
	struct cli_queue *q;
	size_t done, known, skipped;
	int64_t started_us;
	bool failed;
	struct err e;
};

static bool wanted(const struct queue_filter *f, const struct journal_waiting *w, int64_t now)
{
	return (!f->destination || bytes_is(w->destination, f->destination)) &&
		(!f->older_ms || now - w->accepted_ms >= f->older_ms);
}

static bool seen_one(void *ctx, const struct queue_item *item)
{
	(void)item;
	*(bool *)ctx = true;
	return false;
}

/* Whether it is in the queue, for a dry run. */
static outcome look_for(struct rebuild *r, const struct journal_waiting *w, enum queue_result *result)
{
	SCOPED(buf_free) struct buf destination = BUF(1 << 16), id = BUF(1 << 16);
	struct queue_filter f = {.where = -1};
	bool there = false;

	buf_add(&destination, w->destination);
	buf_add(&id, w->id);
	f.destination = buf_cstr(&destination);
	f.id = buf_cstr(&id);
	TRY(queue_admin_list(r->q->admin, &f, seen_one, &there, &r->e));
	*result = there ? QUEUE_KNOWN : QUEUE_DONE;
	return DONE;
}

static bool put_back(struct rebuild *r, const struct journal_waiting *w, const struct queue_policy *policy)
{
	struct queue_put put = {.id = w->id, .destination = w->destination, .order_key = w->order_key, .meta = w->meta,
		.body = w->body, .policy = policy, .due_ms = w->due_ms, .accepted_ms = w->accepted_ms, .attempts = w->attempts};
	enum queue_result result;
	outcome done;

	if (r->q->dry_run)
		done = look_for(r, w, &result);
	else
		done = queue_admin_put(r->q->admin, &put, r->q->inline_bytes, &result, &r->e);
	r->failed = !done.ok;
	if (r->failed)
		return false;
	r->done += result == QUEUE_DONE;
	r->known += result == QUEUE_KNOWN;
	return true;
}

static bool each_waiting(void *ctx, const struct journal_waiting *w)
{
	struct rebuild *r = ctx;
	char name[QUEUE_POLICY_TEXT], id[CLI_SHOWN];
	struct queue_policy policy;

	if (!wanted(&r->q->filter, w, stamp_now().ms))
		return true;
	if (!r->q->dry_run)
		cli_queue_pace(r->q->rate, r->started_us, r->done + r->known);
	if (!queue_policy_parse(w->policy, &policy, name)) {
		fprintf(stderr, "qaqpa: %s: its policy cannot be read\n", cli_queue_shown(w->id, id));
		r->skipped++;
		return true;
	}
	return put_back(r, w, &policy) && (!r->q->filter.limit || r->done + r->known < r->q->filter.limit);
}

/* A part that was put back does not make this Redis the one that holds the messages. */
static bool is_whole(const struct cli_queue *q)
{
	return !q->dry_run && !q->filter.destination && !q->filter.older_ms && !q->filter.limit;
}

int cli_queue_rebuild(struct cli_queue *q)
{
	struct rebuild r = {.q = q, .started_us = mono_us()};
	struct err e = {0};

	if (q->only) {
		fprintf(stderr, "qaqpa: rebuild goes to all Redis of the configuration, not to one\n");
		return CLI_USAGE;
	}
	if (q->journals.n == 0) {
		fprintf(stderr, "qaqpa: --journal is required\n");
		return CLI_USAGE;
	}
	if (!journal_waiting_find(q->journals.item, q->journals.n, each_waiting, &r, &e).ok) {
		e.reason = e.reason == REASON_JOURNAL_DOWN ? REASON_IO : e.reason; /* nothing is to be written */
		return cli_fail(&e);
	}
	printf("%zu %s, %zu were there already or delivered not long ago, %zu cannot be read\n", r.done,
		q->dry_run ? "would be put back" : "put back", r.known, r.skipped);
	if (r.failed)
		return cli_fail(&r.e);
	if (!cli_queue_restore(q, &e).ok)
		return cli_fail(&e);
	if (is_whole(q) && !queue_admin_adopt(q->admin, &e).ok)
		return cli_fail(&e);
	return r.skipped ? CLI_BAD_INPUT : CLI_DONE;
}
