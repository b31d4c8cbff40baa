/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_served - time-stamps of the authority for tests, in each kind of keys and digest, with each of its troubles. */
#include "../cm.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "../served.h"
#include "base/ident.h"
#include "crypto/crypto.h"
#include "timestamp/timestamp.h"

#define POLICY "1.2.398.3.3.2.6."
#define ANSWER_MOST ((size_t)1 << 16)
#define DAY_MS INT64_C(86400000)
#define GOOD (-1) /* instead of a reason */

static const struct row {
	const char *name, *trouble, *policy;
	enum timestamp_digest digest;
	int reason;
} rows[] = {
	{"SHA-256", "none", NULL, TIMESTAMP_SHA256, GOOD},
	{"SHA-512", "none", POLICY "4", TIMESTAMP_SHA512, GOOD},
	{"GOST 34.11-2015", "none", NULL, TIMESTAMP_GOST_2015, GOOD},
	{"GOST 34.311-95", "none", POLICY "3", TIMESTAMP_GOST_LEGACY, GOOD},
	{"says later", "try-later", NULL, TIMESTAMP_SHA256, REASON_STAMP_LATER},
	{"refuses", "refused", NULL, TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
	{"another nonce", "wrong-nonce", NULL, TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
	{"another authority", "wrong-signer", NULL, TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
	{"a broken signature", "forged", NULL, TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
	{"another imprint", "other", NULL, TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
	{"an unknown policy", "none", "1.2.3.4", TIMESTAMP_SHA256, REASON_STAMP_REFUSED},
};

static size_t size_of(enum timestamp_digest d)
{
	return d == TIMESTAMP_SHA512 || d == TIMESTAMP_GOST_2015 ? 64 : 32;
}

/* The body of the answer, appended. */
static void post(const struct served *s, struct bytes question, struct buf *body)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct buf out = BUF(ANSWER_MOST), in = BUF(ANSWER_MOST);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *head;
	ssize_t got;

	to.sin_port = htons((uint16_t)strtol(strrchr(s->url, ':') + 1, NULL, 10));
	buf_printf(&out, "POST /tsp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
		question.n);
	buf_add(&out, question);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, out.data, out.len), out.len);
	while ((got = read(fd, buf_reserve(&in, 4096), 4096)) > 0)
		buf_grown(&in, (size_t)got);
	close(fd);
	head = strstr(buf_cstr(&in), "\r\n\r\n");
	assert_non_null(head);
	assert_memory_equal(in.data, "HTTP/1.1 200", 12);
	buf_add(body, bytes_sub(buf_bytes(&in), (size_t)(head + 4 - buf_cstr(&in)), in.len));
	buf_free(&in);
	buf_free(&out);
}

/* GOOD, and `says` holds what the token says; else the reason. */
static int ask(const struct served *s, const struct row *row, const char *top, const char *issuing,
	struct timestamp_token *says)
{
	struct buf question = BUF(4096), response = BUF(ANSWER_MOST), token = BUF(ANSWER_MOST);
	char root_path[160], issuing_path[160];
	const char *authorities[] = {served_path(s, top, root_path), served_path(s, issuing, issuing_path)};
	unsigned char imprint_octets[64], nonce_octets[12];
	const struct bytes imprint = {imprint_octets, size_of(row->digest)}, nonce = {nonce_octets, sizeof(nonce_octets)};
	struct err e = {.detail = ""};
	int result = GOOD;

	random_fill(imprint_octets, sizeof(imprint_octets));
	random_fill(nonce_octets, sizeof(nonce_octets));
	assert_true(timestamp_request(row->digest, imprint, row->policy, nonce, &question, &e).ok);
	post(s, buf_bytes(&question), &response);
	if (!timestamp_response(buf_bytes(&response), row->digest, imprint, row->policy, nonce, authorities, 2, &token, &e).ok)
		result = (int)e.reason;
	else
		assert_true(timestamp_verify(buf_bytes(&token), imprint, authorities, 2, says, &e).ok);
	buf_free(&question);
	buf_free(&response);
	buf_free(&token);
	return result;
}

static void each_trouble(void **state)
{
	struct served s;

	served_start(&s, *state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct timestamp_token says = {.at_ms = 0};
		int reason;

		served_command(&s, "trouble", "tsp", rows[i].trouble, NULL);
		reason = ask(&s, &rows[i], "root", "issuing", &says);
		if (reason != rows[i].reason)
			fail_msg("%s: %s", rows[i].name, reason == GOOD ? "accepted" : reason_row((enum reason)reason)->name);
		if (reason == GOOD)
			assert_string_equal(says.policy, rows[i].policy ? rows[i].policy : POLICY "4");
	}
	served_stop(&s);
}

static void of_two_days_ago(void **state)
{
	struct timestamp_token says = {.at_ms = 0};
	struct served s;

	(void)state;
	served_start(&s, "gost");
	served_command(&s, "trouble", "tsp", "stale", NULL);
	assert_int_equal(ask(&s, &rows[0], "root", "issuing", &says), GOOD);
	assert_true(says.at_ms < stamp_now().ms - 2 * DAY_MS + 60000);
	served_stop(&s);
}

/* Its policy is signed by its own authority, and by that alone. */
static void of_gost_2004(void **state)
{
	static const struct row old = {"GOST 2004", "none", POLICY "1", TIMESTAMP_GOST_LEGACY, GOOD};
	struct timestamp_token says = {.at_ms = 0};
	struct served s;

	(void)state;
	served_start(&s, "gost");
	assert_int_equal(ask(&s, &old, "root-2004", "issuing-2004", &says), GOOD);
	assert_non_null(strstr(says.signer, "GOST 2004"));
	assert_int_equal(ask(&s, &old, "root", "issuing", &says), REASON_STAMP_REFUSED);
	served_stop(&s);
}

int main(void)
{
	static char gost[] = "gost", ec[] = "ec";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(each_trouble, gost),
		cmocka_unit_test_prestate(each_trouble, ec),
		cmocka_unit_test(of_two_days_ago),
		cmocka_unit_test(of_gost_2004),
	};
	struct err e;

	if (!crypto_init(NULL, &e).ok)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
