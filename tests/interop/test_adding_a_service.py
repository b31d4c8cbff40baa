# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/adding-a-service.md does what it says: its commands are run one after the other, as they stand there."""
import re
import shutil
import subprocess

import pytest

from harness.gateway import BIN
from harness.pki import ROOT
from harness.ports import free_port

PORTS = {"9280": None, "9281": None, "9291": None}
# What the commands have to print, in this order.
SAID = ["land-request.xml validates", "new configuration in use", "scenario.xml validates", "SCSS001", "The plot is known.", "QG025",
        "payload.schema", "1 passed", "Accepted for delivery", "LAND_CHANGES", "signature of Other system",
        "new configuration in use", "land/pull", "<AreaSquareMetres>600"]


def commands():
    """All blocks of shell, without the one that builds the programs."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs/adding-a-service.md").read_text(), re.S | re.M)
    first, *rest = blocks
    kept = [line for line in first.splitlines() if not line.startswith(("cmake", "export PATH"))]
    return "\n".join(["\n".join(kept), *rest])


@pytest.fixture
def tree(tmp_path):
    """A copy of the files that the project keeps."""
    listed = subprocess.run(["git", "ls-files", "-z", "wsdl", "adapters", "certs", "tests", "config"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_stranger_comes_from_a_schema_to_a_tested_service(tree):
    text = commands()
    for port in PORTS:
        text = text.replace(port, str(free_port()))
    text = text.replace("$PWD/build/release/bin", str(BIN)).replace("python3 -m pytest", "/usr/bin/python3 -B -m pytest -p no:cacheprovider")
    (tree / "all.sh").write_text(text)
    log = tree / "all.log"
    with log.open("wb") as to:
        shell = subprocess.Popen(["bash", "-u", "all.sh"], cwd=tree, stdout=to, stderr=subprocess.STDOUT, start_new_session=True,
                                 env={"PATH": f"{BIN}:/usr/bin:/bin:/usr/sbin", "LANG": "C.UTF-8"})
        try:
            code = shell.wait(120)
        finally:
            subprocess.run(["pkill", "-s", str(shell.pid)], check=False)  # what a failure left running
    said = log.read_text(errors="replace")
    assert code == 0, said[-4000:]
    at = 0
    for words in SAID:
        assert words in said[at:], f"{words!r} is not said; the output:\n{said[-6000:]}"
        at = said.index(words, at)
