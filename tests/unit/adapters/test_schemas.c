/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contracts of the three systems: the examples are valid, and each mistake in them is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "validity.h"

#define ADAPTERS SOURCE_DIR "/adapters/"
#define PERMITS_XSD SOURCE_DIR "/wsdl/permits/v1/permits.xsd"
#define MONITORING_XSD SOURCE_DIR "/wsdl/monitoring/v1/monitoring.xsd"
#define DEPARTMENT_XSD SOURCE_DIR "/wsdl/department/v1/department.xsd"
#define NIKAD_REQUEST ADAPTERS "permits/examples/nikad-request.xml", PERMITS_XSD
#define NIKAD_RESPONSE ADAPTERS "permits/examples/nikad-response.xml", PERMITS_XSD
#define REGISTER_REQUEST ADAPTERS "permits/examples/register-request.xml", PERMITS_XSD
#define REGISTER_RESPONSE ADAPTERS "permits/examples/register-response.xml", PERMITS_XSD
#define DOCUMENT ADAPTERS "permits/examples/document.xml", DOCUMENT_XSD
#define STATUS ADAPTERS "monitoring/examples/status-notification.xml", MONITORING_XSD
#define STATUS_RESPONSE ADAPTERS "monitoring/examples/status-response.xml", MONITORING_XSD
#define REQUEST ADAPTERS "department/examples/department-request.xml", DEPARTMENT_XSD
#define RESPONSE ADAPTERS "department/examples/department-response.xml", DEPARTMENT_XSD
#define NOTICE ADAPTERS "department/examples/department-notice.xml", DEPARTMENT_XSD

static const struct row {
	const char *name, *example, *xsd;
	const char *find, *put; /* NULL: the example as it is, valid */
} rows[] = {
	{"the example of a number's request", NIKAD_REQUEST, NULL, NULL},
	{"the example of a number's answer", NIKAD_RESPONSE, NULL, NULL},
	{"the example of a registration", REGISTER_REQUEST, NULL, NULL},
	{"the example of a registration's answer", REGISTER_RESPONSE, NULL, NULL},
	{"the example of a document", DOCUMENT, NULL, NULL},
	{"the example of a status", STATUS, NULL, NULL},
	{"the example of a status's answer", STATUS_RESPONSE, NULL, NULL},
	{"the example of an application", REQUEST, NULL, NULL},
	{"the example of an application's answer", RESPONSE, NULL, NULL},
	{"the example of a notice that an application is accepted", NOTICE, NULL, NULL},
	{"another namespace", NIKAD_REQUEST, "urn:qaqpa:permits:v1", "urn:qaqpa:permits:v2"},
	{"a qualified local element", NIKAD_REQUEST, "<SystemInfo>",
		"<SystemInfo xmlns=\"urn:qaqpa:permits:v1\">"},
	{"a short request number", NIKAD_REQUEST, "00000000000000000001", "1"},
	{"an empty ChainId", NIKAD_REQUEST, "11111111-2222-4333-8444-555555555555", ""},
	{"a moment without offset", NIKAD_REQUEST, "05.000+05:00", "05.000"},
	{"a letter I in the type", NIKAD_REQUEST, "PRM", "PIM"},
	{"a kind that is none", NIKAD_REQUEST, ">PERMIT<", ">LETTER<"},
	{"an unknown element", NIKAD_REQUEST, "<BusinessData>", "<BusinessData><More/>"},
	{"elements out of order", NIKAD_REQUEST,
		"<DocumentType>PRM</DocumentType><DocumentKind>PERMIT</DocumentKind>",
		"<DocumentKind>PERMIT</DocumentKind><DocumentType>PRM</DocumentType>"},
	{"a given number with spaces", NIKAD_RESPONSE, "KZ03ABC00000001", "KZ03 ABC 0000 0001"},
	{"a given number with a letter O", NIKAD_RESPONSE, "KZ03ABC00000001", "KZ03ABO00000001"},
	{"no number and no reasons", NIKAD_RESPONSE, "<Nikad>KZ03ABC00000001</Nikad>", ""},
	{"reasons without a reason", NIKAD_RESPONSE, "<Nikad>KZ03ABC00000001</Nikad>", "<Reasons></Reasons>"},
	{"an empty document", REGISTER_REQUEST, "<Document>&lt;d:AdministrativeDocument",
		"<Document/><Document>"},
	{"a registration number of another form", REGISTER_RESPONSE, "REG0000000001", "1"},
	{"an unknown status of a registration", REGISTER_RESPONSE, ">001<", ">003<"},
	{"a document without its signature", DOCUMENT,
		"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>", ""},
	{"a document with something else in the signature's place", DOCUMENT,
		"http://www.w3.org/2000/09/xmldsig#", "urn:x"},
	{"a subject with two numbers", DOCUMENT, "<Iin>", "<Bin>200440000015</Bin><Iin>"},
	{"a status that is none", STATUS, ">003<", ">999<"},
	{"a status without its Kazakh text", STATUS, "<StatusTextKz>Қаралуда</StatusTextKz>", ""},
	{"a notice of an unknown status", NOTICE, ">001<", ">002<"},
	{"a notice with a result", NOTICE, "<CurrentStatus>", "<Permit/><CurrentStatus>"},
	{"an answer of kind request", RESPONSE, ">response<", ">request<"},
	{"a request of kind response", REQUEST, ">request<", ">response<"},
	{"an application without consent", REQUEST,
		"<Consent><Given>true</Given><Date>2030-01-02</Date></Consent>", ""},
	{"a consent that is neither yes nor no", REQUEST, ">true<", ">perhaps<"},
	{"an IIN with a letter", REQUEST, "900101300017", "90010130001X"},
	{"a document without its code", REQUEST, "<Code>ID-CARD</Code>", ""},
	{"a document that is fetched and copied", REQUEST, "</Fetched>", "</Fetched><Copy/>"},
	{"a copy without a reason", REQUEST, "<Why>no information system of the state gives its data</Why>", ""},
};

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	unsigned char *room = buf_reserve(out, 1 << 19);

	if (f && room)
		buf_grown(out, fread(room, 1, 1 << 19, f));
	if (f)
		fclose(f);
	return out->len > 0;
}

static void examples_are_valid_and_mistakes_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		SCOPED(buf_free) struct buf example = BUF(1 << 20), changed = BUF(1 << 20);
		const char *at;

		print_message("%s\n", r->name);
		assert_true(read_file(r->example, &example));
		if (!r->find) {
			assert_true(is_valid(r->xsd, buf_cstr(&example)));
			continue;
		}
		at = strstr(buf_cstr(&example), r->find);
		assert_non_null(at);
		buf_add(&changed, bytes_sub(buf_bytes(&example), 0, (size_t)(at - buf_cstr(&example))));
		buf_str(&changed, r->put);
		buf_str(&changed, at + strlen(r->find));
		assert_false(is_valid(r->xsd, buf_cstr(&changed)));
	}
}

static void an_application_may_carry_a_signature(void **state)
{
	SCOPED(buf_free) struct buf example = BUF(1 << 20), changed = BUF(1 << 20);
	const char *at;

	(void)state;
	assert_true(read_file(ADAPTERS "department/examples/department-request.xml", &example));
	at = strstr(buf_cstr(&example), "</d:DepartmentRequest>");
	buf_add(&changed, bytes_sub(buf_bytes(&example), 0, (size_t)(at - buf_cstr(&example))));
	buf_str(&changed, "<s:Signature xmlns:s=\"http://www.w3.org/2000/09/xmldsig#\"/>");
	buf_str(&changed, at);
	assert_true(is_valid(DEPARTMENT_XSD, buf_cstr(&changed)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_are_valid_and_mistakes_are_found),
		cmocka_unit_test(an_application_may_carry_a_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
