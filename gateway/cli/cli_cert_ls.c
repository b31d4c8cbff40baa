/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert_ls - qaqpa cert ls: every certificate and key that a configuration names, whose it is, until when, blocked or
 * not.
 * Exit: 0 all are valid, 1 some have ended, are not valid yet or are blocked, 2 some cannot be read. */
#include <stdio.h>

#include "trust/trust.h"

#include "cli/cli_cert.h"

struct listing {
	const struct cli_cert *c;
	struct block_list blocks;
	int64_t now_ms;
	json_t *rows; /* NULL: a table */
	bool some_invalid, some_unreadable;
};

static const struct block *block_of(const struct listing *l, const struct cert_view *v)
{
	const struct block *b = block_list_find(&l->blocks, false, v->sha256);

	return b ? b : block_list_find(&l->blocks, true, v->name);
}

static void add_row(struct listing *l, const char *what, const char *owner, const char *file, const struct cert_view *v)
{
	const struct block *b = block_of(l, v);
	const char *state = b ? "blocked" : cli_cert_state(v, l->now_ms);
	const char *subject = cli_cert_masked(l->c, v->subject);

	l->some_invalid |= strcmp(state, "valid") != 0;
	if (l->rows)
		json_array_append_new(l->rows,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:s?, s:s?, s:s?}", "what", what, "owner", owner,
				"file", file, "state", state, "from", cli_cert_moment(l->c, v->not_before_ms), "until",
				cli_cert_moment(l->c, v->not_after_ms), "sha256", v->print, "subject", subject, "key", v->key,
				"blocked_since", b ? b->since : NULL, "blocked_by", b ? b->who : NULL, "reason",
				b ? b->reason : NULL));
	else
		printf("%-13s %.10s  %-11s %-20s %.16s  %s%s%s\n", state, cli_cert_moment(l->c, v->not_after_ms), what, owner,
			v->print, file, b ? "  " : "", b ? b->reason : "");
}

static void add_failure(struct listing *l, const char *what, const char *owner, const char *file, const struct err *e)
{
	l->some_unreadable = true;
	if (l->rows)
		json_array_append_new(l->rows, json_pack("{s:s, s:s, s:s, s:s, s:s}", "what", what, "owner", owner, "file", file,
						       "state", "unreadable", "detail", e->detail));
	else
		printf("%-13s %-10s  %-11s %-20s %-16s  %s\n", "unreadable", "", what, owner, "", e->detail);
}

static void add_file(struct listing *l, const char *what, const char *owner, const char *file)
{
	const struct cert_view *views;
	struct err e;
	size_t n = 0;

	if (!file)
		return;
	if (!cert_views_read(l->c->pool, file, &views, &n, &e).ok)
		add_failure(l, what, owner, file, &e);
	for (size_t i = 0; i < n; i++)
		add_row(l, what, owner, file, &views[i]);
}

/* The certificate of a PKCS#12 file or token is only seen by opening it. */
static void add_opened_key(struct listing *l, const struct conf_key *k)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *source = k->pkcs12 ? k->pkcs12 : k->pkcs11;
	struct cert_view v;
	struct err e;

	if (t && trust_add_key(t, k, &e).ok && cert_view_read(l->c->pool, trust_key_named(t, k->name)->der, &v, &e).ok)
		add_row(l, "key", k->name, source, &v);
	else
		add_failure(l, "key", k->name, source, &e);
}

static void add_participant(struct listing *l, const struct conf_participant *p)
{
	for (size_t i = 0; i < p->certificates.n; i++)
		add_file(l, "participant", p->name, p->certificates.name[i]);
	add_file(l, "issuer", p->name, p->issuer);
	add_file(l, "tls ca", p->name, p->async.tls_ca);
	add_file(l, "tls", p->name, p->async.tls_certificate);
}

static void add_all(struct listing *l, const struct conf *c)
{
	for (size_t i = 0; i < c->ca.n; i++)
		add_file(l, "authority", "", c->ca.name[i]);
	for (size_t i = 0; i < c->key_count; i++) {
		if (c->keys[i].certificate)
			add_file(l, "key", c->keys[i].name, c->keys[i].certificate);
		else
			add_opened_key(l, &c->keys[i]);
	}
	for (size_t i = 0; i < c->participant_count; i++)
		add_participant(l, &c->participants[i]);
	for (size_t i = 0; i < c->listener_count; i++) {
		add_file(l, "tls", c->listeners[i].name, c->listeners[i].certificate);
		add_file(l, "tls ca", c->listeners[i].name, c->listeners[i].client_ca);
	}
	for (size_t i = 0; i < c->service_count; i++) {
		add_file(l, "tls ca", c->services[i].id, c->services[i].tls_ca);
		add_file(l, "tls", c->services[i].id, c->services[i].tls_certificate);
	}
	add_file(l, "tls ca", "queue", c->queue.redis.tls_ca);
	add_file(l, "tls", "queue", c->queue.redis.tls_certificate);
}

int cli_cert_ls(struct cli_cert *c)
{
	SCOPED(conf_free) struct conf *conf = NULL;
	struct listing l = {.c = c};
	struct err e = {0};

	if (!cli_cert_conf(c, &conf, &e).ok ||
		(conf->blocks && !block_list_read(c->pool, conf->blocks, &l.blocks, &e).ok))
		return cli_fail(&e);
	l.now_ms = stamp_now().ms;
	l.rows = c->json ? json_array() : NULL;
	if (!l.rows)
		printf("%-13s %-10s  %-11s %-20s %-16s  %s\n", "STATE", "UNTIL", "WHAT", "OWNER", "SHA-256", "FILE");
	add_all(&l, conf);
	if (l.rows) {
		json_dumpf(l.rows, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(l.rows);
	}
	return l.some_unreadable ? VERIFY_CANNOT_TELL : l.some_invalid ? VERIFY_INVALID : VERIFY_VALID;
}
