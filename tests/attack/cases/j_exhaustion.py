# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that cost more than they should: depth, breadth, length, collisions, products. All are made on the spot."""
import itertools
import string

from attack.outcomes import ALGORITHM, CERTIFICATE, FORMAT, LIMIT, SIGNATURE, UNAVAILABLE, UNDERSTAND, UNSIGNED
from attack.table import passing, refused
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


def long_names_to_be_sorted():
    """Attributes are sorted by the names of their namespaces, which differ in their last octets alone."""
    names = "".join(f' xmlns:p{n}="urn:{"a" * 2000}{n:02}"' for n in range(30))
    return f"<x{names}>" + ("<i" + "".join(f' p{n}:a=""' for n in range(30)) + "/>") * 2000 + "</x>"


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


def many_signatures(w):
    text = w.signed()
    signature = element(text, "ds:Signature")
    return swap(text, signature, signature * 1000)


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
    "long names of namespaces, to be sorted in every element": (in_header(long_names_to_be_sorted), LIMIT, "xml.namespaces"),
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
    "twenty thousand declarations on the Envelope": (
        lambda w: w.signed(soap.envelope(soap.request(), envelope_attributes="".join(f' xmlns:p{n}="urn:{n}"' for n in range(20000))),
                           info_exclusive=False), LIMIT, "xml.namespaces"),
    "fifty thousand header blocks": (
        lambda w: soap.envelope(soap.request(), header='<x:b xmlns:x="urn:x"/>' * 49000), UNSIGNED, "security.absent"),
    "ten thousand header blocks that must be understood": (
        in_header(lambda: '<x:b xmlns:x="urn:x" soapenv:mustUnderstand="1"/>' * 10000), UNDERSTAND, "soap.must-understand"),
    "a thousand Security headers": (
        in_header(lambda: f'<wsse:Security xmlns:wsse="{soap.WSSE}"/>' * 1000), UNSIGNED, "security.several"),
    "a thousand signatures": (many_signatures, UNSIGNED, "security.content"),
    "a thousand transforms": (
        lambda w: w.signed(transforms=f'<ds:Transform Algorithm="{soap.EXC}"/>' * 1000), ALGORITHM, "security.algorithm"),
    "a list of a hundred thousand prefixes": (
        lambda w: w.signed(reference_prefixes=[f"p{n}" for n in range(100000)]), LIMIT, "xml.attributes"),
    "a signature value of ten megabytes": (
        lambda w: swap(w.signed(), "<ds:SignatureValue>", "<ds:SignatureValue>" + "A" * 10000000), SIGNATURE, "signature.value-wrong"),
    "ten megabytes of blanks in a signature value": (
        lambda w: swap(w.signed(), "<ds:SignatureValue>", "<ds:SignatureValue>" + " " * 10000000 + "!"),
        SIGNATURE, "signature.value-wrong"),
    "a digest of ten megabytes": (
        lambda w: swap(w.signed(), "<ds:DigestValue>", "<ds:DigestValue>" + "A" * 10000000), SIGNATURE, "signature.digest-mismatch"),
    "a certificate of ten megabytes": (
        lambda w: w.signed(key_info_text=(f"<wsse:SecurityTokenReference><ds:X509Data><ds:X509Certificate>{'A' * 10000000}"
                                          "</ds:X509Certificate></ds:X509Data></wsse:SecurityTokenReference>", "")),
        CERTIFICATE, "security.token-broken"),
    "a name of an issuer of a megabyte": (
        lambda w: w.signed(form="issuer-serial", shape=lambda t: t.replace("<ds:X509IssuerName>", "<ds:X509IssuerName>" + "CN=x," * 200000)),
        UNAVAILABLE, "security.token-unknown"),
    "ten thousand identifiers": (
        in_header(lambda: f'<x:b xmlns:x="urn:x" xmlns:wsu="{soap.WSU}">'
                  + "".join(f'<i wsu:Id="i{n}"/>' for n in range(40000)) + '<i wsu:Id="i0"/></x:b>'),
        SIGNATURE, "xml.duplicate-id"),
    "a Timestamp of a megabyte": (
        lambda w: w.signed(timestamp=soap.timestamp(f"<wsu:Created>{'2' * (1 << 20)}</wsu:Created>"), references=("id-body", "id-time")),
        UNSIGNED, "security.timestamp"),
    "a messageDate of a megabyte": (long_field("date"), FORMAT, "channel.length"),
    "a serviceId of a megabyte": (long_field("service"), FORMAT, "channel.length"),
    "an operation with a name of 60 kilobytes": (
        lambda w: soap.envelope(soap.request()).replace("t:SendMessage", "t:S" + "e" * 60000), FORMAT, "xml.malformed"),
    "a megabyte of brackets that close": (lambda w: "<a>" + ">" * (1 << 20), FORMAT, "xml.malformed"),
    "a megabyte of quotes": (lambda w: "<a b=" + "'\"" * (1 << 19), FORMAT, "xml.malformed"),
    "a megabyte of ampersands": (lambda w: "<a>" + "&" * (1 << 20), FORMAT, "xml.malformed"),
    "a megabyte of beginnings of CDATA": (lambda w: "<a>" + "<![CDATA[" * (1 << 17), FORMAT, "xml.malformed"),
    "a megabyte of beginnings of comments": (lambda w: "<a>" + "<!--" * (1 << 18), FORMAT, "xml.malformed"),
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


def data(make):
    """Signed data just below a limit."""
    return lambda w: w.signed(soap.envelope(soap.request(data=f"<data>{make()}</data>")))


LEGITIMATE = passing({
    "fifty-eight floors in data": data(nested(58)),
    "forty-nine thousand elements": data(lambda: "<i/>" * 49000),
    "sixty attributes": data(lambda: "<x" + "".join(f' a{n}=""' for n in range(60)) + "/>"),
    "twenty-five namespaces in scope": data(lambda: "<x" + "".join(f' xmlns:p{n}="urn:{n}"' for n in range(25)) + "/>"),
    "thousands of namespaces, one behind the other": data(
        lambda: "".join(f'<p:x xmlns:p="urn:{n}"/>' for n in range(5000))),
    "a comment of sixty kilobytes": data(lambda: "<!--" + "c" * 60000 + "-->"),
    "an attribute of sixty kilobytes": data(lambda: '<x a="' + "a" * 60000 + '"/>'),
    "a text of eleven megabytes": data(lambda: "t" * (11 << 20)),
    "a CDATA section of eleven megabytes": data(lambda: "<![CDATA[" + "t" * (11 << 20) + "]]>"),
    "two megabytes of references": data(lambda: "&#65;&amp;" * 200000),
})
