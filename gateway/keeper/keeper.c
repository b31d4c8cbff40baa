/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper - the side that asks: connections that are at rest lie on a list, whoever asks takes one or makes one.
 * Promise: an answer belongs to the question before it on the same connection, or the connection is closed. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "keeper/keeper.h"

#define ANSWER_S 2
#define SILENT_MS 2000 /* before a keeper that did not answer in time is asked again */
#define RESTING_MOST 64

struct keeper {
	struct sockaddr_un at;
	pthread_mutex_t lock; /* guards what follows */
	int resting[RESTING_MOST];
	size_t n;
	int64_t silent_until_ms; /* 0: it answers */
};

outcome keeper_open(const char *socket, struct keeper **out, struct err *e)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (!k)
		return err_set(e, REASON_MEMORY, "connections to the keeper of keys");
	if (strlen(socket) >= sizeof k->at.sun_path) {
		free(k);
		return err_set(e, REASON_CONFIG, "keeper: %s is too long for a socket", socket);
	}
	k->at.sun_family = AF_UNIX;
	memcpy(k->at.sun_path, socket, strlen(socket) + 1);
	pthread_mutex_init(&k->lock, NULL);
	*out = k;
	return DONE;
}

void keeper_close(struct keeper **k)
{
	if (!*k)
		return;
	for (size_t i = 0; i < (*k)->n; i++)
		close((*k)->resting[i]);
	pthread_mutex_destroy(&(*k)->lock);
	free(*k);
	*k = NULL;
}

static int take_resting(struct keeper *k)
{
	int fd = -1;

	pthread_mutex_lock(&k->lock);
	if (k->n > 0)
		fd = k->resting[--k->n];
	pthread_mutex_unlock(&k->lock);
	return fd;
}

/* A connection that was answered on. */
static void let_rest(struct keeper *k, int fd)
{
	pthread_mutex_lock(&k->lock);
	k->silent_until_ms = 0;
	if (k->n < RESTING_MOST) {
		k->resting[k->n++] = fd;
		fd = -1;
	}
	pthread_mutex_unlock(&k->lock);
	if (fd >= 0)
		close(fd);
}

static int connect_to(const struct keeper *k)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
		connect(fd, (const struct sockaddr *)&k->at, sizeof k->at) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One question and its answer; false, with errno, when the connection is of no use any more. */
static bool exchange(int fd, const struct keeper_ask *ask, struct keeper_say *say)
{
	const size_t head = offsetof(struct keeper_say, value);
	ssize_t n;

	if (send(fd, ask, sizeof *ask, MSG_NOSIGNAL) != (ssize_t)sizeof *ask)
		return false;
	n = recv(fd, say, sizeof *say, 0);
	if (n >= (ssize_t)head && say->n <= KEEPER_VALUE && (size_t)n == head + say->n && say->reason < REASON_COUNT)
		return true;
	if (n >= 0)
		errno = EPROTO;
	return false;
}

/* One that is there and silent would cost everybody the whole wait: after the first whom it did, one now and then finds out
 * whether it answers again. */
static bool may_ask(struct keeper *k)
{
	int64_t now = mono_ms();
	bool may;

	pthread_mutex_lock(&k->lock);
	may = now >= k->silent_until_ms;
	if (may && k->silent_until_ms > 0)
		k->silent_until_ms = now + SILENT_MS;
	pthread_mutex_unlock(&k->lock);
	return may;
}

static outcome fail(struct keeper *k, int fd, struct err *e)
{
	int why = errno;

	if (fd >= 0)
		close(fd);
	pthread_mutex_lock(&k->lock);
	k->silent_until_ms = why == EAGAIN ? mono_ms() + SILENT_MS : 0;
	pthread_mutex_unlock(&k->lock);
	return err_set(e, REASON_KEY_KEEPER, "%s: %s", k->at.sun_path, why == EAGAIN ? "no answer in time" : strerror(why));
}

/* A connection that rested may belong to a process that has gone since: then once more on another one. A process that is
 * there and silent is waited for once. */
static outcome ask_keeper(struct keeper *k, const struct keeper_ask *ask, struct keeper_say *say, struct err *e)
{
	bool answered = false;
	int fd;

	if (!may_ask(k))
		return err_set(e, REASON_KEY_KEEPER, "%s: no answer in time, a moment ago", k->at.sun_path);
	while (!answered && (fd = take_resting(k)) >= 0) {
		answered = exchange(fd, ask, say);
		if (!answered && errno == EAGAIN)
			return fail(k, fd, e);
		if (!answered)
			close(fd);
	}
	if (!answered) {
		fd = connect_to(k);
		if (fd < 0 || !exchange(fd, ask, say))
			return fail(k, fd, e);
	}
	let_rest(k, fd);
	return DONE;
}

static outcome ask(struct keeper *k, struct keeper_ask *question, const char *key, struct buf *out, struct err *e)
{
	struct keeper_say say;

	if (strlen(key) >= sizeof question->key)
		return err_set(e, REASON_KEY_USELESS, "key %s: the name is too long", key);
	memcpy(question->key, key, strlen(key) + 1);
	TRY(ask_keeper(k, question, &say, e));
	if (say.reason != REASON_NONE)
		return err_set(e, (enum reason)say.reason, "%.*s", (int)say.n, (const char *)say.value);
	buf_add(out, (struct bytes){say.value, say.n});
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "an answer of the keeper of keys");
}

outcome keeper_certificate(struct keeper *k, const char *key, struct buf *out, struct err *e)
{
	struct keeper_ask question = {.verb = KEEPER_CERTIFICATE};

	return ask(k, &question, key, out, e);
}

outcome keeper_sign(struct keeper *k, const char *key, const unsigned char certificate[32], unsigned signature,
	struct bytes digest, struct buf *out, struct err *e)
{
	struct keeper_ask question = {.verb = KEEPER_SIGN, .signature = signature, .digest_n = (uint32_t)digest.n};

	BUG_IF(digest.n > KEEPER_DIGEST);
	memcpy(question.digest, digest.p, digest.n);
	memcpy(question.certificate, certificate, sizeof question.certificate);
	return ask(k, &question, key, out, e);
}
