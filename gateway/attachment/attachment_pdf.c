/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachment_pdf - a PDF begins and ends with itself, carries no files and (option) does not act.
 * Promise:  one walk for the names, one for the ends; a name is known however it is escaped.
 * Not here: archives in it (attachment_hidden.c); names inside compressed streams, which are not unpacked.
 * Spec:     ISO 32000-1 7.2.2, 7.3.5 (names), 7.5.2, 7.5.5 (front and end), 7.5.6 (updates), 7.11.3 (EF), 12.6.4. */
#include "attachment/attachment_int.h"

enum { NAME_ROOM = 16 };

enum needs { NOTHING, DICTIONARY, SCRIPT_TEXT };

/* Names that betray. Short ones count only where the value behind them has the right form: three octets of chance
 * are common in compressed streams. */
static const struct betrayer {
	const char *name;
	bool acts; /* else carries a file */
	enum needs needs;
} betrayers[] = {
	{"EmbeddedFile", false, NOTHING},
	{"EmbeddedFiles", false, NOTHING},
	{"EF", false, DICTIONARY},
	{"GoToE", false, NOTHING},
	{"RichMedia", false, NOTHING},
	{"JavaScript", true, NOTHING},
	{"JS", true, SCRIPT_TEXT},
	{"Launch", true, NOTHING},
};

static bool is_space(int c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

static size_t skip_space(struct look *l, size_t i)
{
	while (is_space(look_at(l, i)))
		i++;
	return i;
}

static size_t skip_digits(struct look *l, size_t i)
{
	while (is_digit(look_at(l, i)))
		i++;
	return i;
}

/* Two numbers and the word: `12 0 R`, `12 0 obj`. */
static bool numbers_and(struct look *l, size_t i, struct bytes word)
{
	size_t first = skip_digits(l, i), second = skip_space(l, first), third = skip_digits(l, second);
	size_t fourth = skip_space(l, third);

	return first > i && second > first && third > second && fourth > third && look_is(l, fourth, word);
}

static int hex_at(struct look *l, size_t i)
{
	int c = look_at(l, i);

	if (is_digit(c))
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the name behind the '/' before `i`, #xx undone; gives the place behind it. A longer name than any that betrays
 * is cut, which makes it equal to none. */
static size_t read_name(struct look *l, size_t i, char name[NAME_ROOM])
{
	size_t n = 0;

	while (n < NAME_ROOM - 1) {
		int c = look_at(l, i), high, low;

		if (c < 0 || is_space(c) || strchr("()<>[]{}/%", c))
			break;
		if (c == '#' && (high = hex_at(l, i + 1)) >= 0 && (low = hex_at(l, i + 2)) >= 0) {
			c = high << 4 | low;
			i += 2;
		}
		name[n++] = (char)c;
		i++;
	}
	name[n] = 0;
	return i;
}

/* A comment right behind a name is taken for the value: no writer puts one there but to hide it. */
static bool value_fits(struct look *l, size_t i, enum needs needs)
{
	int c;

	if (needs == NOTHING)
		return true;
	i = skip_space(l, i);
	c = look_at(l, i);
	if (c == '%' || numbers_and(l, i, BYTES_LIT("R")))
		return true;
	return needs == DICTIONARY ? LOOK_IS(l, i, "<<") : c == '(' || (c == '<' && look_at(l, i + 1) != '<');
}

static outcome names_check(struct look *l, bool active_refused, struct err *e)
{
	for (size_t i = 0; i < l->o.n;) {
		char name[NAME_ROOM];
		size_t at = i;

		if (look_at(l, i++) != '/')
			continue;
		i = read_name(l, i, name);
		for (size_t k = 0; k < sizeof(betrayers) / sizeof(*betrayers); k++) {
			const struct betrayer *b = &betrayers[k];

			if ((b->acts && !active_refused) || strcmp(name, b->name) != 0 || !value_fits(l, i, b->needs))
				continue;
			return err_set(e, REASON_ATTACHMENT_CONTENT, b->acts ? "the PDF acts by itself: /%s at octet %zu" :
				"the PDF carries a file: /%s at octet %zu", b->name, at);
		}
	}
	return DONE;
}

enum behind { BEHIND_END, BEHIND_UPDATE, BEHIND_OTHER };

/* What stands behind an %%EOF: nothing, an update (or the rest of a linearised file), or something else. */
static enum behind look_behind(struct look *l, size_t *i)
{
	bool comment = false;

	for (*i = skip_space(l, *i); look_at(l, *i) == '%' && !LOOK_IS(l, *i, "%%EOF"); *i = skip_space(l, *i)) {
		int c;

		while ((c = look_at(l, *i)) >= 0 && c != '\n' && c != '\r')
			++*i;
		comment = true;
	}
	if (*i == l->o.n)
		return comment ? BEHIND_OTHER : BEHIND_END;
	return LOOK_IS(l, *i, "%%EOF") || LOOK_IS(l, *i, "xref") || LOOK_IS(l, *i, "trailer") ||
		LOOK_IS(l, *i, "startxref") || numbers_and(l, *i, BYTES_LIT("obj")) ? BEHIND_UPDATE : BEHIND_OTHER;
}

static outcome ends_check(struct look *l, struct err *e)
{
	enum behind last = BEHIND_OTHER;
	size_t i = 0, end = 0;

	while (i < l->o.n) {
		if (!LOOK_IS(l, i, "%%EOF")) {
			i++;
			continue;
		}
		end = i += 5;
		last = look_behind(l, &i);
		if (last == BEHIND_OTHER)
			break;
	}
	if (end == 0)
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the PDF has no end (%%%%EOF): it is cut");
	if (last != BEHIND_END)
		return err_set(e, REASON_ATTACHMENT_CONTENT, "what stands behind the end (%%%%EOF) at octet %zu is no PDF", end - 5);
	return DONE;
}

outcome attachment_pdf_check(struct look *l, bool active_refused, struct err *e)
{
	if (!LOOK_IS(l, 0, "%PDF-"))
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the PDF does not begin at the first octet of the file");
	if (!is_digit(look_at(l, 5)) || look_at(l, 6) != '.' || !is_digit(look_at(l, 7)))
		return err_set(e, REASON_ATTACHMENT_CONTENT, "the PDF says no version");
	TRY(ends_check(l, e));
	return names_check(l, active_refused, e);
}
