/* SPDX-License-Identifier: GPL-3.0-or-later */
/* payload - see payload.h.
 * Not here: reading and writing of messages (business.c). */
#include "base/ident.h"
#include "common/payload.h"

bool system_info_fresh(struct pool *pool, struct system_info *out)
{
	unsigned char random[20];
	char number[21] = "", chain[37], now[STAMP_TEXT];

	random_fill(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		number[i] = (char)('0' + random[i] % 10);
	uuid_new(chain);
	stamp_print(sim_now(), now);
	out->request_number = pool_copy(pool, bytes_str(number));
	out->chain_id = pool_copy(pool, bytes_str(chain));
	out->request_date = pool_copy(pool, bytes_str(now));
	return out->request_number && out->chain_id && out->request_date;
}

void system_info_echo(struct buf *out, const struct system_info *info)
{
	system_info_answer(out, info, sim_now());
}

outcome reply_with(struct sim_reply *reply, struct pool *pool, const char *code, const char *message,
	const struct buf *data, struct err *e)
{
	reply->code = code;
	reply->message = message;
	reply->data = buf_ok(data) ? pool_copy(pool, buf_bytes(data)) : NULL;
	return reply->data ? DONE : err_set(e, REASON_MEMORY, "answer of a system");
}

outcome reply_unreadable(struct sim_reply *reply, const char *wanted)
{
	reply->code = "SCSE002";
	reply->message = wanted;
	return DONE;
}
