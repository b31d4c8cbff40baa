/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency_store - see sim_insolvency_store.h.
 * Promise:  a document and its registration number are written in one unit, on disk before they are told.
 * Not here: who may do what (sim_insolvency_request.c). */
#include "common/outbox.h"
#include "insolvency/sim_insolvency_store.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS administrator (iin TEXT PRIMARY KEY, excluded TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS procedure (number TEXT PRIMARY KEY, debtor TEXT NOT NULL,"
	" administrator TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS information (procedure TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,"
	" PRIMARY KEY (procedure, kind)) STRICT;"
	"CREATE TABLE IF NOT EXISTS submission (id INTEGER PRIMARY KEY AUTOINCREMENT, request_number TEXT NOT NULL,"
	" iin TEXT NOT NULL, kind TEXT NOT NULL, procedure TEXT NOT NULL, received TEXT NOT NULL, term_end TEXT NOT NULL,"
	" in_time TEXT NOT NULL, xml TEXT NOT NULL, UNIQUE (request_number)) STRICT;"
	"CREATE TABLE IF NOT EXISTS reported (print TEXT PRIMARY KEY, iin TEXT NOT NULL, incident TEXT NOT NULL,"
	" discovered TEXT NOT NULL, received TEXT NOT NULL, in_time TEXT NOT NULL) STRICT;" OUTBOX_SCHEMA
	/* Invented; check digits fit. */
	"INSERT OR IGNORE INTO administrator VALUES ('860505300073', ''), ('800303300034', ''),"
	" ('900101300017', '2024-05-01');"
	"INSERT OR IGNORE INTO procedure VALUES ('BP-2026-000001', '200540000019', '860505300073'),"
	" ('RP-2026-000002', '191140000012', '800303300034');"
	"INSERT OR IGNORE INTO information VALUES"
	" ('BP-2026-000001', 'DEBTOR', 'Другая организация (тест), зарегистрирована 04.05.2020'),"
	" ('BP-2026-000001', 'TAX_DEBT', 'Задолженность по налогам: 480000.00 тенге'),"
	" ('BP-2026-000001', 'PROPERTY', 'Зарегистрированного имущества: 1 нежилое помещение');";

outcome insolvency_open(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "insolvency.db", schema, state, e);
}

outcome insolvency_administrator_find(struct store *s, const char *iin, struct insolvency_administrator *out,
	struct err *e)
{
	*out = (struct insolvency_administrator){0};
	return store_do(s, "SELECT excluded FROM administrator WHERE iin = ?1", &iin, 1,
		&(struct store_column){out->excluded, sizeof out->excluded}, 1, &out->known, e);
}

outcome insolvency_procedure_find(struct store *s, const char *number, struct insolvency_procedure *out, struct err *e)
{
	const struct store_column columns[] = {
		{out->debtor, sizeof out->debtor}, {out->administrator, sizeof out->administrator}};

	*out = (struct insolvency_procedure){0};
	return store_do(s, "SELECT debtor, administrator FROM procedure WHERE number = ?1", &number, 1, columns, 2,
		&out->known, e);
}

outcome insolvency_information_find(struct store *s, const char *procedure, const char *kind, char *text, struct err *e)
{
	const char *values[] = {procedure, kind};

	text[0] = '\0';
	return store_do(s, "SELECT text FROM information WHERE procedure = ?1 AND kind = ?2", values, 2,
		&(struct store_column){text, INSOLVENCY_INFORMATION}, 1, NULL, e);
}

outcome insolvency_submission_keep(struct store *s, struct insolvency_submission *d, bool *fresh, bool *other, struct err *e)
{
	const char *values[] = {d->request_number, d->iin, d->kind, d->procedure, d->received, d->term_end,
		d->in_time ? "true" : "false", d->xml};
	char in_time[6] = "";
	const struct store_column columns[] = {{d->registration, sizeof d->registration},
		{d->received, sizeof d->received}, {d->term_end, sizeof d->term_end}, {in_time, sizeof in_time}};
	bool same;

	TRY(store_run(s, "INSERT INTO submission (request_number, iin, kind, procedure, received, term_end, in_time, xml)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (request_number) DO NOTHING RETURNING id", values, 8,
		NULL, 0, fresh, e));
	TRY(store_run(s, "SELECT printf('INS%010d', id), received, term_end, in_time FROM submission"
		" WHERE request_number = ?1 AND iin = ?2 AND kind = ?3 AND procedure = ?4", values, 4, columns, 4, &same, e));
	d->in_time = strcmp(in_time, "true") == 0;
	*other = !same;
	return DONE;
}

outcome insolvency_key_keep(struct store *s, const char *print, const char *iin, const char *incident,
	const char *discovered, const char *received, bool in_time, struct err *e)
{
	const char *values[] = {print, iin, incident, discovered, received, in_time ? "true" : "false"};

	return store_do(s, "INSERT INTO reported VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (print) DO NOTHING", values, 6,
		NULL, 0, NULL, e);
}

outcome insolvency_key_is_reported(struct store *s, const char *print, bool *reported, struct err *e)
{
	return store_do(s, "SELECT 1 FROM reported WHERE print = ?1", &print, 1, NULL, 0, reported, e);
}
