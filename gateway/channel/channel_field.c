/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_field - the fields of requestInfo and responseInfo as rows, and what their text may be.
 * Promise:  one list for reading and for writing; the order of the rows is the order of the schema.
 * Not here: presence and types (the generated codec decides on them).
 * Spec:     bus contract 1.2 and 1.3 */
#include "channel/channel_int.h"

static const struct field request_fields[] = {
	{"requestInfo", "messageId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"requestInfo", "correlationId", 0, 128},
	{"requestInfo", "serviceId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"requestInfo", "messageDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"requestInfo", "routeId", 0, 128},
	{"requestInfo", "sender", FIELD_REQUIRED | FIELD_GROUP, 0},
	FIELDS_SENDER,
	{"requestInfo", "properties", FIELD_MANY | FIELD_GROUP, 0},
	FIELDS_PROPERTY,
	{"requestInfo", "sessionId", FIELD_GUID, 128},
	{NULL, NULL, 0, 0},
};

/* The schema's 250 characters for message are kept when writing only: providers exceed them. */
static const struct field response_fields[] = {
	{"responseInfo", "messageId", FIELD_REQUIRED, 128},
	{"responseInfo", "correlationId", 0, 128},
	{"responseInfo", "responseDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"responseInfo", "status", FIELD_REQUIRED | FIELD_GROUP, 0},
	{"status", "code", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"status", "message", FIELD_REQUIRED | FIELD_LINES | FIELD_ASIDE, 4096},
	{"responseInfo", "sessionId", FIELD_GUID, 128},
	{NULL, NULL, 0, 0},
};

const struct direction channel_request = {"request", "requestInfo", "requestData", .fields = request_fields};
const struct direction channel_response = {"response", "responseInfo", "responseData",
	.fields = response_fields};

const struct field *channel_field_find(const struct direction *d, const char *parent, const char *name)
{
	for (const struct field *f = d->fields; f->name; f++)
		if (strcmp(f->name, name) == 0 && strcmp(f->parent, parent) == 0)
			return f;
	return NULL;
}

/* C0, DEL and, in UTF-8, C1 (U+0080 to U+009F). */
static bool has_control(struct bytes t, bool lines)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = t.p[i];

		if (lines && (c == '\t' || c == '\n' || c == '\r'))
			continue;
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < t.n && t.p[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool starts_char(unsigned char c) { return (c & 0xc0) != 0x80; }

struct bytes channel_text_cut(struct bytes text, size_t chars)
{
	size_t i = 0;

	for (size_t seen = 0; i < text.n; i++) {
		if (starts_char(text.p[i]) && seen++ == chars)
			break;
	}
	return bytes_sub(text, 0, i);
}

outcome channel_field_check(const struct field *f, struct bytes text, struct err *e)
{
	bool fits = f->flags & FIELD_CHARS ? channel_text_cut(text, f->max).n == text.n : text.n <= f->max;

	if (!fits)
		return err_set(e, REASON_CHANNEL_LENGTH, "%s is longer than %zu %s", f->name, f->max,
			f->flags & FIELD_CHARS ? "characters" : "octets");
	if (!text.n && f->flags & FIELD_FILLED)
		return err_set(e, REASON_CHANNEL_LENGTH, "%s is empty", f->name);
	if (has_control(text, f->flags & (FIELD_LINES | FIELD_DATE)))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s holds a control character", f->name);
	return DONE;
}
