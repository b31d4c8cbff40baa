# SPDX-License-Identifier: GPL-3.0-or-later
"""Deaths: from the database of individuals to the register of permits."""
import pytest

from harness.pki import ROOT

SYSTEMS = ("permits", "department", "gbdfl", "gbdul", "tax", "portal")
PERSON, WIDOWER = "900101300017", "750404300041"


def alive(world, iin):
    text = (ROOT / "adapters/gbdfl/examples/request.xml").read_text().replace(PERSON, iin)
    answer = world.say("permits", "GBDFL_UniversalServiceSync", text).verified()
    return answer.findtext(".//lifeStatus/code") == "0", answer.findtext(".//deathCertificate/number")


@pytest.mark.rule("P16")
def test_p16_a_death_announced_by_the_database_annuls_what_the_person_had(world):
    [line] = world.act("portal", "application", "service=NOTICE-003 kind=NOTIFICATION")
    nikad = line.split("NIKAD ")[1].split(",")[0]
    state = "SELECT status FROM entry WHERE nikad = ?"
    assert world.rows("permits", state, nikad) == [("ACTIVE",)] and alive(world, PERSON) == (True, None)
    [line] = world.act("gbdfl", "announce-death", PERSON)
    record = line.split()[1].rstrip(":")
    assert line == f"record {record}: announced" and alive(world, PERSON) == (False, record)
    assert world.rows("permits", state, nikad) == [("ANNULLED",)]
    [line] = world.act("portal", "application", "service=PERMIT-002", code=1)
    assert "dead" in line or "died" in line


def test_a_death_is_announced_once_under_one_number(world):
    world.end("permits")
    [line] = world.act("gbdfl", "announce-death", WIDOWER, code=1)
    record = line.split(":")[0]
    world.play("permits")
    assert world.act("gbdfl", "announce-death", WIDOWER) == [f"{record}: announced"]
    told = len(world.journal("--service", "PERMITS_DEATH"))
    assert world.act("gbdfl", "announce-death", WIDOWER) == [f"{record}: announced before"]
    assert len(world.journal("--service", "PERMITS_DEATH")) == told
    world.end("gbdfl")
    world.play("gbdfl")
    assert alive(world, WIDOWER) == (False, record.split()[1])


@pytest.mark.parametrize("argument", ["930202300081", "900101300018", "x"])
def test_nobody_unknown_dies(world, argument):
    assert not world.act("gbdfl", "announce-death", argument, code=78)
