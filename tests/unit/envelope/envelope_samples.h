/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_samples - texts and helpers that the tests of this room share. */
#ifndef QAQPA_ENVELOPE_SAMPLES_H
#define QAQPA_ENVELOPE_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <libxml/tree.h>

#include "envelope/envelope.h"

#define OPEN "<s:Envelope xmlns:s=\"" NS_SOAP11 "\">"
#define CLOSE "</s:Envelope>"
#define BODY(content) "<s:Body>" content "</s:Body>"
#define WHOLE(inside) OPEN inside CLOSE
/* A request whose payload (at depth 7 and below) is `data`. */
#define REQUEST(data) \
	WHOLE(BODY("<t:SendMessage xmlns:t=\"urn:t\"><request><requestData><data>" data \
		"</data></requestData></request></t:SendMessage>"))

static inline struct pool *new_pool(void)
{
	struct pool *pool = pool_new(64u << 20);

	assert_non_null(pool);
	return pool;
}

static inline struct envelope *parse_ok(struct pool *pool, struct bytes text)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env = NULL;
	struct err e = {0};

	if (!envelope_parse(pool, text, &limits, &env, &e).ok) {
		print_error("%s: %s\n", reason_row(e.reason)->name, e.detail);
		fail();
	}
	return env;
}

/* The verdict on a text: whole, and with the content of `data` left out, which must be the same in every word. */
static inline outcome parse_both(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e)
{
	struct err apart = {0};
	struct envelope *frame;
	const bool good = envelope_parse_frame(pool, text, limits, &frame, &apart).ok;
	const outcome o = envelope_parse(pool, text, limits, out, e);

	assert_int_equal(good, o.ok);
	assert_int_equal(apart.reason, e->reason);
	assert_string_equal(apart.detail, e->detail);
	return o;
}

static inline int start_room(void **state)
{
	(void)state;
	envelope_init();
	return 0;
}

#endif
