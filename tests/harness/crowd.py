# SPDX-License-Identifier: GPL-3.0-or-later
"""Many connections that hold on to a gateway, each in one way."""
import resource
import select
import socket
import time

from . import raw

HEAD = raw.post(1000)
CONTRACT = f"GET {raw.PATH}?wsdl HTTP/1.1\r\nHost: gateway.test\r\n\r\n".encode()
HALF_A_HELLO = bytes.fromhex("16030100a5010000a1030300") + bytes(40)


def allow_descriptors(count):
    """For this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most == resource.RLIM_INFINITY or most >= count, f"at most {most} descriptors are allowed here, {count} are needed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


class Crowd:
    """Each connection sends a beginning and then a drop now and then. Who is deaf takes small pieces, and reads nothing before
    it is told to; the others read what comes. `ended` holds what each of those heard on whom the server has hung up."""

    def __init__(self, port, size, beginning, drop=b"", deaf=False):
        self.port, self.beginning, self.drop, self.deaf = port, beginning, drop, deaf
        self.open, self.heard, self.ended = {}, {}, []
        self.poll = select.poll()
        for _ in range(size):
            s = self.connect()
            self.open[s.fileno()], self.heard[s.fileno()] = s, b""
            self.poll.register(s, 0 if deaf else select.POLLIN)

    def connect(self):
        s = socket.socket()
        if self.deaf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        s.settimeout(10)
        s.bind((f"127.1.{len(self.open) % 250}.1", 0))  # many addresses, so that no share of one is at its end
        s.connect(("127.0.0.1", self.port))
        s.setblocking(False)
        s.send(self.beginning)
        return s

    def trickle(self):
        for s in self.open.values() if self.drop else ():
            try:
                s.send(self.drop)
            except OSError:
                pass  # hung up; its last words are read below

    def listen(self, seconds=0.0):
        for fd, _ in self.poll.poll(seconds * 1000):
            piece = raw.pull(self.open[fd])
            self.heard[fd] += piece
            if self.deaf or not piece:  # the deaf hear that the line is dead, and nothing else
                self.ended.append(self.heard.pop(fd))
                self.poll.unregister(fd)
                self.open.pop(fd).close()

    def close(self):
        for s in self.open.values():
            s.close()
        self.open = {}


def gather(plain, tls, each):
    """So many by each way to hold on, at a plain port and one with TLS."""
    return {
        "slow head": Crowd(plain, each, raw.post()[:-2], b"X-Note: a\r\n"),
        "slow body": Crowd(plain, each, HEAD, b" "),
        "stuck behind the head": Crowd(plain, each, HEAD),
        "half a handshake": Crowd(tls, each, HALF_A_HELLO),
        "never reading, with answers that stay with us": Crowd(plain, each, CONTRACT * 200, deaf=True),
        "never reading, with answers that the kernel takes": Crowd(plain, each, CONTRACT * 40, deaf=True),
    }


def sit_out(crowds, seconds, meanwhile=lambda: None):
    """Until all are hung up on."""
    end = time.monotonic() + seconds
    while any(crowd.open for crowd in crowds):
        assert time.monotonic() < end, f"{sum(len(crowd.open) for crowd in crowds)} connections are still held"
        for crowd in crowds:
            crowd.trickle()
        pause = time.monotonic() + 0.1
        while time.monotonic() < pause:
            for crowd in crowds:
                crowd.listen(0.02 / len(crowds))
        meanwhile()
