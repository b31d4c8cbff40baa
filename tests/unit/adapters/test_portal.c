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

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_notice_is_kept_once_for_each_message),
		ROW(what_is_no_notice_and_no_question_is_an_error_of_data),
		ROW(a_portal_that_knows_nobody_shows_nothing),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
