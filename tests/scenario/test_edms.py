# SPDX-License-Identifier: GPL-3.0-or-later
"""The document circulation: a typed document goes in, and its sender is told by state cards what became of it."""
import re

import pytest

from harness import soap, wss
from harness.gateway import Answer
from harness.pki import ROOT

SYSTEMS = ("edms",)
MODEL = "http://esedo.nitec.kz/service/model/"
EXAMPLE = (ROOT / "adapters/edms/examples/doc-outgoing.xml").read_text().strip()
NUMBER = "VR0000000001"


def send(world, data, sender="department", **fields):
    password = (world.folder / f"{sender}.password").read_text().strip()
    return world.send(identity=world.pki[sender], service="ESEDO_UNIVERSAL_SERVICE", sender=f"{sender}_is", password=password, data=data,
                      **fields)


def document(portal_id, **change):
    text = EXAMPLE.replace(f"<idPortalInternal>{NUMBER}", f"<idPortalInternal>{portal_id}").replace(f"<docNo>{NUMBER}", f"<docNo>{portal_id}")
    for name, value in change.items():
        was = re.search(f"<{name}>[^<]*</{name}>", text)
        now = f"<{name}>{value}</{name}>" if value else ""
        text = text.replace(was[0], now) if was else text.replace("<documentReceiverRu>", now + "<documentReceiverRu>")
    return text


def cards(world, portal_id):
    """Types and contents of the cards about one document, in the order in which they go."""
    rows = world.rows("edms", "SELECT service, attributes, data FROM outbox ORDER BY id")
    return [(re.search('xsi:type="e:(.*?)"', a)[1], data, service) for service, a, data in rows if f">{portal_id}<" in data]


def test_a_document_is_taken_and_its_states_follow_in_order(world):
    answer = send(world, document("D1"))
    assert answer.code == "SCSS001", answer.octets
    [data] = answer.verified().findall(".//{*}responseData/data") or [None]
    assert data is None or (len(data) == 0 and not data.text)
    (delivered, registered, execution) = cards(world, "D1")
    assert [c[0] for c in (delivered, registered, execution)] == ["stateDelivered", "stateRegistered", "stateExecution"]
    assert {c[2] for c in (delivered, registered, execution)} == {"DEPARTMENT_EDMS_STATE"}
    assert re.search(r"<regNo>ED-\d{4}-\d{8}</regNo>", registered[1])
    assert "<execDate>2030-01-17T23:59:59.999+05:00</execDate>" in execution[1]


def test_an_answer_finishes_the_document_that_it_answers(world):
    send(world, document("D2"))
    number = re.search("<regNo>(.*?)</regNo>", cards(world, "D2")[1][1])[1]
    send(world, document("D3", docToNumber=number, documentReceiverRu="ТЕСТОВ ТЕСТ", description="Reception is appointed"))
    assert [c[0] for c in cards(world, "D3")] == ["stateDelivered", "stateRegistered"]
    assert [c[0] for c in cards(world, "D2")][3:] == ["stateFinished"]
    assert "<resultText>Reception is appointed</resultText>" in cards(world, "D2")[3][1]


def test_a_document_is_answered_once(world):
    send(world, document("D4"))
    for answer in ("D5", "D6"):
        send(world, document(answer, docToNumber="D4"))
    assert [c[0] for c in cards(world, "D4")].count("stateFinished") == 1
    assert [c[0] for c in cards(world, "D5")] == ["stateDelivered", "stateRegistered"]
    assert [c[0] for c in cards(world, "D6")] == ["stateDelivered", "stateNotValid"] and "no document D4 waits" in cards(world, "D6")[1][1]


def test_a_document_is_answered_by_the_body_that_has_it_or_by_its_sender(world):
    send(world, document("D11"), sender="appeals")
    number = re.search("<regNo>(.*?)</regNo>", cards(world, "D11")[1][1])[1]
    send(world, document("D12", docToNumber=number), sender="permits")
    assert [c[0] for c in cards(world, "D12")] == ["stateDelivered", "stateNotValid"]
    send(world, document("D13", docToNumber=number, documentReceiverRu="Permits committee (test)"))
    assert [c[0] for c in cards(world, "D13")] == ["stateDelivered", "stateRegistered"]
    assert [(c[0], c[2]) for c in cards(world, "D11")][3:] == [("stateFinished", "APPEALS_EDMS_STATE")]
    send(world, document("D14"), sender="appeals")
    send(world, document("D15", docToNumber="D14"), sender="appeals")
    assert [c[0] for c in cards(world, "D14")][3:] == ["stateFinished"]


def test_what_cannot_be_registered_is_not_valid_and_all_reasons_are_told(world):
    assert send(world, document("D7", documentReceiverRu="Nobody", description=None)).code == "SCSS001"
    delivered, refused = cards(world, "D7")
    assert (delivered[0], refused[0]) == ("stateDelivered", "stateNotValid")
    assert "Nobody" in refused[1] and "description is absent" in refused[1]


def test_a_document_that_comes_twice_is_kept_once(world):
    for _ in range(2):
        assert send(world, document("D8")).code == "SCSS001"
    assert len(cards(world, "D8")) == 3


@pytest.mark.parametrize("change", [
    ("e:docOutgoing", "e:docIncoming"), (MODEL + "document", MODEL + "notification"), ('xsi:type="e:docOutgoing"', ""),
    ("<docNo>", "<docNumber>1</docNumber><docNo>")])
def test_what_is_no_document_does_not_reach_the_circulation(world, change):
    before = world.rows("edms", "SELECT count(*) FROM document")
    answer = send(world, document("D9").replace(*change))
    assert answer.status == 500 and answer.reason == "payload.schema", answer.octets
    assert world.rows("edms", "SELECT count(*) FROM document") == before


def test_a_document_without_the_senders_number_cannot_be_answered_by_cards(world):
    answer = send(world, document("D9").replace("<idPortalInternal>D9</idPortalInternal>", ""))
    assert answer.code == "SCSE002"


def test_text_in_windows_1251_is_refused_and_said_to_be_so(world):
    """Some clients of the circulation write their system's code page into a message that is UTF-8 by its head."""
    info = soap.request_info(service="ESEDO_UNIVERSAL_SERVICE", password=(world.folder / "department.password").read_text().strip())
    text = soap.envelope(soap.request(info=info, data=document("D10", description="CARD")))
    octets = wss.sign(text, world.pki["department"])
    octets = octets.encode() if isinstance(octets, str) else octets
    answer = Answer(world, world.post(octets.replace(b"CARD", "Өтініш туралы".replace("Ө", "О").replace("і", "i").encode("cp1251"))))
    assert answer.status == 500 and answer.code == "SCE001" and answer.reason == "xml.encoding", answer.octets
    assert not cards(world, "D10")


def test_cards_wait_for_their_receiver_also_over_a_restart(world):
    before = len(cards(world, "D1"))
    world.end("edms", 9)
    world.play("edms")
    assert len(cards(world, "D1")) == before
    [(waiting,)] = world.rows("edms", "SELECT count(*) FROM outbox WHERE result = ''")
    assert waiting == sum(len(cards(world, f"D{n}")) for n in range(1, 16))
