/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_int - what the files of the room share.
 *
 * An entry is committed whole, so it lies in one file: the file of the local day of its newest fact. A file
 * therefore never holds a fact newer than its day, but may hold one from just before midnight. The replay row
 * of a message may stand in two files when the message was accepted before midnight and answered after it;
 * the row in the newer file is the valid one, and journal_days_home keeps it so when the clock is set back.
 */
#ifndef QAQPA_JOURNAL_INT_H
#define QAQPA_JOURNAL_INT_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/pool.h"

#include "journal/journal.h"

enum {
	JOURNAL_SCHEMA = 2,       /* user_version of our files */
	JOURNAL_SCHEMA_OLD = 1,   /* has no waiting and no body; completed when it is written */
	JOURNAL_DAY = 11,         /* room for 2030-01-02 and NUL */
	JOURNAL_PATH = 4096,      /* longest path of a file, NUL included */
	JOURNAL_FILTERED = 8,     /* newest files whose replay keys are kept in memory */
	JOURNAL_READERS = 4,      /* idle read connections kept for one file */
	JOURNAL_BUSY_MS = 5000,   /* patience with a foreign lock */
	JOURNAL_PAGE = 8192,      /* of new files; most messages lie in one or two, and larger ones make indexes dear */
	JOURNAL_WAL_PAGES = 1000, /* the log is copied into the file when it is longer */
	JOURNAL_HOUSE_MS = 1000   /* between looks at free space, the calendar and a sick file */
};

/* journal_dir.c: the directory and its names. */

struct journal_names {
	char (*day)[JOURNAL_DAY]; /* newest first */
	size_t count;
};

/* Makes the directory when it is absent, closes it to others and locks it. The lock lives as long as *fd,
 * which is the caller's to close, after a failure too, unless it is negative. */
MUST_USE outcome journal_dir_take(const char *directory, int *fd, struct err *e);
MUST_USE outcome journal_names_read(const char *directory, struct journal_names *out, struct err *e);
void journal_names_free(struct journal_names *names); /* fit for SCOPED */
/* The path of a day's file, of a directory that journal_names_read accepted. */
void journal_path(const char *directory, const char *day, char out[JOURNAL_PATH]);
int64_t journal_day_midnight(const char *day); /* its first moment in UTC */
/* No fact in the day's file is of this instant or later, whatever its offset. */
int64_t journal_day_end(const char *day);
void journal_file_remove(const char *directory, const char *day);

/* journal_file.c: one SQLite file and its connections. */

enum journal_access {
	JOURNAL_WRITE, /* the writer's */
	JOURNAL_QUERY, /* the gateway's own reading */
	JOURNAL_READ   /* any process; changes nothing */
};

/* Makes the file of a day; fails when it is there already. It appears complete or not at all. */
MUST_USE outcome journal_file_create(const char *directory, const char *day, struct err *e);
MUST_USE outcome journal_file_open(
	const char *directory, const char *day, enum journal_access access, sqlite3 **db, struct err *e);
bool journal_file_exists(const char *directory, const char *day);
/* The schema of the file as it is now; one of those this program knows. */
MUST_USE outcome journal_file_schema(sqlite3 *db, const char *day, int *out, struct err *e);
MUST_USE outcome journal_prepare(
	sqlite3 *db, const char *day, const char *sql, sqlite3_stmt **out, struct err *e);
/* Words the last failure of the connection and names the file. */
outcome journal_fail(struct err *e, sqlite3 *db, const char *day, const char *doing);

/* journal_bloom.c: which replay keys a file may hold. One thread adds, any thread asks. */

struct journal_bloom;

uint64_t journal_bloom_key(struct bytes sender_id, struct bytes message_id);
struct journal_bloom *journal_bloom_new(void); /* NULL: no memory */
void journal_bloom_free(struct journal_bloom **b);
void journal_bloom_add(struct journal_bloom *b, uint64_t key);
bool journal_bloom_may_hold(struct journal_bloom *b, uint64_t key);

/* journal_fact.c: facts as rows. */

extern const char journal_fact_insert[];
/* Statement text that reads one fact by its row number. */
const char *journal_fact_select(bool with_octets);
MUST_USE outcome journal_fact_put(
	sqlite3 *db, sqlite3_stmt *insert, const char *day, const struct journal_fact *fact, struct err *e);
/* The row the statement stands on; `memory` holds what `out` points to and is used again by the next call. */
MUST_USE outcome journal_fact_read(
	sqlite3_stmt *row, const char *day, struct buf *memory, struct journal_fact *out, struct err *e);
bool journal_bind(sqlite3_stmt *stmt, int at, struct bytes text); /* never NULL, as the empty text */
struct bytes journal_column(sqlite3_stmt *row, int column);      /* as long as the row */

/* journal_day.c: one day's file as the gateway has it open. */

struct journal_reader {
	sqlite3 *db;
	sqlite3_stmt *seen, *answer;
	sqlite3_stmt *word; /* NULL until it was needed and the file has the table */
	struct journal_reader *next;
};

struct journal_day {
	char name[JOURNAL_DAY];
	const char *directory;
	struct journal_bloom *bloom; /* NULL: every question reads the file */
	/* the writer's, NULL while nobody writes here */
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *fact, *seen, *word, *body;
	int wal_pages;
	/* idle readers */
	pthread_mutex_t lock;
	struct journal_reader *idle;
	int idle_count;
};

MUST_USE outcome journal_day_new(
	const char *directory, const char *name, struct journal_day **out, struct err *e);
void journal_day_free(struct journal_day **day);
MUST_USE outcome journal_day_filter(struct journal_day *day, struct err *e); /* makes and fills the bloom */
/* For writing; makes the file when it is absent. */
MUST_USE outcome journal_day_connect(struct journal_day *day, struct err *e);
void journal_day_disconnect(struct journal_day *day); /* writer and idle readers; nobody may be reading */
bool journal_day_moved(struct journal_day *day);      /* the open file is no longer the one of that name */
/* The entries from `first` up to, not including, `end` as one transaction. */
MUST_USE outcome journal_day_write(struct journal_day *day, const struct journal_entry *first,
	const struct journal_entry *end, struct err *e);
/* A commit that changes nothing, to learn whether commits succeed. */
MUST_USE outcome journal_day_probe(struct journal_day *day, struct err *e);
MUST_USE outcome journal_day_checkpoint(struct journal_day *day, struct err *e);
/* The moment an entry is filed under: that of its newest fact. */
struct stamp journal_entry_stamp(const struct journal_entry *entry);
MUST_USE outcome journal_day_take(struct journal_day *day, struct journal_reader **out, struct err *e);
/* `fit` false: the connection failed and is closed. */
void journal_day_give(struct journal_day *day, struct journal_reader *reader, bool fit);

/* journal_days.c: all files of the directory. */

struct journal_days {
	const char *directory;
	int retention_days;
	/* Taken for writing by the writer thread only, when the list or a day's connections change. */
	pthread_rwlock_t lock;
	struct journal_day **item; /* newest first */
	size_t count;
};

MUST_USE outcome journal_days_open(
	struct journal_days *days, const char *directory, int retention_days, struct err *e);
void journal_days_close(struct journal_days *days);
/* The following are the writer thread's. */
/* The file an entry belongs into. */
MUST_USE outcome journal_days_home(
	struct journal_days *days, const struct journal_entry *entry, char day[JOURNAL_DAY], struct err *e);
/* That file, open for writing. */
MUST_USE outcome journal_days_ready(
	struct journal_days *days, const char *name, struct journal_day **out, struct err *e);
void journal_days_disconnect(struct journal_days *days, struct journal_day *day);
/* Removes files beyond retention and closes those before `today`. */
void journal_days_turn(struct journal_days *days, const char *today);

/* journal_waiting.c: words on messages that wait for delivery. */

/* The columns of the table waiting, in the order of their parameters and of enum journal_word_column. */
#define JOURNAL_WORD_COLUMNS \
	"id, destination, order_key, meta, policy, state, attempts, accepted_ms, due_ms, expire_ms, at_ms, body"
enum journal_word_column {
	WORD_ID,
	WORD_DESTINATION,
	WORD_ORDER_KEY,
	WORD_META,
	WORD_POLICY,
	WORD_STATE,
	WORD_ATTEMPTS,
	WORD_ACCEPTED,
	WORD_DUE,
	WORD_EXPIRE,
	WORD_AT,
	WORD_BODY, /* its row in the table body of the same file, or NULL: then an older file may hold it */
	WORD_COLUMNS
};

extern const char journal_word_insert[], journal_body_insert[];
/* Does any file hold a word on the id? Commits under way do not count. */
MUST_USE outcome journal_waiting_known(struct journal_days *days, struct bytes id, bool *known, struct err *e);
MUST_USE outcome journal_waiting_put(
	struct journal_day *day, const struct journal_waiting *w, int64_t at_ms, struct err *e);
/* Is there a word on the id in the file of the day? Is its body there? */
MUST_USE outcome journal_waiting_on(
	struct journal_day *day, struct bytes id, bool *word, bool *body, struct err *e);

struct journal_days;
/* True when a message that waits for delivery needs the file at index `at`: its newest word or its body is
 * there. One that has expired at `now_ms` needs nothing. */
MUST_USE outcome journal_waiting_needs(
	struct journal_days *days, size_t at, int64_t now_ms, bool *needs, struct err *e);

/* journal_seen.c: the replay memory. */

extern const char journal_seen_insert[], journal_seen_select[], journal_seen_answer[];
MUST_USE outcome journal_seen_put(sqlite3 *db, sqlite3_stmt *insert, const char *day,
	const struct journal_seen *seen, int64_t at_ms, struct err *e);
/* What the file of the day knows; only the parts of fixed size are set in `out`, SEEN_NONE when nothing. */
MUST_USE outcome journal_seen_on(struct journal_day *day, struct bytes sender_id, struct bytes message_id,
	int64_t since_ms, struct journal_seen *out, struct err *e);

/* journal_health.c: can we write? */

struct journal_health {
	pthread_mutex_t lock;
	const char *directory;
	size_t free_bytes;
	int64_t looked_ms; /* at free space */
	bool cramped, ill;
	struct err space, trouble;
	char day[JOURNAL_DAY]; /* of the trouble */
};

/* Enough free space? Looks at most once a second. */
MUST_USE outcome journal_health_space(struct journal_health *h, struct err *e);
/* Keeps how the last commit went. */
void journal_health_set(struct journal_health *h, outcome r, const char *day, const struct err *e);
/* True when the last commit failed; its day. */
bool journal_health_ill(struct journal_health *h, char day[JOURNAL_DAY]);

/* journal_writer.c: the thread. */

struct journal {
	char *directory;
	int commit_us;
	int directory_fd; /* locked */
	struct journal_days days;
	struct journal_health health;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows up to closing */
	pthread_cond_t wake;
	struct journal_entry *head, **tail;
	size_t waiting;
	bool closing;
	/* the thread's own */
	size_t companions; /* entries of the last batch */
	int64_t kept_ms;   /* when it last kept house */
	char today[JOURNAL_DAY];
};

void *journal_writer_run(void *journal);

#endif
