#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A crowd of hostile connections at once, and good messages by all ways through the same gateway. Prints a record, ends with a
verdict: every good message passes and costs no more processor time, everybody in the crowd is hung up on, and memory,
descriptors and threads are as before.

    crowd_run.py                     1,000 connections
    crowd_run.py --connections 4000
    crowd_run.py --keep              leaves the folder with logs and ledgers also when all went well
"""
import argparse
import os
import random
import sys
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evidence import evidence  # noqa: E402
from harness import pki, raw  # noqa: E402
from harness.crowd import allow_descriptors, gather, sit_out  # noqa: E402
from message import CASE, DIRECT, SERVICE  # noqa: E402
from world import World  # noqa: E402

COSTS_MOST = 2.0       # times the processor time of a good message without the crowd
GROWS_MOST_MB = 8      # resident memory by a second crowd; and 2 KB for each connection
WAYS = 6               # to hold on
CLIENTS = 12
MESSAGES = 300         # before the crowd
AT_ONCE = 50           # accepted while everybody in the crowd is there, at least


class Run:
    def __init__(self, options):
        self.options, self.broken = options, []
        self.limit_s = max(4, options.connections // 200)  # of every phase of a connection; in half of it all have come

    def say(self, words):
        print(words, flush=True)

    def demand(self, holds, words):
        self.say(("    " if holds else "    BROKEN ") + words)
        if not holds:
            self.broken.append(words)

    def configure(self, node):
        p, limit = node.pki.path, f"{self.limit_s}s"
        node.open_all_ways()
        node.conf["queue"]["command_time"] = "20s"  # a disk with other work is not what is looked at here
        node.conf["listeners"][0]["limits"] = {f"{phase}_time": limit for phase in ("head", "body", "idle", "write")}
        node.conf["listeners"].append({"name": "tls", "tls": "server", "listen": "127.0.0.1:0", "certificate": str(p("tls-server.crt")),
                                       "key": str(p("tls-server.key")), "limits": {"handshake_time": limit}})

    def mark(self, w):
        w.look()
        return w.books.count["accepted"], w.gateway.processor_s()

    def cost(self, w, since):
        """Messages, and milliseconds of processor time for one of them, since a mark."""
        accepted, seconds = self.mark(w)
        return accepted - since[0], 1000 * (seconds - since[1]) / max(accepted - since[0], 1)

    def quiet(self, w):
        for service, rate in ((SERVICE, 30), (DIRECT, 30), (CASE, 10)):
            w.load(rate=rate, threads=CLIENTS // 3, service=service)
        w.wait(lambda: w.books.count["accepted"] >= 40, "the first messages pass")
        since = self.mark(w)
        w.wait(lambda: w.books.count["accepted"] >= since[0] + MESSAGES, "messages pass", 120)
        accepted, self.quiet_ms = self.cost(w, since)
        self.held, self.threads = w.gateway.held(), w.gateway.usage()["threads"]
        self.say(f"quiet: {accepted} messages, {self.quiet_ms:.2f} ms of processor time each; {w.gateway.usage()}")

    def crowded(self, w):
        """Resident memory when the crowd has gone."""
        begun, each = time.monotonic(), -(-self.options.connections // WAYS)
        size = each * WAYS
        crowds = gather(w.gateway.ports["plain"], w.gateway.ports["tls"], each)
        since, at_once = self.mark(w), [0]
        self.say(f"crowd: {size} connections in {time.monotonic() - begun:.1f} s; {w.gateway.usage()}")

        def look():
            w.look()
            if w.gateway.held() >= self.held - CLIENTS + size and all(len(crowd.open) == each for crowd in crowds.values()):
                at_once[0] = w.books.count["accepted"] - since[0]

        sit_out(list(crowds.values()), 10 * self.limit_s, look)
        accepted, ms = self.cost(w, since)
        self.demand(at_once[0] >= AT_ONCE, f"{at_once[0]} good messages accepted while all were there, {accepted} until all were gone")
        self.demand(ms <= COSTS_MOST * self.quiet_ms,
                    f"{ms:.2f} ms of processor time each, {ms / self.quiet_ms:.2f} times that without the crowd; at most {COSTS_MOST} times")
        for name, crowd in crowds.items():
            told = {None} if name == "half a handshake" else {200, None} if crowd.deaf else {408}
            statuses = {raw.Reply(octets, True).status for octets in crowd.ended}
            self.demand(statuses <= told, f"{name}: {len(crowd.ended)} hung up on within the limit, told {statuses}")
        w.gateway.wait(lambda: w.gateway.held() <= self.held)
        return w.gateway.usage()["MB"]

    def afterwards(self, w):
        w.end_of_load()
        w.drained()
        w.wait(lambda: w.gateway.held() <= self.held - CLIENTS, f"descriptors return to {self.held - CLIENTS}")
        now = w.gateway.usage()
        self.demand(now["threads"] == self.threads, f"afterwards {now}")
        self.demand(not w.books.open, f"{w.books.count['accepted']} good messages accepted, {len(w.books.open)} of them not delivered")
        self.demand(not w.books.count["broken"] and not w.books.count["put off"],
                    f"{w.books.count['broken']} good connections broken, {w.books.count['put off']} messages put off")
        for fault in w.books.faults[:20]:
            self.demand(False, fault)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--keep", action="store_true")
    run = Run(parser.parse_args())
    run.say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; every phase of a connection may take {run.limit_s} s")
    allow_descriptors(run.options.connections * 2 + 1000)
    with evidence("qaqpa-crowd-", run.options.keep, run.broken) as folder:
        seed = random.SystemRandom().randrange(1 << 30)
        with closing(World(folder / "world", pki.default(), seed, change=run.configure)) as w:
            run.quiet(w)
            first, second = run.crowded(w), run.crowded(w)
            most = GROWS_MOST_MB + run.options.connections // 500
            run.demand(second <= first + most, f"the second crowd adds {second - first} MB, at most {most}")
            run.afterwards(w)
    run.say(f"VERDICT: {'BROKEN' if run.broken else 'the crowd harms nobody'}")
    return 1 if run.broken else 0


if __name__ == "__main__":
    sys.exit(main())
