/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_gbdfl_people - see sim_gbdfl_people.h.
 * Promise: a death is recorded once, with one number, whoever records it and how often.
 * Spec:    P5, P16; bus contract 5.2; wsdl/gbdfl/v1/person.xsd and document.xsd */
#include "common/payload.h"
#include "gbdfl/sim_gbdfl_people.h"

#define P(iin, surname, name, patronymic, birth, death, card, passport, since, debt) \
	"INSERT OR IGNORE INTO person (iin, surname, name, patronymic, birth, death) VALUES ('" iin "', '" surname "', '" name \
	"', '" patronymic "', '" birth "', NULLIF('" death "', ''));" \
	"INSERT OR IGNORE INTO document VALUES ('" card "', '" iin "', '002', '2020-01-15', '2035-01-14');" \
	"INSERT OR IGNORE INTO document SELECT '" passport "', '" iin "', '001', '2021-02-16', '2036-02-15' WHERE '" passport \
	"' <> '';" \
	"INSERT OR IGNORE INTO address VALUES ('" iin "', '2012-06-01', '', 'Сынақ көшесі', '12', '34', '0201300000000012');" \
	"INSERT OR IGNORE INTO address SELECT '" iin "', '2001-03-01', '2012-05-31', 'Ескі көше', '5', '', '0201300000000005'" \
	" WHERE '" passport "' <> '';"
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS person (iin TEXT PRIMARY KEY, surname TEXT NOT NULL, name TEXT NOT NULL,"
	" patronymic TEXT NOT NULL, birth TEXT NOT NULL, death TEXT, record TEXT UNIQUE,"
	" told INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE IF NOT EXISTS document (number TEXT PRIMARY KEY, iin TEXT NOT NULL, type TEXT NOT NULL,"
	" since TEXT NOT NULL, until TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS address (iin TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL, street TEXT NOT NULL,"
	" building TEXT NOT NULL, flat TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (iin, since)) STRICT;"
#include "common/subjects.def"
	;
#undef P

struct item {
	const char *code, *ru, *kz;
};
static const struct item man = {"1", "Мужской", "Ер"}, woman = {"2", "Женский", "Әйел"};
static const struct item alive = {"0", "Жив", "Тірі"}, dead = {"1", "Умер", "Қайтыс болған"};
static const struct item kazakh = {"005", "Казах", "Қазақ"}, citizen = {"398", "Казахстан", "Қазақстан"};
static const struct item region = {"75", "Алматы", "Алматы"}, district = {"1910", "Бостандыкский", "Бостандық"};
static const struct item passport = {"001", "Паспорт", "Паспорт"}, card = {"002", "Удостоверение", "Жеке куәлік"};
static const struct item valid = {"00", "Действителен", "Жарамды"}, invalid = {"01", "Недействителен", "Жарамсыз"};
static const struct item ministry = {"001", "Министерство внутренних дел", "Ішкі істер министрлігі"};

outcome people_open(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "gbdfl.db", schema, state, e);
}

static void put_item(struct buf *out, const char *name, const struct item *i)
{
	buf_printf(out, "<%s>", name);
	payload_field(out, "code", i->code);
	payload_field(out, "nameRu", i->ru);
	payload_field(out, "nameKz", i->kz);
	buf_printf(out, "</%s>", name);
}

/* A field that may be absent. */
static void put(struct buf *out, const char *name, const char *text)
{
	if (*text)
		payload_field(out, name, text);
}

/* What one row of a person is written from. */
struct writing {
	struct store *store;
	struct buf *out;
	size_t n;
	const char *const *person; /* texts of the row that is being written */
};

enum { IIN, SURNAME, NAME, PATRONYMIC, BIRTH, DEATH, RECORD };
#define COLUMNS "iin, surname, name, patronymic, birth, death, record"

static outcome put_document(const char *const *texts, void *ctx, struct err *e)
{
	const struct writing *w = ctx;
	const char *death = w->person[DEATH];

	(void)e;
	buf_str(w->out, "<document>");
	put_item(w->out, "type", strcmp(texts[1], "001") == 0 ? &passport : &card);
	payload_field(w->out, "number", texts[0]);
	payload_field(w->out, "beginDate", texts[2]);
	payload_field(w->out, "endDate", texts[3]);
	put_item(w->out, "issueOrganization", &ministry);
	put_item(w->out, "status", *death ? &invalid : &valid);
	put(w->out, "invalidityDate", death);
	payload_field(w->out, "surname", w->person[SURNAME]);
	payload_field(w->out, "name", w->person[NAME]);
	put(w->out, "patronymic", w->person[PATRONYMIC]);
	payload_field(w->out, "birthDate", w->person[BIRTH]);
	buf_str(w->out, "</document>");
	return DONE;
}

/* Columns: since, until, street, building, flat, code. */
static void put_place(struct buf *out, const char *name, const char *const *texts)
{
	buf_printf(out, "<%s>", name);
	put_item(out, "country", &citizen);
	put_item(out, "district", &district);
	put_item(out, "region", &region);
	payload_field(out, "city", "Алматы");
	payload_field(out, "street", texts[2]);
	payload_field(out, "building", texts[3]);
	put(out, "flat", texts[4]);
	payload_field(out, "beginDate", texts[0]);
	put(out, "endDate", texts[1]);
	payload_field(out, "arCode", texts[5]);
	buf_printf(out, "</%s>", name);
}

static outcome put_registered(const char *const *texts, void *ctx, struct err *e)
{
	const struct writing *w = ctx;

	(void)e;
	put_place(w->out, "regAddress", texts);
	return DONE;
}

static outcome put_address(const char *const *texts, void *ctx, struct err *e)
{
	const struct writing *w = ctx;

	(void)e;
	put_place(w->out, "address", texts);
	return DONE;
}

#define ADDRESSES "SELECT since, until, street, building, flat, code FROM address WHERE iin = ?1"

static void put_life(struct buf *out, const char *const *texts)
{
	/* the seventh digit of the IIN tells century and sex: odd ones are men's */
	put_item(out, "gender", (texts[IIN][6] - '0') % 2 ? &man : &woman);
	put_item(out, "nationality", &kazakh);
	put_item(out, "citizenship", &citizen);
	put_item(out, "lifeStatus", *texts[DEATH] ? &dead : &alive);
	if (*texts[RECORD]) {
		buf_str(out, "<deathCertificate>");
		payload_field(out, "number", texts[RECORD]);
		payload_field(out, "beginDate", texts[DEATH]);
		buf_str(out, "</deathCertificate>");
	}
	buf_str(out, "<birthPlace>");
	put_item(out, "country", &citizen);
	payload_field(out, "city", "Алматы");
	buf_str(out, "</birthPlace>");
}

static outcome put_person(const char *const *texts, void *ctx, struct err *e)
{
	struct writing *w = ctx;

	w->person = texts;
	w->n++;
	buf_str(w->out, "<person>");
	payload_field(w->out, "iin", texts[IIN]);
	payload_field(w->out, "surname", texts[SURNAME]);
	payload_field(w->out, "name", texts[NAME]);
	put(w->out, "patronymic", texts[PATRONYMIC]);
	payload_field(w->out, "birthDate", texts[BIRTH]);
	put(w->out, "deathDate", texts[DEATH]);
	put_life(w->out, texts);
	TRY(store_each(w->store, ADDRESSES " AND until = ''", texts, 1, put_registered, w, e));
	buf_str(w->out, "<documents>");
	TRY(store_each(w->store, "SELECT number, type, since, until FROM document WHERE iin = ?1 ORDER BY type", texts, 1,
		put_document, w, e));
	buf_str(w->out, "</documents><addresses>");
	TRY(store_each(w->store, ADDRESSES " ORDER BY since", texts, 1, put_address, w, e));
	buf_str(w->out, "</addresses></person>");
	return DONE;
}

struct finding {
	const struct people_question *q;
	struct writing w;
};

static outcome find_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct finding *f = ctx;
	const struct people_question *q = f->q;
	const char *values[] = {q->surname, q->name, q->birth, q->patronymic};

	f->w.store = s;
	if (q->iin)
		return store_each(s, "SELECT " COLUMNS " FROM person WHERE iin = ?1", &q->iin, 1, put_person, &f->w, e);
	if (q->document)
		return store_each(s, "SELECT " COLUMNS " FROM person WHERE iin = (SELECT iin FROM document WHERE number = ?1)",
			&q->document, 1, put_person, &f->w, e);
	return store_each(s, "SELECT " COLUMNS " FROM person WHERE surname = ?1 AND name = ?2 AND birth = ?3"
		" AND patronymic = ifnull(?4, patronymic) ORDER BY iin", values, 4, put_person, &f->w, e);
}

outcome people_find(struct store *s, const struct people_question *q, struct buf *out, size_t *n, struct err *e)
{
	struct finding f = {.q = q, .w = {.out = out}};
	outcome result = store_transact(s, find_in_unit, &f, e);

	*n = f.w.n;
	return result;
}

outcome people_die(struct store *s, const char *iin, const char *day, struct people_death *out, struct err *e)
{
	const struct store_column columns[] = {{out->name, sizeof out->name}, {out->date, sizeof out->date},
		{out->record, sizeof out->record}, {out->told, sizeof out->told}};

	*out = (struct people_death){0};
	return store_do(s, "UPDATE person SET death = ifnull(death, ?2),"
		" record = ifnull(record, (SELECT printf('AR%010d', count(record) + 1) FROM person)) WHERE iin = ?1"
		" RETURNING trim(surname || ' ' || name || ' ' || patronymic), death, record, told",
		(const char *[]){iin, day}, 2, columns, 4, &out->known, e);
}

outcome people_told(struct store *s, const char *iin, struct err *e)
{
	return store_do(s, "UPDATE person SET told = 1 WHERE iin = ?1", &iin, 1, NULL, 0, NULL, e);
}
