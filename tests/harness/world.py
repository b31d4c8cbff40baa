# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of ./run for a test: gateway, Redis and simulated systems, every one a process. What it is made of says
config/world.sh; the revocation service of the authority is left out, because its own tests have it."""
import fcntl
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import yaml

from . import persons, pki, soap
from .gateway import BIN, Gateway
from .redis import Redis

PORTS = 40  # of one world


def identities(folder):
    """A copy of everybody of qaqpa-authority, which one test run makes once."""
    shared = Path(os.environ.get("QAQPA_TEST_PKI", "/tmp/qaqpa-test-pki") + "-world")
    with open(f"{shared}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([BIN / "qaqpa-authority", "make", "--algorithm", "ec", shared], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(shared, folder)
    return folder


class Everybody:
    """Identities by their names, as harness.pki.Pki gives them."""

    def __init__(self, folder):
        self.folder = folder

    def __getitem__(self, name):
        return pki.Identity(self.folder, name)

    def path(self, name):
        return self.folder / name


class World(Gateway):
    """`systems` play; the others of the world are known to the gateway all the same. Change `conf` before begin(). Everybody may
    call everything, so that the systems meet what the gateway would refuse; `strict`: what ./run and the sample let them."""

    def __init__(self, folder, systems, strict=False):
        self.strict = strict
        folder = Path(folder)
        self.port, self.port_lock = self.free_ports()
        self.systems, self.sims, self.redis = systems, {}, None
        identities(folder / "pki")
        self.script('world_make "$1" ec', folder)
        super().__init__(folder, Everybody(folder / "pki"))

    @staticmethod
    def free_ports():
        for base in range(20000, 24000, PORTS):  # beyond are those of harness.ports
            lock = open(f"/tmp/qaqpa-ports-{base}", "w", encoding="ascii")  # noqa: SIM115: held as long as the world
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return base, lock
            except BlockingIOError:
                lock.close()
        raise AssertionError("no ports are left")

    def script(self, text, *arguments):
        """What bash prints after reading config/world.sh."""
        env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "QAQPA_PORT": str(self.port)}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", f". config/world.sh; {text}", "world", *map(str, arguments)],
                              cwd=pki.ROOT, env=env, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    def base(self):
        conf = yaml.safe_load((self.folder / "qaqpa.yaml").read_text())
        for word in ("revocation", "sources"):
            del conf[word]
        for participant in [] if self.strict else conf["participants"]:
            participant["may_call"] = "*"
        return conf

    def begin(self):
        self.redis = Redis(self.folder / "redis")
        self.conf["queue"]["socket"] = str(self.redis.socket)
        self.conf["retries"] = [{"name": "standard", "initial": "100ms", "max_interval": "400ms", "expire_after": "1h"}]
        for path in (self.folder / "conf.d").glob("*.yaml"):  # a receiver that comes back is tried soon
            path.write_text(re.sub(r"^( +)delivery: queued", r"\1breaker_time: 200ms\n\1delivery: queued", path.read_text(), flags=re.M))
        self.start()
        self.wait(self.ready)
        for name in self.systems:
            self.play(name)
        return self

    def command(self, name, *more):
        program, *words = self.script('world_command "$1" "$2"', self.folder, name).splitlines()
        return [BIN / program, *words, *more]

    def play(self, name, *more):
        """Starts a system and waits until it listens."""
        log = self.folder / "log" / f"{name}.log"
        with log.open("ab") as to:
            self.sims[name] = subprocess.Popen(self.command(name, *more), stdout=subprocess.PIPE, stderr=to)
        assert b"listens" in self.sims[name].stdout.readline(), log.read_text()

    def weather(self, name, script=""):
        """What comes over a system from now on; nothing: fair weather."""
        path = self.folder / "weather" / name
        fresh = path.with_suffix(".fresh")
        fresh.write_text(script)
        fresh.rename(path)

    def end(self, name, number=signal.SIGTERM):
        sim = self.sims.pop(name)
        sim.send_signal(number)
        sim.wait(30)
        sim.stdout.close()
        return sim.returncode

    def act(self, name, verb, *argument, code=0):
        """What a system does by itself; the lines that it reports."""
        more = ["--listen", "127.0.0.1:0", "--act", verb, *(["--argument", *argument] if argument else [])]
        done = subprocess.run(self.command(name, *more), capture_output=True, timeout=120, check=False)
        assert done.returncode == code, (done.stdout.decode(), done.stderr.decode(), self.log_path.read_text()[-4000:])
        return done.stdout.decode().splitlines()

    def say(self, name, service, payload, **fields):
        """A payload sent to a service as one of the systems; the answer."""
        password = (self.folder / f"{name}.password").read_text().strip()
        return self.send(identity=self.pki[name], service=service, data=f"<data>{payload}</data>", sender=f"{name}_is",
                         password=password, **fields)

    def signed(self, document, *who):
        """The document, which has the mark @ where signatures go, signed by persons named as in the authority's table."""
        return persons.sign_xml(document, *(self.pki[name] for name in who))

    def rows(self, name, sql, *values):
        """Rows of a system's own state."""
        [path] = (self.folder / "state" / name).glob("*.db")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
            found = db.execute(sql, values).fetchall()
        db.close()
        return found

    def close(self):
        codes = {name: self.end(name) for name in list(self.sims)}
        codes["gateway"] = self.stop()
        if self.redis:
            self.redis.stop()
        self.port_lock.close()
        wrong = {name: code for name, code in codes.items() if code}
        if wrong:
            print(*(p.read_text()[-2000:] for p in (self.folder / "log").glob("*.log")), file=sys.stderr)
        assert not wrong
