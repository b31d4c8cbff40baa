# SPDX-License-Identifier: GPL-3.0-or-later
"""What no message may make a gateway touch: an address and a file."""
import ctypes
import os
import socket
import struct
import threading


class Canary:
    """A listener that nobody has a reason to call."""

    def __init__(self, host="127.0.0.1"):
        self.server = socket.create_server((host, 0))
        self.port = self.server.getsockname()[1]
        self.url = f"http://{host}:{self.port}/canary"
        self.callers = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection, caller = self.server.accept()
            self.callers.append(caller)
            connection.close()


class Watch:
    """Tells whether a file was opened by anybody (inotify)."""

    IN_OPEN, IN_NONBLOCK = 0x20, 0o4000

    def __init__(self, path):
        self.path = path
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(self.IN_NONBLOCK)
        assert self.fd >= 0 and libc.inotify_add_watch(self.fd, os.fsencode(path), self.IN_OPEN) >= 0

    def opened(self):
        try:
            return struct.unpack_from("iI", os.read(self.fd, 4096))[1] == self.IN_OPEN
        except BlockingIOError:
            return False


def bait(folder):
    """A file to be read by nobody, and who watches it."""
    path = folder / "bait.txt"
    path.write_text("bait")
    return Watch(path)
