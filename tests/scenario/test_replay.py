# SPDX-License-Identifier: GPL-3.0-or-later
"""The same messageId from the same sender: the first answer again when identical, a refusal when not."""
import threading

import pytest

from harness import soap, wss
from harness.gateway import Answer, Gateway, flushes_fail, may_trace
from harness.provider import Provider


def post(gateway, octets):
    return Answer(gateway, gateway.post(octets))


@pytest.mark.parametrize("data", [soap.DATA, soap.LONG_DATA], ids=["short", "long"])
def test_an_identical_message_gets_the_first_answer_again(gateway, provider, data):
    provider.answer = lambda o: provider.signed_answer(o, data=data)
    octets = wss.sign(soap.envelope(soap.request()), gateway.pki["department"])
    first = post(gateway, octets)
    count = len(provider.received)
    second = post(gateway, octets)
    assert first.status == second.status == 200
    assert first.octets == second.octets
    assert len(provider.received) == count


def test_a_fresh_signature_over_the_same_content_is_the_same_message(gateway, provider):
    provider.answer = provider.signed_answer
    body = soap.request()
    first = post(gateway, wss.sign(soap.envelope(body), gateway.pki["department"]))
    count = len(provider.received)
    second = post(gateway, wss.sign(soap.envelope(body, body_id="id-other"), gateway.pki["department"],
                                   references=("id-other",)))
    assert first.octets == second.octets and len(provider.received) == count


def test_another_unsigned_header_does_not_make_another_message(gateway, provider):
    provider.answer = provider.signed_answer
    body = soap.request()
    first = post(gateway, wss.sign(soap.envelope(body), gateway.pki["department"]))
    count = len(provider.received)
    second = post(gateway, wss.sign(soap.envelope(body, header="<x:y xmlns:x='urn:x'/>"), gateway.pki["department"]))
    assert first.octets == second.octets and len(provider.received) == count


def test_other_content_under_the_same_id_is_refused(gateway, provider):
    provider.answer = provider.signed_answer
    message_id = soap.new_id()
    gateway.send(message_id=message_id)
    count = len(provider.received)
    other = gateway.send(message_id=message_id, data="<data><other/></data>")
    assert (other.status, other.code, other.reason) == (500, "QG022", "replay.conflict")
    assert len(provider.received) == count


def test_another_binding_of_a_prefix_is_other_content(gateway, provider):
    provider.answer = provider.signed_answer
    body = soap.request(data='<data xsi:type="f:T" xmlns:xsi="%s"/>' % soap.XSI)
    gateway.send(soap.envelope(body, envelope_attributes=' xmlns:f="urn:one"'))
    assert gateway.send(soap.envelope(body, envelope_attributes=' xmlns:f="urn:two"')).code == "QG022"


def test_another_sender_may_use_the_same_id(gateway, provider):
    provider.answer = provider.signed_answer
    message_id = soap.new_id()
    assert gateway.send(message_id=message_id).status == 200
    other = gateway.send(message_id=message_id, sender="permits_is", identity=gateway.pki["permits"])
    assert other.status == 200


def test_copies_at_the_same_time_are_delivered_once(gateway, provider):
    gate = threading.Event()

    def slow(octets):
        gate.wait(10)
        return provider.signed_answer(octets)

    provider.answer = slow
    octets = wss.sign(soap.envelope(soap.request()), gateway.pki["department"])
    before = len(provider.received)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post(gateway, octets))) for _ in range(20)]
    for t in threads:
        t.start()
    gateway.wait(lambda: len(answers) == 19)
    gate.set()
    for t in threads:
        t.join()
    assert len(provider.received) == before + 1
    assert sorted(a.code for a in answers) == ["QG023"] * 19 + ["SCSS001"]
    assert post(gateway, octets).code == "SCSS001"


def test_the_memory_outlives_a_restart(tmp_path, pki):
    provider = Provider(pki["permits"])
    gateway = Gateway(tmp_path, pki)
    gateway.service(provider)
    gateway.start()
    octets = wss.sign(soap.envelope(soap.request()), pki["department"])
    first = post(gateway, octets)
    gateway.process.kill()
    gateway.process.wait()
    gateway.start()
    assert post(gateway, octets).octets == first.octets
    assert len(provider.received) == 1
    gateway.stop()
    provider.close()


def test_what_was_in_flight_at_a_crash_is_uncertain_unless_repeat_safe(tmp_path, pki):
    """Killed between sending and answering: only a service that says so may be called again."""
    arrived, gate = threading.Event(), threading.Event()
    provider = Provider(pki["permits"])

    def hang(_octets):
        arrived.set()
        gate.wait(20)

    provider.answer = hang
    gateway = Gateway(tmp_path, pki)
    gateway.service(provider)
    gateway.service(provider, "Safe", repeat_safe=True)
    for service, expected in (("Demo", "replay.uncertain"), ("Safe", None)):
        arrived.clear()
        provider.answer = hang
        gateway.start()
        octets = wss.sign(soap.envelope(soap.request(service=service)), pki["department"])
        sender = threading.Thread(target=lambda: _ignore(gateway, octets))
        sender.start()
        assert arrived.wait(10)
        gateway.process.kill()
        gateway.process.wait()
        sender.join()
        provider.answer = provider.signed_answer
        gateway.start()
        answer = post(gateway, octets)
        assert answer.reason == expected, answer.octets
        assert answer.status == (500 if expected else 200)
        gateway.stop()
    gate.set()
    provider.close()


@pytest.mark.skipif(not may_trace(), reason="strace may not look at other processes here")
@pytest.mark.parametrize("data", [soap.DATA, soap.LONG_DATA], ids=["short", "long"])
def test_of_an_answer_that_cannot_be_registered_nothing_is_told(lone, pki, provider, data):
    """The disk of the journal fails while the provider works."""
    lone.start()
    arrived, gate = threading.Event(), threading.Event()

    def slow(octets):
        arrived.set()
        gate.wait(20)
        return provider.signed_answer(octets, data=data)

    provider.answer = slow
    answers = []
    sender = threading.Thread(target=lambda: answers.append(lone.send(data=data)))
    sender.start()
    assert arrived.wait(20)
    with flushes_fail(lone):
        gate.set()
        sender.join(30)
    answer, = answers
    assert (answer.status, answer.code, answer.reason) == (500, "QG041", "journal.answer-unwritable"), answer.octets
    answer.verified()
    assert b"<data" not in answer.octets


def _ignore(gateway, octets):
    try:
        gateway.post(octets)
    except OSError:
        pass


def test_a_failure_before_sending_lets_the_same_message_try_again(tmp_path, pki):
    provider = Provider(pki["permits"])
    gateway = Gateway(tmp_path, pki)
    gateway.service(provider)
    gateway.start()
    url, port = provider.url, provider.server.server_port
    provider.close()
    octets = wss.sign(soap.envelope(soap.request()), pki["department"])
    assert post(gateway, octets).code == "QG040"
    again = Provider(pki["permits"], port=port)
    assert again.url == url
    assert post(gateway, octets).status == 200
    gateway.stop()
    again.close()
