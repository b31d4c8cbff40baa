/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data of documents that the simulated departmental system asks the monitoring system for, instead of copies on paper. */
#ifndef QAQPA_DEPARTMENT_DATA_H
#define QAQPA_DEPARTMENT_DATA_H

#include "department/sim_department_application.h"

/* Asks for the data of every document that the application says was fetched, and keeps it. False when something is
 * missing; the reasons are in `a`. */
MUST_USE bool department_fetch_data(struct application *a);

#endif
