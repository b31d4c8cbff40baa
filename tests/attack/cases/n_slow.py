# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow and compressed: many connections that hold on to the gateway, bodies that grow. During all of it good messages pass
through the same listener."""
import gzip
import select
import threading
import time
import zlib

from attack.table import passing_as, turned_away
from harness import raw

CLASS = "N  slow and compressed"


class Crowd:
    """Connections that send a beginning and then a drop now and then, until the server hangs up."""

    def __init__(self, world, size, beginning, drop):
        self.drop = drop
        self.open = {world.connect("slow"): b"" for _ in range(size)}
        self.ended = []
        for s in self.open:
            s.setblocking(False)
            raw.push(s, beginning)

    def trickle(self):
        for s in self.open:
            raw.push(s, self.drop)

    def listen(self, seconds):
        for s in select.select(list(self.open), [], [], seconds)[0]:
            piece = raw.pull(s)
            self.open[s] += piece or b""
            if piece == b"":
                self.ended.append(self.open.pop(s))
                s.close()

    def sit_out(self, world):
        """Until all are hung up on; the statuses that they were told, None for none."""
        end = time.monotonic() + world.patience
        while self.open:
            world.expect(time.monotonic() < end, f"{len(self.open)} connections are still held")
            self.trickle()
            wait = time.monotonic() + 0.1
            while self.open and time.monotonic() < wait:
                self.listen(0.02)
        return {raw.Reply(octets, True).status for octets in self.ended}


class Busy:
    """Good messages one after the other in the background."""

    def __init__(self, world):
        self.world, self.stop, self.failure, self.count = world, threading.Event(), None, 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.stop.is_set():
                self.world.passes(listener="slow")
                self.count += 1
        except BaseException as e:  # noqa: BLE001 - told by the test
            self.failure = e

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.world.expect(not self.failure, f"good messages suffered: {self.failure!r}")
        self.world.expect(self.count >= 3, "good messages had to wait")


HEAD = raw.post(1000)
CASES = {
    "two hundred heads, line by line": (200, raw.post()[:-2], b"X-Note: a\r\n"),
    "two hundred heads, letter by letter": (200, b"POST / HT", b"T"),
    "two hundred bodies, octet by octet": (200, HEAD, b" "),
    "a hundred bodies, chunk by chunk": (100, raw.post(None, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "three hundred that stop behind the head": (300, HEAD, b""),
    "three hundred that stop in the middle of a line": (300, HEAD[:40], b""),
}


def crowd(size, beginning, drop, told=408):
    """Hung up on, and nobody else suffers."""
    def case(w):
        slow = Crowd(w, size, beginning, drop)
        with Busy(w):
            statuses = slow.sit_out(w)
        w.expect(statuses <= {told, None}, f"slow clients were told {statuses}")
    return case


def deflate_bomb():
    """256 MiB of blanks; a block that was flushed whole may be repeated."""
    c = zlib.compressobj(9)
    beginning = c.compress(b" " * (1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
    block = c.compress(b" " * (1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
    return beginning + block * 255


COMPRESSED = {
    "blanks without end in deflate": ("deflate", lambda good: deflate_bomb()),
    "a good message in gzip": ("gzip", gzip.compress),
    "a good message in deflate": ("deflate", zlib.compress),
    "a good message in gzip by its old name": ("x-gzip", gzip.compress),
    "a good message in compress": ("compress", lambda good: good),
    "a good message in zstd": ("zstd", lambda good: good),
    "blanks without end in gzip": ("gzip", lambda good: gzip.compress(b" " * (64 << 20))),
    "gzip in capitals": ("GZIP", gzip.compress),
    "gzip behind as it is": ("identity, gzip", gzip.compress),
    "gzip forty times": (", ".join(["gzip"] * 40), gzip.compress),
    "gzip in gzip": ("gzip, gzip", lambda good: gzip.compress(gzip.compress(good))),
    "said to be in brotli, and is not": ("br", lambda good: good),
    "said to be in gzip, and is not": ("gzip", lambda good: good),
    "said to be as it is and in brotli": ("identity, br", lambda good: good),
    "said to be as it is with a letter more": ("identityx", lambda good: good),
    "an empty word": (",", lambda good: good),
}
SILENT = (300, b"", b"")
ATTACKS = {
    **{name: crowd(*row) for name, row in CASES.items()},
    "three hundred that say nothing": crowd(*SILENT, told=None),
    **turned_away({name: (lambda w, make=make: make(w.signed().encode()), {"headers": {"Content-Encoding": coding}})
                   for name, (coding, make) in COMPRESSED.items()}),
}


def in_ten_pieces(w):
    message = w.signed().encode()
    step = len(message) // 9
    with w.connect() as s:
        s.sendall(raw.post(len(message)))
        for at in range(0, len(message), step):
            time.sleep(0.1)
            s.sendall(message[at:at + step])
        w.answered(message, raw.talk(s, b""))


def head_octet_by_octet(w):
    message = w.signed().encode()
    with w.connect() as s:
        for octet in raw.post(len(message)):
            s.sendall(bytes([octet]))
        w.answered(message, raw.talk(s, message))


LEGITIMATE = {
    "the Body in ten pieces": in_ten_pieces,
    "the head octet by octet": head_octet_by_octet,
    **passing_as({"said to be as it is": {"headers": {"Content-Encoding": "identity"}},
                  "said to be as it is, in capitals": {"headers": {"Content-Encoding": "IDENTITY"}}}),
}
