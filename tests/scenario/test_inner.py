# SPDX-License-Identifier: GPL-3.0-or-later
"""A service demands that authorised persons sign the data: who does so is registered, and nothing else passes."""
import subprocess
from xml.sax.saxutils import escape

import pytest
import requests

from harness import async_soap as a
from harness import persons as people
from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider
from harness.redis import Redis
from harness.stamps import Stamps

DOC = '<p:Order xmlns:p="urn:demo:order"><p:sum>100</p:sum><p:to>Қазына</p:to>@</p:Order>'
RULES = [{"name": "director", "subjects": "employee", "any_of": people.DIRECTOR, "own_bin": True, "non_repudiation": True},
         {"name": "accountant", "subjects": "employee", "any_of": people.ACCOUNTANT, "own_bin": True},
         {"name": "staff", "subjects": "employee", "own_bin": True}]
CARRIED = {"element": lambda doc: f"<data>{doc}</data>",
           "escaped text": lambda doc: f"<data>{escape(doc)}</data>",
           "CDATA": lambda doc: f"<data><![CDATA[{doc}]]></data>"}


@pytest.fixture(scope="module")
def persons(tmp_path_factory, pki):
    return people.make(tmp_path_factory.mktemp("persons"), pki)


@pytest.fixture(scope="module")
def gate(tmp_path_factory, pki):
    provider = Provider(pki["permits"])
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    g.conf["rules"] = RULES
    g.service(provider, "One", inner={"accept": "enveloped", "rules": ["director"]})
    g.service(provider, "Two", inner={"accept": "enveloped", "rules": ["staff", "director"]})
    g.service(provider, "Part", inner={"accept": "by-id", "rules": ["director"], "covers": "Doc"})
    g.service(provider, "Cms", inner={"accept": "cms", "rules": ["director"], "covers": "file", "cms": "sign"})
    g.service(provider, "Both", inner={"accept": "enveloped", "rules": ["director"], "answers": True})
    g.provider = provider
    g.start()
    yield g
    assert g.stop() == 0
    provider.close()


def ask(gate, service, data, answer=None):
    """The answer, and whether the provider has met the message."""
    met = len(gate.provider.received)
    gate.provider.answer = lambda o: gate.provider.signed_answer(o, text=soap.envelope(answer or soap.response()))
    got = gate.send(service=service, data=data)
    return got, len(gate.provider.received) > met


def accepted(gate, service, data, **more):
    got, met = ask(gate, service, data, **more)
    assert got.status == 200 and met, got.octets
    return got


def refused(gate, service, data, code, reason, **more):
    got, met = ask(gate, service, data, **more)
    assert (got.status, got.code, got.reason) == (500, code, reason), got.octets
    assert not met, "the provider has met it"
    fact = next(f for f in gate.journal("--error-id", got.text("errorData").split("errorId=")[1][:12].rstrip(";"))
                if f["direction"] == "received")
    assert (fact["verdict"], fact["reason"]) == ("refused", reason)
    return got


def received(gate, got, kind="request"):
    return next(f for f in gate.journal("--exchange", got.text("sessionId")) if (f["direction"], f["kind"]) == ("received", kind))


@pytest.mark.parametrize("carried", CARRIED)
def test_the_right_person_is_accepted_and_stands_in_the_journal(gate, persons, carried):
    who = persons["director"]
    got = accepted(gate, "One", CARRIED[carried](people.sign_xml(DOC, who)))
    fingerprint = wss.hashlib.sha256(who.der).hexdigest()
    fact = received(gate, got)
    assert fact["verdict"] == "verified" and fact["reason"] == ""
    assert fact["detail"].startswith("xml ecdsa-sha256, rule director") and fingerprint in fact["detail"]
    shown = subprocess.run([BIN / "qaqpa", "msg", "show", "--journal", gate.folder / "journal", got.text("sessionId")],
                           stdout=subprocess.PIPE, check=True).stdout.decode()
    lines = [line for line in shown.splitlines() if line.startswith("  evidence ")]
    assert len(lines) == 1 and fingerprint in lines[0] and "CN=director" in lines[0]


@pytest.mark.parametrize("carried", CARRIED)
def test_other_signatures_are_refused(gate, persons, carried):
    carry, signed = CARRIED[carried], people.sign_xml(DOC, persons["director"])
    refused(gate, "One", carry(DOC.replace("@", "")), "QG026", "inner.absent")
    refused(gate, "One", carry(signed.replace(">100<", ">900<")), "QG026", "inner.wrong")
    refused(gate, "One", carry(people.sign_xml(DOC, persons["employee"])), "SCE005", "certificate.role")
    refused(gate, "One", carry(people.sign_xml(DOC, persons["foreign director"])), "SCE005", "certificate.role")
    refused(gate, "One", carry(people.sign_xml(DOC, gate.pki["attacker-own-ca"])), "SCE005", "certificate.unknown")
    refused(gate, "One", carry(f"<evil>{signed}</evil>"), "QG026", "inner.wrong")
    refused(gate, "Part", carry(signed), "QG026", "inner.coverage")


def test_two_signers_serve_two_rules(gate, persons):
    director, employee = persons["director"], persons["employee"]
    for order in ((director, employee), (employee, director)):
        got = accepted(gate, "Two", CARRIED["CDATA"](people.sign_xml(DOC, *order)))
        words = received(gate, got)["detail"].splitlines()
        assert len(words) == 2
        assert [w.split(", ")[1] for w in words] == ["rule director" if p is director else "rule staff" for p in order]
    refused(gate, "Two", CARRIED["CDATA"](people.sign_xml(DOC, director)), "QG026", "inner.absent")
    refused(gate, "Two", CARRIED["CDATA"](people.sign_xml(DOC, director, director)), "QG026", "inner.absent")
    refused(gate, "Two", CARRIED["CDATA"](people.sign_xml(DOC, employee, persons["accountant"])), "SCE005", "certificate.role")
    text = people.sign_xml(DOC, director, employee)
    first = text[text.index("<ds:Signature"):text.index("</ds:Signature>") + 15]
    refused(gate, "Two", CARRIED["CDATA"](text.replace(first, first.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"))),
            "QG026", "inner.wrong")


def test_a_part_is_signed_by_its_identifier(gate, persons):
    whole = '<p:Order xmlns:p="urn:demo:order"><p:note/><p:Doc Id="d1"><p:sum>100</p:sum></p:Doc>@</p:Order>'
    signed = people.sign_xml(whole, persons["director"], reference="d1", ids=["urn:demo:order:Doc"])
    for carry in CARRIED.values():
        accepted(gate, "Part", carry(signed))
    refused(gate, "Part", CARRIED["element"](signed.replace(">100<", ">900<")), "QG026", "inner.wrong")
    moved = signed.replace("<p:note/>", '<p:Doc Id="d2"><p:sum>900</p:sum></p:Doc>')
    refused(gate, "Part", CARRIED["element"](moved), "QG026", "inner.coverage")


@pytest.mark.parametrize("attached", [False, True], ids=["detached", "attached"])
def test_a_cms_over_a_file_in_the_data(gate, persons, tmp_path, attached):
    octets = b"%PDF-1.7 \xff\x00 order of 100"
    data = "<data><p:Req xmlns:p='urn:demo'><p:file>{}</p:file><p:sign>{}</p:sign></p:Req></data>"
    file = people.base64.b64encode(octets).decode()
    cms = people.sign_cms(octets, tmp_path, persons["director"], attached=attached)
    got = accepted(gate, "Cms", data.format(file, cms))
    words = received(gate, got)["detail"]
    assert words.startswith("cms ecdsa-sha256, rule director, signed 20")
    other = people.base64.b64encode(octets.replace(b"100", b"900")).decode()
    refused(gate, "Cms", data.format(other, cms), "QG026", "inner.coverage" if attached else "inner.wrong")
    refused(gate, "Cms", data.format(file, people.sign_cms(octets, tmp_path, persons["employee"])), "SCE005", "certificate.role")
    refused(gate, "Cms", data.format(file, ""), "QG026", "inner.wrong")
    refused(gate, "Cms", data.format(file, people.sign_cms(octets, tmp_path, persons["director"], extra=["-md", "sha1"])),
            "QG026", "inner.wrong")


@pytest.fixture(scope="module")
def stamping(tmp_path_factory, pki):
    """A gateway that knows a time-stamp authority."""
    stamps = Stamps(tmp_path_factory.mktemp("stamps") / "tsa")
    provider = Provider(pki["permits"])
    g = Gateway(tmp_path_factory.mktemp("stamping"), pki)
    g.conf["rules"] = RULES
    g.conf["timestamp"] = {"directory": str(g.folder / "stamps"), "url": stamps.url, "authorities": [str(stamps.root)]}
    g.service(provider, "Cms", inner={"accept": "cms", "rules": ["director"], "covers": "file", "cms": "sign"})
    g.provider, g.stamps = provider, stamps
    g.start()
    yield g
    assert g.stop() == 0
    provider.close()
    stamps.close()


def test_a_time_stamp_that_came_with_a_signature_is_judged(stamping, gate, persons, tmp_path):
    octets = b"order of 100"
    data = "<data><p:Req xmlns:p='urn:demo'><p:file>{}</p:file><p:sign>{}</p:sign></p:Req></data>"
    file, cms = people.base64.b64encode(octets).decode(), people.sign_cms(octets, tmp_path, persons["director"])
    stamped = people.stamp_cms(cms, stamping.stamps.token)
    got = accepted(stamping, "Cms", data.format(file, stamped))
    assert "time-stamp right" in received(stamping, got)["detail"]
    got = accepted(gate, "Cms", data.format(file, stamped))  # knows no authority
    assert "time-stamp enclosed, not checked" in received(gate, got)["detail"]
    foreign = people.stamp_cms(cms, stamping.stamps.token, over=b"the signature of somebody else")
    refused(stamping, "Cms", data.format(file, foreign), "QG026", "inner.wrong")
    stranger = Stamps(tmp_path / "stranger")
    try:
        refused(stamping, "Cms", data.format(file, people.stamp_cms(cms, stranger.token)), "QG026", "inner.wrong")
    finally:
        stranger.close()


def test_answers_are_held_to_it_where_the_service_says_so(gate, persons):
    request = CARRIED["CDATA"](people.sign_xml(DOC, persons["director"]))
    signed = CARRIED["escaped text"](people.sign_xml(DOC, persons["director of permits"]))
    got = accepted(gate, "Both", request, answer=soap.response(data=signed))
    assert received(gate, got, "answer")["detail"].startswith("xml ecdsa-sha256, rule director")
    for data in (CARRIED["CDATA"](DOC.replace("@", "")), CARRIED["CDATA"](people.sign_xml(DOC, persons["director"]))):
        got, met = ask(gate, "Both", request, answer=soap.response(data=data))
        assert met and (got.code, got.reason) == ("QG042", "provider.inner"), got.octets


def test_verify_explains_what_it_found(gate, persons):
    def explain(data):
        octets = wss.sign(soap.envelope(soap.request(service="One", data=data)), gate.pki["department"])
        return subprocess.run([BIN / "qaqpa", "verify", "--explain", "-c", gate.folder / "qaqpa.yaml"], input=octets,
                              stdout=subprocess.PIPE, check=True).stdout.decode()

    right = explain(CARRIED["CDATA"](people.sign_xml(DOC, persons["director"])))
    assert "inner signatures: ok, 1 found\nxml ecdsa-sha256, rule director" in right
    wrong = explain(CARRIED["CDATA"](DOC.replace("@", "")))
    assert "inner signatures: WRONG" in wrong and "reason: inner.absent" in wrong


def test_the_asynchronous_channel_asks_for_them_too(tmp_path, pki, persons):
    redis = Redis(tmp_path / "redis")
    g = Gateway(tmp_path, pki)
    g.conf["rules"] = RULES
    g.conf["queue"] = {"socket": str(redis.socket), "spool": str(tmp_path / "spool")}
    g.conf["services"].append({"id": "Case", "provider": "permits", "channel": "async",
                               "inner": {"accept": "enveloped", "rules": ["director"]}})
    for name in ("department", "permits"):
        g.participant(name)["async"] = {"mode": "pull", "notices": False}
    try:
        g.start_with_queue()

        def send(text, who="department"):
            return Answer(g, requests.post(f"http://127.0.0.1:{g.ports['plain']}/bip-async/", data=wss.sign(text, pki[who]),
                                             headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30))

        plain, signed = (CARRIED["CDATA"](doc) for doc in (DOC.replace("@", ""), people.sign_xml(DOC, persons["director"])))
        assert send(a.message(data=plain)).reason == "inner.absent"
        got = send(a.message(data=signed))
        assert got.status == 200, got.octets
        assert received(g, got)["detail"].startswith("xml ecdsa-sha256, rule director")
        # What goes back is an answer, and this service demands nothing of answers.
        back = send(a.message("RESPONSE", who="permits_is", password=None, correlation=got.text("correlationId"), data=plain), "permits")
        assert back.status == 200, back.octets
    finally:
        g.stop()
        redis.stop()
