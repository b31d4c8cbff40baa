/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_connect - from settings to a wire that may be used: Sentinels asked, password given, database selected.
 * Promise:  everything is done anew for each connection, so a changed password or master is taken by itself; the password
 *           is in memory only while it is sent.
 * Not here: whether the server keeps what it acknowledges (queue_fit). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "queue/queue_wire.h"

#define PASSWORD_MOST 4096
#define HOST_MOST 256
#define WORD(s) bytes_str(s)

static void reply_free(redisReply **r)
{
	if (*r)
		freeReplyObject(*r);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The content without the line's end that editors put there. */
static outcome read_password(const char *path, struct buf *out, struct err *e)
{
	SCOPED(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *into = buf_reserve(out, PASSWORD_MOST);
	ssize_t n = fd >= 0 && into ? read(fd, into, PASSWORD_MOST) : -1;

	if (n < 0)
		return err_set(e, REASON_QUEUE_DOWN, "password file %s: %m", path);
	if (n > 0 && into[n - 1] == '\n')
		n--;
	if (n > 0 && into[n - 1] == '\r')
		n--;
	if (n == 0 || n >= PASSWORD_MOST - 1)
		return err_set(e, REASON_QUEUE_DOWN, "password file %s is empty or too long", path);
	buf_grown(out, (size_t)n);
	return DONE;
}

static outcome call(struct queue_wire *w, int64_t deadline, const struct bytes *words, size_t count,
	redisReply **reply, struct err *e)
{
	TRY(queue_wire_call(w, deadline, words, count, reply, e));
	if ((*reply)->type == REDIS_REPLY_ERROR)
		return err_set(e, REASON_QUEUE_DOWN, "%.*s: %s", (int)words[0].n, (const char *)words[0].p, (*reply)->str);
	return DONE;
}

static outcome authenticate(const struct queue_server *s, struct queue_wire *w, int64_t deadline, struct err *e)
{
	SCOPED(buf_wipe) struct buf password = BUF(2 * PASSWORD_MOST);
	SCOPED(reply_free) redisReply *reply = NULL;
	struct bytes words[3] = {WORD("AUTH")};
	size_t n = 1;
	outcome done;

	if (!s->password_file)
		return DONE;
	TRY(read_password(s->password_file, &password, e));
	if (s->user)
		words[n++] = WORD(s->user);
	words[n++] = buf_bytes(&password);
	done = call(w, deadline, words, n, &reply, e);
	queue_wire_forget(w);
	return done;
}

static outcome greet(const struct queue_server *s, const char *name, struct queue_wire *w, int64_t deadline,
	struct err *e)
{
	SCOPED(reply_free) redisReply *selected = NULL, *named = NULL;
	char database[16];

	TRY(authenticate(s, w, deadline, e));
	snprintf(database, sizeof database, "%d", s->database);
	if (s->database)
		TRY(call(w, deadline, (struct bytes[]){WORD("SELECT"), WORD(database)}, 2, &selected, e));
	/* A courtesy to who reads CLIENT LIST: a server that does not want it is as good. */
	return queue_wire_call(w, deadline, (struct bytes[]){WORD("CLIENT"), WORD("SETNAME"), WORD(name)}, 3, &named, e);
}

/* ---- Sentinel ---- */

/* host:port, the host of an IPv6 address in brackets. */
static outcome parse_place(const char *text, char host[HOST_MOST], int *port, struct err *e)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';
	char *end = NULL;
	long number = colon ? strtol(colon + 1, &end, 10) : 0;

	if (n == 0 || n >= HOST_MOST || !end || *end || number < 1 || number > 65535)
		return err_set(e, REASON_QUEUE_DOWN, "write host:port");
	snprintf(host, HOST_MOST, "%.*s", (int)(bracketed ? n - 2 : n), bracketed ? text + 1 : text);
	*port = (int)number;
	return DONE;
}

static const struct bytes question = BYTES_LIT("get-master-addr-by-name");

static outcome ask(const struct queue_server *s, struct queue_wire *w, int64_t deadline, redisReply **reply,
	struct err *e)
{
	const struct bytes words[] = {WORD("SENTINEL"), question, WORD(s->master)};

	TRY(queue_wire_call(w, deadline, words, 3, reply, e));
	if ((*reply)->type != REDIS_REPLY_ERROR || strncmp((*reply)->str, "NOAUTH", 6) != 0)
		return DONE;
	/* A Sentinel with a password: the same one, for there is one account in the settings. */
	TRY(authenticate(s, w, deadline, e));
	reply_free(reply);
	return queue_wire_call(w, deadline, words, 3, reply, e);
}

static outcome ask_sentinel(const struct queue_server *s, const char *sentinel, int64_t deadline,
	char host[HOST_MOST], int *port, struct err *e)
{
	SCOPED(queue_wire_close) struct queue_wire *w = NULL;
	SCOPED(reply_free) redisReply *reply = NULL;
	struct queue_place at = {.host = host};
	char place[HOST_MOST + 16];

	TRY(parse_place(sentinel, host, &at.port, e));
	TRY(queue_wire_open(s, &at, deadline, &w, e));
	TRY(ask(s, w, deadline, &reply, e));
	if (reply->type == REDIS_REPLY_NIL)
		return err_set(e, REASON_QUEUE_DOWN, "it knows no master %s", s->master);
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
		reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_STRING)
		return err_set(e, REASON_QUEUE_DOWN, "%s", reply->type == REDIS_REPLY_ERROR ? reply->str : "no address");
	snprintf(place, sizeof place, "[%s]:%s", reply->element[0]->str, reply->element[1]->str);
	return parse_place(place, host, port, e);
}

/* Sentinels in turn; each gets a fair part of the time that is left, the master itself too. */
static outcome locate(const struct queue_server *s, int64_t deadline, char host[HOST_MOST], int *port, struct err *e)
{
	struct err why = {REASON_QUEUE_DOWN, "none is configured"};
	size_t count = 0;

	while (s->sentinels[count])
		count++;
	for (size_t i = 0; i < count; i++) {
		int64_t now = mono_ms();

		if (ask_sentinel(s, s->sentinels[i], now + (deadline - now) / (int64_t)(count - i + 1), host, port, &why).ok)
			return DONE;
	}
	return err_set(e, REASON_QUEUE_DOWN, "no Sentinel names the master; the last, %s: %s",
		count ? s->sentinels[count - 1] : "none", why.detail);
}

/* A Sentinel may name a master that was one; two Sentinels may disagree for a while. */
static outcome demand_master(struct queue_wire *w, int64_t deadline, struct err *e)
{
	SCOPED(reply_free) redisReply *reply = NULL;

	TRY(call(w, deadline, (struct bytes[]){WORD("ROLE")}, 1, &reply, e));
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 || reply->element[0]->type != REDIS_REPLY_STRING ||
		strcmp(reply->element[0]->str, "master") != 0)
		return err_set(e, REASON_QUEUE_DOWN, "the Sentinels name a server that is no master; a failover may be under way");
	return DONE;
}

static outcome connect_to(const struct queue_server *s, const struct queue_place *at, const char *name,
	int64_t deadline, struct queue_wire **out, struct err *e)
{
	TRY(queue_wire_open(s, at, deadline, out, e));
	if (greet(s, name, *out, deadline, e).ok && (!s->sentinels || demand_master(*out, deadline, e).ok))
		return DONE;
	queue_wire_close(out);
	return FAILED;
}

outcome queue_connect(const struct queue_server *s, const char *name, struct queue_wire **out, struct err *e)
{
	int64_t deadline = mono_ms() + s->command_ms;
	struct queue_place at = {.socket = s->socket, .host = s->host, .port = s->port};
	char host[HOST_MOST], where[HOST_MOST + 16];
	struct err why = {0};

	*out = NULL;
	if (s->sentinels) {
		TRY(locate(s, deadline, host, &at.port, e));
		at.host = host;
		at.socket = NULL;
	}
	if (connect_to(s, &at, name, deadline, out, &why).ok)
		return DONE;
	if (at.socket)
		snprintf(where, sizeof where, "%s", at.socket);
	else
		snprintf(where, sizeof where, "%s:%d", at.host, at.port);
	return err_set(e, why.reason, "Redis %s: %s", where, why.detail);
}
