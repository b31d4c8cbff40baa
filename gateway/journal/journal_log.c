/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_log - the append-only file of a day.
 * Promise:  what was appended is on the disk when the call returns, and nothing of what failed is; a record or octets
 *           that are not what was written are found out.
 * Not here: what is in a record (journal_record.c), the index (journal_index.c). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "journal_int.h"

/* A log begins with these letters and its seed. */
static const char title[] = "qaqpa journal 3\n";

enum { TITLE = sizeof title - 1, PAGE = 4096 };

enum { GLANCE = 1536 }; /* most heads are not longer */

_Static_assert(JOURNAL_FIRST == TITLE + sizeof(uint64_t), "the first record stands behind the title and the seed");

static outcome log_fail(struct err *e, const char *day, const char *doing)
{
	return journal_path_fail(e, day, JOURNAL_LOG, doing);
}

static outcome log_spoilt(struct err *e, const char *day, uint64_t place, const char *what)
{
	return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: at octet %llu %s", day, (unsigned long long)place, what);
}

static outcome log_begin(const char *path, const char *day, uint64_t seed, struct err *e)
{
	unsigned char head[JOURNAL_FIRST];
	bool ok;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memcpy(head, title, TITLE);
	memcpy(head + TITLE, &seed, sizeof seed);
	ok = fd >= 0 && write(fd, head, sizeof head) == (ssize_t)sizeof head && fsync(fd) == 0;
	if (!ok)
		log_fail(e, day, "cannot begin it");
	if (fd >= 0)
		close(fd);
	return ok ? DONE : FAILED;
}

outcome journal_log_create(const char *directory, const char *day, struct err *e)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return log_fail(e, day, "no random number for it");
	return journal_part_create(directory, day, JOURNAL_LOG, log_begin, seed | 1, e);
}

/* Reads up to `n` octets; fewer only at the end of the file. */
static ssize_t read_at(int fd, unsigned char *out, size_t n, uint64_t at)
{
	size_t got = 0;
	ssize_t rc = 1;

	while (got < n && rc > 0) {
		rc = pread(fd, out + got, n - got, (off_t)(at + got));
		if (rc > 0)
			got += (size_t)rc;
		else if (rc < 0 && errno == EINTR)
			rc = 1;
	}
	return rc < 0 ? rc : (ssize_t)got;
}

outcome journal_log_open(
	const char *directory, const char *day, bool append, struct journal_log *out, struct err *e)
{
	unsigned char head[JOURNAL_FIRST];
	char path[JOURNAL_PATH];
	struct stat st;
	ssize_t n;

	*out = (struct journal_log){.heads = BUF(SIZE_MAX / 4), .pieces = BUF(SIZE_MAX / 4), .vectors = BUF(SIZE_MAX / 4)};
	journal_path(directory, day, JOURNAL_LOG, path);
	out->fd = open(path, (append ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
	if (out->fd < 0)
		return log_fail(e, day, "cannot open it");
	if (append && (fchmod(out->fd, 0600) != 0 || fstat(out->fd, &st) != 0)) {
		journal_log_close(out);
		return log_fail(e, day, "cannot close it to others");
	}
	if (append) {
		out->inode = st.st_ino;
		out->device = st.st_dev;
	}
	n = read_at(out->fd, head, sizeof head, 0);
	memcpy(&out->seed, head + TITLE, sizeof out->seed);
	if (n == (ssize_t)sizeof head && memcmp(head, title, TITLE) == 0 && out->seed != 0)
		return DONE;
	journal_log_close(out);
	return n < 0 ? log_fail(e, day, "cannot read it") : log_spoilt(e, day, 0, "it is no journal of this program");
}

void journal_log_close(struct journal_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	buf_free(&log->heads);
	buf_free(&log->pieces);
	buf_free(&log->vectors);
}

bool journal_log_moved(const struct journal_log *log, const char *directory, const char *day)
{
	char path[JOURNAL_PATH];
	struct stat named;

	journal_path(directory, day, JOURNAL_LOG, path);
	return lstat(path, &named) != 0 || log->inode != named.st_ino || log->device != named.st_dev;
}

/* --- appending --- */

static void vector_add(struct journal_log *log, const void *p, size_t n)
{
	struct iovec v = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};

	if (n > 0)
		buf_add(&log->vectors, (struct bytes){(const unsigned char *)&v, sizeof v});
}

static outcome heads_fill(struct journal_log *log, const char *day, struct journal_entry *first,
	const struct journal_entry *end, uint64_t *behind, struct err *e)
{
	*behind = log->end;
	buf_clear(&log->heads);
	buf_clear(&log->pieces);
	for (struct journal_entry *entry = first; entry != end; entry = entry->next) {
		size_t begin = log->heads.len;

		entry->place = *behind;
		if (!journal_record_encode(entry, entry->place, &log->heads, &log->pieces)) {
			buf_free(&log->heads); /* it may be marked failed, and so may they */
			buf_free(&log->pieces);
			return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: an entry is more than memory or a journal holds", day);
		}
		*behind += log->heads.len - begin + journal_head_octets(log->heads.data + begin);
	}
	return DONE;
}

/* After heads_fill, when heads do not move any more. */
static bool vectors_fill(struct journal_log *log, const struct journal_entry *first, const struct journal_entry *end)
{
	const struct bytes *piece = (const struct bytes *)(const void *)log->pieces.data;
	const unsigned char *head = log->heads.data;

	buf_clear(&log->vectors);
	for (const struct journal_entry *entry = first; entry != end; entry = entry->next) {
		size_t length = journal_head_length(head, entry->place);

		vector_add(log, head, length);
		for (uint64_t left = journal_head_octets(head); left > 0; left -= piece++->n)
			vector_add(log, piece->p, piece->n);
		head += length;
	}
	return buf_ok(&log->vectors);
}

/* Takes `n` written octets off the front. */
static struct iovec *vectors_pass(struct iovec *v, const struct iovec *end, size_t n)
{
	while (v < end && n >= v->iov_len)
		n -= v++->iov_len;
	if (v < end) {
		v->iov_base = (char *)v->iov_base + n;
		v->iov_len -= n;
	}
	return v;
}

static bool vectors_write(struct journal_log *log)
{
	struct iovec *v = (struct iovec *)(void *)log->vectors.data;
	const struct iovec *end = v + log->vectors.len / sizeof *v;
	uint64_t at = log->end;

	while (v < end) {
		size_t count = (size_t)(end - v) < IOV_MAX ? (size_t)(end - v) : IOV_MAX;
		ssize_t n = pwritev(log->fd, v, (int)count, (off_t)at);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += (size_t)n;
			v = vectors_pass(v, end, (size_t)n);
		}
	}
	return true;
}

static bool copy(int from, uint64_t at, uint64_t end, int to)
{
	unsigned char piece[65536];
	ssize_t n = 1;

	for (; at < end && n > 0; at += (uint64_t)n) {
		n = read_at(from, piece, end - at < sizeof piece ? (size_t)(end - at) : sizeof piece, at);
		if (n > 0 && write(to, piece, (size_t)n) != n)
			n = -1;
	}
	return n > 0 && fsync(to) == 0;
}

static unsigned char zeros[JOURNAL_FILL]; /* of the system's one page of zeros, as nobody writes there */

outcome journal_log_blank(
	const struct journal_log *log, const char *day, uint64_t size, bool *blank, struct err *e)
{
	unsigned char piece[65536];
	size_t n;

	*blank = true;
	for (uint64_t at = log->end; at < size && *blank; at += n) {
		n = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
		if (read_at(log->fd, piece, n, at) != (ssize_t)n)
			return log_fail(e, day, "cannot read it");
		*blank = memcmp(piece, zeros, n) == 0;
	}
	return DONE;
}

outcome journal_log_keep(
	const struct journal_log *log, const char *directory, const char *day, uint64_t size, struct err *e)
{
	outcome r = DONE;
	char path[JOURNAL_PATH];
	int fd;

	journal_path(directory, day, JOURNAL_CUT, path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || !copy(log->fd, log->end, size, fd))
		r = journal_path_fail(e, day, JOURNAL_CUT, "cannot keep what is cut off the log");
	if (fd >= 0)
		close(fd);
	return r;
}

outcome journal_log_cut(struct journal_log *log, const char *day, struct err *e)
{
	if (log->dirty && (ftruncate(log->fd, (off_t)log->end) != 0 || fdatasync(log->fd) != 0))
		return log_fail(e, day, "cannot cut off what was not confirmed");
	if (log->dirty)
		log->filled = log->end;
	log->dirty = false;
	return DONE;
}

void journal_log_fill(struct journal_log *log, const char *day)
{
	const uint64_t from = log->filled > log->end ? log->filled : log->end;
	const uint64_t to = (log->end + JOURNAL_FILL) / PAGE * PAGE;
	struct err later;

	if (from - log->end > JOURNAL_FILL / 4)
		return;
	log->filled = to;
	if (pwrite(log->fd, zeros, to - from, (off_t)from) == (ssize_t)(to - from) && fdatasync(log->fd) == 0)
		return;
	log->dirty = true; /* and with them the page in which the last record ends */
	(void)!journal_log_cut(log, day, &later).ok; /* if it cannot be now, it is before the next record */
}

void journal_log_trim(struct journal_log *log)
{
	struct stat st;

	if (log->dirty || (log->filled > log->end && fstat(log->fd, &st) == 0 && (uint64_t)st.st_size == log->filled))
		(void)!ftruncate(log->fd, (off_t)log->end);
	log->filled = log->end;
}

outcome journal_log_probe(struct journal_log *log, const char *day, struct err *e)
{
	static const unsigned char some[PAGE];

	TRY(journal_log_cut(log, day, e));
	log->dirty = true;
	if (pwrite(log->fd, some, sizeof some, (off_t)log->end) != (ssize_t)sizeof some || fdatasync(log->fd) != 0)
		return log_fail(e, day, "cannot write");
	return journal_log_cut(log, day, e);
}

outcome journal_log_append(struct journal_log *log, const char *day, struct journal_entry *first,
	const struct journal_entry *end, struct err *e)
{
	uint64_t behind;
	struct err later;

	TRY(journal_log_cut(log, day, e));
	TRY(heads_fill(log, day, first, end, &behind, e));
	if (!vectors_fill(log, first, end)) {
		buf_free(&log->vectors);
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory to write", day);
	}
	log->dirty = true;
	if (!vectors_write(log) || fdatasync(log->fd) != 0) {
		log_fail(e, day, "cannot write");
		(void)!journal_log_cut(log, day, &later).ok; /* if it cannot be now, it is before the next one */
		return FAILED;
	}
	log->end = behind;
	log->dirty = false;
	return DONE;
}

void journal_log_leave(struct journal_log *log)
{
	if (log->end - log->left < JOURNAL_LEAVE)
		return;
	(void)!posix_fadvise(log->fd, (off_t)log->left, (off_t)(log->end - log->left), POSIX_FADV_DONTNEED);
	log->left = log->end / PAGE * PAGE; /* the rest of this page is still to come */
}

/* --- reading --- */

outcome journal_log_read(const struct journal_log *log, const char *day, uint64_t place, struct buf *memory,
	struct journal_record *out, bool *there, struct err *e)
{
	unsigned char *to;
	size_t length;
	ssize_t n;

	*there = false;
	buf_clear(memory);
	to = buf_reserve(memory, GLANCE);
	n = to ? read_at(log->fd, to, GLANCE, place) : -1;
	if (n < 0)
		return to ? log_fail(e, day, "cannot read it") : err_set(e, REASON_JOURNAL_DOWN, "no memory for a record");
	length = n < JOURNAL_HEAD_FIXED ? 0 : journal_head_length(to, place);
	if (length > (size_t)n) {
		to = buf_reserve(memory, length);
		n = to ? read_at(log->fd, to, length, place) : -1;
		if (n < 0)
			return to ? log_fail(e, day, "cannot read it") : err_set(e, REASON_JOURNAL_DOWN, "no memory for a record");
	}
	*there = length > 0 && length <= (size_t)n && journal_record_decode((struct bytes){to, length}, out);
	return DONE;
}

outcome journal_log_record(const struct journal_log *log, const char *day, uint64_t place, struct buf *memory,
	struct journal_record *out, struct err *e)
{
	bool there;

	TRY(journal_log_read(log, day, place, memory, out, &there, e));
	return there ? DONE : log_spoilt(e, day, place, "stands no record, and the index names one");
}

/* Whether they are what was written is one thing, and whether they could be read is another. */
static outcome extent_read(const struct journal_log *log, const char *day, const struct journal_extent *extent, uint64_t sum,
	unsigned char *out, bool *whole, struct err *e)
{
	ssize_t n = read_at(log->fd, out, extent->size, extent->at);

	if (n < 0)
		return log_fail(e, day, "cannot read it");
	*whole = *whole && (uint64_t)n == extent->size && journal_sum((struct bytes){out, extent->size}) == sum;
	return DONE;
}

static outcome room(const char *day, uint64_t size, struct buf *out, unsigned char **to, struct err *e)
{
	buf_clear(out);
	*to = buf_reserve(out, size);
	return *to ? DONE : err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory for a message of %llu octets", day,
		(unsigned long long)size);
}

/* All of the first ones are read, for their checksum is over all of them. */
static outcome parts_read(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	unsigned char *out, bool *whole, struct err *e)
{
	SCOPED(buf_free) struct buf memory = BUF(SIZE_MAX / 4);
	unsigned char *like;

	TRY(room(day, piece->like.size, &memory, &like, e));
	TRY(extent_read(log, day, &piece->like, piece->like_sum, like, whole, e));
	memcpy(out, like, piece->front);
	memcpy(out + piece->size - piece->back, like + piece->like.size - piece->back, piece->back);
	return DONE;
}

static outcome piece_read(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	unsigned char *out, bool *whole, struct err *e)
{
	*whole = true;
	if (piece->like.size > 0)
		TRY(parts_read(log, day, piece, out, whole, e));
	return extent_read(log, day, &piece->own, piece->sum, out + piece->front, whole, e);
}

outcome journal_log_piece(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	unsigned char *out, struct err *e)
{
	bool whole;

	TRY(piece_read(log, day, piece, out, &whole, e));
	return whole ? DONE : log_spoilt(e, day, piece->own.at, "the octets of a message are not what was written");
}

outcome journal_log_octets(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	struct buf *out, struct err *e)
{
	unsigned char *to;

	buf_clear(out);
	if (piece->size == 0)
		return DONE;
	TRY(room(day, piece->size, out, &to, e));
	TRY(journal_log_piece(log, day, piece, to, e));
	buf_grown(out, piece->size);
	return DONE;
}

static outcome piece_look(const struct journal_log *log, const char *day, const struct journal_piece *piece,
	struct buf *memory, bool *whole, struct err *e)
{
	unsigned char *to;

	if (!*whole || piece->size == 0)
		return DONE;
	TRY(room(day, piece->size, memory, &to, e));
	return piece_read(log, day, piece, to, whole, e);
}

/* Are the octets behind the head whole too? Those at the end of a log may be cut short. */
static outcome octets_look(const struct journal_log *log, const char *day, const struct journal_record *record,
	struct buf *memory, bool *whole, struct err *e)
{
	for (size_t i = 0; i < record->fact_count; i++)
		TRY(piece_look(log, day, &record->octets[i], memory, whole, e));
	return record->has_waiting ? piece_look(log, day, &record->body, memory, whole, e) : DONE;
}

outcome journal_log_tail(const struct journal_log *log, const char *day, uint64_t place, uint64_t *end,
	bool (*each)(void *ctx, const struct journal_record *record), void *ctx, struct err *e)
{
	SCOPED(buf_free) struct buf head = BUF(SIZE_MAX / 4), octets = BUF(SIZE_MAX / 4);
	struct journal_record record;
	bool whole = true, more = true;

	for (*end = place; more; *end = record.next) {
		TRY(journal_log_read(log, day, *end, &head, &record, &whole, e));
		if (whole)
			TRY(octets_look(log, day, &record, &octets, &whole, e));
		if (!whole)
			break;
		more = each(ctx, &record);
	}
	return DONE;
}
