# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a service says so, the gateway itself tells the applicant's cabinet what became of an application."""
import pytest

from harness.world import World

PERSON = "900101300017"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("world"), ("permits", "department", "gbdfl", "gbdul", "tax", "payment", "portal"))
    descriptor = w.folder / "conf.d" / "permits.yaml"
    first, second = "  - id: PERMITS_APPLICATION", "\n    provider: permits\n"
    head, tail = descriptor.read_text().split(first, 1)
    told = "    notices: [{on: [accepted, refused], service: PORTAL_GATEWAY_NOTICE}]\n"
    descriptor.write_text(head + first + tail.replace(second, second + told, 1))
    yield w.begin()
    w.close()


@pytest.mark.rule("P7")
def test_p7_the_gateway_tells_the_applicant_that_an_application_is_accepted(world):
    [line] = world.act("portal", "application", "service=PERMIT-002")
    number = line.split()[1].rstrip(":")
    world.wait(lambda: world.rows("portal", "SELECT 1 FROM notice WHERE kind LIKE 'GATEWAY%'"))
    assert world.rows("portal", "SELECT applicant, request_number, kind, sender FROM notice WHERE kind LIKE 'GATEWAY%'") == [
        (PERSON, number, "GATEWAY_ACCEPTED", "gateway_is")]


def test_a_refusal_comes_with_its_reasons(world):
    [line] = world.act("portal", "application", "service=LICENCE-001", code=1)
    number = line.split()[1].rstrip(":")
    world.wait(lambda: world.rows("portal", "SELECT 1 FROM notice WHERE request_number = ?", number))
    [(applicant, kind, text)] = world.rows("portal", "SELECT applicant, kind, text_ru FROM notice WHERE request_number = ?", number)
    assert (applicant, kind) == (PERSON, "GATEWAY_REFUSED") and text.startswith("Отказано: ") and len(text) > 20, text
