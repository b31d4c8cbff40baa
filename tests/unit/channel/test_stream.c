/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a thread reads through gSOAP one after another: nothing of one projection reaches the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "channel/channel_soap.h"

#define INFO(id, more) "<requestInfo><messageId>" id "</messageId><serviceId>s</serviceId>" \
	"<messageDate>2030-01-02T03:04:05.000+05:00</messageDate><sender><senderId>i</senderId></sender>" more "</requestInfo>"
#define RESPONSE(id) "<responseInfo><messageId>" id "</messageId>" \
	"<responseDate>2030-01-02T03:04:05.000+05:00</responseDate><status><code>0</code><message>m</message></status>" \
	"</responseInfo>"

static int open_pool(void **state)
{
	struct pool *pool = pool_new(16u << 20);

	*state = pool;
	return pool ? 0 : -1;
}

static int close_pool(void **state)
{
	struct pool *pool = *state;

	pool_free(&pool);
	return 0;
}

static bool reads(struct pool *pool, const char *projection, const char *id, size_t properties)
{
	struct sync_request r = {0};
	const char *why;

	return channel_codec_read_request(pool, projection, &r, &why) && bytes_is(r.message_id, id) &&
		r.property_count == properties;
}

static bool refuses(struct pool *pool, const char *projection)
{
	struct sync_request r = {0};
	const char *why;

	return !channel_codec_read_request(pool, projection, &r, &why);
}

/* What gSOAP has read since it began the stream; it keeps nothing of it. */
static size_t read_so_far(void)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();

	assert_non_null(soap);
	assert_null(soap->alist);
	return soap->count;
}

static void each_read_gives_its_own(void **state)
{
	struct sync_response r = {0};
	const char *why;

	assert_true(reads(*state, INFO("one", "<properties><key>k</key><value>v</value></properties>"), "one", 1));
	assert_true(reads(*state, INFO("two", ""), "two", 0));
	assert_true(channel_codec_read_response(*state, RESPONSE("three"), &r, &why));
	assert_true(bytes_is(r.message_id, "three"));
	assert_true(reads(*state, INFO("four", ""), "four", 0));
	assert_true(read_so_far() >= 4 * strlen(RESPONSE("")));
}

/* More than gSOAP takes at once. */
static void a_long_one_is_read_whole(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	char value[801];

	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	buf_str(&text, "<requestInfo><messageId>long</messageId><serviceId>s</serviceId>"
		"<messageDate>2030-01-02T03:04:05.000+05:00</messageDate><sender><senderId>i</senderId></sender>");
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "<properties><key>k</key><value>%s</value></properties>", value);
	buf_str(&text, "</requestInfo>");
	assert_true(text.len > SOAP_BUFLEN);
	assert_true(reads(*state, buf_cstr(&text), "long", 100));
	assert_true(reads(*state, INFO("next", ""), "next", 0));
}

static void a_refused_one_leaves_nothing(void **state)
{
	static const char *const refused[] = {
		"", "text", "<requestInfo>", "<requestInfo><messageId>cut", RESPONSE("another"),
		INFO("unknown", "<unknown/><properties><key>k</key><value>v</value></properties>"),
		"<requestInfo><messageId>m</messageId></requestInfo>",
		"<requestInfo><messageId>m</messageId></wrong></requestInfo>",
		"<requestInfo><a><b><c><d><e><f><g><h><i><j/></i></h></g></f></e></d></c></b></a></requestInfo>",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!refuses(*state, refused[i]))
			fail_msg("read: %s", refused[i]);
		if (!reads(*state, INFO("behind", ""), "behind", 0))
			fail_msg("not read behind: %s", refused[i]);
	}
}

static void what_stands_behind_the_element_is_dropped(void **state)
{
	assert_true(reads(*state, INFO("first", "") INFO("planted", ""), "first", 0));
	assert_true(reads(*state, INFO("second", ""), "second", 0));
}

static void a_write_ends_the_stream(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1u << 16);
	const struct sync_response r = {.message_id = BYTES_LIT("w"), .status_code = BYTES_LIT("0"),
		.status_message = BYTES_LIT("m")};

	assert_true(reads(*state, INFO("before", ""), "before", 0));
	assert_true(channel_codec_write_response(&r, &out));
	assert_non_null(strstr(buf_cstr(&out), "<messageId>w</messageId>"));
	assert_true(reads(*state, INFO("behind", ""), "behind", 0));
	assert_int_equal(read_so_far(), strlen(INFO("behind", "")));
}

/* A gateway reads for months: a limit of all that was read would come some day. */
static void there_is_no_end(void **state)
{
	SCOPED(channel_soap_close) struct soap *soap = NULL;

	assert_true(reads(*state, INFO("begun", ""), "begun", 0));
	soap = channel_soap_open();
	assert_non_null(soap);
	soap->count = SIZE_MAX / 2;
	assert_true(reads(*state, INFO("later", ""), "later", 0));
	assert_true(soap->count > SIZE_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_read_gives_its_own),
		cmocka_unit_test(a_long_one_is_read_whole),
		cmocka_unit_test(a_refused_one_leaves_nothing),
		cmocka_unit_test(what_stands_behind_the_element_is_dropped),
		cmocka_unit_test(a_write_ends_the_stream),
		cmocka_unit_test(there_is_no_end),
	};

	return cmocka_run_group_tests_name("channel stream", tests, open_pool, close_pool);
}
