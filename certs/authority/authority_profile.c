/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_profile - the extensions of each kind of certificate, as OpenSSL's own text.
 * Spec:     the certificate profile of the National Certification Authority, as its certificates show it. */
#include "authority.h"

#define KEYS "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
#define PLACES \
	"crlDistributionPoints = URI:${url}/crl/${issuer}.crl\n" \
	"freshestCRL = URI:${url}/crl/${issuer}_d.crl\n" \
	"authorityInfoAccess = OCSP;URI:${url}/ocsp, caIssuers;URI:${url}/ca/${issuer}.crt\n"
#define STORAGE "1.2.398.3.3.5 = ASN1:SEQUENCE:storage\n"

static const char sections[] =
	"[storage]\n" /* the key came in a file */
	"kind = OID:1.2.398.3.3.5.1.1\n"
	"[root]\n"
	"basicConstraints = critical, CA:TRUE\n"
	"keyUsage = critical, keyCertSign, cRLSign\n"
	"certificatePolicies = 1.2.398.3.1.2\n"
	"subjectKeyIdentifier = hash\n"
	"[issuing]\n"
	"basicConstraints = critical, CA:TRUE\n"
	"keyUsage = critical, keyCertSign, cRLSign\n"
	"certificatePolicies = 1.2.398.3.3.2\n"
	PLACES KEYS
	"[organisation]\n"
	"certificatePolicies = ${organisation}\n"
	"keyUsage = critical, ${usage}\n"
	"extendedKeyUsage = ${purposes}\n"
	PLACES KEYS STORAGE
	"[person]\n"
	"certificatePolicies = ${person}\n"
	"keyUsage = critical, ${usage}\n"
	"extendedKeyUsage = ${purposes}\n"
	PLACES KEYS STORAGE
	"[authentication]\n"
	"certificatePolicies = 1.2.398.3.3.2.2\n"
	"keyUsage = critical, digitalSignature, keyEncipherment\n"
	"extendedKeyUsage = ${purposes}\n"
	PLACES KEYS STORAGE
	"[no-signing]\n"
	"certificatePolicies = ${organisation}\n"
	"keyUsage = critical, keyEncipherment\n"
	"extendedKeyUsage = ${purposes}\n"
	PLACES KEYS STORAGE
	"[ocsp]\n"
	"keyUsage = digitalSignature\n"
	"noCheck = ignored\n"
	"extendedKeyUsage = OCSPSigning\n"
	KEYS STORAGE
	"[tsa]\n"
	"certificatePolicies = 1.2.398.3.3.2\n"
	"keyUsage = critical, digitalSignature, nonRepudiation\n"
	"extendedKeyUsage = critical, timeStamping\n"
	PLACES KEYS
	"[tls]\n"
	"certificatePolicies = 1.2.398.3.3.2.5\n"
	"keyUsage = critical, digitalSignature, keyEncipherment\n"
	"extendedKeyUsage = ${purposes}\n"
	"subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1\n"
	KEYS;

/* An attacker copies the places too: he cannot serve under the true ones. */
static const char *place_of(const struct entity *who)
{
	return strcmp(who->issuer, "attacker-ca") == 0 ? "issuing" : who->issuer;
}

void authority_profile(struct buf *out, const struct entity *who, enum authority_algorithm a, const char *url)
{
	bool national = who->key == KEY_GOST_2004 || (who->key == KEY_ASKED && a == ALGORITHM_GOST);

	buf_printf(out, "url = %s\nissuer = %s\npurposes = %s\n", url, place_of(who), who->purposes);
	/* One national key serves for signing and for authentication; the others had a policy for each. */
	buf_str(out, national ?
		"usage = digitalSignature, nonRepudiation, keyAgreement\n"
		"organisation = 1.2.398.3.3.2\n"
		"person = 1.2.398.3.3.2\n" :
		"usage = digitalSignature, nonRepudiation\n"
		"organisation = 1.2.398.3.3.2.1\n"
		"person = 1.2.398.3.3.2.3\n");
	buf_str(out, sections);
}
