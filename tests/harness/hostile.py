# SPDX-License-Identifier: GPL-3.0-or-later
"""The hostile set's world: a gateway with several listeners and kinds of participants, traps for what a message must
not cause, and what has to hold after every case whatever it was."""
import hashlib
import os
import re
import threading
import time
from collections import Counter

import yaml

from attack.outcomes import IN_PROGRESS, Outcome, too_much_said
from attack.prepare import fragment
from attack.traps import Canary, bait

from . import forge, raw, soap, wss
from .gateway import Answer, Gateway, instrumented
from .provider import Provider

# For sanitizer builds: little freed memory is kept, so that what is resident says something; and a search looks at what
# it passes over, not at all that follows, which would make a linear scan quadratic.
SANITIZER = ":quarantine_size_mb=16:intercept_memmem=0"
KEPT_MOST = 65536
# The rooms whose reasons stand before any cryptography.
EARLY = ("xml", "soap", "security")


class World:
    def __init__(self, folder, pki, record):
        self.folder, self.pki, self.record = folder, pki, record
        self.canary = Canary()
        self.bait = bait(folder)
        self.me, self.attacker = pki["department"], pki["attacker-own-ca"]
        self.provider = Provider(pki["permits"])
        self.gateway = Gateway(folder, pki)
        self.configure(self.gateway.conf)
        self.gateway.start({"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + SANITIZER})
        self.instrumented = instrumented()
        self.title = ""
        self.open_books()

    def configure(self, conf):
        p = self.pki.path
        slow = {"head_time": "1s", "body_time": "1s", "idle_time": "1s"}
        conf["listeners"] += [{"name": "quiet", "listen": "127.0.0.1:0"},
                              {"name": "slow", "listen": "127.0.0.1:0", "limits": slow},
                              self.tls_listener("server"), self.tls_listener("mutual", client_ca=str(p("tls-ca.crt")))]
        conf.update(yaml.safe_load(fragment(self.pki.folder, self.provider.url, self.gateway.password_hash)))

    def tls_listener(self, kind, **more):
        return {"name": kind, "tls": kind, "listen": "127.0.0.1:0", "certificate": str(self.pki.path("tls-server.crt")),
                "key": str(self.pki.path("tls-server.key")), "limits": {"handshake_time": "500ms"}, **more}

    def close(self):
        """The gateway ends well, and its error output is its log alone: no words of libraries or sanitizers."""
        code = self.gateway.stop()
        self.provider.close()
        said = self.gateway.log_path.read_text()
        assert code == 0, f"the gateway ended with {code}:\n{said[-4000:]}"
        assert not [line for line in said.splitlines() if not line.startswith("{")]

    # What a case is made of

    def signed(self, text=None, identity=None, **options):
        return forge.signed(identity or self.me, text, **options)

    def loose(self, text, **options):
        """Signed by the participant that may use every form."""
        return forge.signed(self.pki["monitoring"], text, **options)

    # What a case says

    def refuses(self, message, outcome, reason, **how):
        """Refused at the listener that explains and at the one that does not; told alike, explained once."""
        routed = len(self.provider.received)
        for listener in ("plain", "quiet"):
            before = self.processor_time()
            answer = self.post(message, listener, **how)
            cost = self.processor_time() - before
            self.is_refusal(message, answer, outcome, reason, listener == "plain")
            self.is_cheap(cost, len(message), reason)
        assert len(self.provider.received) == routed, "a refused message was routed"

    def is_refusal(self, message, answer, outcome, reason, explained):
        root = wss.parse(answer.octets)
        code = root.find(f"{{{soap.SOAP}}}Body/{{{soap.SOAP}}}Fault/faultcode")
        assert code is not None, answer.octets
        prefix, _, local = code.text.partition(":")
        found = Outcome(answer.status, (code.nsmap[prefix], local), answer.code)
        error_id = re.search(rb"errorId=([0-9a-zA-Z]+)", answer.octets).group(1).decode()
        detail = f"{answer.reason}: {answer.text('errorData')}"
        assert found == outcome, detail
        if explained:
            assert answer.reason == reason, detail
        else:
            self.keeps_silent(answer.octets)
        self.expected[error_id] = (reason, hashlib.sha256(octets_of(message)).hexdigest(), len(octets_of(message)))

    def processor_time(self):
        """Seconds that the gateway has calculated so far, all its threads together."""
        return time.clock_gettime(~self.gateway.process.pid << 3 | 2)  # the clock of another process: clock_getcpuclockid(3)

    def is_cheap(self, cost, size, reason):
        """No message may cost more than a second, and what is refused before cryptography, up to a megabyte, not more than a
        tenth; that is leave for a machine with other work."""
        most = 0.3 if reason.split(".")[0] in EARLY and size <= 1.1 * (1 << 20) else 1.0
        self.record.cost(self.title, cost)
        assert self.instrumented or cost < most, f"{size} octets cost {cost:.3f} s of the processor"

    @staticmethod
    def keeps_silent(octets):
        assert not too_much_said(octets), octets

    def refuses_handshake(self, error, alert):
        assert f"ALERT_{alert}" in str(error)

    def expect(self, condition, words):
        assert condition, words

    def needs(self, what):
        """Everything is prepared here."""

    patience = 10  # seconds until a slow client is hung up on, at most
    client_certificate = None

    def connect(self, listener="plain"):
        return raw.connect(self.gateway.ports[listener])

    def talk(self, octets, **how):
        return raw.talk(self.connect(), octets, **how)

    def delivered(self):
        """What the provider got last."""
        return self.provider.received[-1]

    def post(self, message, listener="plain", **how):
        return Answer(self.gateway, self.gateway.post(octets_of(message), listener=listener, timeout=10, **how))

    def passes(self, message=None, listener="plain", **how):
        """Answered 200, delivered once, answered with a signature that another program verifies."""
        message = message or self.signed()
        routed = len(self.provider.received)
        answer = self.post(message, listener, **how)
        assert answer.status == 200, answer.octets
        answer.verified()
        assert len(self.provider.received) == routed + 1
        self.is_accepted(message)
        return answer

    def answered(self, message, reply):
        """A good message that the case sent by itself."""
        assert reply.status == 200, reply.octets
        self.is_accepted(message)

    def repeats(self, message, again):
        """The second is answered like the first, and only the first is routed."""
        first = self.passes(message)
        routed = len(self.provider.received)
        assert self.post(again).octets == first.octets
        assert len(self.provider.received) == routed

    def at_once(self, message, times):
        """The same message on so many connections at once is routed once."""
        routed, answers = len(self.provider.received), []
        threads = [threading.Thread(target=lambda: answers.append(self.post(message))) for _ in range(times)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(self.provider.received) == routed + 1
        self.is_accepted(message)
        for answer in answers:
            if answer.status != 200:
                self.is_refusal(message, answer, IN_PROGRESS, "replay.in-progress", True)
        assert len({a.octets for a in answers if a.status == 200}) == 1

    def turns_away(self, message, status, **how):
        """Refused by HTTP alone: no channel has seen it."""
        routed = len(self.provider.received)
        for listener in ("plain", "quiet"):
            answer = self.gateway.post(message, listener=listener, timeout=10, **how)
            assert answer.status_code == status, answer.content
            self.keeps_silent(answer.content)
        assert len(self.provider.received) == routed, "a refused request was routed"

    def cuts_off(self, octets, status, closed=True, **how):
        """Refused by HTTP as it arrives, and the connection is closed unless the request was whole."""
        routed = len(self.provider.received)
        reply = self.talk(octets, **how)
        assert (reply.status, reply.closed) == (status, closed), reply.octets[:1000]
        assert len(self.provider.received) == routed, "a refused request was routed"
        self.keeps_silent(reply.octets)

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.gateway.admin("/metrics").text, re.M).group(1))

    def is_accepted(self, message):
        self.accepted.add(wss.parse(message).xpath("string(//*[local-name()='messageId'])"))

    # What holds after every case

    def after_case(self):
        assert self.gateway.alive(), self.gateway.log_path.read_text()[-4000:]
        assert not self.canary.callers, "a message made the gateway call somebody"
        assert not self.bait.opened(), "a message made the gateway open a file"
        self.passes()

    # What holds after every module

    def open_books(self):
        self.since, self.accepted, self.expected = soap.now(), set(), {}

    def close_books(self):
        """The journal and the log hold each refusal with its reason, and as accepted nothing but what was good."""
        facts = self.gateway.journal("--since", self.since)
        requests = [f for f in facts if (f["direction"], f["kind"]) == ("received", "request")]
        assert {f["verdict"] for f in requests} <= {"verified", "refused"}
        assert {f["message_id"] for f in requests if f["verdict"] == "verified"} == self.accepted
        refused = {f["error_id"]: (f["reason"], f["sha256"], f["size"]) for f in requests if f["verdict"] == "refused"}
        assert refused == self.expected
        self.keeps_little(requests)
        logged = Counter(e["err_id"] for e in self.gateway.events("message.refused") if e["err_id"] in self.expected)
        assert logged == Counter(list(self.expected)), "not one line in the log for each refusal"
        self.open_books()

    def keeps_little(self, requests):
        """Of what was refused the journal keeps the octets up to a bound, and none of a state secret."""
        kept = {f["error_id"]: f["kept"] for f in requests}
        for error_id, (reason, _, size) in self.expected.items():
            assert kept[error_id] == (0 if reason == "message.secret" or size > KEPT_MOST else size)


def octets_of(message):
    return message.encode() if isinstance(message, str) else message


# The tests of a class, for its module; conftest.py gives them the module's cases.

def test_attack(world, attack):
    world.record.count(world.title, "cases")
    attack(world)
    world.record.count(world.title, "refused as expected")


def test_legitimate(world, legitimate):
    world.record.count(world.title, "legitimate")
    legitimate(world)
    world.record.count(world.title, "passed")
