/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_numbers_desk - what operators do with the numbers that the gateway gives: put back what a Redis lost, and look.
 * Promise:  ceilings go back before anything else; a number is never freer than the journals say.
 * Not here: giving and using (adapter_numbers.c). */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/journal.h"
#include "permits/numbers.h"

/* nikad-ABC-00002000 */
static bool ceiling_parse(const char *name, char type[4], char serial[9])
{
	int end = 0;

	return sscanf(name, "nikad-%3[A-Z]-%8[0-9]%n", type, serial, &end) == 2 && end == NUMBERS_CEILING - 1 &&
		!name[end] && nikad_type_is(bytes_str(type));
}

static outcome raise(const struct adapter_desk *d, const char *type, const char *serial, struct err *e)
{
	const struct bytes words[] = {bytes_str(type), bytes_str(serial)};
	struct queue_answer last;

	buf_printf(d->report, "nikad: type %s %s after %s\n", type, d->dry_run ? "would go on" : "goes on", serial);
	if (d->dry_run)
		return DONE;
	return queue_admin_run(d->redis, numbers_script(NUMBERS_RAISE), NUMBERS_AREA, words, 2, d->pool, &last, e);
}

static outcome restore_ceilings(const struct adapter_desk *d, struct err *e)
{
	DIR *folder = opendir(d->folder);
	char type[4], serial[9];
	struct dirent *entry;
	outcome done = DONE;

	if (!folder)
		return errno == ENOENT ? DONE : err_set(e, REASON_IO, "%s: %m", d->folder);
	while (done.ok && (entry = readdir(folder)) != NULL) {
		if (ceiling_parse(entry->d_name, type, serial))
			done = raise(d, type, serial, e);
	}
	closedir(folder);
	return done;
}

/* ---- what the journal says of numbers ---- */

enum { LINE_WORDS = 8, AT_ONCE = 16 }; /* lines of one script: each script is an fsync of Redis */

struct telling {
	const struct adapter_desk *desk;
	struct pool *pool; /* of the words that wait */
	struct bytes words[LINE_WORDS * AT_ONCE];
	size_t waiting, lines;
	bool failed;
	struct err e;
};

/* nikad: given KZ05ABC00000062 PERMIT */
struct line {
	char what[8], number[NIKAD_PLACES + 1], kind[65];
	struct nikad nikad;
};

static bool line_parse(struct bytes text, struct line *out)
{
	char copy[128];
	int end = 0;

	*out = (struct line){.kind = ""};
	if (text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	return sscanf(copy, NUMBERS_AREA ": %7[a-z] %15[A-Z0-9]%n %64[A-Z_]", out->what, out->number, &end, out->kind) >= 2 &&
		end && nikad_parse(bytes_str(out->number), &out->nikad, NULL);
}

static outcome send_waiting(struct telling *t)
{
	struct queue_answer none;
	outcome done = DONE;

	if (t->waiting && !t->desk->dry_run)
		done = queue_admin_run(t->desk->redis, numbers_script(NUMBERS_RESTORE), NUMBERS_AREA, t->words, t->waiting,
			t->pool, &none, &t->e);
	t->waiting = 0;
	pool_free(&t->pool);
	return done;
}

static bool put_word(struct telling *t, struct bytes word)
{
	const char *copy = pool_copy(t->pool, word);

	t->words[t->waiting++] = (struct bytes){(const unsigned char *)copy, word.n};
	return copy;
}

static outcome restore_line(struct telling *t, const struct journal_fact *f, const struct line *l)
{
	char message[ADAPTER_MESSAGE], serial[16], moment[24];
	bool put;

	if (!t->pool)
		t->pool = pool_new(65536);
	if (!t->pool)
		return err_set(&t->e, REASON_MEMORY, "a line of the journal");
	adapter_message_name(f->sender_id, f->message_id, message);
	snprintf(serial, sizeof serial, "%lu", strtoul(l->nikad.text + NIKAD_SERIAL_AT, NULL, 10));
	snprintf(moment, sizeof moment, "%" PRId64, f->at.ms);
	put = put_word(t, bytes_str(l->what));
	put = put_word(t, bytes_sub(bytes_str(l->nikad.text), NIKAD_TYPE_AT, NIKAD_SERIAL_AT)) && put;
	put = put_word(t, bytes_str(serial)) && put_word(t, bytes_str(message)) && put;
	put = put_word(t, bytes_str(f->exchange)) && put_word(t, bytes_str(l->kind)) && put;
	put = put_word(t, f->sender_id) && put_word(t, bytes_str(moment)) && put;
	if (!put)
		return err_set(&t->e, REASON_MEMORY, "a line of the journal");
	t->lines++;
	return t->waiting == LINE_WORDS * AT_ONCE ? send_waiting(t) : DONE;
}

static bool each_fact(void *ctx, const struct journal_fact *f)
{
	struct telling *t = ctx;
	struct bytes rest = f->direction == JOURNAL_RECEIVED && f->verdict == JOURNAL_ACCEPTED ? f->detail : BYTES_NONE;
	struct line line;

	while (rest.n && !t->failed) {
		const unsigned char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;

		if (line_parse(bytes_sub(rest, 0, n), &line))
			t->failed = !restore_line(t, f, &line).ok;
		rest = bytes_sub(rest, end ? n + 1 : n, rest.n);
	}
	return !t->failed;
}

static outcome restore_lines(const struct adapter_desk *d, struct err *e)
{
	const struct journal_filter all = {.limit = SIZE_MAX >> 1};
	struct telling t = {.desk = d};

	outcome done = journal_find(d->journal, &all, each_fact, &t, e);

	if (done.ok && !t.failed)
		t.failed = !send_waiting(&t).ok;
	pool_free(&t.pool);
	TRY(done);
	*e = t.e;
	buf_printf(d->report, "nikad: %zu lines on numbers in %s\n", t.lines, d->journal);
	return t.failed ? FAILED : DONE;
}

outcome numbers_restore(const struct adapter_desk *d, struct err *e)
{
	TRY(restore_ceilings(d, e));
	return restore_lines(d, e);
}

/* Not given, yet below the last: what a rebuild left out. */
static long gaps_of(const struct bytes *row)
{
	return strtol((const char *)row[1].p, NULL, 10) - strtol((const char *)row[2].p, NULL, 10);
}

outcome numbers_print(const struct adapter_desk *d, struct err *e)
{
	struct queue_answer all;

	TRY(queue_admin_run(d->redis, numbers_script(NUMBERS_TOTALS), NUMBERS_AREA, NULL, 0, d->pool, &all, e));
	for (size_t i = 0; i + 3 < all.n; i += 4)
		buf_printf(d->report, "nikad: type %s last %s given %s used %s gaps %ld\n", (const char *)all.part[i].p,
			(const char *)all.part[i + 1].p, (const char *)all.part[i + 2].p, (const char *)all.part[i + 3].p,
			gaps_of(&all.part[i]));
	return DONE;
}
