/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cases of the simulated departmental system: how far each application has come. */
#ifndef QAQPA_DEPARTMENT_CASE_H
#define QAQPA_DEPARTMENT_CASE_H

#include "common/store.h"

/* A step that was done has its field filled; "" otherwise. */
struct department_case {
	char request_number[21];
	char subject[13]; /* IIN or BIN of the applicant */
	char data_taken[2]; /* "1" */
	char nikad[16];
	char registration[16], registered[40];
	char status_sent[2]; /* "1" */
};

MUST_USE outcome department_case_open(const char *directory, struct store **out, struct err *e);
/* Reads the case, or gives a fresh one. `*other` tells that the number belongs to another applicant. */
MUST_USE outcome department_case_load(struct store *s, const char *request_number, const char *subject,
	struct department_case *out, bool *other, struct err *e);
MUST_USE outcome department_case_keep(struct store *s, const struct department_case *c, struct err *e);

#endif
