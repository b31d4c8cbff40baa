/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_tax - the simulated integrated tax system: is somebody registered as a payer of taxes.
 * Spec: P5; wsdl/tax/v1/tax.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "common/service.h"
#include "common/store.h"

#define NS_TAX "urn:qaqpa:tax:v1"
#define ANSWER_BYTES 65536

#define PAYER(number, since, debt) \
	"INSERT OR IGNORE INTO payer SELECT '" number "', '" since "', '" debt "' WHERE '" since "' <> '';"
#define P(iin, surname, name, patronymic, birth, death, card, passport, since, debt) PAYER(iin, since, debt)
#define O(bin, ru, kz, registered, liquidated, since, debt) PAYER(bin, since, debt)
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS payer (number TEXT PRIMARY KEY, since TEXT NOT NULL, debt TEXT NOT NULL) STRICT;"
#include "common/subjects.def"
	;
#undef P
#undef O

static outcome open_tax(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "tax.db", schema, state, e);
}

struct payer {
	bool known;
	char since[11], debt[24];
};

static outcome find(struct store *s, const char *number, struct payer *p, struct err *e)
{
	const struct store_column columns[] = {{p->since, sizeof p->since}, {p->debt, sizeof p->debt}};

	return store_do(s, "SELECT since, debt FROM payer WHERE number = ?1", &number, 1, columns, 2, &p->known, e);
}

static outcome judge(struct service_request *r, const char *number, struct payer *p, struct err *e)
{
	if (!iin_bin_is(bytes_str(number))) {
		reasons_add(&r->reasons, "payer.number", "the IIN or BIN of the payer has a wrong check digit");
		return DONE;
	}
	TRY(find(sim_state(r->sim), number, p, e));
	if (!p->known)
		reasons_add(&r->reasons, "payer.unknown", "the tax system knows no payer of this number");
	return DONE;
}

static outcome tell(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TAX, "PayerResponse", "The payer is registered.", "Registered as a payer",
		"Not registered as a payer"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct payer p = {0};
	struct service_request r;
	const char *number;

	if (!service_open(&r, sim, in, NS_TAX, "PayerRequest") || !(number = payload_number(r.pool, r.business)))
		return reply_unreadable(out, "The payload is not a PayerRequest of tax.xsd.");
	TRY(judge(&r, number, &p, e));
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "Registered", p.known ? "true" : "false");
	if (p.known) {
		payload_field(&data, "Since", p.since);
		payload_field(&data, "Debt", p.debt);
	}
	return answer_reply(&data, &form, &r.reasons, out, e);
}

static const struct sim_service services[] = {
	{"TAX_PAYER", tell},
	{NULL, NULL},
};

extern const struct sim_system sim_system_tax;
const struct sim_system sim_system_tax = {
	.name = "tax",
	.summary = "tax system: tells whether somebody is registered as a payer of taxes",
	.services = services,
	.open = open_tax,
	.close = store_close_state,
};
