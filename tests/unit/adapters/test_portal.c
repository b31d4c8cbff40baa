/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The portal by itself: what its gateway would keep away from it, and what comes twice. */
#include "world.h"

#define INFO "<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>"
#define WHO "<Applicant><Iin>900101300017</Iin></Applicant>"
#define NOTICE(who) "<p:CabinetNotice xmlns:p=\"urn:qaqpa:portal:v1\">" INFO "<BusinessData>" who \
	"<RequestNumber>01234567890123456789</RequestNumber><Kind>DECISION</Kind><TextRu>r</TextRu><TextKz>k</TextKz>" \
	"<Moment>2030-01-02T03:04:04.000+05:00</Moment></BusinessData></p:CabinetNotice>"
#define ASK(who) "<p:CabinetRequest xmlns:p=\"urn:qaqpa:portal:v1\">" INFO "<BusinessData>" who \
	"</BusinessData></p:CabinetRequest>"

#define GATEWAY_NOTICE(event, more) "<n:Notice xmlns:n=\"urn:qaqpa:notice:v1\"><SystemInfo><RequestNumber>" \
	"01234567890123456789</RequestNumber></SystemInfo><Event>" event "</Event><ServiceId>S</ServiceId><MessageId>m" \
	"</MessageId><SenderId>portal_is</SenderId><ReceivedAt>2030-01-02T03:04:04.000+05:00</ReceivedAt>" more "</n:Notice>"
#define WHY "<Code>SCSE001</Code><Reasons><Reason><Code>a.b</Code><Text>not so</Text></Reason></Reasons>"
#define FILED "<FiledAt>2030-01-02T09:00:00.000+05:00</FiledAt><Code>SCSS001</Code>"

struct bench {
	char *folder;
	struct sim *portal;
	struct peer *line;
	struct pool *pool;
};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	b->folder = fresh_folder();
	b->pool = pool_new(MUCH);
	b->portal = start_system("portal", b->folder, "permits", NULL, NULL);
	b->line = line_to(sim_port(b->portal), "permits", "department_is");
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	peer_free(&b->line);
	sim_stop(&b->portal);
	pool_free(&b->pool);
	remove_folder(b->folder);
	free(b);
	return 0;
}

static struct sim_answer send_to(struct bench *b, const char *service, const char *data, const char *message_id)
{
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(b->line, b->pool, service, NULL, data, message_id, 20000, &a, &e), &e);
	return a;
}

static void check_kept(struct bench *b, const char *wanted)
{
	char count[8] = "";
	struct err e = {0};

	must(store_do(sim_state(b->portal), "SELECT count(*) FROM notice", NULL, 0,
		&(struct store_column){count, sizeof count}, 1, NULL, &e), &e);
	assert_string_equal(count, wanted);
}

static void a_notice_is_kept_once_for_each_message(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 2; i++) {
		struct sim_answer a = send_to(b, "PORTAL_NOTICE", NOTICE(WHO), "m-1");

		assert_string_equal(answer_code(b->pool, &a), "SCSS001");
		check_kept(b, "1");
	}
	(void)send_to(b, "PORTAL_NOTICE", NOTICE(WHO), "m-2");
	check_kept(b, "2");
}

static void what_is_no_notice_and_no_question_is_an_error_of_data(void **state)
{
	static const struct {
		const char *name, *service, *data;
	} rows[] = {
		{"a question for a notice", "PORTAL_NOTICE", ASK(WHO)},
		{"a notice without an applicant", "PORTAL_NOTICE", NOTICE("")},
		{"a notice with two", "PORTAL_NOTICE", NOTICE(WHO WHO)},
		{"a notice for a question", "PORTAL_CABINET", NOTICE(WHO)},
		{"a question without an applicant", "PORTAL_CABINET", ASK("")},
		{"a question about a person and an organisation", "PORTAL_CABINET",
			ASK("<Applicant><Iin>900101300017</Iin><Bin>200440000015</Bin></Applicant>")},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_answer a = send_to(b, rows[i].service, rows[i].data, NULL);

		print_message("%s\n", rows[i].name);
		assert_string_equal(answer_code(b->pool, &a), "SCSE002");
	}
	check_kept(b, "0");
}

static void a_portal_that_knows_nobody_shows_nothing(void **state)
{
	struct bench *b = *state;
	struct sim_answer a = send_to(b, "PORTAL_CABINET", ASK(WHO), NULL);

	assert_string_equal(answer_code(b->pool, &a), "SCSE001");
	assert_non_null(strstr((const char *)a.text.p, "<Code>cabinet.signature</Code>"));
	assert_non_null(strstr((const char *)a.text.p, "<Code>cabinet.stale</Code>"));
	assert_null(strstr((const char *)a.text.p, "<Notices>"));
}

/* What the gateway sends. */
static struct sim_answer tell(struct bench *b, const char *sender, const char *data, const char *message_id)
{
	struct peer *gateway = line_to(sim_port(b->portal), "permits", sender);
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(gateway, b->pool, "PORTAL_GATEWAY_NOTICE", NULL, data, message_id, 20000, &a, &e), &e);
	peer_free(&gateway);
	return a;
}

static void check_told(struct bench *b, const char *wanted)
{
	char told[512] = "";
	struct err e = {0};

	must(store_do(sim_state(b->portal), "SELECT ifnull(group_concat(applicant || ' ' || kind || ' ' || text_ru, '; '), '')"
		" FROM notice", NULL, 0, &(struct store_column){told, sizeof told}, 1, NULL, &e), &e);
	assert_string_equal(told, wanted);
}

static void the_gateway_tells_the_applicant_what_became_of_a_message(void **state)
{
	struct bench *b = *state;
	struct sim_answer a;
	struct err e = {0};

	must(store_do(sim_state(b->portal), "INSERT INTO filed VALUES ('01234567890123456789', '900101300017')", NULL, 0, NULL,
		0, NULL, &e), &e);
	for (int i = 0; i < 2; i++) {
		a = tell(b, "gateway_is", GATEWAY_NOTICE("accepted", FILED), "m-1");
		assert_string_equal(answer_code(b->pool, &a), "SCSS001");
	}
	(void)tell(b, "gateway_is", GATEWAY_NOTICE("refused", WHY), "m-2");
	check_told(b, "900101300017 GATEWAY_ACCEPTED Принято: 2030-01-02T09:00:00.000+05:00; "
		"900101300017 GATEWAY_REFUSED Отказано: not so");
}

static void a_notice_of_what_was_not_filed_here_lies_in_no_cabinet(void **state)
{
	struct bench *b = *state;
	struct sim_answer a = tell(b, "gateway_is", GATEWAY_NOTICE("late", FILED), "m-1");

	assert_string_equal(answer_code(b->pool, &a), "SCSS001");
	check_told(b, " GATEWAY_LATE Поступило после срока: 2030-01-02T09:00:00.000+05:00");
}

static void nobody_else_is_believed(void **state)
{
	struct bench *b = *state;
	struct sim_answer a = tell(b, "department_is", GATEWAY_NOTICE("accepted", FILED), "m-1");

	assert_string_equal(answer_code(b->pool, &a), "SCSE001");
	a = tell(b, "gateway_is", GATEWAY_NOTICE("lost", FILED), "m-1");
	assert_string_equal(answer_code(b->pool, &a), "SCSE002");
	check_told(b, "");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_notice_is_kept_once_for_each_message),
		ROW(what_is_no_notice_and_no_question_is_an_error_of_data),
		ROW(a_portal_that_knows_nobody_shows_nothing),
		ROW(the_gateway_tells_the_applicant_what_became_of_a_message),
		ROW(a_notice_of_what_was_not_filed_here_lies_in_no_cabinet),
		ROW(nobody_else_is_believed),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
