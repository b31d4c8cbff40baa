# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP that says something else than a request of this channel, or says it in two ways; all correctly signed."""
from attack.outcomes import FORMAT, SECRET, SIGNATURE, UNDERSTAND
from attack.table import passing, refused
from harness import soap, wss
from harness.forge import element, swap

CLASS = "L  SOAP semantics"

ASYNC = "http://bip.bee.kz/AsyncChannel/v10/Types"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


def body(content):
    """A signed message whose Body holds this."""
    return lambda w: w.signed(soap.envelope(content() if callable(content) else content))


def bent(old, new):
    return body(lambda: swap(soap.request(), old, new))


def without(name):
    def content():
        text = soap.request()
        return swap(text, element(text, name), "")
    return body(content)


def renamed(old, new):
    return body(lambda: soap.request().replace(old, new))


def block(attributes, name="x:note", namespace="urn:x"):
    return lambda w: w.signed(soap.envelope(soap.request(), header=f'<{name} xmlns:x="{namespace}" {attributes}/>'))


def no_body(w):
    """The signature covers a Timestamp; the Body is taken out, since nothing covers it."""
    text = w.signed(timestamp=soap.timestamp(), references=("id-time",))
    return swap(text, element(text, "soapenv:Body"), "")


def soap12(w):
    return w.signed().replace(soap.SOAP, SOAP12)


def two_blocks(w):
    blocks = '<x:a xmlns:x="urn:x"/><x:b xmlns:x="urn:x" soapenv:mustUnderstand="1"/>'
    return w.signed(soap.envelope(soap.request(), header=blocks))


def data_first():
    text = soap.request()
    data = element(text, "requestData")
    return swap(swap(text, data, ""), "<request>", "<request>" + data)


def twice(name):
    text = soap.request()
    return swap(text, element(text, name), element(text, name) * 2)


def multi_reference(w):
    """The content stands in an unsigned header block, and the signed Body points at it."""
    text = soap.envelope(soap.request())
    request = element(text, "request")
    pointing = swap(text, request, '<request href="#r1"/>')
    elsewhere = swap(request, "<request>", '<request id="r1">')
    return swap(w.signed(pointing), "</soapenv:Header>", elsewhere + "</soapenv:Header>")


XSI_TYPE = f'<requestInfo xmlns:xsi="{soap.XSI}" xmlns:t="{soap.TYPES}" xsi:type="t:SyncMessageInfoResponse">'
ID = "<serviceId>Demo</serviceId>"
STATE_SECRET = "<properties><key>secrecy</key><value>true</value></properties>"
CASES = {
    "an unknown header block must be understood": (
        block('soapenv:mustUnderstand="1"'), UNDERSTAND, "soap.must-understand"),
    "an unknown header block must truly be understood": (
        block('soapenv:mustUnderstand="true"'), UNDERSTAND, "soap.must-understand"),
    "an unknown header block for the next node must be understood": (
        block('soapenv:mustUnderstand="1" soapenv:actor="http://schemas.xmlsoap.org/soap/actor/next"'),
        UNDERSTAND, "soap.must-understand"),
    "a WS-Addressing block must be understood": (
        block('soapenv:mustUnderstand="1"', "x:To", "http://www.w3.org/2005/08/addressing"),
        UNDERSTAND, "soap.must-understand"),
    **{f"mustUnderstand is {value}": (block(f'soapenv:mustUnderstand="{value}"'), UNDERSTAND, "soap.must-understand")
       for value in ("2", "yes", "", " 1", "01")},
    "a block of our own namespace must be understood": (
        block('soapenv:mustUnderstand="1"', "x:Security", soap.WSU), UNDERSTAND, "soap.must-understand"),
    "a second block must be understood": (two_blocks, UNDERSTAND, "soap.must-understand"),
    "the Header is in no namespace": (
        lambda w: w.signed().replace("soapenv:Header", "Header"), FORMAT, "soap.shape"),
    "the Envelope holds words": (lambda w: swap(w.signed(), "<soapenv:Header>", "words<soapenv:Header>"), FORMAT, "soap.shape"),
    "words stand behind the Body": (
        lambda w: swap(w.signed(), "</soapenv:Envelope>", "words</soapenv:Envelope>"), FORMAT, "soap.shape"),
    "the Header holds words": (
        lambda w: swap(w.signed(), "</soapenv:Header>", "words</soapenv:Header>"), FORMAT, "soap.shape"),
    "the Envelope is in a Body": (lambda w: soap.envelope(w.signed()), SIGNATURE, "xml.duplicate-id"),
    "the Envelope has another name": (lambda w: w.signed().replace("soapenv:Envelope", "soapenv:Message"), FORMAT, "soap.not-envelope"),
    "the operation has another spelling": (renamed("SendMessage", "sendMessage"), FORMAT, "soap.operation"),
    "the namespace of the operation has a slash more": (renamed(soap.TYPES, soap.TYPES + "/"), FORMAT, "soap.operation"),
    "the fields are in the namespace of the types": (renamed("serviceId>", "t:serviceId>"), FORMAT, "channel.format"),
    "the operation carries a foreign attribute": (
        bent("<t:SendMessage ", '<t:SendMessage a="b" '), FORMAT, "channel.format"),
    "words stand in requestInfo": (bent("<requestInfo>", "<requestInfo>words"), FORMAT, "channel.format"),
    "words stand in request": (bent("<request>", "<request>words"), FORMAT, "channel.format"),
    "an element stands behind request": (bent("</request>", "</request><extra/>"), FORMAT, "channel.format"),
    "an element stands in messageId": (bent("<messageId>", "<messageId><x/>"), FORMAT, "channel.format"),
    "requestData stands before requestInfo": (body(data_first), FORMAT, "channel.format"),
    "properties hold something else": (
        body(lambda: soap.request(tail="<properties><other/></properties>")), FORMAT, "channel.format"),
    "there is no Body": (no_body, FORMAT, "soap.shape"),
    "the Body is empty": (body(""), FORMAT, "soap.operation"),
    "the Body holds words": (body("words"), FORMAT, "soap.operation"),
    "the Body holds words beside the operation": (body(lambda: soap.request() + "words"), FORMAT, "soap.operation"),
    "the Body holds two operations": (body(lambda: soap.request() * 2), FORMAT, "soap.operation"),
    "the Body holds a Fault": (body(soap.fault), FORMAT, "soap.operation"),
    "the Body holds an answer": (body(soap.response), FORMAT, "soap.operation"),
    "the Body holds another operation": (renamed("SendMessage", "SendDeliveryNotification"), FORMAT, "soap.operation"),
    "the operation is of another version": (renamed("/v10/", "/v11/"), FORMAT, "soap.operation"),
    "the operation is of the asynchronous channel": (renamed(soap.TYPES, ASYNC), FORMAT, "soap.operation"),
    "the operation is in no namespace": (
        body(lambda: soap.request().replace("t:SendMessage", "SendMessage")), FORMAT, "soap.operation"),
    "the root is a web page": (lambda w: "<html/>", FORMAT, "soap.not-envelope"),
    "the root is an operation without an envelope": (lambda w: soap.request(), FORMAT, "soap.not-envelope"),
    "the envelope is of SOAP 1.2": (soap12, FORMAT, "soap.not-envelope"),
    "words stand between Header and Body": (
        lambda w: swap(w.signed(), "</soapenv:Header>", "</soapenv:Header>words"), FORMAT, "soap.shape"),
    "the Header stands twice": (
        lambda w: swap(w.signed(), "</soapenv:Header>", "</soapenv:Header><soapenv:Header/>"), FORMAT, "soap.shape"),
    "the content is said to stand elsewhere": (multi_reference, FORMAT, "channel.format"),
    "requestInfo says it is of another type": (bent("<requestInfo>", XSI_TYPE), FORMAT, "channel.format"),
    "requestInfo says it is nil": (
        bent("<requestInfo>", f'<requestInfo xmlns:xsi="{soap.XSI}" xsi:nil="true">'), FORMAT, "channel.format"),
    "request carries a foreign attribute": (bent("<request>", '<request encodingStyle="x">'), FORMAT, "channel.format"),
    "requestInfo holds an element that nobody knows": (
        bent("<serviceId>", "<extra/><serviceId>"), FORMAT, "channel.format"),
    "the fields stand in another order": (
        body(lambda: swap(swap(soap.request(), ID, ""), "<messageId>", ID + "<messageId>")),
        FORMAT, "channel.format"),
    "requestInfo is missing": (without("requestInfo"), FORMAT, "channel.format"),
    "requestData is missing": (without("requestData"), FORMAT, "channel.format"),
    "there are two requests": (body(lambda: twice("request")), FORMAT, "channel.format"),
    "there are two requestData": (body(lambda: twice("requestData")), FORMAT, "channel.format"),
    "there are two data": (bent("</data>", "</data><data/>"), FORMAT, "channel.format"),
    "requestData holds something else than data": (
        body(lambda: soap.request(data="<other/>")), FORMAT, "channel.format"),
    "requestData holds words": (body(lambda: soap.request(data="words")), FORMAT, "channel.format"),
    "the message is a state secret": (body(lambda: soap.request(tail=STATE_SECRET)), SECRET, "message.secret"),
}
ATTACKS = refused(CASES)


def named(action):
    """Whatever SOAPAction says, SendMessage was signed and SendMessage is routed."""
    def case(w):
        w.passes(w.signed(), headers={"SOAPAction": action})
        routed = w.delivered()
        w.expect(not routed or wss.parse(routed).xpath("local-name(//*[local-name()='Body']/*)") == "SendMessage",
                 "what was not signed was routed")
    return case


ACTIONS = {"another operation": '"urn:SendDeliveryNotification"', "nothing": '""', "without quotes": "GetStatus",
           "long": '"' + "a" * 4000 + '"'}
ADDRESSING = "http://www.w3.org/2005/08/addressing"


def reply_to(w):
    """An address to reply to, which nobody calls."""
    inside = f'<x:ReplyTo xmlns:x="{ADDRESSING}"><x:Address>{w.canary.url}</x:Address></x:ReplyTo>'
    return w.signed(soap.envelope(soap.request(), header=inside))


LEGITIMATE = {
    **{f"SOAPAction is {name}": named(action) for name, action in ACTIONS.items()},
    **passing({
        "a header block that need not be understood": block('soapenv:mustUnderstand="0"'),
        "a header block that truly need not be understood": block('soapenv:mustUnderstand="false"'),
        "a header block for somebody else": block('soapenv:mustUnderstand="1" soapenv:actor="urn:else"'),
        "an address to reply to": reply_to,
        "line ends between all elements": body(lambda: soap.request().replace("><", ">\n<")),
        "types and nil in the data": body(lambda: soap.request(
            data=f'<data xmlns:xsi="{soap.XSI}" xsi:type="x:T" xmlns:x="urn:x"><a xsi:nil="true"/></data>')),
        "data that is empty": body(lambda: soap.request(data="<data/>")),
        "no data": body(lambda: soap.request(data="")),
        "a property": body(lambda: soap.request(tail="<properties><key>a</key><value>b</value></properties>")),
        "a property that says it is no secret": body(lambda: soap.request(tail=STATE_SECRET.replace("true", "false"))),
        "operations of SOAP in the data": body(lambda: soap.request(data=f"<data>{soap.request()}</data>")),
    }),
}
