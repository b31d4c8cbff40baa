/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gateway killed at any moment loses no order that it had taken, and no token. */
#include "log/log.h"

#include "authority.h"

#include "../victim.h"

enum { ROUNDS = 6, WANTED = 15, MOST = 100000 }; /* confirmed orders in round n: WANTED * n */

static struct authority authority;
static char directory[160];
static atomic_size_t came;

static void name_of(uint32_t id, char out[24])
{
	snprintf(out, 24, "order-%u", id);
}

/* The child: every order is confirmed over the pipe when it was taken. */
static void child_run(int pipe_fd, uint32_t first)
{
	struct timestamp_settings s = settings_for(&authority, directory);
	struct timestamp *t = NULL;
	struct err e;

	if (!timestamp_start(&s, &t, &e).ok)
		_exit(1);
	for (uint32_t id = first; id < first + MOST; id++) {
		unsigned char room[32];
		char name[24];

		name_of(id, name);
		if (!timestamp_order(t, bytes_str(name), imprint_of(name, room), &e).ok ||
			write(pipe_fd, &id, sizeof id) != sizeof id)
			_exit(1);
	}
	pause();
}

/* Returns one more than the last confirmed order. */
static uint32_t run_and_kill(uint32_t first, size_t confirmations)
{
	struct victim v = victim_start(child_run, first);
	uint32_t id, last = first;
	size_t count = 0;

	while (read(v.from, &id, sizeof id) == sizeof id) {
		last = id;
		if (++count == confirmations)
			victim_kill(&v);
	}
	victim_end(&v);
	assert_true(count >= confirmations);
	return last + 1;
}

static void on_token(void *ctx, struct bytes name, struct bytes token, const struct timestamp_token *says)
{
	(void)ctx, (void)name, (void)token, (void)says;
	atomic_fetch_add(&came, 1);
}

/* Everything that lies there gets its token. */
static void finish(void)
{
	struct timestamp_settings s = settings_for(&authority, directory);
	struct timestamp *t = NULL;
	struct err e;

	s.on_token = on_token;
	assert_true(timestamp_start(&s, &t, &e).ok);
	for (int i = 0; timestamp_waiting(t); i++) {
		assert_true(i < 60000);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	timestamp_stop(&t);
}

static void no_order_is_lost_to_kill_9(void **state)
{
	/* Some are refused, so that orders lie there whenever the end comes. */
	static enum behaviour script[4000];
	uint32_t next[ROUNDS + 1];
	char name[24];

	(void)state;
	for (size_t i = 0; i < COUNT(script); i++)
		script[i] = i % 3 ? GOOD : REJECTED;
	authority_listen(&authority, script, COUNT(script));
	for (uint32_t round = 1; round <= ROUNDS; round++)
		next[round] = run_and_kill(round * 1000000, (size_t)WANTED * round);
	finish();
	assert_true(atomic_load(&came) > 0); /* the kills did leave orders behind */
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		for (uint32_t id = round * 1000000; id < next[round]; id++) {
			name_of(id, name);
			assert_token(&authority, directory, name);
		}
	}
	authority_quiet(&authority);
}

static int start(void **state)
{
	if (folder_make(state))
		return -1;
	log_set_level(LOG_ERROR);
	authority_init(&authority);
	snprintf(directory, sizeof directory, "%s/stamps", folder);
	return 0;
}

static int stop(void **state)
{
	authority_drop(&authority);
	return folder_drop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_order_is_lost_to_kill_9)};

	return cmocka_run_group_tests_name("timestamp crash", tests, start, stop);
}
