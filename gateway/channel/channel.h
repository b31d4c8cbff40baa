/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel - the wire contract SyncChannel v10: reading verified messages, writing and forwarding ours,
 * faults, WSDL.
 *
 * The only room that knows gSOAP. Types and strictness come from wsdl/sync-channel; reading is tolerant
 * exactly where the bus contract lists deviations (section 1.6), writing is strict. gSOAP never sees
 * octets of the wire: it is given a canonical projection of the verified requestInfo or responseInfo. The
 * payload in `data` is never decoded: it stays an element with its octet range.
 */
#ifndef QAQPA_CHANNEL_CHANNEL_H
#define QAQPA_CHANNEL_CHANNEL_H

#include "security/security.h"

#define NS_SYNC_TYPES "http://bip.bee.kz/SyncChannel/v10/Types"

struct property {
	struct bytes key, value;
};

/* All bytes are decoded text, living in the pool; empty when absent. */
struct sync_request {
	struct bytes message_id, correlation_id, service_id, route_id, message_date, sender_id, session_id;
	struct bytes password; /* secret: never logged, never forwarded */
	bool has_password;
	struct stamp date;
	const struct property *properties;
	size_t property_count;
	const struct element *info, *data; /* data: NULL when absent */
	const struct element *operation;
};

struct sync_response {
	struct bytes message_id, correlation_id, response_date, session_id, status_code, status_message;
	struct stamp date;
	const struct element *info, *data;
	const struct element *operation;
};

/* ErrorInfo of the bus, and the SOAP 1.1 fault around it. Empty means absent. */
struct channel_fault {
	struct bytes faultcode, faultstring;      /* QName as text, words */
	struct bytes error_code, error_message, error_data, session_id;
	struct stamp error_date;
};

enum channel_kind { CHANNEL_REQUEST, CHANNEL_RESPONSE, CHANNEL_FAULT, CHANNEL_OTHER };
/* What stands in the Body, by qualified name alone. */
enum channel_kind channel_kind_of(const struct element *operation);

/* Read a verified message. Fail with REASON_CHANNEL_* or REASON_SOAP_OPERATION; the detail names the
 * element. */
MUST_USE outcome channel_read_request(struct pool *pool, const struct verified *v, struct sync_request *out,
	struct err *e);
MUST_USE outcome channel_read_response(struct pool *pool, const struct verified *v, struct sync_response *out,
	struct err *e);
/* A provider's fault; takes the unverified envelope because a fault may be unsigned: for logs and for the
 * words of our own fault only, never routed. Tolerant; false when the Body holds no Fault. */
MUST_USE bool channel_read_fault(struct pool *pool, const struct envelope *env, struct channel_fault *out);

/* Edits of a verified text, sorted as envelope_splice wants them. */
struct cuts {
	struct edit list[8];
	size_t n;
};
/* What makes of a verified message that for the other side, before signing: octets kept, password removed, sessionId set to
 * `session_id` (a guid with braces) at its place in the sequence. `r` was read from `v`. Words come from the pool. */
MUST_USE outcome channel_forward_request(struct pool *pool, const struct verified *v, const struct sync_request *r,
	const char *session_id, struct cuts *out, struct err *e);
MUST_USE outcome channel_forward_response(struct pool *pool, const struct verified *v, const struct sync_response *r,
	const char *session_id, struct cuts *out, struct err *e);
/* The text with them; appended to `out`. */
MUST_USE outcome channel_cut(const struct cuts *c, const struct envelope *env, struct buf *out,
	struct err *e);

/* New messages of our own, unsigned, with wsu:Id on the Body. `data` is raw XML content of the data
 * element and `data_attributes` text for its start tag (xmlns and xsi:type), both put in as they are; no
 * data when NULL. The password is written only when has_password; dates are written from the stamps; a
 * status_message is cut to the 250 characters of the schema.
 * Fail with REASON_CHANNEL_* when a field is outside the contract. A fault asks less, for it has to be
 * written: its faultcode has the prefix soapenv or wsse; words that are not text are repaired, a sessionId
 * that is no guid is left out. */
MUST_USE outcome channel_write_request(const struct sync_request *r, const char *data_attributes,
	const char *data, struct buf *out, struct err *e);
MUST_USE outcome channel_write_response(const struct sync_response *r, const char *data_attributes,
	const char *data, struct buf *out, struct err *e);
MUST_USE outcome channel_write_fault(const struct channel_fault *f, struct buf *out, struct err *e);

/* The served documents of the contract, with `address` (scheme to path, without query) in every location.
 * `query` is what follows the '?' of the request: "wsdl" is the main document, which imports the others
 * from the same address as ?wsdl=interfaces and ?xsd=types, request, response, common (one WSDL document
 * cannot hold two target namespaces). Fails with REASON_SOAP_OPERATION for any other query. */
MUST_USE outcome channel_wsdl(const char *address, const char *query, struct buf *out, struct err *e);

/* Payload schemas: XSD compiled once; checking is safe from any thread. `data` in the typed, child-root,
 * string and CDATA styles; absent or empty data fails unless its xsi:type is a type of the schema that
 * allows it. Fails with REASON_PAYLOAD_SCHEMA, the detail names the element and the rule, never a value. */
struct schema;
/* Reads the file and what it imports or includes from local files; the network is never asked. Any thread,
 * one load at a time. Fails with REASON_CONFIG, or REASON_IO when the file cannot be read. */
MUST_USE outcome schema_load(const char *xsd_path, struct schema **out, struct err *e);
/* `data` may be NULL, and belongs to the envelope, which is whole afterwards. */
MUST_USE outcome schema_check(const struct schema *s, const struct envelope *env, const struct element *data,
	struct err *e);
/* The same where the document in `data` was parsed before; NULL: it was not. */
MUST_USE outcome schema_check_opened(const struct schema *s, const struct element *data, const struct payload *opened,
	struct err *e);
void schema_free(struct schema **s);

#endif
