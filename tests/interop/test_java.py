# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML signatures of the Java platform, in both directions, where a Java development kit is installed."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import soap, wss
from harness.gateway import Answer

pytestmark = pytest.mark.skipif(not shutil.which("javac"), reason="needs openjdk-17-jdk-headless")

SIGNERS = [("department", "rsa-sha256"), ("department", "rsa-sha384"), ("department", "rsa-sha512"),
           ("department-ec", "ecdsa-sha256"), ("department-ec384", "ecdsa-sha384")]
FORMS = ["key-identifier", "issuer-serial", "bst", "x509-data"]
TYPED = f'<data xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="{soap.XSI}">'


class Java:
    def __init__(self, folder):
        self.folder, self.n = folder, 0
        self.process = subprocess.Popen(["java", "-Xshare:auto", Path(__file__).with_name("JavaPeer.java")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, *fields):
        self.process.stdin.write("\t".join(map(str, fields)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer and not answer.startswith("error"), answer
        return answer

    def file(self, octets=b""):
        self.n += 1
        path = self.folder / f"{self.n}.xml"
        path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
        return path

    def sign(self, text, identity, algorithm="rsa-sha256", digest="sha256", form="key-identifier", c14n=soap.EXC, prefixes=None):
        out = self.file()
        self.ask("sign", identity.certificate_path, identity.key_path, form, c14n, "-" if prefixes is None else prefixes,
                 wss.SIGNATURES[algorithm][0], wss.DIGESTS[digest][0], self.file(text), out)
        return out.read_bytes()

    def sign_document(self, text, identity):
        out = self.file()
        self.ask("inner", identity.certificate_path, identity.key_path, wss.SIGNATURES["rsa-sha256"][0], wss.DIGESTS["sha256"][0],
                 self.file(text), out)
        return out.read_text()

    def holds(self, octets, identity, what="verify"):
        return self.ask(what, identity.certificate_path, self.file(octets)) == "true"


@pytest.fixture(scope="module")
def java(tmp_path_factory):
    peer = Java(tmp_path_factory.mktemp("java"))
    yield peer
    peer.process.stdin.close()
    assert peer.process.wait(20) == 0


def delivered(gateway, provider, octets):
    before = len(provider.received)
    answer = Answer(gateway, gateway.post(octets))
    assert answer.status == 200, answer.octets
    assert len(provider.received) == before + 1
    return provider.received[-1], answer.octets


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("signer,algorithm", SIGNERS)
def test_what_java_signs_passes_and_java_verifies_what_the_gateway_signs(gateway, provider, java, pki, signer, algorithm, form):
    octets = java.sign(soap.envelope(soap.request()), pki[signer], algorithm, form=form)
    assert java.holds(octets, pki[signer])
    assert b"&#13;\n" in octets  # base64 as this family writes it
    there, back = delivered(gateway, provider, octets)
    for text in (there, back):
        assert java.holds(text, pki["gateway"])
        assert not java.holds(re.sub(rb"<messageId>", b"<messageId>x", text), pki["gateway"])
        assert not java.holds(text, pki["permits"])


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("prefixes", ["", "soapenv", "soapenv far", "#default"])
def test_prefix_lists_of_java_are_honoured(gateway, provider, java, pki, prefixes, digest):
    """WSS4J writes them by default."""
    text = soap.envelope(soap.request().replace("<request>", '<request xmlns="">'),
                         envelope_attributes=' xmlns:far="urn:far" xmlns="urn:default"')
    octets = java.sign(text, pki["department"], digest=digest, prefixes=prefixes)
    assert f'PrefixList="{prefixes}"'.encode() in octets
    delivered(gateway, provider, octets)


def test_inclusive_canonicalisation_of_signed_info_by_java(gateway, provider, java, pki):
    delivered(gateway, provider, java.sign(soap.envelope(soap.request()), pki["department"], c14n=soap.C14N))


def test_a_changed_copy_of_what_java_signed_is_refused(gateway, provider, java, pki):
    octets = java.sign(soap.envelope(soap.request()), pki["department"]).replace(b"<p:number>1", b"<p:number>2")
    assert not java.holds(octets, pki["department"])
    answer = Answer(gateway, gateway.post(octets))
    assert (answer.status, answer.code) == (500, "SCE006")


@pytest.mark.parametrize("carried", ["string", "CDATA"])
def test_a_document_signed_by_java_holds_at_both_ends(gateway, provider, java, pki, carried):
    """The inner signature of the bus: enveloped, URI "", inclusive form with comments, carried as text."""
    def data(text):
        if carried == "CDATA":
            return f"{TYPED}<![CDATA[{text}]]></data>"
        return TYPED + text.replace("&", "&amp;").replace("<", "&lt;") + "</data>"

    def document(identity):
        return java.sign_document('<d:Permit xmlns:d="urn:demo:doc"><!-- kept --><d:n a="Ә">7</d:n></d:Permit>', identity)

    asked, answered = document(pki["department"]), document(pki["permits"])
    assert "&#13;\n" in asked
    provider.answer = lambda o: provider.signed_answer(o, data=data(answered))
    there, back = delivered(gateway, provider, java.sign(soap.envelope(soap.request(data=data(asked))), pki["department"]))
    for octets, text, who in ((there, asked, "department"), (back, answered, "permits")):
        arrived = wss.parse(octets).find(".//data").text
        assert arrived == text
        assert java.holds(arrived.encode(), pki[who], "proof")
        assert not java.holds(arrived.replace(">7<", ">8<").encode(), pki[who], "proof")
