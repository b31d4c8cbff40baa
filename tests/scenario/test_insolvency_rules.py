# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of order No. 432, I1 to I5: an administrator of an insolvency and the authorised body, over the bus."""
import base64
import random
from datetime import datetime, timedelta

import pytest
from lxml import etree

from harness import forge, soap, xmlsec1
from harness.pki import ROOT

SYSTEMS = ("insolvency", "portal")
CABINET = "portal"  # from where the administrator sends, and where notices lie
NS = "urn:qaqpa:insolvency:v1"
ADMINISTRATOR, EXCLUDED, STRANGER = "860505300073", "900101300017", "930202300081"
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "wsdl/insolvency/v1/insolvency.xsd"))


def document(root, business, iin=ADMINISTRATOR, number=None):
    """A request of an administrator before it is signed; `business` has the mark * where the administrator stands."""
    person = f"<Administrator><Iin>{iin}</Iin><FullName>ӘКІМШІ ТЕСТ ТЕСТҰЛЫ</FullName></Administrator>"
    number = number or "".join(random.choices("0123456789", k=20))
    return (f'<i:{root} xmlns:i="{NS}"><SystemInfo><RequestNumber>{number}</RequestNumber><ChainId>{soap.new_id()}</ChainId>'
            f"<RequestDate>{soap.now()}</RequestDate></SystemInfo><BusinessData>{business.replace('*', person)}</BusinessData>@</i:{root}>")


def question(*kinds, procedure="BP-2026-000001", **more):
    wanted = "".join(f"<Information>{k}</Information>" for k in kinds)
    return document("InformationRequest", f"*<Procedure>{procedure}</Procedure>{wanted}", **more)


def report(last_day, kind="CURRENT_REPORT", procedure="BP-2026-000001", files="", **more):
    return document("SubmissionRequest", f"<DocumentKind>{kind}</DocumentKind>*<Procedure>{procedure}</Procedure><LastDay>{last_day}</LastDay>"
                    f"<Text>О ходе процедуры</Text>{files}", **more)


def key_report(world, discovered, key="administrator", lost=None, **more):
    der = base64.b64encode((lost or world.pki[key]).der).decode()
    return document("KeyReportRequest", f"*<Incident>SUSPICION</Incident><Discovered>{discovered}</Discovered>"
                    f"<Certificate>{der}</Certificate><Text>Носитель оставался без присмотра</Text>", **more)


def send(world, service, text, *who, **fields):
    return world.say(CABINET, service, world.signed(text, *(who or ("administrator",))), **fields)


def day(**shift):
    return (datetime.now(soap.ALMATY) + timedelta(**shift)).date().isoformat()


def reasons(answer):
    return [e.text for e in answer.verified().findall(".//Reason/Code")]


def opened(world, octets):
    """A document of the body: valid, and signed by its system."""
    tree = etree.fromstring(octets)
    SCHEMA.assertValid(tree)
    assert base64.b64decode(tree.findtext(".//{*}X509Certificate")) == world.pki["insolvency"].der
    assert xmlsec1.verify(octets.encode(), world.pki["insolvency"], ids=())
    return tree


def count(world, table):
    return world.rows("insolvency", f"SELECT count(*) FROM {table}")[0][0]


@pytest.mark.rule("I1")
def test_i1_an_administrator_asks_and_gets_signed_documents(world):
    answer = send(world, "INSOLVENCY_REQUEST", question("DEBTOR", "TAX_DEBT"))
    assert answer.code == "SCSS001", answer.octets
    documents = [opened(world, e.text) for e in answer.verified().findall(".//Document")]
    assert [d.findtext("Information") for d in documents] == ["DEBTOR", "TAX_DEBT"]
    assert {d.findtext("Administrator/Iin") for d in documents} == {ADMINISTRATOR}
    assert "480000" in documents[1].findtext("Text")


@pytest.mark.rule("I1")
def test_i1_nobody_else_gets_them_and_every_reason_is_told(world):
    refused = {
        "another's procedure": (question("DEBTOR", procedure="RP-2026-000002"), "administrator", ["procedure.foreign"]),
        "nobody's procedure": (question("DEBTOR", procedure="BP-2026-999999"), "administrator", ["procedure.unknown"]),
        "nothing is known": (question("CREDITORS"), "administrator", ["information.absent"]),
        "another signs": (question("DEBTOR"), "person", ["document.signer"]),
        "not in the register": (question("DEBTOR", iin=STRANGER), "other-person", ["administrator.unknown", "procedure.foreign"]),
        "excluded": (question("DEBTOR", iin=EXCLUDED), "person", ["administrator.excluded", "procedure.foreign"]),
    }
    for what, (text, who, wanted) in refused.items():
        answer = send(world, "INSOLVENCY_REQUEST", text, who)
        assert (answer.code, reasons(answer)) == ("SCSE001", wanted), what
        assert "Document" not in {etree.QName(e).localname for e in answer.verified().iter(etree.Element)}


@pytest.mark.rule("I2")
def test_i2_a_document_is_stamped_and_a_late_one_marked(world):
    """Due at 04:00 local time of the last day. A late one goes on like the others; the gateway says it, and so does the body."""
    for last_day, in_time, words in ((day(days=2), "true", "in time, term ends"), (day(days=-1), "false", "late, term ended")):
        message_id = soap.new_id()
        answer = send(world, "INSOLVENCY_SUBMISSION", report(last_day), message_id=message_id)
        assert answer.code == "SCSS001", answer.octets
        said = {name: answer.text(name) for name in ("ReceivedDate", "TermEnd", "InTime")}
        assert said["TermEnd"] == f"{last_day}T04:00:00.000+05:00" and said["InTime"] == in_time
        assert abs(datetime.fromisoformat(said["ReceivedDate"]) - datetime.now(soap.ALMATY)) < timedelta(minutes=1)
        number = int(answer.text("RegistrationNumber")[3:])
        assert world.rows("insolvency", "SELECT received, term_end, in_time FROM submission WHERE id = ?", number) == [tuple(said.values())]
        fact = next(f for f in world.journal("--message-id", message_id) if f["direction"] == "received" and f["kind"] == "request")
        assert f"{words} {last_day}T04:00:00.000+05:00" in fact["detail"] and fact["at"].endswith("+05:00")


@pytest.mark.rule("I2")
def test_i2_a_body_may_refuse_late_documents(world):
    before = count(world, "submission")
    answer = send(world, "INSOLVENCY_SUBMISSION_STRICT", report(day(days=-1)))
    assert (answer.code, answer.reason) == ("QG025", "term.late")
    assert count(world, "submission") == before
    assert send(world, "INSOLVENCY_SUBMISSION_STRICT", report(day(days=2))).code == "SCSS001"


@pytest.mark.rule("I3")
def test_i3_a_signed_notice_tells_of_acceptance_or_why_not(world):
    answer = send(world, "INSOLVENCY_SUBMISSION", report(day(days=2)))
    notice = opened(world, answer.verified().findtext(".//Notice"))
    assert notice.findtext("Accepted") == "true" and notice.findtext("InTime") == "true"
    assert notice.findtext("RegistrationNumber") == answer.text("RegistrationNumber")

    before = count(world, "submission")
    answer = send(world, "INSOLVENCY_SUBMISSION", report(day(days=-1), procedure="RP-2026-000002"), "person")
    assert answer.code == "SCSE001" and answer.text("CurrentStatus") == "002"
    notice = opened(world, answer.verified().findtext(".//Notice"))
    assert notice.findtext("Accepted") == "false" and notice.find("RegistrationNumber") is None
    assert [e.text for e in notice.findall(".//Reason/Code")] == ["document.signer", "procedure.foreign"] == reasons(answer)
    assert count(world, "submission") == before


def cabinet(world, number, sender="insolvency_is"):
    """What lies in cabinets about a document, by who told it."""
    return world.rows("portal", "SELECT applicant, kind, text_ru FROM notice WHERE request_number = ? AND sender = ?", number, sender)


@pytest.mark.rule("I3")
def test_i3_notices_reach_the_cabinet_and_wait_while_it_is_away(world):
    """The body's own notice with all the reasons, and the gateway's, of what became of the message."""
    numbers = ["".join(random.choices("0123456789", k=20)) for _ in range(3)]
    documents = [report(day(days=2), number=numbers[0]), report(day(days=-1), number=numbers[1]),
                 report(day(days=2), procedure="RP-2026-000002", number=numbers[2])]
    world.end("portal")
    try:
        codes = [send(world, "INSOLVENCY_SUBMISSION", text).code for text in documents]
    finally:
        world.play("portal")
    assert codes == ["SCSS001", "SCSS001", "SCSE001"]
    world.wait(lambda: all(cabinet(world, n) and cabinet(world, n, "gateway_is") for n in numbers))
    assert [cabinet(world, n) for n in numbers] == [
        [(ADMINISTRATOR, "ACCEPTED", "Документ принят")],
        [(ADMINISTRATOR, "ACCEPTED", "Документ принят, поступил после срока")],
        [(ADMINISTRATOR, "NOT_ACCEPTED", "Документ не принят: another administrator leads the procedure RP-2026-000002")]]
    assert [kind for n in numbers for _, kind, _ in cabinet(world, n, "gateway_is")] == [
        "GATEWAY_ACCEPTED", "GATEWAY_LATE", "GATEWAY_REFUSED"]


@pytest.mark.rule("I3")
def test_i3_the_same_document_again_has_the_same_registration(world):
    number = "".join(random.choices("0123456789", k=20))
    first, again = (send(world, "INSOLVENCY_SUBMISSION", report(day(days=2), number=number)) for _ in range(2))
    for name in ("RegistrationNumber", "ReceivedDate"):
        assert first.text(name) == again.text(name) is not None
    assert world.rows("insolvency", "SELECT count(*) FROM outbox WHERE data LIKE ?", f"%<RequestNumber>{number}<%") == [(1,)]
    other = send(world, "INSOLVENCY_SUBMISSION", report(day(days=2), kind="INVENTORY", number=number))
    assert (other.code, reasons(other)) == ("SCSE001", ["request.number"])


@pytest.mark.rule("I4")
def test_i4_only_a_document_with_the_administrators_own_signature_goes_on(world):
    good, before = report(day(days=2)), count(world, "submission")
    refused = {
        "unsigned": (good.replace("@", ""), "QG026", "inner.absent"),
        "an employee's": (world.signed(good, "employee"), "SCE005", "certificate.role"),
        "a system's": (world.signed(good, "department"), "SCE005", "certificate.role"),
        "changed after signing": (world.signed(good, "administrator").replace("CURRENT_REPORT", "FINAL_REPORT"), "QG026", "inner.wrong"),
        "a number that is none": (world.signed(report(day(days=2), iin="860505300074"), "administrator"), "QG025", "payload.field"),
        "a kind that is none": (world.signed(report(day(days=2), kind="LETTER"), "administrator"), "QG025", "payload.kind"),
        "no last day": (world.signed(good.replace("LastDay>", "Lastday>"), "administrator"), "QG025", "payload.schema"),
        "a program as a text": (world.signed(report(day(days=2), files=attached("run.txt", b"MZ\x90\0" * 50)), "administrator"), "QG025",
                                "attachment.content"),
    }
    for what, (text, *wanted) in refused.items():
        message_id = soap.new_id()
        answer = world.say(CABINET, "INSOLVENCY_SUBMISSION", text, message_id=message_id)
        assert [answer.code, answer.reason] == wanted, (what, answer.octets)
        assert {(f["direction"], f["participant"]) for f in world.journal("--message-id", message_id)} == {
            ("received", CABINET), ("sent", CABINET)}, what
    assert count(world, "submission") == before
    assert send(world, "INSOLVENCY_SUBMISSION", report(day(days=2), files=attached("report.txt", b"OK"))).code == "SCSS001"


def attached(name, octets):
    content = base64.b64encode(octets).decode()
    return f"<Attachments><Attachment><Name>{name}</Name><Content>{content}</Content></Attachment></Attachments>"


@pytest.mark.rule("I5")
def test_i5_nobody_stops_the_key_of_another(world):
    own = world.pki["administrator"]
    reports = {
        "one that he made himself": (key_report(world, soap.now(), lost=forge.again(own, world.pki["attacker-ca"])), "administrator"),
        "another's certificate": (key_report(world, soap.now(), key="person"), "administrator"),
        "another signs": (key_report(world, soap.now()), "person"),
        "another's report of his own": (key_report(world, soap.now(), iin=EXCLUDED), "person"),
        "no certificate": (key_report(world, soap.now()).replace("<Certificate>MII", "<Certificate>AAA"), "administrator"),
    }
    for what, (text, who) in reports.items():
        answer = send(world, "INSOLVENCY_KEY_REPORT", text, who)
        assert (answer.code, answer.reason) == ("QG027", "insolvency.key"), what
    assert count(world, "reported") == 0 and "insolvency" not in (world.folder / "blocked.txt").read_text()
    assert send(world, "INSOLVENCY_SUBMISSION", report(day(days=2))).code == "SCSS001"


def stopped(world, who, iin):
    """The body takes nothing any more that the key signed; the gateway reads its list of blocked certificates within a second."""
    answer = send(world, "INSOLVENCY_SUBMISSION", report(day(days=2), iin=iin), who)
    assert answer.reason == "certificate.blocked" or (answer.code == "SCSE001" and "key.compromised" in reasons(answer)), answer.octets
    world.wait(lambda: send(world, "INSOLVENCY_SUBMISSION", report(day(days=2), iin=iin), who).reason == "certificate.blocked")


@pytest.mark.rule("I5")
def test_i5_a_reported_key_stops_working(world):
    """To be reported within one working day after the discovery; who is no administrator any more may report too."""
    answer = send(world, "INSOLVENCY_KEY_REPORT", key_report(world, soap.now(minutes=-5), key="person", iin=EXCLUDED), "person")
    assert answer.code == "SCSS001" and answer.text("InTime") == "true", answer.octets
    assert answer.text("TermEnd").endswith("T23:59:59.999+05:00") and answer.text("TermEnd") > soap.now()
    stopped(world, "person", EXCLUDED)


@pytest.mark.rule("I5")
def test_i5_a_late_report_is_taken_and_marked(world):
    found = soap.now(days=-30)
    answer = send(world, "INSOLVENCY_KEY_REPORT", key_report(world, found))
    assert answer.code == "SCSS001" and answer.text("InTime") == "false", answer.octets
    assert world.rows("insolvency", "SELECT incident, discovered, in_time FROM reported WHERE iin = ?", ADMINISTRATOR) == [
        ("SUSPICION", found, "false")]
    stopped(world, "administrator", ADMINISTRATOR)
