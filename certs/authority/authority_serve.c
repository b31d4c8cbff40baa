/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_serve - the services over HTTP: which path is whose, and the troubles that need no cryptography.
 * Not here: the answers themselves. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "authority.h"
#include "base/clock.h"
#include "base/work.h"
#include "front/front.h"
#include "log/log.h"

#define THREADS 8
#define QUESTION_OCTETS (1u << 20)
#define ANSWER_OCTETS (1u << 24)
#define MEMORY (64u << 20)
#define DRAIN_MS 2000

struct server {
	const struct authority *authority;
	struct front *front;
	struct work *work;
	atomic_bool stopping;
};

struct job {
	struct work_item item;
	struct server *server;
	struct front_request *request;
};

/* What a path asks for. */
struct target {
	enum service service;
	char name[64]; /* of an authority, with /crl and /ca */
};

static inline void scoped_bio(BIO **p) { BIO_free(*p); }

static bool is_served(const char *name)
{
	const struct issuer_row *row = authority_issuers;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name != NULL;
}

/* The name between what the path begins and ends with. */
static bool name_in(struct bytes path, const char *from, const char *until, char out[64])
{
	size_t head = strlen(from), tail = strlen(until);

	if (path.n <= head + tail || path.n - head - tail >= 64 || memcmp(path.p, from, head) != 0 ||
		memcmp(path.p + path.n - tail, until, tail) != 0)
		return false;
	memcpy(out, path.p + head, path.n - head - tail);
	out[path.n - head - tail] = 0;
	return is_served(out);
}

static bool target_of(struct bytes path, struct target *t)
{
	if (bytes_is(path, "/ocsp") || bytes_is(path, "/ocsp/"))
		t->service = SERVICE_OCSP;
	else if (bytes_is(path, "/tsp") || bytes_is(path, "/tsp/"))
		t->service = SERVICE_TSP;
	else if (name_in(path, "/crl/", "_d.crl", t->name))
		t->service = SERVICE_DELTA;
	else if (name_in(path, "/crl/", ".crl", t->name))
		t->service = SERVICE_CRL;
	else if (name_in(path, "/ca/", ".crt", t->name))
		t->service = SERVICE_CA;
	else
		return false;
	return true;
}

/* DER, as the authority publishes it. */
static outcome certificate(const struct authority *a, const char *name, struct buf *out, struct err *e)
{
	SCOPED(identity_drop) struct identity i = {0};
	unsigned char *to;
	int n;

	TRY(identity_load(a->folder, name, &i, e));
	n = i2d_X509(i.certificate, NULL);
	to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;
	if (!to || i2d_X509(i.certificate, &to) != n)
		return openssl_failed(e, name);
	buf_grown(out, (size_t)n);
	return DONE;
}

static outcome make_answer(const struct authority *a, const struct target *t, enum trouble trouble, struct bytes question,
	struct buf *out, struct err *e)
{
	switch (t->service) {
	case SERVICE_OCSP:
		return authority_ocsp(a, trouble, question, out, e);
	case SERVICE_TSP:
		return authority_tsp(a, trouble, question, out, e);
	case SERVICE_CRL:
	case SERVICE_DELTA:
		return authority_crl(a, trouble, t->name, t->service == SERVICE_DELTA, out, e);
	default:
		return certificate(a, t->name, out, e);
	}
}

/* A slow authority is not one that cannot be stopped. */
static void be_slow(struct server *s, int ms)
{
	int64_t until = mono_ms() + ms;

	while (!atomic_load(&s->stopping) && mono_ms() < until)
		poll(NULL, 0, 20);
}

static void answer_request(struct server *s, const struct target *t, const struct front_request *request,
	struct front_answer *answer, struct buf *out)
{
	static const char *const types[SERVICE_COUNT] = {"application/ocsp-response", "application/pkix-crl",
		"application/pkix-crl", "application/timestamp-reply", "application/pkix-cert"};
	int ms;
	enum trouble trouble = trouble_read(s->authority->folder, t->service, &ms);
	struct err e;

	if (trouble == TROUBLE_SLOW)
		be_slow(s, ms);
	answer->status = 503;
	if (trouble == TROUBLE_DOWN)
		return;
	if (trouble != TROUBLE_EMPTY && !make_answer(s->authority, t, trouble, request->body, out, &e).ok) {
		log_err(LOG_ERROR, "authority.failed", &e, NULL);
		answer->status = 500;
		return;
	}
	answer->status = 200;
	answer->content_type = types[t->service];
	answer->body = buf_bytes(out);
}

static void run_job(struct work_item *item)
{
	struct job *job = (struct job *)item;
	SCOPED(buf_free) struct buf out = BUF(ANSWER_OCTETS);
	struct front_answer answer = {0};
	struct target t = {0};
	const char *method = NULL;

	if (!target_of(job->request->path, &t))
		answer.status = 404;
	else
		method = t.service == SERVICE_OCSP || t.service == SERVICE_TSP ? "POST" : "GET";
	if (method && !bytes_is(job->request->method, method)) {
		answer.status = 405;
		answer.allow = method;
	} else if (method) {
		answer_request(job->server, &t, job->request, &answer, &out);
	}
	log_event(LOG_INFO, "authority.answer", LOG_PART("path", job->request->path), LOG_NUM("status", answer.status),
		LOG_NUM("octets", answer.body.n));
	front_respond(job->request, &answer);
	free(job);
}

static void receive(void *ctx, struct front_request *request)
{
	struct server *s = ctx;
	struct job *job = calloc(1, sizeof(*job));

	BUG_IF(!job);
	job->item.run = run_job;
	job->server = s;
	job->request = request;
	work_put(s->work, &job->item);
}

static outcome start(struct server *s, const char *host, int port, struct err *e)
{
	const struct front_listener_options listener = {
		.name = "authority",
		.host = host,
		.port = port,
		.tls = FRONT_TLS_OFF,
		.head_bytes = 16384,
		.body_bytes = QUESTION_OCTETS,
		.head_ms = 10000,
		.body_ms = 10000,
		.idle_ms = 60000,
		.write_ms = 60000,
		.handshake_ms = 10000,
		.connections = 1000,
	};
	const struct front_settings settings = {&listener, 1, MEMORY, receive, s};

	s->work = work_start("authority", THREADS);
	if (!s->work)
		return err_set(e, REASON_MEMORY, "no threads");
	return front_start(&settings, &s->front, e);
}

static outcome say_port(int port, const char *host, const char *port_file, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", port);
	fprintf(stdout, "http://%s:%d/ : ocsp, tsp, crl/<issuer>.crl, crl/<issuer>_d.crl, ca/<issuer>.crt\n", host, port);
	fflush(stdout);
	return port_file ? store_replace(port_file, bytes_str(text), 0644, e) : DONE;
}

outcome authority_serve(const struct authority *a, const char *host, int port, const char *port_file, struct err *e)
{
	struct server s = {.authority = a};
	struct revocation_register r = {0};
	outcome result = register_read(a->folder, &r, e); /* is it a folder of ours? */
	sigset_t set;
	int number;

	register_free(&r);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (result.ok)
		result = start(&s, host, port, e);
	if (result.ok)
		result = say_port(front_port(s.front, 0), host, port_file, e);
	if (result.ok)
		sigwait(&set, &number);
	atomic_store(&s.stopping, true);
	if (s.front)
		front_drain(s.front, DRAIN_MS);
	front_stop(&s.front);
	work_stop(&s.work);
	return result;
}
