/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store - the state of a simulated system: one small SQLite file in its directory.
 *
 * What a call wrote is on disk when it returns (synchronous=FULL). Safe from any thread; two processes may
 * share a file.
 */
#ifndef QAQPA_ADAPTERS_STORE_H
#define QAQPA_ADAPTERS_STORE_H

#include "base/bytes.h"

struct store;

/* Makes the directory (mode 0700) and the file if absent and runs `schema`, which must bear being run
 * again. Fails with REASON_IO. */
MUST_USE outcome store_open(const char *directory, const char *file, const char *schema, struct store **out,
	struct err *e);
void store_close(struct store **s); /* fit for SCOPED */

/* The same two in the form of a simulated system whose whole state is its store. */
MUST_USE outcome store_open_state(const char *directory, const char *file, const char *schema, void **state,
	struct err *e);
void store_close_state(void *state);

/* Runs `body` as one unit: all of it is kept, or, when it fails, nothing. One unit at a time. */
MUST_USE outcome store_transact(struct store *s, outcome (*body)(struct store *s, void *ctx, struct err *e),
	void *ctx, struct err *e);

/* One statement inside a unit. `values` (`n` of them; NULL is SQL NULL) are bound as text in order. Of the
 * first row, if there is one, column i is copied to `columns[i]` with `sizes[i]` octets of room; SQL NULL
 * gives "". `*found`, unless NULL, tells whether there was a row. Fails with REASON_IO, also for a text
 * that does not fit. */
struct store_column {
	char *text;
	size_t room;
};
MUST_USE outcome store_run(struct store *s, const char *sql, const char *const *values, size_t n,
	const struct store_column *columns, size_t column_count, bool *found, struct err *e);
/* The same as a unit of its own. */
MUST_USE outcome store_do(struct store *s, const char *sql, const char *const *values, size_t n,
	const struct store_column *columns, size_t column_count, bool *found, struct err *e);

/* One statement inside a unit that gives many rows: `row` gets the texts of each in turn ("" for SQL NULL), which live
 * until it returns. Its failure ends the statement and is given back. Fails with REASON_IO, also for more than
 * STORE_COLUMNS columns. */
#define STORE_COLUMNS 32
MUST_USE outcome store_each(struct store *s, const char *sql, const char *const *values, size_t n,
	outcome (*row)(const char *const *texts, void *ctx, struct err *e), void *ctx, struct err *e);

#endif
