# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators do with qaqpa queue, beside a running gateway."""
import json
import os
import re
import shutil
import subprocess
import time
from datetime import datetime

import pytest

from harness.gateway import BIN, Gateway
from harness.provider import Provider

SLOW = {"name": "slow", "initial": "10m", "factor": 2, "max_interval": "1h", "jitter": 20, "max_attempts": 5, "expire_after": "10h"}


class World(Gateway):
    """A gateway with two queued services: Down, whose receiver is away, and Picky, which refuses everything for ever."""

    def __init__(self, folder, pki, redis):
        super().__init__(folder, pki)
        self.redis = redis
        self.picky, self.down = Provider(pki["permits"]), Provider(pki["permits"])
        self.down.close()
        self.picky.answer = lambda octets: self.picky.signed_answer(octets, code="SCSE002", message="not like this")
        self.conf["queue"] = {"socket": str(redis.socket), "spool": str(self.folder / "spool"), "inline": "1KiB"}
        self.conf["retries"] = [SLOW]
        for name, receiver in (("Down", self.down), ("Picky", self.picky)):
            self.service(receiver, name, delivery="queued", retry="slow", repeat_safe=True, breaker_failures=1000)
        self.start_with_queue()

    def queue(self, *words, status=0):
        done = subprocess.run([BIN / "qaqpa", "queue", *map(str, words), "-c", self.folder / "qaqpa.yaml"], capture_output=True,
                              check=False, timeout=60)
        assert done.returncode == status, done.stderr.decode()
        self.said = done.stderr.decode()
        return done.stdout.decode()

    def json(self, *words, status=0):
        return json.loads(self.queue(*words, "-o", "json", status=status) or "[]")

    def accepted(self, service, count=1):
        """Accepted, and in the state in which it stays: tried once and waiting, or dead. The ids, oldest first."""
        state = "waiting" if service == "Down" else "dead"
        before = {i["id"] for i in self.items(service)}
        for _ in range(count):
            assert self.send(service=service).code == "SCSS001"
        self.wait(lambda: len(self.settled(service, state) - before) == count)
        return [i["id"] for i in sorted(self.items(service), key=lambda i: i["accepted"]) if i["id"] not in before]

    def settled(self, service, state):
        return {i["id"] for i in self.items(service) if i["state"] == state and i["attempts"] > 0}

    def spooled(self):
        """Bodies in the spool; other things of the gateway may lie there too."""
        return [f for f in (self.folder / "spool").iterdir() if re.fullmatch("[0-9a-f]{32}[.][0-9a-f]{16}", f.name)]

    def items(self, service):
        done = subprocess.run([BIN / "qaqpa", "queue", "ls", "-d", service, "--socket", self.redis.socket, "-o", "json"],
                              capture_output=True, check=False, timeout=60)
        assert done.returncode in (0, 1), done.stderr.decode()
        return json.loads(done.stdout)


@pytest.fixture
def world(tmp_path, pki, redis):
    w = World(tmp_path, pki, redis)
    yield w
    w.stop()
    w.picky.close()


def test_destinations_and_causes_are_seen_at_a_glance(world):
    world.accepted("Down", 2)
    world.accepted("Picky", 3)
    down, picky = world.json("ls")
    assert (down["destination"], down["waiting"], down["leased"], down["dead"]) == ("Down", 2, 0, 0)
    assert (picky["destination"], picky["waiting"], picky["dead"]) == ("Picky", 0, 3)
    assert picky["causes"] == [{"cause": "SCSE002", "dead": 3}]
    assert down["oldest"] and not picky["oldest"] and not down["held"]
    table = world.queue("ls")
    assert [line.split()[:4] for line in table.splitlines()] == [
        ["destination", "waiting", "leased", "dead"], ["Down", "2", "0", "0"], ["Picky", "0", "0", "3"], ["SCSE002", "3"]]
    assert world.redis.command("PING") == b"PONG\n"


def test_messages_are_found_by_filters_and_shown_whole(world):
    down, = world.accepted("Down")
    picky = world.accepted("Picky", 2)
    assert {i["id"] for i in world.json("ls", "--cause", "SCSE002")} == set(picky)
    assert [i["id"] for i in world.json("ls", "--state", "waiting")] == [down]
    assert len(world.json("ls", "-d", "Picky", "-n", 1)) == 1
    assert world.json("ls", "--older", "1h", status=1) == []
    shown, = world.json("show", down)
    assert (shown["destination"], shown["state"], shown["attempts"], shown["policy"]) == ("Down", "waiting", 1, "slow")
    assert shown["cause"] == "provider.connect"
    assert f"{down}\n  destination  Down\n  state        waiting\n" in world.queue("show", down)
    world.queue("show", "{nothing}", status=1)


def test_a_plan_is_kept_to_the_millisecond(world, pki):
    down, = world.accepted("Down")
    plan, = world.json("plan", down)
    assert [t["attempt"] for t in plan["tries"]] == [2, 3, 4, 5]
    assert plan["end"] == "then it is given up: its attempts are used up"
    at = [t["at_ms"] for t in plan["tries"]]
    gaps = [b - a for a, b in zip(at, at[1:])]
    for gap, minutes in zip(gaps, (20, 40, 60)):
        assert minutes * 48_000 <= gap <= minutes * 72_000, (gap, minutes)
    assert datetime.fromisoformat(plan["tries"][0]["at"]).timestamp() * 1000 == pytest.approx(at[0])
    # A try made at another time moves those behind it, by exactly as much.
    world.queue("retry", down)
    world.wait(lambda: world.json("show", down)[0]["attempts"] == 2 and world.json("show", down)[0]["state"] == "waiting")
    again, = world.json("plan", down)
    assert [t["attempt"] for t in again["tries"]] == [3, 4, 5]
    assert [b - a for a, b in zip([t["at_ms"] for t in again["tries"]], [t["at_ms"] for t in again["tries"]][1:])] == gaps[1:]
    text = world.queue("plan", down)
    assert f"attempt 3    {again['tries'][0]['at']}" in text


def test_the_shape_shows_where_it_piles_up(world):
    world.accepted("Down", 3)
    world.accepted("Picky", 1)
    row, = world.json("shape")  # dead letters only when asked for
    assert (row["destination"], row["messages"], row["ages"][0]) == ("Down", 3, {"below_minutes": 5, "messages": 3})
    assert [r["destination"] for r in world.json("shape", "--state", "dead")] == ["Picky"]
    head, line = world.queue("shape").splitlines()
    assert head.split()[:4] == ["destination", "all", "5", "10"] and line.split()[:4] == ["Down", "3", "3", "0"]


def test_a_held_destination_gets_nothing_until_it_is_released(world):
    world.queue("hold", "Picky")
    assert world.send(service="Picky").code == "SCSS001"
    assert world.json("ls")[0]["held"] and "held" in world.queue("ls")
    time.sleep(1)
    assert not world.picky.received
    world.queue("release", "Picky")
    world.wait(lambda: world.picky.received)


def test_dead_letters_go_again_in_bulk_slowly_and_first_on_trial(world):
    dead = world.accepted("Picky", 6)
    tried = len(world.picky.received)
    text = world.queue("retry", "--cause", "SCSE002", "--dry-run")
    assert len(text.splitlines()) == 6 and all("would be made due" in line for line in text.splitlines())
    assert len(world.json("ls", "--state", "dead")) == 6
    world.queue("retry", status=64)  # everything is meant only when it is said
    world.queue("retry", "--cause", "another", status=1)
    world.picky.answer = world.picky.signed_answer
    begun = time.monotonic()
    world.queue("retry", "--cause", "SCSE002", "--rate", 10)
    assert time.monotonic() - begun >= 0.5
    world.wait(lambda: len(world.picky.received) == tried + 6)
    world.wait(lambda: world.json("ls") == [])
    for message in dead:
        world.queue("retry", message, status=1)


def test_drop_takes_dead_letters_only_unless_told_otherwise(world):
    waiting = world.accepted("Down", 2)
    world.accepted("Picky", 2)
    world.queue("drop", "--all")
    assert [(t["destination"], t["waiting"], t["dead"]) for t in world.json("ls")] == [("Down", 2, 0)]
    world.queue("drop", waiting[0])
    world.queue("drop", waiting[0], status=1)
    world.queue("drop", "--state", "waiting", "-d", "Down")
    assert world.json("ls") == []
    assert not world.spooled()


def test_bodies_are_exported_exactly(world):
    big, small = "<data><big>" + "x" * 5000 + "</big></data>", "<data>small</data>"
    for data in (big, small):
        assert world.send(service="Down", data=data).code == "SCSS001"
    world.wait(lambda: len(world.settled("Down", "waiting")) == 2)  # what moves may be missing in a list
    assert world.spooled()
    world.queue("export", world.folder / "out", "-d", "Down")
    files = list((world.folder / "out" / "Down").iterdir())
    assert len(files) == 2 and all(f.stat().st_mode & 0o777 == 0o600 for f in files)
    octets = [f.read_bytes() for f in files]
    assert sorted(big.encode() in o for o in octets) == [False, True]
    world.queue("export", world.folder / "out", "-d", "Down", status=1)  # nothing is overwritten
    assert "2 left alone" in world.said


def age(path, hours):
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def left_over(world, number, hours):
    path = world.folder / "spool" / f"{number:032x}.{number:016x}"
    path.write_bytes(b"left over")
    age(path, hours)
    return path


def test_only_bodies_of_no_message_are_swept_and_only_when_told(world, tmp_path):
    big = f"<data>{'x' * 3000}</data>"
    for service in ("Down", "Picky"):  # one waits, one is dead
        assert world.send(service=service, data=big).code == "SCSS001"
    world.wait(lambda: world.settled("Down", "waiting") and world.settled("Picky", "dead"))
    needed = world.spooled()
    assert len(needed) == 2
    for path in needed:
        age(path, 48)
    old, young, older = left_over(world, 1, 2), left_over(world, 2, 0), left_over(world, 3, 30)
    other = world.folder / "spool" / "deadbeef"
    other.write_bytes(b"of somebody")
    age(other, 48)
    said = sorted(line.split()[0] for line in world.queue("sweep").splitlines())
    assert said == [old.name, older.name] and "would be removed" in world.queue("sweep") and old.exists()
    assert older.name in world.queue("sweep", "--older", "1d") and old.name not in world.queue("sweep", "--older", "1d")
    world.queue("sweep", "--older", "5m", "--remove", status=64)
    world.queue("sweep", "--remove", "--dry-run")
    assert old.exists()
    world.queue("sweep", "--remove")
    assert not old.exists() and not older.exists() and young.exists() and other.exists()
    assert world.spooled() and set(needed) < set(world.spooled())
    world.queue("sweep", status=1)
    world.queue("export", tmp_path / "bodies")  # what is needed is whole
    world.queue("sweep", "--prefix", "another", "--socket", world.redis.socket, "--spool", world.folder / "spool", "--remove", status=75)
    world.redis.command("FLUSHALL")
    world.queue("sweep", "--remove", status=75)
    assert set(needed) < set(world.spooled())


def test_a_lost_redis_is_rebuilt_from_the_journal(world):
    down = world.accepted("Down", 3)
    picky = world.accepted("Picky", 3)
    before = {i["id"]: i for i in world.items("Down")}
    world.queue("retry", picky[0], "--record", world.folder / "record")
    world.wait(lambda: world.json("show", picky[0])[0]["state"] == "dead")  # once more refused: the gateway's word counts
    world.queue("hold", "Picky")
    world.queue("retry", picky[1], "--record", world.folder / "record")
    world.queue("drop", down[0], "--record", world.folder / "record")
    world.redis.command("FLUSHALL")
    journals = ("--journal", world.folder / "journal", "--journal", world.folder / "record")
    world.queue("hold", "Picky")
    assert "3 would be put back" in world.queue("rebuild", *journals, "--dry-run")
    assert world.json("ls")[0]["waiting"] == 0
    assert "3 put back, 0 were there" in world.queue("rebuild", *journals)
    assert "0 put back, 3 were there" in world.queue("rebuild", *journals)
    after = {i["id"]: i for i in world.items("Down")}
    assert set(after) == set(down[1:])
    for message in down[1:]:
        assert {**before[message]} == {**after[message], "cause": before[message]["cause"]}
    assert [(i["id"], i["state"], i["attempts"]) for i in world.items("Picky")] == [(picky[1], "waiting", 1)]
    plain = world.queue("rebuild", "--dry-run")  # the gateway's journal alone would bring the dropped one back
    assert "1 would be put back" in plain
    shutil.rmtree(world.folder / "record")


@pytest.mark.parametrize("words", [
    (), ("nothing",), ("show",), ("plan",), ("hold",), ("ls", "word"), ("ls", "--older", "5"), ("ls", "--state", "lost"),
    ("ls", "--redis", "nowhere"), ("ls", "--redis", "h:0"), ("ls", "--rate", "0"), ("show", "one", "two")])
def test_a_wrong_line_is_refused(words):
    done = subprocess.run([BIN / "qaqpa", "queue", *words], capture_output=True, check=False, timeout=20)
    assert done.returncode == 64 and done.stderr


def test_an_absent_redis_is_told(tmp_path):
    done = subprocess.run([BIN / "qaqpa", "queue", "ls", "--socket", tmp_path / "none"], capture_output=True, check=False, timeout=20)
    assert done.returncode == 75 and b"queue.down" in done.stderr
    done = subprocess.run([BIN / "qaqpa", "queue", "ls", "-c", tmp_path / "none"], capture_output=True, check=False, timeout=20)
    assert done.returncode == 78


def test_an_absent_journal_is_told(tmp_path, redis):
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--socket", redis.socket, "--journal", tmp_path / "none"],
                          capture_output=True, check=False, timeout=20)
    assert done.returncode == 78 and b"none" in done.stderr
