/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_schema - what a loaded payload schema is; for the files of this room. */
#ifndef QAQPA_CHANNEL_SCHEMA_H
#define QAQPA_CHANNEL_SCHEMA_H

struct _xmlSchema;

/* Namespace of our own element `data` in the compiled schema; nothing of a message may name it. */
#define NS_PAYLOAD "urn:qaqpa:payload"

struct schema {
	struct _xmlSchema *compiled; /* the user's declarations, imported into ours */
};

#endif
