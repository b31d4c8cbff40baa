# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapters show as examples is what their contracts say, by another reader of schemas than the gateway's wiring."""
import pytest
from lxml import etree

from harness.pki import ROOT

XSD = "{http://www.w3.org/2001/XMLSchema}schema"
SCHEMAS = {etree.parse(p).getroot().get("targetNamespace"): p for p in sorted((ROOT / "wsdl").glob("*/v1/*.xsd"))}
EXAMPLES = sorted((ROOT / "adapters").glob("*/examples/*.xml"))


# The element of the bus itself, for payloads without a root of their own: its xsi:type says what it has to be.
TYPED = ('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="{}" schemaLocation="{}"/>'
         '<xs:element name="data"/></xs:schema>')


def schema_of(root):
    if root.tag != "data":
        return etree.parse(SCHEMAS[etree.QName(root).namespace])
    namespace = root.nsmap[root.get("{http://www.w3.org/2001/XMLSchema-instance}type").split(":")[0]]
    return etree.fromstring(TYPED.format(namespace, SCHEMAS[namespace].as_uri()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parts[-3]}/{p.name}")
def test_an_example_is_valid(path):
    document = etree.parse(path)
    etree.XMLSchema(schema_of(document.getroot())).assertValid(document)


@pytest.mark.parametrize("namespace", [n for n in SCHEMAS if n], ids=lambda n: n)
def test_a_contract_has_an_example(namespace):
    """Each element that may stand at the root of a payload is shown."""
    schema = etree.parse(SCHEMAS[namespace]).getroot()
    named = {e.get("name") for e in schema if e.tag == XSD.replace("schema", "element")}
    shown = {etree.QName(etree.parse(p).getroot()) for p in EXAMPLES}
    assert named <= {q.localname for q in shown if q.namespace == namespace}
