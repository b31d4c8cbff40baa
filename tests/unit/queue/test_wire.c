/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection against a server that tears, delays and breaks what it says. */
#include "gate.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "queue/queue_wire.h"

/* A server of one connection: takes `octets` of commands, then says `text` in pieces of `piece` octets, then closes, or
 * keeps silent until the other side goes. */
struct server {
	pthread_t thread;
	int listener;
	char path[100], dir[80];
	size_t octets, piece;
	const char *text;
	bool silent;
};

static void *serve(void *of)
{
	struct server *s = of;
	int fd = accept(s->listener, NULL, NULL);
	size_t left = strlen(s->text), had = 0;
	char sink[4096];

	while (had < s->octets) {
		ssize_t n = read(fd, sink, sizeof sink);

		if (n <= 0)
			break;
		had += (size_t)n;
	}
	for (const char *at = s->text; left;) {
		ssize_t n = send(fd, at, left < s->piece ? left : s->piece, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		at += n;
		left -= (size_t)n;
		rig_nap(1);
	}
	while (s->silent && read(fd, sink, sizeof sink) > 0)
		continue;
	close(fd);
	return NULL;
}

static void server_start(struct server *s)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(s->dir, sizeof s->dir, "/tmp/qaqpa-w-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof s->path, "%s/w.sock", s->dir);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->listener, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	rig_remove(s->dir);
}

static struct queue_wire *open_wire(const struct server *s)
{
	const struct queue_server settings = {.command_ms = RIG_WAIT_MS};
	const struct queue_place at = {.socket = s->path};
	struct queue_wire *w = NULL;
	struct err e;

	if (!queue_wire_open(&settings, &at, mono_ms() + RIG_WAIT_MS, &w, &e).ok)
		fail_msg("%s", e.detail);
	return w;
}

static void add_pings(struct queue_wire *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		queue_wire_add(w, (const struct bytes[]){BYTES_LIT("PING")}, 1);
}

#define PING_OCTETS (sizeof "*1\r\n$4\r\nPING\r\n" - 1)

static void free_replies(redisReply **r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r[i])
			freeReplyObject(r[i]);
	}
}

static void commands_are_written_by_lengths(void **state)
{
	struct server s = {.text = "+OK\r\n", .piece = 100, .octets = 1};
	struct queue_wire *w;

	(void)state;
	server_start(&s);
	w = open_wire(&s);
	queue_wire_add(w, (const struct bytes[]){BYTES_LIT("SET"), BYTES_LIT("a\r\n$"), BYTES_LIT("")}, 3);
	assert_int_equal(queue_wire_octets(w), strlen("*3\r\n$3\r\nSET\r\n$4\r\na\r\n$\r\n$0\r\n\r\n"));
	queue_wire_close(&w);
	server_end(&s);
}

static void replies_in_single_octets_come_to_their_commands(void **state)
{
	struct server s = {.text = ":1\r\n$3\r\nt\r\n\r\n*2\r\n:3\r\n$-1\r\n", .piece = 1, .octets = 3 * PING_OCTETS,
		.silent = true};
	redisReply *r[3];
	struct queue_wire *w;
	struct err e = {0};
	size_t sent;

	(void)state;
	server_start(&s);
	w = open_wire(&s);
	add_pings(w, 3);
	assert_true(queue_wire_exchange(w, mono_ms() + RIG_WAIT_MS, r, &sent, &e).ok);
	assert_int_equal(sent, 3);
	assert_int_equal(r[0]->integer, 1);
	assert_int_equal(r[1]->len, 3);
	assert_int_equal(r[2]->elements, 2);
	assert_true(queue_wire_quiet(w, &e));
	free_replies(r, 3);
	queue_wire_close(&w);
	server_end(&s);
}

static void a_connection_that_breaks_in_the_middle_gives_what_came_whole(void **state)
{
	struct server s = {.text = ":1\r\n$3\r\nab", .piece = 100, .octets = 3 * PING_OCTETS};
	redisReply *r[3];
	struct queue_wire *w;
	struct err e = {0};
	size_t sent;

	(void)state;
	server_start(&s);
	w = open_wire(&s);
	add_pings(w, 3);
	assert_false(queue_wire_exchange(w, mono_ms() + RIG_WAIT_MS, r, &sent, &e).ok);
	assert_int_equal(sent, 3);
	assert_int_equal(r[0]->integer, 1);
	assert_null(r[1]);
	assert_null(r[2]);
	free_replies(r, 3);
	queue_wire_close(&w);
	server_end(&s);
}

/* The answer to the first command comes when the second is asked: it must not be taken for the second's. */
static void a_wire_that_failed_once_fails_for_ever(void **state)
{
	struct server s = {.text = ":1\r\n", .piece = 100, .octets = 2 * PING_OCTETS, .silent = true};
	redisReply *r[1];
	struct queue_wire *w;
	struct err e = {0};
	size_t sent;

	(void)state;
	server_start(&s);
	w = open_wire(&s);
	add_pings(w, 1);
	assert_false(queue_wire_exchange(w, mono_ms() + 50, r, &sent, &e).ok);
	add_pings(w, 1);
	assert_false(queue_wire_exchange(w, mono_ms() + RIG_WAIT_MS, r, &sent, &e).ok);
	assert_int_equal(sent, 0);
	assert_null(r[0]);
	queue_wire_close(&w);
	server_end(&s);
}

static void a_server_that_trickles_does_not_hold_beyond_the_deadline(void **state)
{
	static char text[200001];
	struct server s = {.text = text, .piece = 1, .octets = PING_OCTETS};
	redisReply *r[1];
	struct queue_wire *w;
	struct err e = {0};
	size_t sent;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[0] = '+';
	server_start(&s);
	w = open_wire(&s);
	add_pings(w, 1);
	assert_false(queue_wire_exchange(w, mono_ms() + 100, r, &sent, &e).ok);
	assert_non_null(strstr(e.detail, "in time"));
	assert_int_equal(sent, 1);
	queue_wire_close(&w);
	server_end(&s);
}

static void what_the_server_did_not_take_was_not_sent(void **state)
{
	static char big[8 << 20];
	struct server s = {.text = "", .piece = 1, .octets = 0, .silent = false};
	redisReply *r[2];
	struct queue_wire *w;
	struct err e = {0};
	size_t sent;

	(void)state;
	server_start(&s);
	w = open_wire(&s);
	pthread_join(s.thread, NULL); /* it took nothing and is gone */
	queue_wire_add(w, (const struct bytes[]){{(unsigned char *)big, sizeof big}}, 1);
	add_pings(w, 1);
	assert_false(queue_wire_exchange(w, mono_ms() + RIG_WAIT_MS, r, &sent, &e).ok);
	assert_int_equal(sent, 0);
	queue_wire_close(&w);
	close(s.listener);
	rig_remove(s.dir);
}

static void what_is_no_reply_breaks_the_wire(void **state)
{
	/* the second announces an array of gigabytes */
	static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "*134217728\r\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = {.text = texts[i], .piece = 100, .octets = PING_OCTETS};
		redisReply *r[1];
		struct queue_wire *w;
		struct err e = {0};
		size_t sent;

		server_start(&s);
		w = open_wire(&s);
		add_pings(w, 1);
		assert_false(queue_wire_exchange(w, mono_ms() + RIG_WAIT_MS, r, &sent, &e).ok);
		assert_non_null(strstr(e.detail, "no reply of Redis"));
		queue_wire_close(&w);
		server_end(&s);
	}
}

static void a_wire_at_rest_notices_the_end_and_what_nobody_asked_for(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {{"", "closed"}, {"+OK\r\n", "nobody asked"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = {.text = rows[i].text, .piece = 100};
		struct queue_wire *w;
		struct err e = {0};

		server_start(&s);
		w = open_wire(&s);
		poll(&(struct pollfd){.fd = queue_wire_fd(w), .events = POLLIN}, 1, RIG_WAIT_MS);
		assert_false(queue_wire_quiet(w, &e));
		assert_non_null(strstr(e.detail, rows[i].words));
		queue_wire_close(&w);
		server_end(&s);
	}
}

/* ---- is it fit? ---- */

static redisReply text_reply(int type, const char *text)
{
	return (redisReply){.type = type, .str = (char *)(uintptr_t)text, .len = strlen(text)};
}

#define GOOD "# Server\r\nrole:master\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n"

static void a_server_is_judged_by_what_it_shows(void **state)
{
	static const struct {
		const char *name, *info, *fsync, *words;
		bool everysec_allowed;
	} rows[] = {
		{"all is well", GOOD, "always", NULL, false},
		{"CONFIG is forbidden", GOOD, NULL, "+config|get", false},
		{"CONFIG is forbidden where everysec would do", GOOD, NULL, NULL, true},
		{"everysec where it is allowed", GOOD, "everysec", NULL, true},
		{"everysec", GOOD, "everysec", "set appendfsync always", false},
		{"a replica", "role:slave\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n", "always",
			"replica", false},
		{"one that loads", "role:master\r\nloading:1\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n", "always",
			"reading its file", false},
		{"CONFIG is forbidden and nothing is kept",
			"role:master\r\nloading:0\r\naof_enabled:0\r\nmaxmemory_policy:noeviction\r\n", NULL,
			"set appendonly yes", true},
		{"CONFIG is forbidden and keys are evicted",
			"role:master\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:volatile-ttl\r\n", NULL,
			"set maxmemory-policy noeviction", true},
		{"no policy is shown", "role:master\r\nloading:0\r\naof_enabled:1\r\n", "always", "maxmemory-policy", false},
		{"a line that only looks like a value", "xrole:master\r\nloading:0\r\naof_enabled:1\r\n", "always", "replica",
			false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		redisReply info = text_reply(REDIS_REPLY_STRING, rows[i].info);
		redisReply key = text_reply(REDIS_REPLY_STRING, "appendfsync");
		redisReply value = text_reply(REDIS_REPLY_STRING, rows[i].fsync ? rows[i].fsync : "");
		redisReply *both[2] = {&key, &value};
		redisReply config = rows[i].fsync
			? (redisReply){.type = REDIS_REPLY_ARRAY, .elements = 2, .element = both}
			: text_reply(REDIS_REPLY_ERROR, "NOPERM");
		const redisReply *const replies[2] = {&info, &config};
		const struct queue_server s = {.everysec_allowed = rows[i].everysec_allowed};
		struct err e = {0};

		print_message("%s\n", rows[i].name);
		assert_int_equal(queue_fit_judge(&s, replies, &e).ok, rows[i].words == NULL);
		if (rows[i].words && !strstr(e.detail, rows[i].words))
			fail_msg("\"%s\" does not say \"%s\"", e.detail, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_written_by_lengths),
		cmocka_unit_test(replies_in_single_octets_come_to_their_commands),
		cmocka_unit_test(a_connection_that_breaks_in_the_middle_gives_what_came_whole),
		cmocka_unit_test(a_wire_that_failed_once_fails_for_ever),
		cmocka_unit_test(a_server_that_trickles_does_not_hold_beyond_the_deadline),
		cmocka_unit_test(what_the_server_did_not_take_was_not_sent),
		cmocka_unit_test(what_is_no_reply_breaks_the_wire),
		cmocka_unit_test(a_wire_at_rest_notices_the_end_and_what_nobody_asked_for),
		cmocka_unit_test(a_server_is_judged_by_what_it_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
