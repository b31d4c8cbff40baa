/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_int - what the files of this room share.
 *
 * Everything here belongs to the event thread unless its comment says otherwise. front_head.c
 * knows neither sockets nor memory: it takes octets and says what these mean.
 */
#ifndef QAQPA_FRONT_FRONT_INT_H
#define QAQPA_FRONT_FRONT_INT_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#include "base/address.h"
#include "http/http.h"

#include "front/front.h"

/* ---- front_head.c: the head of a request (RFC 9112 sections 2 to 6) ---- */

/* A part of the head, by position: the buffer may move while it grows. */
struct front_range {
	size_t at, n;
};

enum front_field {
	FIELD_HOST,
	FIELD_CONTENT_LENGTH,
	FIELD_TRANSFER_ENCODING,
	FIELD_CONTENT_TYPE,
	FIELD_CONTENT_ENCODING,
	FIELD_SOAP_ACTION,
	FIELD_AUTHORIZATION,
	FIELD_EXPECT,
	FIELD_COUNT
};

/* Starts as all zero. */
struct front_head {
	size_t at;   /* octets looked at */
	size_t line; /* where the current line begins */
	size_t end;  /* length of the head, once it is complete */
	unsigned lines;
	bool method_ended, skipped_empty;
	struct front_range method, path, query, authority;
	struct front_range field[FIELD_COUNT];
	unsigned seen; /* bit per enum front_field */
	int minor;     /* HTTP/1.<minor> */
	bool close, chunked, expects_continue;
	uint64_t content_length;
	struct http_refusal refusal; /* after HTTP_BAD */
};

/* Looks at the octets that came since the last call; `all` is the head so far, from its first octet.
 * Control characters, a bare LF and a broken line are refused when they arrive, not when the head is
 * complete. After HTTP_DONE the head is checked as a whole: its framing is clear, and a body of known
 * length is within `body_limit`. */
enum http_step front_head_feed(struct front_head *h, struct bytes all, uint64_t body_limit);
/* What a head that filled its limit without an end is refused with. */
struct http_refusal front_head_too_large(const struct front_head *h);
static inline struct bytes front_head_part(struct bytes all, struct front_range r)
{
	return bytes_sub(all, r.at, r.at + r.n);
}

/* front_syntax.c: the grammar of single words. */
bool front_is_host(struct bytes text);                /* uri-host [ ":" port ], not empty */
bool front_is_target(struct bytes text);              /* characters of path and query, percent-encoding */

/* ---- front_proxy.c: the header of the PROXY protocol, versions 1 and 2 ---- */

/* Starts as all zero. */
struct front_proxy {
	unsigned char data[107]; /* as much of the header as is needed */
	size_t n;                /* octets of it taken */
	bool octets;             /* version 2 */
	bool known;              /* after HTTP_DONE: `client` is set; else the connection is the proxy's own */
	struct address client;
};

/* Looks at what came. `used` octets of it belong to the header; until HTTP_DONE that is all of them. */
enum http_step front_proxy_feed(struct front_proxy *p, struct bytes in, size_t *used);

/* ---- front_store.c: memory under the budget of the front, and of an address. Any thread. ---- */

/* Who pays for memory. */
struct front_payer {
	struct front *front;
	struct front_address *address; /* NULL: the front alone */
	int percent;                   /* of the budget, that the address may hold; 0: all of it */
};
static inline struct front_payer front_itself(struct front *f)
{
	return (struct front_payer){.front = f};
}

struct front_store {
	unsigned char *data;
	size_t len, room;
	size_t from; /* before it are octets that are not its content */
};

/* Counts `n` octets against the budget; false, and not counted, when it is spent. */
MUST_USE bool front_memory_charge(struct front_payer p, size_t n);
void front_memory_return(struct front_payer p, size_t n);

/* Room for `n` octets behind the content, with which it must not exceed `limit`. False: over the budget, or no memory; all
 * is then as before. */
MUST_USE bool front_store_grow(struct front_payer p, struct front_store *s, size_t n, size_t limit);
/* The same, by doubling as far as `limit`, and adds them. */
MUST_USE bool front_store_add(struct front_payer p, struct front_store *s, struct bytes add, size_t limit);
/* Exactly `room` octets for an empty store, also beyond the budget: an answer that was worked for is not
 * dropped. The front pays. */
MUST_USE bool front_store_force(struct front *f, struct front_store *s, size_t room);
/* The content of a buffer, from octet `at` on, for an empty store, without a copy; the buffer is left empty. As above. */
void front_store_take(struct front *f, struct front_store *s, struct buf *content, size_t at);
void front_store_free(struct front_payer p, struct front_store *s);
static inline struct bytes front_store_bytes(const struct front_store *s)
{
	return bytes_sub((struct bytes){s->data, s->len}, s->from, s->len);
}

/* ---- front_job.c: a request from its first octet until its answer is written ---- */

struct front_job {
	struct front_request request; /* first: front_respond casts back */
	struct front *front;
	struct front_payer payer; /* of head and body; its address is there until front_address_end */
	int64_t charge_us;       /* of the answer */
	bool welcome;            /* the same */
	struct front_conn *conn; /* NULL when the client has gone; event thread only */
	struct front_job *next;  /* in the list of answers */
	struct front_head parsed;
	struct http_chunk chunk;
	struct front_store head, body, certificate;
	struct front_store out, tail; /* the answer, from front_respond to the event thread */
	bool close, head_only;
	bool hold; /* front_abandon: the connection stays behind what there is of an answer */
	char peer[ADDRESS_TEXT];
};

/* NULL: over the budget, or no memory. */
struct front_job *front_job_new(struct front_conn *c);
/* Fills the public request from head and body. */
MUST_USE bool front_job_complete(struct front_job *job);
/* Gives head, body and certificate back; the answer needs none of them. Any thread. */
void front_job_release_input(struct front_job *job);
void front_job_free(struct front_job *job); /* any thread */

/* ---- front_answer.c ---- */

/* Head and body in one piece, and in `tail` what of the body is not copied. Both must be empty. Any thread. */
MUST_USE bool front_answer_make(struct front *f, struct front_store *out, struct front_store *tail,
				const struct front_answer *a, bool head_only, bool close);

/* ---- front_tls.c: contexts; reading and writing with and without TLS ---- */

MUST_USE outcome front_tls_context(const struct front_listener_options *o, size_t index, SSL_CTX **out,
				   struct err *e);
/* A server session on the listener's present context. */
MUST_USE bool front_tls_attach(struct front_conn *c);
enum { IO_END = 0, IO_AGAIN = -1, IO_BROKEN = -2 };
/* IO_END is the end of the handshake. */
int front_tls_handshake(struct front_conn *c);
/* Octets read or written, or one of the above; after IO_AGAIN, c->want says what to wait for. */
ssize_t front_io_read(struct front_conn *c, void *into, size_t n);
ssize_t front_io_write(struct front_conn *c, const void *from, size_t n, bool more_follows);
/* Says that nothing more will be written. */
void front_io_finish(struct front_conn *c);

/* ---- front_conn.c: one connection ---- */

/* What the event loop waits for; the first member of everything it knows. */
struct front_source {
	void (*ready)(struct front *f, struct front_source *s, uint32_t events);
};

/* Each phase but PHASE_ANSWER has a fixed duration per listener, so that the connections of a phase, in
 * the order in which they entered it, are also in the order of their deadlines. */
enum front_phase {
	PHASE_PROXY, /* a proxy has to say whose connection it is */
	PHASE_HANDSHAKE,
	PHASE_IDLE,   /* no octet of a request yet */
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_ANSWER, /* in the hands of the handler */
	PHASE_WRITE,
	PHASE_LINGER, /* all is written; input is dropped, lest a reset overtake the answer */
	PHASE_HOLD,   /* an answer never ends, or is still on its way; input is dropped until the client closes */
	PHASE_COUNT,
	PHASE_DEAD = PHASE_COUNT
};

struct front_conn {
	struct front_source source;
	struct front *front;
	struct front_listener *listener;
	struct front_conn *previous, *next; /* in the line of its phase */
	int64_t deadline_us;
	struct front_job *job; /* NULL while idle */
	SSL *ssl;
	struct front_payer payer; /* of the octets kept; its address is the client's, NULL until that is known */
	struct front_proxy proxy;
	struct address ip; /* of the client, once it is known */
	int64_t handshake_us;     /* of a processor; nobody's loss once a client was welcome */
	struct front_store kept;       /* octets after the present request */
	size_t kept_at;
	struct front_store out, tail; /* what is written: the one, then the other */
	size_t written;
	size_t discarded;
	int fd;
	uint32_t armed, want; /* epoll events */
	enum front_phase phase;
	bool closing; /* after what is being written */
	bool holding; /* the same, but the client has to close */
	char peer[ADDRESS_TEXT];
};

/* What is still to be written of the part at hand. */
static inline struct bytes front_conn_unwritten(const struct front_conn *c)
{
	const struct bytes out = front_store_bytes(&c->out), tail = front_store_bytes(&c->tail);

	return c->written < out.n ? bytes_sub(out, c->written, out.n) : bytes_sub(tail, c->written - out.n, tail.n);
}
/* Takes the socket. Without `address` a proxy has to say whose connection it is. */
void front_conn_start(struct front_listener *l, int fd, struct address ip, struct front_address *address);
void front_conn_answer(struct front_conn *c, struct front_job *job);
void front_conn_expire(struct front_conn *c);
void front_conn_enter(struct front_conn *c, enum front_phase phase);
/* Which epoll events it is told of. */
void front_conn_wait_for(struct front_conn *c, uint32_t events);
static inline bool front_conn_is_reading(const struct front_conn *c)
{
	return c->phase == PHASE_IDLE || c->phase == PHASE_HEAD || c->phase == PHASE_BODY;
}
/* The request is whole. */
void front_conn_hand_over(struct front_conn *c);
/* Answers by ourselves and closes (RFC 9112 section 9.6). */
void front_conn_refuse(struct front_conn *c, struct http_refusal why);
void front_conn_refuse_for_memory(struct front_conn *c);
/* Closes at once; the memory stays until front_conn_bury. */
void front_conn_drop(struct front_conn *c);
void front_conn_bury(struct front *f);

/* ---- front_read.c: from octets to a request ---- */

/* Takes what the present request wants, and says how much that was. */
size_t front_read_take(struct front_conn *c, struct bytes in);
/* There is something to read for a request. */
void front_read(struct front_conn *c);

/* ---- front_listen.c: listening sockets ---- */

struct front_line {
	struct front_conn *first, *last;
};

struct front_listener {
	struct front_source source;
	struct front *front;
	struct front_listener_options options; /* strings owned, but for proxies */
	struct prefix *proxies;
	size_t index;
	int fd, port;
	SSL_CTX *tls; /* under front.lock */
	int64_t phase_us[PHASE_COUNT];
	struct front_line lines[PHASE_COUNT];
	int connections;
	int64_t complained_us;
};

MUST_USE outcome front_listen_open(struct front_listener *l, struct err *e);
/* Begins to accept, or again after a pause. */
void front_listen_resume(struct front_listener *l);
void front_listen_close(struct front_listener *l);

/* The entry of a client that may have one connection more, or NULL, with what there is to say said. */
struct front_address *front_listen_admit(struct front_listener *l, struct address ip);
/* Not more than one line a second and listener: refusing is cheap, and so must be saying so. */
void front_listen_complain(struct front_listener *l, const char *event, const char *reason, const char *peer);

/* ---- front_address.c: what each address holds, and what it owes. The time is always handed in. ---- */

#define FRONT_ADDRESS_BUCKETS 8192
#define FRONT_ADDRESSES_GONE 16384 /* entries kept for debts alone */

struct front_address {
	struct front_address *next;           /* in its bucket */
	struct front_address *before, *after; /* in the line of those that are gone, and owe */
	uint32_t net[4];
	size_t listener;
	uint32_t hash; /* keyed */
	int connections, requests;
	atomic_size_t memory; /* for what was read; any thread */
	int64_t debt_us, debt_at_us;
	int64_t gone_us;
	bool gone;
};

struct front_addresses {
	uint64_t seed[6];
	struct front_address *bucket[FRONT_ADDRESS_BUCKETS];
	struct front_address *first_gone, *last_gone;
	size_t gone;
};

void front_addresses_init(struct front_addresses *t);
void front_addresses_free(struct front_addresses *t);
/* A connection more, and one less. NULL when the address has all its connections, or no memory. */
struct front_address *front_address_enter(struct front_addresses *t, size_t listener,
					  const struct front_listener_options *o, struct address ip, int64_t now_us);
void front_address_leave(struct front_addresses *t, struct front_address *a, int64_t now_us);
/* A request more, and one less. It counts also when the reason says that it has to be put off. */
enum reason front_address_begin(struct front_address *a, const struct front_listener_options *o, int64_t now_us);
void front_address_end(struct front_addresses *t, struct front_address *a, int64_t now_us);
/* Work that came to nothing; and in how many seconds enough of it has leaked away, 0 when nothing is to wait for. */
void front_address_charge(struct front_address *a, const struct front_listener_options *o, int64_t cpu_us,
			  int64_t now_us);
int front_address_owes_s(struct front_address *a, const struct front_listener_options *o, int64_t now_us);
/* Memory more; false, and not counted, beyond that part of the budget. Any thread that has a request of it. */
MUST_USE bool front_address_takes(struct front *f, struct front_address *a, int percent, size_t n);

/* ---- front_loop.c: the event thread ---- */

#define FRONT_SCRATCH 65536
#define FRONT_READ (4 * FRONT_SCRATCH) /* most octets that one connection reads in its turn */

struct front {
	front_handler *handler;
	void *ctx;
	size_t memory_bytes;
	struct front_listener *listeners;
	size_t listener_count;
	struct front_addresses addresses; /* freed with the last reference */

	int epoll, reserve; /* reserve: a descriptor to give up when there are no more */
	int64_t now_us, accept_again_us;
	struct front_conn *dead;
	unsigned char *scratch;

	pthread_t thread;
	pthread_t self; /* the same, known before the first handler call */
	struct front_source wake_source;
	int wake;
	atomic_bool stopping, draining, leaving; /* leaving: answers close their connections */
	atomic_size_t references; /* the owner's and one per job */

	pthread_mutex_t lock;
	pthread_cond_t quiet; /* nothing is open, or listening has ended */
	struct front_job *answers, **answers_end; /* under lock */
	bool stopped, drained;                    /* under lock */

	atomic_uint_fast64_t accepted, refused_connections, requests, refused_requests, timeouts,
		tls_failures, put_off_requests, put_off_work, put_off_memory;
	atomic_size_t connections, open_requests, memory;
};

void *front_loop_run(void *front);
/* Gives a job with its answer to the event thread. Any thread. */
void front_loop_hand_back(struct front *f, struct front_job *job);
void front_unref(struct front *f); /* any thread */

#endif
