/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_algorithms - the digest and signature algorithms of XML signatures, as rows.
 * Promise:  an algorithm is in use nowhere unless it has a row here.
 * Not here: which of them a participant may use (its profile). */
#include "trust/trust.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define NATIONAL "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"

static const struct digest_row digests[DIGEST_COUNT] = {
	[DIGEST_SHA256] = {"sha256", "http://www.w3.org/2001/04/xmlenc#sha256", NULL, 32, LEGACY_NONE},
	[DIGEST_SHA384] = {"sha384", MORE "sha384", NULL, 48, LEGACY_NONE},
	[DIGEST_SHA512] = {"sha512", "http://www.w3.org/2001/04/xmlenc#sha512", NULL, 64, LEGACY_NONE},
	/* Signers of the bus write the second spelling, which no specification has. */
	[DIGEST_SHA1] = {"sha1", "http://www.w3.org/2000/09/xmldsig#sha1", MORE "sha1", 20, LEGACY_SHA1},
	[DIGEST_GOST_2015] = {"gost-2015", NATIONAL "gostr34112015-512", NULL, 64, LEGACY_NONE},
	[DIGEST_GOST_LEGACY] = {"gost-legacy", MORE "gost34311", NULL, 32, LEGACY_GOST},
};

static const struct signature_row signatures[SIGNATURE_COUNT] = {
	[SIGNATURE_RSA_SHA256] = {"rsa-sha256", MORE "rsa-sha256", NULL, DIGEST_SHA256, KEY_RSA, LEGACY_NONE},
	[SIGNATURE_RSA_SHA384] = {"rsa-sha384", MORE "rsa-sha384", NULL, DIGEST_SHA384, KEY_RSA, LEGACY_NONE},
	[SIGNATURE_RSA_SHA512] = {"rsa-sha512", MORE "rsa-sha512", NULL, DIGEST_SHA512, KEY_RSA, LEGACY_NONE},
	[SIGNATURE_ECDSA_SHA256] = {"ecdsa-sha256", MORE "ecdsa-sha256", NULL, DIGEST_SHA256, KEY_EC, LEGACY_NONE},
	[SIGNATURE_ECDSA_SHA384] = {"ecdsa-sha384", MORE "ecdsa-sha384", NULL, DIGEST_SHA384, KEY_EC, LEGACY_NONE},
	[SIGNATURE_RSA_SHA1] = {"rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", MORE "rsa-sha1",
		DIGEST_SHA1, KEY_RSA, LEGACY_SHA1},
	[SIGNATURE_GOST_2015] = {"gost-2015", NATIONAL "gostr34102015-gostr34112015-512", NULL, DIGEST_GOST_2015,
		KEY_GOST, LEGACY_NONE},
	[SIGNATURE_GOST_LEGACY] = {"gost-legacy", MORE "gost34310-gost34311", NULL, DIGEST_GOST_LEGACY,
		KEY_GOST_LEGACY, LEGACY_GOST},
};

const struct digest_row *digest_row(enum digest d)
{
	BUG_IF(d >= DIGEST_COUNT);
	return &digests[d];
}

const struct signature_row *signature_row(enum signature s)
{
	BUG_IF(s >= SIGNATURE_COUNT);
	return &signatures[s];
}

static bool is_either(const char *uri, const char *usual, const char *other)
{
	return strcmp(uri, usual) == 0 || (other && strcmp(uri, other) == 0);
}

enum digest digest_by_uri(const char *uri)
{
	enum digest d = 0;

	while (d < DIGEST_COUNT && !is_either(uri, digests[d].uri, digests[d].other_uri))
		d++;
	return d;
}

enum signature signature_by_uri(const char *uri)
{
	enum signature s = 0;

	while (s < SIGNATURE_COUNT && !is_either(uri, signatures[s].uri, signatures[s].other_uri))
		s++;
	return s;
}

enum signature signature_by_name(const char *name)
{
	enum signature s = 0;

	while (s < SIGNATURE_COUNT && strcmp(name, signatures[s].name) != 0)
		s++;
	return s;
}
