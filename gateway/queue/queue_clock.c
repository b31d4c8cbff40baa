/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_clock - when the next try is made.
 * Promise:  the same message and attempt give the same delay on every gateway and at any time, so that a timetable printed
 *           beforehand is kept to.
 * Not here: what happens at that moment (scripts). */
#include "queue/queue_int.h"

/* FNV-1a of the id and the attempt, stirred (the finaliser of MurmurHash3), because the low bits of FNV are weak. Chance
 * is not needed here, only that messages do not keep step. */
static uint64_t spread(struct bytes id, int attempt)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ id.p[i]) * UINT64_C(0x100000001b3);
	h = (h ^ (uint64_t)(unsigned)attempt) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

int64_t queue_delay(const struct queue_policy *p, struct bytes id, int attempt)
{
	double delay = (double)p->initial_ms, cap = (double)p->max_interval_ms;
	double part = (double)(spread(id, attempt) >> 11) / (double)(UINT64_C(1) << 53); /* 0 up to, but not, 1 */

	for (int i = 1; i < attempt && delay > 0.0 && delay < cap && p->factor > 1.0; i++) /* while it grows */
		delay *= p->factor;
	if (delay > cap)
		delay = cap;
	delay += delay * p->jitter_percent / 100.0 * (2.0 * part - 1.0);
	return delay < 1.0 ? 1 : (int64_t)delay;
}
