# SPDX-License-Identifier: GPL-3.0-or-later
"""Every stand-in of ./bench --compare verifies and signs indeed: a comparison with one that does not would be of nothing."""
import base64
import os
import re
import subprocess
import time

import pytest
import requests

from harness import raw, soap, wss, xmlsec1
from harness.gateway import BIN
from harness.pki import ROOT
from harness.ports import free_port
from harness.provider import Provider

NAMES = ["gsoap", "python", "java", "node"]


def missing(name):
    return subprocess.run([ROOT / ".ci/install", "--missing", f"compare-{name}"], capture_output=True, text=True, check=True).stdout.strip()


class StandIn:
    def __init__(self, name, pki, folder, provider):
        self.port, self.provider = free_port(), provider
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen([ROOT / "tests/compare/start", name, str(self.port), str(provider.server.server_port), pki.folder, folder],
                                        stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, "QAQPA_BIN": str(BIN)})

    def wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return raw.connect(self.port).close()
            except OSError:
                time.sleep(0.05)
        raise AssertionError("it does not start:\n" + open(self.log.name, encoding="utf-8").read())

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 15)
        self.process.wait(20)
        self.log.close()

    def post(self, octets):
        return requests.post(f"http://127.0.0.1:{self.port}{raw.PATH}", octets, timeout=30,
                             headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})


@pytest.fixture(scope="module", params=NAMES)
def stand_in(request, pki, tmp_path_factory):
    absent = missing(request.param)
    if absent:
        pytest.skip(f"{request.param}: not installed: {absent}")
    provider = Provider(pki["permits"])
    one = StandIn(request.param, pki, tmp_path_factory.mktemp(request.param), provider)
    try:
        one.wait()
        yield one
    finally:
        one.stop()
        provider.close()


@pytest.fixture(autouse=True)
def usual(stand_in, pki):
    stand_in.provider.received.clear()
    stand_in.provider.answer = lambda _: (200, "text/xml; charset=utf-8", signed(soap.response(message_id="answer-1"), pki["permits"]))


def signed(body, identity, **options):
    return wss.sign(soap.envelope(body), identity, form="bst", **options)


def by(octets, identity):
    """The Body is signed, once, with this one's key by the word of xmlsec1, and the message carries the certificate."""
    root = wss.parse(octets)
    [reference] = root.iter(f"{{{soap.DS}}}Reference")
    [token] = root.iter(f"{{{soap.WSSE}}}BinarySecurityToken")
    assert reference.get("URI") == "#" + root.find(f"{{{soap.SOAP}}}Body").get(f"{{{soap.WSU}}}Id")
    return xmlsec1.verify(octets, identity) and base64.b64decode(token.text) == identity.der


def changed(octets, old, new):
    assert octets.count(old) == 1 and len(old) == len(new)
    return octets.replace(old, new)


@pytest.mark.parametrize("items", [1, 400])
def test_a_good_message_passes_and_what_goes_on_is_signed_anew(stand_in, pki, items):
    data = ('<data><p:Request xmlns:p="urn:demo:permit">'
            + "".join(f'<p:item n="{i}"><p:name>Рұқсат &lt;{i}&gt; &amp; №</p:name></p:item>' for i in range(items)) + "</p:Request></data>")
    answer = stand_in.post(signed(soap.request(message_id="message-1", data=data), pki["department"]))
    assert answer.status_code == 200, answer.text
    [onward] = stand_in.provider.received
    assert by(onward, pki["gateway"]) and not xmlsec1.verify(onward, pki["department"])
    assert by(answer.content, pki["gateway"]) and not xmlsec1.verify(answer.content, pki["permits"])
    sent = wss.parse(onward)
    assert sent.findtext(".//messageId") == "message-1" and wss.parse(answer.content).findtext(".//messageId") == "answer-1"
    [request] = sent.iter("{urn:demo:permit}Request")
    assert wss.canonical(request) == wss.canonical(wss.parse(data)[0])


def test_a_request_with_one_octet_changed_is_refused(stand_in, pki):
    good = signed(soap.request(message_id="message-1"), pki["department"])
    value = re.search(b"<ds:SignatureValue>..", good)[0]
    flipped = value[:-1] + (b"B" if value.endswith(b"A") else b"A")
    for old, new in ((b"message-1", b"message-2"), (b"<p:number>1<", b"<p:number>2<"), (value, flipped)):
        assert stand_in.post(changed(good, old, new)).status_code == 500, new
    assert stand_in.provider.received == []
    assert stand_in.post(good).status_code == 200


def test_a_request_signed_by_somebody_else_is_refused(stand_in, pki):
    assert stand_in.post(signed(soap.request(), pki["permits"])).status_code == 500
    other_token = signed(soap.request(), pki["department"], key_info_text=wss.key_info(pki["permits"], "bst"))
    assert stand_in.post(other_token).status_code == 500
    assert stand_in.post(soap.envelope(soap.request()).encode()).status_code == 500
    assert stand_in.provider.received == []


def test_an_answer_with_one_octet_changed_or_of_somebody_else_is_refused(stand_in, pki):
    good = signed(soap.response(message_id="answer-1"), pki["permits"])
    for octets in (changed(good, b"answer-1", b"answer-2"), signed(soap.response(), pki["department"])):
        stand_in.provider.answer = lambda _, octets=octets: (200, "text/xml; charset=utf-8", octets)
        assert stand_in.post(signed(soap.request(), pki["department"])).status_code == 500
