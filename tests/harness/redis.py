# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Redis that keeps what it acknowledges."""
import subprocess
import time
from pathlib import Path


class Redis:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.socket = self.folder / "r.sock"
        self.process = None
        self.start()

    def start(self):
        if self.process and self.process.poll() is None:
            return
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction", "--dir", str(self.folder)],
            stdout=(self.folder / "log").open("ab"))
        end = time.monotonic() + 20
        while b"PONG" not in self.command("PING", check=False):
            assert time.monotonic() < end and self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)

    def command(self, *words, check=True):
        return subprocess.run(["redis-cli", "-s", str(self.socket), *words], capture_output=True, check=check).stdout

    def configure(self, setting, value):
        self.command("CONFIG", "SET", setting, value)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
