/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue - qaqpa queue: options, connection, and which verb does what. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "conf/conf.h"
#include "flow/flow.h"

#include "cli/cli_queue.h"

#define COMMAND_MS 10000
#define SERVERS_MOST ((size_t)16 << 20)
#define INLINE_BYTES ((size_t)16 << 10)

static const struct verb {
	const char *name;
	int (*run)(struct cli_queue *q);
	const char *word; /* that must follow; NULL: none may */
	bool word_may_lack;
} verbs[] = {
	{"ls", cli_queue_ls, NULL, false},
	{"show", cli_queue_show, "an id", false},
	{"shape", cli_queue_shape, NULL, false},
	{"plan", cli_queue_plan, "an id", false},
	{"hold", cli_queue_hold, "a destination", false},
	{"release", cli_queue_release, "a destination", false},
	{"close", cli_queue_close, "a destination", false},
	{"open", cli_queue_open, "a destination", false},
	{"retry", cli_queue_retry, "an id", true},
	{"drop", cli_queue_drop, "an id", true},
	{"export", cli_queue_export, "a folder", false},
	{"rebuild", cli_queue_rebuild, NULL, false},
	{"adapters", cli_queue_adapters, NULL, false},
	{"sweep", cli_queue_sweep, NULL, false},
	{0},
};

struct place { /* how to reach Redis, as said on the command line */
	struct queue_server server;
	const char *config, *only, *redis, *spool, *state, *older;
	struct cli_list sentinels;
	long database, limit, inline_bytes;
	const char *hosts[CLI_LIST_MOST + 1];
	char host[256];
};

const char *cli_queue_shown(struct bytes name, char out[CLI_SHOWN])
{
	size_t n = name.n < CLI_SHOWN ? name.n : CLI_SHOWN - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = name.p[i] < ' ' || name.p[i] == 127 ? '?' : (char)name.p[i];
	out[n] = 0;
	return out;
}

const char *cli_queue_age(int64_t ms, char out[16])
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{172800000, "d"}, {7200000, "h"}, {120000, "min"}, {0, "s"}}; /* from two of them on */
	static const int64_t one[] = {86400000, 3600000, 60000, 1000};
	size_t i = 0;

	while (ms < units[i].ms)
		i++;
	snprintf(out, 16, "%lld %s", (long long)(ms / one[i]) % 1000000000, units[i].unit);
	return out;
}

void cli_queue_pace(long rate, int64_t started_us, size_t count)
{
	int64_t wait = rate ? started_us + (int64_t)count * 1000000 / rate - mono_us() : 0;

	if (wait > 0)
		nanosleep(&(struct timespec){wait / 1000000, wait % 1000000 * 1000}, NULL);
}

/* 90s, 10m, 2h, 3d */
static bool read_duration(const char *text, int64_t *ms)
{
	static const char letters[] = "smhd";
	static const int64_t unit[] = {1000, 60000, 3600000, 86400000};
	const char *letter;
	char *end;
	long n;

	if (!text)
		return true;
	errno = 0;
	n = strtol(text, &end, 10);
	letter = *end ? strchr(letters, *end) : NULL;
	if (errno || end == text || n <= 0 || n > 100000 || !letter || end[1]) {
		fprintf(stderr, "qaqpa: --older does not take %s; write 90s, 10m, 2h or 3d\n", text);
		return false;
	}
	*ms = n * unit[letter - letters];
	return true;
}

static bool read_state(const char *text, int *where)
{
	static const char *const states[] = {
		[QUEUE_WAITING] = "waiting", [QUEUE_LEASED] = "leased", [QUEUE_DEAD] = "dead"};

	*where = -1;
	for (int i = 0; text && i < 3; i++) {
		if (strcmp(text, states[i]) == 0)
			*where = i;
	}
	if (text && *where < 0)
		fprintf(stderr, "qaqpa: --state does not take %s; it is waiting, leased or dead\n", text);
	return !text || *where >= 0;
}

/* host:port or [address]:port */
static bool read_address(struct place *p)
{
	const char *colon = strrchr(p->redis, ':');
	const char *from = p->redis;
	char *end;
	size_t n;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;

	if (port <= 0 || port > 65535 || *end) {
		fprintf(stderr, "qaqpa: --redis does not take %s; write HOST:PORT\n", p->redis);
		return false;
	}
	n = (size_t)(colon - from);
	if (n > 2 && from[0] == '[' && from[n - 1] == ']') {
		from++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof p->host) {
		fprintf(stderr, "qaqpa: --redis does not take %s; write HOST:PORT\n", p->redis);
		return false;
	}
	memcpy(p->host, from, n);
	p->server.host = p->host;
	p->server.port = (int)port;
	return true;
}

static outcome open_by_words(struct place *p, struct cli_queue *q, struct err *e)
{
	for (size_t i = 0; i < p->sentinels.n; i++)
		p->hosts[i] = p->sentinels.item[i];
	if (p->sentinels.n)
		p->server.sentinels = p->hosts;
	p->server.tls = p->server.tls_ca != NULL;
	p->server.command_ms = COMMAND_MS;
	p->server.database = (int)p->database;
	q->inline_bytes = p->inline_bytes ? (size_t)p->inline_bytes : INLINE_BYTES;
	return queue_admin_open(&p->server, p->spool, &q->admin, e);
}

/* One Redis of the configuration, which is the whole world then. */
static outcome open_only(const char *name, const char *spool, const struct queue_server *first,
	const struct queue_shard *shards, size_t n, struct cli_queue *q, struct err *e)
{
	char folder[4200];

	if (strcmp(name, "first") == 0)
		return queue_admin_open(first, spool, &q->admin, e);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(shards[i].name, name) != 0)
			continue;
		snprintf(folder, sizeof folder, "%.4096s/redis-%s", spool, name);
		return queue_admin_open(&shards[i].server, folder, &q->admin, e);
	}
	return err_set(e, REASON_USAGE, "the configuration has no shard %s", name);
}

static outcome open_by_configuration(struct place *p, struct cli_queue *q, struct pool *pool, struct conf **conf,
	struct err *e)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	struct queue_server server;
	struct queue_shard *shards;
	const char *spool;

	TRY(conf_load(p->config, conf, problems, e));
	if (!conf_has_queue(*conf))
		return err_set(e, REASON_CONFIG, "%s has no section queue", p->config);
	TRY(flow_queue_servers(*conf, pool, &server, &shards, e));
	spool = p->spool ? p->spool : (*conf)->queue.spool;
	q->inline_bytes = (*conf)->queue.inline_bytes;
	if (q->journals.n == 0)
		q->journals.item[q->journals.n++] = (*conf)->journal.directory;
	q->only = p->only != NULL;
	if (p->only)
		return open_only(p->only, spool, &server, shards, (*conf)->shard_count, q, e);
	TRY(queue_admin_open(&server, spool, &q->admin, e));
	queue_admin_shards(q->admin, shards, (*conf)->shard_count);
	q->several = (*conf)->shard_count > 0;
	return DONE;
}

static const struct verb *verb_named(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static int read_line(struct place *p, struct cli_queue *q, const struct verb *v, int argc, char **argv)
{
	const struct cli_option options[] = {
		{"config", 'c', CLI_TEXT, &p->config, false, "the configuration; its queue unless one of the next three is said"},
		{"only", 0, CLI_TEXT, &p->only, false, "one Redis of the configuration: a shard by its name, or first"},
		{"socket", 0, CLI_TEXT, &p->server.socket, false, "unix socket of Redis"},
		{"redis", 0, CLI_TEXT, &p->redis, false, "HOST:PORT of Redis"},
		{"sentinel", 0, CLI_LIST, &p->sentinels, false, "HOST:PORT of a Sentinel; may be repeated"},
		{"master", 0, CLI_TEXT, &p->server.master, false, "name of the master, for --sentinel"},
		{"user", 0, CLI_TEXT, &p->server.user, false, "ACL user of Redis"},
		{"password-file", 0, CLI_TEXT, &p->server.password_file, false, "file with the password of Redis"},
		{"tls-ca", 0, CLI_TEXT, &p->server.tls_ca, false, "use TLS; authority of Redis, PEM"},
		{"tls-certificate", 0, CLI_TEXT, &p->server.tls_certificate, false, "own certificate towards Redis, PEM"},
		{"tls-key", 0, CLI_TEXT, &p->server.tls_key, false, "its private key, PEM"},
		{"database", 0, CLI_NUMBER, &p->database, false, "number of the Redis database (0)"},
		{"prefix", 0, CLI_TEXT, &p->server.prefix, false, "beginning of all keys (qaqpa)"},
		{"spool", 0, CLI_TEXT, &p->spool, false, "folder of the bodies that are not in Redis"},
		{"inline-bytes", 0, CLI_NUMBER, &p->inline_bytes, false, "rebuild: larger bodies go to the spool (16384)"},
		{"destination", 'd', CLI_TEXT, &q->filter.destination, false, "messages for this destination"},
		{"state", 's', CLI_TEXT, &p->state, false, "waiting, leased or dead"},
		{"cause", 0, CLI_TEXT, &q->filter.cause, false, "messages with this cause"},
		{"older", 0, CLI_TEXT, &p->older, false, "accepted, or for sweep written, at least so long ago: 90s, 10m, 2h, 3d"},
		{"limit", 'n', CLI_NUMBER, &p->limit, false, "at most so many"},
		{"all", 0, CLI_FLAG, &q->all, false, "retry, drop: without any filter"},
		{"remove", 0, CLI_FLAG, &q->remove, false, "sweep: remove the files, not only say which"},
		{"dry-run", 0, CLI_FLAG, &q->dry_run, false, "say what would be done, do nothing"},
		{"rate", 0, CLI_NUMBER, &q->rate, false, "at most so many messages a second"},
		{"record", 0, CLI_TEXT, &q->record, false, "retry, drop: journal of the operators, for a later rebuild"},
		{"journal", 0, CLI_LIST, &q->journals, false, "rebuild: folder of a journal; may be repeated"},
		{"output", 'o', CLI_OUTPUT, &q->json, false, "table or json"},
		{0},
	};
	int first, code = cli_options(cli_command_named("queue"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	q->word = first < argc ? argv[first] : NULL;
	q->filter.limit = (size_t)p->limit;
	if ((q->word && !v->word) || (!q->word && v->word && !v->word_may_lack)) {
		fprintf(stderr, "qaqpa queue %s: %s\n", v->name, v->word ? v->word : "takes no word");
		return CLI_USAGE;
	}
	if (!read_duration(p->older, &q->filter.older_ms) || !read_state(p->state, &q->filter.where) ||
			(p->redis && !read_address(p)))
		return CLI_USAGE;
	return -1;
}

int cmd_queue(int argc, char **argv)
{
	struct place p = {.config = "/etc/qaqpa/qaqpa.yaml"};
	struct cli_queue q = {0};
	const struct verb *v = argc > 1 ? verb_named(argv[1]) : NULL;
	SCOPED(conf_free) struct conf *conf = NULL;
	SCOPED(pool_free) struct pool *pool = pool_new(SERVERS_MOST);
	struct err e = {0};
	outcome opened;
	int code;

	if (!v) {
		bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

		if (help)
			return read_line(&p, &q, verbs, argc, argv);
		fprintf(stderr,
			"qaqpa queue: say ls, show, shape, plan, hold, release, close, open, retry, drop, export, rebuild, "
			"adapters or sweep\n");
		return CLI_USAGE;
	}
	code = read_line(&p, &q, v, argc - 1, argv + 1);
	if (code >= 0)
		return code;
	if (p.server.socket || p.redis || p.sentinels.n)
		opened = open_by_words(&p, &q, &e);
	else
		opened = open_by_configuration(&p, &q, pool, &conf, &e);
	code = opened.ok ? v->run(&q) : cli_fail(&e);
	queue_admin_close(&q.admin);
	return code;
}
