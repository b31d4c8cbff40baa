/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon_gateway - the gateway as a whole: configuration, flow and front, started, reloaded and stopped in order.
 * Promise:  a new configuration interrupts nobody, and a stop answers what was begun.
 * Spec:     B9 */
#include <stdlib.h>
#include <time.h>

#include "log/log.h"

#include "daemon/daemon_int.h"

struct gateway {
	char *path;
	struct flow *flow;
	struct front *front;
	int drain_ms, drain_delay_ms;
};

static void log_problems(const struct conf_problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct conf_problem *x = &p->list[i];

		log_event(x->warning ? LOG_WARNING : LOG_ERROR, "config.problem",
			LOG_TEXT("file", x->at.file ? x->at.file : ""), LOG_NUM("line", x->at.line),
			LOG_TEXT("what", x->what), LOG_TEXT("remedy", x->remedy ? x->remedy : ""));
	}
}

static void log_repealed(const struct conf *c)
{
	for (size_t i = 0; i < c->service_count; i++) {
		if (c->services[i].repealed)
			log_event(LOG_WARNING, "service.repealed", LOG_TEXT("service", c->services[i].id),
				LOG_TEXT("since", c->services[i].repealed));
	}
}

static struct front_listener_options listener_options(const struct conf_listener *l)
{
	return (struct front_listener_options){
		.name = l->name,
		.host = l->host,
		.port = l->port,
		.tls = (enum front_tls)l->tls,
		.certificate = l->certificate,
		.key = l->key,
		.client_ca = l->client_ca,
		.head_bytes = l->limits.head_bytes,
		.body_bytes = l->limits.body_bytes,
		.head_ms = l->limits.head_ms,
		.body_ms = l->limits.body_ms,
		.idle_ms = l->limits.idle_ms,
		.write_ms = l->limits.write_ms,
		.handshake_ms = l->limits.handshake_ms,
		.proxies = l->proxies.name,
		.proxy_count = l->proxies.n,
		.connections = l->limits.connections,
		.connections_per_address = l->limits.connections_per_address,
		.requests_per_address = l->limits.requests_per_address,
		.share_per_address = l->limits.share_per_address,
		.refused_work = l->limits.refused_work,
	};
}

static struct front_listener_options admin_options(const struct conf *c)
{
	return (struct front_listener_options){
		.name = "admin", .host = c->admin.host, .port = c->admin.port, .tls = (enum front_tls)c->admin.tls,
		.certificate = c->admin.certificate, .key = c->admin.key, .client_ca = c->admin.client_ca,
		.head_bytes = 8192, .body_bytes = 0,
		.head_ms = 5000, .body_ms = 5000, .idle_ms = 30000, .write_ms = 5000, .handshake_ms = 5000, .connections = 64,
	};
}

/* The admin listener, when there is one, comes last: flow knows it by an index beyond the configured ones. */
static outcome start_front(struct gateway *g, const struct conf *c, struct err *e)
{
	size_t n = c->listener_count;
	struct front_listener_options *options = calloc(n + 1, sizeof *options);
	struct front_settings settings = {
		.listeners = options,
		.listener_count = n + (c->admin.host != NULL),
		.memory_bytes = c->memory_bytes,
		.handler = flow_on_request,
		.ctx = g->flow,
	};
	outcome started;

	if (!options)
		return err_set(e, REASON_MEMORY, "no memory to start");
	for (size_t i = 0; i < n; i++)
		options[i] = listener_options(&c->listeners[i]);
	if (c->admin.host)
		options[n] = admin_options(c);
	started = front_start(&settings, &g->front, e);
	free(options);
	if (started.ok)
		flow_set_front(g->flow, g->front);
	return started;
}

static outcome start_parts(struct gateway *g, const char *conf_path, struct err *e)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	struct snapshot *first;
	const struct conf *c;
	enum log_level level;
	outcome loaded;

	if (!problems)
		return err_set(e, REASON_MEMORY, "no memory to start");
	if (!clock_zone("Asia/Almaty")) /* the calendar is read by it; the configuration names another one if need be */
		log_event(LOG_WARNING, "config.zone", LOG_TEXT("zone", "Asia/Almaty"));
	loaded = snapshot_load(conf_path, problems, &first, e);
	log_problems(problems);
	TRY(loaded);
	c = snapshot_conf(first);
	if (!clock_zone(c->zone))
		log_event(LOG_WARNING, "config.zone", LOG_TEXT("zone", c->zone));
	if (log_level_named(c->log_level, &level))
		log_set_level(level);
	log_repealed(c);
	g->drain_ms = c->drain_ms;
	g->drain_delay_ms = c->drain_delay_ms;
	if (!process_confine_writes(CONFINE_GATEWAY, c, e).ok) {
		snapshot_drop(&first);
		return FAILED;
	}
	TRY(flow_start(first, &g->flow, e)); /* the flow keeps the snapshot as long as it is current */
	TRY(start_front(g, c, e));
	return process_confine_calls(CONFINE_GATEWAY, c, e);
}

outcome gateway_start(const char *conf_path, struct gateway **out, struct err *e)
{
	struct gateway *g = calloc(1, sizeof *g);

	if (!g || !(g->path = strdup(conf_path))) {
		free(g);
		return err_set(e, REASON_MEMORY, "no memory to start");
	}
	if (!start_parts(g, conf_path, e).ok) {
		gateway_stop(&g);
		return FAILED;
	}
	*out = g;
	return DONE;
}

void gateway_config_hash(const struct gateway *g, char out[CONF_HASH])
{
	flow_config_hash(g->flow, out);
}

void gateway_reload(struct gateway *g)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(snapshot_drop) struct snapshot *next = NULL;
	char hash[CONF_HASH];
	struct err e = {0};

	if (!problems)
		return;
	if (snapshot_load(g->path, problems, &next, &e).ok && front_reload_tls(g->front, &e).ok) {
		log_repealed(snapshot_conf(next));
		flow_swap(g->flow, next, problems);
		next = NULL; /* the flow has the reference */
	}
	log_problems(problems);
	flow_config_hash(g->flow, hash);
	if (e.reason != REASON_NONE || problems->errors)
		log_event(LOG_ERROR, "config.reload", LOG_TEXT("result", "kept the old configuration"),
			LOG_TEXT("config_hash", hash), LOG_TEXT("detail", e.detail));
	else
		log_event(LOG_INFO, "config.reload", LOG_TEXT("result", "new configuration in use"), LOG_TEXT("config_hash", hash));
}

/* Whoever distributes requests learns from /readyz that none shall come any more, and meanwhile nobody is refused. */
static void leave(struct gateway *g)
{
	struct timespec delay = {g->drain_delay_ms / 1000, g->drain_delay_ms % 1000 * 1000000L};

	if (!g->flow || !g->front || g->drain_delay_ms == 0)
		return;
	flow_leave(g->flow);
	front_leave(g->front);
	log_event(LOG_INFO, "gateway.leaving", LOG_NUM("ms", g->drain_delay_ms));
	while (nanosleep(&delay, &delay) != 0)
		;
}

size_t gateway_stop(struct gateway **gp)
{
	struct gateway *g = *gp;
	int64_t until_us;
	size_t cut = 0;

	if (!g)
		return 0;
	*gp = NULL;
	leave(g);
	until_us = mono_us() + g->drain_ms * INT64_C(1000);
	if (g->flow) {
		flow_drain(g->flow);
		log_event(LOG_INFO, "gateway.stopping", LOG_TEXT("how", "draining")); /* from here on nothing new is taken */
	}
	if (g->front)
		cut = front_drain(g->front, g->drain_ms);
	if (g->flow)
		flow_rest(g->flow, until_us); /* a call that is cut off may have been obeyed: nobody could say */
	front_stop(&g->front);
	flow_stop(&g->flow);
	free(g->path);
	free(g);
	return cut;
}
