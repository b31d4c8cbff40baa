/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err - how a call fails in this program.
 *
 * A fallible call returns `outcome` (the compiler refuses to ignore it) and words the failure in the
 * caller's `struct err`: a reason (a row of reasons.def: stable text, public fault code, class, side
 * to blame, remedy) and a detail for the log. Nothing is thread-global.
 *
 * The detail may hold names, numbers and positions; never a password, a key, a body or a personal
 * number. It reaches a caller only where diagnostics are on. A number of a person is hidden (iin_hide), whoever words it.
 */
#ifndef QAQPA_BASE_ERR_H
#define QAQPA_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

typedef struct {
	bool ok;
} outcome;

#define DONE ((outcome){true})
#define FAILED ((outcome){false})

/* What a failure means for the message: answer a fault; keep and try later; sent but unconfirmed,
 * never repeated by itself; do not start; a bug or a broken machine. */
enum err_class { CLASS_REJECT, CLASS_RETRY, CLASS_UNCERTAIN, CLASS_CONFIG, CLASS_INTERNAL };

/* Whose side must act. */
enum err_side { SIDE_CALLER, SIDE_GATEWAY, SIDE_PROVIDER };

enum fault {
#define F(name, code, qname, status, text) FAULT_##name,
#include "base/faults.def"
#undef F
	FAULT_COUNT
};

enum reason {
#define R(name, text, fault, class, side, title, remedy) REASON_##name,
#include "base/reasons.def"
#undef R
	REASON_COUNT
};

struct fault_row {
	const char *code;   /* ErrorInfo/errorCode, stable: SCE006 */
	const char *qname;  /* SOAP 1.1 faultcode: wsse:FailedCheck */
	int status;         /* HTTP status */
	const char *text;   /* public words, the same for every reason of this fault */
};

struct reason_row {
	const char *name;   /* stable dotted text for logs: signature.digest-mismatch */
	enum fault fault;
	enum err_class class;
	enum err_side side;
	const char *title;  /* one sentence: what is wrong */
	const char *remedy; /* one sentence: what to change */
};

struct err {
	enum reason reason;
	char detail[256];
};

/* Rows of the catalogues; the argument must be below the _COUNT. Never NULL. Any thread. */
const struct fault_row *fault_row(enum fault f);
const struct reason_row *reason_row(enum reason r);

/* Finds a reason by its stable dotted text; REASON_COUNT when there is none. Any thread. */
enum reason reason_find(const char *name);

/* Words a failure and returns FAILED, so that `return err_set(e, REASON_X, "...")` reads as one act.
 * `e` may be NULL when the caller does not want words. */
outcome err_set(struct err *e, enum reason r, const char *format, ...) PRINTF_LIKE(3, 4);

#define TRY(call)                     \
	do {                          \
		if (!(call).ok)       \
			return FAILED; \
	} while (0)

/* A broken invariant is a bug of ours; stays on in production and ends the process with a message. */
_Noreturn void bug(const char *file, int line, const char *what);
#define BUG_IF(cond)                                   \
	do {                                           \
		if (__builtin_expect(!!(cond), 0))     \
			bug(__FILE__, __LINE__, #cond); \
	} while (0)

/* SCOPED(x_free) struct x *p = NULL;  frees on every way out. The function takes the variable's address. */
#define SCOPED(free_fn) __attribute__((cleanup(free_fn)))

#endif
