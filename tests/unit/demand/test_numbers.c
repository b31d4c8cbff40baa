/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of a message that notices repeat: only what has the form of the contract. */
#include "demands.h"

#define NUMBER "00000000000000000001"
#define INFO(number, chain) "<SystemInfo>" number chain "</SystemInfo>"

static const struct row {
	const char *content, *number, *chain;
} rows[] = {
	{"<p>" INFO("<RequestNumber>" NUMBER "</RequestNumber>", "<ChainId>c-1</ChainId>") "</p>", NUMBER, "c-1"},
	{"&lt;p&gt;&lt;SystemInfo&gt;&lt;RequestNumber&gt;" NUMBER "&lt;/RequestNumber&gt;&lt;/SystemInfo&gt;&lt;/p&gt;",
		NUMBER, ""},
	{"<n:p xmlns:n='urn:n'>" INFO("<RequestNumber> " NUMBER "\n</RequestNumber>", "") "</n:p>", NUMBER, ""},
	{"<p>" INFO("<RequestNumber>" NUMBER "2</RequestNumber>", "<ChainId>c-1</ChainId>") "</p>", "", ""},
	{"<p>" INFO("<RequestNumber>0000000000000000000A</RequestNumber>", "") "</p>", "", ""},
	{"<p>" INFO("<RequestNumber>" NUMBER "</RequestNumber>", "<RequestNumber>" NUMBER "</RequestNumber>") "</p>", "", ""},
	{"<p>" INFO("", "<ChainId>c-1</ChainId>") "</p>", "", ""},
	{"<p><a>" INFO("<RequestNumber>" NUMBER "</RequestNumber>", "") "</a></p>", "", ""},
	{"<p>" INFO("<RequestNumber>" NUMBER "</RequestNumber>",
		"<ChainId>0123456789012345678901234567890123456789012345678901234567890123"
		"4</ChainId>") "</p>", NUMBER, ""},
	{"<p/>", "", ""},
	{"", "", ""},
};

static void numbers_have_the_form_of_the_contract(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
		SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
		const char *text = pool_printf(pool, "<data>%s</data>", rows[i].content);
		struct demand_numbers n;
		struct payload payload;
		struct element data;
		xmlDoc *doc;
		struct err e;

		assert_true(envelope_parse_document(pool, bytes_str(text), &limits, &doc, &e).ok);
		data = (struct element){.node = xmlDocGetRootElement(doc)};
		assert_true(payload_open(pool, &data, &limits, &payload, &e).ok);
		n = demand_numbers(pool, &payload);
		if (!bytes_is(n.request_number, rows[i].number) || !bytes_is(n.chain_id, rows[i].chain))
			fail_msg("%s: %.*s, %.*s", rows[i].content, (int)n.request_number.n, n.request_number.p, (int)n.chain_id.n,
				n.chain_id.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_have_the_form_of_the_contract)};

	envelope_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
