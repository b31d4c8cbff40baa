/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_blocks - the blocked certificates of a running gateway.
 * Promise:  what is written into the list is obeyed within a second, without a signal. A list that cannot be read changes
 *           nothing: the last good one stays in force, and the log says so again and again. Between looks at the file a
 *           question costs the monotonic clock and, when something is blocked, two searches.
 * Not here: the file itself (trust_blocklist.c).
 * Spec:     rules T9, I5. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "log/log.h"

#include "trust/blocks.h"

#include "trust/trust_int.h"

#define LOOK_EVERY_MS 500
#define SAY_AGAIN_MS 60000

/* What tells one state of a file from another. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
	int error; /* errno when it is not there */
};

struct trust_blocks {
	char *path;
	_Atomic int64_t look_ms; /* the next look, by the monotonic clock */
	_Atomic size_t n;        /* blocked; 0: no lock is needed to know */
	pthread_rwlock_t lock;   /* of what follows */
	struct pool *pool;
	struct block_list list;
	/* Only the thread that looks touches these; the look before happened before. */
	struct identity seen;
	bool broken;
	int64_t said_ms;
};

static struct identity identity_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct identity){.error = errno};
	return (struct identity){.device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .modified = st.st_mtim,
		.changed = st.st_ctim};
}

static bool is_same(const struct identity *a, const struct identity *b)
{
	return a->error == b->error && a->device == b->device && a->inode == b->inode && a->size == b->size &&
		a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec &&
		a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static int by_key(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->by_name != y->by_name ? x->by_name - y->by_name : memcmp(x->key, y->key, sizeof(x->key));
}

/* Reads the file and puts its list in the place of the old one. */
static outcome take(struct trust_blocks *b, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(BLOCK_LIST_OCTETS), *old = NULL;
	struct block_list list;

	if (!pool)
		return err_set(e, REASON_MEMORY, "no memory for the list of blocked certificates");
	TRY(block_list_read(pool, b->path, &list, e));
	qsort(list.block, list.n, sizeof(*list.block), by_key);
	pthread_rwlock_wrlock(&b->lock);
	old = b->pool;
	b->pool = pool;
	b->list = list;
	b->n = list.n;
	pthread_rwlock_unlock(&b->lock);
	pool = NULL;
	return DONE;
}

void trust_blocks_look(struct trust_blocks *b, int64_t mono)
{
	struct identity now = identity_of(b->path);
	struct err e;

	if (is_same(&now, &b->seen) && !b->broken)
		return;
	if (take(b, &e).ok) {
		b->broken = false;
		b->seen = now;
		log_event(LOG_INFO, "blocks.read", LOG_TEXT("file", b->path), LOG_NUM("blocked", (int64_t)b->n));
		return;
	}
	if (!b->broken || mono - b->said_ms >= SAY_AGAIN_MS) {
		log_err(LOG_ERROR, "blocks.broken", &e, NULL);
		log_event(LOG_ERROR, "blocks.kept", LOG_TEXT("file", b->path),
			LOG_TEXT("result", "the last good list stays in force"), LOG_NUM("blocked", (int64_t)b->n));
		b->said_ms = mono;
	}
	b->broken = true;
}

/* One thread looks, the others go on with the list that is there. */
static void look_in_time(struct trust_blocks *b)
{
	int64_t mono = mono_ms(), due = atomic_load(&b->look_ms);

	/* INT64_MAX while somebody looks. */
	if (mono < due || !atomic_compare_exchange_strong(&b->look_ms, &due, INT64_MAX))
		return;
	trust_blocks_look(b, mono);
	atomic_store(&b->look_ms, mono + LOOK_EVERY_MS);
}

outcome trust_blocks_open(const char *path, struct trust_blocks **out, struct err *e)
{
	struct trust_blocks *b = calloc(1, sizeof(*b));

	if (!b || !(b->path = strdup(path))) {
		free(b);
		return err_set(e, REASON_MEMORY, "no memory for the list of blocked certificates");
	}
	BUG_IF(pthread_rwlock_init(&b->lock, NULL) != 0);
	b->seen = identity_of(path);
	b->look_ms = mono_ms() + LOOK_EVERY_MS;
	if (!take(b, e).ok) {
		trust_blocks_close(&b);
		return FAILED;
	}
	*out = b;
	return DONE;
}

void trust_blocks_close(struct trust_blocks **bp)
{
	struct trust_blocks *b = *bp;

	if (!b)
		return;
	*bp = NULL;
	pthread_rwlock_destroy(&b->lock);
	pool_free(&b->pool);
	free(b->path);
	free(b);
}

static const struct block *find(const struct block_list *l, bool by_name, const unsigned char key[32])
{
	struct block wanted = {.by_name = by_name};

	memcpy(wanted.key, key, sizeof(wanted.key));
	return bsearch(&wanted, l->block, l->n, sizeof(*l->block), by_key);
}

outcome trust_blocks_check(struct trust_blocks *b, const unsigned char sha256[32], const unsigned char name[32],
	enum reason reason, struct err *e)
{
	const struct block *found;
	outcome result = DONE;

	if (!b)
		return DONE;
	look_in_time(b);
	if (b->n == 0)
		return DONE;
	pthread_rwlock_rdlock(&b->lock);
	found = find(&b->list, false, sha256);
	if (!found)
		found = find(&b->list, true, name);
	if (found)
		result = err_set(e, reason, "blocked since %s", found->since);
	pthread_rwlock_unlock(&b->lock);
	return result;
}
