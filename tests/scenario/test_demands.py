# SPDX-License-Identifier: GPL-3.0-or-later
"""A service demands more of data than a schema can say: what is not so is refused in words, and nobody is called."""
import base64
from xml.sax.saxutils import escape

import pytest

from harness import persons as people
from harness import soap
from harness.gateway import Gateway
from harness.provider import Provider

DOC = "<p:Order xmlns:p='urn:demo:order'><Iin>900101300017</Iin><Nikad>KZ03 ABC 0000 0001</Nikad>@</p:Order>"
CARRIED = {"element": lambda doc: f"<data>{doc}</data>",
           "typed": lambda doc: f'<data xmlns:i="{soap.XSI}" i:type="o:T" xmlns:o="urn:demo:order">{doc}</data>',
           "string": lambda doc: f'<data xmlns:i="{soap.XSI}" i:type="x:string" xmlns:x="http://www.w3.org/2001/XMLSchema">'
                                 f"{escape(doc)}</data>",
           "CDATA": lambda doc: f"<data><![CDATA[{doc}]]></data>"}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\nstartxref\n0\n%%EOF\n"


RULES = [{"name": "director", "any_of": people.DIRECTOR, "own_bin": True},
         {"name": "accountant", "any_of": people.ACCOUNTANT, "own_bin": True}]
KINDS = {"element": "Kind", "allowed": ["ORDER", "INVOICE", "LETTER"]}


def file(name, octets, media="application/pdf"):
    return (f"<File><Name>{name}</Name><Media>{media}</Media><Content>{base64.b64encode(octets).decode()}</Content></File>")


@pytest.fixture(scope="module")
def gate(tmp_path_factory, pki):
    provider = Provider(pki["permits"])
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    g.service(provider, "Plain")
    g.service(provider, "Fields", fields=[{"element": "Iin", "is": "iin"}, {"element": "Nikad", "is": "nikad"},
                                          {"element": "Consent", "is": "consent"}])
    g.service(provider, "Kinds", kinds={"element": "Kind", "allowed": ["ORDER", "INVOICE"]})
    g.service(provider, "Short", payload="400")
    g.service(provider, "Files", attachments={"element": "File", "media": "Media", "kinds": ["pdf", "txt"], "size": "1KiB",
                                              "most": 2, "total": "1500"})
    g.conf["rules"] = RULES
    g.service(provider, "Roles", kinds=KINDS, inner={"accept": "enveloped", "rules": "director", "by_kind": [
        {"kinds": "ORDER", "rules": ["director", "accountant"]}, {"kinds": "INVOICE", "rules": "accountant"}]})
    g.provider = provider
    g.start()
    yield g
    assert g.stop() == 0
    provider.close()


def ask(gate, service, data, **fields):
    met = len(gate.provider.received)
    got = gate.send(service=service, data=data, **fields)
    return got, len(gate.provider.received) > met


def accepted(gate, service, data):
    got, met = ask(gate, service, data)
    assert got.status == 200 and met, got.octets
    return got


def refused(gate, service, data, reason, says, code="QG025", **fields):
    got, met = ask(gate, service, data, **fields)
    assert (got.status, got.code, got.reason) == (500, code, reason), got.octets
    assert not met, "the provider has met it"
    fact = next(f for f in gate.journal("--error-id", got.text("errorData").split("errorId=")[1][:12].rstrip(";"))
                if f["direction"] == "received")
    assert (fact["verdict"], fact["reason"]) == ("refused", reason) and says in fact["detail"], fact
    return got


@pytest.mark.rule("P1")
@pytest.mark.parametrize("carried", CARRIED)
def test_values_are_judged_in_every_style_of_data(gate, carried):
    carry = CARRIED[carried]
    accepted(gate, "Fields", carry(DOC))
    refused(gate, "Fields", carry(DOC.replace("900101300017", "900101300018")), "payload.field",
            "element Iin, occurrence 1: the check digit of 9001******** is wrong")
    refused(gate, "Fields", carry(DOC.replace("@", "<Iin>900101300018</Iin>")), "payload.field", "element Iin, occurrence 2")
    refused(gate, "Fields", carry(DOC.replace("ABC", "АВС")), "payload.field",
            "element Nikad, occurrence 1: not a NIKAD: place 5 holds the Cyrillic letter А")
    refused(gate, "Fields", carry(DOC.replace("KZ03", "KZ04")), "payload.field", "element Nikad, occurrence 1")
    accepted(gate, "Plain", carry(DOC.replace("KZ03", "KZ04")))


@pytest.mark.rule("P8")
def test_consent_has_to_be_given(gate):
    consent = "<Consent><Given>{}</Given><Date>{}</Date></Consent>"
    accepted(gate, "Fields", f"<data>{DOC.replace('@', consent.format('true', '2020-01-02'))}</data>")
    refused(gate, "Fields", f"<data>{DOC.replace('@', consent.format('false', '2020-01-02'))}</data>", "payload.consent",
            "Given in it has to say true")
    refused(gate, "Fields", f"<data>{DOC.replace('@', consent.format('true', '9999-01-02'))}</data>", "payload.consent", "future")


def test_the_kind_of_document_is_one_that_the_service_takes(gate):
    accepted(gate, "Kinds", f"<data>{DOC.replace('@', '<Kind>ORDER</Kind>')}</data>")
    refused(gate, "Kinds", f"<data>{DOC.replace('@', '<Kind>LETTER</Kind>')}</data>", "payload.kind", "element Kind")
    refused(gate, "Kinds", f"<data>{DOC}</data>", "payload.kind", "is missing")
    refused(gate, "Kinds", "<data>hello, world</data>", "payload.document", "neither a document nor base64")


@pytest.mark.rule("T4")
@pytest.mark.parametrize("carried", CARRIED)
def test_the_kind_of_document_decides_who_has_to_sign(gate, tmp_path, pki, carried):
    carry, who = CARRIED[carried], people.make(tmp_path, pki)

    def of(kind, *signers):
        return carry(people.sign_xml(DOC.replace("<Iin>", f"<Kind>{kind}</Kind><Iin>"), *(who[s] for s in signers)))

    accepted(gate, "Roles", of("ORDER", "accountant", "director"))
    accepted(gate, "Roles", of("INVOICE", "accountant"))
    accepted(gate, "Roles", of("LETTER", "director"))
    refused(gate, "Roles", of("ORDER", "director"), "inner.role", "ORDER demands director, accountant", "QG026")
    refused(gate, "Roles", of("INVOICE", "director"), "inner.role", "INVOICE demands accountant; DC of the signers: none", "QG026")
    refused(gate, "Roles", of("LETTER", "accountant"), "certificate.role", "rule director", "SCE005")
    refused(gate, "Roles", of("OTHER", "director"), "payload.kind", "element Kind")
    refused(gate, "Roles", of("INVOICE", "accountant").replace("INVOICE", "LETTER"), "inner.wrong", "", "QG026")


def test_data_is_no_longer_than_the_service_takes(gate):
    whole = f"<data>{DOC}</data>"
    room = 400 - len(whole.encode())
    accepted(gate, "Short", whole.replace("@", "@" + "x" * room))
    refused(gate, "Short", whole.replace("@", "@" + "x" * (room + 1)), "payload.size", "data has 401 octets, and the service takes 400")


@pytest.mark.rule("T3")
def test_files_are_what_they_say(gate):
    data = "<data><p>{}</p></data>"
    accepted(gate, "Files", data.format(file("a.pdf", PDF) + file("b.txt", "Қазына".encode(), "text/plain")))
    refused(gate, "Files", data.format(file("a.pdf", PDF) * 3), "attachment.count", "more than 2 elements File")
    refused(gate, "Files", data.format(file("a.txt", b"a" * 1024, "text/plain") + file("b.txt", b"a" * 477, "text/plain")),
            "attachment.count", "1501 octets, and 1500 are allowed")
    refused(gate, "Files", data.format(file("a.txt", b"a" * 1025, "text/plain")), "attachment.size", "occurrence 1")
    refused(gate, "Files", data.format(file("a.pdf", b"hello")), "attachment.content", "element File, occurrence 1")
    refused(gate, "Files", data.format(file("a.zip", b"PK\x03\x04", "application/zip")), "attachment.kind", "occurrence 1")
    refused(gate, "Files", data.format(file("a.pdf", PDF).replace("=</Content>", "</Content>").replace("<Content>", "<Content>A")),
            "attachment.content", "no base64")


def test_the_corrected_message_may_keep_its_identifier(gate):
    name = soap.new_id()
    refused(gate, "Fields", f"<data>{DOC.replace('KZ03', 'KZ04')}</data>", "payload.field", "Nikad", message_id=name)
    got, met = ask(gate, "Fields", f"<data>{DOC}</data>", message_id=name)
    assert got.status == 200 and met
