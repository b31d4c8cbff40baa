# SPDX-License-Identifier: GPL-3.0-or-later
"""Good and refused messages of every way through the gateway carry marks as password, content, number of a person and key. Nobody
who reads logs, metrics, health, faults, what commands print, or what a crash leaves finds one."""
import base64
import http.client
import json
import signal
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from harness import async_soap as a
from harness import forge, persons, soap, wss
from harness.gateway import BIN, PATH, Answer, Gateway, hash_password
from harness.hidden import persons_in
from harness.provider import Provider
from harness.redis import Redis

PASSWORD, WRONG = "MarkPassword-7f3a91", "MarkWrong-55d0c2"
TOKEN, REDIS_WORD, KEY_WORD = "MarkToken-0123456789ab", "MarkRedis-90ab77", "MarkKeyWord-1c2d3e"
CONTENT = "MarkContent-c0ffee"
NAME = "MarkName-beef42"  # of elements and services: structure is told, what stands in it is not
IIN, OTHER_IIN, CALLER_IIN = "880101300123", "031231600122", "900101300027"
MARKS = (PASSWORD, WRONG, TOKEN, REDIS_WORD, KEY_WORD, CONTENT)
SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:m" elementFormDefault="qualified">
<xs:element name="R"><xs:complexType><xs:sequence><xs:element name="iin"><xs:simpleType><xs:restriction base="xs:string">
<xs:pattern value="[0-9]{{11}}"/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def data(iin=IIN, content=CONTENT, more=""):
    return f'<data><m:R xmlns:m="urn:m"><m:iin>{iin}</m:iin><m:text>{content}</m:text>{more}</m:R></data>'


DOC = f'<p:Order xmlns:p="urn:demo:order"><p:iin>{IIN}</p:iin><p:text>{CONTENT}</p:text>@</p:Order>'


class Shop:
    """A gateway with a service for each way, and everything that was said to strangers and by commands."""

    def __init__(self, folder, pki):
        self.folder, self.pki, self.said = folder, pki, []
        self.persons = persons.make(folder, pki)
        self.provider, self.receiver = Provider(pki["permits"]), Provider(pki["permits"])
        self.redis = Redis(folder / "redis")
        self.redis.configure("requirepass", REDIS_WORD)
        self.gateway = Gateway(folder, pki)
        self.configure(self.gateway.conf)

    def file(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
        path.chmod(0o600)
        return str(path)

    def configure(self, conf):
        g = self.gateway
        sealed = self.pki["gateway"].key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                       serialization.BestAvailableEncryption(KEY_WORD.encode()))
        conf["keys"][0].update(key=self.file("sealed.key", sealed), password_file=self.file("key.word", KEY_WORD + "\n"))
        conf["gateway"] = {"log_level": "debug", "sender_id": "gateway_is"}
        conf["admin"]["token_file"] = self.file("token", TOKEN + "\n")
        conf["listeners"].append({"name": "outside", "listen": "127.0.0.1:0"})
        conf["queue"] = {"socket": str(self.redis.socket), "spool": str(self.folder / "spool"), "inline": "0",
                         "password_file": self.file("redis.word", REDIS_WORD + "\n")}
        conf["retries"] = [{"name": "standard", "initial": "50ms", "max_interval": "100ms", "max_attempts": 2, "expire_after": "1h"}]
        conf["rules"] = [{"name": "director", "subjects": "employee", "any_of": persons.DIRECTOR, "own_bin": True}]
        department, permits = conf["participants"]
        department.update(password_hash=hash_password(PASSWORD), **{"async": {"mode": "pull"}})
        permits.update(password_hash=hash_password(PASSWORD), **{"async": {"mode": "push", "endpoint": self.receiver.url}})
        g.service(self.provider)
        g.service(self.provider, "Schema", schema=self.file("m.xsd", SCHEMA))
        g.service(self.provider, "Fields", fields=[{"element": "iin", "is": "bin"}])
        g.service(self.provider, "Kinds", kinds={"element": "iin", "allowed": ["A"]})
        g.service(self.provider, "Term", term={"element": "text", "late": "refuse"})
        g.service(self.provider, "Inner", inner={"accept": "enveloped", "rules": ["director"]})
        g.service(self.receiver, "Later", delivery="queued", repeat_safe=True)
        g.service(self.provider, "Told", notices=[{"on": ["accepted", "refused"], "service": "Later"}])
        conf["services"].append({"id": "Async", "provider": "permits", "channel": "async"})

    def tell(self, octets):
        self.said.append(octets if isinstance(octets, str) else octets.decode(errors="replace"))

    def send(self, service="Demo", body=None, sign=None, listener="plain", **fields):
        fields.setdefault("password", PASSWORD)
        text = soap.envelope(soap.request(body or data(), service=service, **fields))
        octets = text.encode() if sign is False else wss.sign(text, sign or self.pki["department"])
        answer = Answer(self.gateway, self.gateway.post(octets, listener=listener))
        self.tell(answer.octets)
        return answer

    def raw(self, octets):
        """Octets on the wire as they are; what comes back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.ports["outside"], timeout=20)
        connection.connect()
        connection.sock.sendall(octets)
        self.tell(connection.sock.recv(65536))
        connection.close()

    def command(self, *words, **how):
        done = subprocess.run([BIN / words[0], *words[1:]], capture_output=True, timeout=60, check=False, **how)
        self.tell(done.stdout + done.stderr)
        return done

    def admin(self, page):
        answer = self.gateway.admin(page, TOKEN)
        self.tell(answer.content)
        return answer

    def close(self):
        self.gateway.stop()
        self.redis_stop()
        self.provider.close()
        self.receiver.close()

    def redis_stop(self):
        self.redis.process.terminate()
        self.redis.process.wait(20)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, pki):
    s = Shop(tmp_path_factory.mktemp("shop"), pki)
    s.gateway.start()
    s.gateway.wait(lambda: all(c["ok"] for c in s.admin("/readyz").json()["checks"]))
    play(s)
    yield s
    s.close()


def good_messages(s):
    assert s.send().status == 200
    signed = persons.sign_xml(DOC, s.persons["director"])
    assert s.send("Inner", f"<data>{signed}</data>").status == 200
    assert s.send("Told").status == 200
    assert s.send("Later").status == 200
    s.gateway.wait(lambda: s.receiver.received)


def refused_messages(s):
    stranger = forge.Made(*stranger_of(s))
    for listener in ("plain", "outside"):
        for fields in ({"password": WRONG}, {"password": None}, {"sender": IIN}, {"sender": NAME}, {"service": IIN},
                       {"service": NAME}, {"date": CONTENT}, {"date": soap.now(days=-30)}, {"sign": s.pki["permits"]},
                       {"sign": False}, {"sign": stranger}, {"message_id": "x" * 300 + IIN}):
            assert s.send(listener=listener, **fields).status >= 400, fields
        for service, body in (("Schema", None), ("Schema", data(iin=OTHER_IIN, content="")), ("Fields", None), ("Kinds", None),
                              ("Term", None), ("Inner", None), ("Inner", f"<data>{unsigned(DOC)}</data>"),
                              ("Inner", f"<data>{persons.sign_xml(DOC, s.persons['accountant'])}</data>"),
                              ("Inner", f"<data>{persons.sign_xml(DOC, s.persons['foreign director'])}</data>"),
                              ("Inner", f"<data>{persons.sign_xml(DOC, s.persons['director']).replace(IIN, OTHER_IIN)}</data>")):
            assert s.send(service, body, listener=listener).status >= 400, (service, body)
        for text in (f"<{NAME}>{CONTENT}", f"<a>{CONTENT}&{IIN};</a>", f"<!DOCTYPE {CONTENT}>",
                     f"<a {NAME}='{CONTENT} {IIN}' {NAME}=''/>", soap.envelope(f"<{NAME}>{CONTENT} {IIN}</{NAME}>")):
            answer = s.gateway.post(text.encode(), listener=listener)
            s.tell(answer.content)
            assert answer.status_code >= 400


def stranger_of(s):
    """A person's own certificate of the authority, which nobody configured, as signer of a message."""
    key = s.persons["director"].key
    made = forge.issue(s.pki["issuing"], key, forge.name("MarkStranger", serial_number=f"IIN{CALLER_IIN}"))
    return made.der, key


def unsigned(doc):
    return doc.replace("@", "")


def answers_of_providers(s):
    def words(_):
        return 500, "text/xml; charset=utf-8", soap.envelope(soap.fault(message=f"{CONTENT} {IIN}")).encode()

    for answer in (lambda o: (500, "text/plain", f"{CONTENT} {IIN} {PASSWORD}".encode()), words,
                   lambda o: (200, "text/xml", f"<x>{CONTENT}".encode()), lambda o: None,
                   lambda o: s.provider.signed_answer(o, text=soap.envelope(soap.response(code="SCSE001", message="no"))),
                   lambda o: s.provider.signed_answer(o, text=soap.envelope(f"<{NAME}>{CONTENT}</{NAME}>"))):
        s.provider.answer = answer
        s.send()
        s.send("Told")
    s.provider.answer = s.provider.signed_answer


def dead_letters(s):
    s.receiver.answer = lambda o: (200, "text/xml", f"<{NAME}>{CONTENT} {IIN}</{NAME}>".encode())
    assert s.send("Later").status == 200
    s.gateway.wait(lambda: s.gateway.events("delivery.dead"))


def asynchronous(s):
    s.receiver.answer = lambda o: (500, "text/plain", f"{CONTENT} {IIN}".encode())
    for password, identity in ((PASSWORD, "department"), (WRONG, "department"), (PASSWORD, "permits")):
        text = a.message(service="Async", password=password, data=data())
        answer = s.gateway.post(wss.sign(text, s.pki[identity]), path="/bip-async/")
        s.tell(answer.content)


def wires(s):
    auth = base64.b64encode(f"u:{PASSWORD}".encode()).decode()
    for line in (f"GET /{CONTENT}?p={IIN} HTTP/1.1\r\nHost: {PASSWORD}\r\nAuthorization: Basic {auth}\r\n\r\n",
                 f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {CONTENT}\r\n\r\n", f"{CONTENT} {IIN}\r\n\r\n",
                 f"POST {PATH} HTTP/1.1\r\nHost: a\r\nX-{CONTENT}\r\n\r\n",
                 f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: {CONTENT}\r\nContent-Length: 1\r\n\r\nx",
                 f"POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {CONTENT}\r\n\r\n"):
        s.raw(line.encode())


def reloads(s):
    g = s.gateway
    g.conf["participants"][0]["bin"] = IIN  # without issuer: a problem of the configuration
    g.write()
    g.kill(signal.SIGHUP)
    g.wait(lambda: len(g.events("config.reload")) == 1)
    del g.conf["participants"][0]["bin"]
    g.write()
    g.kill(signal.SIGHUP)
    g.wait(lambda: len(g.events("config.reload")) == 2)


def commands(s):
    conf, journal = str(s.gateway.folder / "qaqpa.yaml"), str(s.gateway.folder / "journal")
    for verb in ("find", "show", "trace"):
        assert s.command("qaqpa", "msg", verb, "--journal", journal, "-n", "1000").returncode == 0
    assert s.command("qaqpa", "msg", "show", "--journal", journal, "-n", "1000", "-o", "json").returncode == 0
    for verb in ("ls", "shape"):
        assert s.command("qaqpa", "queue", verb, "--config", conf).returncode == 0
    listed = json.loads(s.command("qaqpa", "queue", "ls", "--state", "dead", "--config", conf, "-o", "json").stdout)
    assert listed
    for form, i in ((form, i) for form in ("table", "json") for i in listed):
        assert s.command("qaqpa", "queue", "show", "--config", conf, "-o", form, i["id"]).returncode == 0
    s.command("qaqpa", "check", "--config", conf)
    p = s.pki.path
    s.command("qaqpa", "send", "--url", s.gateway.url, "--service", "Demo", "--sender-id", "department_is", "--password-file",
              s.file("wrong.word", WRONG), "--certificate", p("department.crt"), "--key", p("department.key"), "--peer-certificate",
              p("gateway.crt"), s.file("data.xml", data()))
    s.command("qaqpa", "cert", "show", s.persons["director"].certificate_path)
    s.command("qaqpa", "hash-password", input=PASSWORD.encode())
    s.command("qaqpa", "verify", "--certificate", p("department.crt"), s.file("m.xml", soap.envelope(soap.request(data()))))


def failures_to_start(s):
    """Wrong words for key, Redis and token; each says what is wrong."""
    for name, octets in (("key.word", WRONG), ("token", PASSWORD[:10]), ("redis.word", "")):
        path = s.folder / name
        before = path.read_bytes()
        path.write_text(octets)
        s.command("qaqpa", "check", "--config", str(s.gateway.folder / "qaqpa.yaml"))
        if name != "redis.word":
            assert s.command("qaqpad", "--config", str(s.gateway.folder / "qaqpa.yaml")).returncode == 1
        path.write_bytes(before)
    for words in (["--password", PASSWORD], [PASSWORD]):
        s.command("qaqpad", *words)


def play(s):
    good_messages(s)
    refused_messages(s)
    answers_of_providers(s)
    dead_letters(s)
    asynchronous(s)
    wires(s)
    reloads(s)
    commands(s)
    failures_to_start(s)
    for page in ("/livez", "/readyz", "/status", "/metrics"):
        s.admin(page)
        s.tell(s.gateway.admin(page).content)


def found_in(text, pki):
    """Marks and parts of private keys in the text."""
    lines = [line for name in ("gateway", "department", "permits") for line in pki.path(f"{name}.key").read_text().splitlines()
             if len(line) > 40 and not line.startswith("-")]
    primes = [f"{pki['gateway'].key.private_numbers().d:x}"[:32]]
    return [word for word in (*MARKS, *lines, *primes) if word.lower() in text.lower()] + persons_in(text)


def test_the_search_finds_what_is_there(shop, pki):
    octets = b"".join(shop.provider.received).decode()
    assert {CONTENT, IIN} <= set(found_in(octets, pki))
    assert found_in(pki.path("gateway.key").read_text(), pki)
    for word in (f"{'e' * 50}f{IIN}f", f"{'0a' * 4}-4a1b-4c2d-8e3f-{IIN}"):
        assert not persons_in(f"of nobody {word}") and persons_in(f"{word} and IIN{IIN}") == [IIN]
        assert persons_in(f"0{word}") == persons_in(word[1:]) == [IIN]  # neither digest nor UUID


def test_the_log_holds_none(shop, pki):
    log = shop.gateway.log_path.read_text()
    assert not found_in(log, pki)
    events = {e["event"] for e in shop.gateway.events()}
    assert {"message.refused", "message.answered", "delivery.failed", "delivery.dead", "config.problem", "front.refused"} <= events
    reasons = {e.get("reason") for e in shop.gateway.events("message.refused")}
    assert len(reasons) > 15, reasons
    assert "******" + IIN[6:] in log  # what was wrong with it is told without saying whose it is


def test_nobody_is_told_any(shop, pki):
    """Faults to strangers and participants, health, metrics, and what commands print."""
    everything = "\n".join(shop.said)
    assert "qaqpa_messages_faulted_total" in everything and "errorId=" in everything
    assert not [(found_in(text, pki), text) for text in shop.said if found_in(text, pki)]


def test_who_reads_the_journal_sees_numbers_when_he_asks(shop):
    journal = str(shop.gateway.folder / "journal")
    words = [BIN / "qaqpa", "msg", "show", "--journal", journal, "-n", "1000"]
    plain = subprocess.run(words, capture_output=True, check=True).stdout.decode()
    whole = subprocess.run([*words, "--numbers"], capture_output=True, check=True).stdout.decode()
    number = shop.persons["director"].certificate.subject.rfc4514_string().split("IIN")[1][:12]
    assert number not in plain and "******" + number[6:] in plain and number in whole
    assert "BIN" + persons.DEPARTMENT_BIN in plain


def test_files_are_the_gateways_alone(shop):
    for folder in ("journal", "spool"):
        top = shop.folder / folder
        for path in (top, *top.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_crash_leaves_nothing(shop, tmp_path, pki, provider):
    g = Gateway(tmp_path, pki)
    g.service(provider)
    g.start()
    g.send(password="secret")
    before = {p for p in Path(".").iterdir()} | {p for p in tmp_path.iterdir()}
    g.kill(signal.SIGSEGV)
    assert g.process.wait(20) == -signal.SIGSEGV
    assert {p for p in Path(".").iterdir()} | {p for p in tmp_path.iterdir()} == before
