/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept: facts in the journal and what is known of a message; and what a Redis answers. */
#include "../../unit/journal/help.h"

#include <hiredis/hiredis.h>

#include "base/memory.h"
#include "path.h"
#include "queue/queue_wire.h"
#include "shortage.h"

/* --- Redis --- */

static const char claims_text[] = "*3\r\n:20\r\n*1\r\n*10\r\n$2\r\nid\r\n$5\r\ntoken\r\n:1\r\n"
	":1800000000000\r\n:1800086400000\r\n$3\r\nkey\r\n"
	"$4\r\nmeta\r\n$13\r\n1 2 3 4 5 6 x\r\n$7\r\n<body/>\r\n$0\r\n\r\n*0\r\n";

static void prepare_redis(void)
{
}

static outcome judge_redis(redisReader *reader, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_claims claims;
	struct queue_found found;
	void *read = NULL;

	if (redisReaderFeed(reader, claims_text, sizeof claims_text - 1) != REDIS_OK ||
		redisReaderGetReply(reader, &read) != REDIS_OK || !read)
		return err_set(e, REASON_MEMORY, "%s", reader->errstr);
	reply = read;
	if (!queue_reply_claims(reply, &claims, e))
		return FAILED;
	PATH_MUST(claims.count == 1 && claims.expired == 0 && claims.next_ms == 20);
	queue_reply_claimed(reply, 0, &found);
	PATH_MUST(bytes_is(found.id, "id") && bytes_is(found.token, "token") && bytes_is(found.body, "<body/>"));
	PATH_MUST(bytes_is(found.meta, "meta") && found.attempt == 1 && found.expire_ms == 1800086400000);
	return DONE;
}

static outcome run_redis(struct err *e)
{
	redisReader *reader = queue_reader_new();
	outcome result = reader ? judge_redis(reader, e) : err_set(e, REASON_MEMORY, "reader");

	if (reader)
		redisReaderFree(reader);
	return result;
}

/* --- the journal, whose thread is refused memory too --- */

static struct folder folder;
static struct journal *journal;
static unsigned number;

static void prepare_journal(void)
{
	folder_make(&folder);
	journal = journal_start(&folder);
}

static void drop_journal(void)
{
	journal_close(&journal);
	folder_drop(&folder);
}

/* A fact with what is known of its message. What was told to be written is there; what was not may be, but then whole. */
static outcome run_journal(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
	char id[20];
	struct journal_seen seen = {.sender_id = BYTES_LIT("department_is"), .state = SEEN_ANSWERED,
		.answer_status = 200}, found;
	struct journal_fact fact;

	if (!pool)
		return err_set(e, REASON_MEMORY, "pool");
	snprintf(id, sizeof id, "m-%u", number++);
	fact = fact_of("2030-01-02T03:04:05+05:00", id, id);
	fact.direction = JOURNAL_SENT;
	fact.kind = JOURNAL_ANSWER;
	fact.octets = BYTES_LIT("<answer/>");
	memcpy(seen.exchange, fact.exchange, sizeof seen.exchange);
	seen.message_id = bytes_str(id);
	if (!put_wait(journal, &fact, 1, &seen, e))
		return FAILED;
	TRY(journal_seen_find(journal, pool, seen.sender_id, seen.message_id, 0, &found, e));
	PATH_MUST(found.state == SEEN_ANSWERED && bytes_is(found.answer, "<answer/>") && found.answer_status == 200);
	return DONE;
}

const struct path path_redis = {"redis", "a reply of Redis", prepare_redis, run_redis, NULL, false, 0, 0};
const struct path path_journal = {"journal", "a fact, and what is known of its message", prepare_journal, run_journal,
	drop_journal, true, 0, 0};
