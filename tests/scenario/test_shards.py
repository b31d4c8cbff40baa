# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits is spread over two Redis by its destination; a destination moves from one to the other without losing a message,
doubling one, or changing the order."""
import json
import re
import subprocess

import pytest

from harness import soap, wss
from harness.gateway import BIN, Answer
from harness.pair import Pair
from harness.provider import Provider
from harness.redis import Redis


class Sharded(Pair):
    """Two gateways, and a second Redis that holds nothing until spread() says so."""

    def __init__(self, folder, pki):
        super().__init__(folder, pki)
        self.other = Redis(folder / "other")
        for g in self.nodes:
            g.conf["queue"]["remember"] = "1h"

    def spread(self, *holds):
        for g in self.nodes:
            g.conf["shards"] = [{"name": "other", "socket": str(self.other.socket), "holds": list(holds)}]
        return self

    def queue(self, *words, code=0):
        done = subprocess.run([BIN / "qaqpa", "queue", *words, "-c", self.nodes[0].write()], capture_output=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout.decode()

    def waiting(self):
        """Destination: how many wait, by Redis."""
        return {(t["destination"], t["redis"]): t["waiting"] + t["leased"] for t in json.loads(self.queue("ls", "-o", "json"))}

    def close(self):
        super().close()
        self.other.stop()


@pytest.fixture
def pair(tmp_path, pki):
    p = Sharded(tmp_path, pki)
    yield p
    p.close()


def signed(g, name):
    text = soap.envelope(soap.request(service="Notice", data=f"<data><n>{name}</n></data>", correlation="chain"))
    return wss.sign(text, g.pki["department"])


def send(g, what):
    """A name, or octets that are sent again."""
    return Answer(g, g.post(what if isinstance(what, bytes) else signed(g, what)))


def order(provider):
    return [re.search(rb"<n>(\w+)</n>", o)[1].decode() for o in provider.received]


def test_each_destination_waits_where_it_is_assigned_and_all_are_delivered(pair):
    one, two = pair.spread("Notice", "department").begin().nodes
    port = pair.provider.server.server_port
    pair.provider.close()
    assert [send(g, n).code for g, n in ((one, "a"), (two, "b"))] == ["SCSS001"] * 2
    assert pair.waiting() == {("Notice", "other"): 2}
    assert not pair.redis.command("KEYS", "qaqpa:{Notice}:m:*").strip()
    assert pair.other.command("KEYS", "qaqpa:mark:*").strip()  # the sender is held there as well
    pair.provider = Provider(pair.pki["permits"], port=port)
    one.wait(lambda: len(pair.provider.received) == 2)
    assert order(pair.provider) == ["a", "b"]


def test_one_redis_that_is_away_is_named_and_stops_only_what_it_holds(pair):
    one, _ = pair.spread("Notice").begin().nodes
    one.service(pair.provider, "Else", delivery="queued", retry="fast")
    one.stop()
    one.start_with_queue()
    pair.other.kill()
    one.wait(lambda: not one.check("queue")["ok"])
    assert one.check("queue")["detail"].startswith("other: ")
    refused = send(one, "a")
    assert (refused.status, refused.reason) == (503, "queue.down")
    assert one.send(service="Else").code == "SCSS001"
    done = subprocess.run([BIN / "qaqpa", "queue", "ls", "-c", one.folder / "qaqpa.yaml"], capture_output=True, check=False)
    assert done.returncode == 75 and b"other: " in done.stderr
    assert "Else" not in pair.queue("ls", "--only", "first", "--state", "dead", code=1)
    pair.other.start()
    one.wait(lambda: one.check("queue")["ok"])
    assert send(one, "a").code == "SCSS001"


def test_a_destination_moves_to_another_redis_in_order_without_loss(pair):
    """The procedure of docs/scaling.md, gateway by gateway, while a sender goes on."""
    one, two = pair.begin().nodes
    port = pair.provider.server.server_port
    pair.provider.close()
    for n, g in enumerate((one, two, one, two)):
        assert send(g, f"m{n}").code == "SCSS001"
    pair.spread("Notice")
    pair.queue("hold", "Notice", "--only", "other")
    assert pair.queue("close", "Notice", code=64) == ""
    pair.queue("close", "Notice", "--only", "first")
    m4, m5 = signed(one, "m4"), signed(two, "m5")
    refused = send(one, m4)
    assert (refused.status, refused.reason) == (503, "queue.down") and "moves to another Redis" in refused.text("errorData")
    assert one.stop() == 0
    one.start_with_queue()
    assert send(one, m4).code == "SCSS001"
    assert send(two, m5).reason == "queue.down"  # still as it was
    assert two.stop() == 0
    two.start_with_queue()
    assert send(two, m5).code == "SCSS001"
    assert pair.waiting() == {("Notice", "first"): 4, ("Notice", "other"): 2}
    pair.provider = Provider(pair.pki["permits"], port=port)
    one.wait(lambda: pair.waiting().get(("Notice", "first")) == 0)  # it stays in the list while it is closed
    assert order(pair.provider) == ["m0", "m1", "m2", "m3"]
    pair.queue("release", "Notice", "--only", "other")
    one.wait(lambda: len(pair.provider.received) == 6)
    assert order(pair.provider) == [f"m{n}" for n in range(6)]
    pair.queue("open", "Notice", "--only", "first")
    one.wait(lambda: pair.waiting() == {})


def test_a_shard_that_lost_everything_is_rebuilt_beside_one_that_did_not(pair):
    one, two = pair.spread("Notice").begin().nodes
    one.service(pair.provider, "Else", delivery="queued", retry="fast")
    port = pair.provider.server.server_port
    pair.provider.close()
    one.stop()
    one.start_with_queue()
    assert send(one, "a").code == "SCSS001" and send(two, "b").code == "SCSS001"
    assert one.send(service="Else", data="<data><n>c</n></data>").code == "SCSS001"
    pair.other.command("FLUSHALL")
    one.wait(lambda: "came back without the messages" in one.check("queue")["detail"])
    journals = [w for g in (one, two) for w in ("--journal", str(g.folder / "journal"))]
    assert "2 put back, 1 were there already" in pair.queue("rebuild", *journals)
    pair.provider = Provider(pair.pki["permits"], port=port)
    one.wait(lambda: len(pair.provider.received) == 3)
    assert sorted(order(pair.provider)) == ["a", "b", "c"] and order(pair.provider).index("a") < order(pair.provider).index("b")
    assert pair.queue("rebuild", "--only", "other", code=64) == ""
