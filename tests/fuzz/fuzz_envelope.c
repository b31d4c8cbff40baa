/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pre-scan and parse of a message: what is accepted has its elements where their octets are, and what our own walk accepts
 * libxml2 accepts, with the same tree. */
#include <libxml/tree.h>
#include <string.h>

#include "../unit/canonical/framed.h"
#include "fuzz.h"

#define POOL_MOST (64u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	envelope_init();
	return 0;
}

/* The range begins with the element's own start tag and holds those of its children in order. */
static void check(const struct envelope *env, const struct element *el, struct bytes text)
{
	const struct element *child;
	size_t n = envelope_children(env, el, &child), at = el->inner;

	FUZZ_ASSERT(el->start < el->inner && el->inner <= el->inner_end && el->inner_end <= el->end && el->end <= text.n);
	FUZZ_ASSERT(text.p[el->start] == '<' && text.p[el->end - 1] == '>' && text.p[el->inner - 1] == '>');
	FUZZ_ASSERT(memmem(text.p + el->start, el->inner - el->start, node_local(el->node), strlen(node_local(el->node))));
	for (size_t i = 0; i < n; i++) {
		FUZZ_ASSERT(child[i].start >= at && child[i].end <= el->inner_end && child[i].node->parent == el->node);
		at = child[i].end;
		check(env, &child[i], text);
	}
}

static bool count(void *ctx, const void *octets, size_t n)
{
	(void)octets;
	*(size_t *)ctx += n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	struct bytes text = {data, size};
	size_t canonical = 0;
	struct envelope *env;
	struct err e = {0};

	SCOPED(framed_close) struct framed both;

	framed_open(&both, text);
	FUZZ_ASSERT(!framed_differ(&both));
	if (!envelope_parse(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok) {
		FUZZ_ASSERT(e.reason != REASON_NONE && e.reason != REASON_INTERNAL);
		return 0;
	}
	check(env, envelope_root(env), text);
	FUZZ_ASSERT(envelope_body(env)->node == envelope_operation(env)->node->parent);
	if (envelope_canonical(envelope_body(env)->node, NULL, count, &canonical, &e).ok)
		FUZZ_ASSERT(canonical > 0);
	return 0;
}
