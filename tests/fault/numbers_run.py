#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of documents (NIKAD) asked for at two gateways at once, while gateways and Redis are killed (rule P1): none is told
twice, none goes back for who asks for one after the other, a repetition gets the same one, gaps are counted. Once Redis loses
everything and is rebuilt; what was told is known afterwards. Prints a record, ends with a verdict.

    numbers_run.py                the short form, for every day
    numbers_run.py --long         100,000 numbers
    numbers_run.py --sentinel     over a master and a replica; the master is killed while the replica lags behind
    numbers_run.py --count 20000  so many
    numbers_run.py --seed 7       the same choices again
    numbers_run.py --keep         leaves the folder with logs and the ledger also when all went well
"""
import argparse
import ctypes
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import pki as pki_module  # noqa: E402
from harness import soap, wss  # noqa: E402
from harness.gateway import BIN, Gateway  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.redis import Redis  # noqa: E402
from load import PUT_OFF, Broken, Connection  # noqa: E402
from message import PATH, Signer, field, http  # noqa: E402
from sentinel import MASTER, Sentinels, until  # noqa: E402

TYPES = ("PRM", "ZZZ", "ABC")
SHORT = {"count": 6000, "processes": 2, "threads": 6, "between": 0.5, "losses": 1}
LONG = {"count": 100_000, "processes": 2, "threads": 8, "between": 1.5, "losses": 3}
REPEATED_EVERY, VERIFIED_EVERY = 40, 60
NIKAD = re.compile(rb"<Nikad>KZ\d\d([A-Z]{3})(\d{8})</Nikad>")
REQUEST = ('<data><p:NikadRequest xmlns:p="urn:qaqpa:permits:v1"><SystemInfo><RequestNumber>01234567890123456789</RequestNumber>'
           "<ChainId>c</ChainId><RequestDate>2026-03-02T10:00:00.000+05:00</RequestDate></SystemInfo><BusinessData><DocumentType>{}"
           "</DocumentType><DocumentKind>PERMIT</DocumentKind></BusinessData></p:NikadRequest></data>")


class Node(Gateway):
    """A gateway at a fixed address that gives numbers."""

    def __init__(self, folder, pki, queue, spool):
        folder.mkdir()
        super().__init__(folder, pki)
        self.conf["listeners"][0]["listen"] = f"127.0.0.1:{free_port()}"
        self.conf["queue"] = {"spool": str(spool), "command_time": "1s", **queue}
        self.conf["keys"] = [{"name": "gateway", "certificate": str(pki.path("gateway-ec.crt")), "key": str(pki.path("gateway-ec.key"))}]
        department = self.participant("department")
        department["certificates"] = str(pki.path("department-ec.crt"))
        del department["password_hash"]
        self.conf["services"] = [{"id": "PERMITS_NIKAD", "handler": "nikad"}]

    def die(self):
        self.process.kill()
        self.process.wait()


class Asker:
    """One after the other; the same octets again, at either gateway, until there is a number. A line of the ledger: N type serial
    is a number in the order it came, D a repetition with another one, R one that came back, V a wrong signature, X a refusal."""

    def __init__(self, name, file, ports, pki, seed, losses):
        self.file, self.ports, self.losses = file, ports, losses
        self.random = random.Random(f"{seed} {name}")
        self.signer = Signer(pki["department-ec"])
        self.certificate = pki["gateway-ec"].certificate
        self.connections = [Connection(p) for p in ports]
        self.at = self.random.randrange(len(ports))
        self.last = dict.fromkeys(TYPES, 0)
        self.broken = self.put_off = self.count = 0

    def write(self, *words):
        os.write(self.file, (" ".join(map(str, words)) + "\n").encode())

    def insist(self, octets, stop):
        while not stop.is_set():
            try:
                status, body = self.connections[self.at].exchange(octets)
            except Broken:
                self.broken += 1
                self.at = self.random.randrange(len(self.ports))
                time.sleep(self.random.uniform(0.01, 0.08))
                continue
            if status == 200:
                return body
            if status != 503 and field(body, "errorCode") not in PUT_OFF:
                self.write("X", status, field(body, "errorCode"))
                return None
            self.put_off += 1
            self.at = self.random.randrange(len(self.ports))
            time.sleep(self.random.uniform(0.02, 0.1))
        return None

    def one(self, stop):
        of = self.random.choice(TYPES)
        info = soap.request_info("PERMITS_NIKAD", password=None)
        octets = http(self.signer.sign(soap.request(REQUEST.format(of), info)), f"POST {PATH} HTTP/1.1\r\nHost: g\r\nSOAPAction: \"\"")
        body = self.insist(octets, stop)
        got = NIKAD.search(body) if body else None
        if not got:
            return
        self.count += 1
        serial = int(got.group(2))
        self.write("N", got.group(1).decode(), serial)
        if got.group(1).decode() != of or serial <= self.last[of]:
            self.write("R", of, serial)
        self.last[of] = serial
        if self.count % VERIFIED_EVERY == 1:
            self.verify(body)
        if self.random.randrange(REPEATED_EVERY) == 0:
            self.repeat(octets, got.group(0), stop)

    def verify(self, body):
        try:
            wss.verify(body, self.certificate)
        except Exception as e:  # noqa: BLE001 - whatever is wrong with it, it is not signed as it must be
            self.write("V", type(e).__name__)

    def repeat(self, octets, nikad, stop):
        """Any gateway says the same number, unless Redis lost everything meanwhile: then nobody but the first can know."""
        before, self.at = self.losses.value, self.random.randrange(len(self.ports))
        body = self.insist(octets, stop)
        if body and nikad not in body and self.losses.value == before:
            self.write("D", NIKAD.search(body).group(0).decode(), nikad.decode())


def ask(name, ledger, ports, pki, seed, threads, most, losses, stop):
    ctypes.CDLL(None).prctl(1, 9)  # does not outlive the run
    file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    askers = [Asker(f"{name}.{i}", file, ports, pki, seed, losses) for i in range(threads)]

    def work(a):
        while a.count < most // threads and not stop.is_set():
            a.one(stop)

    working = [threading.Thread(target=work, args=(a,)) for a in askers]
    for t in working:
        t.start()
    for t in working:
        t.join()
    os.write(file, f"B {sum(a.broken for a in askers)} {sum(a.put_off for a in askers)}\n".encode())


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)
        self.scale = dict(LONG if options.long else SHORT)
        self.scale["count"] = options.count or self.scale["count"]
        self.random = random.Random(self.seed)
        self.pki = pki_module.default()
        if options.sentinel:
            self.redis = Sentinels(folder / "sentinel")
            self.reach = ["--sentinel", *self.redis.queue()["sentinels"], "--master", MASTER]
            queue = self.redis.queue()
            self.scale["losses"] = 0
        else:
            self.redis = Redis(folder / "redis")
            self.reach = ["--socket", self.redis.socket]
            queue = {"socket": str(self.redis.socket)}
        self.nodes = [Node(folder / name, self.pki, queue, folder / "spool") for name in ("one", "two")]
        self.kills = defaultdict(int)
        self.losses = multiprocessing.Value("i", 0)
        self.stop = multiprocessing.Event()
        self.told = 0

    def begin(self):
        for node in self.nodes:
            node.start()
            node.wait(lambda n=node: n.check("queue")["ok"])
        if self.options.sentinel:  # a master that dies before would leave a successor without a birth, which waits for a rebuild
            until(self.redis.follows)
        ports = [n.ports["plain"] for n in self.nodes]
        share = self.scale["count"] // self.scale["processes"]
        self.askers = [multiprocessing.Process(target=ask, daemon=True, args=(
            f"p{i}", str(self.folder / "ledger"), ports, self.pki, self.seed, self.scale["threads"], share, self.losses, self.stop))
            for i in range(self.scale["processes"])]
        for a in self.askers:
            a.start()

    def lines(self):
        path = self.folder / "ledger"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def pause(self, seconds):
        for a in self.askers:
            a.join(max(0, seconds / len(self.askers)))

    def asking(self):
        return any(a.is_alive() for a in self.askers)

    def kill(self):
        """Somebody, for a moment; everything goes on by itself."""
        who = self.random.choice(("one", "two", "redis", "both", "all"))
        if self.options.sentinel and who in ("redis", "all"):
            self.fail_over()
            return
        nodes = {"one": [0], "two": [1], "redis": [], "both": [0, 1], "all": [0, 1]}[who]
        for i in nodes:
            self.nodes[i].die()
            self.kills["gateway"] += 1
        if who in ("redis", "all"):
            self.redis.kill()
            self.kills["redis"] += 1
        time.sleep(self.random.uniform(0, 0.2))
        if who in ("redis", "all"):
            self.redis.start()
        for i in nodes:
            self.nodes[i].start()

    def fail_over(self):
        """The replica hears nothing while the master still answers; then the master dies, and the replica takes its place."""
        pair = self.redis
        pair.other.process.send_signal(signal.SIGSTOP)
        pair.master.command("CLIENT", "KILL", "TYPE", "REPLICA")  # else what is on its way would still arrive
        time.sleep(self.random.uniform(0.1, 0.3))
        pair.kill_master()
        pair.other.process.send_signal(signal.SIGCONT)
        self.kills["redis"] += 1
        until(pair.is_moved)
        pair.master, pair.other = pair.other, pair.master
        pair.other.start("--replicaof", "127.0.0.1", str(pair.master.port))
        until(self.is_pair, 90)

    def is_pair(self):
        """One is the other's replica and Sentinel knows it; on a slow machine it may have gone back to the first."""
        pair = self.redis
        if pair.is_moved():
            pair.master, pair.other = pair.other, pair.master
        return ("master_link_status:up" in pair.other.command("INFO", "replication")
                and "slaves=1" in pair.sentinel.command("INFO", "sentinel"))

    def lose(self):
        """Redis comes back with nothing, and is rebuilt while everybody asks on."""
        self.redis.kill()
        self.losses.value += 1
        for f in self.redis.folder.iterdir():
            shutil.rmtree(f) if f.is_dir() else f.unlink()
        self.redis.start()
        time.sleep(0.3)  # for who would go on too early
        journals = [w for n in self.nodes for w in ("--journal", n.folder / "journal")]
        subprocess.run([BIN / "qaqpa", "queue", "rebuild", *self.reach, "--spool", self.folder / "spool", *journals],
                       check=True, stdout=subprocess.DEVNULL)

    def torment(self):
        due = [self.scale["count"] * (i + 1) // (self.scale["losses"] + 1) for i in range(self.scale["losses"])]
        end = time.monotonic() + 120 + self.scale["count"] / 20
        while self.asking():
            self.pause(self.scale["between"])
            if due and self.asking() and sum(1 for words in self.lines() if words[0] == "N") >= due[0]:
                due.pop(0)
                self.lose()
            elif self.asking():
                self.kill()
            if time.monotonic() > end:
                self.stop.set()
        return not due and not self.stop.is_set()

    def totals(self):
        """What the gateway counts: type: (last, given)."""
        done = subprocess.run([BIN / "qaqpa", "queue", "adapters", *self.reach], stdout=subprocess.PIPE, check=True)
        found = re.findall(r"type (\w+) last (\d+) given (\d+)", done.stdout.decode())
        return {of: (int(last), int(given)) for of, last, given in found}

    def judge(self):
        faults, serials, broken = [], defaultdict(list), [0, 0]
        for what, *words in self.lines():
            if what == "N":
                serials[words[0]].append(int(words[1]))
            elif what == "B":
                broken = [a + int(b) for a, b in zip(broken, words)]
            else:
                faults.append(" ".join([what, *words]))
        totals = self.totals()
        for of, told in sorted(serials.items()):
            self.told += len(told)
            twice = len(told) - len(set(told))
            last, given = totals.get(of, (0, 0))
            gaps = last - len(set(told))
            print(f"type {of}: {len(told)} numbers told, last serial {last}, gaps {gaps}, told twice {twice}")
            if twice or max(told) > last:
                faults.append(f"type {of}: {twice} numbers told twice, the highest told is {max(told)} of {last}")
            if given < len(set(told)):
                faults.append(f"type {of}: {len(set(told)) - given} numbers that were told are not known any more")
        print(f"kills: {self.kills['gateway']} of gateways, {self.kills['redis']} of Redis; Redis lost everything {self.losses.value} times")
        print(f"askers: {broken[0]} broken connections, {broken[1]} times put off")
        return faults

    def close(self):
        for node in self.nodes:
            node.stop(signal.SIGKILL)
        (self.redis.close if self.options.sentinel else self.redis.kill)()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sentinel", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="qaqpa-numbers-"))
    run = Run(options, folder)
    print(f"seed: {run.seed}, {run.scale['count']} numbers of {len(TYPES)} types", flush=True)
    begun = time.monotonic()
    try:
        run.begin()
        whole = run.torment()
        seconds = time.monotonic() - begun
        faults = run.judge() + ([] if whole else ["not all numbers came, or too few losses, in time"])
    finally:
        run.stop.set()
        run.close()
    print(f"{run.told} numbers in {seconds:.0f} s")
    if faults or run.told < run.scale["count"] - run.scale["processes"] * run.scale["threads"]:
        print("\n".join(faults[:20]))
        print(f"VERDICT: BROKEN, {len(faults)} findings; logs and ledger in {folder}")
        return 1
    print("VERDICT: no number was told twice, none went back, every repetition got the same one")
    if not options.keep:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
