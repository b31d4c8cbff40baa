# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that should not be trusted: by time, by issuer, by purpose, by strength, by name.

Most are issued by the true authority to a participant that is known by issuer and registration number, so that nothing
but the one defect is between them and trust; the first test shows that without a defect they are trusted."""
import pytest

from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from harness import forge, soap
from harness.forge import issue, name, reseal
from harness.hostile import BRANCH, CERTIFICATE, SENDER

CLASS = "G  certificates"

UNIT = "BIN" + BRANCH
OTHER_UNIT = "BIN200540000019"
SUBJECT = name(unit=UNIT)


def branch_message():
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


def test_without_a_defect_it_is_trusted(world):
    made = Issuing(world).issue()
    world.passes(world.signed(branch_message(), made))


@pytest.mark.parametrize("form", ["key-identifier", "bst", "x509-data"])
@pytest.mark.parametrize("case", CASES)
def test_refused(world, case, form):
    build, outcome, reason = CASES[case]
    world.refuses(world.signed(branch_message(), build(Issuing(world)), form=form), outcome, reason)


@pytest.mark.parametrize("known", PINNED)
def test_a_certificate_with_the_names_of_the_sender_is_refused(world, known):
    outcome = SENDER if PINNED[known] == "certificate.owner" else CERTIFICATE
    world.refuses(world.signed(identity=world.pki[known]), outcome, PINNED[known])
