#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults under load, over real processes; what must hold is counted at both far ends. Prints a record, ends with a verdict.

    run.py                      the short form, for every day
    run.py --long               at least 100,000 messages and 200 kills
    run.py --seed 7             the same choices again
    run.py --cluster            two gateways behind HAProxy instead; with --long more of it
    run.py --only two_gateways  some phases only, by the names of their functions
    run.py --keep               leaves the folder with logs, ledgers and journals also when all went well
"""
import argparse
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cluster  # noqa: E402
import phases  # noqa: E402
from harness import pki  # noqa: E402
from world import MOST  # noqa: E402

SHORT = {"rate": 120, "poison one in": 504, "points": 10, "point sizes": (30000,), "failures": 40, "gateway kills": 2, "redis kills": 2, "both kills": 1,
         "receiver kills": 1, "pair kills": 2, "failovers": 1, "rolls": 1, "disk fills": 1, "between": 0.6, "fault": 0.4, "drain": 40,
         "messages": 0, "kills": 0}
LONG = {"rate": 200, "poison one in": 10000, "points": 0, "point sizes": (300, 30000), "failures": 0, "gateway kills": 20, "redis kills": 10,
        "both kills": 10, "receiver kills": 5, "pair kills": 4, "failovers": 4, "rolls": 5, "disk fills": 5, "between": 3, "fault": 3, "drain": 300,
        "messages": 100_000, "kills": 200}
COLUMNS = (("accepted", 9), ("delivered", 10), ("repeats", 8), ("lost", 5), ("duplicates", 11), ("disorder", 9))


class Run:
    def __init__(self, options):
        self.options = options
        self.seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)
        self.scale = dict(LONG if options.long else SHORT)
        self.random = random.Random(self.seed)
        self.pki = pki.default()
        self.most = MOST
        self.number = self.killed = 0
        self.total = dict.fromkeys([k for k, _ in COLUMNS], 0)
        self.broken = []
        self.begun = time.monotonic()

    def say(self, words):
        print(words, flush=True)

    def head(self):
        self.say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}")
        self.say(f"seed: {self.seed}, form: {'long' if self.options.long else 'short'}")
        self.say(f"{'phase':18}" + "".join(f"{k:>{n}}" for k, n in COLUMNS) + f"{'kills':>6}{'resumed s':>10}{'drained s':>10}"
                 f"{'MB':>4}{'fds':>5}{'s':>6}")

    def wants(self, *acts):
        return not self.options.only or any(act.__name__ in self.options.only for act in acts)

    def act(self, act, world):
        if not self.wants(act):
            return
        phase = phases.Phase(self, act.__name__, world)
        act(phase)
        phase.finish()

    def line(self, phase, count, kills, drained, faults, peak):
        for k, _ in COLUMNS:
            self.total[k] += count.get(k, 0)
        self.killed += kills
        resumed = f"{max(phase.recovered):.1f}" if phase.recovered else "-"
        self.say(f"{phase.name:18}" + "".join(f"{count.get(k, 0):>{n}}" for k, n in COLUMNS) + f"{kills:>6}{resumed:>10}{drained:>10.1f}"
                 f"{peak['MB']:>4}{peak['descriptors']:>5}{time.monotonic() - phase.begun:>6.1f}")
        for note in phase.notes:
            self.say(f"    {note}")
        for fault in faults[:20]:
            self.say(f"    BROKEN {fault}")
        self.broken += [f"{phase.name}: {fault}" for fault in faults]

    def skip(self, act, words):
        self.say(f"{act.__name__:18} SKIPPED: {words}")

    def short_of(self):
        """Is there something to do until the long form has its messages and kills?"""
        return not self.options.only and (self.total["accepted"] < self.scale["messages"] or self.killed < self.scale["kills"])

    def verdict(self, folder):
        self.say(f"{'all':18}" + "".join(f"{self.total[k]:>{n}}" for k, n in COLUMNS) + f"{self.killed:>6}"
                 f"{time.monotonic() - self.begun:>35.1f}")
        if self.broken or self.total["accepted"] == 0:
            self.say(f"VERDICT: BROKEN, {len(self.broken)} findings; logs and ledgers in {folder}")
            return 1
        self.say("VERDICT: every accepted message arrived, acted once, in its order")
        return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = arguments()
    run = Run(options)
    folder = Path(tempfile.mkdtemp(prefix="qaqpa-fault-"))
    run.head()
    try:
        for part in cluster.PARTS if options.cluster else phases.PARTS:
            part(run, folder)
    except Exception as e:
        run.broken.append(f"the run itself: {type(e).__name__}: {e}")
        run.say(f"logs and ledgers in {folder}")
        raise
    code = run.verdict(folder)
    if code == 0 and not options.keep:
        shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
