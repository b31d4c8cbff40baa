/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_code - the bar code of an appeal.
 * Promise: a number is not guessed from another; a reader sees every wrong digit by the last one.
 * Spec:    A5; GS1 General Specifications 7.9 (check digit), 2.1.11 (prefix 20: within one organisation) */
#include "appeals/sim_appeals.h"
#include "base/ident.h"

#define DIGITS 13

static char check_digit(const unsigned char *twelve)
{
	int sum = 0;

	for (int i = 0; i < DIGITS - 1; i++)
		sum += (twelve[i] - '0') * (i % 2 ? 3 : 1);
	return (char)('0' + (10 - sum % 10) % 10);
}

void bar_code_new(char out[DIGITS + 1])
{
	unsigned char text[DIGITS - 1] = {'2', '0'};
	uint64_t random;

	random_fill(&random, sizeof random);
	for (int i = 2; i < DIGITS - 1; i++, random /= 10)
		text[i] = (unsigned char)('0' + random % 10);
	memcpy(out, text, sizeof text);
	out[DIGITS - 1] = check_digit(text);
	out[DIGITS] = '\0';
}
