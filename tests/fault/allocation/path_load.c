/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is loaded: a configuration with everything it names, certificates, decisions on them. What is taken is what stands in
 * the files, word for word, and what is wrong in them is refused however little memory there is. */
#include "../../unit/signed.h"

#include "base/memory.h"
#include "flow/flow.h"
#include "path.h"
#include "shortage.h"
#include "trust/certificate.h"

#define ROOM (8u << 20)

/* %s: of the service. */
static const char configuration[] =
	"journal: {directory: journal, retention: 8d}\n"
	"authorities: [" PKI "/root.crt, " PKI "/issuing.crt]\n"
	"secrecy: {properties: [secrecy], harmless: [none]}\n"
	"listeners: [{name: usual, listen: \"127.0.0.1:0\", limits: {body: 3MiB, head_time: 7s}}]\n"
	"keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: " PKI "/gateway.key}]\n"
	"rules: [{name: director, subjects: employee, any_of: 1.2.398.3.3.4.1.2.1, own_bin: true}]\n"
	"profiles: [{name: strict, accept: [key-identifier, x509-data], skew: 1m, max_age: 1h}]\n"
	"participants:\n"
	"  - {name: department, sender_ids: [department_is, second_is], certificates: " PKI "/department.crt, may_call: ECHO,\n"
	"     profile: strict}\n"
	"  - {name: permits, sender_ids: permits_is, profile: strict, issuer: " PKI "/issuing.crt, bin: 200440000015}\n"
	"services:\n"
	"  - {id: ECHO, provider: permits, endpoint: \"http://127.0.0.1:1/\", deadline: 5s, schema: %s}\n";

static struct signed_bench bench;
static struct bytes message, stranger;
static struct buf wanted = BUF(ROOM), der = BUF(ROOM);

static struct bytes request_of(const char *signer)
{
	struct sync_request r = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-000000000001}"),
		.service_id = BYTES_LIT("ECHO"), .date = stamp_now(), .sender_id = BYTES_LIT("department_is")};

	return bench_request(&bench, signer, &r, "<x/>");
}

static void prepare_with(const char *schema)
{
	SCOPED(buf_free) struct buf text = BUF(ROOM);
	struct err e;

	bench_make(&bench);
	buf_printf(&text, configuration, schema);
	bench_file(&bench, "qaqpa.yaml", buf_cstr(&text));
	message = request_of("department");
	stranger = request_of("monitoring");
	PATH_MUST(trust_certificate_read(PKI "/department.crt", &der, &e).ok);
}

/* A schema without patterns: libxml2 2.9.14 ends the process when it is refused memory while it compiles one. */
static void prepare(void)
{
	prepare_with("plain.xsd");
	bench_file(&bench, "plain.xsd", "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:x\">"
		"<xs:element name=\"x\" type=\"xs:int\"/></xs:schema>");
}

static void prepare_wrong(void)
{
	prepare_with("none.xsd");
}

static void drop(void)
{
	bench_drop(&bench);
	buf_free(&wanted);
	buf_free(&der);
}

/* --- what a configuration says --- */

static void say_names(struct buf *out, const struct conf_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		buf_printf(out, "%s,", names->name[i]);
	buf_char(out, ';');
}

static const char *word(const char *text)
{
	return text ? text : "-";
}

static void say_participant(struct buf *out, const struct conf_participant *p)
{
	const struct conf_profile *f = p->profile;

	buf_printf(out, "%s %s %s %s %s;", p->name, word(p->issuer), word(p->bin), word(p->iin), word(p->password_hash));
	say_names(out, &p->sender_ids);
	say_names(out, &p->certificates);
	say_names(out, &p->may_call);
	buf_printf(out, "%s %u %d %d %d %d %s\n", f->name, f->forms, f->plain_id, f->sha1, f->skew_ms, f->max_age_ms,
		p->key->name);
}

static void say_conf(struct buf *out, const struct conf *c)
{
	buf_printf(out, "%s %s %zu %zu %d\n", c->hash, c->zone, c->memory_bytes, c->max_elements, c->journal.retention_days);
	say_names(out, &c->ca);
	say_names(out, &c->secrecy.properties);
	say_names(out, &c->secrecy.harmless);
	for (size_t i = 0; i < c->listener_count; i++) {
		const struct conf_listener *l = &c->listeners[i];

		buf_printf(out, "%s %s %d %d %s %s %zu %d\n", l->name, l->host, l->port, l->tls, l->sync_path, l->async_path,
			l->limits.body_bytes, l->limits.head_ms);
	}
	for (size_t i = 0; i < c->rule_count; i++) {
		buf_printf(out, "%s %u %d", c->rules[i].name, c->rules[i].subjects, c->rules[i].own_bin);
		say_names(out, &c->rules[i].any_of);
	}
	for (size_t i = 0; i < c->participant_count; i++)
		say_participant(out, &c->participants[i]);
	for (size_t i = 0; i < c->service_count; i++) {
		const struct conf_service *s = &c->services[i];

		buf_printf(out, "%s %s %s %s %d %zu %d\n", s->id, s->provider->name, s->endpoint, s->schema, s->deadline_ms,
			s->answer_bytes, s->in_flight);
	}
}

static void compare(const struct buf *said)
{
	PATH_MUST(buf_ok(said) && said->len > 0);
	if (wanted.len == 0)
		buf_add(&wanted, buf_bytes(said));
	if (!bytes_eq(buf_bytes(&wanted), buf_bytes(said)))
		path_broken("another thing was loaded: %.300s", buf_cstr(said));
}

static bool is_trusted(struct trust *t, struct bytes text)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	const struct verified *v;
	struct envelope *env;
	struct err e;

	PATH_MUST(envelope_parse(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok);
	return security_verify(pool, env, t, stamp_now(), &v, NULL, &e).ok;
}

/* --- the walks --- */

static outcome load(struct snapshot **s, struct err *e)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();

	if (!problems)
		return err_set(e, REASON_MEMORY, "problems");
	TRY(snapshot_load(bench.path, problems, s, e));
	PATH_MUST(problems->errors == 0);
	return DONE;
}

static outcome run_snapshot(struct err *e)
{
	SCOPED(snapshot_drop) struct snapshot *s = NULL;
	struct buf said = BUF(ROOM);

	TRY(load(&s, e));
	shortage_spare(true);
	say_conf(&said, snapshot_conf(s));
	compare(&said);
	buf_free(&said);
	PATH_MUST(is_trusted(snapshot_trust(s), message) && !is_trusted(snapshot_trust(s), stranger));
	shortage_spare(false);
	return DONE;
}

/* Right is: refused, for the schema that is not there. */
static outcome run_wrong(struct err *e)
{
	SCOPED(snapshot_drop) struct snapshot *s = NULL;
	size_t before = memory_refusals();

	if (load(&s, e).ok)
		path_broken("a wrong configuration was taken");
	return memory_refusals() == before && e->reason == REASON_CONFIG ? DONE : FAILED;
}

static outcome run_certificate(struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	size_t before = memory_refusals();
	struct cert_view v;
	struct buf said = BUF(ROOM);

	if (!pool)
		return err_set(e, REASON_MEMORY, "pool");
	TRY(memory_judge(before, cert_view_read(pool, buf_bytes(&der), &v, e), e));
	shortage_spare(true);
	buf_printf(&said, "%s %s %s %s %s %s %s %s", v.subject, v.issuer, v.serial, v.key, v.signature, word(v.ski), v.print,
		v.sha1);
	say_names(&said, &v.usage);
	say_names(&said, &v.who.purposes);
	say_names(&said, &v.who.policies);
	compare(&said);
	buf_free(&said);
	shortage_spare(false);
	return DONE;
}

/* Trust made anew, and the decision on a certificate that an authority issued. */
static outcome run_trust(struct err *e)
{
	static const struct conf_profile profile = {.name = "any", .forms = CONF_FORM_KEY_IDENTIFIER};
	static const struct conf_participant department = {.name = "department", .issuer = PKI "/issuing.crt",
		.bin = "200440000015", .profile = &profile};
	SCOPED(trust_free) struct trust *t = trust_new();
	size_t before = memory_refusals();
	const struct trust_cert *c;

	if (!t)
		return err_set(e, REASON_MEMORY, "trust");
	TRY(trust_add_authority(t, PKI "/root.crt", e));
	TRY(trust_add_participant(t, &department, e));
	TRY(memory_judge(before, trust_find_der(t, buf_bytes(&der), stamp_now().ms, &c, e), e));
	PATH_MUST(c->participant == &department && c->key_kind == KEY_RSA && strcmp(c->who.bin, "200440000015") == 0);
	PATH_MUST(c->who.signature && bytes_eq(c->der, buf_bytes(&der)));
	return DONE;
}

/* The compiler of schemas in libxml2 2.9.14 loses what it was making when it is refused memory. */
#define LOST_BY_SCHEMAS 16

const struct path path_snapshot = {"snapshot", "a configuration with keys, certificates and schemas", prepare, run_snapshot,
	drop, false, LOST_BY_SCHEMAS, 40};
const struct path path_wrong = {"wrong", "a configuration that has to be refused", prepare_wrong, run_wrong, drop, false, 0,
	20};
const struct path path_certificate = {"certificate", "a certificate as people read it", prepare, run_certificate, drop,
	false, 0, 0};
const struct path path_trust = {"trust", "authorities, and a certificate that one of them issued", prepare, run_trust, drop,
	false, 0, 0};
