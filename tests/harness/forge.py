# SPDX-License-Identifier: GPL-3.0-or-later
"""Forgeries: signatures that are valid over what they should not be, and certificates that should not be trusted."""
import re
import subprocess
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import soap, wss


class Forger(wss.Signer):
    """A signer that goes on signing correctly after the test has bent its work.

    `shape` changes the text of the Security header once SignedInfo is made, before it is signed; `octets` gives what is
    digested for an element; `make_value` gives the octets of SignatureValue for those of SignedInfo."""

    def __init__(self, identity, shape=None, octets=None, make_value=None, **options):
        super().__init__(identity, **options)
        self.shape, self.octets, self.make_value = shape, octets, make_value

    def header(self, info, value):
        text = super().header(info, value)
        return self.shape(text) if self.shape and info else text

    def digested(self, element):
        return self.octets(element) if self.octets else super().digested(element)

    def value(self, octets):
        return self.make_value(octets) if self.make_value else super().value(octets)


def signed(identity, text=None, **options):
    """A signed message as text; without `text` a good request."""
    return Forger(identity, **options).sign(text or soap.envelope(soap.request()))


def swap(text, old, new):
    """Replaces what must be there once."""
    assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
    return text.replace(old, new)


def swapper(old, new):
    return lambda text: swap(text, old, new)


def reshape(pattern, new, text):
    """Replaces the only match of a pattern by a text or a function."""
    made, count = re.subn(pattern, new if callable(new) else lambda _: new, text, flags=re.S)
    assert count == 1, f"{count} times {pattern!r}"
    return made


def element(text, name):
    """The only element of that qualified name, as it is spelled."""
    found = re.findall(rf"<{name}[ >].*</{name}>", text, re.S)
    assert len(found) == 1, f"{len(found)} times {name}"
    return found[0]


class Made:
    """An identity that exists in memory only; what wss wants of one."""

    def __init__(self, der, key):
        self.der, self.key = der, key

    @property
    def certificate(self):
        return x509.load_der_x509_certificate(self.der)


def name(common="Branch system", unit=None, **more):
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common), x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ")]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    parts += [x509.NameAttribute(getattr(NameOID, k.upper()), v) for k, v in more.items()]
    return x509.Name(parts)


SIGNING = ("digital_signature", "content_commitment")
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def issue(issuer, key, subject, issuer_name=None, days=(-1, 300), usage=SIGNING,
          purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,), authority=False, serial=None, extensions=()):
    """A certificate for `key`, signed by `issuer`, in the profile of the test PKI unless told otherwise."""
    now = datetime.now(timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name or issuer.certificate.subject)
               .public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
               .not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
               .add_extension(x509.BasicConstraints(authority, None), True)
               .add_extension(x509.KeyUsage(**{u: u in usage for u in USAGES}), True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False))
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    return Made(certificate.public_bytes(serialization.Encoding.DER), key)


def again(identity, issuer, **more):
    """The certificate of somebody once more: the same subject and purposes, of a fresh key, from that issuer."""
    was = identity.certificate
    purposes = list(was.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    return issue(issuer, ec.generate_private_key(ec.SECP256R1()), was.subject, purposes=purposes, **more)


SHA256_RSA = bytes.fromhex("2a864886f70d01010b")
SEALS = {"md5": (bytes.fromhex("2a864886f70d010104"), hashes.MD5()),
         "sha1": (bytes.fromhex("2a864886f70d010105"), hashes.SHA1()),
         "sha256": (SHA256_RSA, hashes.SHA256())}


def reseal(made, issuer, digest="sha256", old=b"", new=b""):
    """The certificate with `new` for `old` (of one length) inside, sealed again by the issuer, maybe weakly."""
    oid, algorithm = SEALS[digest]
    assert len(old) == len(new) and made.der.count(old) or not old
    tbs = made.certificate.tbs_certificate_bytes
    bent = tbs.replace(SHA256_RSA, oid).replace(old, new)
    value = issuer.key.sign(bent, padding.PKCS1v15(), algorithm)
    assert len(value) == len(made.certificate.signature)
    der = made.der.replace(tbs, bent).replace(SHA256_RSA, oid).replace(made.certificate.signature, value)
    return Made(der, made.key)


def issue_explicit_curve(pki, folder, unit):
    """A certificate whose curve is written out as parameters; the key is the same under the curve's name."""
    key, named, der = (folder / n for n in ("explicit.key", "named.key", "explicit.der"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-pkeyopt", "ec_param_enc:explicit", "-noenc", "-keyout", key,
                    "-CA", pki.path("issuing.crt"), "-CAkey", pki.path("issuing.key"), "-days", "30",
                    "-subj", f"/CN=Branch system/C=KZ/OU={unit}", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-addext", "keyUsage=critical,digitalSignature", "-outform", "DER", "-out", der], check=True,
                   stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "ec", "-in", key, "-param_enc", "named_curve", "-out", named], check=True,
                   stderr=subprocess.DEVNULL)
    return Made(der.read_bytes(), serialization.load_pem_private_key(named.read_bytes(), None))
