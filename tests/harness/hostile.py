# SPDX-License-Identifier: GPL-3.0-or-later
"""The hostile set's world: a gateway with several listeners and kinds of participants, traps for what a message must
not cause, and what has to hold after every case whatever it was."""
import ctypes
import os
import re
import socket
import struct
import threading
from collections import Counter, namedtuple

from . import forge, raw, soap, wss
from .gateway import Answer, Gateway
from .provider import Provider

# For sanitizer builds: little freed memory is kept, so that what is resident says something; and a search looks at what
# it passes over, not at all that follows, which would make a linear scan quadratic.
SANITIZER = ":quarantine_size_mb=16:intercept_memmem=0"

BRANCH = "200640000012"

Outcome = namedtuple("Outcome", "status faultcode code")
FORMAT = Outcome(500, (soap.SOAP, "Client"), "SCE001")
SERVICE = Outcome(500, (soap.SOAP, "Client"), "SCE004")
CERTIFICATE = Outcome(500, (soap.WSSE, "InvalidSecurityToken"), "SCE005")
SIGNATURE = Outcome(500, (soap.WSSE, "FailedCheck"), "SCE006")
UNSIGNED = Outcome(500, (soap.WSSE, "InvalidSecurity"), "SCE007")
ALGORITHM = Outcome(500, (soap.WSSE, "UnsupportedAlgorithm"), "QG010")
TOKEN = Outcome(500, (soap.WSSE, "UnsupportedSecurityToken"), "QG011")
UNAVAILABLE = Outcome(500, (soap.WSSE, "SecurityTokenUnavailable"), "QG012")
SENDER = Outcome(500, (soap.WSSE, "FailedAuthentication"), "QG013")
EXPIRED = Outcome(500, (soap.WSSE, "MessageExpired"), "QG014")
UNDERSTAND = Outcome(500, (soap.SOAP, "MustUnderstand"), "QG015")
DUPLICATE = Outcome(500, (soap.SOAP, "Client"), "QG022")
IN_PROGRESS = Outcome(500, (soap.SOAP, "Server"), "QG023")
SECRET = Outcome(500, (soap.SOAP, "Client"), "QG024")
LIMIT = Outcome(500, (soap.SOAP, "Client"), "QG030")

# What no reply to a stranger may hold, outside a signature of the gateway.
SECRETS = re.compile(rb"libxml|xmlsec|openssl|gsoap|sqlite|libcurl|parser|/usr|/etc|/tmp|\.[ch]\b|\.crt|\.key|"
                     rb"line \d|octet \d|reason=|errno", re.I)


class Canary:
    """A listener that nobody has a reason to call."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/canary"
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


class Record:
    """What came out, by class."""

    def __init__(self):
        self.cases, self.refused, self.passed = Counter(), Counter(), Counter()

    def lines(self):
        yield f"{'class':<44}{'cases':>8}{'refused as expected':>22}{'legitimate passed':>20}"
        counts = (self.cases, self.refused, self.passed)
        rows = [(row, [c[row] for c in counts]) for row in sorted(self.cases)]
        for row, (cases, refused, passed) in [*rows, ("all", [sum(c.values()) for c in counts])]:
            yield f"{row:<44}{cases:>8}{refused:>22}{passed:>20}"


class World:
    def __init__(self, folder, pki, record):
        self.folder, self.pki, self.record = folder, pki, record
        self.canary = Canary()
        bait = folder / "bait.txt"
        bait.write_text("bait")
        self.bait = Watch(bait)
        self.me, self.attacker = pki["department"], pki["attacker-own-ca"]
        self.provider = Provider(pki["permits"])
        self.gateway = Gateway(folder, pki)
        self.configure(self.gateway.conf)
        self.gateway.service(self.provider)
        self.gateway.start({"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + SANITIZER})
        self.title = ""
        self.open_books()

    def configure(self, conf):
        p = self.pki.path
        slow = {"head_time": "1s", "body_time": "1s", "idle_time": "1s"}
        conf["listeners"] += [{"name": "quiet", "listen": "127.0.0.1:0"},
                              {"name": "slow", "listen": "127.0.0.1:0", "limits": slow},
                              self.tls_listener("server"), self.tls_listener("mutual", client_ca=str(p("tls-ca.crt")))]
        forms = "key-identifier issuer-serial binary-security-token x509-data plain".split()
        conf["profiles"] = [{"name": "standard"}, {"name": "loose", "accept": forms, "plain_id": True}]
        self.gateway.participant("department")["certificates"] = [
            str(p(f"{n}.crt")) for n in ("department", "department-ec", "expired", "future")]
        conf["participants"] += [
            {"name": "free", "sender_ids": "free_is", "certificates": str(p("monitoring.crt")), "profile": "loose",
             "may_call": "*"},
            {"name": "branch", "sender_ids": "branch_is", "issuer": str(p("issuing.crt")), "bin": BRANCH,
             "may_call": "*"}]

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
        octets = message.encode() if isinstance(message, str) else message
        routed = len(self.provider.received)
        for listener in ("plain", "quiet"):
            answer = Answer(self.gateway, self.gateway.post(octets, listener=listener, timeout=10, **how))
            self.is_refusal(answer, outcome, reason, listener == "plain")
        assert len(self.provider.received) == routed, "a refused message was routed"
        self.record.refused[self.title] += 1

    def is_refusal(self, answer, outcome, reason, explained):
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
        self.expected[error_id] = reason

    def keeps_silent(self, octets):
        said = re.sub(rb"<wsse:Security.*</wsse:Security>", b"", octets, flags=re.S)
        assert not SECRETS.search(said), said

    def passes(self, message, listener="plain", **how):
        """Answered 200, delivered once, answered with a signature that another program verifies."""
        octets = message.encode() if isinstance(message, str) else message
        routed = len(self.provider.received)
        answer = Answer(self.gateway, self.gateway.post(octets, listener=listener, timeout=10, **how))
        assert answer.status == 200, answer.octets
        answer.verified()
        assert len(self.provider.received) == routed + 1
        self.is_accepted(octets)
        return answer

    def turns_away(self, message, status, **how):
        """Refused by HTTP alone: no channel has seen it."""
        routed = len(self.provider.received)
        for listener in ("plain", "quiet"):
            answer = self.gateway.post(message, listener=listener, timeout=10, **how)
            assert answer.status_code == status, answer.content
            self.keeps_silent(answer.content)
        assert len(self.provider.received) == routed, "a refused request was routed"
        self.record.refused[self.title] += 1

    def cuts_off(self, octets, status, closed=True, **how):
        """Refused by HTTP as it arrives, and the connection is closed unless the request was whole."""
        routed = len(self.provider.received)
        reply = raw.talk(self.gateway.ports["plain"], octets, **how)
        assert (reply.status, reply.closed) == (status, closed), reply.octets[:1000]
        assert len(self.provider.received) == routed, "a refused request was routed"
        self.keeps_silent(reply.octets)
        self.record.refused[self.title] += 1

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.gateway.admin("/metrics").text, re.M).group(1))

    def is_accepted(self, octets):
        self.accepted.add(wss.parse(octets).xpath("string(//*[local-name()='messageId'])"))
        self.record.passed[self.title] += 1

    # What holds after every case

    def good(self, listener="plain"):
        self.passes(self.signed(), listener)

    def after_case(self):
        assert self.gateway.alive(), self.gateway.log_path.read_text()[-4000:]
        assert not self.canary.callers, "a message made the gateway call somebody"
        assert not self.bait.opened(), "a message made the gateway open a file"
        self.good()

    # What holds after every module

    def open_books(self):
        self.since, self.accepted, self.expected = soap.now(), set(), {}

    def close_books(self):
        """The journal and the log hold each refusal with its reason, and as accepted nothing but what was good."""
        facts = self.gateway.journal("--since", self.since)
        requests = [f for f in facts if (f["direction"], f["kind"]) == ("received", "request")]
        assert {f["verdict"] for f in requests} <= {"verified", "refused"}
        assert {f["message_id"] for f in requests if f["verdict"] == "verified"} == self.accepted
        assert {f["error_id"]: f["reason"] for f in requests if f["verdict"] == "refused"} == self.expected
        logged = Counter(e["err_id"] for e in self.gateway.events("message.refused") if e["err_id"] in self.expected)
        assert logged == Counter(list(self.expected)), "not one line in the log for each refusal"
        self.open_books()
