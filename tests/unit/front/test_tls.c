/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS over loopback: what is offered, who is let in, reload. Keys and certificates are made here. */
#include <signal.h>
#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "front_rig.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: gw\r\n\r\n"

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static struct rig rig;
static char folder[64];
static struct identity authority, rogue_authority, server, client, rogue;

static const char *path_of(const char *name)
{
	static char paths[8][128];
	static unsigned turn;
	char *path = paths[turn++ % 8];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void identify(struct identity *out, bool rsa, const char *name, long serial,
		     const struct identity *issuer)
{
	out->key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *x = out->certificate = X509_new();
	assert_non_null(out->key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, out->key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name,
				   -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer->certificate : x));
	X509_EXTENSION *basic = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
						    issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
	X509_add_ext(x, basic, -1);
	X509_EXTENSION_free(basic);
	assert_true(X509_sign(x, issuer ? issuer->key : out->key, EVP_sha256()) > 0);
}

static void save(const struct identity *id, const char *certificate, const char *key)
{
	FILE *f = fopen(path_of(certificate), "w");
	assert_int_equal(PEM_write_X509(f, id->certificate), 1);
	fclose(f);
	if (!key)
		return;
	f = fopen(path_of(key), "w");
	assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void forget(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->certificate);
	*id = (struct identity){0};
}

static int make_identities(void **state)
{
	(void)state;
	const char *base = getenv("TMPDIR");
	snprintf(folder, sizeof(folder), "%s/front-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
	assert_non_null(mkdtemp(folder));
	identify(&authority, false, "Test authority", 1, NULL);
	identify(&rogue_authority, false, "Rogue authority", 2, NULL);
	identify(&server, true, "localhost", 3, &authority);
	identify(&client, false, "client", 4, &authority);
	identify(&rogue, false, "client", 5, &rogue_authority);
	save(&authority, "ca.pem", NULL);
	save(&rogue_authority, "rogue-ca.pem", NULL);
	/* What the system trusts must not matter. */
	return setenv("SSL_CERT_FILE", path_of("rogue-ca.pem"), 1);
}

static int drop_identities(void **state)
{
	(void)state;
	const char *const names[] = {"ca.pem", "rogue-ca.pem", "cert.pem", "key.pem", "locked.pem"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	rmdir(folder);
	forget(&authority);
	forget(&rogue_authority);
	forget(&server);
	forget(&client);
	forget(&rogue);
	return 0;
}

static char cert_path[128], key_path[128], ca_path[128];

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	save(&server, "cert.pem", "key.pem");
	snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", folder);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", folder);
	snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", folder);
	rig.options.tls = FRONT_TLS_SERVER;
	rig.options.certificate = cert_path;
	rig.options.key = key_path;
	rig.options.client_ca = ca_path;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* How a client differs from an ordinary one. */
struct manner {
	int minimum, maximum;
	const char *suites;
	const struct identity *identity;
	SSL_SESSION *session;
	const char *before; /* said before TLS begins */
};

/* After a handshake that failed on our side the client has no TLS session. */
static struct client dial(struct manner manner)
{
	struct client c = client_open(&rig);
	if (manner.before)
		client_say(&c, manner.before);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(ctx, manner.minimum ? manner.minimum : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(ctx, manner.maximum);
	SSL_CTX_set_cipher_list(ctx, manner.suites ? manner.suites : "DEFAULT");
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.certificate);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (manner.identity) {
		SSL_CTX_use_certificate(ctx, manner.identity->certificate);
		SSL_CTX_use_PrivateKey(ctx, manner.identity->key);
	}
	c.ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(c.ssl, c.fd);
	if (manner.session)
		SSL_set_session(c.ssl, manner.session);
	if (SSL_connect(c.ssl) != 1) {
		SSL_free(c.ssl);
		c.ssl = NULL;
	}
	return c;
}

static void expect_service(struct manner manner)
{
	struct client c = dial(manner);
	assert_non_null(c.ssl);
	client_say(&c, GET("/echo"));
	client_expect(&c, 200, "");
	client_close(&c);
}

/* With TLS 1.3 the client learns of the refusal of its certificate only when it reads. */
static void expect_refusal(struct manner manner)
{
	uint64_t before = rig_count(&rig).tls_failures;
	struct client c = dial(manner);
	char octet;
	if (c.ssl)
		assert_true(SSL_read(c.ssl, &octet, 1) <= 0);
	client_close(&c);
	RIG_UNTIL(&rig, now.tls_failures == before + 1);
	assert_int_equal(rig_count(&rig).requests, 0);
}

static void test_requests(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){0});
	assert_non_null(c.ssl);
	client_say(&c, GET("/say"));
	client_expect(&c, 200, "GET|/say||gw||||127.0.0.1|1|0|1");
	client_say(&c, GET("/echo") "POST /thread HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\nhi");
	client_say(&c, GET("/none"));
	client_expect(&c, 200, "");
	client_expect(&c, 200, "hi");
	client_expect(&c, 404, "");
	client_say(&c, "GET /echo HTTP/1.0\r\n\r\n");
	client_expect(&c, 200, "");
	char octet;
	int end = SSL_read(c.ssl, &octet, 1);
	assert_int_equal(SSL_get_error(c.ssl, end), SSL_ERROR_ZERO_RETURN);
	client_close(&c);
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0);
}

/* The bound is the smallest there is: 0.1 s of a processor. */
static void shake_until_turned_away(bool ask)
{
	rig.options.refused_work = 1;
	rig_start(&rig);
	for (int i = 0; i < 10000 && rig_count(&rig).refused_connections == 0; i++) {
		struct client c = dial((struct manner){0});
		if (ask && c.ssl) {
			client_say(&c, GET("/say"));
			struct client_answer a = client_read_as(&c, false); /* the last may be put off itself */
			buf_free(&a.body);
		}
		client_close(&c);
	}
	assert_int_equal(rig_count(&rig).refused_connections, 1);
	assert_true(rig_count(&rig).put_off_work >= 1);
}

static void test_handshakes_without_a_request_are_owed(void **state)
{
	(void)state;
	shake_until_turned_away(false);
}

static void test_handshakes_for_nothing_are_owed(void **state)
{
	(void)state;
	shake_until_turned_away(true);
}

static void test_handshakes_of_the_welcome_are_not(void **state)
{
	(void)state;
	rig.options.refused_work = 1;
	rig_start(&rig);
	for (int i = 0; i < 300; i++)
		expect_service((struct manner){0});
	assert_int_equal(rig_count(&rig).put_off_work, 0);
}

/* Not an octet of the handshake is taken for the header, in whatever piece it comes. */
static void test_a_proxy_hands_on_tls(void **state)
{
	(void)state;
	static const char *const here[] = {"127.0.0.1"};
	rig.options.proxies = here;
	rig.options.proxy_count = 1;
	rig_start(&rig);
	struct client c = dial((struct manner){.before = "PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n"});
	assert_non_null(c.ssl);
	client_say(&c, GET("/say"));
	client_expect(&c, 200, "GET|/say||gw||||192.0.2.7|1|0|1");
	client_close(&c);
	c = dial((struct manner){0});
	assert_null(c.ssl); /* a proxy that names nobody */
	client_close(&c);
}

static void test_large_bodies(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){0});
	size_t n = 1 << 20;
	char *body = malloc(n + 1);
	memset(body, 'b', n);
	body[n] = 0;
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1048576\r\n\r\n");
	client_say(&c, body);
	client_expect(&c, 200, body);
	free(body);
	client_say(&c, GET("/big"));
	struct client_answer a = client_read_as(&c, false);
	assert_int_equal(a.body.len, RIG_BIG);
	buf_free(&a.body);
	client_close(&c);
}

static void test_an_answer_handed_over(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){0}), gone = dial((struct manner){0});
	client_expects_whole(&c);
	client_close(&c);
	client_say(&gone, "GET /whole HTTP/1.1\r\nHost: gw\r\n\r\n");
	client_close(&gone);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_bodies_one_behind_the_other(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){0});
	client_says_many_bodies(&c);
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_octet_by_octet(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){0});
	const char *text =
		"POST /echo HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
	for (const char *p = text; *p; p++)
		client_send(&c, (struct bytes){(const unsigned char *)p, 1});
	client_expect(&c, 200, "abc");
	client_close(&c);
}

static void test_old_protocols_are_refused(void **state)
{
	(void)state;
	rig_start(&rig);
	const char *any = "ALL:@SECLEVEL=0";
	expect_refusal((struct manner){.minimum = TLS1_VERSION, .maximum = TLS1_VERSION, .suites = any});
	expect_refusal((struct manner){.minimum = TLS1_1_VERSION, .maximum = TLS1_1_VERSION, .suites = any});
	expect_service((struct manner){.minimum = TLS1_2_VERSION, .maximum = TLS1_2_VERSION, .suites = any});
	expect_service((struct manner){.minimum = TLS1_3_VERSION, .suites = any});
}

static void test_weak_suites_are_refused(void **state)
{
	(void)state;
	rig_start(&rig);
	static const char *const weak[] = {"AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA256",
					   "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES256-GCM-SHA384"};
	static const char *const good[] = {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
					   "ECDHE-RSA-CHACHA20-POLY1305"};
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		expect_refusal((struct manner){.maximum = TLS1_2_VERSION, .suites = weak[i]});
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect_service((struct manner){.maximum = TLS1_2_VERSION, .suites = good[i]});
}

static void test_renegotiation_is_refused(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = dial((struct manner){.maximum = TLS1_2_VERSION});
	assert_non_null(c.ssl);
	assert_int_equal(SSL_renegotiate(c.ssl), 1);
	assert_true(SSL_do_handshake(c.ssl) <= 0);
	client_close(&c);
	expect_service((struct manner){0});
}

static void test_mutual(void **state)
{
	(void)state;
	rig.options.tls = FRONT_TLS_MUTUAL;
	rig_start(&rig);
	for (int maximum = TLS1_2_VERSION; maximum <= TLS1_3_VERSION; maximum++) {
		expect_refusal((struct manner){.maximum = maximum});
		expect_refusal((struct manner){.maximum = maximum, .identity = &rogue});
	}
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "GET|/say||gw||||127.0.0.1|1|%d|1",
		 i2d_X509(client.certificate, NULL));
	struct client c = dial((struct manner){.identity = &client});
	client_say(&c, GET("/say"));
	client_expect(&c, 200, wanted);
	SSL_SESSION *session = SSL_get1_session(c.ssl);
	SSL_shutdown(c.ssl);
	client_close(&c);
	/* A resumed session still has its certificate. */
	c = dial((struct manner){.identity = &client, .session = session});
	assert_int_equal(SSL_session_reused(c.ssl), 1);
	client_say(&c, GET("/say"));
	client_expect(&c, 200, wanted);
	client_close(&c);
	/* After a reload it has to prove itself anew. */
	assert_true(front_reload_tls(rig.front, NULL).ok);
	c = dial((struct manner){.identity = &client, .session = session});
	assert_int_equal(SSL_session_reused(c.ssl), 0);
	client_close(&c);
	SSL_SESSION_free(session);
}

static void test_certificate_reaches_the_handler_whole(void **state)
{
	(void)state;
	rig.options.tls = FRONT_TLS_MUTUAL;
	rig_start(&rig);
	struct client c = dial((struct manner){.identity = &client});
	client_say(&c, GET("/hold"));
	struct front_request *held = rig_held(&rig, 1);
	unsigned char *der = NULL;
	int n = i2d_X509(client.certificate, &der);
	assert_int_equal(held->client_certificate.n, n);
	assert_memory_equal(held->client_certificate.p, der, (size_t)n);
	OPENSSL_free(der);
	front_respond(held, &(struct front_answer){.status = 200});
	client_expect(&c, 200, "");
	client_close(&c);
}

static long served_serial(void)
{
	struct client c = dial((struct manner){0});
	assert_non_null(c.ssl);
	X509 *x = SSL_get1_peer_certificate(c.ssl);
	long serial = ASN1_INTEGER_get(X509_get0_serialNumber(x));
	X509_free(x);
	client_close(&c);
	return serial;
}

static void test_reload(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client before = dial((struct manner){0});
	client_say(&before, GET("/echo"));
	client_expect(&before, 200, "");
	assert_int_equal(served_serial(), 3);
	struct identity next;
	identify(&next, false, "localhost", 77, &authority);
	struct err e = {0};
	save(&next, "cert.pem", NULL); /* the key is still the old one */
	assert_false(front_reload_tls(rig.front, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	assert_non_null(strstr(e.detail, "does not belong to certificate"));
	assert_int_equal(served_serial(), 3);
	save(&next, "cert.pem", "key.pem");
	assert_true(front_reload_tls(rig.front, &e).ok);
	assert_int_equal(served_serial(), 77);
	client_say(&before, GET("/echo"));
	client_expect(&before, 200, "");
	client_close(&before);
	forget(&next);
}

static void expect_no_start(const char *detail)
{
	struct front_settings settings = {.listeners = &rig.options,
					  .listener_count = 1,
					  .handler = rig_handle,
					  .memory_bytes = rig.memory_bytes};
	struct err e = {0};
	assert_false(front_start(&settings, &rig.front, &e).ok);
	assert_null(rig.front);
	assert_int_equal(e.reason, REASON_IO);
	if (!strstr(e.detail, detail))
		fail_msg("%s, not %s", e.detail, detail);
}

static void test_useless_files(void **state)
{
	(void)state;
	rig.options.certificate = path_of("absent.pem");
	expect_no_start("absent.pem");
	rig.options.certificate = cert_path;
	rig.options.key = path_of("absent.pem");
	expect_no_start("cannot be opened");
	rig.options.key = path_of("cert.pem");
	expect_no_start("is no unencrypted private key");
	FILE *f = fopen(path_of("locked.pem"), "w");
	PEM_write_PrivateKey(f, server.key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL,
			     NULL);
	fclose(f);
	rig.options.key = path_of("locked.pem");
	expect_no_start("is no unencrypted private key");
	save(&client, "locked.pem", "locked.pem");
	expect_no_start("does not belong to certificate");
	rig.options.key = key_path;
	rig.options.tls = FRONT_TLS_MUTUAL;
	rig.options.client_ca = path_of("key.pem");
	expect_no_start("client authorities");
}

static void test_stalled_handshake(void **state)
{
	(void)state;
	rig.options.handshake_ms = 60;
	rig_start(&rig);
	struct client half = client_open(&rig), silent = client_open(&rig);
	client_send(&half, BYTES_LIT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));
	client_expect_end(&half);
	client_expect_end(&silent);
	client_close(&half);
	client_close(&silent);
	assert_int_equal(rig_count(&rig).timeouts, 2);
}

static void test_garbage(void **state)
{
	(void)state;
	rig_start(&rig);
	static const char *const rows[] = {GET("/echo"), "\x16\x03\x01\xff\xff garbage",
					   "\x80\x2e\x01\x00\x02 garbage"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = client_open(&rig);
		client_say(&c, rows[i]);
		shutdown(c.fd, SHUT_WR);
		while (client_more(&c))
			;
		client_close(&c);
	}
	RIG_UNTIL(&rig, now.connections == 0 && now.tls_failures == 3);
	expect_service((struct manner){0});
}

/* Writing to a reset connection through OpenSSL raises SIGPIPE, which must not end the process. */
static void test_reset_while_writing(void **state)
{
	(void)state;
	rig_start(&rig);
	for (int i = 0; i < 5; i++) {
		struct client c = dial((struct manner){0});
		client_say(&c, GET("/hold"));
		struct front_request *held = rig_held(&rig, (size_t)i + 1);
		shutdown(c.fd, SHUT_RDWR);
		client_close(&c);
		rig_big(held);
	}
	RIG_UNTIL(&rig, now.connections == 0 && now.open_requests == 0 && now.memory == 0);
	expect_service((struct manner){0});
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that are closed, without MSG_NOSIGNAL */
	const struct CMUnitTest tests[] = {
		ROW(test_requests),
		ROW(test_a_proxy_hands_on_tls),
		ROW(test_handshakes_without_a_request_are_owed),
		ROW(test_handshakes_for_nothing_are_owed),
		ROW(test_handshakes_of_the_welcome_are_not),
		ROW(test_large_bodies),
		ROW(test_bodies_one_behind_the_other),
		ROW(test_an_answer_handed_over),
		ROW(test_octet_by_octet),
		ROW(test_old_protocols_are_refused),
		ROW(test_weak_suites_are_refused),
		ROW(test_renegotiation_is_refused),
		ROW(test_mutual),
		ROW(test_certificate_reaches_the_handler_whole),
		ROW(test_reload),
		ROW(test_useless_files),
		ROW(test_stalled_handshake),
		ROW(test_garbage),
		ROW(test_reset_while_writing),
	};
	return cmocka_run_group_tests_name("front: TLS", tests, make_identities, drop_identities);
}
