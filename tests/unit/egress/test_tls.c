/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_tls - who is trusted at the other end, and what we show of ourselves. */
#include "provider.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct holder {
	EVP_PKEY *key;
	X509 *cert;
};

static char folder[200];

static char *path_of(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, 256, "%s/%s", folder, name);
	return path;
}

static void write_pem(const char *name, const struct holder *cert, const struct holder *key)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	if (cert)
		assert_true(PEM_write_X509(f, cert->cert));
	if (key)
		assert_true(PEM_write_PrivateKey(f, key->key, NULL, NULL, 0, NULL, NULL));
	assert_int_equal(fclose(f), 0);
}

static void extend(struct holder *h, const struct holder *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;

	X509V3_set_ctx(&ctx, issuer->cert, h->cert, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(x);
	assert_true(X509_add_ext(h->cert, x, -1));
	X509_EXTENSION_free(x);
}

/* A certificate for `san` by `issuer`; an authority of its own when there is no issuer. */
static struct holder make(const char *name, const struct holder *issuer, const char *san)
{
	static long serial = 1;
	struct holder h = {EVP_EC_gen("P-256"), X509_new()};
	const struct holder *by = issuer ? issuer : &h;
	X509_NAME *subject = X509_get_subject_name(h.cert);

	X509_set_version(h.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(h.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(h.cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(h.cert), 864000);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(h.cert, X509_get_subject_name(by->cert));
	X509_set_pubkey(h.cert, h.key);
	if (!issuer)
		extend(&h, by, NID_basic_constraints, "critical,CA:TRUE");
	if (san)
		extend(&h, by, NID_subject_alt_name, san);
	assert_true(X509_sign(h.cert, by->key, EVP_sha256()) > 0);
	return h;
}

static void drop(struct holder *h)
{
	EVP_PKEY_free(h->key);
	X509_free(h->cert);
}

/* Answers every request of a connection within TLS. */
static void serve_tls(struct provider_connection *c)
{
	SSL *ssl = SSL_new(c->of->ctx);
	char text[4096];
	int got;

	SSL_set_fd(ssl, c->fd);
	if (SSL_accept(ssl) == 1) {
		while ((got = SSL_read(ssl, text, sizeof text - 1)) > 0) {
			text[got] = '\0';
			if (!strstr(text, "<a>1</a>")) /* the head came alone */
				continue;
			atomic_fetch_add(&c->of->requests, 1);
			if (SSL_write(ssl, OK, sizeof OK - 1) <= 0)
				break;
		}
	}
	SSL_free(ssl);
}

static SSL_CTX *server_context(const struct holder *h, int newest, const struct holder *clients)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0); /* so that even this server can speak TLS 1.1 */
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, newest);
	assert_int_equal(SSL_CTX_use_certificate(ctx, h->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, h->key), 1);
	if (clients) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), clients->cert);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return ctx;
}

static struct {
	struct holder ca, other_ca, here, elsewhere, client, stranger;
} pki;

static int make_pki(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/egress-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	pki.ca = make("test authority", NULL, NULL);
	pki.other_ca = make("other authority", NULL, NULL);
	pki.here = make("here", &pki.ca, "IP:127.0.0.1");
	pki.elsewhere = make("127.0.0.1", &pki.ca, "IP:127.0.0.2");
	pki.client = make("client", &pki.ca, NULL);
	pki.stranger = make("stranger", &pki.other_ca, NULL);
	write_pem("ca.pem", &pki.ca, NULL);
	write_pem("other.pem", &pki.other_ca, NULL);
	write_pem("client.pem", &pki.client, NULL);
	write_pem("client.key", NULL, &pki.client);
	write_pem("stranger.pem", &pki.stranger, NULL);
	write_pem("stranger.key", NULL, &pki.stranger);
	return 0;
}

static int drop_pki(void **state)
{
	static const char *const names[] = {"ca.pem", "other.pem", "client.pem", "client.key", "stranger.pem",
		"stranger.key", "changing.pem"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		remove(path_of(names[i]));
	drop(&pki.ca);
	drop(&pki.other_ca);
	drop(&pki.here);
	drop(&pki.elsewhere);
	drop(&pki.client);
	drop(&pki.stranger);
	return rmdir(folder);
}

static const struct row {
	const char *name;
	const struct holder *server;
	int newest;
	bool mutual;
	const char *ca, *certificate, *key;
	enum egress_kind kind;
} rows[] = {
	{"a certificate of the named authority is trusted", &pki.here, TLS1_3_VERSION, false, "ca.pem", NULL,
		NULL, EGRESS_ANSWERED},
	{"TLS 1.2 is enough", &pki.here, TLS1_2_VERSION, false, "ca.pem", NULL, NULL, EGRESS_ANSWERED},
	{"TLS 1.1 is refused", &pki.here, TLS1_1_VERSION, false, "ca.pem", NULL, NULL, EGRESS_TLS},
	{"a certificate of another authority is refused", &pki.here, TLS1_3_VERSION, false, "other.pem", NULL,
		NULL, EGRESS_TLS},
	{"the system's authorities do not know the test authority", &pki.here, TLS1_3_VERSION, false, NULL,
		NULL, NULL, EGRESS_TLS},
	{"a certificate for another host is refused, whatever its CN says", &pki.elsewhere, TLS1_3_VERSION,
		false, "ca.pem", NULL, NULL, EGRESS_TLS},
	{"an authority file that is not there is a TLS failure", &pki.here, TLS1_3_VERSION, false,
		"nowhere.pem", NULL, NULL, EGRESS_TLS},
	{"a client certificate file that is not there is a TLS failure", &pki.here, TLS1_3_VERSION, false,
		"ca.pem", "nowhere.pem", "client.key", EGRESS_TLS},
	{"a client key of another certificate is a TLS failure", &pki.here, TLS1_3_VERSION, false, "ca.pem",
		"client.pem", "stranger.key", EGRESS_TLS},
	{"a provider that demands a client certificate gets it", &pki.here, TLS1_3_VERSION, true, "ca.pem",
		"client.pem", "client.key", EGRESS_ANSWERED},
	{"a provider that misses the client certificate refuses", &pki.here, TLS1_2_VERSION, true, "ca.pem",
		NULL, NULL, EGRESS_TLS},
	{"a provider that does not know the client certificate refuses", &pki.here, TLS1_2_VERSION, true,
		"ca.pem", "stranger.pem", "stranger.key", EGRESS_TLS},
};

static bool row_holds(struct egress *e, const struct row *row)
{
	SSL_CTX *ctx = server_context(row->server, row->newest, row->mutual ? &pki.ca : NULL);
	struct provider *p = provider_start(serve_tls, ctx);
	struct trip t;
	bool right;

	trip_prepare(&t, "https", p->port);
	t.call.tls_ca = row->ca ? path_of(row->ca) : NULL;
	t.call.tls_certificate = row->certificate ? path_of(row->certificate) : NULL;
	t.call.tls_key = row->key ? path_of(row->key) : NULL;
	trip_go(e, &t);
	provider_stop(p);
	right = t.result.kind == row->kind && t.result.sent == (row->kind == EGRESS_ANSWERED) &&
		atomic_load(&p->requests) == (row->kind == EGRESS_ANSWERED);
	if (!right)
		print_message("%s: kind %d, sent %d, '%s'\n", row->name, (int)t.result.kind, t.result.sent,
			t.result.detail);
	trip_drop(&t);
	SSL_CTX_free(ctx);
	free(p);
	return right;
}

static void each_certificate_has_its_outcome(void **state)
{
	struct egress *e = egress_start();
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		wrong += !row_holds(e, &rows[i]);
	egress_stop(&e);
	assert_int_equal(wrong, 0);
}

static enum egress_kind call_with(struct egress *e, const struct provider *p, const char *ca)
{
	struct trip t;
	enum egress_kind kind;

	trip_prepare(&t, "https", p->port);
	t.call.tls_ca = path_of(ca);
	trip_go(e, &t);
	kind = t.result.kind;
	trip_drop(&t);
	return kind;
}

static void a_reload_reads_changed_files_and_drops_kept_connections(void **state)
{
	struct egress *e = egress_start();
	SSL_CTX *ctx = server_context(&pki.here, TLS1_3_VERSION, NULL);
	struct provider *p = provider_start(serve_tls, ctx);

	(void)state;
	write_pem("changing.pem", &pki.ca, NULL);
	assert_int_equal(call_with(e, p, "changing.pem"), EGRESS_ANSWERED);
	write_pem("changing.pem", &pki.other_ca, NULL);
	egress_reload_tls(e);
	assert_int_equal(call_with(e, p, "changing.pem"), EGRESS_TLS);
	write_pem("changing.pem", &pki.ca, NULL);
	egress_reload_tls(e);
	assert_int_equal(call_with(e, p, "changing.pem"), EGRESS_ANSWERED);
	/* A connection made under one authority is not used by a call that trusts another. */
	assert_int_equal(call_with(e, p, "other.pem"), EGRESS_TLS);
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 4);
	SSL_CTX_free(ctx);
	free(p);
}

static void a_kept_connection_serves_the_next_call(void **state)
{
	struct egress *e = egress_start();
	SSL_CTX *ctx = server_context(&pki.here, TLS1_3_VERSION, NULL);
	struct provider *p = provider_start(serve_tls, ctx);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(call_with(e, p, "ca.pem"), EGRESS_ANSWERED);
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 1);
	assert_int_equal(atomic_load(&p->requests), 5);
	SSL_CTX_free(ctx);
	free(p);
}

#define MANY 60

/* All of them are made at once, and used again at once. */
static void many_connections_stand_side_by_side(void **state)
{
	struct egress *e = egress_start();
	SSL_CTX *ctx = server_context(&pki.here, TLS1_3_VERSION, NULL);
	struct provider *p = provider_start(serve_tls, ctx);
	struct trip *trips = calloc(MANY, sizeof *trips);
	const char *ca = path_of("ca.pem");

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			trip_prepare(&trips[i], "https", p->port);
			trips[i].call.tls_ca = ca;
			egress_submit(e, &trips[i].call);
		}
		for (int i = 0; i < MANY; i++) {
			trip_wait(&trips[i]);
			assert_int_equal(trips[i].result.kind, EGRESS_ANSWERED);
			trip_drop(&trips[i]);
		}
	}
	egress_stop(&e);
	provider_stop(p);
	assert_true(atomic_load(&p->connections) <= MANY);
	assert_int_equal(atomic_load(&p->requests), 3 * MANY);
	SSL_CTX_free(ctx);
	free(trips);
	free(p);
}

#define LONG (3u << 20)
#define FRONT 200000u

static bool put_tls(SSL *ssl, const void *octets, size_t n)
{
	size_t put;

	return SSL_write_ex(ssl, octets, n, &put) == 1 && put == n;
}

/* Reads `LONG` octets behind a head, gives as many back, and so once more. */
static void serve_long_tls(struct provider_connection *c)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n";
	unsigned char *octets = calloc(1, LONG);
	SSL *ssl = SSL_new(c->of->ctx);

	SSL_set_fd(ssl, c->fd);
	for (bool going = SSL_accept(ssl) == 1; going;) {
		size_t n = 0, got, all = 0;

		for (unsigned char *body = NULL; going && (!body || n < all); n += got) {
			going = SSL_read_ex(ssl, octets + n % LONG, LONG - n % LONG, &got) == 1;
			if (going && !body && (body = memmem(octets, n + got, "\r\n\r\n", 4)))
				all = (size_t)(body - octets) + 4 + LONG;
		}
		if (going)
			atomic_fetch_add(&c->of->requests, n == all);
		memset(octets, 'b', LONG);
		going = going && put_tls(ssl, head, sizeof head - 1) && put_tls(ssl, octets, LONG);
	}
	SSL_free(ssl);
	free(octets);
}

static void long_requests_and_answers_pass_whole(void **state)
{
	struct egress *e = egress_start();
	SSL_CTX *ctx = server_context(&pki.here, TLS1_3_VERSION, NULL);
	struct provider *p = provider_start(serve_long_tls, ctx);
	unsigned char *body = malloc(LONG);
	struct trip t;

	(void)state;
	assert_non_null(body);
	memset(body, 'a', LONG);
	for (int i = 0; i < 2; i++) {
		trip_prepare(&t, "https", p->port);
		t.call.tls_ca = path_of("ca.pem");
		t.call.front = (struct bytes){body, i > 0 ? FRONT : 0};
		t.call.body = bytes_sub((struct bytes){body, LONG}, t.call.front.n, LONG);
		t.call.answer_bytes = LONG;
		trip_go(e, &t);
		assert_int_equal(t.result.kind, EGRESS_ANSWERED);
		assert_true(t.result.body.len == LONG && t.result.body.data[0] == 'b' && t.result.body.data[LONG - 1] == 'b');
		trip_drop(&t);
	}
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 1);
	assert_int_equal(atomic_load(&p->requests), 2);
	SSL_CTX_free(ctx);
	free(body);
	free(p);
}

static void serve_until_the_end(struct provider_connection *c)
{
	SSL *ssl = SSL_new(c->of->ctx);
	char text[4096];

	SSL_set_fd(ssl, c->fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof text) > 0 && put_tls(ssl, "HTTP/1.1 200 OK\r\n\r\nok", 21))
		SSL_shutdown(ssl);
	shutdown(c->fd, SHUT_WR);
	SSL_free(ssl);
}

static void an_answer_may_end_with_the_connection(void **state)
{
	struct egress *e = egress_start();
	SSL_CTX *ctx = server_context(&pki.here, TLS1_3_VERSION, NULL);
	struct provider *p = provider_start(serve_until_the_end, ctx);

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(call_with(e, p, "ca.pem"), EGRESS_ANSWERED);
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 2);
	SSL_CTX_free(ctx);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_certificate_has_its_outcome),
		cmocka_unit_test(a_kept_connection_serves_the_next_call),
		cmocka_unit_test(many_connections_stand_side_by_side),
		cmocka_unit_test(long_requests_and_answers_pass_whole),
		cmocka_unit_test(an_answer_may_end_with_the_connection),
		cmocka_unit_test(a_reload_reads_changed_files_and_drops_kept_connections),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
