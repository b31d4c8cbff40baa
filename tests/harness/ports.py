# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses for processes that die and come again."""
import random
import socket


def free_port(taken=set()):  # noqa: B006 - one memory for the whole run is meant
    """Below the ports that the system gives to those who connect: nobody takes it while its owner is dead. The ports below
    24000 are those of harness.world."""
    for port in random.sample(range(24000, 32000), 200):
        if port in taken:
            continue
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise RuntimeError("no free port")
