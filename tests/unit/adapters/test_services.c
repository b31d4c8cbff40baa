/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated system provides and what its services.yaml describes are the same. */
#include <unistd.h>

#include "world.h"

/* A whole configuration around the descriptor of one adapter. */
static struct conf *load_with(const char *folder, const char *adapter)
{
	struct conf_problems *problems = conf_problems_new();
	struct conf *conf = NULL;
	struct err e = {0};
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/%s.yaml", folder, adapter) > 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"include: %s/adapters/%s\njournal:\n  directory: %s/journal\n"
		"queue:\n  socket: r.sock\n  spool: spool\nlisteners:\n  - name: plain\n"
		"    listen: \"127.0.0.1:0\"\nkeys:\n  - name: gateway\n    certificate: gateway.crt\n"
		"    key: gateway.key\n"
		"participants:\n  - name: %s\n    certificates: peer.crt\n",
		SOURCE_DIR, adapter, folder, adapter);
	fclose(f);
	if (!conf_load(path, &conf, problems, &e).ok)
		fail_msg("%s: %s", adapter, problems->n ? problems->list[0].what : e.detail);
	conf_problems_free(&problems);
	free(path);
	return conf;
}

static void check_async(const struct conf *conf, const char *service_id, const char *provider)
{
	const struct conf_service *c = conf_service_by_id(conf, bytes_str(service_id));

	assert_non_null(c);
	assert_int_equal(c->channel, CONF_CHANNEL_ASYNC);
	assert_string_equal(c->provider->name, provider);
	assert_int_equal(access(c->schema, R_OK), 0);
	assert_int_equal(access(c->answer_schema, R_OK), 0);
}

static void every_service_is_described(void **state)
{
	char *folder = fresh_folder();

	(void)state;
	for (const struct sim_system *const *s = sim_systems(); *s; s++) {
		SCOPED(conf_free) struct conf *conf = load_with(folder, (*s)->name);
		size_t n = 0;

		for (const struct sim_service *service = (*s)->services; service->service_id; service++, n++) {
			const struct conf_service *c = conf_service_by_id(conf, bytes_str(service->service_id));

			assert_non_null(c);
			assert_string_equal(c->provider->name, (*s)->name);
			assert_int_equal(access(c->schema, R_OK), 0);
			assert_int_equal(access(c->answer_schema, R_OK), 0);
		}
		for (const struct sim_async_service *service = (*s)->async_services; service && service->service_id;
			service++) {
			if (service->provides) {
				check_async(conf, service->service_id, (*s)->name);
				n++;
			}
		}
		assert_int_equal(conf->service_count, n);
	}
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_service_is_described)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
