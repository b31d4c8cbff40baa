/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wsdl_bench - served documents, looked at and given to zeep. */
#ifndef QAQPA_TESTS_WSDL_BENCH_H
#define QAQPA_TESTS_WSDL_BENCH_H

#include "channel_bench.h"

static inline size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* What a side serves. */
struct served {
	const char *address; /* as written in XML */
	const char *const *queries;
	size_t count;
	struct buf (*fetch)(const char *query);
};

/* Every location leads to a document that is served, or to the service. */
static inline void locations_are_ours(const struct served *s, size_t services, size_t others)
{
	size_t addresses = 0, documents = 0;
	char wanted[160];

	for (size_t i = 0; i < s->count; i++) {
		SCOPED(buf_free) struct buf out = s->fetch(s->queries[i]);

		snprintf(wanted, sizeof(wanted), "ocation=\"%s", s->address);
		assert_int_equal(count(buf_cstr(&out), "ocation=\""), count(buf_cstr(&out), wanted));
		snprintf(wanted, sizeof(wanted), "ocation=\"%s\"", s->address);
		addresses += count(buf_cstr(&out), wanted);
		for (size_t k = 0; k < s->count; k++) {
			snprintf(wanted, sizeof(wanted), "ocation=\"%s?%s\"", s->address, s->queries[k]);
			documents += count(buf_cstr(&out), wanted);
		}
	}
	assert_int_equal(addresses, services);
	assert_int_equal(documents, others);
}

static inline void all_are_well_formed(struct bench *b, const struct served *s)
{
	for (size_t i = 0; i < s->count; i++) {
		SCOPED(buf_free) struct buf out = s->fetch(s->queries[i]);
		struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
		struct _xmlDoc *doc;
		struct err e = {0};

		if (!envelope_parse_document(b->pool, buf_bytes(&out), &limits, &doc, &e).ok)
			fail_msg("%s: %s", s->queries[i], e.detail);
	}
}

/* A folder for documents and script; skips where there is no zeep. */
static inline void zeep_open(char *folder)
{
	if (system("/usr/bin/python3 -c 'import zeep' 2>/dev/null") != 0) {
		print_message("python3-zeep is absent: the WSDL is not tried with it\n");
		skip();
	}
	assert_non_null(mkdtemp(folder));
}

static inline void zeep_save(const char *folder, const char *name, struct bytes text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

/* Runs the script, which must not fail, and removes the folder. zeep fetches by address: the transport
 * Files, which reads the saved documents by their query, stands in for HTTP. */
static inline void zeep_run(struct bench *b, const char *folder, const char *script)
{
	static const char head[] =
		"import sys, zeep, zeep.transports\n"
		"class Files(zeep.transports.Transport):\n"
		"    def load(self, url):\n"
		"        assert url.startswith('http://bus.example/'), url\n"
		"        return open(sys.argv[1] + '/' + url.split('?')[1], 'rb').read()\n";

	zeep_save(folder, "try.py", bytes_str(pool_printf(b->pool, "%s%s", head, script)));
	assert_int_equal(system(pool_printf(b->pool, "/usr/bin/python3 %s/try.py %s", folder, folder)), 0);
	assert_int_equal(system(pool_printf(b->pool, "rm -r %s", folder)), 0);
}

#endif
