/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_walk - trees into structs, led by the table of words alone.
 * Promise: every key of every file is either a word of its place or a problem; every field without a word
 *          gets its default.
 * Not here: what several words demand of each other (conf_check). */
#include <stdio.h>

#include "conf/conf_int.h"

#define EACH_PAIR(pair, node)                                           \
	for (yaml_node_pair_t *pair = (node)->data.mapping.pairs.start; \
		pair < (node)->data.mapping.pairs.top; pair++)

static size_t conf_node_length(const yaml_node_t *n)
{
	return n->type == YAML_SEQUENCE_NODE
		? (size_t)(n->data.sequence.items.top - n->data.sequence.items.start)
		: 1;
}

/* The i-th element of a list; a scalar is its own only element. */
static yaml_node_t *conf_node_element(struct conf_file *f, yaml_node_t *n, size_t i)
{
	return n->type == YAML_SEQUENCE_NODE ? conf_node(f, n->data.sequence.items.start[i]) : n;
}

static struct bytes conf_node_text(const yaml_node_t *n)
{
	return (struct bytes){n->data.scalar.value, n->data.scalar.length};
}

static bool conf_node_is_absent(const yaml_node_t *n)
{
	struct bytes text = conf_node_text(n);

	return n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(text.n == 0 || bytes_is(text, "~") || bytes_is(text, "null"));
}

static bool conf_scalar(struct conf_reading *r, struct conf_file *f, const struct conf_word *w,
	const yaml_node_t *n, struct conf_value *out)
{
	*out = (struct conf_value){.at = conf_node_at(f, n), .folder = f->folder};
	if (n->type != YAML_SCALAR_NODE) {
		conf_error(r, out->at,
			"Write the value behind the colon, or in quotes when it has special signs.",
			"%s takes one value, not a %s", w->name,
			n->type == YAML_SEQUENCE_NODE ? "list" : "mapping");
		return false;
	}
	if (conf_node_is_absent(n)) {
		conf_error(r, out->at, "Give it a value, or remove the line.", "%s has no value", w->name);
		return false;
	}
	out->text = conf_node_text(n);
	return true;
}

static void conf_put_many(struct conf_reading *r, struct conf_file *f, const struct conf_word *w,
	yaml_node_t *n, struct conf_names *target)
{
	size_t length = conf_node_length(n), put = 0;
	const char **names = conf_take(r, (length + 1) * sizeof *names);

	for (size_t i = 0; names && i < length; i++) {
		struct conf_value v;

		if (conf_scalar(r, f, w, conf_node_element(f, n, i), &v))
			put += conf_kind(w->kind)->read(r, w, &v, &names[put]);
	}
	target->name = names;
	target->n = put;
}

static void conf_put_bits(struct conf_reading *r, struct conf_file *f, const struct conf_word *w,
	yaml_node_t *n, unsigned *target)
{
	size_t length = conf_node_length(n);

	if (length == 0)
		conf_error(r, conf_node_at(f, n), "Name one at least.", "%s is empty", w->name);
	for (size_t i = 0; i < length; i++) {
		struct conf_value v;
		unsigned bit = 0;

		if (conf_scalar(r, f, w, conf_node_element(f, n, i), &v) &&
			conf_kind(w->kind)->read(r, w, &v, &bit))
			*target |= bit;
	}
}

/* Only looked at here; conf_check sets the field when all objects are known. */
static void conf_put_later(struct conf_reading *r, struct conf_file *f, const struct conf_word *w, yaml_node_t *n)
{
	for (size_t i = 0; i < conf_node_length(n); i++) {
		struct conf_value v;

		if (conf_scalar(r, f, w, conf_node_element(f, n, i), &v))
			conf_kind(w->kind)->read(r, w, &v, NULL);
	}
}

static void conf_put(
	struct conf_reading *r, struct conf_file *f, const struct conf_word *w, yaml_node_t *n, void *target)
{
	struct conf_value v;

	switch (conf_kind(w->kind)->shape) {
	case CONF_SHAPE_MANY:
		conf_put_many(r, f, w, n, target);
		break;
	case CONF_SHAPE_BITS:
		conf_put_bits(r, f, w, n, target);
		break;
	case CONF_SHAPE_LATER:
		conf_put_later(r, f, w, n);
		break;
	case CONF_SHAPE_ONE:
		if (conf_scalar(r, f, w, n, &v))
			conf_kind(w->kind)->read(r, w, &v, target);
		break;
	}
}

/* The default, for the shapes with several values split at spaces. */
static void conf_put_default(struct conf_reading *r, const struct conf_word *w, void *target)
{
	const struct conf_kind_row *kind = conf_kind(w->kind);
	struct bytes rest = bytes_str(w->usual);
	const char **names = kind->shape == CONF_SHAPE_MANY ? conf_take(r, rest.n * sizeof *names) : NULL;
	size_t put = 0;

	if (kind->shape == CONF_SHAPE_MANY && !names)
		return;
	while (rest.n) {
		const unsigned char *space = kind->shape == CONF_SHAPE_ONE ? NULL
									   : memchr(rest.p, ' ', rest.n);
		size_t n = space ? (size_t)(space - rest.p) : rest.n;
		struct conf_value v = {.text = bytes_sub(rest, 0, n)};
		unsigned bit = 0;
		void *at = kind->shape == CONF_SHAPE_MANY ? (void *)&names[put++]
			: kind->shape == CONF_SHAPE_BITS  ? (void *)&bit
							  : target;

		BUG_IF(!kind->read(r, w, &v, at));
		if (kind->shape == CONF_SHAPE_BITS)
			*(unsigned *)target |= bit;
		rest = bytes_sub(rest, space ? n + 1 : n, rest.n);
	}
	if (names)
		*(struct conf_names *)target = (struct conf_names){names, put};
}

static void *conf_field(const struct conf_word *w, void *target)
{
	return (char *)target + w->offset;
}

void conf_walk_defaults(struct conf_reading *r, enum conf_section s, void *target)
{
	for (size_t i = 0; i < conf_word_count(); i++) {
		const struct conf_word *w = conf_word_at(i);

		if (w->section != s)
			continue;
		if (w->form == CONF_IS_INNER)
			conf_walk_defaults(r, w->inside, target);
		else if (w->form == CONF_IS_VALUE && w->usual)
			conf_put_default(r, w, conf_field(w, target));
	}
}

static const char *conf_place(enum conf_section s)
{
	return s == CONF_SECTION_TOP ? "the file" : conf_section(s)->title;
}

static void conf_unknown(struct conf_reading *r, enum conf_section s, struct conf_at at, struct bytes name)
{
	struct conf_near near = {.wanted = name};
	char hint[120], shown[64], remedy[512] = "Words here:";
	size_t n = strlen(remedy);

	for (size_t i = 0; i < conf_word_count(); i++) {
		const struct conf_word *w = conf_word_at(i);

		if (w->section != s)
			continue;
		conf_near_offer(&near, w->name);
		if (n < sizeof remedy)
			n += (size_t)snprintf(remedy + n, sizeof remedy - n, " %s", w->name);
	}
	conf_error(r, at, remedy, "%s has no word '%s'%s", conf_place(s), conf_show(name, shown),
		conf_near_text(&near, hint));
}

/* The word of a key that is new in this mapping, or NULL after a problem. `lines` keeps where words stood. */
static const struct conf_word *conf_key_word(struct conf_reading *r, struct conf_file *f, enum conf_section s,
	const yaml_node_t *key, int lines[CONF_WORDS_MOST])
{
	struct conf_at at = conf_node_at(f, key);
	const struct conf_word *w;
	int *line;

	if (key->type != YAML_SCALAR_NODE) {
		conf_error(r, at, "Write word: value.", "%s holds a key that is not a word", conf_place(s));
		return NULL;
	}
	w = conf_word_find(s, conf_node_text(key));
	if (!w) {
		conf_unknown(r, s, at, conf_node_text(key));
		return NULL;
	}
	line = &lines[w - conf_word_at(0)];
	if (*line) {
		conf_error(r, at, "Keep one of the two; make a list where several values are allowed.",
			"%s stands twice in %s; first in line %d", w->name, conf_place(s), *line);
		return NULL;
	}
	*line = at.line;
	return w;
}

static bool conf_is_mapping(
	struct conf_reading *r, struct conf_file *f, const yaml_node_t *n, const char *what)
{
	if (n->type == YAML_MAPPING_NODE)
		return true;
	r->torn |= n == yaml_document_get_root_node(&f->doc);
	conf_error(r, conf_node_at(f, n), "Write word: value, one a line, indented below it.",
		"%s is no mapping of words", what);
	return false;
}

static void conf_walk_mapping(
	struct conf_reading *r, struct conf_file *f, enum conf_section s, yaml_node_t *n, void *target);

/* What the mapping did not name: defaults, and complaints about needed words. */
static void conf_walk_rest(struct conf_reading *r, enum conf_section s, struct conf_at at,
	const int lines[CONF_WORDS_MOST], void *target)
{
	for (size_t i = 0; i < conf_word_count(); i++) {
		const struct conf_word *w = conf_word_at(i);

		if (w->section != s || lines[i])
			continue;
		if (w->needed)
			conf_error(r, at, w->says, "%s is missing in %s", w->name, conf_place(s));
		else if (w->form == CONF_IS_INNER)
			conf_walk_defaults(r, w->inside, target);
		else if (w->form == CONF_IS_VALUE && w->usual)
			conf_put_default(r, w, conf_field(w, target));
	}
}

/* Lists are only counted here; their items need all files. */
static void conf_count_list(
	struct conf_reading *r, struct conf_file *f, const struct conf_word *w, const yaml_node_t *n)
{
	if (n->type == YAML_SEQUENCE_NODE) {
		r->lists[w->inside].n += conf_node_length(n);
		return;
	}
	r->torn = true;
	conf_error(r, conf_node_at(f, n), "Begin every item with '- ', or remove the word.", "%s is no list",
		w->name);
}

/* The items of a list inside of one item; nothing refers to them by name. */
static void conf_walk_items(
	struct conf_reading *r, struct conf_file *f, const struct conf_word *w, yaml_node_t *n, struct conf_items *target)
{
	size_t size = conf_section(w->inside)->size, length = conf_node_length(n);
	char *structs;

	if (n->type != YAML_SEQUENCE_NODE) {
		conf_error(r, conf_node_at(f, n), "Begin every item with '- ', or remove the word.", "%s is no list", w->name);
		return;
	}
	structs = conf_take(r, (length + 1) * size);
	for (size_t i = 0; structs && i < length; i++) {
		yaml_node_t *one = conf_node_element(f, n, i);
		struct conf_at at = conf_node_at(f, one);

		memcpy(structs + i * size, &at, sizeof at); /* they begin with it */
		conf_walk_mapping(r, f, w->inside, one, structs + i * size);
	}
	*target = (struct conf_items){structs, structs ? length : 0};
}

static void conf_walk_mapping(
	struct conf_reading *r, struct conf_file *f, enum conf_section s, yaml_node_t *n, void *target)
{
	int lines[CONF_WORDS_MOST] = {0};

	if (!conf_is_mapping(r, f, n, conf_place(s)))
		return;
	EACH_PAIR(pair, n) {
		const struct conf_word *w = conf_key_word(r, f, s, conf_node(f, pair->key), lines);
		yaml_node_t *value = conf_node(f, pair->value);

		if (!w)
			continue;
		if (w->form == CONF_IS_LIST)
			conf_count_list(r, f, w, value);
		else if (w->form == CONF_IS_ITEMS)
			conf_walk_items(r, f, w, value, conf_field(w, target));
		else if (w->form == CONF_IS_INNER)
			conf_walk_mapping(r, f, w->inside, value, target);
		else
			conf_put(r, f, w, value, conf_field(w, target));
	}
	conf_walk_rest(r, s, conf_node_at(f, n), lines, target);
}

/* The mapping of an included file: lists only. */
static void conf_walk_included(struct conf_reading *r, struct conf_file *f)
{
	yaml_node_t *root = yaml_document_get_root_node(&f->doc);
	int lines[CONF_WORDS_MOST] = {0};

	if (!conf_is_mapping(r, f, root, "the file"))
		return;
	EACH_PAIR(pair, root) {
		yaml_node_t *key = conf_node(f, pair->key);
		const struct conf_word *w = conf_key_word(r, f, CONF_SECTION_TOP, key, lines);

		if (w && w->form == CONF_IS_LIST)
			conf_count_list(r, f, w, conf_node(f, pair->value));
		else if (w)
			conf_error(r, conf_node_at(f, key),
				"Move it to the main file; included files hold lists.",
				"%s may not stand in an included file", w->name);
	}
}

static void conf_walk_item(struct conf_reading *r, struct conf_file *f, enum conf_section s, yaml_node_t *n,
	size_t i, void *structs)
{
	struct conf_item *item = &r->lists[s].items[i];
	struct conf_at at = conf_node_at(f, n);
	size_t errors = r->problems->errors;

	item->file = f;
	item->node = n;
	item->target = (char *)structs + i * conf_section(s)->size;
	memcpy(item->target, &at, sizeof at); /* all of these structs begin with it */
	conf_walk_mapping(r, f, s, n, item->target);
	item->faulty = r->problems->errors != errors;
}

/* All items of one list, from all files. */
static void conf_walk_list(struct conf_reading *r, const struct conf_word *w)
{
	struct conf_list *list = &r->lists[w->inside];
	void *structs = conf_take(r, (list->n + 1) * conf_section(w->inside)->size);
	size_t done = 0;

	list->items = conf_take(r, (list->n + 1) * sizeof *list->items);
	if (!structs || !list->items) {
		list->n = 0;
		return;
	}
	for (struct conf_file *f = r->files; f; f = f->next) {
		yaml_node_t *root = f->parsed ? yaml_document_get_root_node(&f->doc) : NULL;

		if (!root || root->type != YAML_MAPPING_NODE)
			continue;
		EACH_PAIR(pair, root) {
			const yaml_node_t *key = conf_node(f, pair->key);
			yaml_node_t *value = conf_node(f, pair->value);

			if (key->type != YAML_SCALAR_NODE || !bytes_is(conf_node_text(key), w->name) ||
				value->type != YAML_SEQUENCE_NODE)
				continue;
			for (size_t i = 0; i < conf_node_length(value) && done < list->n; i++)
				conf_walk_item(
					r, f, w->inside, conf_node_element(f, value, i), done++, structs);
		}
	}
	list->n = done; /* fewer when a list stood twice */
}

bool conf_walk(struct conf_reading *r)
{
	struct conf_file *main_file = r->files;
	bool whole = true;

	conf_walk_mapping(
		r, main_file, CONF_SECTION_TOP, yaml_document_get_root_node(&main_file->doc), r->conf);
	for (size_t i = 0; i < r->conf->include.n; i++)
		conf_file_add_folder(r, r->conf->include.name[i], (struct conf_at){main_file->path, 1});
	for (struct conf_file *f = main_file->next; f; f = f->next) {
		if (f->parsed)
			conf_walk_included(r, f);
	}
	for (size_t i = 0; i < conf_word_count(); i++) {
		if (conf_word_at(i)->form == CONF_IS_LIST)
			conf_walk_list(r, conf_word_at(i));
	}
	for (struct conf_file *f = main_file; f; f = f->next)
		whole &= f->parsed;
	return whole && !r->unreadable && !r->torn;
}

static yaml_node_t *conf_node_under(struct conf_file *f, const yaml_node_t *mapping, struct bytes word)
{
	if (mapping->type != YAML_MAPPING_NODE)
		return NULL;
	EACH_PAIR(pair, mapping) {
		const yaml_node_t *key = conf_node(f, pair->key);

		if (key->type == YAML_SCALAR_NODE && bytes_eq(conf_node_text(key), word))
			return conf_node(f, pair->value);
	}
	return NULL;
}

/* `word`, or `section.word` for a word of an inner section. */
static yaml_node_t *conf_item_node(const struct conf_item *item, const char *word)
{
	const char *dot = strchr(word, '.');
	yaml_node_t *inner;

	if (!dot)
		return conf_node_under(item->file, item->node, bytes_str(word));
	inner = conf_node_under(
		item->file, item->node, bytes_sub(bytes_str(word), 0, (size_t)(dot - word)));
	return inner ? conf_node_under(item->file, inner, bytes_str(dot + 1)) : NULL;
}

bool conf_item_value(const struct conf_item *item, const char *word, size_t i, struct conf_value *out)
{
	yaml_node_t *n = conf_item_node(item, word);

	if (!n || i >= conf_node_length(n))
		return false;
	n = conf_node_element(item->file, n, i);
	*out = (struct conf_value){.at = conf_node_at(item->file, n), .folder = item->file->folder};
	if (n->type == YAML_SCALAR_NODE)
		out->text = conf_node_text(n);
	return true;
}

bool conf_item_inside(const struct conf_item *item, const char *word, size_t i, struct conf_item *out)
{
	yaml_node_t *n = conf_item_node(item, word);

	if (!n || n->type != YAML_SEQUENCE_NODE || i >= conf_node_length(n))
		return false;
	*out = (struct conf_item){.file = item->file, .node = conf_node_element(item->file, n, i), .faulty = item->faulty};
	return true;
}

struct conf_at conf_item_at(const struct conf_item *item, const char *word)
{
	struct conf_value v;

	return conf_item_value(item, word, 0, &v) ? v.at : conf_node_at(item->file, item->node);
}
