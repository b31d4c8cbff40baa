/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_int - what the files of the room share.
 *
 * The log of a day is the truth: whole entries one behind the other, each with its checksums. The SQLite file of the
 * day is an index made from it a moment later, and can be made again. Whoever reads looks into the index and then at
 * what the log holds beyond it.
 *
 * An entry is one record, so it lies in one log: that of the local day of its newest fact. A log therefore never
 * holds a fact newer than its day, but may hold one from just before midnight. What is known of a message for the
 * replay memory may stand in two logs when it was accepted before midnight and answered after it; the word in the
 * newer one is the valid one, and journal_days_home keeps it so when the clock is set back.
 */
#ifndef QAQPA_JOURNAL_INT_H
#define QAQPA_JOURNAL_INT_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/pool.h"
#include "base/thread.h"

#include "journal/journal.h"

enum {
	JOURNAL_SCHEMA = 4,         /* user_version of our indexes */
	JOURNAL_DAY = 11,           /* room for 2030-01-02 and NUL */
	JOURNAL_PATH = 4096,        /* longest path of a file, NUL included */
	JOURNAL_FILTERED = 8,       /* newest days whose replay keys are kept in memory */
	JOURNAL_READERS = 4,        /* idle read connections kept for one day */
	JOURNAL_BUSY_MS = 5000,     /* patience with a foreign lock */
	JOURNAL_PAGE = 8192,        /* of new indexes */
	JOURNAL_WAL_PAGES = 1000,   /* SQLite's log is copied into the index when it is longer */
	JOURNAL_HOUSE_MS = 1000,    /* between looks at free space, the calendar and what is sick */
	JOURNAL_INDEX_MS = 1000,    /* the index follows the log at this distance, or sooner when it is asked for */
	JOURNAL_INDEX_MANY = 1000,  /* or when so many entries wait for it; also the most of one transaction */
	JOURNAL_INDEX_OCTETS = 1 << 23, /* or so much of the log */
	JOURNAL_HEADS = 1 << 21,    /* octets of heads that are kept in memory for the index */
	JOURNAL_LEAVE = 1 << 20,    /* octets of the log that stay in the memory of the system */
	JOURNAL_FILL = 1 << 18,     /* octets that the log is written ahead, with zeros */
	JOURNAL_PART = 32768,       /* entries whose names lie together in the index */
	JOURNAL_PARTS_MOST = 32768, /* of a day, or a key would not fit: 12,000 entries a second */
	JOURNAL_BEHIND = 20000,     /* entries that may wait for the index before the log waits for it */
	JOURNAL_FACTS = 8,          /* of one entry */
	JOURNAL_NAMES = JOURNAL_FACTS * 4 + 1
};

/* No single message is as long as this; it bounds what a reader believes of a length. */
#define JOURNAL_OCTETS_MOST ((uint64_t)1 << 30)

enum journal_access {
	JOURNAL_WRITE, /* the writer's */
	JOURNAL_QUERY, /* the gateway's own reading */
	JOURNAL_READ   /* any process; changes nothing */
};

/* journal_dir.c: the directory and its names. */

struct journal_names {
	char (*day)[JOURNAL_DAY]; /* newest first */
	size_t count;
};

/* CUT: what was cut off the log at starts. */
enum journal_part { JOURNAL_LOG, JOURNAL_INDEX, JOURNAL_CUT };

/* Makes the directory when it is absent, closes it to others and locks it. The lock lives as long as *fd,
 * which is the caller's to close, after a failure too, unless it is negative. */
MUST_USE outcome journal_dir_take(const char *directory, int *fd, struct err *e);
/* The days that have a log. */
MUST_USE outcome journal_names_read(const char *directory, struct journal_names *out, struct err *e);
void journal_names_free(struct journal_names *names); /* fit for SCOPED */
/* The path of a day's file, of a directory that journal_names_read accepted. */
void journal_path(const char *directory, const char *day, enum journal_part part, char out[JOURNAL_PATH]);
bool journal_part_exists(const char *directory, const char *day, enum journal_part part);
/* Makes a file that appears complete or not at all, and never over another: `fill` writes the empty file it is given. */
MUST_USE outcome journal_part_create(const char *directory, const char *day, enum journal_part part,
	outcome (*fill)(const char *path, const char *day, uint64_t ctx, struct err *e), uint64_t ctx, struct err *e);
/* errno worded, with the name of the file. */
outcome journal_path_fail(struct err *e, const char *day, enum journal_part part, const char *doing);
int64_t journal_day_midnight(const char *day); /* its first moment in UTC */
/* No fact in the day's log is of this instant or later, whatever its offset. */
int64_t journal_day_end(const char *day);
void journal_index_remove(const char *directory, const char *day);
void journal_log_remove(const char *directory, const char *day);

/* journal_record.c: an entry as octets. */

struct journal_extent {
	uint64_t at, size;
};

/* Octets of a message in the log, none when size is 0: what stands there for them alone, with its checksum, and before and
 * behind it parts of what stands with the first fact of the record, whose octets begin or end so too. */
struct journal_piece {
	uint64_t size, sum;
	struct journal_extent own;
	uint64_t front, back;       /* how many of those parts, the first and the last of `like` */
	struct journal_extent like; /* of size 0 where there are none */
	uint64_t like_sum;
};

struct journal_record {
	uint64_t place, next; /* in its log; next: where the following one begins */
	int64_t at_ms;        /* the moment it is filed under */
	size_t fact_count;
	struct journal_fact facts[JOURNAL_FACTS]; /* octets empty */
	struct journal_piece octets[JOURNAL_FACTS];
	bool has_seen, has_waiting;
	struct journal_seen seen;
	struct journal_waiting waiting; /* body empty */
	struct journal_piece body;
};

enum { JOURNAL_HEAD_FIXED = 32 }; /* octets of a head whose lengths are known by journal_head_length */

/* Appends the head of the entry as it stands at `place`: everything but the octets of messages, and to `pieces` the octets
 * that follow it, as struct bytes. False when the entry is more than a journal takes, or memory is short. */
MUST_USE bool journal_record_encode(
	const struct journal_entry *entry, uint64_t place, struct buf *heads, struct buf *pieces);
/* The length of all that follows a head that was encoded. */
uint64_t journal_head_octets(const unsigned char *head);
/* The length of the head that begins so, octets of messages not counted; 0 when it is none of this place. */
size_t journal_head_length(const unsigned char fixed[JOURNAL_HEAD_FIXED], uint64_t place);
/* `out` points into the head. False when the head is not whole. */
MUST_USE bool journal_record_decode(struct bytes head, struct journal_record *out);
uint64_t journal_sum(struct bytes octets);
/* The moment an entry is filed under: that of its newest fact. */
struct stamp journal_entry_stamp(const struct journal_entry *entry);

/* journal_log.c: the append-only file of a day. */

enum { JOURNAL_FIRST = 24 }; /* place of the first record */

struct journal_log {
	int fd;         /* -1: not open */
	uint64_t seed;  /* its own random number: tells logs apart, and keeps hashes from being foreseen */
	uint64_t end;   /* the writer's: what is behind it was not confirmed */
	uint64_t left;  /* the writer's: what stands before it is on the disk alone */
	uint64_t filled; /* the writer's: from `end` up to here are zeros on the disk */
	bool dirty;     /* the writer's: there may be something behind it */
	ino_t inode;    /* the writer's: which file it is */
	dev_t device;
	struct buf heads, pieces, vectors;
};

MUST_USE outcome journal_log_create(const char *directory, const char *day, struct err *e);
/* For reading, or to append behind `end`, which the caller sets. */
MUST_USE outcome journal_log_open(
	const char *directory, const char *day, bool append, struct journal_log *out, struct err *e);
void journal_log_close(struct journal_log *log); /* fit for SCOPED */
/* The open file is no longer the one of that name. */
bool journal_log_moved(const struct journal_log *log, const char *directory, const char *day);
/* Writes the entries from `first` up to, not including, `end`, waits for the disk, and sets their places; log->heads holds
 * their heads. After a failure nothing of them remains. */
MUST_USE outcome journal_log_append(struct journal_log *log, const char *day, struct journal_entry *first,
	const struct journal_entry *end, struct err *e);
/* Copies what stands behind `end`, up to `size`, behind what is kept of the day already. */
MUST_USE outcome journal_log_keep(
	const struct journal_log *log, const char *directory, const char *day, uint64_t size, struct err *e);
/* Cuts off what stands behind `end`. */
MUST_USE outcome journal_log_cut(struct journal_log *log, const char *day, struct err *e);
/* Writes and takes back, to learn whether writing succeeds. */
MUST_USE outcome journal_log_probe(struct journal_log *log, const char *day, struct err *e);
/* Writes zeros where the next records will stand, when few are there yet: a flush then has no length and no blocks of the
 * file to write down, which takes about as long as short records. Where that fails there are none. */
void journal_log_fill(struct journal_log *log, const char *day);
/* Takes zeros away that nobody has written over, and what was not confirmed. Who else has the file, and wrote behind the
 * zeros, keeps what is his. */
void journal_log_trim(struct journal_log *log);
/* Are all octets behind `end` zeros, up to `size`? */
MUST_USE outcome journal_log_blank(
	const struct journal_log *log, const char *day, uint64_t size, bool *blank, struct err *e);
/* Nobody will read soon what was appended: the memory that the system keeps it in serves the next records, while it is still
 * near the processor, and is not taken from others. */
void journal_log_leave(struct journal_log *log);
/* The record at `place`; *there is false where none begins that is whole as far as heads go. `memory` holds what
 * `out` points to and is used again by the next call. */
MUST_USE outcome journal_log_read(const struct journal_log *log, const char *day, uint64_t place, struct buf *memory,
	struct journal_record *out, bool *there, struct err *e);
/* As journal_log_read, but no record there is a failure: the index names it. */
MUST_USE outcome journal_log_record(const struct journal_log *log, const char *day, uint64_t place,
	struct buf *memory, struct journal_record *out, struct err *e);
/* The octets of a piece into `out`, which has room for them; fails when they are not what was written. */
MUST_USE outcome journal_log_piece(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	unsigned char *out, struct err *e);
/* The same into a buffer that makes room. */
MUST_USE outcome journal_log_octets(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	struct buf *out, struct err *e);
/* Tells every whole record from `place` on, octets checked too, until `each` returns false; *end is behind the last. */
MUST_USE outcome journal_log_tail(const struct journal_log *log, const char *day, uint64_t place, uint64_t *end,
	bool (*each)(void *ctx, const struct journal_record *record), void *ctx, struct err *e);

/* journal_index.c: one SQLite file and its connections. */

/* The places of the records that have a name, by its hash (?1), follow this, and a condition on n.place. Names of so many
 * entries are a part of their own: new ones touch the pages of the last, and who asks looks into each. */
#define JOURNAL_PLACES(what) \
	"WITH RECURSIVE part(n) AS (SELECT entries / 32768 FROM log UNION ALL SELECT n - 1 FROM part WHERE n > 0)" \
	" SELECT " what " FROM part CROSS JOIN name n ON n.key = part.n * 281474976710656 + ?1"

/* The number of a fact in its day, by its record's place and its position in it. */
static inline int64_t journal_fact_number(uint64_t place, size_t i)
{
	return (int64_t)(place * 16 + i);
}

MUST_USE outcome journal_index_create(const char *directory, const char *day, uint64_t seed, struct err *e);
MUST_USE outcome journal_index_open(
	const char *directory, const char *day, enum journal_access access, sqlite3 **db, struct err *e);
/* How far it follows the log of this seed; 0 when it follows another. */
MUST_USE outcome journal_index_applied(sqlite3 *db, const char *day, uint64_t seed, uint64_t *out, struct err *e);
/* How many entries it has taken. */
MUST_USE outcome journal_index_entries(sqlite3 *db, const char *day, uint64_t *out, struct err *e);
MUST_USE outcome journal_prepare(
	sqlite3 *db, const char *day, const char *sql, sqlite3_stmt **out, struct err *e);
/* Words the last failure of the connection and names the file. */
outcome journal_fail(struct err *e, sqlite3 *db, const char *day, const char *doing);
bool journal_bind(sqlite3_stmt *stmt, int at, struct bytes text); /* never NULL, as the empty text */
struct bytes journal_column(sqlite3_stmt *row, int column);      /* as long as the row */

/* journal_apply.c: records into the index. */

struct journal_index { /* the indexer's connection; db NULL: none */
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *entry, *name, *word, *taken, *applied;
	uint64_t entries; /* that it has taken */
	int wal_pages;
};

/* The key of a name: its part and behind it, in so many bits, its hash. */
enum { JOURNAL_HASH_BITS = 48 };

enum journal_name { NAME_EXCHANGE, NAME_MESSAGE, NAME_CORRELATION, NAME_ERROR };

/* What the table name is asked by, as SQLite's integer. A replay word stands there under its message id. */
int64_t journal_name_hash(uint64_t seed, enum journal_name name, struct bytes text);
/* What the table of recent keys is asked by. */
int64_t journal_seen_hash(uint64_t seed, struct bytes sender_id, struct bytes message_id);
MUST_USE outcome journal_index_connect(
	struct journal_index *index, const char *directory, const char *day, struct err *e);
void journal_index_disconnect(struct journal_index *index);
bool journal_index_moved(const struct journal_index *index);
/* Takes up to `most` records from `from` up to `until` in one transaction; *applied is how far it came, and *records
 * grows by their number. *heads are those of the first records, as far as they are known, and shrink by what was taken. */
MUST_USE outcome journal_index_apply(struct journal_index *index, const struct journal_log *log, const char *day,
	uint64_t from, uint64_t until, size_t most, struct bytes *heads, uint64_t *applied, size_t *records, struct err *e);
/* Copies SQLite's log into the index when it is long. */
MUST_USE outcome journal_index_checkpoint(struct journal_index *index, const char *day, struct err *e);

/* journal_bloom.c: which replay keys a day may hold. One thread adds, any thread asks. */

struct journal_bloom;

struct journal_bloom *journal_bloom_new(void); /* NULL: no memory */
void journal_bloom_free(struct journal_bloom **b);
void journal_bloom_add(struct journal_bloom *b, uint64_t key);
bool journal_bloom_may_hold(struct journal_bloom *b, uint64_t key);

/* journal_recent.c: replay keys that are in the log and perhaps not in the index yet. Any thread. */

struct journal_recent;

enum journal_recently { RECENT_NONE, RECENT_FOUND, RECENT_LOST };

struct journal_recent *journal_recent_new(void); /* NULL: no memory */
void journal_recent_free(struct journal_recent **r);
/* For a record that the log counts already. A later place of a key replaces an earlier one. */
void journal_recent_add(struct journal_recent *r, int64_t key, uint64_t place);
/* LOST: what the index has not taken yet may hold it, for memory was short, or the index is made anew. */
enum journal_recently journal_recent_find(struct journal_recent *r, int64_t key, uint64_t *place);
/* The index begins anew: until it has taken all, every key is lost. */
void journal_recent_lose(struct journal_recent *r);
void journal_recent_forget(struct journal_recent *r); /* all, also what was lost */
/* The index is about to take all that the log counts after this call... */
void journal_recent_turn(struct journal_recent *r);
/* ...and has taken it. */
void journal_recent_drop(struct journal_recent *r);

/* journal_day.c: one day as the gateway has it open. */

struct journal_reader {
	sqlite3 *db;
	struct journal_log log;
	sqlite3_stmt *seen, *name, *word;
	struct buf memory;
	unsigned made; /* of the day, when it was opened */
	struct journal_reader *next;
};

struct journal_indexer;

struct journal_day {
	char name[JOURNAL_DAY];
	const char *directory;
	struct journal_indexer *indexer; /* to be asked to make haste */
	struct journal_bloom *bloom; /* NULL: every question reads the index */
	struct journal_recent *recent;
	_Atomic uint64_t seed;       /* of its log, when there is a filter */
	_Atomic unsigned made;       /* how many times its index was made: a reader of an earlier one reads what is gone */
	struct journal_log log;      /* the writer's; its fd is -1 while nobody writes here */
	struct journal_index index;  /* the indexer's, and the writer's while it holds the indexer's lock */
	struct buf taken;            /* the indexer's: heads of what it takes */
	_Atomic uint64_t confirmed;  /* the log counts up to here */
	_Atomic uint64_t applied;    /* and the index follows up to here */
	pthread_mutex_t lock;        /* of what follows */
	struct buf heads;            /* of what the log counts and nobody has taken; those of the newest may be missing */
	struct journal_reader *idle;
	int idle_count;
};

MUST_USE outcome journal_day_new(const char *directory, const char *name, struct journal_indexer *indexer,
	struct journal_day **out, struct err *e);
void journal_day_free(struct journal_day **day);
MUST_USE outcome journal_day_filter(struct journal_day *day, struct err *e); /* makes and fills the bloom */
/* For writing; makes what is absent, cuts off what was not confirmed. What the index lacks is applied later. */
MUST_USE outcome journal_day_connect(struct journal_day *day, struct err *e);
bool journal_day_behind(struct journal_day *day); /* the index lacks something */
void journal_day_disconnect(struct journal_day *day); /* writer and idle readers; nobody may be reading */
/* The entries from `first` up to, not including, `end`, whole or not at all. */
MUST_USE outcome journal_day_write(struct journal_day *day, struct journal_entry *first,
	const struct journal_entry *end, struct err *e);
/* Lets the index take all that the log counts now; *records grows by what it took. Holding the indexer's lock. */
MUST_USE outcome journal_day_apply(struct journal_day *day, size_t *records, struct err *e);
MUST_USE outcome journal_day_take(struct journal_day *day, struct journal_reader **out, struct err *e);
/* The index was made anew since the reader was opened: what it did not find may be there. */
bool journal_day_outlived(const struct journal_day *day, const struct journal_reader *reader);
/* `fit` false: the connection failed and is closed. */
void journal_day_give(struct journal_day *day, struct journal_reader *reader, bool fit);

/* journal_days.c: all days of the directory. */

struct journal_days;

/* journal_indexer.c: the thread that lets the indexes follow. */

struct journal_indexer {
	struct journal_days *days;
	void (*judge)(void *ctx, outcome r, const char *day, const struct err *e); /* how a pass went; may be NULL */
	void *ctx;
	/* Held while indexes are written, and by whoever changes their connections or the list of days; taken after the
	 * lock of the list. */
	pthread_mutex_t writing;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake, caught;
	uint64_t behind;   /* entries told and not in the index */
	uint64_t octets;   /* of the log for them */
	int64_t first_us;  /* when the first of them was told */
	uint64_t passes;   /* ended */
	bool asked, passing, closing;
	outcome last;      /* of the newest pass */
	struct err trouble;
};

void journal_indexer_init(struct journal_indexer *x, struct journal_days *days);
void journal_indexer_free(struct journal_indexer *x);
MUST_USE outcome journal_indexer_start(struct journal_indexer *x, struct err *e);
void journal_indexer_stop(struct journal_indexer *x); /* after a last pass; without a start it does nothing */
/* So many entries more are in the logs, of so many octets. When too many wait, the call does too, unless the indexer cannot
 * help. */
void journal_indexer_tell(struct journal_indexer *x, uint64_t entries, uint64_t octets);
/* Returns when everything told so far is in the indexes, or could not be brought there. Without a thread it does the
 * work itself. */
MUST_USE outcome journal_indexer_settle(struct journal_indexer *x, struct err *e);

struct journal_days {
	const char *directory;
	int retention_days;
	/* Taken for writing by the writer thread only, when the list or a day's connections change. */
	pthread_rwlock_t lock;
	struct journal_day **item; /* newest first */
	size_t count;
	struct journal_indexer indexer;
	/* the writer's: the day that an entry was of, and when it begins by local time */
	char home[JOURNAL_DAY];
	int64_t home_begins;
};

MUST_USE outcome journal_days_open(
	struct journal_days *days, const char *directory, int retention_days, struct err *e);
void journal_days_close(struct journal_days *days);
/* The following are the writer thread's. */
/* The day an entry belongs into. */
MUST_USE outcome journal_days_home(
	struct journal_days *days, const struct journal_entry *entry, char day[JOURNAL_DAY], struct err *e);
/* That day, open for writing. */
MUST_USE outcome journal_days_ready(
	struct journal_days *days, const char *name, struct journal_day **out, struct err *e);
void journal_days_disconnect(struct journal_days *days, struct journal_day *day);
/* Removes days beyond retention and closes those before `today`. */
void journal_days_turn(struct journal_days *days, const char *today);

/* journal_waiting.c: words on messages that wait for delivery. */

/* The columns of the table waiting, in the order of their parameters and of enum journal_word_column. */
#define JOURNAL_WORD_COLUMNS \
	"id, destination, order_key, meta, policy, state, attempts, accepted_ms, due_ms, expire_ms, at_ms, place," \
	" body, body_size, body_sum"
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
	WORD_PLACE, /* of the record; the greater one in a log is the newer word */
	WORD_BODY,  /* a piece of the same log, or NULL: then an older log may hold it */
	WORD_BODY_SIZE,
	WORD_BODY_SUM,
	WORD_COLUMNS
};

struct journal_word {
	struct journal_waiting waiting; /* its body is empty */
	int64_t at_ms;
	uint64_t place;
	struct journal_piece body;
};

struct journal_word journal_word_of(const struct journal_record *record); /* one that has_waiting */
bool journal_word_bind(sqlite3_stmt *stmt, const struct journal_word *word);
struct journal_word journal_word_row(sqlite3_stmt *row); /* as long as the row */

/* In the following everything told to the indexer counts. */
/* Does any day hold a word on the id? */
MUST_USE outcome journal_waiting_known(struct journal_days *days, struct bytes id, bool *known, struct err *e);
/* Is there a word on the id in that day? Is its body there? */
MUST_USE outcome journal_waiting_on(
	struct journal_day *day, struct bytes id, bool *word, bool *body, struct err *e);
/* True when a message that waits for delivery needs the day at index `at`: its newest word or its body is
 * there. One that has expired at `now_ms` needs nothing. */
MUST_USE outcome journal_waiting_needs(
	struct journal_days *days, size_t at, int64_t now_ms, bool *needs, struct err *e);

/* journal_seen.c: the replay memory. */

/* What the day knows; only the parts of fixed size are set in `out`, SEEN_NONE when nothing. The answer is at place 0
 * when it was not filed together with that. */
MUST_USE outcome journal_seen_on(struct journal_day *day, struct bytes sender_id, struct bytes message_id,
	int64_t since_ms, struct journal_seen *out, struct journal_piece *answer, struct err *e);

/* journal_view.c: a day as any process reads it. */

struct journal_view {
	const char *day;
	struct journal_log log;
	sqlite3 *db;      /* NULL: there is no index of this log, and the log alone is read */
	uint64_t applied; /* as the transaction sees it that was begun on opening */
};

/* *gone is true, and nothing is open, when the day was removed meanwhile. */
MUST_USE outcome journal_view_open(
	const char *directory, const char *day, struct journal_view *out, bool *gone, struct err *e);
void journal_view_rest(struct journal_view *view); /* ends the transaction */
void journal_view_close(struct journal_view *view); /* fit for SCOPED */

/* journal_health.c: can we write? */

enum journal_sick { JOURNAL_LOG_SICK, JOURNAL_INDEX_SICK, JOURNAL_SICKS };

struct journal_health {
	pthread_mutex_t lock;
	const char *directory;
	size_t free_bytes;
	int64_t looked_ms; /* at free space */
	bool cramped;
	struct err space;
	struct {
		bool ill;
		struct err trouble;
		char day[JOURNAL_DAY];
	} part[JOURNAL_SICKS];
};

/* Enough free space? Looks at most once a second. */
MUST_USE outcome journal_health_space(struct journal_health *h, struct err *e);
/* Keeps how the last work on logs, or on indexes, went. */
void journal_health_set(
	struct journal_health *h, enum journal_sick part, outcome r, const char *day, const struct err *e);
/* True when the last work of that kind failed; its day. */
bool journal_health_ill(struct journal_health *h, enum journal_sick part, char day[JOURNAL_DAY]);

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
	bool (*busy)(void *ctx);
	void *busy_ctx;
	struct journal_entry *head, **tail;
	bool closing;
	atomic_bool gathering; /* what waits does so for companions */
	/* the thread's own */
	int64_t flushed_us; /* when the last batch was taken */
	int64_t kept_ms;    /* when it last kept house */
	char today[JOURNAL_DAY];
};

void *journal_writer_run(void *journal);

#endif
