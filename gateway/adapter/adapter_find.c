/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_find - adapters by name, messages by name, lines for the journal.
 * Not here: the list (adapters/adapters.c). */
#include <stdarg.h>
#include <stdio.h>

#include "adapter/adapter.h"

static bool is_kind(const struct adapter *a, enum adapter_kind kind)
{
	return kind == ADAPTER_CHECK ? a->check != NULL : kind == ADAPTER_ACTION ? a->act != NULL : a->handle != NULL;
}

const struct adapter *adapter_named(enum adapter_kind kind, const char *name, struct conf_near *near)
{
	for (const struct adapter *const *a = adapters(); *a; a++) {
		if (!is_kind(*a, kind))
			continue;
		if (strcmp((*a)->name, name) == 0)
			return *a;
		conf_near_offer(near, (*a)->name);
	}
	return NULL;
}

void adapter_note(const struct adapter_call *c, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (c->evidence->len)
		buf_char(c->evidence, '\n');
	buf_str(c->evidence, line);
}

void adapter_message_name(struct bytes sender_id, struct bytes message_id, char out[ADAPTER_MESSAGE])
{
	unsigned char digest[64];

	digest_begin(DIGEST_SHA256);
	digest_add(NULL, sender_id.p, sender_id.n);
	digest_add(NULL, "", 1);
	digest_add(NULL, message_id.p, message_id.n);
	digest_end(digest);
	for (size_t i = 0; i < ADAPTER_MESSAGE / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
