/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kernel - the kernel has no room to wait: the queue goes on. */
#include "gate.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "rig_group.h"

static atomic_int failing;

/* Stands in the place of libc's. */
int poll(struct pollfd *of, nfds_t n, int ms)
{
	if (atomic_load(&failing) > 0) {
		atomic_fetch_sub(&failing, 1);
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_poll, of, n, ms);
}

static void waiting_that_fails_harms_nothing_but_what_waited(void **state)
{
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	for (int n = 1; n < 8; n++) {
		char id[16];

		snprintf(id, sizeof id, "m%d", n);
		atomic_store(&failing, n);
		gate_put(&g, id, "land", "", BYTES_LIT("x")); /* done, or refused: the connection may be given up */
	}
	atomic_store(&failing, 0);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "after", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_stop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_that_fails_harms_nothing_but_what_waited),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
