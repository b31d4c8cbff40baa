/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_find - the answer to an appeal, by its secret code or its bar code.
 * Promise:  whatever is wrong with a code, the answer is the same; after five wrong ones nothing is told at that terminal
 *           for a quarter of an hour, not even by a right one.
 * Spec:     A9 (point 33) */
#include <stdio.h>
#include <stdlib.h>

#include "appeals/sim_appeals.h"

#define WRONG_MOST 5
#define WRONG_MS (15 * 60 * 1000)

struct finding {
	struct service_request r;
	const char *secret, *bar_code, *terminal; /* one of the codes is "" */
	char number[NUMBER_ROOM], state[16], answer_by[11], outcome[32], grounds[TEXT_ROOM], text[TEXT_ROOM],
		answered[STAMP_TEXT + 8];
};

static outcome refuse_when_tried_too_often(struct store *s, struct finding *f, const char *since, struct err *e)
{
	char count[24], first[24], until[STAMP_TEXT];
	const char *values[] = {f->r.sender, f->terminal, since};
	const struct store_column columns[] = {{count, sizeof count}, {first, sizeof first}};

	TRY(store_run(s, "SELECT CAST(count(*) AS TEXT), CAST(ifnull(min(at), 0) AS TEXT) FROM (SELECT at FROM wrong"
		" WHERE sender = ?1 AND terminal = ?2 AND at > CAST(?3 AS INTEGER) ORDER BY at DESC LIMIT 5)", values, 3,
		columns, 2, NULL, e));
	if (strtol(count, NULL, 10) < WRONG_MOST)
		return DONE;
	stamp_print(stamp_at(strtoll(first, NULL, 10) + WRONG_MS), until);
	reasons_add(&f->r.reasons, "find.attempts", "too many wrong codes were tried here; ask again after %s", until);
	return DONE;
}

static outcome look(struct store *s, struct finding *f, bool *found, struct err *e)
{
	const char *values[] = {f->secret, f->bar_code};
	const struct store_column columns[] = {{f->number, NUMBER_ROOM}, {f->state, sizeof f->state},
		{f->answer_by, sizeof f->answer_by}, {f->outcome, sizeof f->outcome}, {f->grounds, sizeof f->grounds},
		{f->text, sizeof f->text}, {f->answered, sizeof f->answered}};

	return store_run(s, "SELECT number, state, answer_by, outcome, grounds, words, answered FROM appeal"
		" WHERE secret = ?1 OR bar_code = ?2", values, 2, columns, 7, found, e);
}

static outcome find_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct finding *f = ctx;
	int64_t now = moment_now(f->r.sim).ms;
	char now_text[24], since[24];
	const char *wrong[] = {f->r.sender, f->terminal, now_text};
	bool found;

	snprintf(now_text, sizeof now_text, "%lld", (long long)now);
	snprintf(since, sizeof since, "%lld", (long long)now - WRONG_MS);
	TRY(refuse_when_tried_too_often(s, f, since, e));
	if (f->r.reasons.n > 0)
		return DONE;
	TRY(look(s, f, &found, e));
	if (found)
		return DONE;
	reasons_add(&f->r.reasons, "find.nothing", "nothing is found by this code");
	return store_run(s, "INSERT INTO wrong (sender, terminal, at) VALUES (?1, ?2, CAST(?3 AS INTEGER))", wrong, 3,
		NULL, 0, NULL, e);
}

static void write_found(struct buf *data, const struct finding *f)
{
	bool answered = strcmp(f->state, "answered") == 0;

	payload_field(data, "Appeal", f->number);
	payload_field(data, "State", answered ? "ANSWERED" : "OPEN");
	payload_field(data, "AnswerBy", f->answer_by);
	if (!answered)
		return;
	payload_field(data, "Outcome", f->outcome);
	if (f->grounds[0])
		payload_field(data, "Grounds", f->grounds);
	payload_field(data, "Text", f->text);
	payload_field(data, "AnsweredDate", f->answered);
}

outcome appeals_find(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "FindResponse", "The appeal is found.", "The appeal is found",
		"Nothing is found"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct finding f = {0};

	if (!service_open(&f.r, sim, in, NS_APPEALS, "FindRequest"))
		return reply_unreadable(out, "The payload is not a FindRequest of appeals.xsd.");
	f.secret = payload_text(f.r.pool, f.r.business, "SecretCode");
	f.bar_code = payload_text(f.r.pool, f.r.business, "BarCode");
	f.terminal = payload_text(f.r.pool, f.r.business, "Terminal");
	f.secret = f.secret ? f.secret : "";
	f.bar_code = f.bar_code ? f.bar_code : "";
	if (!f.terminal)
		return reply_unreadable(out, "The payload is not a FindRequest of appeals.xsd.");
	TRY(store_transact(sim_state(sim), find_in_unit, &f, e));
	answer_begin(&data, &form, &f.r.info);
	if (f.r.reasons.n == 0)
		write_found(&data, &f);
	return answer_reply(&data, &form, &f.r.reasons, out, e);
}
