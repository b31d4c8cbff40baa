# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Security by lxml and python-cryptography alone: a second opinion that shares no line with the gateway.

sign() fills a Security header into an envelope text by splicing, so that the other octets are those of the test.
verify() demands that exactly the Body that stands in the envelope is signed with the given certificate.
"""
import base64
import hashlib
import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from . import gost, soap

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
NATIONAL = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
DIGESTS = {
    "sha1": ("http://www.w3.org/2000/09/xmldsig#sha1", hashlib.sha1),
    "sha256": ("http://www.w3.org/2001/04/xmlenc#sha256", hashlib.sha256),
    "sha384": (MORE + "sha384", hashlib.sha384),
    "sha512": ("http://www.w3.org/2001/04/xmlenc#sha512", hashlib.sha512),
    "sha1 of the bus": (MORE + "sha1", hashlib.sha1),
    "gost-2015": (NATIONAL + "gostr34112015-512", gost.Hash2015),
    "gost-legacy": (MORE + "gost34311", gost.Hash2004),
}
SIGNATURES = {
    "rsa-sha1": ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", hashes.SHA1()),
    "rsa-sha256": (MORE + "rsa-sha256", hashes.SHA256()),
    "rsa-sha384": (MORE + "rsa-sha384", hashes.SHA384()),
    "rsa-sha512": (MORE + "rsa-sha512", hashes.SHA512()),
    "ecdsa-sha256": (MORE + "ecdsa-sha256", hashes.SHA256()),
    "ecdsa-sha384": (MORE + "ecdsa-sha384", hashes.SHA384()),
    "rsa-sha1 of the bus": (MORE + "rsa-sha1", hashes.SHA1()),
    "gost-2015": (NATIONAL + "gostr34102015-gostr34112015-512", None),
    "gost-legacy": (MORE + "gost34310-gost34311", None),
}
X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


def canonical(element, prefixes=None, exclusive=True):
    assert "#default" not in (prefixes or []), "lxml passes over this word silently"
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False,
                          inclusive_ns_prefixes=prefixes)


def raw_sign(key, algorithm, octets):
    if isinstance(key, gost.Key):
        return key.sign(octets)
    digest = SIGNATURES[algorithm][1]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), digest)
    r, s = utils.decode_dss_signature(key.sign(octets, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def raw_verify(public, algorithm, octets, value):
    if isinstance(public, gost.PublicKey):
        if public.verifies(octets, value):
            return None
        raise Unverified("gost-engine refuses the value")
    digest = SIGNATURES[algorithm][1]
    if isinstance(public, rsa.RSAPublicKey):
        return public.verify(value, octets, padding.PKCS1v15(), digest)
    half = len(value) // 2
    der = utils.encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
    return public.verify(der, octets, ec.ECDSA(digest))


def usual(key):
    if isinstance(key, gost.Key):
        return key.algorithm
    if isinstance(key, rsa.RSAPrivateKey):
        return "rsa-sha256"
    return "ecdsa-sha384" if key.curve.key_size == 384 else "ecdsa-sha256"


def parse(text):
    return etree.fromstring(text.encode() if isinstance(text, str) else text,
                            etree.XMLParser(resolve_entities=False, huge_tree=True))


def issuer_text(certificate):
    return certificate.issuer.rfc4514_string()


def key_info(identity, form, token_id="x509-1"):
    der = base64.b64encode(identity.der).decode()
    if form == "plain":
        return f"<ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data>", ""
    token = ""
    if form == "key-identifier":
        inner = f'<wsse:KeyIdentifier EncodingType="{BASE64}" ValueType="{X509}#X509v3">{der}</wsse:KeyIdentifier>'
    elif form == "issuer-serial":
        inner = (f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{issuer_text(identity.certificate)}</ds:X509IssuerName>"
                 f"<ds:X509SerialNumber>{identity.certificate.serial_number}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>")
    elif form == "x509-data":
        inner = f"<ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data>"
    elif form == "bst":
        inner = f'<wsse:Reference URI="#{token_id}" ValueType="{X509}#X509v3"/>'
        token = (f'<wsse:BinarySecurityToken xmlns:wsu="{soap.WSU}" wsu:Id="{token_id}" EncodingType="{BASE64}" '
                 f'ValueType="{X509}#X509v3">{der}</wsse:BinarySecurityToken>')
    else:
        raise ValueError(form)
    return f"<wsse:SecurityTokenReference>{inner}</wsse:SecurityTokenReference>", token


def prefix_list(prefixes, name="PrefixList"):
    if prefixes is None:
        return ""
    return f'<ec:InclusiveNamespaces xmlns:ec="{soap.EXC}" {name}="{" ".join(prefixes)}"/>'


def by_id(root, wanted):
    found = [e for e in root.iter(etree.Element) if wanted in (e.get(f"{{{soap.WSU}}}Id"), e.get("Id"))]
    assert len(found) == 1, f"{len(found)} elements carry {wanted}"
    return found[0]


class Signer:
    """Everything about a signature that a test may want to be otherwise; the defaults are form A of the bus."""

    def __init__(self, identity, form="key-identifier", algorithm=None, digest="sha256", references=("id-body",),
                 info_prefixes=None, reference_prefixes=None, info_exclusive=True, extra="", security_attributes=' soapenv:mustUnderstand="1"',
                 wrap=False, transforms=None, key_info_text=None, signed_info_extra="", timestamp=""):
        self.__dict__.update(locals())
        self.algorithm = algorithm or usual(identity.key)

    def reference(self, root, wanted):
        method, function = DIGESTS[self.digest]
        value = base64.b64encode(function(self.digested(by_id(root, wanted))).digest()).decode()
        transforms = self.transforms or (f'<ds:Transform Algorithm="{soap.EXC}">{prefix_list(self.reference_prefixes)}</ds:Transform>')
        return (f'<ds:Reference URI="#{wanted}"><ds:Transforms>{transforms}</ds:Transforms>'
                f'<ds:DigestMethod Algorithm="{method}"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>')

    def digested(self, element):
        """The octets that the transforms make of the element."""
        return canonical(element, self.reference_prefixes)

    def signed_info(self, root):
        c14n = soap.EXC if self.info_exclusive else soap.C14N
        return (f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n}">{prefix_list(self.info_prefixes)}</ds:CanonicalizationMethod>'
                f'<ds:SignatureMethod Algorithm="{SIGNATURES[self.algorithm][0]}"/>'
                + "".join(self.reference(root, r) for r in self.references) + self.signed_info_extra + "</ds:SignedInfo>")

    def header(self, info, value):
        keys, token = key_info(self.identity, self.form) if self.key_info_text is None else self.key_info_text
        if self.wrap:
            value = "&#13;\n".join(value[i:i + 76] for i in range(0, len(value), 76))
        signature = (f'<ds:Signature xmlns:ds="{soap.DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue>'
                     f"<ds:KeyInfo>{keys}</ds:KeyInfo></ds:Signature>")
        if self.form == "plain":
            return signature
        return (f'<wsse:Security xmlns:wsse="{soap.WSSE}"{self.security_attributes}>{self.timestamp}{token}{signature}{self.extra}</wsse:Security>')

    def sign(self, text):
        """`text` holds an empty Header element (or one with other blocks); the Security header becomes its first child."""
        place = re.search(r"<([\w-]+:)?Header[^>]*>", text).end()

        def put(header):
            return text[:place] + header + text[place:]

        draft = put(self.header("", ""))
        info = self.signed_info(parse(draft))
        signed_info = parse(put(self.header(info, ""))).find(f".//{{{soap.DS}}}SignedInfo")
        octets = canonical(signed_info, self.info_prefixes, self.info_exclusive)
        return put(self.header(info, base64.b64encode(self.value(octets)).decode()))

    def value(self, octets):
        """The octets of SignatureValue."""
        return raw_sign(self.identity.key, self.algorithm, octets)


def sign(text, identity, **options):
    return Signer(identity, **options).sign(text).encode()


class Unverified(AssertionError):
    pass


def verify(octets, certificate):
    """The root element when the Body of this envelope is signed with `certificate` (of the cryptography library, or a
    gost.PublicKey) in form A or B; else Unverified."""
    root = parse(octets)
    body = root.find(f"{{{soap.SOAP}}}Body")
    security = root.findall(f"{{{soap.SOAP}}}Header/{{{soap.WSSE}}}Security")
    if len(security) != 1:
        raise Unverified("no single Security header")
    info = security[0].find(f"{{{soap.DS}}}Signature/{{{soap.DS}}}SignedInfo")
    references = info.findall(f"{{{soap.DS}}}Reference")
    if len(references) != 1 or references[0].get("URI") != "#" + body.get(f"{{{soap.WSU}}}Id"):
        raise Unverified("the Body is not what is referenced")
    digest_uri = references[0].find(f"{{{soap.DS}}}DigestMethod").get("Algorithm")
    function = {uri: f for uri, f in DIGESTS.values()}[digest_uri]
    value = base64.b64decode(references[0].findtext(f"{{{soap.DS}}}DigestValue"))
    if function(canonical(body)).digest() != value:
        raise Unverified("the digest of the Body differs")
    method = info.find(f"{{{soap.DS}}}SignatureMethod").get("Algorithm")
    algorithm = {uri: name for name, (uri, _) in SIGNATURES.items()}[method]
    signature = base64.b64decode(security[0].findtext(f"{{{soap.DS}}}Signature/{{{soap.DS}}}SignatureValue"))
    public = certificate if isinstance(certificate, gost.PublicKey) else certificate.public_key()
    raw_verify(public, algorithm, canonical(info), signature)
    return root
