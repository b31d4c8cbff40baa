# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the permits system, P1 to P19, each a short story between the systems of the world."""
import base64
import concurrent.futures
import datetime
import hashlib
import itertools
import re
import signal
from xml.sax.saxutils import escape

import pytest

from harness import wss, xmlsec1

SYSTEMS = ("permits", "department", "monitoring", "gbdfl", "gbdul", "tax", "payment", "portal")
NS = "urn:qaqpa:permits:v1"
BODY, OTHER_BODY = "200440000015", "200540000019"
PERSON, UNTAXED, DEAD, STRANGER = "900101300017", "850202300024", "600505300010", "930202300081"
NAMES = {PERSON: "ТЕСТОВ ТЕСТ", UNTAXED: "ҚЫЗМЕТКЕР ТЕСТ", DEAD: "МАРҚҰМ ТЕСТ", STRANGER: "БАСҚА ТЕСТ"}
LICENCE, PERMIT, NOTICE, AUTOMATIC = "LICENCE-001", "PERMIT-002", "NOTICE-003", "AUTO-004"
TYPES = {"APPLICATION": "APP", "NOTIFICATION": "NTF", "NOTICE_TO_APPLICANT": "NTC", "PERMIT": "PRM", "REFUSAL": "REF",
         "COORDINATION_REQUEST": "CRQ", "COORDINATION_REPLY": "CRP", "NOTICE_TO_HOLDER": "EVT"}
NOBODYS = "KZ57PRM99999999"  # a number that was not given
counter = itertools.count(1)


# ---- messages ----

def info():
    n = next(counter)
    return (f"<SystemInfo><RequestNumber>{n:020d}</RequestNumber><ChainId>chain-{n}</ChainId>"
            "<RequestDate>2026-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>")


def request(name, body):
    """A message, with the mark @ where a signature goes."""
    return f'<p:{name} xmlns:p="{NS}">{info()}<BusinessData>{body}</BusinessData>@</p:{name}>'


def fields(**values):
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items() if value is not None)


def subject(number):
    kind = "Iin" if number in NAMES else "Bin"
    return fields(**{kind: number, "Name": NAMES.get(number, "Department of licences (test)")})


def ask(world, system, service, text, *who):
    """The answer to a message that these persons signed; what data it brings fits the contract, or the gateway would not
    have let it pass."""
    return world.say(system, service, world.signed(text, *who) if who else text.replace("@", ""))


def done(answer):
    assert answer.code == "SCSS001", answer.octets.decode()
    answer.verified()
    return answer


def reasons(answer, code="SCSE001"):
    """The codes of a refusal."""
    assert answer.code == code, answer.octets.decode()
    return [e.text for e in wss.parse(answer.octets).iter("Code")]


def refused_by_gateway(answer, reason):
    assert (answer.status, answer.reason) == (500, reason), answer.octets.decode()


def number(world, kind, system="department"):
    """A number that the permits system gives for a document of this kind."""
    text = request("NikadRequest", fields(DocumentType=TYPES[kind], DocumentKind=kind))
    return done(ask(world, system, "PERMITS_NIKAD", text)).text("Nikad")


def filing(service=PERMIT, applicant=PERSON, kind="APPLICATION", representative=None, files="", **more):
    who = f"<Representative>{subject(representative)}</Representative>" if representative else ""
    tail = "".join(f"<{name}>{more[name]}</{name}>" for name in ("Basis", "Payment") if name in more)
    return (fields(DocumentKind=kind, ServiceCode=service) + f"<Applicant>{subject(applicant)}</Applicant>{who}{tail}"
            "<Statement>I ask for it.</Statement>" + (f"<Attachments>{files}</Attachments>" if files else ""))


def apply(world, *who, way="PERMITS_APPLICATION", **form):
    return ask(world, "portal", way, request("ApplicationRequest", filing(**form)), *(who or ("person",)))


def registered(world, **form):
    """The number of an application of the portal that waits for its body."""
    return done(apply(world, **form)).text("Nikad")


def notice(world, application, kind, *who, text="Words of the body.", **more):
    body = fields(Nikad=number(world, "NOTICE_TO_APPLICANT"), Application=application, NoticeKind=kind, Text=text, **more)
    return ask(world, "department", "PERMITS_NOTICE", request("NoticeRequest", body),
               *(who or ("employee" if kind in ("ACCEPTANCE", "WITHDRAWAL") else "head",)))


def accepted(world, **form):
    """The number of an application that its body has accepted."""
    application = registered(world, **form)
    done(notice(world, application, "ACCEPTANCE"))
    return application


def document(nikad, kind, application=None, service=PERMIT, holder=PERSON, issuer=BODY, until=None):
    return (f'<d:AdministrativeDocument xmlns:d="urn:qaqpa:permits:document:v1">'
            + fields(Nikad=nikad, DocumentKind=kind, ServiceCode=service, Application=application)
            + f"<Issuer><Bin>{issuer}</Bin><Name>Department of licences (test)</Name></Issuer>"
            + f"<Subject>{subject(holder)}</Subject><DocumentDate>2026-02-03T10:00:00.000+05:00</DocumentDate>"
            + fields(ValidUntil=until) + "<Text>Words.</Text>@</d:AdministrativeDocument>")


def register(world, kind, nikad=None, who="head", **content):
    nikad = nikad or number(world, kind)
    signed = world.signed(document(nikad, kind, **content), who)
    body = fields(Nikad=nikad, DocumentKind=kind, Document=escape(signed))
    return nikad, ask(world, "department", "PERMITS_REGISTER", request("RegisterRequest", body))


def permit(world, **content):
    """The number of a permit in the register."""
    nikad, answer = register(world, "PERMIT", **content)
    done(answer)
    return nikad


def reply(world, application, *who, kind="REPLY"):
    body = fields(Application=application, ReplyKind=kind, Text="Words of the applicant.")
    return ask(world, "portal", "PERMITS_REPLY", request("ReplyRequest", body), *(who or ("person",)))


def moment(**later):
    at = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=5))) + datetime.timedelta(**later)
    return at.isoformat(timespec="milliseconds")


# ---- what is known afterwards ----

def filed_by_gateway(world, answer):
    """From when the message counts as filed by the journal of the gateway."""
    words = [f["detail"] for f in world.journal("--exchange", answer.text("sessionId")) if "filed " in f["detail"]]
    return datetime.datetime.fromisoformat(re.search(r"filed (\S+[0-9])", words[0])[1])


def case(world, application):
    [row] = world.rows("permits", "SELECT status, suspended, filed, due, reply_until FROM application WHERE nikad = ?", application)
    return dict(zip(("status", "suspended", "filed", "due", "reply_until"), row))


def documents(world):
    """Registered documents by their numbers, and the kinds that the numbers were given for."""
    return dict(world.rows("permits", "SELECT nikad, kind FROM registration JOIN given USING (nikad)"))


def waited(world, system, sql, *values):
    """The rows, once there are any: what one system tells another comes a little later, and after a crash when the lease of
    what was being sent has ended."""
    world.wait(lambda: world.rows(system, sql, *values), 60)
    return world.rows(system, sql, *values)


def cabinet(world, nikad):
    """Notices in cabinets that are about this document."""
    return waited(world, "portal", "SELECT kind, applicant, text_ru FROM notice WHERE document = ? ORDER BY id", nikad)


def delivered(world, kind, nikad):
    """What the body got of the permits system."""
    return waited(world, "department",
                  "SELECT application, body, document, request_number FROM delivered WHERE kind = ? AND nikad = ?", kind, nikad)


def entry(world, nikad):
    return world.rows("permits", "SELECT kind, status FROM entry WHERE nikad = ?", nikad)


# ---- documents and their numbers ----

@pytest.mark.rule("P1", "P3")
def test_p3_every_kind_of_document_is_registered_under_a_number_of_its_own(world):
    used = {kind: number(world, kind) for kind in TYPES}
    assert all(re.fullmatch("KZ[0-9]{2}" + TYPES[kind] + "[0-9]{8}", n) for kind, n in used.items())
    for kind, nikad in used.items():
        done(register(world, kind, nikad)[1])
    kinds = documents(world)
    assert {kind: kinds[nikad] for kind, nikad in used.items()} == {kind: kind for kind in TYPES}


@pytest.mark.rule("P2")
def test_p2_a_number_serves_only_the_system_it_was_given_to_and_once(world):
    nikad, answer = register(world, "PERMIT")
    first = done(answer).text("RegistrationNumber")
    again = register(world, "PERMIT", nikad)[1]
    assert reasons(again) == ["nikad.used"] and first in again.text("Text")
    assert reasons(register(world, "PERMIT", number(world, "PERMIT", "monitoring"))[1]) == ["nikad.foreign"]
    assert reasons(register(world, "PERMIT", number(world, "REFUSAL"))[1]) == ["nikad.kind"]
    assert reasons(register(world, "PERMIT", NOBODYS)[1]) == ["nikad.unknown"]


@pytest.mark.rule("P4")
def test_p4_an_application_gets_its_number_when_its_signature_is_right(world):
    before = world.rows("permits", "SELECT count(*) FROM given")
    refused_by_gateway(ask(world, "portal", "PERMITS_APPLICATION", request("ApplicationRequest", filing())), "inner.absent")
    assert world.rows("permits", "SELECT count(*) FROM given") == before
    nikad = registered(world)
    assert nikad[4:7] == "APP" and documents(world)[nikad] == "APPLICATION"


# ---- filing ----

@pytest.mark.rule("P5")
def test_p5_the_applicant_is_looked_for_in_all_registers_at_once(world):
    registered(world)
    assert reasons(apply(world, "other-person", applicant=STRANGER)) == ["person.unknown", "step.refused", "payer.unknown"]
    assert reasons(apply(world, "employee", applicant=UNTAXED)) == ["step.refused", "payer.unknown"]
    assert reasons(apply(world, "person", applicant=DEAD, representative=PERSON)) == ["person.dead"]
    assert reasons(apply(world, "employee", applicant="191140000012", representative=UNTAXED)) == ["organisation.liquidated"]
    other_name = request("ApplicationRequest", filing()).replace(NAMES[PERSON], "БАСҚА ТЕСТ")
    assert reasons(ask(world, "portal", "PERMITS_APPLICATION", other_name, "person")) == ["person.name"]
    done(apply(world, "employee", representative=UNTAXED))
    done(apply(world, "employee", applicant=BODY))
    asked = {f["service"] for f in world.journal() if f["direction"] == "received" and f["kind"] == "request"}
    assert {"GBDFL_UniversalServiceSync", "GBDUL_INFO_BY_BIN", "TAX_PAYER"} <= asked


@pytest.mark.rule("P5")
def test_p5_the_form_is_judged_with_its_files(world):
    def file(name, content):
        return f"<Attachment><Name>{name}</Name><Content>{base64.b64encode(content).decode()}</Content></Attachment>"
    stored = f"<Attachment><Name>plan.pdf</Name><FileIdentifier>a-file</FileIdentifier><Sha256>{'0' * 64}</Sha256></Attachment>"
    done(apply(world, files=file("plan.txt", b"the plan") + stored))
    refused_by_gateway(apply(world, files=file("plan.pdf", b"no pdf")), "attachment.content")
    refused_by_gateway(apply(world, files=file("plan.zip", b"PK\3\4")), "attachment.kind")
    assert reasons(apply(world, service=NOTICE)) == ["service.kind"]
    assert reasons(apply(world, service="NO-SUCH")) == ["service.unknown"]


@pytest.mark.rule("P5")
def test_p5_what_the_applicant_states_is_looked_for_in_the_own_register(world):
    assert reasons(apply(world, Basis=NOBODYS)) == ["register.unknown"]
    foreign = permit(world, holder=BODY)
    assert reasons(apply(world, Basis=foreign)) == ["register.foreign"]
    done(apply(world, Basis=permit(world)))


@pytest.mark.rule("P5", "P17")
@pytest.mark.parametrize("system, reason, who, form", [
    ("tax", "step.fault", "person", {}), ("gbdfl", "register.silent", "person", {}),
    ("gbdul", "register.silent", "employee", {"applicant": BODY}),
    ("payment", "step.fault", "person", {"service": LICENCE, "Payment": "FEE-SILENT"}),
])
def test_p5_a_register_that_does_not_answer_is_no_refusal(world, system, reason, who, form):
    world.act("payment", "pay", f"FEE-SILENT 39320.00 {PERSON}")
    known = world.signed(request("ApplicationRequest", filing(**form)), who)
    first = done(world.say("portal", "PERMITS_APPLICATION", known)).text("Nikad")
    world.end(system)
    try:
        assert reasons(apply(world, who, **form), "SCSE003") == [reason]
        assert done(world.say("portal", "PERMITS_APPLICATION", known)).text("Nikad") == first  # it was answered before
    finally:
        world.play(system)
    world.wait(lambda: apply(world, who, **form).code == "SCSS001")


@pytest.mark.rule("P6")
def test_p6_all_that_is_wrong_is_told_at_once_and_nothing_is_registered(world):
    before = documents(world)
    answer = apply(world, "person", service="NO-SUCH", applicant=STRANGER, Basis=NOBODYS)
    assert reasons(answer) == ["service.unknown", "document.signer", "person.unknown", "step.refused", "payer.unknown",
                               "register.unknown"]
    assert documents(world) == before
    assert answer.text("CurrentStatus") == "002"


@pytest.mark.rule("P7")
def test_p7_the_applicant_hears_of_registration_and_of_acceptance(world):
    answer = done(apply(world))
    application = answer.text("Nikad")
    assert [row[:2] for row in cabinet(world, application)] == [("REGISTERED", PERSON)]
    [(_, body, text, _)] = delivered(world, "APPLICATION", application)
    assert body == BODY and "ApplicationRequest" in text and "SignatureValue" in text
    assert case(world, application)["status"] == "REGISTERED"
    answer = done(notice(world, application, "ACCEPTANCE"))
    acceptance = answer.text("Nikad")
    assert [row[:2] for row in cabinet(world, acceptance)] == [("ACCEPTED", PERSON)]
    assert abs(filed_by_gateway(world, answer) - datetime.datetime.fromisoformat(case(world, application)["filed"])).seconds < 60
    assert reasons(notice(world, application, "ACCEPTANCE")) == ["application.accepted"]


@pytest.mark.rule("P7")
@pytest.mark.parametrize("comes, filed, due", [
    ("2026-02-03T10:00:00.000+05:00", "2026-02-03T10:00:00.000+05:00", "2026-02-10"),
    ("2026-02-03T13:10:00.000+05:00", "2026-02-03T14:30:00.000+05:00", "2026-02-10"),
    ("2026-02-06T23:00:00.000+05:00", "2026-02-09T09:00:00.000+05:00", "2026-02-16"),
], ids=["in working hours", "in the break", "on Friday night"])
def test_p7_an_application_counts_as_filed_in_working_hours(world, comes, filed, due):
    world.end("permits")
    world.play("permits", "--set", f"now={comes}")
    try:
        found = case(world, accepted(world))
    finally:
        world.end("permits")
        world.play("permits")
    assert (found["status"], found["filed"], found["due"]) == ("ACCEPTED", filed, due)


@pytest.mark.rule("P7")
def test_p7_a_notification_goes_straight_to_the_body(world):
    nikad = done(apply(world, service=NOTICE, kind="NOTIFICATION")).text("Nikad")
    assert delivered(world, "NOTIFICATION", nikad)[0][1] == BODY
    assert entry(world, nikad) == [("NOTIFICATION", "ACTIVE")] and documents(world)[nikad] == "NOTIFICATION"


def staff(world, *who, consent="true", employee="880707300055", **form):
    body = filing(**form) + (f"<Employee><Iin>{employee}</Iin><FullName>ОПЕРАТОР ТЕСТ</FullName><OfficeCode>OFFICE-7</OfficeCode>"
                             f"</Employee><Consent><Given>{consent}</Given><Date>2026-01-05</Date></Consent>")
    return ask(world, "monitoring", "PERMITS_STAFF_APPLICATION", request("StaffApplicationRequest", body),
               *(who or ("corporation-employee",)))


@pytest.mark.rule("P8")
def test_p8_the_state_corporation_files_with_its_employees_signature_and_the_applicants_consent(world):
    application = done(staff(world)).text("Nikad")
    assert delivered(world, "APPLICATION", application)[0][0] == application
    assert case(world, application)["status"] == "ACCEPTED"
    assert reasons(notice(world, application, "ACCEPTANCE")) == ["application.accepted"]
    assert world.rows("portal", "SELECT kind FROM notice WHERE document = ?", application) == []
    refused_by_gateway(staff(world, consent="false"), "payload.consent")
    refused_by_gateway(staff(world, "person"), "certificate.role")
    refused_by_gateway(staff(world, "employee", employee="850202300024"), "certificate.role")  # of another organisation
    assert reasons(staff(world, employee="750404300041")) == ["document.signer"]


def paper(world, *who, nikad=None, **form):
    body = filing(**form) + fields(Nikad=nikad or number(world, "APPLICATION")) + (
        "<Officer><Iin>850202300024</Iin><FullName>ҚЫЗМЕТКЕР ТЕСТ</FullName><OfficeCode>OFFICE-1</OfficeCode></Officer>")
    return ask(world, "department", "PERMITS_PAPER_APPLICATION", request("PaperApplicationRequest", body), *(who or ("employee",)))


@pytest.mark.rule("P9")
def test_p9_a_departmental_system_delivers_paper_applications_under_its_officers_signature(world):
    nikad = number(world, "APPLICATION")
    assert done(paper(world, nikad=nikad)).text("Nikad") == nikad
    assert case(world, nikad)["status"] == "ACCEPTED"
    refused_by_gateway(paper(world, "corporation-employee"), "certificate.role")
    assert reasons(paper(world, nikad=nikad)) == ["nikad.used"]
    assert reasons(reply(world, nikad)) == ["application.paper"]
    done(notice(world, nikad, "WITHDRAWAL"))
    assert case(world, nikad)["status"] == "WITHDRAWN"


# ---- review ----

@pytest.mark.rule("P10")
def test_p10_a_request_of_the_head_reaches_the_cabinet_and_the_reply_the_executor(world):
    application = accepted(world)
    asked = done(notice(world, application, "REQUEST", ReplyUntil=moment(days=5))).text("Nikad")
    assert [row[0] for row in cabinet(world, asked)] == ["REQUEST"]
    assert "Words of the body." in cabinet(world, asked)[0][2]
    assert reasons(register(world, "PERMIT", application=application)[1]) == ["application.waits"]
    assert reasons(reply(world, application, "other-person")) == ["document.signer"]
    answered = done(reply(world, application)).text("Nikad")
    assert "Words of the applicant." in delivered(world, "REPLY", answered)[0][2]
    done(register(world, "PERMIT", application=application)[1])


@pytest.mark.rule("P10")
def test_p10_notices_of_review_are_certified_by_the_head(world):
    application = accepted(world)
    refused_by_gateway(notice(world, application, "APPEARANCE", "employee"), "inner.role")
    refused_by_gateway(notice(world, application, "APPEARANCE", "coordinator-head"), "inner.role")
    done(notice(world, application, "APPEARANCE"))
    assert reasons(notice(world, application, "REQUEST")) == ["notice.term"]
    assert reasons(notice(world, NOBODYS, "APPEARANCE")) == ["application.unknown"]


@pytest.mark.rule("P10")
def test_p10_silence_past_the_term_lets_the_executor_decide(world):
    application = accepted(world)
    done(notice(world, application, "REQUEST", ReplyUntil=moment(days=5)))
    assert reasons(register(world, "REFUSAL", application=application)[1]) == ["application.waits"]
    world.end("permits")
    world.play("permits", "--set", f"now={moment(days=6)}")
    try:
        done(register(world, "REFUSAL", application=application)[1])
    finally:
        world.end("permits")
        world.play("permits")
    assert case(world, application)["status"] == "DECIDED"


def coordinate(world, application, *who, suspends="true"):
    body = (fields(Nikad=number(world, "COORDINATION_REQUEST"), Application=application, CoordinationKind="CONSENT")
            + f"<Body><Bin>{OTHER_BODY}</Bin><Name>Other body (test)</Name></Body>"
            + fields(Text="Do you agree?", ReplyUntil=moment(days=5), Suspends=suspends))
    return ask(world, "department", "PERMITS_COORDINATION", request("CoordinationRequest", body), *(who or ("head",)))


def opinion(world, asked, *who):
    body = fields(Nikad=number(world, "COORDINATION_REPLY"), Request=asked, Decision="AGREED", Text="We agree.")
    return ask(world, "department", "PERMITS_COORDINATION_REPLY", request("CoordinationReplyRequest", body),
               *(who or ("coordinator-head",)))


@pytest.mark.rule("P11")
def test_p11_another_body_is_asked_and_its_decision_goes_to_the_executor(world):
    application = accepted(world)
    assert reasons(coordinate(world, application)) == ["coordination.untold"]
    told = done(notice(world, application, "SUSPENSION")).text("Nikad")
    asked = done(coordinate(world, application)).text("Nikad")
    assert delivered(world, "COORDINATION_REQUEST", asked)[0][:2] == (application, OTHER_BODY)
    assert reasons(register(world, "PERMIT", application=application)[1]) == ["application.suspended", "application.coordination"]
    assert reasons(opinion(world, asked, "head")) == ["document.signer"]
    answered = done(opinion(world, asked)).text("Nikad")
    assert delivered(world, "COORDINATION_REPLY", answered)[0][:2] == (application, BODY)
    assert reasons(opinion(world, asked)) == ["coordination.answered"]
    assert reasons(register(world, "PERMIT", application=application)[1]) == ["application.suspended"]
    resumed = done(notice(world, application, "RESUMPTION")).text("Nikad")
    assert [cabinet(world, n)[0][0] for n in (told, resumed)] == ["SUSPENDED", "RESUMED"]
    done(register(world, "PERMIT", application=application)[1])


@pytest.mark.rule("P12")
def test_p12_review_is_extended_decided_or_stopped_by_withdrawal(world):
    application = accepted(world)
    assert reasons(notice(world, application, "EXTENSION", EndDate="2020-01-01")) == ["notice.term"]
    done(notice(world, application, "EXTENSION", EndDate="2099-01-01"))
    assert case(world, application)["due"] == "2099-01-01"
    assert reasons(register(world, "PERMIT", application=application, service=LICENCE)[1]) == ["application.other"]
    granted = permit(world, application=application)
    assert [row[0] for row in cabinet(world, granted)] == ["PERMIT"] and entry(world, granted) == [("PERMIT", "ACTIVE")]
    assert reasons(register(world, "REFUSAL", application=application)[1]) == ["application.decided"]
    assert reasons(reply(world, application, kind="WITHDRAWAL")) == ["application.decided"]
    other = accepted(world)
    withdrawn = done(reply(world, other, kind="WITHDRAWAL")).text("Nikad")
    assert delivered(world, "WITHDRAWAL", withdrawn)[0][0] == other
    for kind in ("PERMIT", "REFUSAL"):
        assert reasons(register(world, kind, application=other)[1]) == ["application.withdrawn"]
    assert reasons(notice(world, other, "APPEARANCE")) == ["application.withdrawn"]


@pytest.mark.rule("P13")
def test_p13_a_decision_is_certified_by_the_head_of_its_body(world):
    for who in ("employee", "coordinator-head", "person", "department"):
        assert reasons(register(world, "PERMIT", who=who)[1]) == ["document.signer"], who
    permit(world)


@pytest.mark.rule("P14")
def test_p14_a_listed_service_is_decided_with_no_official(world):
    answer = done(apply(world, way="PERMITS_AUTOMATIC", service=AUTOMATIC))
    assert answer.text("DocumentKind") == "PERMIT"
    assert entry(world, answer.text("Nikad")) == [("PERMIT", "ACTIVE")]
    assert xmlsec1.verify(answer.text("Document").encode(), world.pki["permits"])
    assert cabinet(world, answer.text("Nikad"))[0][0] == "DECISION"


@pytest.mark.rule("P14")
def test_p14_what_the_checks_find_becomes_a_reasoned_refusal(world):
    answer = done(apply(world, "employee", way="PERMITS_AUTOMATIC", service=AUTOMATIC, applicant=UNTAXED))
    refusal = answer.text("Document")
    assert answer.text("DocumentKind") == "REFUSAL" and "the tax system knows no payer" in refusal
    assert xmlsec1.verify(refusal.encode(), world.pki["permits"]) and entry(world, answer.text("Nikad")) == []
    assert reasons(apply(world, way="PERMITS_AUTOMATIC", service=PERMIT)) == ["service.automatic"]
    assert reasons(apply(world, service=AUTOMATIC)) == ["service.automatic"]
    world.end("tax")
    try:
        assert "step.fault" in reasons(apply(world, way="PERMITS_AUTOMATIC", service=AUTOMATIC), "SCSE003")
    finally:
        world.play("tax")


# ---- the register ----

def event(world, nikad, kind, *who):
    body = fields(Nikad=number(world, "NOTICE_TO_HOLDER"), Entry=nikad, Event=kind, Text="Why.")
    return ask(world, "department", "PERMITS_EVENT", request("EventRequest", body), *(who or ("head",)))


@pytest.mark.rule("P15")
def test_p15_the_holder_hears_when_a_permit_is_suspended_resumed_and_terminated(world):
    nikad = permit(world)
    for kind, status, heard in (("SUSPENSION", "SUSPENDED", "PERMIT_SUSPENDED"), ("RESUMPTION", "ACTIVE", "PERMIT_RESUMED"),
                                ("TERMINATION", "TERMINATED", "PERMIT_TERMINATED")):
        told = done(event(world, nikad, kind)).text("Nikad")
        assert entry(world, nikad) == [("PERMIT", status)]
        assert [row[:2] for row in cabinet(world, told)] == [(heard, PERSON)]
    assert reasons(event(world, nikad, "RESUMPTION")) == ["register.status"]
    refused_by_gateway(event(world, nikad, "SUSPENSION", "employee"), "certificate.role")
    assert reasons(event(world, NOBODYS, "SUSPENSION")) == ["register.unknown"]


def death(world, system="gbdfl", iin="750404300041", date="2026-01-05"):
    body = fields(Iin=iin, Name="БАСШЫ ТЕСТ", DeathDate=date, RecordNumber="10-001-26-0000001")
    return ask(world, system, "PERMITS_DEATH", request("DeathNotice", body))


@pytest.mark.rule("P16")
def test_p16_a_death_annuls_every_permit_and_notification_once_and_the_bodies_hear_of_it(world):
    NAMES["750404300041"] = "БАСШЫ ТЕСТ"
    own = [permit(world, holder="750404300041") for _ in range(2)]
    done(event(world, own[1], "SUSPENSION"))
    other = permit(world)
    assert reasons(death(world, "department")) == ["death.sender"]
    refused_by_gateway(death(world, date="2099-01-01"), "payload.field")
    assert entry(world, own[0]) == [("PERMIT", "ACTIVE")]
    assert done(death(world)).text("Annulled") == "2"
    assert [entry(world, n)[0][1] for n in (*own, other)] == ["ANNULLED", "ANNULLED", "ACTIVE"]
    assert all(delivered(world, "DEATH", n)[0][1] == BODY for n in own)
    assert done(death(world)).text("Annulled") == "0"
    assert len(world.rows("permits", "SELECT 1 FROM outbox WHERE instr(data, '>DEATH<')")) == 2


@pytest.mark.rule("P17")
def test_p17_a_service_with_a_fee_is_taken_when_the_fee_is_paid(world):
    code = "FEE-0001"
    assert reasons(apply(world, service=LICENCE)) == ["payment.absent"]
    assert reasons(apply(world, service=LICENCE, Payment=code)) == ["step.refused", "payment.absent"]
    world.act("payment", "pay", f"{code} 100.00 {PERSON}")
    assert reasons(apply(world, service=LICENCE, Payment=code)) == ["step.refused", "payment.short"]
    world.act("payment", "pay", f"{code} 39220.00 {PERSON}")
    done(apply(world, service=LICENCE, Payment=code))


@pytest.mark.rule("P18")
def test_p18_anybody_searches_the_open_part_of_the_register(world):
    def search(system="tax", page=1, **criteria):
        return done(ask(world, system, "PERMITS_SEARCH", request("SearchRequest", fields(**criteria, Page=page))))
    nikad = permit(world, until="2099-12-31")
    answer = search(Nikad=nikad)
    assert (answer.text("Found"), answer.text("Holder"), answer.text("ValidUntil")) == ("1", "ТЕСТОВ ТЕСТ", "2099-12-31")
    assert PERSON.encode() not in answer.octets and b"Words." not in answer.octets
    assert search(Holder="НИКТО").text("Found") == "0"
    while len(world.rows("permits", "SELECT 1 FROM entry")) <= 20:
        permit(world)
    total = int(search().text("Found"))
    pages = [[e.text for e in wss.parse(search(page=p).octets).findall(".//Entry/Nikad")] for p in range(1, total // 20 + 2)]
    assert max(map(len, pages)) == 20 and sorted(sum(pages, [])) == sorted(n for n, in world.rows("permits", "SELECT nikad FROM entry"))
    assert search(Holder="' OR 1=1 --").text("Found") == "0"


@pytest.mark.rule("P19")
def test_p19_historical_records_are_restored_with_and_without_conversion(world):
    def record(original, conversion, who="head", date="2012-03-04"):
        body = (fields(EntryKind="PERMIT", OriginalNumber=original, ServiceCode=LICENCE)
                + f"<Issuer><Bin>{BODY}</Bin><Name>Department of licences (test)</Name></Issuer><Holder>{subject(PERSON)}</Holder>"
                + fields(IssueDate=date, Conversion=conversion))
        text = world.signed(request("HistoryRequest", body), who)
        return text, world.say("department", "PERMITS_HISTORY", text)
    _, answer = record("GL-1", "false")
    plain = done(answer).text("Nikad")
    assert entry(world, plain) == [("PERMIT", "ACTIVE")] and plain not in documents(world) and answer.text("MatrixCode") is None
    text, answer = record("GL-2", "true")
    converted = done(answer).text("Nikad")
    assert answer.text("MatrixCode") == f"{converted}:{hashlib.sha256(text.encode()).hexdigest()}"
    assert world.rows("permits", "SELECT document FROM registration WHERE nikad = ?", converted) == [(text,)]
    assert reasons(record("GL-1", "true")[1]) == ["history.known"]
    refused_by_gateway(record("GL-3", "false", "employee")[1], "certificate.role")
    refused_by_gateway(record("GL-3", "false", date="2099-01-01")[1], "payload.field")


# ---- what holds for all of them ----

@pytest.mark.rule("P2", "B5")
def test_p_a_message_that_comes_again_does_nothing_twice(world):
    text = world.signed(request("ApplicationRequest", filing()), "person")
    first, again = (done(world.say("portal", "PERMITS_APPLICATION", text)) for _ in range(2))
    assert first.text("Nikad") == again.text("Nikad")
    assert len(world.rows("permits", "SELECT 1 FROM registration WHERE document = ?", text)) == 1


@pytest.mark.rule("P2", "P4")
def test_p_the_same_message_several_times_at_once_is_one_application(world):
    text = world.signed(request("ApplicationRequest", filing()), "person")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.say("portal", "PERMITS_APPLICATION", text), range(4)))
    assert len({done(a).text("Nikad") for a in answers}) == 1
    assert len(world.rows("permits", "SELECT 1 FROM registration WHERE document = ?", text)) == 1


@pytest.mark.rule("B5")
def test_p_what_was_answered_outlives_a_crash_and_reaches_the_others(world):
    world.end("portal")
    world.end("department")
    application = registered(world)
    world.end("permits", signal.SIGKILL)
    for name in ("permits", "portal", "department"):
        world.play(name)
    assert case(world, application)["status"] == "REGISTERED"
    assert len(delivered(world, "APPLICATION", application)) == 1
    assert [row[0] for row in cabinet(world, application)] == ["REGISTERED"]


@pytest.mark.rule("P8", "P11", "P12", "P13", "P17", "M1")
def test_p_officers_take_an_application_to_its_end_by_acts_of_their_system(world):
    world.act("payment", "pay", f"FEE-ACTS 39320.00 {PERSON}")
    [line] = world.act("monitoring", "file", f"{LICENCE} FEE-ACTS")
    application = line.split("NIKAD ")[1]
    delivered(world, "APPLICATION", application)
    [line] = world.act("department", "coordinate", application, code=1)
    assert "was not told so" in line
    for verb in ("request", "suspend", "coordinate"):
        world.act("department", verb, application)
    [(asked,)] = waited(world, "department", "SELECT nikad FROM delivered WHERE kind = 'COORDINATION_REQUEST' AND application = ?",
                        application)
    [line] = world.act("department", "decide", f"{application} grant", code=1)
    assert all(words in line for words in ("stands still", "the applicant may answer", "the other body may answer"))
    for verb, argument in (("opinion", asked), ("resume", application), ("extend", application)):
        world.act("department", verb, argument)
    world.end("permits")
    world.play("permits", "--set", f"now={moment(days=6)}")  # the applicant, who was asked, kept silent
    try:
        [line] = world.act("department", "decide", f"{application} refuse")
    finally:
        world.end("permits")
        world.play("permits")
    assert case(world, application)["status"] == "DECIDED" and line.startswith("refused")
    number_of_request = delivered(world, "APPLICATION", application)[0][3]
    heard = waited(world, "monitoring", "SELECT 1 FROM status WHERE request_number = ? AND code = '006'", number_of_request)
    assert len(heard) == 1
    codes = world.rows("monitoring", "SELECT code FROM status WHERE request_number = ?", number_of_request)
    assert sorted(code for code, in codes) == ["003", "004", "006"]


@pytest.mark.rule("P16", "P17", "P19")
@pytest.mark.parametrize("name", ["licence", "death"])
def test_p_the_stories_of_run_play(world, name):
    told = world.script(f'. config/stories/{name}.sh; world_up() {{ :; }}; story_{name} "$1"', world.folder)
    assert "not done" in told and "DEATH KZ" in told if name == "death" else "granted: application KZ" in told
