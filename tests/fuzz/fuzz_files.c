/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to the store of temporary files: whatever they ask for, the answer is a document, and the folder stays within the
 * limits. */
#include <dirent.h>
#include <libxml/tree.h>
#include <unistd.h>

#include "envelope/envelope.h"
#include "files/temp_files.h"
#include "fuzz.h"

#define FILES_MOST 20
#define OCTETS_MOST 4000
#define ROOM (8u << 20)

static char folder[] = "/tmp/qaqpa-fuzz-files-XXXXXX";
static struct temp_place place = {.folder = folder, .limits = {.total = OCTETS_MOST, .owner = OCTETS_MOST / 2, .file = 1000,
	.count = FILES_MOST, .owner_count = FILES_MOST / 2, .answer = 2000, .life_ms = 1000, .life_most_ms = 60000}};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(mkdtemp(folder) && temp_store_open(folder, &e).ok);
	return 0;
}

static size_t files(void)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	size_t n = 0;

	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static bool knows_password(const void *ctx, struct bytes text)
{
	(void)ctx;
	return bytes_is(text, "secret");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct temp_caller caller = {.owner = "0011", .sender = "department_is", .password = knows_password,
		.message = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
	SCOPED(pool_free) struct pool *pool = pool_new(ROOM);
	struct temp_answer answer;
	struct err e = {0};
	xmlDoc *doc;

	place.now_ms += 100; /* old files end */
	if (!envelope_parse_document(pool, (struct bytes){data, size}, &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok)
		return 0;
	if (!temp_files_serve(pool, &place, &caller, xmlDocGetRootElement(doc), &answer, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_MEMORY);
		return 0;
	}
	FUZZ_ASSERT(strncmp(answer.code, "SCS", 3) == 0 && answer.message);
	FUZZ_ASSERT(!answer.data ||
		envelope_parse_document(pool, bytes_str(answer.data), &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok);
	FUZZ_ASSERT(files() <= FILES_MOST);
	return 0;
}
