# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules I3 and P7: from acceptance on somebody is told of it, or of the refusal; once, and for certain."""
import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest
import requests
from lxml import etree

from harness import async_soap as a
from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider

EXAMPLE = Path(__file__).resolve().parents[2] / "adapters/permits/examples/nikad-request.xml"
NOTICE = "{urn:qaqpa:notice:v1}Notice"
SCHEMA = Path(__file__).resolve().parents[2] / "wsdl/notice/v1/notice.xsd"
NUMBER = "00000000000000000001"
EVERYTHING = ["accepted", "refused", "late"]


def document(last_day=None, iin="900101300017"):
    day = f"<LastDay>{last_day}</LastDay>" if last_day else ""
    return (f"<data><p:Report xmlns:p='urn:demo:report'><SystemInfo><RequestNumber>{NUMBER}</RequestNumber>"
            f"<ChainId>chain-1</ChainId></SystemInfo><Iin>{iin}</Iin>{day}</p:Report></data>")


class Board(Provider):
    """Who is told. Every notice is verified, read and held against the schema."""

    def __init__(self, pki, **more):
        super().__init__(pki["other-system"], **more)
        self.pki = pki
        self.schema = etree.XMLSchema(file=str(SCHEMA))

    @property
    def notices(self):
        return [self.read(octets) for octets in list(self.received)]

    def read(self, octets):
        tree = wss.verify(octets, self.pki["gateway"].certificate)
        notice = tree.find(f".//{NOTICE}")
        self.schema.assertValid(etree.fromstring(etree.tostring(notice)))
        said = {e.tag: e.text for e in notice.iter() if len(e) == 0}
        said["name"] = tree.find(".//messageId").text
        said["from"] = tree.find(".//senderId").text
        if notice.find("Reasons") is not None:
            said["Code"], said["reason"] = notice.find("Code").text, notice.find("Reasons/Reason/Code").text
        return said


def node(folder, pki, redis, provider, board, **services):
    folder.mkdir()
    g = Gateway(folder, pki)
    g.conf["gateway"] = {"sender_id": "gateway_is"}
    g.conf["participants"].append({"name": "board", "certificates": str(pki.path("other-system.crt"))})
    g.conf["queue"] = {"socket": str(redis.socket), "spool": str(folder.parent / "spool"), "lease": "2s", "command_time": "1s"}
    g.conf["retries"] = [{"name": "fast", "initial": "100ms", "max_interval": "400ms", "expire_after": "1h"}]
    g.service(board, "Board", owner="board", delivery="queued", retry="fast", repeat_safe=True, breaker_failures=1000)
    for name, words in services.items():
        on = words.pop("on", EVERYTHING)
        g.service(provider, name, notices=[{"on": on, "service": "Board"}],
                  fields=[{"element": "Iin", "is": "iin"}], **words)
    return g


@pytest.fixture
def provider(pki):
    p = Provider(pki["permits"])
    yield p
    p.close()


@pytest.fixture
def board(pki):
    b = Board(pki)
    yield b
    b.close()


@pytest.fixture
def gate(tmp_path, pki, redis, provider, board):
    term = {"element": "LastDay"}
    g = node(tmp_path / "one", pki, redis, provider, board, Plain={}, Silent={"on": ["accepted"]},
             Refusals={"on": ["refused"]}, Term={"term": term}, Late={"term": term, "on": ["late"]},
             Accepted={"term": term, "on": ["accepted"]}, Strict={"term": {**term, "late": "refuse"}},
             Kept={"term": dict(term), "delivery": "queued", "retry": "fast"}).start_with_queue()
    g.pki = pki
    yield g
    g.stop()


def told(gate, board, service, data, **fields):
    """The answer, and the notice that it is followed by."""
    before = len(board.received)
    got = gate.send(service=service, data=data, **fields)
    gate.wait(lambda: len(board.received) > before)
    assert len(board.received) == before + 1
    return got, board.notices[-1]


@pytest.mark.rule("I3")
def test_acceptance_is_told_with_the_numbers_of_the_message(gate, board):
    name = soap.new_id()
    got, notice = told(gate, board, "Plain", document(), message_id=name)
    assert got.status == 200
    assert (notice["Event"], notice["ServiceId"], notice["MessageId"], notice["SenderId"], notice["Code"]) == (
        "accepted", "Plain", name, "department_is", "SCSS001")
    assert (notice["RequestNumber"], notice["ChainId"], notice["from"]) == (NUMBER, "chain-1", "gateway_is")
    assert "reason" not in notice and "InTime" not in notice and "FiledAt" not in notice
    fact = next(f for f in gate.journal("--exchange", got.text("sessionId")) if (f["direction"], f["kind"]) == ("received", "request"))
    assert notice["ReceivedAt"] == fact["at"]


@pytest.mark.rule("I3")
def test_a_refusal_is_told_with_its_reason(gate, board):
    got, notice = told(gate, board, "Plain", document(iin="900101300018"))
    assert got.code == "QG025"
    assert (notice["Event"], notice["Code"], notice["reason"], notice["RequestNumber"]) == (
        "refused", "QG025", "payload.field", NUMBER)
    assert "element Iin, occurrence 1: the check digit of 9001******** is wrong" in notice["Text"]


def test_a_refusal_of_the_provider_is_told(gate, board, provider):
    provider.answer = lambda o: provider.signed_answer(o, code="SCSE001", message="Отказано: нет основания")
    _, notice = told(gate, board, "Plain", document())
    assert (notice["Event"], notice["Code"], notice["reason"]) == ("refused", "SCSE001", "provider.status")
    assert notice["Text"] == "Отказано: нет основания"
    provider.answer = lambda o: (500, "text/xml", wss.sign(soap.envelope(soap.fault("SCE909", "broken")), gate.pki["permits"]))
    _, notice = told(gate, board, "Plain", document())
    assert (notice["Event"], notice["Code"], notice["reason"], notice["Text"]) == (
        "refused", "QG044", "provider.fault", "SCE909: broken")


def test_a_refusal_by_the_receiver_of_a_queued_message_is_told_after_its_acceptance(gate, board, provider):
    provider.answer = lambda o: provider.signed_answer(o, code="SCSE001", message="no")
    name = soap.new_id()
    assert gate.send(service="Kept", data=document(), message_id=name).status == 200
    gate.wait(lambda: len(board.received) == 2)
    told = {n["Event"]: n for n in board.notices}
    assert set(told) == {"accepted", "refused"} and {n["MessageId"] for n in told.values()} == {name}
    assert (told["refused"]["Code"], told["refused"]["reason"], told["refused"]["Text"]) == ("SCSE001", "provider.status", "SCSE001: no")
    assert told["refused"]["ReceivedAt"] == told["accepted"]["ReceivedAt"]


def test_an_unsigned_fault_is_no_refusal_that_is_told(gate, board, provider):
    provider.answer = lambda o: (500, "text/xml", soap.envelope(soap.fault("SCE001")).encode())
    assert gate.send(service="Plain", data=document()).code == "QG044"
    provider.answer = provider.signed_answer
    told(gate, board, "Plain", document())
    assert len(board.received) == 1


def test_of_a_notice_that_is_refused_nobody_is_told(tmp_path, pki, redis, provider, board):
    g = node(tmp_path / "one", pki, redis, provider, board, Plain={})
    service = next(s for s in g.conf["services"] if s["id"] == "Board")
    service["notices"] = [{"on": EVERYTHING, "service": "Board"}]
    board.answer = lambda o: board.signed_answer(o, code="SCSE001", message="not wanted")
    g.start_with_queue()
    try:
        for n in (1, 2, 3):
            assert g.send(service="Plain", data=document()).status == 200
            g.wait(lambda n=n: len(g.events("delivery.dead")) >= n)
        assert {n["ServiceId"] for n in board.notices} == {"Plain"}
    finally:
        g.stop()


def test_while_redis_is_away_notices_wait_and_nobody_waits_for_them(gate, board, redis):
    redis.kill()
    gate.wait(lambda: not gate.check("queue")["ok"])
    names = [soap.new_id() for _ in range(3)]
    for name in names:
        assert gate.send(service="Plain", data=document(), message_id=name).status == 200
    assert not board.received
    redis.start()
    gate.wait(lambda: len(board.received) == 3)
    assert sorted(n["MessageId"] for n in board.notices) == sorted(names)
    assert gate.stop() == 0 and not gate.events("notice.not-queued")


def test_a_stop_does_not_wait_for_redis_and_the_journal_keeps_what_is_untold(gate, board, redis):
    redis.kill()
    gate.wait(lambda: not gate.check("queue")["ok"])
    assert gate.send(service="Plain", data=document()).status == 200
    assert gate.stop() == 0
    assert len(gate.events("notice.not-queued")) == 1 and not board.received
    redis.start()
    gate.start_with_queue()
    gate.wait(lambda: len(board.received) == 1)


def test_a_notice_of_a_crash_while_redis_was_away_is_told_once_after_the_start(gate, board, redis):
    redis.kill()
    gate.wait(lambda: not gate.check("queue")["ok"])
    name = soap.new_id()
    assert gate.send(service="Plain", data=document(), message_id=name).status == 200
    gate.stop(signal.SIGKILL)
    redis.start()
    gate.start_with_queue()
    gate.wait(lambda: board.received)
    assert [n["MessageId"] for n in board.notices] == [name]
    gate.stop(signal.SIGKILL)
    gate.start_with_queue()
    told(gate, board, "Plain", document())
    assert [n["MessageId"] for n in board.notices].count(name) == 1


def operate(redis, *words):
    done = subprocess.run([BIN / "qaqpa", "queue", *words, "--socket", redis.socket, "-o", "json"], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout or "[]") if words[0] == "ls" else done.returncode


def test_what_an_operator_dropped_does_not_come_back_with_a_start(gate, board, redis):
    operate(redis, "hold", "Board")
    name = soap.new_id()
    assert gate.send(service="Plain", data=document(), message_id=name).status == 200
    gate.wait(lambda: operate(redis, "ls", "-d", "Board"))
    [waiting] = operate(redis, "ls", "-d", "Board")
    assert operate(redis, "drop", waiting["id"]) == 0
    assert gate.stop() == 0
    gate.start_with_queue()
    operate(redis, "release", "Board")
    told(gate, board, "Plain", document())
    assert name not in {n["MessageId"] for n in board.notices}


def test_notices_pile_up_to_a_bound_and_the_journal_keeps_what_is_beyond(gate, board, redis):
    waiting = "qaqpa:{Board}:live"  # who is told has not looked for long
    redis.command("EVAL", "for i = 1, 10000 do redis.call('ZADD', KEYS[1], 4e15, 'x' .. i) end", "1", waiting)
    assert gate.send(service="Plain", data=document()).status == 200
    gate.wait(lambda: gate.events("notice.not-queued"))
    assert "too many messages wait" in gate.events("notice.not-queued")[0]["detail"]
    redis.command("ZREM", waiting, "x1")
    told(gate, board, "Plain", document())
    assert len(gate.events("notice.not-queued")) == 1
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--config", gate.write()], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    gate.wait(lambda: len(board.received) == 2)


@pytest.mark.rule("I3")
@pytest.mark.parametrize("service, day, event, in_time", (
    ("Term", "9999-12-30", "accepted", "true"), ("Term", "2020-01-31", "late", "false"), ("Late", "2020-01-31", "late", "false"),
    ("Accepted", "2020-01-31", "accepted", "false"), ("Kept", "9999-12-30", "accepted", "true"),
    ("Kept", "2020-01-31", "late", "false")))
def test_whether_it_was_in_time_is_told(gate, board, service, day, event, in_time):
    got, notice = told(gate, board, service, document(day))
    assert got.status == 200
    assert (notice["Event"], notice["InTime"], notice["Code"]) == (event, in_time, "SCSS001")
    assert notice["TermEnd"].startswith(f"{day}T04:00:00.000")


def test_messages_of_the_asynchronous_channel_are_told_of_under_their_new_name(tmp_path, pki, redis, provider, board):
    receiver = a.Client(pki["permits"])
    g = node(tmp_path / "one", pki, redis, provider, board)
    g.participant("permits")["async"] = {"mode": "push", "endpoint": receiver.url, "retry": "fast"}
    g.conf["services"].append({"id": "Case", "provider": "permits", "channel": "async", "fields": [{"element": "Iin", "is": "iin"}],
                               "notices": [{"on": ["accepted", "refused"], "service": "Board"}]})
    g.start_with_queue()

    def ask(iin):
        octets = wss.sign(a.message(data=document(iin=iin)), pki["department"])
        return Answer(g, requests.post(f"http://127.0.0.1:{g.ports['plain']}/bip-async/", data=octets, timeout=30,
                                       headers={"Content-Type": "text/xml; charset=utf-8"}))

    accepted, refused = ask("900101300017"), ask("900101300018")
    assert accepted.status == 200 and refused.reason == "payload.field"
    g.wait(lambda: len(board.received) == 2 and receiver.messages)
    told = {n["Event"]: n for n in board.notices}
    assert told["accepted"]["MessageId"] == accepted.text("messageId") and told["accepted"]["RequestNumber"] == NUMBER
    assert told["refused"]["reason"] == "payload.field"
    assert g.stop() == 0
    receiver.close()


def test_what_the_gateway_itself_answers_is_told_as_it_was_answered(tmp_path, pki, redis, provider, board):
    g = node(tmp_path / "one", pki, redis, provider, board)
    g.conf["participants"].append({"name": "gateway", "certificates": str(pki.path("gateway.crt"))})
    g.conf["services"].append({"id": "PERMITS_NIKAD", "handler": "nikad",
                               "notices": [{"on": ["accepted", "refused"], "service": "Board"}]})
    g.start_with_queue()
    asked = EXAMPLE.read_text()
    for kind, event in (("PRM", "accepted"), ("PIO", "refused")):
        got, notice = told(g, board, "PERMITS_NIKAD", f"<data>{asked.replace('PRM', kind)}</data>")
        assert (got.status, notice["Event"], notice["Code"]) == (200, event, got.code), got.octets
    assert g.stop() == 0


def test_a_message_refused_as_late_is_told_as_refused(gate, board):
    got, notice = told(gate, board, "Strict", document("2020-01-31"))
    assert got.reason == "term.late"
    assert (notice["Event"], notice["reason"], notice["InTime"]) == ("refused", "term.late", "false")


def test_only_what_is_asked_for_and_certain_is_told_and_nothing_of_strangers(gate, board, provider, pki):
    gate.send(service="Silent", data=document(iin="900101300018"))  # refusals are not asked for
    gate.send(service="Refusals", data=document())  # acceptances are not asked for
    gate.send(service="Late", data=document("9999-12-30"))  # it was in time
    gate.send(service="Plain", data=document(), identity=pki["attacker-own-ca"])  # a stranger
    text = wss.sign(soap.envelope(soap.request(service="Plain", data=document())), pki["department"])
    assert Answer(gate, gate.post(text.replace(b"900101300017", b"850202300024"))).code == "SCE006"  # a broken signature
    gate.send(service="Plain", data=document(), password="wrong")
    gate.send(service="Nowhere", data=document())
    answer, provider.answer = provider.answer, lambda _: None
    assert gate.send(service="Plain", data=document()).code == "QG041"  # nobody knows what became of it
    provider.answer = answer
    name = soap.new_id()
    _, notice = told(gate, board, "Plain", document(), message_id=name)
    assert notice["MessageId"] == name
    assert gate.stop() == 0
    assert len(board.received) == 1
    assert {f["service"] for f in gate.journal()} >= {"Plain", "Board"}
    assert len([f for f in gate.journal("--service", "Board") if f["direction"] == "sent"]) == 1


def test_a_repetition_is_not_told_again(gate, board, pki):
    good = wss.sign(soap.envelope(soap.request(service="Plain", data=document())), pki["department"])
    bad = wss.sign(soap.envelope(soap.request(service="Plain", data=document(iin="900101300018"))), pki["department"])
    for octets in (good, bad, good, bad, bad):
        gate.post(octets)
    gate.wait(lambda: len(board.received) == 2)
    told(gate, board, "Plain", document())
    assert gate.stop() == 0
    assert sorted(n["Event"] for n in board.notices) == ["accepted", "accepted", "refused"]
    assert len({n["name"] for n in board.notices}) == 3


@pytest.mark.rule("I3")
def test_an_answer_from_memory_and_a_conflict_tell_nothing(gate, board, provider, pki):
    provider.answer = lambda o: provider.signed_answer(o, code="SCSE001", message="no")
    name = soap.new_id()
    refused = wss.sign(soap.envelope(soap.request(service="Plain", data=document(), message_id=name)), pki["department"])
    for _ in range(2):
        assert Answer(gate, gate.post(refused)).code == "SCSE001"
    assert gate.send(service="Plain", data=document("2030-01-05"), message_id=name).reason == "replay.conflict"
    gate.wait(lambda: board.received)
    told(gate, board, "Plain", document(iin="900101300018"))
    assert gate.stop() == 0
    assert sorted(n["reason"] for n in board.notices) == ["payload.field", "provider.status"]
    assert len([f for f in gate.journal("--service", "Board") if f["direction"] == "sent"]) == 2


def test_a_notice_outlives_the_gateway_while_the_receiver_is_away(gate, board, pki):
    port = board.server.server_port
    board.close()
    names = [soap.new_id() for _ in range(5)]
    sent = [wss.sign(soap.envelope(soap.request(service=service, data=document(), message_id=name)), pki["department"])
            for name, service in zip(names, ("Plain", "Kept", "Plain", "Kept", "Plain"))]
    for octets in sent:
        assert gate.post(octets).status_code == 200
    gate.stop(signal.SIGKILL)
    gate.start_with_queue()
    for octets in sent:
        assert gate.post(octets).status_code == 200
    back = Board(pki, port=port)
    gate.wait(lambda: len(back.received) >= 5)
    assert gate.stop() == 0
    assert sorted(n["MessageId"] for n in back.notices) == sorted(names)
    back.close()


def test_two_gateways_tell_once_of_one_message(gate, board, pki, redis, provider, tmp_path):
    other = node(tmp_path / "two", pki, redis, provider, board, Kept={"delivery": "queued", "retry": "fast"}).start_with_queue()
    sent = [wss.sign(soap.envelope(soap.request(service="Kept", data=document())), pki["department"]) for _ in range(10)]
    for octets in sent:
        both = [threading.Thread(target=g.post, args=(octets,)) for g in (gate, other)]
        for t in both:
            t.start()
        for t in both:
            t.join()
    gate.wait(lambda: len({n["name"] for n in board.notices}) == 10)
    assert gate.stop() == 0 and other.stop() == 0
    assert len(board.received) == 10


def test_the_gateway_needs_a_name_to_tell(tmp_path, pki, provider, board, redis):
    g = node(tmp_path / "one", pki, redis, provider, board, Plain={})
    del g.conf["gateway"]
    with pytest.raises(AssertionError, match="the gateway has no sender_id"):
        g.start()
