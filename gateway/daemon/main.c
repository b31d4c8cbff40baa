/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qaqpad - the gateway: reads its configuration, serves until told to stop, loses nothing on the way. */
#include <signal.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/log.h"

#include "daemon/daemon_int.h"

static const char usage[] =
	"Usage: qaqpad --config FILE\n"
	"The gateway. Stops on SIGTERM or SIGINT after draining; a second one stops at once. SIGHUP reads configuration,\n"
	"keys and certificates again: all of it when it is valid, else nothing.\n"
	"      --config FILE   the configuration, see qaqpa.yaml(5)\n"
	"      --version       print the version\n"
	"      --help          print this text\n";

/* The second SIGTERM: whoever sends it does not want to wait. */
static void stop_now(int number)
{
	(void)number;
	_exit(EXIT_FORCED);
}

static void obey_second_signal(void)
{
	sigset_t set;

	signal(SIGTERM, stop_now);
	signal(SIGINT, stop_now);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int serve(const char *conf_path)
{
	struct gateway *g = NULL;
	char hash[CONF_HASH];
	struct err e = {0};
	size_t cut;

	process_protect();
	process_block_signals();
	envelope_init();
	if (!security_init(&e).ok || !gateway_start(conf_path, &g, &e).ok) {
		log_err(LOG_ERROR, "gateway.cannot-start", &e, NULL);
		return EXIT_CANNOT_START;
	}
	gateway_config_hash(g, hash);
	log_event(LOG_INFO, "gateway.ready", LOG_TEXT("version", QAQPA_VERSION), LOG_TEXT("config_hash", hash));
	process_notify("READY=1");
	while (process_next_signal(memory_tidy) == SIGHUP) {
		process_notify("RELOADING=1");
		gateway_reload(g);
		process_notify("READY=1");
	}
	process_notify("STOPPING=1");
	obey_second_signal();
	cut = gateway_stop(&g);
	log_event(LOG_INFO, "gateway.stopped", LOG_NUM("cut_off", cut));
	return cut ? EXIT_WITH_ERRORS : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct process_options options;
	int code = process_read_options(argc, argv, "qaqpad " QAQPA_VERSION, usage, &options);

	return code < 0 ? serve(options.config) : code;
}
