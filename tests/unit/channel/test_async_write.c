/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we write on the asynchronous channel has the names of the wire, is valid against our XSD and reads
 * back. */
#include "async_bench.h"

#define B(text) BYTES_LIT(text)
#define WHEN {INT64_C(1893535445678), 300, true}
#define LATER {INT64_C(1893535446000), 360, true}
#define WHEN_WRITTEN "2030-01-02T03:04:05.678+05:00"
#define LATER_WRITTEN "2030-01-02T04:04:06.000+06:00"
#define XSD SOURCE_DIR "/wsdl/async-channel/v10/"
#define SENDER_WRITTEN "<sender><senderId>i&amp;</senderId><password>p&lt;</password></sender>"
#define ERROR_WRITTEN "<error><errorCode>E&lt;1</errorCode><errorMessage>words</errorMessage><errorDate>" \
	WHEN_WRITTEN "</errorDate></error>"

static const struct stamp when = WHEN, later = LATER;

/* The Body taken for `data`: its only child must be an element that the schema declares, and valid. */
static void assert_valid(struct bench *b, const char *xsd, const struct buf *text)
{
	SCOPED(schema_free) struct schema *s = NULL;
	struct envelope *env = bench_parse(b, buf_bytes(text));
	struct err e = {0};

	if (!schema_load(xsd, &s, &e).ok || !schema_check(s, env, envelope_body(env), &e).ok)
		fail_msg("%s in %s", e.detail, buf_cstr(text));
}

/* Valid, verified, and the operation is literally `wanted`. */
static const struct verified *assert_written(struct bench *b, const char *xsd, const struct buf *text,
	const char *wanted)
{
	const char *head = "<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"><soapenv:Body xmlns:wsu=\"" NS_WSU
		"\" wsu:Id=\"id-";
	const char *got = buf_cstr(text), *tail = "</soapenv:Body></soapenv:Envelope>";
	size_t n = strlen(head) + 36 + 2;

	assert_valid(b, xsd, text);
	assert_int_equal(strncmp(got, head, strlen(head)), 0);
	if (strlen(got) != n + strlen(wanted) + strlen(tail) || strncmp(got + n, wanted, strlen(wanted)) != 0 ||
		strcmp(got + n + strlen(wanted), tail) != 0)
		fail_msg("%s\nis not\n%s", got + n, wanted);
	return async_verified(b, wanted, got);
}

#define OPEN(name) "<t:" name " xmlns:t=\"http://bip.bee.kz/AsyncChannel/v10/Types\">"
#define CLIENT_OPEN(name) "<t:" name " xmlns:t=\"http://bip.bee.kz/AsyncChannel/v10/Types/Client\">"
#define CLOSE(name) "</t:" name ">"

static const struct property two[] = {{B("key <&>"), B("value")}, {B("k"), B("")}};

static const struct {
	struct async_message m;
	const char *attributes, *data;
	const char *written;
} messages[] = {
	{{.service_id = B("s"), .sender_id = B("i"), .date = WHEN}, NULL, NULL, OPEN("sendMessage")
		"<request><messageInfo><serviceId>s</serviceId><messageType>REQUEST</messageType><messageDate>"
		WHEN_WRITTEN
		"</messageDate><sender><senderId>i</senderId></sender></messageInfo><messageData><data></data>"
		"</messageData>"
		"</request>" CLOSE("sendMessage")},
	{{.message_id = B("m"), .correlation_id = B("c"), .service_id = B("s"), .type = ASYNC_NOTIFICATION,
		.route_id = B("r"), .date = WHEN, .sender_id = B("i&"), .password = B("p<"), .has_password = true,
		.properties = two, .property_count = 2, .session_id = B(SESSION)}, "a='1'",
		"<p:q xmlns:p=\"urn:p\"/>",
		OPEN("sendMessage") "<request><messageInfo><messageId>m</messageId><correlationId>c</correlationId>"
		"<serviceId>s</serviceId><messageType>NOTIFICATION</messageType><routeId>r</routeId><messageDate>"
		WHEN_WRITTEN "</messageDate>" SENDER_WRITTEN
		"<properties><key>key &lt;&amp;&gt;</key><value>value</value></properties>"
		"<properties><key>k</key><value/></properties><sessionId>" SESSION "</sessionId></messageInfo>"
		"<messageData><data a='1'><p:q xmlns:p=\"urn:p\"/></data></messageData></request>"
		CLOSE("sendMessage")},
	{{.correlation_id = B("c"), .service_id = B("s"), .type = ASYNC_UPDATE, .sender_id = B("i"),
		.date = WHEN}, "", "x",
		OPEN("sendMessage") "<request><messageInfo><correlationId>c</correlationId><serviceId>s</serviceId>"
		"<messageType>UPDATE</messageType><messageDate>" WHEN_WRITTEN
		"</messageDate><sender><senderId>i</senderId>"
		"</sender></messageInfo><messageData><data>x</data></messageData></request>" CLOSE("sendMessage")},
	{{.correlation_id = B("c"), .service_id = B("s"), .type = ASYNC_RESPONSE, .sender_id = B("</sender>"),
		.password = B(""), .has_password = true, .date = WHEN}, NULL, "", OPEN("sendMessage")
		"<request><messageInfo><correlationId>c</correlationId><serviceId>s</serviceId>"
		"<messageType>RESPONSE</messageType><messageDate>" WHEN_WRITTEN "</messageDate><sender><senderId>"
		"&lt;/sender&gt;</senderId><password></password></sender></messageInfo><messageData><data></data>"
		"</messageData></request>" CLOSE("sendMessage")},
};

static void assert_same(const char *field, struct bytes got, struct bytes wanted)
{
	if (!bytes_eq(got, wanted))
		fail_msg("%s is '%.*s'", field, (int)got.n, (const char *)got.p);
}

static void writes_messages(void **state)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		const struct async_message *w = &messages[i].m;
		const char *data = messages[i].data;
		const struct verified *v;
		struct async_message m;
		struct err e = {0};

		if (!async_write_message(w, messages[i].attributes, data, &out, &e).ok)
			fail_msg("%s", e.detail);
		v = assert_written(b, XSD "elements.xsd", &out, messages[i].written);
		if (!async_read_message(b->pool, v, &m, &e).ok)
			fail_msg("%s", e.detail);
		assert_same("messageId", m.message_id, w->message_id);
		assert_same("correlationId", m.correlation_id, w->correlation_id);
		assert_same("serviceId", m.service_id, w->service_id);
		assert_same("routeId", m.route_id, w->route_id);
		assert_same("messageDate", m.message_date, (struct bytes)B(WHEN_WRITTEN));
		assert_same("senderId", m.sender_id, w->sender_id);
		assert_same("password", m.password, w->password);
		assert_same("sessionId", m.session_id, w->session_id);
		assert_int_equal(m.type, w->type);
		assert_int_equal(m.date.ms, w->date.ms);
		assert_int_equal(m.property_count, w->property_count);
		for (size_t k = 0; k < m.property_count; k++) {
			assert_same("key", m.properties[k].key, w->properties[k].key);
			assert_same("value", m.properties[k].value, w->properties[k].value);
		}
	}
}

static void writes_acknowledgements(void **state)
{
	static const struct async_ack full = {B("m"), B("c"), B(SESSION), WHEN};
	static const struct async_ack least = {.message_id = B("m"), .correlation_id = B("c"), .date = WHEN};

	for (int i = 0; i < 2; i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		const struct async_ack *w = i ? &least : &full;
		const struct verified *v;
		struct async_ack a;
		struct err e = {0};

		assert_true(async_write_ack(w, &out, &e).ok);
		v = assert_written(b, XSD "elements.xsd", &out, i ? OPEN("sendMessageResponse")
			"<response><messageId>m</messageId><correlationId>c</correlationId><responseDate>" WHEN_WRITTEN
			"</responseDate></response>" CLOSE("sendMessageResponse") : OPEN("sendMessageResponse")
			"<response><messageId>m</messageId><correlationId>c</correlationId><responseDate>" WHEN_WRITTEN
			"</responseDate><sessionId>" SESSION "</sessionId></response>" CLOSE("sendMessageResponse"));
		if (!async_read_ack(b->pool, v, &a, &e).ok)
			fail_msg("%s", e.detail);
		assert_same("messageId", a.message_id, w->message_id);
		assert_same("correlationId", a.correlation_id, w->correlation_id);
		assert_same("sessionId", a.session_id, w->session_id);
		assert_int_equal(a.date.ms, w->date.ms);
	}
}

static const struct {
	struct async_delivery d;
	const char *written;
} deliveries[] = {
	{{.message_id = B("m"), .service_id = B("s"), .accepted = true, .date = WHEN},
		OPEN("sendDeliveryNotification")
			"<request><notification><messageId>m</messageId><serviceId>s</serviceId>"
		"<notificationDate>" WHEN_WRITTEN "</notificationDate><deliveryStatus><receiveStatus>MESSAGE_ACCEPTED"
		"</receiveStatus><statusDate>" WHEN_WRITTEN "</statusDate><resendMessage>NOT_RESEND</resendMessage>"
		"</deliveryStatus></notification><requestDate>" WHEN_WRITTEN "</requestDate></request>"
		CLOSE("sendDeliveryNotification")},
	{{.message_id = B("m"), .service_id = B("s"), .resend = true, .date = WHEN, .has_sender = true,
		.sender_id = B("i&"), .has_password = true, .password = B("p<"), .error_code = B("E<1"),
		.error_message = B("words")}, OPEN("sendDeliveryNotification") "<request><notification>"
		"<messageId>m</messageId><serviceId>s</serviceId><notificationDate>" WHEN_WRITTEN
		"</notificationDate>"
		"<deliveryStatus><receiveStatus>MESSAGE_NOT_ACCTEPTED</receiveStatus><statusDate>" WHEN_WRITTEN
		"</statusDate><resendMessage>RESEND</resendMessage>" ERROR_WRITTEN "</deliveryStatus></notification>"
		"<requestDate>" WHEN_WRITTEN "</requestDate>" SENDER_WRITTEN "</request>"
		CLOSE("sendDeliveryNotification")},
};

static void writes_delivery_notifications(void **state)
{
	for (size_t i = 0; i < sizeof(deliveries) / sizeof(deliveries[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		const struct async_delivery *w = &deliveries[i].d;
		const struct verified *v;
		struct async_delivery d;
		struct err e = {0};

		assert_true(async_write_delivery(w, &out, &e).ok);
		v = assert_written(b, XSD "elements.xsd", &out, deliveries[i].written);
		if (!async_read_delivery(b->pool, v, &d, &e).ok)
			fail_msg("%s", e.detail);
		assert_same("messageId", d.message_id, w->message_id);
		assert_same("serviceId", d.service_id, w->service_id);
		assert_same("senderId", d.sender_id, w->sender_id);
		assert_same("password", d.password, w->password);
		assert_same("errorCode", d.error_code, w->error_code);
		assert_same("errorMessage", d.error_message, w->error_message);
		assert_int_equal(d.accepted, w->accepted);
		assert_int_equal(d.resend, w->resend);
		assert_int_equal(d.has_sender, w->has_sender);
		assert_int_equal(d.has_password, w->has_password);
		assert_int_equal(d.date.ms, w->date.ms);
	}
}

static const struct {
	enum async_operation which;
	struct async_question q;
	const char *written;
} questions[] = {
	{ASYNC_GET_MESSAGE_STATUS, {.message_id = B("m"), .sender_id = B("i&"), .password = B("p<"),
		.has_password = true, .has_sender = true, .has_date = true, .date = WHEN}, OPEN("getMessageStatus")
		"<request><messageId>m</messageId>"
		"<requestDate>" WHEN_WRITTEN "</requestDate>" SENDER_WRITTEN "</request>" CLOSE("getMessageStatus")},
	{ASYNC_GET_MESSAGES, {.service_id = B("s")}, OPEN("getMessages")
		"<request><serviceId>s</serviceId></request>" CLOSE("getMessages")},
	{ASYNC_GET_MESSAGES, {.message_id = B("m"), .correlation_id = B("c"), .has_date = true, .date = WHEN,
		.service_id = B("s"), .has_sender = true, .sender_id = B("i&"), .has_password = true,
		.password = B("p<"),
		.amount = 25}, OPEN("getMessages") "<request><messageId>m</messageId><correlationId>c</correlationId>"
		"<requestDate>" WHEN_WRITTEN "</requestDate><serviceId>s</serviceId>" SENDER_WRITTEN
		"<amount>25</amount>" "</request>" CLOSE("getMessages")},
};

static void writes_questions(void **state)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		const struct async_question *w = &questions[i].q;
		const struct verified *v;
		struct async_question q;
		struct err e = {0};

		assert_true(async_write_question(questions[i].which, w, &out, &e).ok);
		v = assert_written(b, XSD "elements.xsd", &out, questions[i].written);
		if (!async_read_question(b->pool, v, &q, &e).ok)
			fail_msg("%s", e.detail);
		assert_same("messageId", q.message_id, w->message_id);
		assert_same("correlationId", q.correlation_id, w->correlation_id);
		assert_same("serviceId", q.service_id, w->service_id);
		assert_same("senderId", q.sender_id, w->sender_id);
		assert_same("password", q.password, w->password);
		assert_int_equal(q.has_sender, w->has_sender);
		assert_int_equal(q.has_password, w->has_password);
		assert_int_equal(q.has_date, w->has_date);
		assert_int_equal(q.date.ms, w->date.ms);
		assert_int_equal(q.amount, w->amount);
	}
}

#define STATUS_WRITTEN \
	"<status><statusCode>S1</statusCode><statusMessage>a&lt;\nb</statusMessage><statusDate>" \
	WHEN_WRITTEN "</statusDate></status>"

static void assert_status(const struct async_status *got, const struct async_status *wanted)
{
	assert_int_equal(got->state, wanted->state);
	assert_same("statusCode", got->code, wanted->code);
	assert_same("statusMessage", got->message, wanted->message);
	assert_same("messageId", got->message_id, wanted->message_id);
	assert_same("notificationId", got->notification_id, wanted->notification_id);
	assert_same("sessionId", got->session_id, wanted->session_id);
	assert_same("errorCode", got->error_code, wanted->error_code);
	assert_same("errorMessage", got->error_message, wanted->error_message);
	assert_int_equal(got->date.ms, wanted->date.ms);
}

static void writes_answers_about_states(void **state)
{
	static const char *const names[] = {"ON_DELIVERY", "DELIVERED", "NOT_DELIVERED", "DELIVERY_STOPPED"};

	for (size_t i = 0; i < 4; i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct async_status s, w = {.state = (enum async_state)i, .code = B("S1"), .message = B("a<\nb"),
			.date = WHEN};
		const struct verified *v;
		struct err e = {0};

		assert_string_equal(async_state_name(w.state), names[i]);
		assert_true(async_write_status_answer(&w, later, i ? SESSION : NULL, &out, &e).ok);
		w.session_id = bytes_str(i ? SESSION : "");
		v = assert_written(b, XSD "elements.xsd", &out, pool_printf(b->pool, OPEN("getMessageStatusResponse")
			"<response><messageState>%s</messageState>" STATUS_WRITTEN "<responseDate>" LATER_WRITTEN
			"</responseDate>%s</response>" CLOSE("getMessageStatusResponse"), names[i],
			i ? "<sessionId>" SESSION "</sessionId>" : ""));
		if (!async_read_status(b->pool, v, &s, &e).ok)
			fail_msg("%s", e.detail);
		assert_status(&s, &w);
	}
}

static void writes_notifications_of_states(void **state)
{
	static const struct {
		struct async_status s;
		const char *error, *session;
	} rows[] = {
		{{.state = ASYNC_NOT_DELIVERED, .code = B("S1"), .message = B("a<\nb"), .date = WHEN,
			.message_id = B("m"),
			.notification_id = B("n"), .session_id = B(SESSION), .error_code = B("E<1"),
			.error_message = B("words")}, ERROR_WRITTEN, "<sessionId>" SESSION "</sessionId>"},
		{{.state = ASYNC_NOT_DELIVERED, .code = B("S1"), .message = B("a<\nb"), .date = WHEN,
			.message_id = B("m"), .notification_id = B("n")}, "", ""},
	};

	for (size_t i = 0; i < 2; i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct async_status s;
		const struct verified *v;
		struct err e = {0};

		assert_true(async_write_status_notification(&rows[i].s, later, &out, &e).ok);
		v = assert_written(b, XSD "client-elements.xsd", &out, pool_printf(b->pool,
			CLIENT_OPEN("changeMassageStatusNotification") "<request><notification>"
			"<notificationId>n</notificationId><messageId>m</messageId><notificationDate>" WHEN_WRITTEN
			"</notificationDate><messageState>NOT_DELIVERED</messageState>" STATUS_WRITTEN "%s</notification>"
			"<requestDate>" LATER_WRITTEN "</requestDate>%s</request>"
			CLOSE("changeMassageStatusNotification"), rows[i].error, rows[i].session));
		if (!async_read_status(b->pool, v, &s, &e).ok)
			fail_msg("%s", e.detail);
		assert_status(&s, &rows[i].s);
	}
}

static void writes_the_other_acknowledgements(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH), client = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	const struct verified *v;
	bool response = false;
	struct err e = {0};

	assert_true(async_write_delivery_ack("n", when, SESSION, &out, &e).ok);
	v = assert_written(b, XSD "elements.xsd", &out, OPEN("sendDeliveryNotificationResponse")
		"<response><notificationId>n</notificationId><responseDate>" WHEN_WRITTEN "</responseDate><sessionId>"
		SESSION "</sessionId></response>" CLOSE("sendDeliveryNotificationResponse"));
	assert_int_equal(async_operation_of(verified_operation(v), &response), ASYNC_SEND_DELIVERY_NOTIFICATION);
	assert_true(response);
	assert_true(async_write_status_ack(when, SESSION, &client, &e).ok);
	v = assert_written(b, XSD "client-elements.xsd", &client,
		CLIENT_OPEN("changeMassageStatusNotificationResponse")
		"<response><responseDate>" WHEN_WRITTEN "</responseDate><sessionId>" SESSION "</sessionId></response>"
		CLOSE("changeMassageStatusNotificationResponse"));
	assert_int_equal(async_operation_of(verified_operation(v), &response), ASYNC_CHANGE_STATUS);
	assert_true(response);
}

static void writes_faults_of_each_operation(void **state)
{
	static const struct {
		enum async_operation operation;
		const char *element, *ns, *xsd;
	} rows[] = {
		{ASYNC_SEND_MESSAGE, "sendMessageFault1_sendMessageFault", NS_ASYNC_TYPES, XSD "elements.xsd"},
		{ASYNC_SEND_DELIVERY_NOTIFICATION, "sendDeliveryNotificationFault1_sendDeliveryNotificationFault",
			NS_ASYNC_TYPES, XSD "elements.xsd"},
		{ASYNC_GET_MESSAGE_STATUS, "getMessageStatusFault1_getMessageStatusFault", NS_ASYNC_TYPES,
			XSD "elements.xsd"},
		{ASYNC_GET_MESSAGES, "getMessagesFault1_getMessagesFault", NS_ASYNC_TYPES, XSD "elements.xsd"},
		{ASYNC_CHANGE_STATUS, "changeMassageStatusNotificationFault1_changeMassageStatusNotificationFault",
			NS_ASYNC_CLIENT_TYPES, XSD "client-elements.xsd"},
		{ASYNC_OTHER, "sendMessageFault1_sendMessageFault", NS_ASYNC_TYPES, XSD "elements.xsd"},
	};
	static const struct channel_fault fault = {.faultcode = B("soapenv:Client"), .faultstring = B("<words>"),
		.error_code = B("SCE001"), .error_message = B("more\x01"), .session_id = B("m-1"),
		.error_date = WHEN};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SCOPED(schema_free) struct schema *s = NULL;
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct envelope *env;
		const struct element *detail, *list;
		struct channel_fault f;
		struct err e = {0};

		assert_true(async_write_fault(rows[i].operation, &fault, &out, &e).ok);
		env = bench_parse(b, buf_bytes(&out));
		detail = envelope_child(env, envelope_operation(env), "", "detail", NULL);
		assert_non_null(detail);
		assert_int_equal(envelope_children(env, detail, &list), 1);
		assert_string_equal(node_local(list[0].node), rows[i].element);
		assert_string_equal(node_ns(list[0].node), rows[i].ns);
		if (!schema_load(rows[i].xsd, &s, &e).ok || !schema_check(s, env, detail, &e).ok)
			fail_msg("%s", e.detail);
		assert_true(channel_read_fault(b->pool, env, &f));
		assert_same("errorCode", f.error_code, fault.error_code);
		assert_same("errorMessage", f.error_message, (struct bytes)B("more?"));
	}
}

/* The same operations exist in the client's namespace: its XSD declares them too. */
static void sendMessage_is_declared_for_clients(void **state)
{
	struct bench *b = bench_fresh(state);
	struct buf text = BUF(MUCH);

	buf_str(&text, CLIENT("sendMessage", "<request><messageInfo>" SERVICE TYPE DATE SENDER "</messageInfo>"
		DATA "</request>"));
	assert_valid(b, XSD "client-elements.xsd", &text);
	buf_free(&text);
}

#define GOOD_MESSAGE .service_id = B("s"), .sender_id = B("i")

static void messages_outside_the_contract_are_not_written(void **state)
{
	static const struct {
		struct async_message m;
		enum reason reason;
		const char *detail;
	} rows[] = {
		{{.sender_id = B("i")}, REASON_CHANNEL_LENGTH, "serviceId is empty"},
		{{.service_id = B("s")}, REASON_CHANNEL_LENGTH, "senderId is empty"},
		{{GOOD_MESSAGE, .message_id = B("m\n")}, REASON_CHANNEL_FORMAT, "messageId"},
		{{GOOD_MESSAGE, .correlation_id = B("\xff")}, REASON_CHANNEL_FORMAT, "correlationId is not text"},
		{{GOOD_MESSAGE, .session_id = B("99999999-8888-4777-8666-555555555555")}, REASON_CHANNEL_FORMAT,
			"sessionId"},
		{{GOOD_MESSAGE, .properties = two, .property_count = 101}, REASON_CHANNEL_LENGTH, "100 properties"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF(MUCH);
		struct err e = {0};

		assert_false(async_write_message(&rows[i].m, NULL, "x", &out, &e).ok);
		if (e.reason != rows[i].reason || !strstr(e.detail, rows[i].detail) || out.len)
			fail_msg("%s: %s", rows[i].detail, e.detail);
	}
}

static void others_outside_the_contract_are_not_written(void **state)
{
	static const struct async_ack ack = {.message_id = B("m"), .correlation_id = B("c"),
		.session_id = B("x")};
	static const struct async_delivery nameless = {.message_id = B("m"), .service_id = B("s"),
		.has_sender = true};
	static const struct async_delivery broken = {.message_id = B("m"), .service_id = B("s"),
		.error_message = B("\xff")};
	static const struct async_question serviceless = {.message_id = B("m")}, negative = {.service_id = B("s"),
		.amount = -1};
	static const struct async_question anonymous = {.message_id = B("m")};
	static const struct async_status unnamed = {.message_id = B("m")}, long_code = {.code = {(const unsigned
		char *)
		SESSION SESSION SESSION SESSION, 152}, .message_id = B("m"), .notification_id = B("n")};
	struct buf out = BUF(MUCH);
	struct err e = {0};

	(void)state;
	assert_false(async_write_ack(&ack, &out, &e).ok);
	assert_false(async_write_delivery(&nameless, &out, &e).ok);
	assert_false(async_write_delivery(&broken, &out, &e).ok);
	assert_false(async_write_delivery_ack("n", when, NULL, &out, &e).ok);
	assert_false(async_write_delivery_ack("n", when, "x", &out, &e).ok);
	assert_false(async_write_delivery_ack("", when, SESSION, &out, &e).ok);
	assert_false(async_write_question(ASYNC_GET_MESSAGES, &serviceless, &out, &e).ok);
	assert_false(async_write_question(ASYNC_GET_MESSAGES, &negative, &out, &e).ok);
	assert_false(async_write_question(ASYNC_GET_MESSAGE_STATUS, &anonymous, &out, &e).ok);
	assert_false(async_write_status_answer(&long_code, when, NULL, &out, &e).ok);
	assert_false(async_write_status_notification(&unnamed, when, &out, &e).ok);
	assert_false(async_write_status_ack(when, "", &out, &e).ok);
	assert_int_equal(out.len, 0);
}

static void types_have_the_words_of_the_wire(void **state)
{
	(void)state;
	assert_string_equal(async_type_name(ASYNC_REQUEST), "REQUEST");
	assert_string_equal(async_type_name(ASYNC_UPDATE), "UPDATE");
	assert_string_equal(async_type_name(ASYNC_NOTIFICATION), "NOTIFICATION");
	assert_string_equal(async_type_name(ASYNC_RESPONSE), "RESPONSE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_messages), cmocka_unit_test(writes_acknowledgements),
		cmocka_unit_test(writes_delivery_notifications), cmocka_unit_test(writes_questions),
		cmocka_unit_test(writes_answers_about_states), cmocka_unit_test(writes_notifications_of_states),
		cmocka_unit_test(writes_the_other_acknowledgements),
		cmocka_unit_test(writes_faults_of_each_operation),
		cmocka_unit_test(sendMessage_is_declared_for_clients),
		cmocka_unit_test(messages_outside_the_contract_are_not_written),
		cmocka_unit_test(others_outside_the_contract_are_not_written),
		cmocka_unit_test(types_have_the_words_of_the_wire),
	};

	return cmocka_run_group_tests_name("channel async write", tests, bench_open, bench_close);
}
