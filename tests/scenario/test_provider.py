# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider that is down, slow or wrong gives the caller a fault with a stable code and the right side blamed."""
import socket
import threading

import pytest

from harness import soap, wss
from harness.gateway import Answer, Gateway
from harness.provider import Provider

XML = "text/xml; charset=utf-8"


def unsigned(_octets):
    return 200, XML, soap.envelope(soap.response()).encode()


def tampered(provider):
    def answer(octets):
        status, kind, text = provider.signed_answer(octets)
        return status, kind, text.replace(b"<p:number>1<", b"<p:number>2<")
    return answer


def by(name):
    return lambda pki: lambda _o: (200, XML, wss.sign(soap.envelope(soap.response()), pki[name]))


CASES = {
    # what the provider does: (code, reason, repeat outcome)
    "HTML of a proxy": (lambda p, k: lambda o: (502, "text/html", b"<html><body>Bad gateway</body></html>"), "QG042", "provider.not-soap"),
    "an empty 200": (lambda p, k: lambda o: (200, XML, b""), "QG042", "provider.empty"),
    "not XML": (lambda p, k: lambda o: (200, XML, b"OK"), "QG042", "provider.not-soap"),
    "a cut message": (lambda p, k: lambda o: (200, XML, p.signed_answer(o)[2][:-30]), "QG042", "provider.not-soap"),
    "no signature": (lambda p, k: unsigned, "QG043", "provider.signature"),
    "a changed Body": (lambda p, k: tampered(p), "QG043", "provider.signature"),
    "another participant's signature": (lambda p, k: by("department")(k), "QG043", "provider.signature"),
    "a stranger's signature": (lambda p, k: by("attacker-own-ca")(k), "QG043", "provider.signature"),
    "a request in place of the answer": (lambda p, k: lambda o: (200, XML, wss.sign(soap.envelope(soap.request()), p.identity)), "QG042", "provider.format"),
    "an answer without status": (lambda p, k: lambda o: p.signed_answer(o, text=soap.envelope(soap.response().replace("<code>SCSS001</code>", ""))), "QG042", "provider.format"),
    "a signed fault": (lambda p, k: lambda o: (500, XML, wss.sign(soap.envelope(soap.fault("SCE001", "no such form")), p.identity)), "QG044", "provider.fault"),
    "an unsigned fault": (lambda p, k: lambda o: (500, XML, soap.envelope(soap.fault("SCE001", "no such form")).encode()), "QG044", "provider.fault"),
    "a closed connection": (lambda p, k: lambda o: None, "QG041", "provider.broken"),
    "a redirect": (lambda p, k: lambda o: (302, "text/html", b""), "QG042", "provider.empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_provider_is_blamed(gateway, provider, case):
    make, code, reason = CASES[case]
    provider.answer = make(provider, gateway.pki)
    message_id = soap.new_id()
    answer = gateway.send(message_id=message_id)
    assert (answer.status, answer.code, answer.reason) == (500, code, reason), answer.octets
    answer.verified()  # the fault itself is signed: the caller was authenticated
    error_id = answer.text("errorData").split("errorId=")[1][:12]
    refusal = [e for e in gateway.events("message.refused") if e["err_id"] == error_id]
    assert len(refusal) == 1 and refusal[0]["side"] == "provider"
    assert any(f["error_id"] == error_id for f in gateway.journal("--error-id", error_id))


def test_the_words_of_a_signed_fault_come_through_and_those_of_an_unsigned_do_not(gateway, provider):
    signed = wss.sign(soap.envelope(soap.fault("SCE001", "no such form")), provider.identity)
    provider.answer = lambda o: (500, XML, signed)
    assert "no such form" in gateway.send().text("errorData")
    provider.answer = lambda o: (500, XML, soap.envelope(soap.fault("SCE001", "no such form")).encode())
    assert "no such form" not in gateway.send().text("errorData")


def test_business_errors_of_the_provider_pass_as_answers(gateway, provider):
    provider.answer = lambda o: provider.signed_answer(o, code="SCSE001", message="nothing found", data="<data/>")
    answer = gateway.send()
    assert (answer.status, answer.code) == (200, "SCSE001")
    answer.verified()


@pytest.fixture
def lone(tmp_path, pki):
    """A gateway of its own, started by the test after it has said its services."""
    g = Gateway(tmp_path, pki)
    yield g
    g.stop()


def test_a_silent_provider_ends_at_the_deadline(lone):
    silent = socket.create_server(("127.0.0.1", 0))
    lone.service(type("Silent", (), {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/"}), deadline="1s")
    lone.start()
    answer = lone.send()
    assert (answer.code, answer.reason) == ("QG041", "provider.deadline")
    silent.close()


def test_a_silent_provider_does_not_slow_others(lone, pki, provider):
    silent = socket.create_server(("127.0.0.1", 0), backlog=128)
    dead = type("Silent", (), {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/"})
    provider.answer = provider.signed_answer
    lone.service(dead, "Silent", deadline="5m", in_flight=50)
    lone.participant("department")["share"] = 100
    lone.service(provider)
    lone.start()
    answers = []
    ready = [wss.sign(soap.envelope(soap.request(service="Silent")), pki["department"]) for _ in range(60)]
    threads = [threading.Thread(target=lambda o: answers.append(Answer(lone, lone.post(o))), args=(o,)) for o in ready]
    for t in threads:
        t.start()
    lone.wait(lambda: len(answers) == 10)  # beyond the places in flight
    assert {a.code for a in answers} == {"QG050"} and {a.status for a in answers} == {503}
    assert {a.headers["Retry-After"] for a in answers} == {"5"}
    for _ in range(20):
        assert lone.send().status == 200
    assert len(answers) == 10  # the silent ones still wait, the others passed them by
    silent.close()  # breaks what waits in its line
    for t in threads:
        t.join()
    assert sorted(a.code for a in answers) == ["QG041"] * 50 + ["QG050"] * 10


def test_a_provider_that_is_down_is_said_to_be_down(lone, pki):
    with socket.socket() as mute:  # has the port, so that nobody else is given it, and does not listen
        mute.bind(("127.0.0.1", 0))
        lone.service(type("Down", (), {"url": f"http://127.0.0.1:{mute.getsockname()[1]}/"}))
        lone.start()
        answer = lone.send()
    assert (answer.code, answer.reason) == ("QG040", "provider.connect")


def test_an_answer_beyond_its_limit_is_refused(lone, pki, provider):
    provider.answer = lambda o: provider.signed_answer(o, data="<data>" + "x" * 200000 + "</data>")
    lone.service(provider, answer_limit="64KiB")
    lone.start()
    assert lone.send().reason == "provider.too-large"


def test_without_diagnostics_the_finer_reason_stays_in_the_log(lone, pki, provider):
    provider.answer = unsigned
    lone.conf["listeners"][0]["diagnostics"] = False
    lone.service(provider)
    lone.start()
    answer = lone.send()
    assert answer.code == "QG043"
    assert answer.text("errorData") == "errorId=" + lone.events("message.refused")[-1]["err_id"]
    assert lone.events("message.refused")[-1]["reason"] == "provider.signature"


def test_beyond_the_memory_for_messages_callers_are_asked_to_come_back(lone, pki, provider):
    """The waiting messages take the memory; a further one is refused, and accepted once they are answered."""
    gate = threading.Event()

    def slow(octets):
        gate.wait(20)
        return provider.signed_answer(octets)

    provider.answer = slow
    provider.received.clear()
    lone.conf["gateway"] = {"memory": "4MiB"}
    lone.participant("department")["share"] = 100
    lone.service(provider)
    lone.start()
    big = "<data>" + "x" * 300_000 + "</data>"
    ready = [wss.sign(soap.envelope(soap.request(data=big)), pki["department"]) for _ in range(4)]
    answers = []
    threads = [threading.Thread(target=lambda o: answers.append(Answer(lone, lone.post(o))), args=(o,)) for o in ready[:3]]
    for t in threads:
        t.start()
    lone.wait(lambda: len(provider.received) == 3)
    refused = Answer(lone, lone.post(ready[3]))
    assert (refused.status, refused.code, refused.reason) == (503, "QG050", "gateway.busy")
    gate.set()
    for t in threads:
        t.join()
    assert [a.status for a in answers] == [200] * 3
    assert Answer(lone, lone.post(ready[3])).status == 200
