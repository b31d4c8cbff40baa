# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways behind HAProxy, with a Redis that Sentinel watches: restarted, changed and killed under load. What senders believe of
each request is compared with what the provider got and with what HAProxy has logged."""
import datetime
import socket
import time

from books import DIRECT_WAY
from cryptography import x509
from harness.haproxy import NODES, SAMPLES, HAProxy, listen_with_tls
from harness.ports import free_port
from load import Client
from message import DIRECT, is_signed_by
from phases import rebuild
from receiver import NORMAL, SLOW
from sentinel import Sentinels
from world import World

DRAIN_DELAY = "4s"
THREADS = 4              # of each load; each has one request under way at most
HERE = "127.0.0.2"       # of clients; not that of HAProxy, which gateways take for a proxy
COME_AGAIN = {"503", "QG023", "QG050", "QG051", "QG052"}  # nothing was sent, or the same message may come again (docs/faults)


class Cluster(World):
    """`deaths` are (name of the node, since, until) as its clients could see them."""

    def __init__(self, folder, pki, seed, sample):
        self.haproxy, self.sample, self.key, self.deaths = None, sample, "gateway-ec", []
        self.sentinels = Sentinels(folder.with_name(folder.name + "-redis"))
        super().__init__(folder, pki, seed, {**self.sentinels.queue(), "shared_replay": True}, self.configure)
        try:
            self.books.once.add(DIRECT_WAY)
            self.another(self.configure)
            self.nodes = dict(zip(NODES, (self.gateway, *self.spare)))
            self.haproxy = HAProxy(sample, self.nodes.values(), pki, log=self.folder / "haproxy").start()
            for name in self.nodes:
                self.is_in(name)
        except BaseException:
            self.close()
            raise

    def configure(self, node):
        listen_with_tls(node, DRAIN_DELAY)
        node.conf["admin"]["listen"] = f"127.0.0.1:{free_port()}"
        self.pki.issue_tls(node.folder)
        node.conf["listeners"][0].update(certificate=str(node.folder / "tls.crt"), key=str(node.folder / "tls.key"))
        node.service(self.receiver, DIRECT, endpoint=self.receiver.url.rstrip("/") + DIRECT_WAY, deadline="5s")

    def close(self):
        super().close()
        if self.haproxy:
            self.haproxy.close()
        self.sentinels.close()

    def is_in(self, name):
        self.wait(lambda: self.haproxy.has(name, "UP"), f"HAProxy knows that {name} is there")

    def both_loads(self, rate):
        """Of the service that waits, and of the one whose caller waits, whose provider gets nothing twice; both repeat some messages,
        which may come to the other gateway."""
        common = {"ports": [self.haproxy.port], "rate": rate / 2, "threads": THREADS, "tls": True, "balanced": True, "address": HERE}
        self.load(**common)
        self.load(**common, service=DIRECT, ordered=False, once=True, memory=20, repeated_every=10)
        had = dict(self.books.ways)
        ways = [DIRECT_WAY, *("/" + node.folder.name for node in self.nodes.values())]
        self.wait(lambda: all(self.books.ways[way] > had.get(way, 0) for way in ways), "all deliver")

    def die(self, name):
        """Until it is there again; see `revive`."""
        self.deaths.append((name, time.monotonic(), None))
        self.kill_gateway(self.nodes[name])

    def revive(self, name):
        self.deaths = [(n, since, until or time.monotonic()) for n, since, until in self.deaths]
        self.nodes[name].again()
        self.is_in(name)

    def dead_at(self, moment):
        return {name for name, since, until in self.deaths if since <= moment <= (until or moment)}


def since_begun(p, kind):
    return p.world.books.count[kind] - p.before.get(kind, 0)


def nothing_failed(p):
    """No client has seen anything but an answer, and no provider anything twice."""
    w = p.world
    w.end_of_load()
    w.drained(p.scale["drain"])
    for kind in ("broken", "put off", "unknown", "repeats"):
        if since_begun(p, kind):
            w.books.fault("failed", f"{since_begun(p, kind)} times {kind}: {w.books.cuts[-3:]} {dict(w.books.put_off)}")
    p.note(f"{w.sample}: none failed")


def rolling_restart(p):
    """One gateway after the other is stopped in order and started again."""
    w = p.world
    w.both_loads(p.scale["rate"])
    for name, node in list(w.nodes.items()) * p.scale["rolls"]:
        w.pause(p.random.uniform(0.1, p.scale["between"]))
        node.leave(w.books)
        node.again()
        w.is_in(name)
    nothing_failed(p)


def presented(pki, port):
    """Serial number of the certificate that a new connection is shown."""
    with socket.create_connection(("127.0.0.1", port), source_address=(HERE, 0)) as plain, \
            pki.tls_client().wrap_socket(plain, server_hostname="localhost") as s:
        return x509.load_der_x509_certificate(s.getpeercert(binary_form=True)).serial_number


def change_certificates(w, node, successor, moment):
    """Both of a node: that of its TLS, and the one that signs its answers."""
    serial = w.pki.issue_tls(node.folder)
    files = {name: {"name": name, "certificate": str(w.pki.path(f"{name}.crt")), "key": str(w.pki.path(f"{name}.key"))}
             for name in (w.key, successor)}
    files[w.key].update(successor=successor, successor_from=moment.isoformat())
    node.conf["keys"] = list(files.values())
    said = node.reload()
    if said != "new configuration in use" or presented(w.pki, node.port) != serial:
        w.books.fault("certificate", f"{node.folder.name}: {said}")


def rolling_certificates(p):
    """The certificate of TLS at once, node by node, and that of HAProxy; the signing key on all nodes at one moment, which each has
    learnt before."""
    w = p.world
    w.both_loads(p.scale["rate"])
    for n in range(p.scale["rolls"]):
        successor = {"gateway": "gateway-ec", "gateway-ec": "gateway"}[w.key]
        moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=4)
        for node in w.nodes.values():
            w.pause(p.random.uniform(0.1, p.scale["between"]))
            change_certificates(w, node, successor, moment)
        if w.sample == "terminate":
            serial = w.haproxy.renew()
            w.wait(lambda s=serial: presented(w.pki, w.haproxy.port) == s, "HAProxy shows its new certificate")
        w.wait(lambda: datetime.datetime.now(datetime.timezone.utc) > moment, "the moment of the successor comes")
        w.key = successor
        for name, node in w.nodes.items():
            client = Client(f"probe{p.run.number}.{n}.{name}", w.folder / "sent", [node.port], w.pki, p.run.seed, address=HERE, tls=True)
            client.one()
            if not is_signed_by(client.remembered[-1][1], [w.pki[successor].certificate]):
                w.books.fault("old key", name)
            client.close()
        w.pause(p.scale["between"])
    nothing_failed(p)


def had_before(node, message_id, moment):
    """Has this gateway registered the message before the client's moment?"""
    wall = datetime.datetime.fromtimestamp(moment + time.time() - time.monotonic()).astimezone()
    facts = node.journal("--message-id", message_id)
    return any(datetime.datetime.fromisoformat(fact["at"]) < wall for fact in facts if fact["direction"] == "received")


def only_the_killed_cut(p, cuts):
    """No connection broke but while a gateway was dead, none of them at the other gateway, and not more than one for each client."""
    w = p.world
    for moment, number, message_id in cuts:
        dead = w.dead_at(moment)
        if not dead:
            w.books.fault("cut", f"{number}: nobody was dead")
        for name, node in w.nodes.items():
            if name not in dead and had_before(node, message_id, moment):
                w.books.fault("cut", f"{number}: at {name}, which was alive")
    most = 2 * THREADS * len(w.deaths)
    if len(cuts) > most:
        w.books.fault("cut", f"{len(cuts)} requests by {len(w.deaths)} deaths, at most {most} were under way")


def account(p, cuts):
    """How every request ended by its sender's account, and what the provider got of those of which the sender knows nothing."""
    w = p.world
    strange = set(w.books.put_off) - COME_AGAIN
    if strange:
        w.books.fault("put off", f"by {strange}, which does not say that the message may come again")
    for number in w.books.unknown - {number for _, number, _ in w.books.cuts}:
        w.books.fault("unknown", f"{number}: no connection of it broke")
    done = sum(w.books.effects[number] for number in w.books.unknown)
    p.note(f"{w.sample}: {since_begun(p, 'accepted')} answered, {since_begun(p, 'put off')} times told to come again, {len(cuts)} cut by "
           f"the killed; {len(w.books.unknown)} senders were told that nobody knows, and the provider has acted for {done} of them")


def with_calls(w):
    """Names of the gateways that have calls in their hands. Where connections are passed through, one that came back may have none
    for long: clients that are connected to the other stay there."""
    return [name for name, node in w.nodes.items() if node.admin("/status").json()["in_flight"] >= 3]


def failover(p):
    """A gateway is killed with calls in its hands, and while it is away the master of Redis; Sentinel makes the replica master."""
    w = p.world
    w.both_loads(p.scale["rate"])
    first, back = len(w.books.cuts), 0
    for n in range(p.scale["failovers"]):
        if n:
            w.sentinels.restore(w)
        w.wait(w.sentinels.follows, "the replica follows")
        w.pause(0.5)
        w.receiver.be(SLOW)
        busy = []
        w.wait(lambda found=busy: found.extend(with_calls(w)) or found, "a gateway has calls in its hands")
        name = p.random.choice(busy or NODES)
        w.die(name)
        w.receiver.be(NORMAL)
        w.pause(p.random.uniform(0, p.scale["between"]))
        w.sentinels.kill_master()
        w.killed += 1
        w.wait(w.sentinels.is_moved, "Sentinel has found a master")
        p.ends_by()
        w.revive(name)
        w.pause(0.3)
        back += rebuild(w)
    w.end_of_load()
    w.drained(p.scale["drain"])
    p.order_excused = back > 0
    p.note(f"{back} messages were not replicated and put back")
    cuts = w.books.cuts[first:]
    only_the_killed_cut(p, cuts)
    account(p, cuts)


SHORT = {"pass-through": (rolling_restart, rolling_certificates), "terminate": (rolling_restart, rolling_certificates, failover)}
LONG = dict.fromkeys(SAMPLES, (rolling_restart, rolling_certificates, failover))


def run_behind(sample):
    def part(run, folder):
        acts = [act for act in (LONG if run.options.long else SHORT)[sample] if run.wants(act)]
        if acts:
            world = Cluster(folder / sample, run.pki, run.seed, sample)
            try:
                for act in acts:
                    run.act(act, world)
            finally:
                world.close()
    return part


PARTS = tuple(run_behind(sample) for sample in SAMPLES)
