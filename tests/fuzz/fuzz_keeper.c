/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of the socket of qaqpa-keyd, from both sides. The first octet says which: a question to a desk, whose clerk must
 * only ever see a name that ends and a digest that fits; or the answer of a keyd that says anything. */
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "keeper/keeper.h"
#include "log/log.h"

#define CERTIFICATE "der"

static struct sockaddr_un desk_at = {.sun_family = AF_UNIX}, liar_at = {.sun_family = AF_UNIX};
static struct keeper_desk *desk;
static struct keeper *asker;
static const unsigned char *lie; /* what the other keyd answers */
static size_t lie_n;

static outcome give_certificate(void *ctx, const char *key, struct buf *out, struct err *e)
{
	(void)ctx, (void)e;
	FUZZ_ASSERT(strlen(key) < KEEPER_KEY);
	buf_str(out, CERTIFICATE);
	return DONE;
}

static outcome give_value(void *ctx, const char *key, const unsigned char certificate[32], unsigned signature,
	struct bytes digest, struct buf *out, struct err *e)
{
	(void)ctx, (void)certificate, (void)signature;
	FUZZ_ASSERT(strlen(key) < KEEPER_KEY && digest.n <= KEEPER_DIGEST);
	buf_add(out, digest);
	return digest.n ? DONE : err_set(e, REASON_KEY_USELESS, "nothing to sign for %s", key);
}

static void *lie_to_all(void *listener)
{
	struct keeper_ask ask;
	int fd;

	while ((fd = accept(*(int *)listener, NULL, NULL)) >= 0) {
		while (recv(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask && send(fd, lie, lie_n, MSG_NOSIGNAL) > 0)
			;
		close(fd);
	}
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct keeper_clerk clerk = {give_certificate, give_value, NULL};
	static int listener;
	pthread_t thread;
	struct err e;

	(void)argc, (void)argv;
	log_set_level(LOG_ERROR);
	snprintf(desk_at.sun_path, sizeof desk_at.sun_path, "/tmp/qaqpa-fuzz-%d.desk", getpid());
	snprintf(liar_at.sun_path, sizeof liar_at.sun_path, "/tmp/qaqpa-fuzz-%d.liar", getpid());
	FUZZ_ASSERT(keeper_desk_open(desk_at.sun_path, -1, &clerk, &desk, &e).ok);
	listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	FUZZ_ASSERT(bind(listener, (struct sockaddr *)&liar_at, sizeof liar_at) == 0 && listen(listener, 8) == 0);
	FUZZ_ASSERT(pthread_create(&thread, NULL, lie_to_all, &listener) == 0);
	FUZZ_ASSERT(keeper_open(liar_at.sun_path, &asker, &e).ok);
	return 0;
}

/* The desk ends the connection, or says something of the form that is agreed. */
static void question(struct bytes packet)
{
	static int fd = -1;
	struct keeper_say say;
	ssize_t n;

	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		FUZZ_ASSERT(connect(fd, (struct sockaddr *)&desk_at, sizeof desk_at) == 0);
	}
	n = send(fd, packet.p, packet.n, MSG_NOSIGNAL) == (ssize_t)packet.n ? recv(fd, &say, sizeof say, 0) : -1;
	if (n <= 0 || packet.n == 0) {
		const struct keeper_ask *a = (const struct keeper_ask *)packet.p;

		FUZZ_ASSERT(packet.n != sizeof *a || (a->verb != KEEPER_CERTIFICATE && a->verb != KEEPER_SIGN) ||
			!memchr(a->key, 0, KEEPER_KEY) || a->digest_n > KEEPER_DIGEST);
		close(fd);
		fd = -1;
		return;
	}
	FUZZ_ASSERT(packet.n == sizeof(struct keeper_ask));
	FUZZ_ASSERT(say.reason < REASON_COUNT && (size_t)n == offsetof(struct keeper_say, value) + say.n);
}

static void answer(struct bytes packet)
{
	static const unsigned char certificate[32];
	SCOPED(buf_free) struct buf out = BUF(KEEPER_VALUE);
	struct keeper_say say = {0};
	struct err e = {0};

	lie = packet.n ? packet.p : (const unsigned char *)"";
	lie_n = packet.n ? packet.n : 1;
	memcpy(&say, lie, lie_n < sizeof say ? lie_n : sizeof say);
	if (keeper_sign(asker, "key", certificate, 0, BYTES_LIT("0123456789abcdef0123456789abcdef"), &out, &e).ok)
		FUZZ_ASSERT(say.reason == REASON_NONE && bytes_eq(buf_bytes(&out), (struct bytes){say.value, say.n}));
	else
		FUZZ_ASSERT(e.reason != REASON_NONE && e.reason < REASON_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(struct keeper_ask) static unsigned char copy[sizeof(struct keeper_say)];
	size_t n = size ? size - 1 : 0;

	n = n < sizeof copy ? n : sizeof copy;
	if (n)
		memcpy(copy, data + 1, n);
	if (size && data[0] % 2)
		answer((struct bytes){copy, n});
	else
		question((struct bytes){copy, n});
	return 0;
}
