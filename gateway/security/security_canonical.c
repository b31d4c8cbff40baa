/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_canonical - exclusive canonical form of elements of a message, from their octets.
 * Promise:  the element is named by its node, and its octets are those that the envelope has tied to it. */
#include "security/security_int.h"

enum canonical security_canonical(const struct envelope *env, const xmlNode *node, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx)
{
	const struct bytes text = envelope_text(env);
	const struct element *path[ENVELOPE_PATH];
	struct bytes above[ENVELOPE_PATH];
	size_t n = envelope_path(env, node, path);
	struct canonical_place place = {.above = above, .own = envelope_own(env)};

	if (n == 0)
		return CANONICAL_FOREIGN;
	for (; place.depth < n - 1; place.depth++)
		above[place.depth] = bytes_sub(text, path[place.depth]->start, path[place.depth]->inner);
	place.element = bytes_sub(text, path[n - 1]->start, path[n - 1]->end);
	return canonical_write(&place, prefixes, sink, ctx);
}

bool security_canonical_digest(const struct envelope *env, const xmlNode *node, const char *const *prefixes, enum digest d,
	unsigned char out[64], size_t *n)
{
	enum canonical made;

	digest_begin(d);
	made = security_canonical(env, node, prefixes, digest_add, NULL);
	*n = digest_end(out);
	return made == CANONICAL_WHOLE;
}
