/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine_calls - the filter of system calls, made of confine_calls.def and the few rules with arguments below.
 * Promise:  what is not listed does not happen; the filter holds for every thread, or none has it and the caller is told. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

#include "confine/confine.h"

#define REFUSE SCMP_ACT_ERRNO(EPERM)

enum { G = CONFINE_GATEWAY, K = CONFINE_KEEPER, GK = G | K };

struct call {
	int number;
	unsigned roles;
};
static const struct call calls[] = {
#define CALL(name, roles) {SCMP_SYS(name), roles},
#include "confine/confine_calls.def"
};
static const int killed[] = {
#define KILL(name) SCMP_SYS(name),
#include "confine/confine_calls.def"
};

static int add_lists(scmp_filter_ctx f, enum confine_role role)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof calls / sizeof *calls && !failed; i++) {
		if (calls[i].roles & role)
			failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i].number, 0);
	}
	for (size_t i = 0; i < sizeof killed / sizeof *killed && !failed; i++)
		failed = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, killed[i], 0);
	return failed;
}

static int add_sockets(scmp_filter_ctx f, enum confine_role role)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
	size_t n = role == CONFINE_GATEWAY ? sizeof families / sizeof *families : 1;
	int failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	for (size_t i = 0; i < n && !failed; i++)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	return failed;
}

/* No memory that can be written and carried out: neither at once nor one after the other. What a library that is loaded
 * later needs (names of hosts, modules of tokens) stays possible: its code is mapped from its file. */
static int add_memory(scmp_filter_ctx f)
{
	const scmp_datum_t both = PROT_WRITE | PROT_EXEC;
	static const scmp_datum_t ways[] = {0, PROT_WRITE, PROT_EXEC};
	int failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	for (size_t i = 0; i < sizeof ways / sizeof *ways && !failed; i++)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, both, ways[i]));
	return failed;
}

/* Threads of our own, yet no process: clone3 hides its flags in memory, so it is said not to exist and libc takes clone.
 * Signals to ourselves alone (abort). Limits are read, not set. A thread may be named. Descriptors may be asked how much
 * there is to read, as the resolver of names does. */
static int add_others(scmp_filter_ctx f)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET, CLONE_THREAD));

	if (!failed)
		failed = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!failed)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self));
	if (!failed)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
			SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	if (!failed)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	if (!failed)
		failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD));
	return failed;
}

static int build(scmp_filter_ctx f, enum confine_role role)
{
	int failed = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!failed)
		failed = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!failed)
		failed = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: the list is long, and judged at every call */
	if (!failed)
		failed = add_lists(f, role);
	if (!failed)
		failed = add_sockets(f, role);
	if (!failed)
		failed = add_memory(f);
	return failed ? failed : add_others(f);
}

outcome confine_calls(enum confine_role role, bool *applied, struct err *e)
{
	scmp_filter_ctx f;
	int failed;

	*applied = false;
#ifdef QAQPA_INSTRUMENTED
	return DONE; /* what sanitizers and coverage do at the end is not ours to list */
#endif
	f = seccomp_init(REFUSE);
	if (!f)
		return err_set(e, REASON_MEMORY, "no memory for the filter of system calls");
	failed = build(f, role);
	if (!failed)
		failed = seccomp_load(f);
	seccomp_release(f);
	if (failed)
		return err_set(e, REASON_IO, "system calls cannot be filtered: %s", strerror(-failed));
	*applied = true;
	return DONE;
}
