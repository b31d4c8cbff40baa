/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_run - the running part, shared by the files of this room: who is watched, what is on its way, what is kept.
 *
 * One thread (revocation_loop) decides what is due, sends questions through egress, and does all cryptography and all files;
 * egress only lays outcomes into the inbox. Questions of the message path (revocation.c) read memory under the lock. What an
 * authority said is written by the thread alone, under the lock.
 */
#ifndef QAQPA_REVOCATION_RUN_H
#define QAQPA_REVOCATION_RUN_H

#include <pthread.h>
#include <sys/queue.h>

#include "egress/egress.h"
#include "revocation/revocation_int.h"

/* --- files (revocation_store.c) --- */

struct revocation_store {
	int cache, evidence; /* folders; -1: not open */
};
#define REVOCATION_NAME 80
/* Makes the folders. Fails with REASON_IO. */
MUST_USE outcome revocation_store_open(struct revocation_store *s, const char *directory, struct err *e);
void revocation_store_close(struct revocation_store *s);
/* Writes both parts as one file, whole or not at all, flushed to the disk. */
MUST_USE bool revocation_store_put(int folder, const char *name, struct bytes one, struct bytes two);
/* The evidence of these octets is on disk, written now or before. */
MUST_USE bool revocation_store_evidence(
	const struct revocation_store *s, const unsigned char sha256[32], struct bytes octets);
/* The content, up to the ceiling of `out`. */
MUST_USE bool revocation_store_get(int folder, const char *name, struct buf *out);
void revocation_store_remove(int folder, const unsigned char sha256[32]);
void revocation_store_name(const unsigned char sha256[32], const char *suffix, char out[REVOCATION_NAME]);
/* Calls for each file that is named by a digest; removes what `each` says true to. Gives how many were removed. */
size_t revocation_store_each(
	int folder, bool (*each)(void *ctx, const unsigned char sha256[32], int64_t written_ms), void *ctx);
/* Removes what a process left unfinished before that moment. */
size_t revocation_store_sweep(int folder, int64_t before_ms);

/* --- who is watched (revocation_table.c) --- */

/* Something that is asked again and again. */
struct revocation_task {
	int64_t due_ms;
	unsigned failures;             /* in a row */
	enum revocation_reason trouble; /* of the last attempt; GOOD: none */
	bool asked;                    /* a question is on its way */
	uint64_t ended;                /* attempts that came to an end */
};

#define REVOCATION_NOWHERE SIZE_MAX

struct revocation_watch {
	unsigned char sha256[32];
	uint64_t id;
	size_t authority;              /* REVOCATION_NOWHERE: its issuer has no source */
	struct buf der, points;
	struct revocation_number serial;
	bool listable;                 /* the serial number fits a CRL */
	struct revocation_said said;
	bool used;                     /* what was said was given to somebody */
	int64_t asked_ms;              /* last question about it */
	struct revocation_task task;
	struct revocation_watch *same; /* in its bucket */
	TAILQ_ENTRY(revocation_watch) recent, line;
	bool lined;                    /* waits in the line of its authority */
	size_t place;                  /* among those by time; REVOCATION_NOWHERE: not there */
};
TAILQ_HEAD(revocation_list, revocation_watch);

struct revocation_table {
	struct revocation_watch **bucket, **by_time;
	size_t buckets, n, most, timed;
	uint64_t ids;
	struct revocation_list recent; /* last asked first */
};
MUST_USE bool revocation_table_init(struct revocation_table *t, size_t most);
void revocation_table_drop(struct revocation_table *t); /* with all watches */
struct revocation_watch *revocation_table_find(const struct revocation_table *t, const unsigned char sha256[32]);
/* There must be room. */
void revocation_table_add(struct revocation_table *t, struct revocation_watch *w);
void revocation_table_take(struct revocation_table *t, struct revocation_watch *w); /* out of it, not freed */
void revocation_table_touch(struct revocation_table *t, struct revocation_watch *w);
void revocation_table_due(struct revocation_table *t, struct revocation_watch *w, int64_t due_ms); /* also moves */
void revocation_table_undue(struct revocation_table *t, struct revocation_watch *w);
struct revocation_watch *revocation_table_first(const struct revocation_table *t); /* the next by time, or NULL */
void revocation_watch_free(struct revocation_watch *w);

/* --- the whole --- */

/* Questions to one responder at once; more wait in its own line and in nobody else's. */
#define REVOCATION_AT_ONCE 8

/* What runs for one authority. */
struct revocation_lane {
	struct revocation_authority authority;
	struct revocation_crl *crl, *delta;
	struct revocation_task crl_task, delta_task;
	struct revocation_list line;
	size_t at_once;
	enum revocation_reason shown[3]; /* trouble that is in the log, by enum revocation_about */
};

struct revocation {
	struct revocation_settings s;
	struct revocation_store store;
	struct revocation_lane *lanes;
	struct egress *egress;
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* of all below, and of the lanes */
	pthread_cond_t wake, ended;
	struct revocation_table table;
	struct revocation_watch *gone; /* linked by `same`; the thread removes their files */
	struct revocation_question *inbox;
	int64_t tidy_ms; /* by the forward clock: when old evidence is removed again */
	bool stop;
};

int64_t revocation_now(const struct revocation *r);
/* What is known about the watched certificate, at that moment. Under the lock. */
void revocation_view_answer(struct revocation *r, const struct revocation_watch *w, int64_t now_ms,
	struct revocation_answer *out);
/* A certificate that was not met before; not yet in the table. NULL when it is none, or memory is short. */
struct revocation_watch *revocation_meet(
	struct revocation *r, struct bytes der, const unsigned char sha256[32], int64_t now_ms);
/* Puts it into the table, in place of the one asked about longest ago when it is full, and has it asked. Under the lock. */
void revocation_watch_begin(struct revocation *r, struct revocation_watch *w, int64_t now_ms);
void revocation_forget(struct revocation *r, struct revocation_watch *w); /* under the lock */
void revocation_wake(struct revocation *r); /* the thread looks at the clock again */

/* --- questions on their way (revocation_fetch.c) --- */

enum revocation_about { ABOUT_OCSP, ABOUT_CRL, ABOUT_DELTA };

struct revocation_question {
	struct egress_call call;
	struct revocation *of;
	struct revocation_question *next;
	struct revocation_lane *lane;
	enum revocation_about about;
	unsigned char sha256[32], nonce[16]; /* OCSP: of the certificate */
	uint64_t watch;
	struct buf der, request;
	enum egress_kind kind;
	int status;
	struct buf body;
	char detail[160];
};
/* NULL when memory is short. */
struct revocation_question *revocation_question_new(
	struct revocation *r, struct revocation_lane *lane, enum revocation_about about, const struct revocation_watch *w);
void revocation_question_free(struct revocation_question *q);
void revocation_question_send(struct revocation_question *q); /* ends in the inbox, whatever happens */
/* Judges what came, keeps it, says when to ask again; frees the question. */
void revocation_question_end(struct revocation_question *q);

void *revocation_loop(void *of);        /* revocation_loop.c: the thread */
void revocation_load(struct revocation *r); /* revocation_load.c: the cache, before the thread begins */

#endif
