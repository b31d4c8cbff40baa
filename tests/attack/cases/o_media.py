# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of other media: attachments, forms, pages. Each holds a good message somewhere."""
import base64
import gzip

from attack.table import cut_off, passing, passing_as, turned_away
from harness import raw, soap
from harness.forge import swap

CLASS = "O  media types and attachments"

INCLUSION = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="%s"/>'
RELATED = 'multipart/related; type="text/xml"; boundary=b'


def parts(*contents):
    part = b"--b\r\nContent-Type: text/xml\r\nContent-ID: <%d>\r\n\r\n%s\r\n"
    return b"".join(part % (n, c) for n, c in enumerate(contents)) + b"--b--\r\n"


def two_roots(w):
    return parts(soap.envelope(soap.request()).encode(), w.signed().encode())


def include(w):
    text = soap.envelope(soap.request(data=f"<data>{INCLUSION % 'cid:1'}</data>"))
    return parts(w.signed(text).encode(), b"<unsigned/>")


def form(w):
    return b"a=" + w.signed().encode()


def good(w):
    return w.signed().encode()


def many_inclusions(w):
    inclusions = INCLUSION % "cid:1" * 100000
    return parts(soap.envelope(soap.request(data=f"<data>{inclusions}</data>")).encode(), b"x")


CASES = {
    "two roots, and a parameter that names the second": (two_roots, RELATED + '; start="<1>"'),
    "the signed message includes an unsigned part": (include, RELATED.replace("text/xml", "application/xop+xml")),
    "twenty thousand empty parts": (lambda w: b"--b\r\n\r\n\r\n" * 20000 + b"--b--\r\n", RELATED),
    "parts without a boundary": (two_roots, "multipart/related"),
    "one part": (lambda w: parts(good(w)), RELATED),
    "parts of a form": (two_roots, "multipart/form-data; boundary=b"),
    "the type of included parts": (good, "application/xop+xml"),
    "DIME": (good, "application/dime"),
    "a part within a part": (lambda w: parts(parts(good(w))), RELATED),
    "a part that includes itself": (lambda w: parts(INCLUSION.encode() % b"cid:0"), RELATED),
    "a hundred thousand inclusions of one part": (many_inclusions, RELATED.replace("text/xml", "application/xop+xml")),
    "a boundary of a thousand letters": (good, "multipart/related; boundary=" + "b" * 1000),
    "an empty boundary": (good, 'multipart/related; boundary=""'),
    "parts without an end": (lambda w: parts(good(w))[:-6], RELATED),
    "a part with a length that is wrong": (
        lambda w: b"--b\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\n" + good(w) + b"\r\n--b--\r\n", RELATED),
    "a part in base64": (
        lambda w: b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(good(w)) + b"\r\n--b--\r\n", RELATED),
    "a part in gzip": (lambda w: parts(gzip.compress(good(w))), RELATED),
    "mixed parts": (lambda w: parts(good(w)), "multipart/mixed; boundary=b"),
    "XML that says nothing of text": (good, "xml"),
    "XML of a schema": (good, "text/xml-dtd"),
    "a web page": (good, "text/html"),
    "a web form": (form, "application/x-www-form-urlencoded"),
    "plain text": (good, "text/plain"),
    "JSON": (good, "application/json"),
    "octets": (good, "application/octet-stream"),
    "any type": (good, "*/*"),
    "no type": (good, ""),
    "a type with letters more": (good, "text/xmlx"),
    "a type with a second behind it": (good, "text/xml, text/html"),
    "a type with a path": (good, "text/xml/x"),
    "the type as a parameter": (good, "x; text/xml"),
}
TYPE = "Content-Type: %s"


def two_types(first, second):
    return lambda good: raw.post(len(good), TYPE % first, TYPE % second, kind=None) + good


ATTACKS = turned_away({
    **{name: (build, {"content_type": kind}) for name, (build, kind) in CASES.items()},
    "no type at all": (good, {"headers": {"Content-Type": None}}),
})
ATTACKS.update(cut_off({
    "a type with a NUL": (lambda good: raw.post(len(good), kind="text/\0xml") + good, 400),
    "two types, the second of which is served": (two_types("text/html", "text/xml"), 400),
    "two types, the first of which is served": (two_types("text/xml", "multipart/related; boundary=b"), 400),
}))


def only_an_element(make):
    """Nothing is included: the element arrives as it was signed."""
    def case(w):
        inclusion = make(w)
        w.passes(w.signed(soap.envelope(soap.request(data=f"<data>{inclusion}</data>"))))
        routed = w.delivered()
        w.expect(not routed or inclusion.encode() in routed, "what was not signed was routed")
    return case


def schema_location(w):
    attributes = f'xmlns:xsi="{soap.XSI}" xsi:schemaLocation="urn:x {w.canary.url}"'
    return w.signed(swap(soap.envelope(soap.request()), "<data>", f"<data {attributes}>"))


XINCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file://%s" parse="text"/>'
LEGITIMATE = {
    "an inclusion in plain XML": only_an_element(lambda w: INCLUSION % w.canary.url),
    "an XInclude": only_an_element(lambda w: XINCLUDE % w.bait.path),
    **passing({"the place of a schema": schema_location}),
    **passing_as({f"the type {kind}": dict(content_type=kind)
                  for kind in ("application/xml", "application/soap+xml; charset=utf-8", "text/xml ; charset=utf-8", "text/xml;")}),
}
