/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon_process - what the process owes the system: options, limits, signals, the service manager. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/process.h"

static int say_usage(const char *usage, FILE *to, int code)
{
	fputs(usage, to);
	return code;
}

int process_read_options(int argc, char **argv, const char *version, const char *usage, struct process_options *out)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"group", required_argument, NULL, 'g'},
		{0},
	};
	int c;

	*out = (struct process_options){0};
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 'g':
			out->group = optarg;
			break;
		case 'v':
			puts(version);
			return EXIT_DONE;
		case 'h':
			return say_usage(usage, stdout, EXIT_DONE);
		default:
			return say_usage(usage, stderr, EXIT_CANNOT_START);
		}
	}
	if (!out->config || optind != argc || (out->group && !strstr(usage, "--group")))
		return say_usage(usage, stderr, EXIT_CANNOT_START);
	return -1;
}

/* What one message gives back the next one takes, without pages that the kernel takes away and clears again: a tenth of the
 * time of a message of 1 MiB. Left alone the bounds would follow the longest message ever seen, up to 64 MiB an arena. Long
 * blocks are kept elsewhere (base/memory_long.c), so here they have pages of their own. */
static void keep_memory(void)
{
	mallopt(M_ARENA_MAX, 4); /* an arena a thread would multiply what is idle */
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_MMAP_THRESHOLD, 512 << 10);
	mallopt(M_TOP_PAD, 1 << 20);
}

void process_protect(void)
{
	struct rlimit files, none = {0, 0};

	umask(0077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	keep_memory();
}

static sigset_t waited(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

void process_block_signals(void)
{
	sigset_t set = waited();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int process_next_signal(void (*meanwhile)(void))
{
	const struct timespec second = {.tv_sec = 1};
	sigset_t set = waited();
	int number;

	while ((number = sigtimedwait(&set, NULL, meanwhile ? &second : NULL)) < 0)
		if (meanwhile)
			meanwhile();
	return number;
}

void process_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		/* The manager is gone; the gateway works without it. */
	}
	close(fd);
}
