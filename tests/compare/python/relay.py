# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway made of python-xmlsec and lxml under gunicorn. A stand-in for ./bench --compare; README.md says what it does
and leaves. Keys are read once in each process; each thread keeps its connection to the provider."""
import base64
import http.client
import os
import select
import threading
import urllib.parse
import uuid

import xmlsec
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = OASIS + "wssecurity-secext-1.0.xsd", OASIS + "wssecurity-utility-1.0.xsd"
X509, BASE64 = OASIS + "x509-token-profile-1.0#X509v3", OASIS + "soap-message-security-1.0#Base64Binary"
DS = {"ds": xmlsec.constants.DSigNs}
PROVIDER = urllib.parse.urlsplit(os.environ["RELAY_PROVIDER"])
HEAD = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
kept = threading.local()


def token(path):
    """The certificate as it stands in a message."""
    with open(path, encoding="ascii") as pem:
        return "".join(line.strip() for line in pem if not line.startswith("-"))


class Peer:
    """Somebody whose certificate is known."""

    def __init__(self, variable):
        path = os.environ[variable]
        self.key = xmlsec.Key.from_file(path, xmlsec.constants.KeyDataFormatCertPem)
        self.der = base64.b64decode(token(path))

    def check(self, envelope):
        """Raises unless this one has signed the Body that stands in the envelope."""
        body = envelope.find(f"{{{SOAP}}}Body")
        security = envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security")
        signature = security.find("ds:Signature", DS)
        references = signature.findall("ds:SignedInfo/ds:Reference", DS)
        if [r.get("URI") for r in references] != ["#" + body.get(f"{{{WSU}}}Id")]:
            raise ValueError("the Body is not what is signed")
        if base64.b64decode(security.findtext(f"{{{WSSE}}}BinarySecurityToken")) != self.der:
            raise ValueError("the certificate is another one")
        context = xmlsec.SignatureContext()
        context.key = self.key
        context.register_id(body, "Id", WSU)
        context.verify(signature)


OWN = xmlsec.Key.from_file(os.environ["RELAY_KEY"], xmlsec.constants.KeyDataFormatPem)
OWN_TOKEN = token(os.environ["RELAY_CERTIFICATE"])
CALLER, ANSWERER = Peer("RELAY_CALLER"), Peer("RELAY_ANSWERER")


def sign(envelope):
    """The envelope with a new Security header, as octets."""
    body, header = envelope.find(f"{{{SOAP}}}Body"), envelope.find(f"{{{SOAP}}}Header")
    header.clear()
    security = etree.SubElement(header, f"{{{WSSE}}}Security", {f"{{{SOAP}}}mustUnderstand": "1"}, {"wsse": WSSE, "wsu": WSU})
    name = f"x509-{uuid.uuid4()}"
    etree.SubElement(security, f"{{{WSSE}}}BinarySecurityToken", {f"{{{WSU}}}Id": name, "EncodingType": BASE64, "ValueType": X509}
                     ).text = OWN_TOKEN
    signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds")
    security.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#" + body.get(f"{{{WSU}}}Id"))
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    key_info = xmlsec.template.ensure_key_info(signature)
    reference = etree.SubElement(key_info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(reference, f"{{{WSSE}}}Reference", {"URI": "#" + name, "ValueType": X509})
    context = xmlsec.SignatureContext()
    context.key = OWN
    context.register_id(body, "Id", WSU)
    context.sign(signature)
    return etree.tostring(envelope)


def read(octets):
    return etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def forward(octets):
    if not hasattr(kept, "provider"):
        kept.provider = http.client.HTTPConnection(PROVIDER.hostname, PROVIDER.port, timeout=60)
    if kept.provider.sock and select.select([kept.provider.sock], [], [], 0)[0]:
        kept.provider.close()  # the provider has ended the connection; the next request opens another one
    try:
        kept.provider.request("POST", PROVIDER.path, octets, HEAD)
        return kept.provider.getresponse().read()
    except (OSError, http.client.HTTPException):
        kept.provider.close()
        raise


def application(environ, start_response):
    try:
        request = read(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        CALLER.check(request)
        answer = read(forward(sign(request)))
        ANSWERER.check(answer)
        status, octets = "200 OK", sign(answer)
    except Exception as why:  # whatever it is, the caller gets a fault
        status = "500 Internal Server Error"
        octets = (f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>'
                  f"{type(why).__name__}</faultstring></s:Fault></s:Body></s:Envelope>").encode()
    start_response(status, [("Content-Type", HEAD["Content-Type"]), ("Content-Length", str(len(octets)))])
    return [octets]
