# SPDX-License-Identifier: GPL-3.0-or-later
"""A signature is absent, misplaced, empty, or covers something else than the Body."""
import base64
import hashlib

from attack.outcomes import FORMAT, SIGNATURE, TOKEN, UNDERSTAND, UNSIGNED
from attack.table import passing, refused
from harness import soap, wss
from harness.forge import element, reshape, swap

CLASS = "A  what the signature covers"

SECURITY = f'<wsse:Security xmlns:wsse="{soap.WSSE}">%s</wsse:Security>'
BLOCK = f'<x:note xmlns:x="urn:x" xmlns:wsu="{soap.WSU}" wsu:Id="id-note">n</x:note>'


def unsigned(_w):
    return soap.envelope(soap.request())


def no_header(_w):
    return soap.envelope(soap.request(), header=None)


def token_alone(w):
    return soap.envelope(soap.request(), header=SECURITY % wss.key_info(w.me, "bst")[1])


def bare_signature(text):
    """The Signature as it may stand outside Security: with a declaration of its own."""
    return swap(element(text, "ds:Signature"), "<ds:Signature ", f'<ds:Signature xmlns:wsse="{soap.WSSE}" ')


def signature_beside_security(w):
    text = w.signed(security_attributes="")
    emptied = swap(text, element(text, "ds:Signature"), "")
    return swap(emptied, "</wsse:Security>", "</wsse:Security>" + bare_signature(text))


def signature_without_security(w):
    text = w.signed()
    return swap(text, element(text, "wsse:Security"), bare_signature(text))


def signature_in_body(w):
    """Made by a known key with the transform for enclosed signatures, but it stands in the Body."""
    enveloped = f'<ds:Transform Algorithm="{soap.DS}enveloped-signature"/><ds:Transform Algorithm="{soap.EXC}"/>'
    text = w.signed(form="plain", transforms=enveloped)
    signature = element(text, "ds:Signature")
    return swap(swap(text, signature, ""), "</data>", signature + "</data>")


def header_block_alone(w):
    return w.signed(soap.envelope(soap.request(), header=BLOCK), references=("id-note",))


def data_changed(w):
    return swap(w.signed(), "<p:number>1<", "<p:number>2<")


def blank_added(w):
    return swap(w.signed(), "</p:number>", "</p:number> ")


def digest_made_new(w):
    text = data_changed(w)
    body = wss.parse(text).find(f"{{{soap.SOAP}}}Body")
    value = base64.b64encode(hashlib.sha256(wss.canonical(body)).digest()).decode()
    return reshape("(?<=<ds:DigestValue>).*(?=</ds:DigestValue>)", value, text)


def value_replaced(change):
    def build(w):
        def bent(found):
            return base64.b64encode(change(base64.b64decode(found.group()))).decode()
        return reshape("(?<=<ds:SignatureValue>).*(?=</ds:SignatureValue>)", bent, w.signed())
    return build


def two_signatures(w):
    """The sender signs a Timestamp, the attacker signs his Body."""
    first = w.signed(timestamp=soap.timestamp(), references=("id-time",))
    second = w.signed(identity=w.attacker)
    text = swap(first, element(first, "soapenv:Body"), element(second, "soapenv:Body"))
    return swap(text, "</ds:Signature>", "</ds:Signature>" + element(second, "ds:Signature"))


def for_somebody_else(w):
    return w.signed(security_attributes=' soapenv:actor="urn:somebody-else" soapenv:mustUnderstand="1"')


def two_security_headers(w):
    text = w.signed()
    return swap(text, "</soapenv:Header>", SECURITY % "" + "</soapenv:Header>")


def other_dsig_namespace(w):
    return swap(w.signed(), f'xmlns:ds="{soap.DS}"', f'xmlns:ds="{soap.DS[:-1]}"')


def no_references(w):
    return w.signed(references=())


def element_behind_body(w):
    return swap(w.signed(), "</soapenv:Envelope>", '<x:tail xmlns:x="urn:x"/></soapenv:Envelope>')


def other_wsse_namespace(w):
    return w.signed().replace(soap.WSSE, soap.WSSE.replace("secext-1.0", "secext-1.1"))


def other_signature(w):
    """The signature of another message of the sender."""
    text = w.signed()
    return swap(text, element(text, "ds:Signature"), element(w.signed(), "ds:Signature"))


def behind_header(block):
    return lambda w: swap(w.signed(), "</soapenv:Header>", "</soapenv:Header>" + block)


def in_block(w):
    """The Security header stands inside another header block."""
    text = w.signed()
    security = element(text, "wsse:Security")
    return swap(text, security, f'<x:outer xmlns:x="urn:x">{security}</x:outer>')


def ids_swapped(w):
    """The identifier of the signed Body is moved to a header block of the same octets but its name."""
    text = w.signed()
    return swap(text, ' wsu:Id="id-body"', "")


CASES = {
    "a message without any signature": (unsigned, UNSIGNED, "security.absent"),
    "a message without a Header": (no_header, UNSIGNED, "security.absent"),
    "a Security header with nothing but the sender's certificate": (token_alone, UNSIGNED, "security.signature-absent"),
    "the signature stands beside the Security header": (
        signature_beside_security, UNSIGNED, "security.signature-absent"),
    "the signature stands in the Header without Security": (signature_without_security, TOKEN, "security.token-kind"),
    "the signature stands in the Body": (signature_in_body, UNSIGNED, "security.absent"),
    "only another header block is signed": (header_block_alone, UNSIGNED, "security.body-unsigned"),
    "a digit of the data differs": (data_changed, SIGNATURE, "signature.digest-mismatch"),
    "a blank more stands in the Body": (blank_added, SIGNATURE, "signature.digest-mismatch"),
    "the digest was made to fit the changed Body": (digest_made_new, SIGNATURE, "signature.value-wrong"),
    "the signature value is empty": (value_replaced(lambda v: b""), SIGNATURE, "signature.value-wrong"),
    "the signature value lacks its last octet": (value_replaced(lambda v: v[:-1]), SIGNATURE, "signature.value-wrong"),
    "one bit of the signature value is turned": (
        value_replaced(lambda v: v[:-1] + bytes([v[-1] ^ 1])), SIGNATURE, "signature.value-wrong"),
    "a second signature, by the attacker, covers the Body": (two_signatures, UNSIGNED, "security.content"),
    "the Security header is for somebody else": (for_somebody_else, UNSIGNED, "security.absent"),
    "there are two Security headers": (two_security_headers, UNSIGNED, "security.several"),
    "the signature is that of another message": (other_signature, SIGNATURE, "signature.digest-mismatch"),
    "the Body has lost its identifier": (ids_swapped, UNSIGNED, "security.reference"),
    "only the Timestamp is signed": (
        lambda w: w.signed(timestamp=soap.timestamp(), references=("id-time",)), UNSIGNED, "security.body-unsigned"),
    "the Security header is empty": (
        lambda w: soap.envelope(soap.request(), header=SECURITY % ""), UNSIGNED, "security.signature-absent"),
    "the Security header stands inside another block": (in_block, UNSIGNED, "security.absent"),
    "the messageId differs": (
        lambda w: swap(w.signed(soap.envelope(soap.request(message_id="a-1"))), ">a-1<", ">a-2<"),
        SIGNATURE, "signature.digest-mismatch"),
    "an attribute more stands on the Body": (
        lambda w: swap(w.signed(), "<soapenv:Body ", '<soapenv:Body a="1" '), SIGNATURE, "signature.digest-mismatch"),
    "the data is in another namespace": (
        lambda w: swap(w.signed(), "urn:demo:permit", "urn:demo:permis"), SIGNATURE, "signature.digest-mismatch"),
    "an element stands before the Header": (
        lambda w: swap(w.signed(), "<soapenv:Header>", "<x/><soapenv:Header>"), FORMAT, "soap.shape"),
    "an element stands between Header and Body": (behind_header("<x/>"), FORMAT, "soap.shape"),
    "the namespace of the signature lacks its last character": (other_dsig_namespace, UNSIGNED, "security.content"),
    "the signature refers to nothing": (no_references, UNSIGNED, "security.reference"),
    "an element stands behind the Body": (element_behind_body, FORMAT, "soap.shape"),
    "Security is in another namespace and must be understood": (
        other_wsse_namespace, UNDERSTAND, "soap.must-understand"),
}
ATTACKS = refused(CASES)
LEGITIMATE = passing({
    "blanks and a comment around the Body": lambda w: swap(
        w.signed(), "</soapenv:Envelope>", "\n<!-- end -->\n</soapenv:Envelope>\n<!-- of it -->\n"),
    "a second Security header, for somebody else": lambda w: swap(
        w.signed(), "</soapenv:Header>",
        f'<wsse:Security xmlns:wsse="{soap.WSSE}" soapenv:actor="urn:else"/></soapenv:Header>'),
    "an unsigned header block beside the signature": lambda w: swap(
        w.signed(), "</soapenv:Header>", BLOCK + "</soapenv:Header>"),
    "a Timestamp signed beside the Body": lambda w: w.signed(
        timestamp=soap.timestamp(), references=("id-body", "id-time")),
    "the data said again in an unsigned block": lambda w: swap(
        w.signed(), "</soapenv:Header>", f'<x:copy xmlns:x="urn:x">{soap.DATA}</x:copy></soapenv:Header>'),
})
