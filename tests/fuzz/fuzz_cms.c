/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CMS: there is no private key here, so one that is taken is over what a seed is over, whether it brings the content or
 * covers what is named to it. */
#include "fuzz_trust.h"
#include "trust/trust_cms.h"

#define CONTENT "what was signed\n" /* of every seed: seeds.py */

static struct trust *trust;

static bool verify(struct pool *pool, struct bytes cms, const struct bytes *covered, size_t n, struct trust_cms *out)
{
	struct err e = {0};
	bool right = trust_cms_verify(trust, pool, cms, covered, n, stamp_now().ms, out, &e).ok;

	FUZZ_ASSERT(right || (e.reason != REASON_NONE && e.reason != REASON_INTERNAL));
	return right;
}

/* Else nothing would be found. */
static void must_verify(const char *path)
{
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	SCOPED(buf_free) struct buf cms = BUF(1 << 20);
	const struct bytes content = BYTES_LIT(CONTENT);
	struct trust_cms says;
	bool right;

	fuzz_read(path, &cms);
	right = verify(pool, buf_bytes(&cms), &content, strstr(path, "/signed-attached") ? 0 : 1, &says);
	if (!right)
		fprintf(stderr, "%s is refused\n", path);
	FUZZ_ASSERT(right);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	trust = fuzz_trust();
	fuzz_each_seed("cms", "signed", must_verify);
	return 0;
}

static void check_signers(const struct trust_cms *says)
{
	FUZZ_ASSERT(says->n >= 1 && says->n <= TRUST_CMS_SIGNERS && bytes_is(says->content, CONTENT));
	for (size_t i = 0; i < says->n; i++)
		FUZZ_ASSERT(says->signer[i].certificate && says->signer[i].value.n && says->signer[i].signature < SIGNATURE_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes spellings[] = {BYTES_LIT("what was signed\r\n"), BYTES_LIT(CONTENT)};
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	struct bytes cms = {data, size};
	struct trust_cms says;

	if (verify(pool, cms, NULL, 0, &says))
		check_signers(&says);
	if (verify(pool, cms, spellings, 2, &says))
		check_signers(&says);
	FUZZ_ASSERT(!verify(pool, cms, spellings, 1, &says)); /* nobody has signed that one */
	return 0;
}
