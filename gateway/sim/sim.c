/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim - starts and stops a simulated system; HTTP requests become jobs of its own workers.
 * Promise:  the event thread of the front is never held: a handler may wait for the gateway as long as it
 *           likes.
 * Not here: what is done with a message (sim_serve.c), what a system does (adapters). */
#include <stdlib.h>

#include "base/work.h"
#include "front/front.h"
#include "security/document.h"
#include "security/inner.h"
#include "sim_int.h"

#define DRAIN_MS 10000
#define FRONT_MEMORY (256u << 20)

struct job {
	struct work_item item;
	struct sim *sim;
	struct front_request *request;
};

static void run_job(struct work_item *item)
{
	struct job *job = (struct job *)item;
	SCOPED(buf_free) struct buf out = BUF(SIM_MESSAGE_BYTES + 65536);
	struct sim_result result = sim_serve(job->sim, job->request->body, &out);
	struct front_answer answer = {
		.status = result.status, .content_type = result.content_type, .body = buf_bytes(&out)};

	if (result.abandoned)
		front_abandon(job->request, result.silence);
	else
		front_respond(job->request, &answer);
	free(job);
}

static void receive(void *ctx, struct front_request *request)
{
	struct sim *s = ctx;
	struct front_answer answer = {0};
	struct job *job = NULL;

	if (!bytes_is(request->path, s->path)) {
		answer.status = 404;
	} else if (!bytes_is(request->method, "POST")) {
		answer.status = 405;
		answer.allow = "POST";
	} else {
		job = calloc(1, sizeof *job);
		answer.status = 503;
		answer.retry_after_s = 1;
	}
	if (!job) {
		front_respond(request, &answer);
		return;
	}
	job->item.run = run_job;
	job->sim = s;
	job->request = request;
	work_put(s->work, &job->item);
}

static outcome serve(struct sim *s, const struct sim_options *o, struct err *e)
{
	const struct front_listener_options listener = {
		.name = s->system->name,
		.host = o->host ? o->host : "127.0.0.1",
		.port = o->port,
		.tls = FRONT_TLS_OFF,
		.head_bytes = 16384,
		.body_bytes = SIM_MESSAGE_BYTES,
		.head_ms = 10000,
		.body_ms = 60000,
		.idle_ms = 60000,
		.write_ms = 60000,
		.handshake_ms = 10000,
		.connections = 1000,
	};
	const struct front_settings settings = {&listener, 1, FRONT_MEMORY, receive, s};

	s->work = work_start("sim", o->threads ? o->threads : 4);
	if (!s->work)
		return err_set(e, REASON_MEMORY, "workers of a simulated system");
	return front_start(&settings, &s->front, e);
}

/* Keeps what was set, for as long as the system lives. */
static outcome keep_settings(struct sim *s, const char *const *settings, struct err *e)
{
	size_t n = 0;

	while (settings && settings[n])
		n++;
	s->kept = pool_new(1u << 20);
	s->settings = s->kept ? pool_alloc(s->kept, (n + 1) * sizeof *s->settings) : NULL;
	if (!s->settings)
		return err_set(e, REASON_MEMORY, "settings of a simulated system");
	s->settings[n] = NULL;
	for (size_t i = 0; i < n; i++) {
		if (settings[i][0] == '=' || !strchr(settings[i], '='))
			return err_set(e, REASON_CONFIG, "%s is not name=value", settings[i]);
		s->settings[i] = pool_copy(s->kept, bytes_str(settings[i]));
		if (!s->settings[i])
			return err_set(e, REASON_MEMORY, "settings of a simulated system");
	}
	return DONE;
}

outcome sim_start(const struct sim_system *system, const struct sim_options *o, struct sim **out,
	struct err *e)
{
	SCOPED(sim_stop) struct sim *s = calloc(1, sizeof *s);
	const struct peer_options peer = {
		.certificate = o->certificate,
		.key = o->key,
		.peer_certificate = o->peer_certificate,
		.url = o->gateway_url,
		.async_url = o->async_url,
		.sender_id = o->sender_id,
		.password_file = o->password_file,
		.tls_ca = o->tls_ca,
	};

	if (!s)
		return err_set(e, REASON_MEMORY, "simulated system");
	s->system = system;
	s->pull = o->pull;
	if (o->pull && !o->async_url)
		return err_set(e, REASON_CONFIG, "without an address of the asynchronous channel nothing can be fetched");
	s->path = strdup(o->path ? o->path : "/");
	if (!s->path)
		return err_set(e, REASON_MEMORY, "simulated system");
	TRY(peer_open(&peer, &s->peer, e));
	TRY(keep_settings(s, o->settings, e));
	if (o->signers)
		TRY(sim_trust_open_signers(o->signers, &s->persons, e));
	if (o->document_certificates)
		TRY(sim_trust_open_documents(o->document_certificates, &s->documents, e));
	if (system->open) {
		if (!o->state)
			return err_set(e, REASON_CONFIG, "the system %s needs a directory for its state", system->name);
		TRY(system->open(o->state, &s->state, e));
	}
	s->peer->expired = sim_signer(s, "expired");
	if (o->weather)
		TRY(sim_sky_open(o->weather, o->state, s->peer->expired, &s->sky, e));
	TRY(sim_worker_start(s, &s->worker, e));
	TRY(serve(s, o, e));
	*out = s;
	s = NULL;
	return DONE;
}

void sim_stop(struct sim **sim)
{
	struct sim *s = *sim;

	if (!s)
		return;
	sim_sky_wake(s->sky);
	if (s->front)
		front_drain(s->front, DRAIN_MS);
	/* The front first: it puts jobs; those still under way answer into nothing. */
	front_stop(&s->front);
	work_stop(&s->work);
	sim_worker_stop(&s->worker);
	if (s->state && s->system->close)
		s->system->close(s->state);
	sim_sky_free(&s->sky);
	sim_trust_free(&s->documents);
	sim_trust_free(&s->persons);
	pool_free(&s->kept);
	peer_free(&s->peer);
	free(s->path);
	free(s);
	*sim = NULL;
}

const struct sim_act *sim_act_named(const struct sim_system *system, const char *verb)
{
	for (const struct sim_act *a = system->acts; a && a->verb; a++) {
		if (strcmp(a->verb, verb) == 0)
			return a;
	}
	return NULL;
}

int sim_port(const struct sim *s)
{
	return front_port(s->front, 0);
}

void *sim_state(const struct sim *s)
{
	return s->state;
}

const char *sim_setting(const struct sim *s, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; s->settings[i]; i++) {
		if (strncmp(s->settings[i], name, n) == 0 && s->settings[i][n] == '=')
			value = s->settings[i] + n + 1;
	}
	return value;
}

const struct trust_key *sim_key(const struct sim *s)
{
	return peer_key(s->peer);
}

const struct trust_key *sim_signer(const struct sim *s, const char *name)
{
	return s->persons ? trust_key_named(sim_trust(s->persons), name) : NULL;
}

outcome sim_document_sign(struct sim *s, struct pool *pool, const char *signer, struct bytes xml, struct buf *out,
	struct err *e)
{
	const struct trust_key *key = signer ? sim_signer(s, signer) : sim_key(s);

	if (!key)
		return err_set(e, REASON_CONFIG, "no key of the signer %s was given", signer);
	return document_sign(pool, xml, key, out, e);
}

outcome sim_document_certificate(struct sim *s, struct pool *pool, struct bytes xml, const struct trust_cert **out,
	struct err *e)
{
	if (!s->documents)
		return err_set(e, REASON_CERT_UNKNOWN, "no certificates of documents were given");
	return document_verify(pool, xml, sim_trust(s->documents), stamp_now().ms, out, e);
}

outcome sim_document_verify(struct sim *s, struct pool *pool, struct bytes xml, const char **signer,
	struct err *e)
{
	const struct trust_cert *cert;

	TRY(sim_document_certificate(s, pool, xml, &cert, e));
	*signer = cert->participant->name;
	return DONE;
}

outcome sim_document_signers(struct sim *s, struct pool *pool, const struct element *data, struct inner_result *out,
	struct err *e)
{
	static const struct conf_inner demand = {.forms = CONF_INNER_ENVELOPED};
	struct payload payload;

	if (!s->documents)
		return err_set(e, REASON_CERT_UNKNOWN, "no certificates of documents were given");
	if (!data)
		return err_set(e, REASON_INNER_ABSENT, "the message has no data");
	TRY(payload_open(pool, data, &ENVELOPE_LIMITS_DEFAULT, &payload, e));
	return inner_verify(pool, &payload, &demand, NULL, sim_trust(s->documents), stamp_now().ms, out, e);
}

bool sim_demands_documents(const struct sim *s)
{
	return s->documents;
}
