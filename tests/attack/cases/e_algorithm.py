# SPDX-License-Identifier: GPL-3.0-or-later
"""Algorithms that prove nothing, and signature values that are not what they should be."""
import base64
import hashlib
import hmac
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from attack.outcomes import ALGORITHM, CERTIFICATE, SIGNATURE, UNSIGNED
from attack.table import passing, refused
from harness import soap, wss
from harness.forge import element, reshape, swap, swapper

CLASS = "E  algorithms and values"

LENGTH = "<ds:HMACOutputLength>%d</ds:HMACOutputLength>"
VALUE = "(?<=<ds:SignatureValue>).*(?=</ds:SignatureValue>)"
DIGEST = "(?<=<ds:DigestValue>).*(?=</ds:DigestValue>)"
METHOD = re.compile(r'<ds:SignatureMethod Algorithm="[^"]*"/>')


def method(uri, inside=""):
    text = f'<ds:SignatureMethod Algorithm="{uri}">{inside}</ds:SignatureMethod>'
    return lambda header: METHOD.sub(text, header, count=1)


def public_key(w, encoding):
    return w.me.key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def keyed(encoding):
    """A hash keyed with what everybody knows."""
    def build(w):
        return w.signed(shape=method(wss.MORE + "hmac-sha256"),
                        make_value=lambda octets: hmac.digest(public_key(w, encoding), octets, "sha256"))
    return build


def truncated_hash(w):
    return w.signed(shape=method(soap.DS + "hmac-sha1", LENGTH % 8),
                    make_value=lambda octets: hmac.digest(b"", octets, "sha1")[:1])


def hash_of_no_bits(w):
    return w.signed(shape=method(wss.MORE + "hmac-sha256", LENGTH % 0), make_value=lambda _: b"")


def rsa_md5(w):
    return w.signed(shape=method(wss.MORE + "rsa-md5"),
                    make_value=lambda octets: w.me.key.sign(octets, padding.PKCS1v15(), hashes.MD5()))


def method_with_parameters(w):
    return w.signed(shape=method(wss.MORE + "rsa-sha256", LENGTH % 8))


def plus_modulus(w):
    """The same number modulo n, one octet longer."""
    n = w.me.key.public_key().public_numbers().n
    size = (n.bit_length() + 7) // 8 + 1

    def value(octets):
        return (int.from_bytes(wss.raw_sign(w.me.key, "rsa-sha256", octets), "big") + n).to_bytes(size, "big")
    return w.signed(make_value=value)


def ecdsa_value(octets):
    def build(w):
        w.needs("ec")
        return w.signed(identity=w.pki["department-ec"], make_value=lambda _: octets)
    return build


def value_text(change):
    return lambda w: reshape(VALUE, lambda m: change(m.group()), w.signed())


def digest_text(make):
    """The Body is changed after signing; DigestValue is made of the digest of the new Body and the old text."""
    def build(w):
        text = swap(w.signed(), "<p:number>1<", "<p:number>666<")
        digest = hashlib.sha256(wss.canonical(wss.parse(text).find(f"{{{soap.SOAP}}}Body"))).digest()
        return reshape(DIGEST, lambda m: make(base64.b64encode(digest).decode(), m.group()), text)
    return build


class Forged:
    """A signed message whose Body was changed, and the SignedInfo that would fit it."""

    def __init__(self, w):
        genuine = w.signed()
        self.signed_info = element(genuine, "ds:SignedInfo")
        self.text = digest_text(lambda new, _old: new)(w)
        self.forged_info = element(self.text, "ds:SignedInfo")


def two_signed_infos(w):
    f = Forged(w)
    return swap(f.text, "<ds:SignatureValue>", f.signed_info + "<ds:SignatureValue>")


def signed_info_in_object(w):
    f = Forged(w)
    return swap(f.text, "</ds:Signature>", f"<ds:Object>{f.signed_info}</ds:Object></ds:Signature>")


def signed_info_in_key_info(w):
    f = Forged(w)
    return swap(f.text, "<ds:KeyInfo>", f"<ds:KeyInfo>{f.signed_info}")


def two_values(w):
    return swap(w.signed(), "<ds:SignatureValue>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>")


def element_in_value(w):
    return swap(w.signed(), "</ds:SignatureValue>", "<x/></ds:SignatureValue>")


def keyed_with_certificate(w):
    return w.signed(shape=method(wss.MORE + "hmac-sha256"), make_value=lambda octets: hmac.digest(w.me.der, octets, "sha256"))


def number_as_value(make):
    """A number that means something to RSA, as long as the modulus."""
    def build(w):
        n = w.me.key.public_key().public_numbers().n
        return w.signed(make_value=lambda _: make(n).to_bytes((n.bit_length() + 7) // 8, "big"))
    return build


def padded_by_hand(w):
    """The padding without the name of the digest, as careless verifiers take it."""
    n, d = w.me.key.public_key().public_numbers().n, w.me.key.private_numbers().d

    def value(octets):
        digest = hashlib.sha256(octets).digest()
        size = (n.bit_length() + 7) // 8
        block = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
        return pow(int.from_bytes(block, "big"), d, n).to_bytes(size, "big")
    return w.signed(make_value=value)


def other_padding(w):
    """RSA-PSS under the name of PKCS #1."""
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return w.signed(make_value=lambda octets: w.me.key.sign(octets, pss, hashes.SHA256()))


def in_der(w):
    """The two numbers as X.509 writes them."""
    w.needs("ec")
    me = w.pki["department-ec"]
    return w.signed(identity=me, make_value=lambda octets: me.key.sign(octets, ec.ECDSA(hashes.SHA256())))


METHODS = {
    "DSA": soap.DS + "dsa-sha1", "RSA with RIPEMD": wss.MORE + "rsa-ripemd160", "RSA with SHA-224": wss.MORE + "rsa-sha224",
    "RSA-PSS": "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "ECDSA with SHA-1": wss.MORE + "ecdsa-sha1",
    "Ed25519": "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", "a digest alone": wss.DIGESTS["sha256"][0],
    "empty": "", "a fragment": "#rsa-sha256", "over https": wss.MORE.replace("http:", "https:") + "rsa-sha256"}
DIGESTS = {"unknown": "urn:none", "empty": "", "RIPEMD": "http://www.w3.org/2001/04/xmlenc#ripemd160",
           "SHA-224": wss.MORE + "sha224", "that of a signature": wss.MORE + "rsa-sha256"}
CASES = {
    "the hash is keyed with the public key as text": (
        keyed(serialization.Encoding.PEM), ALGORITHM, "security.algorithm"),
    "the hash is keyed with the public key as octets": (
        keyed(serialization.Encoding.DER), ALGORITHM, "security.algorithm"),
    "the hash is keyed with the sender's certificate": (keyed_with_certificate, ALGORITHM, "security.algorithm"),
    "the hash is keyed with nothing": (
        lambda w: w.signed(shape=method(soap.DS + "hmac-sha1"), make_value=lambda octets: hmac.digest(b"", octets, "sha1")),
        ALGORITHM, "security.algorithm"),
    **{f"the algorithm is {name}": (lambda w, uri=uri: w.signed(shape=method(uri)), ALGORITHM, "security.algorithm")
       for name, uri in METHODS.items()},
    **{f"the digest algorithm is {name}": (
        lambda w, uri=uri: w.signed(shape=swapper(wss.DIGESTS["sha256"][0], uri)), ALGORITHM, "security.algorithm")
       for name, uri in DIGESTS.items()},
    "the digest algorithm has parameters": (
        lambda w: w.signed(shape=lambda t: reshape('(?<=#sha256")/>', "><x/></ds:DigestMethod>", t)),
        UNSIGNED, "security.signature-shape"),
    "a keyed hash is cut to eight bits": (truncated_hash, ALGORITHM, "security.algorithm"),
    "a keyed hash is cut to nothing": (hash_of_no_bits, ALGORITHM, "security.algorithm"),
    "the signature is made with MD5": (rsa_md5, ALGORITHM, "security.algorithm"),
    "the signature is made with SHA-1": (lambda w: w.signed(algorithm="rsa-sha1"), ALGORITHM, "security.algorithm"),
    "the digest of the Body is made with SHA-1": (lambda w: w.signed(digest="sha1"), ALGORITHM, "security.algorithm"),
    "the algorithm is unknown": (lambda w: w.signed(shape=method("urn:none")), ALGORITHM, "security.algorithm"),
    "the algorithm is absent": (
        lambda w: w.signed(shape=lambda t: METHOD.sub("<ds:SignatureMethod/>", t)), ALGORITHM, "security.algorithm"),
    "a blank stands behind the algorithm": (
        lambda w: w.signed(shape=method(wss.MORE + "rsa-sha256 ")), ALGORITHM, "security.algorithm"),
    "the algorithm is spelled in other case": (
        lambda w: w.signed(shape=method(wss.MORE + "RSA-SHA256")), ALGORITHM, "security.algorithm"),
    "the algorithm has parameters": (method_with_parameters, UNSIGNED, "security.signature-shape"),
    "the algorithm is for another kind of key": (
        lambda w: w.signed(shape=method(wss.MORE + "ecdsa-sha256")), SIGNATURE, "signature.value-wrong"),
    "the digest algorithm is MD5": (
        lambda w: w.signed(shape=swapper(wss.DIGESTS["sha256"][0], wss.MORE + "md5")), ALGORITHM, "security.algorithm"),
    "the modulus was added to the signature value": (plus_modulus, SIGNATURE, "signature.value-wrong"),
    **{f"the signature value is the number {name}": (number_as_value(make), SIGNATURE, "signature.value-wrong")
       for name, make in {"0": lambda n: 0, "1": lambda n: 1, "n - 1": lambda n: n - 1, "n": lambda n: n}.items()},
    "the padding of the signature is made by hand": (padded_by_hand, SIGNATURE, "signature.value-wrong"),
    "the padding of the signature is another": (other_padding, SIGNATURE, "signature.value-wrong"),
    "the two numbers of the signature are in DER": (in_der, SIGNATURE, "signature.value-wrong"),
    "the two numbers of the signature are one of an odd length": (
        ecdsa_value(b"\1" * 63), SIGNATURE, "signature.value-wrong"),
    "the two numbers of the signature are zero": (ecdsa_value(bytes(64)), SIGNATURE, "signature.value-wrong"),
    "the two numbers of the signature are missing": (ecdsa_value(b""), SIGNATURE, "signature.value-wrong"),
    "the first number of the signature is zero": (
        ecdsa_value(bytes(32) + b"\1" * 32), SIGNATURE, "signature.value-wrong"),
    "the two numbers of the signature are too long": (ecdsa_value(b"\1" * 640), SIGNATURE, "signature.value-wrong"),
    "the digest of the new Body stands in a comment": (
        digest_text(lambda new, old: f"<!--{new}-->{old}"), UNSIGNED, "security.signature-shape"),
    "a comment splits the digest": (
        digest_text(lambda new, old: f"{new}<!---->{old}"), UNSIGNED, "security.signature-shape"),
    "the digest is empty": (digest_text(lambda _new, _old: ""), SIGNATURE, "signature.digest-mismatch"),
    "octets stand behind the digest": (
        digest_text(lambda new, _old: base64.b64encode(base64.b64decode(new) + b"more").decode()),
        SIGNATURE, "signature.digest-mismatch"),
    "the digest is cut": (
        digest_text(lambda new, _old: base64.b64encode(base64.b64decode(new)[:16]).decode()),
        SIGNATURE, "signature.digest-mismatch"),
    "the digest is given twice": (
        digest_text(lambda new, old: f"{new}</ds:DigestValue><ds:DigestValue>{old}"),
        UNSIGNED, "security.signature-shape"),
    "a forged SignedInfo stands before the signed one": (two_signed_infos, UNSIGNED, "security.signature-shape"),
    "the signed SignedInfo is hidden in an Object": (signed_info_in_object, UNSIGNED, "security.signature-shape"),
    "the signed SignedInfo is hidden in KeyInfo": (signed_info_in_key_info, CERTIFICATE, "security.token-several"),
    "there are two signature values": (two_values, UNSIGNED, "security.signature-shape"),
    "an element stands in the signature value": (element_in_value, UNSIGNED, "security.signature-shape"),
    "the signature value is strewn with other characters": (
        value_text(lambda v: "!".join(v[i:i + 8] for i in range(0, len(v), 8))), SIGNATURE, "signature.value-wrong"),
    "the signature value is in the alphabet of addresses": (
        value_text(lambda v: v.replace("+", "-").replace("/", "_").replace("=", "")),
        SIGNATURE, "signature.value-wrong"),
    "octets stand behind the signature value": (
        value_text(lambda v: base64.b64encode(base64.b64decode(v) + b"more").decode()),
        SIGNATURE, "signature.value-wrong"),
    "a second value stands behind the padding": (value_text(lambda v: v + "AAAA"), SIGNATURE, "signature.value-wrong"),
}
ATTACKS = refused(CASES)


def by(name, **options):
    def build(w):
        if name != "department":
            w.needs("ec")
        return w.signed(identity=w.pki[name], **options)
    return build


def value_in(change):
    return lambda w: reshape(VALUE, lambda m: change(m.group()), w.signed())


LEGITIMATE = passing({
    "RSA with SHA-384 and SHA-384": by("department", algorithm="rsa-sha384", digest="sha384"),
    "RSA with SHA-512 over SHA-256": by("department", algorithm="rsa-sha512"),
    "RSA with SHA-256 over SHA-512": by("department", digest="sha512"),
    "ECDSA with SHA-256": by("department-ec"),
    "ECDSA with SHA-384 on P-256": by("department-ec", algorithm="ecdsa-sha384"),
    "ECDSA over SHA-512": by("department-ec", digest="sha512"),
    "the signature value between blanks": value_in(lambda v: f" \n\t{v}\n "),
    "the signature value in lines of four": value_in(lambda v: "\n".join(v[i:i + 4] for i in range(0, len(v), 4))),
    "the digest between blanks": lambda w: w.signed(shape=lambda t: reshape(DIGEST, lambda m: f"\n {m.group()} \n", t)),
})
