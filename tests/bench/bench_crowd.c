/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_crowd - throw-away participants and services by the thousand, for a configuration that is as large as a country.
 *
 *   bench_crowd FOLDER COUNT [NAME...]
 *
 * Makes COUNT certificates of P-256 in FOLDER, with participants.yaml and services.yaml that name them, and NAME.crt and
 * NAME.key for each name. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { PATH_MOST = 4096, DAY = 86400 };

static X509 *sign_own(EVP_PKEY *key, X509 *x)
{
	X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature");
	bool ok = usage && X509_add_ext(x, usage, -1) == 1 && X509_sign(x, key, EVP_sha256()) > 0;

	X509_EXTENSION_free(usage);
	if (ok)
		return x;
	X509_free(x);
	return NULL;
}

/* A certificate that the key signs for itself: participants name it, so no authority is needed. */
static X509 *certificate(EVP_PKEY *key, const char *name, long serial)
{
	X509 *x = X509_new();
	X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;

	if (x && X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(x), -DAY) && X509_gmtime_adj(X509_getm_notAfter(x), 365L * DAY) &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
		X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1)
		return sign_own(key, x);
	X509_free(x);
	return NULL;
}

static FILE *create(const char *folder, const char *name, const char *suffix)
{
	char path[PATH_MOST];

	snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
	return fopen(path, "w");
}

static bool written(FILE *f, bool ok)
{
	return f && fclose(f) == 0 && ok;
}

static bool write_certificate(const char *folder, const char *name, X509 *x)
{
	FILE *f = create(folder, name, "crt");

	return written(f, f && PEM_write_X509(f, x) == 1);
}

static bool write_key(const char *folder, const char *name, EVP_PKEY *key)
{
	FILE *f = create(folder, name, "key");

	return written(f, f && fchmod(fileno(f), 0600) == 0 && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
}

static bool make_pair(const char *folder, const char *name, long serial, bool with_key)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = key ? certificate(key, name, serial) : NULL;
	bool ok = x && write_certificate(folder, name, x) && (!with_key || write_key(folder, name, key));

	X509_free(x);
	EVP_PKEY_free(key);
	return ok;
}

static bool make_crowd(const char *folder, long count)
{
	FILE *participants = create(folder, "participants", "yaml"), *services = create(folder, "services", "yaml");
	bool ok = participants && services;
	char name[32];

	for (long i = 0; ok && i < count; i++) {
		snprintf(name, sizeof name, "crowd-%05ld", i);
		ok = make_pair(folder, name, i + 1, false);
		fprintf(participants, "  - {name: %s, sender_ids: %s_is, certificates: %s/%s.crt, may_call: [Crowd%05ld]}\n", name,
			name, folder, name, (i * 7) % count);
		fprintf(services, "  - {id: Crowd%05ld, provider: %s, endpoint: \"http://127.0.0.1:9/\"}\n", i, name);
	}
	ok = written(participants, ok);
	return written(services, ok);
}

int main(int argc, char **argv)
{
	bool ok = argc > 2 && make_crowd(argv[1], strtol(argv[2], NULL, 10));

	for (int i = 3; ok && i < argc; i++)
		ok = make_pair(argv[1], argv[i], 1000000 + i, true);
	if (!ok)
		fprintf(stderr, "usage: bench_crowd FOLDER COUNT [NAME...], or the folder cannot be written\n");
	return ok ? 0 : 1;
}
