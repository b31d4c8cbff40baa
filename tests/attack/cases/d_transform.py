# SPDX-License-Identifier: GPL-3.0-or-later
"""Transforms that make a signature say less than it seems to, or cost more; words that canonical form hides."""
import re

from attack.outcomes import ALGORITHM, FORMAT, SENDER, SERVICE, UNSIGNED
from attack.table import passing, refused
from harness import soap, wss
from harness.forge import reshape, swap, swapper

CLASS = "D  transforms and canonical form"

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
C14N = f'<ds:Transform Algorithm="{soap.EXC}"/>'
SENDER_ID = "<senderId>department_is"


def transform(algorithm, inside=""):
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def stylesheet(inside):
    return transform(XSLT, f'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
                           f'<xsl:output method="text"/><xsl:template match="/">{inside}</xsl:template>'
                           f"</xsl:stylesheet>")


def reading(url):
    return stylesheet(f"<xsl:copy-of select=\"document('{url}')\"/>")


def xpath(expression):
    return transform(XPATH, f"<ds:XPath>{expression}</ds:XPath>")


def with_transforms(transforms, octets=None, text=None, stranger=False):
    """Signed so that a reader who follows the transforms finds the digest right."""
    def build(w):
        made = transforms(w) if callable(transforms) else transforms
        return w.signed(text, identity=w.attacker if stranger else w.me, transforms=made, octets=octets)
    return build


def data_left_out(w):
    """All but data is signed; data is another afterwards."""
    def without_data(body):
        copy = wss.parse(wss.canonical(body))
        for data in copy.xpath("//*[ancestor-or-self::data]"):
            data.getparent().remove(data)
        return wss.canonical(copy)
    text = w.signed(transforms=xpath("not(ancestor-or-self::data)") + C14N, octets=without_data)
    return swap(text, "<p:number>1<", "<p:number>666<")


def costly(_=None):
    return soap.envelope(soap.request(data="<data>" + "<i a='1'/>" * 400 + "</data>"))


def words(body):
    return re.sub(rb"\s", b"", "".join(body.itertext()).encode())


def canonicalization(algorithm):
    return lambda w: w.signed(shape=swapper(f'<ds:CanonicalizationMethod Algorithm="{soap.EXC}">',
                                            f'<ds:CanonicalizationMethod Algorithm="{algorithm}">'))


def void_body(w):
    """A namespace name that is no address makes canonical form fail; a careless verifier then digests nothing."""
    text = soap.envelope(soap.request()).replace("<data>", '<data xmlns:x="1">')
    return w.signed(text, octets=lambda _: b"")


def void_signed_info(w):
    """The same inside SignedInfo, with a signature over no octets."""
    text = w.signed(make_value=lambda _: wss.raw_sign(w.me.key, "rsa-sha256", b""))
    return swap(text, "<ds:SignedInfo>", '<ds:SignedInfo xmlns:x="1">')


def longer_sender(w, inside):
    return w.signed(swap(soap.envelope(soap.request()), SENDER_ID, f"{SENDER_ID}{inside}.evil"))


def split_by_comment(w):
    """The signature does not see the comment that splits the name."""
    return swap(longer_sender(w, ""), SENDER_ID, SENDER_ID + "<!---->")


def split_password(w):
    text = w.signed(soap.envelope(soap.request(password="secretary")))
    return swap(text, "<password>secret", "<password>sec<!-- -->ret")


def unknown_prefixes(w):
    start = f'<ds:Transform Algorithm="{soap.EXC}">'
    names = f'<ec:InclusiveNamespaces xmlns:ec="{soap.EXC}" PrefixList="a b&#13;c //*"/>'
    return w.signed(shape=swapper(start, start + names))


def split_service(w):
    text = w.signed(soap.envelope(soap.request(service="Demo.evil")))
    return swap(text, "<serviceId>Demo", "<serviceId>Demo<!---->")


OTHERS = {
    "inclusive canonical form": soap.C14N,
    "canonical form 1.1": "http://www.w3.org/2006/12/xml-c14n11",
    "inclusive canonical form with comments": soap.C14N + "#WithComments",
    "XPointer": "http://www.w3.org/2001/04/xmldsig-more#xptr",
    "that of attachments": "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform",
    "XQuery": "http://www.w3.org/2002/06/xmldsig-xquery",
    "a digest": wss.DIGESTS["sha256"][0],
    "minimal canonical form": "urn:ietf:rfc:3075#minimal",
}
CASES = {
    "a stylesheet makes the same words of every Body": (
        with_transforms(stylesheet("constant"), lambda _: b"constant"), ALGORITHM, "security.algorithm"),
    "a stylesheet of somebody unknown reads a web address": (
        with_transforms(lambda w: reading(w.canary.url), stranger=True),
        ALGORITHM, "security.algorithm"),
    "a stylesheet of somebody unknown reads a file": (
        with_transforms(lambda w: reading(f"file://{w.bait.path}"), stranger=True),
        ALGORITHM, "security.algorithm"),
    "an expression selects nothing": (
        with_transforms(xpath("false()"), lambda _: b""), ALGORITHM, "security.algorithm"),
    "an expression leaves data out": (data_left_out, ALGORITHM, "security.algorithm"),
    "an expression counts the whole document for every node": (
        with_transforms(xpath("count(//.|//@*|//namespace::*)"), text=costly()), ALGORITHM, "security.algorithm"),
    "a filter of expressions is asked for": (
        with_transforms(transform("http://www.w3.org/2002/06/xmldsig-filter2")), ALGORITHM, "security.algorithm"),
    "only the decoded words are signed": (
        with_transforms(transform(soap.DS + "base64"), words), ALGORITHM, "security.algorithm"),
    "octets are parsed a second time between transforms": (
        with_transforms(C14N + transform(soap.DS + "enveloped-signature")), ALGORITHM, "security.algorithm"),
    "the transform for token references is used on the Body": (
        with_transforms(transform(wss.BASE64.replace("#Base64Binary", "#STR-Transform"))),
        ALGORITHM, "security.algorithm"),
    "the Body is to be decrypted first": (
        with_transforms(transform("http://www.w3.org/2002/07/decrypt#XML") + C14N), ALGORITHM, "security.algorithm"),
    "one reference has five hundred transforms": (with_transforms(C14N * 500), ALGORITHM, "security.algorithm"),
    "one reference has no transform": (
        lambda w: w.signed(shape=lambda t: reshape("<ds:Transforms>.*</ds:Transforms>", "", t)),
        ALGORITHM, "security.algorithm"),
    "the Body is canonicalised with comments": (
        with_transforms(transform(soap.EXC + "WithComments")), ALGORITHM, "security.algorithm"),
    "the canonicalisation of SignedInfo is a stylesheet": (canonicalization(XSLT), ALGORITHM, "security.algorithm"),
    "the canonicalisation of SignedInfo keeps comments": (
        canonicalization(soap.EXC + "WithComments"), ALGORITHM, "security.algorithm"),
    "the canonicalisation of SignedInfo is unknown": (canonicalization("urn:none"), ALGORITHM, "security.algorithm"),
    "the list of prefixes holds no prefixes": (unknown_prefixes, ALGORITHM, "security.algorithm"),
    **{f"the transform is {name}": (with_transforms(transform(uri)), ALGORITHM, "security.algorithm")
       for name, uri in OTHERS.items()},
    "canonical form stands behind a transform that nobody knows": (
        with_transforms(transform("urn:none") + C14N), ALGORITHM, "security.algorithm"),
    "there are transforms, and none in them": (
        lambda w: w.signed(shape=lambda t: reshape("<ds:Transforms>.*</ds:Transforms>", "<ds:Transforms/>", t)),
        ALGORITHM, "security.algorithm"),
    "the transform has no algorithm": (with_transforms("<ds:Transform/>"), ALGORITHM, "security.algorithm"),
    "the transform has a blank behind its algorithm": (with_transforms(transform(soap.EXC + " ")), ALGORITHM, "security.algorithm"),
    "canonical form is asked for three times": (with_transforms(C14N * 3), ALGORITHM, "security.algorithm"),
    "a foreign element stands in the transform": (
        with_transforms(transform(soap.EXC, "<x/>")), UNSIGNED, "security.signature-shape"),
    "a comment shortens the service": (split_service, SERVICE, "service.unknown"),
    "a CDATA section shortens the name of the sender": (
        lambda w: longer_sender(w, "<![CDATA[]]>"), SENDER, "sender.unknown"),
    "the Body cannot be canonicalised, and nothing is signed": (void_body, FORMAT, "xml.namespace"),
    "SignedInfo cannot be canonicalised, and nothing is signed": (void_signed_info, FORMAT, "xml.namespace"),
    "a comment shortens the name of the sender": (split_by_comment, SENDER, "sender.unknown"),
    "a comment shortens the password": (split_password, SENDER, "sender.password"),
    "a processing instruction shortens the name of the sender": (
        lambda w: longer_sender(w, "<?x?>"), FORMAT, "xml.processing-instruction"),
    "an element shortens the name of the sender": (lambda w: longer_sender(w, "<x/>"), FORMAT, "channel.format"),
}
ATTACKS = refused(CASES)


def said(data, attributes=""):
    return lambda w: w.signed(soap.envelope(soap.request(data=data), envelope_attributes=attributes))


LEGITIMATE = passing({
    "a comment put into the data after signing": lambda w: swap(w.signed(), "<p:number>", "<!-- of the permit --><p:number>"),
    "the transform for enclosed signatures, then canonical form": lambda w: w.signed(
        transforms=f'<ds:Transform Algorithm="{soap.DS}enveloped-signature"/>{C14N}'),
    "a list of prefixes that the Body uses": lambda w: w.signed(reference_prefixes=("p", "t")),
    "namespaces declared and not used": said(soap.DATA, ' xmlns:u1="urn:1" xmlns:u2="urn:2"'),
    "a default namespace taken back": said('<data><a xmlns="urn:a"><b xmlns=""/></a></data>'),
    "attributes in another order and quotes": said("<data><a xmlns:z='urn:z' z:c='3' b='2' a='1'/></data>"),
    "line ends, tabs and entities in attributes": said('<data><a b="&#10;&#9;&#13;&quot;&lt;"/></data>'),
})
