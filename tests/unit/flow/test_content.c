/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes two messages identical is a digest that journals and Redis keep, beyond a change of version; so its values
 * stand here, made by another program over the lines "prefix=namespace", a NUL and the operation. */
#include "../cm.h"

#include "flow/flow_int.h"

#define MESSAGE(outer, body, operation) \
	"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"" outer "><s:Body" body ">" operation "</s:Body></s:Envelope>"
#define OPERATION(data) \
	"<m:Op xmlns:m=\"urn:m\"><request><requestInfo/><requestData><data>" data "</data></requestData></request></m:Op>"
#define ONE "e505396a4151c7747c0eb2e2efec87f4afe0cc8988401446f56f3f2be9d7e5d3"

static void content_of(const char *text, char hex[65])
{
	SCOPED(pool_free) struct pool *pool = pool_new(1 << 20);
	SCOPED(buf_free) struct buf out = BUF(100);
	unsigned char digest[32];
	struct envelope *env;
	struct err e = {0};

	if (!envelope_parse_frame(pool, bytes_str(text), &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok)
		fail_msg("%s", e.detail);
	assert_true(exchange_content(env, pool, digest));
	buf_hex(&out, (struct bytes){digest, sizeof digest});
	memcpy(hex, buf_cstr(&out), 65);
}

static void contents_are_kept_beyond_a_version(void **state)
{
	static const struct {
		const char *name, *text, *content;
	} rows[] = {
		{"a message", MESSAGE(" xmlns:a=\"urn:a\"", "", OPERATION("1")), ONE},
		{"under another identifier", MESSAGE(" xmlns:a=\"urn:a\"", " Id=\"b\"", OPERATION("1")), ONE},
		{"written in another way around the operation", MESSAGE("", " xmlns:a='urn:a'", "\n" OPERATION("1")), ONE},
		{"in another namespace", MESSAGE(" xmlns=\"urn:d\"", "", OPERATION("1")),
			"61c1a680018b3daf6f8b3b8110a75f2d04841fc66adc6f415ee3dc0744fcdc67"},
	};
	char hex[65];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		content_of(rows[i].text, hex);
		if (strcmp(hex, rows[i].content) != 0)
			fail_msg("%s: %s", rows[i].name, hex);
	}
	content_of(MESSAGE(" xmlns:a=\"urn:a\"", "", OPERATION("2")), hex);
	assert_string_not_equal(hex, ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_are_kept_beyond_a_version),
	};

	envelope_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
