# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a run: one Redis, one or two gateways, the receiver, clients; and what is counted of them."""
import os
import re
import signal
import time
from pathlib import Path

from books import DIRECT_WAY, Books
from harness.gateway import Gateway
from harness.ports import free_port
from harness.redis import Redis
from load import Load
from message import CASE, DIRECT, SERVICE
from receiver import Receiver

CEILING_S = 30          # after the end of a fault something is delivered within this time
RETRY = {"name": "fast", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1d"}
LEASE = "2s"
MOST = {"MB": 256, "descriptors": 300, "threads": 24}  # of one gateway


class Node(Gateway):
    """A gateway at a fixed address that may be killed and comes again."""

    def __init__(self, folder, pki, receiver, queue):
        folder.mkdir()
        super().__init__(folder, pki)
        self.receiver, self.port = receiver, free_port()
        path = pki.path
        self.environment = None
        self.conf.update(
            queue={"spool": str(folder / "spool"), "lease": LEASE, "command_time": "1s", **queue},
            keys=[{"name": "gateway", "certificate": str(path("gateway-ec.crt")), "key": str(path("gateway-ec.key"))}],
            retries=[RETRY])
        self.conf["listeners"][0]["listen"] = f"127.0.0.1:{self.port}"
        department = self.participant("department")
        department["certificates"] = str(path("department-ec.crt"))
        del department["password_hash"]
        self.service(receiver, SERVICE, endpoint=receiver.url + folder.name, delivery="queued", retry="fast", repeat_safe=True,
                     deadline="1s", breaker_failures=5, breaker_time="200ms")

    def open_all_ways(self):
        """Beside the queued service one whose caller waits, and the asynchronous channel."""
        url = self.receiver.url
        self.service(self.receiver, DIRECT, endpoint=url.rstrip("/") + DIRECT_WAY, repeat_safe=True, deadline="5s")
        self.conf["services"].append({"id": CASE, "provider": "permits", "channel": "async"})
        for name in ("department", "permits"):
            self.participant(name)["async"] = {"mode": "push", "endpoint": f"{url}async/{name}", "retry": "fast", "deadline": "5s",
                                               "breaker_failures": 5, "breaker_time": "200ms"}

    def die(self):
        self.process.kill()
        self.process.wait()

    def leave(self, books):
        """An orderly stop, with whatever is under way."""
        if self.stop() != 0:
            books.fault("died", f"a gateway stopped with {self.process.returncode}")

    def again(self):
        self.start(self.environment)
        return self

    def queue_trouble(self):
        """What the gateway says against its queue; empty when nothing."""
        check = self.check("queue")
        return "" if check["ok"] else check["detail"]

    def usage(self):
        """Megabytes, descriptors, threads, as the kernel counts them."""
        status = self.status()
        return {"MB": int(status["VmRSS"].split()[0]) // 1024, "descriptors": len(os.listdir(f"/proc/{self.process.pid}/fd")),
                "threads": int(status["Threads"])}

    def status(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def held(self):
        """How many descriptors there are without those that are kept for the next time, and are bounded: connections to the
        receiver, and readers of the journal."""
        return len(self.held_links())

    def held_links(self):
        to_receiver = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].split(":")[1], 16) == self.receiver.port:
                to_receiver.add(f"socket:[{fields[9]}]")
        return [link for link in self.links() if link not in to_receiver and "/journal/" not in link]

    def clients(self):
        """Connections to the listeners, and not the one that asks."""
        return int(re.search(r"^qaqpa_connections (\d+)$", self.admin("/metrics").text, re.M).group(1)) - 1

    def links(self):
        folder = f"/proc/{self.process.pid}/fd"
        for fd in os.listdir(folder):
            try:
                yield os.readlink(f"{folder}/{fd}")
            except FileNotFoundError:  # closed just now
                pass

    def processor_s(self):
        """Seconds of processor time that it has used."""
        ticks = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(int(t) for t in ticks) / os.sysconf("SC_CLK_TCK")


class World:
    """`queue` is the part of the configuration that names Redis; without it there is one Redis of its own."""

    def __init__(self, folder, pki, seed, queue=None, change=None):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.pki, self.seed, self.number = pki, seed, 0
        self.books = Books(self.folder / "sent", self.folder / "effects")
        self.receiver = Receiver(self.folder / "effects", free_port(), pki)
        self.redis = None if queue else Redis(self.folder / "redis")
        self.queue = queue or {"socket": str(self.redis.socket)}
        self.loads, self.spare = [], []
        self.journals = [self.folder / "gateway" / "journal"]
        self.peak = dict.fromkeys(MOST, 0)
        self.killed = 0
        self.gateway = Node(self.folder / "gateway", pki, self.receiver, self.queue)
        try:
            if change:
                change(self.gateway)
            self.gateway.again()
            self.wait(lambda: not self.gateway.queue_trouble(), "the queue is up")
        except BaseException:
            self.close()
            raise

    def close(self):
        for load in self.loads:
            load.abandon()
        for node in [self.gateway, *self.spare]:
            node.stop(signal.SIGKILL)
        if self.redis:
            self.redis.kill()
        self.receiver.kill()

    def another(self, change=None):
        """A second gateway on the same Redis and spool, with a journal of its own."""
        folder = self.folder / f"second{self.number}"
        self.journals.append(folder / "journal")
        queue = {**self.queue, "spool": self.gateway.conf["queue"]["spool"]}
        node = Node(folder, self.pki, self.receiver, queue)
        if change:
            change(node)
        self.spare.append(node.again())
        return node

    def dismiss(self, node):
        self.spare.remove(node)
        node.leave(self.books)

    # ---- looking ----

    def look(self):
        """Reads the ledgers, and measures the gateways that live."""
        self.books.read()
        for node in [self.gateway, *self.spare]:
            if not node.process or node.process.returncode is not None:
                continue
            if node.process.poll() is not None:
                self.books.fault("died", f"a gateway ended by itself: {node.process.returncode}")
                continue
            try:
                now = node.usage()
            except (OSError, KeyError):  # it ended just now
                continue
            self.peak = {k: max(self.peak[k], now[k]) for k in MOST}

    def wait(self, condition, words, seconds=CEILING_S):
        """True when the condition came true in time; else it is a fault of the run."""
        end = time.monotonic() + seconds
        while True:
            self.look()
            if condition():
                return True
            if time.monotonic() > end:
                self.books.fault("waited in vain", f"{words}: not within {seconds} s")
                return False
            time.sleep(0.02)

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.look()
            time.sleep(min(left, 0.05))

    # ---- clients ----

    def load(self, ports=None, **more):
        self.number += 1
        load = Load(f"c{self.number}", self.folder / "sent", ports or [self.gateway.port], self.pki, self.seed, **more)
        self.loads.append(load)
        return load

    def end_of_load(self, seconds=CEILING_S):
        """Each client ends the message it has begun; who cannot is at fault."""
        for load in self.loads:
            load.stop()
        self.wait(lambda: not any(load.alive() for load in self.loads), "clients come to their end", seconds)
        for load in self.loads:
            load.abandon()
        self.loads = []

    # ---- faults ----

    def kill_gateway(self, node=None):
        (node or self.gateway).die()
        self.killed += 1

    def kill_redis(self):
        self.redis.kill()
        self.killed += 1

    def places(self):
        """Messages in the queues: waiting, in hand, dead. None while Redis does not say."""
        words = self.redis.command("EVAL", "local n = {} for i, kind in ipairs({'live', 'lease', 'dead'}) do n[i] = 0 for _, key in "
                                   "ipairs(redis.call('KEYS', 'qaqpa:{*}:'..kind)) do n[i] = n[i] + redis.call('ZCARD', key) end end "
                                   "return n", "0", check=False).split()
        return tuple(int(w) for w in words) if len(words) == 3 and all(w.isdigit() for w in words) else None

    def recovered(self, since):
        """Seconds from the end of the fault until something was accepted and something delivered, at most the ceiling."""
        self.wait(lambda: min(self.books.last_effect, self.books.last_acceptance) >= since, "work goes on by itself")
        return time.monotonic() - since

    def drained(self, seconds=60):
        """Seconds until everything that was accepted has arrived and the queue is empty."""
        since = time.monotonic()
        self.wait(lambda: not self.books.open, "every accepted message arrives", seconds)
        if self.redis:
            self.wait(lambda: (self.places() or (1,))[:2] == (0, 0), "the queue is empty", seconds)
        return time.monotonic() - since
