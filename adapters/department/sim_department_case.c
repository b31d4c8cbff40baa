/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_case - see sim_department_case.h.
 * Promise: after a failure the same application goes on at the step that was not done. */
#include <stdio.h>
#include <string.h>

#include "department/sim_department_case.h"
#include "department/sim_department_delivery.h"
#include "department/sim_department_inbox.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS application (request_number TEXT PRIMARY KEY, subject TEXT NOT NULL,"
	" data_taken TEXT NOT NULL,"
	" nikad TEXT NOT NULL, registration TEXT NOT NULL, registered TEXT NOT NULL,"
	" status_sent TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS document_data (request_number TEXT NOT NULL, code TEXT NOT NULL, number TEXT NOT NULL,"
	" source TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (request_number, code)) STRICT;"
	DEPARTMENT_INBOX_SCHEMA DEPARTMENT_DELIVERY_SCHEMA;

outcome department_case_open(const char *directory, struct store **out, struct err *e)
{
	return store_open(directory, "department.db", schema, out, e);
}

static outcome load_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct department_case *c = ctx;
	const char *number = c->request_number;
	const struct store_column columns[] = {
		{c->subject, sizeof c->subject},
		{c->data_taken, sizeof c->data_taken},
		{c->nikad, sizeof c->nikad},
		{c->registration, sizeof c->registration},
		{c->registered, sizeof c->registered},
		{c->status_sent, sizeof c->status_sent},
	};

	return store_run(s, "SELECT subject, data_taken, nikad, registration, registered, status_sent FROM application"
		" WHERE request_number = ?1", &number, 1, columns, 6, NULL, e);
}

outcome department_case_load(struct store *s, const char *request_number, const char *subject,
	struct department_case *out, bool *other, struct err *e)
{
	*out = (struct department_case){0};
	snprintf(out->request_number, sizeof out->request_number, "%s", request_number);
	snprintf(out->subject, sizeof out->subject, "%s", subject);
	TRY(store_transact(s, load_in_unit, out, e));
	*other = strcmp(out->subject, subject) != 0;
	return DONE;
}

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	const char *const *values = ctx;

	return store_run(s, "INSERT OR REPLACE INTO application VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", values, 7, NULL,
		0, NULL, e);
}

outcome department_case_keep(struct store *s, const struct department_case *c, struct err *e)
{
	const char *values[] = {
		c->request_number, c->subject, c->data_taken, c->nikad, c->registration, c->registered, c->status_sent};

	return store_transact(s, keep_in_unit, values, e);
}
