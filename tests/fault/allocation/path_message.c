/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way of a message in: parse, signature, fields; and out: new text, signature, fault. What is accepted must say what was
 * sent: the canonical octets of its Body and each field are compared with those of a walk with all memory. */
#include "../../unit/signed.h"

#include <openssl/evp.h>

#include "base/memory.h"
#include "channel/async.h"
#include "path.h"
#include "shortage.h"

#define ROOM (8u << 20)
#define SESSION "{00000000-0000-4000-8000-00000000000a}"

static const char configuration[] =
	"journal: {directory: journal}\n"
	"listeners: [{name: usual, listen: \"127.0.0.1:0\"}]\n"
	"keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: " PKI "/gateway.key}]\n"
	"participants: [{name: department, sender_ids: department_is, certificates: " PKI "/department.crt, may_call: \"*\"}]\n";
static const struct property properties[] = {{BYTES_LIT("one"), BYTES_LIT("1")}, {BYTES_LIT("two"), BYTES_LIT("&<>")}};
static const char data[] = "<p:a xmlns:p=\"urn:p\" q=\"1\"><!-- c --><p:b>text &amp; more</p:b><c/></p:a>";

static struct signed_bench bench;
static struct conf *conf;
static struct trust *trust;
static struct bytes sync_text, async_text, forged_text;
static unsigned char sync_said[32], async_said[32], parsed_said[32];
static struct buf wanted = BUF(ROOM); /* what is made, in a walk with all memory */

static struct bytes signed_by_department(struct bytes plain)
{
	struct sign_options options = {trust_key_named(bench.signers, "department"), CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	struct buf text = BUF(ROOM);
	struct bytes kept;
	struct err e;

	PATH_MUST(security_sign(bench.pool, plain, &options, &text, &e).ok);
	kept = (struct bytes){(const unsigned char *)pool_copy(bench.pool, buf_bytes(&text)), text.len};
	buf_free(&text);
	return kept;
}

static void make_texts(void)
{
	struct sync_request r = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-000000000001}"),
		.service_id = BYTES_LIT("ECHO"), .date = stamp_now(), .sender_id = BYTES_LIT("department_is"),
		.properties = properties, .property_count = 2, .has_password = true, .password = BYTES_LIT("secret")};
	struct async_message m = {.message_id = BYTES_LIT("00000000-0000-4000-8000-000000000001"),
		.service_id = BYTES_LIT("ECHO"), .type = ASYNC_REQUEST, .date = stamp_now(),
		.sender_id = BYTES_LIT("department_is"), .properties = properties, .property_count = 2};
	SCOPED(buf_free) struct buf sync = BUF(ROOM), async = BUF(ROOM);
	struct err e = {.detail = ""};
	char *copy;

	if (!channel_write_request(&r, "", data, &sync, &e).ok || !async_write_message(&m, "", data, &async, &e).ok)
		path_broken("%s", e.detail);
	sync_text = signed_by_department(buf_bytes(&sync));
	async_text = signed_by_department(buf_bytes(&async));
	copy = pool_copy(bench.pool, sync_text);
	memcpy(strstr(copy, "text &amp;"), "TEXT", 4);
	forged_text = bytes_str(copy);
}

/* --- what a message says --- */

static bool say(void *digest, const void *octets, size_t n)
{
	return EVP_DigestUpdate(digest, octets, n) == 1;
}

static void say_bytes(EVP_MD_CTX *digest, struct bytes b)
{
	PATH_MUST(say(digest, &b.n, sizeof b.n) && (b.n == 0 || say(digest, b.p, b.n)));
}

/* The Body as its octets are, with all the memory it takes. */
static void say_body(EVP_MD_CTX *digest, const struct envelope *env)
{
	struct err e;

	PATH_MUST(envelope_canonical(envelope_body(env)->node, NULL, say, digest, &e).ok);
}

static void say_properties(EVP_MD_CTX *digest, const struct property *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say_bytes(digest, list[i].key), say_bytes(digest, list[i].value);
}

static void say_request(EVP_MD_CTX *digest, const struct sync_request *r)
{
	const struct bytes fields[] = {r->message_id, r->correlation_id, r->service_id, r->route_id, r->message_date,
		r->sender_id, r->session_id, r->password};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		say_bytes(digest, fields[i]);
	say_properties(digest, r->properties, r->property_count);
	PATH_MUST(r->has_password && r->info && r->data && r->operation);
}

static void say_message(EVP_MD_CTX *digest, const struct async_message *m)
{
	const struct bytes fields[] = {m->message_id, m->correlation_id, m->service_id, m->route_id, m->message_date,
		m->sender_id, m->session_id};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		say_bytes(digest, fields[i]);
	say_properties(digest, m->properties, m->property_count);
	PATH_MUST(m->type == ASYNC_REQUEST && m->info && m->data && m->operation);
}

/* The first walk tells what all others must say. */
static void compare(EVP_MD_CTX *digest, unsigned char said[32])
{
	static const unsigned char nothing[32];
	unsigned char words[32];

	PATH_MUST(EVP_DigestFinal_ex(digest, words, NULL) == 1);
	if (memcmp(said, nothing, 32) == 0)
		memcpy(said, words, 32);
	if (memcmp(said, words, 32) != 0)
		path_broken("what was accepted does not say what was sent");
}

static void compare_text(const struct buf *made)
{
	shortage_spare(true);
	PATH_MUST(buf_ok(made));
	if (wanted.len == 0)
		buf_add(&wanted, buf_bytes(made));
	if (!bytes_eq(buf_bytes(&wanted), buf_bytes(made)))
		path_broken("another text was made: %.300s", buf_cstr(made));
	shortage_spare(false);
}

/* A fault has a fresh identifier each time. */
static void blind_id(struct buf *text)
{
	char *id = strstr((char *)text->data, "wsu:Id=\"");

	PATH_MUST(id);
	for (id += strlen("wsu:Id=\""); *id != '"'; id++)
		*id = '-';
}

/* xmlsec1 1.2.37 does not give back what it has of a buffer or of a set of nodes when it is refused the rest
 * (xmlSecTransformCreateOutputBuffer, xmlSecNodeSetGetChildren). */
#define LOST_BY_XMLSEC 2

/* --- the walks --- */

static void prepare(void)
{
	struct conf_problems *problems = conf_problems_new();
	struct err e = {.detail = ""};

	bench_make(&bench);
	bench_file(&bench, "qaqpa.yaml", configuration);
	if (!conf_load(bench.path, &conf, problems, &e).ok || !(trust = trust_load(conf, problems)))
		path_broken("%s", problems->n ? problems->list[0].what : e.detail);
	conf_problems_free(&problems);
	make_texts();
}

static void drop(void)
{
	trust_free(&trust);
	conf_free(&conf);
	bench_drop(&bench);
	buf_free(&wanted);
}

static outcome run_envelope(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	struct envelope *env;
	EVP_MD_CTX *digest;

	if (!pool)
		return err_set(e, REASON_MEMORY, "pool");
	TRY(envelope_parse_frame(pool, sync_text, &ENVELOPE_LIMITS_DEFAULT, &env, e));
	if (!envelope_whole(env, e).ok) /* then it is as it was, and a second time may succeed */
		TRY(envelope_whole(env, e));
	shortage_spare(true);
	digest = EVP_MD_CTX_new();
	PATH_MUST(EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
	say_body(digest, env);
	compare(digest, parsed_said);
	EVP_MD_CTX_free(digest);
	shortage_spare(false);
	return DONE;
}

static outcome verify(struct pool *pool, struct bytes text, const struct verified **v, struct err *e)
{
	struct envelope *env;

	if (!pool)
		return err_set(e, REASON_MEMORY, "pool");
	TRY(envelope_parse_frame(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, e));
	TRY(security_verify(pool, env, trust, stamp_now(), v, NULL, e));
	return envelope_whole(env, e);
}

static void judge(const struct verified *v, const struct sync_request *r, const struct async_message *m)
{
	EVP_MD_CTX *digest;

	shortage_spare(true);
	digest = EVP_MD_CTX_new();
	PATH_MUST(EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
	say_body(digest, verified_envelope(v));
	PATH_MUST(strcmp(verified_participant(v)->name, "department") == 0);
	if (r)
		say_request(digest, r);
	else
		say_message(digest, m);
	compare(digest, r ? sync_said : async_said);
	EVP_MD_CTX_free(digest);
	shortage_spare(false);
}

static outcome message(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	const struct verified *v;
	struct sync_request r;

	TRY(verify(pool, sync_text, &v, e));
	TRY(channel_read_request(pool, v, &r, e));
	judge(v, &r, NULL);
	return DONE;
}

static outcome async(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	const struct verified *v;
	struct async_message m;

	TRY(verify(pool, async_text, &v, e));
	TRY(async_read_message(pool, v, &m, e));
	judge(v, NULL, &m);
	return DONE;
}

/* Right is: refused, for what was changed. */
static outcome forged(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	const struct verified *v;

	if (verify(pool, forged_text, &v, e).ok)
		path_broken("a message was accepted that was changed");
	return e->reason == REASON_SEC_DIGEST ? DONE : FAILED;
}

static outcome sign(struct pool *pool, struct bytes text, struct err *e)
{
	struct sign_options options = {trust_key_named(trust, "gateway"), CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	SCOPED(buf_free) struct buf out = BUF(ROOM);

	TRY(security_sign(pool, text, &options, &out, e));
	compare_text(&out); /* the signature of an RSA key is always the same */
	return DONE;
}

static outcome run_sign(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);

	return pool ? sign(pool, sync_text, e) : err_set(e, REASON_MEMORY, "pool");
}

static outcome forward(struct err *e)
{
	struct sign_options options = {trust_key_named(trust, "gateway"), CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	SCOPED(buf_free) struct buf out = BUF(ROOM);
	const struct verified *v;
	struct sync_request r;
	struct cuts cuts;

	TRY(verify(pool, sync_text, &v, e));
	TRY(channel_read_request(pool, v, &r, e));
	TRY(channel_forward_request(pool, v, &r, SESSION, &cuts, e));
	TRY(security_sign_verified(pool, v, cuts.list, cuts.n, &options, &out, NULL, e));
	compare_text(&out);
	return DONE;
}

static outcome fault(struct err *e)
{
	struct channel_fault f = {.faultcode = BYTES_LIT("wsse:FailedCheck"),
		.faultstring = BYTES_LIT("The signature is wrong."), .error_code = BYTES_LIT("SCE006"),
		.error_message = BYTES_LIT("a < b & c"), .session_id = BYTES_LIT(SESSION)};
	SCOPED(buf_free) struct buf out = BUF(ROOM);

	f.error_date = (struct stamp){.ms = 1893535445000, .has_offset = true, .offset_min = 300};
	TRY(channel_write_fault(&f, &out, e));
	blind_id(&out);
	compare_text(&out);
	return DONE;
}

/* The words of the rooms channel are judged by the flow, which knows whether the step was refused memory. */
#define RUN(name) \
	static outcome run_##name(struct err *e) \
	{ \
		size_t before = memory_refusals(); \
		return memory_judge(before, name(e), e); \
	}
RUN(message)
RUN(forged)
RUN(async)
RUN(forward)
RUN(fault)

const struct path path_envelope = {"envelope", "octets to a tree with its ranges", prepare, run_envelope, drop, false, 0, 0};
const struct path path_message = {"message", "parse, signature, fields of the synchronous channel", prepare, run_message,
	drop, false, LOST_BY_XMLSEC, 0};
const struct path path_forged = {"forged", "a message that was changed after it was signed", prepare, run_forged, drop,
	false, LOST_BY_XMLSEC, 0};
const struct path path_async = {"async", "the same on the asynchronous channel", prepare, run_async, drop, false,
	LOST_BY_XMLSEC, 0};
const struct path path_sign = {"sign", "our signature", prepare, run_sign, drop, false, 0, 0};
const struct path path_forward = {"forward", "a message read, rewritten and signed anew", prepare, run_forward, drop, false,
	LOST_BY_XMLSEC, 0};
const struct path path_fault = {"fault", "the text of a fault", prepare, run_fault, drop, false, 0, 0};
