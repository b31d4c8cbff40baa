# SPDX-License-Identifier: GPL-3.0-or-later
"""An application on the asynchronous channel between simulated systems, every one a process: REQUEST, NOTIFICATION that it is
accepted, RESPONSE with the permit; the messages sent to the systems, and fetched by them."""
import re
import signal
import socket
import sqlite3
import subprocess

import pytest
import yaml

from harness.gateway import BIN, Gateway
from harness.pki import ROOT
from harness.redis import Redis

SYSTEMS = ("permits", "monitoring", "department")
FAST = {"name": "standard", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1h"}


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class World(Gateway):
    """Gateway, Redis and the simulated systems. Each has its port from the beginning, whoever listens there."""

    def __init__(self, folder, pki, redis, mode):
        super().__init__(folder, pki)
        self.mode, self.sims = mode, {}
        port, *ports = free_ports(1 + len(SYSTEMS))
        self.places = dict(zip(SYSTEMS, ports))
        self.base_url = f"http://127.0.0.1:{port}"
        self.conf["listeners"][0]["listen"] = f"127.0.0.1:{port}"
        self.conf["queue"] = {"socket": str(redis.socket), "spool": str(folder / "spool"), "lease": "5s", "command_time": "1s"}
        self.conf["retries"] = [FAST]
        self.conf["calendar"] = str(ROOT / "config/calendar")
        self.conf["participants"] = [self.described(name) for name in SYSTEMS]
        for name in SYSTEMS:
            descriptors = ROOT / "adapters" / name / "services.yaml"
            for service in yaml.safe_load(descriptors.read_text())["services"]:
                service.pop("inner", None)  # the rules name people of another authority; test_monitoring_rules has them
                if "endpoint" in service:
                    service["endpoint"] = f"http://127.0.0.1:{self.places[name]}/"
                for word in ("schema", "answer_schema"):
                    service[word] = str((descriptors.parent / service[word]).resolve())
                self.conf["services"].append(service)

    def described(self, name):
        place = {"mode": self.mode, "breaker_failures": 1000}
        if self.mode == "push":
            place["endpoint"] = f"http://127.0.0.1:{self.places[name]}/"
        return {"name": name, "sender_ids": f"{name}_is", "certificates": str(self.pki.path(f"{name}.crt")), "may_call": "*", "async": place}

    def begin(self):
        self.start()
        self.wait(lambda: all(c["ok"] for c in self.admin("/readyz").json()["checks"]))
        return self

    def command(self, name, *more, port=None):
        identity = self.pki[name]
        words = [BIN / "qaqpa", "sim", name, "--listen", f"127.0.0.1:{self.places[name] if port is None else port}",
                 "--certificate", identity.certificate_path, "--key", identity.key_path, "--peer-certificate", self.pki.path("gateway.crt"),
                 "--gateway", self.base_url + "/bip-sync-wss-gost/", "--async-gateway", self.base_url + "/bip-async/", "--async", self.mode,
                 "--sender-id", f"{name}_is", "--state", self.folder / name]
        clerk = self.pki["person"]
        words += ["--signer", f"corporation-employee={clerk.certificate_path},{clerk.key_path}"]
        for signer in ("department", "monitoring"):
            words += ["--document-certificate", f"{signer}_is={self.pki.path(signer + '.crt')}"]
        words += ["--document-certificate", f"clerk={clerk.certificate_path}"]
        head = self.pki["head"]
        words += ["--document-certificate", f"head={head.certificate_path}", "--signer", f"head={head.certificate_path},{head.key_path}"]
        return [*words, *more]

    def play(self, name):
        """Starts a system and waits until it listens."""
        log = (self.folder / f"{name}.log").open("ab")
        self.sims[name] = subprocess.Popen(self.command(name), stdout=subprocess.PIPE, stderr=log)
        assert b"listens" in self.sims[name].stdout.readline(), (self.folder / f"{name}.log").read_text()

    def end(self, name, number=signal.SIGTERM):
        sim = self.sims.pop(name)
        sim.send_signal(number)
        sim.wait(30)
        sim.stdout.close()
        return sim.returncode

    def file(self, *more, port=None, code=0):
        """A case by monitoring; the lines that it reports."""
        done = subprocess.run(self.command("monitoring", "--act", "send-case", *more, port=port), capture_output=True, timeout=120, check=False)
        assert done.returncode == code, (done.stdout.decode(), done.stderr.decode(), self.log_path.read_text()[-4000:])
        return done.stdout.decode().splitlines()

    def rows(self, name, table, columns):
        path = self.folder / name / f"{name}.db"
        if not path.exists():
            return []
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
            rows = db.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
        db.close()
        return rows

    def heard(self):
        return self.rows("monitoring", "heard", "kind, code, about")

    def close(self):
        codes = [self.end(name) for name in list(self.sims)]
        assert self.stop() == 0
        return codes


@pytest.fixture
def make(tmp_path, pki):
    redis = Redis(tmp_path / "redis")
    made = []

    def world(mode, *systems):
        made.append(World(tmp_path, pki, redis, mode).begin())
        for name in systems:
            made[-1].play(name)
        return made[-1]

    yield world
    codes = [code for w in made for code in w.close()]
    redis.stop()
    assert codes == [0] * len(codes)


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
    assert world.rows("department", "taken", "message_id, correlation_id, stage") == [(request, chain, "answered")]
    facts = [f for f in world.journal() if f["service"] == "DEPARTMENT_CASE" and f["direction"] == "received"]
    assert {f["verdict"] for f in facts} == {"verified"}
    assert {f["participant"] for f in facts if f["correlation_id"] == chain} >= {"department"}


def test_a_status_asked_between_queue_and_journal_is_no_stopped_delivery(make):
    """The question goes out the moment after the acknowledgement, when the message is just being delivered."""
    world = make("push", "permits", "department", "monitoring")
    lines = world.file("--argument", "40", port=0)
    states = [line.split()[1] for line in lines if line.startswith("  status ")]
    assert len(states) >= 40 and set(states) <= {"ON_DELIVERY", "DELIVERED"}


def test_a_running_system_takes_the_answers_and_the_notices(make):
    """The act only files and looks; another process with the same state listens where the gateway sends to."""
    world = make("push", *SYSTEMS)
    first = told(world.file(port=0), notice=None)
    second = told(world.file(port=0), notice=None)
    assert first[0] != second[0] and first[1] != second[1]
    for request, chain in (first, second):
        world.wait(lambda: ("notice", "DELIVERED", request) in world.heard())
        assert [kind for kind, _, about in world.heard() if about == chain] == ["NOTIFICATION", "RESPONSE"]


def test_what_was_acknowledged_is_answered_after_a_crash(make):
    """Without the permits system the application cannot go on; the department is killed with it in hand."""
    world = make("push", "monitoring", "department")
    act = subprocess.Popen(world.command("monitoring", "--act", "send-case", port=0), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    world.wait(lambda: "accepted" in [stage for (stage,) in world.rows("department", "taken", "stage")])
    world.wait(lambda: "NOTIFICATION" in [kind for kind, _, _ in world.heard()])
    world.end("department", signal.SIGKILL)
    assert [stage for (stage,) in world.rows("department", "taken", "stage")] == ["accepted"]
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
    world.begin()
    lines = world.file(code=1)
    assert len(lines) == 1 and re.match(r"case \d{20}: fault QG\d+|case \d{20}: fault SCE\d+", lines[0])
    assert world.heard() == [] and world.rows("department", "taken", "id") == []


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
