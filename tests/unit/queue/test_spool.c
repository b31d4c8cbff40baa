/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spool keeps a body exactly, hides it from others, and touches no file that is not its own. */
#include "rig.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "queue/queue_int.h"

static char top[100], spool[128];

static void write_one(const char *id, struct bytes body, char name[QUEUE_SPOOL_NAME])
{
	struct err e = {0};

	if (!queue_spool_write(spool, bytes_str(id), body, name, &e).ok)
		fail_msg("%s", e.detail);
}

static void a_body_is_kept_exactly_in_a_private_file(void **state)
{
	SCOPED(buf_free) struct buf big = BUF(4 << 20), back = BUF(4 << 20);
	char name[QUEUE_SPOOL_NAME], path[256];
	struct err e = {0};
	struct stat st;

	(void)state;
	for (int i = 0; i < 3 << 20; i++)
		buf_char(&big, (char)(i * 7 >> 3));
	write_one("one", buf_bytes(&big), name);
	snprintf(path, sizeof path, "%s/%s", spool, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(queue_spool_read(spool, bytes_str(name), &back, &e).ok);
	assert_true(bytes_eq(buf_bytes(&big), buf_bytes(&back)));
	queue_spool_remove(spool, bytes_str(name));
	assert_int_not_equal(stat(path, &st), 0);
	buf_clear(&back);
	assert_false(queue_spool_read(spool, bytes_str(name), &back, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
}

static void the_same_id_twice_makes_two_files(void **state)
{
	SCOPED(buf_free) struct buf back = BUF(100);
	char first[QUEUE_SPOOL_NAME], second[QUEUE_SPOOL_NAME];
	struct err e = {0};

	(void)state;
	write_one("same", BYTES_LIT("first"), first);
	write_one("same", BYTES_LIT("second"), second);
	assert_string_not_equal(first, second);
	assert_memory_equal(first, second, 32); /* found by the id all the same */
	queue_spool_remove(spool, bytes_str(second));
	assert_true(queue_spool_read(spool, bytes_str(first), &back, &e).ok);
	assert_true(bytes_is(buf_bytes(&back), "first"));
	queue_spool_remove(spool, bytes_str(first));
}

static void an_empty_body_and_one_above_the_ceiling(void **state)
{
	SCOPED(buf_free) struct buf back = BUF(4);
	char name[QUEUE_SPOOL_NAME];
	struct err e = {0};

	(void)state;
	write_one("empty", BYTES_NONE, name);
	assert_true(queue_spool_read(spool, bytes_str(name), &back, &e).ok);
	assert_int_equal(back.len, 0);
	queue_spool_remove(spool, bytes_str(name));
	write_one("more", BYTES_LIT("12345"), name);
	assert_false(queue_spool_read(spool, bytes_str(name), &back, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
	queue_spool_remove(spool, bytes_str(name));
}

static void names_that_are_not_ours_are_refused(void **state)
{
	static const char *const names[] = {"", "../outside", "..", ".", ".hidden", "a/b",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"};
	char outside[160];
	int fd;

	(void)state;
	snprintf(outside, sizeof outside, "%s/outside", top);
	fd = open(outside, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		SCOPED(buf_free) struct buf back = BUF(100);
		struct err e = {0};

		assert_false(queue_spool_read(spool, bytes_str(names[i]), &back, &e).ok);
		queue_spool_remove(spool, bytes_str(names[i]));
	}
	assert_int_equal(access(outside, F_OK), 0);
	/* Neither is a link followed that lies where a body should. */
	char link[200];
	SCOPED(buf_free) struct buf back = BUF(100);

	snprintf(link, sizeof link, "%s/abc", spool);
	assert_int_equal(symlink(outside, link), 0);
	assert_false(queue_spool_read(spool, BYTES_LIT("abc"), &back, NULL).ok);
	unlink(link);
}

static void a_folder_must_be_private_and_there(void **state)
{
	char path[160], name[QUEUE_SPOOL_NAME];
	struct err e = {0};

	(void)state;
	assert_true(queue_spool_open(spool, &e).ok); /* is there already */
	snprintf(path, sizeof path, "%s/open", top);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0755), 0);
	assert_false(queue_spool_open(path, &e).ok);
	snprintf(path, sizeof path, "%s/outside", top);
	assert_false(queue_spool_open(path, &e).ok);
	snprintf(path, sizeof path, "%s/no/where", top);
	assert_false(queue_spool_open(path, &e).ok);
	assert_false(queue_spool_write(path, BYTES_LIT("i"), BYTES_LIT("b"), name, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
	char name[QUEUE_SPOOL_NAME];
	struct err e = {0};
	pid_t child;
	int status;
	struct rig rig;

	(void)state;
	snprintf(rig.spool, sizeof rig.spool, "%.99s", spool);
	assert_int_equal(rig_spooled(&rig), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) { /* files of this process end at 4096 octets */
		static unsigned char body[10000];

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096}))
			_exit(9);
		_exit(queue_spool_write(spool, BYTES_LIT("big"), (struct bytes){body, sizeof body}, name, &e).ok ? 8 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(rig_spooled(&rig), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_kept_exactly_in_a_private_file),
		cmocka_unit_test(the_same_id_twice_makes_two_files),
		cmocka_unit_test(an_empty_body_and_one_above_the_ceiling),
		cmocka_unit_test(names_that_are_not_ours_are_refused),
		cmocka_unit_test(a_folder_must_be_private_and_there),
		cmocka_unit_test(a_failed_write_leaves_nothing_behind),
	};
	const char *tmp = getenv("TMPDIR");
	struct err e = {0};
	int failed;

	snprintf(top, sizeof top, "%.60s/qaqpa-spool-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(top))
		return 1;
	snprintf(spool, sizeof spool, "%s/spool", top);
	if (!queue_spool_open(spool, &e).ok)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_remove(top);
	return failed;
}
