/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper_desk - the side that answers: a thread that takes connections, and one for each of them.
 * Promise: what comes is a packet of the one size, with a name that ends and a digest that fits, or the connection ends;
 *          nobody who does not read holds a thread for long. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/thread.h"
#include "keeper/keeper.h"
#include "log/log.h"

#define VISITS_MOST 256
#define FOREVER (-1)
#define NO_VISITOR_MS 100 /* before the next one is taken, when there was no descriptor for one */
#define READ_S 2          /* within which a visitor takes its answer */

struct visit {
	struct keeper_desk *desk;
	pthread_t thread;
	int fd;
	bool ended;
};

struct keeper_desk {
	struct keeper_clerk clerk;
	char *path;
	int listener, stop; /* stop: readable once it shall end */
	pthread_t thread;
	struct visit *visits[VISITS_MOST]; /* of the taking thread alone */
};

static bool is_sound(const struct keeper_ask *a, ssize_t n)
{
	return n == (ssize_t)sizeof *a && memchr(a->key, 0, sizeof a->key) && a->digest_n <= KEEPER_DIGEST &&
		(a->verb == KEEPER_CERTIFICATE || a->verb == KEEPER_SIGN);
}

static outcome serve(const struct keeper_clerk *c, const struct keeper_ask *a, struct buf *out, struct err *e)
{
	if (a->verb == KEEPER_CERTIFICATE)
		return c->certificate(c->ctx, a->key, out, e);
	return c->sign(c->ctx, a->key, a->certificate, a->signature, (struct bytes){a->digest, a->digest_n}, out, e);
}

static void answer(const struct keeper_clerk *c, const struct keeper_ask *a, struct keeper_say *say)
{
	SCOPED(buf_free) struct buf value = BUF(KEEPER_VALUE);
	struct err e = {0};

	say->reason = REASON_NONE;
	if (serve(c, a, &value, &e).ok) {
		memcpy(say->value, value.data, value.len);
		say->n = (uint32_t)value.len;
		return;
	}
	say->reason = (uint32_t)e.reason;
	say->n = (uint32_t)strlen(e.detail);
	memcpy(say->value, e.detail, say->n);
	log_event(LOG_WARNING, "keeper.refused", LOG_TEXT("key", a->key), LOG_TEXT("detail", e.detail));
}

/* Until the descriptor (-1: none) is readable or the time is over; false when the desk shall end. */
static bool wait_for(const struct keeper_desk *d, int fd, int ms)
{
	struct pollfd ready[] = {{.fd = fd, .events = POLLIN}, {.fd = d->stop, .events = POLLIN}};

	while (poll(ready, 2, ms) < 0) {
		if (errno != EINTR)
			return false;
	}
	return !ready[1].revents;
}

static void *visit_run(void *of)
{
	struct visit *v = of;
	struct keeper_ask ask;
	struct keeper_say say;

	while (wait_for(v->desk, v->fd, FOREVER)) {
		if (!is_sound(&ask, recv(v->fd, &ask, sizeof ask, MSG_TRUNC)))
			break;
		answer(&v->desk->clerk, &ask, &say);
		if (send(v->fd, &say, offsetof(struct keeper_say, value) + say.n, MSG_NOSIGNAL) < 0)
			break;
	}
	close(v->fd);
	__atomic_store_n(&v->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static void visit_bury(struct visit **v)
{
	pthread_join((*v)->thread, NULL);
	free(*v);
	*v = NULL;
}

/* A free place, after those whose visit has ended were cleared; NULL when there is none. */
static struct visit **place(struct keeper_desk *d)
{
	struct visit **found = NULL;

	for (size_t i = 0; i < VISITS_MOST; i++) {
		if (d->visits[i] && __atomic_load_n(&d->visits[i]->ended, __ATOMIC_ACQUIRE))
			visit_bury(&d->visits[i]);
		if (!d->visits[i])
			found = &d->visits[i];
	}
	return found;
}

static void take(struct keeper_desk *d, int fd)
{
	struct visit **at = place(d), *v = at ? calloc(1, sizeof *v) : NULL;
	const struct timeval patience = {.tv_sec = READ_S};

	if (!v || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
		free(v);
		close(fd);
		return;
	}
	*v = (struct visit){.desk = d, .fd = fd};
	if (!thread_start(&v->thread, visit_run, v)) {
		close(fd);
		free(v);
		return;
	}
	*at = v;
}

static void *desk_run(void *of)
{
	struct keeper_desk *d = of;

	while (wait_for(d, d->listener, FOREVER)) {
		int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			take(d, fd);
		} else if (errno != EAGAIN) {
			(void)wait_for(d, -1, NO_VISITOR_MS); /* the one who waits at the listener would wake it at once */
		}
	}
	for (size_t i = 0; i < VISITS_MOST; i++) {
		if (d->visits[i])
			visit_bury(&d->visits[i]);
	}
	return NULL;
}

/* The mode is right from the beginning: nobody else connects in between. */
static outcome listen_at(struct keeper_desk *d, long group, struct err *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t before;
	bool bound;

	if (strlen(d->path) >= sizeof at.sun_path)
		return err_set(e, REASON_IO, "%s is too long for a socket", d->path);
	memcpy(at.sun_path, d->path, strlen(d->path) + 1);
	d->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(d->path);
	before = umask(0177);
	bound = d->listener >= 0 && bind(d->listener, (struct sockaddr *)&at, sizeof at) == 0;
	umask(before);
	if (!bound || (group >= 0 && (chown(d->path, (uid_t)-1, (gid_t)group) != 0 || chmod(d->path, 0660) != 0)) ||
		listen(d->listener, VISITS_MOST) != 0)
		return err_set(e, REASON_IO, "%s: %s", d->path, strerror(errno));
	return DONE;
}

static outcome start(struct keeper_desk *d, const char *socket, long group, struct err *e)
{
	d->path = strdup(socket);
	d->stop = eventfd(0, EFD_CLOEXEC);
	if (!d->path || d->stop < 0)
		return err_set(e, REASON_IO, "the desk of the keeper: %s", strerror(errno));
	TRY(listen_at(d, group, e));
	return thread_start(&d->thread, desk_run, d) ? DONE : err_set(e, REASON_IO, "no thread for the keeper");
}

static void drop(struct keeper_desk *d)
{
	if (d->listener >= 0)
		close(d->listener);
	if (d->stop >= 0)
		close(d->stop);
	free(d->path);
	free(d);
}

outcome keeper_desk_open(const char *socket, long group, const struct keeper_clerk *clerk, struct keeper_desk **out,
	struct err *e)
{
	struct keeper_desk *d = calloc(1, sizeof *d);

	if (!d)
		return err_set(e, REASON_IO, "no memory for the keeper");
	d->clerk = *clerk;
	d->listener = d->stop = -1;
	if (!start(d, socket, group, e).ok) {
		drop(d);
		return FAILED;
	}
	*out = d;
	return DONE;
}

void keeper_desk_close(struct keeper_desk **of)
{
	struct keeper_desk *d = *of;

	if (!d)
		return;
	*of = NULL;
	thread_wake(d->stop);
	pthread_join(d->thread, NULL);
	unlink(d->path);
	drop(d);
}
