# SPDX-License-Identifier: GPL-3.0-or-later
"""An application on the asynchronous channel between simulated systems, every one a process: REQUEST, NOTIFICATION that it is
accepted, RESPONSE with the permit; the messages sent to the systems, and fetched by them."""
import re
import signal
import subprocess

import pytest

from harness.gateway import BIN
from harness.world import World

SYSTEMS = ("permits", "monitoring", "department")
AWAY = ("--listen", "127.0.0.1:0")  # where the gateway sends nothing to


class Chains(World):
    """The world with a way for messages of the asynchronous channel: sent to the systems, or fetched by them."""

    def __init__(self, folder, mode, systems):
        super().__init__(folder, systems)
        self.mode = mode
        for participant in self.conf["participants"]:
            participant["async"] = {**participant["async"], "breaker_failures": 1000} if mode == "push" else {"mode": mode}

    def command(self, name, *more):
        return super().command(name, "--async", self.mode, *more)

    def file(self, *more, code=0):
        """A case by monitoring; the lines that it reports."""
        done = subprocess.run(self.command("monitoring", "--act", "send-case", *more), capture_output=True, timeout=120, check=False)
        assert done.returncode == code, (done.stdout.decode(), done.stderr.decode(), self.log_path.read_text()[-4000:])
        return done.stdout.decode().splitlines()

    def heard(self):
        return self.rows("monitoring", "SELECT kind, code, about FROM heard ORDER BY id")

    def taken(self, columns):
        return self.rows("department", f"SELECT {columns} FROM taken ORDER BY id")


@pytest.fixture
def make(tmp_path):
    made = []

    def world(mode, *systems):
        made.append(Chains(tmp_path, mode, systems).begin())
        return made[-1]

    yield world
    for w in made:
        w.close()


CASE = re.compile(r"case (\d{20}): acknowledged, messageId ([0-9a-f-]{36}), correlationId ([0-9a-f-]{36})")
PERMIT = re.compile(r"  RESPONSE 001 Permit issued, NIKAD \w{15}, registration REG\d{10}")


def told(lines, *, notice):
    """Checks what was reported of one case; gives the identifiers of REQUEST and chain."""
    case = CASE.fullmatch(lines[0])
    assert case, lines
    kinds = [line.split()[0] for line in lines[1:]]
    assert "  NOTIFICATION 001 Application accepted" in lines
    assert kinds.index("NOTIFICATION") < kinds.index("RESPONSE")
    assert [line for line in lines if PERMIT.fullmatch(line)], lines
    assert notice == ("notice" in kinds) or notice is None
    return case[2], case[3]


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_an_application_becomes_a_permit(make, mode):
    world = make(mode, "permits", "department")
    lines = world.file()
    request, chain = told(lines, notice=False if mode == "pull" else None)
    states = [line.split()[1] for line in lines if line.startswith(("  status ", "  notice "))]
    assert set(states) <= {"ON_DELIVERY", "DELIVERED"} and states[-1] == "DELIVERED"
    assert [(kind, code) for kind, code, about in world.heard() if about == chain] == [("NOTIFICATION", "001"), ("RESPONSE", "001")]
    # The department writes that it has answered when the gateway has its answer, which may be here by then.
    world.wait(lambda: world.taken("message_id, correlation_id, stage") == [(request, chain, "answered")])
    facts = [f for f in world.journal() if f["service"] == "DEPARTMENT_CASE" and f["direction"] == "received"]
    assert {f["verdict"] for f in facts} == {"verified"}
    assert {f["participant"] for f in facts if f["correlation_id"] == chain} >= {"department"}


def test_a_status_asked_between_queue_and_journal_is_no_stopped_delivery(make):
    """The question goes out the moment after the acknowledgement, when the message is just being delivered."""
    world = make("push", "permits", "department", "monitoring")
    lines = world.file("--argument", "40", *AWAY)
    states = [line.split()[1] for line in lines if line.startswith("  status ")]
    assert len(states) >= 40 and set(states) <= {"ON_DELIVERY", "DELIVERED"}


def test_a_running_system_takes_the_answers_and_the_notices(make):
    """The act only files and looks; another process with the same state listens where the gateway sends to."""
    world = make("push", *SYSTEMS)
    first = told(world.file(*AWAY), notice=None)
    second = told(world.file(*AWAY), notice=None)
    assert first[0] != second[0] and first[1] != second[1]
    for request, chain in (first, second):
        world.wait(lambda: ("notice", "DELIVERED", request) in world.heard())
        assert [kind for kind, _, about in world.heard() if about == chain] == ["NOTIFICATION", "RESPONSE"]


def test_what_was_acknowledged_is_answered_after_a_crash(make):
    """Without the permits system the application cannot go on; the department is killed with it in hand."""
    world = make("push", "monitoring", "department")
    act = subprocess.Popen(world.command("monitoring", "--act", "send-case", *AWAY), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    world.wait(lambda: "accepted" in [stage for (stage,) in world.taken("stage")])
    world.wait(lambda: "NOTIFICATION" in [kind for kind, _, _ in world.heard()])
    world.end("department", signal.SIGKILL)
    assert [stage for (stage,) in world.taken("stage")] == ["accepted"]
    world.play("permits")
    world.play("department")
    out, err = act.communicate(timeout=90)
    assert act.returncode == 0, (out, err)
    told(out.decode().splitlines(), notice=None)
    assert [kind for kind, _, _ in world.heard() if kind != "notice"] == ["NOTIFICATION", "RESPONSE"]


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_a_department_that_is_away_gets_the_application_later(make, mode):
    world = make(mode, "permits")
    act = subprocess.Popen(world.command("monitoring", "--act", "send-case"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # the first question for the status is answered: the only messages without a service
    world.wait(lambda: [f for f in world.journal() if f["direction"] == "sent" and f["service"] == ""] or act.poll() is not None)
    world.play("department")
    out, err = act.communicate(timeout=90)
    assert act.returncode == 0, (out, err)
    lines = out.decode().splitlines()
    told(lines, notice=None)
    assert lines[1].startswith("  status ON_DELIVERY")


def test_several_cases_after_each_other(make):
    world = make("pull", "permits", "department")
    lines = world.file("--argument", "3")
    assert len([line for line in lines if CASE.fullmatch(line)]) == 3
    assert len([line for line in lines if PERMIT.fullmatch(line)]) == 3
    assert len({about for _, _, about in world.heard()}) == 3


def test_a_refused_request_is_told_and_ends_the_act(make):
    world = make("push", "permits", "department")
    world.participant("monitoring")["may_call"] = []
    world.stop()
    world.start()
    lines = world.file(code=1)
    assert len(lines) == 1 and re.match(r"case \d{20}: fault QG\d+|case \d{20}: fault SCE\d+", lines[0])
    assert world.heard() == [] and world.taken("id") == []


@pytest.mark.parametrize("words,code,said", [
    (["--async", "post"], 64, b"push or pull"),
    (["--async", "pull"], 64, b"--async-gateway"),
    (["--act", "sing"], 64, b"monitoring does no sing by itself; it knows: send-request"),
    (["--weather", "* always hail"], 78, b"--weather line 1: the weather is"),
    (["--weather", "* always expired-certificate"], 78, b"--signer expired="),
    (["--weather", "/absent"], 78, b"weather /absent: No such file"),
    (["--signer", "head"], 78, b"head is not name=certificate,key"),
    (["--set", "colour"], 78, b"colour is not name=value"),
])
def test_wrong_words_are_explained(pki, tmp_path, words, code, said):
    done = subprocess.run([BIN / "qaqpa", "sim", "monitoring", "--certificate", pki.path("monitoring.crt"), "--key", pki.path("monitoring.key"),
                           "--peer-certificate", pki.path("gateway.crt"), "--state", tmp_path / "state", *words], capture_output=True, timeout=30,
                          check=False)
    assert done.returncode == code and said in done.stderr, done
