# SPDX-License-Identifier: GPL-3.0-or-later
"""Encodings: everything but UTF-8, said or unsaid."""
from attack.outcomes import FORMAT
from attack.table import passing, passing_as, refused, turned_away
from harness import soap
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
    "UTF-8 that says it is UTF-16": (declared("UTF-16"), "xml.encoding"),
    "UTF-8 that says it is UTF-32": (declared("UCS-4"), "xml.encoding"),
    "UTF-16 that says so": (declared("UTF-16", "utf-16"), "xml.encoding"),
    "UTF-16, the high octets first, with a mark": (written_in("utf-16-be", b"\xfe\xff"), "xml.encoding"),
    "UTF-32, the low octets first": (written_in("utf-32-le"), "xml.nul"),
    "UTF-32 in an odd order": (lambda w: w.signed().encode("utf-32-be")[1:] + b"\0", "xml.nul"),
    "Shift JIS that says so": (declared("Shift_JIS", "shift_jis"), "xml.encoding"),
    "GB 18030 that says so": (declared("GB18030", "gb18030"), "xml.encoding"),
    "HZ that says so": (declared("HZ-GB-2312"), "xml.encoding"),
    "ISO 2022 that says so": (declared("ISO-2022-JP"), "xml.encoding"),
    "an encoding with a blank behind it": (declared("UTF-8 "), "xml.encoding"),
    "an encoding with a letter more": (declared("UTF-8x"), "xml.encoding"),
    "an encoding of a megabyte": (declared("U" * (1 << 20)), "xml.encoding"),
    "a mark of UTF-16 and UTF-8 behind it": (written_in("utf-8", b"\xff\xfe"), "xml.encoding"),
    "a mark of UTF-7": (written_in("utf-8", b"+/v8-"), "xml.malformed"),
    "a broad blank in a name": (octets_in_data(b"<a\xe2\x80\x80/>"), "xml.malformed"),
    "a NUL in four octets": (octets_in_data(b"\xf0\x80\x80\x80"), "xml.encoding"),
    "a NUL in two octets": (octets_in_data(b"\xc0\x80"), "xml.encoding"),
    "a character in five octets": (octets_in_data(b"\xf8\x88\x80\x80\x80"), "xml.encoding"),
    "a continuation without a beginning": (octets_in_data(b"\x80"), "xml.encoding"),
    "half a character at the very end": (lambda w: w.signed().encode() + b"\xe2\x82", "xml.encoding"),
    "a pair of UTF-16, each half by itself": (octets_in_data(b"\xed\xa0\xbd\xed\xb8\x80"), "xml.encoding"),
    "two byte order marks": (written_in("utf-8", b"\xef\xbb\xbf" * 2), "xml.malformed"),
}
CHARSETS = ["utf-7", "utf-16", "windows-1251", "utf-8x", "", "x=utf-8"]
ATTACKS = {
    **refused({name: (build, FORMAT, reason) for name, (build, reason) in CASES.items()}),
    **turned_away({f"HTTP says {charset or 'nothing'}": (lambda w: w.signed(), {"content_type": f"text/xml; charset={charset}"})
                   for charset in CHARSETS}),
}


def words(text):
    return lambda w: w.signed(soap.envelope(soap.request(data=f"<data><x>{text}</x></data>")))


LEGITIMATE = {
    **passing({
        "a byte order mark": written_in("utf-8", b"\xef\xbb\xbf"),
        "a byte order mark before a declaration": lambda w: "\ufeff" + declared("UTF-8")(w),
        "a declaration in small letters": declared("utf-8"),
        "a declaration without an encoding": lambda w: '<?xml version="1.0"?>' + w.signed(),
        "letters of Kazakh": words("Әәғқңөұүһі ӘҒҚҢӨҰҮҺІ"),
        "characters of four octets": words("\U0001f600\U00020000\U0010fffd"),
        "the last character of each length": words("\x7e\u07ff\uffef\U000efffd"),
        "marks that change the direction of writing": words("\u202e\u200f\u2066"),
        "a byte order mark in the text": words("a\ufeffb"),
    }),
    **passing_as({f"HTTP says {charset}": dict(content_type=f"text/xml; charset={charset}")
                  for charset in ("UTF-8", "utf-8", '"utf-8"')}),
}
