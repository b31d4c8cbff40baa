/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_numbers - see numbers.h.
 * Promise:  a number that anybody was told is below the ceiling on the disk of the gateway that told it.
 * Not here: what a number looks like (nikad), messages (adapter_nikad.c), operators (adapter_numbers_desk.c). */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "permits/numbers.h"

#define STEP 1000u                        /* numbers below one ceiling: one fsync for so many */
#define HOLD_MS INT64_C(2592000000)       /* 30 days: a settled hold is remembered, should a dead letter be retried */

static const struct queue_lua scripts[] = {
#define SCRIPT(name, sha, octets) {name, sha, {(const unsigned char *)(octets), sizeof(octets) - 1}},
#include "permits_scripts.inc"
#undef SCRIPT
};
_Static_assert(sizeof scripts / sizeof *scripts == NUMBERS_SCRIPTS, "the scripts nikad_*.lua in the order of their names");

const struct queue_lua *numbers_script(enum numbers_script which)
{
	return &scripts[which];
}

bool numbers_kind_is(const char *kind)
{
	static const char *const kinds[] = {"APPLICATION", "NOTIFICATION", "NOTICE_TO_APPLICANT", "PERMIT",
		"REFUSAL", "COORDINATION_REQUEST", "COORDINATION_REPLY", "NOTICE_TO_HOLDER"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

static outcome run(const struct adapter_call *c, enum numbers_script script, const struct bytes *words, size_t n,
	struct queue_answer *out, struct err *e)
{
	return queue_desk_run(c->redis, &scripts[script], NUMBERS_AREA, words, n, c->pool, out, e);
}

/* ---- the ceiling on disk ---- */

static void ceiling_name(const char *type, unsigned serial, char out[NUMBERS_CEILING])
{
	snprintf(out, NUMBERS_CEILING, "nikad-%.3s-%08u", type, serial % 100000000);
}

static bool is_there(const char *folder, const char *name)
{
	char path[4200];

	return (size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path && access(path, F_OK) == 0;
}

static outcome write_ceiling(const char *folder, const char *type, unsigned ceiling, struct err *e)
{
	char name[NUMBERS_CEILING], path[4200];
	struct err why;
	bool made;

	ceiling_name(type, ceiling, name);
	if (is_there(folder, name))
		return DONE;
	if (!file_create(folder, name, BYTES_NONE, &made, &why).ok)
		return err_set(e, REASON_JOURNAL_DOWN, "%.240s", why.detail);
	ceiling_name(type, ceiling - STEP, name); /* a lower one says nothing any more */
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path)
		unlink(path);
	return DONE;
}

/* Whoever finds the file there must not go on before it is on disk: so one at a time. */
static outcome reserve(const char *folder, const char *type, unsigned serial, struct err *e)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	unsigned ceiling = (serial + STEP - 1) / STEP * STEP;
	outcome done;

	pthread_mutex_lock(&one);
	done = write_ceiling(folder, type, ceiling, e);
	pthread_mutex_unlock(&one);
	return done;
}

/* ---- giving ---- */

/* For so long a message may come again. */
static int64_t window_ms(const struct adapter_call *c)
{
	int64_t by_date = (int64_t)c->caller->profile->max_age_ms + c->caller->profile->skew_ms;

	return by_date > c->conf->queue.remember_ms ? by_date : c->conf->queue.remember_ms;
}

outcome numbers_give(const struct adapter_call *c, const char *type, const char *kind, struct nikad *out, bool *left,
	struct err *e)
{
	const char *moment = pool_printf(c->pool, "%" PRId64, c->at.ms);
	const char *window = pool_printf(c->pool, "%" PRId64, window_ms(c));
	const struct bytes words[] = {
		bytes_str(c->message), bytes_str(type), bytes_str(kind), c->sender_id, bytes_str(moment), bytes_str(window)};
	struct queue_answer got;
	unsigned serial;

	if (!moment || !window)
		return err_set(e, REASON_MEMORY, "a number");
	TRY(run(c, NUMBERS_GIVE, words, sizeof words / sizeof *words, &got, e));
	*left = got.n == 3;
	if (!*left)
		return DONE;
	if (!bytes_is(got.part[1], type) || !bytes_is(got.part[2], kind))
		return err_set(e, REASON_REPLAY_CONFLICT, "the message asked for a number of another type or kind before");
	serial = (unsigned)strtoul((const char *)got.part[0].p, NULL, 10);
	TRY(reserve(c->folder, type, serial, e));
	if (!nikad_make(NUMBERS_COUNTRY, type, serial, out, NULL))
		return err_set(e, REASON_INTERNAL, "serial %u of type %.3s makes no number", serial, type);
	adapter_note(c, NUMBERS_AREA ": given %s %s", out->text, kind);
	return DONE;
}

/* ---- using ---- */

static enum reason reason_of(struct bytes what)
{
	static const struct {
		const char *what;
		enum reason reason;
	} rows[] = {{"unknown", REASON_NIKAD_UNKNOWN}, {"foreign", REASON_NIKAD_FOREIGN}, {"used", REASON_NIKAD_USED},
		{"held", REASON_NIKAD_USED}, {"kind", REASON_NIKAD_KIND}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (bytes_is(what, rows[i].what))
			return rows[i].reason;
	}
	return REASON_INTERNAL;
}

static void word(struct bytes what, struct bytes more, struct buf *out)
{
	static const struct {
		const char *what, *words;
	} rows[] = {{"unknown", "was not given"}, {"foreign", "was given to another system"}, {"used", "was used in exchange "},
		{"held", "is held by another message, whose outcome is not known, in exchange "},
		{"kind", "was given for a document of kind "}};

	buf_str(out, out->len ? "; it " : "it ");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (bytes_is(what, rows[i].what))
			buf_str(out, rows[i].words);
	}
	buf_add(out, more);
}

outcome numbers_take(const struct adapter_call *c, const struct nikad *n, const char *kind, struct err *e)
{
	SCOPED(buf_free) struct buf why = BUF(512);
	const char *serial = pool_printf(c->pool, "%lu", strtoul(n->text + NIKAD_SERIAL_AT, NULL, 10));
	const struct bytes type = bytes_sub(bytes_str(n->text), NIKAD_TYPE_AT, NIKAD_SERIAL_AT);
	const struct bytes words[] = {
		bytes_str(c->message), bytes_str(c->exchange), type, bytes_str(serial), c->sender_id, bytes_str(kind)};
	struct queue_answer against;

	if (!serial)
		return err_set(e, REASON_MEMORY, "a number");
	if (memcmp(n->text, NUMBERS_COUNTRY, 2) != 0)
		return err_set(e, REASON_NIKAD_UNKNOWN, "%s: numbers of another country are not given here", n->text);
	TRY(run(c, NUMBERS_TAKE, words, sizeof words / sizeof *words, &against, e));
	for (size_t i = 0; i + 1 < against.n; i += 2)
		word(against.part[i], against.part[i + 1], &why);
	if (against.n < 2) {
		adapter_note(c, NUMBERS_AREA ": held %s", n->text);
		return DONE;
	}
	return err_set(e, reason_of(against.part[0]), "%s: %.220s", n->text, buf_cstr(&why));
}

outcome numbers_settle(const struct adapter_call *c, bool accepted, struct err *e)
{
	const char *keep = pool_printf(c->pool, "%" PRId64, HOLD_MS);
	const struct bytes words[] = {bytes_str(c->message), bytes_str(c->exchange), accepted ? BYTES_LIT("1") : BYTES_LIT("0"),
		bytes_str(keep)};
	struct queue_answer done;
	struct nikad n;

	if (!keep)
		return err_set(e, REASON_MEMORY, "a number");
	TRY(run(c, NUMBERS_SETTLE, words, sizeof words / sizeof *words, &done, e));
	if (done.n == 3 && bytes_is(done.part[0], "2"))
		return err_set(e, REASON_NIKAD_USED, "the number of this message is another one's by now");
	if (done.n == 3 && bytes_is(done.part[0], "1") && nikad_make(NUMBERS_COUNTRY, (const char *)done.part[1].p,
			(unsigned)strtoul((const char *)done.part[2].p, NULL, 10), &n, NULL))
		adapter_note(c, NUMBERS_AREA ": %s %s", accepted ? "used" : "free", n.text);
	return DONE;
}
