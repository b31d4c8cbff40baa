/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share. */
#ifndef QAQPA_SIM_INT_H
#define QAQPA_SIM_INT_H

#include "sim/sim.h"

#define SIM_MESSAGE_BYTES (16u << 20)

/* One blocking POST; see peer_send_raw. curl_global_init comes before. */
struct sim_call {
	const char *url, *tls_ca;
	struct bytes message;
	int deadline_ms;
};
MUST_USE outcome sim_post(const struct sim_call *c, struct buf *answer, int *http_status, struct err *e);

/* A trust that knows the own key by the name "own" and one pinned certificate, with the conf objects it
 * needs; they are built here and not read from a file. */
struct sim_trust;
MUST_USE outcome sim_trust_open(const char *certificate, const char *key, const char *peer_certificate,
	enum conf_form form, struct sim_trust **out, struct err *e);
/* Trust in certificates of documents: "senderId=path" each. */
MUST_USE outcome sim_trust_open_documents(const char *const *certificates, struct sim_trust **out,
	struct err *e);
void sim_trust_free(struct sim_trust **t);
struct trust *sim_trust(const struct sim_trust *t);

/* Finds the root of the payload in `data` and its octets, whatever the style: element content, typed,
 * string, CDATA. NULL and nothing when `data` is absent or empty. Fails with REASON_XML_* when text in it
 * is no document. */
MUST_USE outcome sim_payload(struct pool *pool, const struct envelope *env, const struct element *data,
	struct _xmlNode **root, struct bytes *text, struct err *e);

/* Nothing but XML white space. */
bool sim_is_white(struct bytes text);

/* Verifies, reads and dispatches one message and appends the signed answer or fault to `out`; gives the
 * HTTP status. */
int sim_serve(struct sim *s, struct bytes message, struct buf *out);

struct sim {
	const struct sim_system *system;
	struct peer *peer;
	struct sim_trust *documents; /* NULL: no inner signature is accepted */
	void *state;
	char *path;
	struct work *work;
	struct front *front;
};

#endif
