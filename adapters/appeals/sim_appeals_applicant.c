/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_applicant - who applies, to which body, and who may answer for it.
 * Spec: A1, A5; wsdl/appeals/v1/appeals.xsd */
#include "appeals/sim_appeals.h"
#include "base/ident.h"

static const char *text_or_none(struct pool *pool, const struct _xmlNode *node, const char *name)
{
	const char *text = payload_text(pool, node, name);

	return text ? text : "";
}

bool applicant_read(struct service_request *r, struct applicant *out)
{
	const struct _xmlNode *node = payload_child(r->business, "Applicant");

	*out = (struct applicant){.kind = payload_child(node, "Iin") ? "Iin" : "Bin",
		.number = payload_number(r->pool, node),
		.request_number = r->info.request_number,
		.name = payload_text(r->pool, node, "Name"),
		.address = payload_text(r->pool, node, "PostalAddress"),
		.email = text_or_none(r->pool, node, "Email"),
		.phone = text_or_none(r->pool, node, "Phone")};
	if (!out->number || !out->name || !out->address)
		return false;
	if (!iin_bin_is(bytes_str(out->number)))
		reasons_add(&r->reasons, "applicant.number", "the %s of the applicant has a wrong check digit",
			strcmp(out->kind, "Iin") == 0 ? "IIN" : "BIN");
	return true;
}

const struct body *body_wanted(struct service_request *r, const char *bin)
{
	const struct body *body = body_by_bin(bin);

	if (!body)
		reasons_add(&r->reasons, "body.unknown", "no body with the BIN %.12s is connected", bin);
	return body;
}

void judge_body(struct service_request *r, const char *body_bin)
{
	const struct body *body = body_by_bin(body_bin);

	if (!body || strcmp(body->sender, r->sender) != 0)
		reasons_add(&r->reasons, "body.other", "this matter is with %s, and %s does not speak for it",
			body ? body->name : "nobody", r->sender);
}

outcome moment_text(const struct service_request *r, const char **out, struct err *e)
{
	char text[STAMP_TEXT];

	stamp_print(moment_now(r->sim), text);
	*out = pool_copy(r->pool, bytes_str(text));
	return *out ? DONE : err_set(e, REASON_MEMORY, "moment");
}
