/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulated insolvency system knows and keeps: administrators, procedures, information on debtors, documents that
 * came, keys that were reported. */
#ifndef QAQPA_INSOLVENCY_STORE_H
#define QAQPA_INSOLVENCY_STORE_H

#include "common/store.h"

/* The file with invented administrators and procedures, as struct sim_system wants it; closed by store_close_state. */
MUST_USE outcome insolvency_open(const char *directory, void **state, struct err *e);

struct insolvency_administrator {
	bool known;
	char excluded[11]; /* since when not in the register any more; "" while he is */
};
MUST_USE outcome insolvency_administrator_find(struct store *s, const char *iin, struct insolvency_administrator *out,
	struct err *e);

struct insolvency_procedure {
	bool known;
	char debtor[13]; /* BIN */
	char administrator[13];
};
MUST_USE outcome insolvency_procedure_find(struct store *s, const char *number, struct insolvency_procedure *out,
	struct err *e);

#define INSOLVENCY_INFORMATION 4096
/* `text` has room for INSOLVENCY_INFORMATION octets; "" when the body has none of that kind. */
MUST_USE outcome insolvency_information_find(struct store *s, const char *procedure, const char *kind, char *text,
	struct err *e);

/* A document that was accepted. */
struct insolvency_submission {
	const char *request_number, *iin, *kind, *procedure, *xml;
	char received[40], term_end[40]; /* moments */
	bool in_time;
	char registration[16]; /* set by keeping */
};
/* Keeps it and gives its registration number, inside a unit. One that is known by request number and administrator stays as
 * it is: not `*fresh`, its own registration and moments are given. `*other`: the request number belongs to another
 * document. */
MUST_USE outcome insolvency_submission_keep(struct store *s, struct insolvency_submission *d, bool *fresh, bool *other,
	struct err *e);

/* A key that was reported, by the SHA-256 of its certificate in hex; the first report counts. */
MUST_USE outcome insolvency_key_keep(struct store *s, const char *print, const char *iin, const char *incident,
	const char *discovered, const char *received, bool in_time, struct err *e);
MUST_USE outcome insolvency_key_is_reported(struct store *s, const char *print, bool *reported, struct err *e);

#endif
