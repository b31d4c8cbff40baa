# SPDX-License-Identifier: GPL-3.0-or-later
import os

import pytest

pytest.register_assert_rewrite("harness.hostile")

from harness.hostile import World  # noqa: E402
from harness.record import Record  # noqa: E402

record = Record()


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory, pki):
    w = World(tmp_path_factory.mktemp("hostile"), pki, record)
    yield w
    w.close()


@pytest.fixture(scope="module")
def open_world(shared_world, request):
    """Every module says its class, and its books are closed at its end."""
    shared_world.title = request.module.CLASS
    shared_world.open_books()
    yield shared_world
    shared_world.close_books()


@pytest.fixture
def world(open_world):
    yield open_world
    open_world.after_case()


def pytest_generate_tests(metafunc):
    """The cases of the module's class."""
    for word, table in (("attack", "ATTACKS"), ("legitimate", "LEGITIMATE")):
        if word in metafunc.fixturenames:
            cases = getattr(metafunc.module, table)
            metafunc.parametrize(word, cases.values(), ids=cases)


def pytest_terminal_summary(terminalreporter):
    if record.classes:
        terminalreporter.section("record of the hostile set")
        for line in record.lines():
            terminalreporter.write_line(line)
        if "QAQPA_RECORD" in os.environ:
            record.save(os.environ["QAQPA_RECORD"])
