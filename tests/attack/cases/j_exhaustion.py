# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that cost more than they should: depth, breadth, length, collisions, products. All are made on the spot."""
import itertools
import string

from attack.outcomes import CERTIFICATE, FORMAT, LIMIT, UNSIGNED
from attack.table import refused
from harness import raw, soap, wss
from harness.forge import element, swap

CLASS = "J  exhaustion"

HEADER = "</soapenv:Header>"


def in_header(block):
    """A signed message with an unsigned header block; the signature stays valid."""
    return lambda w: swap(w.signed(), HEADER, (block() if callable(block) else block) + HEADER)


def stranger(data):
    """A message of somebody without a key."""
    return lambda w: soap.envelope(soap.request(data=f"<data>{data()}</data>"))


def never_closed(_w):
    return f'<e:Envelope xmlns:e="{soap.SOAP}"><e:Header>' + "<x>" * 1000000


def nested(n, name="x"):
    return lambda: f"<{name}>" * n + f"</{name}>" * n


def prefixed_attributes():
    return "<x" + "".join(f' xmlns:p{n}="urn:{n}" p{n}:a=""' for n in range(50000)) + "/>"


def declarations_and_elements(w):
    """Each element is digested with every declaration in scope."""
    text = soap.envelope(soap.request(data="<data>" + "<i/>" * 5000 + "</data>"),
                         envelope_attributes="".join(f' xmlns:p{n}="urn:{n}"' for n in range(1000)))
    inclusive = f'<ds:Transform Algorithm="{soap.C14N}"/>'
    return w.signed(text, transforms=inclusive)


def declarations_on_many_floors():
    floors = "".join("<x" + "".join(f' xmlns:p{n}_{m}="urn:{m}"' for m in range(8)) + ">" for n in range(55))
    return floors + "<i/>" * 20000 + "</x>" * 55


def equal_hashes():
    """Words that a hash of the form h * 33 + c cannot tell apart: made of pairs of letters that hash alike."""
    groups = {}
    for pair in itertools.product(string.ascii_lowercase, string.ascii_letters):
        groups.setdefault(ord(pair[0]) * 33 + ord(pair[1]), []).append("".join(pair))
    pairs = max(groups.values(), key=len)
    return ["".join(word) for word in itertools.product(pairs[:3], repeat=9)]


def colliding_attributes():
    return "<x " + " ".join(f'{name}=""' for name in equal_hashes()) + "/>"


def colliding_elements():
    return "".join(f"<{name}/>" for name in equal_hashes())


def colliding_attributes_in_portions():
    names = equal_hashes()
    return "".join("<x " + " ".join(f'{name}=""' for name in names[i:i + 60]) + "/>" for i in range(0, len(names), 60))


def soap_array(w):
    array = ' xmlns:n="http://schemas.xmlsoap.org/soap/encoding/" n:arrayType="xsd:int[100000000]"'
    return w.signed(soap.envelope(soap.request().replace("<requestData>", f"<requestData{array}>")))


def thousand_tokens(w):
    token = wss.key_info(w.me, "bst")[1]
    text = w.signed()
    many = "".join(token.replace("x509-1", f"x509-{n}") for n in range(1000))
    return swap(text, "<ds:Signature ", many + "<ds:Signature ")


def references_times_elements(w):
    text = w.signed(soap.envelope(soap.request(data="<data>" + "<i/>" * 20000 + "</data>")), identity=w.attacker)
    reference = element(text, "ds:Reference")
    return swap(text, reference, reference * 2000)


def other_references_times_elements(w):
    """As many references as are allowed to big header blocks, by a key that nobody knows."""
    names = [f"id-{n}" for n in range(7)]
    blocks = "".join(f'<x:b xmlns:x="urn:x" xmlns:wsu="{soap.WSU}" wsu:Id="{n}">{"<i/>" * 5000}</x:b>' for n in names)
    return w.signed(soap.envelope(soap.request(), header=blocks), identity=w.attacker, references=("id-body", *names))


def long_field(field):
    return lambda w: w.signed(soap.envelope(soap.request(**{field: "m" * (1 << 20)})))


def many_properties(w):
    return w.signed(soap.envelope(soap.request(tail="<properties><key>k</key><value>v</value></properties>" * 2000)))


CASES = {
    "a hundred thousand floors in a header block": (in_header(nested(100000)), LIMIT, "xml.depth"),
    "a million floors that never end": (never_closed, LIMIT, "xml.depth"),
    "two hundred floors in data": (stranger(nested(200)), LIMIT, "xml.depth"),
    "fifty thousand attributes of as many namespaces": (in_header(prefixed_attributes), LIMIT, "xml.namespaces"),
    "a hundred thousand attributes": (
        in_header(lambda: "<x" + "".join(f' a{n}=""' for n in range(100000)) + "/>"), LIMIT, "xml.attributes"),
    "a thousand declarations over five thousand elements": (declarations_and_elements, LIMIT, "xml.namespaces"),
    "declarations on every floor over twenty thousand elements": (
        in_header(declarations_on_many_floors), LIMIT, "xml.namespaces"),
    "a million elements": (stranger(lambda: "<i/>" * 1000000), LIMIT, "xml.elements"),
    "a million comments": (stranger(lambda: "<!---->" * 1000000), LIMIT, "xml.elements"),
    "a million CDATA sections": (stranger(lambda: "<![CDATA[]]>" * 1000000), LIMIT, "xml.elements"),
    "attributes that hash alike": (in_header(colliding_attributes), LIMIT, "xml.attributes"),
    "attributes that hash alike, in portions": (
        stranger(colliding_attributes_in_portions), UNSIGNED, "security.absent"),
    "elements that hash alike": (stranger(colliding_elements), UNSIGNED, "security.absent"),
    "an attribute of twelve megabytes": (in_header(lambda: '<x a="' + "a" * 12000000 + '"/>'), LIMIT, "xml.attributes"),
    "an element name of twelve megabytes": (stranger(lambda: "<" + "a" * 12000000 + "/>"), LIMIT, "xml.attributes"),
    "a namespace name of a megabyte": (
        in_header(lambda: '<x xmlns="urn:' + "a" * (1 << 20) + '"/>'), LIMIT, "xml.attributes"),
    "a comment of twelve megabytes": (in_header(lambda: "<!--" + "c" * 12000000 + "-->"), LIMIT, "xml.size"),
    "a text of fourteen megabytes": (stranger(lambda: "t" * (14 << 20)), UNSIGNED, "security.absent"),
    "fourteen megabytes of character references": (stranger(lambda: "&#65;" * 2900000), UNSIGNED, "security.absent"),
    "an array that says it has a hundred million members": (soap_array, FORMAT, "channel.format"),
    "a thousand tokens": (thousand_tokens, CERTIFICATE, "security.token-several"),
    "two thousand references to a Body of twenty thousand elements": (
        references_times_elements, UNSIGNED, "security.reference"),
    "eight references to big elements, by an unknown key": (
        other_references_times_elements, CERTIFICATE, "certificate.unknown"),
    "a messageId of a megabyte": (long_field("message_id"), FORMAT, "channel.length"),
    "a password of a megabyte": (long_field("password"), FORMAT, "channel.length"),
    "a senderId of a megabyte": (long_field("sender"), FORMAT, "channel.length"),
    "two thousand properties": (many_properties, FORMAT, "channel.length"),
}
ATTACKS = refused(CASES)
TOO_LONG = {
    "a text of 64 megabytes": lambda: b"<data>" + b"t" * (64 << 20),
    "thirty megabytes of blanks": lambda: b"<x> " + b" " * (30 << 20),
}


def too_long(make):
    """Refused before it has arrived."""
    def case(w):
        octets = make()
        w.cuts_off(raw.post(len(octets)) + octets, 413)
    return case


def chunks_too_long(size):
    return lambda w: w.cuts_off(raw.post(None, "Transfer-Encoding: chunked") + raw.chunked(b"t" * (20 << 20), size), 413)


ATTACKS.update({name: too_long(make) for name, make in TOO_LONG.items()})
ATTACKS.update({f"twenty megabytes in chunks of {size}": chunks_too_long(size) for size in (1000, 1 << 20)})
LEGITIMATE = {}
