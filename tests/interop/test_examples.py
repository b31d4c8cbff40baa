# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapters show as examples is what their contracts say, by another reader of schemas than the gateway's wiring."""
import pytest
from lxml import etree

from harness.pki import ROOT

XSD = "{http://www.w3.org/2001/XMLSchema}schema"
SCHEMAS = {etree.parse(p).getroot().get("targetNamespace"): p for p in sorted((ROOT / "wsdl").glob("*/v1/*.xsd"))}
EXAMPLES = sorted((ROOT / "adapters").glob("*/examples/*.xml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parts[-3]}/{p.name}")
def test_an_example_is_valid(path):
    document = etree.parse(path)
    schema = etree.XMLSchema(etree.parse(SCHEMAS[etree.QName(document.getroot()).namespace]))
    schema.assertValid(document)


@pytest.mark.parametrize("namespace", [n for n in SCHEMAS if n], ids=lambda n: n)
def test_a_contract_has_an_example(namespace):
    """Each element that may stand at the root of a payload is shown."""
    schema = etree.parse(SCHEMAS[namespace]).getroot()
    named = {e.get("name") for e in schema if e.tag == XSD.replace("schema", "element")}
    shown = {etree.QName(etree.parse(p).getroot()) for p in EXAMPLES}
    assert named <= {q.localname for q in shown if q.namespace == namespace}
