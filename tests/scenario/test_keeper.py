# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys in a process of their own: the gateway signs as before, and has no private key in its memory."""
import re
import signal
import socket
import stat
import struct
import subprocess

import pytest

from harness import wss
from harness.gateway import BIN


class Keeper:
    def __init__(self, gateway):
        self.gateway, self.process = gateway, None
        self.path = gateway.folder / "keys.sock"
        self.log = gateway.folder / "keeper.log"
        gateway.conf["keeper"] = str(self.path)

    def start(self):
        conf = self.gateway.write()
        self.process = subprocess.Popen([BIN / "qaqpa-keyd", "--config", conf], stderr=self.log.open("ab"))
        self.gateway.log_path, self.gateway.log_from = self.log, 0
        self.gateway.wait(lambda: self.path.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)

    def said(self, words):
        return words in self.log.read_text()


@pytest.fixture
def keeper(lone):
    k = Keeper(lone)
    yield k
    if k.process and k.process.poll() is None:
        k.stop()


def accepted(gateway, name="gateway"):
    answer = gateway.send()
    assert (answer.status, answer.code) == (200, "SCSS001"), answer.octets
    wss.verify(answer.octets, gateway.pki[name].certificate)


def holds(process, octets):
    """Is that anywhere in the memory of the process?"""
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as maps, open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            first, last, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if "r" not in rights or "[v" in line:
                continue
            memory.seek(int(first, 16))
            try:
                if octets in memory.read(int(last, 16) - int(first, 16)):
                    return True
            except OSError:
                continue
    return False


def test_the_gateway_signs_with_a_key_that_it_does_not_have(lone, keeper, pki, tmp_path):
    prime = pki["gateway"].key.private_numbers().p
    secret = prime.to_bytes(128, "little")[:64]  # as a number lies in memory
    hidden = tmp_path / "gateway.key"
    hidden.write_bytes(pki.path("gateway.key").read_bytes())
    hidden.chmod(0o600)
    lone.conf["keys"][0]["key"] = str(hidden)
    keeper.start()
    hidden.unlink()  # the gateway could not read it if it tried
    lone.start()
    accepted(lone)
    try:
        found = holds(keeper.process, secret)
    except PermissionError:
        pytest.skip("the memory of other processes may not be read here")
    assert found, "the search finds nothing"
    assert not holds(lone.process, secret)
    assert lone.stop() == 0 and keeper.stop() == 0
    assert not keeper.path.exists()


def test_without_the_keeper_the_gateway_does_not_start(lone, keeper):
    done = subprocess.run([BIN / "qaqpad", "--config", lone.write()], capture_output=True, timeout=30, check=False)
    assert done.returncode == 1 and b"does not answer" in done.stderr, done.stderr


def test_a_keeper_that_goes_away_is_a_retry_and_one_that_comes_back_is_used(lone, keeper):
    keeper.start()
    lone.start()
    accepted(lone)
    keeper.stop(signal.SIGKILL)
    answer = lone.send()
    assert (answer.status, answer.code, answer.headers.get("Retry-After") is not None) == (503, "QG050", True), answer.octets
    keeper.start()
    accepted(lone)


def test_keys_are_read_again_by_both(lone, keeper, pki):
    keeper.start()
    lone.start()
    accepted(lone)
    lone.conf["keys"][0].update(certificate=str(pki.path("gateway-ec.crt")), key=str(pki.path("gateway-ec.key")))
    lone.write()
    keeper.process.send_signal(signal.SIGHUP)
    lone.wait(lambda: keeper.said("keeper.reload"))
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: any(e["result"] == "new configuration in use" for e in lone.events("config.reload")))
    accepted(lone, "gateway-ec")


def test_a_wrong_configuration_leaves_the_keys_as_they_were(lone, keeper):
    keeper.start()
    lone.start()
    right = lone.conf["keys"][0]["key"]
    lone.conf["keys"][0]["key"] = "/nowhere"
    lone.write()
    keeper.process.send_signal(signal.SIGHUP)
    lone.wait(lambda: keeper.said('"event":"keeper.reload"'))
    accepted(lone)
    lone.conf["keys"][0]["key"] = right


def test_the_socket_is_for_its_user_alone_and_junk_ends_a_connection(lone, keeper):
    keeper.start()
    assert stat.S_IMODE(keeper.path.stat().st_mode) == 0o600
    ask = struct.pack("=III65s64s3x", 2, 0, 32, b"gateway", bytes(64))  # sign with RSA-SHA256

    def say(packet):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(10)
            s.connect(str(keeper.path))
            s.send(packet)
            return s.recv(70000)

    reason, n = struct.unpack("=II", say(ask)[:8])
    assert (reason, n) == (0, 256)
    for junk in (b"", b"x", ask[:-1], ask + b"x", struct.pack("=III65s64s3x", 9, 0, 32, b"gateway", bytes(64)),
                 struct.pack("=III65s64s3x", 2, 0, 65, b"gateway", bytes(64)), struct.pack("=III65s64s3x", 2, 0, 32, b"g" * 65, bytes(64))):
        if junk:
            assert say(junk) == b"", junk
    for wrong in ((2, 0, 31, b"gateway"), (2, 99, 32, b"gateway"), (2, 4, 48, b"gateway"), (2, 0, 32, b"nobody"), (1, 0, 0, b"nobody")):
        reason, n = struct.unpack("=II", say(struct.pack("=III65s64s3x", *wrong, bytes(64)))[:8])
        assert reason != 0, wrong
    assert struct.unpack("=II", say(ask)[:8])[0] == 0
