/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_store - see temp_store.h.
 * Promise:  what was given an identifier is whole and on disk; what is over is never read, even while it still lies there.
 * Not here: messages (temp_files.c), who may ask.
 * Spec:     bus contract 5.6 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ident.h"
#include "files/temp_store.h"

/* An identifier: message-index-owner-end-chance, all of them hex. */
#define MESSAGE_HEX 32
#define CHANCE 16
#define ID_LENGTH 90
#define HEAD_BYTES 4096
#define UNFINISHED_S 3600 /* a file that is still being made after so long was left behind by a crash */

static const unsigned char parts[] = {MESSAGE_HEX, 2, 8, 12, 2 * CHANCE};

/* Digests of 32 bits (FNV-1a): they only tell owners apart to count their shares. */
static uint32_t owner_mark(const char *owner)
{
	uint32_t h = 2166136261u;

	for (; *owner; owner++)
		h = (h ^ (unsigned char)*owner) * 16777619u;
	return h;
}

static bool id_is(const char *id)
{
	for (size_t i = 0; i < sizeof parts; i++) {
		if (strspn(id, "0123456789abcdef") != parts[i])
			return false;
		id += parts[i];
		if (*id++ != (i + 1 < sizeof parts ? '-' : '\0'))
			return false;
	}
	return true;
}

static int64_t id_end_ms(const char *id)
{
	return (int64_t)strtoll(id + MESSAGE_HEX + 1 + 3 + 9, NULL, 16);
}

static bool id_owned(const char *id, const char *owner)
{
	return strtoul(id + MESSAGE_HEX + 1 + 3, NULL, 16) == owner_mark(owner);
}

/* The first half of an identifier. */
static void id_origin(const struct temp_origin *from, char out[TEMP_ID])
{
	snprintf(out, TEMP_ID, "%.*s-%02x-%08x-", MESSAGE_HEX, from->message, from->index, owner_mark(from->owner));
}

static void id_make(const struct temp_origin *from, int64_t end_ms, char out[TEMP_ID])
{
	SCOPED(buf_free) struct buf hex = BUF(3 * CHANCE);
	unsigned char chance[CHANCE];
	size_t n;

	random_fill(chance, sizeof chance);
	buf_hex(&hex, (struct bytes){chance, sizeof chance});
	id_origin(from, out);
	n = strlen(out);
	snprintf(out + n, TEMP_ID - n, "%012llx-%s", (unsigned long long)end_ms, buf_cstr(&hex));
	BUG_IF(!id_is(out));
}

outcome temp_store_open(const char *folder, struct err *e)
{
	return file_folder(folder, e);
}

/* ---- the folder ---- */

struct usage {
	const struct temp_origin *from; /* NULL: only sweep */
	char origin[TEMP_ID];
	uint64_t total, owner;
	size_t count, owner_count;
	char again[TEMP_ID]; /* of the same origin, "" when there is none */
};

static void count_file(struct usage *u, const char *name, uint64_t size)
{
	u->total += size;
	u->count++;
	if (!u->from)
		return;
	if (id_owned(name, u->from->owner)) {
		u->owner += size;
		u->owner_count++;
	}
	if (strncmp(name, u->origin, strlen(u->origin)) == 0)
		memcpy(u->again, name, ID_LENGTH + 1);
}

/* One entry of the folder; what is none of ours is left alone. */
static void visit(const struct temp_place *p, int folder, const char *name, struct usage *u)
{
	bool ours = id_is(name);
	struct stat st;
	bool over;

	if ((!ours && name[0] != '.') || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return;
	over = ours ? id_end_ms(name) <= p->now_ms : st.st_mtime < time(NULL) - UNFINISHED_S;
	if (over)
		(void)unlinkat(folder, name, 0);
	else if (ours)
		count_file(u, name, (uint64_t)st.st_size);
}

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static outcome look(const struct temp_place *p, struct usage *u, struct err *e)
{
	SCOPED(close_folder) DIR *d = opendir(p->folder);
	const struct dirent *entry;

	if (!d)
		return err_set(e, REASON_IO, "%s: %m", p->folder);
	while ((entry = readdir(d)))
		visit(p, dirfd(d), entry->d_name, u);
	return DONE;
}

outcome temp_store_sweep(const struct temp_place *p, struct err *e)
{
	return look(p, &(struct usage){0}, e);
}

/* ---- one file: lines of text, an empty line, the content ---- */

static bool line_is(const char *text)
{
	if (!text)
		return true;
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return *text && strlen(text) <= TEMP_NAME_MOST && utf8_is_xml(bytes_str(text));
}

static void write_file(struct buf *out, const struct temp_file *f)
{
	buf_printf(out, "confirm %d\nname %s\nmime %s\n\n", f->confirm, f->name ? f->name : "", f->mime ? f->mime : "");
	buf_add(out, f->content);
}

/* What stands behind the word on the next line; NULL when the line is another. */
static const char *take_line(struct pool *pool, struct bytes *rest, const char *word)
{
	const unsigned char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = strlen(word), length = end ? (size_t)(end - rest->p) : 0;
	struct bytes line;

	if (!end || length < n || memcmp(rest->p, word, n) != 0)
		return NULL;
	line = bytes_sub(*rest, n, length);
	*rest = bytes_sub(*rest, length + 1, rest->n);
	return pool_copy(pool, line);
}

static bool read_file(struct pool *pool, struct bytes text, struct temp_file *out)
{
	const char *confirm = take_line(pool, &text, "confirm ");
	const char *name = take_line(pool, &text, "name "), *mime = take_line(pool, &text, "mime ");

	if (!confirm || !name || !mime || !take_line(pool, &text, ""))
		return false;
	*out = (struct temp_file){.content = text, .name = *name ? name : NULL, .mime = *mime ? mime : NULL,
		.confirm = strcmp(confirm, "1") == 0};
	return true;
}

/* ---- what is asked for ---- */

static enum temp_verdict judge(const struct temp_place *p, const struct temp_origin *from, const struct temp_file *f)
{
	if (from->index >= TEMP_MESSAGE_MOST)
		return TEMP_MANY;
	if (f->content.n > p->limits.file)
		return TEMP_LONG;
	if (!line_is(f->name) || !line_is(f->mime))
		return TEMP_NAME;
	return f->life_ms < 0 ? TEMP_LIFE : TEMP_DONE;
}

static enum temp_verdict judge_room(const struct temp_limits *l, const struct usage *u, size_t more)
{
	if (u->count >= l->count || u->total + more > l->total)
		return TEMP_FULL;
	return u->owner_count >= l->owner_count || u->owner + more > l->owner ? TEMP_OWNER_FULL : TEMP_DONE;
}

outcome temp_store_put(const struct temp_place *p, const struct temp_origin *from, const struct temp_file *file,
	enum temp_verdict *verdict, char id[TEMP_ID], int64_t *life_ms, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(file->content.n + HEAD_BYTES);
	int64_t life = file->life_ms ? file->life_ms : p->limits.life_ms;
	struct usage u = {.from = from};
	bool made;

	*verdict = judge(p, from, file);
	if (*verdict != TEMP_DONE)
		return DONE;
	id_origin(from, u.origin);
	TRY(look(p, &u, e));
	if (u.again[0]) {
		memcpy(id, u.again, TEMP_ID);
		*life_ms = id_end_ms(id) - p->now_ms;
		return DONE;
	}
	write_file(&text, file);
	if (!buf_ok(&text))
		return err_set(e, REASON_MEMORY, "a file of %zu octets", file->content.n);
	*verdict = judge_room(&p->limits, &u, text.len);
	if (*verdict != TEMP_DONE)
		return DONE;
	*life_ms = life < p->limits.life_most_ms ? life : p->limits.life_most_ms;
	id_make(from, p->now_ms + *life_ms, id);
	return file_create(p->folder, id, buf_bytes(&text), &made, e);
}

/* Is there a file of this name that lives? What is no identifier never meets the disk. */
static bool lives(const struct temp_place *p, const char *id)
{
	SCOPED(buf_free) struct buf path = BUF(8192);
	struct stat st;

	if (!id_is(id) || id_end_ms(id) <= p->now_ms)
		return false;
	buf_printf(&path, "%s/%s", p->folder, id);
	return buf_ok(&path) && lstat(buf_cstr(&path), &st) == 0 && S_ISREG(st.st_mode);
}

outcome temp_store_get(const struct temp_place *p, struct pool *pool, const char *id, struct temp_file *out,
	enum temp_verdict *verdict, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(p->limits.file + HEAD_BYTES);
	const char *kept;

	*verdict = TEMP_NONE;
	if (!lives(p, id))
		return DONE;
	if (!file_read(p->folder, id, p->limits.file + HEAD_BYTES, &text, e).ok)
		return lives(p, id) ? FAILED : DONE; /* somebody has swept or confirmed it meanwhile */
	kept = pool_copy(pool, buf_bytes(&text));
	if (!kept)
		return err_set(e, REASON_MEMORY, "a file of %zu octets", text.len);
	if (!read_file(pool, (struct bytes){(const unsigned char *)kept, text.len}, out))
		return err_set(e, REASON_IO, "%s/%s is no file of ours", p->folder, id);
	out->life_ms = id_end_ms(id) - p->now_ms;
	*verdict = TEMP_DONE;
	return DONE;
}

outcome temp_store_confirm(const struct temp_place *p, const char *id, enum temp_verdict *verdict, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(2 * (p->limits.file + HEAD_BYTES));
	SCOPED(buf_free) struct buf path = BUF(8192);
	struct temp_file file;

	if (!pool)
		return err_set(e, REASON_MEMORY, "confirmation");
	TRY(temp_store_get(p, pool, id, &file, verdict, e));
	if (*verdict == TEMP_DONE && !file.confirm)
		*verdict = TEMP_NOT_ASKED;
	if (*verdict != TEMP_DONE)
		return DONE;
	buf_printf(&path, "%s/%s", p->folder, id);
	if (unlink(buf_cstr(&path)) && errno != ENOENT)
		return err_set(e, REASON_IO, "%s: %m", buf_cstr(&path));
	return DONE;
}
