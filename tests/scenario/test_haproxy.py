# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways behind HAProxy, with the samples of config/haproxy as they are shipped."""
import re
import signal
import threading
from http.client import HTTPException

import pytest

from harness import soap, wss
from harness.gateway import Gateway
from harness.haproxy import NODES, SAMPLES, HAProxy, listen_with_tls
from harness.pki import ROOT
from harness.provider import Provider


class Cluster:
    """Gateways and HAProxy; `gate` holds the provider's answers while it is closed."""

    def __init__(self, folder, pki, sample):
        self.pki, self.sample, self.haproxy = pki, sample, None
        self.gate = threading.Event()
        self.gate.set()
        self.provider = Provider(pki["permits"], self.answer)
        self.gateways = [self.gateway(folder / name) for name in NODES]

    def gateway(self, folder):
        folder.mkdir()
        g = Gateway(folder, self.pki)
        g.service(self.provider)
        listen_with_tls(g, drain_delay="5s")
        return g

    def answer(self, octets):
        self.gate.wait(30)
        return self.provider.signed_answer(octets)

    def begin(self, *changes, up=NODES, known=NODES):
        for g in self.gateways:
            g.start()
        self.haproxy = HAProxy(self.sample, self.gateways[:len(known)], self.pki, changes).start()
        self.haproxy.wait(lambda: all(self.haproxy.has(name, "UP") for name in up))
        return self

    def message(self):
        return wss.sign(soap.envelope(soap.request()), self.pki["department"])

    def send(self, address="127.0.0.2"):
        """A message on a connection of its own."""
        client = self.haproxy.client(address)
        try:
            return client.post(self.message())
        finally:
            client.close()

    def held(self, count, address="127.0.0.2"):
        """That many messages, all at the provider, whose gate is closed; a gateway has half of them."""
        self.gate.clear()
        before, later = len(self.provider.received), []
        for n in range(count):
            later.append(Later(lambda: self.send(address)))
            self.haproxy.wait(lambda n=n: len(self.provider.received) > before + n)
        return later

    def close(self):
        self.gate.set()
        if self.haproxy:
            self.haproxy.close()
        for g in self.gateways:
            g.stop(signal.SIGKILL)
        self.provider.close()


class Later:
    """A call in a thread, and what it gave or threw."""

    def __init__(self, call):
        self.result = None
        self.thread = threading.Thread(target=self.run, args=(call,))
        self.thread.start()

    def run(self, call):
        try:
            self.result = call()
        except (OSError, HTTPException) as e:
            self.result = e

    def take(self):
        self.thread.join()
        return self.result


def status(result):
    """503, or None when the connection was closed without an answer."""
    return None if isinstance(result, Exception) else result[0]


@pytest.fixture(params=SAMPLES)
def cluster(request, tmp_path, pki):
    c = Cluster(tmp_path, pki, request.param)
    yield c
    c.close()


def test_haproxy_takes_the_sample_without_a_word(cluster):
    for g in cluster.gateways:
        g.ports = {"plain": 1, "admin": 2}
    cluster.haproxy = HAProxy(cluster.sample, cluster.gateways, cluster.pki)
    done = cluster.haproxy.check()
    assert (done.returncode, done.stdout + done.stderr) == (0, b"Configuration file is valid\n")


def test_both_gateways_get_messages_and_see_who_sent_them(cluster):
    cluster.begin()
    for address in ("127.0.0.2", "127.0.0.3") * 4:
        code, _, octets = cluster.send(address)
        assert code == 200
        wss.verify(octets, cluster.pki["gateway"].certificate)
    received = [[f["peer"] for f in g.journal() if (f["direction"], f["kind"]) == ("received", "request")] for g in cluster.gateways]
    assert all(received) and sorted(sum(received, [])) == ["127.0.0.2"] * 4 + ["127.0.0.3"] * 4


def test_bounds_of_an_address_are_those_of_the_client(cluster):
    for g in cluster.gateways:
        g.conf["listeners"][0]["limits"] = {"requests_per_address": 1}
    cluster.begin()
    held = cluster.held(2)
    code, fields, body = cluster.send()
    assert (code, body.split()[0]) == (503, b"address.requests:") and int(fields["Retry-After"]) > 0
    held += cluster.held(1, "127.0.0.3")
    cluster.gate.set()
    assert [h.take()[0] for h in held] == [200] * 3


def test_a_gateway_that_says_come_later_is_heard_word_for_word(cluster):
    for g in cluster.gateways:
        g.conf["services"][0]["in_flight"] = 1
        g.participant("department")["share"] = 100
    cluster.begin()
    held = cluster.held(2)
    code, fields, body = cluster.send()
    assert code == 503 and int(fields["Retry-After"]) > 0 and b"service.busy" in body
    wss.verify(body, cluster.pki["gateway"].certificate)
    cluster.gate.set()
    assert [h.take()[0] for h in held] == [200] * 2


def places(cluster, queue="5s"):
    """One place at each gateway."""
    most = {"pass-through": "9000", "terminate": "2000"}[cluster.sample]
    return cluster.begin((f"maxconn {most}", "maxconn 1"), ("timeout queue 5s", f"timeout queue {queue}"))


def test_what_finds_no_place_waits_and_is_counted(cluster):
    places(cluster, "1m")
    held = cluster.held(2)
    third = Later(cluster.send)
    cluster.haproxy.wait(lambda: cluster.haproxy.queued() == 1)
    assert len(cluster.provider.received) == 2
    cluster.gate.set()
    assert [h.take()[0] for h in [*held, third]] == [200] * 3


def test_what_waited_in_vain_was_sent_to_nobody(cluster):
    places(cluster, "1s")
    held = cluster.held(2)
    refused = Later(cluster.send).take()
    assert status(refused) == (503 if cluster.sample == "terminate" else None)
    assert cluster.sample != "terminate" or refused[1]["Retry-After"] == "5"
    cluster.gate.set()
    assert [h.take()[0] for h in held] == [200] * 2
    assert cluster.send()[0] == 200
    assert len(cluster.provider.received) == 3


def test_a_gateway_without_a_journal_gets_nothing(cluster):
    """Ready is what /readyz says, and not that somebody listens."""
    cluster.gateways[0].conf["journal"]["free_space"] = "1000GiB"
    cluster.begin(up=["two"])
    cluster.haproxy.wait(lambda: cluster.haproxy.has("one", "DOWN"))
    assert cluster.haproxy.servers()["one"]["check_code"] == "503"
    assert [cluster.send()[0] for _ in range(4)] == [200] * 4


@pytest.mark.rule("B9")
def test_a_stopping_gateway_gets_nothing_new_and_ends_what_it_has(cluster):
    cluster.begin()
    one, two = cluster.gateways
    steady = cluster.haproxy.client()  # a client that keeps its connection as long as it may
    assert steady.post(cluster.message())[0] == 200
    held = cluster.held(4)
    one.kill(signal.SIGTERM)
    cluster.haproxy.wait(lambda: cluster.haproxy.has("one", "DOWN"))
    assert one.alive() and one.events("gateway.leaving") and not one.events("gateway.stopping")
    cluster.gate.set()
    assert [h.take()[0] for h in held] == [200] * 4
    assert [steady.post(cluster.message())[0] for _ in range(4)] == [200] * 4
    before = len(two.journal())
    assert [cluster.send()[0] for _ in range(4)] == [200] * 4
    assert len(two.journal()) == before + 16  # four facts each
    assert one.process.wait(20) == 0
    assert [cluster.send()[0], steady.post(cluster.message())[0]] == [200] * 2
    assert not [e for g in cluster.gateways for e in g.events("message.refused")]


def steadily(cluster, stop):
    """Statuses of a client that keeps its connection as long as it may."""
    client, statuses = cluster.haproxy.client(), []
    while not stop.is_set():
        statuses.append(client.post(cluster.message())[0])
    client.close()
    return statuses


def test_a_gateway_is_added_and_nobody_notices(cluster):
    cluster.begin(known=["one"], up=["one"])
    stop = threading.Event()
    clients = [Later(lambda: steadily(cluster, stop)) for _ in range(4)]
    cluster.haproxy.wait(lambda: len(cluster.provider.received) > 20)
    cluster.haproxy.reload(cluster.gateways)
    cluster.haproxy.wait(lambda: all(cluster.haproxy.has(name, "UP") for name in NODES))
    while not cluster.gateways[1].journal():
        assert cluster.send()[0] == 200
    stop.set()
    results = [c.take() for c in clients]
    assert all(isinstance(r, list) and set(r) == {200} for r in results), results


def test_a_gateway_that_an_operator_takes_out_works_on_and_gets_nothing_new(cluster):
    cluster.begin()
    one = cluster.gateways[0]
    held = cluster.held(4)
    assert cluster.haproxy.ask("set server gateways/one state drain").strip() == ""
    before = len(one.journal())
    cluster.gate.set()
    assert [h.take()[0] for h in held] == [200] * 4
    assert [cluster.send()[0] for _ in range(4)] == [200] * 4
    assert len(one.journal()) == before + 2 * 2  # it had half of those that were held, and their answers were missing
    cluster.haproxy.ask("set server gateways/one state ready")
    cluster.haproxy.wait(lambda: cluster.haproxy.has("one", "UP"))
    while len(one.journal()) == before + 4:
        assert cluster.send()[0] == 200


def test_what_was_sent_to_a_gateway_that_dies_is_not_sent_again(cluster):
    cluster.begin()
    held = cluster.held(2)
    cluster.gateways[0].process.kill()
    cluster.haproxy.wait(lambda: any(h.result for h in held) or len(cluster.provider.received) > 2)
    assert len(cluster.provider.received) == 2
    cluster.gate.set()
    cut, answered = sorted((h.take() for h in held), key=lambda result: status(result) == 200)
    assert status(cut) in (502, None) and status(answered) == 200
    assert len(cluster.provider.received) == 2
    assert [cluster.send()[0] for _ in range(4)] == [200] * 4  # also before HAProxy has asked again
    assert len(cluster.provider.received) == 6


# ---- times ----

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()
    return int(number) * UNITS[unit]


def default_of(word):
    """The longest that the manual page has for this word, in whatever section."""
    return max(map(seconds, re.findall(rf"^- `{word}`: .*default `(\w+)`", (ROOT / "docs/man/qaqpa.yaml.5.md").read_text(), re.M)))


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_gateway_is_always_the_first_to_lose_patience(sample):
    text = (ROOT / "config/haproxy" / f"{sample}.cfg").read_text()
    times = {name: seconds(value) for name, value in re.findall(r"^ *timeout ([\w-]+) (\w+)", text, re.M)}
    descriptors = "".join(path.read_text() for path in (ROOT / "adapters").glob("*/services.yaml"))
    deadlines = [seconds(d) for d in re.findall(r"^ *deadline: (\w+)", descriptors, re.M)]
    assert min(times["server"], times["client"]) > max(*deadlines, default_of("deadline"))
    assert times["client"] > max(default_of(word) for word in ("body_time", "write_time", "head_time"))
    if sample == "terminate":
        assert times["http-keep-alive"] < default_of("idle_time")
        assert times["http-request"] == default_of("head_time")
    else:
        assert times["client"] > default_of("idle_time")
