/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_status - what a question about revocation costs on the message path: certificates that are watched, with a CRL of so
 * many entries behind them, asked by one and by several threads.
 * Usage: qaqpa_bench_status ENTRIES; prints questions a second and microseconds each. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "revocation/revocation.h"

#define LEAVES 256
#define ASKS 2000000
#define THREADS_MOST 4

static EVP_PKEY *ca_key, *leaf_key;
static X509 *ca;
static struct buf ca_der, leaves[LEAVES];
static unsigned char digests[LEAVES][32];
static struct revocation *room;

static void fail(const char *what)
{
	fprintf(stderr, "bench_status: %s\n", what);
	exit(1);
}

static void certificate(X509 **out, long serial, struct buf *der)
{
	X509 *x = X509_new();
	X509_EXTENSION *usage;
	unsigned char *to;
	int n;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
		(const unsigned char *)(ca ? "System" : "Authority"), -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(ca ? ca : x));
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, ca ? leaf_key : ca_key);
	usage = X509V3_EXT_conf_nid(
		NULL, NULL, NID_key_usage, ca ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
	X509_add_ext(x, usage, -1);
	X509_EXTENSION_free(usage);
	n = X509_sign(x, ca_key, EVP_sha256()) ? i2d_X509(x, NULL) : 0;
	*der = BUF(65536);
	to = n > 0 ? buf_reserve(der, (size_t)n) : NULL;
	if (!to)
		fail("a certificate cannot be made");
	buf_grown(der, (size_t)i2d_X509(x, &to));
	*out = x;
}

static void entries_add(X509_CRL *crl, long entries)
{
	ASN1_TIME *at = ASN1_TIME_set(NULL, 1700000000);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	for (long i = 0; i < entries; i++) {
		X509_REVOKED *x = X509_REVOKED_new();

		ASN1_INTEGER_set(serial, 1000000 + i * 7);
		X509_REVOKED_set_serialNumber(x, serial);
		X509_REVOKED_set_revocationDate(x, at);
		X509_CRL_add0_revoked(crl, x);
	}
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(at);
}

/* The list as a file of the cache, from which the room reads it: no server is needed. */
static void list(const char *folder, long entries)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, -60), *until = X509_gmtime_adj(NULL, 86400);
	unsigned char digest[32];
	char path[256], *hex;
	FILE *f;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, until);
	entries_add(crl, entries);
	EVP_Digest(ca_der.data, ca_der.len, digest, NULL, EVP_sha256(), NULL);
	hex = OPENSSL_buf2hexstr(digest, 32);
	snprintf(path, sizeof path, "%s/cache/", folder);
	for (size_t i = 0, n = strlen(path); hex[i]; i++) {
		if (hex[i] != ':') {
			path[n++] = (char)(hex[i] | 32);
			path[n] = 0;
		}
	}
	snprintf(path + strlen(path), 8, ".crl");
	f = X509_CRL_sign(crl, ca_key, EVP_sha256()) ? fopen(path, "wb") : NULL;
	if (!f || !i2d_X509_CRL_fp(f, crl) || fclose(f) != 0)
		fail("the list cannot be written");
	OPENSSL_free(hex);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	X509_CRL_free(crl);
}

static void *ask(void *of)
{
	int64_t now = stamp_now().ms;
	struct revocation_answer a;

	(void)of;
	for (unsigned i = 0; i < ASKS; i++) {
		unsigned k = i * 2654435761u % LEAVES;

		revocation_ask(room, buf_bytes(&leaves[k]), digests[k], now, &a);
		if (a.verdict != REVOCATION_VALID)
			fail("an answer is not valid");
	}
	return NULL;
}

static void measure(int threads)
{
	pthread_t list_of[THREADS_MOST];
	int64_t began = mono_us();
	double seconds;

	for (int i = 0; i < threads; i++)
		pthread_create(&list_of[i], NULL, ask, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(list_of[i], NULL);
	seconds = (double)(mono_us() - began) / 1e6;
	printf("%d threads: %.0f questions/s, %.3f us each\n", threads, threads * (double)ASKS / seconds,
		seconds * 1e6 / ASKS);
}

static void start(const char *folder, long entries)
{
	static struct revocation_source source = {.crl = "http://127.0.0.1:1/"};
	struct revocation_settings s = {.directory = folder,
		.sources = &source,
		.source_count = 1,
		.refresh_ms = 3600000,
		.crl_refresh_ms = 3600000,
		.deadline_ms = 1000,
		.skew_ms = 60000,
		.watched_most = 4096,
		.crl_bytes = (size_t)1 << 30};
	struct err e = {.detail = ""};
	int64_t began;

	source.issuer = buf_bytes(&ca_der);
	if (!revocation_start(&s, &room, &e).ok)
		fail(e.detail);
	revocation_stop(&room); /* it has made the folders */
	list(folder, entries);
	began = mono_us();
	if (!revocation_start(&s, &room, &e).ok)
		fail(e.detail);
	printf("a list of %ld entries, read and verified in %.0f ms\n", entries, (double)(mono_us() - began) / 1000);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/qaqpa-bench-status-XXXXXX", command[64];
	long entries = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
	struct revocation_answer a;
	int64_t began;
	X509 *x;

	if (!mkdtemp(folder))
		fail("no folder");
	ca_key = EVP_RSA_gen(2048);
	leaf_key = EVP_EC_gen("P-256");
	certificate(&ca, 1, &ca_der);
	for (int i = 0; i < LEAVES; i++) {
		certificate(&x, 2 + i, &leaves[i]);
		EVP_Digest(leaves[i].data, leaves[i].len, digests[i], NULL, EVP_sha256(), NULL);
		X509_free(x);
	}
	start(folder, entries);
	began = mono_us();
	for (int i = 0; i < LEAVES; i++)
		revocation_ask(room, buf_bytes(&leaves[i]), digests[i], stamp_now().ms, &a);
	printf("first question about a certificate: %.0f us (RSA-2048 authority)\n", (double)(mono_us() - began) / LEAVES);
	measure(1);
	measure(2);
	measure(THREADS_MOST);
	revocation_stop(&room);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : 1;
}
