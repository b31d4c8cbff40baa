# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: old versions, weak agreement, handshakes that stall or are noise, clients without a certificate that counts."""
import random
import ssl
import subprocess

import pytest
import requests

from harness import raw
from harness.gateway import PATH

CLASS = "P  TLS"


def client(world, newest=ssl.TLSVersion.TLSv1_3, ciphers="ALL:@SECLEVEL=0", certificate=None):
    """A client that offers what the test says, however old; the server is its only judge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(world.pki.path("tls-ca.crt"))
    context.set_ciphers(ciphers)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    if certificate:
        context.load_cert_chain(world.pki.path(f"{certificate}.crt"), world.pki.path(f"{certificate}.key"))
    return context


def ask(world, context, listener="server"):
    """A good message over TLS; the reply, once the handshake was accepted."""
    good = world.signed().encode()
    plain = raw.connect(world.gateway.ports[listener])
    with plain, context.wrap_socket(plain, server_hostname="localhost") as s:
        s.sendall(raw.post(len(good), "Connection: close") + good)
        octets = b"".join(iter(lambda: s.recv(65536), b""))
    return good, raw.Reply(octets, True)


def accepted(world, context, listener="server"):
    good, reply = ask(world, context, listener)
    assert reply.status == 200
    world.is_accepted(good)


REFUSED = {
    "TLS 1.0": (dict(newest=ssl.TLSVersion.TLSv1), "PROTOCOL_VERSION"),
    "TLS 1.1": (dict(newest=ssl.TLSVersion.TLSv1_1), "PROTOCOL_VERSION"),
    "RSA key exchange": (dict(newest=ssl.TLSVersion.TLSv1_2, ciphers="kRSA:@SECLEVEL=0"), "HANDSHAKE_FAILURE"),
    "CBC": (dict(newest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"), "HANDSHAKE_FAILURE"),
    "agreement without a certificate": (
        dict(newest=ssl.TLSVersion.TLSv1_2, ciphers="aNULL:@SECLEVEL=0"), "HANDSHAKE_FAILURE"),
    "no encryption": (dict(newest=ssl.TLSVersion.TLSv1_2, ciphers="eNULL:@SECLEVEL=0"), "HANDSHAKE_FAILURE"),
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("case", REFUSED)
def test_a_weak_offer_is_refused_by_the_server(world, case):
    offer, alert = REFUSED[case]
    with pytest.raises(ssl.SSLError, match=f"ALERT_{alert}"):
        ask(world, client(world, **offer))
    world.record.refused[CLASS] += 1


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_good_offer_is_accepted(world, newest):
    accepted(world, client(world, newest))


def test_a_known_client_certificate_is_accepted(world):
    accepted(world, client(world, certificate="tls-client"), "mutual")


@pytest.mark.parametrize("certificate", [None, "department", "attacker-own-ca"])
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_another_client_certificate_is_refused(world, certificate, newest):
    """Of an unknown authority, or none; in TLS 1.3 the client learns it with the first octet it reads."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(world, client(world, newest, certificate=certificate), "mutual")
    world.record.refused[CLASS] += 1


def test_renegotiation_is_refused(world):
    port = world.gateway.ports["server"]
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2"],
                          input=b"R\n" + b"x\n" * 10, capture_output=True, timeout=10, check=False)
    assert b"RENEGOTIATING" in done.stdout + done.stderr and b"no renegotiation" in done.stderr, done.stderr
    world.record.refused[CLASS] += 1


def hello():
    """The octets of an ordinary ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    talk = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


def records(noise, kind=b"\x16\x03\x01"):
    return b"".join(kind + len(piece).to_bytes(2, "big") + piece for piece in noise)


def noise(n, size=500):
    r = random.Random(11)
    return [r.randbytes(size) for _ in range(n)]


BROKEN = {
    "silence": b"",
    "half a ClientHello, then silence": hello()[:100],
    "a ClientHello, then silence": hello(),
    "a ClientHello and noise": hello() + records(noise(1)),
    "ten records of noise": records(noise(10)),
    "ten records of an unknown kind": records(noise(10), b"\x63\x03\x03"),
    "a record that says it is longer than records are": b"\x16\x03\x01\xff\xff" + bytes(100),
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "application data before the handshake": records(noise(1), b"\x17\x03\x03"),
    "the hello of SSL 2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600407000c0") + bytes(16),
    "HTTP": raw.post(0),
}


@pytest.mark.parametrize("listener", ["server", "mutual"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_handshake_ends_without_an_answer_of_http(world, case, listener):
    with raw.connect(world.gateway.ports[listener]) as s:
        s.sendall(BROKEN[case])
        octets = b"".join(iter(lambda: raw.pull(s), b""))
    assert b"HTTP" not in octets
    world.record.refused[CLASS] += 1


def test_http_behind_a_wrong_name_is_still_only_tls(world):
    """The Host line may say anything; what the listener serves does not depend on it."""
    url = f"https://127.0.0.1:{world.gateway.ports['server']}{PATH}"
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(url, verify=str(world.pki.path("tls-ca.crt")), headers={"Host": "other.test"}, timeout=10)
    assert reply.status_code == 405
