# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways behind a load balancer share their replay memory: a message that is repeated at the other one meets what it
would have met at the first."""
import signal
import threading

import pytest
import requests

from harness import soap, wss
from harness.gateway import Answer, flushes_fail
from harness.pair import Pair
from harness.provider import Provider


class Shared(Pair):
    def node(self, folder, spool):
        g = super().node(folder, spool)
        g.conf["queue"].update(shared_replay=True, answer_inline="32KiB")
        g.service(self.provider)
        g.service(self.provider, "Safe", repeat_safe=True)
        return g


@pytest.fixture
def pair(tmp_path, pki):
    p = Shared(tmp_path, pki)
    yield p
    p.close()


def signed(pair, **fields):
    return wss.sign(soap.envelope(soap.request(**fields)), pair.pki["department"])


def send(g, octets):
    return Answer(g, g.post(octets))


class Held:
    """A message on its way: the provider has it and does not answer until it is told."""

    def __init__(self, pair, gateway, octets):
        self.gate, arrived = threading.Event(), threading.Event()

        def slow(received):
            arrived.set()
            self.gate.wait(20)
            return pair.provider.signed_answer(received)

        pair.provider.answer = slow
        self.answer = None
        self.thread = threading.Thread(target=self.run, args=(gateway, octets))
        self.thread.start()
        assert arrived.wait(20)
        pair.provider.answer = pair.provider.signed_answer

    def run(self, gateway, octets):
        try:
            self.answer = send(gateway, octets)
        except requests.ConnectionError:
            pass

    def end(self):
        self.gate.set()
        self.thread.join(30)
        return self.answer


def test_an_identical_message_gets_the_first_answer_at_the_other_gateway(pair):
    one, two = pair.begin().nodes
    octets = signed(pair)
    first = send(one, octets)
    again = [send(two, octets), send(one, octets), send(two, octets)]
    assert first.status == 200 and {a.octets for a in again} == {first.octets}
    assert {a.status for a in again} == {200}
    assert len(pair.provider.received) == 1
    facts = two.journal("--octets")
    assert [f["reason"] for f in facts] == ["replay.answered"] * 4
    assert {f["octets"].encode() for f in facts if f["direction"] == "sent"} == {first.octets}  # this journal has no other copy
    assert send(two, signed(pair)).status == 200 and len(pair.provider.received) == 2


def test_a_fault_of_the_provider_is_final_there_too(pair):
    pair.provider.answer = lambda _octets: (500, "text/xml; charset=utf-8", wss.sign(soap.envelope(soap.fault()), pair.pki["permits"]))
    one, two = pair.begin().nodes
    octets = signed(pair)
    first, again = send(one, octets), send(two, octets)
    assert (first.status, first.code) == (500, "QG044")
    assert (again.status, again.octets) == (500, first.octets) and len(pair.provider.received) == 1


def test_other_content_under_the_same_id_is_refused_there(pair):
    one, two = pair.begin().nodes
    assert one.send(message_id="m1").status == 200
    refused = two.send(message_id="m1", data="<data><other/></data>")
    assert (refused.code, refused.reason) == ("QG022", "replay.conflict")
    refused = two.send(message_id="m1", service="Safe")
    assert (refused.code, refused.reason) == ("QG022", "replay.conflict")
    assert len(pair.provider.received) == 1


def test_what_is_in_hand_at_one_gateway_is_asked_to_come_later_at_the_other(pair):
    one, two = pair.begin().nodes
    octets = signed(pair, service="Safe")
    held = Held(pair, one, octets)
    meanwhile = [send(two, octets) for _ in range(3)]
    assert [(a.code, a.reason) for a in meanwhile] == [("QG023", "replay.in-progress")] * 3
    first = held.end()
    assert first.status == 200
    assert send(two, octets).octets == first.octets
    assert len(pair.provider.received) == 1


def test_of_a_killed_gateway_what_was_sent_is_uncertain_unless_repeat_safe(pair):
    one, two = pair.begin().nodes
    for service, expected, calls in (("Demo", "replay.uncertain", 1), ("Safe", None, 2)):
        pair.provider.received.clear()
        octets = signed(pair, service=service)
        held = Held(pair, one, octets)
        one.stop(signal.SIGKILL)
        assert send(two, octets).reason == "replay.in-progress"  # it may still be alive, as far as anybody knows
        for key in pair.redis.command("KEYS", "qaqpa:node:*").split():
            pair.redis.command("PEXPIRE", key, "1")  # and now its sign of life is over; the other one's comes again
        two.wait(lambda: send(two, octets).reason != "replay.in-progress")
        answer = send(two, octets)
        assert answer.reason == expected, answer.octets
        assert len(pair.provider.received) == calls
        held.end()
        one.start_with_queue()
        assert send(one, octets).reason == expected
        assert len(pair.provider.received) == calls


def test_what_was_certainly_not_sent_may_be_tried_at_the_other_gateway(pair):
    port = pair.provider.server.server_port
    pair.provider.close()
    one, two = pair.begin().nodes
    octets = signed(pair)
    assert send(one, octets).code == "QG040"
    pair.provider = Provider(pair.pki["permits"], port=port)
    first = send(two, octets)
    assert first.status == 200
    assert send(one, octets).octets == first.octets and len(pair.provider.received) == 1


def test_an_answer_too_long_for_redis_is_referred_to_its_gateway(pair):
    pair.provider.answer = lambda octets: pair.provider.signed_answer(octets, data="<data>" + "x" * 40000 + "</data>")
    one, two = pair.begin().nodes
    octets = signed(pair)
    first, there = send(one, octets), send(two, octets)
    assert first.status == 200
    assert (there.status, there.code, there.reason) == (500, "QG021", "replay.elsewhere")
    assert first.text("sessionId") in there.text("errorData")
    assert send(one, octets).octets == first.octets and len(pair.provider.received) == 1


def test_without_redis_nothing_is_sent_and_afterwards_all_goes_on(pair):
    one, two = pair.begin().nodes
    octets, fresh = signed(pair), signed(pair)
    first = send(one, octets)
    pair.redis.kill()
    one.wait(lambda: not one.check("queue")["ok"] and not two.check("queue")["ok"])
    refused = [send(g, o) for g, o in ((two, octets), (one, fresh), (two, fresh))]
    assert {(a.status, a.code, a.reason) for a in refused} == {(503, "QG051", "replay.down")}
    assert all(a.headers["Retry-After"] for a in refused)
    assert send(one, octets).octets == first.octets  # its own journal knows it
    assert len(pair.provider.received) == 1
    pair.redis.start()
    one.wait(lambda: one.check("queue")["ok"] and two.check("queue")["ok"])
    assert send(two, octets).octets == first.octets
    assert send(two, fresh).status == 200 and send(one, fresh).status == 200
    assert len(pair.provider.received) == 2


def test_an_outcome_that_redis_missed_is_known_when_it_is_back(pair):
    one, two = pair.begin().nodes
    octets = signed(pair)
    held = Held(pair, one, octets)
    pair.redis.kill()
    one.wait(lambda: not one.check("queue")["ok"])
    first = held.end()
    assert first.status == 200  # it is registered, and its caller does not wait for Redis
    pair.redis.start()
    one.wait(lambda: one.check("queue")["ok"] and two.check("queue")["ok"])
    two.wait(lambda: send(two, octets).reason == "replay.elsewhere")
    assert send(one, octets).octets == first.octets and len(pair.provider.received) == 1


def test_a_message_refused_before_it_was_accepted_is_not_remembered(pair):
    """The check of numbers needs one; the same message under a service without it passes at the other gateway."""
    for g in pair.nodes:
        g.service(pair.provider, "Checked", checks=["nikad-given"], actions=["nikad-used"])
    one, two = pair.begin().nodes
    octets = signed(pair, service="Checked")
    first = send(one, octets)
    assert first.reason.startswith("nikad."), first.octets
    assert send(two, octets).reason == first.reason  # judged anew, and released again
    assert pair.provider.received == []


def test_kills_under_load_leave_each_message_sent_once(pair):
    """Callers repeat until they have an answer or are told to ask, at whichever gateway; both gateways and Redis are killed in
    turn, and a gateway is called dead as soon as it is."""
    one, two = pair.begin().nodes
    stop, told = threading.Event(), {}

    def caller(number):
        for turn in range(12):
            name = f"load-{number}-{turn}"
            octets = signed(pair, message_id=name, correlation=name)
            for attempt in range(2000):
                node = (one, two)[(number + turn + attempt) % 2]
                try:
                    answer = send(node, octets)
                except (requests.RequestException, OSError):
                    continue
                if answer.code in ("SCSS001", "QG041", "QG021"):
                    told.setdefault(name, answer.code)
                    break
                stop.wait(0.02)

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    kills = 0
    while any(t.is_alive() for t in threads):
        before = len(pair.provider.received)
        two.wait(lambda n=before: len(pair.provider.received) > n + 2 or not any(t.is_alive() for t in threads))
        if kills % 3 == 2:
            pair.redis.kill()
            pair.redis.start()
        else:
            victim = (one, two)[kills % 3]
            victim.stop(signal.SIGKILL)
            for key in pair.redis.command("KEYS", "qaqpa:node:*").split():
                pair.redis.command("PEXPIRE", key, "1")
            victim.start()
        kills += 1
    for t in threads:
        t.join()
    assert kills >= 4
    sent = [wss.parse(o).xpath("string(//*[local-name()='correlationId'])") for o in pair.provider.received]
    assert len(told) == 48 and "SCSS001" in told.values()
    assert len(sent) == len(set(sent)), "a message was sent twice"


def test_an_answer_that_was_not_registered_is_uncertain_everywhere(pair):
    """The disk of the journal fails while the provider works: what the others were told meanwhile is put right."""
    one, two = pair.begin().nodes
    octets = signed(pair)
    held = Held(pair, one, octets)
    with flushes_fail(one):
        first = held.end()
    assert (first.code, first.reason) == ("QG041", "journal.answer-unwritable"), first.octets
    assert send(two, octets).reason == "replay.uncertain"
    assert len(pair.provider.received) == 1
