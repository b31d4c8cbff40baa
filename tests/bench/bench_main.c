/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_main - one measured case; prints one row of tab-separated figures. See ./bench. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

#include "bench_int.h"

#define PRICE_SECONDS 0.6

struct options {
	int port, pid, provider_port, delay_ms, connections, idle;
	size_t payload, messages;
	enum conf_form form; /* of the signatures */
	double rate;
	bool late;   /* the provider comes after the load: acceptances first, then how fast they drain */
	bool direct; /* to the provider, past the gateway: what the load and the provider take by themselves */
	const char *service, *certificate, *key, *provider_certificate, *provider_key;
};

/* The price is measured before and after: the speed of a machine that others use wanders. */
static void print_row(const struct options *o, const struct bench_run *r, double cpu, const struct bench_price prices[2])
{
	double each = cpu > 0 ? (double)r->answered / cpu : 0;
	double price = (prices[0].signatures + prices[1].signatures) / 2;
	double whole = price + (prices[0].digests + prices[1].digests) / 2;

	printf("%zu\t%d\t%d\t%zu\t%zu\t%.1f\t%.1f\t%.3f\t%.3f\t%.1f\t%.1f\t%.3f\t%.1f\t%.3f\t%.3f\n", o->payload, o->connections,
		o->idle, r->answered, r->failed, (double)r->answered / r->seconds, each, bench_times_ms(&r->times, 50),
		bench_times_ms(&r->times, 99), bench_peak_mb(o->pid), bench_now_mb(o->pid), each * price, price * 1e6,
		bench_times_ms(&r->times, 99.9), each * whole);
}

/* Acceptances are on disk and in the queue; now the receiver appears. */
static outcome drain(const struct options *o, const struct bench_run *r, struct bytes answer, struct err *e)
{
	struct bench_provider *provider = bench_provider_start(o->provider_port, answer, 0);
	double cpu = bench_cpu_seconds(o->pid), seconds;
	int64_t start = 0, stall = mono_us();
	size_t count = 0;

	if (!provider)
		return err_set(e, REASON_IO, "the provider cannot listen on port %d", o->provider_port);
	while (count < r->answered && mono_us() - stall < 120000000) {
		size_t now = bench_provider_count(provider);

		if (now && !start) /* the wait for the next try is not part of the rate */
			start = mono_us();
		if (now != count)
			stall = mono_us();
		count = now;
		usleep(500);
	}
	seconds = (double)(mono_us() - start) / 1e6;
	printf("%zu\t%zu\t%.1f\t%.1f\t%.1f\n", o->payload, count, (double)r->answered / r->seconds, (double)count / seconds,
		(double)count / (bench_cpu_seconds(o->pid) - cpu));
	bench_provider_stop(&provider);
	return count < r->answered ? err_set(e, REASON_INTERNAL, "%zu messages did not arrive", r->answered - count) : DONE;
}

static outcome measure(const struct options *o, const struct trust_key *own, const struct trust_key *provider_key,
	struct err *e)
{
	SCOPED(buf_free) struct buf answer = BUF(64u << 20);
	struct bench_messages messages = {0};
	struct bench_run run = {.port = o->direct ? o->provider_port : o->port, .connections = o->connections, .idle = o->idle,
		.rate = o->rate, .messages = &messages};
	struct bench_provider *provider = NULL;
	struct bench_price prices[2];
	double cpu;

	TRY(bench_answer_make(provider_key, o->form, o->payload, &answer, e));
	TRY(bench_messages_make(own, o->form, o->service, "department_is", "/bip-sync-wss-gost/", o->payload, o->messages,
		&messages, e));
	if (!o->late)
		provider = bench_provider_start(o->provider_port, buf_bytes(&answer), o->delay_ms);
	if (!provider && !o->late)
		return err_set(e, REASON_IO, "the provider cannot listen on port %d", o->provider_port);
	prices[0] = bench_price(own, o->payload, PRICE_SECONDS);
	bench_peak_reset(o->pid);
	cpu = bench_cpu_seconds(o->pid);
	if (!bench_run_load(&run))
		return err_set(e, REASON_IO, "the gateway cannot be reached on port %d", o->port);
	if (o->late)
		return drain(o, &run, buf_bytes(&answer), e);
	cpu = bench_cpu_seconds(o->pid) - cpu;
	prices[1] = bench_price(own, o->payload, PRICE_SECONDS);
	print_row(o, &run, cpu, prices);
	bench_provider_stop(&provider);
	return run.failed ? err_set(e, REASON_INTERNAL, "%zu messages failed", run.failed) : DONE;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{"port", 1, NULL, 'p'}, {"pid", 1, NULL, 'i'}, {"provider-port", 1, NULL, 'P'}, {"delay", 1, NULL, 'd'},
		{"connections", 1, NULL, 'c'}, {"idle", 1, NULL, 'I'}, {"payload", 1, NULL, 's'}, {"messages", 1, NULL, 'n'},
		{"certificate", 1, NULL, 'C'}, {"key", 1, NULL, 'K'}, {"provider-certificate", 1, NULL, 'D'},
		{"provider-key", 1, NULL, 'L'}, {"service", 1, NULL, 'S'}, {"late", 0, NULL, 'l'}, {"rate", 1, NULL, 'r'},
		{"direct", 0, NULL, 'x'}, {"token", 0, NULL, 't'}, {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		long number = optarg ? strtol(optarg, NULL, 10) : 0;

		switch (c) {
		case 'p': o->port = (int)number; break;
		case 'i': o->pid = (int)number; break;
		case 'P': o->provider_port = (int)number; break;
		case 'd': o->delay_ms = (int)number; break;
		case 'c': o->connections = (int)number; break;
		case 'I': o->idle = (int)number; break;
		case 's': o->payload = (size_t)number; break;
		case 'n': o->messages = (size_t)number; break;
		case 'C': o->certificate = optarg; break;
		case 'K': o->key = optarg; break;
		case 'D': o->provider_certificate = optarg; break;
		case 'L': o->provider_key = optarg; break;
		case 'S': o->service = optarg; break;
		case 'l': o->late = true; break;
		case 'r': o->rate = (double)number; break;
		case 'x': o->direct = true; break;
		case 't': o->form = CONF_FORM_BST; break;
		default: return false;
		}
	}
	return o->port && o->pid && o->messages && o->certificate && o->key && o->provider_certificate && o->provider_key;
}

static void many_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.connections = 1, .payload = 2048, .service = "Bench", .form = CONF_FORM_KEY_IDENTIFIER};
	SCOPED(trust_free) struct trust *trust = trust_new();
	struct conf_key own = {.name = "own"}, provider = {.name = "provider"};
	struct err e = {0};

	if (!read_options(argc, argv, &o)) {
		fprintf(stderr, "usage: see ./bench\n");
		return 64;
	}
	many_descriptors();
	own.certificate = o.certificate;
	own.key = o.key;
	provider.certificate = o.provider_certificate;
	provider.key = o.provider_key;
	envelope_init();
	if (!security_init(&e).ok || !trust_add_key(trust, &own, &e).ok || !trust_add_key(trust, &provider, &e).ok
		|| !measure(&o, trust_key_named(trust, "own"), trust_key_named(trust, "provider"), &e).ok) {
		fprintf(stderr, "bench: %s: %s\n", reason_row(e.reason)->name, e.detail);
		return 1;
	}
	return 0;
}
