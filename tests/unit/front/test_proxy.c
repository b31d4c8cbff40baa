/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of the PROXY protocol: rows against the reader, at once and octet by octet, then over loopback. */
#include "front_rig.h"

#include "front/front_int.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: gw\r\n\r\n"
#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define FOUR "\xC0\x00\x02\x07\xC0\x00\x02\x09\x30\x39\x01\xBB" /* 192.0.2.7:12345 to 192.0.2.9:443 */
#define SIX "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x30\x39\x01\xBB"
#define HIGHEST "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define LINE_107 "PROXY UNKNOWN " HIGHEST " " HIGHEST " 65535 65535\r\n"

/* client NULL: refused; "": good, and the connection is the proxy's own; "?": more is waited for. */
static const struct row {
	const char *name;
	struct bytes header;
	const char *client;
	size_t left; /* octets that belong to what follows */
} rows[] = {
	{"a line for IPv4", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 12345 443\r\n"), "192.0.2.7", 0},
	{"a line for IPv6", BYTES_LIT("PROXY TCP6 2001:db8::7 2001:db8::9 0 65535\r\n"), "2001:db8::7", 0},
	{"what follows a line is not taken", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n\r\n\x16\x03\x01"),
		"192.0.2.7", 5},
	{"a line of the proxy itself", BYTES_LIT("PROXY UNKNOWN\r\nGET"), "", 3},
	{"the longest line there is", BYTES_LIT(LINE_107 "G"), "", 1},
	{"octets for IPv4", BYTES_LIT(V2 "\x21\x11\0\x0c" FOUR "GET"), "192.0.2.7", 3},
	{"octets for IPv6", BYTES_LIT(V2 "\x21\x21\0\x24" SIX), "2001:db8::7", 0},
	{"octets with more said beside the addresses", BYTES_LIT(V2 "\x21\x11\0\x11" FOUR "\x04\0\x02xyGET"), "192.0.2.7", 3},
	{"octets of the proxy itself", BYTES_LIT(V2 "\x20\0\0\0GET"), "", 3},
	{"octets of the proxy itself, with addresses that count for nothing", BYTES_LIT(V2 "\x20\x11\0\x0c" FOUR), "", 0},
	{"octets of a proxy that does not know", BYTES_LIT(V2 "\x21\0\0\x02zz"), "", 0},

	{"half a line", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 12345 443\r"), "?", 0},
	{"half of the octets", BYTES_LIT(V2 "\x21\x11\0\x0c\xC0\x00"), "?", 0},
	{"half of the signature", BYTES_LIT("\r\n\r\n"), "?", 0},

	{"no header", BYTES_LIT(GET("/")), NULL, 0},
	{"TLS without a header", BYTES_LIT("\x16\x03\x01\x02\x00"), NULL, 0},
	{"small letters", BYTES_LIT("proxy TCP4 192.0.2.7 192.0.2.9 1 2\r\n"), NULL, 0},
	{"another word behind it", BYTES_LIT("PROXYTCP4 192.0.2.7 192.0.2.9 1 2\r\n"), NULL, 0},
	{"another family", BYTES_LIT("PROXY UDP4 192.0.2.7 192.0.2.9 1 2\r\n"), NULL, 0},
	{"an address of the other family", BYTES_LIT("PROXY TCP4 2001:db8::7 2001:db8::9 1 2\r\n"), NULL, 0},
	{"an IPv4 address as IPv6", BYTES_LIT("PROXY TCP6 192.0.2.7 192.0.2.9 1 2\r\n"), NULL, 0},
	{"a name for an address", BYTES_LIT("PROXY TCP4 localhost 192.0.2.9 1 2\r\n"), NULL, 0},
	{"a destination that is none", BYTES_LIT("PROXY TCP4 192.0.2.7 - 1 2\r\n"), NULL, 0},
	{"a port above 65535", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 65536 2\r\n"), NULL, 0},
	{"a port with a zero before it", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 01 2\r\n"), NULL, 0},
	{"no port", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 1\r\n"), NULL, 0},
	{"a word too many", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 1 2 3\r\n"), NULL, 0},
	{"two spaces", BYTES_LIT("PROXY TCP4  192.0.2.7 192.0.2.9 1 2\r\n"), NULL, 0},
	{"a space at the end", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 1 2 \r\n"), NULL, 0},
	{"a line that ends with LF alone", BYTES_LIT("PROXY TCP4 192.0.2.7 192.0.2.9 1 2\n"), NULL, 0},
	{"a CR inside", BYTES_LIT("PROXY TCP4 192.0.2.7\r192.0.2.9 1 2\r\n"), NULL, 0},
	{"a control character", BYTES_LIT("PROXY UNKNOWN x\ty\r\n"), NULL, 0},
	{"a NUL", BYTES_LIT("PROXY UNKNOWN x\0\r\n"), NULL, 0},
	{"a line one octet too long", BYTES_LIT("PROXY UNKNOWN " HIGHEST " " HIGHEST " 65535 655350\r\n"), NULL, 0},
	{"a signature with one octet changed", BYTES_LIT("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" FOUR), NULL, 0},
	{"version 1 in octets", BYTES_LIT(V2 "\x11\x11\0\x0c" FOUR), NULL, 0},
	{"another command", BYTES_LIT(V2 "\x22\x11\0\x0c" FOUR), NULL, 0},
	{"datagrams", BYTES_LIT(V2 "\x21\x12\0\x0c" FOUR), NULL, 0},
	{"a Unix socket", BYTES_LIT(V2 "\x21\x31\0\xd8"), NULL, 0},
	{"fewer octets than an address takes", BYTES_LIT(V2 "\x21\x11\0\x0b" FOUR), NULL, 0},
	{"fewer octets than an IPv6 address takes", BYTES_LIT(V2 "\x21\x21\0\x23" SIX), NULL, 0},
	{"more octets than are read over", BYTES_LIT(V2 "\x21\x11\x10\x01" FOUR), NULL, 0},
};

static enum http_step feed(struct front_proxy *p, struct bytes in, size_t piece, size_t *left)
{
	enum http_step step = HTTP_MORE;
	size_t at = 0, used;
	while (at < in.n && step == HTTP_MORE) {
		size_t end = at + piece < in.n ? at + piece : in.n;
		step = front_proxy_feed(p, bytes_sub(in, at, end), &used);
		assert_true(used <= end - at && (step != HTTP_MORE || used == end - at));
		at += used;
	}
	*left = in.n - at;
	return step;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t piece = 1; piece <= rows[i].header.n; piece++) {
			const struct row *r = &rows[i];
			struct front_proxy p = {0};
			char client[ADDRESS_TEXT] = "";
			size_t left;
			enum http_step step = feed(&p, r->header, piece, &left);
			enum http_step wanted = !r->client ? HTTP_BAD : *r->client == '?' ? HTTP_MORE : HTTP_DONE;
			if (p.known && step == HTTP_DONE)
				address_print(p.client, client);
			if (step != wanted || (step == HTTP_DONE && (strcmp(client, r->client) != 0 || left != r->left)))
				fail_msg("%s, in pieces of %zu: step %d, client '%s', %zu octets left", r->name, piece, step,
					 client, left);
		}
}

/* 4096 octets beside the addresses are read over in any pieces, and none behind them. */
static void test_the_longest_octets(void **state)
{
	(void)state;
	struct buf b = BUF(8192);
	buf_add(&b, BYTES_LIT(V2 "\x21\x11\x10\x00" FOUR));
	while (b.len < 16 + 4096)
		buf_char(&b, 't');
	buf_str(&b, "GET");
	for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
		struct front_proxy p = {0};
		size_t left;
		assert_int_equal(feed(&p, buf_bytes(&b), piece, &left), HTTP_DONE);
		assert_true(p.known && left == 3);
	}
	buf_free(&b);
}

static struct rig rig;
static const char *const loopback[] = {"127.0.0.0/8"}, *const elsewhere[] = {"192.0.2.0/24", "::1"};

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	rig.options.proxies = loopback;
	rig.options.proxy_count = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

static void expect_peer(const char *header, size_t n, const char *peer)
{
	struct client c = client_open(&rig);
	char wanted[128];
	snprintf(wanted, sizeof wanted, "GET|/say||gw||||%s|0|0|1", peer);
	client_send(&c, (struct bytes){(const unsigned char *)header, n});
	client_say(&c, GET("/say") GET("/say"));
	client_expect(&c, 200, wanted);
	client_expect(&c, 200, wanted);
	client_close(&c);
}

static void test_the_client_is_who_the_proxy_names(void **state)
{
	(void)state;
	static const char line[] = "PROXY TCP6 2001:db8::7 2001:db8::9 1 2\r\n", octets[] = V2 "\x21\x11\0\x0c" FOUR,
			  own[] = "PROXY UNKNOWN\r\n";
	rig_start(&rig);
	expect_peer(line, sizeof line - 1, "2001:db8::7");
	expect_peer(octets, sizeof octets - 1, "192.0.2.7");
	expect_peer(own, sizeof own - 1, "127.0.0.1");
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0);
}

/* Nobody else is believed: to others the header is no HTTP, and they need none. */
static void test_others_name_nobody(void **state)
{
	(void)state;
	rig.options.proxies = elsewhere;
	rig.options.proxy_count = 2;
	rig_start(&rig);
	expect_peer("", 0, "127.0.0.1");
	struct client c = client_open(&rig);
	client_say(&c, "PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n" GET("/say"));
	client_expect(&c, 400, "");
	client_expect_end(&c);
	client_close(&c);
}

/* A header that stands in an HTTP request, or behind the first one, is no header. */
static void test_a_proxy_says_it_once_and_first(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client without = client_open(&rig), twice = client_open(&rig);
	client_say(&without, GET("/say"));
	client_expect_end(&without);
	client_say(&twice, "PROXY UNKNOWN\r\nPROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n" GET("/say"));
	client_expect(&twice, 400, "");
	client_close(&without);
	client_close(&twice);
	RIG_UNTIL(&rig, now.connections == 0);
	assert_int_equal(rig_count(&rig).refused_connections, 1);
	assert_int_equal(rig_count(&rig).requests, 0);
}

static void test_a_proxy_that_says_nothing_meets_the_deadline_of_the_head(void **state)
{
	(void)state;
	rig.options.head_ms = 60;
	rig_start(&rig);
	struct client silent = client_open(&rig), slow = client_open(&rig);
	client_say(&slow, "PROXY TC");
	client_expect_end(&silent);
	client_expect_end(&slow);
	client_close(&silent);
	client_close(&slow);
	RIG_UNTIL(&rig, now.timeouts == 2 && now.connections == 0);
}

static void test_bounds_are_those_of_the_clients(void **state)
{
	(void)state;
	rig.options.connections_per_address = 1;
	rig_start(&rig);
	struct client a = client_open(&rig), b = client_open(&rig), again = client_open(&rig);
	client_say(&a, "PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n" GET("/echo"));
	client_expect(&a, 200, "");
	client_say(&b, "PROXY TCP4 192.0.2.8 192.0.2.9 1 2\r\n" GET("/echo"));
	client_expect(&b, 200, "");
	client_say(&again, "PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n" GET("/echo"));
	client_expect_end(&again);
	assert_int_equal(rig_count(&rig).refused_connections, 1);
	client_close(&a);
	client_close(&b);
	client_close(&again);
	RIG_UNTIL(&rig, now.connections == 0);
}

static void test_a_stop_does_not_wait_for_a_proxy(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = client_open(&rig);
	RIG_UNTIL(&rig, now.connections == 1);
	assert_int_equal(front_drain(rig.front, 1000), 0);
	client_expect_end(&c);
	client_close(&c);
}

static void test_a_network_that_is_none_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"127.0.0.1/8"};
	struct front_settings settings = {.listeners = &rig.options, .listener_count = 1, .handler = rig_handle, .ctx = &rig};
	struct err e = {0};
	rig.options.proxies = wrong;
	assert_false(front_start(&settings, &rig.front, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	assert_non_null(strstr(e.detail, "127.0.0.1/8"));
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_the_longest_octets),
		ROW(test_the_client_is_who_the_proxy_names),
		ROW(test_others_name_nobody),
		ROW(test_a_proxy_says_it_once_and_first),
		ROW(test_a_proxy_that_says_nothing_meets_the_deadline_of_the_head),
		ROW(test_bounds_are_those_of_the_clients),
		ROW(test_a_stop_does_not_wait_for_a_proxy),
		ROW(test_a_network_that_is_none_is_refused),
	};
	return cmocka_run_group_tests_name("front: proxies", tests, NULL, NULL);
}
