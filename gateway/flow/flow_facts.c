/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_facts - the facts of this gateway's journal for an operator who asks several gateways at once (qaqpa msg --nodes).
 * Promise:  told on the admin listener alone, where the configuration says so, to whoever proved who he is; no message waits
 *           for a question: a thread of its own reads, one question after the other.
 * Not here: who may ask (flow_admin.c); how the answers of several gateways become one (cli). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "log/log.h"

#include "flow/flow_int.h"

#define FACTS_MOST 10000u
#define ANSWER_MOST (16u << 20) /* octets of an answer; what does not fit is said to be missing */
#define WAITING_MOST 16u        /* questions behind the one that is read for */
#define RETRY_AFTER_S 5

struct question {
	struct work_item work; /* first */
	struct flow *flow;
	struct front_request *http;
	struct journal_filter filter;
	struct buf out;
	size_t count;
	bool more;
	char text[]; /* the query, taken apart */
};

/* ---- the query: name=value, joined by &, with %XX ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. False when a % is not followed by two digits, or hides a NUL. */
static bool decode(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (*c != '%') {
			*to++ = *c;
			continue;
		}
		if (digit(c[1]) < 0 || digit(c[2]) < 0 || (c[1] == '0' && c[2] == '0'))
			return false;
		*to++ = (char)(digit(c[1]) * 16 + digit(c[2]));
		c += 2;
	}
	*to = 0;
	return true;
}

static bool number(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *out >= 0;
}

static bool set_word(struct journal_filter *f, const char *name, const char *value)
{
#define TEXT_OF(field, its_name) {its_name, &f->field},
	const struct {
		const char *name;
		const char **to;
	} texts[] = {JOURNAL_FILTER_TEXTS(TEXT_OF)};
	int64_t n;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (strcmp(name, texts[i].name) != 0)
			continue;
		*texts[i].to = value;
		return true;
	}
	if (!number(value, &n))
		return false;
	if (strcmp(name, "since") == 0)
		f->since_ms = n;
	else if (strcmp(name, "until") == 0)
		f->until_ms = n;
	else if (strcmp(name, "refused") == 0)
		f->refused_only = n > 0;
	else if (strcmp(name, "octets") == 0)
		f->with_octets = n > 0;
	else if (strcmp(name, "sha256") == 0)
		f->with_sha256 = n > 0;
	else if (strcmp(name, "limit") == 0 && n > 0)
		f->limit = n > FACTS_MOST ? FACTS_MOST : (size_t)n;
	else
		return false;
	return true;
}

static bool read_query(struct question *q)
{
	char *rest = q->text, *part;

	while ((part = strsep(&rest, "&"))) {
		char *value = strchr(part, '=');

		if (!*part)
			continue;
		if (!value)
			return false;
		*value++ = 0;
		if (!decode(part) || !decode(value) || !set_word(&q->filter, part, value))
			return false;
	}
	return true;
}

/* ---- the answer ---- */

static void put_text(struct buf *out, const char *name, struct bytes value)
{
	if (!value.n)
		return;
	buf_printf(out, ",\"%s\":\"", name);
	buf_json(out, value);
	buf_str(out, "\"");
}

static void put_fact(struct buf *out, const struct journal_fact *f)
{
	char at[STAMP_TEXT];

	stamp_print(f->at, at);
	buf_printf(out, "{\"id\":%" PRId64 ",\"at\":\"%s\",\"exchange\":\"%s\",\"direction\":%d,\"kind\":%d,\"verdict\":%d",
		f->id, at, f->exchange, (int)f->direction, (int)f->kind, (int)f->verdict);
#define PUT_TEXT(field, name) put_text(out, name, f->field);
	JOURNAL_FACT_TEXTS(PUT_TEXT)
	buf_printf(out, ",\"duration_us\":%" PRId64 ",\"size\":%zu,\"kept\":%zu,\"sha256\":\"", f->duration_us, f->size,
		f->kept);
	buf_hex(out, (struct bytes){f->sha256, sizeof f->sha256});
	if (f->octets.n) {
		buf_str(out, "\",\"octets\":\"");
		buf_base64(out, f->octets);
	}
	buf_str(out, "\"}");
}

/* A fact that does not fit is taken out again, and the answer says that more was found. */
static bool each_fact(void *ctx, const struct journal_fact *f)
{
	struct question *q = ctx;
	size_t before = q->out.len;

	if (q->count)
		buf_char(&q->out, ',');
	put_fact(&q->out, f);
	q->count++;
	if (buf_ok(&q->out) && q->out.len < ANSWER_MOST)
		return true;
	q->out.len = before;
	q->out.failed = false;
	q->count--;
	q->more = true;
	return false;
}

static void refuse(struct front_request *http, int status, const char *words)
{
	SCOPED(buf_free) struct buf out = BUF(4096);
	struct front_answer a = {.status = status, .content_type = "application/json",
		.retry_after_s = status == 503 ? RETRY_AFTER_S : 0};

	buf_str(&out, "{\"error\":\"");
	buf_json(&out, bytes_str(words));
	buf_str(&out, "\"}\n");
	a.body = buf_bytes(&out);
	front_respond(http, &a);
}

static void facts_run(struct work_item *item)
{
	struct question *q = (struct question *)item;
	SCOPED(snapshot_drop) struct snapshot *s = flow_snapshot(q->flow);
	struct front_answer a = {.status = 200, .content_type = "application/json"};
	struct err e;

	buf_printf(&q->out, "{\"config_hash\":\"%s\",\"facts\":[", s->conf->hash);
	log_event(LOG_INFO, "facts.asked", LOG_TEXT("peer", q->http->peer));
	if (journal_find(q->flow->journal_folder, &q->filter, each_fact, q, &e).ok) {
		buf_printf(&q->out, "],\"more\":%s}\n", q->more ? "true" : "false");
		a.body = buf_bytes(&q->out);
		front_respond(q->http, &a);
	} else {
		refuse(q->http, 500, e.detail);
	}
	buf_free(&q->out);
	free(q);
}

void flow_facts_answer(struct flow *f, struct front_request *http)
{
	struct question *q = calloc(1, sizeof *q + http->query.n + 1);

	if (!q || work_waiting(f->readers) > WAITING_MOST) {
		free(q);
		refuse(http, 503, "too many questions at once; ask later");
		return;
	}
	memcpy(q->text, http->query.p, http->query.n);
	q->work.run = facts_run;
	q->flow = f;
	q->http = http;
	q->filter.limit = FACTS_MOST;
	q->out = BUF(ANSWER_MOST + 4096);
	if (memchr(http->query.p, 0, http->query.n) || !read_query(q)) {
		free(q);
		refuse(http, 400, "the question is not understood: name=value, joined by &");
		return;
	}
	work_put(f->readers, &q->work);
}
