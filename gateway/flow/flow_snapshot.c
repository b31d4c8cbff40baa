/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_snapshot - a configuration with all it names loaded, checked as a whole before anybody uses it. */
#include <stdlib.h>

#include "timestamp/timestamp.h"

#include "base/memory.h"
#include "flow/flow_int.h"

#define TOKEN_OCTETS 65536 /* of the file */
#define TOKEN_LEAST 16     /* characters */

struct snapshot *snapshot_keep(struct snapshot *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

void snapshot_drop(struct snapshot **sp)
{
	struct snapshot *s = *sp;

	if (!s)
		return;
	*sp = NULL;
	if (__atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; s->services && i < s->conf->service_count; i++) {
		schema_free(&s->services[i].schema);
		schema_free(&s->services[i].answer_schema);
		demand_free(&s->services[i].demand);
		places_free(&s->services[i].places);
	}
	free(s->services);
	free(s->participants);
	trust_free(&s->trust);
	calendar_free(&s->calendar);
	buf_wipe(&s->token);
	conf_free(&s->conf);
	free(s);
}

struct service_state *snapshot_service(const struct snapshot *s, const struct conf_service *service)
{
	return &s->services[service - s->conf->services];
}

const struct trust_key *snapshot_key(const struct snapshot *s, const struct conf_participant *towards)
{
	return trust_key_at(s->trust, towards->key->name, stamp_now().ms);
}

struct sign_options snapshot_sign_options(const struct conf_participant *towards, const struct trust_key *key)
{
	const char *algorithm = towards->profile->sign_algorithm;

	return (struct sign_options){
		.key = key,
		.form = towards->profile->sign,
		.signature = algorithm ? signature_by_name(algorithm) : SIGNATURE_COUNT,
	};
}

outcome snapshot_sign(struct pool *pool, const struct conf_participant *towards, const struct trust_key *key,
	struct bytes message, struct buf *out, struct err *e)
{
	struct sign_options options = snapshot_sign_options(towards, key);

	return security_sign(pool, message, &options, out, e);
}

const struct conf *snapshot_conf(const struct snapshot *s)
{
	return s->conf;
}

struct trust *snapshot_trust(const struct snapshot *s)
{
	return s->trust;
}

static void load_schema(const struct conf_service *service, const char *path, struct schema **out,
	struct conf_problems *problems)
{
	struct err e;

	if (path && !schema_load(path, out, &e).ok)
		conf_problem_add(problems, service->at, false, "Correct the schema or its path.", "schema of service %s: %s",
			service->id, e.detail);
}

static void load_demand(const struct conf_service *service, struct demand **out, struct conf_problems *problems)
{
	struct err e;

	if (!demand_new(service, out, &e).ok)
		conf_problem_add(problems, service->at, false, "Correct the demands of the service.", "demands of service %s: %s",
			service->id, e.detail);
}

static void load_calendar(struct snapshot *s, struct conf_problems *problems)
{
	struct err e;

	if (s->conf->calendar && !calendar_load(s->conf->calendar, &s->calendar, &e).ok)
		conf_problem_add(problems, (struct conf_at){s->conf->path, 1}, false, "Correct the folder of working days.",
			"calendar: %s", e.detail);
}

/* The replay memory is as long as the journal keeps days. */
static void check_window(const struct conf *c, struct conf_problems *problems)
{
	int64_t kept_ms = (int64_t)c->journal.retention_days * 86400000;

	for (size_t i = 0; i < c->profile_count; i++) {
		const struct conf_profile *p = &c->profiles[i];

		if ((int64_t)p->max_age_ms + p->skew_ms > kept_ms)
			conf_problem_add(problems, p->at, false, "Make retention longer or max_age shorter.",
				"profile %s accepts messages older than the journal is kept (%d days)", p->name,
				c->journal.retention_days);
	}
}

/* A queue is rebuilt from the journal, so the journal must outlast what waits. */
static void check_life(const struct conf *c, struct conf_problems *problems)
{
	int64_t kept_ms = (int64_t)c->journal.retention_days * 86400000;

	for (size_t i = 0; conf_has_queue(c) && i < c->retry_count; i++) {
		const struct conf_retry *r = &c->retries[i];

		if (r->expire_after_ms == 0 || r->expire_after_ms > kept_ms)
			conf_problem_add(problems, r->at, false, "Make retention longer or expire_after shorter.",
				"policy %s lets messages wait longer than the journal is kept (%d days)", r->name,
				c->journal.retention_days);
	}
}

/* An algorithm that a profile names must fit the key towards the participant, and those that will follow the key. */
static void check_algorithm(const struct snapshot *s, const struct conf_participant *p, struct conf_problems *problems)
{
	const char *name = p->profile->sign_algorithm;

	for (const struct conf_key *k = p->key; name && k; k = k->successor) {
		const struct trust_key *key = trust_key_named(s->trust, k->name);

		if (key && signature_row(signature_by_name(name))->key != key->key_kind)
			conf_problem_add(problems, p->at, false, "Name an algorithm that fits the key, or none.",
				"participant %s: the key %s cannot make %s, which profile %s names", p->name, k->name, name,
				p->profile->name);
	}
}

static void check_stamps(const struct conf *c, struct conf_problems *problems)
{
	const struct conf_names *files = &c->timestamp.authorities;
	struct conf_at at = {c->path, 1};
	struct err e;

	if (c->timestamp.directory && !timestamp_authorities(files->name, files->n, &e).ok)
		conf_problem_add(problems, at, false, "Correct the list authorities of the section timestamp.", "timestamp: %s",
			e.detail);
}

static void load_token(struct snapshot *s, struct conf_problems *problems)
{
	const char *file = s->conf->admin.token_file;
	struct conf_at at = {s->conf->path, 1};
	struct err e;

	s->token = BUF(TOKEN_OCTETS);
	if (file && !trust_secret_read(file, &s->token, &e).ok)
		conf_problem_add(problems, at, false, "Correct the file of the token.", "admin: %s", e.detail);
	else if (file && s->token.len < TOKEN_LEAST)
		conf_problem_add(problems, at, false, "Make a longer one: openssl rand -hex 32.",
			"admin: the token has fewer than %d characters", TOKEN_LEAST);
}

static struct queue_policy policy_of(const struct conf_retry *r)
{
	return (struct queue_policy){
		.name = r->name,
		.initial_ms = r->initial_ms,
		.max_interval_ms = r->max_interval_ms,
		.expire_after_ms = r->expire_after_ms,
		.factor = r->factor,
		.jitter_percent = r->jitter_percent,
		.max_attempts = r->max_attempts,
	};
}

static outcome load_parts(struct snapshot *s, struct conf_problems *problems, struct err *e)
{
	size_t n = s->conf->service_count;

	s->services = calloc(n + 1, sizeof *s->services);
	s->participants = calloc(s->conf->participant_count + 1, sizeof *s->participants);
	if (!s->services || !s->participants)
		return err_set(e, REASON_MEMORY, "no memory for the services");
	for (size_t i = 0; i < s->conf->participant_count; i++) {
		if (s->conf->participants[i].async.retry)
			s->participants[i].retry = policy_of(s->conf->participants[i].async.retry);
	}
	check_window(s->conf, problems);
	check_life(s->conf, problems);
	check_stamps(s->conf, problems);
	load_calendar(s, problems);
	load_token(s, problems);
	s->trust = trust_load(s->conf, problems);
	for (size_t i = 0; s->trust && i < s->conf->participant_count; i++)
		check_algorithm(s, &s->conf->participants[i], problems);
	for (size_t i = 0; i < n; i++) {
		const struct conf_service *service = &s->conf->services[i];

		load_schema(service, service->schema, &s->services[i].schema, problems);
		load_schema(service, service->answer_schema, &s->services[i].answer_schema, problems);
		load_demand(service, &s->services[i].demand, problems);
		adapters_load(s->conf, service, &s->services[i], problems);
		s->services[i].places = places_new((size_t)service->in_flight, s->conf->participant_count);
		if (!s->services[i].places)
			return err_set(e, REASON_MEMORY, "no memory for the services");
		if (service->retry)
			s->services[i].retry = policy_of(service->retry);
	}
	if (!s->trust || problems->errors)
		return err_set(e, REASON_CONFIG, "%zu problems", problems->errors);
	return DONE;
}

static outcome load(const char *conf_path, struct conf_problems *problems, struct snapshot **out, struct err *e)
{
	SCOPED(snapshot_drop) struct snapshot *s = calloc(1, sizeof *s);

	if (!s)
		return err_set(e, REASON_MEMORY, "no memory for the configuration");
	s->references = 1;
	TRY(conf_load(conf_path, &s->conf, problems, e));
	TRY(load_parts(s, problems, e));
	*out = s;
	s = NULL;
	return DONE;
}

outcome snapshot_load(const char *conf_path, struct conf_problems *problems, struct snapshot **out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, load(conf_path, problems, out, e), e);
}
