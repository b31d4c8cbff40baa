/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_load - one file to one frozen snapshot: read, walk, check, decide.
 * Promise: a snapshot is only given when nothing at all was wrong. */
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf_int.h"

#define CONF_MEMORY ((size_t)1 << 30)

/* conf_check reaches the place of any list item through its first member. */
_Static_assert(offsetof(struct conf_listener, at) == 0 && offsetof(struct conf_key, at) == 0 &&
		offsetof(struct conf_profile, at) == 0 && offsetof(struct conf_participant, at) == 0 &&
		offsetof(struct conf_service, at) == 0 && offsetof(struct conf_retry, at) == 0 &&
		offsetof(struct conf_rule, at) == 0,
	"items of lists begin with their place");

void *conf_take(struct conf_reading *r, size_t n)
{
	void *memory = pool_alloc(r->conf->pool, n);

	r->short_of_memory |= !memory;
	return memory;
}

char *conf_take_text(struct conf_reading *r, struct bytes text)
{
	char *copy = pool_copy(r->conf->pool, text);

	r->short_of_memory |= !copy;
	return copy;
}

void conf_free(struct conf **conf)
{
	struct pool *pool = *conf ? (*conf)->pool : NULL;

	pool_free(&pool); /* the snapshot lies in its own pool */
	*conf = NULL;
}

static struct conf *conf_new(void)
{
	struct pool *pool = pool_new(CONF_MEMORY);
	struct conf *c = pool ? POOL_NEW(pool, struct conf) : NULL;

	if (!c) {
		pool_free(&pool);
		return NULL;
	}
	c->pool = pool;
	return c;
}

static void conf_reading_close(struct conf_reading *r)
{
	conf_files_free(r);
	EVP_MD_CTX_free(r->hash);
	conf_free(&r->conf);
}

static void conf_hash_end(struct conf_reading *r)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf hex = BUF(sizeof r->conf->hash);

	EVP_DigestFinal_ex(r->hash, digest, &n);
	buf_hex(&hex, (struct bytes){digest, n});
	if (buf_ok(&hex) && hex.len < sizeof r->conf->hash)
		memcpy(r->conf->hash, hex.data, hex.len);
	else
		r->short_of_memory = true;
	buf_free(&hex);
}

/* The file with its folder, so that everything relative to it has a fixed start. Symbolic links are kept. */
static char *conf_whole_path(const char *path)
{
	char folder[PATH_MAX], *whole = NULL;

	if (path[0] == '/')
		return strdup(path);
	if (!getcwd(folder, sizeof folder) || asprintf(&whole, "%s/%s", folder, path) < 0)
		return NULL;
	return whole;
}

static outcome conf_verdict(const struct conf_reading *r, size_t errors_before, size_t first, struct err *e)
{
	const struct conf_problems *p = r->problems;
	size_t errors = p->errors - errors_before;

	if (r->short_of_memory)
		return err_set(e, REASON_MEMORY, "no memory for the configuration");
	if (!errors)
		return DONE;
	while (first < p->n && p->list[first].warning)
		first++;
	return err_set(e, r->unreadable ? REASON_IO : REASON_CONFIG,
		"%zu error%s in the configuration%s%.180s", errors, errors == 1 ? "" : "s",
		first < p->n ? ": " : "", first < p->n ? p->list[first].what : "");
}

outcome conf_load(const char *path, struct conf **out, struct conf_problems *problems, struct err *e)
{
	SCOPED(conf_reading_close) struct conf_reading r = {.problems = problems, .conf = conf_new()};
	size_t errors_before = problems->errors, first = problems->n;
	char *whole = conf_whole_path(path);

	*out = NULL;
	r.hash = EVP_MD_CTX_new();
	r.short_of_memory = !r.conf || !r.hash || !whole || !EVP_DigestInit_ex(r.hash, EVP_sha256(), NULL);
	if (!r.short_of_memory) {
		r.index = conf_take(&r, sizeof *r.index);
		r.conf->path = conf_take_text(&r, bytes_str(whole));
	}
	free(whole);
	if (!r.short_of_memory && conf_file_add(&r, r.conf->path, (struct conf_at){path, 0}) && conf_walk(&r))
		conf_check(&r);
	if (!r.short_of_memory)
		conf_hash_end(&r);
	conf_problems_sort(problems, first);
	TRY(conf_verdict(&r, errors_before, first, e));
	*out = r.conf;
	r.conf = NULL;
	return DONE;
}
