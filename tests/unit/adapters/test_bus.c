/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules M1 - M6, P2, P8: an application from a clerk becomes a registered permit, over a bus, every
 * message valid. */
#include "validity.h"
#include "world.h"

enum { PERMITS, MONITORING, DEPARTMENT, SYSTEMS };
static const char *const names[SYSTEMS] = {"permits", "monitoring", "department"};

/* Where the bus takes a service, and for whom. */
static const struct route {
	const char *service_id;
	int to;
	const char *sender_id;
} routes[] = {
	{"PERMITS_NIKAD", PERMITS, "department_is"},
	{"PERMITS_REGISTER", PERMITS, "department_is"},
	{"MONITORING_STATUS", MONITORING, "department_is"},
	{"DEPARTMENT_REQUEST", DEPARTMENT, "monitoring_is"},
};

static struct {
	char *folder;
	struct sim *bus, *system[SYSTEMS];
	struct peer *line[SYSTEMS];
	struct schema *schema[SYSTEMS];
	const char *broken; /* a service that the bus does not bring through */
	int passed;         /* requests that went through, all valid */
	char invalid[512];  /* what the first invalid payload was */
	char document[65536]; /* last document on its way to registration */
} world;

static void check(int to, const struct verified *v, const struct element *data, const char *service)
{
	struct err e = {0};

	if (data && !schema_check(world.schema[to], verified_envelope(v), data, &e).ok && !world.invalid[0])
		snprintf(world.invalid, sizeof world.invalid, "%s: %s", service, e.detail);
}

static void keep_document(struct sim_request const *in)
{
	const char *text = (const char *)in->payload_text.p,
			   *from = memmem(text, in->payload_text.n, "<Document>", 10);
	const char *to = from ? strstr(from, "</Document>") : NULL;

	if (to)
		snprintf(world.document, sizeof world.document, "%.*s", (int)(to - from) + 11, from);
}

static outcome carry(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	const struct route *r = routes;
	struct sim_answer a;

	(void)sim;
	while (!bytes_is(in->request->service_id, r->service_id))
		r++;
	check(r->to, in->verified, in->request->data, r->service_id);
	keep_document(in);
	if (world.broken && strcmp(world.broken, r->service_id) == 0)
		return err_set(e, REASON_PROVIDER_CONNECT, "broken by the test");
	TRY(peer_send(world.line[r->to], in->pool, r->service_id, NULL,
		pool_copy(in->pool, in->payload_text), NULL, 30000, &a, e));
	if (a.fault)
		return err_set(e, REASON_PROVIDER_FAULT, "fault behind the bus");
	check(r->to, a.verified, a.response.data, r->service_id);
	world.passed++;
	out->code = pool_copy(in->pool, a.response.status_code);
	out->message = pool_copy(in->pool, a.response.status_message);
	out->data = a.payload ? pool_copy(in->pool, a.payload_text) : NULL;
	return DONE;
}

static const struct sim_service bus_services[] = {
	{"PERMITS_NIKAD", carry}, {"PERMITS_REGISTER", carry}, {"MONITORING_STATUS", carry},
	{"DEPARTMENT_REQUEST", carry}, {NULL, NULL},
};
static const struct sim_system bus_system = {.name = "bus", .summary = "test", .services = bus_services};

/* The test's bus trusts one certificate; the two systems that call it share the department's key here. */
static int begin(void **state)
{
	static const char *const documents[] = {
		"department_is=" PKI "/department.crt", "clerk=" PKI "/person.crt", "head=" PKI "/head.crt", NULL};
	struct err e = {0};
	char *url = NULL;

	(void)state;
	memset(&world, 0, sizeof world);
	world.folder = fresh_folder();
	must(sim_start(&bus_system, &(struct sim_options){.host = "127.0.0.1", .path = "/", .certificate = PKI
		"/gateway.crt", .key = PKI "/gateway.key", .peer_certificate = PKI "/department.crt", .threads = 8},
		&world.bus, &e), &e);
	assert_true(asprintf(&url, "http://127.0.0.1:%d/", sim_port(world.bus)) > 0);
	must(schema_load(PERMITS_XSD, &world.schema[PERMITS], &e), &e);
	must(schema_load(MONITORING_XSD, &world.schema[MONITORING], &e), &e);
	must(schema_load(DEPARTMENT_XSD, &world.schema[DEPARTMENT], &e), &e);
	for (int i = 0; i < SYSTEMS; i++) {
		const char *key = i == PERMITS ? "permits" : "department";

		world.system[i] = start_system(names[i], world.folder, key, url, documents);
		world.line[i] =
			line_to(sim_port(world.system[i]), key, i == DEPARTMENT ? "monitoring_is" : "department_is");
	}
	free(url);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int i = SYSTEMS; i-- > 0;) {
		peer_free(&world.line[i]);
		schema_free(&world.schema[i]);
		sim_stop(&world.system[i]);
	}
	sim_stop(&world.bus);
	remove_folder(world.folder);
	return 0;
}

static int act(const char *verb, const char *argument, struct buf *report)
{
	struct err e = {0};
	int result = sim_act_named(sim_system_named("monitoring"), verb)->run(world.system[MONITORING],
		argument, report, &e);

	if (result < 0)
		buf_str(report, e.detail);
	return result;
}

static void an_application_becomes_a_registered_permit(void **state)
{
	SCOPED(buf_free) struct buf report = BUF(65536);

	(void)state;
	assert_int_equal(act("send-request", "2", &report), 0);
	print_message("%s", buf_cstr(&report));
	assert_non_null(strstr(buf_cstr(&report), "PRM00000001, registration REG0000000001"));
	assert_non_null(strstr(buf_cstr(&report), "PRM00000002, registration REG0000000002"));
	assert_string_equal(world.invalid, "");
	assert_int_equal(world.passed, 2 * 4);
}

/* One number or text of the monitoring system's state. */
struct look {
	char text[256];
};

static outcome look_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct look *l = ctx;

	return store_run(s,
		"SELECT count(*) || ' ' || min(code) || ' ' || min(sender) || ' ' || min(service_code)"
		" FROM status",
		NULL, 0, &(struct store_column){l->text, sizeof l->text}, 1, NULL, e);
}

static void the_status_is_kept(void **state)
{
	SCOPED(buf_free) struct buf report = BUF(65536);
	struct err e = {0};
	struct look l = {""};

	(void)state;
	assert_int_equal(act("send-request", "1", &report), 0);
	must(store_transact(sim_state(world.system[MONITORING]), look_in_unit, &l, &e), &e);
	assert_string_equal(l.text, "1 005 department_is LICENCE-001");
}

static void a_repeated_status_is_kept_once(void **state)
{
	static const char status[] =
		"<m:StatusNotification xmlns:m=\"urn:qaqpa:monitoring:v1\"><SystemInfo><RequestNumber>"
		"01234567890123456789</RequestNumber><ChainId>c</ChainId><RequestDate>2030-01-02T03:04:05.000+05:00"
		"</RequestDate></SystemInfo><BusinessData><RequestNumber>01234567890123456789</RequestNumber>"
		"<ServiceCode>"
		"LICENCE-001</ServiceCode><StatusCode>001</StatusCode><StatusTextRu>ru</StatusTextRu><StatusTextKz>kz"
		"</StatusTextKz><StatusDate>2030-01-02T03:04:05.000+05:00</StatusDate></BusinessData>"
		"</m:StatusNotification>";
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct look l = {""};
	struct err e = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sim_answer a;

		must(peer_send(world.line[MONITORING], pool, "MONITORING_STATUS", NULL, status,
				 i < 2 ? "same" : "other", 20000, &a, &e),
			&e);
		assert_string_equal(answer_code(pool, &a), "SCSS001");
		must(schema_check(world.schema[MONITORING], verified_envelope(a.verified), a.response.data, &e), &e);
	}
	must(store_transact(sim_state(world.system[MONITORING]), look_in_unit, &l, &e), &e);
	assert_string_equal(l.text, "2 001 department_is LICENCE-001");
}

static void the_registered_document_is_valid(void **state)
{
	SCOPED(buf_free) struct buf report = BUF(65536);
	xmlDoc *wrapped;
	xmlChar *text;

	(void)state;
	assert_int_equal(act("send-request", "1", &report), 0);
	wrapped = xmlReadMemory(world.document, (int)strlen(world.document), NULL, NULL, XML_PARSE_NONET);
	text = xmlNodeGetContent(xmlDocGetRootElement(wrapped));
	assert_non_null(strstr((const char *)text, "<ds:Signature "));
	assert_true(is_valid(DOCUMENT_XSD, (const char *)text));
	xmlFree(text);
	xmlFreeDoc(wrapped);
}

#define REQUEST_OF(number, applicant, consent, employee, documents) \
	"<d:DepartmentRequest xmlns:d=\"urn:qaqpa:department:v1\">" \
	"<SystemInfo><RequestNumber>" number "</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo><BusinessData>" \
	"<MessageKind>request</MessageKind>" \
	"<ServiceCode>LICENCE-001</ServiceCode><Employee><Iin>" employee \
	"</Iin><FullName>Clerk</FullName><OfficeCode>" \
	"OFFICE-7</OfficeCode></Employee><Consent><Given>" consent \
	"</Given><Date>2030-01-02</Date></Consent><Applicant>" applicant \
	"<Name>Test</Name></Applicant>" documents "</BusinessData></d:DepartmentRequest>"
#define NUMBER "01234567890123456789"
#define PERSON "<Iin>900101300017</Iin>"
#define CLERK "900101300017"
#define PAPERS "<Documents><Document><Code>ID</Code><Name>Card</Name></Document></Documents>"

#define BY_CLERK "corporation-employee"
#define BY_SYSTEM ""

/* Sends an application signed by the clerk, by the system's own key, or by nobody (NULL). */
static struct sim_answer apply(struct pool *pool, const char *application, const char *by)
{
	SCOPED(buf_free) struct buf out = BUF(1 << 20);
	struct sim_answer a;
	struct err e = {0};

	if (by)
		must(sim_document_sign(world.system[MONITORING], pool, *by ? by : NULL, bytes_str(application), &out, &e), &e);
	else
		buf_str(&out, application);
	must(peer_send(world.line[DEPARTMENT], pool, "DEPARTMENT_REQUEST", NULL, buf_cstr(&out), NULL, 60000, &a,
			 &e),
		&e);
	if (a.payload)
		must(schema_check(world.schema[DEPARTMENT], verified_envelope(a.verified), a.response.data, &e), &e);
	return a;
}

static void applications_are_judged_before_anything_is_done(void **state)
{
	static const struct {
		const char *name, *application, *by, *code, *says;
	} rows[] = {
		{"no consent", REQUEST_OF(NUMBER, PERSON, "false", CLERK, PAPERS), BY_CLERK, "SCSE001", "consent"},
		{"a wrong IIN of the applicant", REQUEST_OF(NUMBER, "<Iin>900101300018</Iin>", "true", CLERK, PAPERS),
			BY_CLERK, "SCSE001", "IIN of the applicant"},
		{"a wrong BIN of the applicant", REQUEST_OF(NUMBER, "<Bin>200440000016</Bin>", "true", CLERK, PAPERS),
			BY_CLERK, "SCSE001", "BIN of the applicant"},
		{"a wrong IIN of the employee", REQUEST_OF(NUMBER, PERSON, "true", "900101300018", PAPERS), BY_CLERK,
			"SCSE001", "IIN of the employee"},
		{"no documents", REQUEST_OF(NUMBER, PERSON, "true", CLERK, ""), BY_CLERK, "SCSE001", "no documents"},
		{"no signature of the employee", REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), NULL, "SCSE001",
			"ds:Signature"},
		{"the signature of another", REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), BY_SYSTEM, "SCSE001",
			"another person than the employee"},
		{"a number that is none", REQUEST_OF("123", PERSON, "true", CLERK, PAPERS), BY_CLERK, "SCSE002",
			"DepartmentRequest"},
		{"two numbers of one applicant",
			REQUEST_OF(NUMBER, PERSON "<Bin>200440000015</Bin>", "true", CLERK, PAPERS), BY_CLERK, "SCSE002",
			"DepartmentRequest"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
		struct sim_answer a = apply(pool, rows[i].application, rows[i].by);

		print_message("%s\n", rows[i].name);
		assert_string_equal(answer_code(pool, &a), rows[i].code);
		assert_non_null(strstr(pool_copy(pool, a.response.status_message), rows[i].says));
	}
	assert_int_equal(world.passed, 0);
}

static void all_reasons_are_told_at_once(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct sim_answer a =
		apply(pool, REQUEST_OF(NUMBER, "<Iin>900101300018</Iin>", "false", "1", PAPERS), BY_CLERK);
	const char *text = (const char *)a.text.p;

	(void)state;
	assert_non_null(strstr(text, "<Code>consent.absent</Code>"));
	assert_non_null(strstr(text, "<Code>employee.iin</Code>"));
	assert_non_null(strstr(text, "<Code>applicant.number</Code>"));
}

/* The bus fails at one step; the same application goes on from there and ends with one permit. */
static void a_broken_step_is_told_and_gone_on_from(void **state)
{
	static const struct {
		const char *service;
		int before; /* messages that pass until the failure */
	} rows[] = {{"PERMITS_NIKAD", 0}, {"PERMITS_REGISTER", 1}, {"MONITORING_STATUS", 2}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
		struct sim_answer a;

		print_message("%s\n", rows[i].service);
		world.broken = rows[i].service;
		a = apply(pool, REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), BY_CLERK);
		assert_string_equal(answer_code(pool, &a), "SCSE003");
		assert_non_null(strstr(pool_copy(pool, a.response.status_message), rows[i].service));
		assert_int_equal(world.passed, rows[i].before);
		world.broken = NULL;
		a = apply(pool, REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), BY_CLERK);
		assert_string_equal(answer_code(pool, &a), "SCSS001");
		assert_int_equal(world.passed, 3);
		assert_non_null(strstr((const char *)a.text.p, "PRM00000001"));
		assert_string_equal(world.invalid, "");
		end(state);
		begin(state);
	}
}

static void the_number_of_another_applicant_is_refused(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct sim_answer a = apply(pool, REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), BY_CLERK);

	(void)state;
	assert_string_equal(answer_code(pool, &a), "SCSS001");
	a = apply(pool, REQUEST_OF(NUMBER, "<Bin>200440000015</Bin>", "true", CLERK, PAPERS), BY_CLERK);
	assert_string_equal(answer_code(pool, &a), "SCSE001");
	assert_null(strstr((const char *)a.text.p, "PRM0000"));
}

static void a_refused_registration_reaches_the_applicant_with_its_reasons(void **state)
{
	static const char *const nobody[] = {"nobody_is=" PKI "/other-system.crt", NULL};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct sim_answer a;

	(void)state;
	peer_free(&world.line[PERMITS]);
	sim_stop(&world.system[PERMITS]);
	world.system[PERMITS] = start_system("permits", world.folder, "permits", NULL, nobody);
	world.line[PERMITS] = line_to(sim_port(world.system[PERMITS]), "permits", "department_is");
	a = apply(pool, REQUEST_OF(NUMBER, PERSON, "true", CLERK, PAPERS), BY_CLERK);
	assert_string_equal(answer_code(pool, &a), "SCSE001");
	assert_non_null(strstr((const char *)a.text.p, "<Code>document.signature</Code>"));
	assert_string_equal(world.invalid, "");
}

static void unknown_acts_are_refused(void **state)
{
	static const char *const arguments[] = {"0", "-1", "x", "1x", "", "99999999999999999999"};
	SCOPED(buf_free) struct buf report = BUF(65536);

	(void)state;
	assert_null(sim_act_named(sim_system_named("monitoring"), "sing"));
	assert_null(sim_act_named(sim_system_named("permits"), "send-request"));
	for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
		assert_int_equal(act("send-request", arguments[i], &report), -1);
	assert_int_equal(world.passed, 0);
}

static void a_refused_request_is_seen_in_the_result_of_the_act(void **state)
{
	SCOPED(buf_free) struct buf report = BUF(65536);

	(void)state;
	world.broken = "PERMITS_NIKAD";
	assert_int_equal(act("send-request", "1", &report), 1);
	assert_non_null(strstr(buf_cstr(&report), "SCSE003"));
	world.broken = "DEPARTMENT_REQUEST";
	assert_int_equal(act("send-request", "1", &report), 1);
	assert_non_null(strstr(buf_cstr(&report), "fault QG040"));
}

static void the_built_in_systems_are_found_by_name(void **state)
{
	(void)state;
	for (int i = 0; i < SYSTEMS; i++)
		assert_string_equal(sim_system_named(names[i])->name, names[i]);
	assert_null(sim_system_named("nobody"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(an_application_becomes_a_registered_permit),
		ROW(the_status_is_kept),
		ROW(a_repeated_status_is_kept_once),
		ROW(the_registered_document_is_valid),
		ROW(applications_are_judged_before_anything_is_done),
		ROW(all_reasons_are_told_at_once),
		ROW(a_broken_step_is_told_and_gone_on_from),
		ROW(the_number_of_another_applicant_is_refused),
		ROW(a_refused_registration_reaches_the_applicant_with_its_reasons),
		ROW(unknown_acts_are_refused),
		ROW(a_refused_request_is_seen_in_the_result_of_the_act),
		cmocka_unit_test(the_built_in_systems_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
