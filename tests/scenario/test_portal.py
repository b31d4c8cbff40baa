# SPDX-License-Identifier: GPL-3.0-or-later
"""The applicant's cabinet: systems put notices into it, and only the applicant reads them."""
import re

import pytest

from harness import soap
from harness.pki import ROOT

SYSTEMS = ("portal",)
EXAMPLES = ROOT / "adapters/portal/examples"
PERSON, OTHER, ORGANISATION = "900101300017", "930202300081", "200440000015"
NUMBER = "00000000000000000001"


def applicant(number):
    return f"<{{0}}>{number}</{{0}}>".format("Bin" if number == ORGANISATION else "Iin")


def notice(world, number, text, moment="2030-01-02T03:04:04.000+05:00", request=NUMBER, sender="department", **more):
    payload = (EXAMPLES / "cabinet-notice.xml").read_text().replace(applicant(PERSON), applicant(number))
    payload = payload.replace("<Moment>2030-01-02T03:04:04.000+05:00", f"<Moment>{moment}").replace("Разрешение выдано", text)
    payload = payload.replace(f"<RequestNumber>{NUMBER}</RequestNumber><Kind>", f"<RequestNumber>{request}</RequestNumber><Kind>")
    return world.say(sender, "PORTAL_NOTICE", payload, **more)


def kept(world, text):
    return world.rows("portal", "SELECT count(*) FROM notice WHERE text_ru = ?", text)[0][0]


def cabinet(world, number, *signers, date=None, **fields):
    asked = (EXAMPLES / "cabinet-request.xml").read_text().replace(applicant(PERSON), applicant(number))
    asked = re.sub(r"<RequestDate>.*?<", f"<RequestDate>{date or soap.now()}<", asked)
    asked = asked.replace("<Most>10</Most>", "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()))
    asked = re.sub(r"<ds:Signature.*?/>", "@", asked)
    return world.say("permits", "PORTAL_CABINET", world.signed(asked.strip(), *signers))


def shown(answer):
    assert answer.code == "SCSS001", answer.octets
    return [node.text for node in answer.verified().xpath("//Notice/TextRu")]


def refused(answer):
    assert answer.code == "SCSE001" and not answer.verified().xpath("//Notice"), answer.octets
    return answer.text("Code")


def test_a_notice_lies_in_the_cabinet_of_the_applicant_alone(world):
    assert notice(world, PERSON, "for the person").code == "SCSS001"
    assert notice(world, OTHER, "for another").code == "SCSS001"
    assert notice(world, ORGANISATION, "for the organisation").code == "SCSS001"
    world.wait(lambda: all(kept(world, f"for {whom}") for whom in ("the person", "another", "the organisation")))
    assert shown(cabinet(world, PERSON, "person")) == ["for the person"]
    assert shown(cabinet(world, OTHER, "other-person")) == ["for another"]
    assert shown(cabinet(world, ORGANISATION, "head")) == ["for the organisation"]
    answer = cabinet(world, PERSON, "person")
    assert answer.text("From") == "department_is" and answer.text("DocNumber") == "KZ03ABC00000001"
    assert (answer.text("StatusCode"), answer.text("Kind"), len(answer.text("Sha256"))) == ("005", "DECISION", 64)


def test_nobody_reads_the_cabinet_of_another(world):
    assert refused(cabinet(world, PERSON, "other-person")) == "cabinet.foreign"
    assert refused(cabinet(world, PERSON, "head")) == "cabinet.foreign"
    assert refused(cabinet(world, ORGANISATION, "person")) == "cabinet.foreign"
    assert refused(cabinet(world, ORGANISATION, "coordinator-head")) == "cabinet.foreign"


def test_nobody_reads_it_unsigned(world):
    answer = cabinet(world, PERSON)
    assert (answer.status, answer.reason) == (500, "inner.absent"), answer.octets


def test_a_signature_does_not_serve_for_another_question(world):
    asked = (EXAMPLES / "cabinet-request.xml").read_text()
    signed = world.signed(re.sub(r"<ds:Signature.*?/>", "@", asked.strip()), "other-person")
    answer = world.say("permits", "PORTAL_CABINET", signed.replace("<Most>10", "<Most>11"))
    assert answer.status == 500 and answer.reason.startswith("inner."), answer.octets


@pytest.mark.parametrize("date", ["2024-01-02T03:04:05.000+05:00", "2035-01-02T03:04:05.000+05:00"])
def test_a_request_that_was_kept_opens_nothing(world, date):
    assert refused(cabinet(world, PERSON, "person", date=date)) == "cabinet.stale"


def test_the_newest_come_first_whenever_they_arrived(world):
    for text, moment in (("second", "2031-05-02T09:00:00.000+05:00"), ("first", "2031-05-01T09:00:00.000+05:00"),
                         ("fourth", "2031-05-02T11:00:00.000+06:00"), ("third", "2031-05-02T09:30:00.000+05:00")):
        notice(world, PERSON, text, moment, request="00000000000000000077")
        world.wait(lambda text=text: kept(world, text))
    number = {"RequestNumber": "00000000000000000077"}
    assert shown(cabinet(world, PERSON, "person", **number)) == ["fourth", "third", "second", "first"]
    assert shown(cabinet(world, PERSON, "person", **number, Most=2)) == ["fourth", "third"]
    assert shown(cabinet(world, PERSON, "person", Most=1)) == ["fourth"]


def test_a_notice_that_comes_twice_is_kept_once(world):
    same = {"message_id": "33333333-0000-4000-8000-000000000001", "date": soap.now()}
    for sender in ("department", "department", "permits"):
        assert notice(world, PERSON, "once", sender=sender, **same).code == "SCSS001"
    world.wait(lambda: kept(world, "once") == 2)
    assert world.rows("portal", "SELECT sender FROM notice WHERE text_ru = 'once' ORDER BY sender") == [
        ("department_is",), ("permits_is",)]


def test_a_notice_waits_while_the_portal_is_away(world):
    world.end("portal")
    assert notice(world, PERSON, "later").code == "SCSS001"
    world.play("portal")
    world.wait(lambda: kept(world, "later") == 1)


def test_a_notice_for_a_wrong_number_is_not_kept(world):
    notice(world, "900101300018", "for nobody")
    notice(world, PERSON, "behind it")
    world.wait(lambda: kept(world, "behind it"))
    assert kept(world, "for nobody") == 0
