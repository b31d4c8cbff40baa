# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed messages fast enough for a load: the text is written in its canonical form, so that nothing is parsed to sign it."""
import base64
import hashlib
import re
from functools import cached_property

from harness import async_soap, soap, wss

SERVICE, DIRECT, CASE = "Notice", "Demo", "Case"  # queued; the caller waits; asynchronous channel
PATH, ASYNC_PATH = "/bip-sync-wss-gost/", "/bip-async/"
FIELDS = {name: re.compile(b"<%s>([^<]*)</%s>" % (name.encode(), name.encode()))
          for name in ("messageId", "sessionId", "correlationId", "p:number", "errorCode", "code")}


def field(octets, name):
    found = FIELDS[name].search(octets)
    return found.group(1).decode() if found else ""


def http(octets, start_line, more=""):
    return f"{start_line}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(octets)}\r\n{more}\r\n".encode() + octets


def own_certificates(pki):
    """Of the gateway: the one that it uses, and one that it may change to."""
    return [pki[name].certificate for name in ("gateway-ec", "gateway")]


def is_signed_by(octets, certificates):
    """By the owner of one of them, as must be."""
    for certificate in certificates:
        try:
            wss.verify(octets, certificate)
            return True
        except Exception:  # noqa: BLE001, S110 - whatever is wrong with it, it is not signed as it must be
            pass
    return False


class Signer:
    """Envelopes in form A of the bus; `content` must be in canonical form, with its own namespaces declared."""

    def __init__(self, identity):
        self.identity = identity
        self.keys, _ = wss.key_info(identity, "key-identifier")
        self.algorithm = wss.usual(identity.key)

    @cached_property
    def method(self):
        return wss.SIGNATURES[self.algorithm][0]

    def sign(self, content):
        body = f'<soapenv:Body xmlns:soapenv="{soap.SOAP}" xmlns:wsu="{soap.WSU}" wsu:Id="id-body">{content}</soapenv:Body>'
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        info = (f'<ds:SignedInfo xmlns:ds="{soap.DS}"><ds:CanonicalizationMethod Algorithm="{soap.EXC}"></ds:CanonicalizationMethod>'
                f'<ds:SignatureMethod Algorithm="{self.method}"></ds:SignatureMethod><ds:Reference URI="#id-body"><ds:Transforms>'
                f'<ds:Transform Algorithm="{soap.EXC}"></ds:Transform></ds:Transforms>'
                f'<ds:DigestMethod Algorithm="{wss.DIGESTS["sha256"][0]}"></ds:DigestMethod>'
                f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>")
        value = base64.b64encode(wss.raw_sign(self.identity.key, self.algorithm, info.encode())).decode()
        return (f'<soapenv:Envelope xmlns:soapenv="{soap.SOAP}"><soapenv:Header><wsse:Security xmlns:wsse="{soap.WSSE}">'
                f'<ds:Signature xmlns:ds="{soap.DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue>'
                f"<ds:KeyInfo>{self.keys}</ds:KeyInfo></ds:Signature></wsse:Security></soapenv:Header>{body}</soapenv:Envelope>").encode()


def post(octets, path):
    return http(octets, f'POST {path} HTTP/1.1\r\nHost: gateway\r\nSOAPAction: ""')


def notice(number, size, mark=""):
    """What the message is about. `number` is what the receiver's business goes by: it knows nothing of identifiers."""
    return f'<data><p:Notice xmlns:p="urn:demo:notice"><p:number>{number}</p:number>{mark}{"x" * size}</p:Notice></data>'


def request(signer, message_id, correlation, number, size, poison, service=SERVICE, password=None):
    """A complete HTTP request."""
    data = notice(number, size, "<p:poison></p:poison>" if poison else "")
    info = soap.request_info(service, message_id=message_id, password=password, correlation=correlation)
    return post(signer.sign(soap.request(data, info)), PATH)


def async_request(signer, kind, sender, number, size, correlation=None, password=None):
    """The same for the asynchronous channel, where the gateway gives the identifiers."""
    return post(signer.sign(async_soap.send_message(kind, CASE, sender, password, correlation, notice(number, size))), ASYNC_PATH)


def acknowledgement(signer, octets):
    """What a receiver of the asynchronous channel says to a message or a notice."""
    return http(signer.sign(async_soap.acknowledgement(octets)), "HTTP/1.1 200 OK")


def answer(signer, code, words):
    return http(signer.sign(soap.response("<data></data>", code, words)), "HTTP/1.1 200 OK")
