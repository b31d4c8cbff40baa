/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_gbdul - the simulated state database of legal entities: an organisation by its BIN.
 * Spec: P5; bus contract 5.3; wsdl/gbdul/v1/gbdul.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "common/payload.h"
#include "common/store.h"

#define NS_GBDUL "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
#define ANSWER_BYTES 65536

#define O(bin, ru, kz, registered, liquidated, since, debt) \
	"INSERT OR IGNORE INTO organisation VALUES ('" bin "', '" ru "', '" kz "', '" registered "'," \
	" NULLIF('" liquidated "', ''));"
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS organisation (bin TEXT PRIMARY KEY, name_ru TEXT NOT NULL, name_kz TEXT NOT NULL,"
	" registered TEXT NOT NULL, liquidated TEXT) STRICT;"
#include "common/subjects.def"
	;
#undef O

static outcome open_gbdul(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "gbdul.db", schema, state, e);
}

struct item {
	const char *code, *ru, *kz;
};
/* Status, and the bus's own status for it. */
struct verdict {
	struct item item;
	const char *status, *message;
};
static const struct verdict found = {{"002", "Найдено", "Табылды"}, "SCSS001", "The organisation is found."};
static const struct verdict liquidated = {{"004", "Организация ликвидирована", "Ұйым таратылған"}, "SCSS001",
	"The organisation is liquidated."};
static const struct verdict unknown = {{"003", "Организация не найдена", "Ұйым табылмады"}, "SCSE001",
	"No organisation has this BIN."};
static const struct verdict wrong = {{"005", "Неверный БИН", "БСН қате"}, "SCSE002", "A BIN has a wrong check digit."};

static const struct item registered = {"1", "Зарегистрирована", "Тіркелген"};
static const struct item excluded = {"2", "Исключена из регистра", "Тізілімнен шығарылған"};
static const struct item department = {"1910", "Департамент юстиции (тест)", "Әділет департаменті (сынақ)"};
static const struct item form = {"20", "Государственное учреждение", "Мемлекеттік мекеме"};
static const struct item taxed = {"1", "Состоит на учёте", "Есепте тұр"};
static const struct item untaxed = {"2", "Снята с учёта", "Есептен шығарылған"};

static void put_item(struct buf *out, const char *name, const struct item *i)
{
	buf_printf(out, "<%s>", name);
	payload_field(out, "Code", i->code);
	payload_field(out, "NameRu", i->ru);
	payload_field(out, "NameKz", i->kz);
	buf_printf(out, "</%s>", name);
}

struct organisation {
	bool known;
	char ru[512], kz[512], registered[11], liquidated[11];
};

static outcome find(struct store *s, const char *bin, struct organisation *o, struct err *e)
{
	const struct store_column columns[] = {{o->ru, sizeof o->ru}, {o->kz, sizeof o->kz},
		{o->registered, sizeof o->registered}, {o->liquidated, sizeof o->liquidated}};

	*o = (struct organisation){0};
	return store_do(s, "SELECT name_ru, name_kz, registered, liquidated FROM organisation WHERE bin = ?1", &bin, 1, columns,
		4, &o->known, e);
}

static void put_organisation(struct buf *out, const char *bin, const struct organisation *o)
{
	buf_str(out, "<Organization>");
	payload_field(out, "BIN", bin);
	put_item(out, "RegStatus", o->liquidated[0] ? &excluded : &registered);
	put_item(out, "RegistrationDepartment", &department);
	payload_field(out, "RegistrationDate", o->registered);
	if (o->liquidated[0])
		payload_field(out, "LiquidationDate", o->liquidated);
	payload_field(out, "FullNameRu", o->ru);
	payload_field(out, "FullNameKz", o->kz);
	put_item(out, "OrgForm", &form);
	put_item(out, "TaxOrgStatus", o->liquidated[0] ? &untaxed : &taxed);
	buf_str(out, "</Organization>");
}

/* The answer has the shape of the question: one of two roots, or data itself with a type. */
struct question {
	const char *requestor, *bin;
	const char *root; /* of the answer; NULL: typed */
};

static bool read_question(struct question *q, struct pool *pool, struct _xmlNode *payload)
{
	bool typed = payload_has_type(payload, NS_GBDUL, "requestDataType");
	bool other = payload_is(payload, NS_GBDUL, "requestDataType");

	*q = (struct question){payload_text(pool, payload, "RequestorBIN"), payload_text(pool, payload, "BIN"),
		typed ? NULL : other ? "responseDataType" : "Response"};
	return (typed || other || payload_is(payload, NS_GBDUL, "Request")) && q->requestor && q->bin;
}

static outcome answer(struct sim_reply *out, struct pool *pool, const struct question *q, const struct verdict *v,
	const struct organisation *o, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);

	if (q->root)
		buf_printf(&data, "<u:%s xmlns:u=\"" NS_GBDUL "\">", q->root);
	else
		out->data_attributes = "xmlns:u=\"" NS_GBDUL "\" xmlns:xsi=\"" NS_XSI "\" xsi:type=\"u:responseDataType\"";
	put_item(&data, "Status", &v->item);
	if (o->known)
		put_organisation(&data, q->bin, o);
	if (q->root)
		buf_printf(&data, "</u:%s>", q->root);
	return reply_with(out, pool, v->status, v->message, &data, e);
}

static outcome tell(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	struct organisation o = {0};
	struct question q;

	if (!read_question(&q, in->pool, in->payload))
		return reply_unreadable(out, "The payload is not a Request of gbdul.xsd.");
	if (!iin_bin_is(bytes_str(q.bin)) || !iin_bin_is(bytes_str(q.requestor)))
		return answer(out, in->pool, &q, &wrong, &o, e);
	TRY(find(sim_state(sim), q.bin, &o, e));
	return answer(out, in->pool, &q, !o.known ? &unknown : o.liquidated[0] ? &liquidated : &found, &o, e);
}

static const struct sim_service services[] = {
	{"GBDUL_INFO_BY_BIN", tell},
	{NULL, NULL},
};

extern const struct sim_system sim_system_gbdul;
const struct sim_system sim_system_gbdul = {
	.name = "gbdul",
	.summary = "database of legal entities: tells about an organisation",
	.services = services,
	.open = open_gbdul,
	.close = store_close_state,
};
