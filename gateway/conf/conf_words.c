/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_words - the table of words, its look-ups, and its text for the manual.
 * Promise: the compiler refuses a row whose kind does not fit the field it fills.
 * Not here: what values look like (conf_kind). */
#include "conf/conf_int.h"

#define KIND(kind, type, ...)     \
	struct conf_type_##kind { \
		type as_read;     \
	};
#include "conf/conf_kinds.def"
#undef KIND

#define WORD(section, of, field, word, kind, ...)                                        \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((struct of *)0)->field), \
			       __typeof__(((struct conf_type_##kind *)0)->as_read)),     \
		"the kind of " word " does not fit its field");
#include "conf/conf_words.def"

#define ITEMS(section, of, field, word, within, item_of, ...)                                                          \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((struct of *)0)->field.item), const struct item_of *) && \
			sizeof(((struct of *)0)->field) == sizeof(struct conf_items) &&                                \
			offsetof(struct of, field.n) - offsetof(struct of, field) == offsetof(struct conf_items, n) && \
			offsetof(struct item_of, at) == 0,                                                             \
		"the items of " word " do not fit its field");
#include "conf/conf_words.def"

#define NEEDED true
#define FREE false
static const struct conf_word words[] = {
#define WORD(s, of, field, word, k, min, max, value, need, text) \
	{.section = CONF_SECTION_##s,                            \
		.name = word,                                    \
		.form = CONF_IS_VALUE,                           \
		.kind = CONF_KIND_##k,                           \
		.offset = offsetof(struct of, field),            \
		.least = min,                                    \
		.most = max,                                     \
		.usual = value,                                  \
		.needed = need,                                  \
		.says = text},
#define INNER(s, word, within, need, text)       \
	{.section = CONF_SECTION_##s,            \
		.name = word,                    \
		.form = CONF_IS_INNER,           \
		.inside = CONF_SECTION_##within, \
		.needed = need,                  \
		.says = text},
#define LIST(s, word, within, text)              \
	{.section = CONF_SECTION_##s,            \
		.name = word,                    \
		.form = CONF_IS_LIST,            \
		.inside = CONF_SECTION_##within, \
		.says = text},
#define ITEMS(s, of, field, word, within, item_of, text) \
	{.section = CONF_SECTION_##s,                    \
		.name = word,                            \
		.form = CONF_IS_ITEMS,                   \
		.inside = CONF_SECTION_##within,         \
		.offset = offsetof(struct of, field),    \
		.says = text},
#include "conf/conf_words.def"
};

static const struct conf_section_row sections[] = {
#define SECTION(section, of, title, says) {title, says, sizeof(struct of)},
#include "conf/conf_words.def"
};

_Static_assert(sizeof words / sizeof *words <= CONF_WORDS_MOST, "CONF_WORDS_MOST is too small");

size_t conf_word_count(void)
{
	return sizeof words / sizeof *words;
}

const struct conf_word *conf_word_at(size_t i)
{
	BUG_IF(i >= conf_word_count());
	return &words[i];
}

const struct conf_section_row *conf_section(enum conf_section s)
{
	BUG_IF((unsigned)s >= CONF_SECTIONS);
	return &sections[s];
}

const struct conf_word *conf_word_find(enum conf_section s, struct bytes name)
{
	for (size_t i = 0; i < conf_word_count(); i++) {
		if (words[i].section == s && bytes_is(name, words[i].name))
			return &words[i];
	}
	return NULL;
}

static void conf_word_print_value(const struct conf_word *w, struct buf *out)
{
	const struct conf_kind_row *kind = conf_kind(w->kind);
	const char *examples = strstr(kind->called, " such as ");
	char choices[160];

	conf_kind_choices(w->kind, choices);
	if (choices[0])
		buf_printf(out, "%s %s", kind->shape == CONF_SHAPE_BITS ? "any of" : "one of", choices);
	else
		buf_add(out,
			(struct bytes){(const unsigned char *)kind->called,
				examples ? (size_t)(examples - kind->called) : strlen(kind->called)});
	if (w->least && (w->kind == CONF_KIND_TEXT || w->kind == CONF_KIND_NAMES))
		buf_printf(out, " of %s to %s octets", w->least, w->most);
	else if (w->least && conf_kind_is_quantity(w->kind))
		buf_printf(out, ", %s to %s", w->least, w->most);
	if (w->needed)
		buf_str(out, "; needed");
	else if (w->usual)
		buf_printf(out, "; default `%s`", w->usual);
}

void conf_words_print(struct buf *out)
{
	for (unsigned s = 0; s < CONF_SECTIONS; s++) {
		buf_printf(out, "%s### %s\n\n%s\n\n", s ? "\n" : "", s ? sections[s].title : "The file",
			sections[s].says);
		for (size_t i = 0; i < conf_word_count(); i++) {
			const struct conf_word *w = &words[i];

			if (w->section != s)
				continue;
			buf_printf(out, "- `%s`: ", w->name);
			if (w->form == CONF_IS_VALUE)
				conf_word_print_value(w, out);
			else
				buf_printf(out, "%s%s", w->form == CONF_IS_INNER ? "section" : "list",
					w->needed ? "; needed" : "");
			buf_printf(out, ". %s\n", w->says);
		}
	}
}
