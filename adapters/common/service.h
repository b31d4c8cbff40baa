/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service - one request of the common shape, from its payload to the answer of a simulated system.
 *
 *   <XxxRequest>  SystemInfo, BusinessData{...}
 *   <XxxResponse> SystemInfo with ResponseDate, ResponseData{... or Reasons, CurrentStatus, CurrentStatusText}
 *
 * A service opens the request, reads its fields, judges, and answers:
 *
 *	struct service_request r;
 *	if (!service_open(&r, sim, in, NS, "NikadRequest"))
 *		return reply_unreadable(out, "The payload is not a NikadRequest of permits.xsd.");
 *	... reasons_add(&r.reasons, ...) for everything that is wrong
 *	answer_begin(&data, &form, &r.info);
 *	if (r.reasons.n == 0)
 *		payload_field(&data, "Nikad", number);
 *	return answer_reply(&data, &form, &r.reasons, out, e);
 */
#ifndef QAQPA_ADAPTERS_SERVICE_H
#define QAQPA_ADAPTERS_SERVICE_H

#include "common/payload.h"

struct service_request {
	struct sim *sim;
	struct pool *pool;
	const char *sender; /* senderId as the gateway vouches for it: it had refused the message of another */
	const struct _xmlNode *business; /* BusinessData */
	struct system_info info;
	struct reasons reasons; /* none yet */
};

/* False when the payload is not the element `name` of `ns` with SystemInfo and BusinessData. */
MUST_USE bool service_open(struct service_request *r, struct sim *sim, const struct sim_request *in, const char *ns,
	const char *name);

/* The words around an answer. */
struct answer_form {
	const char *ns, *name;      /* of the root element */
	const char *message;        /* with SCSS001 */
	const char *done, *refused; /* CurrentStatusText of the statuses 001 and 002; NULL: the contract has none */
};
/* Everything before the fields of ResponseData. */
void answer_begin(struct buf *out, const struct answer_form *form, const struct system_info *info);
/* Everything behind them; with reasons these first. */
void answer_end(struct buf *out, const struct answer_form *form, const struct reasons *reasons);
/* The same, as the reply: SCSS001; with reasons SCSE001, or SCSE003 when it may do later. Fails with
 * REASON_MEMORY. */
MUST_USE outcome answer_reply(struct buf *out, const struct answer_form *form, const struct reasons *reasons,
	struct sim_reply *reply, struct err *e);

/* ---- requests of the system's own ---- */

#define ASK_MS 15000

/* Everything before the fields of BusinessData, and behind them. */
void question_begin(struct buf *out, const char *ns, const char *name, const struct system_info *info);
void question_end(struct buf *out, const char *name);

/* Sends a payload through the gateway. True when it is done there (SCSS001). Otherwise the reasons say why: those of
 * a refusal; one for a fault or a failed call, which may do later. `payload`, unless NULL, gets the root of what was
 * answered, NULL when there is none; it lives in the pool of the reasons. */
MUST_USE bool ask(struct sim *sim, struct reasons *r, const char *service_id, const struct buf *data,
	const struct _xmlNode **payload);
/* Judges a call of sim_send_all in the same way. The payload lives in the call. */
MUST_USE bool ask_judge(struct reasons *r, const struct sim_call *call, const struct _xmlNode **payload);

#endif
