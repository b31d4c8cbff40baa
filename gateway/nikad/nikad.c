/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nikad - reads, makes and explains document numbers.
 * Promise:  each kind of mistake has its own answer, with the place and the character meant.
 * Not here: which numbers were issued (sim_permits_store.c).
 * Spec:     P1; order No. 232, annex; ISO/IEC 7064 MOD 97-10; ISO 3166-1 alpha-2 */
#include <stdio.h>
#include <string.h>

#include "nikad/nikad.h"

/* Officially assigned codes, two letters each. */
static const char countries[] =
	"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCR"
	"CUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHU"
	"IDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQ"
	"MRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
	"SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/* Cyrillic letters that cannot be told from Latin ones in print. */
static const struct look_alike {
	const char *cyrillic;
	char latin;
} look_alikes[] = {
	{"А", 'A'}, {"В", 'B'}, {"С", 'C'}, {"Е", 'E'}, {"Н", 'H'}, {"К", 'K'}, {"М", 'M'}, {"О", 'O'},
	{"Р", 'P'}, {"Т", 'T'}, {"Х", 'X'}, {"У", 'Y'}, {"Ү", 'Y'}, {"І", 'I'}, {"Ѕ", 'S'}, {"Ј", 'J'},
	{"а", 'A'}, {"с", 'C'}, {"е", 'E'}, {"о", 'O'}, {"р", 'P'}, {"х", 'X'}, {"у", 'Y'}, {"і", 'I'},
};

/* {p} place, {f} found, {m} meant, {k} letter or digit that belongs there, {n} length, {w} written, {r}
 * right. */
static const char *const problem_words[NIKAD_FAULT_COUNT] = {
	[NIKAD_FINE] = "the number is valid",
	[NIKAD_LENGTH] = "the number has {n} places instead of 15 (spaces are not counted)",
	[NIKAD_LOOK_ALIKE] = "place {p} holds the Cyrillic letter {f}; the Latin {k} {m} is meant",
	[NIKAD_LOWER_CASE] = "place {p} holds the lower-case letter {f}; write {m}",
	[NIKAD_TYPE_LETTER] = "place {p} holds {f}; the type of a document has no letters I and O",
	[NIKAD_CHARACTER] = "place {p} holds {f}; a {k} belongs there",
	[NIKAD_COUNTRY] = "{w} is no country code of ISO 3166-1",
	[NIKAD_CHECK] = "the check digits are {w}; for these other parts they must be {r}",
	[NIKAD_SERIAL] = "the serial has more than eight digits",
};

static bool is_digit_place(unsigned place)
{
	return place >= NIKAD_SERIAL_AT || (place >= NIKAD_CHECK_AT && place < NIKAD_TYPE_AT);
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of the UTF-8 character at the start; malformed octets count one each. */
static size_t character_length(struct bytes text)
{
	unsigned char c = text.p[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	for (size_t i = 1; i < n; i++) {
		if (i >= text.n || (text.p[i] & 0xc0) != 0x80)
			return 1;
	}
	return n;
}

static bool is_space(struct bytes character)
{
	return bytes_is(character, " ") || bytes_is(character, "\xc2\xa0"); /* U+00A0 comes with copied text */
}

/* The characters that are no spaces; at most 15 are kept, all are counted. */
static size_t places_of(struct bytes text, struct bytes places[NIKAD_PLACES])
{
	size_t found = 0;

	while (text.n > 0) {
		size_t n = character_length(text);
		struct bytes character = bytes_sub(text, 0, n);

		text = bytes_sub(text, n, text.n);
		if (is_space(character))
			continue;
		if (found < NIKAD_PLACES)
			places[found] = character;
		found++;
	}
	return found;
}

static char look_alike_of(struct bytes character)
{
	for (size_t i = 0; i < sizeof look_alikes / sizeof look_alikes[0]; i++) {
		if (bytes_is(character, look_alikes[i].cyrillic))
			return look_alikes[i].latin;
	}
	return 0;
}

static enum nikad_fault judge_character(unsigned place, struct bytes character, char *meant)
{
	bool digit_wanted = is_digit_place(place);
	char c = character.n == 1 ? (char)character.p[0] : 0;

	*meant = look_alike_of(character);
	if (*meant == 'O' && digit_wanted)
		*meant = '0';
	if (*meant)
		return NIKAD_LOOK_ALIKE;
	if (digit_wanted)
		return is_digit(c) ? NIKAD_FINE : NIKAD_CHARACTER;
	if (c >= 'a' && c <= 'z') {
		*meant = (char)(c - 'a' + 'A');
		return NIKAD_LOWER_CASE;
	}
	if (!is_upper(c))
		return NIKAD_CHARACTER;
	if (place >= NIKAD_TYPE_AT && (c == 'I' || c == 'O'))
		return NIKAD_TYPE_LETTER;
	return NIKAD_FINE;
}

static bool country_is_assigned(const char *two)
{
	for (const char *c = countries; *c; c += 2) {
		if (c[0] == two[0] && c[1] == two[1])
			return true;
	}
	return false;
}

/* ISO/IEC 7064: the remainder of type, serial, country, read as one decimal number and followed by 00; the
 * check digits are what is missing to 98. */
static void check_digits(const char *number, char out[3])
{
	static const unsigned char order[] = {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 1};
	unsigned remainder = 0, check;

	for (size_t i = 0; i < sizeof order; i++) {
		char c = number[order[i]];

		remainder = is_upper(c) ? (remainder * 100 + (unsigned)(c - 'A') + 10) % 97
					: (remainder * 10 + (unsigned)(c - '0')) % 97;
	}
	check = 98 - remainder * 100 % 97;
	out[0] = (char)('0' + check / 10);
	out[1] = (char)('0' + check % 10);
	out[2] = '\0';
}

static bool judge_parts(const struct nikad *n, struct nikad_problem *why)
{
	char right[3];

	if (!country_is_assigned(n->text)) {
		why->fault = NIKAD_COUNTRY;
		memcpy(why->written, n->text, 2);
		return false;
	}
	check_digits(n->text, right);
	if (memcmp(n->text + NIKAD_CHECK_AT, right, 2) != 0) {
		why->fault = NIKAD_CHECK;
		memcpy(why->written, n->text + NIKAD_CHECK_AT, 2);
		memcpy(why->right, right, sizeof right);
		return false;
	}
	return true;
}

/* The character for messages; what is no printable character becomes a question mark. */
static void keep_found(struct bytes character, char found[5])
{
	bool control = character.p[0] < 0x20 || character.p[0] == 0x7f ||
		(character.n == 2 && character.p[0] == 0xc2 && character.p[1] < 0xa0);

	if (control || !utf8_is_xml(character))
		character = BYTES_LIT("?");
	memcpy(found, character.p, character.n);
	found[character.n] = '\0';
}

bool nikad_parse(struct bytes text, struct nikad *out, struct nikad_problem *why)
{
	struct bytes places[NIKAD_PLACES];
	struct nikad_problem unwanted, *w = why ? why : &unwanted;
	size_t found = places_of(text, places);

	memset(w, 0, sizeof *w);
	memset(out, 0, sizeof *out);
	if (found != NIKAD_PLACES) {
		w->fault = NIKAD_LENGTH;
		w->length = found;
		return false;
	}
	for (unsigned i = 0; i < NIKAD_PLACES; i++) {
		w->fault = judge_character(i, places[i], &w->meant);
		if (w->fault != NIKAD_FINE) {
			w->place = i + 1;
			keep_found(places[i], w->found);
			return false;
		}
		out->text[i] = (char)places[i].p[0];
	}
	return judge_parts(out, w);
}

bool nikad_type_is(struct bytes type)
{
	char meant;

	for (unsigned i = 0; i < type.n; i++) {
		if (i == 3 || judge_character(NIKAD_TYPE_AT + i, bytes_sub(type, i, i + 1), &meant) != NIKAD_FINE)
			return false;
	}
	return type.n == 3;
}

bool nikad_make(const char *country, const char *type, unsigned serial, struct nikad *out,
	struct nikad_problem *why)
{
	struct nikad_problem unwanted, *w = why ? why : &unwanted;
	char text[64];
	struct bytes places[NIKAD_PLACES];

	memset(w, 0, sizeof *w);
	if (serial > NIKAD_SERIAL_MAX) {
		w->fault = NIKAD_SERIAL;
		return false;
	}
	snprintf(text, sizeof text, "%.2s00%.3s%08u", country, type, serial);
	/* Digits are put in where the other parts are sound; unsound ones are nikad_parse's to word. */
	if (places_of(bytes_str(text), places) == NIKAD_PLACES && strlen(text) == NIKAD_PLACES) {
		char check[3];

		check_digits(text, check);
		memcpy(text + NIKAD_CHECK_AT, check, 2);
	}
	return nikad_parse(bytes_str(text), out, w);
}

void nikad_print(const struct nikad *n, char out[NIKAD_PRINTED])
{
	static const unsigned char groups[] = {4, 3, 4, 4};
	const char *from = n->text;

	for (size_t g = 0; g < sizeof groups; g++) {
		if (g > 0)
			*out++ = ' ';
		memcpy(out, from, groups[g]);
		out += groups[g];
		from += groups[g];
	}
	*out = '\0';
}

static void print_part(const struct nikad_problem *why, char part, struct buf *out)
{
	switch (part) {
	case 'p':
		buf_printf(out, "%u", why->place);
		break;
	case 'f':
		buf_str(out, why->found);
		break;
	case 'm':
		buf_char(out, why->meant);
		break;
	case 'k':
		buf_str(out, is_digit_place(why->place - 1) ? "digit" : "letter");
		break;
	case 'n':
		buf_printf(out, "%zu", why->length);
		break;
	case 'w':
		buf_str(out, why->written);
		break;
	case 'r':
		buf_str(out, why->right);
		break;
	default:
		BUG_IF(true);
	}
}

void nikad_problem_print(const struct nikad_problem *why, struct buf *out)
{
	for (const char *c = problem_words[why->fault]; *c; c++) {
		if (*c != '{') {
			buf_char(out, *c);
			continue;
		}
		print_part(why, c[1], out);
		c += 2;
	}
}

bool nikad_explain(struct bytes text, struct buf *out)
{
	struct nikad n;
	struct nikad_problem why;
	char printed[NIKAD_PRINTED];

	if (!nikad_parse(text, &n, &why)) {
		buf_str(out, "not a NIKAD: ");
		nikad_problem_print(&why, out);
		buf_str(out, "\n");
		return false;
	}
	nikad_print(&n, printed);
	buf_printf(out, "number    %s\n", printed);
	buf_printf(out, "country   %.2s        ISO 3166-1 alpha-2\n", n.text);
	buf_printf(out, "check     %.2s        ISO/IEC 7064 MOD 97-10, right\n", n.text + NIKAD_CHECK_AT);
	buf_printf(out, "type      %.3s       kind of document, letters without I and O\n", n.text + NIKAD_TYPE_AT);
	buf_printf(out, "serial    %.8s  number within the type\n", n.text + NIKAD_SERIAL_AT);
	return true;
}
