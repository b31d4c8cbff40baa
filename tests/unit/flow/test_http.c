/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HTTP request goes into the right hands: the channel, its documents, health, or a plain refusal. */
#include "../signed.h"
#include "../front/front_rig.h"

#include "flow_int.h"

static const char configuration[] =
	"gateway: {drain: 1s}\n"
	"journal: {directory: journal, free_space: 1MiB}\n"
	"listeners:\n"
	"  - {name: usual, listen: \"127.0.0.1:0\", diagnostics: true}\n"
	"  - {name: named, listen: \"127.0.0.1:0\", sync_path: /other,\n"
	"     public_url: \"https://bus.example/channel\"}\n"
	"keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: " PKI "/gateway.key}]\n"
	"participants:\n"
	"  - {name: department, sender_ids: department_is, certificates: " PKI "/department.crt,\n"
	"     may_call: \"*\"}\n"
	"  - {name: permits, sender_ids: permits_is, certificates: " PKI "/permits.crt}\n"
	"services: [{id: ECHO, provider: permits, endpoint: \"http://127.0.0.1:1/\", deadline: 5s}]\n";

enum { USUAL, NAMED, ADMIN, LISTENERS };

static struct signed_bench bench;
static struct flow *flow;
static struct front *front;

static int setup(void **state)
{
	struct front_listener_options options[LISTENERS];
	struct front_settings settings = {.listeners = options,
		.listener_count = LISTENERS, /* the one beyond those of the configuration is for health */
		.memory_bytes = 64u << 20,
		.handler = flow_on_request};
	struct conf_problems *problems = conf_problems_new();
	struct snapshot *snapshot = NULL;
	struct rig rig; /* for its options */
	struct err e = {.detail = ""};

	(void)state;
	bench_make(&bench);
	rig_init(&rig);
	for (int i = 0; i < LISTENERS; i++)
		options[i] = rig.options;
	bench_file(&bench, "qaqpa.yaml", configuration);
	if (!snapshot_load(bench.path, problems, &snapshot, &e).ok)
		fail_msg("%s", problems->n ? problems->list[0].what : e.detail);
	conf_problems_free(&problems);
	if (!flow_start(snapshot, &flow, &e).ok)
		fail_msg("%s", e.detail);
	settings.ctx = flow;
	if (!front_start(&settings, &front, &e).ok)
		fail_msg("%s", e.detail);
	flow_set_front(flow, front);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	front_stop(&front);
	flow_stop(&flow);
	bench_drop(&bench);
	return 0;
}

static struct client dial(int listener)
{
	return (struct client){.fd = client_dial(front_port(front, (size_t)listener)), .in = BUF(8u << 20)};
}

/* The first line of a request, its fields, and how long its body will be. */
static void put_head(struct buf *text, const char *line, const char *fields, size_t length)
{
	buf_printf(text, "%s HTTP/1.1\r\nHost: gateway.example:99\r\n%s", line, fields);
	if (strncmp(line, "GET", 3) != 0 && strncmp(line, "HEAD", 4) != 0)
		buf_printf(text, "Content-Length: %zu\r\n", length);
	buf_str(text, "\r\n");
}

/* One request, its head lines and its body. Free the body of the answer. */
static struct client_answer ask(int listener, const char *line, const char *fields, struct bytes body)
{
	struct client c = dial(listener);
	struct buf text = BUF(8u << 20);
	struct client_answer a;

	put_head(&text, line, fields, body.n);
	buf_add(&text, body);
	client_send(&c, buf_bytes(&text));
	a = client_read_as(&c, strncmp(line, "HEAD", 4) == 0);
	client_close(&c);
	buf_free(&text);
	return a;
}

#define XML "Content-Type: text/xml; charset=utf-8\r\n"
#define POST "POST /bip-sync-wss-gost/"

/* What is no message but was taken for one gets a fault, with status 500; so 500 means: to the channel. */
static const struct {
	const char *row;
	int listener;
	const char *line, *fields;
	int status;
	const char *body; /* a part of it */
} paths[] = {
	{"a message to the channel", USUAL, POST, XML, 500, "soapenv:Fault"},
	{"a message with a query", USUAL, POST "?x=1", XML, 500, "soapenv:Fault"},
	{"a message to the path of another listener", USUAL, "POST /other", XML, 404, "No channel"},
	{"a message to the named path", NAMED, "POST /other", XML, 500, "soapenv:Fault"},
	{"a message to the usual path where another is named", NAMED, POST, XML, 404, "No channel"},
	{"a path without its last stroke", USUAL, "POST /bip-sync-wss-gost", XML, 404, "No channel"},
	{"a path and more", USUAL, POST "x", XML, 404, "No channel"},
	{"a path in capitals", USUAL, "POST /BIP-SYNC-WSS-GOST/", XML, 404, "No channel"},
	{"the root", USUAL, "GET /", "", 404, "No channel"},
	{"a question without a query", USUAL, "GET /bip-sync-wss-gost/", "", 405, "?wsdl"},
	{"an empty query", USUAL, "GET /bip-sync-wss-gost/?", "", 405, "?wsdl"},
	{"PUT", USUAL, "PUT /bip-sync-wss-gost/", XML, 405, "POST"},
	{"DELETE with a query", USUAL, "DELETE /bip-sync-wss-gost/?wsdl", "", 405, "POST"},
	{"post in small letters is another method", USUAL, "post /bip-sync-wss-gost/", XML, 405, "POST"},
	{"the contract", USUAL, "GET /bip-sync-wss-gost/?wsdl", "", 200,
		"\"http://gateway.example:99/bip-sync-wss-gost/\""},
	{"a part of the contract", USUAL, "GET /bip-sync-wss-gost/?xsd=types", "", 200, "schema"},
	{"the contract where an address is configured", NAMED, "GET /other?wsdl", "", 200,
		"\"https://bus.example/channel\""},
	{"the contract at another path", USUAL, "GET /other?wsdl", "", 404, "No channel"},
	{"a document that does not exist", USUAL, "GET /bip-sync-wss-gost/?wsdl=nothing", "", 404, "Try ?wsdl"},
	{"the head of a document", USUAL, "HEAD /bip-sync-wss-gost/?wsdl", "", 200, ""},
	{"the head of a document that does not exist", USUAL, "HEAD /bip-sync-wss-gost/?x", "", 404, ""},
	{"packed content", USUAL, POST, XML "Content-Encoding: gzip\r\n", 415, "Content-Encoding"},
	{"content packed twice", USUAL, POST, XML "Content-Encoding: identity, gzip\r\n", 415,
		"Content-Encoding"},
	{"content that is not packed, with the word for it", USUAL, POST, XML "Content-Encoding: Identity\r\n",
		500, "soapenv:Fault"},
	{"the process lives", ADMIN, "GET /livez", "", 200, "\"alive\":true"},
	{"it is ready", ADMIN, "GET /readyz", "", 200, "\"ready\":true"},
	{"its state", ADMIN, "GET /status", "", 200, "\"check\":\"journal\",\"ok\":true"},
	{"its figures", ADMIN, "GET /metrics", "", 200, "\nqaqpa_exchanges_open "},
	{"there is no channel where health is asked", ADMIN, POST, XML, 404, "no such page"},
	{"there is no contract where health is asked", ADMIN, "GET /bip-sync-wss-gost/?wsdl", "", 404,
		"no such page"},
	{"there is no health where the channel is", USUAL, "GET /readyz", "", 404, "No channel"},
};

static void check(const char *row, const struct client_answer *a, int status, const char *part)
{
	if (a->status != status || !strstr(buf_cstr(&a->body), part))
		fail_msg("%s: wanted %d with %s, got %d: %s", row, status, part, a->status, buf_cstr(&a->body));
}

static void a_request_goes_where_its_path_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct client_answer a =
			ask(paths[i].listener, paths[i].line, paths[i].fields, BYTES_LIT("<nothing/>"));

		check(paths[i].row, &a, paths[i].status, paths[i].body);
		if (a.status == 405)
			assert_non_null(strstr(a.head, "Allow: POST, GET\r\n"));
		buf_free(&a.body);
	}
}

static void a_query_longer_than_any_document_is_refused(void **state)
{
	struct buf line = BUF(4000);
	struct client_answer a;

	(void)state;
	buf_str(&line, "GET /bip-sync-wss-gost/?wsdl");
	for (int i = 0; i < 400; i++)
		buf_char(&line, '=');
	a = ask(USUAL, buf_cstr(&line), "", BYTES_NONE);
	check("long", &a, 404, "Try ?wsdl");
	buf_free(&a.body);
	buf_free(&line);
}

static const struct {
	const char *row, *type; /* NULL: no such line */
	bool fits;
} types[] = {
	{"the usual one", "text/xml; charset=utf-8", true},
	{"no charset", "text/xml", true},
	{"capital letters", "TEXT/XML; CHARSET=UTF-8", true},
	{"no blank", "text/xml;charset=UTF-8", true},
	{"a blank before the parameters", "text/xml ; charset=utf-8", true},
	{"quotes", "text/xml; charset=\"utf-8\"", true},
	{"application/xml", "application/xml; charset=utf-8", true},
	{"SOAP 1.2's", "application/soap+xml; charset=utf-8; action=\"x\"", true},
	{"another parameter first", "text/xml; x=y; charset=utf-8", true},
	{"another parameter last", "text/xml; charset=utf-8; x=y", true},
	{"parameters without a charset", "text/xml; x=y", true},
	{"none", NULL, false},
	{"an empty one", "", false},
	{"plain text", "text/plain", false},
	{"a form", "application/x-www-form-urlencoded", false},
	{"parts", "multipart/related; type=\"text/xml\"", false},
	{"a longer word", "text/xmlx", false},
	{"a shorter word", "text/xm", false},
	{"another kind of the same beginning", "text/xml-external-parsed-entity", false},
	{"two types", "text/xml, text/plain", false},
	{"another charset", "text/xml; charset=windows-1251", false},
	{"UTF-16", "text/xml; charset=utf-16", false},
	{"a charset of the same beginning", "text/xml; charset=utf-80", false},
	{"a charset cut short", "text/xml; charset=utf", false},
	{"an empty charset", "text/xml; charset=", false},
	{"another charset in quotes", "text/xml; charset=\"koi8-r\"", false},
};

static void a_content_type_fits_or_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct buf field = BUF(1000);
		struct client_answer a;

		if (types[i].type)
			buf_printf(&field, "Content-Type: %s\r\n", types[i].type);
		a = ask(USUAL, POST, buf_cstr(&field), BYTES_LIT("<nothing/>"));
		if (types[i].fits)
			check(types[i].row, &a, 500, "soapenv:Fault");
		else
			check(types[i].row, &a, 415, "Content-Type");
		buf_free(&a.body);
		buf_free(&field);
	}
}

static void a_type_longer_than_any_is_refused(void **state)
{
	struct buf field = BUF(4000);
	struct client_answer a;

	(void)state;
	buf_str(&field, "Content-Type: text/xml; x=");
	for (int i = 0; i < 300; i++)
		buf_char(&field, 'y');
	buf_str(&field, "; charset=utf-8\r\n");
	a = ask(USUAL, POST, buf_cstr(&field), BYTES_LIT("<nothing/>"));
	check("long", &a, 415, "Content-Type");
	buf_free(&a.body);
	buf_free(&field);
}

/* Each time another message. */
static struct bytes signed_request(const char *service_id)
{
	static char id[] = "{00000000-0000-4000-8000-000000000000}";
	struct sync_request r = {.message_id = bytes_str(id),
		.service_id = bytes_str(service_id),
		.date = stamp_now(),
		.sender_id = BYTES_LIT("department_is")};

	id[1]++;
	return bench_request(&bench, "department", &r, "<x/>");
}

static void a_listener_explains_where_it_may(void **state)
{
	struct bytes message = signed_request("NOWHERE");
	struct client_answer open = ask(USUAL, POST, XML, message);
	struct client_answer closed = ask(NAMED, "POST /other", XML, message);

	(void)state;
	check("diagnostics are on", &open, 500, "service.unknown");
	assert_int_equal(closed.status, 500);
	assert_non_null(strstr(buf_cstr(&closed.body), "soapenv:Fault"));
	assert_null(strstr(buf_cstr(&closed.body), "service.unknown"));
	buf_free(&open.body);
	buf_free(&closed.body);
}

/* From here on in their order, for there is no way back. Nobody is at the address of ECHO: taken is what is tried there. */
static void a_leaving_gateway_says_so_and_takes_messages(void **state)
{
	struct client_answer a;

	(void)state;
	flow_leave(flow);
	a = ask(USUAL, POST, XML, signed_request("ECHO"));
	check("message", &a, 500, "provider.connect");
	buf_free(&a.body);
	a = ask(ADMIN, "GET /readyz", "", BYTES_NONE);
	check("ready", &a, 503, "\"check\":\"accepting\",\"ok\":false");
	buf_free(&a.body);
}

static void wait_for_open_requests(size_t wanted)
{
	struct front_counters n;

	do
		front_count(front, &n);
	while (n.open_requests != wanted);
}

static void a_draining_gateway_takes_what_had_begun_to_come(void **state)
{
	struct bytes message = signed_request("ECHO");
	struct client c = dial(USUAL);
	struct buf text = BUF(8u << 20);
	struct client_answer a;

	(void)state;
	wait_for_open_requests(0); /* those of the tests before, which have their answers */
	put_head(&text, POST, XML, message.n);
	client_send(&c, buf_bytes(&text));
	wait_for_open_requests(1);
	flow_drain(flow);
	client_send(&c, message);
	a = client_read_as(&c, false);
	check("begun", &a, 500, "provider.connect");
	buf_free(&a.body);
	buf_free(&text);
	client_close(&c);
}

static void a_draining_gateway_takes_no_message_and_says_so(void **state)
{
	struct client_answer a;

	(void)state;
	a = ask(USUAL, POST, XML, signed_request("ECHO"));
	check("message", &a, fault_row(reason_row(REASON_GATEWAY_STOPPING)->fault)->status, "soapenv:Fault");
	buf_free(&a.body);
	a = ask(ADMIN, "GET /readyz", "", BYTES_NONE);
	check("ready", &a, 503, "\"ready\":false");
	buf_free(&a.body);
	a = ask(ADMIN, "GET /livez", "", BYTES_NONE);
	check("alive", &a, 200, "true");
	buf_free(&a.body);
	a = ask(USUAL, "GET /bip-sync-wss-gost/?wsdl", "", BYTES_NONE);
	check("contract", &a, 200, "definitions");
	buf_free(&a.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_goes_where_its_path_says),
		cmocka_unit_test(a_query_longer_than_any_document_is_refused),
		cmocka_unit_test(a_content_type_fits_or_is_refused),
		cmocka_unit_test(a_type_longer_than_any_is_refused),
		cmocka_unit_test(a_listener_explains_where_it_may),
		cmocka_unit_test(a_leaving_gateway_says_so_and_takes_messages),
		cmocka_unit_test(a_draining_gateway_takes_what_had_begun_to_come),
		cmocka_unit_test(a_draining_gateway_takes_no_message_and_says_so),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
