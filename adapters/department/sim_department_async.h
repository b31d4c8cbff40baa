/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications that come to the simulated departmental system on the asynchronous channel. */
#ifndef QAQPA_DEPARTMENT_ASYNC_H
#define QAQPA_DEPARTMENT_ASYNC_H

#include "department/sim_department_application.h"

/* As struct sim_async_service and struct sim_system want them. */
outcome department_take(struct sim *sim, const struct sim_message *in, struct err *e);
outcome department_work(struct sim *sim, struct err *e);

#endif
