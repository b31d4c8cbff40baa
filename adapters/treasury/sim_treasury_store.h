/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the simulated Treasury-Client: documents with all that became of them, powers of attorney, users. */
#ifndef QAQPA_TREASURY_STORE_H
#define QAQPA_TREASURY_STORE_H

#include "common/payload.h"
#include "common/store.h"
#include "treasury/power.h"

#define TREASURY_NUMBER 13 /* TC0000000001 */

MUST_USE outcome treasury_store_open(const char *directory, struct store **out, struct err *e);

/* ---- documents: RETURNED, REGISTERED, HANDED_OVER, EXECUTED ---- */

struct treasury_document {
	const char *bin, *number, *sender;
	const char *text;    /* as it came, with its signatures */
	const char *status;  /* RETURNED or REGISTERED */
	const char *reasons; /* <Reasons> or "" */
	const char *moment;
};
/* Keeps a document under its number, unless there is one that was not returned: then `*fresh` is false, and `*same` tells
 * whether it has the same text and sender. Gives the number and the status of what is kept. */
struct treasury_kept {
	bool fresh, same;
	char number[TREASURY_NUMBER], status[16];
};
MUST_USE outcome treasury_document_keep(struct store *s, const struct treasury_document *d, struct treasury_kept *out,
	struct err *e);
MUST_USE outcome treasury_document_handed_over(struct store *s, const char *number, const char *moment, struct err *e);
/* The result of the Integrated Treasury IS, once: `*known` is false for a number of nobody. */
MUST_USE outcome treasury_document_result(struct store *s, const char *number, const char *status, const char *reasons,
	const char *moment, bool *known, struct err *e);

struct treasury_state {
	char number[TREASURY_NUMBER], status[16], moment[STAMP_TEXT];
	char reasons[65536];
};
/* The latest document of this client and number that the sender sent. */
MUST_USE outcome treasury_document_find(struct store *s, const char *bin, const char *number, const char *sender,
	struct treasury_state *out, bool *found, struct err *e);

/* ---- powers and users ---- */

/* All powers of one organisation, from the pool. */
MUST_USE outcome treasury_powers(struct store *s, struct pool *pool, const char *bin, struct powers *out, struct err *e);
MUST_USE outcome treasury_power_grant(struct store *s, const char *bin, const struct power *p, struct err *e);
MUST_USE outcome treasury_power_revoke(struct store *s, const char *bin, const char *number, struct err *e);

/* OPEN for whoever was never closed; COMPROMISED for a lost key, whoever holds it. `print`: of the certificate. */
MUST_USE outcome treasury_user_state(struct store *s, const char *bin, const char *iin, const char *print, char state[16],
	struct err *e);
/* `lost`: print of the certificate that is compromised, or NULL. */
MUST_USE outcome treasury_user_set(struct store *s, const char *bin, const char *iin, const char *state, const char *lost,
	const char *moment, struct err *e);

#endif
