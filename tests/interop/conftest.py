# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from harness.gateway import Gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, pki, provider):
    """As everywhere, but the department has a key of every accepted kind."""
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    g.participant("department")["certificates"] = [str(pki.path(f"{n}.crt")) for n in ("department", "department-ec", "department-ec384")]
    g.service(provider)
    g.start()
    yield g
    assert g.stop() == 0


@pytest.fixture(autouse=True)
def usual_answer(provider):
    provider.answer = provider.signed_answer
