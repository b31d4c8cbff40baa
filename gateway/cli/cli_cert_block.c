/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert_block - qaqpa cert block and unblock: one line more or less in the list of blocked certificates.
 * Promise: the list is changed whole; the running gateway needs no signal. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli_cert.h"

static outcome list_of(struct cli_cert *c, struct err *e)
{
	SCOPED(conf_free) struct conf *conf = NULL;

	if (c->list)
		return DONE;
	TRY(cli_cert_conf(c, &conf, e));
	if (!conf->blocks)
		return err_set(e, REASON_CONFIG, "%s names no list in blocks", c->config);
	c->list = pool_copy(c->pool, bytes_str(conf->blocks));
	return c->list ? DONE : err_set(e, REASON_MEMORY, "no memory");
}

/* What is to be blocked or not: by digest, and by issuer and serial number. */
struct target {
	struct block digest, name;
	bool has_digest, has_name;
	const char *told; /* for people */
};

static bool is_digest(const char *word, unsigned char key[32])
{
	SCOPED(buf_free) struct buf raw = BUF(64);

	if (strlen(word) != 64 || !hex_decode(bytes_str(word), &raw))
		return false;
	memcpy(key, raw.data, 32);
	return true;
}

static outcome read_target(struct cli_cert *c, struct target *t, struct err *e)
{
	const struct cert_view *views;
	size_t n;

	if (!c->issuer != !c->serial || !c->word == !c->issuer)
		return err_set(e, REASON_USAGE, "say a file, a SHA-256, or --issuer and --serial");
	t->name.by_name = true;
	if (c->issuer) {
		TRY(block_key_of(bytes_str(c->issuer), bytes_str(c->serial), t->name.key, e));
		t->has_name = true;
		t->told = c->serial;
		return DONE;
	}
	t->told = c->word;
	t->has_digest = is_digest(c->word, t->digest.key);
	if (t->has_digest)
		return DONE;
	TRY(cert_views_read(c->pool, c->word, &views, &n, e));
	if (n != 1)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%s: holds several certificates", c->word);
	memcpy(t->digest.key, views[0].sha256, 32);
	memcpy(t->name.key, views[0].name, 32);
	t->has_digest = t->has_name = true;
	t->told = views[0].print;
	return DONE;
}

/* The user who sits there, also behind sudo; one word. */
static const char *user_name(const struct cli_cert *c)
{
	const char *name = c->by ? c->by : getenv("SUDO_USER");
	const struct passwd *p = name ? NULL : getpwuid(getuid());

	return name ? name : p ? p->pw_name : "unknown";
}

static bool is_line(const char *text, bool word)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p == 127 || (word && *p == ' '))
			return false;
	}
	return *text && utf8_is_xml(bytes_str(text));
}

static outcome fill_line(struct cli_cert *c, struct block *b, struct err *e)
{
	b->who = user_name(c);
	b->since = cli_cert_moment(c, stamp_now().ms);
	b->reason = c->serial ? pool_printf(c->pool, "%s (serial number %s of %s)", c->reason, c->serial, c->issuer) : c->reason;
	if (!is_line(b->who, true))
		return err_set(e, REASON_USAGE, "--by takes one word");
	return b->reason && is_line(b->reason, false) ? DONE : err_set(e, REASON_USAGE, "--reason takes one line of text");
}

static int tell(const struct cli_cert *c, const struct target *t, const char *state, bool changed)
{
	json_t *out;

	if (!c->json) {
		printf("%s: %s%s\n", t->told, state, changed ? "" : ", as before");
		return CLI_DONE;
	}
	out = json_pack("{s:s, s:s, s:b}", "certificate", t->told, "state", state, "changed", changed);
	json_dumpf(out, stdout, 0);
	putchar('\n');
	json_decref(out);
	return CLI_DONE;
}

static outcome block(struct cli_cert *c, struct target *t, bool *changed, struct err *e)
{
	struct block *b;

	if (!c->reason)
		return err_set(e, REASON_USAGE, "--reason is required");
	TRY(read_target(c, t, e));
	TRY(list_of(c, e)); /* before the line: it sets the zone */
	b = t->has_digest ? &t->digest : &t->name;
	TRY(fill_line(c, b, e));
	return block_list_add(c->list, b, changed, e);
}

/* A certificate that is at hand may have been blocked in either way. */
static outcome unblock(struct cli_cert *c, struct target *t, bool *changed, struct err *e)
{
	bool one = false, other = false;

	TRY(read_target(c, t, e));
	TRY(list_of(c, e));
	if (t->has_digest)
		TRY(block_list_remove(c->list, &t->digest, &one, e));
	if (t->has_name)
		TRY(block_list_remove(c->list, &t->name, &other, e));
	*changed = one || other;
	return DONE;
}

static int run(struct cli_cert *c, outcome (*act)(struct cli_cert *, struct target *, bool *, struct err *),
	const char *state)
{
	struct target t = {0};
	struct err e = {0};
	bool changed = false;

	if (act(c, &t, &changed, &e).ok)
		return tell(c, &t, state, changed);
	if (e.reason != REASON_USAGE)
		return cli_fail(&e);
	fprintf(stderr, "qaqpa cert: %s\n", e.detail);
	return CLI_USAGE;
}

int cli_cert_block(struct cli_cert *c)
{
	return run(c, block, "blocked");
}

int cli_cert_unblock(struct cli_cert *c)
{
	return run(c, unblock, "not blocked");
}
