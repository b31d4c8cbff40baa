# SPDX-License-Identifier: GPL-3.0-or-later
"""An ordinary Python SOAP client, zeep, that knows only the gateway's address: contract, types, signatures, faults."""
from datetime import datetime, timedelta

import pytest
import xmlsec
import zeep
from lxml import etree
from zeep import xsd
from zeep.exceptions import Fault, SignatureVerificationFailed
from zeep.plugins import Plugin
from zeep.wsse.signature import BinarySignature, Signature
from zeep.wsse.utils import WSU, get_security_header, get_timestamp

from harness import soap, wss

STRONG = {"signature_method": xmlsec.Transform.RSA_SHA256, "digest_method": xmlsec.Transform.SHA256}
FORMS = {"X509Data": Signature, "BinarySecurityToken": BinarySignature}
DEMO = "urn:demo:permit"


class Partner:
    """What zeep takes for wsse: the department signs what goes out, the gateway has signed what comes in."""

    def __init__(self, pki, kind=Signature, sender="department", answers="gateway", timestamp=False, **methods):
        own, other = pki[sender], pki[answers]
        self.timestamp = timestamp
        self.own = kind(str(own.key_path), str(own.certificate_path), **(methods or STRONG))
        self.other = Signature(str(other.key_path), str(other.certificate_path))
        self.verified = 0

    def apply(self, envelope, headers):
        if self.timestamp:
            expires = get_timestamp(datetime.utcnow() + timedelta(minutes=5))
            get_security_header(envelope).append(WSU.Timestamp(WSU.Created(get_timestamp()), WSU.Expires(expires)))
        return self.own.apply(envelope, headers)

    def verify(self, envelope):
        self.other.verify(envelope)
        self.verified += 1


class Unchecked(Partner):
    """For faults to strangers, which carry no signature."""

    def verify(self, envelope):
        assert envelope.find(f".//{{{soap.DS}}}Signature") is None


class Payload(Plugin):
    """Puts an element below data before the message is signed: zeep itself renders anyType as text or xsi:type only."""

    def __init__(self, text):
        self.element = etree.fromstring(text)

    def egress(self, envelope, http_headers, operation, binding_options):
        data = envelope.find(".//data")
        data.text = None
        data.append(self.element)
        return envelope, http_headers


def client(gateway, partner, *plugins):
    return zeep.Client(gateway.url + "?wsdl", wsse=partner, plugins=list(plugins))


def message(data="text", service="Demo", password="secret", **info):
    sender = {"senderId": "department_is", "password": password}
    info = {"messageId": soap.new_id(), "serviceId": service, "messageDate": datetime.now(soap.ALMATY), "sender": sender, **info}
    return {"requestInfo": info, "requestData": {"data": data}}


def data_of(octets):
    return wss.parse(octets).find(".//data")


def test_the_contract_is_read_by_its_address_alone(gateway, pki):
    c = client(gateway, Partner(pki))
    port = c.wsdl.services["ISyncChannelHttpService"].ports["SyncChannelHttpPort"]
    assert port.binding_options["address"] == gateway.url
    assert list(port.binding.all()) == ["SendMessage"]
    info = c.get_type("{http://bip.bee.kz/SyncChannel/v10/Types}SyncMessageInfo")
    assert [name for name, _ in info.elements] == ["messageId", "correlationId", "serviceId", "messageDate", "routeId",
                                                  "sender", "properties", "sessionId"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("timestamp", [False, True], ids=["body", "body and timestamp"])
def test_a_signed_call_is_answered_and_the_answer_verifies(gateway, provider, pki, form, timestamp):
    partner = Partner(pki, FORMS[form], timestamp=timestamp)
    sent = message("Әріп & <b/>", correlationId="chain-1", properties=[{"key": "k", "value": "v"}])
    answer = client(gateway, partner).service.SendMessage(request=sent)
    assert partner.verified == 1
    assert answer.responseInfo.status.code == "SCSS001"
    assert answer.responseInfo.sessionId.startswith("{")
    assert isinstance(answer.responseInfo.responseDate, datetime)
    forwarded = wss.verify(provider.received[-1], pki["gateway"].certificate)
    assert forwarded.findtext(".//messageId") == sent["requestInfo"]["messageId"]
    assert forwarded.findtext(".//data") == "Әріп & <b/>"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sender,signature,digest", [
    ("department", "RSA_SHA384", "SHA384"), ("department", "RSA_SHA512", "SHA512"),
    ("department-ec", "ECDSA_SHA256", "SHA256"), ("department-ec384", "ECDSA_SHA384", "SHA384")])
def test_other_keys_and_algorithms_pass(gateway, pki, form, sender, signature, digest):
    methods = {"signature_method": getattr(xmlsec.Transform, signature), "digest_method": getattr(xmlsec.Transform, digest)}
    answer = client(gateway, Partner(pki, FORMS[form], sender=sender, **methods)).service.SendMessage(request=message())
    assert answer.responseInfo.status.code == "SCSS001"


def test_a_call_without_data_passes(gateway, provider, pki):
    client(gateway, Partner(pki)).service.SendMessage(request={**message(), "requestData": {}})
    assert data_of(provider.received[-1]) is None


def test_a_string_arrives_as_text_with_every_character(gateway, provider, pki):
    text = "<Заявление Ң='ұ'>\n\t]]>&amp;</Заявление>"
    provider.answer = lambda o: provider.signed_answer(o, data='<data xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
                                                       f' xmlns:xsi="{soap.XSI}">&lt;a&gt;Ә&lt;/a&gt;</data>')
    answer = client(gateway, Partner(pki)).service.SendMessage(request=message(xsd.AnyObject(xsd.String(), text)))
    data = data_of(provider.received[-1])
    prefix, name = data.get(f"{{{soap.XSI}}}type").split(":")
    assert (data.nsmap[prefix], name) == ("http://www.w3.org/2001/XMLSchema", "string")
    assert data.text == text
    assert answer.responseData.data == "<a>Ә</a>"


def test_a_typed_payload_keeps_its_type_name(gateway, provider, pki):
    permit = xsd.ComplexType([xsd.Element("{%s}number" % DEMO, xsd.Integer())], qname=etree.QName(DEMO, "Permit"))
    client(gateway, Partner(pki)).service.SendMessage(request=message(xsd.AnyObject(permit, permit(number=7))))
    data = data_of(provider.received[-1])
    prefix, name = data.get(f"{{{soap.XSI}}}type").split(":")
    assert (data.nsmap[prefix], name) == (DEMO, "Permit")
    assert data.findtext("{%s}number" % DEMO) == "7"


@pytest.mark.parametrize("form", FORMS)
def test_an_element_below_data_arrives_and_one_comes_back(gateway, provider, pki, form):
    c = client(gateway, Partner(pki, FORMS[form]), Payload(f'<p:Request xmlns:p="{DEMO}" a="1"><p:number>7</p:number></p:Request>'))
    answer = c.service.SendMessage(request=message())
    there = data_of(provider.received[-1])[0]
    assert (there.tag, there.get("a"), there.findtext("{%s}number" % DEMO)) == ("{%s}Request" % DEMO, "1", "7")
    back = answer.responseData.data
    assert [e.tag for e in back] == ["{%s}Request" % DEMO]


def test_an_answer_changed_on_the_way_is_seen_by_zeep(gateway, provider, pki):
    """The counter-proof: the verification above is not idle."""
    class Meddler(zeep.Transport):
        def post_xml(self, address, envelope, headers):
            response = super().post_xml(address, envelope, headers)
            assert b"SCSS001" in response.content
            response._content = response.content.replace(b"SCSS001", b"SCSS002")
            return response

    c = zeep.Client(gateway.url + "?wsdl", wsse=Partner(pki), transport=Meddler())
    with pytest.raises(SignatureVerificationFailed):
        c.service.SendMessage(request=message())
    with pytest.raises(SignatureVerificationFailed):  # nor is another's certificate taken
        client(gateway, Partner(pki, answers="other-system")).service.SendMessage(request=message())


def fault_of(gateway, pki, fault):
    """The declared detail as zeep reads it by the schema."""
    c = client(gateway, None)
    return c.wsdl.types.deserialize(fault.detail[0])


@pytest.mark.parametrize("name,sent,code", [
    ("unknown service", dict(service="Nowhere"), "SCE004"),
    ("wrong password", dict(password="wrong"), "QG013"),
    ("no password", dict(password=None), "QG013"),
    ("old date", dict(messageDate=datetime.now(soap.ALMATY) - timedelta(days=30)), "QG014"),
])
def test_a_refusal_is_the_declared_fault_signed_by_the_gateway(gateway, provider, pki, name, sent, code):
    partner, before = Partner(pki), len(provider.received)
    with pytest.raises(Fault) as refused:
        client(gateway, partner).service.SendMessage(request=message(**sent))
    assert partner.verified == 1
    error = fault_of(gateway, pki, refused.value)
    assert error.errorCode == code
    assert isinstance(error.errorDate, datetime)
    assert error.sessionId.startswith("{")
    assert refused.value.message and len(provider.received) == before


@pytest.mark.parametrize("form", FORMS)
def test_the_default_sha1_of_zeep_is_refused(gateway, provider, pki, form):
    before = len(provider.received)
    with pytest.raises(Fault) as refused:
        client(gateway, Unchecked(pki, FORMS[form], signature_method=None)).service.SendMessage(request=message())
    assert fault_of(gateway, pki, refused.value).errorCode == "QG010"
    assert refused.value.code == "wsse:UnsupportedAlgorithm"
    assert len(provider.received) == before


@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_is_refused_by_a_fault_without_signature(gateway, provider, pki, form):
    before = len(provider.received)
    with pytest.raises(Fault) as refused:
        client(gateway, Unchecked(pki, FORMS[form], sender="attacker-own-ca")).service.SendMessage(request=message())
    error = fault_of(gateway, pki, refused.value)
    assert (error.errorCode, refused.value.code) == ("SCE005", "wsse:InvalidSecurityToken")
    assert len(provider.received) == before


def test_a_call_without_signature_is_refused(gateway, provider, pki):
    before = len(provider.received)
    with pytest.raises(Fault) as refused:
        client(gateway, None).service.SendMessage(request=message())
    assert fault_of(gateway, pki, refused.value).errorCode == "SCE007"
    assert len(provider.received) == before


def test_a_fault_of_the_provider_becomes_the_declared_fault(gateway, provider, pki):
    provider.answer = lambda o: (500, "text/xml", wss.sign(soap.envelope(soap.fault("SCE909", "the register is closed")), pki["permits"]))
    partner = Partner(pki)
    with pytest.raises(Fault) as refused:
        client(gateway, partner).service.SendMessage(request=message())
    assert partner.verified == 1
    error = fault_of(gateway, pki, refused.value)
    assert error.errorCode == "QG044"
    assert "SCE909" in error.errorData
