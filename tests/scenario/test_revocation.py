# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocation over the wire: a real authority answers, fails, lies and hangs; what the gateway makes of it, message by message."""
import hashlib
import re
import signal
import subprocess

import pytest

from harness import soap, wss
from harness.authority import Authority
from harness.gateway import BIN, Gateway
from harness.provider import Provider


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "pki", "ec")


class World(Gateway):
    def __init__(self, folder, authority, crl=False, ocsp=True, **profile):
        self.authority = authority.start()
        super().__init__(folder, authority)
        source = {"name": "issuing", "issuer": str(authority.path("issuing.crt"))}
        if ocsp:
            source["ocsp"] = f"{authority.url}/ocsp"
        if crl:
            source.update(crl=f"{authority.url}/crl/issuing.crl", delta=f"{authority.url}/crl/issuing_d.crl")
        self.conf.update(revocation={"directory": str(self.folder / "revocation"), "refresh": "10s", "deadline": "1s"},
                         sources=[source], profiles=[{"name": "standard", **profile}])
        self.provider = Provider(authority["permits"])
        self.service(self.provider)

    def statuses(self):
        return next(c for c in self.admin("/readyz").json()["checks"] if c["check"] == "revocation")

    def close(self):
        self.stop()
        self.provider.close()
        self.authority.stop()


@pytest.fixture
def make(tmp_path, keys):
    made = []

    def world(**how):
        made.append(World(tmp_path, keys, **how))
        return made[-1]

    yield world
    for w in made:
        w.close()
    for service in ("ocsp", "crl", "delta"):
        keys.trouble(service, "none")


def received(world):
    return [f for f in world.journal() if f["direction"] == "received"]


def test_what_a_certificate_was_accepted_on_is_kept(make):
    world = make()
    world.start()
    world.wait(lambda: world.statuses()["ok"])
    assert world.send().status == 200
    world.wait(lambda: len(received(world)) == 2)
    for fact in received(world):
        assert fact["detail"].startswith("status of ") and "ocsp of " in fact["detail"]
        evidence = fact["detail"].rsplit(" ", 1)[1]
        octets = (world.folder / "revocation/evidence" / evidence).read_bytes()
        assert hashlib.sha256(octets).hexdigest() == evidence
        (world.folder / "answer.der").write_bytes(octets)
        said = subprocess.run(["openssl", "ocsp", "-respin", world.folder / "answer.der", "-resp_text", "-noverify"],
                              capture_output=True, text=True, check=True).stdout
        assert "Cert Status: good" in said


def test_a_certificate_revoked_while_running_is_refused(make, keys):
    """On hold, so that it can be good again: each change is seen when the answer is asked anew."""
    world = make()
    world.start()
    world.wait(lambda: world.statuses()["ok"])
    assert world.send().status == 200
    keys.revoke("department", "hold")
    try:
        world.wait(lambda: world.send().reason == "certificate.revoked", seconds=40)
        refused = world.send()
        assert refused.code == "SCE005" and "hold" in refused.text("errorData")
        calls = len(world.provider.received)
        assert world.send().code == "SCE005" and len(world.provider.received) == calls
    finally:
        keys.unrevoke("department")
    world.wait(lambda: world.send().status == 200, seconds=40)


@pytest.mark.parametrize("trouble", ["down", "empty", "try-later", "refused", "no-nonce", "wrong-nonce", "wrong-signer", "forged",
                                     "stale", "other"])
@pytest.mark.parametrize("outage", ["refuse", "mark"])
def test_when_nobody_can_tell_the_profile_decides(make, keys, trouble, outage):
    keys.trouble("ocsp", trouble)
    world = make(outage=outage)
    world.start()
    world.wait(lambda: not world.statuses()["ok"] and "not-asked" not in world.statuses()["detail"])
    answer = world.send()
    if outage == "refuse":
        assert (answer.code, answer.reason) == ("QG012", "certificate.status-unknown")
        assert not world.provider.received
        return
    assert answer.status == 200
    world.wait(lambda: len(received(world)) == 2)
    assert all("not known (revocation." in f["detail"] for f in received(world))


def test_the_list_answers_where_the_responder_does_not(make, keys):
    keys.trouble("ocsp", "down")
    world = make(crl=True)
    world.start()
    world.wait(lambda: world.statuses()["ok"])
    assert world.send().status == 200
    world.wait(lambda: len(received(world)) == 2)
    assert all(": crl of " in f["detail"] or ": delta of " in f["detail"] for f in received(world))


@pytest.mark.parametrize("trouble", ["empty", "stale", "forged"])
def test_a_list_that_is_wrong_tells_nothing(make, keys, trouble):
    keys.trouble("crl", trouble)
    world = make(crl=True, ocsp=False)
    world.start()
    world.wait(lambda: "not-asked" not in world.statuses()["detail"])
    assert world.send().reason == "certificate.status-unknown"


def test_the_last_good_answer_counts_up_to_its_age(make, keys, tmp_path):
    world = make(outage="last-good", outage_age="1h")
    keys.stop()
    keys.start("--next", "2")  # answers are stale after two seconds
    world.conf["sources"][0]["ocsp"] = f"{keys.url}/ocsp"
    world.start()
    world.wait(lambda: world.statuses()["ok"])
    keys.trouble("ocsp", "down")
    world.conf["revocation"]["skew"] = "0s"
    world.stop()
    world.start()
    # All of them: answers have whole seconds, and of two that came together one may be a second younger.
    world.wait(lambda: re.match(r"of (\d+) of \1 ", world.statuses()["detail"]))
    assert world.send().status == 200
    world.wait(lambda: len(received(world)) == 2)
    assert all("not known now, valid by an answer of " in f["detail"] for f in received(world))
    world.conf["profiles"][0].update(outage="refuse")
    del world.conf["profiles"][0]["outage_age"]
    world.stop()
    world.start()
    assert world.send().reason == "certificate.status-unknown"


def test_a_provider_whose_certificate_is_revoked_is_not_believed(make, keys):
    world = make()
    keys.revoke("monitoring", "hold")
    try:
        world.participant("permits")["certificates"] = str(keys.path("monitoring.crt"))
        world.provider.identity = keys["monitoring"]
        world.start()
        world.wait(lambda: world.statuses()["ok"])
        answer = world.send()
        assert (answer.code, answer.reason) == ("QG043", "provider.signature")
        assert "certificate.revoked" in answer.text("errorData")
    finally:
        keys.unrevoke("monitoring")


def test_a_reload_says_what_stays_as_it_was(make):
    world = make()
    world.start()
    world.conf["sources"][0]["ocsp"] += "/elsewhere"
    world.write()
    world.kill(signal.SIGHUP)
    world.wait(lambda: "revocation is asked about as before until a restart" in world.log_path.read_text())


def test_a_responder_that_hangs_holds_up_no_message(make, keys):
    """Every question hangs longer than the test; all messages are answered while not one of them was."""
    keys.trouble("ocsp", "slow", "600000")
    world = make(outage="mark")
    world.conf["revocation"]["deadline"] = "5m"
    world.start()
    for _ in range(30):
        assert world.send().status == 200
    assert "revocation.not-asked" in world.statuses()["detail"]


def test_the_authority_above_is_asked_about_too(make, keys):
    """Where a source tells it: the issuing authority on hold makes all its certificates worth nothing."""
    world = make()
    world.conf["sources"].append({"name": "root", "issuer": str(keys.path("root.crt")), "ocsp": f"{keys.url}/ocsp"})
    world.start()
    world.wait(lambda: world.statuses()["ok"] and world.send().status == 200)
    world.wait(lambda: len(received(world)) >= 2)
    assert received(world)[0]["detail"].count("status of ") == 2
    keys.revoke("issuing", "hold")
    try:
        world.wait(lambda: world.send().reason == "certificate.revoked", seconds=40)
        assert "its authority" in world.send().text("errorData")
        code, words = check(world, keys.path("department.crt"))
        assert (code, "its authority: " in words, "revocation.hold" in words) == (1, True, True)
    finally:
        keys.unrevoke("issuing")


def check(world, name, *words):
    done = subprocess.run([BIN / "qaqpa", *(words or ("cert", "check")), "--config", world.folder / "qaqpa.yaml", name],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name,code,word", [("department", 0, "not revoked"), ("revoked", 1, "revocation.revoked"),
                                            ("on-hold", 1, "revocation.hold"), ("expired", 1, "certificate.expired"),
                                            ("attacker-own-ca", 1, "certificate.unknown"), ("person", 0, "of no participant")])
def test_cert_check_tells_the_three_verdicts(make, keys, name, code, word):
    world = make()
    world.write()
    assert (check(world, keys.path(f"{name}.crt"))[0], word in check(world, keys.path(f"{name}.crt"))[1]) == (code, True)


def test_cert_check_and_verify_cannot_tell_when_the_authority_is_away(make, keys, tmp_path):
    world = make()
    world.write()
    message = tmp_path / "message.xml"
    message.write_bytes(wss.sign(soap.envelope(soap.request()), keys["department"]))
    assert check(world, message, "verify", "--explain")[0] == 0
    keys.trouble("ocsp", "down")
    code, words = check(world, keys.path("department.crt"))
    assert (code, "revocation.unreachable" in words) == (2, True)
    code, words = check(world, message, "verify", "--explain")
    assert (code, "cannot tell" in words) == (2, True)
