/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_stamp - time-stamps over accepted messages: ordered under the name of the exchange, before the caller hears that the
 * message was accepted; they come in the background.
 * Not here: what is refused is not stamped; a stamp that cannot be ordered holds up no message, it is an alarm. */
#include "log/log.h"
#include "timestamp/timestamp.h"

#include "flow/flow_int.h"

#define STAMPERS 2 /* threads that wait for the disk */

static enum timestamp_digest digest_of(enum conf_stamp_digest d)
{
	static const enum timestamp_digest digests[] = {
		[CONF_STAMP_SHA256] = TIMESTAMP_SHA256,
		[CONF_STAMP_SHA512] = TIMESTAMP_SHA512,
		[CONF_STAMP_GOST_2015] = TIMESTAMP_GOST_2015,
		[CONF_STAMP_GOST_LEGACY] = TIMESTAMP_GOST_LEGACY,
	};

	return digests[d];
}

outcome stamps_start(struct flow *f, struct err *e)
{
	const struct conf_timestamp *c = &f->current->conf->timestamp;
	const struct timestamp_settings settings = {
		.directory = c->directory,
		.url = c->url,
		.policy = c->policy,
		.digest = digest_of(c->digest),
		.authorities = c->authorities.name,
		.authority_count = c->authorities.n,
		.deadline_ms = c->deadline_ms,
		.initial_ms = c->initial_ms,
		.max_interval_ms = c->max_interval_ms,
	};

	if (!c->directory)
		return DONE;
	f->stamps_of = snapshot_keep(f->current); /* the strings are its */
	f->stampers = work_start("stamper", STAMPERS);
	if (!f->stampers)
		return err_set(e, REASON_MEMORY, "no threads to start");
	return timestamp_start(&settings, &f->stamps, e);
}

void stamps_stop(struct flow *f)
{
	work_stop(&f->stampers);
	timestamp_stop(&f->stamps);
	snapshot_drop(&f->stamps_of);
}

static void stamp_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;
	enum timestamp_digest d = digest_of(x->flow->stamps_of->conf->timestamp.digest);
	struct bytes name = bytes_sub(bytes_str(x->guid), 1, 37); /* without braces */
	unsigned char imprint[TIMESTAMP_IMPRINT_MOST];
	size_t n = timestamp_imprint(d, x->http->body, imprint);
	struct err e;

	if (!timestamp_order(x->flow->stamps, name, (struct bytes){imprint, n}, &e).ok)
		log_err(LOG_ERROR, "timestamp.not-ordered", &e, NULL);
	x->work.run = exchange_run;
	exchange_resume(x);
}

enum after step_stamp(struct exchange *x)
{
	if (!x->registered || !x->service->timestamp || !x->flow->stamps)
		return AFTER_NEXT; /* what is not registered is refused by the next step */
	x->work.run = stamp_run;
	work_put(x->flow->stampers, &x->work);
	return AFTER_WAIT;
}
