# SPDX-License-Identifier: GPL-3.0-or-later
"""A signed message passes the gate: verified, routed byte for byte, signed anew, registered, answered."""
import re

import pytest

from harness import soap, wss
from harness.gateway import Answer

DATA = {
    "typed": '<data xsi:type="q:Permit" xmlns:q="urn:demo:types" xmlns:xsi="%s"><q:number>7</q:number></data>' % soap.XSI,
    "child root": '<data><p:Request xmlns:p="urn:demo:permit"  a = "1"><p:number>1</p:number><!-- kept --></p:Request></data>',
    "escaped string": '<data xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="%s">&lt;a&gt;&#1040;&amp;amp;&lt;/a&gt;</data>' % soap.XSI,
    "CDATA": "<data><![CDATA[<a>Қ & <b/></a>]]></data>",
    "empty element": "<data/>",
    "empty": "<data></data>",
    "line ends and blanks": "<data>\n\t<x>\r\n</x>  </data>",
    "qualified in the interfaces namespace": '<i:data xmlns:i="http://bip.bee.kz/SyncChannel/v10/Interfaces"><x/></i:data>',
    "Kazakh letters and references": "<data><x>Әріп&#x4B0;&#13;&quot;</x></data>",
}


def data_of(octets):
    return re.search(rb"<(\w+:)?data[ />].*?(</(\w+:)?data>|(?<=/>))(?=</requestData>|</responseData>)", octets, re.S).group(0)


@pytest.mark.parametrize("style", DATA)
def test_data_arrives_with_identical_octets(gateway, provider, style):
    provider.answer = lambda _o: provider.signed_answer(_o, data=DATA[style])
    answer = gateway.send(data=DATA[style])
    assert answer.status == 200, answer.octets
    assert data_of(provider.received[-1]) == DATA[style].encode()
    assert data_of(answer.octets) == DATA[style].encode()
    wss.verify(provider.received[-1], gateway.pki["gateway"].certificate)
    answer.verified()


def test_an_answer_without_data_passes(gateway, provider):
    text = soap.envelope(soap.response(data="").replace("<responseData></responseData>", "<responseData/>"))
    provider.answer = lambda _o: provider.signed_answer(_o, text=text)
    answer = gateway.send()
    answer.verified()
    assert b"<responseData/>" in answer.octets


def test_the_password_stays_and_the_session_is_set(gateway, provider):
    provider.answer = provider.signed_answer
    answer = gateway.send(tail="<sessionId>{}</sessionId>")
    forwarded = provider.received[-1]
    assert b"password" not in forwarded and b"secret" not in forwarded
    session = re.findall(rb"<sessionId>(\{[0-9a-f-]{36}\})</sessionId>", forwarded)
    assert len(session) == 1
    assert answer.text("sessionId").encode() == session[0]


def test_namespaces_in_scope_stay_the_same(gateway, provider):
    """A prefix that only content uses (xsi:type) is declared far out and must still resolve at the other side."""
    provider.answer = provider.signed_answer
    text = soap.envelope(soap.request(data='<data xsi:type="far:Type"><far:x/></data>'),
                         envelope_attributes=f' xmlns:far="urn:far" xmlns:xsi="{soap.XSI}"')
    assert gateway.send(text).status == 200
    root = wss.verify(provider.received[-1], gateway.pki["gateway"].certificate)
    sent, got = (wss.parse(t).xpath("//*[local-name()='data']")[0].nsmap for t in (text, provider.received[-1]))
    assert sent == got and root is not None


@pytest.mark.parametrize("prefix", ["soapenv", "soap", "SOAP-ENV", "S"])
def test_every_envelope_prefix_passes(gateway, provider, prefix):
    provider.answer = provider.signed_answer
    text = soap.envelope(soap.request(), prefix=prefix)
    octets = wss.sign(text, gateway.pki["department"], security_attributes=f' {prefix}:mustUnderstand="1"')
    Answer(gateway, gateway.post(octets)).verified()


def test_the_default_namespace_as_envelope_prefix_passes(gateway, provider):
    provider.answer = provider.signed_answer
    body = soap.request().replace("<request>", '<request xmlns="">')
    octets = wss.sign(soap.envelope(body, prefix=""), gateway.pki["department"], security_attributes="")
    answer = Answer(gateway, gateway.post(octets))
    assert answer.status == 200, answer.octets
    answer.verified()


@pytest.mark.parametrize("name,fields", [
    ("empty properties", dict(tail="<properties/>")),
    ("empty correlationId and routeId", dict(correlation="", after_date="<routeId/>")),
    ("empty sessionId", dict(tail="<sessionId></sessionId>")),
    ("sessionId of braces alone", dict(tail="<sessionId>{}</sessionId>")),
    ("sessionId without braces", dict(tail="<sessionId>99999999-8888-4777-8666-555555555555</sessionId>")),
    ("a property", dict(tail="<properties><key>k</key><value>v</value></properties>")),
    ("date of the old zone", dict(date=soap.now(hours=1).replace("+05:00", "+06:00"))),
    ("offset without colon", dict(date=soap.now().replace("+05:00", "+0500"))),
    ("no offset", dict(date=soap.now().replace("+05:00", ""))),
])
def test_deviations_of_requests_are_tolerated(gateway, provider, name, fields):
    provider.answer = provider.signed_answer
    answer = gateway.send(**fields)
    assert answer.status == 200, answer.octets
    answer.verified()


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", 'text/xml;charset="UTF-8"', "application/soap+xml; charset=utf-8"])
def test_content_types_of_the_bus_are_accepted(gateway, provider, kind):
    provider.answer = provider.signed_answer
    octets = wss.sign(soap.envelope(soap.request()), gateway.pki["department"])
    Answer(gateway, gateway.post(octets, content_type=kind)).verified()


@pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", "text/xml; charset=utf-7", "multipart/related", ""])
def test_other_content_types_are_refused(gateway, provider, kind):
    before = len(provider.received)
    octets = wss.sign(soap.envelope(soap.request()), gateway.pki["department"])
    assert gateway.post(octets, content_type=kind).status_code == 415
    assert len(provider.received) == before


# Around 64 KiB, from where on the end of a message that goes on is not copied; what is behind the Envelope does not go on.
LONG = {"short": (1, ""), "below": (4000, ""), "above": (5000, ""), "long": (100000, ""), "long, and more": (100000, "\n<!-- -->\n")}


@pytest.mark.parametrize("length", LONG)
def test_every_leg_is_registered_with_its_octets(gateway, provider, length):
    times, behind = LONG[length]
    data = f"<data>{'<x>Әріп</x>' * times}</data>"
    provider.answer = lambda _o: provider.signed_answer(_o, text=soap.envelope(soap.response(data=data)) + behind)
    message_id = soap.new_id()
    octets = wss.sign(soap.envelope(soap.request(data=data, message_id=message_id)) + behind, gateway.pki["department"])
    answer = gateway.post(octets).content
    for sent in (provider.received[-1], answer):
        wss.verify(sent, gateway.pki["gateway"].certificate)
        assert data_of(sent) == data.encode() and sent.endswith(b"Envelope>")
    legs = gateway.journal("--message-id", message_id, "--octets")[::-1]
    assert [(f["direction"], f["kind"], f["verdict"], f["participant"]) for f in legs] == [
        ("received", "request", "verified", "department"), ("sent", "request", "signed", "permits"),
        ("received", "answer", "verified", "permits"), ("sent", "answer", "signed", "department")]
    assert legs[0]["octets"].encode() == octets
    assert legs[1]["octets"].encode() == provider.received[-1]
    assert legs[3]["octets"].encode() == answer
    assert all(f["size"] == f["kept"] == len(f["octets"].encode()) for f in legs)
    assert len({f["exchange"] for f in legs}) == 1
    assert all(f["at"].endswith("+05:00") for f in legs)


INNER = """<data><doc:Permit xmlns:doc="urn:demo:doc" Id="permit-1"><doc:n>1</doc:n>{signature}</doc:Permit></data>"""


@pytest.mark.parametrize("exclusive", [True, False])
def test_an_inner_signature_still_verifies_at_the_far_end(gateway, provider, exclusive):
    """Inclusive canonicalisation takes in every namespace in scope, so it breaks when anything around changes."""
    def inner(root):
        permit = root.xpath("//*[local-name()='Permit']")[0]
        signature = permit[-1] if permit[-1].tag.endswith("Signature") else None
        if signature is not None:
            permit.remove(signature)
        return wss.canonical(permit, exclusive=exclusive), signature

    import base64
    import hashlib
    placeholder = '<ds:Signature xmlns:ds="%s"><ds:SignatureValue>%s</ds:SignatureValue></ds:Signature>'
    draft = soap.envelope(soap.request(data=INNER.format(signature="")), envelope_attributes=' xmlns:unused="urn:unused"')
    octets, _ = inner(wss.parse(draft))
    value = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    provider.answer = provider.signed_answer
    answer = gateway.send(draft.replace("</doc:n>", "</doc:n>" + placeholder % (soap.DS, value)))
    assert answer.status == 200, answer.octets
    there, signature = inner(wss.parse(provider.received[-1]))
    assert base64.b64encode(hashlib.sha256(there).digest()).decode() == signature[0].text


def test_the_contract_is_served(gateway):
    import requests
    page = requests.get(gateway.url + "?wsdl", timeout=10)
    assert page.status_code == 200
    assert f'location="{gateway.url}"'.encode() in page.content
