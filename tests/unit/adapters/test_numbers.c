/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers that the gateway gives: what is kept in Redis for each, and the ceiling on disk below which all of them lie. */
#include "../queue/gate.h"
#include "../queue/rig_group.h"

#include "base/file.h"
#include "permits/numbers.h"

static struct conf_profile profile = {.max_age_ms = 60000, .skew_ms = 1000};
static struct conf_participant caller = {.name = "department", .profile = &profile};
static struct conf conf = {.queue = {.remember_ms = 1000}};

struct office { /* a gateway, as an adapter sees it */
	struct gate gate;
	struct queue_desk *desk;
	struct pool *pool;
	struct buf notes;
	char folder[200];
};

static void office_open(struct office *o, const char *name)
{
	struct err e;

	rig_ask(&rig, "DEL test:nikad:last test:nikad:given test:nikad:used");
	gate_start(&o->gate, &rig, name);
	assert_true(queue_desk_open(o->gate.q, &o->desk, &e).ok);
	o->pool = pool_new(1u << 20);
	o->notes = BUF(65536);
	assert_non_null(o->pool);
	snprintf(o->folder, sizeof o->folder, "%s/%s", rig.dir, name);
	assert_true(file_folder(o->folder, &e).ok);
}

static void office_close(struct office *o)
{
	queue_desk_close(&o->desk);
	gate_stop(&o->gate);
	pool_free(&o->pool);
	buf_free(&o->notes);
}

static struct adapter_call call(struct office *o, const char *sender, const char *message, const char *exchange)
{
	struct adapter_call c = {.pool = o->pool, .conf = &conf, .caller = &caller, .sender_id = bytes_str(sender),
		.exchange = exchange, .evidence = &o->notes, .redis = o->desk, .folder = o->folder};

	adapter_message_name(bytes_str(sender), bytes_str(message), c.message);
	return c;
}

/* The serial that a message gets; 0 when none is left. */
static unsigned give(struct office *o, const char *message, const char *type)
{
	struct adapter_call c = call(o, "department_is", message, "{x}");
	struct nikad n;
	struct err e;
	bool left;

	if (!numbers_give(&c, type, "PERMIT", &n, &left, &e).ok)
		fail_msg("%s", e.detail);
	return left ? (unsigned)strtoul(n.text + NIKAD_SERIAL_AT, NULL, 10) : 0;
}

/* Why no number is given. */
static enum reason refusal(const struct adapter_call *c, const char *type, const char *kind)
{
	struct err e = {0};
	struct nikad n;
	bool left;

	return numbers_give(c, type, kind, &n, &left, &e).ok ? REASON_NONE : e.reason;
}

static enum reason take(struct office *o, const char *sender, const char *message, const char *exchange, const char *type,
	unsigned serial, const char *kind)
{
	struct adapter_call c = call(o, sender, message, exchange);
	struct err e = {0};
	struct nikad n;

	assert_true(nikad_make("KZ", type, serial, &n, NULL));
	return numbers_take(&c, &n, kind, &e).ok ? REASON_NONE : e.reason;
}

static enum reason mine(struct office *o, const char *message, const char *exchange, const char *type, unsigned serial)
{
	return take(o, "department_is", message, exchange, type, serial, "PERMIT");
}

static enum reason settle(struct office *o, const char *message, const char *exchange, bool accepted)
{
	struct adapter_call c = call(o, "department_is", message, exchange);
	struct err e = {0};

	return numbers_settle(&c, accepted, &e).ok ? REASON_NONE : e.reason;
}

static bool there(const struct office *o, const char *name)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%s", o->folder, name);
	return access(path, F_OK) == 0;
}

static void a_message_gets_one_number_and_types_count_for_themselves(void **state)
{
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	assert_int_equal(give(&o, "m1", "AAA"), 1);
	assert_int_equal(give(&o, "m2", "AAA"), 2);
	assert_int_equal(give(&o, "m3", "BBB"), 1);
	assert_int_equal(give(&o, "m1", "AAA"), 1);
	assert_int_equal(rig_ask(&rig, "HGET test:nikad:given AAA"), 1); /* one digit */
	office_close(&o);
}

static void a_message_that_asks_for_something_else_under_its_name_is_a_conflict(void **state)
{
	struct adapter_call c;
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	give(&o, "clash", "AAA");
	c = call(&o, "department_is", "clash", "{x}");
	assert_int_equal(refusal(&c, "BBB", "PERMIT"), REASON_REPLAY_CONFLICT);
	assert_int_equal(refusal(&c, "AAA", "REFUSAL"), REASON_REPLAY_CONFLICT);
	office_close(&o);
}

static void the_last_number_of_a_type_is_the_last(void **state)
{
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	rig_ask(&rig, "HSET test:nikad:last CCC 99999998");
	assert_int_equal(give(&o, "last", "CCC"), 99999999);
	assert_int_equal(give(&o, "none", "CCC"), 0);
	assert_int_equal(give(&o, "last", "CCC"), 99999999);
	assert_int_equal(rig_ask(&rig, "HGET test:nikad:last CCC"), 8); /* it did not go on: eight digits */
	office_close(&o);
}

static void a_ceiling_is_on_disk_before_the_first_number_below_it_is_told(void **state)
{
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "ceilings");
	give(&o, "d1", "DDD");
	assert_true(there(&o, "nikad-DDD-00001000"));
	rig_ask(&rig, "HSET test:nikad:last DDD 999");
	assert_int_equal(give(&o, "d1000", "DDD"), 1000);
	assert_false(there(&o, "nikad-DDD-00002000"));
	assert_int_equal(give(&o, "d1001", "DDD"), 1001);
	assert_true(there(&o, "nikad-DDD-00002000"));
	assert_false(there(&o, "nikad-DDD-00001000"));
	office_close(&o);
}

static void without_its_ceiling_no_number_is_told_and_the_same_one_comes_later(void **state)
{
	struct adapter_call c;
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	c = call(&o, "department_is", "homeless", "{x}");
	c.folder = "/nonexistent/folder";
	assert_int_equal(refusal(&c, "EEE", "PERMIT"), REASON_JOURNAL_DOWN);
	assert_int_equal(give(&o, "other", "EEE"), 2);
	assert_int_equal(give(&o, "homeless", "EEE"), 1);
	office_close(&o);
}

static void a_number_is_for_its_sender_its_kind_and_one_message(void **state)
{
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	give(&o, "f1", "FFF");
	assert_int_equal(mine(&o, "m", "{1}", "FFF", 2), REASON_NIKAD_UNKNOWN);
	assert_int_equal(take(&o, "other_is", "m", "{1}", "FFF", 1, "PERMIT"), REASON_NIKAD_FOREIGN);
	assert_int_equal(take(&o, "department_is", "m", "{1}", "FFF", 1, "REFUSAL"), REASON_NIKAD_KIND);
	assert_int_equal(mine(&o, "m", "{1}", "FFF", 1), REASON_NONE); /* those before did not take hold of it */
	assert_int_equal(mine(&o, "m", "{2}", "FFF", 1), REASON_NONE); /* the same message again */
	assert_int_equal(mine(&o, "n", "{3}", "FFF", 1), REASON_NIKAD_USED);
	assert_int_equal(settle(&o, "m", "{1}", true), REASON_NONE);
	assert_int_equal(settle(&o, "m", "{1}", true), REASON_NONE);
	assert_int_equal(mine(&o, "m", "{4}", "FFF", 1), REASON_NONE);
	assert_int_equal(mine(&o, "n", "{3}", "FFF", 1), REASON_NIKAD_USED);
	assert_int_equal(rig_ask(&rig, "HGET test:nikad:used FFF"), 1); /* the digit 1: counted once */
	office_close(&o);
}

static void what_is_refused_lets_go_unless_an_earlier_copy_may_not_have_been(void **state)
{
	struct office o;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "one");
	give(&o, "g1", "GGG");
	assert_int_equal(mine(&o, "m", "{1}", "GGG", 1), REASON_NONE);
	assert_int_equal(settle(&o, "m", "{2}", false), REASON_NONE); /* a repetition is refused, {1} is still open */
	assert_int_equal(mine(&o, "n", "{3}", "GGG", 1), REASON_NIKAD_USED);
	assert_int_equal(settle(&o, "m", "{1}", false), REASON_NONE);
	assert_int_equal(mine(&o, "n", "{3}", "GGG", 1), REASON_NONE);
	assert_int_equal(settle(&o, "m", "{1}", true), REASON_NIKAD_USED); /* a dead letter, delivered after all */
	assert_int_equal(settle(&o, "n", "{3}", true), REASON_NONE);
	assert_int_equal(settle(&o, "n", "{3}", false), REASON_NONE); /* used stays used */
	assert_int_equal(mine(&o, "m", "{1}", "GGG", 1), REASON_NIKAD_USED);
	assert_string_equal(buf_cstr(&o.notes), "nikad: given KZ14GGG00000001 PERMIT\nnikad: held KZ14GGG00000001\n"
		"nikad: free KZ14GGG00000001\nnikad: held KZ14GGG00000001\nnikad: used KZ14GGG00000001");
	assert_int_equal(settle(&o, "nobody", "{9}", true), REASON_NONE);
	office_close(&o);
}

static struct adapter_desk operator_of(struct office *o, struct queue_admin *a, struct buf *report)
{
	return (struct adapter_desk){.redis = a, .pool = o->pool, .journal = o->folder, .folder = o->folder, .report = report};
}

static void a_rebuild_goes_on_behind_the_highest_ceiling(void **state)
{
	static const char *const names[] = {"nikad-HHH-00002000", "nikad-HHH-00001000", "nikad-HIH-00009000",
		"nikad-HHH-0000900", "nikad-HHH-000090000", "nikad-hhh-00009000", "other-HHH-00009000"};
	struct queue_server server = {.socket = rig.socket, .command_ms = RIG_WAIT_MS, .prefix = "test"};
	SCOPED(queue_admin_close) struct queue_admin *a = NULL;
	SCOPED(buf_free) struct buf report = BUF(65536);
	struct adapter_desk d;
	struct office o;
	struct err e;
	bool made;

	(void)state;
	RIG_NEED(&rig);
	office_open(&o, "rebuilt");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_true(file_create(o.folder, names[i], BYTES_NONE, &made, &e).ok);
	assert_true(queue_admin_open(&server, NULL, &a, &e).ok);
	d = operator_of(&o, a, &report);
	d.dry_run = true;
	assert_true(numbers_restore(&d, &e).ok);
	assert_int_equal(give(&o, "h1", "HHH"), 1);
	d.dry_run = false;
	assert_true(numbers_restore(&d, &e).ok);
	assert_int_equal(give(&o, "h2", "HHH"), 2001);
	assert_true(numbers_restore(&d, &e).ok); /* once more: 2001 has a ceiling of its own by now, and nothing goes back */
	assert_int_equal(give(&o, "h3", "HHH"), 3001);
	assert_null(strstr(buf_cstr(&report), "9000"));
	buf_clear(&report);
	assert_true(numbers_print(&d, &e).ok);
	assert_string_equal(buf_cstr(&report), "nikad: type HHH last 3001 given 3 used 0 gaps 2998\n");
	d.folder = "/nonexistent/journal/adapters"; /* a gateway that never gave a number */
	assert_true(numbers_restore(&d, &e).ok);
	office_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_gets_one_number_and_types_count_for_themselves),
		cmocka_unit_test(a_message_that_asks_for_something_else_under_its_name_is_a_conflict),
		cmocka_unit_test(the_last_number_of_a_type_is_the_last),
		cmocka_unit_test(a_ceiling_is_on_disk_before_the_first_number_below_it_is_told),
		cmocka_unit_test(without_its_ceiling_no_number_is_told_and_the_same_one_comes_later),
		cmocka_unit_test(a_number_is_for_its_sender_its_kind_and_one_message),
		cmocka_unit_test(what_is_refused_lets_go_unless_an_earlier_copy_may_not_have_been),
		cmocka_unit_test(a_rebuild_goes_on_behind_the_highest_ceiling),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
