# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of other media: attachments, forms, pages. Each holds a good message somewhere."""
from attack.table import passing, turned_away
from harness import soap
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


CASES = {
    "two roots, and a parameter that names the second": (two_roots, RELATED + '; start="<1>"'),
    "the signed message includes an unsigned part": (include, RELATED.replace("text/xml", "application/xop+xml")),
    "twenty thousand empty parts": (lambda w: b"--b\r\n\r\n\r\n" * 20000 + b"--b--\r\n", RELATED),
    "parts without a boundary": (two_roots, "multipart/related"),
    "one part": (lambda w: parts(good(w)), RELATED),
    "parts of a form": (two_roots, "multipart/form-data; boundary=b"),
    "the type of included parts": (good, "application/xop+xml"),
    "DIME": (good, "application/dime"),
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
ATTACKS = turned_away({
    **{name: (build, {"content_type": kind}) for name, (build, kind) in CASES.items()},
    "no type at all": (good, {"headers": {"Content-Type": None}}),
})


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
}
