/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the simulated video appeals service share. */
#ifndef QAQPA_SIM_APPEALS_H
#define QAQPA_SIM_APPEALS_H

#include "common/bodies.h"
#include "common/days.h"
#include "common/moment.h"
#include "common/outbox.h"
#include "common/service.h"

#define NS_APPEALS "urn:qaqpa:appeals:v1"
#define DATA_BYTES (1u << 20)
#define NUMBER_ROOM 13   /* VA0000000001 and a NUL */
#define TEXT_ROOM 8192   /* any text of the contract, in octets, and a NUL */

/* ---- services, one file each ---- */

/* A1 to A3: sim_appeals_booking.c */
outcome appeals_book(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A3: sim_appeals_answer.c */
outcome appeals_answer_booking(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A4: sim_appeals_schedule.c */
outcome appeals_schedule(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A5, A8: sim_appeals_appeal.c */
outcome appeals_register(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A6: sim_appeals_redirect.c */
outcome appeals_redirect(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A7, A8: sim_appeals_outcome.c */
outcome appeals_decide(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* A9: sim_appeals_find.c */
outcome appeals_find(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

/* ---- who applies: sim_appeals_applicant.c ---- */

struct applicant {
	const char *kind, *number; /* Iin or Bin, and the digits */
	const char *name, *address, *email, *phone; /* the last two may be "" */
	const char *request_number; /* of the message that brought the matter */
};

/* Reads <Applicant>; reasons say what is wrong with it. False when it is not of the contract. */
MUST_USE bool applicant_read(struct service_request *r, struct applicant *out);
/* The body of that number; reasons say that there is none. */
const struct body *body_wanted(struct service_request *r, const char *bin);
/* Reasons say when the sender does not speak for the body that has this matter. */
void judge_body(struct service_request *r, const char *body_bin);

/* ---- what others are told: sim_appeals_tell.c; all inside a unit, sent afterwards ---- */

struct news {
	const char *kind;     /* of the notice: APPEAL_ANSWERED */
	const char *number;   /* of the matter */
	const char *ru, *kz;  /* texts; NULL when memory was short */
};
/* The applicant: to the cabinet at the portal, and by e-mail when there is one. */
MUST_USE outcome tell_applicant(struct store *s, const struct service_request *r, const struct applicant *a,
	const struct news *n, struct err *e);
/* A letter that somebody has to send; `channel`: post, e-mail or sms. Nothing where there is no address. */
MUST_USE outcome tell_by_mail(struct store *s, const struct service_request *r, const char *channel, const char *address,
	const struct news *n, struct err *e);

/* The registration-and-control card in the document circulation (A2), or the answer that ends it (A9). */
struct paper {
	const char *id;       /* its own number there; NULL when memory was short */
	const char *about;    /* number of the booking or appeal */
	const char *kind;     /* booking, appeal, answer */
	const struct body *body;
	const char *receiver; /* name */
	const char *text;
	const char *answers;  /* number of what it answers; NULL: nothing */
	const char *due;      /* moment; NULL: none */
	const char *file;     /* in the temporary store; NULL: none */
};
MUST_USE outcome tell_edms(struct store *s, const struct service_request *r, const struct paper *p, struct err *e);

/* The operator and the State Corporation: a Notice with receptions that are written already. */
MUST_USE outcome tell_receptions(struct store *s, const struct service_request *r, const char *kind, const struct body *body,
	const char *month, const struct buf *receptions, struct err *e);
struct reception {
	const char *booking, *applicant, *from, *to, *office;
};
void write_reception(struct buf *out, const struct reception *x);

/* A card that the document circulation sent: kept as the last state of its paper. */
outcome appeals_take_state(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

/* ---- codes of an appeal: sim_appeals_code.c ---- */

/* Digits of an EAN-13 symbol: 20 (numbers of one's own use), ten random digits, check digit. */
void bar_code_new(char out[14]);

/* ---- moments ---- */

/* The moment of the request by the system's clock, printed. From the pool; fails with REASON_MEMORY. */
MUST_USE outcome moment_text(const struct service_request *r, const char **out, struct err *e);

#endif
