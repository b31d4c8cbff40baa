/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_int - what the files of this room share.
 *
 * The loop (egress_loop) drives pools of connections; a flight (egress_flight) is one call on its way. All of
 * it belongs to the egress thread.
 */
#ifndef QAQPA_EGRESS_INT_H
#define QAQPA_EGRESS_INT_H

#include <curl/curl.h>

#include "egress/egress.h"

/* One call on its way, with a handle that is used again for later calls. */
struct egress_flight {
	struct egress_flight *next, **link; /* list of open or of spare flights */
	struct egress_pool *pool;
	CURL *easy;
	struct egress_call *call;
	struct curl_slist *headers; /* of this call alone; NULL: the usual ones */
	size_t head_octets; /* of the answer */
	bool head_whole;    /* the answer's head came to its end */
	bool sent;          /* the request began to leave */
	bool too_large;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
};

/* NULL when memory is short. */
struct egress_flight *egress_flight_new(void);
void egress_flight_free(struct egress_flight *f);
/* Sets all options for the call; false when curl refuses one (no memory, a file or address it cannot use). `usual` are
 * the headers of calls that say nothing about them. */
bool egress_flight_prepare(struct egress_flight *f, struct egress_call *call, struct curl_slist *usual);
/* Hands the result to the caller; the flight may be used again afterwards. */
void egress_flight_end(struct egress_flight *f, CURLcode code);
void egress_flight_stop(struct egress_flight *f);
/* --- egress_headers.c --- */

bool egress_headers_are_usual(const struct egress_call *call);
/* The lines of the head that the call decides, to be freed; NULL when memory is short or a value is too long. */
struct curl_slist *egress_headers_of(const struct egress_call *call);

#define EGRESS_STOPPING "the gateway is stopping"

#endif
