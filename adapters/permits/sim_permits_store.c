/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_store - see sim_permits_store.h.
 * Promise: a serial is taken and the number is written in one unit, on disk before it is given out. */
#include <stdio.h>
#include <stdlib.h>

#include "common/outbox.h"
#include "permits/sim_permits_case.h"
#include "permits/sim_permits_entry.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS serial (type TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS given (nikad TEXT PRIMARY KEY, kind TEXT NOT NULL,"
	" sender TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS registration (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" nikad TEXT NOT NULL UNIQUE REFERENCES given (nikad), document TEXT NOT NULL,"
	" moment TEXT NOT NULL) STRICT;" SERVED_SCHEMA CASE_SCHEMA ENTRY_SCHEMA OUTBOX_SCHEMA;

outcome permits_store_open(const char *directory, struct store **out, struct err *e)
{
	return store_open(directory, "permits.db", schema, out, e);
}

outcome permits_store_give(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e)
{
	const char *given[] = {out->text, kind, sender};
	char serial[24] = "";

	TRY(store_run(s, "INSERT INTO serial VALUES (?1, 1) ON CONFLICT (type) DO UPDATE SET last = last + 1"
		" RETURNING last", &type, 1, &(struct store_column){serial, sizeof serial}, 1, NULL, e));
	if (!nikad_make("KZ", type, (unsigned)strtoul(serial, NULL, 10), out, NULL))
		return err_set(e, REASON_USAGE, "the type %.16s has no number left", type);
	return store_run(s, "INSERT INTO given VALUES (?1, ?2, ?3)", given, 3, NULL, 0, NULL, e);
}

struct issue {
	const char *type, *kind, *sender;
	struct nikad *out;
};

static outcome issue_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct issue *i = ctx;

	return permits_store_give(s, i->type, i->kind, i->sender, i->out, e);
}

outcome permits_store_issue(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e)
{
	return store_transact(s, issue_in_unit, &(struct issue){type, kind, sender, out}, e);
}

outcome permits_store_adopt(struct store *s, const struct nikad *n, const char *kind, const char *sender, struct err *e)
{
	const char *given[] = {n->text, kind, sender};

	return store_run(s, "INSERT INTO given VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", given, 3, NULL, 0, NULL, e);
}

outcome permits_store_find(struct store *s, const struct nikad *n, struct permits_given *out, struct err *e)
{
	const char *number = n->text;
	const struct store_column columns[] = {
		{out->sender, sizeof out->sender},
		{out->kind, sizeof out->kind},
		{out->registration, sizeof out->registration},
	};

	*out = (struct permits_given){0};
	return store_run(s,
		"SELECT sender, kind, iif(r.id, printf('REG%010d', r.id), '') FROM given"
		" LEFT JOIN registration r USING (nikad) WHERE nikad = ?1",
		&number, 1, columns, 3, &out->known, e);
}

outcome permits_store_register(struct store *s, const struct nikad *n, const char *document,
	const char *moment, char registration[16], bool *taken, struct err *e)
{
	const char *values[] = {n->text, document, moment};
	bool done = false;

	TRY(store_run(s, "INSERT INTO registration (nikad, document, moment) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (nikad) DO NOTHING RETURNING printf('REG%010d', id)", values, 3,
		&(struct store_column){registration, 16}, 1, &done, e));
	*taken = !done;
	return DONE;
}
