/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The octets of an element are exactly those that were written, however they were written. */
#include "envelope_samples.h"

#define TYPES "urn:types"
#define FRAME_HEAD WHOLE_HEAD "<t:SendMessage xmlns:t=\"" TYPES "\"><request>"
#define WHOLE_HEAD OPEN "<s:Body>"
#define FRAME_TAIL "</request></t:SendMessage></s:Body>" CLOSE
#define INFO "<requestInfo><messageId>1</messageId></requestInfo>"

struct row {
	const char *name;
	const char *data;  /* the whole element, as it stands in requestData */
	const char *inner; /* NULL for an empty-element tag */
	const char *before, *after; /* around it, within requestData */
};

static const struct row rows[] = {
	{"plain text", "<data>abc</data>", "abc", "", ""},
	{"nothing inside", "<data></data>", "", "", ""},
	{"an empty-element tag", "<data/>", NULL, "", ""},
	{"an empty-element tag with a blank and attributes", "<data a='1' />", NULL, "\n", "\n"},
	{"a child root with its own prefix", "<data><p:R xmlns:p=\"urn:p\"><p:a/></p:R></data>",
		"<p:R xmlns:p=\"urn:p\"><p:a/></p:R>", "\n\t", "\n\t"},
	{"a prefixed element", "<d:data xmlns:d='urn:d'>x</d:data>", "x", "", ""},
	{"escaped markup", "<data>&lt;data&gt;x&lt;/data&gt;</data>", "&lt;data&gt;x&lt;/data&gt;", "", ""},
	{"CDATA that holds its own end tag",
		"<data><![CDATA[</data>]]></data>", "<![CDATA[</data>]]>", "", ""},
	{"CDATA with brackets before its end", "<data><![CDATA[a]]]></data>", "<![CDATA[a]]]>", "", ""},
	{"a comment that holds its own end tag",
		"<data><!-- </data> -->x</data>", "<!-- </data> -->x", "", ""},
	{"comments around it that hold start tags", "<data>x</data>", "x", "<!--<data>-->", "<!--<data/>-->"},
	{"greater-than signs in attribute values", "<data a=\"/>\" b='>'>x</data>", "x", "", ""},
	{"the other quotes in attribute values", "<data a=\"'\" b='\"'>x</data>", "x", "", ""},
	{"white space and line ends inside the tags",
		"<data\r\n\ta = \"1\"\r\n>x</data\r\n >", "x", "\r\n", "\r\n"},
	{"elements of the same name inside",
		"<data><data><data/></data></data>", "<data><data/></data>", "", ""},
	{"octets beyond ASCII",
		"<data>\xD0\x9A\xD1\x96\xF0\x9F\x98\x80</data>", "\xD0\x9A\xD1\x96\xF0\x9F\x98\x80",
		"<!--\xD0\x9A-->", ""},
	{"a name beyond ASCII", "<data><\xD0\x9A/></data>", "<\xD0\x9A/>", "", ""},
	{"a carriage return and references", "<data>a\r\nb&#13;&amp;</data>", "a\r\nb&#13;&amp;", "", ""},
};

static const struct element *child(const struct envelope *env, const struct element *parent, size_t at,
	size_t count)
{
	const struct element *list;

	assert_int_equal(envelope_children(env, parent, &list), count);
	return &list[at];
}

static bool cuts(struct bytes text, const struct element *it, const char *whole, const char *inner)
{
	size_t inner_n = inner ? strlen(inner) : 0;

	if (!bytes_is(bytes_sub(text, it->start, it->end), whole))
		return false;
	if (!inner)
		return it->inner == it->end && it->inner_end == it->end;
	return it->inner_end - it->inner == inner_n && memcmp(text.p + it->inner, inner, inner_n) == 0;
}

static bool row_holds(const struct row *row, const char *mark)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf text = BUF(4096);
	const struct envelope *env;
	const struct element *request, *request_data, *data;

	buf_printf(&text, "%s%s%s<requestData>%s%s%s</requestData>%s", mark, FRAME_HEAD, INFO, row->before,
		row->data, row->after, FRAME_TAIL);
	env = parse_ok(pool, buf_bytes(&text));
	request = child(env, envelope_operation(env), 0, 1);
	request_data = child(env, request, 1, 2);
	data = child(env, request_data, 0, 1);
	return cuts(buf_bytes(&text), data, row->data, row->inner) &&
		strcmp(node_local(data->node), "data") == 0;
}

static void the_slice_of_data_is_its_text(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (row_holds(&rows[i], "") &&
		    row_holds(&rows[i], "\xEF\xBB\xBF<?xml version=\"1.0\"?>\r\n<!-- -->"))
			continue;
		print_error("%s\n", rows[i].name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void the_frame_is_found_with_its_ranges(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	static const char header[] = "<s:Header>\n <!-- x --><a/></s:Header>";
	static const char body[] = "<s:Body Id='b'>\n<op/> </s:Body>";
	SCOPED(buf_free) struct buf text = BUF(4096);
	const struct envelope *env;

	(void)state;
	buf_printf(&text, "\n%s%s %s%s\n", OPEN, header, body, CLOSE);
	env = parse_ok(pool, buf_bytes(&text));
	assert_true(bytes_eq(envelope_text(env), buf_bytes(&text)));
	assert_true(cuts(envelope_text(env), envelope_header(env), header, "\n <!-- x --><a/>"));
	assert_true(cuts(envelope_text(env), envelope_body(env), body, "\n<op/> "));
	assert_true(cuts(envelope_text(env), envelope_operation(env), "<op/>", NULL));
	assert_int_equal(envelope_root(env)->start, 1);
	assert_int_equal(envelope_root(env)->end, text.len - 1);
	assert_ptr_equal(envelope_body(env)->node->parent, envelope_root(env)->node);
	assert_ptr_equal(envelope_root(env)->node->doc, envelope_doc(env));
}

static void an_absent_header_is_null(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct envelope *env = parse_ok(pool, BYTES_LIT(WHOLE(BODY("<op/>"))));

	(void)state;
	assert_null(envelope_header(env));
}

/* Siblings of many parents, so that a list that ran into its neighbour would show. */
static void children_are_listed_in_order_down_to_depth_seven(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct envelope *env = parse_ok(pool, BYTES_LIT(WHOLE(BODY(
		"<d3><d4a><x1/><x2><y1/><y2/></x2></d4a><d4b/>text"
		"<d4c><x3><d6><d7><d8/></d7><d7b/></d6></x3></d4c></d3>"))));
	const struct element *d4, *x, *d6, *d7, *none;

	(void)state;
	assert_int_equal(envelope_children(env, envelope_operation(env), &d4), 3);
	assert_string_equal(node_local(d4[0].node), "d4a");
	assert_string_equal(node_local(d4[1].node), "d4b");
	assert_string_equal(node_local(d4[2].node), "d4c");
	assert_int_equal(envelope_children(env, &d4[1], &none), 0);
	assert_int_equal(envelope_children(env, &d4[0], &x), 2);
	assert_string_equal(node_local(x[1].node), "x2");
	assert_int_equal(envelope_children(env, &x[1], &none), 2);
	assert_true(cuts(envelope_text(env), &none[1], "<y2/>", NULL));
	assert_int_equal(envelope_children(env, &d4[2], &x), 1);
	assert_int_equal(envelope_children(env, x, &d6), 1);
	assert_int_equal(envelope_children(env, d6, &d7), 2);
	assert_true(cuts(envelope_text(env), d7, "<d7><d8/></d7>", "<d8/>"));
	assert_string_equal(node_local(d7[1].node), "d7b");
	assert_int_equal(envelope_children(env, d7, &none), 0);
}

static void the_only_child_of_a_name_is_found(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct envelope *env = parse_ok(pool, BYTES_LIT(WHOLE(BODY(
		"<op xmlns:p='urn:p' xmlns:q='urn:q'><a/><p:b/><p:c/><q:c/><d/><d/></op>"))));
	const struct element *op = envelope_operation(env);
	bool several = true;

	(void)state;
	assert_string_equal(node_local(envelope_child(env, op, NULL, "b", &several)->node), "b");
	assert_false(several);
	assert_string_equal(node_ns(envelope_child(env, op, "urn:p", "b", &several)->node), "urn:p");
	assert_null(envelope_child(env, op, "urn:q", "b", &several));
	assert_false(several);
	assert_null(envelope_child(env, op, "", "b", NULL));
	assert_string_equal(node_ns(envelope_child(env, op, "", "a", &several)->node), "");
	assert_null(envelope_child(env, op, NULL, "c", &several));
	assert_true(several);
	assert_string_equal(node_ns(envelope_child(env, op, "urn:q", "c", &several)->node), "urn:q");
	assert_false(several);
	assert_null(envelope_child(env, op, "", "d", &several));
	assert_true(several);
	assert_null(envelope_child(env, op, NULL, "e", &several));
	assert_false(several);
}

/* Any text that differs in one octet either is refused or still has ranges that begin and end with a
 * tag's signs. */
static void a_changed_octet_never_makes_a_range_that_is_no_element(void **state)
{
	static const char sample[] =
		REQUEST("<p:a xmlns:p='urn:p' b=\"1\"><!-- c --><![CDATA[d]]>e&amp;f</p:a>");
	static const unsigned char put[] =
		{0, '<', '>', '/', '"', '\'', '&', ' ', '!', '-', ']', 'x', ':', '=', 0xD0};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	unsigned accepted = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof sample - 1; i++) {
		for (size_t k = 0; k < sizeof put; k++) {
			SCOPED(pool_free) struct pool *pool = new_pool();
			unsigned char text[sizeof sample];
			const struct bytes changed = {text, sizeof sample - 1};
			struct envelope *env;
			const struct element *op;

			memcpy(text, sample, sizeof sample);
			text[i] = put[k];
			if (!envelope_parse(pool, changed, &limits, &env, NULL).ok) {
				refused++;
				continue;
			}
			accepted++;
			op = envelope_operation(env);
			assert_int_equal(text[op->start], '<');
			assert_int_equal(text[op->end - 1], '>');
			assert_memory_equal(text + op->start + 1, "t:SendMessage", 13);
			assert_memory_equal(text + op->inner_end, "</t:SendMessage>", 16);
		}
	}
	assert_true(accepted > 100);
	assert_true(refused > 1000);
}

static void no_cut_text_is_an_envelope(void **state)
{
	static const char sample[] = "<?xml version='1.0'?>" REQUEST("<a b='1'><!-- c --><![CDATA[d]]></a>");
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	(void)state;
	for (size_t n = 0; n < sizeof sample - 1; n++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf text = BUF(sizeof sample);
		struct envelope *env;

		/* In memory of its own, so that a sanitizer sees a step beyond the end. */
		buf_add(&text, (struct bytes){(const unsigned char *)sample, n});
		assert_false(envelope_parse(pool, buf_bytes(&text), &limits, &env, NULL).ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slice_of_data_is_its_text),
		cmocka_unit_test(the_frame_is_found_with_its_ranges),
		cmocka_unit_test(an_absent_header_is_null),
		cmocka_unit_test(children_are_listed_in_order_down_to_depth_seven),
		cmocka_unit_test(the_only_child_of_a_name_is_found),
		cmocka_unit_test(a_changed_octet_never_makes_a_range_that_is_no_element),
		cmocka_unit_test(no_cut_text_is_an_envelope),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
