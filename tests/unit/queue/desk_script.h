/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desk_script - scripts as cmake/lua.cmake embeds them, made while a test runs. */
#ifndef QAQPA_TESTS_QUEUE_DESK_SCRIPT_H
#define QAQPA_TESTS_QUEUE_DESK_SCRIPT_H

#include <openssl/evp.h>

#include "gate.h"

#include "queue/desk.h"

struct desk_script {
	char text[4096], sha[41];
	struct queue_lua lua;
};

static UNUSED void desk_script_make(struct desk_script *s, const char *flags, const char *body)
{
	unsigned char digest[20];
	FILE *f = fopen(SOURCE_DIR "/gateway/queue/desk.lua", "r");
	size_t n = (size_t)snprintf(s->text, sizeof s->text, "%s\n", flags);

	assert_non_null(f);
	n += fread(s->text + n, 1, sizeof s->text - n, f);
	fclose(f);
	n += (size_t)snprintf(s->text + n, sizeof s->text - n, "%s", body);
	assert_true(n < sizeof s->text);
	assert_int_equal(EVP_Digest(s->text, n, digest, NULL, EVP_sha1(), NULL), 1);
	for (int i = 0; i < 20; i++)
		snprintf(s->sha + 2 * i, 3, "%02x", digest[i]);
	s->lua = (struct queue_lua){"test", s->sha, {(const unsigned char *)s->text, n}};
}

/* Counts its key `n` up and answers {number, its first word, nothing}. */
static UNUSED void desk_script_count(struct desk_script *s)
{
	desk_script_make(s, "#!lua", "return {redis.call('INCR', base .. 'n'), ARGV[2], false}\n");
}

struct told {
	struct pool *pool;
	struct queue_answer answer;
	struct err e;
	bool ok;
};

static UNUSED void tell(struct told *t, struct queue_desk *d, const struct desk_script *s, const char *word)
{
	struct bytes words[] = {bytes_str(word)};

	*t = (struct told){.pool = pool_new(65536)};
	assert_non_null(t->pool);
	t->ok = queue_desk_run(d, &s->lua, "area", words, 1, t->pool, &t->answer, &t->e).ok;
}

/* What the count says now. */
static UNUSED long desk_count(struct queue_desk *d, const struct desk_script *s)
{
	struct told t;
	long n;

	tell(&t, d, s, "word");
	if (!t.ok)
		fail_msg("%s", t.e.detail);
	assert_int_equal(t.answer.n, 3);
	n = strtol((const char *)t.answer.part[0].p, NULL, 10);
	pool_free(&t.pool);
	return n;
}

static UNUSED void assert_desk_refuses(struct queue_desk *d, const struct desk_script *s, enum reason reason,
	const char *words)
{
	struct told t;

	tell(&t, d, s, "word");
	assert_false(t.ok);
	assert_int_equal(t.e.reason, reason);
	if (!strstr(t.e.detail, words))
		fail_msg("'%s' is not said in '%s'", words, t.e.detail);
	pool_free(&t.pool);
}

static UNUSED struct queue_desk *desk_over(struct gate *g)
{
	struct queue_desk *d;
	struct err e;

	assert_true(queue_desk_open(g->q, &d, &e).ok);
	return d;
}

#endif
