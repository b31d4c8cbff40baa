/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules P2, P3, P6, B3: the permits system gives numbers and registers only what may be registered. */
#include "nikad/nikad.h"
#include "world.h"

#include <libxml/tree.h>

#define INFO "<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>chain</ChainId>" \
	"<RequestDate>2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>"
#define NIKAD_REQUEST(type, kind) \
	"<p:NikadRequest xmlns:p=\"urn:qaqpa:permits:v1\">" INFO "<BusinessData><DocumentType>" type \
	"</DocumentType><DocumentKind>" kind "</DocumentKind></BusinessData></p:NikadRequest>"

static const char *const documents[] = {
	"department_is=" PKI "/department.crt", "other_is=" PKI "/other-system.crt", "head=" PKI "/head.crt", NULL};

struct bench {
	char *folder;
	struct sim *permits;
	struct peer *department, *other; /* what the gateway hands on for two senders */
	struct trust *keys;
	struct pool *pool;
	struct schema *schema;
};

static const struct conf_key department_key = {.name = "department", .certificate = PKI "/department.crt",
	.key = PKI "/department.key"};
static const struct conf_key other_key = {.name = "other", .certificate = PKI "/other-system.crt",
	.key = PKI "/other-system.key"};

static const struct conf_key head_key = {.name = "head", .certificate = PKI "/head.crt", .key = PKI "/head.key"};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct err e = {0};

	b->folder = fresh_folder();
	b->pool = pool_new(MUCH);
	b->permits = start_system("permits", b->folder, "permits", NULL, documents);
	b->department = line_to(sim_port(b->permits), "permits", "department_is");
	b->other = line_to(sim_port(b->permits), "permits", "other_is");
	b->keys = trust_new();
	must(trust_add_key(b->keys, &department_key, &e), &e);
	must(trust_add_key(b->keys, &other_key, &e), &e);
	must(trust_add_key(b->keys, &head_key, &e), &e);
	must(schema_load(PERMITS_XSD, &b->schema, &e), &e);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	peer_free(&b->department);
	peer_free(&b->other);
	sim_stop(&b->permits);
	trust_free(&b->keys);
	schema_free(&b->schema);
	pool_free(&b->pool);
	remove_folder(b->folder);
	free(b);
	return 0;
}

/* Asks; every answer with data must be valid. */
static struct sim_answer ask(struct bench *b, struct peer *from, const char *service, const char *data)
{
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(from, b->pool, service, NULL, data, NULL, 20000, &a, &e), &e);
	if (!a.fault && a.payload)
		must(schema_check(b->schema, verified_envelope(a.verified), a.response.data, &e), &e);
	return a;
}

/* The text of the first element of that name anywhere in the answer. */
static const char *found(struct bench *b, const struct sim_answer *a, const char *name)
{
	const char *from = strstr((const char *)a->text.p, pool_printf(b->pool, "<%s>", name));
	const char *to = from ? strstr(from, "</") : NULL;

	if (!to)
		return "";
	from += strlen(name) + 2;
	return pool_copy(b->pool, (struct bytes){(const unsigned char *)from, (size_t)(to - from)});
}

static const char *new_number(struct bench *b)
{
	struct sim_answer a = ask(b, b->department, "PERMITS_NIKAD", NIKAD_REQUEST("PRM", "PERMIT"));

	assert_string_equal(answer_code(b->pool, &a), "SCSS001");
	return found(b, &a, "Nikad");
}

static void a_number_is_given(void **state)
{
	struct bench *b = *state;
	const char *first = new_number(b), *second = new_number(b);
	struct nikad n;

	assert_true(nikad_parse(bytes_str(first), &n, NULL));
	assert_memory_equal(first + 4, "PRM00000001", 11);
	assert_memory_equal(second + 4, "PRM00000002", 11);
}

static void what_has_no_number_is_told_with_all_reasons(void **state)
{
	struct bench *b = *state;
	struct sim_answer a = ask(b, b->department, "PERMITS_NIKAD", NIKAD_REQUEST("OIL", "LETTER"));

	assert_string_equal(answer_code(b->pool, &a), "SCSE001");
	assert_non_null(strstr((const char *)a.text.p, "<Code>nikad.type</Code>"));
	assert_non_null(strstr((const char *)a.text.p, "<Code>document.kind</Code>"));
}

static void an_unreadable_payload_is_an_error_of_data(void **state)
{
	static const char *const payloads[] = {
		NULL,
		"<NikadRequest/>",
		"<p:NikadRequest xmlns:p=\"urn:qaqpa:permits:v1\"/>",
		"<p:RegisterRequest xmlns:p=\"urn:qaqpa:permits:v1\">" INFO "</p:RegisterRequest>",
		"<p:NikadRequest xmlns:p=\"urn:qaqpa:permits:v1\"><BusinessData><DocumentType>PRM</DocumentType>"
			"<DocumentKind>PERMIT</DocumentKind></BusinessData></p:NikadRequest>",
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
		struct sim_answer a = ask(b, b->department, "PERMITS_NIKAD", payloads[i]);

		assert_string_equal(answer_code(b->pool, &a), "SCSE002");
	}
}

/* A registration, one thing of which may be wrong. */
struct registration {
	const char *name;
	const char *nikad;      /* NULL: the one that was given */
	const char *kind;       /* NULL: PERMIT */
	const char *inner_nikad, *inner_kind; /* NULL: as outside */
	const char *iin;        /* NULL: a sound one */
	const char *signer;     /* NULL: the head of the department */
	const char *find, *put; /* change after signing */
	bool unsigned_document, from_other;
	const char *reasons;    /* wanted codes, each ended by a space; "" means registered */
};

static const char *document_of(struct bench *b, const struct registration *r, const char *nikad,
	const char *kind)
{
	SCOPED(buf_free) struct buf out = BUF(65536), changed = BUF(65536);
	const char *plain = pool_printf(b->pool,
		"<d:AdministrativeDocument xmlns:d=\"urn:qaqpa:permits:document:v1\"><Nikad>%s"
		"</Nikad><DocumentKind>%s</DocumentKind><ServiceCode>LICENCE-001</ServiceCode><Issuer>"
		"<Bin>200440000015</Bin>"
		"<Name>Department</Name></Issuer><Subject><Iin>%s</Iin><Name>Test</Name></Subject><DocumentDate>"
		"2030-01-02T03:04:05.000+05:00</DocumentDate></d:AdministrativeDocument>",
		r->inner_nikad ? r->inner_nikad : nikad, r->inner_kind ? r->inner_kind : kind,
		r->iin ? r->iin : "900101300017");
	struct err e = {0};
	const char *at;

	if (r->unsigned_document)
		return plain;
	must(document_sign(b->pool, bytes_str(plain),
			 trust_key_named(b->keys, r->signer ? r->signer : "head"), &out, &e),
		&e);
	if (!r->find)
		return pool_copy(b->pool, buf_bytes(&out));
	at = strstr(buf_cstr(&out), r->find);
	assert_non_null(at);
	buf_add(&changed, bytes_sub(buf_bytes(&out), 0, (size_t)(at - buf_cstr(&out))));
	buf_str(&changed, r->put);
	buf_str(&changed, at + strlen(r->find));
	return pool_copy(b->pool, buf_bytes(&changed));
}

static struct sim_answer register_it(struct bench *b, const struct registration *r, const char *given)
{
	SCOPED(buf_free) struct buf data = BUF(1 << 20);
	const char *nikad = r->nikad ? r->nikad : given, *kind = r->kind ? r->kind : "PERMIT";
	struct sim_answer a;

	buf_printf(&data,
		"<p:RegisterRequest xmlns:p=\"urn:qaqpa:permits:v1\">" INFO "<BusinessData><Nikad>%s</Nikad>"
		"<DocumentKind>%s</DocumentKind><Document>",
		nikad, kind);
	buf_xml(&data, bytes_str(document_of(b, r, nikad, kind)));
	buf_str(&data, "</Document></BusinessData></p:RegisterRequest>");
	a = ask(b, r->from_other ? b->other : b->department, "PERMITS_REGISTER", buf_cstr(&data));
	return a;
}

/* The codes of the answer in their order, each ended by a space. */
static const char *reasons_of(struct bench *b, const struct sim_answer *a)
{
	SCOPED(buf_free) struct buf codes = BUF(4096);
	const char *at = (const char *)a->text.p;

	while ((at = strstr(at, "<Code>")) != NULL) {
		const char *to = strstr(at, "</Code>");

		buf_add(&codes, (struct bytes){(const unsigned char *)at + 6, (size_t)(to - at) - 6});
		buf_char(&codes, ' ');
		at = to;
	}
	return pool_copy(b->pool, buf_bytes(&codes));
}

static const struct registration registrations[] = {
	{"a sound document", .reasons = ""},
	{"a number in groups is the same number elsewhere too", .nikad = "KZ03 ABC 0000 0001",
		.inner_nikad = "KZ03ABC00000001", .reasons = "nikad.unknown "},
	{"a number of nobody", .nikad = "KZ03ABC00000001", .reasons = "nikad.unknown "},
	{"a number with Cyrillic letters", .nikad = "KZ03 АВС 0000 0001",
		.reasons = "nikad.malformed document.nikad "},
	{"a number given to another", .from_other = true, .reasons = "nikad.foreign "},
	{"another kind than the number is for", .kind = "REFUSAL", .reasons = "nikad.kind "},
	{"a kind that is none", .kind = "LETTER", .reasons = "document.kind nikad.kind "},
	{"another number inside", .inner_nikad = "KZ03ABC00000001", .reasons = "document.nikad "},
	{"another kind inside", .inner_kind = "REFUSAL", .reasons = "document.kind "},
	{"a wrong IIN inside", .iin = "900101300018", .reasons = "document.subject "},
	{"a document without signature", .unsigned_document = true, .reasons = "document.signature "},
	{"a document changed after signing", .find = "<Name>Test", .put = "<Name>Tost",
		.reasons = "document.signature "},
	{"a document signed by another organisation", .signer = "other", .reasons = "document.signer "},
	{"a document signed by the system and not by its head", .signer = "department", .reasons = "document.signer "},
	{"a document that is no XML", .find = "</d:AdministrativeDocument>", .put = "",
		.reasons = "document.malformed document.signature "},
	{"several things wrong at once", .inner_nikad = "KZ03ABC00000001", .inner_kind = "REFUSAL", .iin = "1",
		.unsigned_document = true,
		.reasons = "document.nikad document.kind document.subject document.signature "},
};

static void only_what_may_be_registered_is(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof registrations / sizeof registrations[0]; i++) {
		const struct registration *r = &registrations[i];
		struct sim_answer a = register_it(b, r, new_number(b));

		print_message("%s\n", r->name);
		assert_string_equal(reasons_of(b, &a), r->reasons);
		assert_string_equal(answer_code(b->pool, &a), r->reasons[0] ? "SCSE001" : "SCSS001");
		assert_string_equal(found(b, &a, "CurrentStatus"), r->reasons[0] ? "002" : "001");
	}
}

static void a_number_is_used_once(void **state)
{
	struct bench *b = *state;
	const char *number = new_number(b);
	struct sim_answer first = register_it(b, &registrations[0], number);
	struct sim_answer again = register_it(b, &registrations[0], number);
	struct sim_answer other = register_it(b, &(struct registration){.iin = "850202300024"}, number);

	assert_string_equal(found(b, &first, "RegistrationNumber"), "REG0000000001");
	assert_string_equal(answer_code(b->pool, &again), "SCSS001"); /* the same message */
	assert_string_equal(found(b, &again, "RegistrationNumber"), "REG0000000001");
	assert_string_equal(reasons_of(b, &other), "nikad.used ");
	assert_non_null(strstr((const char *)other.text.p, "REG0000000001"));
}

static void a_refused_number_can_still_be_used(void **state)
{
	struct bench *b = *state;
	const char *number = new_number(b);
	struct sim_answer refused = register_it(b, &(struct registration){.unsigned_document = true}, number);
	struct sim_answer taken = register_it(b, &registrations[0], number);

	assert_string_equal(answer_code(b->pool, &refused), "SCSE001");
	assert_string_equal(answer_code(b->pool, &taken), "SCSS001");
}

static void the_look_alike_letter_is_named(void **state)
{
	struct bench *b = *state;
	struct sim_answer a = register_it(b, &(struct registration){.nikad = "KZ03 АВС 0000 0001"}, NULL);

	assert_non_null(strstr((const char *)a.text.p,
		"place 5 holds the Cyrillic letter А; the Latin letter A is meant"));
}

static void a_restart_forgets_nothing(void **state)
{
	struct bench *b = *state;
	const char *number = new_number(b);
	struct sim_answer a;

	a = register_it(b, &registrations[0], number);
	assert_string_equal(answer_code(b->pool, &a), "SCSS001");
	peer_free(&b->department);
	sim_stop(&b->permits);
	b->permits = start_system("permits", b->folder, "permits", NULL, documents);
	b->department = line_to(sim_port(b->permits), "permits", "department_is");
	a = register_it(b, &registrations[0], number);
	assert_string_equal(found(b, &a, "RegistrationNumber"), "REG0000000001");
	a = register_it(b, &(struct registration){.iin = "850202300024"}, number);
	assert_string_equal(reasons_of(b, &a), "nikad.used ");
	assert_memory_equal(new_number(b) + 4, "PRM00000002", 11);
}

static void without_certificates_no_document_is_registered(void **state)
{
	struct bench *b = *state;
	struct sim_answer a;

	peer_free(&b->department);
	sim_stop(&b->permits);
	b->permits = start_system("permits", b->folder, "permits", NULL, NULL);
	b->department = line_to(sim_port(b->permits), "permits", "department_is");
	a = register_it(b, &registrations[0], new_number(b));
	assert_string_equal(reasons_of(b, &a), "document.signature ");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_number_is_given),
		ROW(what_has_no_number_is_told_with_all_reasons),
		ROW(an_unreadable_payload_is_an_error_of_data),
		ROW(only_what_may_be_registered_is),
		ROW(a_number_is_used_once),
		ROW(a_refused_number_can_still_be_used),
		ROW(the_look_alike_letter_is_named),
		ROW(a_restart_forgets_nothing),
		ROW(without_certificates_no_document_is_registered),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
