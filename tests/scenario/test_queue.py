# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule M 9: what cannot be delivered waits and goes when the fault is cleared; nothing acknowledged is lost."""
import re
import signal
import subprocess
import threading

import pytest

from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider

FAST = {"name": "fast", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1h"}


@pytest.fixture
def world(tmp_path, pki, redis):
    """A gateway with a queued service, Notice, whose receiver is a provider that the test may stop and start."""
    provider = Provider(pki["permits"])
    g = Gateway(tmp_path, pki)
    g.conf["queue"] = {"socket": str(redis.socket), "spool": str(tmp_path / "spool"), "lease": "2s", "command_time": "1s"}
    g.conf["retries"] = [FAST]
    g.provider = provider
    g.service(provider, "Notice", delivery="queued", retry="fast", repeat_safe=True, breaker_failures=1000)
    yield g
    g.stop()
    g.provider.close()


def up(world, pki, **more):
    """The receiver comes (back) to its old address."""
    old = world.provider
    world.provider = Provider(pki["permits"], port=old.server.server_port, **more)
    return world.provider


def message_ids(provider):
    return [re.search(rb"<messageId>([^<]*)", o).group(1).decode() for o in provider.received]


def test_the_caller_gets_an_acceptance_and_the_message_goes(world):
    world.start_with_queue()
    data = '<data><p:Status xmlns:p="urn:demo">Қ</p:Status></data>'
    answer = world.send(service="Notice", data=data)
    answer.verified()
    assert (answer.status, answer.code) == (200, "SCSS001")
    assert "Accepted for delivery" in answer.text("message")
    world.wait(lambda: world.provider.received)
    got = world.provider.received[0]
    wss.verify(got, world.pki["gateway"].certificate)
    assert data.encode() in got and b"password" not in got
    world.wait(lambda: len(world.journal()) == 4)
    legs = world.journal()[::-1]
    assert [(f["direction"], f["kind"]) for f in legs] in (
        [("received", "request"), ("sent", "answer"), ("sent", "request"), ("received", "answer")],
        [("received", "request"), ("sent", "request"), ("sent", "answer"), ("received", "answer")],
        [("received", "request"), ("sent", "request"), ("received", "answer"), ("sent", "answer")])
    assert len({f["exchange"] for f in legs}) == 1


def test_while_the_receiver_is_away_messages_wait_and_go_in_order(world, pki):
    world.provider.close()
    world.start_with_queue()
    sent = []
    for n in range(12):
        message_id = f"m{n}"
        answer = world.send(service="Notice", message_id=message_id, correlation=f"case{n % 2}")
        assert answer.code == "SCSS001"
        sent.append(message_id)
    up(world, pki)
    world.wait(lambda: len(set(message_ids(world.provider))) == 12)
    got = message_ids(world.provider)
    for case in (0, 1):
        mine = [m for m in got if int(m[1:]) % 2 == case]
        assert list(dict.fromkeys(mine)) == [f"m{n}" for n in range(case, 12, 2)]


def test_an_identical_message_is_accepted_again_and_delivered_once(world):
    world.start_with_queue()
    octets = wss.sign(soap.envelope(soap.request(service="Notice")), world.pki["department"])
    first, second = (Answer(world, world.post(octets)) for _ in range(2))
    assert first.octets == second.octets, (first.code, second.code, second.text("errorData"))
    world.wait(lambda: world.provider.received)
    other = wss.sign(soap.envelope(soap.request(service="Notice")), world.pki["department"])
    world.post(other)
    world.wait(lambda: len(world.provider.received) >= 2)
    assert len(message_ids(world.provider)) == len(set(message_ids(world.provider))) == 2


def test_a_poison_message_does_not_stop_the_rest(world):
    def refuse_poison(octets):
        if b"<poison/>" in octets:
            return world.provider.signed_answer(octets, code="SCSE002", message="not like this")
        return world.provider.signed_answer(octets)

    world.provider.answer = refuse_poison
    world.start_with_queue()
    for n in range(10):
        world.send(service="Notice", message_id=f"m{n}", correlation="one", data="<data><poison/></data>" if n == 3 else soap.DATA)
    world.wait(lambda: len(message_ids(world.provider)) == 10)
    assert message_ids(world.provider) == [f"m{n}" for n in range(10)]
    dead = world.events("delivery.dead")
    world.wait(lambda: world.events("delivery.dead"))
    dead = world.events("delivery.dead")
    assert [(e["msg_id"], e["reason"]) for e in dead] == [("m3", "SCSE002")]


def test_without_redis_nothing_is_accepted_for_later_but_the_rest_works(world, redis, pki):
    world.service(world.provider, "Now")
    world.start_with_queue()
    redis.kill()
    world.wait(lambda: not world.check("queue")["ok"])
    answer = world.send(service="Notice")
    assert (answer.status, answer.code) == (503, "QG051")
    assert world.send(service="Now").status == 200
    assert world.admin("/readyz").status_code == 200  # synchronous services are served
    redis.start()
    world.wait(lambda: world.send(service="Notice").status == 200)


def test_the_gateway_starts_without_redis(world, redis):
    redis.kill()
    world.service(world.provider, "Now")
    world.start()
    assert world.send(service="Now").status == 200
    assert world.send(service="Notice").code == "QG051"


@pytest.mark.parametrize("setting,value,word", [("appendonly", "no", "appendonly"), ("appendfsync", "everysec", "appendfsync"),
                                                ("maxmemory-policy", "allkeys-lru", "maxmemory-policy")])
def test_a_redis_that_may_forget_is_refused_with_the_remedy(world, redis, setting, value, word):
    redis.configure(setting, value)
    world.start()
    assert world.send(service="Notice").code == "QG051"
    world.wait(lambda: not world.check("queue")["ok"])
    assert word in world.check("queue")["detail"]


def test_a_killed_gateway_loses_and_doubles_nothing(world, pki):
    """Killed while it accepts and while it delivers; every acceptance arrives, under its own identifiers."""
    accepted = set()
    for round_ in range(3):
        world.start_with_queue()
        stop = threading.Event()

        def client():
            while not stop.is_set():
                message_id = soap.new_id()
                try:
                    if world.send(service="Notice", message_id=message_id).status == 200:
                        accepted.add(message_id)
                except OSError:
                    return

        threads = [threading.Thread(target=client) for _ in range(3)]
        for t in threads:
            t.start()
        before = len(accepted)
        world.wait(lambda: len(accepted) >= before + 25)
        world.process.kill()
        world.process.wait()
        stop.set()
        for t in threads:
            t.join()
    world.start_with_queue()
    world.wait(lambda: accepted <= set(message_ids(world.provider)), seconds=30)


def test_redis_killed_under_load_loses_nothing(world, redis):
    world.start_with_queue()
    accepted = set()
    for n in range(60):
        message_id = soap.new_id()
        if world.send(service="Notice", message_id=message_id).status == 200:
            accepted.add(message_id)
        if n in (15, 35):
            redis.kill()
        if n in (20, 40):
            redis.start()
            world.wait(lambda: world.check("queue")["ok"])
    world.wait(lambda: accepted <= set(message_ids(world.provider)), seconds=30)
    assert len(accepted) >= 40


def test_a_wiped_redis_is_rebuilt_from_the_journal(world, redis, pki):
    world.provider.close()
    world.start_with_queue()
    for n in range(5):
        assert world.send(service="Notice", message_id=f"m{n}", correlation="c").status == 200
    world.wait(lambda: world.events("delivery.failed"))
    world.stop()
    redis.command("FLUSHALL")
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--socket", redis.socket, "--spool", world.folder / "spool",
                           "--journal", world.folder / "journal"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    up(world, pki)
    world.start_with_queue()
    world.wait(lambda: len(set(message_ids(world.provider))) == 5)
    assert list(dict.fromkeys(message_ids(world.provider))) == [f"m{n}" for n in range(5)]


def test_a_redis_that_comes_back_empty_is_noticed_and_waits_for_the_repair(world, redis, pki):
    """Under the feet of a running gateway; what is sent meanwhile is refused, so it cannot overtake what is put back."""
    world.provider.close()
    world.start_with_queue()
    for n in range(3):
        assert world.send(service="Notice", message_id=f"m{n}", correlation="c").status == 200
    redis.command("FLUSHALL")
    world.wait(lambda: not world.check("queue")["ok"])
    assert "qaqpa queue rebuild" in world.check("queue")["detail"]
    refused = world.send(service="Notice", message_id="m3", correlation="c")
    assert (refused.status, refused.code) == (503, "QG051")
    up(world, pki)
    assert not world.provider.received
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--socket", redis.socket, "--spool", world.folder / "spool",
                           "--journal", world.folder / "journal"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    world.wait(lambda: world.check("queue")["ok"])
    assert world.send(service="Notice", message_id="m3", correlation="c").status == 200
    world.wait(lambda: len(set(message_ids(world.provider))) == 4)
    assert list(dict.fromkeys(message_ids(world.provider))) == [f"m{n}" for n in range(4)]


def test_a_full_redis_refuses_with_a_time_to_come_back_and_still_delivers(world, redis, pki):
    world.provider.close()
    world.start_with_queue()
    accepted = []
    for n in range(10):
        if world.send(service="Notice", message_id=f"m{n}").status == 200:
            accepted.append(f"m{n}")
        if n == 4:
            redis.configure("maxmemory", "1")
    assert accepted == [f"m{n}" for n in range(5)]
    answer = world.send(service="Notice")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5") and answer.reason in ("queue.full", "queue.down")
    up(world, pki)
    world.wait(lambda: set(message_ids(world.provider)) == set(accepted))
    redis.configure("maxmemory", "0")
    world.wait(lambda: world.send(service="Notice").status == 200)


def test_an_operator_holds_and_releases_a_destination(world, redis):
    world.start_with_queue()

    def queue(*words):
        return subprocess.run([BIN / "qaqpa", "queue", *words, "--socket", redis.socket, "--spool", world.folder / "spool"],
                              capture_output=True, check=True).stdout.decode()

    queue("hold", "Notice")
    for n in range(3):
        assert world.send(service="Notice", message_id=f"m{n}").status == 200
    world.wait(lambda: "3" in queue("ls"))
    assert world.provider.received == []
    queue("release", "Notice")
    world.wait(lambda: len(message_ids(world.provider)) == 3)


@pytest.mark.parametrize("resend", ["fresh", "identical"])
def test_a_repeated_attempt_has_the_same_identifiers(world, pki, resend):
    """Fresh: signed anew each time; identical: the very same octets."""
    world.conf["services"][0]["resend"] = resend
    tries = []

    def fail_twice(octets):
        tries.append(octets)
        return (503, "text/plain", b"later") if len(tries) < 3 else world.provider.signed_answer(octets)

    world.provider.answer = fail_twice
    world.start_with_queue()
    world.send(service="Notice")
    world.wait(lambda: len(tries) == 3)
    assert len({re.search(rb"<sessionId>[^<]*", t).group(0) for t in tries}) == 1
    assert len({re.search(rb"<messageId>[^<]*", t).group(0) for t in tries}) == 1
    assert len(set(tries)) == 1 or resend == "fresh"


def test_a_service_that_is_not_repeat_safe_is_not_repeated_after_an_uncertain_outcome(world, pki):
    world.conf["services"][0]["repeat_safe"] = False
    tries = []

    def break_off(octets):
        tries.append(octets)

    world.provider.answer = break_off
    world.start_with_queue()
    world.send(service="Notice")
    world.wait(lambda: world.events("delivery.dead"))
    assert len(tries) == 1
    assert world.events("delivery.dead")[0]["reason"] == "provider.broken"


def test_a_stop_waits_for_what_the_receiver_may_obey(world):
    world.conf["services"][0]["repeat_safe"] = False
    came, answers = threading.Event(), threading.Event()

    def answer_late(octets):
        came.set()
        answers.wait(20)
        return world.provider.signed_answer(octets)

    world.provider.answer = answer_late
    world.start_with_queue()
    assert world.send(service="Notice", message_id="first", correlation="c").status == 200
    assert came.wait(20)
    world.kill(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        world.process.wait(0.5)
    answers.set()
    assert world.process.wait(20) == 0
    assert not world.events("delivery.failed")
    world.start_with_queue()
    assert world.send(service="Notice", message_id="second", correlation="c").status == 200
    world.wait(lambda: "second" in message_ids(world.provider))
    assert message_ids(world.provider) == ["first", "second"]


def test_a_stop_waits_no_longer_than_it_may(world):
    world.conf["gateway"] = {"drain": "100ms"}
    world.conf["services"][0]["repeat_safe"] = False
    came, ends = threading.Event(), threading.Event()

    def keep_silent(_octets):
        came.set()
        ends.wait(60)

    world.provider.answer = keep_silent
    world.start_with_queue()
    assert world.send(service="Notice").status == 200
    assert came.wait(20)
    assert world.stop() == 0
    ends.set()
    assert world.events("delivery.dead")[0]["reason"] == "provider.broken"


def test_a_reason_that_is_said_to_be_final_is_not_tried_again(world):
    world.conf["retries"] = [{**FAST, "non_retryable": "provider.broken"}]
    tries = []
    world.provider.answer = lambda octets: tries.append(octets)
    world.start_with_queue()
    world.send(service="Notice")
    world.wait(lambda: world.events("delivery.dead"))
    assert len(tries) == 1 and world.events("delivery.dead")[0]["reason"] == "provider.broken"


def test_what_waits_is_signed_also_when_the_way_of_resending_changes(world, pki):
    world.provider.close()
    world.start_with_queue()
    assert world.send(service="Notice").status == 200
    world.conf["services"][0]["resend"] = "identical"
    world.reload()
    up(world, pki)
    world.wait(lambda: world.provider.received)
    wss.verify(world.provider.received[0], pki["gateway"].certificate)


def test_the_gateway_stops_while_redis_is_away_and_deliveries_fail(world, redis):
    world.provider.close()
    world.start_with_queue()
    assert world.send(service="Notice").status == 200
    world.wait(lambda: world.events("delivery.failed"))
    redis.kill()
    world.wait(lambda: not world.check("queue")["ok"])
    assert world.stop() == 0
