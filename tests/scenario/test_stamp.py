# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted messages of a service with timestamp: true get a time-stamp over their octets, whatever happens meanwhile."""
import hashlib
import signal
import subprocess

import pytest

from harness import soap, wss
from harness.authority import Authority
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider
from harness.redis import Redis
from harness.stamps import Stamps

QUICK = {"deadline": "5s", "initial": "50ms", "max_interval": "200ms"}


@pytest.fixture
def stamps(tmp_path):
    s = Stamps(tmp_path / "tsa")
    yield s
    s.close()


@pytest.fixture
def world(tmp_path, pki, stamps):
    g = Gateway(tmp_path, pki)
    g.provider = Provider(pki["permits"])
    g.provider.answer = g.provider.signed_answer
    g.conf["timestamp"] = {"directory": str(tmp_path / "stamps"), "url": stamps.url, "authorities": str(stamps.root), **QUICK}
    g.service(g.provider, "Stamped", timestamp=True)
    g.service(g.provider, "Plain")
    yield g
    g.stop()
    g.provider.close()


def post(world, pki, service="Stamped", **fields):
    octets = wss.sign(soap.envelope(soap.request(service=service, **fields)), pki["department"])
    return Answer(world, world.post(octets)), octets


def name(answer):
    return answer.text("sessionId").strip("{}")


def token(world, exchange):
    return world.folder / "stamps/tokens" / exchange


def listing(world, what):
    return sorted(path.name for path in (world.folder / "stamps" / what).iterdir())


def settled(world):
    return not listing(world, "orders")


def shown(world, exchange):
    done = subprocess.run([BIN / "qaqpa", "msg", "show", "--config", world.folder / "qaqpa.yaml", "{%s}" % exchange],
                          capture_output=True, check=True)
    return done.stdout.decode()


def test_an_accepted_message_is_stamped_and_no_other(world, pki, stamps):
    world.start()
    answer, octets = post(world, pki)
    assert answer.status == 200, answer.octets
    plain, _ = post(world, pki, "Plain")
    assert plain.status == 200
    refused = world.send(soap.envelope("<wrong/>"))
    assert refused.status == 500
    world.wait(lambda: token(world, name(answer)).exists() and settled(world))
    assert listing(world, "tokens") == [name(answer)]
    assert "Verification: OK" in stamps.verify(token(world, name(answer)), hashlib.sha256(octets).hexdigest())
    assert "Verification: FAILED" in stamps.verify(token(world, name(answer)), hashlib.sha256(octets + b" ").hexdigest())
    assert stamps.asked == 1
    text = shown(world, name(answer))
    assert "time-stamp" in text and "CN=Stamps" in text and "policy 1.2.398.3.3.2.6.2" in text and "ANOTHER" not in text
    assert "qaqpa_timestamps_waiting 0\n" in world.admin("/metrics").text
    assert "time-stamp" not in shown(world, name(plain))


def test_an_order_outlives_the_gateway(world, pki, stamps):
    stamps.answers = False
    world.start()
    answers = [post(world, pki) for _ in range(5)]
    assert [a.status for a, _ in answers] == [200] * 5, "the caller waits for no time-stamp"
    assert listing(world, "orders") == sorted(name(a) for a, _ in answers)
    assert "qaqpa_timestamps_waiting 5\n" in world.admin("/metrics").text
    world.wait(lambda: stamps.asked > 1)
    world.kill(signal.SIGKILL)
    world.process.wait(20)
    assert listing(world, "tokens") == []
    stamps.answers = True
    world.start()
    world.wait(lambda: settled(world))
    for answer, octets in answers:
        assert "Verification: OK" in stamps.verify(token(world, name(answer)), hashlib.sha256(octets).hexdigest())


def test_a_message_for_later_is_stamped_when_it_is_accepted(world, pki, stamps, tmp_path):
    redis = Redis(tmp_path / "redis")
    world.conf["queue"] = {"socket": str(redis.socket), "spool": str(tmp_path / "spool")}
    world.service(world.provider, "Later", delivery="queued", timestamp=True)
    world.start()
    try:
        answer, octets = post(world, pki, "Later")
        assert answer.status == 200, answer.octets
        world.wait(lambda: settled(world))
        assert "Verification: OK" in stamps.verify(token(world, name(answer)), hashlib.sha256(octets).hexdigest())
    finally:
        world.stop()
        redis.stop()


def test_a_token_that_was_exchanged_is_told(world, pki):
    world.start()
    first, second = (post(world, pki)[0] for _ in range(2))
    world.wait(lambda: settled(world))
    token(world, name(first)).write_bytes(token(world, name(second)).read_bytes())
    assert "over ANOTHER message" in shown(world, name(first))
    octets = bytearray(token(world, name(second)).read_bytes())
    octets[-1] ^= 1
    token(world, name(second)).write_bytes(octets)
    assert "time-stamp   wrong" in shown(world, name(second))


def test_a_folder_that_is_gone_holds_up_no_message(world, pki):
    world.start()
    (world.folder / "stamps/orders").rename(world.folder / "elsewhere")
    answer, _ = post(world, pki)
    assert answer.status == 200
    assert [e["reason"] for e in world.events("timestamp.not-ordered")] == ["io"]
    (world.folder / "elsewhere").rename(world.folder / "stamps/orders")
    later, _ = post(world, pki)
    world.wait(lambda: token(world, name(later)).exists())


def test_a_reload_does_not_move_the_authority(world, pki, stamps):
    world.start()
    world.conf["timestamp"]["url"] = "http://127.0.0.1:1/"
    world.write()
    world.kill(signal.SIGHUP)
    world.wait(lambda: any("until a restart" in str(e) for e in world.events()))
    answer, _ = post(world, pki)
    world.wait(lambda: token(world, name(answer)).exists())
    assert stamps.asked == 1


def test_an_authority_that_cannot_be_read_is_no_start(world, stamps):
    stamps.root.write_text("nothing")
    done = subprocess.run([BIN / "qaqpa", "check", "--config", world.write()], capture_output=True, check=False)
    assert done.returncode != 0 and b"no certificate" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def national(tmp_path_factory):
    a = Authority(tmp_path_factory.mktemp("national") / "pki").start()
    yield a
    a.stop()


TROUBLES = ["down", "empty", "try-later", "refused", "wrong-nonce", "wrong-signer", "forged", "other"]


def test_a_national_token_comes_after_every_trouble(world, pki, national):
    """None of these answers counts; when the authority is well again, the tokens come."""
    world.conf["timestamp"].update(url=national.url + "/tsp", digest="gost-2015", policy="1.2.398.3.3.2.6.4",
                                   authorities=[str(national.path("root.crt")), str(national.path("issuing.crt"))])
    national.trouble("tsp", TROUBLES[0])
    world.start()
    answer, _ = post(world, pki)
    assert answer.status == 200
    for trouble in TROUBLES:
        national.trouble("tsp", trouble)
        before = len(world.events("timestamp.none"))
        world.wait(lambda: len(world.events("timestamp.none")) > before + 1)
        assert listing(world, "tokens") == [] and listing(world, "orders") == [name(answer)], trouble
    national.trouble("tsp", "none")
    world.wait(lambda: settled(world))
    assert "policy 1.2.398.3.3.2.6.4" in shown(world, name(answer))
