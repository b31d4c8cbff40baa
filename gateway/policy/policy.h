/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy - may this verified caller do this now? Pure decisions on what others found out; no I/O, no clock of its own.
 *
 * Every call on messages takes something that only security or channel can make from a verified message.
 */
#ifndef QAQPA_POLICY_POLICY_H
#define QAQPA_POLICY_POLICY_H

#include "channel/channel.h"
#include "revocation/revocation.h"

/* The senderId is one of the certificate owner's, and the password fits when one is demanded. REASON_SENDER_*. */
MUST_USE outcome policy_sender(const struct verified *v, const struct sync_request *r, struct err *e);
/* messageDate lies within [now - max_age, now + skew] of the participant's profile. REASON_DATE_WINDOW. */
MUST_USE outcome policy_date(const struct verified *v, const struct sync_request *r, struct stamp now, struct err *e);
/* A question is answered only while it is new: its date lies within the skew of now. REASON_DATE_WINDOW. */
MUST_USE outcome policy_fresh(const struct verified *v, const struct sync_request *r, struct stamp now, struct err *e);
/* No property marks the message as a state secret (B7). REASON_SECRET_MARK. */
MUST_USE outcome policy_secrecy(const struct conf *c, const struct sync_request *r, struct err *e);
/* The service exists and the participant may call it. REASON_SERVICE_UNKNOWN, REASON_SERVICE_FORBIDDEN. */
MUST_USE outcome policy_service(const struct conf *c, const struct verified *v, const struct sync_request *r,
	const struct conf_service **out, struct err *e);
/* The answer was signed by the provider of the service. REASON_PROVIDER_UNSIGNED. */
MUST_USE outcome policy_answer(const struct conf_service *s, const struct verified *answer, struct err *e);

/* What a certificate was accepted on. */
enum policy_status {
	POLICY_STATUS_GOOD,      /* an answer that counts now: `evidence` */
	POLICY_STATUS_LAST_GOOD, /* the last answer, within the age of the profile: `last_evidence` */
	POLICY_STATUS_MARKED     /* nobody could tell; the journal has to say so */
};
/* Revocation: a certificate that is revoked, or was when somebody could tell last, is refused by every profile; when nobody
 * can tell, the profile's `outage` decides. REASON_CERT_REVOKED, REASON_CERT_STATUS. */
MUST_USE outcome policy_revocation(const struct conf_profile *p, const struct revocation_answer *a, int64_t now_ms,
	enum policy_status *out, struct err *e);

#endif
