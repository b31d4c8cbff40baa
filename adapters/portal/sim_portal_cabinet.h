/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cabinets of the simulated portal: notices of applicants. */
#ifndef QAQPA_PORTAL_CABINET_H
#define QAQPA_PORTAL_CABINET_H

#include "common/store.h"

MUST_USE outcome cabinet_open(const char *directory, void **state, struct err *e);

struct cabinet_notice { /* NULL where the notice has none */
	const char *applicant, *request_number, *kind, *status, *text_ru, *text_kz, *moment;
	const char *document, *document_date, *file_name, *file_id, *sha256;
	const char *sender, *message_id;
};
/* Keeps it, once for each messageId of a sender. */
MUST_USE outcome cabinet_keep(struct store *s, const struct cabinet_notice *n, struct err *e);

/* The name of a user of the portal; "" when there is none of this IIN or BIN. */
#define CABINET_NAME 512
MUST_USE outcome cabinet_user(struct store *s, const char *number, char name[CABINET_NAME], struct err *e);

/* An application that was filed here: what the gateway tells of it belongs to this applicant. */
MUST_USE outcome cabinet_filed(struct store *s, const char *request_number, const char *applicant, struct err *e);

/* Who filed it; "" when it was not filed here. */
MUST_USE outcome cabinet_applicant(struct store *s, const char *request_number, char applicant[13], struct err *e);

/* The file of a document that a notice names, of the newest one. */
struct cabinet_document {
	bool known;
	char file_name[1024], file_id[1024], sha256[65];
};
MUST_USE outcome cabinet_document(struct store *s, const char *number, struct cabinet_document *out, struct err *e);

/* Appends a <Notice> for each of the `most` newest of the applicant; of one request only, unless the number is NULL. */
struct cabinet_question {
	const char *applicant, *request_number, *most;
};
MUST_USE outcome cabinet_show(struct store *s, const struct cabinet_question *q, struct buf *out, struct err *e);

#endif
