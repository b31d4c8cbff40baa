/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_msg - qaqpa msg find and show: the facts of the journal. */
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "timestamp/timestamp.h"

#include "cli/cli_int.h"
#include "cli/cli_journal.h"
#include "cli/cli_json.h"

static const char *const directions[] = {[JOURNAL_RECEIVED] = "received", [JOURNAL_SENT] = "sent"};
static const char *const kinds[] = {
	[JOURNAL_REQUEST] = "request", [JOURNAL_ANSWER] = "answer", [JOURNAL_FAULT] = "fault"};
static const char *const verdicts[] = {[JOURNAL_ACCEPTED] = "verified", [JOURNAL_REFUSED] = "refused",
	[JOURNAL_SIGNED] = "signed", [JOURNAL_PLAIN] = "plain"};

const char *cli_kind_name(enum journal_kind k)
{
	return kinds[k];
}

const char *cli_verdict_name(enum journal_verdict v)
{
	return verdicts[v];
}

struct listing {
	struct cli_source *source;
	const struct conf_timestamp *stamps; /* where tokens lie; NULL: nobody said */
	bool json, octets, whole, numbers;
	json_t *list;
	size_t count;
};

static json_t *fact_json(const char *node, const struct journal_fact *f, bool with_octets)
{
	SCOPED(buf_free) struct buf hash = BUF(128);
	char at[STAMP_TEXT];
	json_t *o;

	stamp_print(f->at, at);
	buf_hex(&hash, (struct bytes){f->sha256, sizeof f->sha256});
	o = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)f->id, "at", at, "exchange", f->exchange, "direction",
		directions[f->direction], "kind", kinds[f->kind], "verdict", verdicts[f->verdict]);
#define SET_TEXT(field, name) json_object_set_new(o, name, text_json(f->field));
	JOURNAL_FACT_TEXTS(SET_TEXT)
	json_object_set_new(o, "duration_us", json_integer(f->duration_us));
	json_object_set_new(o, "size", json_integer((json_int_t)f->size));
	json_object_set_new(o, "kept", json_integer((json_int_t)f->kept));
	json_object_set_new(o, "sha256", json_string(buf_cstr(&hash)));
	if (with_octets && f->octets.n)
		json_object_set_new(o, "octets", text_json(f->octets));
	if (node)
		json_object_set_new(o, "node", json_string(node));
	return o;
}

static void print_row(const char *node, const struct journal_fact *f)
{
	char at[STAMP_TEXT];

	stamp_print(f->at, at);
	if (node)
		printf("%-10s  ", node);
	printf("%s  %-8s %-7s %-8s %-14.*s %-20.*s %8.3f ms  %6zu B  %.8s  %.*s %.*s\n", at, directions[f->direction],
		kinds[f->kind], verdicts[f->verdict], (int)f->participant.n, f->participant.p, (int)f->service_id.n,
		f->service_id.p, (double)f->duration_us / 1000.0, f->size, f->exchange + 1, (int)f->reason.n, f->reason.p,
		(int)f->error_id.n, f->error_id.p);
}

/* What certificates were accepted on, and who signed inside the data, a line for each. */
static void print_evidence(struct bytes lines)
{
	while (lines.n > 0) {
		const unsigned char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) : lines.n;

		printf("  evidence     %.*s\n", (int)n, lines.p);
		lines = bytes_sub(lines, end ? n + 1 : n, lines.n);
	}
}

/* What the token over a message says, and whether it holds: over these octets, by whom the configuration trusts. */
static void print_stamp(const struct conf_timestamp *stamps, const struct journal_fact *f)
{
	SCOPED(buf_free) struct buf token = BUF(1u << 20);
	struct timestamp_token says;
	char at[STAMP_TEXT];
	struct err e;

	if (!stamps || !stamps->directory || f->direction != JOURNAL_RECEIVED || f->kind != JOURNAL_REQUEST ||
		strlen(f->exchange) != 38 ||
		!timestamp_token_read(stamps->directory, bytes_sub(bytes_str(f->exchange), 1, 37), &token))
		return;
	if (!timestamp_verify(buf_bytes(&token), BYTES_NONE, stamps->authorities.name, stamps->authorities.n, &says, &e).ok) {
		printf("  time-stamp   wrong: %s\n", e.detail);
		return;
	}
	stamp_print(stamp_at(says.at_ms), at);
	printf("  time-stamp   %s by %s, policy %s, number %s%s\n", at, says.signer, says.policy, says.serial,
		says.digest == TIMESTAMP_SHA256 && !bytes_eq(says.imprint, (struct bytes){f->sha256, sizeof f->sha256})
			? ", over ANOTHER message" : "");
}

static void print_whole(const char *node, const struct conf_timestamp *stamps, const struct journal_fact *f, bool octets)
{
	char at[STAMP_TEXT];

	stamp_print(f->at, at);
	printf("%s %s, %s, %s\n", directions[f->direction], kinds[f->kind], verdicts[f->verdict], at);
	if (node)
		printf("  node         %s\n", node);
	printf("  exchange     %s\n  participant  %.*s\n  peer         %.*s\n", f->exchange, (int)f->participant.n,
		f->participant.p, (int)f->peer.n, f->peer.p);
	printf("  service      %.*s\n  messageId    %.*s\n  senderId     %.*s\n", (int)f->service_id.n, f->service_id.p,
		(int)f->message_id.n, f->message_id.p, (int)f->sender_id.n, f->sender_id.p);
	printf("  signed by    %.*s\n  certificate  %.*s\n", (int)f->subject.n, f->subject.p, (int)f->certificate.n,
		f->certificate.p);
	if (f->reason.n == 0)
		print_evidence(f->detail);
	if (f->reason.n) {
		enum reason r = reason_find((const char *)f->reason.p);

		printf("  reason       %.*s (%.*s)  error id %.*s\n", (int)f->reason.n, f->reason.p,
			(int)f->detail.n, f->detail.p, (int)f->error_id.n, f->error_id.p);
		if (r != REASON_COUNT)
			printf("               %s %s\n", reason_row(r)->title, reason_row(r)->remedy);
	}
	print_stamp(stamps, f);
	printf("  size         %zu octets, this leg took %.3f ms\n", f->size, (double)f->duration_us / 1000.0);
	if (octets && f->octets.n) {
		putchar('\n');
		cli_write(f->octets);
		putchar('\n');
	}
	putchar('\n');
}

static bool each_fact(void *ctx, const struct journal_fact *f)
{
	struct listing *l = ctx;

	l->count++;
	if (l->json)
		json_array_append_new(l->list, fact_json(l->source->node, f, l->octets));
	else if (l->whole)
		print_whole(l->source->node, l->stamps, f, l->octets);
	else
		print_row(l->source->node, f);
	return true;
}

/* The journal's folder, said or taken from the configuration; or all nodes of that. The configuration stays open as long as
 * the source. */
static bool choose_source(const char *directory, bool nodes, const char *config, struct conf **conf, struct cli_source *out)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	struct err e = {0};

	*out = (struct cli_source){.directory = directory};
	if (directory && !nodes)
		return true;
	if (!conf_load(config, conf, problems, &e).ok) {
		cli_fail(&e);
		return false;
	}
	out->conf = *conf;
	out->directory = nodes ? NULL : (*conf)->journal.directory;
	return true;
}

struct reader {
	bool (*each)(void *ctx, const struct journal_fact *f);
	void *ctx;
	struct buf kept[5]; /* what is shown of a fact */
};

static struct bytes hidden(struct buf *copy, struct bytes text)
{
	buf_clear(copy);
	buf_add(copy, text);
	iin_hide((char *)copy->data, copy->len);
	return buf_bytes(copy);
}

/* The journal keeps whose signature it was; who reads it sees so much of it as he asks for. */
static bool each_hidden(void *ctx, const struct journal_fact *f)
{
	struct reader *r = ctx;
	struct journal_fact shown = *f;
	struct bytes *texts[] = {&shown.subject, &shown.detail, &shown.service_id, &shown.sender_id, &shown.message_id};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = hidden(&r->kept[i], *texts[i]);
	return r->each(r->ctx, &shown);
}

static outcome find(struct cli_source *source, const struct journal_filter *filter,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e)
{
	return source->directory ? journal_find(source->directory, filter, each, ctx, e) :
				   cli_nodes_find(source, filter, each, ctx, e);
}

outcome cli_journal_find(struct cli_source *source, const struct journal_filter *filter, bool numbers,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e)
{
	struct reader r = {.each = each, .ctx = ctx};
	outcome found;

	for (size_t i = 0; i < sizeof r.kept / sizeof *r.kept; i++)
		r.kept[i] = BUF(1u << 20);
	found = find(source, filter, numbers ? each : each_hidden, numbers ? ctx : &r, e);
	for (size_t i = 0; i < sizeof r.kept / sizeof *r.kept; i++)
		buf_free(&r.kept[i]);

	if (!found.ok && e->reason == REASON_JOURNAL_DOWN)
		e->reason = REASON_IO;
	return found;
}

int cli_found(const struct cli_source *source, bool some)
{
	if (!some)
		fprintf(stderr, "qaqpa: nothing found\n");
	return source->partial ? CLI_UNAVAILABLE : some ? CLI_DONE : 1;
}

static int list_facts(const struct journal_filter *filter, struct listing *l)
{
	struct err e = {0};
	outcome found;

	l->list = json_array();
	found = cli_journal_find(l->source, filter, l->numbers, each_fact, l, &e);
	if (found.ok && l->json) {
		json_dumpf(l->list, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
		putchar('\n');
	}
	json_decref(l->list);
	return found.ok ? cli_found(l->source, l->count > 0) : cli_fail(&e);
}

static bool time_option(const char *value, int64_t *out)
{
	struct stamp s;

	if (!value)
		return true;
	if (!stamp_parse(bytes_str(value), &s)) {
		fprintf(stderr, "qaqpa: %s is no time; write 2030-01-02T03:04:05+05:00\n", value);
		return false;
	}
	*out = s.ms;
	return true;
}

int cmd_msg(int argc, char **argv)
{
	const char *directory = NULL, *config = "/etc/qaqpa/qaqpa.yaml", *since = NULL, *until = NULL;
	struct journal_filter filter = {0};
	struct cli_source source;
	struct listing l = {.source = &source};
	long limit = 100;
	bool nodes = false;
	const struct cli_option options[] = {
		{"journal", 0, CLI_TEXT, &directory, false, "folder of the journal; else that of the configuration"},
		{"config", 'c', CLI_TEXT, &config, false, "the configuration"},
		{"nodes", 0, CLI_FLAG, &nodes, false, "the journals of all nodes of the configuration, as one"},
		{"message-id", 0, CLI_TEXT, &filter.message_id, false, "facts of this messageId"},
		{"correlation-id", 0, CLI_TEXT, &filter.correlation_id, false, "facts of this correlationId"},
		{"exchange", 0, CLI_TEXT, &filter.exchange, false, "facts of this exchange (sessionId)"},
		{"error-id", 0, CLI_TEXT, &filter.error_id, false, "the fact that a fault spoke of"},
		{"participant", 'p', CLI_TEXT, &filter.participant, false, "facts with this participant"},
		{"service", 's', CLI_TEXT, &filter.service_id, false, "facts of this serviceId"},
		{"sender", 0, CLI_TEXT, &filter.sender_id, false, "facts of this senderId"},
		{"since", 0, CLI_TEXT, &since, false, "not before this time"},
		{"until", 0, CLI_TEXT, &until, false, "not after this time"},
		{"refused", 0, CLI_FLAG, &filter.refused_only, false, "refused ones only"},
		{"octets", 0, CLI_FLAG, &l.octets, false, "with the exact octets"},
		{"numbers", 0, CLI_FLAG, &l.numbers, false, "numbers of persons in full"},
		{"limit", 'n', CLI_NUMBER, &limit, false, "at most so many, newest first (100)"},
		{"output", 'o', CLI_OUTPUT, &l.json, false, "table or json"},
		{0},
	};
	SCOPED(conf_free) struct conf *conf = NULL;
	const char *verb = argc > 1 ? argv[1] : "";
	const int words = strcmp(verb, "find") == 0 || strcmp(verb, "show") == 0 || strcmp(verb, "trace") == 0;
	int first, code = cli_options(cli_command_named("msg"), options, argc - words, argv + words, &first);

	if (code >= 0)
		return code;
	if (!words) {
		fprintf(stderr, "qaqpa msg: say find, show or trace; each takes an exchange, messageId or error id\n");
		return CLI_USAGE;
	}
	l.whole = strcmp(verb, "show") == 0;
	if (first < argc - words) {
		const char *what = argv[words + first];

		if (what[0] == '{')
			filter.exchange = what;
		else if (error_id_is(bytes_str(what)))
			filter.error_id = what;
		else
			filter.message_id = what;
	}
	if (!time_option(since, &filter.since_ms) || !time_option(until, &filter.until_ms))
		return CLI_USAGE;
	filter.limit = (size_t)limit;
	filter.with_octets = l.octets;
	filter.with_sha256 = l.whole || l.json;
	if (!choose_source(directory, nodes, config, &conf, &source))
		return CLI_CONFIG;
	l.stamps = conf && !nodes ? &conf->timestamp : NULL; /* tokens of others lie on their disks */
	return strcmp(verb, "trace") == 0 ? cli_trace(&source, &filter, l.numbers) : list_facts(&filter, &l);
}
