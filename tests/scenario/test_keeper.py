# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys in a process of their own: the gateway signs as before, and has no private key in its memory."""
import hashlib
import os
import re
import resource
import signal
import socket
import stat
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import wss
from harness.gateway import BIN


def accepted(gateway, name="gateway"):
    answer = gateway.send()
    assert (answer.status, answer.code) == (200, "SCSS001"), answer.octets
    wss.verify(answer.octets, gateway.pki[name].certificate)


def renewed(gateway, keeper, name, when_the_keeper_has=lambda: None):
    """Another key is configured; the keeper reads it, then the gateway."""
    gateway.conf["keys"][0].update(certificate=str(gateway.pki.path(f"{name}.crt")), key=str(gateway.pki.path(f"{name}.key")))
    gateway.write()
    keeper.process.send_signal(signal.SIGHUP)
    gateway.wait(lambda: keeper.said("keeper.reload"))
    when_the_keeper_has()
    assert gateway.reload() == "new configuration in use"
    accepted(gateway, name)


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
            except (OSError, MemoryError):  # what cannot be read; terabytes that a sanitizer keeps for itself
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


@pytest.mark.parametrize("program, words, code, said", [
    ("qaqpad", "--version", 0, "qaqpad "), ("qaqpa-keyd", "--version", 0, "qaqpa-keyd "),
    ("qaqpad", "--help", 0, "Usage: qaqpad"), ("qaqpa-keyd", "-h", 0, "Usage: qaqpa-keyd"),
    ("qaqpad", "", 1, "Usage: qaqpad"), ("qaqpa-keyd", "", 1, "Usage: qaqpa-keyd"),
    ("qaqpad", "--config x y", 1, "Usage: qaqpad"), ("qaqpa-keyd", "--config x --what", 1, "Usage: qaqpa-keyd"),
    ("qaqpad", "--config x --group root", 1, "Usage: qaqpad"), ("qaqpa-keyd", "--config x --group root", 1, "keeper.cannot-start"),
    ("qaqpa-keyd", "--config x --group no-such-group", 1, "there is no such group")])
def test_what_the_words_of_the_command_line_mean(program, words, code, said, tmp_path):
    done = subprocess.run([BIN / program, *words.split()], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code
    assert said in (done.stderr if code else done.stdout)


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


def test_keys_are_read_again_by_both(lone, keeper):
    keeper.start()
    lone.start()
    accepted(lone)
    renewed(lone, keeper, "gateway-ec")


def test_between_the_two_nothing_is_signed_that_fits_no_certificate(lone, keeper):
    def refused():
        answer = lone.send()
        assert (answer.status, answer.code) == (503, "QG050"), answer.octets
    keeper.start()
    lone.start()
    accepted(lone)
    renewed(lone, keeper, "permits", refused)


def packet(verb, signature, length, name, certificate):
    return struct.pack("=III65s64s32s3x", verb, signature, length, name, bytes(64), certificate)


class Mute:
    """In the place of the keeper: hands every packet on until it shall be silent; then counts what nobody answers."""

    def __init__(self, path, real):
        self.real, self.silent, self.unanswered = str(real), False, 0
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, visitor):
        with visitor, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as real:
            real.connect(self.real)
            while octets := visitor.recv(70000):
                if self.silent:
                    self.unanswered += 1
                    continue
                real.send(octets)
                visitor.send(real.recv(70000))


def test_a_keeper_that_is_silent_is_asked_once(lone, keeper, provider, tmp_path):
    keeper.start()
    between = Mute(tmp_path / "mute.sock", keeper.path)
    lone.conf["keeper"] = str(tmp_path / "mute.sock")
    lone.start()
    gate = threading.Barrier(6)
    provider.answer = lambda o: (gate.wait(20), provider.signed_answer(o))[1]
    threads = [threading.Thread(target=lone.send) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    accepted_before, between.silent, began = len(provider.received), True, time.monotonic()
    for _ in range(4):
        assert lone.send().status in (500, 503)
    assert len(provider.received) == accepted_before
    assert not lone.ready() and "no answer in time" in lone.admin("/readyz").text
    assert between.unanswered <= 1 + (time.monotonic() - began) / 4  # two seconds of waiting, and two of leaving it alone
    between.silent, provider.answer = False, provider.signed_answer
    lone.wait(lone.ready)
    accepted(lone)


def cpu_seconds(process):
    times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def visit(keeper):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(10)
    s.connect(str(keeper.path))
    return s


def test_a_keeper_without_descriptors_waits_until_some_go(keeper, lone):
    keeper.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
    visitors = [visit(keeper) for _ in range(24)]
    before = cpu_seconds(keeper.process)
    time.sleep(2)
    assert cpu_seconds(keeper.process) - before < 0.1, "it is busy with nobody"
    for v in visitors[:20]:
        v.close()
    lone.start()
    accepted(lone)
    for v in visitors:
        v.close()


def test_a_visitor_that_does_not_read_cannot_keep_the_keeper_from_stopping(keeper):
    keeper.start()
    with visit(keeper) as greedy:
        greedy.settimeout(1)
        with pytest.raises(TimeoutError):
            while True:
                greedy.send(packet(2, 0, 32, b"gateway", bytes(32)))
        assert keeper.stop() == 0


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


def test_the_socket_is_for_its_user_alone_and_junk_ends_a_connection(lone, keeper, pki):
    keeper.start()
    assert stat.S_IMODE(keeper.path.stat().st_mode) == 0o600
    shown = hashlib.sha256(pki["gateway"].der).digest()
    ask = packet(2, 0, 32, b"gateway", shown)  # sign with RSA-SHA256

    def say(octets):
        with visit(keeper) as s:
            s.send(octets)
            return s.recv(70000)

    reason, n = struct.unpack("=II", say(ask)[:8])
    assert (reason, n) == (0, 256)
    for junk in (b"x", ask[:-1], ask + b"x", packet(9, 0, 32, b"gateway", shown), packet(2, 0, 65, b"gateway", shown),
                 packet(2, 0, 32, b"g" * 65, shown)):
        assert say(junk) == b"", junk
    for wrong in ((2, 0, 31, b"gateway", shown), (2, 99, 32, b"gateway", shown), (2, 4, 48, b"gateway", shown),
                  (2, 0, 32, b"nobody", shown), (1, 0, 0, b"nobody", shown), (2, 0, 32, b"gateway", bytes(32))):
        reason, n = struct.unpack("=II", say(packet(*wrong))[:8])
        assert reason != 0, wrong
    assert struct.unpack("=II", say(ask)[:8])[0] == 0
