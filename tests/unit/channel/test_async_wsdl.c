/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The served documents of both sides of the asynchronous channel. */
#include "wsdl_bench.h"

#include "channel/async.h"

#define ADDRESS "http://bus.example/async"

static const char *const queries[] = {"wsdl", "wsdl=interfaces", "client-wsdl", "wsdl=client-interfaces",
	"xsd=elements", "xsd=client-elements", "xsd=itypes", "xsd=common"};

static struct buf fetch(const char *query)
{
	struct buf out = BUF(MUCH);
	struct err e = {0};

	if (!async_wsdl(ADDRESS, query, &out, &e).ok)
		fail_msg("%s: %s", query, e.detail);
	return out;
}

static const struct served served = {ADDRESS, queries, sizeof(queries) / sizeof(queries[0]), fetch};

static void every_location_is_an_address_of_ours(void **state)
{
	(void)state;
	locations_are_ours(&served, 2, 10);
}

static void documents_are_well_formed(void **state)
{
	all_are_well_formed(bench_fresh(state), &served);
}

/* Letter by letter, spelt as on the wire. */
static void documents_have_the_words_of_the_wire(void **state)
{
	static const struct {
		const char *query, *words;
	} rows[] = {
		{"wsdl", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Interfaces/Binding\""},
		{"wsdl", "<wsdl:binding name=\"AsyncChannelHttpBinding\" type=\"i:IAsyncChannel\">"},
		{"wsdl", "<wsdl:service name=\"AsyncChannelHttpService\">"},
		{"wsdl", "<wsdl:port name=\"AsyncChannelHttpPort\""},
		{"wsdl=interfaces", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Interfaces\""},
		{"wsdl=interfaces", "<wsdl:portType name=\"IAsyncChannel\">"},
		{"wsdl=interfaces", "<wsdl:part name=\"getMessagesParameters\" element=\"t:getMessages\"/>"},
		{"wsdl=interfaces", "<wsdl:part name=\"getMessagesResult\" element=\"t:getMessagesResponse\"/>"},
		{"wsdl=interfaces",
			"<wsdl:part name=\"getMessagesFault\" element=\"t:getMessagesFault1_getMessagesFault\"/>"},
		{"client-wsdl", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Interfaces/Client/Binding\""},
		{"client-wsdl",
			"<wsdl:binding name=\"AsyncChannelClientHttpBinding\" type=\"i:IAsyncChannelClient\">"},
		{"client-wsdl", "<wsdl:service name=\"AsyncChannelClientHttpService\">"},
		{"client-wsdl", "<wsdl:port name=\"AsyncChannelClientHttpPort\""},
		{"wsdl=client-interfaces",
			"targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Interfaces/Client\""},
		{"wsdl=client-interfaces", "<wsdl:portType name=\"IAsyncChannelClient\">"},
		{"wsdl=client-interfaces", "element=\"t:sendMessage\""},
		{"wsdl=client-interfaces", "element=\"k:changeMassageStatusNotification\""},
		{"xsd=elements", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Types\""},
		{"xsd=client-elements", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/Types/Client\""},
		{"xsd=client-elements",
			"name=\"changeMassageStatusNotificationFault1_changeMassageStatusNotificationFault\""},
		{"xsd=client-elements",
			"<xsd:element name=\"sendMessageFault1_sendMessageFault\" type=\"c:ErrorInfo\"/>"},
		{"xsd=itypes", "targetNamespace=\"http://bip.bee.kz/AsyncChannel/v10/ITypes\""},
		{"xsd=itypes", "<xsd:enumeration value=\"MESSAGE_NOT_ACCTEPTED\"/>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SCOPED(buf_free) struct buf out = fetch(rows[i].query);

		if (!strstr(buf_cstr(&out), rows[i].words))
			fail_msg("%s does not hold %s", rows[i].query, rows[i].words);
		assert_null(strstr(buf_cstr(&out), "elementFormDefault="));
		assert_null(strstr(buf_cstr(&out), "changeMessage"));
		assert_null(strstr(buf_cstr(&out), "NOT_ACCEPTED"));
	}
}

static void other_queries_fail(void **state)
{
	static const char *const bad[] = {"", "wsdl=", "wsdl=client", "wsdl=client-channel.wsdl",
		"client-wsdl=interfaces", "xsd=types", "xsd=../common", "xsd=request"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out = BUF(MUCH);
		struct err e = {0};

		if (async_wsdl(ADDRESS, bad[i], &out, &e).ok)
			fail_msg("%s was served", bad[i]);
		assert_int_equal(e.reason, REASON_SOAP_OPERATION);
		assert_null(out.data);
	}
}

static const char zeep_script[] =
	"A = 'http://bip.bee.kz/AsyncChannel/v10/'\n"
	"def port(query, name):\n"
	"    c = zeep.Client('http://bus.example/async?' + query, transport=Files())\n"
	"    p = c.wsdl.services[name + 'HttpService'].ports[name + 'HttpPort']\n"
	"    assert p.binding_options['address'] == 'http://bus.example/async'\n"
	"    for o in p.binding._operations.values():\n"
	"        assert o.soapaction == '' and o.style == 'document'\n"
	"    return c, p.binding\n"
	"def body(c, name, **more):\n"
	"    return c.create_message(c.service, name, **more)[0][0]\n"
	"def tags(e):\n"
	"    return [x.tag for x in e]\n"
	"when = '2030-01-02T03:04:05'\n"
	"info = dict(serviceId='s', messageType='REQUEST', messageDate=when, sender=dict(senderId='i'))\n"
	"sent = dict(request=dict(messageInfo=info, messageData=dict(data='x')))\n"
	"bus, binding = port('wsdl', 'AsyncChannel')\n"
	"assert binding.name.text == '{%sInterfaces/Binding}AsyncChannelHttpBinding' % A\n"
	"assert sorted(binding._operations) == ['getMessageStatus', 'getMessages', "
	"'sendDeliveryNotification', 'sendMessage']\n"
	"e = body(bus, 'sendMessage', **sent)\n"
	"assert e.tag == '{%sTypes}sendMessage' % A and tags(e) == ['request'], e.tag\n"
	"assert tags(e[0]) == ['messageInfo', 'messageData'] and tags(e[0][1]) == ['data']\n"
	"assert tags(e[0][0]) == ['serviceId', 'messageType', 'messageDate', 'sender'], tags(e[0][0])\n"
	"e = body(bus, 'getMessages', request=dict(serviceId='s', amount=3))\n"
	"assert tags(e[0]) == ['serviceId', 'amount']\n"
	"status = dict(receiveStatus='MESSAGE_NOT_ACCTEPTED', statusDate=when, resendMessage='RESEND')\n"
	"e = body(bus, 'sendDeliveryNotification', request=dict(requestDate=when, notification=dict("
	"messageId='m', serviceId='s', notificationDate=when, deliveryStatus=status)))\n"
	"assert e[0][0][3][0].text == 'MESSAGE_NOT_ACCTEPTED'\n"
	"client, binding = port('client-wsdl', 'AsyncChannelClient')\n"
	"assert binding.name.text == '{%sInterfaces/Client/Binding}AsyncChannelClientHttpBinding' % A\n"
	"assert sorted(binding._operations) == ['changeMassageStatusNotification', 'sendMessage']\n"
	"assert body(client, 'sendMessage', **sent).tag == '{%sTypes}sendMessage' % A\n"
	"status = dict(statusCode='1', statusMessage='', statusDate=when)\n"
	"e = body(client, 'changeMassageStatusNotification', request=dict(requestDate=when, notification=dict("
	"notificationId='n', messageId='m', notificationDate=when, messageState='DELIVERED', status=status)))\n"
	"assert e.tag == '{%sTypes/Client}changeMassageStatusNotification' % A, e.tag\n"
	"assert tags(e[0]) == ['notification', 'requestDate']\n"
	"assert tags(e[0][0]) == ['notificationId', 'messageId', 'notificationDate', 'messageState', 'status']\n";

static void zeep_understands_both_sides(void **state)
{
	struct bench *b = bench_fresh(state);
	char folder[] = "/tmp/qaqpa-wsdl-XXXXXX";

	zeep_open(folder);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		SCOPED(buf_free) struct buf out = fetch(queries[i]);

		zeep_save(folder, queries[i], buf_bytes(&out));
	}
	zeep_run(b, folder, zeep_script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_location_is_an_address_of_ours), cmocka_unit_test(documents_are_well_formed),
		cmocka_unit_test(documents_have_the_words_of_the_wire), cmocka_unit_test(other_queries_fail),
		cmocka_unit_test(zeep_understands_both_sides),
	};

	return cmocka_run_group_tests_name("channel async wsdl", tests, bench_open, bench_close);
}
