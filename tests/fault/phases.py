# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults. Each phase runs under load, ends its fault, waits until everything has arrived, and becomes a line of the record.

A phase takes a Phase, and goes by its `scale`: the numbers of the short or the long form."""
import random
import shutil
import signal
import statistics
import subprocess
import time
from collections import Counter
from pathlib import Path

import crash
import errors
from harness.gateway import BIN
from load import Client
from message import DIRECT, SERVICE
from receiver import BREAKS, NORMAL, SILENT, SLOW, TWICE
from sentinel import Sentinels
from world import Node, World

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class Phase:
    """One line of the record."""

    def __init__(self, run, name, world):
        self.run, self.name, self.world, self.scale = run, name, world, run.scale
        self.random = random.Random(f"{run.seed} {name} {run.number}")
        run.number += 1
        self.notes, self.recovered = [], []
        self.before = dict(world.books.count)
        self.faults_before = len(world.books.faults)
        self.killed_before = world.killed
        self.begun = time.monotonic()
        self.order_excused = False

    def note(self, words):
        self.notes.append(words)

    def ends_by(self, *ends):
        """The fault ends by these acts; work goes on by itself."""
        since = time.monotonic()
        for end in ends:
            end()
        self.recovered.append(self.world.recovered(since))

    def finish(self):
        """The load ends, everything arrives; counts and prints."""
        w = self.world
        w.end_of_load()
        drained = w.drained(self.scale["drain"])
        lost = sorted(w.books.open)
        for message_id in lost:
            w.books.fault("lost", message_id)
        w.books.open.clear()
        faults = w.books.faults[self.faults_before:]
        if self.order_excused:
            faults = [f for f in faults if not f.startswith("disorder")]
        for kind, most in self.run.most.items():
            if w.peak[kind] > most:
                faults.append(f"unbounded: {w.peak[kind]} {kind} of a gateway, {most} expected at most")
        count = {k: w.books.count[k] - self.before.get(k, 0) for k in w.books.count}
        self.run.line(self, count, w.killed - self.killed_before, drained, faults, dict(w.peak))
        w.peak = dict.fromkeys(w.peak, 0)


# ---- without a fault ----

def poison(p):
    """One message that its receiver refuses for ever, among many."""
    w, most = p.world, p.scale["poison one in"]
    load = w.load(most=most, rate=p.scale["rate"] * 2, poison=True)
    first = len(w.books.delays)
    w.wait(lambda: not load.alive(), "the load comes to its end", 60 + most // 20)
    w.drained()
    delays = [d for _, d in w.books.delays[first:]]
    moment = max(w.books.poisoned.values())
    near = [d for a, d in w.books.delays[first:] if abs(a - moment) < 1]
    p.note(f"from acceptance to arrival: half within {statistics.median(delays) * 1000:.0f} ms, all within {max(delays) * 1000:.0f}"
           f" ms; in the second before and after the poison {statistics.median(near) * 1000:.0f} and {max(near) * 1000:.0f} ms")
    w.wait(lambda: w.places()[2] == 1, "the poison is a dead letter")


# ---- kills ----

def gateway_at_points(p):
    """kill -9 at each step of the flow."""
    w, name = p.world, f"points{p.run.number}"
    if not crash.allowed():
        p.note("SKIPPED: strace is not there or may not trace; killed at random moments instead")
        gateway(p, p.scale["points"] or 60)
        return
    hits, missed = {}, 0
    for size in p.scale["point sizes"]:
        client = Client(f"{name}.{size}", w.folder / "sent", [w.gateway.port], w.pki, p.run.seed, sizes=(size,))
        points = crash.clean_run(w, client)
        for point in crash.chosen(points, 3 * p.scale["points"], p.random):
            if p.scale["points"] and sum(hits.values()) >= p.scale["points"]:
                break
            call = crash.kill_at(w, client, point)
            missed += not call
            if call:
                key = f"{point.role} {call}"
                hits[key] = hits.get(key, 0) + 1
                p.recovered.append(w.drained())
        p.note(f"{len(points)} calls in the flow of one message of {size} octets")
    p.note("killed before " + ", ".join(f"{k} {n}" for k, n in sorted(hits.items())) + (f"; {missed} not reached" if missed else ""))


def calls_fail(p):
    """Each system call of a message fails once, in each way that is listed for it."""
    w = p.world
    if not crash.allowed():
        p.note("SKIPPED: strace is not there or may not trace")
        return
    for service, size in ((DIRECT, 300), (SERVICE, 30000)):
        client = Client(f"fails{p.run.number}.{service}", w.folder / "sent", [w.gateway.port], w.pki, p.run.seed, sizes=(size,),
                        service=service)
        all_failures, unknown = errors.failures(w, client)
        hits = Counter(f.kind for f in crash.chosen(all_failures, p.scale["failures"], p.random) if errors.fail_at(w, client, f))
        client.close()
        p.note(f"{service}: {len(all_failures)} failures listed for the calls of one message, {sum(hits.values())} came about: "
               + ", ".join(f"{k} {n}" for k, n in sorted(hits.items())))
        if unknown:
            p.note(f"{service}: never told to fail: {', '.join(sorted(unknown))}")


def gateway(p, kills=0):
    """kill -9 of the gateway at random moments."""
    w = p.world
    w.load(rate=p.scale["rate"])
    for _ in range(kills or p.scale["gateway kills"]):
        w.pause(p.random.uniform(0.1, p.scale["between"]))
        w.kill_gateway()
        p.ends_by(w.gateway.again)


def redis(p):
    """kill -9 of Redis."""
    w = p.world
    w.load(rate=p.scale["rate"])
    for _ in range(p.scale["redis kills"]):
        w.pause(p.random.uniform(0.2, p.scale["between"]))
        w.kill_redis()
        w.pause(p.random.uniform(0, 0.5))
        p.ends_by(w.redis.start)


def both(p):
    """kill -9 of both; whichever comes first."""
    w = p.world
    w.load(rate=p.scale["rate"])
    for _ in range(p.scale["both kills"]):
        w.pause(p.random.uniform(0.2, p.scale["between"]))
        w.kill_redis()
        w.kill_gateway()
        again = [w.redis.start, w.gateway.again]
        p.random.shuffle(again)
        p.ends_by(*again)


# ---- Redis in trouble ----

def redis_hangs(p):
    """Redis is stopped for longer than a command may take, then goes on with what it had read."""
    w = p.world
    w.load(rate=p.scale["rate"])
    w.pause(0.4)
    w.redis.process.send_signal(signal.SIGSTOP)
    w.wait(w.gateway.queue_trouble, "the gateway notices")
    w.pause(p.scale["fault"])
    p.ends_by(lambda: w.redis.process.send_signal(signal.SIGCONT))


def redis_full(p):
    """Full because the receiver is away; the receiver alone makes room again."""
    w = p.world
    w.load(rate=p.scale["rate"])
    w.pause(0.3)
    w.receiver.kill()
    used = int(w.redis.command("INFO", "memory").split(b"used_memory:")[1].split()[0])
    w.redis.configure("maxmemory", str(used + 300_000))
    full = w.wait(lambda: "full" in w.gateway.queue_trouble(), "the gateway says that Redis is full")
    w.pause(p.scale["fault"])
    p.ends_by(w.receiver.start)
    since = time.monotonic()
    if full:
        w.wait(lambda: w.books.last_acceptance > since, "messages are accepted again by themselves")
    w.redis.configure("maxmemory", "0")


def redis_read_only(p):
    """Redis becomes a replica of nobody."""
    w = p.world
    w.load(rate=p.scale["rate"])
    w.pause(0.4)
    w.redis.command("REPLICAOF", "127.0.0.1", "1")
    w.wait(w.gateway.queue_trouble, "the gateway notices")
    w.pause(p.scale["fault"])
    p.ends_by(lambda: w.redis.command("REPLICAOF", "NO", "ONE"))


def rebuild(w):
    """How many messages came back, by the journals of all gateways that ever were."""
    done = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--config", w.gateway.folder / "qaqpa.yaml",
                           *(word for journal in w.journals for word in ("--journal", journal))], capture_output=True, check=False)
    if done.returncode != 0:
        w.books.fault("rebuild", f"{done.returncode}: {(done.stdout + done.stderr).decode()}")
        return 0
    return int(done.stdout.split()[0])


def wipe(w):
    w.kill_redis()
    shutil.rmtree(w.redis.folder / "appendonlydir")
    w.redis.start()


def redis_wiped(p):
    """Redis comes back with nothing, twice: with the gateway stopped for the repair, and under its feet. It waits for the
    repair, so that what comes later does not overtake what is put back."""
    w = p.world
    w.gateway.leave(w.books)
    wipe(w)
    if back := rebuild(w):
        w.books.fault("rebuild", f"{back} messages put back although everything had arrived")
    w.gateway.again()
    for stopped in (True, False):
        w.load(rate=p.scale["rate"])
        w.receiver.kill()
        w.pause(p.scale["fault"] + 0.3)
        if stopped:
            w.gateway.leave(w.books)
        wipe(w)
        p.note(f"{rebuild(w)} messages put back" + (" while the gateway was stopped" if stopped else " while it worked on"))
        if stopped:
            w.gateway.again()
        p.ends_by(w.receiver.start)
        w.end_of_load()
        w.drained(p.scale["drain"])


def sentinel(p):
    """The master dies, Sentinel makes the replica master; then the other way round. Replication is asynchronous: what the
    new master never got comes back by a rebuild, and then the order of its correlation cannot hold."""
    w, redis_pair = p.world, p.world.sentinels
    w.load(rate=p.scale["rate"])
    back = 0
    for n in range(p.scale["failovers"]):
        if n:
            redis_pair.restore(w)
        w.wait(redis_pair.follows, "the replica follows")
        w.pause(0.5)
        redis_pair.kill_master()
        w.killed += 1
        w.wait(redis_pair.is_moved, "Sentinel has found a master")
        p.ends_by()
        w.pause(0.3)
        back += rebuild(w)
    p.order_excused = back > 0
    p.note(f"{back} messages were not replicated and put back")


# ---- the receiver in trouble ----

def receiver_away(p):
    """Killed; comes again with its ledger."""
    w = p.world
    w.load(rate=p.scale["rate"])
    for _ in range(p.scale["receiver kills"]):
        w.pause(0.3)
        w.receiver.kill()
        w.killed += 1
        w.pause(p.scale["fault"])
        p.ends_by(w.receiver.start)


def receiver_moody(p):
    """Slow; closes in the middle of its answer; answers twice; acts and is silent."""
    w = p.world
    w.load(rate=p.scale["rate"])
    for mood in (SLOW, BREAKS, TWICE, SILENT):
        w.pause(0.2)
        w.receiver.be(mood)
        w.pause(p.scale["fault"] + 0.3)
        p.ends_by(lambda: w.receiver.be(NORMAL))


# ---- the machine in trouble ----

def journal_full(p):
    """The disk of the journal is full; then there is room again."""
    w = p.world
    filler = w.gateway.folder / "journal" / "filler"
    w.load(rate=p.scale["rate"] / 2)
    for _ in range(p.scale["disk fills"]):
        w.pause(0.4)
        with filler.open("wb", buffering=0) as f:
            try:
                while f.write(b"\0" * (1 << 20)):
                    pass
            except OSError:
                pass
        w.wait(lambda: w.gateway.admin("/readyz").status_code == 503, "the gateway is not ready")
        w.pause(p.scale["fault"])
        p.ends_by(filler.unlink)


def journal_no_room(p):
    """The same where no small disk can be made: the gateway is told to leave more free than there is."""
    w = p.world
    w.load(rate=p.scale["rate"] / 2)
    w.pause(0.4)
    for room in ("1024GiB", "1MiB"):
        w.gateway.leave(w.books)
        w.gateway.conf["journal"]["free_space"] = room
        if room == "1024GiB":
            w.gateway.again()
            w.wait(lambda: w.gateway.admin("/readyz").status_code == 503, "the gateway is not ready")
            w.pause(p.scale["fault"])
    p.ends_by(w.gateway.again)


def clock_stepped(p):
    """The clock of the gateway jumps forward and back, by less than messages may be askew."""
    w = p.world
    if not FAKETIME.exists():
        p.note("SKIPPED: there is no libfaketime")
        return
    clock = w.folder / "clock"
    clock.write_text("+0\n")
    w.gateway.leave(w.books)
    w.gateway.environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
                             "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    w.gateway.again()
    w.load(rate=p.scale["rate"])
    for step in ("+200", "-200", "+0"):
        w.pause(0.3)
        clock.write_text(step + "\n")
        w.pause(1.2)
        p.ends_by()
    w.end_of_load()
    w.drained(p.scale["drain"])
    w.gateway.leave(w.books)
    w.gateway.environment = None
    w.gateway.again()


# ---- more than one ----

def two_gateways(p):
    """Both share the work; one is killed under load, and the other goes on with what the first had accepted. Clients whose
    connection broke come to the other with the message that was not answered."""
    w = p.world
    second = w.another()
    both_ways = ["/" + node.folder.name for node in (w.gateway, second)]
    w.load(ports=[w.gateway.port, second.port], rate=p.scale["rate"])
    ways = dict(w.books.ways)
    w.pause(1 + p.scale["fault"])
    w.wait(lambda: all(w.books.ways[k] > ways.get(k, 0) for k in both_ways), "both deliver")
    p.note("shares " + " and ".join(str(w.books.ways[k] - ways.get(k, 0)) for k in both_ways))
    for victim in (w.gateway, second) * p.scale["pair kills"]:
        w.pause(p.random.uniform(0.2, p.scale["between"]))
        w.kill_gateway(victim)
        p.ends_by()
        w.pause(p.scale["fault"])
        victim.again()
    w.end_of_load()
    w.drained(p.scale["drain"])
    w.dismiss(second)


UNDER_LOAD = (gateway, redis, both, redis_hangs, redis_full, redis_read_only, receiver_away, receiver_moody, two_gateways)
IN_ONE_WORLD = (poison, gateway_at_points, calls_fail, *UNDER_LOAD, redis_wiped, clock_stepped)


def run_in_one_world(run, folder):
    if not run.wants(*IN_ONE_WORLD):
        return
    w = World(folder / "world", run.pki, run.seed, change=Node.open_all_ways)
    try:
        for act in IN_ONE_WORLD:
            run.act(act, w)
        while run.short_of():
            run.act(run.random.choice(UNDER_LOAD), w)
    finally:
        w.close()


def run_alone(run, act, world):
    try:
        run.act(act, world)
    finally:
        world.close()


def run_sentinel(run, folder):
    if not run.wants(sentinel):
        return
    pair = Sentinels(folder / "sentinel")
    try:
        w = World(folder / "failover", run.pki, run.seed, pair.queue())
        w.sentinels = pair
        run_alone(run, sentinel, w)
    finally:
        pair.close()


def run_journal_full(run, folder):
    if not run.wants(journal_full, journal_no_room):
        return
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=700", "none", disk], capture_output=True, check=False)
    if mounted.returncode != 0:
        run.skip(journal_full, "a small tmpfs cannot be mounted here: " + mounted.stderr.decode().strip())
        run_alone(run, journal_no_room, World(folder / "no-room", run.pki, run.seed))
        return

    def small(node):
        node.conf["journal"] = {"directory": str(node.folder / "journal"), "free_space": "0"}
        (disk / "journal").mkdir(mode=0o700)
        (node.folder / "journal").symlink_to(disk / "journal")

    try:
        run_alone(run, journal_full, World(folder / "small", run.pki, run.seed, change=small))
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


PARTS = (run_in_one_world, run_sentinel, run_journal_full)
