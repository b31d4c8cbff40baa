# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways share a Redis, each with a journal of its own: a message is one message, whichever it comes to."""
import re
import shutil
import subprocess

import pytest
import requests

from harness import async_soap as a
from harness import soap, wss
from harness.gateway import BIN, Answer
from harness.pair import Pair
from harness.provider import Provider

@pytest.fixture
def pair(tmp_path, pki):
    p = Pair(tmp_path, pki)
    yield p
    p.close()


def send(g, octets):
    return Answer(g, g.post(octets))


def ask(g, octets):
    return Answer(g, requests.post(f"http://127.0.0.1:{g.ports['plain']}/bip-async/", data=octets,
                                   headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30))


def names(octets):
    return tuple(re.search(rb"<%s>([^<]*)" % tag, octets).group(1).decode() for tag in (b"messageId", b"sessionId"))


def test_a_message_repeated_at_the_other_gateway_is_accepted_as_the_same(pair):
    one, two = pair.begin().nodes
    octets = wss.sign(soap.envelope(soap.request(service="Notice")), pair.pki["department"])
    first = send(one, octets)
    again = [send(two, octets), send(two, octets), send(one, octets)]
    assert {a.code for a in [first, *again]} == {"SCSS001"}
    assert {a.text("sessionId") for a in again} == {first.text("sessionId")}
    marker = wss.sign(soap.envelope(soap.request(service="Notice")), pair.pki["department"])
    assert send(two, marker).code == "SCSS001"
    one.wait(lambda: len(pair.provider.received) >= 2)
    assert len({names(o) for o in pair.provider.received}) == len(pair.provider.received) == 2


def test_what_one_gateway_refused_as_late_the_other_refuses_too(pair):
    for g in pair.nodes:
        next(s for s in g.conf["services"] if s["id"] == "Notice")["term"] = {"element": "LastDay", "late": "refuse"}
    one, two = pair.begin().nodes
    late = "<data><p:Report xmlns:p='urn:demo'><LastDay>2020-01-31</LastDay></p:Report></data>"
    octets = wss.sign(soap.envelope(soap.request(late, soap.request_info("Notice"))), pair.pki["department"])
    assert [send(g, octets).reason for g in (one, one, two)] == ["term.late"] * 3


def test_an_asynchronous_message_repeated_there_has_the_same_identifiers(pair):
    one, two = pair.begin().nodes
    octets = wss.sign(a.message(), pair.pki["department"])
    answers = [ask(g, octets) for g in (one, two, one)]
    assert [x.status for x in answers] == [200, 200, 200]
    for name in ("messageId", "correlationId", "sessionId"):
        assert len({x.text(name) for x in answers}) == 1, name
    other = ask(two, wss.sign(a.message(data="<data><p:Other xmlns:p=\"urn:demo\"/></data>"), pair.pki["department"]))
    assert other.text("messageId") != answers[0].text("messageId")
    one.wait(lambda: len(pair.receiver.messages) >= 2)
    got = [a.text(m, "messageId") for m in pair.receiver.messages]
    assert sorted(got) == sorted([answers[0].text("messageId"), other.text("messageId")])
    one.wait(lambda: len(pair.consumer.notices) >= 2)
    assert {a.text(n, "messageId") for n in pair.consumer.notices} == set(got)


def test_the_same_message_id_with_other_content_is_a_conflict_there(pair):
    one, two = pair.begin().nodes
    assert one.send(service="Notice", message_id="m1").code == "SCSS001"
    refused = two.send(service="Notice", message_id="m1", data="<data><other/></data>")
    assert (refused.code, refused.reason) == ("QG022", "replay.conflict")
    one.wait(lambda: pair.provider.received)
    assert len(pair.provider.received) == 1


def test_a_mark_that_nobody_of_ours_made_is_a_refusal(pair):
    one, two = pair.begin().nodes
    octets = wss.sign(soap.envelope(soap.request(service="Notice")), pair.pki["department"])
    assert send(one, octets).code == "SCSS001"
    key = pair.redis.command("KEYS", "qaqpa:mark:*").strip()
    assert len(key.splitlines()) == 1 and int(pair.redis.command("PTTL", key)) > 80_000_000
    pair.redis.command("SET", key, "nonsense")
    refused = send(two, octets)
    assert (refused.status, refused.code) == (503, "QG051")
    assert "mark" in refused.text("errorData")


def test_what_both_kept_is_restored_once(pair, tmp_path):
    """The receiver is away, both gateways were given the message, Redis loses everything: it is restored as one."""
    port = pair.provider.server.server_port
    pair.provider.close()
    one, two = pair.begin().nodes
    octets = wss.sign(soap.envelope(soap.request(service="Notice")), pair.pki["department"])
    assert send(one, octets).text("sessionId") == send(two, octets).text("sessionId")
    for g in (one, two):
        assert g.stop() == 0
    pair.redis.kill()
    for part in (tmp_path / "redis").iterdir():
        if part.name.startswith(("appendonly", "dump")):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    pair.redis.start()
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "-c", one.folder / "qaqpa.yaml", "--journal", one.folder / "journal",
                           "--journal", two.folder / "journal"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    pair.provider = Provider(pair.pki["permits"], port=port)
    pair.begin()
    one.wait(lambda: pair.provider.received)
    marker = wss.sign(soap.envelope(soap.request(service="Notice")), pair.pki["department"])
    send(two, marker)
    one.wait(lambda: len(pair.provider.received) >= 2)
    assert len({names(o) for o in pair.provider.received}) == len(pair.provider.received) == 2
