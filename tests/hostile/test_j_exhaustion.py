# SPDX-License-Identifier: GPL-3.0-or-later
import re
from pathlib import Path

from attack.cases.j_exhaustion import ATTACKS, CLASS, LEGITIMATE  # noqa: F401
from harness.hostile import test_attack, test_legitimate  # noqa: F401


def resident(world):
    status = Path(f"/proc/{world.gateway.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) >> 10


HEAVY = ["a million elements", "elements that hash alike", "a text of fourteen megabytes",
         "eight references to big elements, by an unknown key"]


def test_memory_is_given_back(world):
    """The heaviest once more add nothing to what is held, and nothing stays buffered but the question itself."""
    def all_heavy():
        for name in HEAVY:
            ATTACKS[name](world)
        world.gateway.wait(lambda: world.metric("qaqpa_connections") == 1)
    all_heavy()
    before = resident(world)
    all_heavy()
    assert world.metric("qaqpa_buffered_bytes") < 16384
    assert resident(world) < before + 64, "MiB"
