/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_send - qaqpa send: one signed request to a gateway or a provider, its answer verified. */
#include <stdio.h>

#include "sim/peer.h"

#include "cli/cli_int.h"
#include "cli/cli_json.h"

#define ANSWER_MOST (64u << 20)

struct sending {
	struct peer_options peer;
	const char *service, *attributes, *message_id;
	bool raw, print_message, json;
	long deadline_ms;
};

static void print_json(const struct sim_answer *a)
{
	json_t *o = json_pack("{s:i, s:I, s:s, s:b, s:b, s:s}", "http_status", a->http_status, "duration_us",
		(json_int_t)a->duration_us, "message_id", a->message_id ? a->message_id : "", "fault", a->fault, "verified",
		a->verified != NULL, "signed_by", a->verified ? verified_certificate(a->verified)->subject : "");

	if (a->fault) {
		json_object_set_new(o, "faultcode", text_json(a->fault_info.faultcode));
		json_object_set_new(o, "error_code", text_json(a->fault_info.error_code));
		json_object_set_new(o, "error_message", text_json(a->fault_info.error_message));
		json_object_set_new(o, "error_data", text_json(a->fault_info.error_data));
	} else {
		json_object_set_new(o, "status_code", text_json(a->response.status_code));
		json_object_set_new(o, "status_message", text_json(a->response.status_message));
		json_object_set_new(o, "session_id", text_json(a->response.session_id));
		json_object_set_new(o, "data", text_json(a->payload_text));
	}
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}

static void print_part(const char *label, struct bytes b)
{
	if (b.n)
		printf("%-12s %.*s\n", label, (int)b.n, b.p);
}

static void print_table(const struct sim_answer *a)
{
	printf("%-12s %s, HTTP %d after %.3f ms\n", a->fault ? "fault" : "answer",
		a->verified ? "signature verified" : "NOT signed", a->http_status, (double)a->duration_us / 1000.0);
	if (a->verified)
		printf("%-12s %s\n", "signed by", verified_certificate(a->verified)->subject);
	if (a->message_id)
		printf("%-12s %s\n", "messageId", a->message_id);
	if (a->fault) {
		print_part("code", a->fault_info.error_code);
		print_part("message", a->fault_info.error_message);
		print_part("more", a->fault_info.error_data);
		return;
	}
	print_part("status", a->response.status_code);
	print_part("message", a->response.status_message);
	print_part("sessionId", a->response.session_id);
	print_part("data", a->payload_text);
}

/* 0: SCSS...; 1: the other side refused the business; the reasons of a fault by its class. */
static int answer_code(const struct sim_answer *a)
{
	if (a->fault)
		return a->http_status == 503 ? CLI_TRY_LATER : CLI_BAD_INPUT;
	return a->response.status_code.n >= 4 && memcmp(a->response.status_code.p, "SCSS", 4) == 0 ? CLI_DONE : 1;
}

static int send_raw(struct peer *peer, const struct sending *s, struct bytes message)
{
	SCOPED(buf_free) struct buf answer = BUF(ANSWER_MOST);
	struct err e = {0};
	int status;

	if (!peer_send_raw(peer, message, (int)s->deadline_ms, &answer, &status, &e).ok)
		return cli_fail(&e);
	fprintf(stderr, "HTTP %d\n", status);
	cli_write(buf_bytes(&answer));
	putchar('\n');
	return status == 200 ? CLI_DONE : CLI_BAD_INPUT;
}

static int send_data(struct peer *peer, const struct sending *s, const char *data)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ANSWER_MOST * 4u);
	SCOPED(buf_free) struct buf message = BUF(ANSWER_MOST);
	struct sim_answer a = {0};
	struct err e = {0};

	if (s->print_message) {
		if (!peer_compose(peer, pool, s->service, s->attributes, data, s->message_id, &message, &e).ok)
			return cli_fail(&e);
		cli_write(buf_bytes(&message));
		return CLI_DONE;
	}
	if (!peer_send(peer, pool, s->service, s->attributes, data, s->message_id, (int)s->deadline_ms, &a, &e).ok)
		return cli_fail(&e);
	if (s->json)
		print_json(&a);
	else
		print_table(&a);
	return answer_code(&a);
}

static int send_file(const struct sending *s, const char *path)
{
	SCOPED(peer_free) struct peer *peer = NULL;
	SCOPED(buf_free) struct buf in = BUF(ANSWER_MOST);
	struct err e = {0};

	if (path && !cli_read(path, &in))
		return CLI_BAD_INPUT;
	if (!peer_open(&s->peer, &peer, &e).ok)
		return cli_fail(&e);
	if (s->raw)
		return send_raw(peer, s, buf_bytes(&in));
	return send_data(peer, s, path ? buf_cstr(&in) : NULL);
}

int cmd_send(int argc, char **argv)
{
	struct sending s = {.deadline_ms = 60000};
	const struct cli_option options[] = {
		{"url", 'u', CLI_TEXT, &s.peer.url, false, "where to send"},
		{"service", 's', CLI_TEXT, &s.service, false, "serviceId"},
		{"sender-id", 0, CLI_TEXT, &s.peer.sender_id, false, "senderId"},
		{"password-file", 0, CLI_TEXT, &s.peer.password_file, false, "file whose first line is the password"},
		{"certificate", 0, CLI_TEXT, &s.peer.certificate, true, "own certificate, PEM"},
		{"key", 0, CLI_TEXT, &s.peer.key, true, "own private key, PEM"},
		{"peer-certificate", 0, CLI_TEXT, &s.peer.peer_certificate, true, "the other side's certificate, pinned"},
		{"tls-ca", 0, CLI_TEXT, &s.peer.tls_ca, false, "authority of an https address, PEM"},
		{"data-attributes", 0, CLI_TEXT, &s.attributes, false, "attributes of data, for example xsi:type"},
		{"message-id", 0, CLI_TEXT, &s.message_id, false, "messageId; a new one when absent"},
		{"deadline", 0, CLI_NUMBER, &s.deadline_ms, false, "milliseconds to wait (60000)"},
		{"raw", 0, CLI_FLAG, &s.raw, false, "the file is a whole signed message: send its octets as they are"},
		{"print", 0, CLI_FLAG, &s.print_message, false, "print the signed message instead of sending it"},
		{"output", 'o', CLI_OUTPUT, &s.json, false, "table or json"},
		{0},
	};
	int first, code = cli_options(cli_command_named("send"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	if ((!s.peer.url && !s.print_message) || (!s.raw && (!s.service || !s.peer.sender_id))) {
		fprintf(stderr, "qaqpa send: --url, and --service with --sender-id or --raw, are needed\n");
		return CLI_USAGE;
	}
	return send_file(&s, first < argc ? argv[first] : NULL);
}
