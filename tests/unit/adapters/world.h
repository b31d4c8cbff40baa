/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world - the simulated systems over loopback, with a small bus in the place of the gateway.
 *
 * The bus is a system of this test: it hands every payload on under the same serviceId, and checks each
 * request and each answer that passes against the schema of its service.
 */
#ifndef QAQPA_TESTS_ADAPTERS_WORLD_H
#define QAQPA_TESTS_ADAPTERS_WORLD_H

#include "../sim/sim_bench.h"

#include "common/store.h"

#define PERMITS_XSD SOURCE_DIR "/wsdl/permits/v1/permits.xsd"
#define MONITORING_XSD SOURCE_DIR "/wsdl/monitoring/v1/monitoring.xsd"
#define DEPARTMENT_XSD SOURCE_DIR "/wsdl/department/v1/department.xsd"

/* The employee who signs applications (M5), and the head of the department who signs decisions (P13). */
static const char *const world_signers[] = {"corporation-employee=" PKI "/person.crt," PKI "/person.key",
	"head=" PKI "/head.crt," PKI "/head.key", NULL};

/* A fresh folder; remove_folder takes it away with all that is in it. */
static inline char *fresh_folder(void)
{
	const char *base = getenv("TMPDIR");
	char *path = NULL;

	assert_true(asprintf(&path, "%s/qaqpa-sim-XXXXXX", base ? base : "/tmp") > 0);
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void remove_folder(char *path)
{
	char *command = NULL;

	assert_true(asprintf(&command, "rm -rf '%s'", path) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	free(path);
}

static inline struct sim *start_system(const char *name, const char *folder, const char *key_name,
	const char *gateway_url, const char *const *documents)
{
	struct sim *sim = NULL;
	struct err e = {0};
	char *certificate = NULL, *key = NULL, *sender = NULL, *state = NULL;

	assert_true(asprintf(&certificate, PKI "/%s.crt", key_name) > 0);
	assert_true(asprintf(&key, PKI "/%s.key", key_name) > 0);
	assert_true(asprintf(&sender, "%s_is", name) > 0);
	assert_true(asprintf(&state, "%s/%s", folder, name) > 0);
	must(sim_start(sim_system_named(name), &(struct sim_options){.host = "127.0.0.1", .path = "/",
		.certificate = certificate, .key = key, .peer_certificate = PKI "/gateway.crt",
		.gateway_url = gateway_url, .sender_id = sender, .state = state, .threads = 4,
		.document_certificates = documents, .signers = world_signers}, &sim, &e), &e);
	free(certificate);
	free(key);
	free(sender);
	free(state);
	return sim;
}

/* The gateway's side of the line to a system. */
static inline struct peer *line_to(int port, const char *key_name, const char *sender_id)
{
	struct peer *p = NULL;
	struct err e = {0};
	char *url = NULL, *pinned = NULL;

	assert_true(asprintf(&url, "http://127.0.0.1:%d/", port) > 0);
	assert_true(asprintf(&pinned, PKI "/%s.crt", key_name) > 0);
	must(peer_open(&(struct peer_options){.certificate = PKI "/gateway.crt", .key = PKI "/gateway.key",
		.peer_certificate = pinned, .url = url, .sender_id = sender_id}, &p, &e), &e);
	free(url);
	free(pinned);
	return p;
}

static inline const char *answer_code(struct pool *pool, const struct sim_answer *a)
{
	assert_false(a->fault);
	return pool_copy(pool, a->response.status_code);
}

#endif
