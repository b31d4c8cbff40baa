/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time-stamp responses and tokens: there is no authority's key here, so one that counts stamps what a seed stamps. */
#include <string.h>

#include "fuzz.h"
#include "security/security.h"
#include "timestamp/timestamp.h"

static const char *authorities[2];
static struct timestamp_token seed;
static struct buf token = BUF(1 << 20);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok);
	authorities[0] = fuzz_seed_path("pki/root.crt");
	authorities[1] = fuzz_seed_path("pki/issuing.crt");
	fuzz_read(fuzz_seed_path("timestamp/token"), &token);
	FUZZ_ASSERT(timestamp_verify(buf_bytes(&token), BYTES_NONE, authorities, 2, &seed, &e).ok);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(buf_free) struct buf out = BUF(1 << 20);
	struct bytes octets = {data, size};
	struct timestamp_token says;
	struct err e;

	if (timestamp_verify(octets, BYTES_NONE, authorities, 2, &says, &e).ok)
		FUZZ_ASSERT(says.at_ms == seed.at_ms && bytes_eq(says.imprint, seed.imprint));
	FUZZ_ASSERT(!timestamp_response(octets, TIMESTAMP_SHA256, seed.imprint, NULL, BYTES_LIT("12345678"), authorities, 2,
		&out, &e).ok); /* nobody has stamped this nonce */
	return 0;
}
