#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Good, bad, slow, huge and repeated traffic for as long as is wanted, with reloads, changes of certificates and outages of the
provider. Prints a record, ends with a verdict: the books balance, nothing refused was routed, no error in the log, descriptors
and threads as at the start; and in the long form, from ten minutes on, flat memory and good messages as fast as without the rest.

    soak.py                  20 seconds
    soak.py --time 2h        or any other time
    soak.py --seed 7         the same choices again
    soak.py --keep           leaves the folder with logs, ledgers and journal also when all went well
"""
import argparse
import os
import platform
import random
import re
import shutil
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from changes import CHANGES  # noqa: E402
from evidence import evidence  # noqa: E402
from figures import Figures, LogBook, journal_counts, percentile  # noqa: E402
from harness import pki  # noqa: E402
from harness.crowd import allow_descriptors  # noqa: E402
from hostile_traffic import Attacker, Traffic, attack, hold_on  # noqa: E402
from message import CASE, DIRECT, SERVICE  # noqa: E402
from world import World  # noqa: E402

LONG_S = 600             # from here on memory and times are judged
GROWS_MOST_MB = 8        # fitted growth of the second half
SLOWER_MOST = 2.0        # times the p99 of the quiet beginning
TOLERANCE_S = 0.020      # and this much more: what the senders of the other traffic take of the processor on one machine
MEGABYTE = 1 << 20
HUGE = (1 * MEGABYTE, 10 * MEGABYTE, 15 * MEGABYTE - 8000)  # the last is as long as a message may be
ATTACKS_FEWEST = 20
JOURNAL_MOST = 32        # of two days at midnight: a writer and four readers, each with a log, an index and its own log, and what they share
UNITS = {"s": 1, "m": 60, "h": 3600}


def duration(text):
    found = re.fullmatch(r"(\d+)([smh])", text)
    if not found or int(found[1]) * UNITS[found[2]] < 20:
        raise argparse.ArgumentTypeError("a duration from 20s on, as 90s, 30m or 2h")
    return int(found[1]) * UNITS[found[2]]


class Soak:
    def __init__(self, options, folder, broken):
        self.options, self.folder, self.broken = options, folder, broken
        self.seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)
        self.random = random.Random(self.seed)
        self.ledger = folder / "hostile"
        self.traffic = []
        self.is_long = options.time >= LONG_S
        self.quiet_s = min(max(options.time * 0.15, 4), 600)

    def say(self, words):
        print(words, flush=True)

    def demand(self, holds, words, counts=True):
        """`counts`: it belongs to the verdict of this run."""
        self.say(("    " if holds else "    BROKEN " if counts else "    (not judged) ") + words)
        if not holds and counts:
            self.broken.append(words)

    # ---- the world ----

    def configure(self, node):
        node.open_all_ways()
        node.participant("department")["password_hash"] = node.password_hash
        self.attackers = Attacker(node.folder / "attacker", node)
        self.attackers.configure(node.conf)
        node.conf["queue"]["command_time"] = "20s"  # the disk of a machine with other work is not what is looked at
        for listener in node.conf["listeners"]:
            listener.setdefault("limits", {})["write_time"] = "2s"
            for word in ("certificate", "key"):  # copies that a change may replace
                if word in listener:
                    path = node.folder / f"listener.{word}"
                    shutil.copy(listener[word], path)
                    listener[word] = str(path)

    def good(self, w, scale):
        """Of all ways; the names of their clients begin with c and these numbers."""
        for n, (service, rate) in enumerate(((SERVICE, 12), (DIRECT, 12), (CASE, 4)), 1):
            w.load(rate=rate * scale, threads=4, service=service, password="secret", memory=200, repeated_every=10,
                   address=f"127.2.0.{n}")

    def other(self, w):
        node, each = w.gateway, 100 if self.is_long else 20
        seldom = 0.1 if self.is_long else 1  # each is written to the disk several times, and others wait for that
        for n, service in enumerate((SERVICE, DIRECT)):
            w.load(rate=0.5 * seldom, threads=1, sizes=HUGE, service=service, ordered=False, password="secret", address=f"127.2.0.{8 + n}")
        self.traffic = [Traffic(attack, self.ledger, node, self.folder / "attack", self.seed, 0.05),
                        Traffic(hold_on, self.ledger, node, each)]

    # ---- its life ----

    def begin(self, w):
        """A first load of everything good, so that what is made once is there; then the state to come back to."""
        self.figures, self.log = Figures(w.gateway), LogBook(w.gateway.log_path)
        self.good(w, 1)
        w.wait(lambda: w.books.count["accepted"] >= 100, "the first messages pass")
        w.end_of_load()
        w.drained()
        w.wait(lambda: w.gateway.clients() == 0, "the clients have gone")
        self.start = {"descriptors": w.gateway.held(), "threads": w.gateway.usage()["threads"]}
        self.links = Counter(w.gateway.held_links())
        self.normal = [f"c{n}." for n in range(w.number + 1, w.number + 4)]

    def live(self, w, seconds, between=None):
        """`between` is called now and then."""
        end, pace = time.monotonic() + seconds, max(2.0, seconds / 60)
        due = time.monotonic() + pace / 2
        while time.monotonic() < end:
            w.pause(min(1.0, seconds / 40))
            self.figures.take()
            self.log.read()
            if between and time.monotonic() >= due and time.monotonic() < end:
                between()
                due = time.monotonic() + pace
        return end

    def change(self, w):
        name = list(CHANGES)[self.changed % len(CHANGES)]
        self.changed += 1
        CHANGES[name](w, self.log, self.random)

    def run(self, w):
        self.begin(w)
        self.good(w, 1)
        quiet_from = time.monotonic() + 1
        mixed_from = self.live(w, self.quiet_s)
        self.waits_quiet = self.waits(w, quiet_from, mixed_from)
        self.other(w)
        self.changed = 0
        mixed_to = self.live(w, self.options.time - self.quiet_s, lambda: self.change(w))
        self.waits_mixed = self.waits(w, mixed_from, mixed_to)
        w.wait(lambda: self.done("R") >= ATTACKS_FEWEST and self.done("C"), "the attackers did their work", 300)
        for traffic in self.traffic:
            traffic.stop()
        w.wait(lambda: not any(t.alive() for t in self.traffic), "the hostile traffic ends", 120)
        w.end_of_load(120)
        w.drained(300)
        w.wait(lambda: w.gateway.clients() == 0, "the clients have gone", 120)

    def done(self, letter):
        """How often hostile traffic came to this end."""
        lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
        return sum(line.split(" ", 2)[1] == letter for line in lines)

    def waits(self, w, since, until):
        """Seconds from request to answer of normal messages."""
        return sorted(s for at, number, s in w.books.waits if since <= at < until and number.startswith(tuple(self.normal)))

    # ---- what came of it ----

    def verdict(self, w):
        self.say_traffic(w)
        self.judge_books(w)
        self.log.read()
        self.demand(not self.log.errors, f"{self.log.lines} lines in the log, {len(self.log.errors)} errors {self.log.errors[:3]}")
        if not w.wait(lambda: w.gateway.held() <= self.start["descriptors"], f"descriptors return to {self.start['descriptors']}"):
            self.say(f"    new ones: {sorted((Counter(w.gateway.held_links()) - self.links).elements())[:20]}")
        journal = sum("/journal/" in link for link in w.gateway.links())
        self.demand(journal <= JOURNAL_MOST, f"{journal} descriptors of the journal, at most {JOURNAL_MOST}")
        self.demand(w.gateway.usage()["threads"] == self.start["threads"],
                    f"at the start {self.start}, at the end {w.gateway.held()} descriptors and {w.gateway.usage()['threads']} threads")
        self.judge_memory()
        self.judge_waits()
        w.gateway.leave(w.books)
        journal, repeated = journal_counts(w.gateway.folder / "journal")
        self.demand(journal == w.books.count["accepted"] and repeated > 0,
                    f"{journal} messages accepted by the journal, {w.books.count['accepted']} by the senders; {repeated} repetitions answered")
        for fault in w.books.faults[:20]:
            self.demand(False, fault)

    def say_traffic(self, w):
        self.say(f"good: {w.books.count['accepted']} accepted, {w.books.count['put off']} times put off, {w.books.count['broken']} connections"
                 f" broken; hostile: {self.done('R')} attacks refused, {self.done('P')} put off, {self.done('C')} crowds"
                 f" hung up on; {self.changed} changes of {len(CHANGES)} kinds")
        wrong = [line for line in self.ledger.read_text().splitlines() if line.split(" ", 2)[1] == "W"]
        self.demand(not wrong, f"{len(wrong)} hostile things went wrong {wrong[:3]}")

    def judge_books(self, w):
        w.look()
        routed = set(w.books.first) - set(w.books.accepted)
        waiting, _, dead = w.places() or (None, None, None)
        self.demand(not w.books.open and (waiting, dead) == (0, 0), f"{w.books.count['accepted']} accepted, "
                    f"{w.books.count['accepted'] - len(w.books.open)} of them delivered, {waiting} queued, {dead} dead")
        self.demand(not routed, f"{len(routed)} messages delivered that nobody accepted {sorted(routed)[:3]}")
        self.demand(not w.books.count["broken"], f"{w.books.count['broken']} good connections broken")

    def judge_memory(self):
        for name in ("resident", "heap"):
            low, high, grown = self.figures.growth(name)
            self.demand(grown <= GROWS_MOST_MB, f"memory, {name}: {low:.0f} to {high:.0f} MB, fitted growth of the second half {grown:+.1f} MB,"
                        f" at most {GROWS_MOST_MB}", self.is_long)

    def judge_waits(self):
        quiet, mixed = percentile(self.waits_quiet, 99), percentile(self.waits_mixed, 99)
        self.demand(mixed <= SLOWER_MOST * quiet + TOLERANCE_S,
                    f"good messages, half and p99: {1000 * percentile(self.waits_quiet, 50):.1f} and {1000 * quiet:.1f} ms when quiet"
                    f" ({len(self.waits_quiet)}), {1000 * percentile(self.waits_mixed, 50):.1f} and {1000 * mixed:.1f} ms in the mixture"
                    f" ({len(self.waits_mixed)}); p99 at most {SLOWER_MOST} times and {1000 * TOLERANCE_S:.0f} ms more", self.is_long)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=duration, default=20)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    allow_descriptors(4000)
    broken = []
    with evidence("qaqpa-soak-", options.keep, broken) as folder:
        soak = Soak(options, folder, broken)
        soak.say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}; "
                 f"seed {soak.seed}, {options.time} s")
        with closing(World(folder / "world", pki.default(), soak.seed, change=soak.configure)) as w:
            soak.run(w)
            soak.verdict(w)
    print(f"VERDICT: {f'BROKEN, {len(broken)} findings' if broken else 'nothing is left of it'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
