/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_near - "did you mean": the nearest of several names by edit distance.
 * Promise: names longer than NEAR_LONGEST are never suggested, so that the work stays small. */
#include <stdio.h>

#include "conf/conf_int.h"

#define NEAR_LONGEST 48

static size_t conf_near_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance where swapping two neighbours is one step. */
static size_t conf_near_distance(struct bytes a, struct bytes b)
{
	size_t rows[3][NEAR_LONGEST + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	memset(before, 0, sizeof rows[0]);
	for (size_t i = 1; i <= a.n; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t same = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			now[j] = conf_near_least(same, conf_near_least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				now[j] = conf_near_least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b.n];
}

void conf_near_offer(struct conf_near *near, const char *name)
{
	struct bytes b = bytes_str(name);
	size_t distance;

	if (near->wanted.n == 0 || near->wanted.n > NEAR_LONGEST || b.n > NEAR_LONGEST)
		return;
	distance = conf_near_distance(near->wanted, b);
	if (distance <= 1 + near->wanted.n / 4 && distance < near->wanted.n &&
		(!near->best || distance < near->distance)) {
		near->best = name;
		near->distance = distance;
	}
}

const char *conf_near_text(const struct conf_near *near, char out[120])
{
	out[0] = '\0';
	if (near->best)
		snprintf(out, 120, "; did you mean '%s'?", near->best);
	return out;
}
