/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places in flight of a service: how many there are, and how many of them one participant gets. */
#include "../cm.h"

#include "flow/flow_int.h"

static const struct conf_participant half[] = {
	{.name = "a", .share = 50}, {.name = "b", .share = 50}, {.name = "c", .share = 50}};
static const struct conf_participant whole = {.name = "d", .share = 100}, little = {.name = "e", .share = 1};

static void take_all(struct places *p, const struct conf_participant *who, size_t n, enum reason then)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(places_take(p, who), REASON_NONE);
	assert_int_equal(places_take(p, who), then);
}

static void one_participant_leaves_room_for_others(void **state)
{
	struct places *p = places_new(9, 3);

	(void)state;
	take_all(p, &half[0], 4, REASON_PARTICIPANT_BUSY);
	take_all(p, &half[1], 4, REASON_PARTICIPANT_BUSY);
	take_all(p, &half[2], 1, REASON_SERVICE_BUSY);
	places_leave(p, &half[0]);
	assert_int_equal(places_take(p, &half[1]), REASON_PARTICIPANT_BUSY);
	assert_int_equal(places_take(p, &half[2]), REASON_NONE);
	for (int i = 0; i < 3; i++)
		places_leave(p, &half[0]); /* all of its places: its entry makes room for that of another */
	places_leave(p, &half[1]);
	take_all(p, &half[0], 4, REASON_SERVICE_BUSY);
	assert_int_equal(places_take(p, &half[2]), REASON_SERVICE_BUSY);
	places_free(&p);
	assert_null(p);
}

static void a_share_of_the_whole_is_all_places(void **state)
{
	struct places *p = places_new(7, 100);

	(void)state;
	take_all(p, &whole, 7, REASON_SERVICE_BUSY);
	places_free(&p);
}

static void one_message_is_always_let_in(void **state)
{
	struct places *p = places_new(7, 2), *one = places_new(1, 2);

	(void)state;
	take_all(p, &little, 1, REASON_PARTICIPANT_BUSY);
	take_all(one, &half[0], 1, REASON_SERVICE_BUSY);
	places_leave(one, &half[0]);
	take_all(one, &half[1], 1, REASON_SERVICE_BUSY);
	places_free(&one);
	places_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_participant_leaves_room_for_others),
		cmocka_unit_test(a_share_of_the_whole_is_all_places),
		cmocka_unit_test(one_message_is_always_let_in),
	};

	return cmocka_run_group_tests_name("flow: shares", tests, NULL, NULL);
}
