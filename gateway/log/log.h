/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log - operational lines for the operator: one JSON object a line on standard error.
 *
 * Fields: ts (local time with offset, milliseconds), level, event (stable dotted name), then the given fields.
 * Never a password, key or body. Numbers of persons are hidden in every value (iin_hide), those of organisations are not.
 * Values are escaped and cut at 512 octets. Any thread.
 */
#ifndef QAQPA_LOG_LOG_H
#define QAQPA_LOG_LOG_H

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
	const char *key; /* NULL ends the list */
	enum { LOG_IS_TEXT, LOG_IS_NUMBER } kind;
	struct bytes text;
	int64_t number;
};

#define LOG_TEXT(k, s) ((struct log_field){.key = (k), .kind = LOG_IS_TEXT, .text = bytes_str(s)})
#define LOG_PART(k, b) ((struct log_field){.key = (k), .kind = LOG_IS_TEXT, .text = (b)})
#define LOG_NUM(k, v) ((struct log_field){.key = (k), .kind = LOG_IS_NUMBER, .number = (int64_t)(v)})

/* log_event(LOG_INFO, "front.listening", LOG_TEXT("address", a), LOG_NUM("port", p)); at least one field. */
#define log_event(level, event, ...) \
	log_fields((level), (event), (const struct log_field[]){__VA_ARGS__, {.key = NULL}})

void log_fields(enum log_level level, const char *event, const struct log_field *fields);
/* A failure in one shape everywhere: adds reason, detail and, when not NULL, err_id. */
void log_err(enum log_level level, const char *event, const struct err *e, const char *err_id);

/* Lines below the level are not written; default LOG_INFO. */
void log_set_level(enum log_level level);
/* False when the name is none of debug, info, warning, error. */
MUST_USE bool log_level_named(const char *name, enum log_level *out);

#endif
