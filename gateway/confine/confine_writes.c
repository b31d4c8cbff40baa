/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine_writes - Landlock: files are read as before, and written in a few folders.
 * Promise:  what the kernel can refuse it refuses; what it is too old for is left out, and the caller is
 *           told how it went. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "confine/confine.h"

#ifndef LANDLOCK_ACCESS_FS_REFER /* version 2 */
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* version 3 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* What is handled is refused, but for the folders. Nothing is carried out anywhere. */
#define CHANGES \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define NOWHERE \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Changes that this kernel knows; 0: it has no Landlock. */
static uint64_t changes_known(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1)
		return 0;
	return CHANGES | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

/* The rooms make their folders at the start; a rule needs them before. What cannot be opened cannot be written to either:
 * the room that wants it says why. */
static bool add_folder(int rules, const char *folder, uint64_t changes)
{
	struct landlock_path_beneath_attr below = {.allowed_access = changes};
	bool added;

	mkdir(folder, 0700);
	below.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (below.parent_fd < 0)
		return true;
	added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0;
	close(below.parent_fd);
	return added;
}

static bool restrict_by(int rules, const char *const *folders, size_t n, uint64_t changes)
{
	for (size_t i = 0; i < n; i++) {
		if (!add_folder(rules, folders[i], changes))
			return false;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

outcome confine_writes(const char *const *folders, size_t n, bool *applied, struct err *e)
{
	uint64_t changes = changes_known();
	struct landlock_ruleset_attr all = {.handled_access_fs = changes | NOWHERE};
	int rules, number;

	*applied = false;
#ifdef QAQPA_INSTRUMENTED
	return DONE;
#endif
	if (!changes)
		return DONE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	*applied = rules >= 0 && restrict_by(rules, folders, n, changes);
	number = errno;
	if (rules >= 0)
		close(rules);
	return *applied ? DONE : err_set(e, REASON_IO, "writing cannot be confined to folders: %s", strerror(number));
}
