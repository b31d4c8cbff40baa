/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_entry - see sim_permits_entry.h.
 * Spec: P13, P15, P16 */
#include "permits/sim_permits_entry.h"

#define FIELDS "nikad, kind, service, holder_kind, holder, holder_name, body, body_name, issued, valid_until, status"

struct subject entry_holder(const struct entry *n)
{
	return (struct subject){n->holder_kind, n->holder, n->holder_name};
}

outcome entry_put(struct store *s, const struct new_entry *n, struct err *e)
{
	const char *values[] = {n->nikad, n->kind, n->service, n->holder->kind, n->holder->number, n->holder->name, n->body,
		n->body_name, n->issued, n->valid_until ? n->valid_until : "", ENTRY_ACTIVE, n->original ? n->original : ""};

	return store_run(s, "INSERT INTO entry (" FIELDS ", original) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
		" substr(?9, 1, 10), ?10, ?11, ?12)", values, sizeof values / sizeof values[0], NULL, 0, NULL, e);
}

#define COLUMN(field) {out->field, sizeof out->field}

static outcome find(struct store *s, const char *sql, const char *value, struct entry *out, struct err *e)
{
	const struct store_column columns[] = {COLUMN(nikad), COLUMN(kind), COLUMN(service), COLUMN(holder_kind),
		COLUMN(holder), COLUMN(holder_name), COLUMN(body), COLUMN(body_name), COLUMN(issued), COLUMN(valid_until),
		COLUMN(status)};

	*out = (struct entry){0};
	return store_run(s, sql, &value, 1, columns, sizeof columns / sizeof columns[0], &out->known, e);
}

outcome entry_find(struct store *s, const char *nikad, struct entry *out, struct err *e)
{
	return find(s, "SELECT " FIELDS " FROM entry WHERE nikad = ?1", nikad, out, e);
}

outcome entry_of_person(struct store *s, const char *iin, struct entry *out, struct err *e)
{
	return find(s, "SELECT " FIELDS " FROM entry WHERE holder_kind = 'Iin' AND holder = ?1"
		" AND status IN ('" ENTRY_ACTIVE "', '" ENTRY_SUSPENDED "') ORDER BY nikad LIMIT 1", iin, out, e);
}

outcome entry_status(struct store *s, const struct entry *n, const char *status, struct err *e)
{
	const char *values[] = {n->nikad, status};

	return store_run(s, "UPDATE entry SET status = ?2 WHERE nikad = ?1", values, 2, NULL, 0, NULL, e);
}
