/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay - a gateway as gSOAP's documentation shows it: the stubs of SyncChannel, the wsse plug-in on both sides, a thread
 * for each connection with a client of its own. A stand-in for ./bench --compare. README.md says what it does and leaves. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "soapH.h"
#include "wsseapi.h"

#include "SyncChannelHttpBinding.nsmap"

static EVP_PKEY *key;
static X509 *certificate, *caller, *provider;
static const char *authorities, *target;

static const char *word(const char *name)
{
	const char *value = getenv(name);

	if (value)
		return value;
	fprintf(stderr, "%s is not set\n", name);
	exit(64);
}

static void *pem(const char *name, void *(*read)(FILE *f))
{
	FILE *f = fopen(word(name), "r");
	void *found = f ? read(f) : NULL;

	if (!found) {
		fprintf(stderr, "%s: cannot be read\n", name);
		exit(1);
	}
	fclose(f);
	return found;
}

static void *read_certificate(FILE *f) { return PEM_read_X509(f, NULL, NULL, NULL); }
static void *read_key(FILE *f) { return PEM_read_PrivateKey(f, NULL, NULL, NULL); }

/* The plug-in has verified the signature with the certificate of the message, and that against the authorities. */
static int from(struct soap *soap, const X509 *wanted)
{
	struct _wsse__BinarySecurityToken *token = soap_wsse_BinarySecurityToken(soap, NULL);
	unsigned char *der = NULL;
	int n = i2d_X509(wanted, &der), given_n = 0;
	const char *given = token ? soap_base642s(soap, token->__item, NULL, 0, &given_n) : NULL;
	int same = given && given_n == n && memcmp(given, der, (size_t)n) == 0;

	OPENSSL_free(der);
	if (!same)
		return soap_wsse_fault(soap, wsse__FailedAuthentication, NULL);
	return soap_wsse_verify_body(soap);
}

static int sign(struct soap *soap)
{
	soap_wsse_delete_Security(soap);
	if (soap_wsse_add_BinarySecurityTokenX509(soap, "X509Token", certificate)
		|| soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#X509Token")
		|| soap_wsse_sign_body(soap, SOAP_SMD_SIGN_RSA_SHA256, key, 0))
		return soap->error;
	return soap_wsse_sign_only(soap, "Body");
}

static int clean(struct soap *soap)
{
	soap_destroy(soap);
	soap_end(soap);
	return SOAP_OK;
}

int __b__SendMessage(struct soap *soap, struct _t__SendMessage *request, struct _t__SendMessageResponse *answer)
{
	struct soap *client = soap->user;

	if (from(soap, caller))
		return soap->error;
	clean(client); /* the last answer, which was sent from its memory */
	if (sign(client) || soap_call___b__SendMessage(client, target, "", request, answer) || from(client, provider)) {
		soap_closesock(client);
		return soap_receiver_fault(soap, "the provider's answer is not good", NULL);
	}
	return sign(soap);
}

static void prepare(struct soap *soap)
{
	soap->cafile = authorities;
	soap->max_keep_alive = 1 << 30;
	soap->fserveloop = clean; /* after each request of a connection, not only after the last */
	soap_register_plugin(soap, soap_wsse);
}

static void *serve(void *of)
{
	struct soap *soap = of, *client = soap_new1(SOAP_IO_KEEPALIVE | SOAP_XML_CANONICAL);

	prepare(client);
	soap->user = client;
	soap_wsse_verify_auto(client, SOAP_SMD_NONE, NULL, 0);
	soap_wsse_verify_auto(soap, SOAP_SMD_NONE, NULL, 0);
	soap_serve(soap);
	clean(soap);
	soap_free(soap);
	clean(client);
	soap_free(client);
	return NULL;
}

int main(void)
{
	struct soap *master = soap_new1(SOAP_IO_KEEPALIVE | SOAP_XML_CANONICAL);
	pthread_attr_t detached;
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	soap_ssl_init();
	key = pem("RELAY_KEY", read_key);
	certificate = pem("RELAY_CERTIFICATE", read_certificate);
	caller = pem("RELAY_CALLER", read_certificate);
	provider = pem("RELAY_ANSWERER", read_certificate);
	authorities = word("RELAY_AUTHORITIES");
	target = word("RELAY_PROVIDER");
	prepare(master);
	master->bind_flags = SO_REUSEADDR;
	if (!soap_valid_socket(soap_bind(master, "127.0.0.1", (int)strtol(word("RELAY_PORT"), NULL, 10), 1024))) {
		soap_print_fault(master, stderr);
		return 1;
	}
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		struct soap *one;

		if (!soap_valid_socket(soap_accept(master)))
			continue;
		one = soap_copy(master);
		if (!one || pthread_create(&thread, &detached, serve, one) != 0)
			return 1;
	}
}
