# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several certificates a message means: one that does not fit leaves nothing behind where another one does."""
import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness import forge, soap, wss
from harness.gateway import Answer


def written(folder, name, made):
    path = folder / name
    path.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


def by_key(identity):
    """A reference that fits every certificate of this key."""
    key = identity.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return (f'<wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType="{wss.BASE64}" '
            f'ValueType="{wss.X509}#X509SubjectKeyIdentifier">{base64.b64encode(key).decode()}</wsse:KeyIdentifier>'
            "</wsse:SecurityTokenReference>"), ""


def is_served(gateway, answer):
    answer.verified()
    assert answer.status == 200, answer.octets
    assert [f["verdict"] for f in gateway.journal()] == ["signed", "verified"] * 2


@pytest.mark.parametrize("data", [soap.DATA, soap.LONG_DATA], ids=["short", "long"])
def test_a_renewed_certificate_of_the_same_key(lone, pki, provider, tmp_path, data):
    department = pki["department"]
    purposes = list(department.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    old = forge.issue(pki["issuing"], department.key, department.certificate.subject, days=(-300, -10), purposes=purposes)
    lone.participant("department")["certificates"] = [str(pki.path("department.crt")), written(tmp_path, "old.crt", old)]
    provider.answer = lambda o: provider.signed_answer(o, data=data)
    lone.start()
    octets = wss.sign(soap.envelope(soap.request(data=data)), department, key_info_text=by_key(department))
    is_served(lone, Answer(lone, lone.post(octets)))


@pytest.mark.parametrize("data", [soap.DATA, soap.LONG_DATA], ids=["short", "long"])
@pytest.mark.parametrize("place", [0, 2])
def test_two_authorities_of_one_name(lone, pki, provider, tmp_path, data, place):
    subject = pki["issuing"].certificate.subject
    twin = forge.issue(pki["root"], rsa.generate_private_key(65537, 2048), subject, days=(-100, 900),
                       usage=("key_cert_sign", "crl_sign"), purposes=(), authority=True)
    lone.conf["authorities"].append(written(tmp_path, "twin.crt", twin))
    department = lone.participant("department")
    del department["certificates"]
    number = next(a.value for a in pki["department"].certificate.subject if a.value.startswith("BIN"))
    department.update(issuer=str(pki.path("issuing.crt")), bin=number[3:])
    lone.conf["participants"].insert(place, {"name": "other", "sender_ids": "other_is", "issuer": str(tmp_path / "twin.crt"),
                                             "bin": "200240000018"})
    provider.answer = lambda o: provider.signed_answer(o, data=data)
    lone.start()
    is_served(lone, lone.send(data=data))
