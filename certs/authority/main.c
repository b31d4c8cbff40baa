/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qaqpa-authority - a National Certification Authority for tests: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "authority.h"
#include "crypto/crypto.h"
#include "log/log.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: qaqpa-authority make [--algorithm gost|rsa|ec] [--url URL] [--force] FOLDER\n"
	"       qaqpa-authority serve [--listen HOST:PORT] [--print-port-file FILE] [--next SECONDS] FOLDER\n"
	"       qaqpa-authority revoke [--reason REASON] FOLDER NAME\n"
	"       qaqpa-authority unrevoke FOLDER NAME\n"
	"       qaqpa-authority trouble FOLDER SERVICE TROUBLE [MILLISECONDS]\n"
	"A certification authority for tests, in the profile of the national one. Its keys are worth nothing.\n"
	"      --algorithm WORD        of authorities and end entities (gost)\n"
	"      --url URL               where the certificates say that the services are (http://127.0.0.1:9085)\n"
	"      --force                 make everything anew\n"
	"      --listen HOST:PORT      where the services are (127.0.0.1:0, any free port)\n"
	"      --print-port-file FILE  gets the port when the services are ready\n"
	"      --next SECONDS          from thisUpdate to nextUpdate (300)\n"
	"      --reason REASON         hold, keyCompromise ... as in RFC 5280 (unspecified)\n"
	"Troubles, and the services that have them:\n";

struct line {
	const char *algorithm, *url, *listen, *port_file, *next, *reason;
	bool force;
	char **arguments;
	int count;
};

static int fail(const struct err *e)
{
	fprintf(stderr, "qaqpa-authority: %s\n", e->detail);
	return e->reason == REASON_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static int explain(FILE *to)
{
	SCOPED(buf_free) struct buf troubles = BUF(8192);

	trouble_list(&troubles);
	fputs(usage, to);
	fputs(buf_cstr(&troubles), to);
	return to == stdout ? EXIT_DONE : EXIT_USAGE;
}

static outcome do_make(const struct line *l, struct err *e)
{
	SCOPED(buf_free) struct buf mark = BUF(1u << 16);
	SCOPED(scoped_text) char *path = path_of(l->arguments[0], "test-pki.txt", "");
	enum authority_algorithm a = ALGORITHM_GOST;

	while (a < ALGORITHM_COUNT && strcmp(authority_algorithms[a], l->algorithm) != 0)
		a++;
	if (a == ALGORITHM_COUNT)
		return err_set(e, REASON_USAGE, "--algorithm is gost, rsa or ec, not %s", l->algorithm);
	TRY(authority_make(l->arguments[0], a, l->url, l->force, e));
	TRY(store_read(path, &mark, e));
	fputs(buf_cstr(&mark), stdout);
	return DONE;
}

static outcome do_serve(const struct line *l, struct err *e)
{
	const struct authority a = {.folder = l->arguments[0], .next_s = (int)strtol(l->next, NULL, 10)};
	SCOPED(scoped_text) char *host = strdup(l->listen);
	char *colon = host ? strrchr(host, ':') : NULL, *end = NULL;
	long port = colon ? strtol(colon + 1, &end, 10) : -1;

	if (!colon || end == colon + 1 || *end || port < 0 || port > 65535)
		return err_set(e, REASON_USAGE, "%s is not host:port", l->listen);
	if (a.next_s <= 0)
		return err_set(e, REASON_USAGE, "--next is a number of seconds, not %s", l->next);
	*colon = 0;
	return authority_serve(&a, host, (int)port, l->port_file, e);
}

static outcome do_revoke(const struct line *l, struct err *e)
{
	return register_revoke(l->arguments[0], l->arguments[1], l->reason, e);
}

static outcome do_unrevoke(const struct line *l, struct err *e)
{
	return register_unrevoke(l->arguments[0], l->arguments[1], e);
}

static outcome do_trouble(const struct line *l, struct err *e)
{
	return trouble_write(l->arguments[0], l->arguments[1], l->arguments[2], l->count > 3 ? l->arguments[3] : NULL, e);
}

static const struct verb {
	const char *name;
	outcome (*act)(const struct line *l, struct err *e);
	int least, most; /* arguments */
} verbs[] = {
	{"make", do_make, 1, 1}, {"serve", do_serve, 1, 1}, {"revoke", do_revoke, 2, 2},
	{"unrevoke", do_unrevoke, 2, 2}, {"trouble", do_trouble, 3, 4}, {0},
};

static const struct verb *verb_named(const char *name)
{
	const struct verb *v = verbs;

	while (v->name && strcmp(v->name, name) != 0)
		v++;
	return v->name ? v : NULL;
}

/* A folder is made beside its name, so the name may not end with a slash. False: the root folder, or none. */
static bool trim_folder(char *folder)
{
	size_t n = strlen(folder);

	while (n > 0 && folder[n - 1] == '/')
		folder[--n] = 0;
	return n > 0;
}

/* False: not understood. */
static bool read_line(int argc, char **argv, struct line *l)
{
	static const struct option options[] = {
		{"algorithm", required_argument, NULL, 'a'}, {"url", required_argument, NULL, 'u'},
		{"force", no_argument, NULL, 'f'}, {"listen", required_argument, NULL, 'l'},
		{"print-port-file", required_argument, NULL, 'p'}, {"next", required_argument, NULL, 'n'},
		{"reason", required_argument, NULL, 'r'}, {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a': l->algorithm = optarg; break;
		case 'u': l->url = optarg; break;
		case 'f': l->force = true; break;
		case 'l': l->listen = optarg; break;
		case 'p': l->port_file = optarg; break;
		case 'n': l->next = optarg; break;
		case 'r': l->reason = optarg; break;
		default: return false;
		}
	}
	l->arguments = argv + optind;
	l->count = argc - optind;
	return l->count > 0 && trim_folder(l->arguments[0]);
}

int main(int argc, char **argv)
{
	struct line l = {.algorithm = "gost", .url = "http://127.0.0.1:9085", .listen = "127.0.0.1:0", .next = "300",
		.reason = "unspecified"};
	const struct verb *verb = argc > 1 ? verb_named(argv[1]) : NULL;
	struct err e = {0};

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return explain(stdout);
	if (!verb || !read_line(argc - 1, argv + 1, &l) || l.count < verb->least || l.count > verb->most)
		return explain(stderr);
	umask(077);
	if (!crypto_init(NULL, &e).ok || !verb->act(&l, &e).ok)
		return fail(&e);
	return EXIT_DONE;
}
