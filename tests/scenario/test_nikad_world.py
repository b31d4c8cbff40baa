# SPDX-License-Identifier: GPL-3.0-or-later
"""The systems of the permits with the gateway as the one that gives the numbers (P1, P2, P4): also those that the permits
system needs for what it registers itself."""
import re
from xml.sax.saxutils import escape

import pytest
import yaml

from harness.world import World

NS = "urn:qaqpa:permits:v1"
INFO = ("<SystemInfo><RequestNumber>{:020d}</RequestNumber><ChainId>chain</ChainId>"
        "<RequestDate>2026-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>")
PERSON = "<Iin>900101300017</Iin><Name>ТЕСТОВ ТЕСТ</Name>"
NUMBERED = ("PERMITS_REGISTER", "PERMITS_PAPER_APPLICATION", "PERMITS_NOTICE", "PERMITS_COORDINATION", "PERMITS_COORDINATION_REPLY",
            "PERMITS_EVENT")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("world"), ())
    path = w.folder / "conf.d/permits.yaml"
    descriptor = yaml.safe_load(path.read_text())
    for s in descriptor["services"]:
        if s["id"] == "PERMITS_NIKAD":
            for word in ("provider", "endpoint", "repeat_safe"):
                del s[word]
            s["handler"] = "nikad"
        if s["id"] in NUMBERED:
            s.update(checks="nikad-given", actions="nikad-used")
    path.write_text(yaml.safe_dump(descriptor, allow_unicode=True))
    try:
        w.begin()
        w.play("permits", "--set", "numbers=gateway")
        for name in ("gbdfl", "tax"):
            w.play(name)
        yield w
        w.close()
    finally:
        for sim in w.sims.values():
            sim.kill()
        if w.redis:
            w.redis.kill()
        w.stop()


def message(name, body, count=[0]):  # noqa: B006 - every message is another one
    count[0] += 1
    return f'<p:{name} xmlns:p="{NS}">{INFO.format(count[0])}<BusinessData>{body}</BusinessData>@</p:{name}>'


def done(answer):
    assert answer.code == "SCSS001", answer.octets.decode()
    return answer


def number(world, kind, of, system="department"):
    text = message("NikadRequest", f"<DocumentType>{of}</DocumentType><DocumentKind>{kind}</DocumentKind>")
    return done(world.say(system, "PERMITS_NIKAD", text.replace("@", ""))).text("Nikad")


def permit(world, nikad, words="Words."):
    document = (f'<d:AdministrativeDocument xmlns:d="urn:qaqpa:permits:document:v1"><Nikad>{nikad}</Nikad><DocumentKind>PERMIT</DocumentKind>'
                "<ServiceCode>PERMIT-002</ServiceCode><Issuer><Bin>200440000015</Bin><Name>Department of licences (test)</Name></Issuer>"
                f"<Subject>{PERSON}</Subject><DocumentDate>2026-02-03T10:00:00.000+05:00</DocumentDate><Text>{words}</Text>@"
                "</d:AdministrativeDocument>")
    body = (f"<Nikad>{nikad}</Nikad><DocumentKind>PERMIT</DocumentKind>"
            f"<Document>{escape(world.signed(document, 'head'))}</Document>")
    return world.say("department", "PERMITS_REGISTER", message("RegisterRequest", body).replace("@", ""))


def apply(world):
    body = (f"<DocumentKind>APPLICATION</DocumentKind><ServiceCode>PERMIT-002</ServiceCode><Applicant>{PERSON}</Applicant>"
            "<Statement>I ask for it.</Statement>")
    return world.say("portal", "PERMITS_APPLICATION", world.signed(message("ApplicationRequest", body), "person"))


@pytest.mark.rule("P2")
def test_p2_the_permits_system_registers_under_a_number_of_the_gateway(world):
    nikad = number(world, "PERMIT", "PRM")
    done(permit(world, nikad))
    assert world.rows("permits", "SELECT kind FROM given JOIN registration USING (nikad) WHERE nikad = ?", nikad) == [("PERMIT",)]
    again = permit(world, nikad, "Other words.")
    assert (again.code, again.reason) == ("QG027", "nikad.used")
    assert permit(world, nikad).code == "QG027"  # another message, though with the same document


@pytest.mark.rule("P2")
def test_p2_a_document_that_the_permits_system_refuses_may_come_again_with_its_number(world):
    nikad, other = number(world, "PERMIT", "PRM"), number(world, "PERMIT", "PRM")
    body = f"<Nikad>{nikad}</Nikad><DocumentKind>PERMIT</DocumentKind><Document>&lt;x/&gt;</Document>"
    refused = world.say("department", "PERMITS_REGISTER", message("RegisterRequest", body).replace("@", ""))
    assert refused.code == "SCSE001"
    done(permit(world, nikad))
    done(permit(world, other))


@pytest.mark.rule("P2")
def test_p2_a_notice_needs_a_number_for_a_notice(world):
    application = done(apply(world)).text("Nikad")
    body = f"<Nikad>{{}}</Nikad><Application>{application}</Application><NoticeKind>ACCEPTANCE</NoticeKind><Text>Accepted.</Text>"
    wrong = number(world, "PERMIT", "PRM")
    answer = world.say("department", "PERMITS_NOTICE", world.signed(message("NoticeRequest", body.format(wrong)), "employee"))
    assert (answer.code, answer.reason) == ("QG027", "nikad.kind")
    right = number(world, "NOTICE_TO_APPLICANT", "NTC")
    done(world.say("department", "PERMITS_NOTICE", world.signed(message("NoticeRequest", body.format(right)), "employee")))


@pytest.mark.rule("P4")
def test_p4_an_application_gets_its_number_at_registration_and_no_other_document_gets_it(world):
    mine = number(world, "APPLICATION", "APP")
    application = done(apply(world)).text("Nikad")
    theirs = number(world, "APPLICATION", "APP")
    assert [int(n[7:]) - int(mine[7:]) for n in (application, theirs)] == [1, 2]
    facts = world.journal("--service", "PERMITS_NIKAD", "--sender", "permits_is")
    assert re.search("permits", str({f["participant"] for f in facts}))
    assert permit(world, application).reason == "nikad.foreign"
