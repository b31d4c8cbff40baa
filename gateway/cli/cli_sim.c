/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_sim - qaqpa sim: plays an information system until stopped, or lets it do one thing of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sim/sim.h"

#include "cli/cli_int.h"

static void print_systems(FILE *to)
{
	for (const struct sim_system *const *s = sim_systems(); *s; s++)
		fprintf(to, "  %-14s %s\n", (*s)->name, (*s)->summary);
}

/* host:port or [v6]:port; the host is cut out of `text`. */
static bool split_address(char *text, const char **host, int *port)
{
	char *colon = strrchr(text, ':'), *end;

	if (!colon)
		return false;
	*port = (int)strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || *port < 0 || *port > 65535)
		return false;
	*colon = 0;
	*host = text;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = 0;
		*host = text + 1;
	}
	return true;
}

static void wait_for_stop(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigwait(&set, &number);
}

static void block_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int explain_acts(const struct sim_system *system, const char *verb)
{
	fprintf(stderr, "qaqpa sim: %s does no %s by itself; it knows:", system->name, verb);
	for (const struct sim_act *a = system->acts; a && a->verb; a++)
		fprintf(stderr, " %s", a->verb);
	fprintf(stderr, "%s\n", system->acts ? "" : " nothing");
	return CLI_USAGE;
}

static int act(const struct sim_act *act, struct sim *sim, const char *argument)
{
	SCOPED(buf_free) struct buf report = BUF(1u << 20);
	struct err e = {0};
	int result = act->run(sim, argument, &report, &e);

	cli_write(buf_bytes(&report));
	return result < 0 ? cli_fail(&e) : result;
}

static int play(const struct sim_system *system, const struct sim_options *options, const char *verb,
	const char *argument)
{
	const struct sim_act *deed = verb ? sim_act_named(system, verb) : NULL;
	struct sim *sim = NULL;
	struct err e = {0};
	int code = CLI_DONE;

	if (verb && !deed)
		return explain_acts(system, verb);
	block_stop();
	if (!sim_start(system, options, &sim, &e).ok)
		return cli_fail(&e);
	if (deed) {
		code = act(deed, sim, argument);
	} else {
		printf("%s listens on %s port %d, path %s\n", system->name, options->host, sim_port(sim), options->path);
		fflush(stdout);
		wait_for_stop();
	}
	sim_stop(&sim);
	return code;
}

/* What the line says beside the options of the engine. */
struct sim_line {
	const char *listen, *mode, *zone;
	struct cli_list documents, signers, settings;
	long threads;
	char *address; /* copy of `listen` that is cut */
};

/* Turns the words of the line into options; explains what is wrong. */
static bool understand(struct sim_line *line, struct sim_options *sim)
{
	line->address = line->listen ? strdup(line->listen) : NULL;
	if (line->listen && (!line->address || !split_address(line->address, &sim->host, &sim->port))) {
		fprintf(stderr, "qaqpa sim: %s is not host:port\n", line->listen);
		return false;
	}
	sim->pull = strcmp(line->mode, "pull") == 0;
	if (!sim->pull && strcmp(line->mode, "push") != 0) {
		fprintf(stderr, "qaqpa sim: --async is push or pull, not %s\n", line->mode);
		return false;
	}
	if (sim->pull && !sim->async_url) {
		fprintf(stderr, "qaqpa sim: --async pull needs --async-gateway\n");
		return false;
	}
	if (!clock_zone(line->zone))
		fprintf(stderr, "qaqpa sim: no time zone is called %s\n", line->zone);
	sim->document_certificates = line->documents.n ? line->documents.item : NULL;
	sim->signers = line->signers.n ? line->signers.item : NULL;
	sim->settings = line->settings.n ? line->settings.item : NULL;
	sim->threads = line->threads > 0 && line->threads <= 64 ? (unsigned)line->threads : 4;
	return true;
}

int cmd_sim(int argc, char **argv)
{
	struct sim_options sim = {.path = "/", .host = "127.0.0.1"};
	struct sim_line line = {.mode = "push", .zone = "Asia/Almaty", .threads = 4};
	const char *verb = NULL, *argument = NULL;
	const struct cli_option options[] = {
		{"listen", 'l', CLI_TEXT, &line.listen, false, "host:port to serve on (127.0.0.1, any free port)"},
		{"path", 0, CLI_TEXT, &sim.path, false, "path to serve (/)"},
		{"certificate", 0, CLI_TEXT, &sim.certificate, true, "own certificate, PEM"},
		{"key", 0, CLI_TEXT, &sim.key, true, "own private key, PEM"},
		{"peer-certificate", 0, CLI_TEXT, &sim.peer_certificate, true, "the gateway's certificate, pinned"},
		{"gateway", 'g', CLI_TEXT, &sim.gateway_url, false, "where own requests go"},
		{"async-gateway", 0, CLI_TEXT, &sim.async_url, false, "where own messages of the asynchronous channel go"},
		{"async", 0, CLI_TEXT, &line.mode, false, "push: its messages come here; pull: they are fetched (push)"},
		{"sender-id", 0, CLI_TEXT, &sim.sender_id, false, "own senderId"},
		{"password-file", 0, CLI_TEXT, &sim.password_file, false, "file whose first line is the password"},
		{"tls-ca", 0, CLI_TEXT, &sim.tls_ca, false, "authority of an https gateway, PEM"},
		{"state", 0, CLI_TEXT, &sim.state, false, "folder of the system's memory"},
		{"document-certificate", 0, CLI_LIST, &line.documents, false, "senderId=PEM of a document signer; may be repeated"},
		{"signer", 0, CLI_LIST, &line.signers, false, "name=certificate,key of a person who signs here; may be repeated"},
		{"set", 0, CLI_LIST, &line.settings, false, "name=value of the system's own; may be repeated"},
		{"weather", 0, CLI_TEXT, &sim.weather, false, "how it misbehaves: a script, or the file of one"},
		{"threads", 0, CLI_NUMBER, &line.threads, false, "requests handled at once (4)"},
		{"zone", 0, CLI_TEXT, &line.zone, false, "time zone (Asia/Almaty)"},
		{"act", 0, CLI_TEXT, &verb, false, "do one thing of its own and stop, for example: send-request"},
		{"argument", 0, CLI_TEXT, &argument, false, "what to do it with"},
		{0},
	};
	const struct sim_system *system = argc > 1 ? sim_system_named(argv[1]) : NULL;
	int first, code;

	if (!system && (argc == 1 || argv[1][0] != '-')) {
		fprintf(stderr, "qaqpa sim: say which system:\n");
		print_systems(stderr);
		return CLI_USAGE;
	}
	code = cli_options(cli_command_named("sim"), options, system ? argc - 1 : argc, system ? argv + 1 : argv, &first);
	if (code >= 0)
		return code;
	if (!system) {
		fprintf(stderr, "qaqpa sim: the name of the system comes first\n");
		return CLI_USAGE;
	}
	code = understand(&line, &sim) ? play(system, &sim, verb, argument) : CLI_USAGE;
	free(line.address);
	return code;
}
