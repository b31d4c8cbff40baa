/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of a Redis that is not what it should be: what is taken can be reckoned with. */
#include "../cm.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

#include "queue/queue_wire.h"

#define BEFORE INT64_MIN
#define BEYOND INT64_MAX

/* The one reply in the text; given back with freeReplyObject. */
static redisReply *read_reply(const char *text)
{
	redisReader *reader = queue_reader_new();
	void *reply = NULL;

	assert_int_equal(redisReaderFeed(reader, text, strlen(text)), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
	redisReaderFree(reader);
	assert_non_null(reply);
	return reply;
}

/* Of an item as operators see it, all of whose numbers are this one. */
static void write_item(char *out, size_t room, int64_t n)
{
	snprintf(out, room, "*12\r\n$2\r\nid\r\n:%lld\r\n:%lld\r\n:%lld\r\n:%lld\r\n$0\r\n\r\n$0\r\n\r\n$13\r\n1 2 3 4 5 6 x\r\n"
		"$0\r\n\r\n:%lld\r\n$0\r\n\r\n:%lld\r\n", (long long)n, (long long)n, (long long)n, (long long)n, (long long)n,
		(long long)n);
}

static void numbers_out_of_bounds_count_as_the_nearest(void **state)
{
	static const struct {
		int64_t said, moment;
		int count;
	} rows[] = {{BEFORE, 0, 0}, {-1, 0, 0}, {7, 7, 7}, {BEYOND, QUEUE_NEVER, INT32_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[512], name[QUEUE_POLICY_TEXT];
		struct queue_item item;
		struct queue_page page;
		redisReply *r;
		struct err e;

		write_item(text, sizeof text, rows[i].said);
		r = read_reply(text);
		assert_true(queue_reply_item(r, &item, &page, name, &e));
		assert_int_equal(item.attempts, rows[i].count);
		assert_int_equal(item.accepted_ms, rows[i].moment);
		assert_int_equal(item.expire_ms, rows[i].moment);
		assert_int_equal(item.due_ms, rows[i].moment);
		assert_int_equal(page.score, rows[i].said); /* it only goes back to where it came from */
		freeReplyObject(r);
	}
}

static void claims_out_of_bounds_count_as_the_nearest(void **state)
{
	static const char text[] = "*3\r\n:-9\r\n*1\r\n*10\r\n$2\r\nid\r\n$1\r\nt\r\n:4294967297\r\n:-5\r\n"
		":9223372036854775807\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n*0\r\n";
	redisReply *r = read_reply(text);
	struct queue_claims claims;
	struct queue_found found;
	struct err e;

	(void)state;
	assert_true(queue_reply_claims(r, &claims, &e));
	assert_int_equal(claims.next_ms, -1);
	assert_int_equal(claims.count, 1);
	queue_reply_claimed(r, 0, &found);
	assert_int_equal(found.attempt, INT32_MAX);
	assert_int_equal(found.accepted_ms, 0);
	assert_int_equal(found.expire_ms, QUEUE_NEVER);
	freeReplyObject(r);
}

static void a_state_that_does_not_exist_is_refused(void **state)
{
	static const struct {
		int where;
		bool taken;
	} rows[] = {{-1, false}, {QUEUE_WAITING, true}, {QUEUE_LEASED, true}, {QUEUE_DEAD, true}, {QUEUE_DEAD + 1, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char item[512], text[600];
		struct queue_shown shown;
		struct err e = {0};
		redisReply *r;

		write_item(item, sizeof item, 1);
		snprintf(text, sizeof text, "*3\r\n:%d\r\n%s$0\r\n\r\n", rows[i].where, item);
		r = read_reply(text);
		assert_int_equal(queue_reply_show(r, &shown, &e), rows[i].taken);
		assert_int_equal(e.reason, rows[i].taken ? REASON_NONE : REASON_QUEUE_DOWN);
		freeReplyObject(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_out_of_bounds_count_as_the_nearest),
		cmocka_unit_test(claims_out_of_bounds_count_as_the_nearest),
		cmocka_unit_test(a_state_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
