/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock - moments in local time with their offset (rule B6), and the monotonic clock for deadlines.
 *
 * A stamp keeps the instant and the offset that was in force or was written; both are stored, neither is guessed.
 */
#ifndef QAQPA_BASE_CLOCK_H
#define QAQPA_BASE_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"

struct stamp {
	int64_t ms;      /* milliseconds since 1970-01-01T00:00:00Z */
	int offset_min;  /* minutes east of UTC */
	bool has_offset; /* false: the text named none and `offset_min` is the zone's at that local time */
};

#define STAMP_TEXT 32 /* room for 2030-01-02T03:04:05.678+05:00 and a NUL */

/* Sets the zone of the gateway (IANA name, default Asia/Almaty) for stamp_now and for texts without offset.
 * Call before threads. False when the zone data does not know the name. */
MUST_USE bool clock_zone(const char *iana_name);

struct stamp stamp_now(void);
/* The instant `ms` with the offset of the gateway's zone at that instant. */
struct stamp stamp_at(int64_t ms);
/* xsd:dateTime (W3C XML Schema 2, 3.2.7) with these tolerances of the bus: offset without colon, no offset (the
 * gateway's zone is taken), any number of fraction digits (those beyond milliseconds are dropped). Calendar and clock
 * are checked; second 60 and hour 24 are refused. False when it is no date. */
MUST_USE bool stamp_parse(struct bytes text, struct stamp *out);
/* 2030-01-02T03:04:05.678+05:00 into `out`, always with the offset. */
void stamp_print(struct stamp s, char out[STAMP_TEXT]);
/* The local calendar day, 2030-01-02, into `out`. */
void stamp_day(struct stamp s, char out[11]);

/* Microseconds and milliseconds that only go forward; no relation to the calendar. */
int64_t mono_us(void);
int64_t mono_ms(void);
/* Microseconds of the processor that the calling thread has used. */
int64_t thread_cpu_us(void);

#endif
