/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_int - what the files of this room share.
 *
 * A reading goes: files into trees (conf_file), trees into structs by the table of words (conf_walk,
 * conf_kind, conf_text), then what concerns several words or objects (conf_check), all of it led by
 * conf_load. Nothing stops at the first problem.
 */
#ifndef QAQPA_CONF_INT_H
#define QAQPA_CONF_INT_H

#include <yaml.h>

#include "conf/conf.h"

/* The table of words. */
enum conf_section {
#define SECTION(section, ...) CONF_SECTION_##section,
#include "conf/conf_words.def"
	CONF_SECTIONS
};

enum conf_kind {
#define KIND(kind, ...) CONF_KIND_##kind,
#include "conf/conf_kinds.def"
#undef KIND
	CONF_KINDS
};

/* What the field of a word with items looks like, whatever the items are. */
struct conf_items {
	const void *item;
	size_t n;
};

struct conf_section_row {
	const char *title; /* participants[] */
	const char *says;
	size_t size; /* of the struct */
};

struct conf_word {
	enum conf_section section;
	const char *name;
	enum { CONF_IS_VALUE, CONF_IS_INNER, CONF_IS_LIST, CONF_IS_ITEMS } form;
	enum conf_section inside; /* of an inner section, the items of a list, or the items inside of one item */
	enum conf_kind kind;
	size_t offset;
	const char *least, *most, *usual;
	bool needed;
	const char *says;
};

const struct conf_section_row *conf_section(enum conf_section s);
/* Words in the order of the table, those of one section together. */
const struct conf_word *conf_word_at(size_t i);
size_t conf_word_count(void);
#define CONF_WORDS_MOST 320
const struct conf_word *conf_word_find(enum conf_section s, struct bytes name);

/* Texts to values. */
struct conf_reading;

struct conf_value {
	struct conf_at at;
	struct bytes text;
	const char *folder; /* that paths are relative to */
};

enum conf_shape { CONF_SHAPE_ONE, CONF_SHAPE_MANY, CONF_SHAPE_BITS, CONF_SHAPE_LATER };

struct conf_kind_row {
	bool (*read)(
		struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target);
	enum conf_shape shape;
	const char *called; /* "": the choices are listed */
};

const struct conf_kind_row *conf_kind(enum conf_kind k);
bool conf_kind_is_quantity(enum conf_kind k);
/* The readers of the kinds. True when *target is set; else the problem is in the list. */
#define KIND(kind, type, reader, ...)                                              \
	bool conf_read_##reader(struct conf_reading *r, const struct conf_word *w, \
		const struct conf_value *v, void *target);
#include "conf/conf_kinds.def"
#undef KIND
/* "off, server, mutual" into `out`; "" for kinds without choices. */
void conf_kind_choices(enum conf_kind k, char out[160]);
/* A value for messages: cut, and without control characters. */
const char *conf_show(struct bytes text, char out[64]);

/* Files. */
struct conf_file {
	struct conf_file *next;
	const char *path, *folder;
	yaml_document_t doc;
	bool parsed;
	bool open_to_all; /* everybody may read it */
};

/* One mapping of a list, kept to find lines later. */
struct conf_item {
	struct conf_file *file;
	const yaml_node_t *node;
	void *target;
	bool faulty; /* a value in it was refused: what its words demand of each other is not judged */
};

struct conf_slot {
	const char *key;
	size_t key_len;
	uint64_t hash;
	const void *value;
};

struct conf_table {
	uint64_t seed;
	size_t mask, used;
	struct conf_slot *slots;
};

struct conf_index {
	struct conf_table senders, services, participants;
};

/* Open addressing; room for `n` keys, which must outlive it. False when memory is short. */
bool conf_table_init(struct conf_table *t, struct pool *pool, size_t n);
/* Adds unless the key is there; gives the value that was there, else NULL. */
const void *conf_table_add(struct conf_table *t, const char *key, const void *value);
const void *conf_table_find(const struct conf_table *t, struct bytes key);

struct conf_list {
	struct conf_item *items;
	size_t n;
	struct conf_table names; /* to targets */
};

struct conf_reading {
	struct conf *conf;
	struct conf_index *index;
	struct conf_problems *problems;
	struct conf_file *files; /* the main file first */
	struct conf_list lists[CONF_SECTIONS];
	struct evp_md_ctx_st *hash;
	bool short_of_memory;
	bool torn;       /* a list or file has the wrong shape, so that names in it are not known */
	bool unreadable; /* a file could not be read, or may be read by too many */
};

/* Memory of the snapshot; on lack marks the reading. */
void *conf_take(struct conf_reading *r, size_t n);
char *conf_take_text(struct conf_reading *r, struct bytes text);
void conf_error(struct conf_reading *r, struct conf_at at, const char *remedy, const char *what, ...)
	PRINTF_LIKE(4, 5);
/* Into the order of files and lines, from the index `from` on; equal places keep their order. */
void conf_problems_sort(struct conf_problems *p, size_t from);

/* Reads and parses one file and appends it to the files. False when it gave a problem. */
bool conf_file_add(struct conf_reading *r, const char *path, struct conf_at named_at);
/* Adds the *.yaml of a folder in the order of their names. */
void conf_file_add_folder(struct conf_reading *r, const char *folder, struct conf_at named_at);
void conf_files_free(struct conf_reading *r);
yaml_node_t *conf_node(struct conf_file *f, int index);
struct conf_at conf_node_at(const struct conf_file *f, const yaml_node_t *n);

/* All values of all files into the structs; reads the folder of `include` on the way. False when a file or
 * list could not be read at all, so that references may dangle for that reason alone. */
bool conf_walk(struct conf_reading *r);
/* Sets the defaults of a section in its struct. */
void conf_walk_defaults(struct conf_reading *r, enum conf_section s, void *target);
/* The n-th value of a word of the item, as written; false when there is none. */
bool conf_item_value(const struct conf_item *item, const char *word, size_t n, struct conf_value *out);
/* The n-th item of a list inside the item, for the calls above and below; false when there is none. */
bool conf_item_inside(const struct conf_item *item, const char *word, size_t n, struct conf_item *out);
/* The place of a word of the item, or of the item when the word is not there. */
struct conf_at conf_item_at(const struct conf_item *item, const char *word);

/* What the word of the item refers to, its n-th value; NULL when the word is absent, or after a problem (then *said). */
const void *conf_refer(struct conf_reading *r, const struct conf_item *item, const char *word, size_t n,
	enum conf_section s, bool *said);
/* Where a key comes from, and what follows it. */
void conf_check_key(struct conf_reading *r, const struct conf_item *item);
/* The key of participants that name none: the only one that is nobody's successor. NULL when there is no such key. */
const struct conf_key *conf_only_key(const struct conf_reading *r);
/* The section revocation, its sources, and what profiles say for the case that nobody answers. */
void conf_check_revocation(struct conf_reading *r);
void conf_check_status_source(struct conf_reading *r, const struct conf_item *item);
void conf_check_outage(struct conf_reading *r, const struct conf_item *item);

/* The address of a listener, "host:port" as it was read, into its parts. */
void conf_split_address(struct conf_reading *r, const char **host, int *port);
/* What the words of TLS demand of each other. */
struct conf_tls_files {
	enum conf_tls tls;
	const char *certificate, *key, *client_ca;
};
void conf_check_tls(struct conf_reading *r, struct conf_at at, const char *what, const struct conf_tls_files *f);
void conf_check_node(struct conf_reading *r, const struct conf_item *item);
/* Who may ask for health and metrics; takes the address apart. */
void conf_check_admin(struct conf_reading *r);

/* What a service demands of the content of data. */
void conf_check_calendar(struct conf_reading *r);
void conf_check_demands(struct conf_reading *r, const struct conf_item *item);
/* What a rule demands, and what the inner signatures of a service demand. */
void conf_check_rule(struct conf_reading *r, const struct conf_item *item);
void conf_check_inner(struct conf_reading *r, const struct conf_item *item, struct conf_inner *inner);

/* Profile standard, references, duplicates, and what words demand of each other. */
void conf_check(struct conf_reading *r);

#endif
