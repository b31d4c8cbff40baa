/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running queue over TLS, with a user and a password, and through Sentinels. */
#include "asked.h"
#include "desk_script.h"
#include "rig_group.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define PKI BINARY_DIR "/test-pki"

static char port_text[8];

/* A port nobody uses now. */
static int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void make_pki(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl(SOURCE_DIR "/certs/make-test-pki", "make-test-pki", PKI, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A server that speaks TLS alone on its port, and demands a certificate. */
static int start_tls(void **state)
{
	(void)state;
	make_pki();
	rig_start(&rig);
	if (!rig.pid)
		return 0;
	rig_kill(&rig, SIGKILL);
	snprintf(port_text, sizeof port_text, "%d", free_port());
	rig_run(&rig, (const char *[]){"--tls-port", port_text, "--tls-cert-file", PKI "/tls-server.crt", "--tls-key-file",
		PKI "/tls-server.key", "--tls-ca-cert-file", PKI "/tls-ca.crt", "--tls-auth-clients", "yes", "--bind",
		"127.0.0.1", NULL});
	return 0;
}

static void assert_trouble(struct gate *g, const char *part)
{
	struct err e = {0};

	for (int waited = 0; waited < RIG_WAIT_MS; waited += 5) {
		if (!queue_healthy(g->q, &e) && strstr(e.detail, part))
			return;
		rig_nap(5);
	}
	fail_msg("\"%s\" does not say \"%s\"", e.detail, part);
}

static void assert_well(struct gate *g)
{
	struct err e = {0};

	if (!gate_becomes(g, true, &e))
		fail_msg("%s", e.detail);
}

static void tls_gate(struct gate *g)
{
	gate_init(g, &rig, "one");
	g->s.server.socket = NULL;
	g->s.server.host = "127.0.0.1";
	g->s.server.port = (int)strtol(port_text, NULL, 10);
	g->s.server.tls = true;
	g->s.server.tls_ca = PKI "/tls-ca.crt";
	g->s.server.tls_certificate = PKI "/tls-client.crt";
	g->s.server.tls_key = PKI "/tls-client.key";
}

static void over_tls_a_message_goes_in_and_out(void **state)
{
	static unsigned char body[200000]; /* many records of TLS */
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	memset(body, 'b', sizeof body);
	tls_gate(&g);
	g.s.inline_bytes = sizeof body;
	gate_open(&g);
	assert_well(&g);
	assert_int_equal(gate_put(&g, "m1", "land", "", (struct bytes){body, sizeof body}), QUEUE_DONE);
	c = gate_claim(&g);
	assert_true(bytes_eq(c->body, (struct bytes){body, sizeof body}));
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	gate_stop(&g);
}

static void a_server_of_another_authority_or_name_is_not_trusted(void **state)
{
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	tls_gate(&g);
	g.s.server.tls_ca = PKI "/root.crt";
	gate_open(&g);
	assert_trouble(&g, "TLS: ");
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	gate_stop(&g);
	tls_gate(&g);
	g.s.server.host = "127.0.0.2"; /* the certificate names 127.0.0.1 */
	rig_ask(&rig, "CONFIG SET bind 0.0.0.0");
	gate_open(&g);
	assert_trouble(&g, "IP address mismatch");
	gate_stop(&g);
	tls_gate(&g);
	g.s.server.tls_certificate = NULL; /* the server demands one */
	gate_open(&g);
	assert_trouble(&g, "TLS: ");
	gate_stop(&g);
}

static void write_password(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The rights a gateway needs, and few more. */
#define RIGHTS "~test:* +@read +@write +@scripting +@connection -@dangerous +info +config|get +role +time"

static void with_user_and_password_a_changed_secret_is_taken_by_itself(void **state)
{
	char path[160];
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	snprintf(path, sizeof path, "%s/password", rig.dir);
	write_password(path, "first\n");
	assert_true(rig_ask(&rig, "ACL SETUSER gateway on >first " RIGHTS) >= 0);
	tls_gate(&g);
	g.s.server.user = "gateway";
	g.s.server.password_file = path;
	gate_open(&g);
	assert_well(&g);
	assert_int_equal(gate_put(&g, "m3", "land", "key", BYTES_LIT("x")), QUEUE_DONE);
	gate_settle(&g, gate_claim(&g), QUEUE_TROUBLE, "x");
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	rig_ask(&rig, "ACL SETUSER gateway resetpass >second");
	rig_ask(&rig, "CLIENT KILL USER gateway");
	assert_trouble(&g, "WRONGPASS");
	assert_int_equal(gate_put(&g, "m4", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	write_password(path, "second");
	assert_well(&g);
	assert_int_equal(gate_put(&g, "m4", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	rig_ask(&rig, "ACL SETUSER gateway -@write");
	assert_trouble(&g, "NOPERM");
	rig_ask(&rig, "ACL SETUSER gateway +@write");
	assert_well(&g);
	unlink(path);
	rig_ask(&rig, "CLIENT KILL USER gateway");
	assert_trouble(&g, "password file");
	gate_stop(&g);
}

static void a_database_of_its_own_is_selected_on_each_connection(void **state)
{
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig); /* each database is a Redis of its own */
	gate_init(&g, &rig, "one");
	g.s.server.database = 3;
	gate_open(&g);
	assert_well(&g);
	queue_pause(g.q);
	assert_int_equal(gate_put(&g, "m5", "water", "", BYTES_LIT("x")), QUEUE_DONE);
	rig_ask(&rig, "CLIENT KILL TYPE normal");
	while (gate_put(&g, "m6", "water", "", BYTES_LIT("x")) == QUEUE_DOWN)
		rig_nap(5);
	assert_int_equal(rig_ask(&rig, "KEYS test:{water}:m:*"), 0);
	gate_stop(&g);
	rig_wipe(&rig);
}

/* ---- Sentinel ---- */

struct watch { /* master, replica, Sentinel */
	struct rig node[2], sentinel;
	int port[2], sentinel_port;
};

static void run_sentinel(struct watch *w)
{
	char path[160];
	FILE *f;

	snprintf(w->sentinel.dir, sizeof w->sentinel.dir, "%s", w->node[0].dir);
	snprintf(w->sentinel.socket, sizeof w->sentinel.socket, "%s/s.sock", w->sentinel.dir);
	snprintf(path, sizeof path, "%s/sentinel.conf", w->sentinel.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"port %d\nbind 127.0.0.1\nunixsocket %s\ndir %s\nlogfile sentinel.log\n"
		"sentinel monitor qaqpa 127.0.0.1 %d 1\nsentinel down-after-milliseconds qaqpa 2000\n"
		"sentinel failover-timeout qaqpa 3000\n",
		w->sentinel_port, w->sentinel.socket, w->sentinel.dir, w->port[0]);
	fclose(f);
	w->sentinel.pid = fork();
	if (w->sentinel.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", path, "--sentinel", (char *)NULL);
		_exit(127);
	}
	for (int waited = 0; !rig_answers(w->sentinel.socket); waited += 20) {
		assert_true(waited < RIG_WAIT_MS);
		rig_nap(20);
	}
}

static void run_node(struct watch *w, int i, int of)
{
	char port[8], master[32];

	snprintf(port, sizeof port, "%d", w->port[i]);
	snprintf(master, sizeof master, "127.0.0.1 %d", w->port[0]);
	rig_run(&w->node[i], (const char *[]){"--port", port, "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0",
		of < 0 ? NULL : "--replicaof", master, NULL});
}

/* True once the reply to INFO or SENTINEL holds the text. */
static void wait_words(const struct rig *of, const char *command, const char *words)
{
	for (int waited = 0; waited < RIG_WAIT_MS; waited += 50) {
		redisContext *c = redisConnectUnix(of->socket);
		redisReply *r = redisCommand(c, command);
		bool there = false;

		if (r && r->type == REDIS_REPLY_STRING)
			there = strstr(r->str, words) != NULL;
		freeReplyObject(r);
		redisFree(c);
		if (there)
			return;
		rig_nap(50);
	}
	fail_msg("%s never said %s", command, words);
}

static void sentinel_gate(struct gate *g, const char *name, const char *const *sentinels)
{
	gate_init(g, &rig, name);
	g->s.server.socket = NULL;
	g->s.server.sentinels = sentinels;
	g->s.server.master = "qaqpa";
	gate_open(g);
}

/* A message is taken when a replica knows so too, and not while that is silent. */
static void assert_replica_counts(struct gate *g, struct rig *replica)
{
	struct asked asked = {.done = false};

	assert_int_equal(recall(g, "r1", FIRST, &asked), RECALLED_NEW);
	assert_int_equal(rig_ask(replica, "EXISTS test:seen:r1"), 1);
	rig_kill(replica, SIGSTOP);
	assert_int_equal(recall(g, "r2", FIRST, &asked), -1);
	assert_non_null(strstr(asked.e.detail, "no replica"));
	rig_kill(replica, SIGCONT);
}

static void after_a_failover_the_queue_goes_on_at_the_new_master(void **state)
{
	static struct watch w;
	char good[32], bad[32];
	const char *const sentinels[] = {bad, good, NULL};
	struct asked asked = {.done = false};
	struct desk_script script;
	struct queue_desk *d;
	struct queue_claim *c;
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	for (int i = 0; i < 2; i++) {
		rig_start(&w.node[i]);
		rig_kill(&w.node[i], SIGKILL);
		w.port[i] = free_port();
		run_node(&w, i, i - 1);
	}
	w.sentinel_port = free_port();
	run_sentinel(&w);
	wait_words(&w.node[1], "INFO replication", "master_link_status:up");
	wait_words(&w.sentinel, "INFO sentinel", "slaves=1");
	snprintf(bad, sizeof bad, "127.0.0.1:%d", free_port());
	snprintf(good, sizeof good, "127.0.0.1:%d", w.sentinel_port);
	sentinel_gate(&g, "one", sentinels);
	assert_well(&g);
	queue_pause(g.q);
	desk_script_count(&script);
	d = desk_over(&g);
	assert_int_equal(desk_count(d, &script), 1);
	assert_int_equal(rig_ask(&w.node[1], "EXISTS test:area:n"), 1); /* without waiting: a replica has what returned */
	assert_replica_counts(&g, &w.node[1]);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	while (rig_ask(&w.node[1], "EXISTS test:{land}:m:m1") != 1)
		rig_nap(5);
	rig_kill(&w.node[0], SIGKILL);
	assert_true(gate_becomes(&g, false, NULL));
	assert_well(&g);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_KNOWN);
	assert_desk_refuses(d, &script, REASON_QUEUE_DOWN, "no replica");
	assert_int_equal(recall(&g, "r1", SECOND, &asked), RECALLED_OPEN);
	assert_int_equal(recall(&g, "r3", FIRST, &asked), RECALLED_NEW); /* no replica is left that could take over */
	queue_desk_close(&d);
	gate_stop(&g);
	sentinel_gate(&g, "two", sentinels);
	c = gate_claim(&g);
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	gate_stop(&g);
	rig_kill(&w.sentinel, SIGKILL);
	rig_stop(&w.node[1]);
	rig_stop(&w.node[0]);
}

static void sentinels_that_cannot_help_are_named(void **state)
{
	char nobody[32];
	const char *const lists[][2] = {{nobody, NULL}, {"without-port", NULL}, {"host:0", NULL}};
	static const char *const words[] = {"Connection refused", "write host:port", "write host:port"};
	struct gate g;

	(void)state;
	snprintf(nobody, sizeof nobody, "127.0.0.1:%d", free_port());
	for (size_t i = 0; i < 3; i++) {
		gate_init(&g, &rig, "one");
		g.s.server.socket = NULL;
		g.s.server.sentinels = lists[i];
		g.s.server.master = "qaqpa";
		gate_open(&g);
		assert_trouble(&g, words[i]);
		gate_stop(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tls[] = {
		cmocka_unit_test(over_tls_a_message_goes_in_and_out),
		cmocka_unit_test(a_server_of_another_authority_or_name_is_not_trusted),
		cmocka_unit_test(with_user_and_password_a_changed_secret_is_taken_by_itself),
		cmocka_unit_test(a_database_of_its_own_is_selected_on_each_connection),
	};
	const struct CMUnitTest sentinel[] = {
		cmocka_unit_test(sentinels_that_cannot_help_are_named),
		cmocka_unit_test(after_a_failover_the_queue_goes_on_at_the_new_master),
	};
	int failed = cmocka_run_group_tests(tls, start_tls, stop);

	return failed + cmocka_run_group_tests(sentinel, start, stop);
}
