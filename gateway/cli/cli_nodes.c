/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_nodes - all gateways of the configuration are asked at once, each at its admin listener.
 * Promise:  a gateway that does not answer is named; what the others said is never passed off as all.
 * Not here: what is asked (cli_msg_nodes, cli_status_nodes). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "egress/egress.h"
#include "trust/trust.h"

#include "cli/cli_nodes.h"

#define WAIT_MS 30000
#define ANSWER_MOST ((size_t)64 << 20)
#define TOKEN_MOST 512
#define TOKEN_FILE_MOST 65536

struct asking;
struct question {
	struct egress_call call; /* first */
	struct asking *all;
	struct cli_node *node;
	char url[8192], authorization[TOKEN_MOST + 16];
	struct buf body;
	enum egress_kind kind;
	char detail[160];
};

struct asking {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	size_t left;
	struct question *questions;
	size_t n;
};

static void on_answer(struct egress_call *call, struct egress_result *result)
{
	struct question *q = (struct question *)call;

	q->kind = result->kind;
	q->node->status = result->kind == EGRESS_ANSWERED ? result->status : 0;
	memcpy(q->detail, result->detail, sizeof q->detail);
	q->body = result->body;
	pthread_mutex_lock(&q->all->lock);
	q->all->left--;
	pthread_cond_signal(&q->all->answered);
	pthread_mutex_unlock(&q->all->lock);
}

static outcome prepare(struct question *q, const char *page, struct err *e)
{
	const struct conf_node *c = q->node->conf;
	SCOPED(buf_wipe) struct buf token = BUF(TOKEN_FILE_MOST);
	size_t n = strlen(c->url);

	while (n && c->url[n - 1] == '/')
		n--;
	if (c->token_file) {
		TRY(trust_secret_read(c->token_file, &token, e));
		if (token.len > TOKEN_MOST)
			return err_set(e, REASON_CONFIG, "%s: the token is longer than %d characters", c->token_file, TOKEN_MOST);
		snprintf(q->authorization, sizeof q->authorization, "Bearer %s", buf_cstr(&token));
	}
	if ((size_t)snprintf(q->url, sizeof q->url, "%.*s%s", (int)n, c->url, page) >= sizeof q->url)
		return err_set(e, REASON_USAGE, "the question is too long");
	q->call = (struct egress_call){
		.url = q->url,
		.tls_ca = c->tls_ca,
		.tls_certificate = c->tls_certificate,
		.tls_key = c->tls_key,
		.get = true,
		.authorization = c->token_file ? q->authorization : NULL,
		.deadline_ms = WAIT_MS,
		.answer_bytes = ANSWER_MOST,
		.done = on_answer,
	};
	return DONE;
}

/* What a gateway says when it refuses, or the HTTP status. */
static void word_refusal(struct cli_node *node, const json_t *said)
{
	const char *why = json_string_value(json_object_get(said, "error"));

	if (node->status == 404)
		(void)err_set(&node->e, REASON_IO, "it has no such page: is it told to (facts of the section admin)?");
	else
		(void)err_set(&node->e, REASON_IO, "HTTP %d%s%.100s", node->status, why ? ": " : "", why ? why : "");
}

/* A gateway that is not ready says so with 503, and tells the rest all the same. */
static void read_answer(struct question *q)
{
	struct cli_node *node = q->node;
	json_t *said = NULL;

	if (q->kind != EGRESS_ANSWERED) {
		(void)err_set(&node->e, REASON_IO, "%s", q->detail);
		return;
	}
	said = json_loadb((const char *)q->body.data, q->body.len, 0, NULL);
	if (node->status == 200 && said) {
		node->answer = said;
		return;
	}
	if (node->status == 200)
		(void)err_set(&node->e, REASON_IO, "its answer is not understood");
	else
		word_refusal(node, said);
	json_decref(said);
}

static outcome ask_all(struct asking *a, struct err *e)
{
	struct egress *egress = egress_start();

	if (!egress)
		return err_set(e, REASON_MEMORY, "no thread to ask with");
	a->left = a->n;
	for (size_t i = 0; i < a->n; i++)
		egress_submit(egress, &a->questions[i].call);
	pthread_mutex_lock(&a->lock);
	while (a->left)
		pthread_cond_wait(&a->answered, &a->lock);
	pthread_mutex_unlock(&a->lock);
	egress_stop(&egress);
	return DONE;
}

static outcome ask_each(struct asking *a, const char *page, struct cli_node *nodes, struct err *e)
{
	for (size_t i = 0; i < a->n; i++) {
		a->questions[i].all = a;
		a->questions[i].node = &nodes[i];
		TRY(prepare(&a->questions[i], page, e));
	}
	TRY(ask_all(a, e));
	for (size_t i = 0; i < a->n; i++)
		read_answer(&a->questions[i]);
	return DONE;
}

outcome cli_nodes_ask(const struct conf *conf, const char *page, struct cli_node **out, struct err *e)
{
	struct asking a = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER, .n = conf->node_count};
	outcome asked = DONE;

	*out = NULL;
	if (!a.n)
		return err_set(e, REASON_CONFIG, "%s has no list nodes", conf->path);
	a.questions = calloc(a.n, sizeof *a.questions);
	*out = calloc(a.n, sizeof **out);
	if (!a.questions || !*out)
		asked = err_set(e, REASON_MEMORY, "%zu nodes", a.n);
	for (size_t i = 0; asked.ok && i < a.n; i++)
		(*out)[i].conf = &conf->nodes[i];
	if (asked.ok)
		asked = ask_each(&a, page, *out, e);
	for (size_t i = 0; a.questions && i < a.n; i++) {
		buf_free(&a.questions[i].body);
		explicit_bzero(a.questions[i].authorization, sizeof a.questions[i].authorization);
	}
	free(a.questions);
	if (!asked.ok)
		cli_nodes_free(out, a.n);
	return asked;
}

void cli_nodes_free(struct cli_node **nodes, size_t n)
{
	for (size_t i = 0; *nodes && i < n; i++)
		json_decref((*nodes)[i].answer);
	free(*nodes);
	*nodes = NULL;
}

size_t cli_nodes_absent(const struct cli_node *nodes, size_t n)
{
	size_t absent = 0;

	for (size_t i = 0; i < n; i++) {
		if (nodes[i].answer)
			continue;
		fprintf(stderr, "qaqpa: node %s (%s) does not answer: %s\n", nodes[i].conf->name, nodes[i].conf->url,
			nodes[i].e.detail);
		absent++;
	}
	if (absent)
		fprintf(stderr, "qaqpa: the result is partial: %zu of %zu nodes are missing\n", absent, n);
	return absent;
}
