/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_number - the numbers of persons (IIN) and organisations (BIN), in words for whoever filled in the form.
 * Promise: at most the first four digits are told; they hold no more than a year and a month. */
#include "base/ident.h"
#include "demand/demand_int.h"

enum { PLACES = 12, TOLD = 4, PLACE_KIND = 4 };

/* Characters of UTF-8, as a person counts them. */
static size_t count(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

bool demand_number(struct bytes text, bool person, bool organisation, struct buf *why)
{
	const char *name = !organisation ? "an IIN" : !person ? "a BIN" : "an IIN or BIN";
	size_t place = 0;
	char kind;

	while (place < text.n && is_digit(text.p[place]))
		place++;
	if (place < text.n) {
		buf_printf(why, "character %zu is no digit, and %s has 12 digits alone", place + 1, name);
		return false;
	}
	if (text.n != PLACES) {
		buf_printf(why, "it has %zu digits, and %s has 12", count(text), name);
		return false;
	}
	kind = (char)text.p[PLACE_KIND]; /* 0 to 3 begin the day of birth of a person, 4 to 6 tell what an organisation is */
	if (kind > '6' || (!person && kind < '4') || (!organisation && kind > '3')) {
		buf_printf(why, "%.*s******** is not %s: its fifth digit is that of %s", TOLD, text.p, name,
			kind > '6' ? "no number" : kind > '3' ? "an organisation" : "a person");
		return false;
	}
	if (iin_bin_is(text))
		return true;
	buf_printf(why, "the check digit of %.*s******** is wrong", TOLD, text.p);
	return false;
}
