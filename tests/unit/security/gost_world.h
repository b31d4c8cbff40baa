/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gost_world - the world of the fixture with national keys, made on the spot. */
#ifndef QAQPA_TEST_SECURITY_GOST_WORLD_H
#define QAQPA_TEST_SECURITY_GOST_WORLD_H

#include "fixture.h"

#include "../national.h"

#define NATIONAL "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
#define METHOD_2015 METHOD_AS(NATIONAL "gostr34102015-gostr34112015-512")
#define METHOD_LEGACY METHOD_AS(MORE "gost34310-gost34311")
#define DIGEST_2015 DIGEST_AS(NATIONAL "gostr34112015-512")
#define DIGEST_OLD DIGEST_AS(MORE "gost34311")

/* SENDER 2015, SENDER_EC legacy, SENDER_EC384 another of 2015; ROGUE is nobody's. */
static const struct {
	const char *name;
	enum crypto_curve curve;
} gost_people[WHO_COUNT] = {{"department", CRYPTO_CURVE_512}, {"old", CRYPTO_CURVE_256}, {"second", CRYPTO_CURVE_512},
	{"rogue", CRYPTO_CURVE_512}};

static char gost_folder[] = "/tmp/qaqpa-gost-XXXXXX";
static const char *gost_pinned[3];

static inline char *gost_path(const char *name, const char *suffix)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s%s", gost_folder, name, suffix) > 0);
	return path;
}

static inline void gost_person(enum who who, const struct national *root)
{
	const char *cert = gost_path(gost_people[who].name, ".crt"), *key = gost_path(gost_people[who].name, ".key");
	char *subject;
	struct national n;
	struct err e = {0};

	assert_true(asprintf(&subject, "CN=%s|OU=BIN200440000015|C=KZ", gost_people[who].name) > 0);
	n = national_new(gost_people[who].curve, root, subject, "emailProtection");
	national_write(&n, cert, key);
	national_drop(&n);
	free(subject);
	world.conf_keys[who] = (struct conf_key){.name = gost_people[who].name, .certificate = cert, .key = key};
	if (who != ROGUE)
		gost_pinned[who] = cert;
	if (!trust_add_key(world.trust, &world.conf_keys[who], &e).ok)
		fail_msg("%s: %s", gost_people[who].name, e.detail);
	world.key[who] = trust_key_named(world.trust, gost_people[who].name);
}

static inline int gost_make(void **state)
{
	struct national root;
	struct err e = {0};

	(void)state;
	assert_non_null(mkdtemp(gost_folder));
	assert_true(clock_zone("Asia/Almaty"));
	envelope_init();
	assert_true(security_init(&e).ok);
	world.profile = open_profile();
	world.profile.legacy_gost = true;
	world.sender = (struct conf_participant){
		.name = "sender", .certificates = {gost_pinned, 3}, .profile = &world.profile};
	world.trust = trust_new();
	root = national_new(CRYPTO_CURVE_512, NULL, "CN=root|C=KZ", NULL);
	for (enum who who = 0; who < WHO_COUNT; who++)
		gost_person(who, &root);
	national_drop(&root);
	if (!trust_add_participant(world.trust, &world.sender, &e).ok)
		fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
	world_ski();
	world.now = stamp_at(world.key[SENDER]->not_after_ms - 86400000);
	return 0;
}

static inline int gost_drop(void **state)
{
	for (int i = 0; i < WHO_COUNT; i++) {
		unlink(world.conf_keys[i].certificate);
		unlink(world.conf_keys[i].key);
	}
	assert_int_equal(rmdir(gost_folder), 0);
	return world_drop(state);
}

#endif
