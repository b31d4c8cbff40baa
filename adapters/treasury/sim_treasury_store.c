/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_store - see sim_treasury_store.h.
 * Promise: a corrected document is a row of its own, so that what was returned stays readable; of one client's number at
 *          most one row is not returned. */
#include "treasury/sim_treasury_store.h"

#define POWERS_MOST 1000

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS document (id INTEGER PRIMARY KEY AUTOINCREMENT, bin TEXT NOT NULL, number TEXT NOT NULL,"
	" sender TEXT NOT NULL, text TEXT NOT NULL, status TEXT NOT NULL, reasons TEXT NOT NULL, moment TEXT NOT NULL) STRICT;"
	"CREATE INDEX IF NOT EXISTS document_number ON document (bin, number);"
	"CREATE TABLE IF NOT EXISTS power (bin TEXT NOT NULL, number TEXT NOT NULL, role TEXT NOT NULL, principal TEXT NOT NULL,"
	" delegate TEXT NOT NULL, first_day TEXT NOT NULL, last_day TEXT NOT NULL, revoked INTEGER NOT NULL,"
	" PRIMARY KEY (bin, number)) STRICT;"
	"CREATE TABLE IF NOT EXISTS user (bin TEXT NOT NULL, iin TEXT NOT NULL, state TEXT NOT NULL, moment TEXT NOT NULL,"
	" PRIMARY KEY (bin, iin)) STRICT;"
	"CREATE TABLE IF NOT EXISTS lost_key (print TEXT PRIMARY KEY) STRICT;";

outcome treasury_store_open(const char *directory, struct store **out, struct err *e)
{
	return store_open(directory, "treasury.db", schema, out, e);
}

struct keeping {
	const struct treasury_document *d;
	struct treasury_kept *out;
};

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct keeping *k = ctx;
	const struct treasury_document *d = k->d;
	struct treasury_kept *out = k->out;
	const char *known[] = {d->bin, d->number, d->text, d->sender};
	const char *values[] = {d->bin, d->number, d->sender, d->text, d->status, d->reasons, d->moment};
	char same[2] = "";
	const struct store_column columns[] = {{out->number, sizeof out->number}, {out->status, sizeof out->status},
		{same, sizeof same}};
	bool found;

	TRY(store_run(s, "SELECT printf('TC%010d', id), status, text = ?3 AND sender = ?4 FROM document"
		" WHERE bin = ?1 AND number = ?2 AND status <> 'RETURNED'", known, 4, columns, 3, &found, e));
	out->fresh = !found;
	out->same = found && same[0] == '1';
	if (found)
		return DONE;
	return store_run(s, "INSERT INTO document (bin, number, sender, text, status, reasons, moment)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING printf('TC%010d', id), status", values, 7, columns, 2, NULL, e);
}

outcome treasury_document_keep(struct store *s, const struct treasury_document *d, struct treasury_kept *out,
	struct err *e)
{
	return store_transact(s, keep_in_unit, &(struct keeping){d, out}, e);
}

outcome treasury_document_handed_over(struct store *s, const char *number, const char *moment, struct err *e)
{
	return store_do(s, "UPDATE document SET status = 'HANDED_OVER', moment = ?2"
		" WHERE id = CAST(substr(?1, 3) AS INTEGER) AND status = 'REGISTERED'",
		(const char *[]){number, moment}, 2, NULL, 0, NULL, e);
}

struct result {
	const char *values[4];
	bool *known;
};

static outcome result_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct result *r = ctx;

	TRY(store_run(s, "SELECT 1 FROM document WHERE id = CAST(substr(?1, 3) AS INTEGER)", r->values, 1, NULL, 0, r->known,
		e));
	return store_run(s, "UPDATE document SET status = ?2, reasons = ?3, moment = ?4"
		" WHERE id = CAST(substr(?1, 3) AS INTEGER) AND status IN ('REGISTERED', 'HANDED_OVER')", r->values, 4, NULL, 0,
		NULL, e);
}

outcome treasury_document_result(struct store *s, const char *number, const char *status, const char *reasons,
	const char *moment, bool *known, struct err *e)
{
	return store_transact(s, result_in_unit, &(struct result){{number, status, reasons, moment}, known}, e);
}

outcome treasury_document_find(struct store *s, const char *bin, const char *number, const char *sender,
	struct treasury_state *out, bool *found, struct err *e)
{
	const struct store_column columns[] = {{out->number, sizeof out->number}, {out->status, sizeof out->status},
		{out->moment, sizeof out->moment}, {out->reasons, sizeof out->reasons}};

	return store_do(s, "SELECT printf('TC%010d', id), status, moment, reasons FROM document"
		" WHERE bin = ?1 AND number = ?2 AND sender = ?3 ORDER BY id DESC LIMIT 1", (const char *[]){bin, number, sender},
		3, columns, 4, found, e);
}

struct reading {
	struct pool *pool;
	const char *bin;
	struct power *power;
	size_t n;
};

static outcome read_power(const char *const *texts, void *ctx, struct err *e)
{
	struct reading *r = ctx;
	struct power *p = &r->power[r->n];
	const char **fields[] = {&p->number, &p->role, &p->principal, &p->delegate, &p->first_day, &p->last_day};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*fields[i] = pool_copy(r->pool, bytes_str(texts[i]));
		if (!*fields[i])
			return err_set(e, REASON_MEMORY, "powers of attorney");
	}
	p->revoked = texts[6][0] == '1';
	r->n++;
	return DONE;
}

static outcome powers_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct reading *r = ctx;

	return store_each(s, "SELECT number, role, principal, delegate, first_day, last_day, revoked FROM power WHERE bin = ?1"
		" ORDER BY rowid DESC LIMIT 1000", &r->bin, 1, read_power, r, e);
}

outcome treasury_powers(struct store *s, struct pool *pool, const char *bin, struct powers *out, struct err *e)
{
	struct reading r = {pool, bin, pool_alloc(pool, POWERS_MOST * sizeof *r.power), 0};

	if (!r.power)
		return err_set(e, REASON_MEMORY, "powers of attorney");
	TRY(store_transact(s, powers_in_unit, &r, e));
	*out = (struct powers){r.power, r.n};
	return DONE;
}

outcome treasury_power_grant(struct store *s, const char *bin, const struct power *p, struct err *e)
{
	return store_do(s, "INSERT INTO power VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0) ON CONFLICT DO NOTHING",
		(const char *[]){bin, p->number, p->role, p->principal, p->delegate, p->first_day, p->last_day}, 7, NULL, 0,
		NULL, e);
}

outcome treasury_power_revoke(struct store *s, const char *bin, const char *number, struct err *e)
{
	return store_do(s, "UPDATE power SET revoked = 1 WHERE bin = ?1 AND number = ?2", (const char *[]){bin, number}, 2,
		NULL, 0, NULL, e);
}

outcome treasury_user_state(struct store *s, const char *bin, const char *iin, const char *print, char state[16],
	struct err *e)
{
	bool found;

	memcpy(state, "OPEN", 5);
	return store_do(s, "SELECT 'COMPROMISED' FROM lost_key WHERE print = ?3"
		" UNION ALL SELECT state FROM user WHERE bin = ?1 AND iin = ?2", (const char *[]){bin, iin, print}, 3,
		&(struct store_column){state, 16}, 1, &found, e);
}

struct change {
	const char *values[4];
	const char *print;
};

static outcome set_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct change *c = ctx;

	if (c->print)
		TRY(store_run(s, "INSERT INTO lost_key VALUES (?1) ON CONFLICT DO NOTHING", &c->print, 1, NULL, 0, NULL, e));
	return store_run(s, "INSERT INTO user VALUES (?1, ?2, ?3, ?4) ON CONFLICT (bin, iin) DO UPDATE SET"
		" state = excluded.state, moment = excluded.moment", c->values, 4, NULL, 0, NULL, e);
}

outcome treasury_user_set(struct store *s, const char *bin, const char *iin, const char *state, const char *lost,
	const char *moment, struct err *e)
{
	return store_transact(s, set_in_unit, &(struct change){{bin, iin, state, moment}, lost}, e);
}
