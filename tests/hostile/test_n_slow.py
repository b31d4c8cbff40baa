# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow and compressed: many connections that hold on to the gateway, bodies that grow. The limits of the listener used
here are a second, so that each test is short; during all of it good messages pass through the same listener."""
import gzip
import select
import threading
import time
import zlib

import pytest

from harness import raw

CLASS = "N  slow and compressed"


class Crowd:
    """Connections that send a beginning and then a drop now and then, until the server hangs up."""

    def __init__(self, world, size, beginning, drop):
        self.port, self.drop = world.gateway.ports["slow"], drop
        self.open = {raw.patient(self.port): b"" for _ in range(size)}
        self.ended = []
        for s in self.open:
            s.send(beginning)

    def trickle(self):
        for s in self.open:
            try:
                s.send(self.drop)
            except OSError:
                pass  # hung up; its last words are read below

    def listen(self, seconds):
        for s in select.select(list(self.open), [], [], seconds)[0]:
            piece = raw.pull(s)
            self.open[s] += piece
            if not piece:
                self.ended.append(self.open.pop(s))
                s.close()

    def sit_out(self, seconds=8):
        end = time.monotonic() + seconds
        while self.open:
            assert time.monotonic() < end, f"{len(self.open)} connections are still held"
            self.trickle()
            wait = time.monotonic() + 0.1
            while self.open and time.monotonic() < wait:
                self.listen(0.02)


class Busy:
    """Good messages one after the other in the background."""

    def __init__(self, world):
        self.world, self.stop, self.failure, self.count = world, threading.Event(), None, 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.stop.is_set():
                self.world.good("slow")
                self.count += 1
        except BaseException as e:  # noqa: BLE001 - told by the test
            self.failure = e

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        if self.failure:
            raise self.failure
        assert self.count >= 3


HEAD = raw.post(1000)
CASES = {
    "two hundred heads, line by line": (200, raw.post()[:-2], b"X-Note: a\r\n"),
    "two hundred heads, letter by letter": (200, b"POST / HT", b"T"),
    "two hundred bodies, octet by octet": (200, HEAD, b" "),
    "a hundred bodies, chunk by chunk": (100, raw.post(None, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "three hundred that stop behind the head": (300, HEAD, b""),
    "three hundred that stop in the middle of a line": (300, HEAD[:40], b""),
}


@pytest.mark.parametrize("case", CASES)
def test_slow_clients_are_hung_up_on_and_nobody_else_suffers(world, case):
    crowd = Crowd(world, *CASES[case])
    with Busy(world):
        crowd.sit_out()
    statuses = {raw.Reply(octets, True).status for octets in crowd.ended}
    assert statuses <= {408, None} and len(crowd.ended) == CASES[case][0]
    world.record.refused[CLASS] += 1


def test_silent_clients_are_hung_up_on_without_a_word(world):
    crowd = Crowd(world, 300, b"", b"")
    with Busy(world):
        crowd.sit_out()
    assert set(crowd.ended) == {b""}
    world.record.refused[CLASS] += 1


def deflate_bomb():
    """256 MiB of blanks; a block that was flushed whole may be repeated."""
    c = zlib.compressobj(9)
    beginning = c.compress(b" " * (1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
    block = c.compress(b" " * (1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
    return beginning + block * 255


COMPRESSED = {
    "blanks without end in deflate": ("deflate", lambda good: deflate_bomb()),
    "a good message in gzip": ("gzip", gzip.compress),
    "gzip in gzip": ("gzip, gzip", lambda good: gzip.compress(gzip.compress(good))),
    "said to be in brotli, and is not": ("br", lambda good: good),
    "said to be in gzip, and is not": ("gzip", lambda good: good),
    "said to be as it is and in brotli": ("identity, br", lambda good: good),
    "said to be as it is with a letter more": ("identityx", lambda good: good),
    "an empty word": (",", lambda good: good),
}


@pytest.mark.parametrize("case", COMPRESSED)
def test_compressed_bodies_are_turned_away(world, case):
    coding, make = COMPRESSED[case]
    world.turns_away(make(world.signed().encode()), 415, headers={"Content-Encoding": coding})
