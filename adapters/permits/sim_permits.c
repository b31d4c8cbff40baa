/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits - the simulated permits system: its services and its state.
 * Not here: what a service does (sim_permits_services.h says where).
 * Spec:     P1 - P19; wsdl/permits/v1/permits.xsd and document.xsd */
#include "common/outbox.h"
#include "permits/sim_permits_services.h"
#include "permits/sim_permits_store.h"

static outcome open_permits(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = permits_store_open(directory, &s, e);

	*state = s;
	return result;
}

static void close_permits(void *state)
{
	struct store *s = state;

	store_close(&s);
}

static outcome work(struct sim *sim, struct err *e)
{
	return outbox_work(sim, sim_state(sim), e);
}

static const struct sim_service services[] = {
	{"PERMITS_NIKAD", permits_nikad},
	{"PERMITS_REGISTER", permits_register},
	{"PERMITS_APPLICATION", permits_application},
	{"PERMITS_STAFF_APPLICATION", permits_staff_application},
	{"PERMITS_PAPER_APPLICATION", permits_paper_application},
	{"PERMITS_AUTOMATIC", permits_automatic},
	{"PERMITS_NOTICE", permits_notice},
	{"PERMITS_REPLY", permits_reply},
	{"PERMITS_COORDINATION", permits_coordination},
	{"PERMITS_COORDINATION_REPLY", permits_coordination_reply},
	{"PERMITS_EVENT", permits_event},
	{"PERMITS_DEATH", permits_death},
	{"PERMITS_SEARCH", permits_search},
	{"PERMITS_HISTORY", permits_history},
	{NULL, NULL},
};

extern const struct sim_system sim_system_permits;
const struct sim_system sim_system_permits = {
	.name = "permits",
	.summary = "permits system: numbers, applications and their review, the register of permits and notifications",
	.services = services,
	.work = work,
	.open = open_permits,
	.close = close_permits,
};
