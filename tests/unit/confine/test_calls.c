/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a confined process can still do, each tried in a process of its own. */
#include "../cm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"

/* What a child found: 0 the call was carried out, else errno. */
static int said(long result)
{
	return result < 0 ? errno : 0;
}

static int start_program(void)
{
	char *const none[] = {NULL};

	return said(execve("/bin/true", none, none));
}

static int split_process(void)
{
	return said(syscall(SYS_fork));
}

static int split_process_by_libc(void)
{
	pid_t pid = fork(); /* clone without CLONE_THREAD */

	if (pid == 0)
		_exit(0);
	return said(pid);
}

static int trace(void)
{
	return said(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int mount_folder(void)
{
	return said(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int load_module(void)
{
	return said(syscall(SYS_finit_module, -1, "", 0));
}

static int become_root(void)
{
	return said(syscall(SYS_setuid, 0));
}

static int own_view(void)
{
	return said(unshare(CLONE_NEWUSER));
}

static int around_by_ring(void)
{
	return said(syscall(SYS_io_uring_setup, 1, NULL));
}

static int raw_packets(void)
{
	return said(socket(AF_PACKET, SOCK_RAW, 0));
}

static int netlink(void)
{
	return said(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int internet(void)
{
	return said(socket(AF_INET, SOCK_STREAM, 0));
}

static int internet6(void)
{
	int r = said(socket(AF_INET6, SOCK_STREAM, 0));

	return r == EAFNOSUPPORT ? 0 : r; /* a machine without it */
}

static int local(void)
{
	return said(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int open_door(void)
{
	return said(syscall(SYS_listen, 0, 1));
}

static int signal_another(void)
{
	return said(kill(getppid(), 0));
}

static int signal_thread_of_another(void)
{
	return said(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int allow_cores(void)
{
	struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};

	return said(setrlimit(RLIMIT_CORE, &any));
}

static int be_dumpable(void)
{
	return said(prctl(PR_SET_DUMPABLE, 1));
}

static int make_code(void)
{
	return said((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int turn_data_into_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : said(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int unknown_call(void)
{
	return said(syscall(SYS_personality, 0xffffffff));
}

static int read_file(void)
{
	char c;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : said(read(fd, &c, 1));
}

static int read_limits(void)
{
	struct rlimit files;

	return said(getrlimit(RLIMIT_NOFILE, &files));
}

static int ask_how_much(void)
{
	int ends[2], n;

	return pipe2(ends, O_CLOEXEC) < 0 ? errno : said(ioctl(ends[0], FIONREAD, &n));
}

static int type_into_terminal(void)
{
	return said(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static void *nothing(void *ctx)
{
	return ctx;
}

static int make_thread(void)
{
	pthread_t t;
	int failed = pthread_create(&t, NULL, nothing, NULL);

	return failed ? failed : pthread_join(t, NULL);
}

static pthread_barrier_t barrier;

static void *older_thread(void *ctx)
{
	pthread_barrier_wait(&barrier); /* is there before the filter is */
	pthread_barrier_wait(&barrier); /* is still there behind it */
	*(int *)ctx = netlink();
	return NULL;
}

enum { KILLED = -1 };

static const struct row {
	const char *name;
	int (*act)(void);
	int gateway, keeper; /* errno, or KILLED */
} rows[] = {
	{"no program is started", start_program, KILLED, KILLED},
	{"no process is made", split_process, KILLED, KILLED},
	{"no process is made by libc either", split_process_by_libc, EPERM, EPERM},
	{"nobody is traced", trace, KILLED, KILLED},
	{"nothing is mounted", mount_folder, KILLED, KILLED},
	{"no module is loaded", load_module, KILLED, KILLED},
	{"no right is gained", become_root, KILLED, KILLED},
	{"no other view of the system", own_view, KILLED, KILLED},
	{"no way around by a ring", around_by_ring, KILLED, KILLED},
	{"no raw packets", raw_packets, EPERM, EPERM},
	{"no netlink", netlink, EPERM, EPERM},
	{"networks are the gateway's alone", internet, 0, EPERM},
	{"of both families", internet6, 0, EPERM},
	{"unix sockets are both's", local, 0, 0},
	{"no new door", open_door, EPERM, EPERM},
	{"no signal to others", signal_another, EPERM, EPERM},
	{"nor to their threads", signal_thread_of_another, EPERM, EPERM},
	{"no core dump is allowed again", allow_cores, EPERM, EPERM},
	{"nor by the other switch", be_dumpable, EPERM, EPERM},
	{"no memory to write and carry out", make_code, EPERM, EPERM},
	{"nor one after the other", turn_data_into_code, EPERM, EPERM},
	{"what nobody thought of is refused", unknown_call, EPERM, EPERM},
	{"files are read", read_file, 0, 0},
	{"limits are read", read_limits, 0, 0},
	{"threads are made", make_thread, 0, 0},
	{"how much there is to read is told", ask_how_much, 0, 0},
	{"nothing is typed into a terminal", type_into_terminal, EPERM, EPERM},
};

/* The end of a child that was confined and then did this. */
static int confined(enum confine_role role, int (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		bool applied = false;
		int result;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!confine_calls(role, &applied, NULL).ok || !applied)
			_exit(255);
		result = act();
		_exit(result);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

/* Instrumented programs are not confined, and are told so. */
static void only_plain_builds(void)
{
#ifdef QAQPA_INSTRUMENTED
	bool applied = true;

	assert_true(confine_calls(CONFINE_GATEWAY, &applied, NULL).ok);
	assert_false(applied);
	skip();
#endif
}

static void each_call_has_its_end(void **state)
{
	int wrong = 0;

	(void)state;
	only_plain_builds();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int gateway = confined(CONFINE_GATEWAY, rows[i].act), keeper = confined(CONFINE_KEEPER, rows[i].act);

		if (gateway == rows[i].gateway && keeper == rows[i].keeper)
			continue;
		print_error("%s: gateway %d, keeper %d\n", rows[i].name, gateway, keeper);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Without the filter every one of those refused calls that needs no privilege is carried out, so the rows mean something. */
static void unconfined_they_are_carried_out(void **state)
{
	static int (*const acts[])(void) = {
		start_program, split_process_by_libc, netlink, internet, signal_another, be_dumpable, make_code,
		turn_data_into_code};

	(void)state;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(acts[i]());
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || acts[i] == start_program));
	}
}

static int older_thread_in_child(void)
{
	pthread_t t;
	bool applied;
	int found = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (pthread_create(&t, NULL, older_thread, &found) != 0)
		return 255;
	pthread_barrier_wait(&barrier);
	if (!confine_calls(CONFINE_GATEWAY, &applied, NULL).ok)
		return 255;
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	return found;
}

static void threads_that_were_there_are_bound_too(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	only_plain_builds();
	pid = fork();
	if (pid == 0)
		_exit(older_thread_in_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_has_its_end),
		cmocka_unit_test(unconfined_they_are_carried_out),
		cmocka_unit_test(threads_that_were_there_are_bound_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
