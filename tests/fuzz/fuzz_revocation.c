/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OCSP responses and revocation lists: there is no authority's key here, so an answer that counts carries the signature of a
 * seed. */
#include <string.h>

#include "fuzz.h"
#include "revocation/revocation.h"
#include "security/security.h"

#define SIGNATURE_OCTETS 64 /* the last ones of a seed lie in its signature, or in the responder's certificate behind it */
#define NONCE BYTES_NONE

static struct buf issuer = BUF(1 << 20), subject = BUF(1 << 20), seeds[3];
static const char *const names[] = {"revocation/ocsp", "revocation/crl", "revocation/delta"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok);
	fuzz_read(fuzz_seed_path("der/issuing"), &issuer);
	fuzz_read(fuzz_seed_path("der/department"), &subject);
	for (size_t i = 0; i < 3; i++) {
		seeds[i] = BUF(1 << 20);
		fuzz_read(fuzz_seed_path(names[i]), &seeds[i]);
	}
	return 0;
}

static bool holds_signature(struct bytes octets)
{
	for (size_t i = 0; i < 3; i++) {
		if (memmem(octets.p, octets.n, seeds[i].data + seeds[i].len - SIGNATURE_OCTETS, SIGNATURE_OCTETS))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct revocation_source source = {.issuer = buf_bytes(&issuer), .ocsp = "http://ocsp/", .sha256 = true,
		.crl = "http://crl/", .delta = "http://delta/"};
	struct bytes octets = {data, size};
	struct revocation_answer answer[3];
	int64_t now = stamp_now().ms;

	revocation_judge_ocsp(&source, buf_bytes(&subject), octets, NONCE, now, 300000, &answer[0]);
	revocation_judge_crl(&source, buf_bytes(&subject), octets, BYTES_NONE, now, 300000, &answer[1]);
	revocation_judge_crl(&source, buf_bytes(&subject), buf_bytes(&seeds[1]), octets, now, 300000, &answer[2]);
	for (int i = 0; i < 2; i++) {
		if (answer[i].verdict != REVOCATION_UNKNOWN)
			FUZZ_ASSERT(holds_signature(octets));
	}
	FUZZ_ASSERT(answer[2].verdict != REVOCATION_INVALID); /* neither list names the certificate */
	return 0;
}
