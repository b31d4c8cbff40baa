/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_problem - the list of problems of one check.
 * Promise: every problem is counted; the words of the first thousand are kept.
 * Not here: how they are shown (qaqpa check). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf_int.h"

#define PROBLEMS_KEPT 1000
#define PROBLEM_MEMORY (16u << 20)

struct conf_problems *conf_problems_new(void)
{
	struct conf_problems *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->pool = pool_new(PROBLEM_MEMORY);
	if (!p->pool) {
		free(p);
		return NULL;
	}
	return p;
}

void conf_problems_free(struct conf_problems **p)
{
	if (!*p)
		return;
	pool_free(&(*p)->pool);
	free(*p);
	*p = NULL;
}

static struct conf_problem *conf_problem_slot(struct conf_problems *p)
{
	if (p->n == PROBLEMS_KEPT)
		return NULL;
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		struct conf_problem *list = pool_alloc(p->pool, room * sizeof *list);

		if (!list)
			return NULL;
		if (p->n)
			memcpy(list, p->list, p->n * sizeof *list);
		p->list = list;
		p->room = room;
	}
	return &p->list[p->n];
}

static void conf_problem_put(
	struct conf_problems *p, struct conf_at at, bool warning, const char *remedy, const char *what)
{
	struct conf_problem *slot;

	if (!warning)
		p->errors++;
	slot = conf_problem_slot(p);
	if (!slot)
		return;
	slot->at.line = at.line;
	slot->at.file = pool_copy(p->pool, bytes_str(at.file ? at.file : ""));
	slot->warning = warning;
	slot->what = pool_copy(p->pool, bytes_str(what));
	slot->remedy = pool_copy(p->pool, bytes_str(remedy ? remedy : ""));
	if (slot->at.file && slot->what && slot->remedy)
		p->n++;
}

void conf_problem_add(
	struct conf_problems *p, struct conf_at at, bool warning, const char *remedy, const char *what, ...)
{
	char text[512];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof text, what, args);
	va_end(args);
	conf_problem_put(p, at, warning, remedy, text);
}

void conf_error(struct conf_reading *r, struct conf_at at, const char *remedy, const char *what, ...)
{
	char text[512];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof text, what, args);
	va_end(args);
	conf_problem_put(r->problems, at, false, remedy, text);
}

static bool conf_problem_before(const struct conf_problem *a, const struct conf_problem *b)
{
	int files = strcmp(a->at.file, b->at.file);

	return files ? files < 0 : a->at.line < b->at.line;
}

void conf_problems_sort(struct conf_problems *p, size_t from)
{
	for (size_t i = from + 1; i < p->n; i++) {
		struct conf_problem moved = p->list[i];
		size_t j = i;

		for (; j > from && conf_problem_before(&moved, &p->list[j - 1]); j--)
			p->list[j] = p->list[j - 1];
		p->list[j] = moved;
	}
}
