/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bodies - the state bodies of the simulated world that take appeals and have the document circulation. */
#ifndef QAQPA_ADAPTERS_BODIES_H
#define QAQPA_ADAPTERS_BODIES_H

struct body {
	const char *bin, *name;
	const char *sender;  /* senderId of the system that speaks for it */
	const char *officer; /* who takes appeals and reception bookings there */
};

const struct body *body_by_bin(const char *bin);   /* NULL: there is none */
const struct body *body_by_name(const char *name); /* the same */

#endif
