/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated system provides and what its services.yaml describes are the same. */
#include <glob.h>
#include <unistd.h>

#include "world.h"

/* A whole configuration with all descriptors and all systems. */
static struct conf *load_all(const char *folder)
{
	struct conf_problems *problems = conf_problems_new();
	struct conf *conf = NULL;
	struct err e = {0};
	glob_t descriptors;
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/qaqpa.yaml", folder) > 0);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(glob(SOURCE_DIR "/adapters/*/services.yaml", 0, NULL, &descriptors), 0);
	fprintf(f, "include:\n");
	for (size_t i = 0; i < descriptors.gl_pathc; i++)
		fprintf(f, "  - %.*s\n", (int)(strlen(descriptors.gl_pathv[i]) - strlen("/services.yaml")), descriptors.gl_pathv[i]);
	globfree(&descriptors);
	fprintf(f, "gateway:\n  sender_id: gateway_is\ncalendar: days\n");
	fprintf(f, "journal:\n  directory: %s/journal\nqueue:\n  socket: r.sock\n  spool: spool\n"
		"listeners:\n  - name: plain\n    listen: \"127.0.0.1:0\"\nkeys:\n  - name: gateway\n"
		"    certificate: gateway.crt\n    key: gateway.key\nparticipants:\n", folder);
	for (const struct sim_system *const *s = sim_systems(); *s; s++)
		fprintf(f, "  - name: %s\n    certificates: %s.crt\n", (*s)->name, (*s)->name);
	fclose(f);
	if (!conf_load(path, &conf, problems, &e).ok)
		fail_msg("%s", problems->n ? problems->list[0].what : e.detail);
	conf_problems_free(&problems);
	free(path);
	return conf;
}

/* Their answers hold no data. */
static bool answers_nothing(const char *service_id)
{
	static const char *const all[] = {"ESEDO_UNIVERSAL_SERVICE", "APPEALS_EDMS_STATE", "PORTAL_GATEWAY_NOTICE"};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(service_id, all[i]) == 0)
			return true;
	}
	return false;
}

static void check_service(const struct conf *conf, const char *service_id, const char *provider)
{
	const struct conf_service *c = conf_service_by_id(conf, bytes_str(service_id));

	assert_non_null(c);
	assert_string_equal(c->provider->name, provider);
	assert_int_equal(access(c->schema, R_OK), 0);
	if (!answers_nothing(service_id))
		assert_int_equal(access(c->answer_schema, R_OK), 0);
}

static void check_async(const struct conf *conf, const char *service_id, const char *provider)
{
	check_service(conf, service_id, provider);
	assert_int_equal(conf_service_by_id(conf, bytes_str(service_id))->channel, CONF_CHANNEL_ASYNC);
}

static void every_service_is_described(void **state)
{
	char *folder = fresh_folder();
	SCOPED(conf_free) struct conf *conf = load_all(folder);
	size_t n = 0;

	(void)state;
	for (const struct sim_system *const *s = sim_systems(); *s; s++) {
		for (const struct sim_service *service = (*s)->services; service->service_id; service++, n++)
			check_service(conf, service->service_id, (*s)->name);
		for (const struct sim_async_service *service = (*s)->async_services; service && service->service_id;
			service++) {
			if (service->provides) {
				check_async(conf, service->service_id, (*s)->name);
				n++;
			}
		}
	}
	assert_int_equal(conf->service_count, n);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_service_is_described)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
