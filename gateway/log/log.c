/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log - one JSON object a line, written whole by one write call so that lines of threads do not mix. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ident.h"
#include "log/log.h"

#define LOG_VALUE_MOST 512u
#define LOG_LINE_MOST 8192u

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static enum log_level log_least = LOG_INFO;

void log_set_level(enum log_level level)
{
	__atomic_store_n(&log_least, level, __ATOMIC_RELAXED);
}

bool log_level_named(const char *name, enum log_level *out)
{
	for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static void write_all(struct bytes b)
{
	while (b.n) {
		ssize_t n = write(STDERR_FILENO, b.p, b.n);

		if (n < 0 && errno != EINTR)
			return; /* nowhere left to say so */
		if (n > 0)
			b = bytes_sub(b, (size_t)n, b.n);
	}
}

/* A number of a person is hidden also where the cut would go through it. */
static void put_text(struct buf *line, struct bytes text)
{
	char shown[LOG_VALUE_MOST + 12];
	size_t n = text.n < sizeof shown ? text.n : sizeof shown;

	if (n)
		memcpy(shown, text.p, n);
	iin_hide(shown, n);
	buf_char(line, '"');
	buf_json(line, (struct bytes){(unsigned char *)shown, n < LOG_VALUE_MOST ? n : LOG_VALUE_MOST});
	buf_char(line, '"');
}

static void put_value(struct buf *line, const struct log_field *f)
{
	buf_printf(line, ",\"%s\":", f->key);
	if (f->kind == LOG_IS_NUMBER) {
		buf_printf(line, "%lld", (long long)f->number);
		return;
	}
	put_text(line, f->text);
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields)
{
	SCOPED(buf_free) struct buf line = BUF(LOG_LINE_MOST);
	char ts[STAMP_TEXT];

	if (level < __atomic_load_n(&log_least, __ATOMIC_RELAXED))
		return;
	stamp_print(stamp_now(), ts);
	buf_printf(&line, "{\"ts\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", ts, level_names[level], event);
	for (; fields->key && line.len < LOG_LINE_MOST / 2; fields++)
		put_value(&line, fields);
	buf_str(&line, "}\n");
	write_all(buf_bytes(&line));
}

void log_err(enum log_level level, const char *event, const struct err *e, const char *err_id)
{
	const struct reason_row *row = reason_row(e->reason);

	log_event(level, event, LOG_TEXT("reason", row->name), LOG_TEXT("code", fault_row(row->fault)->code),
		LOG_TEXT("detail", e->detail), LOG_TEXT("err_id", err_id ? err_id : ""));
}
