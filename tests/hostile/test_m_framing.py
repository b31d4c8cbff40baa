# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from attack.cases.m_framing import ATTACKS, CLASS, LEGITIMATE  # noqa: F401
from harness import raw, wss
from harness.gateway import PATH
from harness.hostile import test_attack, test_legitimate  # noqa: F401

TARGETS = ["/", "/other/", PATH + "x", PATH.upper(), PATH + "..", "/../../etc/passwd", "/%2e%2e/", PATH[:-1] + "%2f"]


@pytest.mark.parametrize("target", TARGETS)
def test_another_path_is_not_served(world, target):
    good = world.signed().encode()
    world.cuts_off(raw.post(len(good), target=target) + good, 404, closed=False)


@pytest.mark.parametrize("host", ["evil.test", "a&b", "a'b", "1.2.3.4:99"])
def test_a_strange_host_stays_well_formed_in_the_contract(world, host):
    """The address in ?wsdl is made of the Host line; nothing of it becomes markup."""
    reply = world.talk(f"GET {PATH}?wsdl HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert reply.status == 200
    addresses = wss.parse(reply.body).xpath("//@location[starts-with(., 'http://')]")
    assert f"http://{host}{PATH}" in addresses
