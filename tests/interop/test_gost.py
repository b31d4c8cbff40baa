# SPDX-License-Identifier: GPL-3.0-or-later
"""gost-engine as the other party of whole messages: the gateway accepts what it signs with national keys, it verifies what
the gateway signs, and both refuse the same changed copies."""
import base64
import re

import pytest

from harness import gost, soap, wss
from harness.authority import Authority, pem_octets
from harness.gateway import Answer, Gateway
from harness.provider import Provider

pytestmark = pytest.mark.skipif(not gost.there(), reason="gost-engine and gostsum are not there")

FORMS = ["key-identifier", "issuer-serial", "bst", "x509-data"]


class National:
    """A certificate with its key as the signer in Python wants them; the arithmetic is gost-engine's."""

    def __init__(self, authority, name):
        self.name = name
        self.certificate = authority[name].certificate
        self.der = authority.der(name)
        self.key = gost.Key(pem_octets(authority.path(f"{name}.key")))
        self.public = gost.PublicKey(self.der)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("national") / "pki")


@pytest.fixture(scope="module")
def department(authority):
    return National(authority, "department")


@pytest.fixture(scope="module")
def old(authority):
    return National(authority, "department-2004")


@pytest.fixture(scope="module")
def provider(authority):
    p = Provider(National(authority, "permits"))
    yield p
    p.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, authority, provider):
    """Everybody has national keys; certificates of the department are known by their issuer."""
    g = Gateway(tmp_path_factory.mktemp("gateway"), authority)
    g.conf["profiles"] = [{"name": "standard"}]
    g.conf["authorities"] = [str(authority.path("root.crt"))]
    department = g.participant("department")
    department.update(issuer=str(authority.path("issuing.crt")), bin="200440000015")
    g.service(provider)
    g.start()
    yield g
    assert g.stop() == 0


@pytest.fixture(scope="module")
def lenient(tmp_path_factory, authority, provider):
    """As before, and the department may use the algorithms of 2004."""
    g = Gateway(tmp_path_factory.mktemp("lenient"), authority)
    g.conf["profiles"] = [{"name": "standard"}, {"name": "old", "legacy_gost": True}]
    g.participant("department").update(certificates=str(authority.path("department-2004.crt")), profile="old")
    g.service(provider)
    g.start()
    yield g
    assert g.stop() == 0


def signed(identity, text=None, **options):
    return wss.sign(text or soap.envelope(soap.request()), identity, **{"digest": identity.key.algorithm, **options})


def sent(gateway, octets):
    return Answer(gateway, gateway.post(octets))


def accepted(gateway, provider, authority, octets):
    before = len(provider.received)
    answer = sent(gateway, octets)
    assert answer.status == 200, answer.octets
    wss.verify(answer.octets, gost.PublicKey(authority.der("gateway")))
    assert len(provider.received) == before + 1


def refused(gateway, provider, octets, reason):
    before = len(provider.received)
    answer = sent(gateway, octets)
    assert (answer.status, answer.reason) == (500, reason), answer.octets
    assert len(provider.received) == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("digest", ["gost-2015", "sha256"])
def test_the_gateway_accepts_what_gost_engine_signs(gateway, provider, authority, department, form, digest):
    if form == "issuer-serial":  # names a certificate that was met before
        accepted(gateway, provider, authority, signed(department))
    accepted(gateway, provider, authority, signed(department, form=form, digest=digest))


def test_the_algorithms_of_2004_by_agreement_alone(gateway, lenient, provider, authority, old):
    accepted(lenient, provider, authority, signed(old))
    refused(gateway, provider, signed(old), "certificate.unknown")


def test_the_digest_of_2004_by_agreement_alone(gateway, provider, department):
    refused(gateway, provider, signed(department, digest="gost-legacy"), "security.algorithm")


def test_what_the_gateway_signs_is_verified_by_gost_engine(gateway, provider, authority, department):
    answer = sent(gateway, signed(department))
    fault = sent(gateway, signed(department, text=soap.envelope(soap.request(service="Nowhere"))))
    assert (answer.status, fault.code) == (200, "SCE004")
    public = gost.PublicKey(authority.der("gateway"))
    for octets in (provider.received[-1], answer.octets, fault.octets):
        wss.verify(octets, public)
        method = wss.parse(octets).find(f".//{{{soap.DS}}}SignatureMethod").get("Algorithm")
        assert method == wss.SIGNATURES["gost-2015"][0]
    text = answer.octets.decode()
    value = re.search(r"<ds:SignatureValue>([^<]+)<", text)[1]
    for changed in (text.replace(value, base64.b64encode(base64.b64decode(value)[::-1]).decode()),
                    re.sub(r"<messageId>.", "<messageId>?", text)):
        assert changed != text
        with pytest.raises(wss.Unverified):
            wss.verify(changed.encode(), public)


def test_changed_copies_are_refused(gateway, provider, department, old):
    text = signed(department).decode()
    value = re.search(r"<ds:SignatureValue>([^<]+)<", text)[1]
    octets = base64.b64decode(value)
    for other in (octets[::-1], bytes(128), b"\xff" * 128, octets[64:] + octets[:64], octets[:127], octets + b"\0", octets[:64],
                  bytes(64) + octets[64:], octets[:64] + bytes(64), old.key.sign(b"another")):
        refused(gateway, provider, text.replace(value, base64.b64encode(other).decode()).encode(), "signature.value-wrong")
    for at in range(0, 128, 16):
        other = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]
        refused(gateway, provider, text.replace(value, base64.b64encode(other).decode()).encode(), "signature.value-wrong")
    changed = re.sub(r"<messageId>(.)", lambda m: f"<messageId>{'1' if m[1] != '1' else '2'}", text)
    assert changed != text
    refused(gateway, provider, changed.encode(), "signature.digest-mismatch")


def test_an_answer_that_was_changed_does_not_reach_the_sender(gateway, provider, department):
    def changed(octets):
        status, kind, text = provider.signed_answer(octets)
        return status, kind, text.replace(b"</soapenv:Body>", b"<!-- --> </soapenv:Body>")

    provider.answer = changed
    answer = sent(gateway, signed(department))
    provider.answer = provider.signed_answer
    assert (answer.status, answer.code, answer.reason) == (500, "QG043", "provider.signature")
