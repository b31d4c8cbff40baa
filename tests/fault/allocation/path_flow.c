/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole request through sockets, workers, journal and a provider, in all threads of the gateway. The caller gets the
 * right answer, signed, or a fault, or loses the connection; no exchange is left behind; the provider sees a message once at
 * most. */
#include "../../unit/signed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "flow/flow.h"
#include "log/log.h"
#include "path.h"
#include "shortage.h"

#define ROOM (8u << 20)
#define TEXT_MOST 65536
#define PATIENCE_S 20
#define ANSWERED "<p:answered xmlns:p=\"urn:p\"/>"

/* %d: port of the provider. */
static const char configuration[] =
	"gateway: {drain: 1s, workers: 2}\n"
	"journal: {directory: journal, free_space: 1MiB}\n"
	"listeners: [{name: usual, listen: \"127.0.0.1:0\"}]\n"
	"keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: " PKI "/gateway.key}]\n"
	"participants:\n"
	"  - {name: department, sender_ids: department_is, certificates: " PKI "/department.crt, may_call: \"*\"}\n"
	"  - {name: permits, sender_ids: permits_is, certificates: " PKI "/permits.crt}\n"
	"services: [{id: ECHO, provider: permits, endpoint: \"http://127.0.0.1:%d/\", deadline: 15s}]\n";

static struct signed_bench bench;
static struct flow *flow;
static struct front *front;
static struct trust *caller; /* knows the gateway */
static int provider;
static char called[64]; /* the last message that the provider saw */
static unsigned number;

/* --- the provider: one thread, one connection after another --- */

static size_t read_http(int fd, char text[TEXT_MOST])
{
	size_t n = 0;

	errno = 0;
	for (;;) {
		ssize_t got = recv(fd, text + n, TEXT_MOST - 1 - n, 0);
		const char *head, *length;

		if (got <= 0)
			return 0;
		n += (size_t)got;
		text[n] = 0;
		head = strstr(text, "\r\n\r\n");
		length = head ? strcasestr(text, "\r\ncontent-length:") : NULL;
		if (length && n >= (size_t)(head + 4 - text) + strtoul(length + 17, NULL, 10))
			return n;
	}
}

static void write_all(int fd, struct bytes b)
{
	while (b.n > 0) {
		ssize_t put = send(fd, b.p, b.n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		b = bytes_sub(b, (size_t)put, b.n);
	}
}

static void answer(int fd, const char *request)
{
	struct sign_options options = {trust_key_named(bench.signers, "permits"), CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	SCOPED(buf_free) struct buf plain = BUF(ROOM), text = BUF(ROOM), http = BUF(ROOM);
	const char *id = strstr(request, "<messageId>");
	struct sync_response r = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-00000000000b}"), .date = stamp_now(),
		.status_code = BYTES_LIT("SCSS001"), .status_message = BYTES_LIT("done")};
	struct err e;

	PATH_MUST(id);
	r.correlation_id = (struct bytes){(const unsigned char *)id + 11, 38};
	if (bytes_is(r.correlation_id, called))
		path_broken("the provider was called twice with one message");
	memcpy(called, r.correlation_id.p, r.correlation_id.n);
	PATH_MUST(channel_write_response(&r, "", ANSWERED, &plain, &e).ok);
	PATH_MUST(security_sign(pool, buf_bytes(&plain), &options, &text, &e).ok);
	buf_printf(&http, "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nConnection: close\r\n"
		"Content-Length: %zu\r\n\r\n", text.len);
	buf_add(&http, buf_bytes(&text));
	write_all(fd, buf_bytes(&http));
}

static void *serve(void *unused)
{
	static char text[TEXT_MOST];

	(void)unused;
	shortage_spare(true);
	for (;;) {
		int fd = accept(provider, NULL, NULL);

		if (fd < 0)
			return NULL;
		if (read_http(fd, text))
			answer(fd, text);
		close(fd);
	}
}

static int listen_at(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof a;

	PATH_MUST(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 16) == 0);
	PATH_MUST(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* --- the gateway --- */

static void know_gateway(void)
{
	static const char *const pinned[] = {PKI "/gateway.crt"};
	static const struct conf_profile any = {.name = "any", .forms = CONF_FORM_KEY_IDENTIFIER, .skew_ms = 300000};
	static const struct conf_participant gateway = {.name = "gateway", .certificates = {pinned, 1}, .profile = &any};
	struct err e;

	caller = trust_new();
	PATH_MUST(caller && trust_add_participant(caller, &gateway, &e).ok);
}

static void start_front(void)
{
	static struct front_listener_options o = {.name = "usual", .host = "127.0.0.1", .head_bytes = 16384,
		.body_bytes = 1 << 20, .head_ms = 60000, .body_ms = 60000, .idle_ms = 60000, .write_ms = 60000,
		.handshake_ms = 60000, .connections = 100};
	struct front_settings settings = {.listeners = &o, .listener_count = 1, .memory_bytes = 64u << 20,
		.handler = flow_on_request, .ctx = flow};
	struct err e;

	if (!front_start(&settings, &front, &e).ok)
		path_broken("%s", e.detail);
	flow_set_front(flow, front);
}

static void prepare(void)
{
	struct conf_problems *problems = conf_problems_new();
	struct snapshot *snapshot = NULL;
	SCOPED(buf_free) struct buf text = BUF(ROOM);
	struct err e = {.detail = ""};
	pthread_t thread;
	int port;

	bench_make(&bench);
	provider = listen_at(&port);
	buf_printf(&text, configuration, port);
	bench_file(&bench, "qaqpa.yaml", buf_cstr(&text));
	know_gateway();
	if (!snapshot_load(bench.path, problems, &snapshot, &e).ok || !flow_start(snapshot, &flow, &e).ok)
		path_broken("%s", problems->n ? problems->list[0].what : e.detail);
	conf_problems_free(&problems);
	start_front();
	PATH_MUST(pthread_create(&thread, NULL, serve, NULL) == 0 && pthread_detach(thread) == 0);
	shortage_spare(true); /* who walks is the caller */
}

static void drop(void)
{
	front_stop(&front);
	flow_stop(&flow);
	trust_free(&caller);
	bench_drop(&bench);
}

/* --- the caller --- */

static struct bytes request(struct pool *pool)
{
	struct sign_options options = {trust_key_named(bench.signers, "department"), CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	SCOPED(buf_free) struct buf plain = BUF(ROOM), text = BUF(ROOM);
	struct sync_request r = {.service_id = BYTES_LIT("ECHO"), .date = stamp_now(), .sender_id = BYTES_LIT("department_is")};
	struct err e;
	char id[39];

	snprintf(id, sizeof id, "{00000000-0000-4000-8000-%012u}", ++number);
	r.message_id = bytes_str(id);
	PATH_MUST(channel_write_request(&r, "", "<p:a xmlns:p=\"urn:p\"/>", &plain, &e).ok);
	PATH_MUST(security_sign(pool, buf_bytes(&plain), &options, &text, &e).ok);
	return (struct bytes){(const unsigned char *)pool_copy(pool, buf_bytes(&text)), text.len};
}

static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)front_port(front, 0))};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	PATH_MUST(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
	PATH_MUST(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
	return fd;
}

/* Signed by the gateway, and with what the provider said. */
static void judge_answer(struct pool *pool, const char *body)
{
	const struct verified *v;
	struct sync_response r;
	struct envelope *env;
	struct err e = {.detail = ""};

	if (!strstr(body, ANSWERED) || !envelope_parse(pool, bytes_str(body), &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok ||
		!security_verify(pool, env, caller, stamp_now(), &v, NULL, &e).ok || !channel_read_response(pool, v, &r, &e).ok)
		path_broken("an answer that is not right: %s, %.200s", e.detail, body);
	PATH_MUST(bytes_is(r.status_code, "SCSS001"));
}

/* What the fault is called in public; a refusal before there is a message has a word of its own. */
static outcome refused(const char *text, struct err *e)
{
	const char *code = strstr(text, "<errorCode>");

	if (strncmp(text, "HTTP/1.1 503", 12) == 0 || (code && strncmp(code + 11, "QG050", 5) == 0))
		return err_set(e, REASON_MEMORY, "503");
	if (code && strncmp(code + 11, "QG051", 5) == 0)
		return err_set(e, REASON_JOURNAL_DOWN, "503");
	if (code && strncmp(code + 11, "QG04", 4) == 0)
		return err_set(e, REASON_PROVIDER_BROKEN, "%.5s", code + 11);
	if (strstr(text, "<faultstring>SCE909"))
		return err_set(e, REASON_MEMORY, "the last resort");
	path_broken("an answer that is neither: %.300s", text);
}

static void wait_for_end(void)
{
	for (int i = 0; i < PATIENCE_S * 1000 && flow_open_exchanges(flow) > 0; i++)
		usleep(1000);
	if (flow_open_exchanges(flow) > 0)
		path_broken("an exchange is left behind");
}

/* After the journal was refused memory it calls itself sick until it has looked again, which it does once a second. */
static void wait_for_health(void)
{
	SCOPED(buf_free) struct buf json = BUF(ROOM);

	for (int i = 0; i < PATIENCE_S * 100 && !flow_health(flow, &json); i++) {
		buf_clear(&json);
		usleep(10000);
	}
}

static outcome run(struct err *e)
{
	static char text[TEXT_MOST];
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	SCOPED(buf_free) struct buf http = BUF(ROOM);
	struct bytes body = request(pool);
	size_t got;
	int fd;

	wait_for_health();
	fd = dial();
	buf_printf(&http, "POST /bip-sync-wss-gost/ HTTP/1.1\r\nHost: g\r\nContent-Type: text/xml; charset=utf-8\r\n"
		"Content-Length: %zu\r\n\r\n", body.n);
	buf_add(&http, body);
	write_all(fd, buf_bytes(&http));
	got = read_http(fd, text);
	if (!got && errno == EAGAIN)
		path_broken("the caller waited in vain");
	close(fd);
	shortage_lift();
	wait_for_end();
	if (!got)
		return err_set(e, REASON_MEMORY, "the connection was closed");
	if (strncmp(text, "HTTP/1.1 200", 12) != 0)
		return refused(text, e);
	judge_answer(pool, strstr(text, "\r\n\r\n") + 4);
	return DONE;
}

const struct path path_flow = {"flow", "a whole request: sockets, workers, journal, provider", prepare, run, drop, true, 0,
	12}; /* the journal takes up to a second to get well */
