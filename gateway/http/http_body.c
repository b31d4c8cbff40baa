/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_body - how a long body grows. */
#include "http/http.h"

size_t http_body_room(size_t came, size_t left, size_t least)
{
	const size_t thrice = came * 3;
	size_t enough;

	if (left <= thrice)
		return left;
	enough = (left - thrice) / 4 + 1; /* so much that the next time the rest is thrice what came by then, or less */
	enough = enough > least ? enough : least;
	return enough < thrice ? enough : thrice;
}
