/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_portal_cabinet - see sim_portal_cabinet.h.
 * Promise: a notice is on disk before it is acknowledged, and lies in one cabinet once.
 * Spec:    P7, P10; wsdl/portal/v1/portal.xsd */
#include <stdio.h>

#include "appeals/reception_notice.h"
#include "common/business.h"
#include "portal/sim_portal_cabinet.h"

#define P(iin, surname, name, patronymic, birth, death, card, passport, since, debt) \
	"INSERT OR IGNORE INTO user VALUES ('" iin "', '" surname " " name "');"
#define O(bin, ru, kz, registered, liquidated, since, debt) "INSERT OR IGNORE INTO user VALUES ('" bin "', '" ru "');"
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS notice (id INTEGER PRIMARY KEY AUTOINCREMENT, applicant TEXT NOT NULL,"
	" request_number TEXT NOT NULL, kind TEXT NOT NULL, status TEXT, text_ru TEXT NOT NULL, text_kz TEXT NOT NULL,"
	" moment TEXT NOT NULL, document TEXT, document_date TEXT, file_name TEXT, file_id TEXT, sha256 TEXT,"
	" sender TEXT NOT NULL, message_id TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (sender, message_id)) STRICT;"
	"CREATE INDEX IF NOT EXISTS notice_applicant ON notice (applicant, at);"
	"CREATE TABLE IF NOT EXISTS filed (request_number TEXT PRIMARY KEY, applicant TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS user (number TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	RECEPTION_NOTICE_SCHEMA
#include "common/subjects.def"
	;
#undef P
#undef O

outcome cabinet_open(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "portal.db", schema, state, e);
}

outcome cabinet_keep(struct store *s, const struct cabinet_notice *n, struct err *e)
{
	struct stamp moment;
	char at[24];

	if (!stamp_parse(bytes_str(n->moment), &moment))
		return err_set(e, REASON_PAYLOAD_SCHEMA, "the moment of a notice");
	snprintf(at, sizeof at, "%lld", (long long)moment.ms);
	return store_do(s, "INSERT INTO notice (applicant, request_number, kind, status, text_ru, text_kz, moment, document,"
		" document_date, file_name, file_id, sha256, sender, message_id, at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
		" ON CONFLICT (sender, message_id) DO NOTHING",
		(const char *[]){n->applicant, n->request_number, n->kind, n->status, n->text_ru, n->text_kz, n->moment,
			n->document, n->document_date, n->file_name, n->file_id, n->sha256, n->sender, n->message_id, at},
		15, NULL, 0, NULL, e);
}

outcome cabinet_user(struct store *s, const char *number, char name[CABINET_NAME], struct err *e)
{
	name[0] = '\0';
	return store_do(s, "SELECT name FROM user WHERE number = ?1", &number, 1, &(struct store_column){name, CABINET_NAME}, 1,
		NULL, e);
}

outcome cabinet_filed(struct store *s, const char *request_number, const char *applicant, struct err *e)
{
	return store_do(s, "INSERT INTO filed VALUES (?1, ?2)", (const char *[]){request_number, applicant}, 2, NULL, 0,
		NULL, e);
}

outcome cabinet_applicant(struct store *s, const char *request_number, char applicant[13], struct err *e)
{
	applicant[0] = '\0';
	return store_do(s, "SELECT applicant FROM filed WHERE request_number = ?1", &request_number, 1,
		&(struct store_column){applicant, 13}, 1, NULL, e);
}

outcome cabinet_document(struct store *s, const char *number, struct cabinet_document *out, struct err *e)
{
	const struct store_column columns[] = {{out->file_name, sizeof out->file_name}, {out->file_id, sizeof out->file_id},
		{out->sha256, sizeof out->sha256}};

	*out = (struct cabinet_document){0};
	return store_do(s, "SELECT file_name, file_id, sha256 FROM notice WHERE document = ?1 AND file_id IS NOT NULL"
		" ORDER BY at DESC, id DESC LIMIT 1", &number, 1, columns, 3, &out->known, e);
}

enum { FROM, NUMBER, KIND, STATUS, TEXT_RU, TEXT_KZ, MOMENT, DOCUMENT, DOCUMENT_DATE, FILE_NAME, FILE_ID, SHA256 };

/* The texts of a row from `first` to `last` as elements of these names; what is empty is left out. */
static void put_fields(struct buf *out, const char *const *texts, size_t first, size_t last)
{
	static const char *const names[] = {"From", "RequestNumber", "Kind", "StatusCode", "TextRu", "TextKz", "Moment",
		"DocNumber", "DocDate", "FileName", "FileId", "Sha256"};

	for (size_t i = first; i <= last; i++) {
		if (*texts[i])
			payload_field(out, names[i], texts[i]);
	}
}

static outcome put_notice(const char *const *texts, void *ctx, struct err *e)
{
	struct buf *out = ctx;

	(void)e;
	buf_str(out, "<Notice>");
	put_fields(out, texts, FROM, MOMENT);
	if (*texts[DOCUMENT]) {
		buf_str(out, "<Act>");
		put_fields(out, texts, DOCUMENT, SHA256);
		buf_str(out, "</Act>");
	}
	buf_str(out, "</Notice>");
	return DONE;
}

struct showing {
	const struct cabinet_question *q;
	struct buf *out;
};

static outcome show_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct showing *w = ctx;

	return store_each(s, "SELECT sender, request_number, kind, status, text_ru, text_kz, moment, document, document_date,"
		" file_name, file_id, sha256 FROM notice WHERE applicant = ?1 AND request_number = ifnull(?2, request_number)"
		" ORDER BY at DESC, id DESC LIMIT ?3",
		(const char *[]){w->q->applicant, w->q->request_number, w->q->most}, 3, put_notice, w->out, e);
}

outcome cabinet_show(struct store *s, const struct cabinet_question *q, struct buf *out, struct err *e)
{
	return store_transact(s, show_in_unit, &(struct showing){q, out}, e);
}
