# SPDX-License-Identifier: GPL-3.0-or-later
"""A business signature inside data, made and verified by the xmlsec1 command, holds at the far end in both directions: the
gateway changes nothing in data, and nothing around it that the signature takes in."""
import re
from xml.sax.saxutils import escape

import pytest

from harness import soap, wss, xmlsec1
from harness.gateway import Answer

DOC = "urn:demo:doc"
DEFINED = [f"{DOC}:Permit"]  # where Id is an identifier
WHERE = ("--node-xpath", "//*[local-name()='data']//*[local-name()='Signature']")
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
CANONICAL = {"exclusive": soap.EXC, "inclusive": soap.C14N, "inclusive with comments": soap.C14N + "#WithComments"}
XS = "http://www.w3.org/2001/XMLSchema"

# What stands around data; an inclusive canonical form takes all of it in.
SURROUNDINGS = {
    "usual": {},
    "namespaces that nothing uses": dict(envelope_attributes=' xmlns:unused="urn:unused" xmlns:xsi="%s" xmlns:ds="%s"' % (soap.XSI, soap.DS)),
    "namespaces on the Body": dict(body_attributes=f' xmlns:wsu="{soap.WSU}" wsu:Id="id-body" xmlns:far="urn:far" xmlns:doc="urn:other"'),
    "another prefix for wsu": dict(body_attributes=f' xmlns:u="{soap.WSU}" u:Id="id-body"'),
    "wsse and wsu on the Envelope": dict(envelope_attributes=f' xmlns:wsse="{soap.WSSE}" xmlns:wsu="{soap.WSU}"',
                                         body_attributes=' wsu:Id="id-body"'),
    "attributes in the xml namespace": dict(envelope_attributes=' xml:lang="kk"',
                                            body_attributes=f' xml:space="preserve" xmlns:wsu="{soap.WSU}" wsu:Id="id-body"'),
}


def permit(template, number=7):
    """A document with comments, entities, an attribute order and an empty element that a serialiser would touch."""
    return (f'<doc:Permit xmlns:doc="{DOC}" b="2" a = \'1\' Id="permit-1"><!-- kept --><doc:n>{number}</doc:n>'
            f"\n\t<doc:holder>ТОО «Ә&amp;Ң» &#13;</doc:holder><doc:none></doc:none>{template}</doc:Permit>")


def certificate(identity):
    return wss.key_info(identity, "plain")[0]


def template(identity, c14n, reference="permit-1", algorithm=None):
    return xmlsec1.signature(certificate(identity), algorithm=algorithm or wss.usual(identity.key), references=(reference,), c14n=c14n,
                             transforms=[(ENVELOPED, None), (c14n, None)])


def signed_in_place(make, data, identity, **surroundings):
    """The whole envelope with the inner signature filled in; an inclusive form has to be signed where it will stand."""
    draft = soap.envelope(make(data=data), header=" ", **surroundings)
    text = xmlsec1.sign(draft, identity, *WHERE, ids=DEFINED).decode()
    return text[text.index("?>") + 2:].strip()


def holds(octets, identity):
    """The inner signature, verified where it stands in the message."""
    return xmlsec1.verify(octets, identity, *WHERE, ids=DEFINED)


def there_and_back(gateway, provider, request, response):
    """The octets that the provider and the caller receive, both verified as to their transport signature."""
    provider.answer = lambda o: provider.signed_answer(o, text=response)
    answer = Answer(gateway, gateway.post(wss.sign(request, gateway.pki["department"])))
    assert answer.status == 200, answer.octets
    answer.verified()
    wss.verify(provider.received[-1], gateway.pki["gateway"].certificate)
    return provider.received[-1], answer.octets


@pytest.mark.parametrize("form", CANONICAL)
@pytest.mark.parametrize("around,signer", [*((around, "department") for around in SURROUNDINGS),
                                           ("usual", "department-ec384"), ("usual", "person")])
def test_a_signature_inside_data_holds_at_both_ends(gateway, provider, pki, around, form, signer):
    asker, answerer, c14n = pki[signer], pki["permits"], CANONICAL[form]
    request = signed_in_place(soap.request, f"<data>{permit(template(asker, c14n))}</data>", asker, **SURROUNDINGS[around])
    response = signed_in_place(soap.response, f"<data>{permit(template(answerer, c14n), 8)}</data>", answerer, **SURROUNDINGS[around])
    assert holds(request.encode(), asker) and holds(response.encode(), answerer)
    there, back = there_and_back(gateway, provider, request, response)
    assert holds(there, asker)
    assert holds(back, answerer)


@pytest.mark.parametrize("around", SURROUNDINGS)
def test_a_document_signed_before_it_was_put_into_the_envelope_holds(gateway, provider, pki, around):
    """As systems do it: exclusive form, signed alone, then pasted."""
    def pasted(identity):
        text = xmlsec1.sign(permit(template(identity, soap.EXC)), identity, ids=DEFINED).decode()
        return f"<data>{text[text.index('?>') + 2:].strip()}</data>"

    request, response = (soap.envelope(make(data=pasted(pki[who])), **SURROUNDINGS[around])
                         for make, who in ((soap.request, "department"), (soap.response, "permits")))
    there, back = there_and_back(gateway, provider, request, response)
    assert holds(there, pki["department"])
    assert holds(back, pki["permits"])


@pytest.mark.parametrize("form", CANONICAL)
def test_what_was_changed_before_is_seen_at_the_far_end(gateway, provider, pki, form):
    """The counter-proof; the gateway does not look into data, so the message passes."""
    identity = pki["department"]
    request = signed_in_place(soap.request, f"<data>{permit(template(identity, CANONICAL[form]))}</data>", identity)
    changed = request.replace("<doc:n>7</doc:n>", "<doc:n>9</doc:n>")
    assert changed != request
    there, _ = there_and_back(gateway, provider, changed, soap.envelope(soap.response()))
    assert not holds(there, identity)


@pytest.mark.parametrize("form,surroundings", [("inclusive", False), ("inclusive with comments", False), ("exclusive", True)])
def test_the_inclusive_form_does_take_in_the_surroundings(pki, form, surroundings):
    """Shows that the tests above would notice a namespace added around data."""
    identity = pki["department"]
    request = signed_in_place(soap.request, f"<data>{permit(template(identity, CANONICAL[form]))}</data>", identity)
    added = request.replace("<soapenv:Body ", '<soapenv:Body xmlns:added="urn:added" ')
    assert holds(request.encode(), identity) and holds(added.encode(), identity) == surroundings


# Documents as text: the usual form of the bus, a whole document signed with URI "".

def document(identity, form, look):
    text = xmlsec1.sign(permit(template(identity, CANONICAL[form], "")), identity, ids=DEFINED).decode()
    return {"as it is": text,
            "line ends of another system": re.sub(r"(?<=\w)\n(?=\w)", "&#13;\n", text),
            "no declaration": text[text.index("?>") + 2:].lstrip()}[look]


def as_string(text):
    return f'<data xsi:type="xs:string" xmlns:xs="{XS}" xmlns:xsi="{soap.XSI}">{escape(text)}</data>'


def as_cdata(text):
    return f"<data><![CDATA[{text}]]></data>"


def text_of_data(octets):
    return wss.parse(octets).find(".//data").text


@pytest.mark.parametrize("look", ["as it is", "line ends of another system", "no declaration"])
@pytest.mark.parametrize("form", CANONICAL)
@pytest.mark.parametrize("carried", [as_string, as_cdata], ids=["escaped string", "CDATA"])
def test_a_signed_document_carried_as_text_holds_at_both_ends(gateway, provider, pki, carried, form, look):
    asked, answered = document(pki["department"], form, look), document(pki["permits"], form, look)
    there, back = there_and_back(gateway, provider, soap.envelope(soap.request(data=carried(asked))),
                                 soap.envelope(soap.response(data=carried(answered))))
    assert (text_of_data(there), text_of_data(back)) == (asked, answered)
    assert carried(asked).encode() in there and carried(answered).encode() in back
    assert xmlsec1.verify(text_of_data(there).encode(), pki["department"], ids=DEFINED)
    assert xmlsec1.verify(text_of_data(back).encode(), pki["permits"], ids=DEFINED)
    changed = text_of_data(there).replace("<doc:n>7", "<doc:n>9").encode()
    assert not xmlsec1.verify(changed, pki["department"], ids=DEFINED)
