/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ident.h"

static const struct fault_row faults[] = {
#define F(name, code, qname, status, text) {code, qname, status, text},
#include "base/faults.def"
#undef F
};

static const struct reason_row reasons[] = {
#define R(name, text, fault, class, side, title, remedy) \
	{text, FAULT_##fault, CLASS_##class, SIDE_##side, title, remedy},
#include "base/reasons.def"
#undef R
};

const struct fault_row *fault_row(enum fault f)
{
	BUG_IF((unsigned)f >= FAULT_COUNT);
	return &faults[f];
}

const struct reason_row *reason_row(enum reason r)
{
	BUG_IF((unsigned)r >= REASON_COUNT);
	return &reasons[r];
}

enum reason reason_find(const char *name)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (strcmp(reasons[i].name, name) == 0)
			return (enum reason)i;
	}
	return REASON_COUNT;
}

/* A text that was cut may end inside a UTF-8 character: the part of it goes too. */
static void cut_whole(char *text, size_t n)
{
	size_t at = n;

	while (at > 0 && n - at < 4 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)text[at - 1] >= 0xC0)
		text[at - 1] = 0;
}

outcome err_set(struct err *e, enum reason r, const char *format, ...)
{
	if (e) {
		char words[sizeof e->detail + 12]; /* a number at the cut is seen whole, and hidden */
		va_list args;

		e->reason = r;
		va_start(args, format);
		vsnprintf(words, sizeof words, format, args);
		va_end(args);
		iin_hide(words, strlen(words));
		if (snprintf(e->detail, sizeof e->detail, "%s", words) >= (int)sizeof e->detail)
			cut_whole(e->detail, sizeof e->detail - 1);
	}
	return FAILED;
}

void bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "{\"level\":\"panic\",\"event\":\"bug\",\"at\":\"%s:%d\",\"what\":\"%s\"}\n", file, line, what);
	abort();
}
