/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_field - values that a schema cannot judge, each by the judge that the descriptor names.
 * Promise:  a judge says in words for the integrator what is wrong.
 * Spec:     rules P1 (nikad), P8 (consent) */
#include "nikad/nikad.h"

#include "demand/demand_int.h"

struct value {
	const struct walk *walk;
	const xmlNode *node;
	struct bytes text;
};

static bool is_iin(const struct value *v, struct buf *why)
{
	return demand_number(v->text, true, false, why);
}

static bool is_bin(const struct value *v, struct buf *why)
{
	return demand_number(v->text, false, true, why);
}

static bool is_iin_or_bin(const struct value *v, struct buf *why)
{
	return demand_number(v->text, true, true, why);
}

static bool is_nikad(const struct value *v, struct buf *why)
{
	struct nikad_problem problem;
	struct nikad number;

	if (nikad_parse(v->text, &number, &problem))
		return true;
	buf_str(why, "not a NIKAD: ");
	nikad_problem_print(&problem, why);
	return false;
}

static bool says_yes(struct bytes text)
{
	return bytes_is(text, "true") || bytes_is(text, "1");
}

static bool is_yes(const struct value *v, struct buf *why)
{
	if (says_yes(v->text))
		return true;
	buf_str(why, "it has to say true");
	return false;
}

bool demand_day(struct bytes text, struct calendar_day *out)
{
	struct stamp at;

	if (calendar_day_parse(text, out))
		return true;
	if (!stamp_parse(text, &at))
		return false;
	*out = calendar_day_of(at);
	return true;
}

/* Which side of today it may not be on, -1 or 1. */
static bool day_is(const struct value *v, struct bytes text, int wrong_side, struct buf *why)
{
	struct calendar_day day, today = calendar_day_of(v->walk->now);
	int side;

	if (!demand_day(text, &day)) {
		buf_str(why, "it is no date such as 2030-01-02");
		return false;
	}
	side = (day.n > today.n) - (day.n < today.n);
	if (side != wrong_side)
		return true;
	buf_str(why, side > 0 ? "it lies in the future" : "it lies in the past");
	return false;
}

static bool is_past_day(const struct value *v, struct buf *why)
{
	return day_is(v, v->text, 1, why);
}

static bool is_future_day(const struct value *v, struct buf *why)
{
	return day_is(v, v->text, -1, why);
}

/* The text of one part of a consent. */
static bool read_part(const struct value *v, const char *local, struct bytes *out, struct buf *why)
{
	bool several;
	const xmlNode *part = demand_child(v->node, local, &several);

	if (part && demand_text(v->walk->pool, part, out))
		return true;
	buf_printf(why, part ? "%s in it holds more than text" : several ? "it holds %s twice" : "it holds no %s", local);
	return false;
}

static bool is_consent(const struct value *v, struct buf *why)
{
	struct bytes given, date;

	if (!read_part(v, "Given", &given, why) || !read_part(v, "Date", &date, why))
		return false;
	if (!says_yes(given)) {
		buf_str(why, "Given in it has to say true");
		return false;
	}
	buf_str(why, "Date in it: ");
	return day_is(v, date, 1, why);
}

/* One row for each judge of conf. */
static const struct judge {
	bool (*holds)(const struct value *v, struct buf *why);
	enum reason reason;
	bool is_tree; /* judges elements inside, not a text */
} judges[] = {
	[CONF_JUDGE_IIN] = {is_iin, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_BIN] = {is_bin, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_IIN_BIN] = {is_iin_or_bin, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_NIKAD] = {is_nikad, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_CONSENT] = {is_consent, REASON_PAYLOAD_CONSENT, true},
	[CONF_JUDGE_YES] = {is_yes, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_PAST_DAY] = {is_past_day, REASON_PAYLOAD_FIELD, false},
	[CONF_JUDGE_FUTURE_DAY] = {is_future_day, REASON_PAYLOAD_FIELD, false},
};

outcome demand_field(const struct walk *w, const struct conf_field *field, size_t occurrence, const xmlNode *node,
	struct err *e)
{
	SCOPED(buf_free) struct buf why = BUF(WORDS_MOST);
	const struct judge *judge = &judges[field->is];
	struct value v = {.walk = w, .node = node};
	bool readable = judge->is_tree || demand_text(w->pool, node, &v.text);

	if (readable && judge->holds(&v, &why))
		return DONE;
	return err_set(e, judge->reason, "element %.60s, occurrence %zu: %s", field->element, occurrence,
		readable ? buf_cstr(&why) : "it holds more than text");
}
