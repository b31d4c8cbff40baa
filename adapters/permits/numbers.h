/* SPDX-License-Identifier: GPL-3.0-or-later */
/* numbers - document numbers that the gateway gives, in the Redis of the queue: serials within each type, to whom and for
 * which kind of document, which message uses one.
 *
 * Serials never repeat and never go back, with any number of gateways. A Redis that lost everything is not used until
 * `qaqpa queue rebuild`; for it each gateway keeps a ceiling on its own disk: a file nikad-<type>-<serial> says that it gave
 * no number of the type above that serial. What lies between the last number and the ceiling is a gap then. To whom numbers
 * were given and what became of them goes back from lines in the journals, as far as those reach.
 * Spec: P1, P2 */
#ifndef QAQPA_PERMITS_NUMBERS_H
#define QAQPA_PERMITS_NUMBERS_H

#include "adapter/adapter.h"
#include "nikad/nikad.h"

#define NUMBERS_AREA "nikad" /* of keys, files and lines in the journal */
#define NUMBERS_COUNTRY "KZ"
#define NUMBERS_CEILING sizeof "nikad-ABC-12345678"
enum numbers_script { /* in the order of their names */
	NUMBERS_GIVE, NUMBERS_RAISE, NUMBERS_RESTORE, NUMBERS_SETTLE, NUMBERS_TAKE, NUMBERS_TOTALS, NUMBERS_SCRIPTS
};
const struct queue_lua *numbers_script(enum numbers_script which);

/* A kind of document of the permits system (rule P3). */
bool numbers_kind_is(const char *kind);

/* The next number of the type for this message; the same message gets the same number again. On disk here and in Redis when
 * it returns. `*left` is false when the type has no number left. Fails with REASON_QUEUE_*, REASON_JOURNAL_DOWN (the
 * ceiling cannot be written), REASON_REPLAY_CONFLICT (the message asked for another type or kind before) or
 * REASON_MEMORY. */
MUST_USE outcome numbers_give(const struct adapter_call *c, const char *type, const char *kind, struct nikad *out,
	bool *left, struct err *e);

/* The message holds the number from now on. Fails with REASON_NIKAD_* when it may not use it, each telling all that stands
 * against it; REASON_QUEUE_*, REASON_MEMORY. */
MUST_USE outcome numbers_take(const struct adapter_call *c, const struct nikad *n, const char *kind, struct err *e);

/* The number that the message holds is used by it for good, or free again. Fails with REASON_QUEUE_*, REASON_MEMORY, or
 * REASON_NIKAD_USED when another message took it meanwhile. */
MUST_USE outcome numbers_settle(const struct adapter_call *c, bool accepted, struct err *e);

/* For operators: see adapter.h. */
MUST_USE outcome numbers_restore(const struct adapter_desk *d, struct err *e);
MUST_USE outcome numbers_print(const struct adapter_desk *d, struct err *e);

#endif
