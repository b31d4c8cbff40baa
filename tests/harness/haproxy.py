# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy as a process, with a sample of config/haproxy in which only addresses, files and the pace of its questions are others."""
import csv
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from http.client import HTTPSConnection
from pathlib import Path

from .pki import ROOT
from .raw import PATH

SAMPLES = ("pass-through", "terminate")
NODES = ("one", "two")


def listen_with_tls(gateway, drain_delay="0s", proxies=("127.0.0.1",)):
    """What the samples ask of a gateway: health and messages for those with a certificate, and whom to believe."""
    p = gateway.pki.path
    tls = {"tls": "mutual", "certificate": str(p("tls-server.crt")), "key": str(p("tls-server.key")), "client_ca": str(p("tls-ca.crt"))}
    gateway.conf["admin"].update(tls)
    gateway.conf["listeners"][0].update(tls, proxies=list(proxies))
    gateway.conf.setdefault("gateway", {})["drain_delay"] = drain_delay


class HAProxy:
    """`gateways` run, or have their ports; `changes` are (text of the sample, text instead)."""

    def __init__(self, sample, gateways, pki, changes=()):
        self.folder = Path(tempfile.mkdtemp(prefix="qaqpa-haproxy-"))  # a socket's name is short
        self.pki = pki
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(str(self.folder / "log"))
        self.log.setblocking(False)
        self.path = self.folder / "haproxy.cfg"
        self.path.write_text(self.text((ROOT / "config/haproxy" / f"{sample}.cfg").read_text(), gateways, changes))
        self.process = None

    def identity(self, name):
        """Certificate and key in one file, as HAProxy wants them."""
        path = self.folder / f"{name}.pem"
        path.write_bytes(self.pki.path(f"{name}.crt").read_bytes() + self.pki.path(f"{name}.key").read_bytes())
        path.chmod(0o600)
        return str(path)

    def text(self, sample, gateways, changes):
        files = {"gateways-ca.pem": str(self.pki.path("tls-ca.crt")), "clients-ca.pem": str(self.pki.path("tls-ca.crt")),
                 "check.pem": self.identity("tls-client"), "haproxy.pem": self.identity("tls-client"), "bus.pem": self.identity("tls-server")}
        text = re.sub(r"^ *(chroot|user|group) .*\n", "", sample, flags=re.M)
        text = re.sub(r"/etc/haproxy/([\w-]+\.pem)", lambda found: files[found[1]], text)
        text = re.sub(r"^ *server .*\n", "", text, flags=re.M)
        for a, b in (("/run/haproxy/admin.sock", str(self.folder / "admin")), ("/dev/log", str(self.folder / "log")), ("maxconn 20000", "maxconn 1000"),
                     ("bind :8443", f"bind fd@{self.socket.fileno()}"),
                     ("inter 1s fastinter 500ms downinter 1s", "inter 100ms fastinter 100ms downinter 100ms"), *changes):
            assert a in text, f"the sample has no '{a}'"
            text = text.replace(a, b)
        return text + "".join(f"    server {name} 127.0.0.1:{g.ports['plain']} port {g.ports['admin']} verifyhost localhost\n"
                              for name, g in zip(NODES, gateways))

    def check(self):
        return subprocess.run(["haproxy", "-c", "-f", self.path], capture_output=True, pass_fds=[self.socket.fileno()], check=False)

    def start(self):
        self.process = subprocess.Popen(["haproxy", "-db", "-f", self.path], stderr=(self.folder / "errors").open("wb"),
                                        pass_fds=[self.socket.fileno()])
        self.wait(self.servers)
        return self

    def wait(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, (self.folder / "errors").read_text()
            assert time.monotonic() < end, "waited in vain: " + str({name: (s["status"], s["last_chk"]) for name, s in self.servers().items()})
            time.sleep(0.02)

    def ask(self, command):
        """One word to the socket for operators."""
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.folder / "admin"))
            except OSError:
                return ""  # it is only just starting
            s.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: s.recv(1 << 16), b"")).decode()

    def servers(self):
        """What it knows of each gateway, by name, and of all, as BACKEND."""
        rows = csv.DictReader(self.ask("show stat").lstrip("# ").splitlines())
        return {row["svname"]: row for row in rows if row["pxname"] == "gateways"}

    def has(self, name, status):
        """Is the gateway UP, or DOWN, by an answer to a question?"""
        row = self.servers()[name]
        return row["status"] == status and row["check_status"] not in ("", "INI")

    def queued(self):
        return int(self.servers()["BACKEND"]["qcur"])

    def lines(self):
        """What it has logged since the last look."""
        found = []
        while True:
            try:
                found.append(self.log.recv(8192).decode())
            except BlockingIOError:
                return found

    def client(self, address="127.0.0.2"):
        return Client(self, address)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.socket.close()
        self.log.close()
        shutil.rmtree(self.folder)


class Client:
    """A connection with TLS and a certificate, from an address of its own."""

    def __init__(self, haproxy, address):
        context = ssl.create_default_context(cafile=haproxy.pki.path("tls-ca.crt"))
        context.load_cert_chain(haproxy.pki.path("tls-client.crt"), haproxy.pki.path("tls-client.key"))
        self.connection = HTTPSConnection("127.0.0.1", haproxy.port, timeout=30, source_address=(address, 0), context=context)

    def post(self, octets):
        """Status, fields and body."""
        self.connection.request("POST", PATH, octets, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def close(self):
        self.connection.close()
