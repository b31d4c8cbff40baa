# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of ./run, as the tests of the systems use it."""
from harness import soap, wss
from harness.pki import ROOT

SYSTEMS = ("permits", "monitoring", "department")


def test_a_system_gets_what_it_asks_another_system_for(world):
    payload = (ROOT / "adapters/permits/examples/nikad-request.xml").read_text()
    answer = world.say("department", "PERMITS_NIKAD", payload)
    assert answer.code == "SCSS001", answer.octets
    assert len(answer.verified().find(".//Nikad").text) == 15
    assert world.rows("permits", "SELECT sender FROM given") == [("department_is",)]


def test_a_system_does_something_by_itself(world):
    [line] = world.act("monitoring", "send-request")
    assert "permit" in line.lower() and world.rows("permits", "SELECT count(*) FROM registration") == [(1,)]


def test_nobody_speaks_for_another(world):
    text = soap.envelope(soap.request(service="PERMITS_NIKAD", sender="department_is"))
    answer = world.send(text, world.pki["monitoring"])
    assert answer.status == 500 and wss.parse(answer.octets) is not None
