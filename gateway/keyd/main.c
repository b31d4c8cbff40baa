/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qaqpa-keyd - keeps the private keys of the gateway: reads the list keys of its configuration, and signs digests for
 *              whoever may open its socket.
 * Promise:  no octet of a message is ever parsed here; a configuration that is wrong leaves the keys as they were.
 * Not here: what is said over the socket (keeper), keys (trust). */
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "daemon/process.h"
#include "keeper/keeper.h"
#include "log/log.h"
#include "trust/trust.h"

static const char usage[] =
	"Usage: qaqpa-keyd --config FILE [--group NAME]\n"
	"Keeps the private keys of the list keys, and signs for the gateway, which names the socket under keeper. SIGHUP reads\n"
	"the keys again: all of them when each is good, else none.\n"
	"      --config FILE   the configuration of the gateway, see qaqpa.yaml(5)\n"
	"      --group NAME    the group whose members may ask; without it, the own user alone\n"
	"      --version       print the version\n"
	"      --help          print this text\n";

struct keys { /* what one configuration says */
	struct conf *conf;
	struct trust *trust;
};
static struct keys now;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER; /* guards `now`: many sign, a reload waits for them */

static void drop(struct keys *k)
{
	trust_free(&k->trust);
	conf_free(&k->conf);
}

static void log_problems(const struct conf_problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		log_event(p->list[i].warning ? LOG_WARNING : LOG_ERROR, "config.problem", LOG_NUM("line", p->list[i].at.line),
			LOG_TEXT("what", p->list[i].what));
}

static outcome load_keys(struct keys *k, struct err *e)
{
	for (size_t i = 0; i < k->conf->key_count; i++)
		TRY(trust_add_key(k->trust, &k->conf->keys[i], e));
	return k->conf->blocks ? trust_add_blocks(k->trust, k->conf->blocks, e) : DONE;
}

static outcome load(const char *path, struct keys *out, struct err *e)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(drop) struct keys k = {.trust = trust_new()};
	outcome read = problems && k.trust ? conf_load(path, &k.conf, problems, e) : err_set(e, REASON_MEMORY, "keys");

	if (problems)
		log_problems(problems);
	TRY(read);
	if (!k.conf->keeper)
		return err_set(e, REASON_CONFIG, "%s names no keeper", path);
	TRY(load_keys(&k, e));
	*out = k;
	k = (struct keys){0};
	return DONE;
}

static outcome show_certificate(void *ctx, const char *name, struct buf *out, struct err *e)
{
	const struct trust_key *key;

	(void)ctx;
	pthread_rwlock_rdlock(&lock);
	key = trust_key_named(now.trust, name);
	if (key)
		buf_add(out, key->der);
	pthread_rwlock_unlock(&lock);
	if (!key)
		return err_set(e, REASON_KEY_USELESS, "the keeper has no key %s", name);
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "a certificate");
}

/* What a key of today signs does not fit a certificate of yesterday. */
static bool is_of(const struct trust_key *key, const unsigned char certificate[32])
{
	unsigned char mine[32];

	sha256(key->der, mine);
	return memcmp(mine, certificate, sizeof mine) == 0;
}

static outcome sign_digest(const char *name, const unsigned char certificate[32], unsigned s, struct bytes digest,
	struct buf *out, struct err *e)
{
	const struct trust_key *key = trust_key_named(now.trust, name);

	if (!key)
		return err_set(e, REASON_KEY_USELESS, "the keeper has no key %s", name);
	if (!is_of(key, certificate))
		return err_set(e, REASON_KEY_KEEPER, "key %s: another certificate than that of the gateway; reload both", name);
	if (s >= SIGNATURE_COUNT || digest.n != digest_row(signature_row(s)->digest)->size)
		return err_set(e, REASON_KEY_USELESS, "key %s: that is no digest of an algorithm", name);
	return trust_sign_digest(key, s, digest, out, e);
}

static outcome sign(void *ctx, const char *name, const unsigned char certificate[32], unsigned s, struct bytes digest,
	struct buf *out, struct err *e)
{
	outcome result;

	(void)ctx;
	pthread_rwlock_rdlock(&lock);
	result = sign_digest(name, certificate, s, digest, out, e);
	pthread_rwlock_unlock(&lock);
	return result;
}

static void reload(const char *path)
{
	struct keys next = {0}, before;
	struct err e = {0};

	if (!load(path, &next, &e).ok) {
		log_err(LOG_ERROR, "keeper.reload", &e, NULL);
		return;
	}
	pthread_rwlock_wrlock(&lock);
	before = now;
	now = next;
	pthread_rwlock_unlock(&lock);
	drop(&before);
	log_event(LOG_INFO, "keeper.reload", LOG_NUM("keys", now.conf->key_count));
}

static int serve(const char *path, long group)
{
	const struct keeper_clerk clerk = {.certificate = show_certificate, .sign = sign};
	struct keeper_desk *desk = NULL;
	struct err e = {0};

	process_protect();
	process_block_signals();
	if (!crypto_init(NULL, &e).ok || !load(path, &now, &e).ok || !process_confine_writes(CONFINE_KEEPER, now.conf, &e).ok ||
		!keeper_desk_open(now.conf->keeper, group, &clerk, &desk, &e).ok ||
		!process_confine_calls(CONFINE_KEEPER, now.conf, &e).ok) {
		log_err(LOG_ERROR, "keeper.cannot-start", &e, NULL);
		keeper_desk_close(&desk);
		drop(&now);
		return EXIT_CANNOT_START;
	}
	log_event(LOG_INFO, "keeper.ready", LOG_NUM("keys", now.conf->key_count));
	process_notify("READY=1");
	while (process_next_signal(NULL) == SIGHUP)
		reload(path);
	process_notify("STOPPING=1");
	keeper_desk_close(&desk);
	drop(&now);
	log_event(LOG_INFO, "keeper.stopped", LOG_TEXT("how", "signal"));
	return EXIT_DONE;
}

/* -1: none was named; -2: there is no such group. */
static long group_named(const char *name)
{
	const struct group *g = name ? getgrnam(name) : NULL;

	if (!name)
		return -1;
	return g ? (long)g->gr_gid : -2;
}

int main(int argc, char **argv)
{
	struct process_options options;
	int code = process_read_options(argc, argv, "qaqpa-keyd " QAQPA_VERSION, usage, &options);
	long group = group_named(options.group);

	if (code >= 0)
		return code;
	if (group == -2) {
		fputs("qaqpa-keyd: there is no such group\n", stderr);
		return EXIT_CANNOT_START;
	}
	return serve(options.config, group);
}
