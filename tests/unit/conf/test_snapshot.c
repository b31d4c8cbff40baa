/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_snapshot - what a good configuration becomes: defaults, references, look-ups, included files. */
#include "conf_fixture.h"

static void check_ok(struct fixture *f)
{
	if (!f->ok)
		fixture_print(f);
	assert_true(f->ok);
	assert_int_equal(f->problems->n, 0);
}

static void check_usual_limits(const struct conf_limits *l)
{
	assert_int_equal(l->head_bytes, 16384);
	assert_int_equal(l->handshake_ms, 10000);
	assert_int_equal(l->connections, 10000);
	assert_int_equal(l->connections_per_address, 0);
	assert_int_equal(l->requests_per_address, 0);
	assert_int_equal(l->share_per_address, 50);
	assert_int_equal(l->refused_work, 50);
}

static void the_shortest_file_gets_all_defaults(void **state)
{
	struct fixture f;
	const struct conf *c;
	const struct conf_participant *p;
	const struct conf_service *s;

	(void)state;
	fixture_read(&f, ALL_PARTS);
	check_ok(&f);
	c = f.conf;
	assert_string_equal(c->path, f.path);
	assert_string_equal(c->zone, "Asia/Almaty");
	assert_string_equal(c->log_level, "info");
	assert_null(c->admin.host);
	assert_null(c->blocks);
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->drain_ms, 30000);
	assert_int_equal(c->drain_delay_ms, 0);
	assert_int_equal(c->memory_bytes, 512u << 20);
	assert_true(c->max_elements == 200000 && c->confine);
	assert_int_equal(c->journal.retention_days, 30);
	assert_int_equal(c->journal.free_bytes, 256u << 20);
	assert_int_equal(c->journal.commit_us, 5000);
	assert_int_equal(c->secrecy.properties.n, 2);
	assert_string_equal(c->secrecy.properties.name[1], "stateSecret");
	assert_int_equal(c->secrecy.harmless.n, 4);
	assert_int_equal(c->listener_count, 1);
	assert_string_equal(c->listeners[0].host, "127.0.0.1");
	assert_int_equal(c->listeners[0].port, 8080);
	assert_int_equal(c->listeners[0].tls, CONF_TLS_OFF);
	assert_string_equal(c->listeners[0].sync_path, "/bip-sync-wss-gost/");
	check_usual_limits(&c->listeners[0].limits);
	assert_int_equal(c->profile_count, 1);
	assert_string_equal(c->profiles[0].name, "standard");
	assert_int_equal(c->profiles[0].forms,
		CONF_FORM_KEY_IDENTIFIER | CONF_FORM_ISSUER_SERIAL | CONF_FORM_BST | CONF_FORM_X509_DATA);
	assert_int_equal(c->profiles[0].sign, CONF_FORM_KEY_IDENTIFIER);
	assert_false(c->profiles[0].sha1);
	assert_false(c->profiles[0].legacy_gost);
	assert_int_equal(c->profiles[0].skew_ms, 300000);
	assert_int_equal(c->profiles[0].max_age_ms, 7 * 86400000);
	p = conf_participant_by_sender(c, BYTES_LIT("dep_is"));
	assert_ptr_equal(p, &c->participants[0]);
	assert_ptr_equal(p->profile, &c->profiles[0]);
	assert_int_equal(p->share, 50);
	assert_ptr_equal(p->key, &c->keys[0]);
	s = conf_service_by_id(c, BYTES_LIT("Echo"));
	assert_ptr_equal(s, &c->services[0]);
	assert_ptr_equal(s->provider, p);
	assert_int_equal(s->deadline_ms, 30000);
	assert_int_equal(s->in_flight, 64);
	assert_int_equal(s->answer_bytes, 15u << 20);
	assert_false(s->repeat_safe);
	assert_false(conf_may_call(p, s));
	assert_null(c->profiles[0].rule);
	assert_false(s->timestamp);
	assert_null(c->timestamp.directory);
	assert_int_equal(s->inner.forms, 0);
	assert_int_equal(s->inner.rule_count, 0);
	fixture_drop(&f);
}

static void the_words_of_revocation_are_read(void **state)
{
	static const char least[] = ALL_PARTS "revocation: {directory: r}\nsources: [{name: a, issuer: i, ocsp: 'http://a/'}]\n";
	static const char all[] = ALL_PARTS
		"revocation: {directory: /r, refresh: 1m, crl_refresh: 2h, deadline: 3s, skew: 4s, watched: 5,\n"
		"  crl_limit: 6KiB, evidence: 7d}\n"
		"sources:\n"
		"  - {name: a, issuer: i, responder: /p, ocsp: 'http://a/', digest: sha1, nonce: tolerated, crl: 'http://b/',\n"
		"     delta: 'http://c/'}\n"
		"profiles: [{name: standard, outage: last-good, outage_age: 8h}]\n";
	struct fixture f;
	const struct conf_revocation *v;
	const struct conf_source *s;

	(void)state;
	fixture_read(&f, least);
	check_ok(&f);
	v = &f.conf->revocation;
	s = &f.conf->sources[0];
	assert_int_equal(f.conf->source_count, 1);
	assert_int_equal(v->refresh_ms, 600000);
	assert_int_equal(v->crl_refresh_ms, 3600000);
	assert_int_equal(v->deadline_ms, 5000);
	assert_int_equal(v->skew_ms, 60000);
	assert_int_equal(v->watched, 4096);
	assert_int_equal(v->crl_bytes, 64u << 20);
	assert_int_equal(v->evidence_days, 1095);
	assert_int_equal(s->digest, CONF_SOURCE_SHA256);
	assert_int_equal(s->nonce, CONF_NONCE_NEEDED);
	assert_null(s->responder);
	assert_null(s->crl);
	assert_int_equal(f.conf->profiles[0].outage, CONF_OUTAGE_REFUSE);
	fixture_drop(&f);

	fixture_read(&f, all);
	check_ok(&f);
	v = &f.conf->revocation;
	s = &f.conf->sources[0];
	assert_string_equal(v->directory, "/r");
	assert_int_equal(v->refresh_ms, 60000);
	assert_int_equal(v->crl_refresh_ms, 7200000);
	assert_int_equal(v->deadline_ms, 3000);
	assert_int_equal(v->skew_ms, 4000);
	assert_int_equal(v->watched, 5);
	assert_int_equal(v->crl_bytes, 6144);
	assert_int_equal(v->evidence_days, 7);
	assert_string_equal(s->name, "a");
	assert_non_null(strstr(s->issuer, "/i"));
	assert_string_equal(s->responder, "/p");
	assert_string_equal(s->ocsp, "http://a/");
	assert_int_equal(s->digest, CONF_SOURCE_SHA1);
	assert_int_equal(s->nonce, CONF_NONCE_TOLERATED);
	assert_string_equal(s->crl, "http://b/");
	assert_string_equal(s->delta, "http://c/");
	assert_int_equal(f.conf->profiles[0].outage, CONF_OUTAGE_LAST_GOOD);
	assert_int_equal(f.conf->profiles[0].outage_age_ms, 8 * 3600000);
	fixture_drop(&f);
}

static const char every_word[] =
	"gateway: {zone: Asia/Oral, log_level: debug, workers: 3, drain: 2m, drain_delay: 7s, memory: 1GiB,\n"
	"  confine: false, max_elements: 1000}\n"
	"admin: {listen: 'localhost:9081'}\n"
	"journal: {directory: /j, retention: 7d, free_space: 4096, commit_delay: 500us}\n"
	"secrecy: {properties: mark, harmless: []}\n"
	"timestamp: {directory: /t, url: 'http://tsa/', authorities: [tsa.crt, /root.crt], policy: 1.2.398.3.3.2.6.4,\n"
	"  digest: gost-2015, deadline: 3s, initial: 1s, max_interval: 1h}\n"
	"authorities: [a.crt, /b.crt]\n"
	"blocks: /blocked\n"
	"listeners:\n"
	"  - {name: a, listen: '[::1]:0', tls: mutual, certificate: c, key: k, client_ca: ca,\n"
	"     sync_path: /x/, public_url: 'https://h:1/x/', diagnostics: true, proxies: [192.0.2.1, '2001:db8::/32'],\n"
	"     limits: {head: 1KiB, body: 2KiB, head_time: 1s, body_time: 2s, idle_time: 3s, write_time: 4s,\n"
	"              handshake_time: 500ms, connections: 6, connections_per_address: 7,\n"
	"              requests_per_address: 8, share_per_address: 9, refused_work: 10}}\n"
	"keys:\n"
	"  - {name: one, certificate: 1.crt, key: 1.key}\n"
	"  - {name: two, certificate: 2.crt, key: 2.key, password_file: two-password,\n"
	"     successor: three, successor_from: '2030-01-02T03:04:05+05:00'}\n"
	"  - {name: three, pkcs12: 3.p12, password_file: ./three, successor: four,\n"
	"     successor_from: 2031-01-01T00:00:00Z}\n"
	"  - {name: four, pkcs11: 'pkcs11:token=t;object=o', module: /m.so, pin_file: /p}\n"
	"rules:\n"
	"  - {name: chief, subjects: [employee, organisation], any_of: [1.2.398.3.3.4.1.2.1, 1.2.398.3.3.4.1.2.2],\n"
	"     all_of: 1.2.398.5.19, policies: [1.2.398.3.3.2.1], dc: [SIGN_1, SIGN_2], non_repudiation: true,\n"
	"     own_bin: true, bins: ['200440000015', '200640000022']}\n"
	"  - {name: accountant, any_of: 1.2.398.3.3.4.1.2.3}\n"
	"profiles:\n"
	"  - {name: old, accept: plain, sha1: true, legacy_gost: true, sign: x509-data, algorithm: gost-2015,\n"
	"     skew: 1m, max_age: 1h, rule: accountant}\n"
	"participants:\n"
	"  - {name: p, sender_ids: [a, b], issuer: i, bin: '123456789025', iin: '123456789025',\n"
	"     profile: old, key: two, may_call: '*', diagnostics: true, share: 9}\n"
	"services:\n"
	"  - {id: S 1, provider: p, endpoint: 'https://[::1]:8/a?b', tls: {ca: a, certificate: b, key: c},\n"
	"     deadline: 1500ms, in_flight: 1, answer_limit: 1MiB, schema: s.xsd, answer_schema: t.xsd,\n"
	"     repeat_safe: true, timestamp: true, checks: [one, two], actions: three,\n"
	"     inner: {accept: [enveloped, cms], rules: [accountant, chief], covers: doc, cms: sign, answers: true}}\n"
	"  - {id: S 2, handler: four}\n";

static void check_process(const struct conf *c, const char *folder)
{
	assert_string_equal(c->zone, "Asia/Oral");
	assert_string_equal(c->log_level, "debug");
	assert_int_equal(c->workers, 3);
	assert_int_equal(c->drain_ms, 120000);
	assert_int_equal(c->drain_delay_ms, 7000);
	assert_int_equal(c->memory_bytes, 1u << 30);
	assert_int_equal(c->max_elements, 1000);
	assert_false(c->confine);
	assert_string_equal(c->admin.host, "localhost");
	assert_int_equal(c->admin.port, 9081);
	assert_string_equal(c->journal.directory, "/j");
	assert_int_equal(c->journal.retention_days, 7);
	assert_int_equal(c->journal.free_bytes, 4096);
	assert_int_equal(c->journal.commit_us, 500);
	assert_int_equal(c->secrecy.properties.n, 1);
	assert_int_equal(c->secrecy.harmless.n, 0);
	assert_string_equal(c->blocks, "/blocked");
	assert_string_equal(c->timestamp.directory, "/t");
	assert_string_equal(c->timestamp.url, "http://tsa/");
	assert_int_equal(c->timestamp.authorities.n, 2);
	assert_string_equal(c->timestamp.authorities.name[1], "/root.crt");
	assert_string_equal(c->timestamp.policy, "1.2.398.3.3.2.6.4");
	assert_int_equal(c->timestamp.digest, CONF_STAMP_GOST_2015);
	assert_int_equal(c->timestamp.deadline_ms, 3000);
	assert_int_equal(c->timestamp.initial_ms, 1000);
	assert_int_equal(c->timestamp.max_interval_ms, 3600000);
	assert_true(c->services[0].timestamp);
	assert_int_equal(c->ca.n, 2);
	assert_true(strncmp(c->ca.name[0], folder, strlen(folder)) == 0);
	assert_string_equal(c->ca.name[0] + strlen(folder), "/a.crt");
	assert_string_equal(c->ca.name[1], "/b.crt");
}

static void check_listener(const struct conf_listener *l)
{
	assert_string_equal(l->host, "::1");
	assert_int_equal(l->port, 0);
	assert_int_equal(l->tls, CONF_TLS_MUTUAL);
	assert_non_null(strstr(l->client_ca, "/ca"));
	assert_string_equal(l->sync_path, "/x/");
	assert_string_equal(l->public_url, "https://h:1/x/");
	assert_true(l->diagnostics);
	assert_int_equal(l->proxies.n, 2);
	assert_string_equal(l->proxies.name[1], "2001:db8::/32");
	assert_int_equal(l->limits.head_bytes, 1024);
	assert_int_equal(l->limits.body_bytes, 2048);
	assert_int_equal(l->limits.head_ms, 1000);
	assert_int_equal(l->limits.body_ms, 2000);
	assert_int_equal(l->limits.idle_ms, 3000);
	assert_int_equal(l->limits.write_ms, 4000);
	assert_int_equal(l->limits.handshake_ms, 500);
	assert_int_equal(l->limits.connections, 6);
	assert_int_equal(l->limits.connections_per_address, 7);
	assert_int_equal(l->limits.requests_per_address, 8);
	assert_int_equal(l->limits.share_per_address, 9);
	assert_int_equal(l->limits.refused_work, 10);
}

static void check_profile(const struct conf_profile *p)
{
	assert_int_equal(p->forms, CONF_FORM_PLAIN);
	assert_true(p->plain_id); /* implied */
	assert_true(p->sha1);
	assert_true(p->legacy_gost);
	assert_int_equal(p->sign, CONF_FORM_X509_DATA);
	assert_string_equal(p->sign_algorithm, "gost-2015");
	assert_int_equal(p->skew_ms, 60000);
	assert_int_equal(p->max_age_ms, 3600000);
}

static void check_keys(const struct conf *c)
{
	const struct conf_key *k = c->keys;

	assert_int_equal(c->key_count, 4);
	assert_null(k[0].successor);
	assert_null(k[0].pkcs12);
	assert_string_equal(k[1].password_file, "two-password"); /* a credential */
	assert_ptr_equal(k[1].successor, &k[2]);
	assert_int_equal(k[1].successor_ms, INT64_C(1893535445000)); /* date -d 2030-01-01T22:04:05Z +%s */
	assert_non_null(strstr(k[2].pkcs12, "/3.p12"));
	assert_int_equal(k[2].password_file[0], '/');
	assert_ptr_equal(k[2].successor, &k[3]);
	assert_null(k[3].successor);
	assert_string_equal(k[3].pkcs11, "pkcs11:token=t;object=o");
	assert_string_equal(k[3].module, "/m.so");
	assert_string_equal(k[3].pin_file, "/p");
}

static void the_key_of_all_is_the_one_that_follows_nobody(void **state)
{
	struct fixture f;

	(void)state;
	fixture_read(&f,
		PART_JOURNAL PART_LISTENERS PART_PARTICIPANTS PART_SERVICES
		"keys:\n  - {name: new, certificate: c, key: k}\n"
		"  - {name: old, certificate: c, key: k, successor: new, successor_from: 2030-01-01T00:00:00Z}\n");
	check_ok(&f);
	assert_string_equal(f.conf->participants[0].key->name, "old");
	fixture_drop(&f);
}

static void check_rules(const struct conf *c)
{
	const struct conf_rule *rule = c->rules;
	const struct conf_inner *inner = &c->services[0].inner;

	assert_int_equal(c->rule_count, 2);
	assert_string_equal(rule->name, "chief");
	assert_int_equal(rule->subjects, CONF_SUBJECT_EMPLOYEE | CONF_SUBJECT_ORGANISATION);
	assert_int_equal(rule->any_of.n, 2);
	assert_string_equal(rule->any_of.name[1], "1.2.398.3.3.4.1.2.2");
	assert_int_equal(rule->all_of.n, 1);
	assert_string_equal(rule->all_of.name[0], "1.2.398.5.19");
	assert_string_equal(rule->policies.name[0], "1.2.398.3.3.2.1");
	assert_string_equal(rule->dc.name[1], "SIGN_2");
	assert_true(rule->non_repudiation);
	assert_true(rule->own_bin);
	assert_int_equal(rule->bins.n, 2);
	assert_string_equal(rule->bins.name[1], "200640000022");
	assert_int_equal(rule[1].subjects, 0);
	assert_int_equal(rule[1].dc.n, 0);
	assert_false(rule[1].own_bin);
	assert_ptr_equal(c->profiles[0].rule, &rule[1]);
	assert_int_equal(inner->forms, CONF_INNER_ENVELOPED | CONF_INNER_CMS);
	assert_int_equal(inner->rule_count, 2);
	assert_ptr_equal(inner->rules[0], &rule[1]);
	assert_ptr_equal(inner->rules[1], &rule[0]);
	assert_string_equal(inner->covers, "doc");
	assert_string_equal(inner->cms, "sign");
	assert_true(inner->answers);
}

static void check_participant(const struct conf *c)
{
	const struct conf_participant *p = conf_participant_by_sender(c, BYTES_LIT("b"));

	assert_ptr_equal(p, c->participants);
	assert_string_equal(p->bin, "123456789025");
	assert_string_equal(p->iin, "123456789025");
	assert_ptr_equal(p->profile, c->profiles);
	assert_string_equal(p->key->name, "two");
	assert_int_equal(p->at.line, 32);
	assert_true(p->diagnostics);
	assert_int_equal(p->share, 9);
	assert_true(conf_may_call(p, c->services));
}

static void check_service(const struct conf_service *s)
{
	assert_string_equal(s->id, "S 1");
	assert_string_equal(s->endpoint, "https://[::1]:8/a?b");
	assert_non_null(strstr(s->tls_ca, "/a"));
	assert_non_null(strstr(s->tls_certificate, "/b"));
	assert_non_null(strstr(s->tls_key, "/c"));
	assert_int_equal(s->deadline_ms, 1500);
	assert_int_equal(s->in_flight, 1);
	assert_int_equal(s->answer_bytes, 1u << 20);
	assert_non_null(strstr(s->schema, "/s.xsd"));
	assert_non_null(strstr(s->answer_schema, "/t.xsd"));
	assert_true(s->repeat_safe);
	assert_int_equal(s->checks.n, 2);
	assert_string_equal(s->checks.name[1], "two");
	assert_int_equal(s->actions.n, 1);
	assert_string_equal(s->actions.name[0], "three");
	assert_null(s->handler);
	assert_string_equal(s[1].handler, "four");
	assert_null(s[1].provider);
	assert_true(s[1].repeat_safe);
}

static void every_word_reaches_its_field(void **state)
{
	struct fixture f;

	(void)state;
	fixture_read(&f, every_word);
	check_ok(&f);
	check_process(f.conf, f.folder);
	check_listener(f.conf->listeners);
	check_profile(f.conf->profiles);
	check_participant(f.conf);
	check_service(f.conf->services);
	check_rules(f.conf);
	check_keys(f.conf);
	fixture_drop(&f);
}

static void included_files_add_to_the_lists_in_the_order_of_names(void **state)
{
	struct fixture f;
	char path[512], alone[65];

	(void)state;
	fixture_read(&f, ALL_PARTS "include: more\n");
	assert_false(f.ok); /* the folder is not there yet */
	conf_problems_free(&f.problems);
	f.problems = conf_problems_new();
	snprintf(path, sizeof path, "%s/more", f.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	fixture_load(&f);
	check_ok(&f);
	memcpy(alone, f.conf->hash, sizeof alone);
	conf_free(&f.conf);
	fixture_write(
		&f, "more/20.yaml", BYTES_LIT("services: [{id: B, provider: new, endpoint: 'http://b/'}]\n"));
	fixture_write(&f, "more/10.yaml",
		BYTES_LIT("services: [{id: A, provider: dep, endpoint: 'http://a/'}]\n"
			  "participants: [{name: new, certificates: new.crt}]\n"));
	fixture_write(&f, "more/notes.txt", BYTES_LIT("not read: ["));
	fixture_write(&f, "more/.hidden.yaml", BYTES_LIT("not read: ["));
	fixture_load(&f);
	check_ok(&f);
	assert_int_equal(f.conf->service_count, 3);
	assert_string_equal(f.conf->services[1].id, "A");
	assert_string_equal(f.conf->services[2].id, "B");
	assert_string_equal(f.conf->services[2].provider->name, "new");
	assert_non_null(strstr(f.conf->services[2].at.file, "more/20.yaml"));
	assert_non_null(strstr(f.conf->services[2].provider->certificates.name[0], "/more/new.crt"));
	assert_string_not_equal(f.conf->hash, alone);
	fixture_drop(&f);
}

static void several_folders_are_read_in_the_order_of_the_list(void **state)
{
	struct fixture f;
	char path[512];

	(void)state;
	fixture_read(&f, ALL_PARTS "include: [z, a]\n");
	assert_false(f.ok); /* neither folder is there yet */
	assert_int_equal(f.problems->n, 2);
	conf_problems_free(&f.problems);
	f.problems = conf_problems_new();
	for (const char *folder = "za"; *folder; folder++) {
		snprintf(path, sizeof path, "%s/%c", f.folder, *folder);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	fixture_write(&f, "a/1.yaml", BYTES_LIT("services: [{id: B, provider: dep, endpoint: 'http://b/'}]\n"));
	fixture_write(&f, "z/1.yaml", BYTES_LIT("services: [{id: A, provider: dep, endpoint: 'http://a/'}]\n"));
	fixture_load(&f);
	check_ok(&f);
	assert_int_equal(f.conf->service_count, 3);
	assert_string_equal(f.conf->services[1].id, "A");
	assert_string_equal(f.conf->services[2].id, "B");
	fixture_drop(&f);
}

static void included_files_hold_lists_only(void **state)
{
	struct fixture f;
	char path[512];

	(void)state;
	fixture_read(&f, ALL_PARTS "include: more\n");
	conf_problems_free(&f.problems);
	f.problems = conf_problems_new();
	snprintf(path, sizeof path, "%s/more", f.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	fixture_write(&f, "more/a.yaml", BYTES_LIT("\ngateway: {workers: 2}\n"));
	fixture_write(&f, "more/b.yaml",
		BYTES_LIT("services: [{id: Echo, provider: dep, endpoint: 'http://b/'}]\n"));
	fixture_write(&f, "more/c.yaml", BYTES_LIT("- x\n"));
	fixture_load(&f);
	assert_false(f.ok);
	assert_int_equal(f.problems->n, 2);
	assert_int_equal(f.problems->list[0].at.line, 2);
	assert_non_null(strstr(f.problems->list[0].at.file, "more/a.yaml"));
	assert_non_null(strstr(f.problems->list[0].what, "gateway may not stand in an included file"));
	assert_non_null(strstr(f.problems->list[1].at.file, "more/c.yaml"));
	fixture_write(&f, "more/c.yaml", BYTES_LIT("keys: []\n"));
	fixture_write(&f, "more/a.yaml", BYTES_LIT("keys: []\n"));
	conf_problems_free(&f.problems);
	f.problems = conf_problems_new();
	fixture_load(&f);
	assert_false(f.ok);
	assert_int_equal(f.problems->n, 1);
	assert_non_null(strstr(f.problems->list[0].at.file, "more/b.yaml"));
	assert_non_null(strstr(f.problems->list[0].what, "qaqpa.yaml line 5"));
	fixture_drop(&f);
}

static void a_relative_path_is_taken_from_the_working_folder(void **state)
{
	struct fixture f;
	char before[4096];

	(void)state;
	fixture_make(&f);
	fixture_write(&f, "qaqpa.yaml", bytes_str(ALL_PARTS));
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(f.folder), 0);
	snprintf(f.path, sizeof f.path, "qaqpa.yaml");
	fixture_load(&f);
	assert_int_equal(chdir(before), 0);
	check_ok(&f);
	assert_int_equal(f.conf->journal.directory[0], '/');
	assert_non_null(strstr(f.conf->journal.directory, "/journal"));
	fixture_drop(&f);
}

static void the_hash_is_that_of_the_file(void **state)
{
	struct fixture f;

	(void)state;
	fixture_read(&f, ALL_PARTS);
	check_ok(&f);
	/* sha256sum of the text of ALL_PARTS */
	assert_string_equal(f.conf->hash, "cba435e0d6b00a5b5118b2b636267c04c095e1197f8a804bfd7a3a2eed8077f3");
	fixture_drop(&f);
}

static void all_of_ten_thousand_participants_are_found(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(4 << 20);
	struct fixture f;
	char id[32];

	(void)state;
	buf_str(&text, PART_JOURNAL PART_LISTENERS PART_KEYS "participants:\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&text, "  - {name: p%d, sender_ids: [is_%d, reserve_%d], certificates: c%d}\n", i,
			i, i, i);
	buf_str(&text, "services:\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "  - {id: S%d, provider: p%d, endpoint: 'http://a/'}\n", i, i * 10);
	assert_true(buf_ok(&text));
	fixture_read(&f, buf_cstr(&text));
	check_ok(&f);
	for (int i = 0; i < 10000; i++) {
		snprintf(id, sizeof id, "is_%d", i);
		assert_ptr_equal(conf_participant_by_sender(f.conf, bytes_str(id)), &f.conf->participants[i]);
		snprintf(id, sizeof id, "reserve_%d", i);
		assert_ptr_equal(conf_participant_by_sender(f.conf, bytes_str(id)), &f.conf->participants[i]);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "S%d", i);
		assert_ptr_equal(conf_service_by_id(f.conf, bytes_str(id)), &f.conf->services[i]);
		assert_ptr_equal(f.conf->services[i].provider, &f.conf->participants[i * 10]);
	}
	assert_null(conf_participant_by_sender(f.conf, BYTES_LIT("is_10000")));
	assert_null(conf_participant_by_sender(f.conf, BYTES_LIT("is_")));
	assert_null(conf_participant_by_sender(f.conf, BYTES_LIT("IS_1")));
	assert_null(conf_participant_by_sender(f.conf, BYTES_LIT("is_1\0")));
	assert_null(conf_participant_by_sender(f.conf, BYTES_NONE));
	assert_null(conf_service_by_id(f.conf, BYTES_LIT("s1")));
	fixture_drop(&f);
}

static void may_call_names_services_one_by_one_or_all(void **state)
{
	struct fixture f;
	const struct conf_participant *p;

	(void)state;
	fixture_read(&f,
		PART_JOURNAL PART_LISTENERS PART_KEYS
		"participants:\n  - {name: a, certificates: c, may_call: '*'}\n  - {name: b, certificates: "
		"c, may_call: [S2]}\n"
		"services:\n  - {id: S1, provider: a, endpoint: 'http://a/'}\n  - {id: S2, provider: a, "
		"endpoint: 'http://a/'}\n");
	check_ok(&f);
	p = f.conf->participants;
	assert_true(conf_may_call(&p[0], &f.conf->services[0]));
	assert_true(conf_may_call(&p[0], &f.conf->services[1]));
	assert_false(conf_may_call(&p[1], &f.conf->services[0]));
	assert_true(conf_may_call(&p[1], &f.conf->services[1]));
	fixture_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_file_gets_all_defaults),
		cmocka_unit_test(every_word_reaches_its_field),
		cmocka_unit_test(the_words_of_revocation_are_read),
		cmocka_unit_test(the_key_of_all_is_the_one_that_follows_nobody),
		cmocka_unit_test(included_files_add_to_the_lists_in_the_order_of_names),
		cmocka_unit_test(several_folders_are_read_in_the_order_of_the_list),
		cmocka_unit_test(included_files_hold_lists_only),
		cmocka_unit_test(a_relative_path_is_taken_from_the_working_folder),
		cmocka_unit_test(the_hash_is_that_of_the_file),
		cmocka_unit_test(all_of_ten_thousand_participants_are_found),
		cmocka_unit_test(may_call_names_services_one_by_one_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
