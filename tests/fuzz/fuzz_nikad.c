/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number of a document: what is taken is right by another reckoning and survives being printed; what is refused is
 * explained in words that are fit for a message; what is made is taken. */
#include <string.h>

#include "fuzz.h"
#include "nikad/nikad.h"

/* ISO/IEC 7064 over the whole number in the order of an IBAN, digit by digit: the remainder is 1. */
static bool digits_fit(const char *number)
{
	char order[NIKAD_PLACES + 1];
	unsigned remainder = 0;

	memcpy(order, number + 4, 11);
	memcpy(order + 11, number, 4);
	for (size_t i = 0; i < NIKAD_PLACES; i++) {
		unsigned value = order[i] >= 'A' ? (unsigned)(order[i] - 'A' + 10) : (unsigned)(order[i] - '0');

		remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
	}
	return remainder == 1;
}

static void check_taken(const struct nikad *n)
{
	char printed[NIKAD_PRINTED];
	struct nikad again;

	FUZZ_ASSERT(strlen(n->text) == NIKAD_PLACES && digits_fit(n->text));
	FUZZ_ASSERT(nikad_type_is((struct bytes){(const unsigned char *)n->text + NIKAD_TYPE_AT, 3}));
	nikad_print(n, printed);
	FUZZ_ASSERT(nikad_parse(bytes_str(printed), &again, NULL) && strcmp(again.text, n->text) == 0);
}

static void check_made(struct bytes in)
{
	char country[3] = {(char)in.p[0], (char)in.p[1]}, type[4] = {(char)in.p[2], (char)in.p[3], (char)in.p[4]};
	struct nikad_problem why;
	struct nikad n, read;
	unsigned serial;

	memcpy(&serial, in.p + 5, sizeof serial);
	if (!nikad_make(country, type, serial, &n, &why)) {
		FUZZ_ASSERT(why.fault != NIKAD_FINE && why.fault != NIKAD_CHECK);
		return;
	}
	FUZZ_ASSERT(serial <= NIKAD_SERIAL_MAX && (unsigned)strtoul(n.text + NIKAD_SERIAL_AT, NULL, 10) == serial);
	FUZZ_ASSERT(memcmp(n.text, country, 2) == 0 && memcmp(n.text + NIKAD_TYPE_AT, type, 3) == 0);
	FUZZ_ASSERT(nikad_parse(bytes_str(n.text), &read, &why) && strcmp(read.text, n.text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(buf_free) struct buf words = BUF(4096), problem = BUF(512);
	struct bytes text = {data, size};
	struct nikad_problem why;
	struct nikad n;
	bool taken = nikad_parse(text, &n, &why);

	FUZZ_ASSERT(nikad_explain(text, &words) == taken && buf_ok(&words) && utf8_is_xml(buf_bytes(&words)));
	FUZZ_ASSERT((why.fault == NIKAD_FINE) == taken);
	if (taken) {
		check_taken(&n);
	} else {
		nikad_problem_print(&why, &problem);
		FUZZ_ASSERT(why.fault == NIKAD_LENGTH ? why.length != NIKAD_PLACES : why.place <= NIKAD_PLACES);
		FUZZ_ASSERT(problem.len && strstr(buf_cstr(&words), buf_cstr(&problem)));
	}
	if (size >= 9)
		check_made(text);
	return 0;
}
