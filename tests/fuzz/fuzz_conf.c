/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration: taken without a problem or refused with at least one, each with its line. */
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(conf_free) struct conf *conf = NULL;
	int file = memfd_create("conf", MFD_CLOEXEC);
	struct err e = {0};
	char path[64];

	FUZZ_ASSERT(file >= 0 && write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (conf_load(path, &conf, problems, &e).ok)
		FUZZ_ASSERT(problems->errors == 0 && conf->listener_count > 0 && conf->journal.directory);
	else
		FUZZ_ASSERT(problems->errors > 0 || e.reason == REASON_IO);
	for (size_t i = 0; i < problems->n; i++)
		FUZZ_ASSERT(problems->list[i].what && problems->list[i].remedy && problems->list[i].at.line >= 0);
	close(file);
	return 0;
}
