/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share. */
#ifndef QAQPA_SIM_INT_H
#define QAQPA_SIM_INT_H

#include "front/front.h"
#include "sim/sim.h"
#include "sim/weather.h"

#define SIM_MESSAGE_BYTES (16u << 20)

/* One blocking POST; see peer_send_raw. curl_global_init comes before. */
struct sim_post {
	const char *url, *tls_ca;
	struct bytes message;
	int deadline_ms;
};
MUST_USE outcome sim_post(const struct sim_post *c, struct buf *answer, int *http_status, struct err *e);

/* A trust that knows the own key by the name "own" and one pinned certificate, with the conf objects it
 * needs; they are built here and not read from a file. */
struct sim_trust;
MUST_USE outcome sim_trust_open(const char *certificate, const char *key, const char *peer_certificate,
	enum conf_form form, struct sim_trust **out, struct err *e);
/* Trust in certificates of documents: "senderId=path" each. */
MUST_USE outcome sim_trust_open_documents(const char *const *certificates, struct sim_trust **out,
	struct err *e);
/* Keys of persons: "name=certificate,key" each. */
MUST_USE outcome sim_trust_open_signers(const char *const *signers, struct sim_trust **out, struct err *e);
void sim_trust_free(struct sim_trust **t);
struct trust *sim_trust(const struct sim_trust *t);

/* sim_peer.c, for the other channel's calls as well. */
struct peer {
	struct sim_trust *trust;
	enum conf_form form;
	char *url, *async_url, *sender_id, *tls_ca;
	struct buf password;
	bool has_password;
	const struct trust_key *expired; /* a key whose certificate is over, for such weather; NULL: none */
};
/* Signs with the own key in the own form. */
MUST_USE outcome peer_sign(struct peer *p, struct pool *pool, struct bytes plain, struct buf *out,
	struct err *e);
/* One POST to an address of the other side; fails with REASON_CONFIG when there is none. */
MUST_USE outcome peer_post(struct peer *p, const char *url, struct bytes message, int deadline_ms,
	struct buf *answer, int *http_status, struct err *e);
/* Parses and verifies what came back. A fault, signed or not, is a success with `fault` set; without one
 * `verified` is never NULL. Fails as peer_read_answer. */
struct peer_opened {
	struct envelope *env;
	const struct verified *verified;
	bool fault;
	struct channel_fault fault_info;
};
MUST_USE outcome peer_open_answer(struct peer *p, struct pool *pool, struct bytes text,
	struct peer_opened *out, struct err *e);
/* The reason that callers branch on, with the nearer one in its detail. */
outcome peer_because(struct err *e, enum reason r, const struct err *near);

/* Finds the root of the payload in `data` and its octets, whatever the style: element content, typed,
 * string, CDATA. NULL and nothing when `data` is absent or empty. Fails with REASON_XML_* when text in it
 * is no document. */
MUST_USE outcome sim_payload(struct pool *pool, const struct envelope *env, const struct element *data,
	struct _xmlNode **root, struct bytes *text, struct err *e);

/* Nothing but XML white space. */
bool sim_is_white(struct bytes text);

/* ---- sim_sky.c: the weather over a system (weather.h). NULL: always fair. ---- */

struct sim_sky;
/* `weather` is the path of a script; when no such file is there, but a space, a line end or a semicolon in it, the script
 * itself. Counts are kept
 * under `directory`; NULL: not beyond the process. Fails with REASON_CONFIG, REASON_IO, REASON_MEMORY. */
MUST_USE outcome sim_sky_open(const char *weather, const char *directory, bool has_expired, struct sim_sky **out,
	struct err *e);
void sim_sky_free(struct sim_sky **y); /* takes NULL */
/* Counts one call, received or sent, and says what comes over it. Any thread. */
struct weather_now sim_sky_next(struct sim_sky *y, bool sending, struct bytes service_id);
void sim_sky_sleep(struct sim_sky *y, int64_t ms); /* shorter when woken */
void sim_sky_wake(struct sim_sky *y);              /* for good, at the end */

/* What this thread signs, posts and dates is under this verdict; never NULL. The second gives the former one and takes
 * NULL: fair. */
const struct weather_now *sim_sky_now(void);
const struct weather_now *sim_sky_set(const struct weather_now *now);

/* ---- sim_serve.c ---- */

/* What is answered over HTTP. */
struct sim_result {
	int status;
	const char *content_type;   /* NULL: no body */
	bool abandoned;             /* no answer at all: */
	enum front_silence silence;
};
/* Verifies, reads and dispatches one message and appends the signed answer or fault, or what the weather makes of it, to
 * `out`. */
struct sim_result sim_serve(struct sim *s, struct bytes message, struct buf *out);

struct sim_visit { /* a message that was understood: for the log, and what weather it met */
	struct bytes service_id, sender_id, message_id;
	struct weather_now weather;
};
/* Asks for the weather of a visit and waits as long as it delays the work. False: the work is not done. */
MUST_USE bool sim_visit_works(struct sim *s, struct sim_visit *visit);

/* sim_async.c: what came to the endpoint on the asynchronous channel. */
/* Reads, keeps and appends the acknowledgement, unsigned, to `out`; nothing when the weather does not let it work. */
MUST_USE outcome sim_async_receive(struct sim *s, struct pool *pool, const struct verified *v,
	enum async_operation op, struct sim_visit *visit, struct buf *out, struct err *e);
/* Fetches, keeps and acknowledges what waits at the gateway. Failures are logged. */
void sim_async_fetch(struct sim *s);

/* sim_worker.c: the thread that fetches and works. NULL where there is nothing of this to do. */
struct sim_worker;
MUST_USE outcome sim_worker_start(struct sim *s, struct sim_worker **out, struct err *e);
void sim_worker_stop(struct sim_worker **w); /* ends what it does first; takes NULL, sets NULL */
void sim_worker_wake(struct sim_worker *w);  /* something was taken; takes NULL */

struct sim {
	const struct sim_system *system;
	struct peer *peer;
	bool pull;
	struct sim_worker *worker;
	struct sim_sky *sky;
	struct sim_trust *documents; /* NULL: no inner signature is accepted */
	struct sim_trust *persons;   /* NULL: nobody signs but the system itself */
	struct pool *kept;           /* what `settings` points to */
	const char **settings;       /* "name=value", NULL-terminated */
	void *state;
	char *path;
	struct work *work;
	struct front *front;
};

#endif
