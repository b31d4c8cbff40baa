/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal - the facts of sending and receiving (rule B4), exact octets included, and the replay memory.
 *
 * Two files per local day in one directory (mode 0700, files 0600): an append-only log, which is the truth, and an SQLite
 * file, which is an index made from it a moment later and can be made again. Retention removes whole days. One thread
 * writes; entries that arrive together share one flush (group commit), and nobody is called back before his facts are
 * on disk. Reading is done from any process, and sees what was called back whether or not the index has it yet.
 */
#ifndef QAQPA_JOURNAL_JOURNAL_H
#define QAQPA_JOURNAL_JOURNAL_H

#include "base/clock.h"
#include "base/pool.h"

enum journal_direction { JOURNAL_RECEIVED, JOURNAL_SENT };
enum journal_kind { JOURNAL_REQUEST, JOURNAL_ANSWER, JOURNAL_FAULT };
enum journal_verdict {
	JOURNAL_ACCEPTED, /* received and verified */
	JOURNAL_REFUSED,  /* received and refused, see reason */
	JOURNAL_SIGNED,   /* sent with our signature */
	JOURNAL_PLAIN     /* sent without a signature (faults to the unauthenticated) */
};

struct journal_fact {
	int64_t id;                /* set on reading; unique in a directory, grows with the order of writing in a day */
	struct stamp at;
	char exchange[39];         /* guid: one per request with all its legs; also the sessionId */
	enum journal_direction direction;
	enum journal_kind kind;
	enum journal_verdict verdict;
	struct bytes participant;  /* the other side: configured name, or empty; on reading all texts end with a NUL */
	struct bytes peer;         /* address or URL */
	struct bytes service_id, sender_id, message_id, correlation_id;
	struct bytes certificate;  /* hex SHA-256 of the certificate that signed */
	struct bytes subject;      /* its subject */
	struct bytes reason;       /* stable text when refused */
	struct bytes detail;       /* of the reason; without one: what was believed and why, a line for each */
	struct bytes error_id;
	int64_t duration_us;       /* of this leg */
	unsigned char sha256[32];  /* of the octets; on writing only where they are not kept, else the reader makes it */
	size_t size;
	size_t kept;               /* set on reading: how many of the octets are kept, asked for or not */
	struct bytes octets;       /* exact; empty where content is not kept (B7, or beyond the bound for refused ones) */
	struct bytes rest;         /* on writing: more octets behind those; the last ones, in place, of the entry's first fact */
};

/* The texts of a fact, and the names that other programs know them by. */
#define JOURNAL_FACT_TEXTS(TEXT) \
	TEXT(participant, "participant") \
	TEXT(peer, "peer") \
	TEXT(service_id, "service") \
	TEXT(sender_id, "sender_id") \
	TEXT(message_id, "message_id") \
	TEXT(correlation_id, "correlation_id") \
	TEXT(certificate, "certificate") \
	TEXT(subject, "subject") \
	TEXT(reason, "reason") \
	TEXT(detail, "detail") \
	TEXT(error_id, "error_id")

enum journal_seen_state {
	SEEN_NONE,      /* nothing known (only as an answer) */
	SEEN_OPEN,      /* accepted, not yet answered */
	SEEN_ANSWERED,  /* final answer kept */
	SEEN_RELEASED,  /* failed for certain before anything was sent: may be tried again */
	SEEN_UNCERTAIN  /* sent, outcome not known */
};

struct journal_seen {
	struct bytes sender_id, message_id;
	unsigned char content[32]; /* what makes two messages identical, hashed */
	enum journal_seen_state state;
	char exchange[39];
	struct bytes answer;       /* exact octets of the first answer when ANSWERED */
	int answer_status;         /* its HTTP status */
};

/* A message that was accepted for later delivery: what a rebuild of the queue needs. Kept by id over all days; the
 * newest word on an id counts. A later word repeats everything but the body. */
enum journal_waiting_state {
	WAITING_QUEUED,
	WAITING_DELIVERED,
	WAITING_DEAD,
	WAITING_DROPPED,
	WAITING_TAKEN /* no word of its own: gives due_ms to the first word of a message that had none */
};
struct journal_waiting {
	struct bytes id, destination, order_key, meta, policy; /* policy: text of its values */
	enum journal_waiting_state state;
	int attempts;
	int64_t accepted_ms, expire_ms;
	int64_t due_ms;            /* 0: the queue may not have it, and nobody will repeat it */
	struct bytes body;         /* with the first word on an id; later words leave it empty and it stays */
	bool keep_earlier;         /* when this journal has a word on the id already, this one is not written */
};

struct journal_settings {
	const char *directory;
	int retention_days; /* 0: nothing is removed; a day stays while it or an older one holds what waits */
	size_t free_bytes;  /* with less free space nothing is accepted */
	int commit_us;      /* while `busy`, an entry waits up to this for companions to share a flush with; 0: never */
	/* Are the processors at work? Asked before a flush, on the journal's thread; NULL: they never are. */
	bool (*busy)(void *ctx);
	void *busy_ctx;
};

struct journal;

/* Opens or makes the directory and today's files; brings indexes up to date after a crash; removes days beyond retention.
 * Fails with REASON_JOURNAL_DOWN. */
MUST_USE outcome journal_open(const struct journal_settings *s, struct journal **out, struct err *e);
/* Writes what is waiting, then closes. Takes NULL, sets NULL. */
void journal_close(struct journal **j);

/* One unit that is committed whole. Memory stays the caller's until `done`, which is called once, on the journal's
 * thread, after the commit (ok) or its failure (REASON_JOURNAL_DOWN); it must not block. */
struct journal_entry {
	struct journal_entry *next;        /* the journal's */
	uint64_t place;                    /* the journal's */
	const struct journal_fact *facts;
	size_t fact_count;                 /* up to 8 */
	const struct journal_seen *seen;   /* NULL, or inserted or updated by (sender_id, message_id) */
	const struct journal_waiting *waiting; /* NULL, or the newest word on its id */
	void (*done)(struct journal_entry *entry, outcome result, const struct err *e);
	void *ctx;
};
void journal_put(struct journal *j, struct journal_entry *entry); /* any thread, never blocks */

/* Processors are free again: what waits for companions waits no longer. Any thread, never blocks. */
void journal_hurry(struct journal *j);
/* After it `busy` is not called any more: for who takes away what that looks at, and still has entries here. Any thread. */
void journal_ask_nobody(struct journal *j);

/* Replay memory: what is known of (sender_id, message_id) since `since_ms`. Strings and answer come from the pool.
 * Fails with REASON_JOURNAL_DOWN, or REASON_MEMORY when the pool is full. Any thread; short disk reads, none for most
 * unknown messages. */
MUST_USE outcome journal_seen_find(struct journal *j, struct pool *pool, struct bytes sender_id,
	struct bytes message_id, int64_t since_ms, struct journal_seen *out, struct err *e);

/* True while the last commit and the last work on the index succeeded and enough space is free; the detail says what is
 * wrong. Any thread. */
bool journal_healthy(struct journal *j, struct err *e);

/* The texts of a filter, in the same manner. */
#define JOURNAL_FILTER_TEXTS(TEXT) \
	TEXT(message_id, "message_id") \
	TEXT(correlation_id, "correlation_id") \
	TEXT(exchange, "exchange") \
	TEXT(participant, "participant") \
	TEXT(service_id, "service") \
	TEXT(error_id, "error_id") \
	TEXT(sender_id, "sender_id")

/* Reading for qaqpa msg; opens the directory read-only, also while a gateway writes it. */
struct journal_filter {
	/* NULL: any */
	const char *message_id, *correlation_id, *exchange, *participant, *service_id, *error_id, *sender_id;
	int64_t since_ms, until_ms; /* 0: no bound */
	bool refused_only;
	bool with_octets;
	bool with_sha256;           /* without it, what stands there of a fact whose octets are kept is nothing */
	size_t limit;               /* newest first; 0: 1000 */
};
/* Calls `each` for every fact until it returns false. Fails with REASON_JOURNAL_DOWN. */
MUST_USE outcome journal_find(const char *directory, const struct journal_filter *f,
	bool (*each)(void *ctx, const struct journal_fact *fact), void *ctx, struct err *e);

/* Every message whose newest word is WAITING_QUEUED, oldest acceptance first, with its body: for qaqpa queue
 * rebuild. Also while a gateway writes. Several directories (one a gateway) are read as one: a newer word elsewhere
 * counts. Calls `each` until it returns false; the word is valid during the call, its body is empty when no file
 * holds it. One body at a time is in memory; the list may be long and lies in a temporary file. Fails with
 * REASON_JOURNAL_DOWN. */
MUST_USE outcome journal_waiting_find(const char *const *directories, size_t n,
	bool (*each)(void *ctx, const struct journal_waiting *w), void *ctx, struct err *e);

#endif
