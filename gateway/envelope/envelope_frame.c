/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_frame - a message as a struct envelope: whole, or without the content of `data` until somebody asks for it.
 *
 * Promise: what is left out was judged by canonical_judge, which accepts only what libxml2 accepts, and whatever it does not
 * accept is parsed whole; so the verdict on a message and its reason are those of the whole parse. What was left out comes
 * into the tree by the very same parse, of the same octets.
 * Spec: docs/decisions/0023
 */
#include "envelope_int.h"

#include "base/memory.h"

static outcome fill(struct envelope *env, const struct scan *scan, struct bytes text, struct err *e)
{
	TRY(envelope_tree_build(env->pool, text, &env->doc, e));
	TRY(envelope_range_tie(env, scan, e));
	TRY(envelope_shape_check(env, e));
	return envelope_ids_collect(env, scan, e);
}

static outcome fill_whole(struct envelope *env, struct err *e)
{
	SCOPED(envelope_scan_free) struct scan scan = {0};

	TRY(envelope_scan_read(env->text, &env->limits, ENVELOPE_SHALLOW, &scan, e));
	return fill(env, &scan, bytes_sub(env->text, scan.skip, env->text.n), e);
}

static struct envelope *make(struct pool *pool, struct bytes text, const struct envelope_limits *limits)
{
	struct envelope *env = POOL_NEW(pool, struct envelope);

	if (env) {
		env->pool = pool;
		env->text = text;
		env->limits = *limits;
	}
	return env;
}

outcome envelope_parse(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e)
{
	struct envelope *env = make(pool, text, limits);

	if (!env)
		return err_set(e, REASON_MEMORY, "no memory for the envelope");
	TRY(fill_whole(env, e));
	*out = env;
	return DONE;
}

/* --- without the content of `data` --- */

static outcome fill_frame(struct envelope *env, const struct scan *scan, struct err *e)
{
	SCOPED(buf_free) struct buf rest = BUF(SIZE_MAX / 2);
	size_t from = (size_t)(scan->left.octets.p - env->text.p), to = from + scan->left.octets.n;

	buf_reserve(&rest, from - scan->skip + env->text.n - to);
	buf_add(&rest, bytes_sub(env->text, scan->skip, from));
	buf_add(&rest, bytes_sub(env->text, to, env->text.n));
	if (!buf_ok(&rest))
		return err_set(e, REASON_MEMORY, "no memory for the text around data");
	TRY(fill(env, scan, buf_bytes(&rest), e));
	env->left->left_out_of = env;
	env->own = scan->left.own;
	return DONE;
}

/* In a build for tests, what is left out is parsed at once all the same. */
static void compare(const struct envelope *env, struct pool *pool)
{
#ifdef QAQPA_BOTH_VERDICTS
	size_t before = memory_refusals();
	struct envelope *other;
	struct err e = {0};
	bool good = envelope_parse(pool, env->text, &env->limits, &other, &e).ok;

	BUG_IF(!good && e.reason != REASON_MEMORY && memory_refusals() == before);
	BUG_IF(good && (other->id_count != env->id_count || other->body->end != env->body->end));
#else
	(void)env;
	(void)pool;
#endif
}

outcome envelope_parse_frame(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e)
{
	SCOPED(envelope_scan_free) struct scan scan = {0};
	struct envelope *env = make(pool, text, limits);

	if (!env)
		return err_set(e, REASON_MEMORY, "no memory for the envelope");
	TRY(envelope_scan_frame(text, limits, &scan, e));
	if (scan.left.octets.n == 0) {
		TRY(fill(env, &scan, bytes_sub(text, scan.skip, text.n), e));
	} else {
		if (!fill_frame(env, &scan, e).ok) /* the whole parse finds the right words */
			return envelope_parse(pool, text, limits, out, e);
		compare(env, pool);
	}
	*out = env;
	return DONE;
}

outcome envelope_whole(const struct envelope *env, struct err *e)
{
	struct element *left = env->left;
	struct envelope *mutable = left ? left->left_out_of : NULL;

	if (!mutable)
		return DONE;
	TRY(fill_whole(mutable, e));
	left->left_out_of = NULL;
	return DONE;
}

bool envelope_is_whole(const struct envelope *env)
{
	return !env->left || !env->left->left_out_of;
}

const struct canonical_own *envelope_own(const struct envelope *env)
{
	return &env->own;
}
