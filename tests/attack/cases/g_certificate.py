# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that should not be trusted: by time, by issuer, by purpose, by strength, by name.

Most are issued by the true authority to a participant that is known by issuer and registration number, so that nothing
but the one defect is between them and trust; the legitimate ones show that without a defect they are trusted."""

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from attack.outcomes import CERTIFICATE, SENDER
from attack.table import passing
from harness import forge, soap
from harness.forge import issue, name, reseal

CLASS = "G  certificates"

BRANCH = "200640000012"  # of the participant that is known by issuer and number
UNIT = "BIN" + BRANCH
OTHER_UNIT = "BIN200540000019"
SUBJECT = name(unit=UNIT)


def branch_message(w):
    w.needs("branch")
    return soap.envelope(soap.request(sender="branch_is", password=None))


class Issuing:
    """The true authority and a key to certify."""

    def __init__(self, w):
        self.w, self.authority, self.key = w, w.pki["issuing"], w.pki["other-system"].key

    def issue(self, subject=SUBJECT, **defects):
        return issue(self.authority, self.key, subject, **defects)

    def issue_by(self, issuer, **defects):
        return issue(issuer, self.key, SUBJECT, **defects)


def with_defects(**defects):
    return lambda i: i.issue(**defects)


def with_key(known):
    """Certified is the key of an identity of the test PKI."""
    return lambda i: issue(i.authority, i.w.pki[known].key, SUBJECT)


def self_signed(i):
    return issue(forge.Made(i.w.me.der, i.key), i.key, SUBJECT, issuer_name=SUBJECT)


def below_another_authority(i):
    """An authority that the issuing one was not allowed to make."""
    middle = i.issue(name("Middle"), authority=True, usage=("key_cert_sign",), purposes=())
    return i.issue_by(middle)


def unknown_extension():
    return forge.x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5.6.7"), b"\x05\x00")


def nul_in_name(i):
    made = i.issue(name("department_is_evil", unit=UNIT))
    return reseal(made, i.authority, old=b"department_is_evil", new=b"department_is\0evil")


def nul_in_number(i):
    made = i.issue(name(unit=UNIT + ".evil"))
    return reseal(made, i.authority, old=UNIT.encode() + b".evil", new=UNIT.encode() + b"\0evil")


def wrong_seal(i):
    der = i.issue().der
    return forge.Made(der[:-1] + bytes([der[-1] ^ 1]), i.key)


def explicit_curve(i):
    return forge.issue_explicit_curve(i.w.pki, i.w.folder, UNIT)


EKU = ExtendedKeyUsageOID
class Bare:
    """A key of which only the public half is there."""

    def __init__(self, public):
        self.public = public

    def public_key(self):
        return self.public


def public(make):
    """Certified is a key that signs nothing; the signature is made with another."""
    return lambda i: forge.Made(issue(i.authority, Bare(make()), SUBJECT).der, i.key)


def odd_rsa(bits, exponent):
    return lambda: rsa.RSAPublicNumbers(exponent, (1 << (bits - 1)) + 15).public_key()


def with_curve(curve):
    return lambda i: issue(i.authority, ec.generate_private_key(curve), SUBJECT)


def twice_issued(i):
    """An authority of the attacker's between the sender's certificate and this one."""
    own = issue(i.w.attacker, i.w.attacker.key, name(unit=UNIT), issuer_name=i.authority.certificate.subject, authority=True)
    return i.issue_by(own)


CASES = {
    "it ended two days ago": (with_defects(days=(-30, -2)), CERTIFICATE, "certificate.expired"),
    "it begins in thirty days": (with_defects(days=(30, 60)), CERTIFICATE, "certificate.expired"),
    "it is signed by itself": (self_signed, CERTIFICATE, "certificate.unknown"),
    "it is from an unknown authority of the same name": (
        lambda i: i.issue_by(i.w.pki["attacker-ca"]), CERTIFICATE, "certificate.unknown"),
    "it is from an unknown authority": (
        lambda i: i.issue_by(i.w.pki["tls-server"], issuer_name=name("Nobody")), CERTIFICATE, "certificate.unknown"),
    "it is issued by another sender": (lambda i: i.issue_by(i.w.me), CERTIFICATE, "certificate.unknown"),
    "it is issued below an authority that may have none below": (
        below_another_authority, CERTIFICATE, "certificate.unknown"),
    "it is from the root, not from the participant's authority": (
        lambda i: i.issue_by(i.w.pki["root"]), SENDER, "certificate.owner"),
    "it is the authority's own": (lambda i: i.authority, CERTIFICATE, "certificate.usage"),
    "it is of an authority": (
        with_defects(authority=True, usage=("digital_signature", "key_cert_sign")), CERTIFICATE, "certificate.usage"),
    "its key is for encipherment only": (with_defects(usage=("key_encipherment",)), CERTIFICATE, "certificate.usage"),
    "its purpose is another": (with_defects(purposes=(EKU.OCSP_SIGNING,)), CERTIFICATE, "certificate.usage"),
    "its purpose is that of a web server": (
        with_defects(purposes=(EKU.SERVER_AUTH,)), CERTIFICATE, "certificate.usage"),
    "it has a critical extension that nobody knows": (
        with_defects(extensions=((unknown_extension(), True),)), CERTIFICATE, "certificate.usage"),
    "its RSA key has 1024 bits": (with_key("rsa1024"), CERTIFICATE, "certificate.weak"),
    "it is sealed with SHA-1": (lambda i: reseal(i.issue(), i.authority, "sha1"), CERTIFICATE, "certificate.weak"),
    "it is sealed with MD5": (lambda i: reseal(i.issue(), i.authority, "md5"), CERTIFICATE, "certificate.weak"),
    "its curve has 224 bits": (with_curve(ec.SECP224R1()), CERTIFICATE, "certificate.weak"),
    "its curve is that of coins": (with_curve(ec.SECP256K1()), CERTIFICATE, "certificate.weak"),
    "its RSA key has 512 bits": (public(odd_rsa(512, 65537)), CERTIFICATE, "certificate.weak"),
    "its RSA key has 16384 bits": (public(odd_rsa(16384, 65537)), CERTIFICATE, "certificate.weak"),
    "its RSA exponent is as long as the key": (public(odd_rsa(2048, (1 << 2047) + 1)), CERTIFICATE, "certificate.weak"),
    "its key is of Ed25519": (public(lambda: ed25519.Ed25519PrivateKey.generate().public_key()), CERTIFICATE, "certificate.weak"),
    "its key is of DSA": (public(lambda: dsa.generate_private_key(2048).public_key()), CERTIFICATE, "certificate.weak"),
    "it ended a minute ago": (with_defects(days=(-30, -1 / 1440)), CERTIFICATE, "certificate.expired"),
    "it is issued by an authority of the attacker's with the true name": (twice_issued, CERTIFICATE, "certificate.unknown"),
    "its purpose is to stamp times": (with_defects(purposes=(EKU.TIME_STAMPING,)), CERTIFICATE, "certificate.usage"),
    "its key is for agreement only": (with_defects(usage=("key_agreement",)), CERTIFICATE, "certificate.usage"),
    "its number has a letter more": (with_defects(subject=name(unit=UNIT + "x")), SENDER, "certificate.owner"),
    "its number stands in the common name": (with_defects(subject=name(common=UNIT)), SENDER, "certificate.owner"),
    "its number is that of a person": (
        with_defects(subject=name(serial_number="IIN" + BRANCH)), SENDER, "certificate.owner"),
    "its curve is written out": (explicit_curve, CERTIFICATE, "certificate.weak"),
    "its seal is wrong": (wrong_seal, CERTIFICATE, "certificate.unknown"),
    "a NUL stands in its name": (nul_in_name, SENDER, "certificate.owner"),
    "a NUL stands behind the registration number": (nul_in_number, SENDER, "certificate.owner"),
    "it has the sender's name and another number": (
        with_defects(subject=name(unit=OTHER_UNIT)), SENDER, "certificate.owner"),
    "it has no number": (with_defects(subject=name()), SENDER, "certificate.owner"),
    "it has two numbers": (
        with_defects(subject=name(unit=UNIT, organizational_unit_name=OTHER_UNIT)), SENDER, "certificate.owner"),
}
PINNED = {"expired": "certificate.expired", "future": "certificate.expired", "rsa1024": "certificate.weak",
          "no-signing-usage": "certificate.usage", "other-system": "certificate.owner", "issuing": "certificate.usage"}
FORMS = {"in KeyIdentifier": "key-identifier", "as a token": "bst", "in X509Data": "x509-data"}


def branch(w, made, form="key-identifier"):
    return w.signed(branch_message(w), made, form=form)


def defective(form, build, outcome, reason):
    return lambda w: w.refuses(branch(w, build(Issuing(w)), form), outcome, reason)


def names_of_sender(known, reason):
    outcome = SENDER if reason == "certificate.owner" else CERTIFICATE
    return lambda w: w.refuses(w.signed(identity=w.pki[known]), outcome, reason)


ATTACKS = {
    **{f"{place}: {name}": defective(form, *row) for place, form in FORMS.items() for name, row in CASES.items()},
    **{f"it has the names of the sender: {known}": names_of_sender(known, reason) for known, reason in PINNED.items()},
}
LEGITIMATE = passing({name: lambda w, build=build: branch(w, build(Issuing(w))) for name, build in {
    "it has no defect": with_defects(),
    "it ends tomorrow": with_defects(days=(-300, 1)),
    "it began a minute ago": with_defects(days=(-1 / 1440, 300)),
    "it names no purpose": with_defects(purposes=()),
    "it has a purpose more": with_defects(purposes=(EKU.EMAIL_PROTECTION, ObjectIdentifier("1.2.398.3.3.4.1.2"))),
    "it has an extension that nobody knows and nobody need know": with_defects(extensions=((unknown_extension(), False),)),
    "its key is for signing alone": with_defects(usage=("digital_signature",)),
    "its name has Kazakh letters": with_defects(subject=name("Филиал жүйесі «Құқық»", unit=UNIT)),
    "its name has many parts": with_defects(subject=name("x", unit=UNIT, locality_name="y", state_or_province_name="z", title="t")),
    "its key is on P-256": with_curve(ec.SECP256R1()),
    "its key is on P-384": with_curve(ec.SECP384R1()),
    "its RSA key has 3072 bits": lambda i: issue(i.authority, rsa.generate_private_key(65537, 3072), SUBJECT),
}.items()})
