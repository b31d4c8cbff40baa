/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_card - state cards that the document circulation sends about bookings, appeals and answers.
 * Promise:  a card about an unknown paper is refused; one that comes late does not take the number away.
 * Spec:     A2; bus contract 5.4; wsdl/edms/v1/notification.xsd */
#include "appeals/sim_appeals.h"
#include "edms/edms_card.h"

/* Types of cards, what the paper is then, and where its words stand. */
static const struct {
	const char *type, *state, *words;
} kinds[] = {
	{"stateDelivered", "delivered", NULL},
	{"stateRegistered", "registered", NULL},
	{"stateExecution", "execution", "executive"},
	{"stateFinished", "finished", "resultText"},
	{"stateNotValid", "not-valid", "isValidReason"},
};

outcome appeals_take_state(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	const char *id = payload_text(in->pool, in->payload, "idPortalInternal");
	const char *registration = payload_text(in->pool, in->payload, "regNo"), *words;
	const char *values[4] = {id, NULL, registration ? registration : "", ""};
	bool found;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!payload_has_type(in->payload, NS_EDMS_NOTIFICATION, kinds[i].type))
			continue;
		words = kinds[i].words ? payload_text(in->pool, in->payload, kinds[i].words) : NULL;
		values[1] = kinds[i].state;
		values[3] = words ? words : "";
	}
	if (!id || !values[1])
		return reply_unreadable(out, "The payload is no state card of notification.xsd with idPortalInternal.");
	TRY(store_do(sim_state(sim), "UPDATE card SET state = ?2, registration = iif(?3 = '', registration, ?3), words = ?4"
		" WHERE id = ?1 RETURNING id", values, 4, NULL, 0, &found, e));
	out->code = found ? "SCSS001" : "SCSE001";
	out->message = found ? "Message has been processed successfully" : "No document of this idPortalInternal was sent.";
	return DONE;
}
