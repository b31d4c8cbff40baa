# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import pki as pki_module  # noqa: E402
from harness.gateway import Gateway  # noqa: E402
from harness.keeper import Keeper  # noqa: E402
from harness.provider import Provider  # noqa: E402
from harness.redis import Redis  # noqa: E402
from harness.world import World  # noqa: E402


@pytest.fixture(scope="session")
def pki():
    return pki_module.default()


@pytest.fixture(scope="module")
def provider(pki):
    p = Provider(pki["permits"])
    yield p
    p.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, pki, provider):
    """A running gateway with one service, Demo, that the provider answers."""
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    g.service(provider)
    g.start()
    yield g
    assert g.stop() == 0


@pytest.fixture
def lone(tmp_path, pki, provider):
    """A gateway of one test, with the service Demo; the test starts it when it has said the rest."""
    provider.answer = provider.signed_answer
    provider.received.clear()
    g = Gateway(tmp_path, pki)
    g.service(provider)
    yield g
    g.stop()


@pytest.fixture
def keeper(lone):
    """The keeper of keys for `lone`; the test starts it first."""
    k = Keeper(lone)
    yield k
    if k.process and k.process.poll() is None:
        k.stop()


@pytest.fixture
def redis(tmp_path):
    r = Redis(tmp_path / "redis")
    yield r
    r.stop()


@pytest.fixture(scope="module")
def world(request, tmp_path_factory):
    """Gateway, Redis and the simulated systems that the module names in SYSTEMS."""
    w = World(tmp_path_factory.mktemp("world"), request.module.SYSTEMS)
    yield w.begin()
    w.close()


def pytest_configure(config):
    config.addinivalue_line("markers", "rule(*names): the rules of the orders that the test shows (docs/requirements.md)")
