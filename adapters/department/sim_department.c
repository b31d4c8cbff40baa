/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department - a simulated departmental system that decides on licences.
 * Promise:  an application is taken to its end over the bus: number, signed permit, registration, status; the
 *           same application sent again goes on from where it stopped.
 * Not here: the decision (sim_department_application.c), the asynchronous channel (sim_department_async.c), what the
 *           permits system brings (sim_department_delivery.c) and how it is reviewed (sim_department_review.c). */
#include "department/sim_department_async.h"
#include "department/sim_department_delivery.h"
#include "department/sim_department_review.h"

static outcome open_department(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = department_case_open(directory, &s, e);

	*state = s;
	return result;
}

static void close_department(void *state)
{
	struct store *s = state;

	store_close(&s);
}

static outcome take_application(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	struct application a;

	if (!application_read(&a, sim, in->pool, in->payload, in->payload_text))
		return reply_unreadable(out, "The payload is not a DepartmentRequest of department.xsd.");
	TRY(application_decide(&a, e));
	return application_reply(&a, out, e);
}

static const struct sim_service services[] = {
	{"DEPARTMENT_REQUEST", take_application},
	{"DEPARTMENT_APPLICATION", department_deliver},
	{"DEPARTMENT_COORDINATION", department_deliver},
	{"DEPARTMENT_NOTICE", department_deliver},
	{NULL, NULL},
};
static const struct sim_async_service async_services[] = {
	{"DEPARTMENT_CASE", true, department_take},
	{NULL, false, NULL},
};

extern const struct sim_system sim_system_department;
const struct sim_system sim_system_department = {
	.name = "department",
	.summary = "departmental system: turns an application into a registered permit over the bus",
	.services = services,
	.async_services = async_services,
	.work = department_work,
	.open = open_department,
	.close = close_department,
	.acts = department_acts,
};
