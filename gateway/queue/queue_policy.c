/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_policy - a policy as one line of text, as it is kept with every message: what was promised at acceptance holds,
 * whatever the configuration says later. The scripts read two of its words. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue/queue_int.h"

void queue_policy_print(const struct queue_policy *p, char out[QUEUE_POLICY_TEXT])
{
	/* The factor in thousandths keeps the text free of the locale's decimal sign. */
	snprintf(out, QUEUE_POLICY_TEXT, "%" PRId64 " %" PRId64 " %" PRId64 " %ld %d %d %s", p->initial_ms,
		p->max_interval_ms, p->expire_after_ms, lround(p->factor * 1000.0), p->jitter_percent, p->max_attempts,
		p->name ? p->name : "");
}

bool queue_policy_parse(struct bytes text, struct queue_policy *out, char name[QUEUE_POLICY_TEXT])
{
	enum { INITIAL, INTERVAL, LIFE, FACTOR, JITTER, ATTEMPTS, WORDS };
	static const long long most[WORDS] = {QUEUE_NEVER, QUEUE_NEVER, QUEUE_NEVER, 1000000, 50, INT32_MAX};
	long long word[WORDS];
	char *at = name;

	if (text.n == 0 || text.n >= QUEUE_POLICY_TEXT || memchr(text.p, 0, text.n))
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = 0;
	for (int i = 0; i < WORDS; i++) {
		char *end;

		errno = 0;
		word[i] = strtoll(at, &end, 10);
		if (errno || end == at || *end != ' ' || word[i] < 0 || word[i] > most[i])
			return false;
		at = end + 1;
	}
	*out = (struct queue_policy){.name = name, .initial_ms = word[INITIAL], .max_interval_ms = word[INTERVAL],
		.expire_after_ms = word[LIFE], .factor = (double)word[FACTOR] / 1000.0, .jitter_percent = (int)word[JITTER],
		.max_attempts = (int)word[ATTEMPTS]};
	memmove(name, at, strlen(at) + 1);
	return true;
}
