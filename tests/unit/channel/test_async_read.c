/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading verified messages of the asynchronous channel: the deviations in use are read, the rest is
 * refused. */
#include "async_bench.h"

#define XSI " xmlns:xsi=\"" NS_XSI "\""
#define FORMAT REASON_CHANNEL_FORMAT
#define TEN(x) x x x x x x x x x x
#define GOOD SERVICE TYPE DATE SENDER

static const struct {
	const char *sentence, *message;
	const char *message_id, *correlation_id, *route_id, *session_id;
	enum async_type type;
	size_t properties;
} good[] = {
	{"the least", MESSAGE(GOOD), "", "", "", "", ASYNC_REQUEST, 0},
	{"every field in its order",
		MESSAGE("<messageId>m</messageId><correlationId>c</correlationId>" SERVICE
			"<messageType>NOTIFICATION</messageType><routeId>r</routeId>" DATE SENDER
			"<properties><key>a</key><value>1</value></properties>"
			"<properties><key>b</key><value/></properties>"
			"<sessionId>" SESSION "</sessionId>"),
		"m", "c", "r", SESSION, ASYNC_NOTIFICATION, 2},
	{"empty optional elements", MESSAGE("<messageId/><correlationId></correlationId>" SERVICE TYPE
		"<routeId/>" DATE SENDER "<properties/><sessionId/>"), "", "", "", "", ASYNC_REQUEST, 0},
	{"nil optional elements", MESSAGE("<messageId" XSI " xsi:nil='true'/>" GOOD "<sessionId" XSI
		" xsi:nil='1'/>"), "", "", "", "", ASYNC_REQUEST, 0},
	{"own identifiers in a REQUEST", MESSAGE("<messageId>m</messageId><correlationId>c</correlationId>" GOOD),
		"m", "c", "", "", ASYNC_REQUEST, 0},
	{"messageType behind messageDate, routeId before it", MESSAGE(SERVICE "<routeId>r</routeId>" DATE
		"<messageType>RESPONSE</messageType>" SENDER), "", "", "r", "", ASYNC_RESPONSE, 0},
	{"the whole sequence backwards", MESSAGE("<sessionId>" SESSION "</sessionId>"
		"<properties><key>a</key><value>1</value></properties>" SENDER DATE "<routeId>r</routeId>"
		"<messageType>UPDATE</messageType>" SERVICE
		"<correlationId>c</correlationId><messageId>m</messageId>"),
		"m", "c", "r", SESSION, ASYNC_UPDATE, 1},
	{"properties that do not stand together", MESSAGE("<properties><key>a</key><value>1</value></properties>"
		SERVICE
		"<properties><key>b</key><value/></properties>" TYPE DATE SENDER), "", "", "", "", ASYNC_REQUEST, 2},
	{"a sessionId without braces", MESSAGE(GOOD
		"<sessionId>99999999-8888-4777-8666-555555555555</sessionId>"), "", "",
		"", SESSION, ASYNC_REQUEST, 0},
	{"a sessionId of braces only", MESSAGE(GOOD "<sessionId>{}</sessionId>"), "", "", "", "", ASYNC_REQUEST,
		0},
	{"the namespace of the client side", CLIENT("sendMessage", "<request><messageInfo>" GOOD "</messageInfo>"
		DATA "</request>"), "", "", "", "", ASYNC_REQUEST, 0},
	{"data in a namespace", MESSAGE_WITH(GOOD, "<messageData><data xmlns='" NS_XSI
		"' type='s'>x</data></messageData>"), "", "", "", "", ASYNC_REQUEST, 0},
	{"an empty data", MESSAGE_WITH(GOOD, "<messageData><data/></messageData>"), "", "", "", "", ASYNC_REQUEST,
		0},
	{"white space and comments", BUS("sendMessage", "\n<request><!-- a -->\r\n<messageInfo> " SERVICE "\n"
		TYPE DATE SENDER "<!-- b --></messageInfo>\t" DATA "</request>"), "", "", "", "", ASYNC_REQUEST, 0},
};

static void reads_messages(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *sentence = good[i].sentence;
		struct bench *b = bench_fresh(state);
		const struct verified *v = async_verified(b, sentence, good[i].message);
		struct async_message m;
		struct err e = {0};

		if (!async_read_message(b->pool, v, &m, &e).ok)
			fail_msg("%s: %s", sentence, e.detail);
		assert_text(sentence, "messageId", m.message_id, good[i].message_id);
		assert_text(sentence, "correlationId", m.correlation_id, good[i].correlation_id);
		assert_text(sentence, "serviceId", m.service_id, "DemoPermitService");
		assert_text(sentence, "routeId", m.route_id, good[i].route_id);
		assert_text(sentence, "messageDate", m.message_date, WHEN_TEXT);
		assert_text(sentence, "senderId", m.sender_id, "demo_is");
		assert_text(sentence, "password", m.password, "secret");
		assert_text(sentence, "sessionId", m.session_id, good[i].session_id);
		assert_true(m.has_password);
		assert_int_equal(m.type, good[i].type);
		assert_int_equal(m.date.ms, WHEN_MS);
		assert_int_equal(m.property_count, good[i].properties);
		assert_string_equal(node_local(m.info->node), "messageInfo");
		assert_string_equal(node_local(m.data->node), "data");
		assert_ptr_equal(m.operation, verified_operation(v));
	}
}

struct bad {
	const char *sentence, *message;
	enum reason reason;
	const char *detail;
};

static const struct bad bad_messages[] = {
	{"an acknowledgement", BUS("sendMessageResponse", "<response/>"), REASON_SOAP_OPERATION,
		"sendMessageResponse"},
	{"another operation", BUS("getMessages", "<request/>"), REASON_SOAP_OPERATION, "getMessages"},
	{"the synchronous channel", ENVELOPE(OPERATION("SendMessage", "<request/>")), REASON_SOAP_OPERATION,
		"SendMessage"},
	{"a name that only begins right", BUS("sendMessages", "<request/>"), REASON_SOAP_OPERATION,
		"sendMessages"},
	{"another case of the name", BUS("SendMessage", "<request/>"), REASON_SOAP_OPERATION, "SendMessage"},
	{"another namespace", IN("http://bip.bee.kz/AsyncChannel/v11/Types", "sendMessage", "<request/>"),
		REASON_SOAP_OPERATION, "v11"},
	{"a nil request", BUS("sendMessage", "<request" XSI " xsi:nil='true'/>"), FORMAT,
		"messageInfo is missing"},
	{"two requests", BUS("sendMessage", "<request><messageInfo>" GOOD "</messageInfo>" DATA
		"</request><request/>"), FORMAT, "request stands after request"},
	{"a qualified request", BUS("sendMessage", "<t:request/>"), FORMAT, "request is in a namespace"},
	{"a qualified messageInfo", BUS("sendMessage", "<request><t:messageInfo/></request>"), FORMAT,
		"messageInfo is in a namespace"},
	{"a qualified serviceId", MESSAGE("<t:serviceId>s</t:serviceId>" TYPE DATE SENDER), FORMAT,
		"serviceId in messageInfo is in a namespace"},
	{"a default namespace over all", ENVELOPE("<sendMessage xmlns='" NS_ASYNC_TYPES "'><request><messageInfo>"
		GOOD "</messageInfo>" DATA "</request></sendMessage>"), FORMAT, "request is in a namespace"},
	{"messageData before messageInfo", BUS("sendMessage", "<request>" DATA "<messageInfo>" GOOD
		"</messageInfo></request>"), FORMAT, "messageData stands where messageInfo is expected"},
	{"no messageData", MESSAGE_WITH(GOOD, ""), FORMAT, "messageData is missing"},
	{"no data", MESSAGE_WITH(GOOD, "<messageData/>"), FORMAT, "data is missing"},
	{"two data", MESSAGE_WITH(GOOD, "<messageData><data/><data/></messageData>"), FORMAT,
		"data stands after data"},
	{"an unknown element", MESSAGE(GOOD "<priority>1</priority>"), FORMAT,
		"priority is not an element of messageInfo"},
	{"an element of the synchronous channel", MESSAGE(GOOD "<requestInfo/>"), FORMAT,
		"requestInfo is not an element"},
	{"two serviceIds apart", MESSAGE(SERVICE TYPE DATE SERVICE SENDER), FORMAT,
		"serviceId stands twice in messageInfo"},
	{"two correlationIds, one empty", MESSAGE("<correlationId/>" GOOD "<correlationId>c</correlationId>"),
		FORMAT, "correlationId stands twice"},
	{"two senders", MESSAGE(GOOD SENDER), FORMAT, "sender stands twice"},
	{"two sessionIds", MESSAGE("<sessionId/>" GOOD "<sessionId>" SESSION "</sessionId>"), FORMAT,
		"sessionId stands twice"},
	{"password before senderId", MESSAGE(SERVICE TYPE DATE
		"<sender><password>p</password><senderId>a</senderId></sender>"), FORMAT,
		"senderId must stand before password"},
	{"no sender", MESSAGE(SERVICE TYPE DATE), FORMAT, "sender is missing in messageInfo"},
	{"no senderId", MESSAGE(SERVICE TYPE DATE "<sender><password>p</password></sender>"), FORMAT,
		"senderId is missing in sender"},
	{"no serviceId", MESSAGE(TYPE DATE SENDER), FORMAT, "serviceId is missing"},
	{"no messageType", MESSAGE(SERVICE DATE SENDER), FORMAT, "messageType is missing"},
	{"no messageDate", MESSAGE(SERVICE TYPE SENDER), FORMAT, "messageDate is missing"},
	{"an unknown messageType", MESSAGE(SERVICE "<messageType>DELETE</messageType>" DATE SENDER), FORMAT,
		"messageType is not what its type allows"},
	{"a messageType in small letters", MESSAGE(SERVICE "<messageType>request</messageType>" DATE SENDER),
		FORMAT, "messageType is not what its type allows"},
	{"a number as messageType", MESSAGE(SERVICE "<messageType>0</messageType>" DATE SENDER), FORMAT,
		"messageType is not what its type allows"},
	{"an empty messageType", MESSAGE(SERVICE "<messageType/>" DATE SENDER), FORMAT,
		"messageType is not what its type allows"},
	{"two words as messageType", MESSAGE(SERVICE "<messageType>REQUEST UPDATE</messageType>" DATE SENDER),
		FORMAT, "messageType is not what its type allows"},
	{"a date that is none", MESSAGE(SERVICE TYPE "<messageDate>2030-02-30T00:00:00</messageDate>" SENDER),
		REASON_CHANNEL_DATE, "messageDate is not a date"},
	{"an empty serviceId", MESSAGE("<serviceId/>" TYPE DATE SENDER), REASON_CHANNEL_LENGTH,
		"serviceId is empty"},
	{"a long correlationId", MESSAGE("<correlationId>" TEN("0123456789abc") "</correlationId>" GOOD),
		REASON_CHANNEL_LENGTH, "correlationId is longer than 128 octets"},
	{"a line break in messageId", MESSAGE("<messageId>m\n1</messageId>" GOOD), FORMAT,
		"messageId holds a control character"},
	{"101 properties", MESSAGE(GOOD TEN(TEN("<properties><key>a</key><value/></properties>"))
		"<properties><key>a</key><value/></properties>"), REASON_CHANNEL_LENGTH, "more than 100 properties"},
	{"a property without value", MESSAGE(GOOD "<properties><key>a</key></properties>"), FORMAT,
		"value is missing in properties"},
	{"a multi-reference", MESSAGE("<messageId href='#r'/>" GOOD), FORMAT, "attribute href"},
	{"xsi:type on messageInfo", BUS("sendMessage", "<request><messageInfo" XSI " xsi:type='t:Other'>" GOOD
		"</messageInfo>" DATA "</request>"), FORMAT, "attribute type is not allowed on messageInfo"},
	{"text between the fields", MESSAGE(SERVICE "text" TYPE DATE SENDER), FORMAT, "messageInfo holds text"},
	{"markup in a text", MESSAGE("<messageId>a<b/></messageId>" GOOD), FORMAT, "messageId holds an element"},
};

static void assert_refused(const struct bad *bad, outcome o, const struct err *e)
{
	if (o.ok)
		fail_msg("%s: was read", bad->sentence);
	if (e->reason != bad->reason || !strstr(e->detail, bad->detail))
		fail_msg("%s: %s, '%s'", bad->sentence, reason_row(e->reason)->name, e->detail);
	if (strstr(e->detail, "secret"))
		fail_msg("%s: the detail holds the password", bad->sentence);
}

static void refuses_what_is_no_message(void **state)
{
	for (size_t i = 0; i < sizeof(bad_messages) / sizeof(bad_messages[0]); i++) {
		const struct bad *bad = &bad_messages[i];
		struct bench *b = bench_fresh(state);
		struct async_message m;
		struct err e = {0};

		assert_refused(bad, async_read_message(b->pool, async_verified(b, bad->sentence, bad->message), &m,
			&e), &e);
	}
}

#define ERROR(name, inner) "<" name "><errorCode>E1</errorCode><errorMessage>a\nb</errorMessage><errorDate>" \
	WHEN_TEXT "</errorDate>" inner "</" name ">"
#define STATUS "<status><statusCode>1</statusCode><statusMessage/><statusDate>" WHEN_TEXT \
	"</statusDate></status>"
#define DELIVERY(receive, resend, error) BUS("sendDeliveryNotification", \
	"<request><notification><messageId>m</messageId>" \
	"<serviceId>s</serviceId><notificationDate>" WHEN_TEXT \
	"</notificationDate><deliveryStatus><receiveStatus>" receive \
	"</receiveStatus><statusDate>" WHEN_TEXT "</statusDate><resendMessage>" resend "</resendMessage>" error \
	"</deliveryStatus></notification><requestDate>" WHEN_TEXT "</requestDate></request>")
#define CHANGED(inner) CLIENT("changeMassageStatusNotification", \
	"<request><notification><notificationId>n</notificationId>" \
	"<messageId>m</messageId><notificationDate>" WHEN_TEXT "</notificationDate>" inner \
	"</notification><requestDate>" WHEN_TEXT "</requestDate></request>")
#define AMOUNT(text) BUS("getMessages", "<request><serviceId>s</serviceId><amount>" text \
	"</amount></request>")

static outcome read_delivery(struct pool *pool, const struct verified *v, struct err *e)
{
	struct async_delivery d;

	return async_read_delivery(pool, v, &d, e);
}

static outcome read_question(struct pool *pool, const struct verified *v, struct err *e)
{
	struct async_question q;

	return async_read_question(pool, v, &q, e);
}

static outcome read_status(struct pool *pool, const struct verified *v, struct err *e)
{
	struct async_status s;

	return async_read_status(pool, v, &s, e);
}

static outcome read_ack(struct pool *pool, const struct verified *v, struct err *e)
{
	struct async_ack a;

	return async_read_ack(pool, v, &a, e);
}

static const struct {
	outcome (*read)(struct pool *pool, const struct verified *v, struct err *e);
	struct bad bad;
} bad_others[] = {
	{read_delivery, {"an answer instead of a delivery notification", BUS("sendDeliveryNotificationResponse",
		"<response/>"), REASON_SOAP_OPERATION, "sendDeliveryNotificationResponse"}},
	{read_delivery, {"the word as it should be spelt", DELIVERY("MESSAGE_NOT_ACCEPTED", "RESEND", ""), FORMAT,
		"receiveStatus is not what its type allows"}},
	{read_delivery, {"an unknown resendMessage", DELIVERY("MESSAGE_ACCEPTED", "LATER", ""), FORMAT,
		"resendMessage is not what its type allows"}},
	{read_delivery, {"an unknown element far down", DELIVERY("MESSAGE_ACCEPTED", "RESEND", ERROR("error",
		"<x/>")), FORMAT, "x is not an element of error"}},
	{read_delivery, {"a qualified element far down", DELIVERY("MESSAGE_ACCEPTED", "RESEND", ERROR("error",
		"<t:sessionId/>")), FORMAT, "sessionId in error is in a namespace"}},
	{read_delivery, {"an attribute far down", DELIVERY("MESSAGE_ACCEPTED", "RESEND", ERROR("error",
		"<sessionId id='1'/>")), FORMAT, "attribute id is not allowed on sessionId"}},
	{read_delivery, {"a wrong date far down", DELIVERY("MESSAGE_ACCEPTED", "RESEND",
		"<error><errorCode/><errorMessage/><errorDate>now</errorDate></error>"), REASON_CHANNEL_DATE,
		"errorDate"}},
	{read_delivery, {"the order is kept outside messageInfo", BUS("sendDeliveryNotification",
		"<request><requestDate>" WHEN_TEXT "</requestDate><notification/></request>"), FORMAT,
		"notification must stand before requestDate"}},
	{read_delivery, {"errors in errors without end", DELIVERY("MESSAGE_ACCEPTED", "RESEND", ERROR("error",
		ERROR(
		"subError", ERROR("subError", ERROR("subError", ERROR("subError", ERROR("subError", ""))))))), FORMAT,
		"request: "}},
	{read_question, {"no sender asks for a status", BUS("getMessageStatus",
		"<request><messageId>m</messageId>"
		"<requestDate>" WHEN_TEXT "</requestDate></request>"), FORMAT, "sender is missing in request"}},
	{read_question, {"a status of no message", BUS("getMessageStatus", "<request><messageId/><requestDate>"
		WHEN_TEXT "</requestDate>" SENDER "</request>"), REASON_CHANNEL_LENGTH, "messageId is empty"}},
	{read_question, {"messages of no service", BUS("getMessages",
		"<request><messageId>m</messageId></request>"), FORMAT, "serviceId is missing in request"}},
	{read_question, {"an amount that is no number", AMOUNT("many"), FORMAT,
		"amount is not what its type allows"}},
	{read_question, {"an amount with a fraction", AMOUNT("1.5"), FORMAT,
		"amount is not what its type allows"}},
	{read_question, {"an amount beyond an int", AMOUNT("4294967296"), FORMAT,
		"amount is not what its type allows"}},
	{read_question, {"a negative amount", AMOUNT("-1"), FORMAT, "amount is negative"}},
	{read_question, {"no question", BUS("sendMessage", "<request/>"), REASON_SOAP_OPERATION, "sendMessage"}},
	{read_question, {"an answer", BUS("getMessagesResponse", "<response/>"), REASON_SOAP_OPERATION,
		"getMessagesResponse"}},
	{read_status, {"a question", BUS("getMessageStatus", "<request/>"), REASON_SOAP_OPERATION,
		"getMessageStatus"}},
	{read_status, {"the name as it should be spelt", CLIENT("changeMessageStatusNotification", "<request/>"),
		REASON_SOAP_OPERATION, "changeMessageStatusNotification"}},
	{read_status, {"the notification in the namespace of the bus", BUS("changeMassageStatusNotification",
		"<request/>"), REASON_SOAP_OPERATION, "changeMassageStatusNotification"}},
	{read_status, {"an unknown state", CHANGED("<messageState>LOST</messageState>" STATUS), FORMAT,
		"messageState is not what its type allows"}},
	{read_status, {"no status", CHANGED("<messageState>DELIVERED</messageState>"), FORMAT,
		"status is missing in notification"}},
	{read_ack, {"a message", MESSAGE(GOOD), REASON_SOAP_OPERATION, "sendMessage"}},
	{read_ack, {"another answer", BUS("getMessagesResponse", "<response/>"), REASON_SOAP_OPERATION,
		"getMessagesResponse"}},
	{read_ack, {"no correlationId", BUS("sendMessageResponse",
		"<response><messageId>m</messageId><responseDate>" WHEN_TEXT
		"</responseDate></response>"), FORMAT, "correlationId is missing in response"}},
};

static void refuses_other_messages(void **state)
{
	for (size_t i = 0; i < sizeof(bad_others) / sizeof(bad_others[0]); i++) {
		const struct bad *bad = &bad_others[i].bad;
		struct bench *b = bench_fresh(state);
		struct err e = {0};

		assert_refused(bad, bad_others[i].read(b->pool, async_verified(b, bad->sentence, bad->message), &e),
			&e);
	}
}

static void reads_errors_below_the_ranges(void **state)
{
	struct bench *b = bench_fresh(state);
	const struct verified *v = async_verified(b, "delivery", DELIVERY("MESSAGE_NOT_ACCTEPTED", "NOT_RESEND",
		ERROR("error", ERROR("subError", ""))));
	struct async_delivery d;
	struct err e = {0};

	if (!async_read_delivery(b->pool, v, &d, &e).ok)
		fail_msg("%s", e.detail);
	assert_text("delivery", "errorCode", d.error_code, "E1");
	assert_text("delivery", "errorMessage", d.error_message, "a\nb");
	assert_false(d.accepted || d.resend || d.has_sender || d.has_password);
}

static void reads_empty_optional_parts_of_questions(void **state)
{
	struct bench *b = bench_fresh(state);
	const struct verified *v = async_verified(b, "question", BUS("getMessages",
		"<request><messageId/><correlationId/>"
		"<requestDate/><serviceId>s</serviceId><sender/><amount/><properties/></request>"));
	struct async_question q = {.amount = 7};
	struct err e = {0};

	if (!async_read_question(b->pool, v, &q, &e).ok)
		fail_msg("%s", e.detail);
	assert_text("question", "serviceId", q.service_id, "s");
	assert_int_equal(q.message_id.n + q.correlation_id.n + q.sender_id.n, 0);
	assert_int_equal(q.amount, 0);
	assert_false(q.has_date || q.has_sender || q.has_password);
}

static void tells_operations_apart(void **state)
{
	static const struct {
		const char *message;
		enum async_operation operation;
		bool response;
	} rows[] = {
		{BUS("sendMessage", ""), ASYNC_SEND_MESSAGE, false},
		{BUS("sendMessageResponse", ""), ASYNC_SEND_MESSAGE, true},
		{CLIENT("sendMessage", ""), ASYNC_SEND_MESSAGE, false},
		{CLIENT("sendMessageResponse", ""), ASYNC_SEND_MESSAGE, true},
		{BUS("sendDeliveryNotification", ""), ASYNC_SEND_DELIVERY_NOTIFICATION, false},
		{BUS("sendDeliveryNotificationResponse", ""), ASYNC_SEND_DELIVERY_NOTIFICATION, true},
		{BUS("getMessageStatus", ""), ASYNC_GET_MESSAGE_STATUS, false},
		{BUS("getMessageStatusResponse", ""), ASYNC_GET_MESSAGE_STATUS, true},
		{BUS("getMessages", ""), ASYNC_GET_MESSAGES, false},
		{BUS("getMessagesResponse", ""), ASYNC_GET_MESSAGES, true},
		{CLIENT("changeMassageStatusNotification", ""), ASYNC_CHANGE_STATUS, false},
		{CLIENT("changeMassageStatusNotificationResponse", ""), ASYNC_CHANGE_STATUS, true},
		{CLIENT("getMessages", ""), ASYNC_OTHER, false},
		{CLIENT("changeMessageStatusNotification", ""), ASYNC_OTHER, false},
		{BUS("sendMessageResponses", ""), ASYNC_OTHER, false},
		{BUS("sendMessageFault1_sendMessageFault", ""), ASYNC_OTHER, false},
		{ENVELOPE("<sendMessage/>"), ASYNC_OTHER, false},
		{ENVELOPE("<soapenv:Fault/>"), ASYNC_OTHER, false},
		{ENVELOPE(OPERATION("SendMessage", "")), ASYNC_OTHER, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct envelope *env = bench_parse(b, bytes_str(rows[i].message));
		bool response = !rows[i].response;

		if (async_operation_of(envelope_operation(env), &response) != rows[i].operation ||
			response != rows[i].response)
			fail_msg("%s", rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_messages), cmocka_unit_test(refuses_what_is_no_message),
		cmocka_unit_test(refuses_other_messages), cmocka_unit_test(reads_errors_below_the_ranges),
		cmocka_unit_test(reads_empty_optional_parts_of_questions), cmocka_unit_test(tells_operations_apart),
	};

	return cmocka_run_group_tests_name("channel async read", tests, bench_open, bench_close);
}
