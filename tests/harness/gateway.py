# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway as a process: configuration, start, log, journal, stop."""
import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import requests
import yaml

from . import soap, wss
from .hidden import persons_in
from .raw import PATH

BIN = Path(os.environ.get("QAQPA_BIN", Path(__file__).resolve().parents[2] / "build/dev/bin"))


def may_trace():
    """strace may look at a process of ours."""
    done = subprocess.run(["strace", "-D", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0 and not done.stderr


@contextlib.contextmanager
def flushes_fail(gateway):
    """Whatever the gateway wants to see on its disk meanwhile, the disk says no."""
    calls = "fsync,fdatasync"
    strace = subprocess.Popen(["strace", "-f", "-p", str(gateway.process.pid), "-o", "/dev/null", "-e", f"trace={calls}",
                               "-e", f"inject={calls}:error=EIO"], stderr=subprocess.PIPE)
    try:
        assert b"attached" in strace.stderr.readline()
        yield
    finally:
        strace.terminate()
        strace.wait(20)
        strace.stderr.close()


def instrumented():
    """Is this a build with sanitizers or for coverage?"""
    done = subprocess.run(["readelf", "--wide", "--symbols", BIN / "qaqpad"], stdout=subprocess.PIPE, check=True)
    return any(name in done.stdout for name in (b"__asan_init", b"__tsan_init", b"__gcov_init"))


def hash_password(password):
    done = subprocess.run([BIN / "qaqpa", "hash-password"], input=password.encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


class Gateway:
    """Start with a dict of configuration; `base()` gives one to change."""

    def __init__(self, folder, pki):
        self.folder = Path(folder)
        self.pki = pki
        self.process = None
        self.program = [BIN / "qaqpad"]
        self.password_hash = hash_password("secret")
        self.conf = self.base()

    def base(self):
        p = self.pki.path
        return {
            "admin": {"listen": "127.0.0.1:0"},
            "journal": {"directory": str(self.folder / "journal"), "free_space": "1MiB"},
            "authorities": [str(p("root.crt")), str(p("issuing.crt"))],
            "listeners": [{"name": "plain", "listen": "127.0.0.1:0", "diagnostics": True}],
            "keys": [{"name": "gateway", "certificate": str(p("gateway.crt")), "key": str(p("gateway.key"))}],
            "participants": [
                {"name": "department", "sender_ids": "department_is", "password_hash": self.password_hash,
                 "certificates": str(p("department.crt")), "may_call": "*"},
                {"name": "permits", "sender_ids": "permits_is", "certificates": str(p("permits.crt")), "may_call": "*"},
            ],
            "services": [],
        }

    def participant(self, name):
        return next(p for p in self.conf["participants"] if p["name"] == name)

    def service(self, provider, service_id="Demo", owner="permits", **more):
        self.conf["services"].append({"id": service_id, "provider": owner, "endpoint": provider.url, **more})

    def write(self):
        path = self.folder / "qaqpa.yaml"
        written_out = json.loads(json.dumps(self.conf))  # the language has no aliases for what stands twice
        path.write_text(yaml.safe_dump(written_out, sort_keys=False, allow_unicode=True))
        path.chmod(0o600)
        return path

    def start(self, environment=None):
        path = self.write()
        self.log_path = self.folder / "gateway.log"
        self.log_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        self.process = subprocess.Popen([*self.program, "--config", path], stderr=self.log_path.open("ab"),
                                        env={**os.environ, **(environment or {})})
        self.wait(lambda: self.events("gateway.ready") or self.process.poll() is not None)
        assert self.process.poll() is None, self.log_path.read_text()
        self.ports = {e["listener"]: e["port"] for e in self.events("front.listening")}
        self.url = f"http://127.0.0.1:{self.ports['plain']}{PATH}"
        return self

    def events(self, name=None):
        octets = self.log_path.read_bytes()[self.log_from:]
        whole = octets[:octets.rfind(b"\n") + 1]  # a line is one write; where it crosses a page its beginning is seen first
        lines = [json.loads(line) for line in whole.decode(errors="replace").split("\n") if line.startswith("{")]
        return [e for e in lines if name is None or e["event"] == name]

    def wait(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain; log:\n" + self.log_path.read_text()[-4000:]
            time.sleep(0.01)

    def kill(self, number):
        self.process.send_signal(number)

    def reload(self):
        """Writes the configuration and has it read; what became of that."""
        before = len(self.events("config.reload"))
        self.write()
        self.kill(signal.SIGHUP)
        self.wait(lambda: len(self.events("config.reload")) > before)
        return self.events("config.reload")[before]["result"]

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)
            named = persons_in(self.log_path.read_text(errors="replace"))
            assert not named, f"the log of the gateway names persons: {named}"
        return self.process.returncode if self.process else None

    def alive(self):
        return self.process.poll() is None

    def post(self, octets, listener="plain", content_type="text/xml; charset=utf-8", timeout=30, headers=None, path=PATH, **more):
        fields = {"Content-Type": content_type, "SOAPAction": '""', **(headers or {})}
        return requests.post(f"http://127.0.0.1:{self.ports[listener]}{path}", data=octets, headers=fields, timeout=timeout,
                             **more)

    def send(self, text=None, identity=None, **fields):
        """Signs as the department and posts; the answer as Answer."""
        text = text or soap.envelope(soap.request(**fields))
        return Answer(self, self.post(wss.sign(text, identity or self.pki["department"])))

    def admin(self, page, token=None):
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        path = self.pki.path
        tls = {"verify": str(path("tls-ca.crt")), "cert": (str(path("tls-client.crt")), str(path("tls-client.key")))}
        scheme, more = ("https", tls) if self.conf["admin"].get("tls") == "mutual" else ("http", {})
        return requests.get(f"{scheme}://127.0.0.1:{self.ports['admin']}{page}", headers=fields, timeout=10, **more)

    def check(self, name):
        """One of the checks of /readyz."""
        return next(c for c in self.admin("/readyz").json()["checks"] if c["check"] == name)

    def ready(self):
        return all(c["ok"] for c in self.admin("/readyz").json()["checks"])

    def start_with_queue(self):
        """Started, and it has found its Redis."""
        self.start()
        self.wait(lambda: self.check("queue")["ok"])
        return self

    def journal(self, *arguments):
        done = subprocess.run([BIN / "qaqpa", "msg", "find", "--journal", self.folder / "journal", "-o", "json", "--limit", "100000", "--numbers",
                               *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return json.loads(done.stdout or "[]")


class Answer:
    def __init__(self, gateway, response):
        self.gateway = gateway
        self.status = response.status_code
        self.octets = response.content
        self.headers = response.headers

    def verified(self):
        """The tree, once the gateway's signature was verified by the second opinion."""
        return wss.verify(self.octets, self.gateway.pki["gateway"].certificate)

    def text(self, name):
        found = wss.parse(self.octets).xpath(f"//*[local-name()='{name}']")
        return found[0].text if found else None

    @property
    def code(self):
        """errorCode of a fault, or the status code of an answer."""
        return self.text("errorCode") or self.text("code")

    @property
    def faultcode(self):
        return self.text("faultcode")

    @property
    def reason(self):
        """The finer reason, where diagnostics are on."""
        data = self.text("errorData") or ""
        return data.split("reason=")[1].split(";")[0] if "reason=" in data else None
