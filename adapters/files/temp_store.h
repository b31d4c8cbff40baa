/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_store - files that are kept for some hours in one folder, each under an identifier that nobody can guess.
 *
 * The identifier is the name on disk. It tells the message that brought the file, whose it is (both as digests), when its
 * life ends, and holds 128 bits of chance; so nothing else has to be kept, several processes may share a folder, and a
 * message that comes again gets the identifiers it got. Who knows the identifier may have the file: who may ask at all is
 * the caller's business. Any thread.
 */
#ifndef QAQPA_FILES_TEMP_STORE_H
#define QAQPA_FILES_TEMP_STORE_H

#include "base/pool.h"

#define TEMP_ID 96          /* an identifier and a NUL */
#define TEMP_MESSAGE_MOST 256 /* files of one message */
#define TEMP_NAME_MOST 250

struct temp_limits {
	uint64_t total, owner;       /* octets in all, and of one owner */
	size_t file, count;          /* octets of a file; files in all */
	size_t owner_count;          /* files of one owner */
	size_t answer;               /* octets of the files in one answer */
	int64_t life_ms, life_most_ms; /* when none is asked for; more is cut to the second of them */
};
#define TEMP_LIMITS_DEFAULT \
	((struct temp_limits){1u << 30, 256u << 20, 11u << 20, 20000, 5000, 10u << 20, 8 * 3600000, 72 * 3600000})

struct temp_place {
	const char *folder; /* made with temp_store_open */
	struct temp_limits limits;
	int64_t now_ms;
};

/* What became of one file. */
enum temp_verdict {
	TEMP_DONE,
	TEMP_BASE64,      /* the content is not base64 */
	TEMP_LONG,        /* longer than a file may be */
	TEMP_FULL,        /* the store is full */
	TEMP_OWNER_FULL,  /* the owner's share is full */
	TEMP_NAME,        /* name or media type cannot be kept */
	TEMP_LIFE,        /* no life time */
	TEMP_MANY,        /* more files than a message may bring */
	TEMP_NONE,        /* there is none such, or its life has ended */
	TEMP_NOT_ASKED,   /* nobody asked to have it confirmed */
	TEMP_ALONE,       /* too long beside the others of the answer */
	TEMP_VERDICTS
};

struct temp_file {
	struct bytes content;
	const char *name, *mime; /* NULL: not said */
	bool confirm;            /* it goes when somebody confirms that it was received */
	int64_t life_ms;         /* asked for, 0: the usual one; of a file that was found: what is left */
};

/* Where files come from: whose they are, the message (ADAPTER_MESSAGE). */
struct temp_origin {
	const char *owner, *message;
};
struct temp_visit; /* one message at the store; lives in its pool */

/* Makes the folder. Fails with REASON_IO. */
MUST_USE outcome temp_store_open(const char *folder, struct err *e);
/* Ends all whose life is over and counts the others, once for all files that the message brings: messages that come at the
 * same time may exceed the limits together. `p` and `from` must live as long. Fails with REASON_IO, REASON_MEMORY. */
MUST_USE outcome temp_store_begin(const struct temp_place *p, struct pool *pool, const struct temp_origin *from,
	struct temp_visit **out, struct err *e);
/* Keeps a file, the `index`-th of the message; on disk when it returns with TEMP_DONE, `id` and the life that it got. The
 * same place of the same message gets the same identifier while that file lives. Fails with REASON_IO, REASON_MEMORY. */
MUST_USE outcome temp_store_put(struct temp_visit *v, unsigned index, const struct temp_file *file,
	enum temp_verdict *verdict, char id[TEMP_ID], int64_t *life_ms, struct err *e);
/* Finds a file; TEMP_DONE or TEMP_NONE. In the pool. Fails with REASON_IO, REASON_MEMORY. */
MUST_USE outcome temp_store_get(const struct temp_place *p, struct pool *pool, const char *id, struct temp_file *out,
	enum temp_verdict *verdict, struct err *e);
/* Somebody has received it: TEMP_DONE and it is gone; TEMP_NONE; TEMP_NOT_ASKED and it stays. */
MUST_USE outcome temp_store_confirm(const struct temp_place *p, const char *id, enum temp_verdict *verdict,
	struct err *e);
/* Ends all whose life is over. */
MUST_USE outcome temp_store_sweep(const struct temp_place *p, struct err *e);

#endif
