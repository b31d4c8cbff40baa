# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for every message, B1 to B9, each a short story of the world of the systems. What surrounds them is shown in
depth by the tests of their subjects."""
import datetime
import http.client
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness import forge, soap, wss
from harness.gateway import BIN, PATH, Answer
from harness.pki import ROOT
from harness.world import World

SYSTEMS = ("permits", "monitoring", "department")
DEPARTMENT_BIN = "200440000015"
OF_SYSTEMS = "1.2.398.3.3.4.1.2.6"
ASK = (ROOT / "adapters/permits/examples/nikad-request.xml").read_text()
STATUS = (ROOT / "adapters/monitoring/examples/status-notification.xml").read_text()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The world with the revocation service of the authority, where the department is known by its number and every system
    needs the OID of systems."""
    w = World(tmp_path_factory.mktemp("world"), SYSTEMS)
    address = f"127.0.0.1:{w.port + 3}"
    authority = subprocess.Popen([BIN / "qaqpa-authority", "serve", "--listen", address, w.folder / "pki"], stdout=subprocess.PIPE)
    assert authority.stdout.readline()
    w.conf["revocation"] = {"directory": str(w.folder / "revocation"), "refresh": "10s"}
    w.conf["sources"] = [{"name": "issuing", "issuer": str(w.pki.path("issuing.crt")), "ocsp": f"http://{address}/ocsp"}]
    w.conf["rules"] = [{"name": "system", "any_of": OF_SYSTEMS, "non_repudiation": True}]
    w.conf["profiles"] = [{"name": "standard", "rule": "system"}]
    w.participant("department").update(issuer=str(w.pki.path("issuing.crt")), bin=DEPARTMENT_BIN)
    try:
        yield w.begin()
        w.close()
    finally:
        authority.terminate()
        authority.wait(20)
        authority.stdout.close()


def password(world, name):
    return (world.folder / f"{name}.password").read_text().strip()


def question(world, message_id=None, payload=ASK, **fields):
    """A message of the department that asks the permits system for a number, before it is signed."""
    return soap.envelope(soap.request(f"<data>{payload}</data>", message_id=message_id, service="PERMITS_NIKAD",
                                      password=password(world, "department"), **fields))


def numbers(world):
    return world.rows("permits", "SELECT count(*) FROM given")[0][0]


def statuses(world):
    return [text for text, in world.rows("monitoring", "SELECT text_ru FROM status ORDER BY id")]


def went(world, message_id):
    """What the gateway registered of a message, in order."""
    return [(f["direction"], f["kind"], f["participant"]) for f in reversed(world.journal("--message-id", message_id))]


def refused(world, octets, *wanted):
    """The message has this fault, and the permits system gives no number."""
    before = numbers(world)
    answer = Answer(world, world.post(octets))
    while answer.reason == "certificate.status-unknown":  # the authority is being asked about a certificate that is new here
        answer = Answer(world, world.post(octets))
    assert answer.status == 500 and (answer.code, answer.reason) == wanted, answer.octets
    assert numbers(world) == before
    return answer


@pytest.mark.rule("B1")
def test_b1_every_message_is_signed_and_a_changed_one_is_refused(world):
    text = question(world)
    refused(world, text.encode(), "SCE007", "security.absent")
    signed = wss.sign(text, world.pki["department"]).decode()
    refused(world, forge.swap(signed, ">PERMIT<", ">REFUSAL<").encode(), "SCE006", "signature.digest-mismatch")
    whose = wss.sign(text, world.pki["monitoring"])
    refused(world, whose, "QG013", "sender.unknown")
    answer = Answer(world, world.post(signed.encode()))
    assert answer.code == "SCSS001" and answer.verified() is not None


@pytest.mark.rule("B2")
def test_b2_only_certificates_that_pass_the_four_checks_sign(world):
    issuing, key = world.pki["issuing"], world.pki["department"].key
    name = forge.name("Branch", unit=f"BIN{DEPARTMENT_BIN}")
    purposes = [forge.x509.ObjectIdentifier(OF_SYSTEMS)]
    others = {
        "another authority": (world.pki["attacker-own-ca"], "SCE005", "certificate.unknown"),
        "revoked": (world.pki["revoked"], "SCE005", "certificate.revoked"),
        "key usage": (forge.issue(issuing, key, name, usage=("key_encipherment",), purposes=purposes), "SCE005", "certificate.usage"),
        "no non-repudiation": (forge.issue(issuing, key, name, usage=("digital_signature",), purposes=purposes), "SCE005",
                               "certificate.role"),
        "no OID of systems": (forge.issue(issuing, key, name), "SCE005", "certificate.role"),
        "expired": (world.pki["expired"], "SCE005", "certificate.expired"),
    }
    world.wait(lambda: next(c for c in world.admin("/readyz").json()["checks"] if c["check"] == "revocation")["ok"])
    for what, (identity, *wanted) in others.items():
        print(what)
        refused(world, wss.sign(question(world), identity), *wanted)
    assert world.say("department", "PERMITS_NIKAD", ASK).code == "SCSS001"


def application(world, *who):
    """An application that the employee of the State Corporation certifies, signed by others too or instead."""
    text = (ROOT / "adapters/department/examples/department-request.xml").read_text().strip()
    day = datetime.datetime.now(soap.ALMATY).date().isoformat()
    text = forge.swap(text, "<Date>2030-01-02</Date>", f"<Date>{day}</Date>")
    text = re.sub(r"<Documents>.*</Documents>", "<Documents><Document><Code>ID</Code><Name>Card</Name></Document></Documents>", text)
    return world.signed(forge.swap(text, "</d:DepartmentRequest>", "@</d:DepartmentRequest>"), *who)


@pytest.mark.rule("B3")
def test_b3_the_data_itself_is_signed_by_an_authorised_person(world):
    """Beside the transport signature of the system that sends; who signed stands in the journal."""
    wrong = {"QG026": [application(world), application(world, "corporation-employee").replace("OFFICE-7", "OFFICE-8")],
             "SCE005": [application(world, "person"), application(world, "monitoring")]}
    before = world.rows("permits", "SELECT count(*) FROM registration")
    for code, texts in wrong.items():
        for text in texts:
            assert world.say("monitoring", "DEPARTMENT_REQUEST", text).code == code
    assert world.rows("permits", "SELECT count(*) FROM registration") == before

    message_id, text = soap.new_id(), application(world, "corporation-employee")
    answer = world.say("monitoring", "DEPARTMENT_REQUEST", text, message_id=message_id)
    while answer.reason == "certificate.status-unknown":
        answer = world.say("monitoring", "DEPARTMENT_REQUEST", text, message_id=message_id)
    assert answer.code == "SCSS001", answer.octets
    received = [f["detail"] for f in world.journal("--message-id", message_id) if f["direction"] == "received" and f["kind"] == "request"]
    assert any("employee" in d for d in received), received


@pytest.mark.rule("B4")
def test_b4_both_systems_hold_the_fact_of_sending_and_of_receiving(world):
    message_id = soap.new_id()
    answer = world.say("department", "MONITORING_STATUS", STATUS, message_id=message_id)
    assert answer.code == "SCSS001" and answer.verified() is not None
    world.wait(lambda: ("received", "answer", "monitoring") in went(world, message_id))
    assert set(went(world, message_id)) == {("received", "request", "department"), ("sent", "answer", "department"),
                                            ("sent", "request", "monitoring"), ("received", "answer", "monitoring")}
    [(sender, moment)] = world.rows("monitoring", "SELECT sender, moment FROM status WHERE message_id = ?", message_id)
    assert sender == "department_is" and moment


@pytest.mark.rule("B5")
def test_b5_what_cannot_be_delivered_waits_and_goes_in_order(world):
    before, chain = statuses(world), soap.new_id()
    world.end("monitoring")
    try:
        for n in range(3):
            payload = STATUS.replace("На рассмотрении", f"Ждёт {n}")
            assert world.say("department", "MONITORING_STATUS", payload, correlation=chain).code == "SCSS001"
        world.wait(lambda: len(world.events("delivery.failed")) >= 1)
        assert statuses(world) == before
    finally:
        world.play("monitoring")
    world.wait(lambda: len(statuses(world)) >= len(before) + 3)
    assert statuses(world) == before + ["Ждёт 0", "Ждёт 1", "Ждёт 2"]


@pytest.mark.rule("B6")
def test_b6_moments_are_local_with_the_offset_that_was_in_force(world):
    """Kazakhstan set its clocks back on 1 March 2024; a moment before keeps +06:00."""
    message_id = soap.new_id()
    answer = world.say("department", "PERMITS_NIKAD", ASK, message_id=message_id, date=soap.utc())
    assert answer.text("responseDate").endswith("+05:00")
    facts = world.journal("--message-id", message_id)
    assert len(facts) == 4 and all(f["at"].endswith("+05:00") for f in facts)
    now = datetime.datetime.now(datetime.timezone.utc)
    days = (datetime.datetime(2024, 2, 1, tzinfo=datetime.timezone.utc) - now).days
    old = forge.issue(world.pki["issuing"], world.pki["department"].key, forge.name("Branch", unit=f"BIN{DEPARTMENT_BIN}"),
                      purposes=[forge.x509.ObjectIdentifier(OF_SYSTEMS)], days=(days, 300))
    signed = wss.sign(question(world), old).decode()
    fault = refused(world, forge.swap(signed, ">PERMIT<", ">REFUSAL<").encode(), "SCE006", "signature.digest-mismatch")
    assert fault.text("errorDate").endswith("+05:00")
    words = fault.text("errorData")
    assert re.search(r"valid from: 2024-0[12]-\d\dT[\d:.]+\+06:00", words), words
    assert re.search(r"valid to: +20\d\d-[\dT:.-]+\+05:00", words), words


@pytest.mark.rule("B7")
def test_b7_what_is_marked_as_a_state_secret_is_refused_and_not_kept(world):
    secret = ASK.replace("PERMIT", "KEEP-IT-NOWHERE")
    mark = "<properties><key>stateSecret</key><value>yes</value></properties>"
    message_id = soap.new_id()
    signed = wss.sign(question(world, message_id, secret, tail=mark), world.pki["department"])
    refused(world, signed, "QG024", "message.secret")
    assert went(world, message_id) == [("received", "request", "department"), ("sent", "fault", "department")]
    for folder in ("journal", "log", "redis", "spool", "state"):
        for file in (world.folder / folder).rglob("*"):
            assert not file.is_file() or b"KEEP-IT-NOWHERE" not in file.read_bytes(), file
    assert b"KEEP-IT-NOWHERE" not in world.log_path.read_bytes()


@pytest.mark.rule("B8")
def test_b8_the_payload_arrives_octet_for_octet(world):
    """Comments, entities, empty elements, spaces and letters of any spelling are those of the sender."""
    payload = STATUS.replace("Қаралуда", "Қара&#1083;уда  <!-- as on paper --><![CDATA[ & ]]>").replace("<BusinessData>", "<BusinessData\n >")
    message_id = soap.new_id()
    assert world.say("department", "MONITORING_STATUS", payload, message_id=message_id).code == "SCSS001"
    world.wait(lambda: ("received", "answer", "monitoring") in went(world, message_id))
    sent = [f["octets"] for f in world.journal("--message-id", message_id, "--octets") if f["kind"] == "request"]
    assert len(sent) == 2 and all(f"<data>{payload}</data>" in octets for octets in sent)
    assert world.rows("monitoring", "SELECT count(*) FROM status WHERE message_id = ?", message_id) == [(1,)]


class Talking:
    """The department asks for numbers, one after the other, until it is told to end."""

    def __init__(self, world):
        self.codes, self.over, self.world = [], threading.Event(), world
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            self.codes.append(self.world.say("department", "PERMITS_NIKAD", ASK).code)

    def end(self):
        self.over.set()
        self.thread.join(30)
        return set(self.codes)


class Late:
    """A message of which the first half is sent."""

    def __init__(self, world, octets):
        self.connection = http.client.HTTPConnection("127.0.0.1", world.ports["plain"], timeout=30)
        self.connection.putrequest("POST", PATH)
        self.connection.putheader("Content-Type", "text/xml; charset=utf-8")
        self.connection.putheader("Content-Length", str(len(octets)))
        self.rest = octets[len(octets) // 2:]
        self.connection.endheaders(octets[:len(octets) // 2])

    def end(self):
        self.connection.send(self.rest)

    def answer(self):
        answer = self.connection.getresponse()
        status, closes = answer.status, answer.headers["Connection"]
        answer.read()
        self.connection.close()
        return status, closes


@pytest.mark.rule("B9")
def test_b9_a_new_configuration_interrupts_nobody_and_maintenance_is_announced(world):
    talking = Talking(world)
    for n in range(3):
        count = len(talking.codes)
        world.conf["retries"].append({"name": f"other{n}"})
        world.write()
        world.kill(signal.SIGHUP)
        world.wait(lambda: len(world.events("config.reload")) == n + 1 and len(talking.codes) > count + 2)
    assert talking.end() == {"SCSS001"}

    codes, first, second = [], soap.new_id(), soap.new_id()
    late = Late(world, wss.sign(question(world, second), world.pki["department"]))
    begun = threading.Thread(target=lambda: codes.append(world.say("department", "PERMITS_NIKAD", ASK, message_id=first).code))
    world.sims["permits"].send_signal(signal.SIGSTOP)  # so that a message is under way
    try:
        begun.start()
        world.wait(lambda: ("sent", "request", "permits") in went(world, first))
        world.kill(signal.SIGTERM)
        world.wait(lambda: world.events("gateway.stopping"))
        late.end()
        world.wait(lambda: ("received", "request", "department") in went(world, second))
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", world.ports["plain"]), timeout=10)
    finally:
        world.sims["permits"].send_signal(signal.SIGCONT)
    begun.join(30)
    assert late.answer() == (200, "close")
    assert codes == ["SCSS001"] and world.process.wait(30) == 0
    world.start()
    assert world.say("department", "PERMITS_NIKAD", ASK).code == "SCSS001"
