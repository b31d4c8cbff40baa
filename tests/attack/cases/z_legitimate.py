# SPDX-License-Identifier: GPL-3.0-or-later
"""Legitimate messages in every form that systems of the bus write; a gateway that refuses everything fails here."""
import base64
import re

from attack.table import passing, passing_as, taken
from harness import forge, raw, soap, wss
from harness.forge import reshape, swap

CLASS = "Z  legitimate messages"

CERTIFICATE = '(?<=#X509v3">).*(?=</wsse:KeyIdentifier>)'
ENVELOPED = f'<ds:Transform Algorithm="{soap.DS}enveloped-signature"/><ds:Transform Algorithm="{soap.EXC}"/>'


def form(name, identity="department", **options):
    return lambda w: w.signed(identity=w.pki[identity], form=name, **options)


def text(make, **options):
    """A message of the sender with another text."""
    return lambda w: w.signed(make() if callable(make) else make, **options)


def default_namespace(header):
    """The Signature without prefixes."""
    return header.replace("ds:", "").replace("xmlns:ds=", "xmlns=")


def other_prefixes(w):
    body = soap.request().replace("t:", "").replace("xmlns:t=", "xmlns=").replace("<request>", '<request xmlns="">')
    made = soap.envelope(body, prefix="S", body_attributes=f' xmlns:u="{soap.WSU}" u:Id="id-body"')

    def shape(header):
        return default_namespace(header).replace("wsse:", "sec:").replace("xmlns:wsse=", "xmlns:sec=")
    return w.signed(made, security_attributes=' S:mustUnderstand="1"', shape=shape)


def pretty(w):
    """Line ends and indentation between all elements, in the Signature too; a comment outside the Body."""
    made = soap.envelope(soap.request()).replace("><", ">\n  <")
    signed = w.signed(made, shape=lambda header: header.replace("><", ">\n    <"))
    return swap(signed, "<soapenv:Header>", "<soapenv:Header><!-- note -->")


def with_blanks(w):
    """Blanks and line ends where base64 allows them."""
    made = w.signed(shape=lambda h: reshape(CERTIFICATE, lambda m: f"\n  {lines(m.group())}\n  ", h))
    return reshape("(?<=<ds:SignatureValue>).*(?=</ds:SignatureValue>)", lambda m: f"\n{lines(m.group())}\n", made)


def lines(base64_text, end="\n"):
    return end.join(base64_text[i:i + 64] for i in range(0, len(base64_text), 64))


def with_carriage_returns(w):
    made = w.signed(wrap=True)
    return reshape(CERTIFICATE, lambda m: lines(m.group(), "&#13;\n"), made)


def private_block(w):
    block = f'<x:confirm xmlns:x="urn:x" xmlns:wsu="{soap.WSU}" wsu:Id="id-own">yes</x:confirm>'
    return w.signed(soap.envelope(soap.request(), header=block), timestamp=soap.timestamp(),
                    references=("id-time", "id-body", "id-own"))


def key_identifier(w):
    der = w.me.certificate.extensions.get_extension_for_class(forge.x509.SubjectKeyIdentifier).value.digest
    inner = (f'<wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType="{wss.BASE64}" '
             f'ValueType="{wss.X509}#X509SubjectKeyIdentifier">'
             f"{base64.b64encode(der).decode()}</wsse:KeyIdentifier></wsse:SecurityTokenReference>")
    return w.signed(key_info_text=(inner, ""))


def free_request(attributes):
    return soap.envelope(soap.request(sender="free_is", password=None), body_attributes=attributes)


def plain_id(w):
    return w.loose(free_request(' Id="id-body"'))


def plain_form(w):
    return w.loose(free_request(' Id="id-body"'), form="plain")


def script_form(w):
    """As a library of JavaScript signs: Id without namespace, two transforms, a token, no prefix on the Signature."""
    stamp = soap.timestamp().replace("wsu:Id", "Id")
    return w.loose(free_request(' Id="id-body"'), form="bst", transforms=ENVELOPED, timestamp=stamp,
                   references=("id-body", "id-time"), shape=default_namespace)


def snake_form(w):
    """As a library of Python signs: the certificate beside an empty issuer and serial number."""
    return w.signed(form="x509-data", shape=lambda h: swap(h, "<ds:X509Data>", "<ds:X509Data><ds:X509IssuerSerial/>"))


def both_named(w):
    """Certificate, and issuer and serial number of the same one."""
    both = wss.key_info(w.me, "issuer-serial")[0]
    certificate = re.search("<ds:X509Certificate>.*</ds:X509Certificate>", wss.key_info(w.me, "x509-data")[0]).group()
    return w.signed(key_info_text=(swap(both, "</ds:X509Data>", certificate + "</ds:X509Data>"), ""))


def big(size):
    return "<data><file>" + base64.b64encode(bytes(size)).decode() + "</file></data>"


DEEP = "<data>" + "<d>" * 50 + "</d>" * 50 + "</data>"
NAMES = '<data id="id-body2" xmlns:a="urn:a"><a:item id="1"/><a:item id="1"/><a:item ID="1"/></data>'
WORDS = "<data><x>Әріп &#1040;&#x4B0; <![CDATA[<b> & ]]> &amp; \t\r\n</x></data>"

CASES = {
    "the whole certificate in KeyIdentifier": form("key-identifier"),
    "a BinarySecurityToken": form("bst"),
    "the certificate in X509Data": form("x509-data"),
    "issuer and serial number": form("issuer-serial"),
    "the subject key identifier": key_identifier,
    "a key on P-256": form("key-identifier", "department-ec"),
    "a signed Timestamp": form("key-identifier", timestamp=soap.timestamp(), references=("id-time", "id-body")),
    "other prefixes, and none on the Signature": other_prefixes,
    "prefixes to be canonicalised inclusively": form(
        "key-identifier", info_prefixes=("soapenv",), reference_prefixes=("t",)),
    "an empty list of such prefixes": form("key-identifier", info_prefixes=(), reference_prefixes=()),
    "SignedInfo canonicalised inclusively": form("key-identifier", info_exclusive=False),
    "a transform for enclosed signatures that has nothing to do": form("key-identifier", transforms=ENVELOPED),
    "indentation and line ends everywhere": pretty,
    "RSA with SHA-512": form("key-identifier", algorithm="rsa-sha512", digest="sha512"),
    "RSA with SHA-384 over SHA-256": form("key-identifier", algorithm="rsa-sha384"),
    "letters, references and a CDATA section": text(lambda: soap.envelope(soap.request(data=WORDS))),
    "an XML declaration": text(
        lambda: soap.envelope(soap.request(), declaration='<?xml version="1.0" encoding="UTF-8"?>\n')),
    "neither declaration nor mustUnderstand": form("key-identifier", security_attributes=""),
    "base64 in lines": with_blanks,
    "base64 in lines that end in references": with_carriage_returns,
    "a megabyte of data": text(lambda: soap.envelope(soap.request(data=big(1 << 20)))),
    "eleven megabytes of data": text(lambda: soap.envelope(soap.request(data=big(8 << 20)))),
    "fifty floors of data": text(lambda: soap.envelope(soap.request(data=DEEP))),
    "twenty thousand elements of data": text(
        lambda: soap.envelope(soap.request(data="<data>" + "<i>1</i>" * 20000 + "</data>"))),
    "identifiers of its own in data": text(lambda: soap.envelope(soap.request(data=NAMES))),
    "a signed private header block": private_block,
    "an unknown header block that need not be understood": lambda w: swap(
        w.signed(), "</soapenv:Header>", '<x:note xmlns:x="urn:x" soapenv:mustUnderstand="0"/></soapenv:Header>'),
    "a header block for somebody else that he must understand": lambda w: swap(
        w.signed(), "</soapenv:Header>",
        '<x:note xmlns:x="urn:x" soapenv:actor="urn:else" soapenv:mustUnderstand="1"/></soapenv:Header>'),
    "Id without namespace, where agreed": plain_id,
    "a Signature without Security, where agreed": plain_form,
    "the form of a library of JavaScript": script_form,
    "the form of a library of Python": snake_form,
    "the certificate, and the same by issuer and serial number": both_named,
    "a comment in a field": text(
        lambda: soap.envelope(soap.request()).replace("<serviceId>Demo", "<serviceId>De<!-- -->mo")),
}
FIELDS = {
    "another way to write the type": dict(content_type='text/xml;charset="UTF-8"', headers={"SOAPAction": "urn:SendMessage"}),
    "the type alone": dict(content_type="text/xml"),
    "a parameter more behind the type": dict(content_type="text/xml; charset=utf-8; action=x"),
    "the type in capitals": dict(content_type="TEXT/XML; CHARSET=UTF-8"),
    "no SOAPAction": dict(headers={"SOAPAction": None}),
    "a long field of HTTP": dict(headers={"X-Note": "a" * 8000}),
}
CHUNKED = "Transfer-Encoding: chunked"


def chunks_of(size):
    return lambda good: raw.post(None, CHUNKED) + raw.chunked(good, size)


def extension_and_trailer(good):
    octets = b'%X ; name="v"\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n' % (len(good), good)
    return raw.post(None, "Transfer-Encoding: Chunked") + octets


def old_http(w):
    good = w.signed().encode()
    reply = w.talk(raw.post(len(good), version="HTTP/1.0", host=None) + good)
    w.answered(good, reply)
    w.expect(reply.closed, "the connection stayed open")


def two_on_one_connection(w):
    with w.connect() as s:
        for _ in range(2):
            good = w.signed().encode()
            s.sendall(raw.post(len(good)) + good)
            w.answered(good, raw.listen(s))


def three_without_waiting(w):
    """Pipelined; the answers come in the order of the requests."""
    messages = [w.signed().encode() for _ in range(3)]
    with w.connect() as s:
        s.sendall(b"".join(raw.post(len(m)) + m for m in messages))
        for message in messages:
            w.answered(message, raw.listen(s))


def invited(w):
    good = w.signed().encode()
    with w.connect() as s:
        s.sendall(raw.post(len(good), "Expect: 100-continue"))
        w.expect(raw.listen(s).status == 100, "no invitation came")
        s.sendall(good)
        w.answered(good, raw.listen(s))


ATTACKS = {}
LEGITIMATE = {
    **passing(CASES),
    **passing_as(FIELDS),
    **taken({f"chunks of {size}": chunks_of(size) for size in (1, 7, 1000, 1 << 20)}),
    **taken({"chunks with an extension and a trailer": extension_and_trailer}),
    "HTTP/1.0": old_http,
    "two on one connection": two_on_one_connection,
    "three without waiting": three_without_waiting,
    "after being invited": invited,
}
