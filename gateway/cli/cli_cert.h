/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert - what the verbs of `qaqpa cert` share. */
#ifndef QAQPA_CLI_CLI_CERT_H
#define QAQPA_CLI_CLI_CERT_H

#include <jansson.h>

#include "conf/conf.h"
#include "trust/blocks.h"
#include "trust/certificate.h"

#include "cli/cli_int.h"

struct cli_cert {
	struct pool *pool;
	const char *config, *word;
	bool json, numbers;
	/* block, unblock */
	const char *list, *issuer, *serial, *by, *reason;
	/* request */
	const char *key, *new_key, *kind, *password_file, *out;
	struct cert_request request;
	struct cli_list purposes;
};

int cli_cert_show(struct cli_cert *c);
int cli_cert_check(struct cli_cert *c);
int cli_cert_ls(struct cli_cert *c);
int cli_cert_block(struct cli_cert *c);
int cli_cert_unblock(struct cli_cert *c);
int cli_cert_request(struct cli_cert *c);

/* The checked configuration, its zone set; explains what is wrong with it. */
MUST_USE outcome cli_cert_conf(const struct cli_cert *c, struct conf **out, struct err *e);
/* The text, or a word that says that it is none. */
const char *cli_cert_readable(const char *text);
/* The same without IIN and BIN, unless they are asked for: of every twelve digits the last four stay. NULL stays NULL. */
const char *cli_cert_masked(const struct cli_cert *c, const char *whole);
/* 2030-01-02T03:04:05.000+05:00, in the pool; "" for 0. */
const char *cli_cert_moment(const struct cli_cert *c, int64_t ms);
/* valid, ended or not valid yet */
const char *cli_cert_state(const struct cert_view *v, int64_t now_ms);

#endif
