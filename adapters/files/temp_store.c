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

static unsigned id_index(const char *id)
{
	return (unsigned)strtoul(id + MESSAGE_HEX + 1, NULL, 16);
}

static void id_make(const struct temp_origin *from, unsigned index, int64_t end_ms, char out[TEMP_ID])
{
	SCOPED(buf_free) struct buf hex = BUF(3 * CHANCE);
	unsigned char chance[CHANCE];

	random_fill(chance, sizeof chance);
	buf_hex(&hex, (struct bytes){chance, sizeof chance});
	snprintf(out, TEMP_ID, "%.*s-%02x-%08x-%012llx-%s", MESSAGE_HEX, from->message, index, owner_mark(from->owner),
		(unsigned long long)end_ms, buf_cstr(&hex));
	BUG_IF(!id_is(out));
}

outcome temp_store_open(const char *folder, struct err *e)
{
	return file_folder(folder, e);
}

/* ---- the folder ---- */

struct temp_visit {
	const struct temp_place *place;
	const struct temp_origin *from;
	uint64_t total, owner;
	size_t count, owner_count;
	char again[TEMP_MESSAGE_MOST][TEMP_ID]; /* of this message by the index, "" where there is none */
};

static void count_file(struct temp_visit *v, const char *name, uint64_t size)
{
	bool owned = id_owned(name, v->from->owner);

	v->total += size;
	v->count++;
	v->owner += owned ? size : 0;
	v->owner_count += owned;
	if (owned && strncmp(name, v->from->message, MESSAGE_HEX) == 0)
		memcpy(v->again[id_index(name)], name, ID_LENGTH + 1);
}

/* One entry of the folder; what is none of ours is left alone. */
static void visit(const struct temp_place *p, int folder, const char *name, struct temp_visit *v)
{
	bool ours = id_is(name);
	struct stat st;
	bool over;

	if ((!ours && name[0] != '.') || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return;
	over = ours ? id_end_ms(name) <= p->now_ms : st.st_mtime < time(NULL) - UNFINISHED_S;
	if (over)
		(void)unlinkat(folder, name, 0);
	else if (ours && v)
		count_file(v, name, (uint64_t)st.st_size);
}

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static outcome look(const struct temp_place *p, struct temp_visit *v, struct err *e)
{
	SCOPED(close_folder) DIR *d = opendir(p->folder);
	const struct dirent *entry;

	if (!d)
		return err_set(e, REASON_IO, "%s: %m", p->folder);
	while ((entry = readdir(d)))
		visit(p, dirfd(d), entry->d_name, v);
	return DONE;
}

outcome temp_store_sweep(const struct temp_place *p, struct err *e)
{
	return look(p, NULL, e);
}

outcome temp_store_begin(const struct temp_place *p, struct pool *pool, const struct temp_origin *from,
	struct temp_visit **out, struct err *e)
{
	*out = POOL_NEW(pool, struct temp_visit);
	if (!*out)
		return err_set(e, REASON_MEMORY, "file store");
	(*out)->place = p;
	(*out)->from = from;
	return look(p, *out, e);
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

static enum temp_verdict judge(const struct temp_limits *l, unsigned index, const struct temp_file *f)
{
	if (index >= TEMP_MESSAGE_MOST)
		return TEMP_MANY;
	if (f->content.n > l->file)
		return TEMP_LONG;
	if (!line_is(f->name) || !line_is(f->mime))
		return TEMP_NAME;
	return f->life_ms < 0 ? TEMP_LIFE : TEMP_DONE;
}

static enum temp_verdict judge_room(const struct temp_visit *v, size_t more)
{
	const struct temp_limits *l = &v->place->limits;

	if (v->count >= l->count || v->total + more > l->total)
		return TEMP_FULL;
	return v->owner_count >= l->owner_count || v->owner + more > l->owner ? TEMP_OWNER_FULL : TEMP_DONE;
}

outcome temp_store_put(struct temp_visit *v, unsigned index, const struct temp_file *file, enum temp_verdict *verdict,
	char id[TEMP_ID], int64_t *life_ms, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(file->content.n + HEAD_BYTES);
	const struct temp_place *p = v->place;
	int64_t life = file->life_ms ? file->life_ms : p->limits.life_ms;
	bool made;

	*verdict = judge(&p->limits, index, file);
	if (*verdict != TEMP_DONE)
		return DONE;
	if (v->again[index][0]) {
		memcpy(id, v->again[index], TEMP_ID);
		*life_ms = id_end_ms(id) - p->now_ms;
		return DONE;
	}
	write_file(&text, file);
	if (!buf_ok(&text))
		return err_set(e, REASON_MEMORY, "a file of %zu octets", file->content.n);
	*verdict = judge_room(v, text.len);
	if (*verdict != TEMP_DONE)
		return DONE;
	*life_ms = life < p->limits.life_most_ms ? life : p->limits.life_most_ms;
	id_make(v->from, index, p->now_ms + *life_ms, id);
	TRY(file_create(p->folder, id, buf_bytes(&text), &made, e));
	count_file(v, id, text.len);
	return DONE;
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
