/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury - the simulated Treasury-Client.
 * Not here: documents (sim_treasury_document.c), what clients do (sim_treasury_client.c), powers of attorney
 *           (sim_treasury_power.c), users (sim_treasury_user.c), the state (sim_treasury_store.c).
 * Spec:     T1, T8, T9; wsdl/treasury/v1/treasury.xsd */
#include "treasury/sim_treasury_client.h"
#include "treasury/sim_treasury_document.h"
#include "treasury/sim_treasury_power.h"
#include "treasury/sim_treasury_store.h"

static outcome open_treasury(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = treasury_store_open(directory, &s, e);

	*state = s;
	return result;
}

static void close_treasury(void *state)
{
	struct store *s = state;

	store_close(&s);
}

static const struct sim_service services[] = {
	{"TREASURY_DOCUMENT", treasury_take_document},
	{"TREASURY_STATUS", treasury_tell_status},
	{"TREASURY_POWER", treasury_take_power},
	{"TREASURY_USER", treasury_take_user},
	{"TREASURY_RESULT", treasury_take_result},
	{NULL, NULL},
};

static const struct sim_act acts[] = {
	{"send-document", treasury_send_document},
	{"show", treasury_show_document},
	{NULL, NULL},
};

extern const struct sim_system sim_system_treasury;
const struct sim_system sim_system_treasury = {
	.name = "treasury",
	.summary = "Treasury-Client: takes documents of clients, powers of attorney and news of users",
	.services = services,
	.open = open_treasury,
	.close = close_treasury,
	.acts = acts,
};
