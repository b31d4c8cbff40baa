# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of order No. 1277, M1 to M6: the monitoring system between the State Corporation and the providers of services."""
import base64
import random
from datetime import datetime

import pytest
from lxml import etree

from harness import soap

SYSTEMS = ("permits", "monitoring", "department", "gbdfl")
OPERATOR, RECIPIENT, UNKNOWN = "880707300055", "900101300017", "930202300081"
LIFE = {"001": "Создана", "002": "Принята", "003": "На рассмотрении", "004": "Рассмотрение приостановлено", "005": "Разрешение выдано",
        "006": "Мотивированный отказ", "007": "Отозвана заявителем"}
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def number():
    return "".join(random.choices("0123456789", k=20))


def information(request_number):
    return (f"<SystemInfo><RequestNumber>{request_number}</RequestNumber><ChainId>{soap.new_id()}</ChainId>"
            f"<RequestDate>{soap.now()}</RequestDate></SystemInfo>")


def status(request_number, code):
    return (f'<m:StatusNotification xmlns:m="urn:qaqpa:monitoring:v1">{information(number())}<BusinessData><RequestNumber>{request_number}'
            f"</RequestNumber><ServiceCode>LICENCE-001</ServiceCode><StatusCode>{code}</StatusCode><StatusTextRu>{LIFE.get(code, 'Иное')}"
            f"</StatusTextRu><StatusTextKz>Мәртебе</StatusTextKz><StatusDate>{soap.now()}</StatusDate></BusinessData></m:StatusNotification>")


def data_request(request_number, asked):
    return (f'<m:DataRequest xmlns:m="urn:qaqpa:monitoring:v1">{information(number())}<BusinessData><MessageKind>request</MessageKind>'
            f"<RequestNumber>{request_number}</RequestNumber>{asked}</BusinessData></m:DataRequest>")


def application(consent="true", day=None, employee=OPERATOR, kind="request", copy=PDF, name="diploma.pdf"):
    """As the employee fills it in, before it is signed."""
    content = base64.b64encode(copy).decode()
    return (f'<d:DepartmentRequest xmlns:d="urn:qaqpa:department:v1">{information(number())}<BusinessData><MessageKind>{kind}</MessageKind>'
            f"<ServiceCode>LICENCE-001</ServiceCode><Employee><Iin>{employee}</Iin><FullName>ОПЕРАТОР ТЕСТ</FullName>"
            f"<OfficeCode>OFFICE-7</OfficeCode></Employee><Consent><Given>{consent}</Given><Date>{day or today()}</Date></Consent>"
            f"<Applicant><Iin>{RECIPIENT}</Iin><Name>ТЕСТОВ ТЕСТ</Name></Applicant><Documents><Document><Code>EDUCATION</Code>"
            f"<Name>Diploma</Name><Copy><Name>{name}</Name><MediaType>application/pdf</MediaType><Content>{content}</Content>"
            f"<Why>no system gives it</Why></Copy></Document></Documents></BusinessData>@</d:DepartmentRequest>")


def today():
    return datetime.now(soap.ALMATY).date().isoformat()


def permits(world):
    return world.rows("permits", "SELECT count(*) FROM registration")[0][0]


def filed(world, *argument, code=0):
    """An application by the corporation: the lines that were told, its number and its tree."""
    before = {n for n, in world.rows("monitoring", "SELECT request_number FROM application")}
    lines = world.act("monitoring", "send-application", *argument, code=code)
    [(request_number, xml)] = [r for r in world.rows("monitoring", "SELECT request_number, xml FROM application") if r[0] not in before]
    return lines, request_number, etree.fromstring(xml)


def reasons(answer):
    return [e.text for e in answer.verified().findall(".//Reason/Code")]


@pytest.mark.rule("M1")
def test_m1_statuses_tell_the_life_of_an_application(world):
    """Three ends: a permit after a suspension, a refusal, a withdrawal. Statuses of one application keep their order."""
    lives = {number(): life for life in ("001 002 003 004 003 005", "001 002 003 006", "001 002 007")}
    for request_number, life in lives.items():
        for code in life.split():
            answer = world.say("department", "MONITORING_STATUS", status(request_number, code), correlation=request_number)
            assert answer.code == "SCSS001", answer.octets

    def kept(n):
        return world.rows("monitoring", "SELECT code, text_ru FROM status WHERE request_number = ? ORDER BY id", n)

    world.wait(lambda: all(len(kept(n)) == len(life.split()) for n, life in lives.items()))
    for request_number, life in lives.items():
        assert kept(request_number) == [(code, LIFE[code]) for code in life.split()]
    answer = world.say("department", "MONITORING_STATUS", status(number(), "008"))
    assert (answer.code, answer.reason) == ("QG025", "payload.schema") and "StatusCode" in answer.text("errorData")


@pytest.mark.rule("M2")
def test_m2_the_provider_gets_data_instead_of_copies(world):
    _, request_number, tree = filed(world)
    [(code, document, source, data)] = world.rows("department", "SELECT code, number, source, data FROM document_data"
                                                  " WHERE request_number = ?", request_number)
    assert (code, source) == ("ID-CARD", "GBDFL_UniversalServiceSync")
    person = etree.fromstring(data).find(".//person")
    assert person.findtext("iin") == RECIPIENT and person.findtext("documents/document/number") == document == tree.findtext(".//Number")

    asked = world.say("department", "MONITORING_DATA", data_request(request_number, "<DocumentCode>ID-CARD</DocumentCode>"))
    assert asked.code == "SCSS001" and asked.text("MessageKind") == "response" and asked.verified().findtext(".//Data") == data
    whole = world.say("department", "MONITORING_DATA", data_request(request_number, "<Application/>"))
    assert etree.fromstring(whole.verified().findtext(".//Application")).findtext(".//Employee/Iin") == OPERATOR


@pytest.mark.rule("M2")
def test_m2_nobody_else_gets_it(world):
    _, request_number, _ = filed(world)
    refused = {
        "another's application": ("permits", request_number, "ID-CARD", ["request.foreign"]),
        "no such application": ("department", number(), "ID-CARD", ["request.unknown"]),
        "a copy is not data": ("department", request_number, "EDUCATION", ["document.absent"]),
    }
    for what, (who, about, code, wanted) in refused.items():
        answer = world.say(who, "MONITORING_DATA", data_request(about, f"<DocumentCode>{code}</DocumentCode>"))
        assert (answer.code, reasons(answer)) == ("SCSE001", wanted), what
        assert not answer.verified().findall(".//Data")
    answer = world.say("department", "MONITORING_DATA", data_request(request_number, ""))
    assert (answer.code, answer.reason) == ("QG025", "payload.schema")


def fetched(request_number, card):
    """An application that names an identity card as fetched, signed by the employee."""
    text = application()
    start, end = text.index("<Documents>"), text.index("</Documents>")
    document = (f"<Documents><Document><Code>ID-CARD</Code><Name>Identity card</Name><Number>{card}</Number><Fetched>"
                f"<Source>GBDFL_UniversalServiceSync</Source><FetchedDate>{soap.now()}</FetchedDate></Fetched></Document>")
    first = text.index("<RequestNumber>") + len("<RequestNumber>")
    return text[:first] + request_number + text[first + 20:start] + document + text[end:]


@pytest.mark.rule("M2")
def test_m2_data_of_another_document_is_not_taken(world):
    """The employee names a card of which nobody fetched the data, or another one than the data is of."""
    before = permits(world)
    world.end("department")
    try:
        _, held, tree = filed(world, code=1)
    finally:
        world.play("department")
    for request_number, card, wanted in ((number(), "040000001", ["step.refused", "request.unknown"]), (held, "040000009", ["document.number"])):
        text = world.signed(fetched(request_number, card), "corporation-employee")
        answer = world.say("monitoring", "DEPARTMENT_REQUEST", text)
        assert (answer.code, reasons(answer)) == ("SCSE001", wanted), answer.octets
    assert permits(world) == before
    right = world.signed(fetched(held, tree.findtext(".//Number")), "corporation-employee")
    assert world.say("monitoring", "DEPARTMENT_REQUEST", right).code == "SCSS001"


@pytest.mark.rule("M3")
def test_m3_an_application_is_filed_and_its_result_received(world):
    """On the synchronous channel, and on the asynchronous one, where the result comes when it is ready."""
    before = permits(world)
    [line] = world.act("monitoring", "send-request")
    assert "SCSS001" in line and "registration REG" in line
    lines = world.act("monitoring", "send-case")
    assert any(line.startswith("  NOTIFICATION 001") for line in lines)
    assert any(line.startswith("  RESPONSE 001 Permit issued, NIKAD KZ") for line in lines)
    assert permits(world) == before + 2


@pytest.mark.rule("M4")
def test_m4_identity_data_is_fetched_and_the_rest_attached_with_the_reason(world):
    [line], _, tree = filed(world)
    assert "SCSS001" in line
    card, diploma = tree.findall(".//Document")
    assert card.findtext("Fetched/Source") == "GBDFL_UniversalServiceSync" and card.find("Copy") is None
    assert base64.b64decode(diploma.findtext("Copy/Content")).startswith(b"%PDF") and "no information system" in diploma.findtext("Copy/Why")
    assert tree.findtext(".//Applicant/Name") == "ТЕСТОВ ТЕСТ"


@pytest.mark.rule("M4")
def test_m4_what_the_database_does_not_tell_is_attached_as_a_copy(world):
    lines, _, tree = filed(world, f"{UNKNOWN} БАСҚА ТЕСТ")
    assert lines[0].startswith("identity data not fetched: ") and "SCSS001" in lines[1]
    card = tree.find(".//Document")
    assert card.find("Fetched") is None and "GBDFL_UniversalServiceSync: SCSE001" in card.findtext("Copy/Why")

    world.end("gbdfl")
    try:
        lines, _, tree = filed(world, f"{RECIPIENT} ТЕСТОВ ТЕСТ")
    finally:
        world.play("gbdfl")
    assert "SCSS001" in lines[1] and "QG040" in tree.find(".//Document").findtext("Copy/Why")
    before = permits(world)
    assert "the name is not known" in world.act("monitoring", "send-application", UNKNOWN, code=1)[1]
    assert "dead" in world.act("monitoring", "send-application", "600505300010 МАРҚҰМ ТЕСТ", code=1)[-1]
    assert permits(world) == before


@pytest.mark.rule("M5")
def test_m5_the_employee_signs_on_the_recipients_consent(world):
    before = permits(world)
    good = application()
    refused = {
        "no consent": (world.signed(application(consent="false"), "corporation-employee"), "QG025", "payload.consent"),
        "consent of another day to come": (world.signed(application(day="2999-01-01"), "corporation-employee"), "QG025", "payload.consent"),
        "unsigned": (good.replace("@", ""), "QG026", "inner.absent"),
        "a person's own key": (world.signed(good, "person"), "SCE005", "certificate.role"),
        "an employee of another organisation": (world.signed(good, "employee"), "SCE005", "certificate.role"),
        "a head's key": (world.signed(good, "head"), "SCE005", "certificate.role"),
        "the system's key": (world.signed(good, "monitoring"), "SCE005", "certificate.role"),
        "changed after signing": (world.signed(good, "corporation-employee").replace(RECIPIENT, UNKNOWN), "QG026", "inner.wrong"),
        "a wrong number": (world.signed(application(employee="880707300056"), "corporation-employee"), "QG025", "payload.field"),
        "a zip in a pdf's clothing": (world.signed(application(copy=b"PK\x03\x04" + bytes(60)), "corporation-employee"), "QG025",
                                      "attachment.content"),
        "a program": (world.signed(application(name="diploma.exe"), "corporation-employee"), "QG025", "attachment.kind"),
    }
    for what, (text, *wanted) in refused.items():
        message_id = soap.new_id()
        answer = world.say("monitoring", "DEPARTMENT_REQUEST", text, message_id=message_id)
        assert [answer.code, answer.reason] == wanted, (what, answer.octets)
        assert {f["participant"] for f in world.journal("--message-id", message_id)} == {"monitoring"}, what
    another = world.say("monitoring", "DEPARTMENT_REQUEST", world.signed(application(employee=RECIPIENT), "corporation-employee"))
    assert (another.code, reasons(another)) == ("SCSE001", ["employee.signer"])
    assert permits(world) == before
    assert world.say("monitoring", "DEPARTMENT_REQUEST", world.signed(good, "corporation-employee")).code == "SCSS001"


@pytest.mark.rule("M6")
def test_m6_a_request_is_answered_by_a_response(world):
    message_id = soap.new_id()
    answer = world.say("monitoring", "DEPARTMENT_REQUEST", world.signed(application(), "corporation-employee"), message_id=message_id)
    assert answer.code == "SCSS001" and answer.text("MessageKind") == "response" and answer.text("Nikad")
    legs = [(f["direction"], f["kind"], f["participant"]) for f in reversed(world.journal("--message-id", message_id))]
    assert legs == [("received", "request", "monitoring"), ("sent", "request", "department"), ("received", "answer", "department"),
                    ("sent", "answer", "monitoring")]
    answer = world.say("monitoring", "DEPARTMENT_REQUEST", world.signed(application(kind="response"), "corporation-employee"))
    assert (answer.code, answer.reason) == ("QG025", "payload.schema") and "MessageKind" in answer.text("errorData")
