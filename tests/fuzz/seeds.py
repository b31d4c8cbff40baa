# SPDX-License-Identifier: GPL-3.0-or-later
"""Right inputs for the fuzz targets, made anew each time: keys and signatures are never kept. Usage: seeds.py FOLDER.

What is signed comes in many ways of writing, so that the targets behind a signature begin behind it."""
import base64
import hashlib
import random
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.x509 import ocsp  # noqa: E402

from harness import async_soap, persons, soap, wss  # noqa: E402
from harness.authority import Authority  # noqa: E402
from harness.pki import ROOT  # noqa: E402

import differential  # noqa: E402

HEADS = ["POST /bip-sync-wss-gost/ HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 10\r\n"
         "SOAPAction: \"\"\r\n\r\n",
         "POST /a?wsdl HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nContent-Type: text/xml\r\n\r\n",
         "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET http://gateway.test/x HTTP/1.1\r\nHost: gateway.test\r\n\r\n"]
CHUNKS = ["5\r\nhello\r\n0\r\n\r\n", "a;x=\"1\"\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n", "1\r\na\r\nFFFFFFFF\r\n"]
ANSWERS = ["HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 5\r\nConnection: keep-alive, close\r\n\r\nhello",
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
           "HTTP/1.0 204 None\nConnection: Keep-Alive\n\n", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nuntil the end", "HTTP/1.1 101 X\r\n\r\n"]
SIGNATURE = "\r\n\r\n\x00\r\nQUIT\n"
PROXIES = ["PROXY TCP4 192.0.2.7 192.0.2.9 12345 443\r\nGET", "PROXY TCP6 2001:db8::7 2001:db8::9 12345 443\r\n", "PROXY UNKNOWN\r\n",
           SIGNATURE + "\x21\x11\x00\x0cabcdabcdabcdxx", SIGNATURE + "\x21\x21\x00\x26" + "abcd" * 9 + "xx", SIGNATURE + "\x20\x00\x00\x00x"]
FILES = [b"a.pdf\n%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n", b"a.txt\nplain text\n", b"a.zip\nPK\x03\x04" + bytes(30),
         b"a.xml\n<?xml version=\"1.0\"?><a/>"]

DEMANDS = ["<p><SystemInfo><RequestNumber>00000000000000000001</RequestNumber><ChainId>c</ChainId></SystemInfo><Kind>ORDER</Kind>"
           "<Iin>900101300017</Iin><Bin>200440000015</Bin><Number>200440000015</Number><Nikad>KZ03 ABC 0000 0001</Nikad>"
           "<Consent><Given>true</Given><Date>2030-03-05</Date></Consent><Yes>1</Yes><Past>2030-03-05</Past>"
           "<Future>2030-03-05T10:00:00+05:00</Future><LastDay>2030-03-05</LastDay>"
           "<File><Name>a.txt</Name><Media>text/plain</Media><Content>aGVsbG8=</Content></File>"
           "<File><Name>a.pdf</Name><Id>f-1</Id></File></p>",
           "&lt;p&gt;&lt;Kind&gt;INVOICE&lt;/Kind&gt;&lt;Iin&gt;900101300018&lt;/Iin&gt;&lt;/p&gt;",
           "PHA+PEtpbmQ+T1JERVI8L0tpbmQ+PC9wPg==", "<p><Kind>ORDER</Kind><Nikad>KZ03 АВС 0000 0001</Nikad></p>"]

NIKADS = ["KZ03 ABC 0000 0001", "KZ03ABC00000001", "KZ03\u00a0ABC 0000 0001", "KZ03 \u0410BC 0000 0001", "kz03 ABC 0000 0001", "XX03 ABC 0000 0001",
          "KZ04 ABC 0000 0001", "KZ03 ABO 0000 0001", "KZABC\x01\x00\x00\x00"]
WEATHERS = ["seed 42\n# a remark\nPERMITS_NIKAD 3 drop; A 2-4 after commit drop\n* 10% delay 500ms\nsend A always duplicate\n",
            "* always fault SCE004; * 1-5 before commit delay 2s; * 4- after commit delay 1h", "A always html-502\n* 2 empty-200\n* 3 half-open\n* 4 silent",
            "send * always shifted-clock -2h;* always shifted-clock +10d;* always wrong-signature; * always expired-certificate"]
TEXTS = ["aGVsbG8=", "aGVs bG8h\r\n", "00ffA0", "2030-01-02T03:04:05.678+05:00", "2030-01-02T03:04:05", "1900-02-28T23:59:59.1Z", "2024-02-29T00:00:00-1200",
         "900101300017", "{01234567-89ab-4def-8123-456789abcdef}", "\u04bb \"quoted\" <a> & \x01", "23456789abcd"]
POLICY = "1000 60000 86400000 1500 20 8 usual"


def resp(value):
    """What a Redis answers, in its protocol."""
    if isinstance(value, list):
        return f"*{len(value)}\r\n" + "".join(map(resp, value))
    if isinstance(value, int):
        return f":{value}\r\n"
    return "$-1\r\n" if value is None else f"${len(value)}\r\n{value}\r\n"


MESSAGE = ["id", "token", 1, 1800000000000, 1800086400000, "key", "meta", POLICY, "<body/>", ""]
ITEM = ["id", 5, 2, 1800000000000, 0, "key", "meta", POLICY, "down", 7, "", 1800000001000]
INFO = "# Replication\r\nrole:master\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n"
REPLIES = [resp([0, [MESSAGE, MESSAGE], [MESSAGE]]), resp([-1, [], []]), resp([3, 1800000001000]), resp(1), resp(0), resp(None), resp("there"), resp([1, "spool"]),
           resp(ITEM), resp([2, ITEM, "<body/>"]), resp([]), resp([3, 1, 2, 1800000000000, 1, 4, 0, ["down", "3", "refused", "1"], 1]), "-OOM used\r\n",
           "-ERR no\r\n", "+OK\r\n", resp(INFO) + resp(["appendfsync", "always", "no-appendfsync-on-rewrite", "no"]),
           resp("00000000-0000-4000-8000-000000000000"), resp([1, 1, 0]),
           resp([3, "{00000000-0000-4000-8000-000000000002}", "one/1.ab", 200, "<answer/>"]), resp([0, "", "", 0, ""]), resp(-2)]

PERMITS = 'xmlns:p="urn:qaqpa:permits:v1"'
INFO = ("<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>chain</ChainId>"
        "<RequestDate>2026-03-02T10:00:00.000+05:00</RequestDate></SystemInfo>")
SCHEMA = [f"<p:NikadRequest {PERMITS}>{INFO}<BusinessData><DocumentType>ABC</DocumentType><DocumentKind>PERMIT</DocumentKind></BusinessData></p:NikadRequest>",
          f"<p:RegisterRequest {PERMITS}>{INFO}<BusinessData><Nikad>KZ03ABC00000001</Nikad><DocumentKind>PERMIT</DocumentKind><Document>the document"
          "</Document></BusinessData></p:RegisterRequest>",
          f"<?xml version='1.0'?>\n<p:NikadRequest {PERMITS}>{INFO}<BusinessData><DocumentType>a person's name</DocumentType><DocumentKind>?</DocumentKind>"
          "</BusinessData></p:NikadRequest>"]
PAYLOAD = ("<p><Kind>ORDER</Kind><Iin>900101300017</Iin><Bin>200440000015</Bin><Number>200440000015</Number><Yes>1</Yes><LastDay>2030-03-05</LastDay>"
           "<File><Name>a.txt</Name><Media>text/plain</Media><Content>aGVsbG8=</Content></File></p>")
WRITINGS = 60
QUERIES = ["wsdl", "WSDL", "wsdl=interfaces", "xsd=types", "xsd=request", "client-wsdl", "wsdl=client-interfaces", "xsd=client-elements", "xsd=",
           "=", "http://h/\nwsdl", "https://[::1]:1/a?b&c<d>\"\nxsd=response"]
METAS = ["p\nreceiver\nSERVICE\ndepartment\ndepartment_is\n{00000000-0000-4000-8000-000000000001}\n\n{00000000-0000-4000-8000-000000000002}\n",
         "n+\nreceiver\n\n\n\n\n\n{00000000-0000-4000-8000-000000000002}\n"]
PACKETS = [b"\0" + struct.pack("<III65s64s32s", 1, 0, 0, b"gateway", b"", b"") , b"\0" + struct.pack("<III65s64s32s", 2, 0, 32, b"gateway", b"d" * 32, b""),
           b"\0" + struct.pack("<III65s64s32s", 2, 0, 64, b"k" * 65, b"d" * 64, b""), b"\1" + struct.pack("<II4s", 0, 4, b"sign"),
           b"\1" + struct.pack("<II5s", 3, 5, b"words"), b"\1" + struct.pack("<II", 0, 20000)]
TEMP = 'xmlns:t="http://egov.bee.kz/eds/tempstorage/v2/"'
SIGNED = '<p:Req xmlns:p="urn:p" kind="a"><p:sum>100</p:sum><p:who>\u049a &amp; \u04a2</p:who>@</p:Req>'
BY_ID = '<p:Req xmlns:p="urn:p"><p:Doc Id="d1"><p:sum>100</p:sum></p:Doc>@</p:Req>'
CONTENT = b"what was signed\n"


class Folder:
    def __init__(self, path):
        self.path = Path(path)

    def put(self, target, name, octets):
        (self.path / target).mkdir(parents=True, exist_ok=True)
        (self.path / target / name).write_bytes(octets.encode() if isinstance(octets, str) else octets)


def messages(out, authority):
    texts = {"sync": soap.envelope(soap.request()), "async": async_soap.message(), "answer": soap.envelope(soap.response()),
             "ask": async_soap.get_messages()}
    for name, text in texts.items():
        signed = wss.sign(text, authority["department"])
        out.put("message", f"signed-{name}", signed)
        out.put("envelope", name, signed)
    r = random.Random(1)
    for n in range(WRITINGS):
        signed = differential.written(r, authority["department"])
        out.put("message", f"signed-{n}", signed)
        out.put("envelope", f"written-{n}", signed)
        out.put("canonical", name, bytes(10) + (signed.encode() if isinstance(signed, str) else signed))
    out.put("message", "fault", soap.envelope(soap.fault()))


def statuses(out, authority, url):
    subject, issuer = authority["department"].certificate, authority["issuing"].certificate
    ask = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, hashes.SHA256()).build()
    answer = requests.post(f"{url}/ocsp", data=ask.public_bytes(x509.base.serialization.Encoding.DER),
                           headers={"Content-Type": "application/ocsp-request"}, timeout=10).content
    out.put("revocation", "ocsp", answer)
    out.put("revocation", "crl", requests.get(f"{url}/crl/issuing.crl", timeout=10).content)
    out.put("revocation", "delta", requests.get(f"{url}/crl/issuing_d.crl", timeout=10).content)


def stamps(out, url, folder):
    query = folder / "query"
    subprocess.run(["openssl", "ts", "-query", "-digest", hashlib.sha256(b"seed").hexdigest(), "-sha256", "-cert", "-out", query], check=True,
                   capture_output=True)
    answer = requests.post(f"{url}/tsp", data=query.read_bytes(), headers={"Content-Type": "application/timestamp-query"}, timeout=10).content
    out.put("timestamp", "response", answer)
    (folder / "answer").write_bytes(answer)
    subprocess.run(["openssl", "ts", "-reply", "-in", folder / "answer", "-token_out", "-out", folder / "token"], check=True, capture_output=True)
    out.put("timestamp", "token", (folder / "token").read_bytes())


def inner(out, authority):
    """What authorised persons sign: XML inside data in several styles, and CMS."""
    (out.path / "persons").mkdir()
    who = persons.make(out.path / "persons", authority)
    one, two = who["director"], who["accountant"]
    texts = {"enveloped": persons.sign_xml(SIGNED, one), "two": persons.sign_xml(SIGNED, one, two),
             "inclusive": persons.sign_xml(SIGNED, one, c14n=soap.C14N),
             "by_id": persons.sign_xml(BY_ID, one, reference="d1", ids=["urn:p:Doc"])}
    r = random.Random(2)
    for n in range(WRITINGS // 2):
        inside = re.sub("<!--.*?-->", "", differential.Writer(r).element({"p": "urn:p"}, "", 1))  # comments are refused there
        texts[f"writing-{n}"] = persons.sign_xml(f'<p:Req xmlns:p="urn:p">{inside}@</p:Req>', *r.choice([(one,), (one, two)]),
                                                 c14n=r.choice([soap.EXC, soap.EXC, soap.C14N]))
    for name, text in texts.items():
        out.put("inner", f"signed-{name}", f"<data>{text}</data>")
    escaped = texts["enveloped"].replace("&", "&amp;").replace("<", "&lt;")
    out.put("inner", "escaped", f"<data>{escaped}</data>")
    out.put("inner", "base64", f"<data>{base64.b64encode(texts['enveloped'].encode()).decode()}</data>")
    ways = {"": (), "-keyid": ("-keyid",), "-noattr": ("-noattr",), "-bare": ("-nocerts",), "-capable": ("-nosmimecap",)}
    for who, signers in {"one": [one], "two": [one, two], "other": [two]}.items():
        for way, extra in ways.items():
            for name, attached in {"attached": True, "detached": False}.items():
                cms = persons.sign_cms(CONTENT, out.path / "persons", *signers, attached=attached, extra=extra)
                kind = "refused" if way in ("-bare", "-noattr") else "signed"
                out.put("cms", f"{kind}-{name}-{who}{way}", base64.b64decode(cms))


def plain(out, authority):
    for n, text in enumerate(HEADS):
        out.put("http_head", f"head{n}", "\x00" + text)
    for n, text in enumerate(CHUNKS):
        out.put("http_chunk", f"chunk{n}", "\x00" + text)
    for n, text in enumerate(ANSWERS):
        out.put("http_answer", f"answer{n}", "\x02" + text)
    for n, text in enumerate(PROXIES):
        out.put("proxy", f"proxy{n}", "\x03" + text)
    for n, text in enumerate(DEMANDS):
        out.put("demand", str(n), text)
    for n in range(32):
        out.put("canonical", f"choices{n}", b"\1" + random.Random(n).randbytes(60 * n + 60))
    for n, octets in enumerate(FILES):
        out.put("attachment", f"file{n}", octets)
    for target, texts in {"nikad": NIKADS, "weather": WEATHERS, "text": TEXTS, "redis": REPLIES, "schema": SCHEMA, "payload": [*DEMANDS, PAYLOAD],
                          "wsdl": QUERIES, "meta": METAS, "keeper": PACKETS}.items():
        for n, text in enumerate(texts):
            out.put(target, str(n), text)
    for path in sorted((ROOT / "adapters/files/examples").glob("*-request*.xml")):
        out.put("files", path.stem, path.read_bytes())
    for path in sorted((ROOT / "config").glob("*.yaml")) + sorted((ROOT / "adapters").glob("*/services.yaml")):
        out.put("conf", f"{path.parent.name}-{path.name}", path.read_bytes())
    for path in sorted(authority.folder.glob("*.crt")):
        der = base64.b64decode("".join(path.read_text().split("-----")[2].split()))
        out.put("certificate", path.stem, der)
        out.put("der", path.stem, der)


def main(folder):
    out = Folder(folder)
    authority = Authority(out.path / "pki", "rsa").start()
    try:
        messages(out, authority)
        statuses(out, authority, authority.url)
        stamps(out, authority.url, out.path)
        inner(out, authority)
        plain(out, authority)
        shutil.copytree(ROOT / "wsdl", out.path / "contracts")
    finally:
        authority.stop()


if __name__ == "__main__":
    main(sys.argv[1])
