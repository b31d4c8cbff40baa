/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crash - messages whose octets follow from their number, for the tests of the journal that kill. */
#ifndef QAQPA_TESTS_JOURNAL_CRASH_H
#define QAQPA_TESTS_JOURNAL_CRASH_H

#include "help.h"
#include "../victim.h"

#define CRASH_OCTETS 10000

/* Octets of message `id`: their length and content follow from it. */
static UNUSED struct bytes octets_of(uint32_t id, unsigned char room[CRASH_OCTETS])
{
	size_t n = 10 + id * 37 % 9000;

	for (size_t i = 0; i < n; i++)
		room[i] = (unsigned char)(id + i * 31);
	return (struct bytes){room, n};
}

#endif
