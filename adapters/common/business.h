/* SPDX-License-Identifier: GPL-3.0-or-later */
/* business - reading and writing business messages: SystemInfo, fields, reasons. For simulated systems and for adapters of
 * the gateway; nothing here knows either. */
#ifndef QAQPA_ADAPTERS_BUSINESS_H
#define QAQPA_ADAPTERS_BUSINESS_H

#include "base/clock.h"
#include "base/pool.h"
#include "envelope/envelope.h"

/* The only child element of that local name and no namespace; NULL when absent or repeated. Takes NULL. */
struct _xmlNode *payload_child(const struct _xmlNode *parent, const char *name);
/* The whole text of that child; NULL when absent, repeated, empty or holding elements. From the pool. */
const char *payload_text(struct pool *pool, const struct _xmlNode *parent, const char *name);
/* The texts of `n` children by their names; false when one is NULL. */
MUST_USE bool payload_texts(struct pool *pool, const struct _xmlNode *parent, const char *const *names,
	const char **texts, size_t n);
/* The number of a person or organisation below `parent`: the text of Iin or of Bin, whichever is there; NULL when
 * neither is, or both. From the pool. */
const char *payload_number(struct pool *pool, const struct _xmlNode *parent);
/* True when the element has this name and namespace. Takes NULL. */
bool payload_is(const struct _xmlNode *node, const char *ns, const char *name);

/* True when the element's xsi:type names this type of this namespace. Takes NULL. */
bool payload_has_type(struct _xmlNode *node, const char *ns, const char *type);

/* <name>text</name>, escaped. */
void payload_field(struct buf *out, const char *name, const char *text);

struct system_info {
	const char *request_number, *chain_id, *request_date;
};
/* False when a field is absent or malformed. */
MUST_USE bool system_info_read(struct pool *pool, const struct _xmlNode *root, struct system_info *out);
void system_info_write(struct buf *out, const struct system_info *info);                      /* of a request */
void system_info_answer(struct buf *out, const struct system_info *info, struct stamp at); /* with ResponseDate */

/* Why something is not allowed; all reasons are gathered before anything is said (rule P6). */
#define REASONS_MAX 64
struct reasons {
	struct pool *pool;
	bool later; /* something could not be asked or done: the same may be granted later (SCSE003) */
	size_t n;
	struct {
		const char *code, *text;
	} list[REASONS_MAX];
};
void reasons_add(struct reasons *r, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Adds what another system answered in <Reasons>. */
void reasons_read(struct reasons *r, const struct _xmlNode *reasons);
void reasons_write(struct buf *out, const struct reasons *r); /* <Reasons>...</Reasons> */
/* All texts in one line, for the status message. From the pool. */
const char *reasons_line(const struct reasons *r);

#endif
