# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that other libraries sign, where the service demands it: python-xmlsec over lxml, the xmlsec1 command and OpenSSL's
command agree with the gateway on what is right and what is not."""
import random
from xml.sax.saxutils import escape

import pytest
import xmlsec
from lxml import etree

from harness import persons as people
from harness import soap, xmlsec1
from harness.gateway import Gateway

DOC = '<p:Order xmlns:p="urn:demo:order" kind="a"><p:sum>100</p:sum>\n  <p:to>Қазына &amp; К</p:to></p:Order>'
FORMS = {"exclusive": xmlsec.Transform.EXCL_C14N, "inclusive": xmlsec.Transform.C14N,
         "inclusive with comments": xmlsec.constants.TransformInclC14NWithComments}
RULES = [{"name": "director", "subjects": "employee", "any_of": people.DIRECTOR, "own_bin": True},
         {"name": "organisation", "subjects": "organisation", "own_bin": True}]


@pytest.fixture(scope="module")
def persons(tmp_path_factory, pki):
    return people.make(tmp_path_factory.mktemp("persons"), pki)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, pki, provider):
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    g.conf["rules"] = RULES
    g.service(provider, "Director", inner={"accept": "enveloped", "rules": "director"})
    g.service(provider, "System", inner={"accept": "enveloped", "rules": "organisation"})
    g.service(provider, "Cms", inner={"accept": "cms", "rules": "director"})
    g.start()
    yield g
    assert g.stop() == 0


def sign_by_lxml(text, who, c14n, method):
    root = etree.fromstring(text)
    node = xmlsec.template.create(root, c14n, method, ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, c14n)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(who.key_path), xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_file(str(who.certificate_path), xmlsec.KeyFormat.PEM)
    context.sign(node)
    return etree.tostring(root, encoding="unicode")


def carried(text):
    return f"<data>{escape(text)}</data>"


@pytest.mark.parametrize("form", FORMS)
def test_documents_of_python_xmlsec_are_accepted(gateway, persons, pki, form):
    for service, who, method in (("Director", persons["director"], xmlsec.Transform.ECDSA_SHA256),
                                 ("System", pki["department"], xmlsec.Transform.RSA_SHA256)):
        text = sign_by_lxml(DOC, who, FORMS[form], method)
        for carry in (carried, "<data>{}</data>".format, "<data><![CDATA[{}]]></data>".format):
            assert gateway.send(service=service, data=carry(text)).status == 200
            assert gateway.send(service=service, data=carry(text.replace(">100<", ">900<"))).reason == "inner.wrong"


def changes(text, count):
    """Small changes at places that a fixed seed chooses: octets replaced, doubled, dropped, swapped."""
    dice = random.Random(20301)
    for _ in range(count):
        i = dice.randrange(len(text) - 1)
        c = dice.choice("aZ0 \t<>/=\"'&;:-_.+")
        yield dice.choice([text[:i] + c + text[i + 1:], text[:i] + text[i:i + 2] + text[i:], text[:i] + text[i + 1:],
                           text[:i] + text[i + 1] + text[i] + text[i + 2:], text[:i] + " " + text[i:]])


def test_the_gateway_accepts_nothing_that_xmlsec1_refuses(gateway, persons):
    """A differential test; what the gateway refuses beyond that is its strictness."""
    who = persons["director"]
    good = people.sign_xml(DOC.replace("</p:Order>", "@</p:Order>"), who)
    assert xmlsec1.verify(good.encode(), who) and gateway.send(service="Director", data=carried(good)).status == 200
    both = {"accepted": 0, "refused": 0}
    for changed in changes(good, 120):
        if gateway.send(service="Director", data=carried(changed)).status == 200:
            both["accepted"] += 1
            assert xmlsec1.verify(changed.encode(), who), changed
        else:
            both["refused"] += 1
    assert both["refused"] > 80 and both["accepted"] > 0, both


def test_two_signers_of_the_command_hold_after_each_other(gateway, persons):
    """xmlsec1 verifies the last one only, with the first inside; the gateway both."""
    first, second = persons["director"], persons["employee"]
    text = people.sign_xml(DOC.replace("</p:Order>", "@</p:Order>"), first, second)
    assert xmlsec1.verify(text.encode(), second, "--node-xpath", "//*[local-name()='Signature'][2]")
    assert not xmlsec1.verify(text.encode(), first, "--node-xpath", "//*[local-name()='Signature'][1]")
    assert gateway.send(service="Director", data=carried(text)).status == 200


def test_a_cms_of_the_openssl_command_is_the_document(gateway, persons, tmp_path):
    octets = DOC.encode()
    cms = people.sign_cms(octets, tmp_path, persons["director"], attached=True)
    assert gateway.send(service="Cms", data=f"<data>{cms}</data>").status == 200
    pem = f"-----BEGIN CMS-----\n{cms}\n-----END CMS-----"
    assert gateway.send(service="Cms", data=f"<data>{pem}</data>").status == 200
    detached = people.sign_cms(octets, tmp_path, persons["director"])
    assert gateway.send(service="Cms", data=f"<data>{detached}</data>").reason == "inner.coverage"
    both = people.sign_cms(octets, tmp_path, persons["employee"], persons["director"], attached=True)
    assert gateway.send(service="Cms", data=f"<data>{both}</data>").status == 200
    streamed = people.sign_cms(octets, tmp_path, persons["director"], attached=True, extra=["-stream"])
    assert gateway.send(service="Cms", data=f"<data>{streamed}</data>").status == 200
