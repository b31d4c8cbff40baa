/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_forward - the verified octets for the other side: password out, sessionId in, no more.
 * Promise:  the result is the text of the message with at most these two cuts; data keeps every octet, so
 *           inner signatures stay good.
 * Not here: the Header, which security_sign replaces. */
#include "base/ident.h"
#include "channel/channel_int.h"

#define SESSION_OPEN "<sessionId>"
#define SESSION_CLOSE "</sessionId>"

/* The password element, or NULL. The message was read before, so there is one sender and at most one
 * password. */
static const struct element *find_password(const struct envelope *env, const struct element *info)
{
	bool several = false;
	const struct element *sender = envelope_child(env, info, "", "sender", &several);

	return sender ? envelope_child(env, sender, "", "password", &several) : NULL;
}

/* sessionId closes the sequence (reading refused any other place), so it is the last element or absent.
 * The new one needs no declaration: info itself is in no namespace, so no default namespace is in scope. */
static struct edit session_edit(const struct envelope *env, const struct element *info, struct bytes session)
{
	const struct element *list;
	size_t n = envelope_children(env, info, &list);

	BUG_IF(n == 0);
	if (strcmp(node_local(list[n - 1].node), "sessionId") == 0)
		return (struct edit){list[n - 1].start, list[n - 1].end, session};
	return (struct edit){list[n - 1].end, list[n - 1].end, session};
}

static outcome forward(const struct verified *v, const struct element *info, const char *session_id,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf session = BUF(256);
	const struct envelope *env = verified_envelope(v);
	const struct element *password = find_password(env, info);
	struct edit edits[2];
	size_t n = 0;

	BUG_IF(!guid_is(bytes_str(session_id)));
	buf_printf(&session, SESSION_OPEN "%s" SESSION_CLOSE, session_id);
	if (password)
		edits[n++] = (struct edit){password->start, password->end, BYTES_NONE};
	edits[n++] = session_edit(env, info, buf_bytes(&session));
	envelope_splice(envelope_text(env), edits, n, out);
	if (!buf_ok(&session) || !buf_ok(out))
		return err_set(e, REASON_INTERNAL, "no room for the forwarded message");
	return DONE;
}

outcome channel_forward_request(const struct verified *v, const struct sync_request *r,
	const char *session_id, struct buf *out, struct err *e)
{
	return forward(v, r->info, session_id, out, e);
}

outcome channel_forward_response(const struct verified *v, const struct sync_response *r,
	const char *session_id, struct buf *out, struct err *e)
{
	return forward(v, r->info, session_id, out, e);
}
