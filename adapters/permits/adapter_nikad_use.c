/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_nikad_use - a document is sent with a number that the gateway gave to its sender, for its kind, and once: the
 * check nikad-given takes hold of the number for the message, the action nikad-used makes that final or lets go.
 * Not here: the number inside the signed document; the permits system judges that.
 * Spec:     P1, P2 */
#include "common/business.h"
#include "permits/numbers.h"

static outcome malformed(const struct nikad_problem *why, struct err *e)
{
	SCOPED(buf_free) struct buf words = BUF(512);

	nikad_problem_print(why, &words);
	return err_set(e, REASON_NIKAD_MALFORMED, "%.240s", buf_cstr(&words));
}

/* The kind of document that the message is, or carries. */
static const char *kind_of(const struct adapter_call *c, const struct _xmlNode *business)
{
	static const struct {
		const char *root, *kind;
	} rows[] = {{"NoticeRequest", "NOTICE_TO_APPLICANT"}, {"CoordinationRequest", "COORDINATION_REQUEST"},
		{"CoordinationReplyRequest", "COORDINATION_REPLY"}, {"EventRequest", "NOTICE_TO_HOLDER"}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (payload_is(c->payload, "urn:qaqpa:permits:v1", rows[i].root))
			return rows[i].kind;
	}
	return payload_text(c->pool, business, "DocumentKind");
}

static outcome check_given(const struct adapter_call *c, struct err *e)
{
	const struct _xmlNode *business = payload_child(c->payload, "BusinessData");
	const char *written = payload_text(c->pool, business, "Nikad"), *kind = kind_of(c, business);
	struct nikad_problem why;
	struct nikad n;

	if (!written || !kind)
		return err_set(e, REASON_NIKAD_MALFORMED, "BusinessData holds no single Nikad, or no kind of document");
	if (!nikad_parse(bytes_str(written), &n, &why))
		return malformed(&why, e);
	return numbers_take(c, &n, kind, e);
}

extern const struct adapter adapter_nikad_given;
const struct adapter adapter_nikad_given = {
	.name = "nikad-given",
	.summary = "the number of the document was given to the sender, for this kind of document, and is not used",
	.redis = true,
	.check = check_given,
};

extern const struct adapter adapter_nikad_used;
const struct adapter adapter_nikad_used = {
	.name = "nikad-used",
	.summary = "the number is used by this message for good once the provider accepted it, and free again otherwise",
	.redis = true,
	.act = numbers_settle,
};
