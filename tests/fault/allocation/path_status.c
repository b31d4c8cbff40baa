/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers about revocation. Of a revoked certificate nothing may ever say that it is valid, and a lack of memory is no word
 * against anybody: "cannot tell" is what remains. */
#include "../../unit/revocation/authority.h"

#include "base/memory.h"
#include "path.h"
#include "shortage.h"

static struct world world;
static struct buf good, gone, list, list_gone;

static void prepare(void)
{
	const struct response fresh = {.next_ms = T0 + HOUR};
	const struct response revoked = {.next_ms = T0 + HOUR, .says = V_OCSP_CERTSTATUS_REVOKED};
	const struct list clean = {.others = 50}, black = {.others = 50, .leaf = LISTED_REVOKED};
	struct err e;

	PATH_MUST(crypto_init(NULL, &e).ok);
	world_make(&world, KIND_RSA);
	good = response_make(&world, &fresh, BYTES_NONE);
	gone = response_make(&world, &revoked, BYTES_NONE);
	list = list_make(&world, &clean);
	list_gone = list_make(&world, &black);
}

static void drop(void)
{
	world_drop(&world);
	buf_free(&good), buf_free(&gone), buf_free(&list), buf_free(&list_gone);
}

static outcome judge(const struct revocation_answer *a, enum revocation_verdict wanted, struct err *e)
{
	if (a->verdict == wanted)
		return DONE;
	if (a->verdict != REVOCATION_UNKNOWN)
		path_broken("a certificate that is %s was called %s", wanted == REVOCATION_VALID ? "valid" : "revoked",
			a->verdict == REVOCATION_VALID ? "valid" : "revoked");
	return err_set(e, REASON_MEMORY, "%s", revocation_reason_text(a->reason));
}

static outcome ask(const struct buf *response, const struct buf *crl, enum revocation_verdict wanted, struct err *e)
{
	const struct revocation_source source = {.issuer = der_of(&world.ca), .ocsp = "http://ocsp/", .crl = POINT};
	struct revocation_answer a;

	if (response)
		revocation_judge_ocsp(&source, der_of(&world.leaf), buf_bytes(response), BYTES_NONE, T0, (int)MINUTE, &a);
	else
		revocation_judge_crl(&source, der_of(&world.leaf), buf_bytes(crl), BYTES_NONE, T0, (int)MINUTE, &a);
	return judge(&a, wanted, e);
}

static outcome run_ocsp(struct err *e) { return ask(&good, NULL, REVOCATION_VALID, e); }
static outcome run_ocsp_revoked(struct err *e) { return ask(&gone, NULL, REVOCATION_INVALID, e); }
static outcome run_crl(struct err *e) { return ask(NULL, &list, REVOCATION_VALID, e); }
static outcome run_crl_revoked(struct err *e) { return ask(NULL, &list_gone, REVOCATION_INVALID, e); }

const struct path path_ocsp = {"ocsp", "an OCSP response: good", prepare, run_ocsp, drop, false, 0, 0};
const struct path path_ocsp_revoked = {"ocsp-revoked", "an OCSP response: revoked", prepare, run_ocsp_revoked, drop, false,
	0, 0};
const struct path path_crl = {"crl", "a list that does not name the certificate", prepare, run_crl, drop, false, 0, 0};
const struct path path_crl_revoked = {"crl-revoked", "a list that names it", prepare, run_crl_revoked, drop, false, 0, 0};
