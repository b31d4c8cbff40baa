# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways that share a Redis and the folder of big messages, each with a journal of its own."""
import signal

from . import async_soap as a
from .gateway import Gateway
from .provider import Provider
from .redis import Redis

FAST = {"name": "fast", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1h"}


class Pair:
    def __init__(self, folder, pki):
        self.pki = pki
        self.redis = Redis(folder / "redis")
        self.provider = Provider(pki["permits"])
        self.receiver, self.consumer = a.Client(pki["permits"]), a.Client(pki["department"])
        self.nodes = [self.node(folder / name, folder / "spool") for name in ("one", "two")]

    def node(self, folder, spool):
        folder.mkdir()
        g = Gateway(folder, self.pki)
        g.conf["queue"] = {"socket": str(self.redis.socket), "spool": str(spool), "lease": "2s", "command_time": "1s"}
        g.conf["retries"] = [FAST]
        g.service(self.provider, "Notice", delivery="queued", retry="fast", repeat_safe=True, breaker_failures=1000)
        g.conf["services"].append({"id": "Case", "provider": "permits", "channel": "async"})
        for name, client in (("department", self.consumer), ("permits", self.receiver)):
            g.participant(name)["async"] = {"mode": "push", "endpoint": client.url, "retry": "fast", "breaker_failures": 1000}
        return g

    def begin(self):
        for g in self.nodes:
            g.start_with_queue()
        return self

    def close(self):
        for g in self.nodes:
            g.stop(signal.SIGKILL)
        for peer in (self.provider, self.receiver, self.consumer):
            peer.close()
        self.redis.stop()
