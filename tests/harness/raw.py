# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP by hand: exactly these octets on the wire, and what comes back."""
import select
import socket
import ssl
import time

PATH, HOST = "/bip-sync-wss-gost/", "gateway.test"  # unless a request says otherwise


class Reply:
    """The first reply on a connection, and whether the server ended the connection."""

    def __init__(self, octets, closed):
        self.octets, self.closed = octets, closed
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if octets else None
        self.fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}


def is_whole(octets):
    head, blank, body = octets.partition(b"\r\n\r\n")
    if not blank:
        return False
    reply = Reply(octets, False)
    if "chunked" in reply.fields.get("transfer-encoding", ""):
        return body.endswith(b"\r\n0\r\n\r\n")
    return reply.status >= 200 and "close" not in reply.fields.get("connection", "") and \
        len(body) >= int(reply.fields.get("content-length", "0"))


def connect(to, seconds=10):
    """To a port of this machine, or to a pair of host and port."""
    return socket.create_connection(("127.0.0.1", to) if isinstance(to, int) else to, timeout=seconds)


def push(s, left):
    """What is left to send; nothing once the server listens no more."""
    try:
        return left[s.send(left[:65536]):]
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return left
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        return left[:0]


def pull(s):
    """What has come; nothing at the end, None when there is nothing yet."""
    try:
        return s.recv(65536)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
    except (ConnectionResetError, ssl.SSLError):
        return b""


def talk(s, octets, half_close=False, seconds=10):
    """Sends while listening, so that an early refusal is seen; reads a whole reply, and the end if it is announced."""
    end = time.monotonic() + seconds
    left, got = memoryview(octets), b""
    s.setblocking(False)
    with s:
        while not is_whole(got):
            if time.monotonic() >= end:
                raise TimeoutError(f"no whole reply in {seconds} s: {got[:200]!r}")
            readable, writable, _ = select.select([s], [s] if left else [], [], 0.5)
            piece = pull(s) if readable else None
            if piece == b"":
                return Reply(got, True)
            if piece:
                got += piece
            elif writable:
                left = push(s, left)
                if not left and half_close:
                    s.shutdown(socket.SHUT_WR)
    return Reply(got, False)


def take(s, enough):
    got = b""
    while not enough(got):
        piece = s.recv(1)
        if not piece:
            break
        got += piece
    return got


def listen(s):
    """The next reply on a connection that stays open, and no octet behind it."""
    head = take(s, lambda got: got.endswith(b"\r\n\r\n"))
    fields = Reply(head, False).fields
    if "chunked" in fields.get("transfer-encoding", ""):
        return Reply(head + take(s, lambda got: got.endswith(b"\r\n0\r\n\r\n")), False)
    length = int(fields.get("content-length", "0"))
    return Reply(head + take(s, lambda got: len(got) == length), False)


def post(length=None, *lines, kind="text/xml; charset=utf-8", version="HTTP/1.1", host="", target=None):
    """The head of a POST, octets; `lines` are further fields as they stand on the wire."""
    fields = [f"POST {target or PATH} {version}"]
    for name, value in (("Host", HOST if host == "" else host), ("Content-Type", kind), ("Content-Length", length)):
        fields += [f"{name}: {value}"] if value is not None else []
    return ("\r\n".join([*fields, *lines]) + "\r\n\r\n").encode("latin-1")


def chunked(octets, size=None):
    step = size or max(len(octets), 1)
    pieces = (octets[i:i + step] for i in range(0, len(octets), step))
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
