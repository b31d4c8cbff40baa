/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One message to the simulated permits system, from its payload to the answer: judged, written and answered once. */
#ifndef QAQPA_PERMITS_SERVE_H
#define QAQPA_PERMITS_SERVE_H

#include "common/service.h"
#include "common/store.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define SERVED_SCHEMA \
	"CREATE TABLE IF NOT EXISTS answered (digest TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT;"
#define ANSWER_BYTES (4u << 20)

struct served {
	struct service_request r;
	const struct answer_form *form;
	const char *text;      /* of the payload */
	char digest[65];       /* of service, sender and payload */
	struct stamp at;       /* when it is served */
	char now[STAMP_TEXT];  /* the same as text */
	struct buf *answer;    /* in the unit: where the fields of the answer go */
};

/* Whom a document is about. */
struct subject {
	const char *kind; /* Iin or Bin: the element's name */
	const char *number, *name;
};
/* False when the element does not name one person or organisation. */
MUST_USE bool subject_read(struct pool *pool, const struct _xmlNode *node, struct subject *out);
void subject_write(struct buf *out, const char *element, const struct subject *s);
/* A reason with this code when the check digit is wrong. */
void subject_judge(struct reasons *r, const struct subject *s, const char *code);

/* Opens a message with the root element `root`. `*done`: the reply is there already: it cannot be read; or the same message
 * was answered before and gets the same answer. */
MUST_USE outcome served_open(struct served *v, struct sim *sim, const struct sim_request *in,
	const struct answer_form *form, const char *root, bool *done, struct sim_reply *out, struct err *e);

/* Runs `unit`: it judges what only the state can tell, and when there are no reasons writes the change and appends the
 * fields of the answer. With reasons it writes nothing. All is on disk with the answer, before this replies. */
MUST_USE outcome served_finish(struct served *v, outcome (*unit)(struct store *s, struct served *v, struct err *e),
	struct sim_reply *out, struct err *e);

/* As much of the words, in whole characters, as an element of the type Text takes behind some others. */
struct bytes text_cut(const char *words);

#endif
