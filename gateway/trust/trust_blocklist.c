/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_blocklist - the file of blocked certificates, read and changed.
 * Promise:  a reader sees the old list or the new one and nothing between; a list that cannot be read is never taken for
 *           an empty one.
 * Not here: when a running gateway reads it, and what follows from it (trust_blocks.c). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "trust/blocks.h"

#include "trust/trust_int.h"

#define NAME_MARK "name:"

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The next word of the line, or the rest of it. */
static struct bytes cut(struct bytes *line, bool rest)
{
	size_t from = 0, to;
	struct bytes word;

	while (from < line->n && line->p[from] == ' ')
		from++;
	for (to = from; to < line->n && (rest || line->p[to] != ' '); to++)
		;
	word = bytes_sub(*line, from, to);
	*line = bytes_sub(*line, to, line->n);
	return word;
}

static bool read_which(struct bytes word, struct block *b)
{
	SCOPED(buf_free) struct buf raw = BUF(64);

	b->by_name = word.n > 5 && memcmp(word.p, NAME_MARK, 5) == 0;
	if (b->by_name)
		word = bytes_sub(word, 5, word.n);
	if (!hex_decode(word, &raw) || raw.len != sizeof(b->key))
		return false;
	memcpy(b->key, raw.data, sizeof(b->key));
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct pool *pool, struct bytes line, struct block *b)
{
	struct bytes which = cut(&line, false), since = cut(&line, false), who = cut(&line, false);
	struct stamp at;

	if (!read_which(which, b))
		return "it does not begin with the SHA-256 of a certificate";
	if (!stamp_parse(since, &at) || !at.has_offset)
		return "the second word is no moment with an offset";
	if (!who.n)
		return "nobody is named";
	b->since = pool_copy(pool, since);
	b->who = pool_copy(pool, who);
	b->reason = pool_copy(pool, cut(&line, true));
	return b->since && b->who && b->reason ? NULL : "memory is short";
}

static size_t count_lines(struct bytes text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static outcome read_text(struct pool *pool, const char *path, struct bytes text, struct block_list *out, struct err *e)
{
	int number = 0;

	if (!utf8_is_xml(text))
		return err_set(e, REASON_CONFIG, "%s: the list of blocked certificates is no text", path);
	*out = (struct block_list){pool_alloc(pool, count_lines(text) * sizeof(struct block)), 0};
	if (!out->block)
		return err_set(e, REASON_MEMORY, "%s: the list of blocked certificates is too large", path);
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_sub(text, 0, end ? (size_t)(end - text.p) : text.n);
		const char *wrong;

		number++;
		text = bytes_sub(text, line.n + (end != NULL), text.n);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		wrong = read_line(pool, line, &out->block[out->n]);
		if (wrong)
			return err_set(e, REASON_CONFIG, "%s line %d: %s", path, number, wrong);
		out->n++;
	}
	return DONE;
}

outcome block_list_read(struct pool *pool, const char *path, struct block_list *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(TRUST_FILE_OCTETS + 8192);

	TRY(trust_file_read(path, 0, &text, e));
	return read_text(pool, path, buf_bytes(&text), out, e);
}

const struct block *block_list_find(const struct block_list *l, bool by_name, const unsigned char key[32])
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->block[i].by_name == by_name && memcmp(l->block[i].key, key, 32) == 0)
			return &l->block[i];
	}
	return NULL;
}

static void print_block(const struct block *b, struct buf *out)
{
	if (b->by_name)
		buf_str(out, NAME_MARK);
	buf_hex(out, (struct bytes){b->key, sizeof(b->key)});
	buf_printf(out, " %s %s %s\n", b->since, b->who, b->reason);
}

/* The lines of the old text without the one of `b`: remarks and order stay. */
static void keep_others(struct bytes text, const struct block *b, struct buf *out)
{
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_sub(text, 0, end ? (size_t)(end - text.p) : text.n), word = line;
		struct block other;

		text = bytes_sub(text, line.n + (end != NULL), text.n);
		if (read_which(cut(&word, false), &other) && other.by_name == b->by_name &&
			memcmp(other.key, b->key, sizeof(b->key)) == 0)
			continue;
		buf_add(out, line);
		buf_char(out, '\n');
	}
}

static bool write_all(int fd, struct bytes text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return false;
		text = bytes_sub(text, n > 0 ? (size_t)n : 0, text.n);
	}
	return fsync(fd) == 0;
}

/* The folder must not forget the new name either. */
static bool sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	SCOPED(close_descriptor) int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	return fd >= 0 && fsync(fd) == 0;
}

static outcome replace(const char *path, mode_t mode, struct bytes text, struct err *e)
{
	char fresh[4200];
	SCOPED(close_descriptor) int fd = -1;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, mode) != 0 || !write_all(fd, text) || rename(fresh, path) != 0 || !sync_folder(path)) {
		err_set(e, REASON_IO, "%s: %s", path, strerror(errno));
		unlink(fresh);
		return FAILED;
	}
	return DONE;
}

/* With the lock held. */
static outcome change(const char *path, const struct block *b, bool add, bool *changed, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(BLOCK_LIST_OCTETS);
	SCOPED(buf_free) struct buf text = BUF(TRUST_FILE_OCTETS + 8192), next = BUF(TRUST_FILE_OCTETS);
	struct stat st = {.st_mode = 0644};
	struct block_list old = {0};
	bool there = stat(path, &st) == 0;

	*changed = false;
	if (!pool)
		return err_set(e, REASON_MEMORY, "no memory for the list of blocked certificates");
	if (there || !add || errno != ENOENT) {
		TRY(trust_file_read(path, 0, &text, e));
		TRY(read_text(pool, path, buf_bytes(&text), &old, e));
	}
	if ((block_list_find(&old, b->by_name, b->key) != NULL) == add)
		return DONE;
	keep_others(buf_bytes(&text), b, &next);
	if (add)
		print_block(b, &next);
	if (!buf_ok(&next))
		return err_set(e, REASON_IO, "%s: the list would be too long", path);
	*changed = true;
	return replace(path, st.st_mode & 0777, buf_bytes(&next), e);
}

static outcome change_alone(const char *path, const struct block *b, bool add, bool *changed, struct err *e)
{
	char name[4200];
	SCOPED(close_descriptor) int fd = -1;

	if (strlen(path) > 4096)
		return err_set(e, REASON_IO, "the path of the list is too long");
	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		return err_set(e, REASON_IO, "%s: %s", name, strerror(errno));
	return change(path, b, add, changed, e); /* the lock goes with its descriptor */
}

outcome block_list_add(const char *path, const struct block *b, bool *changed, struct err *e)
{
	return change_alone(path, b, true, changed, e);
}

outcome block_list_remove(const char *path, const struct block *b, bool *changed, struct err *e)
{
	return change_alone(path, b, false, changed, e);
}

outcome block_key_of(struct bytes issuer, struct bytes serial, unsigned char key[32], struct err *e)
{
	SCOPED(trust_name_free) struct trust_name name = TRUST_NAME;

	for (size_t i = 0; i < serial.n; i++) {
		if (serial.p[i] < '0' || serial.p[i] > '9')
			return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "the serial number is no decimal number");
	}
	while (serial.n > 1 && serial.p[0] == '0')
		serial = bytes_sub(serial, 1, serial.n);
	if (serial.n == 0 || serial.n > 64)
		return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "the serial number is no decimal number");
	TRY(trust_name_read(&name, issuer, e));
	trust_name_key(&name, serial, key);
	return DONE;
}
