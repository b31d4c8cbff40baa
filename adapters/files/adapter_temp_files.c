/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_temp_files - the gateway itself as the temporary file store.
 * Promise:  files belong to the participant that sent the message; whoever may call the service and knows an identifier
 *           may have the file. Gateways of one queue share the files.
 * Not here: messages (temp_files.c), files (temp_store.c).
 * Spec:     bus contract 5.6; wsdl/files/v1 */
#include "adapter/adapter.h"
#include "files/temp_files.h"
#include "trust/trust.h"

static bool fits(const void *ctx, struct bytes text)
{
	const struct conf_participant *who = ctx;

	return !who->password_hash || password_fits(who->password_hash, text);
}

static outcome serve(const struct adapter_call *c, struct adapter_answer *out, struct err *e)
{
	const char *folder = pool_printf(c->pool, "%s/temp-files", c->shared ? c->shared : c->folder);
	struct temp_place place = {folder, TEMP_LIMITS_DEFAULT, c->at.ms};
	struct temp_caller caller = {c->caller->name, pool_copy(c->pool, c->sender_id), c->message, fits, c->caller};
	struct temp_answer answer;

	if (!folder || !caller.sender)
		return err_set(e, REASON_MEMORY, "file store");
	TRY(temp_store_open(folder, e));
	TRY(temp_files_serve(c->pool, &place, &caller, c->payload, &answer, e));
	*out = (struct adapter_answer){.code = answer.code, .message = answer.message, .data = answer.data};
	return DONE;
}

extern const struct adapter adapter_temp_files;
const struct adapter adapter_temp_files = {
	.name = "temp-files",
	.summary = "serves EDS_TEMP_FILES: keeps files for some hours under identifiers",
	.handle = serve,
};
