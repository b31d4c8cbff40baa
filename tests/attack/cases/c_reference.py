# SPDX-License-Identifier: GPL-3.0-or-later
"""References that lead out of the message, select by expressions, or meet identifiers with two readings."""
import base64
import hashlib

from attack.outcomes import LIMIT, SIGNATURE, UNSIGNED
from attack.table import passing, refused
from harness import soap, wss
from harness.forge import element, swap, swapper

CLASS = "C  references and identifiers"

NOTHING = base64.b64encode(hashlib.sha256(b"").digest()).decode()


def reference(uri, kind=""):
    return (f'<ds:Reference URI="{uri}"{kind}><ds:Transforms><ds:Transform Algorithm="{soap.EXC}"/></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{wss.DIGESTS["sha256"][0]}"/><ds:DigestValue>{NOTHING}</ds:DigestValue>'
            f"</ds:Reference>")


def one_more(uri):
    """The Body is signed as it should be, and something else with it."""
    return lambda w: w.signed(signed_info_extra=reference(uri(w) if callable(uri) else uri))


def instead(uri):
    """The only Reference has another URI; the digest is that of the Body."""
    return lambda w: w.signed(shape=swapper('URI="#id-body"', uri))


def first(uri):
    body = '<ds:Reference URI="#id-body"'
    return lambda w: w.signed(shape=swapper(body, reference(uri(w)) + body))


def manifest(uri):
    """A Manifest in an Object of the signature; the gateway must not follow it, whoever signed."""
    inside = f'<ds:Object><ds:Manifest Id="id-list">{reference(uri)}</ds:Manifest></ds:Object></ds:Signature>'
    target = f'URI="#id-list" Type="{soap.DS}Manifest"'
    return lambda text: swap(swap(text, 'URI="#id-body"', target), "</ds:Signature>", inside)


def kept_with(attributes):
    """The signed Body is kept in a header block; the attacker's carries its identifier in another spelling."""
    def build(w):
        text = w.signed()
        body = element(text, "soapenv:Body")
        evil = soap.envelope(soap.request(), body_attributes=attributes)
        text = swap(text, body, element(evil, "soapenv:Body"))
        return swap(text, "</soapenv:Header>", f'<x:keep xmlns:x="urn:x">{body}</x:keep></soapenv:Header>')
    return build


def body_with(attributes, uri="#id-body"):
    """The Body's identifier is spelled so that two readers may differ; the signature is correct."""
    def build(w):
        text = soap.envelope(soap.request(), body_attributes=f' xmlns:wsu="{soap.WSU}" wsu:Id="id-body"')
        made = w.signed(text, shape=swapper('URI="#id-body"', f'URI="{uri}"'))
        return swap(made, 'wsu:Id="id-body"', attributes)
    return build


def body_with_blank(w):
    text = soap.envelope(soap.request(), body_id=" id-body")
    return w.signed(text, references=(" id-body",), shape=swapper('URI="# id-body"', 'URI="#id-body"'))


def two_ids(w):
    text = soap.envelope(soap.request(), body_attributes=f' xmlns:wsu="{soap.WSU}" wsu:Id="id-a" Id="id-b"')
    return w.signed(text, references=("id-b",))


def deep_too(w):
    """Signed are the Body and something inside a header block, where nobody would look for signed things."""
    deep = f'<x:a xmlns:x="urn:x"><x:b xmlns:wsu="{soap.WSU}" wsu:Id="id-deep"/></x:a>'
    return w.signed(soap.envelope(soap.request(), header=deep), references=("id-body", "id-deep"))


def security_too(w):
    """Signed are the Body and the header that holds the signature."""
    attributes = f' xmlns:wsu="{soap.WSU}" wsu:Id="id-security"'
    return w.signed(references=("id-body", "id-security"), security_attributes=attributes)


def plain_id(w):
    return w.signed(soap.envelope(soap.request(), body_attributes=' Id="id-body"'))


EXPRESSIONS = ["#xpointer(id(&quot;id-body&quot;))", "#xmlns(s=urn:s)xpointer(//*)", "#element(/1/2)", "#/1/2", "#element(id-body)",
               "#id-body#id-body", "id-body", " #id-body", "#id-body%20", "#id-body&#10;", "?#id-body", ".#id-body"]
ELSEWHERE = ["data:,x", "//127.0.0.1/x", "x.xml", "/etc/hostname", "HTTP://127.0.0.1:1/", "jar:file:///x!/y", "urn:x", "FILE:/etc/hostname"]
CASES = {
    "a further reference goes to a web address": (one_more(lambda w: w.canary.url), UNSIGNED, "security.reference"),
    "a further reference goes to a web address, first": (
        first(lambda w: w.canary.url), UNSIGNED, "security.reference"),
    "a further reference goes to a file": (one_more(lambda w: f"file://{w.bait.path}"), UNSIGNED, "security.reference"),
    "a further reference goes to an ftp address": (
        one_more(lambda w: w.canary.url.replace("http", "ftp")), UNSIGNED, "security.reference"),
    "a further reference goes to an attachment that is not there": (
        one_more("cid:part-1"), UNSIGNED, "security.reference"),
    "the reference is an expression for the whole document": (
        instead('URI="#xpointer(/)"'), UNSIGNED, "security.reference"),
    "the reference is an expression for an identifier": (
        instead("URI=\"#xpointer(id('id-body'))\""), UNSIGNED, "security.reference"),
    "the reference breaks out of a quoted name": (
        instead("URI=\"#nope') | id('id-body\""), UNSIGNED, "security.reference"),
    **{f"the reference is {uri}": (instead(f'URI="{uri}"'), UNSIGNED, "security.reference") for uri in EXPRESSIONS},
    **{f"a further reference goes to {uri}": (one_more(uri), UNSIGNED, "security.reference") for uri in ELSEWHERE},
    "the reference has a name of a megabyte": (instead(f'URI="#{"a" * (1 << 20)}"'), LIMIT, "xml.attributes"),
    "the reference stands twice with other digests": (
        lambda w: w.signed(signed_info_extra=reference("#id-body")), UNSIGNED, "security.reference"),
    "the reference has no URI": (instead(""), UNSIGNED, "security.reference"),
    "the reference is empty": (instead('URI=""'), UNSIGNED, "security.reference"),
    "the reference is a lone number sign": (instead('URI="#"'), UNSIGNED, "security.reference"),
    "the reference has an escaped letter": (instead('URI="#id%2Dbody"'), UNSIGNED, "security.reference"),
    "the reference has a blank behind it": (instead('URI="#id-body "'), UNSIGNED, "security.reference"),
    "the Body is referenced twice": (
        lambda w: w.signed(references=("id-body", "id-body")), UNSIGNED, "security.reference"),
    "there are more references than anybody needs": (
        lambda w: w.signed(references=("id-body",) * 9), UNSIGNED, "security.reference"),
    "a further reference goes inside a header block": (deep_too, SIGNATURE, "security.wrapped"),
    "a further reference goes to what holds the signature": (security_too, UNSIGNED, "security.reference"),
    "only a Manifest is referenced": (
        lambda w: w.signed(shape=manifest("#id-body")), UNSIGNED, "security.signature-shape"),
    "a Manifest signed by nobody known names a web address": (
        lambda w: w.signed(identity=w.attacker, shape=manifest(w.canary.url)), UNSIGNED, "security.signature-shape"),
    "the attacker's Body has the identifier in Id": (kept_with(' Id="id-body"'), SIGNATURE, "xml.duplicate-id"),
    "the attacker's Body has the identifier in xml:id": (kept_with(' xml:id="id-body"'), SIGNATURE, "xml.duplicate-id"),
    "the attacker's Body has the identifier in ID": (kept_with(' ID="id-body"'), SIGNATURE, "xml.duplicate-id"),
    "the attacker's Body has the identifier in ID and id": (
        kept_with(' ID="id-body" id="id-body"'), SIGNATURE, "xml.duplicate-id"),
    "the Body has two identifiers": (two_ids, SIGNATURE, "xml.duplicate-id"),
    "the identifier begins with a blank": (body_with_blank, UNSIGNED, "security.reference"),
    "the identifier is in Id, which was not agreed": (plain_id, UNSIGNED, "security.id-form"),
    "the identifier is in xml:id alone": (body_with('xml:id="id-body"'), UNSIGNED, "security.id-form"),
    "the identifier differs in case": (body_with('wsu:Id="ID-BODY"'), UNSIGNED, "security.reference"),
}
ATTACKS = refused(CASES)


def named(body_id):
    return lambda w: w.signed(soap.envelope(soap.request(), body_id=body_id), references=(body_id,))


def eight_references(w):
    names = [f"id-{n}" for n in range(7)]
    blocks = "".join(f'<x:b xmlns:x="urn:x" xmlns:wsu="{soap.WSU}" wsu:Id="{n}"/>' for n in names)
    return w.signed(soap.envelope(soap.request(), header=blocks), references=("id-body", *names))


LEGITIMATE = passing({
    **{f"the identifier is {name}": named(name) for name in ("_", "id-1.2-3_4", "Дене", "x" * 200)},
    "eight references to as many elements": eight_references,
    "the reference says its type": lambda w: w.signed(shape=swapper('URI="#id-body"', 'URI="#id-body" Type="urn:x"')),
    "the identifier is written with a character reference": lambda w: swap(w.signed(), 'wsu:Id="id-body"', 'wsu:Id="id&#45;body"'),
    "identifiers of other elements": lambda w: swap(
        w.signed(), "</soapenv:Header>", '<x:y xmlns:x="urn:x" Id="one"><x:z ID="two" xml:id="three" /></x:y></soapenv:Header>'
        .replace(' ID="two" xml:id="three"', ' xml:id="three"')),
})
