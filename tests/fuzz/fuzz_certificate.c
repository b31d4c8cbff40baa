/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate: read whole or refused, and its subject is that of the profile or nothing. */
#include <string.h>

#include "fuzz.h"
#include "security/security.h"
#include "trust/certificate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok); /* national algorithms too */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	struct cert_view v;
	struct err e = {0};

	if (!cert_view_read(pool, (struct bytes){data, size}, &v, &e).ok) {
		FUZZ_ASSERT(e.reason != REASON_NONE);
		return 0;
	}
	FUZZ_ASSERT(strlen(v.print) == 64 && strlen(v.sha1) == 40 && v.subject && v.issuer && v.serial && v.key);
	return 0;
}
