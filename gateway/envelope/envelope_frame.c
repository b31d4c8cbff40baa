/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_frame - a message as a struct envelope: whole, or without the content of `data` until somebody asks for it.
 *
 * Promise: a message with content left out was judged by canonical_judge, which accepts only what libxml2 accepts, and
 * whatever it does not accept is parsed whole; so the verdict on a message and its reason are those of the whole parse. What
 * was left out comes into the tree by the very same parse, of the same octets.
 * Spec: docs/decisions/0023 and 0030
 */
#include "envelope_int.h"

#include "base/memory.h"

static outcome fill(struct envelope *env, const struct scan *scan, struct err *e)
{
	TRY(envelope_range_tie(env, scan, e));
	TRY(envelope_shape_check(env, e));
	return envelope_ids_collect(env, scan, e);
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
	SCOPED(envelope_scan_free) struct scan scan = {0};
	struct envelope *env = make(pool, text, limits);

	if (!env)
		return err_set(e, REASON_MEMORY, "no memory for the envelope");
	TRY(envelope_scan_read(text, limits, ENVELOPE_SHALLOW, &scan, e));
	TRY(envelope_tree_build(pool, bytes_sub(text, scan.skip, text.n), &env->doc, e));
	TRY(envelope_range_match(env, &scan, e));
	TRY(fill(env, &scan, e));
	*out = env;
	return DONE;
}

/* --- without the content of `data` --- */

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
	BUG_IF(good && envelope_frame_differs(env));
#else
	(void)env;
	(void)pool;
#endif
}

outcome envelope_parse_frame(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e)
{
	SCOPED(envelope_scan_free) struct scan scan = SCAN(limits);
	struct envelope *env = make(pool, text, limits);

	/* Where it is refused, the whole parse finds the right words. */
	if (!env || !envelope_frame_build(env, &scan) || !fill(env, &scan, NULL).ok)
		return envelope_parse(pool, text, limits, out, e);
	env->left->left_out_of = env;
	env->own = scan.left.own;
	compare(env, pool);
	*out = env;
	return DONE;
}

/* --- the whole, later --- */

static bool same_place(const struct element *a, const struct element *b)
{
	if (a->start != b->start || a->inner != b->inner || a->inner_end != b->inner_end || a->end != b->end)
		return false;
	if (a->left_out_of)
		return true;
	for (size_t i = 0; a->child_count == b->child_count && i < a->child_count; i++) {
		if (!same_place(&a->children[i], &b->children[i]))
			return false;
	}
	return a->child_count == b->child_count;
}

/* An element stays where it is and becomes that of the other tree. As deep as ranges go. */
static void move(struct element *to, const struct element *from)
{
	to->node = from->node;
	for (size_t i = 0; !to->left_out_of && i < to->child_count; i++)
		move(&to->children[i], &from->children[i]);
	if (!to->left_out_of)
		return;
	to->children = from->children;
	to->child_count = from->child_count;
	to->left_out_of = NULL;
}

/* All or nothing: what fails for want of memory leaves the frame as it was. */
outcome envelope_whole(const struct envelope *env, struct err *e)
{
	struct envelope *mutable = env->left ? env->left->left_out_of : NULL, *other;

	if (!mutable)
		return DONE;
	TRY(envelope_parse(env->pool, env->text, &env->limits, &other, e));
	if (!same_place(env->root, other->root))
		return err_set(e, REASON_XML_MALFORMED, "the whole and its frame disagree");
	move(env->root, other->root);
	mutable->doc = other->doc;
	mutable->ids = other->ids;
	mutable->id_count = other->id_count;
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
