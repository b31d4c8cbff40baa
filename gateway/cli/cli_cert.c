/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert - qaqpa cert: options, which verb does what, and what the verbs share. */
#include <ctype.h>
#include <stdio.h>

#include "cli/cli_cert.h"

#define CERT_MEMORY ((size_t)64 << 20)

static const struct verb {
	const char *name;
	int (*run)(struct cli_cert *c);
	const char *word; /* that may or must follow; NULL: none may */
	bool word_may_lack;
} verbs[] = {
	{"show", cli_cert_show, "a file with certificates", false},
	{"check", cli_cert_check, "a file with one certificate", false},
	{"ls", cli_cert_ls, NULL, false},
	{"block", cli_cert_block, "a file with one certificate, or its SHA-256", true},
	{"unblock", cli_cert_unblock, "a file with one certificate, or its SHA-256", true},
	{"request", cli_cert_request, NULL, false},
	{0},
};

outcome cli_cert_conf(const struct cli_cert *c, struct conf **out, struct err *e)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();

	TRY(conf_load(c->config, out, problems, e));
	if (!clock_zone((*out)->zone))
		fprintf(stderr, "qaqpa: the zone %s is not known\n", (*out)->zone);
	return DONE;
}

const char *cli_cert_readable(const char *text)
{
	return text && !utf8_is_xml(bytes_str(text)) ? "(not UTF-8)" : text;
}

const char *cli_cert_masked(const struct cli_cert *c, const char *whole)
{
	const char *text = cli_cert_readable(whole);
	char *copy = text && !c->numbers ? pool_copy(c->pool, bytes_str(text)) : NULL;
	size_t digits = 0;

	for (char *p = copy; p && (*p || digits); p++) {
		if (isdigit((unsigned char)*p)) {
			digits++;
			continue;
		}
		if (digits >= 12)
			memset(p - digits, '*', digits - 4);
		digits = 0;
		if (!*p)
			break;
	}
	return copy ? copy : c->numbers ? text : NULL;
}

const char *cli_cert_moment(const struct cli_cert *c, int64_t ms)
{
	char text[STAMP_TEXT] = "";
	const char *copy;

	if (ms)
		stamp_print(stamp_at(ms), text);
	copy = pool_copy(c->pool, bytes_str(text));
	return copy ? copy : "";
}

const char *cli_cert_state(const struct cert_view *v, int64_t now_ms)
{
	if (now_ms < v->not_before_ms)
		return "not valid yet";
	return now_ms < v->not_after_ms + 1000 ? "valid" : "ended";
}

static const struct verb *verb_named(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static int read_line(struct cli_cert *c, const struct verb *v, int argc, char **argv)
{
	struct cert_request *r = &c->request;
	const struct cli_option options[] = {
		{"config", 'c', CLI_TEXT, &c->config, false, "the configuration (/etc/qaqpa/qaqpa.yaml)"},
		{"numbers", 0, CLI_FLAG, &c->numbers, false, "show, ls: IIN and BIN in full"},
		{"list", 0, CLI_TEXT, &c->list, false, "block, unblock: the list, instead of the configuration's"},
		{"issuer", 0, CLI_TEXT, &c->issuer, false, "block, unblock: name of the issuer (RFC 2253), with --serial"},
		{"serial", 0, CLI_TEXT, &c->serial, false, "block, unblock: decimal serial number, with --issuer"},
		{"by", 0, CLI_TEXT, &c->by, false, "block: who blocks it (the user)"},
		{"reason", 0, CLI_TEXT, &c->reason, false, "block: why"},
		{"key", 0, CLI_TEXT, &c->key, false, "request: name of a key of the configuration"},
		{"new-key", 0, CLI_TEXT, &c->new_key, false, "request: file for a new key, not there yet"},
		{"kind", 0, CLI_TEXT, &c->kind, false, "request: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384, gost-2015"},
		{"password-file", 0, CLI_TEXT, &c->password_file, false, "request: its first line encrypts the new key"},
		{"common-name", 0, CLI_TEXT, &r->common_name, false, "request: CN"},
		{"surname", 0, CLI_TEXT, &r->surname, false, "request: SN"},
		{"patronymic", 0, CLI_TEXT, &r->patronymic, false, "request: GN"},
		{"iin", 0, CLI_TEXT, &r->iin, false, "request: IIN of the person"},
		{"organisation", 0, CLI_TEXT, &r->organisation, false, "request: O"},
		{"bin", 0, CLI_TEXT, &r->bin, false, "request: BIN of the organisation"},
		{"country", 0, CLI_TEXT, &r->country, false, "request: C (KZ)"},
		{"purpose", 0, CLI_LIST, &c->purposes, false, "request: role or system, dotted; may be repeated"},
		{"out", 0, CLI_TEXT, &c->out, false, "request: file instead of standard output"},
		{"output", 'o', CLI_OUTPUT, &c->json, false, "table or json"},
		{0},
	};
	int first, code = cli_options(cli_command_named("cert"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	c->word = first < argc ? argv[first] : NULL;
	if ((c->word && !v->word) || (!c->word && v->word && !v->word_may_lack)) {
		fprintf(stderr, "qaqpa cert %s: %s\n", v->name, v->word ? v->word : "takes no word");
		return CLI_USAGE;
	}
	return -1;
}

int cmd_cert(int argc, char **argv)
{
	struct cli_cert c = {.pool = pool_new(CERT_MEMORY), .config = "/etc/qaqpa/qaqpa.yaml", .request.country = "KZ"};
	const struct verb *v = argc > 1 ? verb_named(argv[1]) : NULL;
	bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
	int code = CLI_UNAVAILABLE;

	if (!v && !help) {
		fprintf(stderr, "qaqpa cert: say show, check, ls, block, unblock or request\n");
		code = CLI_USAGE;
	} else if (c.pool) {
		code = v ? read_line(&c, v, argc - 1, argv + 1) : read_line(&c, verbs, argc, argv);
		if (code < 0)
			code = v->run(&c);
	}
	pool_free(&c.pool);
	return code;
}
