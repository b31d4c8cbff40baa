# SPDX-License-Identifier: GPL-3.0-or-later
"""What the compiler and the linker were asked for stands in the programs."""
import subprocess

import pytest

from harness.gateway import BIN
from harness.pki import ROOT

PROGRAMS = ("qaqpad", "qaqpa", "qaqpa-keyd")
RELEASE = ROOT / "build/release/bin"  # what ./run builds


def read(path, *words):
    return subprocess.run(["readelf", "--wide", *words, path], capture_output=True, check=True).stdout.decode()


def plain(path):
    """The program, unless sanitizers take the place of the hardening."""
    if "__asan_init" in read(path, "--symbols") or "__tsan_init" in read(path, "--symbols"):
        pytest.skip("a sanitizer build is not hardened")
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_addresses_are_random_and_tables_read_only(name):
    path = plain(BIN / name)
    assert "DYN (Position-Independent Executable" in read(path, "--file-header")
    headers, dynamic = read(path, "--program-headers"), read(path, "--dynamic")
    assert "GNU_RELRO" in headers and "NOW" in dynamic and "RPATH" not in dynamic and "RUNPATH" not in dynamic
    [stack] = (line for line in headers.splitlines() if "GNU_STACK" in line)
    assert stack.split()[-2] == "RW", stack  # not executable
    segments = [line.split() for line in headers.splitlines() if line.strip().startswith("LOAD")]
    assert segments and not any("W" in flags and "E" in flags for *_, flags in ((s[:6], "".join(s[6:-1])) for s in segments))


@pytest.mark.parametrize("name", PROGRAMS)
def test_stacks_are_guarded(name):
    assert "__stack_chk_fail" in read(plain(BIN / name), "--dyn-syms")


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_release_checks_lengths_of_buffers(name):
    path = RELEASE / name
    if not path.exists():
        pytest.skip("./run has not built the release programs")
    called = read(path, "--dyn-syms")
    assert "__memcpy_chk" in called and "__snprintf_chk" in called
