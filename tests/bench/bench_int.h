/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench - load for a running gateway: signed messages in, a provider that answers, figures out.
 *
 * Messages and the provider's answer are signed before the clock starts, so that what is measured on the gateway's side
 * is the gateway. CPU seconds are those of the gateway's processes, from the kernel. */
#ifndef QAQPA_BENCH_INT_H
#define QAQPA_BENCH_INT_H

#include "channel/channel.h"

struct bench_messages {
	struct buf *list; /* whole HTTP requests */
	size_t n;
};

/* `n` signed requests of about `payload` octets of element-rich content each. */
MUST_USE outcome bench_messages_make(const struct trust_key *key, enum conf_form form, const char *service,
	const char *sender, const char *path, size_t payload, size_t n, struct bench_messages *out, struct err *e);
/* One signed answer of that size. */
MUST_USE outcome bench_answer_make(const struct trust_key *key, enum conf_form form, size_t payload,
	struct buf *out, struct err *e);

/* A provider on a thread of its own: the same answer to everybody after `delay_ms`. */
struct bench_provider;
struct bench_provider *bench_provider_start(int port, struct bytes answer, int delay_ms);
size_t bench_provider_count(const struct bench_provider *p); /* requests received */
void bench_provider_stop(struct bench_provider **p);

#define BENCH_BUCKETS 2048u /* up to an hour */
struct bench_times {
	uint64_t count;
	uint64_t bucket[BENCH_BUCKETS];
};
void bench_times_add(struct bench_times *t, int64_t us);
double bench_times_ms(const struct bench_times *t, double percent); /* at least so many percent took no longer */

struct bench_run {
	int port;             /* of the gateway on 127.0.0.1 */
	int connections;
	int idle;             /* further connections that stay silent after one request to ?wsdl */
	double rate;          /* messages a second; 0: a closed loop */
	const struct bench_messages *messages;
	/* results */
	size_t answered, failed;
	double seconds;
	struct bench_times times;
};
/* Closed loop: each connection sends its next message when the last is answered, until all are used. Open loop: a message
 * is due at its moment whatever became of those before it; its time counts from that moment, also while all connections
 * are busy. False when the gateway cannot be reached. */
MUST_USE bool bench_run_load(struct bench_run *run);

/* CPU seconds that no gateway can save: of two signatures and two verifications with a key of that kind, and of the digests
 * that these four are over, of so many octets each: the sessionId that a gateway writes into request and answer makes of
 * every Body another one. The mean of all processors, while all are busy with it, as they are under load. 0 when they fail.
 * Takes `seconds`. */
struct bench_price {
	double signatures, digests;
};
struct bench_price bench_price(const struct trust_key *key, size_t octets, double seconds);

/* The gateway's process and those below it. */
double bench_cpu_seconds(int pid);
double bench_peak_mb(int pid);
double bench_now_mb(int pid);
void bench_peak_reset(int pid);

#endif
