/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A script of weather: refused with its line, or it gives the same weather each time it is asked, within the bounds of the
 * language, and in words that the language has. */
#include <string.h>

#include "fuzz.h"
#include "sim/weather.h"

#define CALLS 12
#define HOUR_MS 3600000

static const char *const services[] = {"PERMITS_NIKAD", "A", ""};

/* Every word of a verdict stands in the verdict. */
static void check_words(const struct weather_now *now)
{
	SCOPED(buf_free) struct buf words = BUF(1024);
	const char *text;

	weather_print(now, &words);
	text = buf_cstr(&words);
	FUZZ_ASSERT(buf_ok(&words) && words.len > 0 && utf8_is_xml(buf_bytes(&words)));
	FUZZ_ASSERT(strstr(text, weather_answer_name(now->answer)) || now->answer == WEATHER_FAIR);
	FUZZ_ASSERT(!strstr(text, "duplicate") == !now->twice && !strstr(text, "shifted-clock") == (now->shift_ms == 0));
	FUZZ_ASSERT(!strstr(text, "wrong-signature") == !now->wrong_signature);
	FUZZ_ASSERT(!strstr(text, "expired-certificate") == !now->expired_certificate);
}

static void check_now(const struct weather *w, const struct weather_now *now, bool sending, unsigned lines)
{
	size_t n = weather_entries(w);

	FUZZ_ASSERT(now->line <= lines && (now->line > 0 || (now->answer == WEATHER_FAIR && !now->twice)));
	FUZZ_ASSERT(now->delay_before_ms >= 0 && now->delay_before_ms <= (int64_t)n * HOUR_MS);
	FUZZ_ASSERT(now->delay_after_ms >= 0 && now->delay_after_ms <= (int64_t)n * HOUR_MS);
	FUZZ_ASSERT((now->answer == WEATHER_FAULT) == (now->fault[0] != 0) && memchr(now->fault, 0, sizeof now->fault));
	FUZZ_ASSERT(!sending || now->answer == WEATHER_FAIR || now->answer == WEATHER_DROP);
	FUZZ_ASSERT(!now->expired_certificate || weather_needs_expired(w));
	check_words(now);
}

static unsigned lines_of(struct bytes text)
{
	unsigned n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	struct bytes text = {data, size};
	const struct weather *w, *again;
	uint64_t *counts[2];
	struct err e = {0};

	if (!weather_parse(pool, "script", text, &w, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_CONFIG && strncmp(e.detail, "script line ", 12) == 0);
		return 0;
	}
	FUZZ_ASSERT(weather_parse(pool, "script", text, &again, &e).ok && weather_entries(again) == weather_entries(w));
	for (int i = 0; i < 2; i++)
		counts[i] = pool_alloc(pool, (weather_entries(w) + 1) * sizeof *counts[i]);
	for (int call = 0; call < CALLS; call++) {
		struct bytes service = bytes_str(services[call % 3]);
		bool sending = call % 4 == 3;
		struct weather_now one = weather_next(w, counts[0], sending, service);
		struct weather_now other = weather_next(again, counts[1], sending, service);

		check_now(w, &one, sending, lines_of(text));
		FUZZ_ASSERT(one.answer == other.answer && one.worked == other.worked && one.line == other.line &&
			one.delay_before_ms == other.delay_before_ms && one.shift_ms == other.shift_ms && one.twice == other.twice);
	}
	for (size_t i = 0; i < weather_entries(w); i++)
		FUZZ_ASSERT(counts[0][i] <= CALLS && counts[0][i] == counts[1][i]);
	return 0;
}
