/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_fault - what a provider's fault says, as far as it can be understood.
 * Promise:  names in any namespace, parts in any order, texts cut to a length fit for logs; never fails on
 *           a Fault.
 * Not here: decisions; a fault may be unsigned. */
#include "channel/channel_int.h"

#define CODE_MAX 128
#define WORDS_MAX 1000

/* Text of the first child of that local name that holds text only; empty when there is none. */
static struct bytes child_text(struct pool *pool, const struct envelope *env, const struct element *parent,
	const char *name, size_t max)
{
	const struct element *list;
	size_t n = envelope_children(env, parent, &list);
	struct bytes text = BYTES_NONE;

	for (size_t i = 0; i < n; i++)
		if (strcmp(node_local(list[i].node), name) == 0 && node_text(pool, list[i].node, &text))
			return channel_text_cut(bytes_trim(text, XML_SPACE), max);
	return BYTES_NONE;
}

/* ErrorInfo under any name: the first child of detail that has an errorCode. */
static void read_detail(struct pool *pool, const struct envelope *env, const struct element *detail,
	struct channel_fault *out)
{
	const struct element *list;
	size_t n = envelope_children(env, detail, &list);

	for (size_t i = 0; i < n && !out->error_code.n; i++) {
		out->error_code = child_text(pool, env, &list[i], "errorCode", CODE_MAX);
		if (!out->error_code.n)
			continue;
		out->error_message = child_text(pool, env, &list[i], "errorMessage", WORDS_MAX);
		out->error_data = child_text(pool, env, &list[i], "errorData", WORDS_MAX);
		out->session_id = child_text(pool, env, &list[i], "sessionId", CODE_MAX);
		if (!stamp_parse(child_text(pool, env, &list[i], "errorDate", CODE_MAX), &out->error_date))
			out->error_date = (struct stamp){0};
	}
}

bool channel_read_fault(struct pool *pool, const struct envelope *env, struct channel_fault *out)
{
	const struct element *list, *fault = envelope_operation(env);
	size_t n;

	*out = (struct channel_fault){0};
	if (channel_kind_of(fault) != CHANNEL_FAULT)
		return false;
	out->faultcode = child_text(pool, env, fault, "faultcode", CODE_MAX);
	out->faultstring = child_text(pool, env, fault, "faultstring", WORDS_MAX);
	n = envelope_children(env, fault, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(node_local(list[i].node), "detail") == 0)
			read_detail(pool, env, &list[i], out);
	return true;
}
