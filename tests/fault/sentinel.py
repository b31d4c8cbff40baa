# SPDX-License-Identifier: GPL-3.0-or-later
"""Two Redis, master and replica, and a Sentinel that watches them."""
import subprocess
import time

from harness.ports import free_port

MASTER = "bus"


class Server:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        folder.mkdir(parents=True)
        self.process = None

    def start(self, *more):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0", "--dir", str(self.folder), *more],
            stdout=(self.folder / "log").open("ab"))

    def command(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, check=False).stdout.decode()

    def kill(self):
        self.process.kill()
        self.process.wait()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("Redis and Sentinel do not come together")
        time.sleep(0.05)


class Sentinels:
    def __init__(self, folder):
        self.master, self.other = (Server(folder / name, free_port()) for name in ("one", "two"))
        self.master.start()
        self.other.start("--replicaof", "127.0.0.1", str(self.master.port))
        until(lambda: "master_link_status:up" in self.other.command("INFO", "replication"))
        self.sentinel = Server(folder / "sentinel", free_port())
        conf = folder / "sentinel" / "sentinel.conf"
        conf.write_text(f"port {self.sentinel.port}\nbind 127.0.0.1\ndir {folder / 'sentinel'}\n"
                        f"sentinel monitor {MASTER} 127.0.0.1 {self.master.port} 1\nsentinel down-after-milliseconds {MASTER} 500\n"
                        f"sentinel failover-timeout {MASTER} 2000\n")
        self.sentinel.process = subprocess.Popen(["redis-server", str(conf), "--sentinel"],
                                                 stdout=(folder / "sentinel" / "log").open("ab"))
        until(lambda: "slaves=1" in self.sentinel.command("INFO", "sentinel"))

    def queue(self):
        return {"sentinels": [f"127.0.0.1:{self.sentinel.port}"], "master": MASTER}

    def follows(self):
        """The replica takes what the master writes; until about a second after its first copy it gets nothing at all."""
        return self.other.command("EXISTS", "qaqpa:birth").strip() == "1"

    def kill_master(self):
        self.master.kill()

    def is_moved(self):
        return self.sentinel.command("SENTINEL", "get-master-addr-by-name", MASTER).split()[1:] == [str(self.other.port)]

    def restore(self, world):
        """The dead one comes again as a replica of the new master, in step with it."""
        self.master, self.other = self.other, self.master
        self.other.start()
        world.wait(lambda: "master_link_status:up" in self.other.command("INFO", "replication"), "the replica is in step")
        world.wait(lambda: "slaves=1" in self.sentinel.command("INFO", "sentinel"), "Sentinel knows the replica")

    def close(self):
        for server in (self.sentinel, self.master, self.other):
            server.process.kill()
            server.process.wait()
