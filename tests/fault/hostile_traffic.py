# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile traffic beside the good one: processes that go on until they are told to stop.

They write a line into a ledger for each thing done: moment, what, words. R is an attack refused as it must be, P one that was
put off, C a crowd of slow connections that were hung up on, W what was wrong."""
import ctypes
import importlib
import multiprocessing
import os
import random
import time
from pathlib import Path
from types import SimpleNamespace

from attack.traps import Canary, bait
from harness import hostile
from harness.crowd import gather, sit_out

CASES = Path(__file__).resolve().parents[1] / "attack/cases"
FEWEST = 200  # attacks that the tables must give
PUT_OFF_S = 0.5


class PutOff(Exception):
    """By a gateway that has other things to do."""


class Passes(Exception):
    """The case sends good messages too."""


class Calm:
    """A gateway whose answers "come again" are no answers."""

    def __init__(self, node):
        self.node = node

    def __getattr__(self, name):
        return getattr(self.node, name)

    def post(self, *message, **how):
        response = self.node.post(*message, **how)
        if response.status_code == 503:
            raise PutOff
        return response


class Attacker(hostile.World):
    """The world of the attacks around a gateway that is there already. It sends what must be refused, and nothing else."""

    def __init__(self, folder, node):
        self.folder, self.pki, self.gateway = folder, node.pki, Calm(node)
        self.folder.mkdir()
        self.canary, self.bait = Canary(), bait(folder)
        self.me, self.attacker = self.pki["department"], self.pki["attacker-own-ca"]
        self.provider = SimpleNamespace(received=[], url=node.receiver.url)
        self.accepted, self.expected = set(), {}

    def configure(self, conf):
        """The systems of the attacks beside those that are there; who is both has the certificates of the attacks."""
        services, ours = conf["services"], conf["participants"]
        super().configure(conf)
        given = {p["name"].removeprefix("attack-"): p for p in conf["participants"]}
        both = [{**given[p["name"]], **p, "certificates": given[p["name"]]["certificates"]} for p in ours]
        others = [{**p, "name": name} for name, p in given.items() if name not in [p["name"] for p in ours]]
        conf["services"], conf["participants"] = services, both + others

    def is_cheap(self, *_what):
        """Others are at work at the same time."""

    def passes(self, *_message, **_how):
        raise Passes

    answered = repeats = at_once = passes

    def talk(self, octets, **how):
        reply = super().talk(octets, **how)
        if reply.status == 503:
            raise PutOff
        return reply

    def carry_out(self, case):
        """The letter of what came of it, and words."""
        self.expected.clear()
        try:
            case(self)
        except PutOff:
            return "P", ""
        except Passes:
            return None, ""
        except Exception as e:  # noqa: BLE001 - whatever it was, it is not what must be
            return "W", f"{type(e).__name__}: {str(e)[:300]}"
        return "W" if self.canary.callers or self.bait.opened() else "R", "the canary sang"


def attacks():
    """All that are refused by what they are, by their names."""
    found = {}
    for path in sorted(CASES.glob("[a-m]_*.py")):
        module = importlib.import_module(f"attack.cases.{path.stem}")
        found.update({f"{path.stem}: {name}": case for name, case in module.ATTACKS.items()})
    assert len(found) >= FEWEST, f"{len(found)} attacks in the tables"
    return found


def say(ledger, what, words=""):
    with open(ledger, "a", encoding="utf-8") as f:
        f.write(f"{time.monotonic():.3f} {what} {words!r}\n")


def attack(stop, ledger, node, folder, seed, pause):
    attacker, cases = Attacker(folder, node), attacks()
    chance = random.Random(f"{seed} attack")
    while not stop.wait(pause):
        name = chance.choice(list(cases))
        what, words = attacker.carry_out(cases[name])
        if what is None:
            del cases[name]
        else:
            say(ledger, what, "" if what == "R" else f"{name}: {words}")
        if what == "P":
            stop.wait(PUT_OFF_S)


def hold_on(stop, ledger, node, each):
    while not stop.wait(0.5):
        crowds = gather(node.ports["slow"], node.ports["server"], each).values()
        try:
            sit_out(crowds, 60)
            say(ledger, "C")
        except AssertionError as e:
            say(ledger, "W", f"slow: {e}")
        for crowd in crowds:
            crowd.close()


def run(work, *arguments):
    ctypes.CDLL(None).prctl(1, 9)  # does not outlive the run
    os.nice(5)
    work(*arguments)


class Traffic:
    """One of these functions in a process of its own."""

    def __init__(self, work, *arguments):
        self.stopping = multiprocessing.Event()
        self.process = multiprocessing.Process(target=run, daemon=True, args=(work, self.stopping, *arguments))
        self.process.start()

    def stop(self):
        self.stopping.set()

    def alive(self):
        return self.process.is_alive()
