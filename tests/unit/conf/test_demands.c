/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_demands - what a service demands of data: every word reaches its field, every mistake is told in its line. */
#include "conf_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define OTHER_PARTS PART_JOURNAL PART_LISTENERS PART_KEYS PART_PARTICIPANTS
#define SERVICE "services:\n  - id: Echo\n    provider: dep\n    endpoint: https://dep.example/x\n"

static void read_service(struct fixture *f, const char *words)
{
	char text[4000];

	snprintf(text, sizeof text, SERVICE "%s" OTHER_PARTS, words);
	fixture_read(f, text);
}

static const struct conf_service *good(struct fixture *f, const char *words)
{
	read_service(f, words);
	if (!f->ok)
		fixture_print(f);
	assert_true(f->ok);
	assert_int_equal(f->problems->n, 0);
	return &f->conf->services[0];
}

static void nothing_is_demanded_by_default(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f, "");

	(void)state;
	assert_int_equal(s->payload_bytes, 0);
	assert_int_equal(s->fields.n, 0);
	assert_null(s->kinds.element);
	assert_null(s->attachments.element);
	assert_null(s->term.element);
	assert_int_equal(s->hours.to, 0);
	assert_null(s->repealed);
	assert_null(f.conf->calendar);
	assert_int_equal(s->notices.n, 0);
	assert_null(f.conf->sender_id);
	fixture_drop(&f);
}

static void every_word_reaches_its_field(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f,
		"    payload: 20MiB\n"
		"    fields:\n      - {element: Nikad, is: nikad}\n      - element: Iin\n        is: iin-bin\n"
		"    kinds: {element: Kind, allowed: [A, B]}\n"
		"    attachments: {element: File, name: N, media: M, content: C, kinds: [pdf, txt], size: 5MiB, most: 20,\n"
		"      total: 6MiB, stored: Id}\n");

	(void)state;
	assert_int_equal(s->payload_bytes, 20u << 20);
	assert_int_equal(s->fields.n, 2);
	assert_string_equal(s->fields.item[0].element, "Nikad");
	assert_int_equal(s->fields.item[0].is, CONF_JUDGE_NIKAD);
	assert_int_equal(s->fields.item[0].at.line, 7);
	assert_string_equal(s->fields.item[1].element, "Iin");
	assert_int_equal(s->fields.item[1].is, CONF_JUDGE_IIN_BIN);
	assert_int_equal(s->fields.item[1].at.line, 8);
	assert_string_equal(s->kinds.element, "Kind");
	assert_int_equal(s->kinds.allowed.n, 2);
	assert_string_equal(s->kinds.allowed.name[1], "B");
	assert_string_equal(s->attachments.element, "File");
	assert_string_equal(s->attachments.name, "N");
	assert_string_equal(s->attachments.media, "M");
	assert_string_equal(s->attachments.content, "C");
	assert_string_equal(s->attachments.kinds.name[1], "txt");
	assert_int_equal(s->attachments.size, 5u << 20);
	assert_int_equal(s->attachments.most, 20);
	assert_int_equal(s->attachments.total, 6u << 20);
	assert_string_equal(s->attachments.stored, "Id");
	fixture_drop(&f);
}

#define CALENDAR_HOURS(words) "    hours: {" words "}\ncalendar: c\n"
#define RULES "rules:\n  - {name: head, own_bin: true}\n  - {name: finance, own_bin: true}\n"
#define KINDS "    kinds: {element: Kind, allowed: [A, B, C]}\n"

static void times_reach_their_fields(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f,
		"    term: {element: LastDay, hour: \"24:00\", late: refuse, roll: rolls}\n"
		"    hours: {from: \"09:00\", to: \"18:30\", break_from: \"13:00\", break_to: \"14:30\"}\n"
		"    repealed: 2021-07-01\ncalendar: /days\n");

	(void)state;
	assert_string_equal(f.conf->calendar, "/days");
	assert_string_equal(s->term.element, "LastDay");
	assert_int_equal(s->term.minute, 1440);
	assert_int_equal(s->term.late, CONF_LATE_REFUSE);
	assert_int_equal(s->term.roll, CONF_ROLL_ROLLS);
	assert_int_equal(s->hours.from, 540);
	assert_int_equal(s->hours.to, 1110);
	assert_int_equal(s->hours.break_from, 780);
	assert_int_equal(s->hours.break_to, 870);
	assert_string_equal(s->repealed, "2021-07-01");
	fixture_drop(&f);

	s = good(&f, "    term: {element: A}\n    hours: {from: \"00:00\", to: \"24:00\"}\ncalendar: /days\n");
	assert_int_equal(s->term.minute, 240);
	assert_int_equal(s->term.late, CONF_LATE_MARK);
	assert_int_equal(s->term.roll, CONF_ROLL_STAYS);
	assert_int_equal(s->hours.to, 1440);
	assert_int_equal(s->hours.break_to, 0);
	assert_null(s->repealed);
	fixture_drop(&f);
}

#define QUEUE "queue: {socket: r, spool: s}\ngateway: {sender_id: gateway_is}\n"
#define BOARD "  - {id: Board, provider: dep, endpoint: 'http://a/', delivery: queued}\n"
#define NOTICES(rows) "    notices: [" rows "]\n" BOARD QUEUE

static void notices_name_their_service(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f,
		NOTICES("{on: [accepted, late], service: Board}, {on: refused, service: Board}"));

	(void)state;
	assert_string_equal(f.conf->sender_id, "gateway_is");
	assert_int_equal(s->notices.n, 2);
	assert_int_equal(s->notices.item[0].on, CONF_EVENT_ACCEPTED | CONF_EVENT_LATE);
	assert_int_equal(s->notices.item[1].on, CONF_EVENT_REFUSED);
	assert_ptr_equal(s->notices.item[0].service, &f.conf->services[1]);
	assert_ptr_equal(s->notices.item[1].service, &f.conf->services[1]);
	fixture_drop(&f);
}

static void rules_follow_the_kind_of_document(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f, KINDS
		"    inner:\n      accept: by-id\n      rules: head\n      covers: Doc\n      by_kind:\n"
		"        - {kinds: [A, B], rules: [finance, head]}\n" RULES);
	struct conf_inner inner = conf_inner_of_kind(s, "B");

	(void)state;
	assert_int_equal(s->inner.rule_count, 1);
	assert_int_equal(inner.forms, CONF_INNER_BY_ID);
	assert_int_equal(inner.rule_count, 2);
	assert_string_equal(inner.rules[0]->name, "finance");
	assert_string_equal(inner.rules[1]->name, "head");
	assert_string_equal(inner.covers, "Doc");
	assert_string_equal(inner.kind, "B");
	assert_string_equal(inner.kind_element, "Kind");
	inner = conf_inner_of_kind(s, "C");
	assert_int_equal(inner.rule_count, 1);
	assert_string_equal(inner.rules[0]->name, "head");
	assert_null(inner.kind);
	inner = conf_inner_of_kind(s, NULL);
	assert_int_equal(inner.rule_count, 1);
	assert_null(inner.kind);
	fixture_drop(&f);
}

static void a_section_has_its_defaults(void **state)
{
	struct fixture f;
	const struct conf_service *s = good(&f, "    attachments: {element: File, kinds: pdf}\n    fields: []\n");

	(void)state;
	assert_string_equal(s->attachments.name, "Name");
	assert_null(s->attachments.media);
	assert_null(s->attachments.stored);
	assert_string_equal(s->attachments.content, "Content");
	assert_int_equal(s->attachments.size, 15u << 20);
	assert_int_equal(s->attachments.most, 100);
	assert_int_equal(s->attachments.total, 15u << 20);
	assert_int_equal(s->fields.n, 0);
	fixture_drop(&f);
}

static const struct row {
	const char *words; /* from line 5 on */
	int line;
	const char *says;
} rows[] = {
	{"    fields: {element: A, is: iin}\n", 5, "fields is no list"},
	{"    fields:\n      - {element: A}\n", 6, "is is missing in services[].fields[]"},
	{"    fields:\n      - {is: iin}\n", 6, "element is missing in services[].fields[]"},
	{"    fields:\n      - {element: A, is: inn}\n", 6, "did you mean 'iin'?"},
	{"    fields:\n      - {element: A, is: iin}\n      - {element: B, is: bin, as: c}\n", 7, "has no word 'as'"},
	{"    fields: [Iin]\n", 5, "services[].fields[] is no mapping"},
	{"    fields:\n      - {element: 'a:b', is: iin}\n", 6, "no local name"},
	{"    kinds: {element: A}\n", 5, "allowed is missing in services[].kinds"},
	{"    kinds: {element: A, allowed: []}\n", 5, "allowed is empty"},
	{"    kinds: [A]\n", 5, "services[].kinds is no mapping"},
	{"    attachments: {element: A}\n", 5, "kinds is missing in services[].attachments"},
	{"    attachments: {element: A, kinds: pdf, size: 2MiB, total: 1MiB}\n", 5, "one file may be longer than all"},
	{"    attachments: {element: A, kinds: pdf, most: 0}\n", 5, "not between 1 and 10000"},
	{NOTICES("{on: [], service: Board}"), 5, "on is empty"},
	{NOTICES("{on: [delivered], service: Board}"), 5, "unknown value 'delivered'"},
	{NOTICES("{service: Board}"), 5, "on is missing in services[].notices[]"},
	{NOTICES("{on: late, service: Bord}"), 5, "did you mean 'Board'?"},
	{NOTICES("{on: late, service: Echo}"), 5, "notices: Echo is not delivered later"},
	{NOTICES("{on: [late, refused], service: Board}, {on: [accepted, late], service: Board}"), 5,
		"Board is told of one event twice"},
	{"    notices: [{on: late, service: Board}]\n" BOARD "queue: {socket: r, spool: s}\n", 5,
		"the gateway has no sender_id"},
	{"    term: {hour: \"05:00\"}\n", 5, "element is missing in services[].term"},
	{"    term: {element: A, hour: \"24:01\"}\n", 5, "hour: '24:01' is no time of day"},
	{"    term: {element: A, hour: \"4:00\"}\n", 5, "'4:00' is no time of day"},
	{"    term: {element: A, hour: \"12:60\"}\n", 5, "'12:60' is no time of day"},
	{"    term: {element: A, late: reject}\n", 5, "late: unknown value 'reject'"},
	{"    term: {element: A, roll: rolls}\n", 5, "a term that rolls needs calendar"},
	{"    hours: {from: \"09:00\", to: \"18:00\"}\n", 5, "hours needs calendar"},
	{"    hours: {from: \"09:00\"}\n", 5, "to is missing in services[].hours"},
	{CALENDAR_HOURS("from: \"18:00\", to: \"09:00\""), 5, "hours: they are not in order"},
	{CALENDAR_HOURS("from: \"09:00\", to: \"18:00\", break_from: \"14:00\", break_to: \"13:00\""), 5, "not in order"},
	{CALENDAR_HOURS("from: \"09:00\", to: \"18:00\", break_from: \"17:00\", break_to: \"19:00\""), 5, "not in order"},
	{CALENDAR_HOURS("from: \"09:00\", to: \"18:00\", break_from: \"13:00\""), 5, "not in order"},
	{"    repealed: 2021-13-01\n", 5, "repealed: '2021-13-01' is no day"},
	{"    repealed: since 2021\n", 5, "is no day"},
	{"calendar: c\ngateway: {zone: Europe/Berlin}\n", 1, "the working days are those of Kazakhstan"},
	{"    inner: {accept: cms, by_kind: [{kinds: A, rules: head}]}\n" RULES, 5, "by_kind needs kinds"},
	{KINDS "    inner: {accept: cms, by_kind: [{kinds: [A, B], rules: head}]}\n" RULES, 6, "nothing says who signs 'C'"},
	{KINDS "    inner: {accept: cms, rules: head, by_kind: [{kinds: [A, D], rules: head}]}\n" RULES, 6,
		"kinds.allowed has no 'D'"},
	{KINDS "    inner: {accept: cms, rules: head, by_kind: [{kinds: A, rules: [head, hand]}]}\n" RULES, 6,
		"nothing in rules[] is named 'hand'"},
	{KINDS "    inner: {accept: cms, rules: head, by_kind: [{kinds: A, rules: []}]}\n" RULES, 6, "rules is empty"},
	{KINDS "    inner: {accept: cms, rules: head, by_kind: [{kinds: [], rules: head}]}\n" RULES, 6, "kinds is empty"},
	{KINDS "    inner: {accept: cms, rules: head, by_kind: [{rules: head}]}\n" RULES, 6, "kinds is missing"},
	{KINDS "    inner: {by_kind: [{kinds: [A, B, C], rules: head}]}\n" RULES, 6, "accept is missing"},
	{KINDS "    inner: {accept: cms, answers: true, by_kind: [{kinds: [A, B, C], rules: head}]}\n" RULES, 6,
		"answers needs rules"},
	{"    payload: 0\n", 5, "not between 1 and 1GiB"},
};

static void every_mistake_is_told_in_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;

		read_service(&f, rows[i].words);
		if (f.ok || f.problems->n != 1 || f.problems->list[0].at.line != rows[i].line ||
			!strstr(f.problems->list[0].what, rows[i].says)) {
			fixture_print(&f);
			fail_msg("%s: not line %d: %s", rows[i].words, rows[i].line, rows[i].says);
		}
		fixture_drop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_demanded_by_default),
		cmocka_unit_test(every_word_reaches_its_field),
		cmocka_unit_test(times_reach_their_fields),
		cmocka_unit_test(notices_name_their_service),
		cmocka_unit_test(rules_follow_the_kind_of_document),
		cmocka_unit_test(a_section_has_its_defaults),
		cmocka_unit_test(every_mistake_is_told_in_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
