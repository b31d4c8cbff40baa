/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_fixture - a folder with configuration files for one test, and reading them. */
#ifndef QAQPA_TEST_CONF_FIXTURE_H
#define QAQPA_TEST_CONF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

struct fixture {
	char folder[200], path[256];
	struct conf *conf;
	struct conf_problems *problems;
	struct err e;
	bool ok;
};

static inline void fixture_write(const struct fixture *f, const char *name, struct bytes text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static inline void fixture_make(struct fixture *f)
{
	const char *tmp = getenv("TMPDIR");

	memset(f, 0, sizeof *f);
	snprintf(f->folder, sizeof f->folder, "%s/conf-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/qaqpa.yaml", f->folder);
	f->problems = conf_problems_new();
	assert_non_null(f->problems);
}

static inline void fixture_load(struct fixture *f)
{
	f->ok = conf_load(f->path, &f->conf, f->problems, &f->e).ok;
	assert_int_equal(f->ok, f->conf != NULL);
}

static inline int fixture_remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline void fixture_drop(struct fixture *f)
{
	conf_free(&f->conf);
	conf_problems_free(&f->problems);
	assert_int_equal(nftw(f->folder, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Writes the text as the configuration and reads it. */
static inline void fixture_read(struct fixture *f, const char *text)
{
	fixture_make(f);
	fixture_write(f, "qaqpa.yaml", bytes_str(text));
	fixture_load(f);
}

static inline void fixture_print(const struct fixture *f)
{
	for (size_t i = 0; i < f->problems->n; i++)
		print_message("  %s:%d: %s\n", f->problems->list[i].at.file, f->problems->list[i].at.line,
			f->problems->list[i].what);
}

/* One line each, so that a row's own text decides the line numbers. */
#define PART_JOURNAL "journal: {directory: journal}\n"
#define PART_LISTENERS "listeners: [{name: main, listen: '127.0.0.1:8080'}]\n"
#define PART_KEYS "keys: [{name: gw, certificate: gw.crt, key: gw.key}]\n"
#define PART_PARTICIPANTS "participants: [{name: dep, sender_ids: dep_is, certificates: dep.crt}]\n"
#define PART_SERVICES "services: [{id: Echo, provider: dep, endpoint: 'http://127.0.0.1:9/'}]\n"
#define ALL_PARTS PART_JOURNAL PART_LISTENERS PART_KEYS PART_PARTICIPANTS PART_SERVICES

#endif
