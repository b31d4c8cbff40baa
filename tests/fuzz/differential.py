# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's verdict on signatures against that of xmlsec1, over messages made at random by the structure of XML.

  differential.py [--cases N] [--seconds S] [--seed X] [--keep FOLDER]

A message is written in some way (prefixes, attributes, references to characters, CDATA, comments, lists of prefixes), signed
right, and mostly changed afterwards, in the Body, the Header or SignedInfo, so that the signature still holds or does not.
What must hold for each:
  - what the gateway accepts, xmlsec1 accepts with the same pinned key, and what it took for signed is the Body; so does the
    command itself, with Body as the only element that has an identifier;
  - what xmlsec1 accepts and the gateway refuses is refused for a reason that stands in STRICT, and for its digest or value only when that is
    no base64;
  - a message that was only written in an odd way, and not changed, is accepted.
Environment: QAQPA_BIN, the programs. Exit 1: a finding; its message is kept in the folder."""
import argparse
import collections
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import pki, soap, wss, xmlsec1  # noqa: E402

BIN = Path(os.environ.get("QAQPA_BIN", Path(__file__).resolve().parents[2] / "build/dev/bin"))
ROUND = 500
SAMPLE = 5  # of each round, refused ones that the command is asked about too
# Why the gateway refuses what xmlsec1 takes. xmlsec1 judges one signature; the gateway takes messages of a contract.
STRICT = {
    "soap.shape": "xmlsec1 knows no SOAP: a message has one Header and one Body in this order",
    "soap.not-envelope": "the root is an Envelope of SOAP 1.1",
    "soap.operation": "the Body holds one element",
    "soap.must-understand": "a header block that demands to be understood is not passed over",
    "xml.dtd": "no document type declaration, whatever it declares",
    "xml.processing-instruction": "no processing instruction",
    "xml.declaration": "an XML declaration is that of version 1.0",
    "xml.encoding": "UTF-8 alone",
    "xml.namespace": "names of namespaces are absolute, prefixes are bound",
    "xml.duplicate-id": "an identifier names one element, in whatever attribute it stands",
    "xml.malformed": "text that libxml2 passes over with a warning",
    "xml.nul": "no NUL, behind which libxml2 does not look",
    "xml.size": "bounds",
    "security.absent": "the signature stands in the Security header for the gateway",
    "security.several": "one Security header",
    "security.content": "nothing unknown beside the Signature",
    "security.signature-absent": "the Signature is a child of Security",
    "security.signature-shape": "SignedInfo, SignatureValue and KeyInfo, in the namespace of ds and nothing else",
    "security.reference": "every Reference names one element by #id",
    "security.body-unsigned": "the Body is covered",
    "security.wrapped": "the Body that is covered is that of the Envelope",
    "security.id-form": "wsu:Id names the Body",
    "security.form": "forms of the profile",
    "security.algorithm": "algorithms, transforms and their parameters are on a list",
    "security.token-kind": "KeyInfo names one certificate in a known way",
    "security.token-broken": "the certificate in KeyInfo can be read",
    "security.token-several": "KeyInfo names one certificate",
    "security.token-unknown": "the certificate that KeyInfo names is known",
    "certificate.unknown": "the certificate in KeyInfo is trusted; xmlsec1 was told to pass over KeyInfo",
    "certificate.weak": "its key and algorithms are strong enough",
    "certificate.expired": "it is valid now",
    "certificate.usage": "it may sign",
    "certificate.owner": "it belongs to a participant",
}
# The same of a digest or a value, by the words of the refusal: xmlsec1 passes over what is no base64.
LAX_BASE64 = {"signature.value-wrong": "SignatureValue is not base64", "signature.digest-mismatch": "DigestValue is not"}
WORDS = ["a", "b", "text", "Қазақстан", "x y", "1", "a<b".replace("<", "&lt;"), "&amp;", "&quot;", "]]&gt;", "tab\tend", "two\nlines", ""]
URIS = ["urn:one", "urn:two", "http://three/#x", soap.TYPES, "urn:one:more"]
PREFIXES = ["p", "q", "p1", "wsux", "x-y", "_z"]


class Writer:
    """A payload in many ways of writing; namespaces are declared where they are needed or higher, or twice."""

    def __init__(self, r):
        self.r = r

    def text(self):
        r, word = self.r, self.r.choice(WORDS)
        ways = [lambda: word, lambda: word, lambda: "".join(f"&#{ord(c)};" if r.random() < .3 and c not in "&" else c for c in word)
                if "&" not in word else word,
                lambda: f"<![CDATA[{r.choice(['x', '<&>', ']]', 'a ]] b', ''])}]]>", lambda: f"<!-- {r.choice(['c', 'a b', '&'])} -->{word}",
                lambda: "&#13;" + word, lambda: "&#x10FFFD;", lambda: word + "\r\n"]
        return r.choice(ways)()

    def attributes(self, scope):
        r, out, seen = self.r, [], set()
        for _ in range(r.choice([0, 0, 1, 2, 4])):
            prefix = r.choice([*scope, ""]) if r.random() < .5 else ""
            local = r.choice(["a", "b", "type", "lang", "é"])
            if (scope.get(prefix, "") if prefix else "", local) in seen:
                continue
            seen.add((scope.get(prefix, "") if prefix else "", local))
            quote = r.choice("\"'")
            value = r.choice(["", "1", "a  b", "&#9;", "&#10;x", "&lt;", "&amp;", ">", "Ә", "&#x41;", "line\nend", "&quot;'"]).replace(quote, "&#39;")
            out.append(f"{prefix}:{local}={quote}{value}{quote}" if prefix else f"{local}={quote}{value}{quote}")
        if r.random() < .1:
            out.append(r.choice(['xml:lang="kk"', 'xml:space="preserve"']))
        return out

    def element(self, scope, default, depth):
        r, scope, declared = self.r, dict(scope), []
        for prefix in r.sample(PREFIXES, r.choice([0, 0, 1, 2])):
            scope[prefix] = r.choice(URIS)
            declared.append(f'xmlns:{prefix}="{scope[prefix]}"')
        if r.random() < .2:
            default = r.choice([*URIS, ""])
            declared.append(f'xmlns="{default}"')
        name = r.choice(["a", "b", "Req", "é1"])
        prefix = r.choice([*scope, ""])
        name = f"{prefix}:{name}" if prefix else name
        parts = [*declared, *self.attributes(scope)]
        r.shuffle(parts)
        gap = r.choice([" ", " ", "\n", "  ", "\t"])
        tag = "".join(gap + part for part in parts)
        inner = "".join(r.choice([self.text, lambda: self.element(scope, default, depth + 1)])() for _ in range(r.choice([0, 1, 2, 3]))) if depth < 4 else ""
        end = r.choice(["", " ", "\n"])
        return f"<{name}{tag}{end}/>" if not inner and r.random() < .5 else f"<{name}{tag}{end}>{inner}</{name}{end}>"


def written(r, identity):
    """A message signed right, and the words that say how."""
    w = Writer(r)
    more = "".join(f' xmlns:{p}="{r.choice(URIS)}"' for p in r.sample(PREFIXES, r.choice([0, 0, 1, 3])))
    scope = dict(re.findall(r'xmlns:([\w-]+)="([^"]*)"', more))
    body = w.element({**scope, "soapenv": soap.SOAP}, "", 1)
    header = r.choice(["", "", "<x:block xmlns:x='urn:x'>text</x:block>", "<!-- c -->", "\n  "])
    text = soap.envelope(r.choice(["", "\n", "<!-- c -->"]) + body + r.choice(["", "\n", " "]), header, envelope_attributes=more,
                         declaration=r.choice(["", "", '<?xml version="1.0" encoding="UTF-8"?>\n', "<!-- before -->"]))
    options = {"form": r.choice(["key-identifier", "key-identifier", "bst", "x509-data", "issuer-serial"]),
               "digest": r.choice(["sha256", "sha256", "sha512", "sha384"])}
    if r.random() < .3:
        options["reference_prefixes"] = r.choice([["soapenv"], ["soapenv", "wsu"], sorted(scope), ["nobody", "soapenv"]])
    if r.random() < .3:
        options["info_prefixes"] = r.choice([["soapenv"], ["ds"], ["wsse", "soapenv"]])
    if r.random() < .2:
        options["wrap"] = True
    return wss.sign(text, identity, **options).decode()


# --- changes: text in, text out; None when there is no place for one ---

def places(pattern, text):
    return list(re.finditer(pattern, text, re.S))


def at(r, pattern, text, new):
    found = places(pattern, text)
    if not found:
        return None
    m = r.choice(found)
    return text[:m.start()] + (new(m) if callable(new) else new) + text[m.end():]


def part(name):
    return rf"<{name}[ >].*?</{name}>"


def inside(r, name, text, change):
    """A change within the first element of that qualified name."""
    m = re.search(part(name), text, re.S)
    if not m:
        return None
    made = change(r, m.group(0))
    return made and text[:m.start()] + made + text[m.end():]


def space(r, text):
    return at(r, r">(?=<)", text, ">" + r.choice([" ", "\n", "\t", "\r\n"]))


def space_in_tag(r, text):
    return at(r, r"<[\w:]+(?=[ >])", text, lambda m: m.group(0) + r.choice([" ", "\n", "\t "]))


def comment(r, text):
    return at(r, r">", text, lambda m: m.group(0) + r.choice(["<!---->", "<!-- x -->", "<!--<a/>-->"]))


def comment_in_text(r, text):
    return at(r, r"(?<=[\w])(?=[\w])(?=[^<>]*<)", text, "<!--x-->")


def reference(r, text):
    return at(r, r"(?<=[>\w\"'=])[A-Za-z0-9](?=[^<>]*<)", text, lambda m: r.choice(["&#{};", "&#x{:x};"]).format(ord(m.group(0))))


def reference_in_attribute(r, text):
    return at(r, r"(?<=[\"'])[A-Za-z0-9](?=[^<>]*>)", text, lambda m: f"&#{ord(m.group(0))};")


def cdata(r, text):
    return at(r, r"(?<=>)[^<>&\n]+(?=<)", text, lambda m: f"<![CDATA[{m.group(0)}]]>")


def quotes(r, text):
    return at(r, r'"([^"\'<>]*)"', text, lambda m: f"'{m.group(1)}'")


def order(r, text):
    return at(r, r'( [\w:]+="[^"<>]*")( [\w:]+="[^"<>]*")', text, lambda m: m.group(2) + m.group(1))


def empty(r, text):
    return at(r, r"<([\w:]+)([^<>]*)/>|<([\w:]+)((?: [^<>]*)?)></\3>", text,
              lambda m: f"<{m.group(1)}{m.group(2)}></{m.group(1)}>" if m.group(1) else f"<{m.group(3)}{m.group(4)}/>")


def declare(r, text):
    return at(r, r"<[\w:]+(?=[ />])", text, lambda m: f'{m.group(0)} xmlns:{r.choice([*PREFIXES, "ds", "wsu"])}="{r.choice([*URIS, soap.WSU, soap.DS])}"')


def declare_default(r, text):
    return at(r, r"<[\w:]+(?=[ />])", text, lambda m: f'{m.group(0)} xmlns="{r.choice([*URIS, ""])}"')


def attribute(r, text):
    return at(r, r"<[\w:]+(?=[ />])", text, lambda m: f'{m.group(0)} {r.choice(["a", "xml:lang", "xml:space", "Type", "xml:base"])}="{r.choice(["1", "urn:x", "default"])}"')


def identifier(r, text):
    known = re.findall(r'Id="([^"]*)"', text) or ["id-body"]
    return at(r, r"<[\w:]+(?=[ />])", text, lambda m: f'{m.group(0)} {r.choice(["Id", "ID", "id", "xml:id", "wsu:Id"])}="{r.choice([*known, "other"])}"')


def letter(r, text):
    return at(r, r"(?<=>)[^<>&]*[A-Za-z0-9][^<>&]*(?=<)", text, lambda m: at(r, r"[A-Za-z0-9]", m.group(0), r.choice("abcXYZ019")))


def drop(r, text):
    return at(r, r"<([\w:]+)[^<>]*>[^<>]*</\1>|<[\w:]+[^<>]*/>", text, "")


def double(r, text):
    return at(r, r"<([\w:]+)[^<>]*>[^<>]*</\1>|<[\w:]+[^<>]*/>", text, lambda m: m.group(0) * 2)


def swap(r, text):
    return at(r, r"(<([\w:]+)[^<>]*>[^<>]*</\2>)(<([\w:]+)[^<>]*>[^<>]*</\4>)", text, lambda m: m.group(3) + m.group(1))


def algorithm(r, text):
    uris = [uri for uri, _ in [*wss.DIGESTS.values(), *wss.SIGNATURES.values()]] + [
        soap.EXC, soap.EXC + "WithComments", soap.C14N, soap.C14N + "#WithComments", soap.DS + "enveloped-signature", "http://www.w3.org/2006/12/xml-c14n11"]
    return at(r, r'Algorithm="[^"]*"', text, lambda m: f'Algorithm="{r.choice(uris)}"')


def prefixes(r, text):
    some = " ".join(r.sample([*PREFIXES, "soapenv", "wsu", "ds", "#default", "nobody"], r.choice([0, 1, 2])))
    added = f'<ec:InclusiveNamespaces xmlns:ec="{soap.EXC}" PrefixList="{some}"/>'
    if "PrefixList" in text and r.random() < .6:
        return at(r, r'PrefixList="[^"]*"', text, f'PrefixList="{some}"')
    return at(r, r"(?=</ds:Transform>|</ds:CanonicalizationMethod>)", text, added)


def uri(r, text):
    return at(r, r'URI="[^"]*"', text, lambda m: 'URI="' + r.choice(["", "#id-body", "#other", "#xpointer(/)", "#xpointer(id('id-body'))", "id-body", "http://x/"]) + '"')


def base64_text(r, text):
    return at(r, r"(?<=>)[A-Za-z0-9+/=\s&#;]{20,}(?=<)", text, lambda m: r.choice(
        [lambda t: t[:8] + " \n" + t[8:], lambda t: t + "\n", lambda t: t.rstrip("="), lambda t: t + "=", lambda t: t[:9] + "!" + t[9:],
         lambda t: t[:-2] + "==" if t.endswith("=") else t + "A", lambda t: t[:10]])(m.group(0)))


def wrap(r, text):
    """The signed Body somewhere else, and another in its place."""
    body = re.search(part("soapenv:Body"), text, re.S)
    if not body:
        return None
    mine = body.group(0)
    if r.random() < .5:
        mine = mine.replace('wsu:Id="id-body"', r.choice(["", 'wsu:Id="id-mine"', 'wsu:Id="id-body"', 'Id="id-body"']), 1)
    mine = at(r, r">[^<>]+<", mine, ">evil<") or mine
    holder = r.choice(["<x:w xmlns:x='urn:x'>{}</x:w>", "{}", "<ds:Object xmlns:ds='" + soap.DS + "'>{}</ds:Object>"]).format(body.group(0))
    text = text[:body.start()] + mine + text[body.end():]
    where = r.choice([r"</wsse:Security>", r"</ds:Signature>", r"</soapenv:Header>", r"</soapenv:Envelope>", r"<soapenv:Body", r"</soapenv:Body>"])
    return at(r, f"(?={where})", text, holder)


def again(r, text):
    """A whole part twice."""
    name = r.choice(["soapenv:Header", "wsse:Security", "ds:Signature", "ds:SignedInfo", "ds:Reference", "ds:KeyInfo", "soapenv:Body",
                     "ds:SignatureValue", "ds:Transform", "ds:DigestValue", "wsse:SecurityTokenReference"])
    m = re.search(part(name), text, re.S)
    return m and text[:m.start()] + m.group(0) * 2 + text[m.end():]


def gone(r, text):
    name = r.choice(["soapenv:Header", "wsse:Security", "ds:Signature", "ds:Reference", "ds:KeyInfo", "ds:Transforms", "ds:DigestMethod", "ds:SignatureValue"])
    m = re.search(part(name), text, re.S)
    return m and text[:m.start()] + text[m.end():]


def moved(r, text):
    """The Security header, or the Signature, somewhere else."""
    name = r.choice(["wsse:Security", "ds:Signature", "soapenv:Header"])
    m = re.search(part(name), text, re.S)
    if not m:
        return None
    rest = text[:m.start()] + text[m.end():]
    return at(r, r"(?=</soapenv:Envelope>|</soapenv:Body>|<soapenv:Body|</soapenv:Header>)", rest, m.group(0))


def rename(r, text):
    """Another prefix for a namespace of the Header, everywhere in it: SignedInfo changes, the Body does not."""
    old, new = r.choice([("wsse", "s"), ("ds", "dsig"), ("soapenv", "S")])
    head = re.search(r"(?<=>)<soapenv:Header.*?</soapenv:Header>" if old != "soapenv" else r"\A.*\Z", text, re.S)
    return head and text[:head.start()] + re.sub(rf"(?<=[<:/ ]){old}(?=[:=])", new, head.group(0)) + text[head.end():]


def odd(r, text):
    return r.choice([lambda t: "\ufeff" + t, lambda t: t + r.choice(["\n", " ", "<!-- after -->", "x", "<a/>", "\0"]),
                     lambda t: "<!DOCTYPE a>" + t, lambda t: '<?xml version="1.0"?>' + t, lambda t: "<?pi x?>" + t,
                     lambda t: t.replace("\n", "\r\n"), lambda t: re.sub(r"<soapenv:Body", "<?pi?><soapenv:Body", t, count=1),
                     lambda t: t.replace("encoding=\"UTF-8\"", "encoding=\"" + r.choice(["utf-8", "latin1", "UTF8"]) + "\""),
                     lambda t: t.replace(soap.SOAP, "http://www.w3.org/2003/05/soap-envelope")])(text)


EVERYWHERE = [space, space_in_tag, comment, comment_in_text, reference, reference_in_attribute, cdata, quotes, order, empty, declare, declare_default,
              attribute, identifier, letter, drop, double, swap]
WHOLE = [wrap, wrap, again, gone, moved, rename, odd, uri, algorithm, prefixes, base64_text]
PARTS = ["soapenv:Body", "soapenv:Body", "soapenv:Header", "ds:SignedInfo", "ds:SignedInfo", "ds:KeyInfo", "ds:Signature", "wsse:Security"]


def changed(r, text):
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        if r.random() < .65:
            change = r.choice(EVERYWHERE)
            made = change(r, text) if r.random() < .2 else inside(r, r.choice(PARTS), text, change)
        else:
            made = r.choice(WHOLE)(r, text)
        text = made or text
    return text


# --- the two opinions ---

class Differential:
    def __init__(self, seed, keep):
        self.r = random.Random(seed)
        self.pki = pki.default()
        self.senders = [self.pki["department"], self.pki["permits"]]
        self.keep = Path(keep)
        self.count = collections.Counter()
        self.findings = 0

    def find(self, why, octets):
        self.findings += 1
        self.keep.mkdir(parents=True, exist_ok=True)
        path = self.keep / f"differential-{self.findings}.xml"
        path.write_bytes(octets)
        print(f"FINDING {path}: {why}")

    def ask(self, identity, cases):
        told = subprocess.run([BIN / "qaqpa_verdict", identity.certificate_path],
                              input=b"".join(struct.pack(">I", len(c)) + c for c in cases), capture_output=True, check=True)
        lines = told.stdout.decode().splitlines()
        assert len(lines) == len(cases), told.stderr.decode()
        return [line.split("\t") for line in lines]

    def command(self, identity, accepted, refused):
        """The command on everything that was accepted, in one call, and on some of the others."""
        ids = ["--id-attr:Id", f"{soap.SOAP}:Body"]
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for n, octets in enumerate(accepted):
                paths.append(Path(folder) / f"{n}.xml")
                paths[-1].write_bytes(octets)
            done = subprocess.run(["xmlsec1", "--verify", *ids, "--pubkey-cert-pem", identity.certificate_path, "--enabled-key-data", "key-name",
                                   *paths], capture_output=True, check=False) if paths else None
        words = xmlsec1.said(done).splitlines() if done else []
        if done and (done.returncode or words.count("OK") != len(accepted)):
            self.find("accepted here and refused by the command xmlsec1: " + xmlsec1.said(done)[-300:], accepted[min(words.count("OK"), len(accepted) - 1)])
        for octets, theirs in refused:
            try:
                says = xmlsec1.verify(octets, identity, ids=[f"{soap.SOAP}:Body"])
            except xmlsec1.Oracle:
                says = False
            if says != (theirs == "yes"):
                self.find(f"the command says {says}, the library {theirs}", octets)

    def judge(self, text, whole, verdict):
        ours, theirs, means, detail = verdict
        self.count["cases"] += 1
        self.count["accepted" if ours == "accepted" else "refused"] += 1
        if whole and ours != "accepted":
            self.find(f"signed right, only written oddly, and refused: {ours} ({detail}), xmlsec1 {theirs}", text)
        elif ours == "accepted" and (theirs != "yes" or means != "body"):
            self.find(f"accepted here; xmlsec1 says {theirs}, of {means}", text)
        elif ours != "accepted" and theirs == "yes":
            self.count[f"stricter: {ours}"] += 1
            if ours not in STRICT and not detail.startswith(LAX_BASE64.get(ours, "\n")):
                self.find(f"xmlsec1 accepts (of {means}), refused here for {ours} ({detail})", text)

    def round(self, n):
        identity = self.r.choice(self.senders)
        bases = [written(self.r, identity) for _ in range(max(1, n // 5))]
        cases = [(base, True) for base in bases] + [(changed(self.r, self.r.choice(bases)), False) for _ in range(n - len(bases))]
        octets = [text.encode("utf-8", "surrogatepass") for text, _ in cases]
        verdicts = self.ask(identity, octets)
        for text, (_, whole), verdict in zip(octets, cases, verdicts):
            self.judge(text, whole, verdict)
        both = list(zip(octets, verdicts))
        refused = [(text, v[1]) for text, v in both if v[0] != "accepted"]
        self.command(identity, [text for text, v in both if v[0] == "accepted"], self.r.sample(refused, min(SAMPLE, len(refused))))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=int, default=3000)
    options.add_argument("--seconds", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", default=BIN.parent / "fuzz/findings")
    said = options.parse_args()
    d = Differential(said.seed, said.keep)
    end = time.monotonic() + said.seconds
    while time.monotonic() < end if said.seconds else d.count["cases"] < said.cases:
        d.round(ROUND)
    for name, n in sorted(d.count.items()):
        print(f"{name:40} {n:8}")
    print(f"{'findings':40} {d.findings:8}")
    return 1 if d.findings or not d.count["accepted"] else 0


if __name__ == "__main__":
    sys.exit(main())
