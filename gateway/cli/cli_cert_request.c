/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert_request - qaqpa cert request: PKCS#10 for a new key, or for one of the configuration. */
#include <errno.h>
#include <stdio.h>

#include "trust/trust.h"

#include "cli/cli_cert.h"

static outcome kind_of(const char *name, enum cert_new_key *out, struct err *e)
{
	for (*out = 0; *out < CERT_NEW_KEYS; (*out)++) {
		if (strcmp(name, cert_new_key_name(*out)) == 0)
			return DONE;
	}
	return err_set(e, REASON_USAGE, "no kind of key is called %s", name);
}

/* Passwords are read like those of the configuration: without a slash it would be a credential. */
static const char *as_path(const struct cli_cert *c, const char *path)
{
	return path && !strchr(path, '/') ? pool_printf(c->pool, "./%s", path) : path;
}

static const struct conf_key *key_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->key_count; i++) {
		if (strcmp(conf->keys[i].name, name) == 0)
			return &conf->keys[i];
	}
	return NULL;
}

static outcome write_out(const struct cli_cert *c, struct bytes text, struct err *e)
{
	FILE *f;
	bool written;

	if (!c->out) {
		cli_write(text);
		return DONE;
	}
	f = fopen(c->out, "w");
	written = f && fwrite(text.p, 1, text.n, f) == text.n;
	if (f && fclose(f) != 0)
		written = false;
	return written ? DONE : err_set(e, REASON_IO, "%s: %s", c->out, strerror(errno));
}

static outcome request(struct cli_cert *c, struct err *e)
{
	SCOPED(conf_free) struct conf *conf = NULL;
	SCOPED(trust_free) struct trust *t = NULL;
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	const struct conf_key *key;

	if (!c->key == !c->new_key)
		return err_set(e, REASON_USAGE, "say --key NAME or --new-key FILE");
	c->request.purposes = (struct conf_names){c->purposes.item, c->purposes.n};
	c->request.key_path = c->new_key;
	c->request.password_file = as_path(c, c->password_file);
	if (c->new_key) {
		TRY(kind_of(c->kind ? c->kind : "gost-2015", &c->request.kind, e));
	} else {
		TRY(cli_cert_conf(c, &conf, e));
		key = key_named(conf, c->key);
		if (!key)
			return err_set(e, REASON_USAGE, "%s has no key named %s", c->config, c->key);
		t = trust_new();
		if (!t)
			return err_set(e, REASON_MEMORY, "no memory for keys");
		TRY(trust_add_key(t, key, e));
		c->request.own = trust_key_named(t, key->name);
	}
	TRY(cert_request_make(&c->request, &text, e));
	return write_out(c, buf_bytes(&text), e);
}

int cli_cert_request(struct cli_cert *c)
{
	struct err e = {0};

	if (request(c, &e).ok)
		return CLI_DONE;
	if (e.reason != REASON_USAGE)
		return cli_fail(&e);
	fprintf(stderr, "qaqpa cert request: %s\n", e.detail);
	return CLI_USAGE;
}
