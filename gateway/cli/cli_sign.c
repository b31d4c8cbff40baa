/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_sign - qaqpa sign and qaqpa verify: the transport signature on files and standard input, without a server. */
#include <stdio.h>

#include "flow/flow.h"
#include "security/security.h"

#include "cli/cli_inner.h"
#include "cli/cli_int.h"
#include "cli/cli_status.h"

#define MESSAGE_MOST (64u << 20)
#define ELEMENTS_MOST 10000000u /* the caller judges files of his own; the gateway has its own bound */

static const struct {
	const char *name;
	enum conf_form form;
} forms[] = {
	{"key-identifier", CONF_FORM_KEY_IDENTIFIER},
	{"issuer-serial", CONF_FORM_ISSUER_SERIAL},
	{"binary-security-token", CONF_FORM_BST},
	{"x509-data", CONF_FORM_X509_DATA},
};

static bool form_named(const char *name, enum conf_form *out)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (strcmp(forms[i].name, name) == 0) {
			*out = forms[i].form;
			return true;
		}
	}
	fprintf(stderr, "qaqpa: no signature form is called %s\n", name);
	return false;
}

/* SHA-1 may be accepted by agreement, but is never made. */
static bool algorithm_named(const char *name, enum signature *out)
{
	*out = signature_by_name(name);
	if (*out != SIGNATURE_COUNT && signature_row(*out)->legacy != LEGACY_SHA1)
		return true;
	fprintf(stderr, "qaqpa: no algorithm for signing is called %s\n", name);
	return false;
}

static int sign_file(const char *path, const struct conf_key *conf_key, struct sign_options *options)
{
	SCOPED(buf_free) struct buf in = BUF(MESSAGE_MOST);
	SCOPED(buf_free) struct buf out = BUF(MESSAGE_MOST);
	SCOPED(trust_free) struct trust *trust = trust_new();
	SCOPED(pool_free) struct pool *pool = pool_new(MESSAGE_MOST * 4u);
	struct err e = {0};

	if (!cli_read(path, &in))
		return CLI_BAD_INPUT;
	if (!trust_add_key(trust, conf_key, &e).ok)
		return cli_fail(&e);
	options->key = trust_key_named(trust, conf_key->name);
	if (!security_sign(pool, buf_bytes(&in), options, &out, &e).ok)
		return cli_fail(&e);
	cli_write(buf_bytes(&out));
	return CLI_DONE;
}

int cmd_sign(int argc, char **argv)
{
	const char *form = "key-identifier", *algorithm = NULL;
	struct conf_key key = {.name = "own", .at = {"command line", 0}};
	const struct cli_option options[] = {
		{"certificate", 0, CLI_TEXT, &key.certificate, true, "own certificate, PEM"},
		{"key", 0, CLI_TEXT, &key.key, true, "own private key, PEM, readable by you alone"},
		{"form", 0, CLI_TEXT, &form, false, "key-identifier, issuer-serial, binary-security-token or x509-data"},
		{"algorithm", 0, CLI_TEXT, &algorithm, false, "rsa-sha256 ..., by the key when absent"},
		{0},
	};
	struct sign_options sign = {.signature = SIGNATURE_COUNT};
	int first, code = cli_options(cli_command_named("sign"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	if (!form_named(form, &sign.form))
		return CLI_USAGE;
	if (algorithm && !algorithm_named(algorithm, &sign.signature))
		return CLI_USAGE;
	return sign_file(first < argc ? argv[first] : NULL, &key, &sign);
}

/* What is unknown rather than wrong is not a verdict of invalid. */
static int verify_code(const struct err *e)
{
	switch (e->reason) {
	case REASON_SEC_ABSENT:
	case REASON_SEC_SIGNATURE_ABSENT:
	case REASON_SOAP_NOT_ENVELOPE:
		return VERIFY_NOT_SIGNED;
	case REASON_CERT_UNKNOWN:
	case REASON_CERT_OWNER:
	case REASON_SEC_TOKEN_UNKNOWN:
	case REASON_MEMORY:
		return VERIFY_CANNOT_TELL;
	default:
		return VERIFY_INVALID;
	}
}

/* The signature is right; is its certificate still worth something? */
static int verdict(const struct verified *v, const struct conf *conf, bool explain)
{
	const struct trust_cert *c = verified_certificate(v);
	enum cli_verdict status = conf ? cli_status(conf, c->der, explain) : CLI_VALID;

	if (status == CLI_VALID)
		printf("valid: signed by %s\n       certificate %s\n", c->subject, c->print);
	return status == CLI_VALID ? VERIFY_VALID : status == CLI_INVALID ? VERIFY_INVALID : VERIFY_CANNOT_TELL;
}

static int verify_text(struct bytes text, struct trust *trust, const struct conf *conf, bool explain)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MESSAGE_MOST * 4u);
	SCOPED(buf_free) struct buf words = BUF(1u << 20);
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct verified *v;
	struct envelope *env;
	struct err e = {0};

	limits.bytes = MESSAGE_MOST;
	limits.elements = ELEMENTS_MOST;
	if (explain) {
		security_explain(text, trust, stamp_now(), &words);
		cli_write(buf_bytes(&words));
	}
	if (!envelope_parse(pool, text, &limits, &env, &e).ok
		|| !security_verify(pool, env, trust, stamp_now(), &v, NULL, &e).ok) {
		cli_fail(&e);
		return verify_code(&e);
	}
	if (explain && conf)
		cli_inner_explain(pool, v, conf, trust);
	return verdict(v, conf, explain);
}

/* Trust for one look: the given certificates are pinned to a nameless participant that may use every form. */
static bool pin_certificates(struct trust *trust, struct conf_participant *p, const struct cli_list *pinned,
	struct err *e)
{
	p->certificates = (struct conf_names){pinned->item, pinned->n};
	return trust_add_participant(trust, p, e).ok;
}

int cmd_verify(int argc, char **argv)
{
	const char *config = NULL;
	bool explain = false, sha1 = false, legacy_gost = false;
	struct cli_list pinned = {.n = 0};
	const struct cli_option options[] = {
		{"config", 'c', CLI_TEXT, &config, false, "trust what this configuration trusts"},
		{"certificate", 0, CLI_LIST, &pinned, false, "trust this certificate (PEM or DER); may be repeated"},
		{"sha1", 0, CLI_FLAG, &sha1, false, "accept SHA-1, with --certificate"},
		{"legacy-gost", 0, CLI_FLAG, &legacy_gost, false, "accept GOST 34.310-2004, with --certificate"},
		{"explain", 0, CLI_FLAG, &explain, false, "print step by step what was found"},
		{0},
	};
	struct conf_profile profile = {
		.name = "all", .forms = ~0u, .plain_id = true, .skew_ms = 300000, .max_age_ms = 604800000};
	struct conf_participant anyone = {.name = "given certificate", .profile = &profile};
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(snapshot_drop) struct snapshot *snap = NULL;
	SCOPED(trust_free) struct trust *own = trust_new();
	SCOPED(buf_free) struct buf in = BUF(MESSAGE_MOST);
	struct err e = {0};
	int first, code = cli_options(cli_command_named("verify"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	profile.sha1 = sha1;
	profile.legacy_gost = legacy_gost;
	if (config && !snapshot_load(config, problems, &snap, &e).ok)
		return cli_fail(&e), VERIFY_CANNOT_TELL;
	if (!config && !pin_certificates(own, &anyone, &pinned, &e))
		return cli_fail(&e), VERIFY_CANNOT_TELL;
	if (!cli_read(first < argc ? argv[first] : NULL, &in))
		return VERIFY_CANNOT_TELL;
	return verify_text(buf_bytes(&in), config ? snapshot_trust(snap) : own, config ? snapshot_conf(snap) : NULL, explain);
}
