/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf - the configuration: one YAML file in, one checked, frozen snapshot out, or every problem with its line.
 *
 * This room knows words, types, ranges, defaults and references between the named objects; it opens only the YAML
 * file and does not read keys or certificates (that is trust's). Paths are made absolute against the folder of the
 * file they stand in. Durations are written 500ms, 30s, 5m, 2h, 7d; sizes 64KiB, 15MiB. Every word is in
 * conf_words.def with its type, range, default and one sentence; checker and manual page come from that list.
 */
#ifndef QAQPA_CONF_CONF_H
#define QAQPA_CONF_CONF_H

#include "base/pool.h"

/* Where a thing was said, for problems found later by other rooms. */
struct conf_at {
	const char *file;
	int line;
};

struct conf_names {
	const char *const *name;
	size_t n;
};

enum conf_tls { CONF_TLS_OFF, CONF_TLS_SERVER, CONF_TLS_MUTUAL };

struct conf_limits { /* of one listener */
	size_t head_bytes, body_bytes;
	int head_ms, body_ms, idle_ms, write_ms, handshake_ms;
	int connections;             /* open at once */
	/* Of one client address, 64 bits of IPv6 being one: */
	int connections_per_address; /* 0: no bound but the share */
	int requests_per_address;    /* in hand; 0: no bound */
	int share_per_address;       /* per cent of connections, and of the memory for what is read */
	int refused_work;            /* per cent of a processor core; 0: no bound */
};

struct conf_listener {
	struct conf_at at;
	const char *name;
	const char *host; /* numeric address or name to bind */
	int port;         /* 0: chosen by the kernel */
	enum conf_tls tls;
	const char *certificate, *key; /* PEM paths, with tls */
	const char *client_ca;         /* PEM path, with tls: mutual */
	const char *sync_path;         /* path of SyncChannel v10, default /bip-sync-wss-gost/ */
	const char *async_path;        /* path of AsyncChannel v10, default /bip-async/ */
	const char *public_url;        /* address in ?wsdl; NULL: taken from scheme, Host and path */
	struct conf_names proxies;     /* addresses and networks whose PROXY header is obeyed, and demanded */
	bool diagnostics;              /* explanations in faults */
	struct conf_limits limits;
};

struct conf_admin { /* health and metrics: on loopback, or for those who prove who they are */
	const char *host; /* NULL: no admin listener */
	int port;
	enum conf_tls tls;
	const char *certificate, *key, *client_ca; /* PEM paths, as for listeners */
	const char *token_file; /* path or name of a credential; NULL: no token is asked for */
	bool facts;             /* the journal is told there */
};

struct conf_node { /* one of several gateways, for operators */
	struct conf_at at;
	const char *name, *url;
	const char *tls_ca, *tls_certificate, *tls_key, *token_file; /* NULL: none */
};

struct conf_key { /* own keys, addressed by name */
	struct conf_at at;
	const char *name;
	const char *certificate, *key;         /* PEM paths; or: */
	const char *pkcs12;                    /* path; or: */
	const char *pkcs11, *module;           /* URI of a key on a token, path of the module; the certificate may be a file */
	const char *password_file, *pin_file;  /* path, or without a slash the name of a credential of the service manager */
	const struct conf_key *successor;      /* signs instead of this key ... */
	int64_t successor_ms;                  /* ... from this moment on */
};

enum conf_form { /* transport signature forms of the bus contract section 4, as bits */
	CONF_FORM_KEY_IDENTIFIER = 1, /* form A */
	CONF_FORM_ISSUER_SERIAL = 2,  /* form B */
	CONF_FORM_BST = 4,            /* BinarySecurityToken by Reference */
	CONF_FORM_X509_DATA = 8,      /* SecurityTokenReference with X509Data/X509Certificate */
	CONF_FORM_PLAIN = 16,         /* form C: ds:Signature in Header, Id without namespace */
};

enum conf_outage {
	CONF_OUTAGE_REFUSE,    /* the message is refused */
	CONF_OUTAGE_LAST_GOOD, /* the last answer counts up to an age */
	CONF_OUTAGE_MARK       /* it is accepted, and the journal says so */
};

struct conf_profile { /* what a transport signature may look like */
	struct conf_at at;
	const char *name;
	unsigned forms;      /* accepted, bits of enum conf_form */
	bool plain_id;       /* a Body identified by Id without namespace is accepted (implied by form plain) */
	bool sha1;           /* rsa-sha1 and sha1 accepted */
	enum conf_form sign; /* form used towards the participant */
	const char *sign_algorithm; /* rsa-sha256 ...; NULL: by the key */
	int skew_ms;         /* clock difference allowed to Timestamp and messageDate */
	int max_age_ms;      /* oldest messageDate; also the window of the replay memory */
	const struct conf_rule *rule; /* which certificates may make it; NULL: any of the participant */
	enum conf_outage outage;      /* when nobody can tell whether a certificate is revoked */
	int outage_age_ms;            /* with CONF_OUTAGE_LAST_GOOD: oldest answer that is good enough */
	bool legacy_gost;    /* GOST 34.310-2004 accepted */
};

/* Which certificates may sign something. Every demand that is named must hold. */
enum conf_subject { CONF_SUBJECT_PERSON = 1, CONF_SUBJECT_EMPLOYEE = 2, CONF_SUBJECT_ORGANISATION = 4 };
struct conf_rule {
	struct conf_at at;
	const char *name;
	unsigned subjects;         /* bits: IIN alone, IIN and BIN, BIN alone; 0: any */
	struct conf_names any_of;  /* dotted; one of them is in extendedKeyUsage: roles and systems of the NCA */
	struct conf_names all_of;  /* dotted; all of them are */
	struct conf_names policies; /* dotted; one of them is in certificatePolicies */
	struct conf_names dc;      /* one of them is a DC of the subject: roles of the treasury (rule T4) */
	bool non_repudiation;      /* keyUsage holds nonRepudiation beside digitalSignature (rules B2, T6) */
	bool own_bin;              /* the BIN in the subject is that of the sender */
	struct conf_names bins;    /* the BIN in the subject is one of them (rules M5, P8) */
};

/* Inner signatures that a service demands in `data` (rule B3). */
struct conf_kind_rules { /* of some kinds of documents */
	struct conf_at at;
	struct conf_names kinds;
	const struct conf_rule *const *rules;
	size_t rule_count;
};
struct conf_kind_rules_list {
	const struct conf_kind_rules *item;
	size_t n;
};
enum conf_inner_form { CONF_INNER_ENVELOPED = 1, CONF_INNER_BY_ID = 2, CONF_INNER_CMS = 4 };
struct conf_inner {
	unsigned forms;            /* accepted, bits; 0: the service demands none */
	const struct conf_rule *const *rules; /* each is satisfied by a signature of its own */
	size_t rule_count;
	struct conf_kind_rules_list by_kind; /* instead of `rules`, of requests with documents of these kinds */
	const char *kind, *kind_element;     /* set by conf_inner_of_kind alone: whose rules these are, where it stands */
	const char *covers;        /* local name of the element that must be covered; NULL: the root of the payload */
	const char *cms;           /* local name of the element that holds the CMS; NULL: the whole of data */
	bool answers;              /* demanded of answers too */
};

/* Values in `data` that a schema cannot judge. */
enum conf_judge {
	CONF_JUDGE_IIN,
	CONF_JUDGE_BIN,
	CONF_JUDGE_IIN_BIN,    /* either */
	CONF_JUDGE_NIKAD,
	CONF_JUDGE_CONSENT,    /* the element Given inside says yes, and Date is not in the future */
	CONF_JUDGE_YES,
	CONF_JUDGE_PAST_DAY,   /* today or before */
	CONF_JUDGE_FUTURE_DAY, /* today or later */
};
struct conf_field {
	struct conf_at at;
	const char *element; /* local name; every occurrence is judged */
	enum conf_judge is;
};
struct conf_fields {
	const struct conf_field *item;
	size_t n;
};
struct conf_kinds { /* kinds of documents that a service takes */
	const char *element; /* local name; NULL: the service knows no kinds */
	struct conf_names allowed;
};
struct conf_attachments { /* files in `data` */
	const char *element; /* local name of one file; NULL: the service demands nothing of files */
	const char *name, *media, *content; /* local names inside it; media may be NULL */
	const char *stored; /* that refers to a file in the store, instead of content; NULL: not taken */
	struct conf_names kinds;
	size_t size, total; /* octets of one file, of all */
	int most;
};

/* A term that ends with a day named in `data`; hours are minutes after local midnight. */
enum conf_late { CONF_LATE_MARK, CONF_LATE_REFUSE };
enum conf_roll { CONF_ROLL_STAYS, CONF_ROLL_ROLLS }; /* when the last day is none of work */
struct conf_term {
	const char *element; /* local name of the element with the last day; NULL: no term */
	int minute;          /* the last moment on that day */
	enum conf_late late;
	enum conf_roll roll;
};
struct conf_hours { /* working hours of the body; `to` 0: not said; no break: both 0 */
	int from, to, break_from, break_to;
};

/* The gateway tells another service what became of a message. */
enum conf_event { CONF_EVENT_ACCEPTED = 1, CONF_EVENT_REFUSED = 2, CONF_EVENT_LATE = 4 };
struct conf_service;
struct conf_notice {
	struct conf_at at;
	unsigned on;                         /* bits */
	const struct conf_service *service;  /* that the notice is sent to; queued */
};
struct conf_notices {
	const struct conf_notice *item;
	size_t n;
};

/* How often and how long delivery is tried again. */
struct conf_retry {
	struct conf_at at;
	const char *name;
	int initial_ms, max_interval_ms, expire_after_ms; /* expire 0: never */
	int factor;
	int jitter_percent;
	int max_attempts;                /* 0: no bound */
	struct conf_names non_retryable; /* reasons, or codes of the receiver, that are never tried again */
};

enum conf_resend { CONF_RESEND_FRESH, CONF_RESEND_IDENTICAL }; /* a new signature at each attempt, or the same octets */

enum conf_async_mode {
	CONF_ASYNC_OFF,
	CONF_ASYNC_PUSH, /* messages and notices are sent to its endpoint */
	CONF_ASYNC_PULL  /* it fetches its messages */
};
struct conf_async { /* how a participant takes messages of the asynchronous channel */
	enum conf_async_mode mode;
	const char *endpoint;
	const char *tls_ca, *tls_certificate, *tls_key;
	bool notices; /* it is told when the delivery of its messages changes */
	int deadline_ms, in_flight;
	const struct conf_retry *retry;
	enum conf_resend resend;
	int breaker_failures, breaker_ms;
};

struct conf_participant {
	struct conf_at at;
	const char *name;
	struct conf_names sender_ids;
	const char *password_hash;       /* crypt(5) string; NULL: no password demanded */
	struct conf_names certificates;  /* pinned, PEM or DER paths */
	const char *issuer;              /* or: PEM path of the CA certificate that must have issued it ... */
	const char *bin, *iin;           /* ... with this number in the subject; at least one when issuer is set */
	const struct conf_profile *profile;
	const struct conf_key *key;      /* own key used towards it */
	struct conf_async async;
	struct conf_names may_call;      /* serviceIds; "*" means all */
	int share;                       /* per cent of places and memory that its messages in flight may hold */
	bool diagnostics;
};

enum conf_delivery {
	CONF_DELIVERY_DIRECT, /* the caller waits for the provider's answer */
	CONF_DELIVERY_QUEUED  /* the caller gets an acceptance, the message goes when the provider can take it */
};

enum conf_channel { CONF_CHANNEL_SYNC, CONF_CHANNEL_ASYNC };

struct conf_service {
	struct conf_at at;
	const char *id; /* serviceId */
	const struct conf_participant *provider; /* NULL: the gateway itself, by a handler */
	enum conf_channel channel;
	enum conf_async_mode mode; /* how its messages are taken; OFF: as each participant says */
	const char *endpoint; /* NULL with a handler, and on the asynchronous channel: participants say how they take messages */
	const char *tls_ca, *tls_certificate, *tls_key; /* for https endpoints; CA NULL: system's */
	int deadline_ms;
	int in_flight;
	size_t answer_bytes;
	const char *schema, *answer_schema; /* XSD paths or NULL */
	enum conf_delivery delivery;
	const struct conf_retry *retry;             /* with delivery: queued */
	enum conf_resend resend;
	int breaker_failures, breaker_ms;
	bool repeat_safe; /* the same message may be sent again after an uncertain outcome */
	bool timestamp; /* accepted messages are stamped */
	struct conf_inner inner;
	size_t payload_bytes; /* longest data; 0: no bound of its own */
	struct conf_fields fields;
	struct conf_kinds kinds;
	struct conf_attachments attachments;
	struct conf_term term;
	struct conf_hours hours;
	struct conf_notices notices;
	const char *repealed; /* day since when the order behind it is repealed; NULL: it is in force */
	struct conf_names checks, actions; /* names of adapters */
	const char *handler;               /* name of the adapter that answers in the place of a provider, or NULL */
};

struct conf_journal {
	const char *directory;
	int retention_days;
	size_t free_bytes; /* below this much free space nothing is accepted */
	int commit_us;     /* longest time a fact waits for companions, while half of the workers are busy */
};

enum conf_stamp_digest { CONF_STAMP_SHA256, CONF_STAMP_SHA512, CONF_STAMP_GOST_2015, CONF_STAMP_GOST_LEGACY };

struct conf_timestamp {
	const char *directory; /* NULL: no time-stamps */
	const char *url, *policy; /* policy NULL: any */
	struct conf_names authorities; /* PEM or DER paths */
	enum conf_stamp_digest digest;
	int deadline_ms, initial_ms, max_interval_ms;
};

struct conf_redis { /* how one is reached */
	const char *socket;              /* unix socket; or: */
	const char *host;
	int port;
	struct conf_names sentinels;     /* host:port; with master */
	const char *master;
	const char *user, *password_file;
	bool tls;
	const char *tls_ca, *tls_certificate, *tls_key;
	int database;
};

struct conf_shard { /* a further Redis of the queue, for what it is said to hold */
	struct conf_at at;
	const char *name;
	struct conf_names holds;         /* services that are delivered later, and participants */
	struct conf_redis redis;
};

struct conf_queue {
	struct conf_redis redis;
	int command_ms, lease_ms, hold_most, remember_ms;
	bool shared_replay;              /* direct messages are remembered in Redis, for all gateways */
	size_t answer_bytes;             /* longest answer that is kept there, and how long */
	int answer_ms;
	const char *prefix, *spool;
	size_t inline_bytes;
	bool everysec;
};

struct conf_revocation {
	const char *directory; /* NULL: revocation is not checked */
	int refresh_ms, crl_refresh_ms, deadline_ms, skew_ms;
	int watched;
	size_t crl_bytes;
	int evidence_days;
};

enum conf_source_digest { CONF_SOURCE_SHA1, CONF_SOURCE_SHA256 };
enum conf_nonce { CONF_NONCE_TOLERATED, CONF_NONCE_NEEDED };
struct conf_source { /* where the status of one authority's certificates is asked */
	struct conf_at at;
	const char *name;
	const char *issuer, *responder; /* PEM paths; responder may be NULL */
	const char *ocsp;               /* URL or NULL */
	enum conf_source_digest digest;
	enum conf_nonce nonce;
	const char *crl, *delta;        /* URLs or NULL */
};

struct conf_secrecy { /* rule B7: property keys whose value, unless harmless, marks a state secret */
	struct conf_names properties, harmless;
};

struct conf_index;

#define CONF_HASH 65
struct conf {
	char hash[CONF_HASH]; /* SHA-256 of the file and, in their order, of the included ones, hex */
	const char *path;
	struct conf_names include; /* folders of further files */
	const char *sender_id; /* under which the gateway itself sends; NULL: it does not */
	const char *calendar; /* folder of working days; NULL: none */
	const char *zone, *log_level;
	struct conf_admin admin;
	int workers;            /* 0: one a core */
	int drain_ms, drain_delay_ms;
	size_t memory_bytes;    /* for all messages in flight */
	size_t max_elements;
	bool confine; /* calls of the system are filtered while it runs */
	struct conf_journal journal;
	struct conf_secrecy secrecy;
	struct conf_queue queue;
	struct conf_revocation revocation;
	const char *keeper;             /* socket of the process that has the private keys; NULL: they are read here */
	const char *blocks;             /* path of the list of blocked certificates; NULL: none */
	struct conf_timestamp timestamp;
	struct conf_names ca;           /* PEM paths of trusted authorities */
	const struct conf_shard *shards;
	size_t shard_count;
	const struct conf_node *nodes;
	size_t node_count;
	const struct conf_listener *listeners;
	size_t listener_count;
	const struct conf_key *keys;
	size_t key_count;
	const struct conf_rule *rules;
	size_t rule_count;
	const struct conf_source *sources;
	size_t source_count;
	const struct conf_profile *profiles;
	size_t profile_count;
	const struct conf_retry *retries;
	size_t retry_count;
	const struct conf_participant *participants;
	size_t participant_count;
	const struct conf_service *services;
	size_t service_count;
	const struct conf_index *index; /* for the look-ups below; set by conf_load */
	struct pool *pool; /* owns all of it */
};

/* Problems gathered over the whole check; rooms that load keys or schemas add theirs. */
struct conf_problem {
	struct conf_at at;
	bool warning;
	const char *what, *remedy;
};

struct conf_problems {
	struct pool *pool; /* set by conf_problems_new */
	struct conf_problem *list;
	size_t n, room, errors;
};

struct conf_problems *conf_problems_new(void);
void conf_problems_free(struct conf_problems **p); /* fit for SCOPED */
void conf_problem_add(struct conf_problems *p, struct conf_at at, bool warning, const char *remedy,
	const char *what, ...) PRINTF_LIKE(5, 6);

/* Reads and checks the file. Gives: a snapshot, freed by conf_free. Fails with REASON_CONFIG when `problems` holds
 * an error (all that were found are there), REASON_IO when the file cannot be read or, holding password hashes, is
 * readable by everybody. Any thread. */
MUST_USE outcome conf_load(const char *path, struct conf **out, struct conf_problems *problems, struct err *e);
void conf_free(struct conf **conf); /* fit for SCOPED */

/* Look-ups by name; constant time. NULL when absent. Any thread. */
const struct conf_participant *conf_participant_by_sender(const struct conf *c, struct bytes sender_id);
const struct conf_participant *conf_participant_named(const struct conf *c, struct bytes name);
const struct conf_service *conf_service_by_id(const struct conf *c, struct bytes service_id);
/* What the service demands of a document of that kind, which its `rules` are then; of any when kind is NULL. */
struct conf_inner conf_inner_of_kind(const struct conf_service *s, const char *kind);
/* True when the configuration has a queue. */
bool conf_has_queue(const struct conf *c);
/* True when the participant may call the service. */
bool conf_may_call(const struct conf_participant *p, const struct conf_service *s);

/* The nearest of several names to a misspelt one: start with {.wanted}, offer each, then ask. */
struct conf_near {
	struct bytes wanted;
	const char *best;
	size_t distance;
};

void conf_near_offer(struct conf_near *near, const char *name);
/* "; did you mean 'x'?" when something is near, else "". */
const char *conf_near_text(const struct conf_near *near, char out[120]);

/* Writes the list of words as text (qaqpa check --words) for documents and tests. */
void conf_words_print(struct buf *out);

#endif
