/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_store - see sim_permits_store.h.
 * Promise: a serial is taken and the number is written in one unit, on disk before it is given out. */
#include <stdio.h>
#include <stdlib.h>

#include "permits/sim_permits_store.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS serial (type TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS given (nikad TEXT PRIMARY KEY, kind TEXT NOT NULL,"
	" sender TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS registration (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" nikad TEXT NOT NULL UNIQUE REFERENCES given (nikad), document TEXT NOT NULL,"
	" moment TEXT NOT NULL) STRICT;";

outcome permits_store_open(const char *directory, struct store **out, struct err *e)
{
	return store_open(directory, "permits.db", schema, out, e);
}

struct issue {
	const char *type, *kind, *sender;
	struct nikad *out;
};

static outcome issue_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct issue *i = ctx;
	char serial[24] = "";
	const char *given[] = {i->out->text, i->kind, i->sender};

	TRY(store_run(s, "INSERT INTO serial VALUES (?1, 1) ON CONFLICT (type) DO UPDATE SET last = last + 1"
		" RETURNING last", &i->type, 1, &(struct store_column){serial, sizeof serial}, 1, NULL, e));
	if (!nikad_make("KZ", i->type, (unsigned)strtoul(serial, NULL, 10), i->out, NULL))
		return err_set(e, REASON_USAGE, "the type %.16s has no number left", i->type);
	return store_run(s, "INSERT INTO given VALUES (?1, ?2, ?3)", given, 3, NULL, 0, NULL, e);
}

outcome permits_store_issue(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e)
{
	struct issue i = {type, kind, sender, out};

	return store_transact(s, issue_in_unit, &i, e);
}

struct find {
	const struct nikad *n;
	struct permits_given *out;
};

static outcome find_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct find *f = ctx;
	const char *number = f->n->text;
	const struct store_column columns[] = {
		{f->out->sender, sizeof f->out->sender},
		{f->out->kind, sizeof f->out->kind},
		{f->out->registration, sizeof f->out->registration},
	};

	return store_run(s,
		"SELECT sender, kind, iif(r.id, printf('REG%010d', r.id), '') FROM given"
		" LEFT JOIN registration r USING (nikad) WHERE nikad = ?1",
		&number, 1, columns, 3, &f->out->known, e);
}

outcome permits_store_find(struct store *s, const struct nikad *n, struct permits_given *out, struct err *e)
{
	struct find f = {n, out};

	*out = (struct permits_given){0};
	return store_transact(s, find_in_unit, &f, e);
}

struct registering {
	const char *values[3];
	char *registration;
	bool done;
};

static outcome register_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct registering *r = ctx;

	return store_run(s, "INSERT INTO registration (nikad, document, moment) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (nikad) DO NOTHING RETURNING printf('REG%010d', id)", r->values, 3,
		&(struct store_column){r->registration, 16}, 1, &r->done, e);
}

outcome permits_store_register(struct store *s, const struct nikad *n, const char *document,
	const char *moment, char registration[16], bool *taken, struct err *e)
{
	struct registering r = {{n->text, document, moment}, registration, false};

	TRY(store_transact(s, register_in_unit, &r, e));
	*taken = !r.done;
	return DONE;
}
