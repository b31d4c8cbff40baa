/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_nikad - the handler nikad: the gateway itself gives the numbers of documents.
 * Promise:  all that is wrong with a request is in one answer, as the permits system gives it (P6).
 * Not here: serials and what is kept of a number (adapter_numbers.c).
 * Spec:     P1, P2, P4; wsdl/permits/v1/permits.xsd */
#include "common/business.h"
#include "permits/numbers.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define ANSWER_BYTES 65536

struct asked {
	const char *type, *kind;
	struct system_info info;
};

static bool read_request(const struct adapter_call *c, struct asked *out)
{
	const struct _xmlNode *business = payload_child(c->payload, "BusinessData");

	out->type = payload_text(c->pool, business, "DocumentType");
	out->kind = payload_text(c->pool, business, "DocumentKind");
	return payload_is(c->payload, NS_PERMITS, "NikadRequest") && out->type && out->kind &&
		system_info_read(c->pool, c->payload, &out->info);
}

static void judge(const struct asked *a, struct reasons *r)
{
	if (!nikad_type_is(bytes_str(a->type)))
		reasons_add(r, "nikad.type", "the type %.64s is not three Latin capital letters without I and O", a->type);
	if (!numbers_kind_is(a->kind))
		reasons_add(r, "document.kind", "%.64s is no kind of document", a->kind);
}

static void write_answer(const struct asked *a, const struct reasons *r, const struct nikad *given, struct buf *out)
{
	buf_str(out, "<p:NikadResponse xmlns:p=\"" NS_PERMITS "\">");
	system_info_answer(out, &a->info, stamp_now());
	buf_str(out, "<ResponseData>");
	if (r->n == 0)
		payload_field(out, "Nikad", given->text);
	else
		reasons_write(out, r);
	buf_str(out, "</ResponseData></p:NikadResponse>");
}

static outcome give_number(const struct adapter_call *c, struct adapter_answer *out, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct reasons r = {.pool = c->pool};
	struct nikad given;
	struct asked a;
	bool left = true;

	if (!read_request(c, &a)) {
		*out = (struct adapter_answer){"SCSE002", "The payload is not a NikadRequest of permits.xsd.", NULL, NULL};
		return DONE;
	}
	judge(&a, &r);
	if (r.n == 0)
		TRY(numbers_give(c, a.type, a.kind, &given, &left, e));
	if (!left)
		reasons_add(&r, "nikad.exhausted", "the type %s has no number left", a.type);
	write_answer(&a, &r, &given, &data);
	out->code = r.n ? "SCSE001" : "SCSS001";
	out->message = r.n ? reasons_line(&r) : "The number is given.";
	out->data = buf_ok(&data) ? pool_copy(c->pool, buf_bytes(&data)) : NULL;
	return out->data ? DONE : err_set(e, REASON_MEMORY, "the answer");
}

extern const struct adapter adapter_nikad;
const struct adapter adapter_nikad = {
	.name = "nikad",
	.summary = "gives numbers of administrative documents (NIKAD) in the place of the permits system",
	.redis = true,
	.handle = give_number,
	.restore = numbers_restore,
	.print = numbers_print,
};
