/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attachments that lie in the temporary store: fetched, and never taken for another file. The store itself stands where a
 * gateway would. */
#include <libxml/tree.h>

#include "files/temp_fetch.h"
#include "world.h"

#define SAMPLE "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf" /* of the text sample */

static struct {
	char *folder;
	struct sim *store, *caller;
	struct pool *pool;
} w;

static struct sim *start_caller(int port)
{
	char *url = NULL, *state = NULL;
	struct sim *sim = NULL;
	struct err e = {0};

	assert_true(asprintf(&url, "http://127.0.0.1:%d/", port) > 0);
	assert_true(asprintf(&state, "%s/caller", w.folder) > 0);
	must(sim_start(sim_system_named("tax"), &(struct sim_options){.host = "127.0.0.1", .path = "/",
		.certificate = PKI "/gateway.crt", .key = PKI "/gateway.key", .peer_certificate = PKI "/permits.crt",
		.gateway_url = url, .sender_id = "tax_is", .state = state, .threads = 1}, &sim, &e), &e);
	free(url);
	free(state);
	return sim;
}

static int begin(void **state)
{
	(void)state;
	w.folder = fresh_folder();
	w.pool = pool_new(MUCH);
	w.store = start_system("files", w.folder, "permits", NULL, NULL);
	w.caller = start_caller(sim_port(w.store));
	return 0;
}

static int end(void **state)
{
	(void)state;
	sim_stop(&w.caller);
	sim_stop(&w.store);
	pool_free(&w.pool);
	remove_folder(w.folder);
	return 0;
}

/* What becomes of an attachment; the code of its first reason, or "" and the content in `out`. */
static const char *content_of(const char *xml, struct buf *out)
{
	struct reasons r = {.pool = w.pool};
	struct _xmlDoc *doc;
	struct err e = {0};

	buf_clear(out);
	must(envelope_parse_document(w.pool, bytes_str(xml), &ENVELOPE_LIMITS_DEFAULT, &doc, &e), &e);
	if (attachment_content(w.caller, &r, xmlDocGetRootElement(doc), out))
		return "";
	assert_int_equal(out->len, 0);
	return r.n ? r.list[r.n - 1].code : "none";
}

static const char *uploaded(void)
{
	struct reasons r = {.pool = w.pool};
	const char *id = temp_upload(w.caller, &r, "sample.txt", BYTES_LIT("sample"));

	assert_non_null(id);
	return id;
}

static const char *reference(const char *id, const char *sha256)
{
	return pool_printf(w.pool,
		"<Attachment><Name>a</Name><FileIdentifier>%s</FileIdentifier><Sha256>%s</Sha256></Attachment>", id, sha256);
}

static void a_file_is_fetched_and_its_digest_is_right(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);

	(void)state;
	assert_string_equal(content_of(reference(uploaded(), SAMPLE), &out), "");
	assert_string_equal(buf_cstr(&out), "sample");
}

static void another_file_is_not_taken_for_it(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);
	char other[] = SAMPLE;

	(void)state;
	other[63] ^= 1;
	assert_string_equal(content_of(reference(uploaded(), other), &out), "attachment.digest");
	assert_string_equal(content_of(reference(uploaded(), ""), &out), "attachment.digest");
}

static void what_is_not_there_is_told(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);

	(void)state;
	assert_string_equal(content_of(reference("nothing", SAMPLE), &out), "attachment.gone");
	assert_string_equal(content_of("<Attachment><Name>a</Name></Attachment>", &out), "attachment.content");
	assert_string_equal(content_of("<Attachment><Content>!</Content></Attachment>", &out), "attachment.content");
	sim_stop(&w.store);
	assert_string_equal(content_of(reference("nothing", SAMPLE), &out), "step.failed");
}

static void what_stands_in_the_message_is_taken_from_there(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(1000);

	(void)state;
	assert_string_equal(content_of("<Attachment><Name>a</Name><Content>c2Ft cGxl</Content></Attachment>", &out), "");
	assert_string_equal(buf_cstr(&out), "sample");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_file_is_fetched_and_its_digest_is_right),
		ROW(another_file_is_not_taken_for_it),
		ROW(what_is_not_there_is_told),
		ROW(what_stands_in_the_message_is_taken_from_there),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
