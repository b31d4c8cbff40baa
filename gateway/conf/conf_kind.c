/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_kind - the kinds of values: choices, quantities with units, booleans.
 * Promise: a value is exactly what is written or a problem; nothing is rounded, cut or guessed.
 * Not here: kinds that stay texts (conf_text). */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>

#include "conf/conf_int.h"

struct choice {
	const char *name;
	unsigned number;
};

static const struct choice level_choices[] = {
	{"debug", 0}, {"info", 0}, {"warning", 0}, {"error", 0}, {NULL, 0}};
static const struct choice algorithm_choices[] = {{"rsa-sha256", 0}, {"rsa-sha384", 0}, {"rsa-sha512", 0},
	{"ecdsa-sha256", 0}, {"ecdsa-sha384", 0}, {"gost-2015", 0}, {"gost-legacy", 0}, {NULL, 0}};
static const struct choice tls_choices[] = {
	{"off", CONF_TLS_OFF}, {"server", CONF_TLS_SERVER}, {"mutual", CONF_TLS_MUTUAL}, {NULL, 0}};
static const struct choice form_choices[] = {{"key-identifier", CONF_FORM_KEY_IDENTIFIER},
	{"issuer-serial", CONF_FORM_ISSUER_SERIAL}, {"binary-security-token", CONF_FORM_BST},
	{"x509-data", CONF_FORM_X509_DATA}, {"plain", CONF_FORM_PLAIN}, {NULL, 0}};
/* Form C is only read; signatures are made in the others. */
static const struct choice sign_choices[] = {{"key-identifier", CONF_FORM_KEY_IDENTIFIER},
	{"issuer-serial", CONF_FORM_ISSUER_SERIAL}, {"binary-security-token", CONF_FORM_BST},
	{"x509-data", CONF_FORM_X509_DATA}, {NULL, 0}};

static const struct choice delivery_choices[] = {
	{"direct", CONF_DELIVERY_DIRECT}, {"queued", CONF_DELIVERY_QUEUED}, {NULL, 0}};
static const struct choice resend_choices[] = {
	{"fresh", CONF_RESEND_FRESH}, {"identical", CONF_RESEND_IDENTICAL}, {NULL, 0}};

static const struct choice mode_choices[] = {
	{"off", CONF_ASYNC_OFF}, {"push", CONF_ASYNC_PUSH}, {"pull", CONF_ASYNC_PULL}, {NULL, 0}};
static const struct choice channel_choices[] = {
	{"sync", CONF_CHANNEL_SYNC}, {"async", CONF_CHANNEL_ASYNC}, {NULL, 0}};

static const struct choice subject_choices[] = {{"person", CONF_SUBJECT_PERSON}, {"employee", CONF_SUBJECT_EMPLOYEE},
	{"organisation", CONF_SUBJECT_ORGANISATION}, {NULL, 0}};
static const struct choice inner_choices[] = {
	{"enveloped", CONF_INNER_ENVELOPED}, {"by-id", CONF_INNER_BY_ID}, {"cms", CONF_INNER_CMS}, {NULL, 0}};

static const struct choice judge_choices[] = {{"iin", CONF_JUDGE_IIN}, {"bin", CONF_JUDGE_BIN},
	{"iin-bin", CONF_JUDGE_IIN_BIN}, {"nikad", CONF_JUDGE_NIKAD}, {"consent", CONF_JUDGE_CONSENT}, {"yes", CONF_JUDGE_YES},
	{"past-day", CONF_JUDGE_PAST_DAY}, {"future-day", CONF_JUDGE_FUTURE_DAY}, {NULL, 0}};

static const struct choice event_choices[] = {
	{"accepted", CONF_EVENT_ACCEPTED}, {"refused", CONF_EVENT_REFUSED}, {"late", CONF_EVENT_LATE}, {NULL, 0}};
static const struct choice late_choices[] = {{"mark", CONF_LATE_MARK}, {"refuse", CONF_LATE_REFUSE}, {NULL, 0}};
static const struct choice roll_choices[] = {{"stays", CONF_ROLL_STAYS}, {"rolls", CONF_ROLL_ROLLS}, {NULL, 0}};

static const struct choice outage_choices[] = {
	{"refuse", CONF_OUTAGE_REFUSE}, {"last-good", CONF_OUTAGE_LAST_GOOD}, {"mark", CONF_OUTAGE_MARK}, {NULL, 0}};
static const struct choice source_digest_choices[] = {
	{"sha1", CONF_SOURCE_SHA1}, {"sha256", CONF_SOURCE_SHA256}, {NULL, 0}};
static const struct choice nonce_choices[] = {
	{"needed", CONF_NONCE_NEEDED}, {"tolerated", CONF_NONCE_TOLERATED}, {NULL, 0}};
static const struct choice stamp_choices[] = {{"sha256", CONF_STAMP_SHA256}, {"sha512", CONF_STAMP_SHA512},
	{"gost-2015", CONF_STAMP_GOST_2015}, {"gost-legacy", CONF_STAMP_GOST_LEGACY}, {NULL, 0}};

static const struct choice *conf_choices(enum conf_kind k)
{
	switch (k) {
	case CONF_KIND_LEVEL:
		return level_choices;
	case CONF_KIND_ALGORITHM:
		return algorithm_choices;
	case CONF_KIND_DELIVERY:
		return delivery_choices;
	case CONF_KIND_ASYNC_MODE:
		return mode_choices;
	case CONF_KIND_CHANNEL:
		return channel_choices;
	case CONF_KIND_RESEND:
		return resend_choices;
	case CONF_KIND_STAMP_DIGEST:
		return stamp_choices;
	case CONF_KIND_SUBJECTS:
		return subject_choices;
	case CONF_KIND_INNER_FORMS:
		return inner_choices;
	case CONF_KIND_EVENTS:
		return event_choices;
	case CONF_KIND_LATE:
		return late_choices;
	case CONF_KIND_ROLL:
		return roll_choices;
	case CONF_KIND_JUDGE:
		return judge_choices;
	case CONF_KIND_OUTAGE:
		return outage_choices;
	case CONF_KIND_SOURCE_DIGEST:
		return source_digest_choices;
	case CONF_KIND_NONCE:
		return nonce_choices;
	case CONF_KIND_TLS:
		return tls_choices;
	case CONF_KIND_FORM:
		return sign_choices;
	case CONF_KIND_FORMS:
		return form_choices;
	default:
		return NULL;
	}
}

void conf_kind_choices(enum conf_kind k, char out[160])
{
	const struct choice *c = conf_choices(k);
	size_t n = 0;

	out[0] = '\0';
	for (; c && c->name && n < 160; c++)
		n += (size_t)snprintf(out + n, 160 - n, "%s%s", n ? ", " : "", c->name);
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit count_units[] = {{"", 1}, {NULL, 0}};
static const struct unit size_units[] = {
	{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {NULL, 0}};
static const struct unit duration_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit short_units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {NULL, 0}};
static const struct unit day_units[] = {{"d", 1}, {NULL, 0}};

/* Kinds made of a number and a unit; NULL for the others. */
static const struct unit *conf_units(enum conf_kind k)
{
	switch (k) {
	case CONF_KIND_COUNT:
	case CONF_KIND_NUMBER:
		return count_units;
	case CONF_KIND_SIZE:
		return size_units;
	case CONF_KIND_DURATION:
		return duration_units;
	case CONF_KIND_SHORT:
		return short_units;
	case CONF_KIND_DAYS:
		return day_units;
	default:
		return NULL;
	}
}

bool conf_kind_is_quantity(enum conf_kind k)
{
	return conf_units(k) != NULL;
}

/* Digits and one unit, nothing else: false when it is not that, or too large for 63 bits. */
static bool conf_quantity(struct bytes text, const struct unit *units, uint64_t *out)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < text.n && isdigit(text.p[i]); i++) {
		if (n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	if (i == 0 || (i > 1 && text.p[0] == '0'))
		return false;
	for (; units->name; units++) {
		if (bytes_is(bytes_sub(text, i, text.n), units->name)) {
			*out = n * units->factor;
			return n <= INT64_MAX / units->factor;
		}
	}
	return false;
}

bool conf_read_quantity(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const struct unit *units = conf_units(w->kind);
	uint64_t n, least, most;
	char shown[64], remedy[120];

	BUG_IF(!conf_quantity(bytes_str(w->least), units, &least) ||
		!conf_quantity(bytes_str(w->most), units, &most));
	if (!conf_quantity(v->text, units, &n)) {
		snprintf(remedy, sizeof remedy, "Write a %s.", conf_kind(w->kind)->called);
		conf_error(r, v->at, remedy, "%s: '%s' is not a %s", w->name, conf_show(v->text, shown),
			conf_kind(w->kind)->called);
		return false;
	}
	if (n < least || n > most) {
		conf_error(r, v->at, "Choose a value within the range.", "%s: %s is not between %s and %s",
			w->name, conf_show(v->text, shown), w->least, w->most);
		return false;
	}
	if (w->kind == CONF_KIND_NUMBER || w->kind == CONF_KIND_SIZE) {
		*(size_t *)target = (size_t)n;
		return true;
	}
	BUG_IF(most > INT_MAX);
	*(int *)target = (int)n;
	return true;
}

bool conf_read_flag(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];

	if (!bytes_is(v->text, "true") && !bytes_is(v->text, "false")) {
		conf_error(r, v->at, "Write true or false.", "%s: '%s' is neither true nor false", w->name,
			conf_show(v->text, shown));
		return false;
	}
	*(bool *)target = bytes_is(v->text, "true");
	return true;
}

static const struct choice *conf_choose(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v)
{
	struct conf_near near = {.wanted = v->text};
	char choices[160], hint[120], remedy[200], shown[64];

	for (const struct choice *c = conf_choices(w->kind); c->name; c++) {
		if (bytes_is(v->text, c->name))
			return c;
		conf_near_offer(&near, c->name);
	}
	conf_kind_choices(w->kind, choices);
	snprintf(remedy, sizeof remedy, "Use one of: %s.", choices);
	conf_error(r, v->at, remedy, "%s: unknown value '%s'%s", w->name, conf_show(v->text, shown),
		conf_near_text(&near, hint));
	return NULL;
}

bool conf_read_choice(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const struct choice *c = conf_choose(r, w, v);

	/* The fields are enums and a set of bits; all have the size of unsigned. */
	_Static_assert(sizeof(enum conf_tls) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_form) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_async_mode) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_channel) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_delivery) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_resend) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_outage) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_source_digest) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_nonce) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_late) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_roll) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_judge) == sizeof(unsigned), "choices are stored as unsigned");
	_Static_assert(sizeof(enum conf_stamp_digest) == sizeof(unsigned), "choices are stored as unsigned");
	if (!c)
		return false;
	memcpy(target, &c->number, sizeof c->number);
	return true;
}

bool conf_read_choice_text(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const struct choice *c = conf_choose(r, w, v);

	if (c)
		*(const char **)target = c->name;
	return c != NULL;
}

static const struct conf_kind_row kinds[] = {
#define KIND(kind, type, reader, shape, called) {conf_read_##reader, CONF_SHAPE_##shape, called},
#include "conf/conf_kinds.def"
#undef KIND
};

const struct conf_kind_row *conf_kind(enum conf_kind k)
{
	BUG_IF((unsigned)k >= CONF_KINDS);
	return &kinds[k];
}
