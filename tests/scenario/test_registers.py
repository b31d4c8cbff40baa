# SPDX-License-Identifier: GPL-3.0-or-later
"""The registers that others ask: individuals, legal entities, payers of taxes. Each tells who is known and what is wrong with
a question, and tells it apart."""
import pytest

from harness import wss
from harness.pki import ROOT

SYSTEMS = ("gbdfl", "gbdul", "tax")
FL, UL, XSI = ("http://message.persistence.interactive.nat", "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz",
               "http://www.w3.org/2001/XMLSchema-instance")
KNOWN = {"iin": "900101300017"}
NAMED = {"surname": "ТЕСТОВ", "name": "ТЕСТ", "birthDate": "1990-01-01"}
DEAD = "600505300010"


def fields(values):
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def person(world, values, sender="permits", **more):
    head = {"messageId": "11111111-2222-4333-8444-555555555555", "messageDate": "2030-01-02T03:04:05.000+05:00",
            "senderCode": f"{sender}_is"}
    return world.say(sender, "GBDFL_UniversalServiceSync", f'<m:Request xmlns:m="{FL}">{fields({**head, **values})}</m:Request>',
                     **more)


def organisation(world, values, root="Request"):
    return world.say("permits", "GBDUL_INFO_BY_BIN", f'<u:{root} xmlns:u="{UL}">{fields(values)}</u:{root}>')


def payer(world, values):
    example = (ROOT / "adapters/tax/examples/payer-request.xml").read_text()
    return world.say("permits", "TAX_PAYER", example.replace("<Iin>900101300017</Iin>", fields(values)))


def typed(world, service, namespace, kind, values):
    """The style in which data itself is the message."""
    return world.send(identity=world.pki["permits"], service=service, sender="permits_is",
                      password=(world.folder / "permits.password").read_text().strip(),
                      data=f'<data xmlns:n="{namespace}" xmlns:xsi="{XSI}" xsi:type="n:{kind}">{fields(values)}</data>')


def texts(answer, path):
    return [node.text for node in answer.verified().xpath(path)]


@pytest.mark.parametrize("question", [
    KNOWN, {**NAMED, "birthDate": "1990-01-01"}, {"documentNumber": "040000001"}, {"documentNumber": "N10000001"},
    {"surname": "ТЕСТОВ", "name": "ТЕСТ", "patronymic": "ТЕСТҰЛЫ", "birthDate": "1990-01-01"}],
    ids=["iin", "names", "identity card", "passport", "names with patronymic"])
def test_a_person_is_found(world, question):
    answer = person(world, question)
    assert answer.code == "SCSS001", answer.octets
    assert texts(answer, "//messageResult/code") == ["00000"]
    assert texts(answer, "//person/iin") == ["900101300017"]
    assert texts(answer, "//person/lifeStatus/code") == ["0"] and not texts(answer, "//deathDate")
    assert texts(answer, "//requestId") == ["11111111-2222-4333-8444-555555555555"]
    assert texts(answer, "//receiver") == ["permits_is"]


def test_a_person_has_several_documents_and_addresses(world):
    answer = person(world, KNOWN)
    assert texts(answer, "//document/type/code") == ["001", "002"]
    assert texts(answer, "//document/status/code") == ["00", "00"]
    assert texts(answer, "//address/beginDate") == ["2001-03-01", "2012-06-01"]
    assert texts(answer, "//regAddress/beginDate") == ["2012-06-01"]


def test_a_dead_person_is_told_so(world):
    answer = person(world, {"iin": DEAD})
    assert answer.code == "SCSS001" and texts(answer, "//deathDate") == ["2021-03-04"]
    assert texts(answer, "//lifeStatus/code") == ["1"] and texts(answer, "//document/status/code") == ["01"]


@pytest.mark.parametrize("question", [{"iin": "930202300081"}, {**NAMED, "birthDate": "1990-01-02"},
                                      {**NAMED, "patronymic": "БАСҚА"}, {"documentNumber": "040000099"}])
def test_nobody_is_a_code_of_its_own(world, question):
    fields_in_order = {name: question[name] for name in ("iin", "surname", "name", "patronymic", "birthDate", "documentNumber")
                       if name in question}
    answer = person(world, fields_in_order)
    assert (answer.code, texts(answer, "//messageResult/code")) == ("SCSE001", ["00001"]), answer.octets
    assert texts(answer, "//messageResult/nameRu") == ["Лицо не найдено"] and not texts(answer, "//persons")


def test_a_wrong_iin_is_another(world):
    answer = person(world, {"iin": "900101300018"})
    assert (answer.code, texts(answer, "//messageResult/code")) == ("SCSE002", ["00002"])
    assert "check digit" in answer.text("message")


@pytest.mark.parametrize("question", [{}, {"surname": "ТЕСТОВ", "name": "ТЕСТ"}, {**KNOWN, "documentNumber": "040000001"},
                                      {"iin": "9001013000170"}])
def test_what_is_no_question_about_a_person_does_not_reach_the_database(world, question):
    answer = person(world, question)
    assert (answer.status, answer.reason) == (500, "payload.schema"), answer.octets


def test_a_question_longer_than_any_is_refused(world):
    answer = person(world, {**NAMED, "birthDate": "1990-01-01", "kdpToken": "t" * 70000})
    assert (answer.status, answer.reason) == (500, "payload.size"), answer.octets


def test_a_question_that_is_typed_is_answered_in_kind(world):
    head = {"messageId": "m", "messageDate": "2030-01-02T03:04:05.000+05:00", "senderCode": "permits_is"}
    answer = typed(world, "GBDFL_UniversalServiceSync", FL, "Request", {**head, **KNOWN})
    assert answer.code == "SCSS001", answer.octets
    assert texts(answer, "//data/persons/person/iin") == ["900101300017"]
    answer = typed(world, "GBDUL_INFO_BY_BIN", UL, "requestDataType", {"BIN": "200440000015", "RequestorBIN": "200240000018"})
    assert answer.code == "SCSS001", answer.octets
    assert texts(answer, "//data/Organization/BIN") == ["200440000015"]


@pytest.mark.parametrize("root, answered", [("Request", "Response"), ("requestDataType", "responseDataType")])
@pytest.mark.parametrize("order", [("RequestorBIN", "BIN"), ("BIN", "RequestorBIN")])
def test_an_organisation_is_found_in_either_order(world, root, answered, order):
    bins = {"RequestorBIN": "200240000018", "BIN": "200440000015"}
    answer = organisation(world, {name: bins[name] for name in order}, root)
    assert answer.code == "SCSS001", answer.octets
    [top] = answer.verified().xpath("//*[local-name()='data']/*")
    assert top.tag == f"{{{UL}}}{answered}"
    assert texts(answer, "//Status/Code") == ["002"] and texts(answer, "//Organization/BIN") == ["200440000015"]
    assert texts(answer, "//RegStatus/Code") == ["1"] and not texts(answer, "//LiquidationDate")


def test_a_liquidated_an_unknown_and_a_wrong_organisation_are_told_apart(world):
    told = {}
    for bin_ in ("191140000012", "200640000012", "200440000016"):
        answer = organisation(world, {"RequestorBIN": "200240000018", "BIN": bin_})
        told[bin_] = (answer.code, *texts(answer, "//Status/Code"), *texts(answer, "//LiquidationDate"))
    assert told == {"191140000012": ("SCSS001", "004", "2024-06-28"), "200640000012": ("SCSE001", "003"),
                    "200440000016": ("SCSE002", "005")}


def test_what_names_no_two_numbers_does_not_reach_the_database(world):
    for values in ({"BIN": "200440000015"}, {"BIN": "2004", "RequestorBIN": "200240000018"}):
        answer = organisation(world, values)
        assert (answer.status, answer.reason) == (500, "payload.schema"), answer.octets


def test_a_payer_is_known_with_what_is_owed(world):
    told = {}
    for name, number in (("Iin", "900101300017"), ("Iin", "800303300034"), ("Bin", "200540000019")):
        answer = payer(world, {name: number})
        assert answer.code == "SCSS001" and texts(answer, "//Registered") == ["true"], answer.octets
        told[number] = (*texts(answer, "//Since"), *texts(answer, "//Debt"))
    assert told == {"900101300017": ("2010-02-01", "0.00"), "800303300034": ("2003-07-15", "15230.50"),
                    "200540000019": ("2020-05-05", "480000.00")}


def test_one_may_live_and_be_no_payer(world):
    assert person(world, {"iin": "850202300024"}).code == "SCSS001"
    answer = payer(world, {"Iin": "850202300024"})
    assert answer.code == "SCSE001" and texts(answer, "//Registered") == ["false"]
    assert texts(answer, "//Reason/Code") == ["payer.unknown"] and not texts(answer, "//Debt")


def test_a_wrong_number_of_a_payer_is_told(world):
    answer = payer(world, {"Bin": "200440000016"})
    assert answer.code == "SCSE001" and texts(answer, "//Reason/Code") == ["payer.number"]


def test_who_asks_may_send_text_instead_of_elements(world):
    text = (ROOT / "adapters/gbdul/examples/request.xml").read_text()
    answer = world.say("permits", "GBDUL_INFO_BY_BIN", text.replace("<", "&lt;"))
    assert answer.code == "SCSS001" and wss.parse(answer.octets) is not None
    assert texts(answer, "//Organization/BIN") == ["200440000015"]
