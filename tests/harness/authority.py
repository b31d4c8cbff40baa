# SPDX-License-Identifier: GPL-3.0-or-later
"""qaqpa-authority as a process: a folder of certificates and the services over it."""
import base64
import subprocess
import time
from pathlib import Path

import requests

from .gateway import BIN
from .pki import Identity

CLI = BIN / "qaqpa-authority"
TYPES = {"ocsp": "application/ocsp-request", "tsp": "application/timestamp-query"}


def command(*words):
    return subprocess.run([CLI, *map(str, words)], capture_output=True, timeout=120, check=False)


def pem_octets(path):
    """The DER in a PEM file of one block; keys that no library knows too."""
    return base64.b64decode("".join(Path(path).read_text().split("-----")[2].split()))


class Authority:
    """`folder` is made when it is not there; start() begins to answer."""

    def __init__(self, folder, algorithm="gost", log=None):
        self.folder, self.algorithm = Path(folder), algorithm
        self.log = Path(log or f"{folder}.log")
        self.process = None
        if not (self.folder / "test-pki.txt").exists():
            self.must("make", "--algorithm", algorithm, self.folder)

    def must(self, *words):
        done = command(*words)
        assert done.returncode == 0, done.stderr.decode()
        return done

    def __getitem__(self, name):
        return Identity(self.folder, name)

    def path(self, name):
        return self.folder / name

    def der(self, name):
        return pem_octets(self.folder / f"{name}.crt")

    def start(self, *words):
        port_file = self.folder / "authority/port"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen([CLI, "serve", "--print-port-file", port_file, *map(str, words), self.folder],
                                        stdout=subprocess.DEVNULL, stderr=self.log.open("ab"))
        end = time.monotonic() + 20
        while not port_file.exists():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()[-2000:]
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{int(port_file.read_text())}"
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        return self.process.returncode if self.process else None

    def revoke(self, name, reason=None):
        return self.must("revoke", *(["--reason", reason] if reason else []), self.folder, name)

    def unrevoke(self, name):
        return self.must("unrevoke", self.folder, name)

    def trouble(self, service, what, *value):
        return self.must("trouble", self.folder, service, what, *value)

    def ask(self, service, question):
        return requests.post(f"{self.url}/{service}", data=question, headers={"Content-Type": TYPES[service]}, timeout=30)

    def crl(self, issuer="issuing", delta=False):
        answer = requests.get(f"{self.url}/crl/{issuer}{'_d' if delta else ''}.crl", timeout=30)
        assert answer.status_code == 200
        return answer.content
