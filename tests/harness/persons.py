# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorised persons, and what they sign: XML documents by the xmlsec1 command, CMS by the openssl command."""
import base64
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import forge, soap, wss, xmlsec1
from .der import SET, Node, oid, tlv

DEPARTMENT_BIN = "200440000015"
PERMITS_BIN = "200240000018"
DIRECTOR, ACCOUNTANT, EMPLOYEE = (f"1.2.398.3.3.4.1.2.{n}" for n in (1, 2, 5))
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
PERSONS = {  # IIN, BIN, role
    "director": ("900101300027", DEPARTMENT_BIN, DIRECTOR),
    "accountant": ("900202300016", DEPARTMENT_BIN, ACCOUNTANT),
    "employee": ("900303300015", DEPARTMENT_BIN, EMPLOYEE),
    "foreign director": ("900505300013", "200540000019", DIRECTOR),
    "director of permits": ("900606300012", PERMITS_BIN, DIRECTOR),
}


class Person(forge.Made):
    """An employee with a certificate of the test authority and files for commands."""

    def __init__(self, folder, pki, name):
        iin, bin_, role = PERSONS[name]
        purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION, *map(x509.ObjectIdentifier, ("1.2.398.3.3.4.1.2", role))]
        key = ec.generate_private_key(ec.SECP256R1())
        made = forge.issue(pki["issuing"], key, forge.name(name, unit=f"BIN{bin_}", serial_number=f"IIN{iin}"), purposes=purposes)
        super().__init__(made.der, key)
        self.name = name
        self.key_path, self.certificate_path = (folder / f"{name}.{end}" for end in ("key", "crt"))
        self.key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))
        self.certificate_path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))


def make(folder, pki):
    return {name: Person(folder, pki, name) for name in PERSONS}


def sign_xml(text, *who, reference="", c14n=soap.EXC, ids=()):
    """The document, whose last @ marks where signatures go, signed by each in turn."""
    before, _, after = text.rpartition("@")
    for person in who:
        info = wss.key_info(person, "plain")[0]
        template = xmlsec1.signature(info, algorithm=wss.usual(person.key), references=(reference,), c14n=c14n,
                                     transforms=[(ENVELOPED, None), (c14n, None)])
        draft = before + template + after
        last = "//*[local-name()='Signature'][last()]"
        done = xmlsec1.sign(draft, person, "--node-xpath", last, ids=ids).decode()
        done = done[done.index("?>") + 2:].strip()
        before, _, after = done.rpartition("</ds:Signature>")
        before += "</ds:Signature>"
    return before + after


def sign_cms(octets, folder, *who, attached=False, extra=()):
    """Base64 of the CMS."""
    content, out = folder / "content", folder / "cms"
    content.write_bytes(octets)
    signers = [word for p in who for word in ("-signer", p.certificate_path, "-inkey", p.key_path)]
    subprocess.run(["openssl", "cms", "-sign", "-binary", *(("-nodetach",) if attached else ()), "-outform", "DER", "-in", content,
                    "-out", out, "-md", "sha256", *extra, *signers], check=True, capture_output=True)
    return base64.b64encode(out.read_bytes()).decode()


def stamp_cms(cms, make_token, over=None):
    """The CMS of one signer with a time-stamp (RFC 3161 appendix A) over its signature value, or over other octets."""
    content = Node(base64.b64decode(cms))
    signed = content[1][0]
    *head, infos = signed.children()
    info = infos[0]
    token = make_token(over or info.children()[-1].value)
    attribute = tlv(0x30, oid("1.2.840.113549.1.9.16.2.14"), tlv(SET, token))
    with_stamp = tlv(0x30, info.value, tlv(0xA1, attribute))
    whole = tlv(0x30, *(n.raw for n in head), tlv(SET, with_stamp))
    return base64.b64encode(tlv(0x30, content[0].raw, tlv(0xA0, whole))).decode()
