/* SPDX-License-Identifier: GPL-3.0-or-later */
/* enumerate - refuses memory at every place of every path, once and from there on, and says what came of it.
 *
 *   qaqpa_allocation [--all] [--reasons] [PATH ...]   --all: every place; else up to PLACES of each path, evenly
 *   qaqpa_allocation --at N PATH                      one place again, for a person, with traces of what is held
 *
 * Promise:  each walk ends in the right outcome or in a refusal, the next one is right, and nothing is left behind. A walk
 *           that ends its process is a finding, and the next place is tried in another process. Exit 1: a finding.
 * Not here: what is right (the paths). */
#include <errno.h>
#include <execinfo.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libxml/xmlerror.h>
#include <openssl/err.h>

#include "base/memory.h"

#include "path.h"
#include "shortage.h"

#ifdef QAQPA_UNDER_ASAN
#define PLACES 15       /* of a path in the usual run */
#else
#define PLACES 80
#endif
#define PATIENCE_S 60   /* a walk that takes longer is a finding */
#define WARM 3          /* walks until what is made once is there */
#define FINDINGS_MOST 20 /* of a path; then it is given up */

static const struct path *const paths[] = {&path_envelope, &path_message, &path_forged, &path_async, &path_sign,
	&path_forward, &path_fault, &path_snapshot, &path_wrong, &path_certificate, &path_trust, &path_ocsp, &path_ocsp_revoked,
	&path_crl, &path_crl_revoked, &path_redis, &path_journal, &path_flow};
static const char *const form_names[SHORTAGE_FORMS] = {"once", "lasts"};

/* Shared by the process that walks and the one that watches. */
static struct progress {
	size_t places, n; /* requests of a right walk; the one that is refused now, or next */
	enum shortage_form form;
	size_t walks, right, refused, reason[REASON_COUNT];
	bool ended;
	char words[400];
} *now;

static bool all_places, with_reasons;
static size_t only_at;
static const char *phase = "at first"; /* of the walks at a place */

void path_broken(const char *format, ...)
{
	int n = snprintf(now->words, sizeof now->words, "%s: ", phase);
	va_list args;

	shortage_end();
	va_start(args, format);
	vsnprintf(now->words + n, sizeof now->words - (size_t)n, format, args);
	va_end(args);
	_exit(1);
}

static void say_where(int sig)
{
	void *frame[40];
	int n;

	shortage_end();
	n = only_at ? backtrace(frame, 40) : 0;
	backtrace_symbols_fd(frame, n, STDERR_FILENO);
	signal(sig, SIG_DFL);
	raise(sig);
}

static outcome walk(const struct path *p, struct err *e)
{
	outcome result;

	*e = (struct err){.reason = REASON_NONE};
	alarm(PATIENCE_S);
	result = p->run(e);
	alarm(0);
	return result;
}

/* What libraries keep of the last errors is no leak; OpenSSL's queue keeps its texts even when it is emptied, so it is
 * filled with new ones. Nor are the blocks that are kept for long messages. */
static void forget(void)
{
	memory_tidy();
	memory_tidy();
	for (int i = 0; i < ERR_NUM_ERRORS; i++)
		ERR_raise_data(ERR_LIB_USER, 1, "a text");
	ERR_clear_error();
	xmlResetLastError();
}

static void walk_well(const struct path *p, const char *when)
{
	struct err e;

	phase = when;
	if (!walk(p, &e).ok)
		path_broken("refused with %s: %s", reason_row(e.reason)->name, e.detail);
	forget();
}

static void judge(const struct path *p, outcome result, const struct err *e, long before)
{
	forget();
	if (result.ok)
		now->right++;
	else if (e->reason == REASON_NONE)
		path_broken("refused without a reason");
	else
		now->reason[e->reason]++, now->refused++;
	walk_well(p, "the next walk");
	if (!p->is_lasting && shortage_blocks() - before > p->lost) {
		shortage_print();
		path_broken("%ld blocks are not given back", shortage_blocks() - before);
	}
}

/* One place; false when the walk did not get so far. */
static bool try_place(const struct path *p)
{
	struct err e;
	outcome result;
	size_t asked;
	long before;

	forget();
	before = shortage_blocks();
	phase = "this walk";
	shortage_trace(only_at > 0 && !p->is_lasting);
	shortage_begin(now->n, now->form);
	result = walk(p, &e);
	asked = shortage_end();
	if (only_at)
		printf("%s %s\n", result.ok ? "right" : reason_row(e.reason)->name, result.ok ? "" : e.detail);
	if (asked < now->n) {
		if (!result.ok)
			path_broken("refused with all the memory it wants: %s", e.detail);
		return false;
	}
	now->walks++;
	judge(p, result, &e, before);
	return true;
}

static size_t step(const struct path *p)
{
	size_t wanted = p->usual && p->usual < PLACES ? p->usual : PLACES;

	return all_places || now->places <= wanted ? 1 : now->places / wanted;
}

static void next_place(const struct path *p)
{
	if (now->form == SHORTAGE_ONCE) {
		now->form = SHORTAGE_LASTS;
	} else {
		now->form = SHORTAGE_ONCE;
		now->n += step(p);
	}
}

static bool is_last(void)
{
	return only_at && now->form == SHORTAGE_LASTS;
}

static void walk_all(const struct path *p)
{
	struct err e;

	signal(SIGSEGV, say_where), signal(SIGABRT, say_where), signal(SIGALRM, say_where), signal(SIGBUS, say_where);
	backtrace((void *[1]){NULL}, 1); /* it loads what it needs when it is first called */
	p->prepare();
	for (int i = 0; i < WARM; i++)
		walk_well(p, "with all the memory it wants");
	shortage_begin(0, SHORTAGE_ONCE);
	if (!walk(p, &e).ok)
		path_broken("counting: %s", e.detail);
	now->places = shortage_end();
	while (try_place(p) && !is_last())
		next_place(p);
	if (p->drop)
		p->drop();
	now->ended = true;
}

/* Walks in a process of its own; true when it came to the end. */
static bool watch(const struct path *p)
{
	int status;
	pid_t child;

	fflush(NULL);
	now->words[0] = 0;
	child = fork();
	if (child == 0) {
		walk_all(p);
		exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && now->ended)
		return true;
	printf("  %s, place %zu, %s: %s%s\n", p->name, now->n, form_names[now->form],
		now->words[0] ? now->words : WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "the process ended",
		now->ended ? " (at the end)" : "");
	return false;
}

static size_t enumerate(const struct path *p)
{
	size_t findings = 0;

	*now = (struct progress){.n = only_at ? only_at : 1};
	while (!watch(p) && !now->ended && ++findings < FINDINGS_MOST && !is_last())
		next_place(p);
	findings += findings == 0 && !now->ended;
	printf("%-12s %7zu %7zu %7zu %7zu %7zu %7zu  %s\n", p->name, now->places, now->walks, now->right, now->refused,
		now->reason[REASON_MEMORY], findings, p->what);
	for (enum reason r = 0; with_reasons && r < REASON_COUNT; r++) {
		if (now->reason[r])
			printf("    %-32s %zu\n", reason_row(r)->name, now->reason[r]);
	}
	return findings;
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {{"all", no_argument, NULL, 'a'},
		{"reasons", no_argument, NULL, 'r'}, {"at", required_argument, NULL, 'n'}, {0}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) >= 0;) {
		all_places |= c == 'a';
		with_reasons |= c == 'r';
		if (c == 'n')
			only_at = strtoul(optarg, NULL, 10);
		else if (c == '?')
			exit(2);
	}
}

static bool is_chosen(const char *name, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	size_t findings = 0, walked = 0;

	read_options(argc, argv);
	now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (now == MAP_FAILED)
		return 2;
	printf("%-12s %7s %7s %7s %7s %7s %7s\n", "path", "places", "walks", "right", "refused", "memory", "finding");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (is_chosen(paths[i]->name, argc, argv))
			findings += enumerate(paths[i]), walked++;
	}
	return findings || !walked;
}
