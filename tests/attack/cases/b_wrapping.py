# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature wrapping: a genuine signed Body is kept somewhere, and an attacker's Body takes its seat."""
from attack.outcomes import CERTIFICATE, FORMAT, SIGNATURE, UNSIGNED
from attack.table import passing, refused
from harness import soap
from harness.forge import element, swap

CLASS = "B  signature wrapping"

EVIL = '<data><p:Request xmlns:p="urn:demo:permit"><p:number>666</p:number></p:Request></data>'


def evil_body(body_id, attributes=None):
    text = soap.envelope(soap.request(data=EVIL), body_id=body_id, body_attributes=attributes)
    return element(text, "soapenv:Body")


class Genuine:
    """A signed message of the sender, whose Body can be moved."""

    def __init__(self, w):
        self.text = w.signed()
        self.body = element(self.text, "soapenv:Body")
        self.header = element(self.text, "soapenv:Header")

    def seat(self, body):
        return swap(self.text, self.body, body)


def kept(inside):
    return f'<x:keep xmlns:x="urn:x">{inside}</x:keep>'


def in_header(evil_id, wrap=kept):
    def build(w):
        g = Genuine(w)
        return swap(g.seat(evil_body(evil_id)), "</soapenv:Header>", wrap(g.body) + "</soapenv:Header>")
    return build


def in_security(evil_id, wrap=kept, at="</wsse:Security>"):
    def build(w):
        g = Genuine(w)
        return swap(g.seat(evil_body(evil_id)), at, wrap(g.body) + at)
    return build


def in_object(inside):
    def build(w):
        g = Genuine(w)
        kept_object = f"<ds:Object>{inside(g)}</ds:Object></ds:Signature>"
        return swap(g.seat(evil_body("id-evil")), "</ds:Signature>", kept_object)
    return build


def first_in_header(w):
    g = Genuine(w)
    return swap(g.seat(evil_body("id-evil")), "<soapenv:Header>", "<soapenv:Header>" + kept(g.body))


def in_evil_request(end):
    def build(w):
        g = Genuine(w)
        return g.seat(swap(evil_body("id-evil"), end, g.body + end))
    return build


def enveloped(body):
    return f'<soapenv:Envelope xmlns:soapenv="{soap.SOAP}"><soapenv:Header/>{body}</soapenv:Envelope>'


def whole_envelope(g):
    return enveloped(g.body)


def in_evil_data(evil_id):
    def build(w):
        g = Genuine(w)
        return g.seat(swap(evil_body(evil_id), "</data>", g.body + "</data>"))
    return build


def two_bodies(w):
    g = Genuine(w)
    return g.seat(g.body + evil_body("id-evil"))


def two_bodies_evil_first(w):
    g = Genuine(w)
    return g.seat(evil_body("id-evil") + g.body)


def body_before_header(w):
    g = Genuine(w)
    return swap(g.seat(evil_body("id-evil")), g.header, g.body + g.header)


def around_everything(w):
    """The attacker's Body holds the whole genuine message, its Security header included."""
    return soap.envelope(swap(soap.request(data=EVIL), "</data>", w.signed() + "</data>"), body_id="id-evil")


def header_last(w):
    g = Genuine(w)
    header = swap(g.header, "</soapenv:Header>", kept(g.body) + "</soapenv:Header>")
    return swap(swap(g.text, g.body, ""), g.header, evil_body("id-evil") + header)


def soap12_body(w):
    g = Genuine(w)
    other = evil_body("id-evil").replace("soapenv:Body", "e:Body").replace(
        "<e:Body", '<e:Body xmlns:e="http://www.w3.org/2003/05/soap-envelope"', 1)
    return g.seat(other + g.body)


def two_operations(w):
    """The attacker's Body begins with a copy of the signed operation."""
    g = Genuine(w)
    evil = evil_body("id-evil")
    both = swap(evil, "<t:SendMessage ", element(g.body, "t:SendMessage") + "<t:SendMessage ")
    return swap(g.seat(both), "</soapenv:Header>", kept(g.body) + "</soapenv:Header>")


def token_swapped(second_id):
    """The attacker's token and signature, with the sender's token beside his own."""
    def build(w):
        text = w.signed(identity=w.attacker, form="bst")
        token = element(w.signed(form="bst"), "wsse:BinarySecurityToken").replace("x509-1", second_id)
        return swap(text, "</wsse:BinarySecurityToken>", "</wsse:BinarySecurityToken>" + token)
    return build


CASES = {
    "the signed Body is kept in a header block": (in_header("id-evil"), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in a header block, with one identifier": (
        in_header("id-body"), SIGNATURE, "xml.duplicate-id"),
    "the signed Body is itself a header block": (in_header("id-evil", str), SIGNATURE, "security.wrapped"),
    "the signed Body is kept deep in a header block": (
        in_header("id-evil", lambda b: kept(kept(kept(b)))), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in the Security header": (in_security("id-evil"), UNSIGNED, "security.content"),
    "the signed Body is kept in the Security header, with one identifier": (
        in_security("id-body"), SIGNATURE, "xml.duplicate-id"),
    "the signed Body is itself a child of the Security header": (
        in_security("id-evil", str), UNSIGNED, "security.content"),
    "the signed Body is kept in the reference to the key": (
        in_security("id-evil", kept, "</wsse:SecurityTokenReference>"), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in KeyInfo": (
        in_security("id-evil", kept, "</ds:KeyInfo>"), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in SignedInfo": (
        in_security("id-evil", kept, "</ds:SignedInfo>"), UNSIGNED, "security.signature-shape"),
    "the signed Body is kept first in the Header": (first_in_header, SIGNATURE, "security.wrapped"),
    "the signed Body is kept behind the request": (
        in_evil_request("</t:SendMessage>"), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in requestInfo": (in_evil_request("</requestInfo>"), SIGNATURE, "security.wrapped"),
    "a whole envelope is kept in a header block": (
        in_header("id-evil", lambda b: kept(enveloped(b))), SIGNATURE, "security.wrapped"),
    "the signed Body is kept in an Object of the signature": (
        in_object(lambda g: g.body), UNSIGNED, "security.signature-shape"),
    "a whole envelope is kept in an Object of the signature": (
        in_object(whole_envelope), UNSIGNED, "security.signature-shape"),
    "the signed Body is kept inside the attacker's data": (in_evil_data("id-evil"), SIGNATURE, "security.wrapped"),
    "the signed Body is kept inside the attacker's data, with one identifier": (
        in_evil_data("id-body"), SIGNATURE, "xml.duplicate-id"),
    "there are two Bodies, the attacker's last": (two_bodies, FORMAT, "soap.shape"),
    "there are two Bodies, the attacker's first": (two_bodies_evil_first, FORMAT, "soap.shape"),
    "the signed Body stands before the Header": (body_before_header, FORMAT, "soap.shape"),
    "the whole message is wrapped into another": (around_everything, UNSIGNED, "security.absent"),
    "the Header that keeps the signed Body stands last": (header_last, FORMAT, "soap.shape"),
    "a Body of SOAP 1.2 stands before the signed one": (soap12_body, FORMAT, "soap.shape"),
    "the attacker's Body holds the signed operation and his own": (two_operations, FORMAT, "soap.operation"),
    "two tokens have one identifier": (token_swapped("x509-1"), SIGNATURE, "xml.duplicate-id"),
    "the sender's token stands beside the attacker's": (token_swapped("x509-2"), CERTIFICATE, "security.token-several"),
}
ATTACKS = refused(CASES)


def data(inside):
    return lambda w: w.signed(soap.envelope(soap.request(data=f"<data>{inside}</data>")))


def another_message(w):
    """A whole signed message as data, its identifiers renamed."""
    return data(w.signed().replace("id-body", "id-inner"))(w)


LEGITIMATE = passing({
    "a Body of SOAP in the signed data": data(evil_body("id-inner")),
    "a whole signed message in the signed data": another_message,
    "an element that is only called Body in a header block": lambda w: swap(
        w.signed(), "</soapenv:Header>", '<x:Body xmlns:x="urn:x"><data/></x:Body></soapenv:Header>'),
    "a copy of the Body without an identifier in a header block": lambda w: swap(
        (text := w.signed()), "</soapenv:Header>",
        kept(element(text, "soapenv:Body").replace(' wsu:Id="id-body"', "")) + "</soapenv:Header>"),
})
