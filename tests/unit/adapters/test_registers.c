/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registers by themselves: what a gateway would keep away from them is an error of data and changes nothing. */
#include "world.h"

#define INFO "<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>"
#define PAYER(inside) "<p:PayerRequest xmlns:p=\"urn:qaqpa:tax:v1\">" INFO "<BusinessData>" inside \
	"</BusinessData></p:PayerRequest>"
#define PAYMENT(inside) "<p:PaymentRequest xmlns:p=\"urn:qaqpa:payment:v1\">" INFO "<BusinessData>" inside \
	"</BusinessData></p:PaymentRequest>"
#define PERSON(inside) "<m:Request xmlns:m=\"http://message.persistence.interactive.nat\">" inside "</m:Request>"
#define WHO "<messageId>m</messageId><senderCode>s</senderCode>"
#define ORGANISATION(inside) "<u:Request xmlns:u=\"http://gbdulinfobybin_v2.egp.gbdul.tamur.kz\">" inside "</u:Request>"
#define FILES(inside) "<tempStorageRequest>" inside "</tempStorageRequest>"
#define SUBJECT "<Subject><Iin>900101300017</Iin></Subject>"

static const char *code_of(struct pool *pool, const char *system, const char *service, const char *data)
{
	char *folder = fresh_folder();
	struct sim *sim = start_system(system, folder, "permits", NULL, NULL);
	struct peer *line = line_to(sim_port(sim), "permits", "department_is");
	struct sim_answer a;
	struct err e = {0};
	const char *code;

	must(peer_send(line, pool, service, NULL, data, NULL, 20000, &a, &e), &e);
	code = answer_code(pool, &a);
	peer_free(&line);
	sim_stop(&sim);
	remove_folder(folder);
	return code;
}

static void what_is_no_question_is_an_error_of_data(void **state)
{
	static const struct {
		const char *name, *system, *service, *data;
	} rows[] = {
		{"nothing about a person", "gbdfl", "GBDFL_UniversalServiceSync", NULL},
		{"another root", "gbdfl", "GBDFL_UniversalServiceSync", ORGANISATION("<BIN>200440000015</BIN>")},
		{"nobody asks", "gbdfl", "GBDFL_UniversalServiceSync", PERSON("<iin>900101300017</iin>")},
		{"about nobody", "gbdfl", "GBDFL_UniversalServiceSync", PERSON(WHO)},
		{"half a name", "gbdfl", "GBDFL_UniversalServiceSync", PERSON(WHO "<surname>A</surname><name>B</name>")},
		{"no organisation asks", "gbdul", "GBDUL_INFO_BY_BIN", ORGANISATION("<BIN>200440000015</BIN>")},
		{"two organisations", "gbdul", "GBDUL_INFO_BY_BIN", ORGANISATION("<RequestorBIN>200240000018</RequestorBIN>"
			"<BIN>200440000015</BIN><BIN>200440000015</BIN>")},
		{"no payer", "tax", "TAX_PAYER", PAYER("")},
		{"a person and an organisation", "tax", "TAX_PAYER",
			PAYER("<Iin>900101300017</Iin><Bin>200440000015</Bin>")},
		{"a payment for a payer", "tax", "TAX_PAYER", PAYMENT("<Iin>900101300017</Iin>")},
		{"no code", "payment", "PAYMENT_STATUS", PAYMENT(SUBJECT)},
		{"a code of small letters", "payment", "PAYMENT_STATUS", PAYMENT("<PaymentCode>fee</PaymentCode>" SUBJECT)},
		{"a code of 33 letters", "payment", "PAYMENT_STATUS",
			PAYMENT("<PaymentCode>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</PaymentCode>" SUBJECT)},
		{"nobody pays", "payment", "PAYMENT_STATUS", PAYMENT("<PaymentCode>FEE</PaymentCode>")},
		{"half a tiyn", "payment", "PAYMENT_STATUS",
			PAYMENT("<PaymentCode>FEE</PaymentCode>" SUBJECT "<Amount>1.005</Amount>")},
		{"more tenge than there are", "payment", "PAYMENT_STATUS",
			PAYMENT("<PaymentCode>FEE</PaymentCode>" SUBJECT "<Amount>1000000000000</Amount>")},
		{"no type", "files", "EDS_TEMP_FILES",
			FILES("<downloadRequest><fileIdentifiers>x</fileIdentifiers></downloadRequest>")},
		{"another type", "files", "EDS_TEMP_FILES",
			FILES("<type>DELETE</type><downloadRequest><fileIdentifiers>x</fileIdentifiers></downloadRequest>")},
		{"no file", "files", "EDS_TEMP_FILES", FILES("<type>DOWNLOAD</type><downloadRequest/>")},
		{"two requests", "files", "EDS_TEMP_FILES", FILES("<type>CONFIRM</type><confirmRequest><fileIdentifiers>x"
			"</fileIdentifiers></confirmRequest><confirmRequest><fileIdentifiers>y</fileIdentifiers></confirmRequest>")},
	};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].name);
		assert_string_equal(code_of(pool, rows[i].system, rows[i].service, rows[i].data), "SCSE002");
	}
}

static void the_same_questions_made_right_are_answered(void **state)
{
	static const struct {
		const char *system, *service, *data, *code;
	} rows[] = {
		{"gbdfl", "GBDFL_UniversalServiceSync", PERSON(WHO "<iin>900101300017</iin>"), "SCSS001"},
		{"gbdul", "GBDUL_INFO_BY_BIN",
			ORGANISATION("<RequestorBIN>200240000018</RequestorBIN><BIN>200440000015</BIN>"), "SCSS001"},
		{"tax", "TAX_PAYER", PAYER("<Bin>200440000015</Bin>"), "SCSS001"},
		{"payment", "PAYMENT_STATUS",
			PAYMENT("<PaymentCode>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</PaymentCode>" SUBJECT
				"<Amount>999999999999.99</Amount>"),
			"SCSE001"},
		{"files", "EDS_TEMP_FILES", FILES("<type>UPLOAD</type><uploadRequest><fileUploadRequests>"
			"<fileProcessIdentifier>1</fileProcessIdentifier><content>eA==</content></fileUploadRequests>"
			"</uploadRequest>"), "SCSS001"},
		{"files", "EDS_TEMP_FILES", FILES("<type>UPLOAD</type><uploadRequest><fileUploadRequests>"
			"<fileProcessIdentifier>1</fileProcessIdentifier><content>e</content></fileUploadRequests>"
			"</uploadRequest>"), "SCSE001"},
	};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].system);
		assert_string_equal(code_of(pool, rows[i].system, rows[i].service, rows[i].data), rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_question_is_an_error_of_data),
		cmocka_unit_test(the_same_questions_made_right_are_answered),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
