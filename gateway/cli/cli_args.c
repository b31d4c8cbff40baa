/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_args - options from tables, files, failures. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_int.h"

#define OPTIONS_MOST 40
#define LONG_ONLY 256 /* value of an option without a letter: this plus its index */
#define FILE_MOST (64u << 20)

static void print_help(FILE *to, const struct cli_command *command, const struct cli_option *options)
{
	fprintf(to, "Usage: qaqpa %s %s [OPTIONS]\n%s.\n", command->name, command->arguments, command->summary);
	for (const struct cli_option *o = options; o->name; o++) {
		char letter[8] = "    ";

		if (o->letter)
			snprintf(letter, sizeof letter, "-%c, ", o->letter);
		fprintf(to, "  %s--%-22s %s%s\n", letter, o->name, o->help, o->required ? " (required)" : "");
	}
}

static bool set_option(const struct cli_option *o, char *value)
{
	struct cli_list *list = o->to;
	char *end;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->to = true;
		return true;
	case CLI_TEXT:
		*(const char **)o->to = value;
		return true;
	case CLI_NUMBER:
		errno = 0;
		*(long *)o->to = strtol(value, &end, 10);
		return errno == 0 && end != value && *end == 0 && *(long *)o->to > 0 && *(long *)o->to <= INT_MAX;
	case CLI_LIST:
		if (list->n == CLI_LIST_MOST)
			return false;
		list->item[list->n++] = value;
		return true;
	case CLI_OUTPUT:
		*(bool *)o->to = strcmp(value, "json") == 0;
		return *(bool *)o->to || strcmp(value, "table") == 0;
	}
	return false;
}

static size_t getopt_tables(const struct cli_option *options, struct option *longs, char *shorts)
{
	size_t n = 0;

	for (; options[n].name; n++) {
		bool takes = options[n].kind != CLI_FLAG;

		BUG_IF(n == OPTIONS_MOST);
		longs[n] = (struct option){options[n].name, takes ? required_argument : no_argument, NULL,
			options[n].letter ? options[n].letter : LONG_ONLY + (int)n};
		if (options[n].letter) {
			*shorts++ = options[n].letter;
			if (takes)
				*shorts++ = ':';
		}
	}
	longs[n] = (struct option){"help", no_argument, NULL, 'h'};
	longs[n + 1] = (struct option){0};
	*shorts++ = 'h';
	*shorts = 0;
	return n;
}

static const struct cli_option *option_of(const struct cli_option *options, int c)
{
	for (size_t i = 0; options[i].name; i++) {
		if (c == options[i].letter || c == LONG_ONLY + (int)i)
			return &options[i];
	}
	return NULL;
}

static bool required_given(const struct cli_option *options, const bool *given)
{
	for (size_t i = 0; options[i].name; i++) {
		if (options[i].required && !given[i]) {
			fprintf(stderr, "qaqpa: --%s is required\n", options[i].name);
			return false;
		}
	}
	return true;
}

/* argv[0] is how the command is called in messages, those of getopt too. */
static int read_options(const struct cli_command *command, const struct cli_option *options, int argc, char **argv,
	int *first)
{
	struct option longs[OPTIONS_MOST + 2];
	char shorts[2 * OPTIONS_MOST + 2];
	const char *name = argv[0];
	bool given[OPTIONS_MOST] = {false};
	int c;

	getopt_tables(options, longs, shorts);
	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct cli_option *o = c == 'h' ? NULL : option_of(options, c);

		if (c == 'h') {
			print_help(stdout, command, options);
			return CLI_DONE;
		}
		if (o && !set_option(o, optarg)) {
			fprintf(stderr, "%s: --%s does not take %s\n", name, o->name, optarg);
			o = NULL;
		}
		if (!o) {
			fprintf(stderr, "%s: see %s --help\n", name, name);
			return CLI_USAGE;
		}
		given[o - options] = true;
	}
	if (argc - optind > command->words) {
		fprintf(stderr, "%s: too many words; see %s --help\n", name, name); /* one may be a password */
		return CLI_USAGE;
	}
	*first = optind;
	return required_given(options, given) ? -1 : CLI_USAGE;
}

int cli_options(const struct cli_command *command, const struct cli_option *options, int argc, char **argv, int *first)
{
	char name[64], *said = argv[0];
	int code;

	snprintf(name, sizeof name, "qaqpa %s", command->name);
	argv[0] = name;
	code = read_options(command, options, argc, argv, first);
	argv[0] = said;
	return code;
}

bool cli_read(const char *path, struct buf *out)
{
	FILE *f = !path || strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	unsigned char part[65536];
	bool failed;
	size_t n;

	if (!f) {
		fprintf(stderr, "qaqpa: %s: %s\n", path, strerror(errno));
		return false;
	}
	out->ceiling = FILE_MOST;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(out, (struct bytes){part, n});
	failed = ferror(f);
	if (failed)
		fprintf(stderr, "qaqpa: %s: %s\n", path ? path : "standard input", strerror(errno));
	if (f != stdin)
		fclose(f);
	if (failed)
		return false;
	if (!buf_ok(out))
		fprintf(stderr, "qaqpa: %s is too large\n", path ? path : "the input");
	return buf_ok(out);
}

void cli_write(struct bytes out)
{
	if (out.n > 0) /* of nothing not even the place may be told */
		fwrite(out.p, 1, out.n, stdout);
}

int cli_fail(const struct err *e)
{
	const struct reason_row *row = reason_row(e->reason);

	fprintf(stderr, "qaqpa: %s (%s) %s\n       %s\n", row->name, e->detail, row->title, row->remedy);
	switch (row->class) {
	case CLASS_CONFIG:
		return CLI_CONFIG;
	case CLASS_RETRY:
		return CLI_TRY_LATER;
	case CLASS_UNCERTAIN:
	case CLASS_INTERNAL:
		return CLI_UNAVAILABLE;
	case CLASS_REJECT:
		break;
	}
	return CLI_BAD_INPUT;
}
