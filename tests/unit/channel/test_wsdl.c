/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The served documents: complete, under our address, and usable by a foreign client. */
#include "wsdl_bench.h"

#define ADDRESS "https://bus.example/sync?a&b/"
#define ADDRESS_XML "https://bus.example/sync?a&amp;b/"

static const char *const queries[] = {"wsdl", "wsdl=interfaces", "xsd=types", "xsd=request", "xsd=response",
	"xsd=common"};

static struct buf fetch_at(const char *address, const char *query)
{
	struct buf out = BUF(MUCH);
	struct err e = {0};

	if (!channel_wsdl(address, query, &out, &e).ok)
		fail_msg("%s: %s", query, e.detail);
	return out;
}

static struct buf fetch_here(const char *query)
{
	return fetch_at(ADDRESS, query);
}

static const struct served served = {ADDRESS_XML, queries, sizeof(queries) / sizeof(queries[0]), fetch_here};

static void every_location_is_an_address_of_ours(void **state)
{
	(void)state;
	locations_are_ours(&served, 1, 7);
}

static void documents_are_well_formed(void **state)
{
	all_are_well_formed(bench_fresh(state), &served);
}

static void clients_may_shout(void **state)
{
	SCOPED(buf_free) struct buf quiet = fetch_here("wsdl"), loud = fetch_here("WSDL");

	(void)state;
	assert_true(bytes_eq(buf_bytes(&quiet), buf_bytes(&loud)));
}

static void other_queries_fail(void **state)
{
	static const char *const bad[] = {"", "wsd", "wsdl=", "wsdl=types", "xsd=", "xsd=interfaces", "xsd",
		"=", "xsd=types.xsd", "xsd=../common", "wsdl=sync-channel.wsdl", "singleWsdl",
		"xsd=typestypestypestypestypestypestypestypestypestypestypestypestypes"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out = BUF(MUCH);
		struct err e = {0};

		if (channel_wsdl(ADDRESS, bad[i], &out, &e).ok)
			fail_msg("%s was served", bad[i]);
		assert_int_equal(e.reason, REASON_SOAP_OPERATION);
		assert_null(out.data);
	}
}

static const char zeep_script[] =
	"c = zeep.Client('http://bus.example/sync?wsdl', transport=Files())\n"
	"port = c.wsdl.services['ISyncChannelHttpService'].ports['SyncChannelHttpPort']\n"
	"assert port.binding_options['address'] == 'http://bus.example/sync', port.binding_options\n"
	"assert port.binding.name.text == "
	"'{http://bip.bee.kz/SyncChannel/v10/Interfaces/Binding2}SyncChannelHttpBinding'\n"
	"op = port.binding.get('SendMessage')\n" "assert op.soapaction == '' and op.style == 'document'\n"
	"info = dict(messageId='m', serviceId='s', messageDate='2030-01-02T03:04:05', "
	"sender=dict(senderId='i'))\n"
	"e = c.create_message(c.service, 'SendMessage', request=dict(requestInfo=info, requestData=dict()))\n"
	"body = e[0][0]\n"
	"assert body.tag == '{http://bip.bee.kz/SyncChannel/v10/Types}SendMessage', body.tag\n"
	"assert body[0].tag == 'request' and body[0][0].tag == 'requestInfo', body[0].tag\n"
	"assert [x.tag for x in body[0][0]] == ['messageId', 'serviceId', 'messageDate', 'sender']\n";

static void zeep_understands_the_documents(void **state)
{
	struct bench *b = bench_fresh(state);
	char folder[] = "/tmp/qaqpa-wsdl-XXXXXX";

	zeep_open(folder);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		SCOPED(buf_free) struct buf out = fetch_at("http://bus.example/sync", queries[i]);

		zeep_save(folder, queries[i], buf_bytes(&out));
	}
	zeep_run(b, folder, zeep_script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_location_is_an_address_of_ours),
		cmocka_unit_test(documents_are_well_formed),
		cmocka_unit_test(clients_may_shout),
		cmocka_unit_test(other_queries_fail),
		cmocka_unit_test(zeep_understands_the_documents),
	};

	return cmocka_run_group_tests_name("channel wsdl", tests, bench_open, bench_close);
}
