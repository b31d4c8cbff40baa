/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert_check - qaqpa cert check: would the gateway believe this certificate now? Trust, blocks and the rules of quality
 * first; then the authority is asked whether it is revoked. */
#include <stdio.h>

#include "flow/flow.h"

#include "cli/cli_cert.h"
#include "cli/cli_status.h"

static int refused(const struct err *e)
{
	printf("trust: %s (%s)\n    found:  %s\n    remedy: %s\n", reason_row(e->reason)->title, reason_row(e->reason)->name,
		e->detail, reason_row(e->reason)->remedy);
	printf("invalid\n");
	return CLI_INVALID;
}

static int judge(struct snapshot *s, struct bytes der)
{
	const struct trust_cert *found;
	enum cli_verdict status;
	struct err e = {0};

	if (!trust_find_signer(snapshot_trust(s), der, stamp_now().ms, &found, &e).ok)
		return refused(&e);
	printf("trust: ok, %s\n",
		found->participant ? found->participant->name : "of no participant; it may sign inside data alone");
	status = cli_status(snapshot_conf(s), der, true);
	puts(status == CLI_VALID ? "valid" : status == CLI_INVALID ? "invalid" : "cannot tell");
	return (int)status;
}

int cli_cert_check(struct cli_cert *c)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(snapshot_drop) struct snapshot *s = NULL;
	SCOPED(buf_free) struct buf der = BUF(1u << 20);
	struct err e;

	if (!snapshot_load(c->config, problems, &s, &e).ok || !trust_certificate_read(c->word, &der, &e).ok) {
		cli_fail(&e);
		return CLI_CANNOT_TELL;
	}
	return judge(s, buf_bytes(&der));
}
