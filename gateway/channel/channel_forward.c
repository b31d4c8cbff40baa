/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_forward - the verified octets for the other side: password out, sessionId in, no more.
 * Promise:  the result is the text of the message with at most the cuts named; data keeps every octet, so
 *           inner signatures stay good.
 * Not here: the Header, which security_sign replaces.
 * Spec:     B8 */
#include "base/ident.h"
#include "channel/channel_int.h"

/* The password element, or NULL. The message was read before, so there is one sender and at most one
 * password. */
static const struct element *find_password(const struct envelope *env, const struct element *info)
{
	bool several = false;
	const struct element *sender = envelope_child(env, info, "", "sender", &several);

	return sender ? envelope_child(env, sender, "", "password", &several) : NULL;
}

/* Keeps the order of the text; cuts at the same place keep theirs. */
static void cut_put(struct cuts *c, size_t from, size_t to, struct bytes with)
{
	size_t i = c->n++;

	BUG_IF(i == sizeof(c->list) / sizeof(c->list[0]));
	for (; i > 0 && c->list[i - 1].from > from; i--)
		c->list[i] = c->list[i - 1];
	c->list[i] = (struct edit){from, to, with};
}

static bool is_at(const struct element *list, size_t n, size_t i, const char *name)
{
	return i < n && strcmp(node_local(list[i].node), name) == 0;
}

/* The element is no longer where it stood, except at `place`. */
static void cut_elsewhere(struct cuts *c, const struct element *list, size_t n, const char *name,
	size_t place)
{
	for (size_t i = 0; i < n; i++)
		if (i != place && is_at(list, n, i, name))
			cut_put(c, list[i].start, list[i].end, BYTES_NONE);
}

void channel_cut_password(struct cuts *c, const struct envelope *env, const struct element *info)
{
	const struct element *password = find_password(env, info);

	if (password)
		cut_put(c, password->start, password->end, BYTES_NONE);
}

/* The new elements need no declaration: info itself is in no namespace, so no default namespace is in
 * scope. */
void channel_cut_head(struct cuts *c, const struct envelope *env, const struct element *info,
	const char *name, size_t *place, struct bytes with)
{
	const struct element *list;
	size_t n = envelope_children(env, info, &list), at;

	BUG_IF(*place >= n);
	at = *place ? list[*place - 1].end : list[0].start;
	if (is_at(list, n, *place, name)) {
		cut_put(c, list[*place].start, list[*place].end, with);
		cut_elsewhere(c, list, n, name, (*place)++);
		return;
	}
	cut_put(c, at, at, with);
	cut_elsewhere(c, list, n, name, n);
}

void channel_cut_tail(struct cuts *c, const struct envelope *env, const struct element *info,
	const char *name, struct bytes with)
{
	const struct element *list, *last;
	size_t n = envelope_children(env, info, &list);

	BUG_IF(n == 0);
	last = &list[n - 1];
	if (!is_at(list, n, n - 1, name))
		cut_put(c, last->end, last->end, with);
	else if (!bytes_eq(bytes_sub(envelope_text(env), last->start, last->end), with)) /* else it stands there */
		cut_put(c, last->start, last->end, with);
	cut_elsewhere(c, list, n, name, n - 1);
}

outcome channel_cut(const struct cuts *c, const struct envelope *env, struct buf *out, struct err *e)
{
	envelope_splice(envelope_text(env), c->list, c->n, out);
	return buf_ok(out) ? DONE : err_set(e, REASON_INTERNAL, "no room for the forwarded message");
}

static outcome forward(struct pool *pool, const struct verified *v, const struct element *info, const char *session_id,
	struct cuts *out, struct err *e)
{
	SCOPED(buf_free) struct buf session = BUF(256);
	const struct envelope *env = verified_envelope(v);
	const char *words;

	BUG_IF(!guid_is(bytes_str(session_id)));
	channel_add_leaf(&session, "sessionId", bytes_str(session_id));
	words = buf_ok(&session) ? pool_copy(pool, buf_bytes(&session)) : NULL;
	if (!words)
		return err_set(e, REASON_INTERNAL, "memory is short");
	out->n = 0;
	channel_cut_password(out, env, info);
	channel_cut_tail(out, env, info, "sessionId", bytes_str(words));
	return DONE;
}

outcome channel_forward_request(struct pool *pool, const struct verified *v, const struct sync_request *r,
	const char *session_id, struct cuts *out, struct err *e)
{
	return forward(pool, v, r->info, session_id, out, e);
}

outcome channel_forward_response(struct pool *pool, const struct verified *v, const struct sync_response *r,
	const char *session_id, struct cuts *out, struct err *e)
{
	return forward(pool, v, r->info, session_id, out, e);
}
