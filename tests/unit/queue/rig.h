/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rig - a private Redis for the tests of the queue, in a folder of its own; it ends with the test program. */
#ifndef QAQPA_TESTS_QUEUE_RIG_H
#define QAQPA_TESTS_QUEUE_RIG_H

#include "../cm.h"

#include <dirent.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define RIG_WAIT_MS 30000 /* generous: no test may depend on speed */

struct rig {
	char dir[80], socket[100], spool[100];
	pid_t pid; /* 0: there is no redis-server on this machine */
};

static UNUSED void rig_nap(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static UNUSED bool rig_answers(const char *socket)
{
	redisContext *c = redisConnectUnix(socket);
	redisReply *r = c && !c->err ? redisCommand(c, "PING") : NULL;
	bool pong = r && r->type == REDIS_REPLY_STATUS;

	if (r)
		freeReplyObject(r);
	if (c)
		redisFree(c);
	return pong;
}

/* Starts, or starts again, the server of the rig's folder; `more` are further words for its command line, NULL-ended. */
static UNUSED void rig_run(struct rig *rig, const char *const *more)
{
	const char *argv[40] = {"redis-server", "--port", "0", "--unixsocket", rig->socket, "--unixsocketperm", "700",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
		"--enable-debug-command", "yes", "--loglevel", "warning", "--logfile", "redis.log", "--dir", rig->dir};
	size_t n = 0;

	while (argv[n])
		n++;
	while (more && *more && n < 39)
		argv[n++] = *more++;
	unlink(rig->socket);
	rig->pid = fork();
	assert_true(rig->pid >= 0);
	if (rig->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	for (int waited = 0; !rig_answers(rig->socket); waited += 20) {
		int status;

		if (waitpid(rig->pid, &status, WNOHANG) == rig->pid) {
			rig->pid = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
				return; /* not installed */
			fail_msg("redis-server ended with status %d; see %s/redis.log", status, rig->dir);
		}
		assert_true(waited < RIG_WAIT_MS);
		rig_nap(20);
	}
}

static UNUSED void rig_kill(struct rig *rig, int signal)
{
	if (rig->pid <= 0)
		return;
	kill(rig->pid, signal);
	if (signal != SIGKILL && signal != SIGTERM)
		return;
	waitpid(rig->pid, NULL, 0);
	rig->pid = 0;
}

static UNUSED void rig_start(struct rig *rig)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(rig->dir, sizeof rig->dir, "%.40s/qaqpa-q-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->socket, sizeof rig->socket, "%s/r.sock", rig->dir);
	snprintf(rig->spool, sizeof rig->spool, "%s/spool", rig->dir);
	rig_run(rig, NULL);
}

static UNUSED void rig_remove(const char *dir)
{
	char path[512];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		if (unlink(path) && (errno == EISDIR || errno == EPERM))
			rig_remove(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static UNUSED void rig_stop(struct rig *rig)
{
	rig_kill(rig, SIGKILL);
	rig_remove(rig->dir);
}

/* At the head of every test that needs the server. */
#define RIG_NEED(rig)                                                              \
	do {                                                                       \
		if ((rig)->pid == 0) {                                             \
			print_message("redis-server is not installed: skipped\n"); \
			skip();                                                    \
		}                                                                  \
	} while (0)

/* Files in the spool. */
static UNUSED size_t rig_spooled(const struct rig *rig)
{
	struct dirent *entry;
	DIR *d = opendir(rig->spool);
	size_t n = 0;

	while (d && (entry = readdir(d)) != NULL)
		n += strlen(entry->d_name) > 32; /* bodies; the spool holds other things too */
	if (d)
		closedir(d);
	return n;
}

#endif
