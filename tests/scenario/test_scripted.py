# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that nobody has heard of: a few lines of configuration, a schema and a scenario, and no program is changed."""
import subprocess

import pytest

from harness import soap
from harness.gateway import BIN, Gateway
from harness.pki import ROOT

SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:land:v1">
	<xs:element name="LandRequest"><xs:complexType><xs:sequence>
		<xs:element name="Number"><xs:simpleType><xs:restriction base="xs:string">
			<xs:pattern value="[0-9]{2}-[0-9]{3}-[0-9]{3}"/></xs:restriction></xs:simpleType></xs:element>
	</xs:sequence></xs:complexType></xs:element>
	<xs:element name="LandResponse"><xs:complexType><xs:sequence>
		<xs:element name="Number" type="xs:string"/><xs:element name="AreaSquareMetres" type="xs:positiveInteger"/>
	</xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
REQUEST = '<data><l:LandRequest xmlns:l="urn:example:land:v1"><Number>{}</Number></l:LandRequest></data>'


@pytest.fixture(scope="module")
def land(tmp_path_factory, pki):
    """The gateway with the new service, and the scenario that plays its provider."""
    folder = tmp_path_factory.mktemp("land")
    (folder / "land.xsd").write_text(SCHEMA)
    scenario = folder / "land.xml"
    scenario.write_text((ROOT / "adapters/scripted/examples/scenario.xml").read_text())
    words = [BIN / "qaqpa", "sim", "scripted", "--listen", "127.0.0.1:0", "--certificate", pki.path("permits.crt"), "--key",
             pki.path("permits.key"), "--peer-certificate", pki.path("gateway.crt"), "--set", f"scenario={scenario}"]
    sim = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=(folder / "sim.log").open("ab"))
    port = sim.stdout.readline().decode().split("port ")[1].split(",")[0]
    g = Gateway(folder, pki)
    g.conf["services"].append({"id": "LAND_PLOT", "provider": "permits", "endpoint": f"http://127.0.0.1:{port}/",
                               "schema": str(folder / "land.xsd"), "answer_schema": str(folder / "land.xsd")})
    g.conf["services"].append({"id": "LAND_OTHER", "provider": "permits", "endpoint": f"http://127.0.0.1:{port}/"})
    g.scenario, g.sim_log = scenario, folder / "sim.log"
    g.start()
    yield g
    assert g.stop() == 0
    sim.terminate()
    assert sim.wait(30) == 0


def ask(land, number, service="LAND_PLOT"):
    return land.send(service=service, data=REQUEST.format(number))


def test_the_answer_is_made_of_the_request(land):
    answer = ask(land, "20-315-001")
    assert (answer.code, answer.text("message")) == ("SCSS001", "The plot 20-315-001 is known."), answer.octets
    response = answer.verified().find(".//{urn:example:land:v1}LandResponse")
    assert (response.findtext("Number"), response.findtext("AreaSquareMetres")) == ("20-315-001", "600")


def test_the_first_answer_whose_condition_holds_is_given(land):
    answer = ask(land, "20-315-002")
    assert (answer.code, answer.text("message")) == ("SCSE001", "No plot has the number 20-315-002.")


def test_a_wrong_payload_does_not_reach_the_provider(land):
    answer = ask(land, "somewhere")
    assert (answer.code, answer.reason) == ("QG025", "payload.schema") and b"Number" in answer.octets


def test_a_service_that_the_scenario_does_not_name_is_refused(land):
    assert ask(land, "20-315-001", "LAND_OTHER").code == "QG044"


@pytest.mark.parametrize("was, broken, words", [
    ("<l:LandResponse>", "<l:LandResponse><<", "xml"),
    ("Number = '20-315-001'", "Number = (", "cannot be evaluated"),
    ("{Number}</Number>", "{unknown(1)}</Number>", "cannot be evaluated"),
    ("urn:qaqpa:scenario:v1", "urn:other", "no scenario"),
])
def test_a_broken_scenario_is_a_fault_that_says_where_and_a_mended_one_plays_on(land, was, broken, words):
    right = land.scenario.read_text()
    land.scenario.write_text(right.replace(was, broken))
    before = len(land.sim_log.read_text())
    assert ask(land, "20-315-001").code == "QG044"
    assert words in land.sim_log.read_text()[before:]
    land.scenario.write_text(right)
    assert ask(land, "20-315-001").code == "SCSS001"


def test_moments_are_local_and_texts_stay_texts(land):
    right = land.scenario.read_text()
    land.scenario.write_text(right.replace("message=\"The plot {Number} is known.\"", "message=\"{$now} &lt;b&gt; {Number}\""))
    said = ask(land, "20-315-001").text("message")
    land.scenario.write_text(right)
    assert said.endswith("<b> 20-315-001") and said[19:29].endswith("+05:00"), said
    assert soap.now()[:10] >= said[:10]
