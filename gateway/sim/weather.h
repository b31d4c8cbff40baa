/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weather - how a simulated system misbehaves on demand: a script in, a verdict for each call out.
 *
 *   # a remark; entries end with the line or with a semicolon
 *   seed 42
 *   PERMITS_NIKAD 3 drop                    the third call: no answer, nothing done
 *   PERMITS_REGISTER 2-4 after commit drop  done, then the answer is lost
 *   * 10% delay 500ms                       a tenth of all calls, chosen by the seed
 *   send MONITORING_STATUS always duplicate own requests go out twice
 *
 * Pure: no file, no clock, no thread. The same script and the same calls give the same weather.
 */
#ifndef QAQPA_SIM_WEATHER_H
#define QAQPA_SIM_WEATHER_H

#include "base/bytes.h"
#include "base/pool.h"

struct weather; /* a script; immutable */

/* What comes in the place of the answer. */
enum weather_answer {
	WEATHER_FAIR, /* the answer itself */
	WEATHER_FAULT,
	WEATHER_DROP,
	WEATHER_HTML_502,
	WEATHER_EMPTY_200,
	WEATHER_HALF_OPEN, /* the head of an answer, then nothing */
	WEATHER_SILENT     /* nothing, and the connection stays */
};

/* What comes over one call. All zero is fair weather. Of an own request (sending) only DROP is an answer: it never goes
 * out, or its answer is lost. */
struct weather_now {
	enum weather_answer answer;
	bool worked;    /* with another than FAIR: the work is done all the same */
	char fault[16]; /* code of WEATHER_FAULT */
	int64_t delay_before_ms, delay_after_ms; /* the work */
	bool twice, wrong_signature, expired_certificate;
	int64_t shift_ms; /* of the own clock */
	unsigned line;    /* of the first entry that fitted; 0: none did */
};

/* Reads a script. `name` (a file, say) stands in the detail of a failure together with the line: REASON_CONFIG, or
 * REASON_MEMORY. The script lives in the pool and refers to nothing outside. */
MUST_USE outcome weather_parse(struct pool *pool, const char *name, struct bytes text, const struct weather **out,
	struct err *e);

/* Each entry counts the calls that its target fits: so many numbers, zero at first, belong to a script. */
size_t weather_entries(const struct weather *w);
/* Counts one call and says what comes over it: every delay and every mark of the entries that fit, and the first of
 * their answers. */
struct weather_now weather_next(const struct weather *w, uint64_t *counts, bool sending, struct bytes service_id);

/* True when some entry signs with an expired certificate, so that one must be there. */
bool weather_needs_expired(const struct weather *w);
const char *weather_answer_name(enum weather_answer a); /* for logs: drop */
/* In the words of a script: "delay 500ms, after commit drop"; "fair" for nothing. Appended. */
void weather_print(const struct weather_now *now, struct buf *out);

#endif
