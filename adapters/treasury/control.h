/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control - the format-and-logic control of documents of the Treasury-Client (rule T1; order No. 98, item 4): what neither
 * the schema nor the descriptor can say. */
#ifndef QAQPA_TREASURY_CONTROL_H
#define QAQPA_TREASURY_CONTROL_H

#include "common/payload.h"

#define NS_TREASURY "urn:qaqpa:treasury:v1"

/* An amount of the contract, 1250.00, in hundredths; false when it is none. */
MUST_USE bool amount_read(const char *text, int64_t *out);
void amount_write(int64_t amount, char out[24]);
/* True for an account with right check digits (ISO 13616). */
bool account_is(const char *account);

/* Adds a reason for everything that is wrong with BusinessData of a TreasuryDocumentRequest; `today` is the local day. */
void control_document(struct reasons *r, const struct _xmlNode *business, const char *today);

/* The lines that a document pays or plans; `each` gets the texts of one, "" for what is absent. */
struct control_line {
	const char *number, *programme, *specific, *amount;
	const struct _xmlNode *payee; /* NULL: none */
};
MUST_USE outcome control_lines(struct pool *pool, const struct _xmlNode *business,
	outcome (*each)(const struct control_line *line, void *ctx, struct err *e), void *ctx, struct err *e);
/* True for kinds that pay to somebody. */
bool control_pays(const char *kind);

#endif
