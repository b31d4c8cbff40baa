# SPDX-License-Identifier: GPL-3.0-or-later
"""Weather over simulated systems: for each kind of it, what the gateway tells the caller, that nothing is lost, and that nothing
of business is done twice. Gateway, Redis and three systems are processes; the scripts are files that change while they run."""
import json
import re
import subprocess
import time

import pytest
import yaml

from harness import soap, wss
from harness.gateway import BIN, Answer
from harness.pki import ROOT
from harness.world import World

SYSTEMS = ("permits", "monitoring", "department")
DEADLINE = "2s"  # of a call, so that no answer comes soon
FAIR = ("SCSS001", None)


def example(system, name):
    text = (ROOT / "adapters" / system / "examples" / f"{name}.xml").read_text()
    return re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", text, flags=re.S)


NIKAD = example("permits", "nikad-request")
STATUS = example("monitoring", "status-notification")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """As the usual world, with short deadlines; the certificate that is over is still registered for the permits system."""
    w = World(tmp_path_factory.mktemp("world"), SYSTEMS)
    for name in ("permits", "monitoring"):
        path = w.folder / "conf.d" / f"{name}.yaml"
        part = yaml.safe_load(path.read_text())
        for service in part["services"]:
            if service["id"] in ("PERMITS_NIKAD", "MONITORING_STATUS"):
                service.update(deadline=DEADLINE, breaker_failures=1000)
        path.write_text(yaml.safe_dump(part, sort_keys=False, allow_unicode=True))
    for participant in w.conf["participants"]:
        participant["async"].update(deadline=DEADLINE, breaker_failures=1000)
    w.participant("permits")["certificates"] = [str(w.pki.path("permits.crt")), str(w.pki.path("expired.crt"))]
    yield w.begin()
    w.close()


@pytest.fixture(autouse=True)
def fair_weather(world):
    for name in SYSTEMS:
        world.weather(name)
    yield
    for name in SYSTEMS:
        world.weather(name)


def count(world, system, table, where="1"):
    return world.rows(system, f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


def comes_to(read, wanted, seconds=30):
    end = time.monotonic() + seconds
    while read() != wanted:
        assert time.monotonic() < end, (read(), wanted)
        time.sleep(0.02)


class Message:
    """One signed request of the department; sent again it is the same to the octet."""

    def __init__(self, world, service, payload):
        self.world = world
        password = (world.folder / "department.password").read_text().strip()
        self.octets = wss.sign(soap.envelope(soap.request(service=service, data=f"<data>{payload}</data>", password=password)),
                               world.pki["department"])

    def send(self):
        return Answer(self.world, self.world.post(self.octets))


# What comes over a call, what the caller hears of it, and of the same message sent again once the weather is fair: where the
# outcome is not known, the gateway does not send a request again that is not repeat-safe.
UNKNOWN = ("QG041", "replay.uncertain")
ANSWERS = {
    "delay 20ms": (FAIR, FAIR),
    "fault SCE004": (("QG044", "provider.fault"), ("QG044", "provider.fault")),
    "fault SCE777": (("QG044", "provider.fault"), ("QG044", "provider.fault")),
    "drop": (("QG041", "provider.broken"), UNKNOWN),
    "html-502": (("QG042", "provider.not-soap"), UNKNOWN),
    "empty-200": (("QG042", "provider.empty"), UNKNOWN),
    "half-open": (("QG041", "provider.deadline"), UNKNOWN),
    "silent": (("QG041", "provider.deadline"), UNKNOWN),
}


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_the_caller_hears_what_is_known_of_its_request(world, kind, side):
    world.weather("permits", f"PERMITS_NIKAD 1 {side} commit {kind}")
    given = count(world, "permits", "given")
    message = Message(world, "PERMITS_NIKAD", NIKAD)
    first, again = ANSWERS[kind]
    answer = message.send()
    assert (answer.code, answer.reason) == first
    answer.verified()
    answer = message.send()
    assert (answer.code, answer.reason) == again
    answer.verified()
    # One number at most, whatever was heard.
    comes_to(lambda: count(world, "permits", "given") - given, int(first == FAIR or side == "after"))


def test_a_late_answer_comes_too_late(world):
    world.weather("permits", "PERMITS_NIKAD 1 after commit delay 10s")
    answer = Message(world, "PERMITS_NIKAD", NIKAD).send()
    assert (answer.code, answer.reason) == ("QG041", "provider.deadline")
    # Meanwhile others are served: only one of the system's workers waits.
    assert Message(world, "PERMITS_NIKAD", NIKAD).send().code == "SCSS001"


@pytest.mark.parametrize("kind, nearer", [("wrong-signature", "signature.value-wrong"), ("expired-certificate", "certificate.expired")])
def test_a_badly_signed_answer_is_not_passed_on(world, kind, nearer):
    world.weather("permits", f"PERMITS_NIKAD 1 {kind}")
    message = Message(world, "PERMITS_NIKAD", NIKAD)
    answer = message.send()
    assert (answer.code, answer.reason) == ("QG043", "provider.signature")
    assert nearer in answer.text("errorData")
    assert b"NikadResponse" not in answer.octets
    assert (message.send().code, message.send().reason) == UNKNOWN


@pytest.mark.parametrize("shift", ["-1d", "+1d"])
def test_the_clock_of_an_answer_is_the_providers_own_affair(world, shift):
    world.weather("permits", f"PERMITS_NIKAD 1 shifted-clock {shift}")
    answer = Message(world, "PERMITS_NIKAD", NIKAD).send()
    assert answer.code == "SCSS001"
    day = soap.now(days=int(shift[:-1]))[:10]
    assert answer.text("responseDate")[:10] == day
    assert answer.text("ResponseDate")[:10] == day


# ---- queued delivery: accepted at once, delivered once the weather clears, kept once ----

QUEUED = [*(f"{side} commit {kind}" for kind in ANSWERS if kind != "fault SCE777" for side in ("before", "after")), "wrong-signature",
          "expired-certificate", "duplicate", "shifted-clock -1d"]


def queue(world, *words):
    done = subprocess.run([BIN / "qaqpa", "queue", *words, "--socket", world.redis.socket, "--spool", world.folder / "spool"],
                          capture_output=True, check=False, timeout=60)
    assert done.returncode in (0, 1), done.stderr.decode()  # 1: there is nothing
    return done.stdout.decode()


def waiting(world):
    """How many messages have not arrived: those still to be tried, and dead ones. Of one moment, which a list is not."""
    for row in json.loads(queue(world, "ls", "-o", "json") or "[]"):
        if row["destination"] == "MONITORING_STATUS":
            return row["waiting"] + row["leased"], row["dead"]
    return 0, 0


@pytest.mark.parametrize("kind", QUEUED)
def test_a_queued_message_is_delivered_when_the_weather_clears_and_counts_once(world, kind):
    often = 1 if "half-open" in kind or "silent" in kind else 3
    world.weather("monitoring", f"MONITORING_STATUS 1-{often} {kind}")
    kept = count(world, "monitoring", "status")
    assert Message(world, "MONITORING_STATUS", STATUS).send().code == "SCSS001"
    comes_to(lambda: waiting(world), (0, 0))
    assert count(world, "monitoring", "status") == kept + 1


@pytest.mark.parametrize("side", ["before", "after"])
def test_what_the_receiver_refuses_for_ever_is_kept_for_the_operator(world, side):
    world.weather("monitoring", f"MONITORING_STATUS 1 {side} commit fault SCE777")
    kept = count(world, "monitoring", "status")
    assert Message(world, "MONITORING_STATUS", STATUS).send().code == "SCSS001"
    comes_to(lambda: waiting(world), (0, 1))
    queue(world, "retry", "-d", "MONITORING_STATUS")
    comes_to(lambda: waiting(world), (0, 0))
    assert count(world, "monitoring", "status") == kept + 1


# ---- an application on the asynchronous channel: one permit, one result ----

def cases(world):
    return (count(world, "department", "taken"), count(world, "permits", "registration"),
            count(world, "monitoring", "heard", "kind = 'RESPONSE'"))


def file_case(world):
    """A case from REQUEST to RESPONSE; what it added: cases taken, permits registered, results heard."""
    before = cases(world)
    lines = world.act("monitoring", "send-case")
    assert "RESPONSE 001 Permit issued" in lines[-1] or "RESPONSE 001 Permit issued" in lines[-2], lines
    assert not any("DELIVERY_STOPPED" in line for line in lines)
    return tuple(now - then for now, then in zip(cases(world), before))


CASES = [*(f"DEPARTMENT_CASE 1 {side} commit {kind}" for kind in ("fault SCE004", "drop", "html-502", "empty-200", "silent")
           for side in ("before", "after")),
         "DEPARTMENT_CASE 1 duplicate", "DEPARTMENT_CASE 1 wrong-signature", "send DEPARTMENT_CASE 1-2 before commit drop",
         "send DEPARTMENT_CASE 1-2 after commit drop", "send DEPARTMENT_CASE 1-2 duplicate", "send DEPARTMENT_CASE 1-2 wrong-signature",
         "send DEPARTMENT_CASE 1-2 expired-certificate", "send DEPARTMENT_CASE 1-2 shifted-clock +1h"]


@pytest.mark.parametrize("script", CASES)
def test_a_case_gets_one_permit_and_one_result_through_bad_weather_at_the_provider(world, script):
    world.weather("department", script)
    assert file_case(world) == (1, 1, 1)


@pytest.mark.parametrize("kind", ["before commit drop", "after commit drop", "after commit fault SCE909", "html-502", "duplicate"])
def test_a_case_gets_one_result_through_bad_weather_at_the_consumer(world, kind):
    world.weather("monitoring", f"* 1-3 {kind}")  # notices of the status too
    assert file_case(world) == (1, 1, 1)


def test_a_request_said_twice_by_its_sender_is_one_case(world):
    world.weather("monitoring", "send DEPARTMENT_CASE 1 duplicate")
    assert file_case(world) == (1, 1, 1)


# ---- a system whose own requests fail ----

SENT = {  # what the application gets in the end
    "drop": ("SCSE003", 0, 0),
    "after commit drop": ("SCSE003", 1, 0),  # a number is given that nobody heard of: a gap, no permit
    "duplicate": ("SCSS001", 1, 1),
    "delay 20ms": ("SCSS001", 1, 1),
    "wrong-signature": ("SCSE003", 0, 0),
    "expired-certificate": ("SCSE003", 0, 0),
    "shifted-clock +1h": ("SCSE003", 0, 0),
}
SENT_FAULTS = {"wrong-signature": "SCE006", "expired-certificate": "SCE005", "shifted-clock +1h": "QG014"}


@pytest.mark.parametrize("kind", SENT)
def test_what_a_system_asks_in_bad_weather_is_answered_honestly(world, kind):
    code, given, registered = SENT[kind]
    before = count(world, "permits", "given"), count(world, "permits", "registration")
    world.weather("department", f"send PERMITS_NIKAD 1 {kind}")
    [line] = world.act("monitoring", "send-request", code=0 if code == "SCSS001" else 1)
    assert f": {code} " in line
    assert SENT_FAULTS.get(kind, "") in line
    assert (count(world, "permits", "given") - before[0], count(world, "permits", "registration") - before[1]) == (given, registered)


def test_a_permit_whose_registration_was_not_heard_of_is_not_registered_twice(world):
    """The department goes on by itself, and does not know that it is done: the register does."""
    world.weather("department", "send PERMITS_REGISTER 1 after commit drop")
    before = count(world, "permits", "registration")
    lines = world.act("monitoring", "send-case", code=1)
    assert any("RESPONSE 002" in line and "used" in line for line in lines), lines
    assert count(world, "permits", "registration") == before + 1


# ---- the script itself ----

def test_counts_survive_a_restart_of_the_system(world):
    world.weather("permits", "PERMITS_NIKAD 3 drop")
    heard = []
    for _ in range(4):
        heard.append(Message(world, "PERMITS_NIKAD", NIKAD).send().code)
        world.end("permits")
        world.play("permits")
    assert heard == ["SCSS001", "SCSS001", "QG041", "SCSS001"]


def test_the_same_seed_brings_the_same_weather_again(world):
    def nine(script):
        world.weather("permits")
        Message(world, "PERMITS_NIKAD", NIKAD).send()  # the system has seen fair weather: the counts begin anew
        world.weather("permits", script)
        return [Message(world, "PERMITS_NIKAD", NIKAD).send().code for _ in range(9)]

    first = nine("seed 5\nPERMITS_NIKAD 40% drop\n")
    assert set(first) == {"SCSS001", "QG041"}
    assert nine("seed 5\nPERMITS_NIKAD 40% drop\n") == first
    assert nine("seed 6\nPERMITS_NIKAD 40% drop\n") != first


def test_a_bad_script_is_told_with_its_line_and_changes_nothing(world):
    log = world.folder / "log" / "permits.log"
    world.weather("permits", "PERMITS_NIKAD 1 drop\nPERMITS_NIKAD 2 hail\n")
    assert Message(world, "PERMITS_NIKAD", NIKAD).send().code == "SCSS001"
    [line] = [line for line in log.read_text().splitlines() if "sim.weather-bad" in line]
    assert "weather/permits line 2: the weather is delay" in line
