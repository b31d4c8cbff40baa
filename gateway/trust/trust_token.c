/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_token - own keys on PKCS#11 tokens: the key stays where it is, signing goes there.
 * Promise:  the token is opened when the configuration is read, after the last fork, and closed when the last key of it is
 *           dropped, after the threads that used it. The PIN is wiped here; it stands in no argument and no log line.
 * Not here: signing (trust_sign.c), which knows no difference.
 * Spec:     PKCS#11 URI RFC 7512; the engine `pkcs11` of libp11. */
#define OPENSSL_SUPPRESS_DEPRECATED /* docs/decisions/0019-tokens-by-the-engine-of-libp11.md */

#include <openssl/engine.h>
#include <openssl/err.h>

#include "trust/trust_int.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* opening is not for several threads */
static char module_in_use[4096];

/* The engine, told which module to load; a reference that trust_token_close gives back. */
static outcome engine_of(const struct conf_key *k, ENGINE **out, struct err *e)
{
	ENGINE *engine;
	bool told;

	if (module_in_use[0] && strcmp(module_in_use, k->module) != 0)
		return err_set(e, REASON_KEY_USELESS, "%s: the process has loaded another module; start it anew", k->module);
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL);
	engine = ENGINE_by_id("pkcs11");
	if (!engine)
		return err_set(e, REASON_KEY_USELESS, "OpenSSL has no engine pkcs11; install libengine-pkcs11-openssl");
	told = module_in_use[0] || ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", k->module, 0) == 1;
	if (!told || strlen(k->module) >= sizeof(module_in_use) || ENGINE_init(engine) != 1) {
		ENGINE_free(engine);
		return err_set(e, REASON_KEY_USELESS, "%s: the module cannot be loaded", k->module);
	}
	memcpy(module_in_use, k->module, strlen(k->module) + 1);
	ENGINE_free(engine); /* the functional reference of ENGINE_init stays */
	*out = engine;
	return DONE;
}

/* Told to the engine, not written into the URI: the engine prints the URI of a key that it does not find. */
static outcome tell_pin(const struct conf_key *k, ENGINE *engine, struct err *e)
{
	SCOPED(buf_wipe) struct buf pin = BUF(TRUST_FILE_OCTETS + 8192);

	TRY(trust_secret_read(k->pin_file, &pin, e));
	return ENGINE_ctrl_cmd_string(engine, "PIN", buf_cstr(&pin), 0) == 1 ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: the engine does not take the PIN", k->pin_file);
}

/* The certificate beside the key on the token; NULL when there is none. */
static X509 *certificate_of(ENGINE *engine, const char *uri)
{
	struct {
		const char *uri;
		X509 *x509;
	} request = {uri, NULL};

	return ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &request, NULL, 0) == 1 ? request.x509 : NULL;
}

static outcome read_objects(const struct conf_key *k, struct trust_source *out, struct err *e)
{
	TRY(engine_of(k, &out->token, e));
	TRY(tell_pin(k, out->token, e));
	out->secret = ENGINE_load_private_key(out->token, k->pkcs11, NULL, NULL);
	if (!out->secret)
		return err_set(e, REASON_KEY_USELESS, "%s: the token has no such key, or the PIN of %s is wrong", k->pkcs11,
			k->pin_file);
	if (k->certificate)
		return trust_source_certificate(k->certificate, &out->x509, e);
	out->x509 = certificate_of(out->token, k->pkcs11);
	return out->x509 ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: the token has no such certificate; name its file", k->pkcs11);
}

outcome trust_token_read(const struct conf_key *k, struct trust_source *out, struct err *e)
{
	outcome result;

	pthread_mutex_lock(&lock);
	result = read_objects(k, out, e);
	ERR_clear_error();
	pthread_mutex_unlock(&lock);
	return result;
}

void trust_token_close(struct engine_st **token)
{
	if (!*token)
		return;
	pthread_mutex_lock(&lock);
	ENGINE_finish(*token);
	pthread_mutex_unlock(&lock);
	*token = NULL;
}
