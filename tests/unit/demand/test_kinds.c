/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of document and the length of data. */
#include "demands.h"

static const char *const names[] = {"PAYMENT_ORDER", "INVOICE"};
static const struct conf_service service = {.id = "S", .kinds = {.element = "Kind", .allowed = {names, 2}}};

static void the_kind_is_one_of_those_allowed_and_stands_once(void **state)
{
	static const struct {
		const char *content, *says;
	} rows[] = {
		{"<p><Kind>INVOICE</Kind></p>", NULL},
		{"<p><Kind> PAYMENT_ORDER </Kind></p>", NULL},
		{"<p><Kind>invoice</Kind></p>", "the service takes 2 kinds, and not this one"},
		{"<p><Kind>INVOICE2</Kind></p>", "not this one"},
		{"<p><Kind/></p>", "not this one"},
		{"<p><Kind><b/>INVOICE</Kind></p>", "more than text"},
		{"<p/>", "element Kind, which tells the kind of document, is missing"},
		{"<p><Kind>INVOICE</Kind><a><Kind>INVOICE</Kind></a></p>", "occurrence 2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		must(rows[i].content, &service, rows[i].content, REASON_PAYLOAD_KIND, rows[i].says);
}

static void the_kind_is_given_to_the_caller(void **state)
{
	SCOPED(judged_end) struct judged j = judge(&service, "&lt;p&gt;&lt;Kind&gt;INVOICE&lt;/Kind&gt;&lt;/p&gt;");

	(void)state;
	assert_true(j.o.ok);
	assert_string_equal(j.seen.kind, "INVOICE");
}

static void data_is_no_longer_than_the_service_takes(void **state)
{
	/* <data>..</data> around it: 13 octets */
	const struct conf_service ten = {.id = "S", .payload_bytes = 23};

	(void)state;
	must("as long", &ten, "0123456789", REASON_PAYLOAD_DOCUMENT, "neither"); /* opened, so short enough */
	must("longer by one", &ten, "0123456789a", REASON_PAYLOAD_SIZE, "data has 24 octets, and the service takes 23");
}

static void a_service_without_demands_has_none(void **state)
{
	const struct conf_service nothing = {.id = "S"}, length = {.id = "S", .payload_bytes = 1};
	SCOPED(demand_free) struct demand *d = NULL;
	struct err e;

	(void)state;
	assert_true(demand_new(&nothing, &d, &e).ok);
	assert_null(d);
	assert_true(demand_new(&length, &d, &e).ok);
	assert_false(demand_looks_inside(d));
	demand_free(&d);
	assert_true(demand_new(&service, &d, &e).ok);
	assert_true(demand_looks_inside(d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kind_is_one_of_those_allowed_and_stands_once),
		cmocka_unit_test(the_kind_is_given_to_the_caller),
		cmocka_unit_test(data_is_no_longer_than_the_service_takes),
		cmocka_unit_test(a_service_without_demands_has_none),
	};

	envelope_init();
	return clock_zone("Asia/Almaty") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
