/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_health - is there room, and did the last work on logs and indexes succeed?
 * Promise:  a change of the answer is logged once.
 * Not here: mending (journal_writer.c and journal_indexer.c try again what is sick). */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "log/log.h"

#include "journal_int.h"

static outcome space_look(const struct journal_health *h, struct err *e)
{
	struct statvfs fs;
	uint64_t left;

	if (statvfs(h->directory, &fs) != 0)
		return err_set(e, REASON_JOURNAL_DOWN, "%s: free space is unknown: %s", h->directory,
			strerror(errno));
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (left < h->free_bytes)
		return err_set(e, REASON_JOURNAL_DOWN, "%s: %llu octets are free, %zu must be", h->directory,
			(unsigned long long)left, h->free_bytes);
	return DONE;
}

outcome journal_health_space(struct journal_health *h, struct err *e)
{
	outcome r;

	pthread_mutex_lock(&h->lock);
	if (h->looked_ms == 0 || mono_ms() - h->looked_ms >= JOURNAL_HOUSE_MS) {
		bool cramped = !space_look(h, &h->space).ok;

		if (cramped && !h->cramped)
			log_err(LOG_ERROR, "journal.no-space", &h->space, NULL);
		else if (!cramped && h->cramped)
			log_event(LOG_INFO, "journal.space", LOG_TEXT("directory", h->directory));
		h->cramped = cramped;
		h->looked_ms = mono_ms();
	}
	r = h->cramped ? FAILED : DONE;
	if (!r.ok && e)
		*e = h->space;
	pthread_mutex_unlock(&h->lock);
	return r;
}

void journal_health_set(
	struct journal_health *h, enum journal_sick part, outcome r, const char *day, const struct err *e)
{
	pthread_mutex_lock(&h->lock);
	if (!r.ok && !h->part[part].ill)
		log_err(LOG_ERROR, "journal.down", e, NULL);
	else if (r.ok && h->part[part].ill)
		log_event(LOG_INFO, "journal.up", LOG_TEXT("day", day));
	h->part[part].ill = !r.ok;
	if (!r.ok) {
		h->part[part].trouble = *e;
		memcpy(h->part[part].day, day, JOURNAL_DAY);
	}
	pthread_mutex_unlock(&h->lock);
}

bool journal_health_ill(struct journal_health *h, enum journal_sick part, char day[JOURNAL_DAY])
{
	bool ill;

	pthread_mutex_lock(&h->lock);
	ill = h->part[part].ill;
	memcpy(day, h->part[part].day, JOURNAL_DAY);
	pthread_mutex_unlock(&h->lock);
	return ill;
}

bool journal_healthy(struct journal *j, struct err *e)
{
	struct journal_health *h = &j->health;
	bool well = true;

	if (!journal_health_space(h, e).ok)
		return false;
	pthread_mutex_lock(&h->lock);
	for (int i = 0; i < JOURNAL_SICKS && well; i++) {
		well = !h->part[i].ill;
		if (!well && e)
			*e = h->part[i].trouble;
	}
	pthread_mutex_unlock(&h->lock);
	return well;
}
