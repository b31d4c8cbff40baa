/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_int - what the files of this room share: the walk over one payload, and what judges words. */
#ifndef QAQPA_DEMAND_DEMAND_INT_H
#define QAQPA_DEMAND_DEMAND_INT_H

#include <libxml/tree.h>

#include "attachment/attachment.h"
#include "demand/demand.h"

#define WORDS_MOST 512 /* octets of what a judge says */

struct demand {
	const struct conf_service *service;
	struct attachment_set files;
};

/* One walk over one payload. */
struct walk {
	const struct demand *demand;
	struct pool *pool;
	struct stamp now;
	size_t *met; /* occurrences so far, by field */
	size_t kinds, files, terms;
	size_t octets;       /* of all files so far */
	struct buf content;  /* of the present file; its memory serves them all */
	struct demand_seen *seen;
};

/* The text of an element without spaces around it, from the tree where that is possible. False when the element holds
 * something else beside text, or memory is short. */
MUST_USE bool demand_text(struct pool *pool, const xmlNode *node, struct bytes *out);
/* The only child element of that local name; NULL when there is none, or (*several) more than one. */
const xmlNode *demand_child(const xmlNode *node, const char *local, bool *several);

/* Judges the element. Fails with REASON_PAYLOAD_FIELD or REASON_PAYLOAD_CONSENT. */
MUST_USE outcome demand_field(const struct walk *w, const struct conf_field *field, size_t occurrence, const xmlNode *node,
	struct err *e);
/* Says what is wrong with a number of a person or an organisation; true when nothing is. */
MUST_USE bool demand_number(struct bytes text, bool person, bool organisation, struct buf *why);

/* A day, or a moment on it. False when the text is neither. */
MUST_USE bool demand_day(struct bytes text, struct calendar_day *out);
/* Reads the last day of the term. Fails with REASON_PAYLOAD_FIELD. */
MUST_USE outcome demand_last_day(struct walk *w, const xmlNode *node, struct err *e);

/* Judges the next file. Fails with REASON_ATTACHMENT_* or REASON_MEMORY. */
MUST_USE outcome demand_attachment(struct walk *w, const xmlNode *node, struct err *e);

#endif
