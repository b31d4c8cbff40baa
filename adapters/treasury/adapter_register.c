/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_register - see register.h.
 * Promise:  whatever a gateway acted on is on its own disk first.
 * Not here: what follows from the register (power.h, adapter_treasury.c). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "treasury/register.h"

#define AREA "treasury"
#define ASIDE_MS "2592000000" /* 30 days */
#define WORDS_MOST 10
#define FACT_OCTETS 1024
#define FACT_NAME 48

enum { APPLY, ASIDE, KNOWN, RECALL };
static const struct queue_lua scripts[] = {
#define SCRIPT(name, sha, octets) {name, sha, {(const unsigned char *)(octets), sizeof(octets) - 1}},
#include "treasury_scripts.inc"
#undef SCRIPT
};
_Static_assert(sizeof scripts / sizeof *scripts == RECALL + 1, "the scripts treasury_*.lua in the order of their names");

static const char *text(struct bytes b)
{
	return (const char *)b.p; /* parts of an answer end with a NUL */
}

/* ---- reading ---- */

enum { POWER_WORDS = 8, USER_WORDS = 3, KEY_WORDS = 2 };

static size_t read_row(const struct bytes *row, size_t left, struct power *powers, struct register_user *users,
	const char **lost, struct register_known *out)
{
	if (left >= POWER_WORDS && bytes_is(row[0], "power")) {
		powers[out->powers.n++] = (struct power){text(row[1]), text(row[2]), text(row[3]), text(row[4]), text(row[5]),
			text(row[6]), bytes_is(row[7], "1")};
		return POWER_WORDS;
	}
	if (left >= USER_WORDS && bytes_is(row[0], "user")) {
		users[out->users++] = (struct register_user){text(row[1]), text(row[2])};
		return USER_WORDS;
	}
	if (left >= KEY_WORDS && bytes_is(row[0], "key")) {
		lost[out->lost_count++] = text(row[1]);
		return KEY_WORDS;
	}
	return left;
}

outcome register_read(const struct adapter_call *c, const char *bin, struct register_known *out, struct err *e)
{
	const struct bytes word = bytes_str(bin);
	struct queue_answer all;
	struct power *powers;
	struct register_user *users;
	const char **lost;

	*out = (struct register_known){0};
	TRY(queue_desk_run(c->redis, &scripts[KNOWN], AREA, &word, 1, c->pool, &all, e));
	powers = pool_alloc(c->pool, (all.n + 1) * sizeof *powers);
	users = pool_alloc(c->pool, (all.n + 1) * sizeof *users);
	lost = pool_alloc(c->pool, (all.n + 1) * sizeof *lost);
	if (!powers || !users || !lost)
		return err_set(e, REASON_MEMORY, "powers of attorney");
	for (size_t i = 0; i < all.n;)
		i += read_row(&all.part[i], all.n - i, powers, users, lost, out);
	out->powers.power = powers;
	out->user = users;
	out->lost = lost;
	return DONE;
}

const char *register_stopped(const struct register_known *known, const struct trust_cert *cert)
{
	for (size_t i = 0; i < known->lost_count; i++) {
		if (strcmp(known->lost[i], cert->print) == 0)
			return "COMPROMISED";
	}
	for (size_t i = 0; i < known->users; i++) {
		if (cert->who.iin && strcmp(known->user[i].iin, cert->who.iin) == 0)
			return strcmp(known->user[i].state, "OPEN") == 0 ? NULL : known->user[i].state;
	}
	return NULL;
}

/* ---- aside ---- */

outcome register_aside(const struct adapter_call *c, const struct bytes *words, size_t n, struct queue_answer *kept,
	struct err *e)
{
	struct bytes all[WORDS_MOST + 2] = {bytes_str(c->message), BYTES_LIT(ASIDE_MS)};

	BUG_IF(n > WORDS_MOST);
	memcpy(all + 2, words, n * sizeof *words);
	return queue_desk_run(c->redis, &scripts[ASIDE], AREA, all, n + 2, c->pool, kept, e);
}

outcome register_recall(const struct adapter_call *c, bool accepted, struct queue_answer *out, struct err *e)
{
	const struct bytes words[] = {bytes_str(c->message), accepted ? BYTES_LIT("1") : BYTES_LIT("0")};

	return queue_desk_run(c->redis, &scripts[RECALL], AREA, words, 2, c->pool, out, e);
}

/* ---- facts ---- */

/* One line a word. */
static outcome write_fact(const struct adapter_call *c, const struct queue_answer *words, struct err *e)
{
	SCOPED(buf_free) struct buf lines = BUF(FACT_OCTETS);
	char name[FACT_NAME];
	struct err why;
	bool made;

	for (size_t i = 0; i < words->n; i++) {
		buf_add(&lines, words->part[i]);
		buf_char(&lines, '\n');
	}
	snprintf(name, sizeof name, AREA "-%.15s-%.16s", text(words->part[2]), c->message);
	if (!buf_ok(&lines) || !file_create(c->folder, name, buf_bytes(&lines), &made, &why).ok)
		return err_set(e, REASON_JOURNAL_DOWN, "a fact of the treasury cannot be written");
	return DONE;
}

outcome register_keep(const struct adapter_call *c, const struct queue_answer *words, struct err *e)
{
	struct queue_answer done;

	if (words->n < 4)
		return DONE;
	TRY(write_fact(c, words, e));
	return queue_desk_run(c->redis, &scripts[APPLY], AREA, words->part, words->n, c->pool, &done, e);
}

/* ---- for operators ---- */

static size_t split(struct bytes all, struct bytes out[WORDS_MOST])
{
	size_t n = 0;

	while (all.n && n < WORDS_MOST) {
		const unsigned char *end = memchr(all.p, '\n', all.n);

		out[n++] = bytes_sub(all, 0, end ? (size_t)(end - all.p) : all.n);
		all = bytes_sub(all, out[n - 1].n + (end != NULL), all.n);
	}
	return n;
}

static outcome restore_fact(const struct adapter_desk *d, const char *name, struct err *e)
{
	SCOPED(buf_free) struct buf lines = BUF(FACT_OCTETS);
	struct bytes words[WORDS_MOST];
	struct queue_answer done;
	size_t n;

	TRY(file_read(d->folder, name, FACT_OCTETS, &lines, e));
	n = split(buf_bytes(&lines), words);
	if (n < 4)
		return err_set(e, REASON_IO, "%s/%s is no fact of the treasury", d->folder, name);
	buf_printf(d->report, "treasury: %s %s\n", d->dry_run ? "would put back" : "puts back", name);
	return d->dry_run ? DONE : queue_admin_run(d->redis, &scripts[APPLY], AREA, words, n, d->pool, &done, e);
}

outcome register_restore(const struct adapter_desk *d, struct err *e)
{
	DIR *folder = opendir(d->folder);
	struct dirent *entry;
	outcome done = DONE;

	if (!folder)
		return errno == ENOENT ? DONE : err_set(e, REASON_IO, "%s: %m", d->folder);
	while (done.ok && (entry = readdir(folder)) != NULL) {
		if (strncmp(entry->d_name, AREA "-", sizeof AREA) == 0)
			done = restore_fact(d, entry->d_name, e);
	}
	closedir(folder);
	return done;
}
