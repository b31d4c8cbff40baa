# SPDX-License-Identifier: GPL-3.0-or-later
import requests

from attack.cases.p_tls import ATTACKS, CLASS, LEGITIMATE  # noqa: F401
from harness.gateway import PATH
from harness.hostile import test_attack, test_legitimate  # noqa: F401


def test_http_behind_a_wrong_name_is_still_only_tls(world):
    """The Host line may say anything; what the listener serves does not depend on it. The server is who it should be."""
    url = f"https://127.0.0.1:{world.gateway.ports['server']}{PATH}"
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(url, verify=str(world.pki.path("tls-ca.crt")), headers={"Host": "other.test"}, timeout=10)
    assert reply.status_code == 405
