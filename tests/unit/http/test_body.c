/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body that grows has room for a few times what came of it, and is not copied much. */
#include "../cm.h"

#include "http/http.h"

#define LEAST 65536u

static void room_is_for_thrice_what_came_or_less(void **state)
{
	static const struct {
		size_t came, left, room;
	} rows[] = {
		{LEAST, LEAST, LEAST},
		{LEAST, 3 * LEAST, 3 * LEAST},             /* all */
		{LEAST, 3 * LEAST + 1, LEAST},             /* the rest is not much, and the next time it fits */
		{LEAST, 9 * LEAST, 3 * LEAST / 2 + 1},
		{LEAST, 15 * LEAST, 3 * LEAST},
		{LEAST, 1u << 30, 3 * LEAST},
		{LEAST / 2, 1u << 30, 3 * LEAST / 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(http_body_room(rows[i].came, rows[i].left, LEAST), rows[i].room);
}

/* Of any length; what is copied is what had come each time that there was no more room. */
static void less_is_copied_than_the_body_has(void **state)
{
	(void)state;
	for (size_t length = 2 * LEAST; length < 64 * LEAST; length += 4099) {
		size_t room = LEAST, copied = 0;

		while (room < length) {
			size_t more = http_body_room(room, length - room, LEAST);

			assert_true(more > 0 && more <= 3 * room && room + more <= length + LEAST);
			copied += room;
			room += more;
		}
		assert_in_range(copied, 1, length - length / 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_for_thrice_what_came_or_less),
		cmocka_unit_test(less_is_copied_than_the_body_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
