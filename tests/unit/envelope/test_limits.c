/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each bound holds exactly: what is at the limit passes, one more is refused with its own reason. */
#include "envelope_samples.h"

typedef void maker(struct buf *text, size_t n);

/* REQUEST with `n` of something in its payload; data is at depth 6. */
static void open_request(struct buf *text, const char *attributes)
{
	buf_printf(text, "%s<op%s><request><requestData><data>", OPEN "<s:Body>", attributes);
}

static void close_request(struct buf *text)
{
	buf_str(text, "</data></requestData></request></op></s:Body>" CLOSE);
}

static void repeat(struct buf *text, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_str(text, what);
}

static void make_depth(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<a>", n - 6);
	repeat(text, "</a>", n - 6);
	close_request(text);
}

static void make_depth_by_empty_tag(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<a>", n - 7);
	buf_str(text, "<b/>");
	repeat(text, "</a>", n - 7);
	close_request(text);
}

static void make_depth_never_closed(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<a>", n);
}

static void make_attributes(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a");
	for (size_t i = 0; i < n; i++)
		buf_printf(text, " a%zu='1'", i);
	buf_str(text, "/>");
	close_request(text);
}

/* The Envelope declares one. */
static void make_namespaces_on_one(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a");
	for (size_t i = 1; i < n; i++)
		buf_printf(text, " xmlns:p%zu='urn:%zu'", i, i);
	buf_str(text, "/>");
	close_request(text);
}

static void make_namespaces_on_many(struct buf *text, size_t n)
{
	open_request(text, "");
	for (size_t i = 1; i < n; i++)
		buf_printf(text, "<a xmlns='urn:%zu'>", i);
	repeat(text, "</a>", n - 1);
	close_request(text);
}

static void make_namespaces_side_by_side(struct buf *text, size_t n)
{
	open_request(text, "");
	for (size_t i = 0; i < n; i++)
		buf_printf(text, "<a xmlns:p='urn:%zu'/><a xmlns:p='urn:%zu'></a>", i, i);
	close_request(text);
}

static void make_namespace_name(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a xmlns:p='urn:");
	repeat(text, "x", n - 4);
	buf_str(text, "'/>");
	close_request(text);
}

static void make_elements(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<a/>", n - 6);
	close_request(text);
}

/* What repeats is judged in another way than what is new. */
static void make_elements_alike(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<a>1</a>", n - 6);
	close_request(text);
}

static void make_others_alike(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<!---->", n - 11); /* the Envelope has an attribute */
	repeat(text, "<a b=\"1\"></a>", 10);
	close_request(text);
}

static void make_tag_alike(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a b=\"1\"></a><a b=\"");
	repeat(text, "x", n - 8);
	buf_str(text, "\"></a>");
	close_request(text);
}

static void make_tag(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a b='");
	repeat(text, "x", n - 9);
	buf_str(text, "'/>");
	close_request(text);
}

static void make_tag_of_blanks(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<a");
	repeat(text, " ", n - 4);
	buf_str(text, "/>");
	close_request(text);
}

static void make_name(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<");
	repeat(text, "x", n - 3);
	buf_str(text, "/>");
	close_request(text);
}

static void make_comment(struct buf *text, size_t n)
{
	open_request(text, "");
	buf_str(text, "<!--");
	repeat(text, "x", n);
	buf_str(text, "-->");
	close_request(text);
}

static void make_bytes(struct buf *text, size_t n)
{
	open_request(text, "");
	close_request(text);
	repeat(text, "\n", n - text->len);
}

/* These three count the declaration of the Envelope too. */
static void make_comments(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<!---->x", n - 1);
	close_request(text);
}

static void make_cdata(struct buf *text, size_t n)
{
	open_request(text, "");
	repeat(text, "<![CDATA[]]>", n - 1);
	close_request(text);
}

static void make_many_attributes(struct buf *text, size_t n)
{
	open_request(text, "");
	for (size_t i = 1; i < n;) {
		buf_str(text, "<a");
		for (size_t k = 0; k < 50 && i < n; k++, i++)
			buf_printf(text, " a%zu=''", k);
		buf_str(text, "/>");
	}
	close_request(text);
}

static const struct row {
	const char *name;
	maker *make;
	size_t good, bad;
	enum reason reason;
} rows[] = {
	{"64 elements deep", make_depth, 64, 65, REASON_XML_DEPTH},
	{"64 elements deep, the last an empty-element tag",
		make_depth_by_empty_tag, 64, 65, REASON_XML_DEPTH},
	{"64 attributes", make_attributes, 64, 65, REASON_XML_ATTRIBUTES},
	{"32 namespaces on one element", make_namespaces_on_one, 32, 33, REASON_XML_NAMESPACES},
	{"512 octets of a namespace name", make_namespace_name, 512, 513, REASON_XML_NAMESPACES},
	{"32 namespaces on nested elements", make_namespaces_on_many, 32, 33, REASON_XML_NAMESPACES},
	{"50000 elements", make_elements, 50000, 50001, REASON_XML_ELEMENTS},
	{"50000 elements of one name", make_elements_alike, 50000, 50001, REASON_XML_ELEMENTS},
	{"200000 comments and attributes", make_others_alike, 200000, 200001, REASON_XML_ELEMENTS},
	{"200000 comments", make_comments, 200000, 200001, REASON_XML_ELEMENTS},
	{"200000 CDATA sections", make_cdata, 200000, 200001, REASON_XML_ELEMENTS},
	{"200000 attributes in all", make_many_attributes, 200000, 200001, REASON_XML_ELEMENTS},
	{"a start tag of 64 KiB", make_tag, 65536, 65537, REASON_XML_ATTRIBUTES},
	{"a start tag of 64 KiB behind a short one", make_tag_alike, 65536, 65537, REASON_XML_ATTRIBUTES},
	{"a start tag of 64 KiB of blanks", make_tag_of_blanks, 65536, 65537, REASON_XML_ATTRIBUTES},
	{"a name of 50000 octets", make_name, 50003, 50004, REASON_XML_MALFORMED}, /* libxml2's own */
	{"a comment of 64 KiB", make_comment, 65536, 65537, REASON_XML_SIZE},
	{"16 MiB", make_bytes, 16u << 20, (16u << 20) + 1, REASON_XML_SIZE},
};

static enum reason reason_of(maker *make, size_t n)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf text = BUF(64u << 20);
	struct envelope *env;
	struct err e = {0};

	make(&text, n);
	assert_true(buf_ok(&text));
	if (parse_both(pool, buf_bytes(&text), &limits, &env, &e).ok)
		return REASON_NONE;
	return e.reason;
}

static void each_bound_holds_exactly(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum reason good = reason_of(rows[i].make, rows[i].good);
		enum reason bad = reason_of(rows[i].make, rows[i].bad);

		if (good == REASON_NONE && bad == rows[i].reason)
			continue;
		print_error("%s: %s, one more: %s\n", rows[i].name, reason_row(good)->name,
			reason_row(bad)->name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void bombs_are_refused_for_what_they_are(void **state)
{
	(void)state;
	assert_int_equal(reason_of(make_depth, 100000), REASON_XML_DEPTH);
	assert_int_equal(reason_of(make_depth_never_closed, 1000000), REASON_XML_DEPTH);
	assert_int_equal(reason_of(make_attributes, 50000), REASON_XML_ATTRIBUTES);
	assert_int_equal(reason_of(make_namespaces_on_one, 1000), REASON_XML_NAMESPACES);
	assert_int_equal(reason_of(make_tag, 12000000), REASON_XML_ATTRIBUTES);
	assert_int_equal(reason_of(make_name, 70000), REASON_XML_ATTRIBUTES);
	assert_int_equal(reason_of(make_comment, 12000000), REASON_XML_SIZE);
}

static void declarations_that_are_out_of_scope_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(reason_of(make_namespaces_side_by_side, 1000), REASON_NONE);
}

/* libxml2's own depth limit is off for large texts; the room's is not to be talked out of. */
static void no_setting_lifts_the_depth_above_256(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf good = BUF(1u << 20), bad = BUF(1u << 20);
	struct envelope *env;
	struct err e = {0};

	(void)state;
	limits.depth = 100000;
	make_depth(&good, 256);
	make_depth(&bad, 257);
	assert_true(parse_both(pool, buf_bytes(&good), &limits, &env, &e).ok);
	assert_false(parse_both(pool, buf_bytes(&bad), &limits, &env, &e).ok);
	assert_int_equal(e.reason, REASON_XML_DEPTH);
}

/* libxml2 by itself stops at 10 000 000 octets of text; base64 in data may be longer. */
static void a_text_above_ten_million_octets_passes_whole(void **state)
{
	const size_t n = 11000000;
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf text = BUF(16u << 20);
	const struct envelope *env;
	const struct element *at;
	struct bytes got;

	(void)state;
	open_request(&text, "");
	for (size_t i = 0; i < n / 11; i++)
		buf_str(&text, "TG9uZyBkYXR");
	close_request(&text);
	env = parse_ok(pool, buf_bytes(&text));
	at = envelope_operation(env);
	for (int depth = 3; depth < 6; depth++)
		assert_int_equal(envelope_children(env, at, &at), 1);
	assert_int_equal(at->inner_end - at->inner, n);
	assert_true(node_text(pool, at->node, &got));
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, text.data + at->inner, n);
}

static void a_pool_at_its_ceiling_is_a_lack_of_memory(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	bool passed = false;

	(void)state;
	for (size_t ceiling = 16; ceiling < 65536 && !passed; ceiling += 16) {
		SCOPED(pool_free) struct pool *pool = pool_new(ceiling);
		struct envelope *env;
		struct err e = {0};

		passed = envelope_parse(pool, BYTES_LIT(REQUEST("<a Id='b'/>")), &limits, &env, &e).ok;
		assert_true(passed || e.reason == REASON_MEMORY);
	}
	assert_true(passed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_holds_exactly),
		cmocka_unit_test(bombs_are_refused_for_what_they_are),
		cmocka_unit_test(declarations_that_are_out_of_scope_do_not_count),
		cmocka_unit_test(no_setting_lifts_the_depth_above_256),
		cmocka_unit_test(a_text_above_ten_million_octets_passes_whole),
		cmocka_unit_test(a_pool_at_its_ceiling_is_a_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
