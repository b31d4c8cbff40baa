/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_listen - listening sockets: binding, accepting, the bounds on connections.
 * Promise:  a connection that cannot be served is closed at once; a lack of descriptors neither spins nor
 *           stops the connections that exist.
 * Not here: what a connection does (front_conn.c). */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log/log.h"

#include "front/front_int.h"

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 64
#define PAUSE_US 100000
#define COMPLAIN_US 1000000

void front_listen_complain(struct front_listener *l, const char *event, const char *reason, const char *peer)
{
	if (l->front->now_us - l->complained_us < COMPLAIN_US)
		return;
	l->complained_us = l->front->now_us;
	log_event(LOG_WARNING, event, LOG_TEXT("listener", l->options.name), LOG_TEXT("peer", peer),
		  LOG_TEXT("reason", reason));
}

static void turn_away(struct front_listener *l, const char *event, const char *reason, const char *peer)
{
	atomic_fetch_add(&l->front->refused_connections, 1);
	front_listen_complain(l, event, reason, peer);
}

static struct address address_of(const struct sockaddr_storage *from)
{
	struct address ip;
	if (from->ss_family == AF_INET)
		return address_v4((const void *)&((const struct sockaddr_in *)(const void *)from)->sin_addr);
	memcpy(ip.octets, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, sizeof ip.octets);
	return ip;
}

struct front_address *front_listen_admit(struct front_listener *l, struct address ip)
{
	struct front *f = l->front;
	struct front_address *a = front_address_enter(&f->addresses, l->index, &l->options, ip, f->now_us);
	char peer[ADDRESS_TEXT];
	address_print(ip, peer);
	if (!a) {
		turn_away(l, "front.connections-of-address-full", "", peer);
		return NULL;
	}
	/* A handshake is the work that is not to be done; without TLS a line of HTTP says when to come back. */
	if (l->options.tls != FRONT_TLS_OFF && front_address_owes_s(a, &l->options, f->now_us) > 0) {
		front_address_leave(&f->addresses, a, f->now_us);
		atomic_fetch_add(&f->put_off_work, 1);
		turn_away(l, "front.put-off", reason_row(REASON_ADDRESS_WORK)->name, peer);
		return NULL;
	}
	return a;
}

static bool is_proxy(const struct front_listener *l, struct address ip)
{
	for (size_t i = 0; i < l->options.proxy_count; i++)
		if (prefix_holds(&l->proxies[i], ip))
			return true;
	return false;
}

static void admit(struct front_listener *l, int fd, const struct sockaddr_storage *from)
{
	struct address ip = address_of(from);
	bool full = l->connections >= l->options.connections, proxy = is_proxy(l, ip);
	char peer[ADDRESS_TEXT];
	struct front_address *a = full || proxy ? NULL : front_listen_admit(l, ip);
	if (full) {
		address_print(ip, peer);
		turn_away(l, "front.connections-full", "", peer);
	}
	if (a || (proxy && !full))
		front_conn_start(l, fd, ip, a);
	else
		close(fd);
}

/* No descriptor is left: the reserve takes the waiting connection and hangs up on it, so that the line
 * moves. (Without a descriptor accept does not even say that nobody waits.) When another thread was
 * faster, accepting pauses. */
static bool shed_one(struct front_listener *l)
{
	struct front *f = l->front;
	close(f->reserve);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	bool nobody = fd < 0 && errno == EAGAIN;
	if (fd >= 0) {
		close(fd);
		turn_away(l, "front.descriptors-short", "", "");
	}
	f->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (f->reserve >= 0 && (fd >= 0 || nobody))
		return !nobody;
	epoll_ctl(f->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	f->accept_again_us = f->now_us + PAUSE_US;
	return false;
}

static void listen_ready(struct front *f, struct front_source *s, uint32_t events)
{
	struct front_listener *l = (struct front_listener *)s;
	(void)f, (void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof(from);
		int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			admit(l, fd, &from);
		else if (errno == EAGAIN)
			return;
		else if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
			 !shed_one(l))
			return;
	}
}

void front_listen_resume(struct front_listener *l)
{
	struct front *f = l->front;
	if (f->reserve < 0)
		f->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &l->source};
	if (l->fd >= 0 && epoll_ctl(f->epoll, EPOLL_CTL_ADD, l->fd, &event) < 0 && errno != EEXIST)
		f->accept_again_us = f->now_us + PAUSE_US;
}

/* TCP_NODELAY is inherited by accepted sockets. */
static bool listen_on(struct front_listener *l, const struct addrinfo *a)
{
	int on = 1;
	struct sockaddr_storage bound;
	socklen_t n = sizeof(bound);
	l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    bind(l->fd, a->ai_addr, a->ai_addrlen) < 0 || listen(l->fd, BACKLOG) < 0 ||
	    getsockname(l->fd, (struct sockaddr *)&bound, &n) < 0)
		return false;
	l->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
						    : ((struct sockaddr_in *)(void *)&bound)->sin_port);
	return true;
}

outcome front_listen_open(struct front_listener *l, struct err *e)
{
	const struct front_listener_options *o = &l->options;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*found = NULL;
	const char *host = o->host ? o->host : "*";
	char port[16];
	snprintf(port, sizeof(port), "%d", o->port);
	l->source.ready = listen_ready;
	int wrong = getaddrinfo(o->host, port, &hints, &found);
	if (wrong)
		return err_set(e, REASON_IO, "listener %s: address %s port %d: %s", o->name, host, o->port,
			       gai_strerror(wrong));
	bool ok = listen_on(l, found);
	int error = errno;
	freeaddrinfo(found);
	if (!ok)
		return err_set(e, REASON_IO, "listener %s: address %s port %d: %s", o->name, host, o->port,
			       strerror(error));
	return DONE;
}

void front_listen_close(struct front_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
