/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_files - the messages of the temporary file store (EDS_TEMP_FILES) over temp_store: one request in, one answer out.
 * For the simulator and the gateway's handler alike. */
#ifndef QAQPA_FILES_TEMP_FILES_H
#define QAQPA_FILES_TEMP_FILES_H

#include "files/temp_store.h"

struct _xmlNode;

#define NS_TEMP "http://egov.bee.kz/eds/tempstorage/v2/"

/* The only child of that name, in the namespace or in none; NULL when there is none, or several. Takes NULL. */
const struct _xmlNode *temp_child(const struct _xmlNode *parent, const char *name);

struct temp_caller {
	const char *owner;    /* whose the files are that it uploads */
	const char *sender;   /* its senderId; credentials, where they are given, must name it */
	const char *message;  /* ADAPTER_MESSAGE */
	/* Is this the password of the caller? NULL: nobody knows. Not asked for an empty one. */
	bool (*password)(const void *ctx, struct bytes text);
	const void *ctx;
};

struct temp_answer { /* texts from the pool, or constant */
	const char *code, *message; /* of the bus: SCSS001 when all was done, SCSE001, SCSE002 */
	const char *data;           /* NULL: none */
};

/* Does what the payload asks for. Fails with REASON_IO, REASON_MEMORY. */
MUST_USE outcome temp_files_serve(struct pool *pool, const struct temp_place *place, const struct temp_caller *caller,
	const struct _xmlNode *payload, struct temp_answer *out, struct err *e);

#endif
