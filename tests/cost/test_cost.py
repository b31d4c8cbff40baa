# SPDX-License-Identifier: GPL-3.0-or-later
"""What a message costs before its signature is known to be good grows at most linearly with it, in instructions and in memory.

Instructions are counted by callgrind, so that no clock and no other load decides. The messages are those that could cost more
than they should: many small things of each kind, long things, deep ones, names that hash alike."""
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

COST = Path(os.environ.get("QAQPA_BIN", Path(__file__).resolve().parents[2] / "build/dev/bin")) / "qaqpa_cost"
# How many of its thing the smaller message of a shape holds; the larger holds TIMES as many.
LEAST = {"elements": 8000, "attributes": 5000, "declarations": 1500, "scopes": 2500, "towers": 100, "comments": 5000,
         "sections": 4000, "references": 10000, "returns": 8000, "text": 5000, "long-names": 10, "long-values": 8, "blanks": 12,
         "identifiers": 500, "header-blocks": 2000, "header-elements": 100, "header-identifiers": 500, "key-identifier": 2300, "signature-value": 4000,
         "digest-value": 4000, "depth": 10000, "apart": 1200, "apart-in-vain": 8000}
TIMES = 4
MOST_GROWTH = 1.1 * TIMES
# What docs/architecture.md says under limits. Of the instructions, those of a build without optimisation.
MOST_INSTRUCTIONS, FIXED_INSTRUCTIONS = 2_500, 10_000_000
MOST_OCTETS, FIXED_OCTETS = 80, 256 * 1024


def said(*arguments):
    return subprocess.run([COST, *map(str, arguments)], stdout=subprocess.PIPE, check=True).stdout


def shapes():
    return dict(line.split() for line in said("shapes").decode().splitlines() if line != "uncounted") if COST.exists() else {}


def instructions(path):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=judge", "--callgrind-out-file=/dev/null", COST, "judge", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(re.search(rb"Collected : (\d+)", done.stderr)[1])


def test_every_shape_is_measured():
    assert set(shapes()) == set(LEAST)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """For each shape, two rows of (octets, reason, allocated, instructions), the smaller message first."""
    if b"uncounted" in said("shapes"):
        pytest.skip("a sanitizer has the allocations, and callgrind cannot run it")
    folder = tmp_path_factory.mktemp("cost")
    paths = {}
    for shape, least in LEAST.items():
        paths[shape] = [folder / f"{shape}-{n}" for n in (least, TIMES * least)]
        for path in paths[shape]:
            path.write_bytes(said("make", shape, path.name.rsplit("-", 1)[1]))
    rows = {shape: [line.split() for line in said("judge", *files).decode().splitlines()] for shape, files in paths.items()}
    every = [path for files in paths.values() for path in files]
    with ThreadPoolExecutor(2) as pool:
        counted = dict(zip(every, pool.map(instructions, every)))
    return {shape: [(int(octets), reason, int(allocated), counted[path]) for path, (octets, reason, allocated) in zip(files, rows[shape])]
            for shape, files in paths.items()}


def test_each_message_is_judged_to_its_end(judged):
    """What is accepted has cost all there is; what is refused is refused for what it is."""
    wanted = shapes()
    assert {shape: {row[1] for row in rows} for shape, rows in judged.items()} == {shape: {reason} for shape, reason in wanted.items()}
    assert all(30_000 < small[0] and 0.9 * TIMES < large[0] / small[0] < 1.1 * TIMES for small, large in judged.values())


@pytest.mark.parametrize("shape", LEAST)
def test_instructions_grow_at_most_linearly(judged, shape):
    small, large = judged[shape]
    assert large[3] <= MOST_GROWTH * small[3], (small, large)
    assert large[3] <= FIXED_INSTRUCTIONS + MOST_INSTRUCTIONS * large[0], large[3] / large[0]


@pytest.mark.parametrize("shape", LEAST)
def test_memory_is_bounded_for_each_octet(judged, shape):
    for octets, _, allocated, _ in judged[shape]:
        assert allocated <= FIXED_OCTETS + MOST_OCTETS * octets, allocated / octets
