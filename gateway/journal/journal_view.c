/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_view - a day as any process reads it: its index as of one moment, and the log, which goes on behind it.
 * Promise:  what was confirmed before the view was opened is in the index up to `applied` or in the log from there on.
 * Not here: what is looked for (journal_find.c, journal_rebuild.c). */
#include <unistd.h>

#include "journal_int.h"

static outcome index_open(const char *directory, const char *day, struct journal_view *v, struct err *e)
{
	TRY(journal_index_open(directory, day, JOURNAL_READ, &v->db, e));
	if (sqlite3_exec(v->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return journal_fail(e, v->db, day, "begin to read");
	return journal_index_applied(v->db, day, v->log.seed, &v->applied, e);
}

static outcome parts_open(const char *directory, const char *day, struct journal_view *v, struct err *e)
{
	TRY(journal_log_open(directory, day, false, &v->log, e));
	/* A gateway that begins the day makes the log first. */
	if (journal_part_exists(directory, day, JOURNAL_INDEX))
		TRY(index_open(directory, day, v, e));
	if (v->applied == 0) { /* it is of another log */
		sqlite3_close(v->db);
		v->db = NULL;
		v->applied = JOURNAL_FIRST;
	}
	return DONE;
}

outcome journal_view_open(
	const char *directory, const char *day, struct journal_view *out, bool *gone, struct err *e)
{
	outcome r;

	*out = (struct journal_view){.day = day, .log = {.fd = -1}};
	r = parts_open(directory, day, out, e);
	*gone = !r.ok && !journal_part_exists(directory, day, JOURNAL_LOG); /* retention may have been quicker */
	if (!r.ok)
		journal_view_close(out);
	return *gone ? DONE : r;
}

void journal_view_rest(struct journal_view *view)
{
	if (view->db)
		sqlite3_exec(view->db, "COMMIT", NULL, NULL, NULL);
}

void journal_view_close(struct journal_view *view)
{
	sqlite3_close(view->db);
	view->db = NULL;
	journal_log_close(&view->log);
}
