# SPDX-License-Identifier: GPL-3.0-or-later
"""The xmlsec1 command as an oracle: the gateway accepts what it signs, it verifies what the gateway signs, and both refuse
the same changed copies."""
import base64
import re
import subprocess

import pytest

from harness import soap, wss, xmlsec1
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider

FORMS = ["key-identifier", "issuer-serial", "bst", "x509-data"]
WORDS = {"bst": "binary-security-token"}  # where the configuration says it otherwise
SIGNERS = [("department", "rsa-sha256"), ("department", "rsa-sha384"), ("department", "rsa-sha512"),
           ("department-ec", "ecdsa-sha256"), ("department-ec384", "ecdsa-sha384")]
KEYS = [("gateway", "rsa-sha256"), ("gateway", "rsa-sha384"), ("gateway", "rsa-sha512"),
        ("gateway-ec", "ecdsa-sha256"), ("department-ec384", "ecdsa-sha384")]
INDENTED = "\n\t\t"


@pytest.fixture(scope="module")
def tolerant(tmp_path_factory, pki, provider):
    """A gateway that has agreed with the department on SHA-1 and on the form without wsse:Security."""
    g = Gateway(tmp_path_factory.mktemp("tolerant"), pki)
    g.conf["profiles"] = [{"name": "standard"}, {"name": "old", "sha1": True, "accept": ["plain", "key-identifier"]}]
    g.participant("department")["profile"] = "old"
    g.service(provider)
    g.start()
    yield g
    assert g.stop() == 0


def signed(pki, signer="department", envelope=None, **options):
    """A request signed by xmlsec1 from a template."""
    identity = pki[signer]
    header = xmlsec1.security(identity, **options)
    return xmlsec1.sign(soap.envelope(soap.request(), header=header, **(envelope or {})), identity)


def sent(gateway, octets):
    return Answer(gateway, gateway.post(octets))


def accepted(gateway, provider, octets):
    before = len(provider.received)
    answer = sent(gateway, octets)
    assert answer.status == 200, answer.octets
    answer.verified()
    assert len(provider.received) == before + 1


def refused(gateway, provider, octets, code, reason=None):
    before = len(provider.received)
    answer = sent(gateway, octets)
    assert (answer.status, answer.code) == (500, code), answer.octets
    assert reason in (None, answer.reason)
    assert len(provider.received) == before


# What xmlsec1 signs, the gateway accepts.

@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("signer,algorithm", SIGNERS)
def test_the_gateway_accepts_what_xmlsec1_signs(gateway, provider, pki, signer, algorithm, digest, form):
    accepted(gateway, provider, signed(pki, signer, algorithm=algorithm, digest=digest, form=form))


@pytest.mark.parametrize("form", FORMS)
def test_an_indented_signature_is_accepted(gateway, provider, pki, form):
    octets = signed(pki, form=form, gap=INDENTED)
    assert b"\n\t\t<ds:Reference" in octets
    accepted(gateway, provider, octets)


def test_a_signed_timestamp_is_accepted(gateway, provider, pki):
    stamp = (f'<wsu:Timestamp xmlns:wsu="{soap.WSU}" wsu:Id="ts-1"><wsu:Created>{soap.now()}</wsu:Created>'
             f"<wsu:Expires>{soap.now(minutes=5)}</wsu:Expires></wsu:Timestamp>")
    accepted(gateway, provider, signed(pki, before=stamp, references=("ts-1", "id-body")))


def test_the_form_without_security_header_is_accepted_by_agreement(tolerant, gateway, provider, pki):
    plain = dict(form="plain", envelope=dict(body_attributes=' Id="id-body"'))
    accepted(tolerant, provider, signed(pki, **plain))
    refused(gateway, provider, signed(pki, **plain), "SCE007", "security.form")


# What the gateway signs, xmlsec1 verifies.

def form_of(octets):
    security = wss.parse(octets).find(f".//{{{soap.WSSE}}}Security")
    key = security.find(f".//{{{soap.WSSE}}}SecurityTokenReference")[0]
    if key.tag == f"{{{soap.DS}}}X509Data":
        return {"X509IssuerSerial": "issuer-serial", "X509Certificate": "x509-data"}[key[0].tag.split("}")[1]]
    return {"KeyIdentifier": "key-identifier", "Reference": "bst"}[key.tag.split("}")[1]]


@pytest.fixture(scope="module", params=[(*k, f) for k in KEYS for f in FORMS], ids=lambda p: "-".join(p[1:]))
def signing(request, tmp_path_factory, pki):
    """What a gateway with the given key, algorithm and form sent: the request to the provider, the answer and a fault."""
    key, algorithm, form = request.param
    provider = Provider(pki["permits"])
    g = Gateway(tmp_path_factory.mktemp("signing"), pki)
    g.conf["keys"] = [{"name": "own", "certificate": str(pki.path(f"{key}.crt")), "key": str(pki.path(f"{key}.key"))}]
    g.conf["profiles"] = [{"name": "standard", "sign": WORDS.get(form, form), "algorithm": algorithm}]
    g.service(provider)
    g.start()
    answer, fault = g.send(), g.send(service="Nowhere")
    assert g.stop() == 0
    provider.close()
    assert (answer.status, fault.code) == (200, "SCE004")
    yield pki[key], algorithm, form, {"request": provider.received[0], "answer": answer.octets, "fault": fault.octets}


@pytest.mark.parametrize("leg", ["request", "answer", "fault"])
def test_xmlsec1_verifies_what_the_gateway_signs(signing, pki, leg):
    identity, algorithm, form, octets = signing[0], signing[1], signing[2], signing[3][leg]
    assert xmlsec1.verify(octets, identity)
    wss.verify(octets, identity.certificate)  # the Body is what was verified
    assert form_of(octets) == form
    method = wss.parse(octets).find(f".//{{{soap.DS}}}SignatureMethod").get("Algorithm")
    assert method == wss.SIGNATURES[algorithm][0]


@pytest.mark.parametrize("leg", ["request", "answer", "fault"])
def test_the_key_reference_names_the_certificate(signing, leg):
    identity, octets, form = signing[0], signing[3][leg], signing[2]
    security = wss.parse(octets).find(f".//{{{soap.WSSE}}}Security")
    if form == "issuer-serial":
        assert int(security.findtext(f".//{{{soap.DS}}}X509SerialNumber")) == identity.certificate.serial_number
        return
    element = {"key-identifier": f"{{{soap.WSSE}}}KeyIdentifier", "bst": f"{{{soap.WSSE}}}BinarySecurityToken",
               "x509-data": f"{{{soap.DS}}}X509Certificate"}[form]
    assert base64.b64decode(security.findtext(f".//{element}")) == identity.der
    if form == "bst":
        token = security.find(f".//{element}").get(f"{{{soap.WSU}}}Id")
        assert security.find(f".//{{{soap.WSSE}}}Reference").get("URI") == "#" + token


def test_both_refuse_changed_copies_of_what_the_gateway_signed(signing):
    identity, octets = signing[0], signing[3]["answer"]
    for name, change in CHANGES.items():
        copy = change(octets)
        assert copy != octets, name
        assert not xmlsec1.verify(copy, identity), name
        assert qaqpa_verify(copy, identity) == 1, name
    assert qaqpa_verify(octets, identity) == 0


def qaqpa_verify(octets, identity):
    return subprocess.run([BIN / "qaqpa", "verify", "--certificate", identity.certificate_path], input=octets,
                          capture_output=True, check=False).returncode


# Both refuse the same changes.

def flip(octets, element):
    """Another letter for the one in the middle of the element's base64 text."""
    found = re.search(rb"<ds:%s>([^<]+)</ds:%s>" % (element, element), octets)
    at = found.start(1) + len(found.group(1)) // 2
    while octets[at:at + 1].isspace():
        at += 1
    return octets[:at] + (b"B" if octets[at:at + 1] == b"A" else b"A") + octets[at + 1:]


def swap_algorithm(octets):
    for one, other in ((b"#rsa-sha256", b"#rsa-sha512"), (b"#rsa-sha384", b"#rsa-sha256"), (b"#rsa-sha512", b"#rsa-sha256"),
                       (b"#ecdsa-sha256", b"#ecdsa-sha384"), (b"#ecdsa-sha384", b"#ecdsa-sha256")):
        if one in octets:
            return octets.replace(one, other, 1)
    raise AssertionError("no signature method")


CHANGES = {
    "a letter of the Body": lambda o: re.sub(rb"<(messageId|errorCode)>", rb"<\1>x", o, count=1),
    "a blank in the Body": lambda o: re.sub(rb"(</\w+:Body>)", rb" \1", o, count=1),
    "a new attribute in the Body": lambda o: re.sub(rb"<(messageId|errorCode)>", rb'<\1 a="">', o, count=1),
    "a digest": lambda o: flip(o, b"DigestValue"),
    "the signature value": lambda o: flip(o, b"SignatureValue"),
    "white space in SignedInfo": lambda o: o.replace(b"<ds:Transforms>", b"<ds:Transforms> ", 1),
}


@pytest.mark.parametrize("signer,algorithm", SIGNERS)
@pytest.mark.parametrize("change", CHANGES)
def test_both_refuse_changed_copies_of_a_request(gateway, provider, pki, signer, algorithm, change):
    octets = signed(pki, signer, algorithm=algorithm)
    assert xmlsec1.verify(octets, pki[signer])
    copy = CHANGES[change](octets)
    assert copy != octets
    assert not xmlsec1.verify(copy, pki[signer])
    refused(gateway, provider, copy, "SCE006")


@pytest.mark.parametrize("signer,algorithm", SIGNERS)
def test_both_refuse_another_algorithm_than_was_signed_with(gateway, provider, pki, signer, algorithm):
    copy = swap_algorithm(signed(pki, signer, algorithm=algorithm))
    assert not xmlsec1.verify(copy, pki[signer])
    assert sent(gateway, copy).status == 500


@pytest.mark.parametrize("form", FORMS)
def test_both_refuse_the_key_of_another(gateway, provider, pki, form):
    """Signed with the key of one system under the name of another."""
    header = xmlsec1.security(pki["department"], form=form)
    octets = xmlsec1.sign(soap.envelope(soap.request(), header=header), pki["permits"])
    assert xmlsec1.verify(octets, pki["permits"]) and not xmlsec1.verify(octets, pki["department"])
    refused(gateway, provider, octets, "SCE006", "signature.value-wrong")


# SHA-1.

SHA1 = [("rsa-sha1", "sha1"), ("rsa-sha256", "sha1"), ("rsa-sha1", "sha256"),
        ("rsa-sha1 of the bus", "sha1 of the bus"), ("rsa-sha1 of the bus", "sha1"), ("rsa-sha256", "sha1 of the bus")]


@pytest.mark.parametrize("algorithm,digest", SHA1)
def test_sha1_is_refused_unless_agreed(gateway, tolerant, provider, pki, algorithm, digest):
    def message():
        return wss.sign(soap.envelope(soap.request()), pki["department"], algorithm=algorithm, digest=digest)
    refused(gateway, provider, message(), "QG010", "security.algorithm")
    accepted(tolerant, provider, message())
    refused(tolerant, provider, CHANGES["a letter of the Body"](message()), "SCE006", "signature.digest-mismatch")
    refused(tolerant, provider, CHANGES["the signature value"](message()), "SCE006", "signature.value-wrong")


@pytest.mark.parametrize("algorithm,digest", SHA1[:3])
def test_sha1_of_xmlsec1_is_refused_unless_agreed(gateway, tolerant, provider, pki, algorithm, digest):
    refused(gateway, provider, signed(pki, algorithm=algorithm, digest=digest), "QG010", "security.algorithm")
    accepted(tolerant, provider, signed(pki, algorithm=algorithm, digest=digest))


def test_the_gateway_never_signs_with_sha1(tolerant, provider, pki):
    answer = sent(tolerant, signed(pki, algorithm="rsa-sha1", digest="sha1"))
    for octets in (answer.octets, provider.received[-1]):
        assert b"sha1" not in octets and b"#rsa-sha256" in octets


# Canonical forms and the look of base64.

PREFIXES = {"no list": None, "an empty list": [], "soapenv": ["soapenv"], "#default": ["#default"],
            "several": ["soapenv", "far"], "far and #default": ["far", "#default"], "one that is not declared": ["nowhere"]}
FAR = ' xmlns:far="urn:far" xmlns="urn:default"'


def far(**fields):
    """Namespaces that only a prefix list brings into the canonical form."""
    return soap.request(**fields).replace("<request>", '<request xmlns="">')


@pytest.mark.parametrize("info", [*PREFIXES, "inclusive"])
@pytest.mark.parametrize("reference", PREFIXES)
def test_prefix_lists_are_honoured(gateway, provider, pki, info, reference):
    identity = pki["department"]
    options = dict(info_prefixes=PREFIXES.get(info), reference_prefixes=PREFIXES[reference])
    header = xmlsec1.security(identity, c14n=soap.C14N if info == "inclusive" else soap.EXC, **options)
    accepted(gateway, provider, xmlsec1.sign(soap.envelope(far(), header=header, envelope_attributes=FAR), identity))
    if "#default" in info + reference:
        return  # lxml does not know this word
    octets = wss.sign(soap.envelope(far(), envelope_attributes=FAR), identity, info_exclusive=info != "inclusive", **options)
    assert xmlsec1.verify(octets, identity)
    accepted(gateway, provider, octets)


@pytest.mark.parametrize("place", ["Transform", "CanonicalizationMethod"])
@pytest.mark.parametrize("prefixes", ["far", "#default", "soapenv far"])
def test_a_prefix_list_changed_afterwards_is_refused_by_both(gateway, provider, pki, place, prefixes):
    octets = wss.sign(soap.envelope(far(), envelope_attributes=FAR), pki["department"], info_prefixes=["soapenv"],
                      reference_prefixes=["soapenv"])
    copy = re.sub(rb'(<ds:%s [^>]*>[^>]*PrefixList=)"soapenv"' % place.encode(), rb'\1"%s"' % prefixes.encode(), octets)
    assert copy != octets and not xmlsec1.verify(copy, pki["department"])
    refused(gateway, provider, copy, "SCE006")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("break_", ["\n", "\r\n", "&#13;\n", "&#xD;\n", " ", "\t"], ids=repr)
def test_base64_may_be_broken_into_lines(gateway, provider, pki, form, break_):
    octets = wss.sign(soap.envelope(soap.request()), pki["department"], form=form).decode()

    def broken(found):
        text = found.group(2)
        return found.group(1) + break_ + break_.join(text[i:i + 76] for i in range(0, len(text), 76)) + break_ + found.group(3)

    copy, n = re.subn(r"(<(?:ds:SignatureValue|ds:X509Certificate|wsse:KeyIdentifier|wsse:BinarySecurityToken)[^>]*>)([^<]+)(</)",
                      broken, octets)
    assert n == (1 if form == "issuer-serial" else 2)
    accepted(gateway, provider, copy.encode())


def test_the_digest_value_may_hold_white_space(gateway, provider, pki):
    """It stands inside SignedInfo, so it is broken before it is signed."""
    identity = pki["department"]

    class Broken(wss.Signer):
        def reference(self, root, wanted):
            return re.sub(r"(<ds:DigestValue>.{10})", r"\1&#13;\n ", super().reference(root, wanted))

    octets = Broken(identity).sign(soap.envelope(soap.request())).encode()
    assert xmlsec1.verify(octets, identity)
    accepted(gateway, provider, octets)
