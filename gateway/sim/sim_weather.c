/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_weather - see weather.h.
 * Promise:  an entry that is not understood as a whole is refused, with its line.
 * Not here: reading the file, keeping the counts (sim_sky.c), what a verdict does (sim_serve.c, sim_send.c). */
#include "sim/weather.h"

#define ENTRIES_MOST 1000
#define WORDS_MOST 8
#define COUNT_MOST 1000000000
#define DELAY_MOST_MS 3600000 /* an hour */
#define SHIFT_MOST_MS (INT64_C(3660) * 86400000) /* ten years */

enum effect { ANSWER, DELAY, TWICE, WRONG_SIGNATURE, EXPIRED, SHIFT };

/* The kinds of weather. */
static const struct kind {
	const char *word;
	enum effect effect;
	enum weather_answer answer; /* of ANSWER */
	const char *value;          /* what follows the word; NULL: nothing */
	bool either_side;           /* of the work: `after commit` may be said */
	bool sending;               /* own requests have it too */
} kinds[] = {
	{"delay", DELAY, WEATHER_FAIR, "a duration such as 500ms, at most an hour", true, true},
	{"fault", ANSWER, WEATHER_FAULT, "a code such as SCE004", true, false},
	{"drop", ANSWER, WEATHER_DROP, NULL, true, true},
	{"html-502", ANSWER, WEATHER_HTML_502, NULL, true, false},
	{"empty-200", ANSWER, WEATHER_EMPTY_200, NULL, true, false},
	{"half-open", ANSWER, WEATHER_HALF_OPEN, NULL, true, false},
	{"silent", ANSWER, WEATHER_SILENT, NULL, true, false},
	{"duplicate", TWICE, WEATHER_FAIR, NULL, false, true},
	{"wrong-signature", WRONG_SIGNATURE, WEATHER_FAIR, NULL, false, true},
	{"expired-certificate", EXPIRED, WEATHER_FAIR, NULL, false, true},
	{"shifted-clock", SHIFT, WEATHER_FAIR, "a duration such as +10m or -2h", false, true},
};

struct entry {
	unsigned line;
	bool sending;
	const char *target;  /* NULL: every service */
	uint64_t first, last;
	unsigned percent;    /* of these; 100: all */
	const struct kind *kind;
	bool after;
	int64_t ms;
	char fault[16];
};

struct weather {
	uint64_t seed;
	size_t n;
	struct entry entry[];
};

/* One entry while it is read. */
struct reading {
	struct pool *pool;
	const char *name;
	unsigned line;
	struct bytes word[WORDS_MOST];
	size_t words, at;
	struct err *e;
};

static outcome refuse(const struct reading *r, const char *what)
{
	return err_set(r->e, REASON_CONFIG, "%s line %u: %s", r->name, r->line, what);
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The words of an entry up to a remark; false when they are more than any entry has. */
static bool split(struct reading *r, struct bytes text)
{
	size_t i = 0;

	r->words = r->at = 0;
	for (;;) {
		size_t from;

		while (i < text.n && is_blank(text.p[i]))
			i++;
		if (i == text.n || text.p[i] == '#')
			return true;
		if (r->words == WORDS_MOST)
			return false;
		for (from = i; i < text.n && !is_blank(text.p[i]); i++)
			;
		r->word[r->words++] = bytes_sub(text, from, i);
	}
}

/* The next word; empty behind the last. */
static struct bytes next(struct reading *r)
{
	return r->at < r->words ? r->word[r->at++] : BYTES_NONE;
}

static bool take(struct reading *r, const char *word)
{
	if (r->at == r->words || !bytes_is(r->word[r->at], word))
		return false;
	r->at++;
	return true;
}

/* Digits at the beginning of `text`, which moves behind them; false when there are none, or too many. */
static bool number(struct bytes *text, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < text->n && text->p[i] >= '0' && text->p[i] <= '9'; i++) {
		*out = *out * 10 + (uint64_t)(text->p[i] - '0');
		if (*out > COUNT_MOST)
			return false;
	}
	*text = bytes_sub(*text, i, text->n);
	return i > 0;
}

/* always, 3, 1-5, 4-, 10% */
static outcome read_when(struct reading *r, struct entry *n)
{
	struct bytes w = next(r);
	uint64_t value;

	n->first = 1;
	n->last = UINT64_MAX;
	n->percent = 100;
	if (bytes_is(w, "always"))
		return DONE;
	if (!number(&w, &value))
		return refuse(r, "after the service comes when: always, 3, 1-5, 4- or 10%");
	if (bytes_is(w, "%") && value >= 1 && value <= 100) {
		n->percent = (unsigned)value;
		return DONE;
	}
	n->first = n->last = value;
	if (w.n > 0 && w.p[0] == '-') {
		w = bytes_sub(w, 1, w.n);
		n->last = UINT64_MAX;
		if (w.n > 0 && !number(&w, &n->last))
			return refuse(r, "the end of a range is a number of a call");
	}
	if (w.n > 0 || n->first < 1 || n->last < n->first)
		return refuse(r, "calls are counted from 1, a range goes upwards, a share is 1% to 100%");
	return DONE;
}

/* 500ms, 2s, 10m, 1h, 30d; -1 when it is none. */
static int64_t duration(struct bytes w)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	uint64_t value;

	if (!number(&w, &value))
		return -1;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (bytes_is(w, units[i].unit))
			return (int64_t)value * units[i].ms;
	}
	return -1;
}

static bool read_delay(struct bytes w, struct entry *n)
{
	n->ms = duration(w);
	return n->ms >= 0 && n->ms <= DELAY_MOST_MS;
}

static bool read_shift(struct bytes w, struct entry *n)
{
	bool back = w.n > 0 && w.p[0] == '-';
	int64_t ms;

	if (w.n == 0 || (w.p[0] != '+' && !back))
		return false;
	ms = duration(bytes_sub(w, 1, w.n));
	n->ms = back ? -ms : ms;
	return ms >= 0 && ms <= SHIFT_MOST_MS;
}

static bool read_code(struct bytes w, struct entry *n)
{
	if (w.n == 0 || w.n >= sizeof n->fault)
		return false;
	for (size_t i = 0; i < w.n; i++) {
		if (!(w.p[i] >= 'A' && w.p[i] <= 'Z') && !(w.p[i] >= '0' && w.p[i] <= '9'))
			return false;
		n->fault[i] = (char)w.p[i];
	}
	return true;
}

static bool read_value(struct reading *r, struct entry *n)
{
	switch (n->kind->effect) {
	case DELAY:
		return read_delay(next(r), n);
	case SHIFT:
		return read_shift(next(r), n);
	default:
		return n->kind->answer != WEATHER_FAULT || read_code(next(r), n);
	}
}

static const struct kind *kind_named(struct bytes word)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (bytes_is(word, kinds[i].word))
			return &kinds[i];
	}
	return NULL;
}

/* [after commit | before commit] kind [value] */
static outcome read_what(struct reading *r, struct entry *n)
{
	bool before = take(r, "before");

	n->after = !before && take(r, "after");
	if ((before || n->after) && !take(r, "commit"))
		return refuse(r, "after and before are followed by commit");
	n->kind = kind_named(next(r));
	if (!n->kind)
		return refuse(r, "the weather is delay, fault, drop, html-502, empty-200, half-open, silent, duplicate, "
			"wrong-signature, expired-certificate or shifted-clock");
	if ((before || n->after) && !n->kind->either_side)
		return refuse(r, "this weather comes with the answer, neither before nor after the commit");
	if (n->sending && !n->kind->sending)
		return refuse(r, "own requests have only delay, drop, duplicate, wrong-signature, expired-certificate and "
			"shifted-clock");
	if (!read_value(r, n))
		return err_set(r->e, REASON_CONFIG, "%s line %u: behind %s comes %s", r->name, r->line, n->kind->word,
			n->kind->value);
	return r->at == r->words ? DONE : refuse(r, "too many words");
}

static outcome read_entry(struct reading *r, struct entry *n)
{
	struct bytes target;

	n->line = r->line;
	n->sending = take(r, "send");
	target = next(r);
	n->target = bytes_is(target, "*") ? NULL : pool_copy(r->pool, target);
	if (!n->target && !bytes_is(target, "*"))
		return err_set(r->e, REASON_MEMORY, "weather");
	TRY(read_when(r, n));
	return read_what(r, n);
}

static outcome read_seed(struct reading *r, struct weather *w)
{
	struct bytes value = next(r);

	if (!number(&value, &w->seed) || value.n > 0 || r->at < r->words)
		return refuse(r, "seed is followed by one number");
	return DONE;
}

/* One piece between two ends. */
static outcome read_piece(struct reading *r, struct bytes piece, struct weather *w)
{
	if (!split(r, piece))
		return refuse(r, "too many words");
	if (r->words == 0)
		return DONE;
	if (take(r, "seed"))
		return read_seed(r, w);
	if (w->n == ENTRIES_MOST)
		return refuse(r, "too many entries");
	TRY(read_entry(r, &w->entry[w->n]));
	w->n++;
	return DONE;
}

/* How many pieces there are at most; a semicolon in a remark counts too. */
static size_t pieces(struct bytes text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n' || text.p[i] == ';';
	return n < ENTRIES_MOST ? n : ENTRIES_MOST;
}

outcome weather_parse(struct pool *pool, const char *name, struct bytes text, const struct weather **out,
	struct err *e)
{
	struct reading r = {.pool = pool, .name = name, .line = 1, .e = e};
	struct weather *w = pool_alloc(pool, sizeof *w + pieces(text) * sizeof w->entry[0]);
	bool remark = false;
	size_t from = 0;

	if (!w)
		return err_set(e, REASON_MEMORY, "weather");
	memset(w, 0, sizeof *w + pieces(text) * sizeof w->entry[0]);
	for (size_t i = 0; i <= text.n; i++) {
		bool line_ends = i == text.n || text.p[i] == '\n';

		remark = remark || (!line_ends && text.p[i] == '#');
		if (!line_ends && (remark || text.p[i] != ';'))
			continue;
		TRY(read_piece(&r, bytes_sub(text, from, i), w));
		from = i + 1;
		if (!line_ends)
			continue;
		r.line++;
		remark = false;
	}
	*out = w;
	return DONE;
}

size_t weather_entries(const struct weather *w)
{
	return w->n;
}

bool weather_needs_expired(const struct weather *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->entry[i].kind->effect == EXPIRED)
			return true;
	}
	return false;
}

const char *weather_answer_name(enum weather_answer a)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].effect == ANSWER && kinds[i].answer == a)
			return kinds[i].word;
	}
	return "fair";
}

static void say(struct buf *out, size_t from, const char *word)
{
	buf_str(out, out->len > from ? ", " : "");
	buf_str(out, word);
}

static void say_ms(struct buf *out, size_t from, const char *word, int64_t ms)
{
	if (ms == 0)
		return;
	say(out, from, word);
	buf_printf(out, " %lldms", (long long)ms);
}

void weather_print(const struct weather_now *now, struct buf *out)
{
	size_t from = out->len;

	say_ms(out, from, "delay", now->delay_before_ms);
	say_ms(out, from, "after commit delay", now->delay_after_ms);
	if (now->answer != WEATHER_FAIR) {
		say(out, from, now->worked ? "after commit " : "");
		buf_str(out, weather_answer_name(now->answer));
		if (now->fault[0])
			buf_printf(out, " %s", now->fault);
	}
	if (now->twice)
		say(out, from, "duplicate");
	if (now->wrong_signature)
		say(out, from, "wrong-signature");
	if (now->expired_certificate)
		say(out, from, "expired-certificate");
	say_ms(out, from, "shifted-clock", now->shift_ms);
	if (out->len == from)
		buf_str(out, weather_answer_name(WEATHER_FAIR));
}

/* Mixes the bits of its argument (the finaliser of splitmix64), so that neighbouring calls fall apart. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static bool falls_on(const struct weather *w, size_t i, uint64_t call)
{
	const struct entry *n = &w->entry[i];

	return call >= n->first && call <= n->last &&
		(n->percent == 100 || mix(mix(mix(w->seed) + i) + call) % 100 < n->percent);
}

static void add(struct weather_now *now, const struct entry *n)
{
	if (!now->line)
		now->line = n->line;
	switch (n->kind->effect) {
	case ANSWER:
		if (now->answer != WEATHER_FAIR)
			return;
		now->answer = n->kind->answer;
		now->worked = n->after;
		memcpy(now->fault, n->fault, sizeof now->fault);
		return;
	case DELAY:
		*(n->after ? &now->delay_after_ms : &now->delay_before_ms) += n->ms;
		return;
	case TWICE:
		now->twice = true;
		return;
	case WRONG_SIGNATURE:
		now->wrong_signature = true;
		return;
	case EXPIRED:
		now->expired_certificate = true;
		return;
	case SHIFT:
		now->shift_ms += n->ms;
		return;
	}
}

struct weather_now weather_next(const struct weather *w, uint64_t *counts, bool sending, struct bytes service_id)
{
	struct weather_now now = {0};

	for (size_t i = 0; i < w->n; i++) {
		const struct entry *n = &w->entry[i];

		if (n->sending != sending || (n->target && !bytes_is(service_id, n->target)))
			continue;
		if (falls_on(w, i, ++counts[i]))
			add(&now, n);
	}
	return now;
}
