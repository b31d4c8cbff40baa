/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_bench - what the tests of the asynchronous channel share beside channel_bench. */
#ifndef QAQPA_TESTS_ASYNC_BENCH_H
#define QAQPA_TESTS_ASYNC_BENCH_H

#include "channel_bench.h"

#include "channel/async.h"

#define IN(ns, name, inner) ENVELOPE("<t:" name " xmlns:t=\"" ns "\">" inner "</t:" name ">")
#define BUS(name, inner) IN(NS_ASYNC_TYPES, name, inner)
#define CLIENT(name, inner) IN(NS_ASYNC_CLIENT_TYPES, name, inner)

#define SERVICE "<serviceId>DemoPermitService</serviceId>"
#define TYPE "<messageType>REQUEST</messageType>"
#define WHEN_TEXT "2030-01-02T03:04:05.000+05:00"
#define WHEN_MS INT64_C(1893535445000)
#define DATE "<messageDate>" WHEN_TEXT "</messageDate>"
#define SENDER "<sender><senderId>demo_is</senderId><password>secret</password></sender>"
#define DATA "<messageData><data>x</data></messageData>"
#define MESSAGE_WITH(info, data) BUS("sendMessage", "<request><messageInfo>" info "</messageInfo>" data \
	"</request>")
#define MESSAGE(info) MESSAGE_WITH(info, DATA)

static inline void assert_text(const char *sentence, const char *field, struct bytes got, const char *wanted)
{
	if (!bytes_is(got, wanted))
		fail_msg("%s: %s is '%.*s', not '%s'", sentence, field, (int)got.n, (const char *)got.p, wanted);
}

static inline const struct verified *async_verified(struct bench *b, const char *sentence,
	const char *message)
{
	struct err e = {0};
	const struct verified *v = bench_verified(b, message, &e);

	if (!v)
		fail_msg("%s: not verified: %s", sentence, e.detail);
	return v;
}

#endif
