# SPDX-License-Identifier: GPL-3.0-or-later
"""Any gateway, seen from outside: what it answers, and what reaches the provider behind it."""
import http.client
import re
import ssl
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from lxml import etree

from attack.cases.g_certificate import Issuing, branch_message
from attack.outcomes import too_much_said
from attack.traps import Canary, bait
from harness import forge, raw, soap, wss
from harness.pki import Pki
from harness.provider import Provider


class Through(Exception):
    """The case got through; says how."""


class Refused(Exception):
    """A message that should have been answered was not; says how."""


class Skipped(Exception):
    """The target was not prepared for the case; says what is missing."""


MISSING = {
    "ec": "department-ec.crt is not known as one of department_is",
    "branch": "branch_is, known by issuer and number, is not there",
    "loose": "free_is, which may use every form, is not there",
    "server": "the target is not https",
    "mutual": "the target demands no client certificate of tls-ca.crt",
}
# What a client's own library says of an offer that it cannot make.
OWN_WORDS = {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH"}


class Answer:
    """An answer; status None when the connection was closed instead."""

    def __init__(self, status, octets):
        self.status, self.octets = status, octets
        self.fault = re.search(rb"<(?:[\w-]+:)?Fault[ >]", octets) is not None

    @property
    def refusal(self):
        return self.status is None or self.status >= 400 or self.fault

    @property
    def good(self):
        return self.status == 200 and not self.fault

    def __str__(self):
        words = re.search(rb"<faultstring[^>]*>([^<]*)", self.octets)
        told = f": {words[1].decode(errors='replace').strip()}" if words else ""
        return f"HTTP {self.status}{told}" if self.status else "the connection was closed"


class World:
    """The words of a case (attack), judged from outside. A refusal is a fault, a status of 400 or more, or a closed
    connection, after which nothing has reached the provider; whatever else comes out got through."""

    def __init__(self, folder, url, listen=None, patience=60):
        parts = urlsplit(url)
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname, parts.port or (443 if self.secure else 80)
        raw.PATH, raw.HOST = parts.path or "/", parts.netloc
        self.folder, self.patience = folder, patience
        self.pki = Pki(folder / "pki")
        self.me, self.attacker = self.pki["department"], self.pki["attacker-own-ca"]
        here = listen[0] if listen else "127.0.0.1"
        self.canary, self.bait = Canary(here), bait(folder)
        self.provider = Provider(self.pki["permits"], port=listen[1], host=here) if listen else None
        self.client_certificate = None
        self.capabilities = set()
        self.remarks = Counter()
        self.keeps_ids = True
        self.seen, self.expected = 0, Counter()

    # What a case is made of

    def signed(self, text=None, identity=None, **options):
        return forge.signed(identity or self.me, text, **options)

    def loose(self, text, **options):
        self.needs("loose")
        return forge.signed(self.pki["monitoring"], text, **options)

    def needs(self, what):
        if what not in self.capabilities:
            raise Skipped(MISSING[what])

    # What goes over the wire

    def tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.pki.path("tls-client.crt"), self.pki.path("tls-client.key"))
        return context

    def connect(self, listener="plain"):
        """A connection; the listeners of TLS are to be spoken to as the case wants."""
        s = raw.connect((self.host, self.port), self.patience)
        return self.tls().wrap_socket(s, server_hostname=self.host) if self.secure and listener not in ("server", "mutual") else s

    def talk(self, octets, **how):
        try:
            return raw.talk(self.connect(), octets, seconds=self.patience, **how)
        except TimeoutError as e:
            raise Through(f"no answer within {self.patience} s") from e

    def post(self, message, content_type="text/xml; charset=utf-8", headers=None):
        fields = {"Content-Type": content_type, "SOAPAction": '""', **(headers or {})}
        octets = message.encode() if isinstance(message, str) else message
        client = http.client.HTTPConnection(self.host, self.port, timeout=self.patience)
        client.sock = self.connect()
        try:
            try:
                client.request("POST", raw.PATH, octets, {k: v for k, v in fields.items() if v is not None})
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused while it was sent; the answer may be there
            reply = client.getresponse()
            return Answer(reply.status, reply.read())
        except (ConnectionError, http.client.HTTPException, ssl.SSLError):
            return Answer(None, b"")
        except TimeoutError as e:
            raise Through(f"no answer within {self.patience} s") from e
        finally:
            client.close()

    # What a case says

    def judge(self, answer):
        if not answer.refusal:
            raise Through(f"answered with {answer}")
        said = too_much_said(answer.octets)
        if said:
            self.remarks[f"answers say {said.group().decode(errors='replace')!r}"] += 1

    def refuses(self, message, _outcome, _reason, **how):
        self.judge(self.post(message, **how))

    def turns_away(self, message, _status, **how):
        self.judge(self.post(message, **how))

    def cuts_off(self, octets, _status, closed=True, **how):
        del closed  # of a gateway that answers with a status it is not known why
        reply = self.talk(octets, **how)
        self.judge(Answer(reply.status, reply.octets))

    def refuses_handshake(self, error, _alert):
        if getattr(error, "reason", None) in OWN_WORDS:
            raise Skipped("the TLS library here cannot make this offer")

    def expect(self, condition, words):
        if not condition:
            raise Through(str(words))

    def passes(self, message=None, listener=None, **how):
        del listener
        message = message or self.signed()
        answer = self.post(message, **how)
        self.answered(message, answer)
        return answer

    def answered(self, message, reply):
        answer = Answer(reply.status, reply.octets)
        if not answer.good:
            raise Refused(str(answer))
        self.expected[self.key(message)] += 1

    def repeats(self, message, again):
        first = self.passes(message)
        second = self.post(again)
        if not second.refusal and second.octets != first.octets and not self.provider:
            raise Through("answered a second time with something else")

    def at_once(self, message, times):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.post(message))) for _ in range(times)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.expected[self.key(message)] += 1
        if not self.provider and len({a.octets for a in answers if a.good}) > 1:
            raise Through("copies were answered with different things")

    def delivered(self):
        return self.provider.received[-1] if self.provider else None

    def key(self, octets):
        """By what a message is known again when it arrives."""
        return message_id(octets) if self.keeps_ids else "a message"

    # What holds after every case

    def after_case(self):
        """A good message is answered, and what has arrived is what should have."""
        try:
            self.passes(self.signed())
        except (Refused, Through, OSError) as e:
            raise Through(f"a good message behind it was not answered: {e}") from e
        if self.canary.callers:
            self.canary.callers.clear()
            raise Through("the target called an address that the message names")
        if self.bait.opened():
            raise Through("the target opened a file that the message names")
        if self.provider:
            arrived = Counter(self.key(octets) for octets in self.provider.received[self.seen:])
            self.seen = len(self.provider.received)
            if arrived - self.expected:
                raise Through("the provider got it")
        self.expected.clear()

    def waits(self, gone):
        """Until a good message is answered again; `gone` when it is not."""
        end = time.monotonic() + self.patience
        while True:
            try:
                self.passes(self.signed())
                self.seen = len(self.provider.received) if self.provider else 0
                return self.expected.clear()
            except (Refused, Through, OSError) as e:
                if time.monotonic() >= end:
                    raise gone(f"a good message was not answered for {self.patience} s: {e}") from e
                time.sleep(0.5)

    # Before everything

    def probe(self):
        """A good message passes, or Refused says why not; then, what else the target is prepared for."""
        good = self.signed()
        try:
            self.passes(good)
        except (OSError, Through) as e:
            raise Refused(str(e)) from e
        if self.provider and not self.provider.received:
            raise Refused("a good message is answered, and did not come to the listener: the service Demo leads elsewhere")
        self.keeps_ids = not self.provider or message_id(self.provider.received[-1]) == message_id(good)
        tries = {"ec": lambda: self.signed(identity=self.pki["department-ec"]),
                 "loose": lambda: forge.signed(self.pki["monitoring"], soap.envelope(soap.request(sender="free_is", password=None))),
                 "branch": lambda: self.signed(branch_message(self), Issuing(self).issue())}
        for what, make in tries.items():
            self.capabilities.add(what)
            if not self.post(make()).good:
                self.capabilities.remove(what)
        if self.secure:
            self.probe_tls()
        self.seen = len(self.provider.received) if self.provider else 0
        self.expected.clear()

    def probe_tls(self):
        """One that answers without a client certificate is not mutual."""
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
        self.capabilities.add("server")
        try:
            with bare.wrap_socket(raw.connect((self.host, self.port), self.patience), server_hostname=self.host) as s:
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if s.recv(1):
                    return
        except (ssl.SSLError, ConnectionError):
            pass
        self.capabilities.add("mutual")
        self.client_certificate = "tls-client"


def message_id(octets):
    try:
        return wss.parse(octets).xpath("string(//*[local-name()='messageId'])")
    except (etree.XMLSyntaxError, ValueError):
        return "what is not XML"
