/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand - what a service demands of the content of `data` beyond its schema: length, values that a schema cannot judge,
 * the kind of document, files; and terms: was it received in time, when does it count as filed.
 *
 * Promise:  one walk over the payload, whatever is demanded; the cost grows with its length alone. A refusal names the
 *           element, which occurrence, and what is wrong, and no number of a person whole.
 * Not here: the schema (channel), signatures inside data (security), what a service demands (conf). That an element has to
 *           be there is said by the schema, but for the kind of document, which stands once.
 * Pure: no clock, no file; any thread.
 * Spec:     rules P1, P7, P8, P10, T3, I2 */
#ifndef QAQPA_DEMAND_DEMAND_H
#define QAQPA_DEMAND_DEMAND_H

#include "calendar/calendar.h"
#include "conf/conf.h"
#include "envelope/envelope.h"

struct demand; /* of one service */

/* Sets *out to NULL where the service demands nothing. `s` must outlive it. Fails with REASON_CONFIG (a kind of files that
 * is none) or REASON_MEMORY. */
MUST_USE outcome demand_new(const struct conf_service *s, struct demand **out, struct err *e);
void demand_free(struct demand **d); /* takes NULL, sets NULL; fit for SCOPED */

/* What was found in a payload that is as demanded. */
struct demand_seen {
	const char *kind; /* of the document, a name of kinds.allowed; NULL: the service knows no kinds */
	bool has_last_day;
	struct calendar_day last_day; /* of the term */
};

/* What the moment of receipt means. */
struct demand_time {
	bool has_term, in_time; /* has_term: the message has one, and it could be judged */
	struct stamp ends;      /* the last moment that is in time */
	bool has_filed;
	struct stamp filed;     /* from when on it counts as filed */
};

/* True when the payload has to be opened and checked; false when its length alone is bounded. */
bool demand_looks_inside(const struct demand *d);
/* Is `data` short enough? Before anything of it is read. NULL: the message has none. Fails with REASON_PAYLOAD_SIZE. */
MUST_USE outcome demand_length(const struct demand *d, const struct element *data, struct err *e);
/* Is the payload as demanded? NULL: the message has none. `pool` is for what is looked at; `now` decides what is in the
 * future. Fails with REASON_PAYLOAD_*, REASON_ATTACHMENT_* or REASON_MEMORY. */
MUST_USE outcome demand_check(const struct demand *d, struct pool *pool, const struct payload *payload, struct stamp now,
	struct demand_seen *out, struct err *e);

/* The numbers by which systems know a message again, for notices of it: RequestNumber (20 digits) and ChainId (up to 64
 * characters) of SystemInfo, the first child of the payload's root. Empty where they are not there, or not of that form.
 * They live in the pool or in the tree. */
struct demand_numbers {
	struct bytes request_number, chain_id;
};
struct demand_numbers demand_numbers(struct pool *pool, const struct payload *payload);

/* Judges the moment of receipt by term and hours of the service. `calendar` may be NULL where neither asks for it. Appends
 * to `words` what is to be registered: "received ..., in time, term ends ..., filed ..."; nothing when nothing is
 * demanded. A year that the calendar does not have is told there, and marked as not judged, unless late messages are
 * refused. Fails with REASON_TERM_LATE, then *out is set, or REASON_CALENDAR_YEAR, both only where late messages are
 * refused. */
MUST_USE outcome demand_time(const struct demand *d, const struct calendar *calendar, const struct demand_seen *seen,
	struct stamp received, struct demand_time *out, struct buf *words, struct err *e);

#endif
