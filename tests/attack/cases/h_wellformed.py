# SPDX-License-Identifier: GPL-3.0-or-later
"""Document types, entities, and texts that are no XML 1.0 or that parsers forgive."""
import random

from attack.outcomes import FORMAT, UNSIGNED
from attack.table import passing, refused
from harness import soap
from harness.forge import element, swap

CLASS = "H  document types and well-formedness"

HEADER = "</soapenv:Header>"


def before(prolog):
    """A signed message with something before the Envelope."""
    return lambda w: (prolog(w) if callable(prolog) else prolog) + w.signed()


def doctype(inside, use="&e;"):
    """A DOCTYPE, and a use of the entity e in an unsigned header block."""
    def build(w):
        subset = inside(w) if callable(inside) else inside
        text = swap(w.signed(), HEADER, f'<x:note xmlns:x="urn:x">{use}</x:note>{HEADER}')
        return f"<!DOCTYPE soapenv:Envelope {subset}>{text}"
    return build


def laughs():
    """Nine floors of ten."""
    floors = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    return "[" + "".join(floors) + "]"


def header_block(block):
    return lambda w: swap(w.signed(), HEADER, block + HEADER)


def id_from_attlist(w):
    """The document type makes a plain attribute of a header block an identifier, with the Body's value."""
    text = swap(w.signed(), HEADER, f'<note key="id-body"/>{HEADER}')
    return f"<!DOCTYPE soapenv:Envelope [<!ATTLIST note key ID #IMPLIED>]>{text}"


def id_from_entity(w):
    text = w.signed()
    body = element(text, "soapenv:Body")
    kept = swap(text, "</ds:Signature>", f"<ds:Object>{body}</ds:Object></ds:Signature>")
    evil = body.replace("id-body", "&e;").replace(">1<", ">666<")
    at = kept.rindex(body)
    return '<!DOCTYPE soapenv:Envelope [<!ENTITY e "id-body">]>' + kept[:at] + evil + kept[at + len(body):]


def data(inside):
    """What stands in data, signed where a signer can read it."""
    return lambda w: soap.envelope(soap.request(data=f"<data>{inside}</data>"))


def cut(w):
    text = w.signed()
    return text[:text.index("</p:number>")]


def octet_in_data(octet):
    return lambda w: w.signed().encode().replace(b">1<", b">" + octet + b"<")


def noise(_w):
    return random.Random(7).randbytes(65536)


def duplicate_attribute(w):
    attributes = f' xmlns:a="{soap.SOAP}" a:mustUnderstand="0" soapenv:mustUnderstand="1"'
    return soap.envelope(soap.request(), header=f'<wsse:Security xmlns:wsse="{soap.WSSE}"{attributes}/>')


CASES = {
    "an empty document type": (before("<!DOCTYPE soapenv:Envelope>"), FORMAT, "xml.dtd"),
    "an entity that is a file": (doctype(lambda w: f'[<!ENTITY e SYSTEM "file://{w.bait.path}">]'), FORMAT, "xml.dtd"),
    "an entity that is a web page": (doctype(lambda w: f'[<!ENTITY e SYSTEM "{w.canary.url}">]'), FORMAT, "xml.dtd"),
    "a parameter entity that loads more": (
        doctype(lambda w: f'[<!ENTITY % p SYSTEM "{w.canary.url}"> %p;]', ""), FORMAT, "xml.dtd"),
    "a document type that is a web page": (doctype(lambda w: f'SYSTEM "{w.canary.url}"', ""), FORMAT, "xml.dtd"),
    "a document type that is a public name": (
        doctype(lambda w: f'PUBLIC "-//X//Y" "{w.canary.url}"', ""), FORMAT, "xml.dtd"),
    "entities of entities in text": (doctype(laughs(), "&e9;"), FORMAT, "xml.dtd"),
    "entities of entities in an attribute": (doctype(laughs(), '<y z="&e9;"/>'), FORMAT, "xml.dtd"),
    "one long entity, used often": (doctype(f'[<!ENTITY e "{"a" * 100000}">]', "&e;" * 20000), FORMAT, "xml.dtd"),
    "a thousand attributes by default": (
        doctype("[<!ATTLIST y " + "".join(f'a{n} CDATA "v" ' for n in range(1000)) + ">]", "<y/>" * 1000),
        FORMAT, "xml.dtd"),
    "an attribute declared an identifier": (id_from_attlist, FORMAT, "xml.dtd"),
    "an identifier made of an entity": (id_from_entity, FORMAT, "xml.dtd"),
    "a document type that hides an envelope between quotes": (
        lambda w: (f"<!DOCTYPE soapenv:Envelope [<!ENTITY e '<!--'>]>{soap.envelope(soap.request())}"
                   f"<!--'><![CDATA[-->{w.signed()}<!--]]>-->"),
        FORMAT, "xml.dtd"),
    "a document type inside the Envelope": (
        lambda w: swap(w.signed(), HEADER, f"{HEADER}<!DOCTYPE x>"), FORMAT, "xml.dtd"),
    "an entity declaration inside the Envelope": (
        lambda w: swap(w.signed(), HEADER, f'{HEADER}<!ENTITY e "x">'), FORMAT, "xml.dtd"),
    "an entity that was never declared": (header_block("<x>&e;</x>"), FORMAT, "xml.malformed"),
    "a stylesheet instruction before the Envelope": (
        before(lambda w: f'<?xml-stylesheet type="text/xsl" href="{w.canary.url}"?>'),
        FORMAT, "xml.processing-instruction"),
    "an instruction behind the Envelope": (lambda w: w.signed() + "<?x?>", FORMAT, "xml.processing-instruction"),
    "a declaration behind a blank": (before(' <?xml version="1.0"?>'), FORMAT, "xml.processing-instruction"),
    "a declaration of version 1.1": (before('<?xml version="1.1"?>'), FORMAT, "xml.declaration"),
    "a declaration of version 1.00": (before('<?xml version="1.00"?>'), FORMAT, "xml.declaration"),
    "a declaration with an unknown word": (before('<?xml version="1.0" mode="x"?>'), FORMAT, "xml.declaration"),
    "entities of entities, declared by a parameter": (
        doctype('[<!ENTITY % a "&#60;!ENTITY e \'x\'>"> %a;]'), FORMAT, "xml.dtd"),
    "a notation": (doctype('[<!NOTATION n SYSTEM "x">]', ""), FORMAT, "xml.dtd"),
    "a conditional section": (doctype("[<![INCLUDE[<!ENTITY e 'x'>]]>]"), FORMAT, "xml.dtd"),
    "a document type in small letters": (before("<!doctype soapenv:Envelope>"), FORMAT, "xml.dtd"),
    "a document type behind a comment": (before("<!-- --><!DOCTYPE x>"), FORMAT, "xml.dtd"),
    "a document type behind the Envelope": (lambda w: w.signed() + "<!DOCTYPE x>", FORMAT, "xml.dtd"),
    "a document type in the data": (data("<!DOCTYPE x>"), FORMAT, "xml.dtd"),
    "an instruction in the data": (data("<?php x ?>"), FORMAT, "xml.processing-instruction"),
    "an instruction in SignedInfo": (
        lambda w: swap(w.signed(), "<ds:SignedInfo>", "<ds:SignedInfo><?x?>"), FORMAT, "xml.processing-instruction"),
    "an instruction in the Header": (header_block("<?x y?>"), FORMAT, "xml.processing-instruction"),
    "an instruction named XML": (before("<?XML version='1.0'?>"), FORMAT, "xml.processing-instruction"),
    "two declarations": (before('<?xml version="1.0"?>' * 2), FORMAT, "xml.processing-instruction"),
    "a declaration inside the Envelope": (header_block('<?xml version="1.0"?>'), FORMAT, "xml.processing-instruction"),
    "an instruction without end": (before("<?xml "), FORMAT, "xml.declaration"),
    "the end of a CDATA section in text": (data("]]>"), FORMAT, "xml.malformed"),
    "a lone ampersand": (data("a & b"), FORMAT, "xml.malformed"),
    "a bracket in an attribute": (data('<a b="<"/>'), FORMAT, "xml.malformed"),
    "a reference without a semicolon": (data("&amp x"), FORMAT, "xml.malformed"),
    "a reference to character nought": (data("&#0;"), FORMAT, "xml.malformed"),
    "a reference beyond the last character": (data("&#x110000;"), FORMAT, "xml.malformed"),
    "a reference of a megabyte of digits": (data("&#" + "0" * (1 << 20) + "65;"), UNSIGNED, "security.absent"),
    "a name with two colons": (data("<p:a:b/>"), FORMAT, "xml.namespace"),
    "a namespace that only xmlns may have": (
        header_block('<x xmlns="http://www.w3.org/2000/xmlns/"/>'), FORMAT, "xml.namespace"),
    "the prefix xmlns declared": (header_block('<x xmlns:xmlns="urn:x"/>'), FORMAT, "xml.namespace"),
    "the namespace of xml under another prefix": (
        header_block('<x xmlns:y="http://www.w3.org/XML/1998/namespace"/>'), FORMAT, "xml.namespace"),
    "an attribute of a prefix that was never declared": (header_block('<x q:a="1"/>'), FORMAT, "xml.namespace"),
    "one element twice closed": (data("<a></a></a>"), FORMAT, "xml.malformed"),
    "an end tag with an attribute": (data('<a></a b="c">'), FORMAT, "xml.malformed"),
    "blanks before the name of an element": (data("< a/>"), FORMAT, "xml.malformed"),
    "a tag in a tag": (data("<a <b/> />"), FORMAT, "xml.malformed"),
    "two envelopes": (lambda w: w.signed() + w.signed(), FORMAT, "xml.malformed"),
    "words behind the Envelope": (lambda w: w.signed() + "words", FORMAT, "xml.malformed"),
    "a NUL in data": (octet_in_data(b"\0"), FORMAT, "xml.nul"),
    "a NUL behind the Envelope": (lambda w: w.signed() + "\0<x>", FORMAT, "xml.nul"),
    "a control character in data": (octet_in_data(b"\1"), FORMAT, "xml.malformed"),
    "a reference to a control character": (octet_in_data(b"&#1;"), FORMAT, "xml.malformed"),
    "a reference to half a character": (octet_in_data(b"&#xD800;"), FORMAT, "xml.malformed"),
    "two attributes of one expanded name": (duplicate_attribute, FORMAT, "xml.namespace"),
    "two attributes of one name": (header_block('<x a="1" a="2"/>'), FORMAT, "xml.malformed"),
    "a prefix declared to be nothing": (header_block('<x xmlns:p=""/>'), FORMAT, "xml.namespace"),
    "a prefix that was never declared": (header_block("<p:x/>"), FORMAT, "xml.namespace"),
    "the prefix xml bound to something else": (header_block('<x xmlns:xml="urn:x"/>'), FORMAT, "xml.namespace"),
    "a message cut in the Body": (cut, FORMAT, "xml.malformed"),
    "a CDATA section without end": (data("<![CDATA[ words"), FORMAT, "xml.malformed"),
    "a comment without end": (data("<!-- words"), FORMAT, "xml.malformed"),
    "a comment with two hyphens": (data("<!-- a -- b -->"), FORMAT, "xml.malformed"),
    "end tags in the wrong order": (data("<a><b></a></b>"), FORMAT, "xml.malformed"),
    "an attribute without quotes": (data("<a b=c/>"), FORMAT, "xml.malformed"),
    "a name that no name may be": (data("<1a/>"), FORMAT, "xml.malformed"),
    "no octet": (lambda w: b"", FORMAT, "xml.empty"),
    "nothing but blanks": (lambda w: " \r\n" * 1000, FORMAT, "xml.empty"),
    "nothing but a declaration": (lambda w: '<?xml version="1.0"?>', FORMAT, "xml.malformed"),
    "noise": (noise, FORMAT, "xml.encoding"),
    "a thousand opening brackets": (lambda w: "<" * 1000, FORMAT, "xml.malformed"),
    "one octet": (lambda w: "<", FORMAT, "xml.malformed"),
}
ATTACKS = refused(CASES)


def every_beginning(w):
    """Cut at every 97th octet, and at each of the last twelve."""
    text = w.signed()
    for n in [*range(1, len(text) - 12, 97), *range(len(text) - 12, len(text) - 1)]:
        w.refuses(text[:n], FORMAT, "xml.malformed")


ATTACKS["every beginning of a message"] = every_beginning


def holding(inside):
    return lambda w: w.signed(soap.envelope(soap.request(data=f"<data>{inside}</data>")))


LEGITIMATE = passing({
    "the words of a document type in a CDATA section": holding('<![CDATA[<!DOCTYPE x [<!ENTITY e "x">]><?x?>&e;]]>'),
    "the words of a document type in a comment": holding("<!-- <!DOCTYPE x> <?x?> &e; -->"),
    "the words of a document type, escaped": holding("&lt;!DOCTYPE x>&lt;?x?>&amp;e;"),
    "all five entities that need no declaration": holding("<a b='&quot;&apos;'>&amp;&lt;&gt;</a>"),
    "references by number": holding("&#x41;&#65;&#x10FFFF;&#9;&#10;&#13;"),
    "a right bracket, and two of the square ones": holding("> ]] ]>".replace("]>", "] >")),
    "a CDATA section that looks unended": holding("<![CDATA[]]]]><![CDATA[>]]>"),
    "an empty CDATA section and an empty comment": holding("<![CDATA[]]><!---->"),
    "a declaration with quotes of the other kind": lambda w: "<?xml version='1.0' encoding='utf-8' standalone='yes'?>" + w.signed(),
    "blanks and comments before and behind": lambda w: "<!-- a -->\n" + w.signed() + "\n<!-- b -->\n \t\r\n",
    "names with all that names may have": holding('<_a.b-c·1 xmlns:ә="urn:x" ә:қ="1"/>'),
    "one prefix with two meanings": holding('<p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"/></p:a>'),
    "attributes of one name in two namespaces": holding('<a xmlns:p="urn:1" xmlns:q="urn:2" p:c="" q:c="" c=""/>'),
    "the attributes of xml": holding('<a xml:lang="kk" xml:space="preserve"> </a>'),
    "blanks in tags": holding("<a\n\tb = '1'\r\n></a\n>"),
})
