# SPDX-License-Identifier: GPL-3.0-or-later
"""The Treasury-Client (order No. 98, rules T1 to T9): clients send documents that two persons signed, each with a role that may
sign that kind; the gateway refuses the others, the Treasury-Client judges form and logic and hands over to the Integrated
Treasury IS."""
import base64
import datetime
import re
import shutil
import subprocess
import zoneinfo

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness import forge, gost, persons
from harness.authority import Authority, pem_octets
from harness.gateway import BIN as PROGRAMS
from harness.gateway import Gateway
from harness.pki import ROOT
from harness.world import Everybody, World
from test_demands import PDF

SYSTEMS = ("treasury", "integrated-treasury")
NS = "urn:qaqpa:treasury:v1"
GOST_2015, RSA = "1.2.398.3.10.1.1.2.2", "1.2.840.113549.1.1.1"
BIN, OTHER_BIN = "200440000015", "200540000019"
HEAD, FINANCE = "treasury-head", "treasury-finance"
IIN = {"treasury-head": "760808300505", "treasury-finance": "771010400508", "treasury-second": "890303400502",
       "treasury-planner": "840707300503",
       "treasury-deputy": "910404300501", "treasury-accountant": "920606400508", "treasury-stranger": "740101300508"}
INFO = ("<SystemInfo><RequestNumber>00000000000000000001</RequestNumber><ChainId>chain</ChainId>"
        "<RequestDate>2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>")


def day(offset=0):
    return (datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Almaty")).date() + datetime.timedelta(offset)).isoformat()


def client(bin_=BIN):
    return f"<Client><Bin>{bin_}</Bin><Code>2130001</Code><Name>Client (test)</Name></Client>"


def payload(name, business, signatures=True):
    mark = "@" if signatures else ""
    return f'<t:{name} xmlns:t="{NS}">{INFO}<BusinessData>{business}</BusinessData>{mark}</t:{name}>'


def line(amount, number=1, programme="001", payee=OTHER_BIN, account="KZ75125KZT1001300335"):
    to = f"<Payee><Bin>{payee}</Bin><Name>Payee (test)</Name><Account>{account}</Account></Payee>" if payee else ""
    return (f"<Line><Number>{number}</Number><Programme>{programme}</Programme><Specific>149</Specific><Amount>{amount}</Amount>"
            f"<Purpose>Paper</Purpose>{to}</Line>")


def file(name, octets):
    media = "text/plain" if name.endswith("txt") else "application/pdf"
    content = base64.b64encode(octets).decode()
    return f"<Attachment><Name>{name}</Name><MediaType>{media}</MediaType><Content>{content}</Content></Attachment>"


def document(number, kind="PAYMENT_BILL", lines=None, total="1000.00", currency="KZT", date=None, bin_=BIN, files=""):
    files = f"<Attachments>{files}</Attachments>" if files else ""
    return payload("TreasuryDocumentRequest", f"<DocumentNumber>{number}</DocumentNumber><DocumentKind>{kind}</DocumentKind>"
                   f"<DocumentDate>{date or day()}</DocumentDate>{client(bin_)}<Currency>{currency}</Currency>"
                   f"<Lines>{lines or line('1000.00')}</Lines><Total>{total}</Total>{files}")


def send(world, text, *who, service="TREASURY_DOCUMENT"):
    return world.say("department", service, world.signed(text, *who))


def accepted(answer):
    assert (answer.status, answer.code) == (200, "SCSS001"), answer.octets
    return answer


def kept(world, number):
    return [status for status, in world.rows("treasury", "SELECT status FROM document WHERE number = ? ORDER BY id", number)]


def refused(world, number, answer, reason, *words):
    """By the gateway: the Treasury-Client has not met it."""
    assert (answer.status, answer.reason) == (500, reason), answer.octets
    for word in words:
        assert word in answer.octets.decode(), (word, answer.text("errorData"), answer.text("errorMessage"))
    assert kept(world, number) == [], "it was routed"


def reasons(answer):
    return re.findall("<Code>([^<]*)</Code>", answer.octets.decode())


def status(world, number):
    business = f"<ClientBin>{BIN}</ClientBin><DocumentNumber>{number}</DocumentNumber>"
    answer = world.say("department", "TREASURY_STATUS", payload("TreasuryStatusRequest", business, signatures=False))
    return answer.text("DocumentStatus"), reasons(answer)


def becomes(world, number, wanted):
    world.wait(lambda: status(world, number)[0] == wanted)
    return status(world, number)


@pytest.mark.rule("T1")
def test_t1_a_document_is_handed_over_executed_and_its_status_told(world):
    answer = accepted(send(world, document("T1-1"), HEAD, FINANCE))
    assert answer.text("DocumentStatus") == "HANDED_OVER" and re.fullmatch(r"TC\d{10}", answer.text("TreasuryNumber"))
    assert becomes(world, "T1-1", "EXECUTED") == ("EXECUTED", [])
    [text] = world.rows("integrated-treasury", "SELECT text FROM document WHERE number = ?", answer.text("TreasuryNumber"))
    assert text[0].count("<ds:Signature ") == 2, "the signatures of the persons went along"


@pytest.mark.rule("T1")
def test_t1_a_document_with_mistakes_returns_with_all_reasons_and_is_corrected_under_its_number(world):
    wrong = document("T1-2", lines=line("0.00", payee=None) + line("5.00", number=3, account="KZ76125KZT1001300335"),
                     total="7.00", currency="USD", date=day(2))
    answer = send(world, wrong, HEAD, FINANCE)
    assert (answer.status, answer.code, answer.text("DocumentStatus")) == (200, "SCSE001", "RETURNED"), answer.octets
    assert reasons(answer) == ["document.date", "document.currency", "line.amount", "payee.absent", "line.number", "payee.account",
                               "document.total"]
    assert status(world, "T1-2") == ("RETURNED", reasons(answer))
    accepted(send(world, document("T1-2"), HEAD, FINANCE))
    becomes(world, "T1-2", "EXECUTED")
    assert kept(world, "T1-2") == ["RETURNED", "EXECUTED"]
    again = send(world, document("T1-2", total="2.00", lines=line("2.00")), HEAD, FINANCE)
    assert (again.code, reasons(again)) == ("SCSE001", ["document.repeated"])


@pytest.mark.rule("T1")
def test_t1_the_integrated_system_returns_what_is_not_allotted_and_the_rest_stays(world):
    left = "SELECT remains FROM allotment WHERE bin = ? AND programme = '002'"
    before = world.rows("integrated-treasury", left, BIN)
    both = line("1.00", programme="002") + line("90000.00", number=2, programme="002") + line("1.00", number=3, programme="777")
    accepted(send(world, document("T1-3", lines=both, total="90002.00"), HEAD, FINANCE))
    assert becomes(world, "T1-3", "RETURNED") == ("RETURNED", ["allotment.exceeded", "allotment.absent"])
    assert world.rows("integrated-treasury", left, BIN) == before
    accepted(send(world, document("T1-3", lines=line("900.00", programme="002"), total="900.00"), HEAD, FINANCE))
    becomes(world, "T1-3", "EXECUTED")
    assert world.rows("integrated-treasury", left, BIN) == [(before[0][0] - 90000,)]


@pytest.mark.rule("T1")
def test_t1_the_same_document_twice_is_one_and_waits_while_the_integrated_system_is_away(world):
    world.end("integrated-treasury")
    text = world.signed(document("T1-4"), HEAD, FINANCE)
    first = accepted(world.say("department", "TREASURY_DOCUMENT", text))
    second = accepted(world.say("department", "TREASURY_DOCUMENT", text))
    assert first.text("TreasuryNumber") == second.text("TreasuryNumber") and kept(world, "T1-4") == ["HANDED_OVER"]
    world.play("integrated-treasury")
    becomes(world, "T1-4", "EXECUTED")


@pytest.mark.rule("T1")
def test_t1_nobody_but_the_integrated_system_tells_results_and_a_stranger_sees_no_status(world):
    world.end("integrated-treasury")
    number = accepted(send(world, document("T1-5", kind="CONTRACT_REGISTRATION"), HEAD, FINANCE)).text("TreasuryNumber")
    business = (f"<TreasuryNumber>{number}</TreasuryNumber><ReturnReasons><Reasons><Reason><Code>x</Code><Text>x</Text></Reason>"
                "</Reasons></ReturnReasons>")
    assert world.say("monitoring", "TREASURY_RESULT", payload("TreasuryResultRequest", business, signatures=False)).status == 200
    business = f"<ClientBin>{BIN}</ClientBin><DocumentNumber>T1-5</DocumentNumber>"
    told = world.say("monitoring", "TREASURY_STATUS", payload("TreasuryStatusRequest", business, signatures=False))
    assert (told.code, reasons(told)) == ("SCSE001", ["document.unknown"])
    world.wait(lambda: [e["reason"] for e in world.events("delivery.dead") if e["service"] == "TREASURY_RESULT"] == ["SCSE001"])
    world.play("integrated-treasury")
    assert becomes(world, "T1-5", "EXECUTED") == ("EXECUTED", [])


@pytest.mark.rule("T1", "T2")
def test_t1_the_story_of_a_document_that_returns_and_is_executed(world):
    told = world.script('. config/stories/treasury.sh; story_treasury "$1"', world.folder)
    words = ["QG026", "the lines come to 60000.00, the total says 61000.00", ": RETURNED", ": HANDED_OVER TC",
             "remain for programme 002, and 60000.00 are asked for", ": EXECUTED"]
    at = [told.find(word) for word in words]
    assert at == sorted(at) and at[0] > 0 and told.count("QG026") == 2, told


@pytest.mark.rule("T2")
def test_t2_a_document_carries_two_signatures(world):
    refused(world, "T2-1", send(world, document("T2-1")), "inner.absent")
    refused(world, "T2-2", send(world, document("T2-2"), HEAD), "inner.role", "PAYMENT_BILL demands", "a signer is missing")
    refused(world, "T2-3", send(world, document("T2-3"), HEAD, HEAD), "inner.role", "a signer is missing")
    signed = world.signed(document("T2-4"), HEAD, FINANCE)
    changed = world.say("department", "TREASURY_DOCUMENT", signed.replace("<Total>1000.00", "<Total>9000.00"))
    refused(world, "T2-4", changed, "inner.wrong")
    accepted(send(world, document("T2-5"), FINANCE, HEAD))


@pytest.mark.rule("T2")
def test_t2_a_payment_order_is_signed_by_the_head_of_a_revenue_body_and_an_authorised_officer(world):
    accepted(send(world, document("T2-6", kind="PAYMENT_ORDER"), "treasury-user", "treasury-officer"))
    refused(world, "T2-7", send(world, document("T2-7", kind="PAYMENT_ORDER"), HEAD, "treasury-officer"), "inner.role",
            "PAYMENT_ORDER demands treasury-payment-order-first", "DC of the signers: ROLE10; ROLE02")


@pytest.mark.rule("T3")
def test_t3_attachments_are_pdf_and_txt_and_no_archive_in_their_clothes(world):
    good = file("bill.pdf", PDF) + file("note.txt", "Қазақша мәтін\n".encode())
    accepted(send(world, document("T3-1", files=good), HEAD, FINANCE))
    zip_ = b"PK\x03\x04\x14\0\0\0\0\0" + b"\0" * 16 + b"\x05\0\0\0a.txtHello" + b"PK\x05\x06" + b"\0" * 18
    for number, name, octets, reason in (("T3-2", "bill.zip", zip_, "attachment.kind"), ("T3-3", "bill.docx", zip_, "attachment.kind"),
                                         ("T3-4", "bill.pdf", zip_, "attachment.content"), ("T3-5", "bill.txt", zip_, "attachment.content"),
                                         ("T3-6", "bill.pdf", PDF + zip_, "attachment.content"),
                                         ("T3-7", "bill.pdf", b"Rar!\x1a\x07\x01\0" + PDF, "attachment.content"),
                                         ("T3-8", "bill.txt", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "attachment.content"),
                                         ("T3-9", "bill.pdf.exe", PDF, "attachment.name")):
        refused(world, number, send(world, document(number, files=file(name, octets)), HEAD, FINANCE), reason)


def table(name):
    rows = [row.split("\t") for row in (ROOT / "adapters/treasury" / name).read_text().splitlines() if not row.startswith("#")]
    return {row[0]: row[1:] for row in rows}


def may_sign(kind, which):
    """By the table of the roles."""
    financial = table("kinds.tsv")[kind][0] == "yes"
    return sorted(role for role, (signature, kinds, *_) in table("roles.tsv").items()
                  if signature == which and (kind in kinds.split() or financial and "FINANCIAL" in kinds.split()))


@pytest.mark.rule("T4")
def test_t4_the_rules_of_the_configuration_are_the_table_of_the_roles():
    assert len(table("roles.tsv")) == 30 and len(table("kinds.tsv")) == 11
    descriptor = yaml.safe_load((ROOT / "adapters/treasury/services.yaml").read_text())
    rules = {rule["name"]: rule for rule in descriptor["rules"]}
    service = next(s for s in descriptor["services"] if s["id"] == "TREASURY_DOCUMENT")
    assert service["kinds"]["allowed"] == list(table("kinds.tsv"))
    named = {kind: item["rules"] for item in service["inner"]["by_kind"] for kind in item["kinds"]}
    assert set(named) == set(table("kinds.tsv"))
    for kind, (first, second) in named.items():
        assert sorted(rules[first]["dc"]) == may_sign(kind, "first") != [], kind
        assert sorted(rules[second]["dc"]) == may_sign(kind, "second") != [], kind
    schema = (ROOT / "wsdl/treasury/v1/kinds.xsd").read_text()
    assert re.findall('enumeration value="([A-Z_]*)"', schema) == list(table("kinds.tsv"))


@pytest.mark.rule("T4")
def test_t4_a_role_that_may_not_sign_that_kind_is_refused_and_the_refusal_names_kind_and_roles(world):
    accepted(send(world, document("T4-1", kind="FINANCING_PLAN"), "treasury-planner", FINANCE))
    accepted(send(world, document("T4-2"), HEAD, "treasury-second"))
    for number, kind, who, roles in (("T4-3", "PAYMENT_BILL", ("treasury-planner", FINANCE), "ROLE13; ROLE20"),
                                     ("T4-4", "PAYMENT_BILL", (HEAD, "treasury-accountant"), "ROLE10; ROLE27"),
                                     ("T4-5", "PAYMENT_BILL", (HEAD, "treasury-planner"), "ROLE10; ROLE13"),
                                     ("T4-6", "FINANCING_PLAN", (HEAD, "treasury-second"), "ROLE10; ROLE21"),
                                     ("T4-7", "QUASI_PUBLIC_DOCUMENT", (HEAD, FINANCE), "ROLE10; ROLE20")):
        low = kind.lower().replace("_", "-")
        refused(world, number, send(world, document(number, kind=kind), *who), "inner.role",
                f"{kind} demands treasury-{low}-first, treasury-{low}-second; DC of the signers: {roles};")
    refused(world, "T4-8", send(world, document("T4-8", kind="LETTER"), HEAD, FINANCE), "payload.schema", "DocumentKind")


@pytest.mark.rule("T5")
def test_t5_with_a_key_for_authentication_or_of_another_system_nobody_signs(world):
    refused(world, "T5-1", send(world, document("T5-1"), "treasury-auth", FINANCE), "inner.role", "extendedKeyUsage lacks 1.2")
    refused(world, "T5-2", send(world, document("T5-2"), "head", FINANCE), "inner.role", "extendedKeyUsage lacks 1.2")
    accepted(send(world, document("T5-3"), HEAD, FINANCE))


@pytest.mark.rule("T6")
def test_t6_issuer_and_usage_are_checked(world):
    refused(world, "T6-1", send(world, document("T6-1"), "attacker-own-ca", FINANCE), "certificate.unknown")
    refused(world, "T6-2", send(world, document("T6-2"), "no-signing-usage", FINANCE), "certificate.usage")
    refused(world, "T6-3", send(world, document("T6-3"), "expired", FINANCE), "certificate.expired")


class Forged(forge.Made):
    """The head's certificate once more, of another key and with another usage."""

    def __init__(self, folder, pki, usage):
        made = forge.again(pki[HEAD], pki["issuing"], usage=usage)
        super().__init__(made.der, made.key)
        self.key_path, self.certificate_path = (folder / f"{len(usage)}.{end}" for end in ("key", "crt"))
        self.key_path.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.certificate_path.write_bytes(self.certificate.public_bytes(Encoding.PEM))


def signed_by(world, text, *who):
    return world.say("department", "TREASURY_DOCUMENT", persons.sign_xml(text, *who))


@pytest.mark.rule("T6")
def test_t6_the_usage_is_signature_and_non_repudiation(world, tmp_path):
    weak, whole = (Forged(tmp_path, world.pki, usage) for usage in (("digital_signature",), forge.SIGNING))
    refused(world, "T6-4", signed_by(world, document("T6-4"), weak, world.pki[FINANCE]), "inner.role", "keyUsage lacks")
    answer = signed_by(world, document("T6-5"), whole, world.pki[FINANCE])
    assert reasons(answer) == ["document.signature"], "for the gateway it is a certificate of the authority; the system knows others"


@pytest.fixture
def watched(tmp_path):
    """A world that asks the authority which certificates are revoked."""
    w = World(tmp_path / "watched", SYSTEMS)
    authority = Authority(w.folder / "pki", "ec").start()
    w.conf.update(revocation={"directory": str(w.folder / "revocation"), "refresh": "10s", "deadline": "5s"},
                  sources=[{"name": "issuing", "issuer": str(w.folder / "pki/issuing.crt"), "ocsp": f"{authority.url}/ocsp"}])
    authority.revoke("treasury-second")
    yield w.begin()
    w.close()
    authority.stop()


@pytest.mark.rule("T6")
def test_t6_a_revoked_certificate_signs_nothing(watched):
    number = iter(range(10, 10000))

    def why(*who):
        name = f"T6-{next(number)}"
        answer = send(watched, document(name), *who)
        return name, answer.reason or accepted(answer).code

    watched.wait(lambda: why(HEAD, FINANCE)[1] == "SCSS001")  # nothing is known of a person before the first time
    watched.wait(lambda: why(HEAD, "treasury-second")[1] == "certificate.revoked")
    name, reason = why(HEAD, "treasury-second")
    assert reason == "certificate.revoked" and kept(watched, name) == []


@pytest.mark.rule("T7")
def test_t7_a_user_holds_a_key_for_signing_and_an_rsa_key_for_authentication(world):
    signs, enters = (world.pki[name].certificate for name in (HEAD, "treasury-auth"))
    assert signs.subject == enters.subject and "RSA" in type(enters.public_key()).__name__
    descriptor = yaml.safe_load((ROOT / "adapters/treasury/services.yaml").read_text())
    assert all("1.2.398.5.19.1.2.2.1.2" in rule["all_of"] and rule["non_repudiation"] for rule in descriptor["rules"])
    refused(world, "T7-1", send(world, document("T7-1"), "treasury-auth", FINANCE), "inner.role")


class NationalWorld(World):
    """All keys are GOST keys, as the authority gives them."""

    def __init__(self, folder):
        self.port, self.port_lock = self.free_ports()
        self.systems, self.sims, self.redis, self.strict = SYSTEMS, {}, None, False
        self.script('world_make "$1" gost', folder)
        Gateway.__init__(self, folder, Everybody(folder / "pki"))


@pytest.fixture
def national(tmp_path):
    w = NationalWorld(tmp_path)
    yield w.begin()
    w.close()


@pytest.mark.rule("T7")
def test_t7_users_sign_with_gost_keys(national):
    world = national
    kinds = {name: gost.spki_of(pem_octets(world.pki.path(f"{name}.crt")))[0][0].oid() for name in (HEAD, FINANCE, "treasury-auth")}
    assert kinds == {HEAD: GOST_2015, FINANCE: GOST_2015, "treasury-auth": RSA}
    [sent] = world.act("treasury", "send-document", f"T7-2 001 1.00 1.00 {HEAD},{FINANCE}")
    assert sent.startswith("document T7-2: HANDED_OVER")
    world.wait(lambda: world.act("treasury", "show", "T7-2") == ["document T7-2: EXECUTED"])
    world.act("treasury", "send-document", f"T7-3 001 1.00 1.00 {HEAD},treasury-planner", code=1)
    assert kept(world, "T7-3") == []


def power(number, first=-1, last=30, role="ROLE10", principal=HEAD, delegate="treasury-deputy", bin_=BIN):
    def person(name):
        return f"<Iin>{IIN[name]}</Iin><FullName>{name}</FullName><Position>Officer</Position>"
    return payload("TreasuryPowerRequest", f"<Act>GRANT</Act><PowerNumber>{number}</PowerNumber>{client(bin_)}"
                   f"<InternalOrder>No. 5</InternalOrder><Principal>{person(principal)}</Principal>"
                   f"<Delegate>{person(delegate)}</Delegate><Role>{role}</Role><FirstDay>{day(first)}</FirstDay>"
                   f"<LastDay>{day(last)}</LastDay>")


def grant(world, number, *who, **fields):
    return send(world, power(number, **fields), *(who or (HEAD, "treasury-deputy")), service="TREASURY_POWER")


def revoke(world, number, *who):
    business = f"<Act>REVOKE</Act><PowerNumber>{number}</PowerNumber>{client()}"
    return send(world, payload("TreasuryPowerRequest", business), *(who or (HEAD,)), service="TREASURY_POWER")


def powers(world, number):
    return world.rows("treasury", "SELECT revoked FROM power WHERE number = ?", number)


def not_granted(world, number, answer, reason, *words):
    refused(world, number, answer, reason, *words)
    assert powers(world, number) == []


@pytest.mark.rule("T8")
def test_t8_while_a_power_runs_the_delegate_signs_and_the_principal_does_not(world):
    refused(world, "T8-1", send(world, document("T8-1"), "treasury-deputy", FINANCE), "treasury.power", "and there is none")
    assert accepted(grant(world, "P1")).text("PowerState") == "GRANTED"
    accepted(send(world, document("T8-2"), "treasury-deputy", FINANCE))
    refused(world, "T8-3", send(world, document("T8-3"), HEAD, FINANCE), "treasury.power", "P1 of ROLE10 runs until")
    refused(world, "T8-4", send(world, document("T8-4"), FINANCE, "treasury-deputy", HEAD), "treasury.power")
    assert accepted(revoke(world, "P1")).text("PowerState") == "REVOKED"
    accepted(send(world, document("T8-5"), HEAD, FINANCE))
    refused(world, "T8-6", send(world, document("T8-6"), "treasury-deputy", FINANCE), "treasury.power", "P1 of ROLE10 was revoked")


@pytest.mark.rule("T8")
def test_t8_a_power_runs_for_its_term(world):
    accepted(grant(world, "P2", first=7, last=14))
    refused(world, "T8-7", send(world, document("T8-7"), "treasury-deputy", FINANCE), "treasury.power", f"P2 of ROLE10 runs from {day(7)}")
    accepted(send(world, document("T8-8"), HEAD, FINANCE))
    accepted(revoke(world, "P2"))
    not_granted(world, "P3", grant(world, "P3", first=-9, last=-2), "payload.field", "LastDay")
    not_granted(world, "P4", grant(world, "P4", first=9, last=3), "treasury.power", "the term ends before it begins")


@pytest.mark.rule("T8")
def test_t8_a_power_stays_within_the_organisation_and_is_not_passed_on(world):
    not_granted(world, "P5", grant(world, "P5", HEAD, "treasury-stranger", delegate="treasury-stranger"), "treasury.client")
    not_granted(world, "P6", grant(world, "P6", HEAD), "inner.role", "a signer is missing")
    not_granted(world, "P7", grant(world, "P7", HEAD, "treasury-accountant", delegate="treasury-accountant"), "inner.role", "ROLE27")
    not_granted(world, "P8", grant(world, "P8", HEAD, FINANCE, delegate=FINANCE), "treasury.power", "the delegate does not have ROLE10")
    not_granted(world, "P9", grant(world, "P9", FINANCE, "treasury-deputy"), "treasury.power", "the principal did not sign")
    accepted(grant(world, "P10"))
    not_granted(world, "P11", grant(world, "P11", "treasury-deputy", HEAD, principal="treasury-deputy", delegate=HEAD),
                "treasury.power", "passed on")
    not_granted(world, "P12", grant(world, "P12"), "treasury.power", "power P10 of the same principal runs")
    refused(world, "-", revoke(world, "P10", FINANCE), "treasury.power", "the principal of power of attorney P10 did not sign")
    refused(world, "-", revoke(world, "P13"), "treasury.power", "no power of attorney P13")
    accepted(revoke(world, "P10"))
    assert powers(world, "P10") == [(1,)]


@pytest.mark.rule("T8")
def test_t8_powers_outlive_restarts_and_a_redis_that_lost_everything(world):
    accepted(grant(world, "P14"))
    world.end("treasury")
    world.redis.kill()
    shutil.rmtree(world.folder / "redis/appendonlydir")
    world.redis.start()
    assert send(world, document("T8-0"), HEAD, FINANCE).code == "QG051"
    rebuilt = subprocess.run([PROGRAMS / "qaqpa", "queue", "rebuild", "--socket", world.redis.socket, "--spool", world.folder / "spool",
                              "--journal", world.folder / "journal"], capture_output=True, check=True).stdout
    assert b"treasury: puts back treasury-" in rebuilt
    world.wait(world.ready)
    world.play("treasury")
    refused(world, "T8-9", send(world, document("T8-9"), HEAD, FINANCE), "treasury.power", "P14")
    accepted(send(world, document("T8-10"), "treasury-deputy", FINANCE))
    accepted(revoke(world, "P14"))
    accepted(send(world, document("T8-11"), HEAD, FINANCE))


@pytest.mark.rule("T8")
def test_t8_what_the_treasury_refused_does_not_count(world):
    accepted(grant(world, "P15"))
    accepted(revoke(world, "P15"))
    world.redis.command("DEL", f"qaqpa:treasury:p:{BIN}")
    again = grant(world, "P15")
    assert (again.code, reasons(again)) == ("SCSE001", ["power.number"])
    refused(world, "T8-12", send(world, document("T8-12"), "treasury-deputy", FINANCE), "treasury.power", "and there is none")
    accepted(send(world, document("T8-13"), HEAD, FINANCE))


def user(world, act, who, *signers, ground="", certificate=None, discovered=None):
    end = f"<Certificate>{base64.b64encode(certificate).decode()}</Certificate>" if certificate else ""
    end += f"<DiscoveredDate>{discovered}T10:00:00+05:00</DiscoveredDate>" if discovered else ""
    business = (f"<Act>{act}</Act>{client()}<User><Iin>{IIN[who]}</Iin><FullName>{who}</FullName><Position>Officer</Position></User>"
                f"<Ground>{ground or act}</Ground>{end}")
    return send(world, payload("TreasuryUserRequest", business), *(signers or (HEAD,)), service="TREASURY_USER")


@pytest.mark.rule("T9")
def test_t9_a_user_who_is_blocked_or_closed_stops_at_once_until_opened_again(world):
    for number, act, state in (("1", "BLOCK", "BLOCKED"), ("2", "CLOSE", "CLOSED")):
        accepted(send(world, document(f"T9-{number}-1"), HEAD, "treasury-second"))
        assert accepted(user(world, act, "treasury-second")).text("UserState") == state
        refused(world, f"T9-{number}-2", send(world, document(f"T9-{number}-2"), HEAD, "treasury-second"), "treasury.user", state)
        accepted(user(world, "REOPEN", "treasury-second"))
        accepted(send(world, document(f"T9-{number}-3"), HEAD, "treasury-second"))


@pytest.mark.rule("T9")
def test_t9_users_are_stopped_by_heads_of_their_own_organisation(world):
    assert user(world, "BLOCK", "treasury-second", FINANCE).reason == "inner.role"
    assert user(world, "BLOCK", "treasury-second", "treasury-stranger").reason == "treasury.client"
    assert user(world, "COMPROMISE", "treasury-second", FINANCE).reason == "treasury.user"
    self_made = forge.again(world.pki["treasury-second"], world.pki["attacker-ca"])
    for other in (world.pki[FINANCE], self_made):
        assert user(world, "COMPROMISE", "treasury-second", certificate=other.der).reason == "treasury.user"
    accepted(send(world, document("T9-3"), HEAD, "treasury-second"))


@pytest.mark.rule("T8", "T9")
def test_t9_a_deputy_of_the_head_changes_users_only_while_a_power_runs(world):
    for act in ("BLOCK", "CLOSE", "REOPEN"):
        assert user(world, act, "treasury-second", "treasury-deputy").reason == "treasury.power", act
    assert user(world, "COMPROMISE", "treasury-second", "treasury-deputy").reason == "treasury.user"
    accepted(grant(world, "P16"))
    assert user(world, "BLOCK", "treasury-second").reason == "treasury.power", "the head's own key rests"
    accepted(user(world, "BLOCK", "treasury-second", "treasury-deputy"))
    accepted(user(world, "REOPEN", "treasury-second", "treasury-deputy"))
    accepted(revoke(world, "P16"))
    assert user(world, "BLOCK", "treasury-second", "treasury-deputy").reason == "treasury.power"
    accepted(send(world, document("T9-6"), HEAD, "treasury-second"))


@pytest.mark.rule("T9")
def test_t9_a_user_is_stopped_even_while_the_memory_of_the_queue_is_full(world):
    world.redis.configure("maxmemory", "1")
    try:
        world.wait(lambda: not world.ready())
        world.wait(lambda: user(world, "BLOCK", "treasury-second").reason != "queue.full")
    finally:
        world.redis.configure("maxmemory", "256mb")
    world.wait(world.ready)
    refused(world, "T9-7", send(world, document("T9-7"), HEAD, "treasury-second"), "treasury.user", "BLOCKED")
    accepted(user(world, "REOPEN", "treasury-second"))


@pytest.mark.rule("T9")
def test_t9_a_user_is_stopped_even_while_the_treasury_is_away(world):
    world.end("treasury")
    assert user(world, "BLOCK", "treasury-second").status == 500
    world.play("treasury")
    refused(world, "T9-4", send(world, document("T9-4"), HEAD, "treasury-second"), "treasury.user", "BLOCKED")
    accepted(user(world, "REOPEN", "treasury-second"))
    accepted(send(world, document("T9-5"), HEAD, "treasury-second"))


@pytest.mark.rule("T9")
def test_t9_a_report_within_one_working_day_is_told_to_be_in_time(world):
    early = user(world, "COMPROMISE", "treasury-planner", discovered=day(2))
    assert (early.code, reasons(early)) == ("SCSE001", ["report.moment"])
    answer = accepted(user(world, "COMPROMISE", "treasury-planner", discovered=day(-1)))
    assert (answer.text("UserState"), answer.text("InTime")) == ("COMPROMISED", "true")
    late = accepted(user(world, "COMPROMISE", "treasury-planner", discovered="2026-03-05"))
    assert (late.text("TermEnd"), late.text("InTime")) == ("2026-03-06T23:59:59.999+05:00", "false")
    accepted(user(world, "REOPEN", "treasury-planner"))


@pytest.mark.rule("T9")
def test_t9_a_compromised_key_stops_everywhere_and_does_not_come_back_with_its_user(world):
    lost = world.pki["treasury-second"]
    number = iter(range(100, 10000))

    def why():
        name = f"T9-{next(number)}"
        answer = send(world, document(name), HEAD, "treasury-second")
        refused(world, name, answer, answer.reason)
        return answer.reason

    accepted(user(world, "COMPROMISE", "treasury-second", "treasury-second", certificate=lost.der))
    assert why() in ("treasury.user", "certificate.blocked"), "the list of blocked certificates is read within a second"
    world.wait(lambda: why() == "certificate.blocked")
    assert "treasury reported as compromised" in (world.folder / "blocked.txt").read_text()
    accepted(user(world, "COMPROMISE", "treasury-second", certificate=lost.der))
    accepted(user(world, "REOPEN", "treasury-second"))
    assert why() == "certificate.blocked"
    subprocess.run([PROGRAMS / "qaqpa", "cert", "unblock", "--config", world.folder / "qaqpa.yaml", lost.certificate_path], check=True,
                   stdout=subprocess.PIPE)
    world.wait(lambda: why() == "treasury.user")
