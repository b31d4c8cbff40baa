/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_restart - what is on disk: the cache after a restart, files that are broken or forged, evidence and its removal. */
#include "responder.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/clock.h"

static struct world world;

#define GONE .says = V_OCSP_CERTSTATUS_REVOKED

static void hex_name(const unsigned char sha256[32], char out[65])
{
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", sha256[i]);
}

static void path_of(const struct stage *s, const char *folder, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s/%s", s->folder, folder, name);
}

/* The file of the answers about a certificate. */
static void cache_path(const struct stage *s, const struct identity *i, char out[256])
{
	unsigned char digest[32];
	char name[65];

	EVP_Digest(i->der.data, i->der.len, digest, NULL, EVP_sha256(), NULL);
	hex_name(digest, name);
	path_of(s, "cache", name, out);
}

static struct buf file_get(const char *path)
{
	struct buf out = BUF(1 << 20);
	FILE *f = fopen(path, "rb");

	if (!f)
		return out;
	buf_grown(&out, fread(buf_reserve(&out, 1 << 19), 1, 1 << 19, f));
	fclose(f);
	return out;
}

static void file_put(const char *path, struct bytes one, struct bytes two)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	if (one.n)
		assert_int_equal(fwrite(one.p, 1, one.n, f), one.n);
	if (two.n)
		assert_int_equal(fwrite(two.p, 1, two.n, f), two.n);
	fclose(f);
}

static int files_in(const struct stage *s, const char *folder)
{
	char path[256];
	DIR *d;
	int n = 0;

	path_of(s, folder, "", path);
	d = opendir(path);
	assert_non_null(d);
	for (const struct dirent *f; (f = readdir(d));)
		n += f->d_name[0] != '.' || strncmp(f->d_name, ".new-", 5) == 0;
	closedir(d);
	return n;
}

static void restart(struct stage *s)
{
	revocation_stop(&s->room);
	stage_start(s);
}

/* What was known survives a restart while all responders are away. */
static void answers_survive_a_restart(void **state)
{
	struct responder *r = responder_start(&world);
	struct buf crl = list_make(&world, &(struct list){.leaf = LISTED_NOT, .others = 50});
	struct buf delta = list_make(&world, &(struct list){.number = 12, .base = 10, .leaf = LISTED_REVOKED});
	struct revocation_answer before, after;
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	desk_set(r, DESK_OCSP, (struct desk){.response = {GONE, .next_ms = T0 + DAY}});
	stage_start(&s);
	before = stage_check(&s, &world.leaf);
	assert_int_equal(before.verdict, REVOCATION_INVALID);
	for (int i = 0; i < 3; i++)
		desk_set(r, i, (struct desk){.act = ACT_CLOSE});
	restart(&s);
	after = stage_ask(&s, &world.leaf);
	assert_int_equal(after.reason, REVOCATION_REVOKED);
	assert_int_equal(after.this_ms, before.this_ms);
	assert_memory_equal(after.evidence, before.evidence, 32);
	stage_end(&s);

	stage_set(&s, &world, r->port);
	s.source.ocsp = NULL;
	s.source.crl = s.crl;
	s.source.delta = s.delta;
	desk_set(r, DESK_CRL, (struct desk){.act = ACT_OCTETS, .octets = buf_bytes(&crl)});
	desk_set(r, DESK_DELTA, (struct desk){.act = ACT_OCTETS, .octets = buf_bytes(&delta)});
	stage_start(&s);
	assert_string_equal(stage_check(&s, &world.leaf).source, "delta");
	assert_int_equal(stage_check(&s, &world.other_leaf).verdict, REVOCATION_VALID);
	for (int i = 0; i < 3; i++)
		desk_set(r, i, (struct desk){.act = ACT_CLOSE});
	restart(&s);
	assert_string_equal(stage_ask(&s, &world.leaf).source, "delta");
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_REVOKED);
	assert_int_equal(stage_ask(&s, &world.other_leaf).verdict, REVOCATION_VALID);
	stage_end(&s);
	responder_stop(&r);
	buf_free(&crl);
	buf_free(&delta);
}

static void a_stale_answer_of_the_cache_is_the_last_word(void **state)
{
	struct responder *r = responder_start(&world);
	struct revocation_answer a;
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_VALID);
	desk_set(r, DESK_OCSP, (struct desk){.act = ACT_CLOSE});
	atomic_store(&clock_ms, T0 + DAY);
	restart(&s);
	a = stage_check(&s, &world.leaf);
	assert_int_equal(a.verdict, REVOCATION_UNKNOWN);
	assert_int_equal(a.reason, REVOCATION_UNREACHABLE);
	assert_int_equal(a.last, REVOCATION_VALID);
	assert_int_equal(a.last_ms, T0);
	stage_end(&s);
	responder_stop(&r);
}

/* What may stand in the file of a certificate that is revoked. */
enum damage { CUT, CHANGED, EMPTY, NOISE, GOOD_OF_OTHER, OTHER_NAME, FORGED, WITHOUT_CERTIFICATE, FOLDER, DAMAGES };

static void damage(const struct stage *s, const char *path, enum damage how, struct buf *octets)
{
	static const struct response good = {.next_ms = T0 + DAY};
	static const struct response other = {.next_ms = T0 + DAY, .about_other = true};
	static const struct response forged = {.next_ms = T0 + DAY, .signer = BY_OTHER_CA};
	const struct response *wanted = how == GOOD_OF_OTHER || how == OTHER_NAME ? &other : how == FORGED ? &forged : &good;
	SCOPED(buf_free) struct buf response = response_make(&world, wanted, BYTES_NONE);

	(void)s;
	if (how == CUT)
		file_put(path, bytes_sub(buf_bytes(octets), 0, octets->len - 9), BYTES_NONE);
	if (how == CHANGED) {
		unsigned char *date = memmem(octets->data, octets->len, "20260528", 8); /* producedAt or thisUpdate */

		assert_non_null(date);
		date[7] ^= 1;
		file_put(path, buf_bytes(octets), BYTES_NONE);
	}
	if (how == EMPTY)
		file_put(path, BYTES_NONE, BYTES_NONE);
	if (how == NOISE)
		file_put(path, BYTES_LIT("nothing of the kind"), BYTES_NONE);
	if (how == GOOD_OF_OTHER || how == FORGED)
		file_put(path, der_of(&world.leaf), buf_bytes(&response));
	if (how == OTHER_NAME) /* true in itself, but the file is named for another certificate */
		file_put(path, der_of(&world.other_leaf), buf_bytes(&response));
	if (how == WITHOUT_CERTIFICATE)
		file_put(path, buf_bytes(&response), BYTES_NONE);
	if (how == FOLDER) {
		unlink(path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void a_broken_or_forged_file_is_ignored(void **state)
{
	struct responder *r = responder_start(&world);

	(void)state;
	for (int how = 0; how < DAMAGES; how++) {
		struct revocation_answer a;
		struct stage s;
		char path[256];
		struct buf octets;

		stage_set(&s, &world, r->port);
		desk_set(r, DESK_OCSP, (struct desk){.response = {GONE, .next_ms = T0 + DAY}});
		stage_start(&s);
		assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
		revocation_stop(&s.room);
		cache_path(&s, &world.leaf, path);
		octets = file_get(path);
		assert_true(octets.len > 0);
		damage(&s, path, (enum damage)how, &octets);
		desk_set(r, DESK_OCSP, (struct desk){.act = ACT_HANG});
		stage_start(&s);
		a = stage_ask(&s, &world.leaf);
		if (a.reason != REVOCATION_NOT_ASKED || a.last != REVOCATION_UNKNOWN)
			fail_msg("damage %d: %s, last %d", how, revocation_reason_text(a.reason), (int)a.last);
		stage_end(&s);
		buf_free(&octets);
	}
	responder_stop(&r);
}

static void a_forged_list_of_the_cache_is_ignored(void **state)
{
	struct responder *r = responder_start(&world);
	struct buf crl = list_make(&world, &(struct list){.leaf = LISTED_REVOKED});
	struct buf forged = list_make(&world, &(struct list){.number = 99, .by_other_ca = true});
	unsigned char digest[32];
	char name[80], path[256];
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	s.source.ocsp = NULL;
	s.source.crl = s.crl;
	desk_set(r, DESK_CRL, (struct desk){.act = ACT_OCTETS, .octets = buf_bytes(&crl)});
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	revocation_stop(&s.room);
	EVP_Digest(world.ca.der.data, world.ca.der.len, digest, NULL, EVP_sha256(), NULL);
	hex_name(digest, name);
	snprintf(name + 64, sizeof name - 64, ".crl");
	path_of(&s, "cache", name, path);
	file_put(path, buf_bytes(&forged), BYTES_NONE);
	desk_set(r, DESK_CRL, (struct desk){.act = ACT_HANG});
	stage_start(&s);
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_NOT_ASKED);
	stage_end(&s);
	responder_stop(&r);
	buf_free(&crl);
	buf_free(&forged);
}

/* The evidence of an answer: a file of its name with octets of that digest, for its owner alone. */
static void evidence_holds(const struct stage *s, const struct revocation_answer *a)
{
	unsigned char digest[32];
	char name[65], path[256];
	struct buf octets;
	struct stat st;

	hex_name(a->evidence, name);
	path_of(s, "evidence", name, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	octets = file_get(path);
	EVP_Digest(octets.data, octets.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(digest, a->evidence, 32);
	buf_free(&octets);
}

static void every_answer_that_was_used_is_kept(void **state)
{
	struct responder *r = responder_start(&world);
	struct buf crl = list_make(&world, &(struct list){.leaf = LISTED_REVOKED});
	struct revocation_answer first, second, third;
	struct stat st;
	struct stage s;
	char path[256];

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s);
	first = stage_check(&s, &world.leaf);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = T0 + 1000}});
	second = stage_check(&s, &world.leaf);
	assert_memory_not_equal(first.evidence, second.evidence, 32);
	evidence_holds(&s, &first);
	evidence_holds(&s, &second);
	assert_int_equal(files_in(&s, "evidence"), 2);
	path_of(&s, "evidence", "", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	cache_path(&s, &world.leaf, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	stage_end(&s);

	stage_set(&s, &world, r->port);
	s.source.ocsp = NULL;
	s.source.crl = s.crl;
	desk_set(r, DESK_CRL, (struct desk){.act = ACT_OCTETS, .octets = buf_bytes(&crl)});
	stage_start(&s);
	third = stage_check(&s, &world.leaf);
	evidence_holds(&s, &third);
	stage_end(&s);
	responder_stop(&r);
	buf_free(&crl);
}

/* The path of the one file of the folder; false while there is none. */
static bool only_file(const struct stage *s, const char *folder, char out[256])
{
	char path[256];
	bool found = false;
	DIR *d;

	path_of(s, folder, "", path);
	d = opendir(path);
	assert_non_null(d);
	for (const struct dirent *f; (f = readdir(d));) {
		if (f->d_name[0] == '.')
			continue;
		found = true;
		snprintf(out, 256, "%s/%s/%.64s", s->folder, folder, f->d_name);
	}
	closedir(d);
	return found;
}

/* An answer that nobody got leaves no evidence behind when a newer one comes. Waiting here is bounded by ctest. */
static void an_answer_that_nobody_got_is_not_kept(void **state)
{
	struct responder *r = responder_start(&world);
	struct revocation_answer a;
	char first[256];
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s);
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_NOT_ASKED);
	while (!only_file(&s, "evidence", first))
		usleep(1000);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = T0 + 1000}});
	while (access(first, F_OK) == 0) {
		atomic_fetch_add(&clock_ms, 10 * MINUTE);
		usleep(1000);
		desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = test_now()}});
	}
	a = stage_check(&s, &world.leaf);
	assert_int_equal(a.verdict, REVOCATION_VALID);
	evidence_holds(&s, &a);
	stage_end(&s);
	responder_stop(&r);
}

static void age(const char *path, int64_t ms)
{
	struct timespec at[2] = {{.tv_sec = ms / 1000}, {.tv_sec = ms / 1000}};

	assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
}

static void old_evidence_goes_and_what_is_in_use_stays(void **state)
{
	struct responder *r = responder_start(&world);
	struct revocation_answer first, second;
	char old[256], used[256], name[65], unfinished[256], stranger[256], cached[256];
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s);
	first = stage_check(&s, &world.leaf);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = T0 + 1000}});
	second = stage_check(&s, &world.leaf);
	hex_name(first.evidence, name);
	path_of(&s, "evidence", name, old);
	hex_name(second.evidence, name);
	path_of(&s, "evidence", name, used);
	path_of(&s, "evidence", ".new-0000", unfinished);
	file_put(unfinished, BYTES_LIT("x"), BYTES_NONE);
	path_of(&s, "cache", "0000000000000000000000000000000000000000000000000000000000000001", stranger);
	file_put(stranger, BYTES_LIT("x"), BYTES_NONE);
	cache_path(&s, &world.leaf, cached);
	assert_int_equal(revocation_expire(s.room, T0 - 10 * DAY), 0); /* nothing is that old */
	age(used, T0 - 20 * DAY);
	age(unfinished, T0 - 20 * DAY);
	age(stranger, T0 - 20 * DAY);
	age(cached, T0 - 20 * DAY);
	assert_int_equal(revocation_expire(s.room, T0 - 10 * DAY), 2); /* the unfinished one and the stranger */
	assert_int_equal(access(used, F_OK), 0);
	assert_int_equal(access(cached, F_OK), 0);
	assert_int_equal(access(old, F_OK), 0);
	age(old, T0 - 20 * DAY);
	assert_int_equal(revocation_expire(s.room, T0 - 10 * DAY), 1);
	assert_int_not_equal(access(old, F_OK), 0);
	stage_end(&s);
	responder_stop(&r);
}

/* Once a day the room itself removes what is older than it was told to keep; the first time when it starts. */
static void the_room_removes_old_evidence_by_itself(void **state)
{
	struct responder *r = responder_start(&world);
	char old[256], young[256];
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s); /* makes the folders, and without evidence_days removes nothing */
	path_of(&s, "evidence", "0000000000000000000000000000000000000000000000000000000000000001", old);
	path_of(&s, "evidence", "0000000000000000000000000000000000000000000000000000000000000002", young);
	file_put(old, BYTES_LIT("x"), BYTES_NONE);
	file_put(young, BYTES_LIT("x"), BYTES_NONE);
	age(old, stamp_now().ms - 3 * DAY);
	age(young, stamp_now().ms - DAY);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_VALID);
	assert_int_equal(access(old, F_OK), 0);
	s.settings.evidence_days = 2;
	restart(&s);
	while (access(old, F_OK) == 0) /* ctest bounds the time */
		usleep(1000);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_VALID);
	assert_int_equal(access(young, F_OK), 0);
	stage_end(&s);
	responder_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_survive_a_restart),
		cmocka_unit_test(a_stale_answer_of_the_cache_is_the_last_word),
		cmocka_unit_test(a_broken_or_forged_file_is_ignored),
		cmocka_unit_test(a_forged_list_of_the_cache_is_ignored),
		cmocka_unit_test(every_answer_that_was_used_is_kept),
		cmocka_unit_test(an_answer_that_nobody_got_is_not_kept),
		cmocka_unit_test(old_evidence_goes_and_what_is_in_use_stays),
		cmocka_unit_test(the_room_removes_old_evidence_by_itself),
	};
	int failed;

	world_make(&world, KIND_EC);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_drop(&world);
	return failed;
}
