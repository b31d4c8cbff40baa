/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator has blocked: the list, and that nothing blocked is taken or used, from one look to the next. */
#include "pki.h"

#include "trust/blocks.h"

#include "trust/trust_int.h"

#define LIST "mine:blocked"
#define LINE " 2030-01-02T03:04:05+05:00 admin "
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void write_list(const char *text)
{
	pki_write(LIST, bytes_str(text), 0644);
}

static const struct {
	const char *name, *text;
	size_t n;          /* of blocks, when the list is good */
	const char *wrong; /* of the detail */
} texts[] = {
	{"an empty file", "", 0, NULL},
	{"remarks and empty lines", "# nothing\n\n", 0, NULL},
	{"one line without end", HEX LINE "key on a lost laptop", 1, NULL},
	{"capital hex, no reason", "FF112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF 2030-01-02T03:04:05Z x\n",
		1, NULL},
	{"issuer and serial number", "name:" HEX LINE "r\n" HEX LINE "r\n", 2, NULL},
	{"a short digest", "# a\n0011" LINE "r\n", 0, "line 2: it does not begin with the SHA-256"},
	{"no digest", "the key of Anna" LINE "\n", 0, "line 1: it does not begin"},
	{"a moment without offset", HEX " 2030-01-02T03:04:05 admin r\n", 0, "line 1: the second word is no moment"},
	{"no moment", HEX "\n", 0, "the second word is no moment"},
	{"nobody", HEX LINE "r\n" HEX " 2030-01-02T03:04:05Z\n", 0, "line 2: nobody is named"},
	{"a control character", HEX LINE "\x01\n", 0, "is no text"},
};

static void a_list_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(BLOCK_LIST_OCTETS);
		struct block_list l;
		struct err e = {0};

		write_list(texts[i].text);
		assert_reason(texts[i].name, block_list_read(pool, pki_path(LIST), &l, &e), &e,
			texts[i].wrong ? REASON_CONFIG : REASON_NONE);
		if (texts[i].wrong ? !strstr(e.detail, texts[i].wrong) : l.n != texts[i].n)
			fail_msg("%s: %s", texts[i].name, e.detail);
	}
}

static void check_text(const char *wanted)
{
	char text[4096];
	FILE *f = fopen(pki_path(LIST), "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	assert_string_equal(text, wanted);
}

static void a_list_is_changed_by_lines(void **state)
{
	struct block a = {.key = {0xaa}, .since = "2030-01-02T03:04:05+05:00", .who = "admin", .reason = "lost key"};
	struct block b = {.by_name = true, .key = {0xbb}, .since = "2030-01-02T03:04:05Z", .who = "x", .reason = ""};
	const char *path = pki_path(LIST);
	struct stat st;
	struct err e = {0};
	bool changed = false;

	(void)state;
	unlink(path);
	assert_reason("nothing to take from", block_list_remove(path, &a, &changed, &e), &e, REASON_IO);
	assert_reason("made when it is not there", block_list_add(path, &a, &changed, &e), &e, REASON_NONE);
	assert_true(changed);
#define A "aa00000000000000000000000000000000000000000000000000000000000000 2030-01-02T03:04:05+05:00 admin lost key\n"
#define B "name:bb00000000000000000000000000000000000000000000000000000000000000 2030-01-02T03:04:05Z x \n"
	check_text(A);
	write_list("# mine\n" A);
	assert_int_equal(chmod(path, 0640), 0);
	assert_true(block_list_add(path, &b, &changed, &e).ok && changed);
	check_text("# mine\n" A B);
	assert_true(block_list_add(path, &a, &changed, &e).ok);
	assert_false(changed);
	assert_true(block_list_remove(path, &a, &changed, &e).ok && changed);
	check_text("# mine\n" B);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	a.key[0] = 0xbb; /* a digest is no name */
	assert_true(block_list_remove(path, &a, &changed, &e).ok);
	assert_false(changed);
	write_list("broken\n" B);
	assert_reason("a broken list is left as it is", block_list_remove(path, &b, &changed, &e), &e, REASON_CONFIG);
	assert_reason("to add neither", block_list_add(path, &a, &changed, &e), &e, REASON_CONFIG);
	check_text("broken\n" B);
}

/* --- a running trust --- */

static const struct conf_participant department = {
	.name = "department", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
static const struct conf_key own = {.name = "own", .certificate = PKI "gateway.crt", .key = PKI "gateway.key"};

static struct trust *trust_with_blocks(void)
{
	struct trust *t = trust_new();
	struct err e;

	assert_true(trust_add_authority(t, PKI "root.crt", &e).ok && trust_add_participant(t, &department, &e).ok &&
		trust_add_key(t, &own, &e).ok);
	assert_reason("blocks", trust_add_blocks(t, pki_path(LIST), &e), &e, REASON_NONE);
	return t;
}

static struct block block_of(const char *file, bool by_name)
{
	struct block b = {.by_name = by_name, .since = "2030-01-02T03:04:05+05:00", .who = "admin", .reason = "test"};
	X509 *x = pki_certificate(pki_path(file));
	char *issuer = trust_name_text(X509_get_issuer_name(x)), *serial = trust_serial_text(x);
	struct err e;

	if (by_name)
		assert_true(block_key_of(bytes_str(issuer), bytes_str(serial), b.key, &e).ok);
	else
		sha256(pki_der(file), b.key);
	free(issuer);
	free(serial);
	X509_free(x);
	return b;
}

static void look(struct trust *t)
{
	trust_blocks_look(t->blocks, mono_ms());
}

/* Every way to a certificate, and the own key. */
static void check_all(struct trust *t, const char *row, enum reason der, enum reason signer, enum reason key)
{
	SCOPED(buf_free) struct buf value = BUF(1000);
	X509 *x = pki_certificate(PKI "department.crt");
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
	char *issuer = trust_name_text(X509_get_issuer_name(x)), *serial = trust_serial_text(x);
	const struct trust_cert *c;
	struct err e = {0};

	assert_reason(row, trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e), &e, der);
	assert_reason(row, trust_find_issuer_serial(t, bytes_str(issuer), bytes_str(serial), pki_now, &c, &e), &e, der);
	assert_reason(row,
		trust_find_ski(t, (struct bytes){ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski)}, pki_now, &c, &e),
		&e, der);
	assert_reason(row, trust_find_signer(t, pki_der("department.crt"), pki_now, &c, &e), &e, der);
	assert_reason(row, trust_find_signer(t, pki_der("person.crt"), pki_now, &c, &e), &e, signer);
	assert_reason(row, trust_sign(trust_key_named(t, "own"), SIGNATURE_RSA_SHA256, BYTES_LIT("a"), &value, &e), &e, key);
	free(issuer);
	free(serial);
	X509_free(x);
}

static void what_is_blocked_is_refused_until_it_is_not(void **state)
{
	struct block system = block_of("department.crt", false), person = block_of("person.crt", true);
	struct block key = block_of("gateway.crt", false);
	SCOPED(trust_free) struct trust *t = NULL;
	const char *path = pki_path(LIST);
	const struct trust_cert *c;
	struct err e = {0};
	bool changed;

	(void)state;
	write_list("");
	t = trust_with_blocks();
	check_all(t, "nothing is blocked", REASON_NONE, REASON_NONE, REASON_NONE);
	assert_true(block_list_add(path, &system, &changed, &e).ok);
	look(t);
	check_all(t, "a system", REASON_CERT_BLOCKED, REASON_NONE, REASON_NONE);
	assert_false(trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e).ok);
	assert_string_equal(e.detail, "blocked since 2030-01-02T03:04:05+05:00");
	assert_true(block_list_add(path, &person, &changed, &e).ok);
	look(t);
	check_all(t, "a person too, by issuer and serial number", REASON_CERT_BLOCKED, REASON_CERT_BLOCKED, REASON_NONE);
	assert_true(block_list_add(path, &key, &changed, &e).ok);
	assert_true(block_list_remove(path, &system, &changed, &e).ok);
	look(t);
	check_all(t, "the own key, the system no more", REASON_NONE, REASON_CERT_BLOCKED, REASON_KEY_BLOCKED);
	write_list("");
	look(t);
	check_all(t, "nothing any more", REASON_NONE, REASON_NONE, REASON_NONE);
}

static void a_list_that_cannot_be_read_changes_nothing(void **state)
{
	struct block key = block_of("gateway.crt", true);
	SCOPED(trust_free) struct trust *t = NULL, *other = trust_new();
	const char *path = pki_path(LIST);
	struct err e = {0};
	bool changed;

	(void)state;
	write_list("");
	assert_true(block_list_add(path, &key, &changed, &e).ok);
	t = trust_with_blocks();
	check_all(t, "blocked from the start", REASON_NONE, REASON_NONE, REASON_KEY_BLOCKED);
	write_list("nonsense\n");
	look(t);
	check_all(t, "a broken list", REASON_NONE, REASON_NONE, REASON_KEY_BLOCKED);
	assert_int_equal(unlink(path), 0);
	look(t);
	check_all(t, "no list", REASON_NONE, REASON_NONE, REASON_KEY_BLOCKED);
	assert_reason("no list at the start", trust_add_blocks(other, path, &e), &e, REASON_IO);
	write_list("nonsense\n");
	assert_reason("a broken list at the start", trust_add_blocks(other, path, &e), &e, REASON_CONFIG);
	write_list("");
	look(t);
	check_all(t, "a good list again", REASON_NONE, REASON_NONE, REASON_NONE);
}

static void a_change_is_seen_without_being_asked_for(void **state)
{
	struct block system = block_of("department.crt", false);
	SCOPED(trust_free) struct trust *t = NULL;
	int64_t start;
	const struct trust_cert *c;
	struct err e = {0};
	bool changed;

	(void)state;
	write_list("");
	t = trust_with_blocks();
	assert_true(trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e).ok);
	assert_true(block_list_add(pki_path(LIST), &system, &changed, &e).ok);
	start = mono_ms();
	while (trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e).ok)
		usleep(1000);
	assert_int_equal(e.reason, REASON_CERT_BLOCKED);
	print_message("blocked %d ms after the list was changed\n", (int)(mono_ms() - start));
}

struct asker {
	struct trust *t;
	struct bytes der;
	_Atomic bool stop, wrong;
};

static void *ask_often(void *arg)
{
	struct asker *a = arg;

	while (!a->stop) {
		const struct trust_cert *c = NULL;
		struct err e = {0};
		bool found = trust_find_der(a->t, a->der, pki_now, &c, &e).ok;

		if (found ? c->participant != &department : e.reason != REASON_CERT_BLOCKED)
			a->wrong = true;
	}
	return NULL;
}

static void threads_ask_while_the_list_changes(void **state)
{
	struct block system = block_of("department.crt", false);
	SCOPED(trust_free) struct trust *t = NULL;
	struct asker asker = {.der = pki_der("department.crt")};
	pthread_t thread[3];
	bool changed;

	(void)state;
	write_list("");
	asker.t = t = trust_with_blocks();
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask_often, &asker), 0);
	for (int round = 0; round < 4; round++) {
		const struct trust_cert *c;
		struct err e;

		assert_true((round % 2 ? block_list_remove : block_list_add)(pki_path(LIST), &system, &changed, &e).ok);
		while (trust_find_der(t, asker.der, pki_now, &c, &e).ok != (round % 2 == 1))
			usleep(1000);
	}
	asker.stop = true;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_false(asker.wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_whole_or_not_at_all),
		cmocka_unit_test(a_list_is_changed_by_lines),
		cmocka_unit_test(what_is_blocked_is_refused_until_it_is_not),
		cmocka_unit_test(a_list_that_cannot_be_read_changes_nothing),
		cmocka_unit_test(a_change_is_seen_without_being_asked_for),
		cmocka_unit_test(threads_ask_while_the_list_changes),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
