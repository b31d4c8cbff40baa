# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: old versions, weak agreement, handshakes that stall or are noise, clients without a certificate that counts."""
import random
import ssl
import subprocess
import warnings

from harness import raw

CLASS = "P  TLS"


USUAL = "usual"


def client(w, newest=ssl.TLSVersion.TLSv1_3, ciphers="ALL:@SECLEVEL=0", certificate=USUAL):
    """A client that offers what the case says, however old; the server is its only judge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    certificate = w.client_certificate if certificate is USUAL else certificate
    if certificate:
        context.load_cert_chain(w.pki.path(f"{certificate}.crt"), w.pki.path(f"{certificate}.key"))
    return context


def ask(w, context, listener):
    """A good message over TLS; the reply, once the handshake was accepted."""
    w.needs(listener)
    good = w.signed().encode()
    plain = w.connect(listener)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as s:
        s.sendall(raw.post(len(good), "Connection: close") + good)
        octets = b"".join(iter(lambda: s.recv(65536), b""))
    return good, raw.Reply(octets, True)


def offer(**what):
    def case(w):
        w.answered(*ask(w, client(w, **what), "server"))
    return case


def known_certificate(w):
    w.answered(*ask(w, client(w, certificate="tls-client"), "mutual"))


def weak(alert, **what):
    """Refused by the server; the client would have it."""
    def case(w):
        try:
            ask(w, client(w, **what), "server")
        except (ssl.SSLError, ConnectionError) as e:
            return w.refuses_handshake(e, alert)
        return w.expect(False, "the handshake was accepted")
    return case


def certificate(name, newest):
    """Of an unknown authority, or none; in TLS 1.3 the client learns it with the first octet it reads."""
    def case(w):
        try:
            ask(w, client(w, newest, certificate=name), "mutual")
        except (ssl.SSLError, ConnectionError):
            return None
        return w.expect(False, "the certificate was accepted")
    return case


def renegotiation(w):
    w.needs("server")
    with w.connect("server") as s:
        address = "%s:%d" % s.getpeername()[:2]
    name = w.client_certificate
    own = ["-cert", w.pki.path(f"{name}.crt"), "-key", w.pki.path(f"{name}.key")] if name else []
    done = subprocess.run(["openssl", "s_client", "-connect", address, "-tls1_2", *own],
                          input=b"R\n" + b"x\n" * 10, capture_output=True, timeout=w.patience, check=False)
    w.expect(b"RENEGOTIATING" in done.stdout + done.stderr and b":error:" in done.stderr,
             f"renegotiated: {done.stderr.decode(errors='replace')[:200]}")


def hello():
    """The octets of an ordinary ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    talk = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        pass
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
    "the hello of SSL 3": bytes.fromhex("16030000310100002d0300") + bytes(32) + bytes.fromhex("000006000a002f00350100"),
    "a hello without a cipher": bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("0000000100") + bytes(2),
    "a heartbeat before the handshake": bytes.fromhex("1803020003014000"),
    "a change of keys before the handshake": bytes.fromhex("140303000101"),
    "an end of the handshake at its beginning": bytes.fromhex("16030300101400000c") + bytes(12),
    "empty records": b"\x16\x03\x01\x00\x00" * 100,
    "a hello in pieces of one octet": b"".join(b"\x16\x03\x01\x00\x01" + bytes([octet]) for octet in hello()[5:50]),
    "a hello that says it has sixteen megabytes": bytes.fromhex("1603014000") + b"\x01\xff\xff\xff" + bytes(16380),
    "two hellos": hello() + hello(),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


def broken(octets, listener):
    """Ends without an answer of HTTP."""
    def case(w):
        w.needs(listener)
        with w.connect(listener) as s:
            s.sendall(octets)
            got = b"".join(iter(lambda: raw.pull(s), b""))
        w.expect(b"HTTP" not in got, got)
    return case


V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
WEAK = {
    "TLS 1.0": ("PROTOCOL_VERSION", dict(newest=ssl.TLSVersion.TLSv1)),
    "TLS 1.1": ("PROTOCOL_VERSION", dict(newest=ssl.TLSVersion.TLSv1_1)),
    "RSA key exchange": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="kRSA:@SECLEVEL=0")),
    "CBC": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")),
    "agreement without a certificate": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="aNULL:@SECLEVEL=0")),
    "finite fields": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="DHE:@SECLEVEL=0")),
    "CBC with SHA-384": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0")),
    "no encryption": ("HANDSHAKE_FAILURE", dict(newest=V12, ciphers="eNULL:@SECLEVEL=0")),
}
STRANGERS = {"no client certificate": None, "a client certificate for signing": "department",
             "a client certificate of an unknown authority": "attacker-own-ca", "the certificate of the server": "tls-server",
             "a client certificate of an authority of its own": "attacker-ca"}
ATTACKS = {
    **{name: weak(alert, **what) for name, (alert, what) in WEAK.items()},
    **{f"{name}, {newest.name}": certificate(file, newest) for name, file in STRANGERS.items() for newest in (V12, V13)},
    "renegotiation": renegotiation,
    **{f"{name}, to the {listener} listener": broken(octets, listener)
       for name, octets in BROKEN.items() for listener in ("server", "mutual")},
}
LEGITIMATE = {"TLS 1.2": offer(newest=V12), "TLS 1.3": offer(newest=V13), "a known client certificate": known_certificate}
