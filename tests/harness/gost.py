# SPDX-License-Identifier: GPL-3.0-or-later
"""A second opinion on national signatures: gost-engine, which shares no code with us. It knows the same curves and digests
under other identifiers, and writes a signature in the opposite order."""
import re
import subprocess
import tempfile
from pathlib import Path

from . import der

# key: (key, curve and digest in the other identifiers, octets of a number)
KINDS = {
    "1.2.398.3.10.1.1.2.2": ("1.2.643.7.1.1.1.2", "1.2.643.7.1.2.1.2.1", "1.2.643.7.1.1.2.3", 64),
    "1.2.398.3.10.1.1.1.1": ("1.2.643.2.2.19", "1.2.643.2.2.35.1", "1.2.643.2.2.30.1", 32),
}
SIGNATURES = {"1.2.398.3.10.1.1.2.3.2": "1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.1.1.2": "1.2.398.3.10.1.1.1.1"}
PARAMETERS = {
    "1.2.398.3.10.1.1.2.2": ["1.2.398.3.10.1.1.2.2.1", "1.2.398.3.10.1.3.3"],
    "1.2.398.3.10.1.1.1.1": ["1.2.398.3.10.1.1.1.1.1", "1.2.398.3.10.1.3.1.1.0"],
}


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=False)


def there():
    return openssl("engine", "gost").returncode == 0 and subprocess.run(["which", "gostsum"], capture_output=True,
                                                                         check=False).returncode == 0


def algorithm(kind):
    key, curve, digest, _ = KINDS[kind]
    return der.tlv(der.SEQUENCE, der.oid(key), der.tlv(der.SEQUENCE, der.oid(curve), der.oid(digest)))


def spki_of(certificate):
    """SubjectPublicKeyInfo out of a certificate in DER."""
    tbs = der.Node(certificate)[0].children()
    return tbs[6 if tbs[0].tag == 0xA0 else 5]


def kind_of(spki):
    kind = spki[0][0].oid()
    assert [n.oid() for n in spki[0][1].children()] == PARAMETERS[kind]
    return kind


def digest(kind, octets):
    if KINDS[kind][3] == 64:
        return openssl("dgst", "-engine", "gost", "-md_gost12_512", "-binary", given=octets).stdout
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        said = subprocess.run(["gostsum", "-t", file.name], capture_output=True, check=True).stdout.decode()
    # gostsum prints the number, highest octet first; in memory it stands the other way round.
    return bytes.fromhex(re.match(r"([0-9a-f]{64})", said)[1])[::-1]


def verifies(spki, signature_oid, octets, signature):
    """True when the key made this signature (r then s, little-endian) over the octets."""
    kind = kind_of(spki)
    if SIGNATURES[signature_oid] != kind or len(signature) != 2 * KINDS[kind][3]:
        return False
    other = der.tlv(der.SEQUENCE, algorithm(kind), spki[1].raw)
    with tempfile.TemporaryDirectory() as folder:
        public, hashed, value = (Path(folder) / name for name in ("public", "digest", "value"))
        public.write_bytes(other)
        hashed.write_bytes(digest(kind, octets))
        value.write_bytes(signature[::-1])
        done = openssl("pkeyutl", "-engine", "gost", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-in", hashed,
                       "-sigfile", value)
    return b"Verified Successfully" in done.stdout


def other_key(pkcs8):
    """Kind of a private key (PKCS#8, DER), and the same key under the other identifiers."""
    node = der.Node(pkcs8)
    kind = node[1][0].oid()
    secret = node[2].inside()
    number = int.from_bytes(secret.value, "little" if secret.tag == der.OCTET_STRING else "big")
    return kind, der.tlv(der.SEQUENCE, der.integer(0), algorithm(kind),
                         der.tlv(der.OCTET_STRING, der.tlv(der.OCTET_STRING, number.to_bytes(KINDS[kind][3], "little"))))


def public_of(pkcs8):
    """The point that belongs to a private key (PKCS#8, DER): x then y, little-endian."""
    _, other = other_key(pkcs8)
    with tempfile.NamedTemporaryFile() as file:
        file.write(other)
        file.flush()
        done = openssl("pkey", "-engine", "gost", "-inform", "DER", "-in", file.name, "-pubout", "-outform", "DER")
    return der.Node(done.stdout)[1].inside().value


class Hash2015:
    """As hashlib's: made with octets, asked for its digest."""

    kind = "1.2.398.3.10.1.1.2.2"

    def __init__(self, octets):
        self.octets = octets

    def digest(self):
        return digest(self.kind, self.octets)


class Hash2004(Hash2015):
    kind = "1.2.398.3.10.1.1.1.1"


class PublicKey:
    """Of a certificate in DER."""

    def __init__(self, certificate):
        self.spki = spki_of(certificate)

    def verifies(self, octets, value):
        pair = {key: pair for pair, key in SIGNATURES.items()}[kind_of(self.spki)]
        return verifies(self.spki, pair, octets, value)


class Key:
    """A private key (PKCS#8 in DER) that gost-engine signs with."""

    def __init__(self, pkcs8):
        self.kind, self.other = other_key(pkcs8)
        self.algorithm = {64: "gost-2015", 32: "gost-legacy"}[KINDS[self.kind][3]]

    def sign(self, octets):
        """r then s, little-endian: what gost-engine writes, back to front."""
        with tempfile.TemporaryDirectory() as folder:
            secret, hashed, value = (Path(folder) / name for name in ("secret", "digest", "value"))
            secret.write_bytes(self.other)
            hashed.write_bytes(digest(self.kind, octets))
            done = openssl("pkeyutl", "-engine", "gost", "-sign", "-keyform", "DER", "-inkey", secret, "-in", hashed, "-out", value)
            assert done.returncode == 0, done.stderr.decode()
            return value.read_bytes()[::-1]
