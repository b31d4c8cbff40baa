/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz - what the targets share. A target is one file fuzz_<name>.c with LLVMFuzzerTestOneInput; its seeds come from
 * seeds.py and from the kept corpus. A target states more than "does not crash" wherever there is more to state. */
#ifndef QAQPA_TESTS_FUZZ_H
#define QAQPA_TESTS_FUZZ_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define FUZZ_ASSERT(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "fuzz: %s does not hold (%s:%d)\n", #what, __FILE__, __LINE__); \
			abort(); \
		} \
	} while (0)

/* A file of the folder that the environment names in QAQPA_FUZZ_SEEDS. It lives as long as the process. */
static inline const char *fuzz_seed_path(const char *name)
{
	static char *paths[16];
	static size_t n;
	const char *folder = getenv("QAQPA_FUZZ_SEEDS");

	FUZZ_ASSERT(folder && n < 16 && asprintf(&paths[n], "%s/%s", folder, name) > 0);
	return paths[n++];
}

/* Calls `each` with every seed of the target whose name begins so; at least one. */
static inline void fuzz_each_seed(const char *target, const char *begins, void (*each)(const char *path))
{
	char folder[512], path[1024];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(folder, sizeof folder, "%s/%s", getenv("QAQPA_FUZZ_SEEDS"), target);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, begins, strlen(begins)) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		each(path);
		n++;
	}
	FUZZ_ASSERT(dir && n > 0);
	closedir(dir);
}

static inline void fuzz_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	unsigned char *room = buf_reserve(out, 1 << 20);

	FUZZ_ASSERT(f && room);
	buf_grown(out, fread(room, 1, 1 << 20, f));
	fclose(f);
}

#endif
