/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exclusive canonical form, rule by rule, against literal texts (xml-exc-c14n section 3, xml-c14n
 * section 2.3). */
#include "envelope_samples.h"

#include "../canonical_rows.h"

static bool keep(void *ctx, const void *data, size_t n)
{
	struct buf *out = ctx;

	buf_add(out, (struct bytes){data, n});
	return buf_ok(out);
}

static xmlNode *find_apex(xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && strcmp(node_local(node), "apex") == 0)
		return node;
	for (xmlNode *child = node->children; child; child = child->next) {
		xmlNode *found = find_apex(child);

		if (found)
			return found;
	}
	return NULL;
}

static xmlDoc *document(struct pool *pool, struct bytes text)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	xmlDoc *doc = NULL;

	assert_true(envelope_parse_document(pool, text, &limits, &doc, NULL).ok);
	return doc;
}

static void each_rule_gives_its_text(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf out = BUF(4096);
		xmlNode *apex = find_apex(xmlDocGetRootElement(document(pool, rows[i].text)));
		bool ok = envelope_canonical(apex, rows[i].prefixes[0] ? rows[i].prefixes : NULL, keep,
			&out, NULL).ok;

		if (ok && strcmp(buf_cstr(&out), rows[i].canonical) == 0)
			continue;
		print_error("%s:\n  %s\n  %s\n", rows[i].name, buf_cstr(&out), rows[i].canonical);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void the_canonical_form_is_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf out = BUF(4096);
		xmlDoc *doc = document(pool, bytes_str(rows[i].canonical));
		const char *const *prefixes = rows[i].prefixes[0] ? rows[i].prefixes : NULL;

		/* Without its scope a QName in content is only text. */
		assert_true(envelope_canonical(xmlDocGetRootElement(doc), prefixes, keep, &out, NULL).ok);
		assert_string_equal(buf_cstr(&out), rows[i].canonical);
	}
}

static void a_long_text_comes_whole_through_the_sink(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf text = BUF(1u << 20), out = BUF(1u << 20);

	(void)state;
	buf_str(&text, "<apex>");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "<x>%d</x>", i);
	buf_str(&text, "</apex>");
	assert_true(envelope_canonical(xmlDocGetRootElement(document(pool, buf_bytes(&text))), NULL, keep,
		&out, NULL).ok);
	assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&out)));
}

static void a_sink_that_refuses_ends_it(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf out = BUF(8);
	xmlDoc *doc = document(pool, BYTES_LIT("<apex>more than eight octets</apex>"));
	struct err e = {0};

	(void)state;
	assert_false(envelope_canonical(xmlDocGetRootElement(doc), NULL, keep, &out, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_gives_its_text),
		cmocka_unit_test(the_canonical_form_is_its_own),
		cmocka_unit_test(a_long_text_comes_whole_through_the_sink),
		cmocka_unit_test(a_sink_that_refuses_ends_it),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
