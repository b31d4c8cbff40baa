/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon_confine - what a configuration leaves to the process: the folders that it writes to, and the calls that it makes.
 * Not here: how it is done (confine). */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "log/log.h"

#include "daemon/process.h"

#define FOLDERS_MOST 8

struct folders {
	const char *name[FOLDERS_MOST];
	size_t n;
	char *made[2]; /* those of files */
};

static void folders_free(struct folders *f)
{
	free(f->made[0]);
	free(f->made[1]);
}

static void add(struct folders *f, const char *folder)
{
	if (folder)
		f->name[f->n++] = folder;
}

static bool add_folder_of(struct folders *f, char **made, const char *file)
{
	char *slash = file ? strrchr(file, '/') : NULL;

	if (!slash)
		return true;
	*made = strndup(file, slash == file ? 1 : (size_t)(slash - file));
	add(f, *made);
	return *made != NULL;
}

/* The gateway writes the list of blocked certificates where a rule in code says so. */
static bool folders_of(enum confine_role role, const struct conf *c, struct folders *f)
{
	if (role == CONFINE_KEEPER)
		return add_folder_of(f, &f->made[0], c->keeper);
	add(f, c->journal.directory);
	add(f, c->queue.spool);
	add(f, c->revocation.directory);
	add(f, c->timestamp.directory);
	return add_folder_of(f, &f->made[0], c->blocks);
}

/* A module of a token is foreign code, and may keep its state in files of its own. */
static bool has_token(enum confine_role role, const struct conf *c)
{
	for (size_t i = 0; i < c->key_count && (role == CONFINE_KEEPER || !c->keeper); i++) {
		if (c->keys[i].pkcs11)
			return true;
	}
	return false;
}

static void tell(const char *what, bool applied, const char *how)
{
	log_event(applied ? LOG_INFO : LOG_WARNING, "process.confined", LOG_TEXT("what", what), LOG_TEXT("to", how));
}

outcome process_confine_writes(enum confine_role role, const struct conf *c, struct err *e)
{
	SCOPED(folders_free) struct folders f = {0};
	bool applied = false, token = has_token(role, c);

	if (!folders_of(role, c, &f))
		return err_set(e, REASON_MEMORY, "no memory to start");
	if (c->confine && !token)
		TRY(confine_writes(f.name, f.n, &applied, e));
	tell("writing", applied, applied ? "the folders of the configuration" : !c->confine ? "nothing, as confine is false" :
		token ? "nothing, as the module of a token may write" : "nothing, by this kernel or this build");
	return DONE;
}

outcome process_confine_calls(enum confine_role role, const struct conf *c, struct err *e)
{
	bool applied = false;

	if (c->confine)
		TRY(confine_calls(role, &applied, e));
	tell("calls", applied, applied ? "those that are needed" : !c->confine ? "nothing, as confine is false" :
		"nothing, by this build");
	return DONE;
}
