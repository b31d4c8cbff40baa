/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority - a time-stamp authority over loopback: what it answers is a list, and then the good answer for ever. */
#ifndef QAQPA_TESTS_TIMESTAMP_AUTHORITY_H
#define QAQPA_TESTS_TIMESTAMP_AUTHORITY_H

#include "tsa.h"

#include "../egress/provider.h"

enum behaviour { GOOD, UNAVAILABLE, WAITING, REJECTED, CLOSED, PAGE, CUT, OLD, STRANGE, HELD };

struct authority {
	struct identity root, signer, stranger;
	const enum behaviour *script; /* of the first questions */
	size_t script_length;
	struct provider *http;
	char url[64], path[256]; /* path: of the root's certificate */
	const char *trusted[1];
	pthread_mutex_t lock;
	size_t asked, now, most, held; /* questions: in all, at once now, at once at the most, that ever waited */
	struct buf first;        /* the first question, for answers that are too old */
	char head[1024];         /* of the last request */
};

static UNUSED void say_reply(struct provider_connection *c, int status, const char *type, struct bytes body)
{
	SCOPED(buf_free) struct buf head = BUF(1024);

	buf_printf(&head, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type, body.n);
	buf_add(&head, body);
	for (size_t put = 0; put < head.len;) {
		ssize_t n = send(c->fd, head.data + put, head.len - put, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		put += (size_t)n;
	}
}

static UNUSED void say_stamp(struct authority *a, struct provider_connection *c, struct bytes request,
	enum behaviour how)
{
	static const int statuses[] = {[GOOD] = 0, [WAITING] = TS_STATUS_WAITING, [REJECTED] = TS_STATUS_REJECTION,
		[HELD] = 0};
	const struct answer as = {.status = how == WAITING || how == REJECTED ? statuses[how] : 0,
		.by = how == STRANGE ? &a->stranger : NULL};
	SCOPED(buf_free) struct buf response = answer_to(how == OLD ? buf_bytes(&a->first) : request, &a->signer, &as);

	if (how == CUT)
		response.len -= 20;
	say_reply(c, 200, "application/timestamp-reply", buf_bytes(&response));
}

static UNUSED enum behaviour begin(struct authority *a, const char *head, struct bytes request)
{
	enum behaviour how;

	pthread_mutex_lock(&a->lock);
	snprintf(a->head, sizeof a->head, "%s", head);
	if (!a->first.len)
		buf_add(&a->first, request);
	how = a->asked < a->script_length ? a->script[a->asked] : GOOD;
	a->asked++;
	a->held += how == HELD;
	if (++a->now > a->most)
		a->most = a->now;
	pthread_mutex_unlock(&a->lock);
	return how;
}

static UNUSED void end(struct authority *a)
{
	pthread_mutex_lock(&a->lock);
	a->now--;
	pthread_mutex_unlock(&a->lock);
}

static UNUSED void authority_serve(struct provider_connection *c)
{
	struct authority *a = c->of->ctx;
	char text[PROVIDER_REQUEST];
	size_t n;

	while ((n = provider_read(c, text)) > 0) {
		const char *head = strstr(text, "\r\n\r\n");
		struct bytes request = {(const unsigned char *)head + 4, n - (size_t)(head + 4 - text)};
		enum behaviour how = begin(a, text, request);

		if (how == HELD)
			provider_wait(c);
		end(a); /* before the answer: afterwards the next question may come at once */
		if (how == CLOSED)
			return;
		if (how == UNAVAILABLE || how == PAGE)
			say_reply(c, how == PAGE ? 200 : 503, "text/html", BYTES_LIT("<html>stamps</html>"));
		else
			say_stamp(a, c, request, how);
	}
}

static UNUSED void authority_listen(struct authority *a, const enum behaviour *script, size_t length)
{
	a->script = script;
	a->script_length = length;
	a->asked = a->now = a->most = a->held = 0;
	buf_clear(&a->first);
	a->http = provider_start(authority_serve, a);
	snprintf(a->url, sizeof a->url, "http://127.0.0.1:%d/tsp", a->http->port);
}

static UNUSED void authority_quiet(struct authority *a)
{
	provider_stop(a->http);
	free(a->http);
	a->http = NULL;
}

static UNUSED void authority_init(struct authority *a)
{
	struct identity other = identity_new("Elsewhere", NULL, true, NOON - DAY, NOON + DAY, NULL);

	*a = (struct authority){.lock = PTHREAD_MUTEX_INITIALIZER, .first = BUF(ROOM)};
	a->root = identity_new("Root", NULL, true, NOON - DAY, NOON + DAY, NULL);
	a->signer = identity_new("Stamps", &a->root, true, NOON - DAY, NOON + DAY, "critical,timeStamping");
	a->stranger = identity_new("Stamps", &other, true, NOON - DAY, NOON + DAY, "critical,timeStamping");
	identity_free(&other);
	snprintf(a->path, sizeof a->path, "%s", save_certificate("root.pem", &a->root));
	a->trusted[0] = a->path;
}

static UNUSED void authority_drop(struct authority *a)
{
	identity_free(&a->root);
	identity_free(&a->signer);
	identity_free(&a->stranger);
	buf_free(&a->first);
}

/* Settings for it, impatient. */
static UNUSED struct timestamp_settings settings_for(const struct authority *a, const char *directory)
{
	return (struct timestamp_settings){.directory = directory, .url = a->url, .policy = POLICY,
		.digest = TIMESTAMP_SHA256, .authorities = a->trusted, .authority_count = 1, .deadline_ms = 20000,
		.initial_ms = 5, .max_interval_ms = 50};
}

/* The imprint that belongs to a name in these tests. */
static UNUSED struct bytes imprint_of(const char *name, unsigned char room[32])
{
	memset(room, 0, 32);
	memcpy(room, name, strlen(name) < 32 ? strlen(name) : 32);
	return (struct bytes){room, 32};
}

/* The token under the name is there and is of that imprint. */
static UNUSED void assert_token(const struct authority *a, const char *directory, const char *name)
{
	SCOPED(buf_free) struct buf token = BUF(ROOM);
	struct timestamp_token says;
	unsigned char room[32];
	struct err e = {.detail = ""};

	if (!timestamp_token_read(directory, bytes_str(name), &token))
		fail_msg("%s has no token", name);
	if (!timestamp_verify(buf_bytes(&token), imprint_of(name, room), a->trusted, 1, &says, &e).ok)
		fail_msg("%s: %s", name, e.detail);
}

#endif
