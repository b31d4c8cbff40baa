/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_inner - the inner signatures of a verified message in words, for qaqpa verify --explain. They have no part in the
 * verdict on the transport signature. */
#include <stdio.h>

#include "channel/async.h"
#include "demand/demand.h"
#include "security/inner.h"

#include "cli/cli_inner.h"

struct told {
	struct bytes service_id;
	const struct element *data;
};

static bool read_message(struct pool *pool, const struct verified *v, struct told *out)
{
	struct sync_request request;
	struct async_message message;

	if (channel_read_request(pool, v, &request, NULL).ok)
		*out = (struct told){request.service_id, request.data};
	else if (async_read_message(pool, v, &message, NULL).ok)
		*out = (struct told){message.service_id, message.data};
	else
		return false;
	return true;
}

static void tell(const struct inner_result *found)
{
	SCOPED(buf_free) struct buf words = BUF(65536);

	inner_print(found, &words);
	buf_char(&words, '\n');
	printf("inner signatures: ok, %zu found\n", found->n);
	cli_write(buf_bytes(&words));
}

/* As the gateway does it: the document is opened, its kind decides whose signatures are demanded. */
static outcome judge(struct pool *pool, const struct verified *v, const struct conf_service *service,
	const struct element *data, struct trust *trust, struct inner_result *found, struct err *e)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(demand_free) struct demand *demand = NULL;
	struct demand_seen seen = {.kind = NULL};
	struct conf_inner inner;
	struct payload payload;

	if (data)
		TRY(payload_open(pool, data, &limits, &payload, e));
	TRY(demand_new(service, &demand, e));
	if (demand && service->inner.by_kind.n)
		TRY(demand_check(demand, pool, data ? &payload : NULL, stamp_now(), &seen, e));
	inner = conf_inner_of_kind(service, seen.kind);
	return inner_verify(pool, data ? &payload : NULL, &inner, verified_bin(v), trust, stamp_now().ms, found, e);
}

void cli_inner_explain(struct pool *pool, const struct verified *v, const struct conf *conf, struct trust *trust)
{
	const struct conf_service *service;
	struct inner_result found;
	struct err e = {0};
	struct told m;

	if (!read_message(pool, v, &m))
		return;
	service = conf_service_by_id(conf, m.service_id);
	if (!service || !service->inner.forms) {
		printf("inner signatures: the service demands none\n");
		return;
	}
	if (judge(pool, v, service, m.data, trust, &found, &e).ok) {
		tell(&found);
		return;
	}
	printf("inner signatures: WRONG: %s\n    reason: %s\n    found:  %s\n    remedy: %s\n", reason_row(e.reason)->title,
		reason_row(e.reason)->name, e.detail, reason_row(e.reason)->remedy);
}
