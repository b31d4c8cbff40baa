# SPDX-License-Identifier: GPL-3.0-or-later
"""Encodings: everything but UTF-8, said or unsaid."""
from attack.outcomes import FORMAT
from attack.table import refused, turned_away
from harness.forge import swap

CLASS = "I  encodings"


def declared(name, encode=None):
    def build(w):
        text = f'<?xml version="1.0" encoding="{name}"?>' + w.signed()
        return text.encode(encode) if encode else text
    return build


def written_in(codec, mark=b""):
    return lambda w: mark + w.signed().encode(codec)


def hidden_in_utf7(w):
    text = swap(w.signed(), "<serviceId>", "+ADw-messageId+AD4-other+ADw-/messageId+AD4-<serviceId>")
    return f'<?xml version="1.0" encoding="UTF-7"?>{text}'


def octets_in_data(octets):
    return lambda w: w.signed().encode().replace(b">1<", b">" + octets + b"<")


CASES = {
    "UTF-16 with a mark, said to be UTF-8": (declared("UTF-8", "utf-16"), "xml.encoding"),
    "UTF-16 without a mark": (written_in("utf-16-le"), "xml.nul"),
    "UTF-16, the high octets first": (written_in("utf-16-be"), "xml.nul"),
    "UTF-32, the high octets first": (written_in("utf-32-be"), "xml.nul"),
    "UTF-32 with a mark": (written_in("utf-32"), "xml.encoding"),
    "a second messageId in UTF-7": (hidden_in_utf7, "xml.encoding"),
    "EBCDIC": (written_in("cp037"), "xml.encoding"),
    "EBCDIC that says so": (declared("cp037", "cp037"), "xml.encoding"),
    "windows-1251 that says so": (declared("windows-1251"), "xml.encoding"),
    "ISO-8859-1 that says so": (declared("ISO-8859-1"), "xml.encoding"),
    "US-ASCII that says so": (declared("US-ASCII"), "xml.encoding"),
    "an encoding that nobody knows": (declared("x-none"), "xml.encoding"),
    "an encoding without a name": (declared(""), "xml.encoding"),
    "a bracket in two octets where one would do": (octets_in_data(b"\xc0\xbcx/>"), "xml.encoding"),
    "a letter in three octets where two would do": (octets_in_data(b"\xe0\x90\x90"), "xml.encoding"),
    "half a pair of UTF-16": (octets_in_data(b"\xed\xa0\x80"), "xml.encoding"),
    "a character beyond the last": (octets_in_data(b"\xf4\x90\x80\x80"), "xml.encoding"),
    "half a character": (octets_in_data(b"\xd0"), "xml.encoding"),
    "an octet of no character": (octets_in_data(b"\xff"), "xml.encoding"),
    "a character that XML leaves out": (octets_in_data("\ufffe".encode()), "xml.encoding"),
    "two byte order marks": (written_in("utf-8", b"\xef\xbb\xbf" * 2), "xml.malformed"),
}
CHARSETS = ["utf-7", "utf-16", "windows-1251", "utf-8x", "", "x=utf-8"]
ATTACKS = {
    **refused({name: (build, FORMAT, reason) for name, (build, reason) in CASES.items()}),
    **turned_away({f"HTTP says {charset or 'nothing'}": (lambda w: w.signed(), {"content_type": f"text/xml; charset={charset}"})
                   for charset in CHARSETS}),
}
LEGITIMATE = {}
