/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_files - the simulated temporary file store of e-government.
 * Promise:  files belong to the senderId that the gateway vouches for; who knows an identifier may have the file.
 * Not here: messages (temp_files.c), files (temp_store.c); the gateway serves both itself (adapter_temp_files.c).
 * Spec:     bus contract 5.6; wsdl/files/v1 */
#include <stdlib.h>

#include "adapter/adapter.h"
#include "common/payload.h"
#include "files/temp_files.h"

static outcome open_files(const char *directory, void **state, struct err *e)
{
	char *folder = strdup(directory);

	*state = folder;
	return folder ? temp_store_open(folder, e) : err_set(e, REASON_MEMORY, "file store");
}

/* --set NAME=N; what is no number above 0 changes nothing. */
static int64_t setting(const struct sim *sim, const char *name, int64_t usual)
{
	const char *words = sim_setting(sim, name);
	int64_t n = words ? strtoll(words, NULL, 10) : 0;

	return n > 0 ? n : usual;
}

static struct temp_place place_of(const struct sim *sim)
{
	struct temp_place p = {sim_state(sim), TEMP_LIMITS_DEFAULT, sim_now().ms};

	p.limits.total = (uint64_t)setting(sim, "total", (int64_t)p.limits.total);
	p.limits.owner = (uint64_t)setting(sim, "share", (int64_t)p.limits.owner);
	p.limits.life_ms = setting(sim, "life", p.limits.life_ms);
	p.limits.life_most_ms = setting(sim, "longest-life", p.limits.life_most_ms);
	return p;
}

static outcome serve(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	struct temp_place place = place_of(sim);
	char message[ADAPTER_MESSAGE];
	struct temp_caller caller = {.sender = pool_copy(in->pool, in->request->sender_id), .message = message};
	struct temp_answer answer;

	if (!caller.sender)
		return err_set(e, REASON_MEMORY, "file store");
	caller.owner = caller.sender;
	adapter_message_name(in->request->sender_id, in->request->message_id, message);
	TRY(temp_files_serve(in->pool, &place, &caller, in->payload, &answer, e));
	*out = (struct sim_reply){.code = answer.code, .message = answer.message, .data = answer.data};
	return DONE;
}

static const struct sim_service services[] = {
	{"EDS_TEMP_FILES", serve},
	{NULL, NULL},
};

extern const struct sim_system sim_system_files;
const struct sim_system sim_system_files = {
	.name = "files",
	.summary = "temporary file store: keeps files for some hours under identifiers",
	.services = services,
	.open = open_files,
	.close = free,
};
