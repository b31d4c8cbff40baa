/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_sky - the weather over a simulated system: which script is up, and how many calls each entry has counted.
 * Owns:     the script, which is read again when its file changes; the counts, in weather.counts of the state folder.
 * Promise:  the counts go on after a restart with the same script, also where two processes share the folder; another
 *           script begins at zero. A file that became bad leaves the weather as it was.
 * Not here: what a verdict does (sim_serve.c, sim_send.c, sim_peer.c). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cond.h"
#include "base/file.h"
#include "log/log.h"
#include "sim_int.h"

#define SCRIPT_BYTES (1u << 20)
#define SCRIPT_POOL (4u << 20)
#define HASH_BYTES 32
#define COUNTS_BYTES 65536

struct sim_sky {
	char *file;   /* of the script; NULL: it was given as text */
	char *counts; /* path; NULL: they live in memory alone */
	bool has_expired;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t woken;
	bool awake;           /* nobody sleeps any more */
	struct stat seen;     /* of the file when it was read last */
	struct pool *pool;    /* of the script */
	const struct weather *script;
	unsigned char hash[HASH_BYTES]; /* of its text */
	uint64_t *count;      /* by entry */
};

/* ---- the verdict in force for what this thread does ---- */

static const struct weather_now fair;
static _Thread_local const struct weather_now *in_force;

const struct weather_now *sim_sky_now(void)
{
	return in_force ? in_force : &fair;
}

const struct weather_now *sim_sky_set(const struct weather_now *now)
{
	const struct weather_now *former = in_force;

	in_force = now;
	return former;
}

struct stamp sim_now(void)
{
	return stamp_at(stamp_now().ms + sim_sky_now()->shift_ms);
}

/* ---- the script ---- */

static outcome use_script(struct sim_sky *y, const char *name, struct bytes text, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(SCRIPT_POOL);
	const struct weather *script;
	uint64_t *count;

	if (!pool)
		return err_set(e, REASON_MEMORY, "weather");
	TRY(weather_parse(pool, name, text, &script, e));
	if (weather_needs_expired(script) && !y->has_expired)
		return err_set(e, REASON_CONFIG, "%s: expired-certificate needs --signer expired=certificate,key", name);
	count = calloc(weather_entries(script) + 1, sizeof *count);
	if (!count)
		return err_set(e, REASON_MEMORY, "weather");
	free(y->count);
	pool_free(&y->pool);
	y->count = count;
	y->pool = pool;
	y->script = script;
	sha256(text, y->hash);
	pool = NULL;
	return DONE;
}

static outcome read_script(struct sim_sky *y, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(SCRIPT_BYTES);
	SCOPED(file_close) int fd = open(y->file, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &y->seen) != 0)
		return err_set(e, REASON_IO, "weather %s: %s", y->file, strerror(errno));
	do {
		unsigned char *room = buf_reserve(&text, 4096);

		n = room ? read(fd, room, 4096) : -1;
		if (n > 0)
			buf_grown(&text, (size_t)n);
	} while (n > 0);
	if (n < 0)
		return err_set(e, REASON_IO, "weather %s cannot be read, or is too long", y->file);
	return use_script(y, y->file, buf_bytes(&text), e);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A file that is away, or is bad, leaves things as they are. */
static void look_at_file(struct sim_sky *y)
{
	struct stat now;
	struct err e;

	if (!y->file || stat(y->file, &now) != 0 || same_file(&now, &y->seen))
		return;
	if (read_script(y, &e).ok)
		log_event(LOG_INFO, "sim.weather-read", LOG_TEXT("file", y->file));
	else
		log_err(LOG_WARNING, "sim.weather-bad", &e, NULL);
}

/* ---- the counts on disk: the hash of the script, then a number for each entry ---- */

static void load_counts(struct sim_sky *y, int fd)
{
	char text[COUNTS_BYTES], *at = text + 2 * HASH_BYTES;
	SCOPED(buf_free) struct buf hash = BUF(2 * HASH_BYTES + 1);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	buf_hex(&hash, (struct bytes){y->hash, HASH_BYTES});
	text[n > 0 ? n : 0] = '\0';
	if (strncmp(text, buf_cstr(&hash), 2 * HASH_BYTES) != 0) {
		memset(y->count, 0, weather_entries(y->script) * sizeof *y->count);
		return;
	}
	for (size_t i = 0; i < weather_entries(y->script); i++)
		y->count[i] = strtoull(at, &at, 10);
}

static bool save_counts(const struct sim_sky *y, int fd)
{
	SCOPED(buf_free) struct buf text = BUF(COUNTS_BYTES);

	buf_hex(&text, (struct bytes){y->hash, HASH_BYTES});
	for (size_t i = 0; i < weather_entries(y->script); i++)
		buf_printf(&text, " %" PRIu64, y->count[i]);
	buf_char(&text, '\n');
	return buf_ok(&text) && pwrite(fd, text.data, text.len, 0) == (ssize_t)text.len &&
		ftruncate(fd, (off_t)text.len) == 0;
}

/* Counts the call in the file, which other processes may share. */
static struct weather_now count_call(struct sim_sky *y, bool sending, struct bytes service_id)
{
	SCOPED(file_close) int fd = y->counts ? open(y->counts, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	bool shared = fd >= 0 && flock(fd, LOCK_EX) == 0;
	struct weather_now now;

	if (shared)
		load_counts(y, fd);
	now = weather_next(y->script, y->count, sending, service_id);
	if (y->counts && (!shared || !save_counts(y, fd)))
		log_event(LOG_WARNING, "sim.weather-not-counted", LOG_TEXT("file", y->counts));
	return now;
}

static void log_weather(const struct weather_now *now, bool sending, struct bytes service_id)
{
	SCOPED(buf_free) struct buf words = BUF(1024);

	weather_print(now, &words);
	log_event(LOG_INFO, "sim.weather", LOG_PART("service", service_id),
		LOG_TEXT("direction", sending ? "sent" : "received"), LOG_NUM("line", now->line),
		LOG_TEXT("weather", buf_cstr(&words)));
}

struct weather_now sim_sky_next(struct sim_sky *y, bool sending, struct bytes service_id)
{
	struct weather_now now = {0};

	if (!y)
		return now;
	pthread_mutex_lock(&y->lock);
	look_at_file(y);
	now = count_call(y, sending, service_id);
	pthread_mutex_unlock(&y->lock);
	if (now.line)
		log_weather(&now, sending, service_id);
	return now;
}

/* ---- time ---- */

void sim_sky_sleep(struct sim_sky *y, int64_t ms)
{
	const int64_t until_us = mono_us() + ms * 1000;

	if (!y || ms == 0)
		return;
	pthread_mutex_lock(&y->lock);
	while (!y->awake && cond_wait_until(&y->woken, &y->lock, until_us))
		;
	pthread_mutex_unlock(&y->lock);
}

void sim_sky_wake(struct sim_sky *y)
{
	if (!y)
		return;
	pthread_mutex_lock(&y->lock);
	y->awake = true;
	pthread_cond_broadcast(&y->woken);
	pthread_mutex_unlock(&y->lock);
}

/* ---- its life ---- */

static void make_lock(struct sim_sky *y)
{
	pthread_mutex_init(&y->lock, NULL);
	cond_init(&y->woken);
}

outcome sim_sky_open(const char *weather, const char *directory, bool has_expired, struct sim_sky **out,
	struct err *e)
{
	SCOPED(sim_sky_free) struct sim_sky *y = calloc(1, sizeof *y);
	bool is_text = strpbrk(weather, " \t\n;") && access(weather, F_OK) != 0;

	if (!y)
		return err_set(e, REASON_MEMORY, "weather");
	make_lock(y);
	y->has_expired = has_expired;
	if (directory && asprintf(&y->counts, "%s/weather.counts", directory) < 0) {
		y->counts = NULL;
		return err_set(e, REASON_MEMORY, "weather");
	}
	if (is_text) {
		TRY(use_script(y, "--weather", bytes_str(weather), e));
	} else {
		y->file = strdup(weather);
		if (!y->file)
			return err_set(e, REASON_MEMORY, "weather");
		TRY(read_script(y, e));
	}
	*out = y;
	y = NULL;
	return DONE;
}

void sim_sky_free(struct sim_sky **of)
{
	struct sim_sky *y = *of;

	if (!y)
		return;
	pthread_cond_destroy(&y->woken);
	pthread_mutex_destroy(&y->lock);
	pool_free(&y->pool);
	free(y->count);
	free(y->counts);
	free(y->file);
	free(y);
	*of = NULL;
}
