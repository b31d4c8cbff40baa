# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy as a process, with a sample of config/haproxy in which only addresses, files and the pace of its questions are others."""
import csv
import os
import re
import shutil
import signal
import socket
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

    def __init__(self, sample, gateways, pki, changes=(), log=None):
        self.folder = Path(tempfile.mkdtemp(prefix="qaqpa-haproxy-"))  # a socket's name is short
        self.pki = pki
        self.socket = socket.socket()  # keeps the port free for HAProxy, and never listens
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.log = log or self.folder / "log"
        self.path = self.folder / "haproxy.cfg"
        self.sample = self.adapt((ROOT / "config/haproxy" / f"{sample}.cfg").read_text(), changes)
        self.write(gateways)
        self.process = None

    def identity(self, name):
        """Certificate and key in one file, as HAProxy wants them."""
        path = self.folder / f"{name}.pem"
        path.write_bytes(self.pki.path(f"{name}.crt").read_bytes() + self.pki.path(f"{name}.key").read_bytes())
        path.chmod(0o600)
        return str(path)

    def adapt(self, sample, changes):
        authority, client, server = str(self.pki.path("tls-ca.crt")), self.identity("tls-client"), self.identity("tls-server")
        files = {"gateways-ca.pem": authority, "clients-ca.pem": authority, "check.pem": client, "haproxy.pem": client, "bus.pem": server}
        text = re.sub(r"^ *(chroot|user|group) .*\n", "", sample, flags=re.M)
        text = re.sub(r"/etc/haproxy/([\w-]+\.pem)", lambda found: files[found[1]], text)
        text = re.sub(r"^ *server .*\n", "", text, flags=re.M)
        for a, b in (("/run/haproxy/admin.sock", str(self.folder / "admin")), ("log /dev/log", "log stdout format raw"),
                     ("maxconn 20000", "maxconn 1000"),
                     ("bind :8443", f"bind 127.0.0.1:{self.port}"),
                     ("inter 2s fastinter 1s downinter 1s", "inter 500ms fastinter 300ms downinter 300ms"), *changes):
            assert a in text, f"the sample has no '{a}'"
            text = text.replace(a, b)
        return text

    def write(self, gateways):
        servers = (f"    server {name} 127.0.0.1:{g.ports['plain']} port {g.ports['admin']} verifyhost localhost\n"
                   for name, g in zip(NODES, gateways))
        self.path.write_text(self.sample + "".join(servers))

    def check(self):
        return subprocess.run(["haproxy", "-c", "-f", self.path], capture_output=True, check=False)

    def start(self):
        """As its service does it, in the foreground: a master and its worker."""
        self.process = subprocess.Popen(["haproxy", "-W", "-f", self.path], stdout=self.log.open("wb"), stderr=(self.folder / "errors").open("wb"),
                                        start_new_session=True)
        self.wait(self.servers)
        return self

    def reload(self, gateways=None):
        if gateways:
            self.write(gateways)
        self.process.send_signal(signal.SIGUSR2)

    def renew(self):
        """A new certificate of the bus, for the sample that has one; its serial number."""
        serial = self.pki.issue_tls(self.folder)
        (self.folder / "tls-server.pem").write_bytes((self.folder / "tls.crt").read_bytes() + (self.folder / "tls.key").read_bytes())
        self.reload()
        return serial

    def wait(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, (self.folder / "errors").read_text()
            assert time.monotonic() < end, f"waited in vain: {[(s['svname'], s['status'], s['last_chk']) for s in self.servers().values()]}"
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
        row = self.servers().get(name)
        return row is not None and row["status"] == status and row["check_status"] not in ("", "INI")

    def queued(self):
        return int(self.servers()["BACKEND"]["qcur"])

    def client(self, address="127.0.0.2"):
        return Client(self, address)

    def close(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # the master, and workers old and new
            self.process.wait()
        self.socket.close()
        shutil.rmtree(self.folder)


class Client:
    """A connection with TLS and a certificate, from an address of its own."""

    def __init__(self, haproxy, address):
        self.connection = HTTPSConnection("127.0.0.1", haproxy.port, timeout=30, source_address=(address, 0),
                                          context=haproxy.pki.tls_client())

    def post(self, octets):
        """Status, fields and body."""
        self.connection.request("POST", PATH, octets, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def close(self):
        self.connection.close()
