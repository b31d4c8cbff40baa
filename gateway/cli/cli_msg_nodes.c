/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_msg_nodes - the journals of all gateways searched as one: each is asked for its facts, and what they say is merged,
 * newest first (decision 0024).
 * Not here: asking (cli_nodes), the gateway's side (flow_facts.c). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_journal.h"
#include "cli/cli_nodes.h"

#define PAGE_MOST 8000
#define OCTETS_MOST ((size_t)64 << 20)

/* ---- the question ---- */

/* Everything but letters and digits as %XX. */
static void put_escaped(struct buf *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void put_text(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "&%s=", name);
	put_escaped(out, value);
}

static void put_question(struct buf *out, const struct journal_filter *f)
{
	buf_printf(out, "/facts?limit=%zu", f->limit ? f->limit : 1000);
#define PUT_TEXT(field, name) put_text(out, name, f->field);
	JOURNAL_FILTER_TEXTS(PUT_TEXT)
	if (f->since_ms)
		buf_printf(out, "&since=%" PRId64, f->since_ms);
	if (f->until_ms)
		buf_printf(out, "&until=%" PRId64, f->until_ms);
	if (f->refused_only)
		buf_str(out, "&refused=1");
	if (f->with_octets)
		buf_str(out, "&octets=1");
	if (f->with_sha256)
		buf_str(out, "&sha256=1");
}

/* ---- the answers ---- */

static struct bytes text_of(const json_t *o, const char *name)
{
	const json_t *s = json_object_get(o, name);

	return (struct bytes){(const unsigned char *)json_string_value(s), json_string_length(s)};
}

static long long number_of(const json_t *o, const char *name, long long most)
{
	json_int_t n = json_integer_value(json_object_get(o, name));

	return n < 0 || n > most ? 0 : n;
}

static bool read_fact(const json_t *o, struct journal_fact *f, struct buf *octets)
{
	SCOPED(buf_free) struct buf hash = BUF(sizeof f->sha256);
	struct bytes exchange = text_of(o, "exchange"), encoded = text_of(o, "octets");

	*f = (struct journal_fact){
		.id = number_of(o, "id", INT64_MAX),
		.direction = (enum journal_direction)number_of(o, "direction", JOURNAL_SENT),
		.kind = (enum journal_kind)number_of(o, "kind", JOURNAL_FAULT),
		.verdict = (enum journal_verdict)number_of(o, "verdict", JOURNAL_PLAIN),
#define READ_TEXT(field, name) .field = text_of(o, name),
		JOURNAL_FACT_TEXTS(READ_TEXT)
		.duration_us = number_of(o, "duration_us", INT64_MAX),
		.size = (size_t)number_of(o, "size", INT64_MAX),
		.kept = (size_t)number_of(o, "kept", INT64_MAX),
	};
	if (!stamp_parse(text_of(o, "at"), &f->at) || exchange.n >= sizeof f->exchange ||
		!hex_decode(text_of(o, "sha256"), &hash) || hash.len != sizeof f->sha256)
		return false;
	memcpy(f->sha256, hash.data, hash.len);
	if (exchange.n)
		memcpy(f->exchange, exchange.p, exchange.n);
	buf_clear(octets);
	if (encoded.n && !base64_decode(encoded, octets, NULL).ok)
		return false;
	f->octets = buf_bytes(octets);
	return true;
}

/* What one node said, and where the reader is in it. */
struct line {
	struct cli_node *node;
	const json_t *facts;
	size_t next;
	bool there; /* `fact` is the next one */
	struct journal_fact fact;
	struct buf octets;
};

/* On to the next fact. False, and the node did not answer, where it is none. */
static bool advance(struct line *l)
{
	const json_t *o = json_array_get(l->facts, l->next++);

	l->there = o != NULL;
	if (!o || read_fact(o, &l->fact, &l->octets))
		return true;
	l->there = false;
	(void)err_set(&l->node->e, REASON_IO, "its answer is not understood");
	json_decref(l->node->answer);
	l->node->answer = NULL;
	return false;
}

static struct line *newest(struct line *lines, size_t n)
{
	struct line *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (lines[i].there && (!found || lines[i].fact.at.ms > found->fact.at.ms))
			found = &lines[i];
	}
	return found;
}

static void merge(struct cli_source *source, struct line *lines, size_t n, size_t limit,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx)
{
	struct line *l;
	size_t told = 0;

	for (size_t i = 0; i < n; i++)
		(void)(lines[i].node->answer && advance(&lines[i])); /* which one could not is told at the end */
	while ((!limit || told++ < limit) && (l = newest(lines, n))) {
		source->node = l->node->conf->name;
		if (!each(ctx, &l->fact))
			break;
		(void)advance(l);
	}
	source->node = NULL;
}

/* A node that had to leave facts out says so. */
static bool has_more(const struct cli_node *nodes, size_t n)
{
	bool more = false;

	for (size_t i = 0; i < n; i++) {
		if (!json_is_true(json_object_get(nodes[i].answer, "more")))
			continue;
		fprintf(stderr, "qaqpa: node %s found more than it can tell at once; narrow the question\n", nodes[i].conf->name);
		more = true;
	}
	return more;
}

outcome cli_nodes_find(struct cli_source *source, const struct journal_filter *filter,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e)
{
	SCOPED(buf_free) struct buf page = BUF(PAGE_MOST);
	size_t n = source->conf->node_count;
	struct cli_node *nodes;
	struct line *lines;

	put_question(&page, filter);
	if (!buf_ok(&page))
		return err_set(e, REASON_USAGE, "the question is too long");
	TRY(cli_nodes_ask(source->conf, buf_cstr(&page), &nodes, e));
	lines = calloc(n, sizeof *lines);
	if (!lines) {
		cli_nodes_free(&nodes, n);
		return err_set(e, REASON_MEMORY, "%zu nodes", n);
	}
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct line){.node = &nodes[i], .facts = json_object_get(nodes[i].answer, "facts"),
			.octets = BUF(OCTETS_MOST)};
	merge(source, lines, n, filter->limit, each, ctx);
	for (size_t i = 0; i < n; i++)
		buf_free(&lines[i].octets);
	free(lines);
	source->partial = has_more(nodes, n);
	source->partial |= cli_nodes_absent(nodes, n) > 0;
	cli_nodes_free(&nodes, n);
	return DONE;
}
