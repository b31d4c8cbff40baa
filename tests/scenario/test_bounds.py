# SPDX-License-Identifier: GPL-3.0-or-later
"""One client cannot take more than its share: what addresses and participants may hold, and what others get meanwhile."""
import http.client
import signal
import threading
import time

import pytest

from harness import async_soap, soap, wss
from harness.gateway import PATH, Answer, may_trace

THIS, OTHER = "127.0.0.1", "127.0.0.2"


class Line(http.client.HTTPConnection):
    """A connection that stays, from an address of its own."""

    def __init__(self, gateway, address=THIS):
        super().__init__("127.0.0.1", gateway.ports["plain"], timeout=60, source_address=(address, 0))

    def post(self, octets, path=PATH):
        self.request("POST", path, octets, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        response = self.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def put_off(gateway, why):
    lines = gateway.admin("/metrics").text.splitlines()
    return int(next(line for line in lines if line.startswith(f'qaqpa_put_off_total{{why="{why}"}}')).split()[-1])


def slow(provider, gate):
    """The provider answers once the gate is open."""
    def answer(octets):
        gate.wait(30)
        return provider.signed_answer(octets)
    provider.answer = answer


def posted(gateway, messages, address=THIS):
    """Each message on a connection of its own; what came back, in the order in which it came."""
    answers = []
    threads = [threading.Thread(target=lambda o: answers.append(Line(gateway, address).post(o)), args=(o,)) for o in messages]
    for t in threads:
        t.start()
    return threads, answers


def test_requests_of_one_address_have_a_bound_and_others_go_on(lone, pki, provider):
    gate = threading.Event()
    slow(provider, gate)
    lone.conf["listeners"][0]["limits"] = {"requests_per_address": 3}
    lone.start()
    ready = [wss.sign(soap.envelope(soap.request()), pki["department"]) for _ in range(5)]
    threads, answers = posted(lone, ready[:3])
    lone.wait(lambda: len(provider.received) == 3)
    line = Line(lone)
    began = time.monotonic()
    for _ in range(20):  # the connection stays
        status, headers, words = line.post(ready[3])
        assert (status, headers["Retry-After"]) == (503, "1")
        assert words.startswith(b"address.requests: ")
    assert put_off(lone, "address.requests") == 20
    lines = lone.events("front.put-off")
    assert lines[0]["peer"] == THIS and lines[0]["reason"] == "address.requests"
    assert len(lines) <= time.monotonic() - began + 1  # one a second
    other, others = posted(lone, ready[4:], OTHER)
    lone.wait(lambda: len(provider.received) == 4)
    gate.set()
    for t in threads + other:
        t.join()
    assert [a[0] for a in answers + others] == [200] * 4
    assert line.post(ready[3])[0] == 200  # nothing of it was remembered


def heavy():
    """A message of a stranger that takes long to refuse: all of it is read before nothing is found that signs it."""
    return soap.envelope(soap.request(data="<data>" + "<i/>" * 150_000 + "</data>")).encode()


def test_an_address_that_causes_work_for_nothing_is_put_off_before_its_messages_are_read(lone, pki, provider):
    lone.conf["listeners"][0]["limits"] = {"refused_work": 1}
    lone.start()
    stranger, octets = Line(lone, OTHER), heavy()
    statuses = []
    while 503 not in statuses and len(statuses) < 100:
        status, headers, words = stranger.post(octets)
        statuses.append(status)
    assert statuses[0] == 500 and statuses[-1] == 503
    assert words.startswith(b"address.refused-work: ")
    assert 1 <= int(headers["Retry-After"]) <= 10
    refusals = len(lone.events("message.refused"))
    assert Line(lone, OTHER).post(octets)[0] == 503  # a new connection is the same address
    assert len(lone.events("message.refused")) == refusals
    assert lone.send().status == 200  # others are served
    assert put_off(lone, "address.refused-work") == 2
    signed = wss.sign(soap.envelope(soap.request()), pki["department"])
    lone.wait(lambda: Line(lone, OTHER).post(signed)[0] == 200)  # it leaks away


def test_an_address_cannot_fill_the_journal_with_what_is_refused(lone):
    """What costs no time to refuse still takes its place on the disk: 100 ms of work are 100 KB of it."""
    lone.conf["listeners"][0]["limits"] = {"refused_work": 1}
    lone.start()
    line = Line(lone)
    statuses = [line.post(b"x" * 60_000)[0] for _ in range(10)]
    assert statuses[0] == 500 and statuses[4:] == [503] * 6


def test_refusals_of_those_who_are_known_are_not_held_against_their_address(lone, pki):
    lone.conf["listeners"][0]["limits"] = {"refused_work": 1}
    lone.start()
    data = "<data>" + "<i/>" * 20_000 + "</data>"
    message = wss.sign(soap.envelope(soap.request(service="NoSuch", data=data)), pki["department"])
    for _ in range(30):
        assert Answer(lone, lone.post(message)).reason == "service.unknown"
    assert put_off(lone, "address.refused-work") == 0
    forged = message.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA")
    for _ in range(30):  # the same work, and nobody known behind it
        lone.post(forged)
    assert put_off(lone, "address.refused-work") > 0


def test_nor_are_refusals_of_their_questions(lone, pki):
    lone.conf["listeners"][0]["limits"] = {"refused_work": 1}
    lone.start()
    old = async_soap.get_messages().replace(soap.now()[:16], soap.now(minutes=-6)[:16])
    question, line = wss.sign(old, pki["permits"]), Line(lone)
    for _ in range(60):  # together they cost several times what a stranger may
        status, _, words = line.post(question, "/bip-async/")
        assert status == 500 and b"message.date-window" in words


def test_a_flood_of_one_address_does_not_make_others_wait_behind_it(lone, pki):
    """One worker, 60 messages of a stranger in its line. A message that comes after them is served in its turn."""
    lone.conf["gateway"] = {"workers": 1}
    lone.conf["listeners"][0]["limits"] = {"refused_work": 0}
    lone.start()
    good = wss.sign(soap.envelope(soap.request()), pki["department"])
    octets = heavy()
    threads, answers = posted(lone, [octets] * 60, OTHER)
    lone.wait(lambda: int(next(line for line in lone.admin("/metrics").text.splitlines()
                               if line.startswith("qaqpa_exchanges_open")).split()[-1]) >= 30)
    before = len(answers)
    assert Line(lone).post(good)[0] == 200
    assert len(answers) - before < 15  # it waited for one or two of them at each of its steps, not for all
    for t in threads:
        t.join()
    assert [a[0] for a in answers] == [500] * 60


def of_another(pki, **fields):
    return wss.sign(soap.envelope(soap.request(sender="permits_is", **fields)), pki["permits"])


def test_slow_calls_of_one_participant_leave_places_for_the_others(lone, pki, provider):
    gate = threading.Event()
    slow(provider, gate)
    lone.conf["services"][0]["in_flight"] = 8
    lone.start()
    ready = [wss.sign(soap.envelope(soap.request()), pki["department"]) for _ in range(5)]
    threads, answers = posted(lone, ready[:4])
    lone.wait(lambda: len(provider.received) == 4)
    refused = Answer(lone, lone.post(ready[4]))
    assert (refused.status, refused.code, refused.reason) == (503, "QG050", "participant.busy")
    assert refused.headers["Retry-After"] == "5"
    refused.verified()
    assert put_off(lone, "participant.busy") == 1
    other, others = posted(lone, [of_another(pki)])
    lone.wait(lambda: len(provider.received) == 5)
    gate.set()
    for t in threads + other:
        t.join()
    assert [a[0] for a in answers + others] == [200] * 5
    assert Answer(lone, lone.post(ready[4])).status == 200


@pytest.mark.skipif(not may_trace(), reason="strace may not look at other processes here")
def test_who_has_his_answer_has_his_place_back(lone, provider):
    """Whoever hands the answer over is held up at once behind it."""
    provider.answer = provider.signed_answer
    lone.conf["services"][0]["in_flight"] = 1
    lone.program = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e", "inject=write:delay_exit=100000", *lone.program]
    lone.start()
    assert [lone.send().status for _ in range(5)] == [200] * 5


def test_long_messages_of_one_participant_leave_memory_for_the_others(lone, pki, provider):
    gate = threading.Event()
    slow(provider, gate)
    lone.conf["gateway"] = {"memory": "4MiB"}
    lone.participant("permits")["share"] = 1
    lone.start()
    data = "<data>" + "x" * 300_000 + "</data>"  # counted four times
    ready = [wss.sign(soap.envelope(soap.request(data=data)), pki["department"]) for _ in range(2)]
    threads, answers = posted(lone, ready[:1])
    lone.wait(lambda: len(provider.received) == 1)
    assert Answer(lone, lone.post(ready[1])).reason == "participant.busy"
    other, others = posted(lone, [of_another(pki, data=data)])  # a single one is let in whatever the share is
    lone.wait(lambda: len(provider.received) == 2)
    assert Answer(lone, lone.post(of_another(pki))).reason == "participant.busy"
    gate.set()
    for t in threads + other:
        t.join()
    assert [a[0] for a in answers + others] == [200] * 2
    assert Answer(lone, lone.post(ready[1])).status == 200


def test_messages_of_one_participant_leave_connections_for_the_others(lone, pki, provider):
    gate = threading.Event()
    slow(provider, gate)
    lone.conf["listeners"][0]["limits"] = {"connections": 7, "share_per_address": 100}
    lone.start()
    ready = [wss.sign(soap.envelope(soap.request()), pki["department"]) for _ in range(4)]
    threads, answers = posted(lone, ready[:3])
    lone.wait(lambda: len(provider.received) == 3)
    assert Answer(lone, lone.post(ready[3])).reason == "participant.busy"
    other, others = posted(lone, [of_another(pki)])
    lone.wait(lambda: len(provider.received) == 4)
    gate.set()
    for t in threads + other:
        t.join()
    assert [a[0] for a in answers + others] == [200] * 4
    assert Answer(lone, lone.post(ready[3])).status == 200


def test_behind_a_proxy_clients_are_told_apart(lone, pki):
    """Their addresses stand in log and journal, and each has its own share."""
    lone.conf["listeners"][0] |= {"proxies": [THIS], "limits": {"refused_work": 1}}
    lone.start()

    def through_the_proxy(client, octets):
        line = Line(lone)
        line.connect()
        line.sock.sendall(f"PROXY TCP4 {client} 192.0.2.1 12345 443\r\n".encode())
        return line.post(octets)[0]

    octets = heavy()
    statuses = [through_the_proxy("192.0.2.66", octets)]
    while statuses[-1] != 503 and len(statuses) < 100:
        statuses.append(through_the_proxy("192.0.2.66", octets))
    assert statuses[0] == 500 and statuses[-1] == 503
    good = wss.sign(soap.envelope(soap.request()), pki["department"])
    assert through_the_proxy("192.0.2.77", good) == 200
    assert {e["peer"] for e in lone.events("message.refused")} == {"192.0.2.66"}
    assert lone.events("front.put-off")[0]["peer"] == "192.0.2.66"
    received = [f for f in lone.journal() if f["direction"] == "received" and f["kind"] == "request"]
    assert {f["peer"] for f in received} == {"192.0.2.66", "192.0.2.77"}


def test_bounds_that_were_changed_wait_for_a_restart_and_the_log_says_so(lone):
    lone.start()
    lone.conf["listeners"][0]["limits"] = {"requests_per_address": 1}
    lone.write()
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: lone.events("config.reload"))
    assert ["limits and proxies of listeners stay until a restart"] == [e["what"] for e in lone.events("config.problem")]
