/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_file - YAML files into trees, with the sha256 of all that was read.
 * Promise: what libyaml would resolve silently (anchors, aliases, tags, several documents) is a problem.
 * Not here: what the words mean (conf_walk). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf_int.h"

#define FILE_LARGEST (64u << 20)
#define FILES_MOST 10000
#define DEEPEST 32

static void conf_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool conf_unreadable(struct conf_reading *r, struct conf_at at, const char *path, const char *why)
{
	r->unreadable = true;
	conf_error(r, at, "Check that it exists and that the gateway's user may read it.",
		"%s cannot be read: %s", path, why);
	return false;
}

static bool conf_file_read(struct conf_reading *r, struct conf_file *f, struct conf_at at, struct buf *text)
{
	SCOPED(conf_close) int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat about;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &about) != 0)
		return conf_unreadable(r, at, f->path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		return conf_unreadable(r, at, f->path, "it is not a regular file");
	f->open_to_all = about.st_mode & S_IROTH;
	while (got > 0) {
		unsigned char *room = buf_reserve(text, 65536);

		if (!room)
			return conf_unreadable(r, at, f->path, "it is too large");
		got = read(fd, room, 65536);
		if (got < 0)
			return conf_unreadable(r, at, f->path, strerror(errno));
		buf_grown(text, (size_t)got);
	}
	EVP_DigestUpdate(r->hash, text->data, text->len);
	return true;
}

static struct conf_at conf_mark_at(const struct conf_file *f, yaml_mark_t mark)
{
	return (struct conf_at){f->path, (int)mark.line + 1};
}

static void conf_parser_open(yaml_parser_t *p, const struct buf *text)
{
	yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(p, text->data, text->len);
}

static bool conf_syntax_error(struct conf_reading *r, const struct conf_file *f, const yaml_parser_t *p)
{
	struct conf_at at = conf_mark_at(f, p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR) {
		r->short_of_memory = true;
		return false;
	}
	if (p->error == YAML_READER_ERROR)
		conf_error(r, at, "Write the file as UTF-8 text.",
			"the file is not readable as YAML: %s, at octet %zu", p->problem, p->problem_offset);
	else
		conf_error(r, at,
			"Check indentation, colons and quotes in this line and the one before; indent with "
			"spaces.",
			"the file is not well-formed YAML: %s%s%s", p->problem, p->context ? " " : "",
			p->context ? p->context : "");
	return false;
}

/* What was seen of the tokens so far. */
struct conf_tokens {
	int depth;
	bool content, ended, second;
};

/* True for the token with which a second document begins. */
static bool conf_token_is_second(struct conf_tokens *t, yaml_token_type_t type)
{
	bool second = !t->second && type != YAML_STREAM_END_TOKEN &&
		(t->ended || (t->content && type == YAML_DOCUMENT_START_TOKEN));

	t->second |= second;
	t->content |= type != YAML_STREAM_START_TOKEN && type != YAML_VERSION_DIRECTIVE_TOKEN;
	t->ended |= type == YAML_DOCUMENT_END_TOKEN;
	return second;
}

/* Why the token is refused, or NULL. */
static const char *conf_token_refused(struct conf_tokens *t, yaml_token_type_t type)
{
	if (conf_token_is_second(t, type))
		return "a second document begins";
	switch (type) {
	case YAML_ANCHOR_TOKEN:
	case YAML_ALIAS_TOKEN:
		return "anchors and aliases (& and *) are not part of the configuration language";
	case YAML_TAG_TOKEN:
	case YAML_TAG_DIRECTIVE_TOKEN:
		return "tags (!) are not part of the configuration language";
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
		return ++t->depth == DEEPEST ? "the nesting is too deep" : NULL;
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		t->depth--;
		return NULL;
	default:
		return NULL;
	}
}

/* Looks at the bare tokens, because the tree no longer shows anchors, aliases and tags. */
static bool conf_file_tokens(struct conf_reading *r, const struct conf_file *f, const struct buf *text)
{
	SCOPED(yaml_parser_delete) yaml_parser_t p;
	struct conf_tokens seen = {0};
	bool fine = true, end = false;

	if (!yaml_parser_initialize(&p)) {
		r->short_of_memory = true;
		return false;
	}
	conf_parser_open(&p, text);
	while (!end && seen.depth < DEEPEST) {
		SCOPED(yaml_token_delete) yaml_token_t token;
		const char *refused;

		if (!yaml_parser_scan(&p, &token))
			return conf_syntax_error(r, f, &p);
		refused = conf_token_refused(&seen, token.type);
		if (refused) {
			conf_error(r, conf_mark_at(f, token.start_mark),
				"Write the value out; put a text that begins with such a sign in quotes.",
				"%s", refused);
			fine = false;
		}
		end = token.type == YAML_STREAM_END_TOKEN;
	}
	return fine;
}

static bool conf_file_parse(struct conf_reading *r, struct conf_file *f, const struct buf *text)
{
	SCOPED(yaml_parser_delete) yaml_parser_t p;

	if (!yaml_parser_initialize(&p)) {
		r->short_of_memory = true;
		return false;
	}
	conf_parser_open(&p, text);
	if (!yaml_parser_load(&p, &f->doc))
		return conf_syntax_error(r, f, &p);
	f->parsed = true;
	if (yaml_document_get_root_node(&f->doc))
		return true;
	conf_error(
		r, (struct conf_at){f->path, 1}, "Begin with the sample configuration.", "the file is empty");
	return false;
}

static struct conf_file *conf_file_new(struct conf_reading *r, const char *path)
{
	struct conf_file *f = conf_take(r, sizeof *f), **end = &r->files;
	const char *slash = strrchr(path, '/');

	BUG_IF(!slash);
	if (!f)
		return NULL;
	f->path = conf_take_text(r, bytes_str(path));
	f->folder = conf_take_text(r, (struct bytes){(const unsigned char *)path, (size_t)(slash - path)});
	if (!f->path || !f->folder)
		return NULL;
	while (*end)
		end = &(*end)->next;
	*end = f;
	return f;
}

bool conf_file_add(struct conf_reading *r, const char *path, struct conf_at named_at)
{
	SCOPED(buf_wipe) struct buf text = BUF(FILE_LARGEST);
	struct conf_file *f = conf_file_new(r, path);

	return f && conf_file_read(r, f, named_at, &text) && conf_file_tokens(r, f, &text) &&
		conf_file_parse(r, f, &text);
}

static int conf_is_dropin(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

/* By octets: alphasort would follow the locale. */
static int conf_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void conf_file_add_folder(struct conf_reading *r, const char *folder, struct conf_at named_at)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, conf_is_dropin, conf_by_name);

	if (n < 0) {
		conf_unreadable(r, named_at, folder, strerror(errno));
		return;
	}
	if (n > FILES_MOST)
		conf_error(r, named_at, "Put several services into one file.", "%s holds more than %d files",
			folder, FILES_MOST);
	for (int i = 0; i < n; i++) {
		const char *path = pool_printf(r->conf->pool, "%s/%s", folder, entries[i]->d_name);

		if (!path)
			r->short_of_memory = true;
		else if (n <= FILES_MOST)
			conf_file_add(r, path, named_at);
		free(entries[i]);
	}
	free(entries);
}

void conf_files_free(struct conf_reading *r)
{
	for (struct conf_file *f = r->files; f; f = f->next) {
		if (f->parsed)
			yaml_document_delete(&f->doc);
		f->parsed = false;
	}
}

yaml_node_t *conf_node(struct conf_file *f, int index)
{
	yaml_node_t *n = yaml_document_get_node(&f->doc, index);

	BUG_IF(!n);
	return n;
}

struct conf_at conf_node_at(const struct conf_file *f, const yaml_node_t *n)
{
	return conf_mark_at(f, n->start_mark);
}
