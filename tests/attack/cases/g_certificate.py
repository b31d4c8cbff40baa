# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that should not be trusted: by time, by issuer, by purpose, by strength, by name.

Most are issued by the true authority to a participant that is known by issuer and registration number, so that nothing
but the one defect is between them and trust; the legitimate ones show that without a defect they are trusted."""

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
}.items()})
