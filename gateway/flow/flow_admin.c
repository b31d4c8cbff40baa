/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_admin - health: alive (the process turns), ready (it can accept and prove), status and metrics. */
#include <strings.h>

#include "timestamp/timestamp.h"

#include "flow/flow_int.h"

static void put_check(struct buf *json, const char *name, bool ok, const char *detail)
{
	buf_printf(json, "%s{\"check\":\"%s\",\"ok\":%s,\"detail\":\"", json->data[json->len - 1] == '[' ? "" : ",", name,
		ok ? "true" : "false");
	buf_json(json, bytes_str(detail));
	buf_str(json, "\"}");
}

/* A real signature and its digest, so that ready means able to sign. */
static bool keys_work(const struct snapshot *s, struct err *e)
{
	for (size_t i = 0; i < s->conf->key_count; i++) {
		SCOPED(buf_free) struct buf value = BUF(4096);
		const struct trust_key *key = trust_key_named(s->trust, s->conf->keys[i].name);

		if (!trust_sign(key, key->usual, BYTES_LIT("self-test"), &value, e).ok)
			return false;
	}
	return true;
}

bool flow_health(struct flow *f, struct buf *json)
{
	SCOPED(snapshot_drop) struct snapshot *s = flow_snapshot(f);
	struct err e = {0};
	bool leaving = __atomic_load_n(&f->leaving, __ATOMIC_RELAXED);
	bool journal = journal_healthy(f->journal, &e);
	struct err key_error = {0};
	bool keys = keys_work(s, &key_error);
	struct err queue_error = {0};
	bool queue = !f->queue || queue_healthy(f->queue, &queue_error);
	struct err status_error = {0};
	bool statuses = flow_statuses(f, s, &status_error); /* what it means is the profiles' business */
	bool ready = !leaving && journal && keys; /* without the queue synchronous services still work */

	buf_printf(json, "{\"ready\":%s,\"checks\":[", ready ? "true" : "false");
	put_check(json, "accepting", !leaving, leaving ? "the gateway is stopping" : "");
	put_check(json, "journal", journal, journal ? "" : e.detail);
	put_check(json, "keys", keys, keys ? "" : key_error.detail);
	if (f->queue)
		put_check(json, "queue", queue, queue ? "" : queue_error.detail);
	if (f->revocation)
		put_check(json, "revocation", statuses, statuses ? "" : status_error.detail);
	buf_printf(json, "],\"config_hash\":\"%s\",\"uptime_s\":%lld,\"open\":%zu,\"in_flight\":%zu,", s->conf->hash,
		(long long)((mono_us() - f->started_us) / 1000000), flow_open_exchanges(f), egress_in_flight(f->egress));
	buf_printf(json, "\"answered\":%llu,\"replayed\":%llu,\"faulted\":%llu}\n", (unsigned long long)f->answered,
		(unsigned long long)f->replayed, (unsigned long long)f->faulted);
	return ready;
}

void flow_config_hash(struct flow *f, char out[CONF_HASH])
{
	SCOPED(snapshot_drop) struct snapshot *s = flow_snapshot(f);

	memcpy(out, s->conf->hash, CONF_HASH);
}

static void put_metric(struct buf *out, const char *name, const char *type, const char *help, unsigned long long value)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, value);
}

static void put_one_put_off(struct buf *out, const char *why, unsigned long long n)
{
	buf_printf(out, "qaqpa_put_off_total{why=\"%s\"} %llu\n", why, n);
}

/* Everybody who was told to come back later, by why: the reasons of that fault, and the bounds of the front. */
static void put_put_off(const struct flow *f, const struct front_counters *c, struct buf *out)
{
	buf_str(out, "# HELP qaqpa_put_off_total Callers told to come back later, by reason.\n"
		     "# TYPE qaqpa_put_off_total counter\n");
	put_one_put_off(out, "address.memory", c->put_off_memory);
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const struct reason_row *row = reason_row(r);
		uint64_t n = r == REASON_ADDRESS_REQUESTS ? c->put_off_requests
			: r == REASON_ADDRESS_WORK ? c->put_off_work : __atomic_load_n(&f->refused_for[r], __ATOMIC_RELAXED);

		if (row->fault == FAULT_BUSY)
			put_one_put_off(out, row->name, n);
	}
}

/* Nodes that shall run the same configuration show the same label. */
static void put_config(struct flow *f, struct buf *out)
{
	char hash[CONF_HASH];

	flow_config_hash(f, hash);
	buf_printf(out, "# HELP qaqpa_config_info The configuration in force, by its hash.\n# TYPE qaqpa_config_info gauge\n"
			"qaqpa_config_info{hash=\"%s\"} 1\n", hash);
}

static void put_metrics(struct flow *f, struct buf *out)
{
	struct front_counters c = {0};

	if (f->front)
		front_count(f->front, &c);
	put_metric(out, "qaqpa_messages_answered_total", "counter", "Messages answered by the provider.", f->answered);
	put_metric(out, "qaqpa_messages_replayed_total", "counter", "Messages given the first answer again.", f->replayed);
	put_metric(out, "qaqpa_messages_faulted_total", "counter", "Messages answered with a fault.", f->faulted);
	put_metric(out, "qaqpa_exchanges_open", "gauge", "Exchanges not answered yet.", flow_open_exchanges(f));
	put_metric(out, "qaqpa_calls_in_flight", "gauge", "Calls waiting for providers.", egress_in_flight(f->egress));
	put_metric(out, "qaqpa_connections", "gauge", "Open connections.", c.connections);
	put_metric(out, "qaqpa_connections_accepted_total", "counter", "Connections accepted.", c.accepted);
	put_metric(out, "qaqpa_connections_refused_total", "counter", "Connections refused at a limit.",
		c.refused_connections);
	put_metric(out, "qaqpa_http_requests_total", "counter", "Complete HTTP requests.", c.requests);
	put_metric(out, "qaqpa_http_refused_total", "counter", "HTTP requests refused by framing or limits.",
		c.refused_requests);
	put_metric(out, "qaqpa_http_timeouts_total", "counter", "Connections closed at a deadline.", c.timeouts);
	put_metric(out, "qaqpa_tls_failures_total", "counter", "TLS handshakes that failed.", c.tls_failures);
	if (f->stamps)
		put_metric(out, "qaqpa_timestamps_waiting", "gauge", "Messages whose time-stamp has not come yet.",
			timestamp_waiting(f->stamps));
	put_config(f, out);
	put_put_off(f, &c, out);
	put_metric(out, "qaqpa_buffered_bytes", "gauge", "Octets buffered for requests and answers.", c.memory);
}

/* Facts are told to whoever proved who he is; the listener has the TLS it was started with. */
static bool tells_facts(struct flow *f, const struct front_request *request)
{
	SCOPED(snapshot_drop) struct snapshot *s = flow_snapshot(f);

	return s->conf->admin.facts && (s->token.len || request->client_certificate.n);
}

/* Does the question bring the token, where one is asked for? */
static bool may_ask(struct flow *f, const struct front_request *request)
{
	static const char scheme[] = "Bearer ";
	SCOPED(snapshot_drop) struct snapshot *s = flow_snapshot(f);
	struct bytes said = request->authorization;

	if (!s->token.len)
		return true;
	return said.n > sizeof scheme - 1 && strncasecmp((const char *)said.p, scheme, sizeof scheme - 1) == 0 &&
		bytes_eq_secret(bytes_trim(bytes_sub(said, sizeof scheme - 1, said.n), " "), buf_bytes(&s->token));
}

void flow_admin_answer(struct flow *f, struct front_request *request)
{
	SCOPED(buf_free) struct buf out = BUF(64u << 10);
	struct front_answer a = {.status = 200, .content_type = "application/json"};

	if (!may_ask(f, request)) {
		a.status = 401;
		a.authenticate = "Bearer";
		buf_str(&out, "{\"error\":\"a token is needed\"}\n");
	} else if (bytes_is(request->path, "/livez")) {
		buf_str(&out, "{\"alive\":true}\n");
	} else if (bytes_is(request->path, "/facts") && tells_facts(f, request)) {
		flow_facts_answer(f, request);
		return;
	} else if (bytes_is(request->path, "/readyz")) {
		a.status = flow_health(f, &out) ? 200 : 503;
	} else if (bytes_is(request->path, "/status")) {
		flow_health(f, &out);
	} else if (bytes_is(request->path, "/metrics")) {
		a.content_type = "text/plain; version=0.0.4";
		put_metrics(f, &out);
	} else {
		a.status = 404;
		buf_str(&out, "{\"error\":\"no such page\"}\n");
	}
	a.body = buf_bytes(&out);
	front_respond(request, &a);
}
