/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_job - one request from its first octet until its answer is written.
 * Owns:     head, body and client certificate of the request; one reference to the front, so that a
 *           request may be answered after front_stop.
 * Not here: the connection, which may die earlier (front_conn.c). */

#include <stdlib.h>

#include <openssl/x509.h>

#include "front/front_int.h"

/* The job itself counts against the budget too: it is what a slow head costs. */
struct front_job *front_job_new(struct front_conn *c)
{
	struct front *f = c->front;
	if (!front_memory_charge(front_itself(f), sizeof(struct front_job)))
		return NULL;
	struct front_job *job = calloc(1, sizeof(*job));
	if (!job) {
		front_memory_return(front_itself(f), sizeof(*job));
		return NULL;
	}
	atomic_fetch_add(&f->references, 1);
	atomic_fetch_add(&f->open_requests, 1);
	job->front = f;
	job->payer = c->payer;
	job->conn = c;
	job->request.arrived_us = f->now_us;
	memcpy(job->peer, c->peer, sizeof(job->peer));
	return job;
}

/* DER of the client's certificate; only mutual TLS asks for one. */
static bool copy_certificate(struct front_job *job)
{
	X509 *certificate = job->conn->ssl ? SSL_get0_peer_certificate(job->conn->ssl) : NULL;
	int n = certificate ? i2d_X509(certificate, NULL) : 0;
	if (n <= 0)
		return !certificate;
	if (!front_store_force(job->front, &job->certificate, (size_t)n))
		return false;
	unsigned char *end = job->certificate.data;
	job->certificate.len = (size_t)i2d_X509(certificate, &end);
	return true;
}

bool front_job_complete(struct front_job *job)
{
	struct bytes head = front_store_bytes(&job->head);
	const struct front_head *h = &job->parsed;
	struct front_request *r = &job->request;
	r->method = front_head_part(head, h->method);
	r->path = front_head_part(head, h->path);
	r->query = front_head_part(head, h->query);
	r->host = front_head_part(head, h->field[FIELD_HOST]);
	r->content_type = front_head_part(head, h->field[FIELD_CONTENT_TYPE]);
	r->content_encoding = front_head_part(head, h->field[FIELD_CONTENT_ENCODING]);
	r->soap_action = front_head_part(head, h->field[FIELD_SOAP_ACTION]);
	r->authorization = front_head_part(head, h->field[FIELD_AUTHORIZATION]);
	r->body = front_store_bytes(&job->body);
	r->peer = job->peer;
	r->line = job->payer.address->hash;
	r->tls = job->conn->ssl;
	r->listener = job->conn->listener->index;
	if (!copy_certificate(job))
		return false;
	r->client_certificate = front_store_bytes(&job->certificate);
	job->close = h->close;
	job->head_only = bytes_is(r->method, "HEAD");
	return true;
}

void front_job_release_input(struct front_job *job)
{
	front_store_free(job->payer, &job->head);
	front_store_free(job->payer, &job->body);
	front_store_free(front_itself(job->front), &job->certificate);
}

void front_job_free(struct front_job *job)
{
	struct front *f = job->front;
	front_job_release_input(job);
	front_store_free(front_itself(f), &job->out);
	front_store_free(front_itself(f), &job->tail);
	free(job);
	front_memory_return(front_itself(f), sizeof(*job));
	if (atomic_fetch_sub(&f->open_requests, 1) == 1 && atomic_load(&f->draining)) {
		pthread_mutex_lock(&f->lock);
		pthread_cond_broadcast(&f->quiet);
		pthread_mutex_unlock(&f->lock);
	}
	front_unref(f);
}
