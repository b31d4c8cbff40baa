# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority for tests, judged by programs that share no code with it: the openssl command, the cryptography library, and
gost-engine for what is national. A test that rests on its certificates rests on these."""
import datetime
import hashlib
import re
import shutil
import signal
import stat
import subprocess
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtensionOID as Ext

from harness import der, gost, soap, wss
from harness.authority import CLI, Authority, command, pem_octets
from harness.gateway import BIN, Gateway
from harness.pki import ROOT, Pki
from harness.provider import Provider

ALGORITHMS = ["rsa", "ec", "gost"]
PLAIN = ["rsa", "ec"]  # what the openssl command can judge by itself
URL = "http://127.0.0.1:9085"
ORGANISATION = "1.2.398.3.3.4.1.2"
MAIL = "1.3.6.1.5.5.7.3.4"
SYSTEM = [MAIL, ORGANISATION, ORGANISATION + ".6"]
NAMES = """root issuing ocsp tsa gateway gateway-ec permits monitoring department department-ec department-ec384 other-system
    treasury integrated-treasury insolvency appeals edms gbdfl gbdul tax payment portal files
    person other-person employee head corporation-employee coordinator-head administrator treasury-user
    treasury-head treasury-finance treasury-second treasury-planner treasury-officer treasury-deputy treasury-accountant
    treasury-stranger treasury-auth revoked on-hold expired future no-signing-usage rsa1024
    attacker-ca attacker-own-ca attacker-ocsp attacker-tsa tls-ca tls-server tls-client""".split()
NAMES_2004 = ["root-2004", "issuing-2004", "ocsp-2004", "tsa-2004", "department-2004"]
CN, SN, SERIAL, C, O, OU, GN = "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.42"
DC = "0.9.2342.19200300.100.1.25"
SHA256 = "2.16.840.1.101.3.4.2.1"
SHA512 = "2.16.840.1.101.3.4.2.3"
GOST512 = "1.2.398.3.10.1.3.3"
GOST_LEGACY = "1.2.398.3.10.1.3.1"
POLICY = "1.2.398.3.3.2.6."

needs_engine = pytest.mark.skipif(not gost.there(), reason="gost-engine or gostsum is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """algorithm: a folder of it, made once."""
    folder = tmp_path_factory.mktemp("authority")
    return {a: Authority(folder / a, a) for a in ALGORITHMS}


@pytest.fixture(scope="module")
def served(made):
    """algorithm: the running authority."""
    for a in made.values():
        a.start()
    yield made
    assert [a.stop() for a in made.values()] == [0, 0, 0]


@pytest.fixture
def own(made, tmp_path):
    """An authority that the test may change: a copy of the folder, running."""
    started = []

    def start(algorithm, *words):
        shutil.copytree(made[algorithm].folder, tmp_path / algorithm)
        started.append(Authority(tmp_path / algorithm, algorithm).start(*words))
        return started[-1]
    yield start
    assert [a.stop() for a in started] == [0] * len(started)


def openssl(*words, given=None):
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# make

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_folder_holds_everybody_and_keys_are_for_their_owner(made, algorithm):
    folder = made[algorithm].folder
    names = NAMES + (NAMES_2004 if algorithm == "gost" else [])
    wanted = {f"{n}{ending}" for n in names for ending in (".crt", ".key", ".p12", ".p12.password")} | {"test-pki.txt"}
    assert {p.name for p in folder.iterdir() if p.is_file()} == wanted
    for path in folder.iterdir():
        mode = 0o700 if path.is_dir() else 0o600
        public = path.suffix in (".crt", ".txt")
        assert public or stat.S_IMODE(path.stat().st_mode) == mode, path
    assert not [p for p in folder.parent.iterdir() if p.name.startswith(f"{algorithm}.") and p.suffix != ".log"]


def test_the_names_of_make_test_pki_are_all_there(made, pki):
    theirs = {p.name for p in pki.folder.iterdir() if p.suffix in (".crt", ".key")}
    assert theirs <= {p.name for p in made["rsa"].folder.iterdir()}
    for name in sorted(n[:-4] for n in theirs if n.endswith(".crt") and n not in ("root.crt", "issuing.crt", "attacker-ca.crt")):
        assert made["rsa"][name].certificate.subject == pki[name].certificate.subject, name


def test_made_again_nothing_changes(made):
    for algorithm, authority in made.items():
        before = contents(authority.folder)
        assert command("make", "--algorithm", algorithm, authority.folder).returncode == 0
        assert contents(authority.folder) == before


def test_make_test_pki_takes_the_folder_for_its_own(made):
    for authority in made.values():
        before = contents(authority.folder)
        subprocess.run([ROOT / "certs/make-test-pki", authority.folder], check=True, stdout=subprocess.DEVNULL)
        assert contents(authority.folder) == before


def test_what_is_not_wanted_is_refused(made, tmp_path):
    before = contents(made["ec"].folder)
    done = command("make", "--algorithm", "gost", made["ec"].folder)
    assert done.returncode == 2 and b"--force" in done.stderr
    assert contents(made["ec"].folder) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter").write_text("dear")
    for words in (["--force"], []):
        assert command("make", *words, tmp_path / "mine").returncode == 2
    assert contents(tmp_path / "mine").keys() == {(tmp_path / "mine/letter").relative_to(tmp_path / "mine")}
    assert command("make", "--algorithm", "dsa", tmp_path / "new").returncode == 2
    assert not (tmp_path / "new").exists()


def test_force_makes_everything_anew_and_leaves_nothing_behind(made, tmp_path):
    shutil.copytree(made["ec"].folder, tmp_path / "pki")
    (tmp_path / "pki/old").write_text("left from before")
    assert command("make", "--algorithm", "gost", "--force", tmp_path / "pki").returncode == 0
    assert "algorithm gost\n" in (tmp_path / "pki/test-pki.txt").read_text()
    assert not (tmp_path / "pki/old").exists()
    assert (tmp_path / "pki/gateway.key").read_bytes() != made["ec"].path("gateway.key").read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["pki"]


@pytest.mark.parametrize("why", ["incomplete", "somebody is missing", "older", "of the script", "near its end"])
def test_what_is_past_its_use_is_replaced(made, pki, tmp_path, why):
    folder = tmp_path / "pki"
    shutil.copytree(pki.folder if why == "of the script" else made["ec"].folder, folder)
    mark = folder / "test-pki.txt"
    if why == "incomplete":
        (folder / "gateway.key").unlink()
    if why == "somebody is missing":
        (folder / "person.crt").unlink()
    if why == "older":
        mark.write_text(re.sub(r"version \d+", "version 0", mark.read_text()))
    if why == "near its end":
        for ending in (".crt", ".key"):
            (folder / f"gateway{ending}").write_bytes((folder / f"expired{ending}").read_bytes())
    before = (folder / "gateway.crt").read_bytes()
    assert command("make", "--algorithm", "ec", folder).returncode == 0
    assert (folder / "gateway.crt").read_bytes() != before
    assert "\nalgorithm ec\n" in mark.read_text() and (folder / "gateway.key").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["pki"]


def test_folders_above_are_made_and_a_slash_behind_does_not_matter(tmp_path):
    assert command("make", "--algorithm", "ec", f"{tmp_path}/new/folders/pki/").returncode == 0
    assert [p.name for p in (tmp_path / "new/folders").iterdir()] == ["pki"]
    assert (tmp_path / "new/folders/pki/gateway.crt").exists()
    (tmp_path / "file").write_text("no folder")
    done = command("make", "--algorithm", "ec", tmp_path / "file/pki")
    assert done.returncode == 1 and b"file" in done.stderr
    assert command("make", "/").returncode == 2


def test_two_runs_at_once_do_not_mix(tmp_path):
    folder = tmp_path / "pki"
    runs = [subprocess.Popen([CLI, "make", "--algorithm", "ec", folder], stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [r.wait(60) for r in runs] == [0, 0, 0, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["pki"]
    for name in ("issuing", "gateway", "person"):
        issuer = "root" if name == "issuing" else "issuing"
        assert "OK" in openssl("verify", "-partial_chain", "-CAfile", folder / f"{issuer}.crt", folder / f"{name}.crt")


def test_stopped_on_the_way_it_leaves_nothing(tmp_path):
    run = subprocess.Popen([CLI, "make", "--algorithm", "rsa", tmp_path / "pki"], stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob("pki.*/root.crt")):
        assert run.poll() is None
        time.sleep(0.01)
    run.terminate()
    assert run.wait(60) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


# who signed what

@pytest.mark.parametrize("algorithm", PLAIN)
def test_chains_hold_for_openssl(made, algorithm):
    a = made[algorithm]
    trusted = ["-x509_strict", "-CAfile", a.path("root.crt"), "-untrusted", a.path("issuing.crt")]

    def verdict(name):
        return openssl("verify", *trusted, a.path(f"{name}.crt"))
    for name in NAMES:
        if name.startswith("attacker") or name.startswith("tls") or name in ("expired", "future", "rsa1024"):
            continue
        assert verdict(name).endswith(": OK\n"), name
    assert "certificate has expired" in verdict("expired")
    assert "certificate is not yet valid" in verdict("future")
    for name in ("attacker-own-ca", "attacker-ocsp", "attacker-tsa", "attacker-ca", "tls-server"):
        assert "OK" not in verdict(name), name
    tls = ["-CAfile", a.path("tls-ca.crt")]
    assert "OK" in openssl("verify", *tls, "-purpose", "sslserver", a.path("tls-server.crt"))
    assert "OK" in openssl("verify", *tls, "-purpose", "sslclient", a.path("tls-client.crt"))


def issued_by(authority, name):
    node, issuer = der.Node(authority.der(name)), authority.der(ISSUERS[name])
    return gost.verifies(gost.spki_of(issuer), node[1][0].oid(), node[0].raw, node[2].value[1:])


ISSUERS = {"root": "root", "issuing": "root", "gateway": "issuing", "gateway-ec": "issuing", "ocsp": "issuing", "tsa": "issuing",
           "treasury-user": "issuing", "attacker-ca": "attacker-ca", "attacker-own-ca": "attacker-ca",
           "root-2004": "root-2004", "issuing-2004": "root-2004", "department-2004": "issuing-2004", "tsa-2004": "issuing-2004"}


@needs_engine
@pytest.mark.parametrize("name", ISSUERS)
def test_national_signatures_hold_for_gost_engine(made, name):
    a = made["gost"]
    assert issued_by(a, name)
    node = der.Node(a.der(name))
    assert node[1].raw == node[0][2].raw and node[1][1].tag == der.NULL
    issuer = gost.spki_of(a.der(ISSUERS[name]))
    assert not gost.verifies(issuer, node[1][0].oid(), node[0].raw + b"\0", node[2].value[1:])
    stranger = gost.spki_of(a.der("issuing-2004" if "2004" in name else "permits"))
    if name not in ("department-2004", "tsa-2004"):
        assert not gost.verifies(stranger, node[1][0].oid(), node[0].raw, node[2].value[1:])


def test_the_attacker_has_the_names_of_the_authority_and_another_key(made):
    for a in made.values():
        true, false = der.Node(a.der("issuing"))[0], der.Node(a.der("attacker-ca"))[0]
        assert true[5].raw == false[5].raw and true[6].raw != false[6].raw
        assert der.Node(a.der("department"))[0][5].raw == der.Node(a.der("attacker-own-ca"))[0][5].raw


# keys

def test_private_keys_fit_their_certificates(made):
    for algorithm, names in (("rsa", NAMES), ("ec", NAMES), ("gost", ["gateway-ec", "department-ec384", "rsa1024"])):
        for name in names:
            a = made[algorithm]
            key = openssl("pkey", "-in", a.path(f"{name}.key"), "-pubout")
            assert "PUBLIC KEY" in key and key == openssl("x509", "-in", a.path(f"{name}.crt"), "-noout", "-pubkey"), name
            assert a.path(f"{name}.key").read_text().startswith("-----BEGIN " + "PRIVATE KEY-----")


@needs_engine
@pytest.mark.parametrize("name", ["root", "issuing", "gateway", "person", "tsa", "department-2004", "issuing-2004"])
def test_national_private_keys_fit_their_certificates(made, name):
    spki = gost.spki_of(made["gost"].der(name))
    node = der.Node(pem_octets(made["gost"].path(f"{name}.key")))
    assert gost.kind_of(spki) == ("1.2.398.3.10.1.1.1.1" if "2004" in name else "1.2.398.3.10.1.1.2.2")
    assert node[1].raw == spki[0].raw
    assert gost.public_of(node.raw) == spki[1].inside().value


def test_no_key_is_made_twice(made):
    for a in made.values():
        keys = [p.read_bytes() for p in a.folder.glob("*.key")]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("algorithm,kind", [("rsa", "1.2.840.113549.1.1.1"), ("ec", "1.2.840.10045.2.1"), ("gost", "1.2.398.3.10.1.1.2.2")])
def test_keys_are_of_the_kind_that_was_asked_for(made, algorithm, kind):
    always = {"gateway-ec": "256", "department-ec": "256", "department-ec384": "384", "tls-server": "256"}
    for name in NAMES:
        spki = gost.spki_of(made[algorithm].der(name))
        if name in always or name.startswith("tls"):
            assert f"Public-Key: ({always.get(name, '256')} bit)" in openssl("x509", "-in", made[algorithm].path(f"{name}.crt"), "-noout", "-text")
        elif name in ("rsa1024", "treasury-auth"):
            assert made[algorithm][name].certificate.public_key().key_size == (1024 if name == "rsa1024" else 2048)
        else:
            assert spki[0][0].oid() == kind, name
    if algorithm == "rsa":
        assert made["rsa"]["gateway"].certificate.public_key().key_size == 2048


# the profile, field by field

def subject(authority, name):
    """(attribute, string type, value) in the order of the certificate; each part alone in its set."""
    found = []
    for part in der.Node(authority.der(name))[0][5].children():
        assert len(part) == 1
        found.append((part[0][0].oid(), part[0][1].tag, part[0][1].value.decode()))
    return found


def organisation(o, ou):
    return [(C, der.PRINTABLE, "KZ"), (O, der.UTF8, o), (OU, der.UTF8, "BIN" + ou)]


DEPARTMENT = organisation("Ведомство (тест)", "200440000015")
SUBJECTS = {
    "gateway": [(CN, der.UTF8, "Gateway"), *organisation("Шлюз (тест)", "200140000014")],
    "permits": [(CN, der.UTF8, "Permits system"), *organisation("Рұқсаттар мен хабарламалар (тест)", "200240000018")],
    "monitoring": [(CN, der.UTF8, "Monitoring system"), *organisation("Мониторинг жүйесі (тест)", "200340000011")],
    "department": [(CN, der.UTF8, "Department system"), *DEPARTMENT],
    "revoked": [(CN, der.UTF8, "Department system"), *DEPARTMENT],
    "on-hold": [(CN, der.UTF8, "Department system"), *DEPARTMENT],
    "person": [(CN, der.UTF8, "ТЕСТОВ ТЕСТ"), (SN, der.UTF8, "ТЕСТОВ"), (SERIAL, der.PRINTABLE, "IIN900101300017"),
               (C, der.PRINTABLE, "KZ"), (GN, der.UTF8, "ТЕСТҰЛЫ")],
    "employee": [(CN, der.UTF8, "ҚЫЗМЕТКЕР ТЕСТ"), (SN, der.UTF8, "ҚЫЗМЕТКЕР"), (SERIAL, der.PRINTABLE, "IIN850202300024"),
                 *DEPARTMENT, (GN, der.UTF8, "ТЕСТҚЫЗЫ")],
    "head": [(CN, der.UTF8, "БАСШЫ ТЕСТ"), (SN, der.UTF8, "БАСШЫ"), (SERIAL, der.PRINTABLE, "IIN750404300041"),
             *DEPARTMENT, (GN, der.UTF8, "ТЕСТҰЛЫ")],
    "treasury-user": [(CN, der.UTF8, "ҚАЗЫНАШЫ ТЕСТ"), (SN, der.UTF8, "ҚАЗЫНАШЫ"), (SERIAL, der.PRINTABLE, "IIN800303300034"),
                      *DEPARTMENT, (GN, der.UTF8, "ТЕСТҰЛЫ"), (DC, der.IA5, "ROLE01")],
}
PURPOSES = {
    "gateway": SYSTEM, "permits": SYSTEM, "monitoring": SYSTEM, "department": SYSTEM, "revoked": SYSTEM, "on-hold": SYSTEM,
    "person": [MAIL, "1.2.398.3.3.4.1.1"],
    "employee": [MAIL, ORGANISATION, ORGANISATION + ".5"],
    "head": [MAIL, ORGANISATION, ORGANISATION + ".1"],
    "treasury-user": [MAIL, ORGANISATION, ORGANISATION + ".3", "1.2.398.5.19.1.2.2.1.2"],
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects_are_written_as_the_national_authority_writes_them(made, algorithm, name):
    assert subject(made[algorithm], name) == SUBJECTS[name]


def test_the_check_digits_of_invented_numbers_fit(made):
    first, second = range(1, 12), [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]
    numbers = {v[3:] for name in SUBJECTS for _, _, v in subject(made["ec"], name) if v[:3] in ("BIN", "IIN")}
    assert len(numbers) == 8
    for number in numbers:
        digits = [int(c) for c in number]
        check = sum(w * d for w, d in zip(first, digits)) % 11
        if check == 10:
            check = sum(w * d for w, d in zip(second, digits)) % 11
        assert len(number) == 12 and digits[11] == check, number


def extension(certificate, oid):
    return certificate.extensions.get_extension_for_oid(oid)


def urls(points):
    return [name.value for point in points for name in point.full_name]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", PURPOSES)
def test_extensions_of_signers(made, algorithm, name):
    a = made[algorithm]
    c, issuing = a[name].certificate, a["issuing"].certificate
    usage = extension(c, Ext.KEY_USAGE)
    v = usage.value
    assert usage.critical and v.digital_signature and v.content_commitment and v.key_agreement == (algorithm == "gost")
    assert not (v.key_encipherment or v.data_encipherment or v.key_cert_sign or v.crl_sign)
    purposes = extension(c, Ext.EXTENDED_KEY_USAGE)
    assert not purposes.critical and [p.dotted_string for p in purposes.value] == PURPOSES[name]
    policies = [p.policy_identifier.dotted_string for p in extension(c, Ext.CERTIFICATE_POLICIES).value]
    assert policies == ["1.2.398.3.3.2" if algorithm == "gost" else "1.2.398.3.3.2." + ("3" if name == "person" else "1")]
    assert urls(extension(c, Ext.CRL_DISTRIBUTION_POINTS).value) == [f"{URL}/crl/issuing.crl"]
    assert urls(extension(c, Ext.FRESHEST_CRL).value) == [f"{URL}/crl/issuing_d.crl"]
    access = {d.access_method.dotted_string: d.access_location.value for d in extension(c, Ext.AUTHORITY_INFORMATION_ACCESS).value}
    assert access == {"1.3.6.1.5.5.7.48.1": f"{URL}/ocsp", "1.3.6.1.5.5.7.48.2": f"{URL}/ca/issuing.crt"}
    ski = extension(c, Ext.SUBJECT_KEY_IDENTIFIER).value.digest
    assert ski == hashlib.sha1(gost.spki_of(a.der(name))[1].value[1:]).digest()
    assert c.serial_number == int.from_bytes(bytes([ski[0] & 0x7F]) + ski[1:], "big")
    assert extension(c, Ext.AUTHORITY_KEY_IDENTIFIER).value.key_identifier == extension(
        issuing, Ext.SUBJECT_KEY_IDENTIFIER).value.digest
    storage = extension(c, x509.ObjectIdentifier("1.2.398.3.3.5"))
    assert [n.oid() for n in der.Node(storage.value.value).children()] == ["1.2.398.3.3.5.1.1"]
    assert len(c.extensions) == 9  # no basicConstraints: an end entity of the national authority has none
    assert c.issuer == issuing.subject and c.version == x509.Version.v3


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_extensions_of_authorities_and_services(made, algorithm):
    a = made[algorithm]
    for name in ("root", "issuing"):
        c = a[name].certificate
        assert extension(c, Ext.BASIC_CONSTRAINTS).critical and extension(c, Ext.BASIC_CONSTRAINTS).value.ca
        v = extension(c, Ext.KEY_USAGE).value
        assert v.key_cert_sign and v.crl_sign and not v.digital_signature
        with pytest.raises(x509.ExtensionNotFound):
            extension(c, Ext.EXTENDED_KEY_USAGE)
    for name, purpose, critical in (("ocsp", "1.3.6.1.5.5.7.3.9", False), ("tsa", "1.3.6.1.5.5.7.3.8", True)):
        c = a[name].certificate
        e = extension(c, Ext.EXTENDED_KEY_USAGE)
        assert (e.critical, [p.dotted_string for p in e.value]) == (critical, [purpose])
        assert extension(c, Ext.KEY_USAGE).value.digital_signature and c.issuer == a["issuing"].certificate.subject
    assert extension(a["ocsp"].certificate, Ext.OCSP_NO_CHECK)
    v = extension(a["no-signing-usage"].certificate, Ext.KEY_USAGE).value
    assert v.key_encipherment and not v.digital_signature and not v.content_commitment


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_for_authentication_is_rsa_and_signs_no_document(made, algorithm):
    c = made[algorithm]["treasury-auth"].certificate
    assert c.public_key().key_size == 2048 and isinstance(c.public_key(), rsa.RSAPublicKey)
    v = extension(c, Ext.KEY_USAGE).value
    assert v.digital_signature and v.key_encipherment and not v.content_commitment and not v.key_agreement
    assert [p.policy_identifier.dotted_string for p in extension(c, Ext.CERTIFICATE_POLICIES).value] == ["1.2.398.3.3.2.2"]
    purposes = [p.dotted_string for p in extension(c, Ext.EXTENDED_KEY_USAGE).value]
    assert "1.2.398.5.19.1.2.2.1.3" in purposes and "1.2.398.5.19.1.2.2.1.2" not in purposes and MAIL not in purposes


def test_periods_are_relative_to_now(made):
    now, day = datetime.datetime.utcnow(), datetime.timedelta(days=1)
    for a in made.values():
        for name in NAMES:
            c = a[name].certificate
            if name == "expired":
                assert c.not_valid_after < now - 30 * day
            elif name == "future":
                assert c.not_valid_before > now + 300 * day
            else:
                assert c.not_valid_before < now - 20 * day and c.not_valid_after > now + 300 * day, name
        assert a["issuing"].certificate.not_valid_before < a["expired"].certificate.not_valid_before


# PKCS#12

def pkcs12_key(password, salt, iterations, purpose, n):
    """The derivation of RFC 7292, appendix B, with SHA-1."""
    word = (password + "\0").encode("utf-16-be")

    def filled(text):
        return (text * (-(-64 // len(text)) + len(text)))[:64 * -(-len(text) // 64)]
    state, out = bytearray(filled(salt) + filled(word)), b""
    while len(out) < n:
        block = bytes([purpose] * 64) + bytes(state)
        for _ in range(iterations):
            block = hashlib.sha1(block).digest()
        out += block
        step = int.from_bytes((block * 4)[:64], "big") + 1
        for i in range(0, len(state), 64):
            state[i:i + 64] = ((int.from_bytes(state[i:i + 64], "big") + step) % (1 << 512)).to_bytes(64, "big")
    return out[:n]


def key_of_pkcs12(octets, password):
    """The PKCS#8 in the shrouded key bag (3DES)."""
    safes = der.Node(der.Node(octets)[1][1][0].value)
    bag = der.Node(safes[0][1][0].value)[0]
    assert bag[0].oid() == "1.2.840.113549.1.12.10.1.2"
    algorithm, sealed = bag[1][0].children()
    assert algorithm[0].oid() == "1.2.840.113549.1.12.1.3"
    salt, iterations = algorithm[1][0].value, algorithm[1][1].number()
    cipher = Cipher(TripleDES(pkcs12_key(password, salt, iterations, 1, 24)), modes.CBC(pkcs12_key(password, salt, iterations, 2, 8)))
    reader = cipher.decryptor()
    plain = reader.update(sealed.value) + reader.finalize()
    return plain[:-plain[-1]]


@pytest.mark.parametrize("algorithm,name", [("rsa", "gateway"), ("ec", "gateway"), ("gost", "gateway"), ("gost", "department-2004"),
                                            ("gost", "treasury-user"), ("gost", "gateway-ec")])
def test_pkcs12_has_the_form_of_the_national_authority(made, algorithm, name):
    a = made[algorithm]
    password = a.path(f"{name}.p12.password").read_text().rstrip("\n")
    assert len(password) == 16 and any(c.isupper() for c in password) and any(c.islower() for c in password)
    assert any(c.isdigit() for c in password)
    said = openssl("pkcs12", "-legacy", "-info", "-nokeys", "-in", a.path(f"{name}.p12"), "-passin", f"pass:{password}")
    assert "MAC: sha1, Iteration 1024" in said
    assert "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 1024" in said
    assert "Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 1024" in said
    assert said.count("BEGIN CERTIFICATE") == 1
    ski = extension(a[name].certificate, Ext.SUBJECT_KEY_IDENTIFIER).value.digest
    assert f"friendlyName: {ski.hex()}" in said
    assert "localKeyID: " + " ".join(f"{b:02X}" for b in ski) in said
    body = said.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
    assert "".join(body.split()) in "".join(a.path(f"{name}.crt").read_text().split())
    assert key_of_pkcs12(a.path(f"{name}.p12").read_bytes(), password) == pem_octets(a.path(f"{name}.key"))
    assert "Mac verify error" in openssl("pkcs12", "-legacy", "-in", a.path(f"{name}.p12"), "-passin", "pass:Qwerty12")


def test_passwords_differ(made):
    words = [p.read_text() for a in made.values() for p in a.folder.glob("*.password")]
    assert len(set(words)) == len(words)


# OCSP

def status(a, name, *words, issuer="issuing", root="root"):
    return openssl("ocsp", "-issuer", a.path(f"{issuer}.crt"), "-cert", a.path(f"{name}.crt"), "-url", f"{a.url}/ocsp",
                   "-CAfile", a.path(f"{root}.crt"), "-verify_other", a.path(f"{issuer}.crt"), *words)


@pytest.mark.parametrize("algorithm", PLAIN)
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
def test_openssl_believes_the_responder(served, algorithm, digest):
    def said(name, *words):
        text = openssl("ocsp", "-issuer", a.path("issuing.crt"), digest, "-cert", a.path(f"{name}.crt"), "-url", f"{a.url}/ocsp",
                       "-CAfile", a.path("root.crt"), *words)
        assert "Response verify OK" in text and "nonce" not in text.lower()
        return text
    a = served[algorithm]
    assert "gateway.crt: good" in said("gateway") and "good" in said("expired") and "good" in said("tsa")
    assert "revoked" in said("revoked") and "Reason: keyCompromise" in said("revoked")
    assert "revoked" in said("on-hold") and "Reason: certificateHold" in said("on-hold")


def test_the_root_answers_for_what_it_issued(served):
    for algorithm in PLAIN:
        text = status(served[algorithm], "issuing", issuer="root")
        assert "Response verify OK" in text and "issuing.crt: good" in text


def question(a, name, issuer="issuing", nonce=None, algorithm=None):
    """A request in DER, made by hand: the library makes none for national keys."""
    issuer_node = der.Node(a.der(issuer))[0]
    hashed = (algorithm or hashlib.sha256)
    oid = {hashlib.sha256: SHA256, hashlib.sha1: "1.3.14.3.2.26"}[hashed]
    identity = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.oid(oid), der.tlv(der.NULL)),
                       der.tlv(der.OCTET_STRING, hashed(issuer_node[5].raw).digest()),
                       der.tlv(der.OCTET_STRING, hashed(issuer_node[6][1].value[1:]).digest()),
                       name if isinstance(name, bytes) else der.Node(a.der(name))[0][1].raw)
    extensions = b""
    if nonce:
        extensions = der.tlv(0xA2, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.oid("1.3.6.1.5.5.7.48.1.2"),
                                                                der.tlv(der.OCTET_STRING, nonce))))
    listed = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, identity))
    return der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, listed, extensions))


def answer(a, *words, **more):
    got = a.ask("ocsp", question(a, *words, **more))
    assert got.status_code == 200 and got.headers["Content-Type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(got.content)


def basic_of(reply):
    return der.Node(der.Node(reply)[1][0][1].value)


def nonce_of(reply):
    """As it stands in its extension, raw or wrapped; a library would take the wrapping off."""
    found = basic_of(reply).find("1.3.6.1.5.5.7.48.1.2")
    return found[0].children()[-1].value if found else None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_answers_say_what_was_asked_about(served, algorithm):
    a = served[algorithm]
    for nonce in (b"\x04\x08" + b"12345678", b"raw-nonce-of-24-octets--", None):
        got = answer(a, "gateway", nonce=nonce)
        assert got.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL
        assert got.certificate_status == ocsp.OCSPCertStatus.GOOD and got.serial_number == a["gateway"].certificate.serial_number
        assert nonce_of(a.ask("ocsp", question(a, "gateway", nonce=nonce)).content) == nonce
        assert got.this_update < got.next_update <= got.this_update + datetime.timedelta(seconds=300)
    got = answer(a, "revoked", algorithm=hashlib.sha1)
    assert isinstance(got.hash_algorithm, hashes.SHA1)
    assert (got.certificate_status, got.revocation_reason) == (ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.key_compromise)
    assert got.revocation_time < datetime.datetime.utcnow() - datetime.timedelta(days=6)
    assert answer(a, "on-hold").revocation_reason == x509.ReasonFlags.certificate_hold
    assert answer(a, der.integer(4711)).certificate_status == ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_questions_that_are_none_are_refused(served, algorithm):
    a = served[algorithm]
    assert answer(a, "attacker-own-ca", issuer="attacker-ca").response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED
    for octets in (b"", b"x", question(a, "gateway") + b"\0", question(a, "gateway")[:-1]):
        got = ocsp.load_der_ocsp_response(a.ask("ocsp", octets).content)
        assert got.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@needs_engine
@pytest.mark.parametrize("name,issuer,responder", [("gateway", "issuing", "ocsp"), ("department-2004", "issuing-2004", "ocsp-2004"),
                                                   ("issuing", "root", "root")])
def test_national_answers_hold_for_gost_engine(served, name, issuer, responder):
    a = served["gost"]
    got = answer(a, name, issuer=issuer, nonce=b"\x04\x0812345678")
    assert got.certificate_status == ocsp.OCSPCertStatus.GOOD
    basic = basic_of(a.ask("ocsp", question(a, name, issuer=issuer)).content)
    enclosed = basic[3][0][0].raw
    assert enclosed == a.der(responder)
    assert gost.verifies(gost.spki_of(enclosed), basic[1][0].oid(), basic[0].raw, basic[2].value[1:])


# CRL

def crl_text(octets, *words):
    return openssl("crl", "-inform", "DER", "-noout", *words, given=octets)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_lists_name_the_revoked_and_their_reasons(served, algorithm):
    a = served[algorithm]
    octets = a.crl()
    if algorithm in PLAIN:
        assert "verify OK" in crl_text(octets, "-CAfile", a.path("issuing.crt"))
    crl = x509.load_der_x509_crl(octets)
    assert crl.issuer == a["issuing"].certificate.subject
    said = {r.serial_number: r.extensions.get_extension_for_class(x509.CRLReason).value.reason for r in crl}
    assert said == {a["revoked"].certificate.serial_number: x509.ReasonFlags.key_compromise,
                    a["on-hold"].certificate.serial_number: x509.ReasonFlags.certificate_hold}
    assert crl.last_update <= datetime.datetime.utcnow() < crl.next_update <= crl.last_update + datetime.timedelta(seconds=300)
    assert crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == extension(
        a["issuing"].certificate, Ext.SUBJECT_KEY_IDENTIFIER).value.digest
    later = x509.load_der_x509_crl(a.crl())
    number = [c.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for c in (crl, later)]
    assert number[0] <= number[1]
    assert len(list(x509.load_der_x509_crl(a.crl("root")))) == 0


@needs_engine
@pytest.mark.parametrize("issuer", ["issuing", "root", "issuing-2004", "root-2004"])
@pytest.mark.parametrize("delta", [False, True])
def test_national_lists_hold_for_gost_engine(served, issuer, delta):
    a = served["gost"]
    node = der.Node(a.crl(issuer, delta))
    assert node[1].raw == node[0][1].raw
    assert gost.verifies(gost.spki_of(a.der(issuer)), node[1][0].oid(), node[0].raw, node[2].value[1:])


def listed(octets):
    return {r.serial_number: r.extensions.get_extension_for_class(x509.CRLReason).value.reason if len(r.extensions) else None
            for r in x509.load_der_x509_crl(octets)}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_revoking_and_lifting_are_seen_at_once(own, algorithm):
    a = own(algorithm)
    base = listed(a.crl())
    serial = {n: a[n].certificate.serial_number for n in ("permits", "monitoring", "on-hold")}
    assert listed(a.crl(delta=True)) == {}
    a.revoke("permits", "hold")
    assert answer(a, "permits").revocation_reason == x509.ReasonFlags.certificate_hold
    a.revoke("monitoring")
    assert answer(a, "monitoring").certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert listed(a.crl()) == {**base, serial["permits"]: x509.ReasonFlags.certificate_hold, serial["monitoring"]: None}
    assert listed(a.crl(delta=True)) == {serial["permits"]: x509.ReasonFlags.certificate_hold, serial["monitoring"]: None}
    a.unrevoke("permits")
    a.unrevoke("on-hold")
    assert answer(a, "permits").certificate_status == ocsp.OCSPCertStatus.GOOD
    assert answer(a, "on-hold").certificate_status == ocsp.OCSPCertStatus.GOOD
    assert listed(a.crl()).keys() == {a["revoked"].certificate.serial_number, serial["monitoring"]}
    assert listed(a.crl(delta=True)) == {serial["on-hold"]: x509.ReasonFlags.remove_from_crl, serial["monitoring"]: None}
    delta = x509.load_der_x509_crl(a.crl(delta=True))
    indicator = delta.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    number = delta.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert indicator.critical and 0 < indicator.value.crl_number < number


def test_a_hold_may_become_a_revocation_but_nothing_else_changes(own):
    a = own("ec")
    a.revoke("on-hold", "cessationOfOperation")
    assert answer(a, "on-hold").revocation_reason == x509.ReasonFlags.cessation_of_operation
    for words in (["revoke", a.folder, "revoked"], ["unrevoke", a.folder, "revoked"], ["unrevoke", a.folder, "gateway"],
                  ["revoke", a.folder, "attacker-own-ca"], ["revoke", a.folder, "nobody"],
                  ["trouble", a.folder, "ocsp", "slow", "soon"], ["trouble", a.folder, "ocsp", "slow", "-1"],
                  ["revoke", "--reason", "removeFromCRL", a.folder, "gateway"], ["revoke", "--reason", "mood", a.folder, "gateway"]):
        assert command(*words).returncode == 2, words
    assert answer(a, "gateway").certificate_status == ocsp.OCSPCertStatus.GOOD


def test_openssl_judges_by_list_and_delta(own, tmp_path):
    a = own("ec")
    a.trouble("crl", "lagging")
    a.revoke("permits", "superseded")
    for name, octets in (("base", a.crl()), ("delta", a.crl(delta=True)), ("root", a.crl("root"))):
        (tmp_path / f"{name}.pem").write_text(openssl("crl", "-inform", "DER", given=octets))
    trusted = ["-CAfile", a.path("root.crt"), "-untrusted", a.path("issuing.crt"), "-crl_check", "-CRLfile", tmp_path / "base.pem"]
    assert "certificate revoked" in openssl("verify", *trusted, a.path("revoked.crt"))
    assert "permits.crt: OK" in openssl("verify", *trusted, a.path("permits.crt"))
    with_delta = [*trusted, "-extended_crl", "-use_deltas", "-CRLfile", tmp_path / "delta.pem"]
    assert "certificate revoked" in openssl("verify", *with_delta, a.path("permits.crt"))
    assert "gateway.crt: OK" in openssl("verify", *with_delta, a.path("gateway.crt"))


# time-stamps

def stamp(a, tmp_path, *words):
    """What openssl thinks of a time-stamp, its text, and the octets."""
    (tmp_path / "data").write_text("what is stamped")
    said = openssl("ts", "-query", "-data", tmp_path / "data", "-cert", "-out", tmp_path / "query", *words)
    assert (tmp_path / "query").exists(), said
    got = a.ask("tsp", (tmp_path / "query").read_bytes())
    assert got.status_code == 200 and got.headers["Content-Type"] == "application/timestamp-reply"
    (tmp_path / "reply").write_bytes(got.content)
    verdict = openssl("ts", "-verify", "-queryfile", tmp_path / "query", "-in", tmp_path / "reply", "-CAfile", a.path("root.crt"),
                      "-untrusted", a.path("issuing.crt"))
    return verdict, openssl("ts", "-reply", "-in", tmp_path / "reply", "-text"), got.content


@pytest.mark.parametrize("algorithm", PLAIN)
@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
def test_openssl_believes_the_time_stamps(served, tmp_path, algorithm, digest):
    verdict, text, _ = stamp(served[algorithm], tmp_path, digest)
    assert "Verification: OK" in verdict
    assert f"Policy OID: {POLICY}4" in text and "Status: Granted." in text and f"Hash Algorithm: {digest[1:]}" in text


@pytest.mark.parametrize("policy", "1234")
def test_each_policy_of_the_register_is_known(served, tmp_path, policy):
    verdict, text, _ = stamp(served["rsa"], tmp_path, "-sha256", "-tspolicy", POLICY + policy)
    assert "Verification: OK" in verdict and f"Policy OID: {POLICY}{policy}" in text


def test_what_cannot_be_stamped_is_rejected(served, tmp_path):
    for words, why in ((["-sha1"], "badAlg\\|unrecognized or unsupported"), (["-sha256", "-tspolicy", "1.2.3.4"], "policy")):
        verdict, text, _ = stamp(served["ec"], tmp_path, *words)
        assert "Status: Rejected." in text and "FAILED" in verdict
        assert any(w in text for w in why.split("\\|")), text
    assert der.Node(served["ec"].ask("tsp", b"no question").content)[0][0].number() == 2


def stamp_question(oid, imprint, nonce=4711, policy=None):
    return der.tlv(der.SEQUENCE, der.integer(1), der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.oid(oid), der.tlv(der.NULL)),
                                                         der.tlv(der.OCTET_STRING, imprint)),
                   der.oid(policy) if policy else b"", der.integer(nonce), der.tlv(der.BOOLEAN, b"\xff"))


def signed_data(reply):
    node = der.Node(reply)
    assert node[0][0].number() == 0 and node[1][0].oid() == "1.2.840.113549.1.7.2"
    return node[1][1][0]


@needs_engine
@pytest.mark.parametrize("oid,size,policy,signer", [(GOST512, 64, None, "tsa"), (SHA512, 64, POLICY + "4", "tsa"), (SHA256, 32, None, "tsa"),
                                                    (GOST512, 64, POLICY + "1", "tsa-2004"), (GOST_LEGACY, 32, POLICY + "1", "tsa-2004")])
def test_national_time_stamps_hold_for_gost_engine(served, oid, size, policy, signer):
    a = served["gost"]
    imprint = bytes(range(size))
    signed = signed_data(a.ask("tsp", stamp_question(oid, imprint, policy=policy)).content)
    content = signed[2][1][0].value
    info = der.Node(content)
    assert signed[2][0].oid() == "1.2.840.113549.1.9.16.1.4"
    assert info[1].oid() == policy or POLICY + "4" == info[1].oid()
    assert (info[2][0][0].oid(), info[2][1].value) == (oid, imprint)
    assert [n.number() for n in info.children() if n.tag == der.INTEGER][-1] == 4711
    at = datetime.datetime.strptime(info[4].value.decode(), "%Y%m%d%H%M%SZ")
    assert abs(at - datetime.datetime.utcnow()) < datetime.timedelta(minutes=5)
    enclosed = signed[3][0].raw
    assert enclosed == a.der(signer)
    entry = signed[-1][0]
    attributes = {n[0].oid(): n[1][0] for n in entry[3].children()}
    kind = gost.kind_of(gost.spki_of(enclosed))
    assert attributes["1.2.840.113549.1.9.4"].value == gost.digest(kind, content)
    assert "1.2.840.113549.1.9.16.2.47" in attributes  # signingCertificateV2
    assert entry[2][0].oid() == {"tsa": GOST512, "tsa-2004": GOST_LEGACY}[signer]
    assert gost.verifies(gost.spki_of(enclosed), entry[4][0].oid(), b"\x31" + entry[3].raw[1:], entry[5].value)


def test_a_national_digest_of_the_wrong_length_is_rejected(served):
    assert der.Node(served["gost"].ask("tsp", stamp_question(GOST512, b"x" * 32)).content)[0][0].number() == 2
    assert der.Node(served["gost"].ask("tsp", stamp_question("1.2.398.3.10.1.3.2", b"x" * 32)).content)[0][0].number() == 2


# paths

def test_certificates_of_authorities_are_published(served):
    for a in served.values():
        got = requests.get(f"{a.url}/ca/issuing.crt", timeout=10)
        assert (got.status_code, got.content) == (200, a.der("issuing"))


def test_only_what_is_served_is_served(served):
    a = served["ec"]
    for path in ("/", "/crl/attacker-ca.crl", "/ca/gateway.crt", "/crl/..%2fissuing.crl", "/ca/issuing.key", "/crl/.crl", "/crl/issuing"):
        assert requests.get(a.url + path, timeout=10).status_code == 404, path
    got = requests.get(f"{a.url}/ocsp", timeout=10)
    assert (got.status_code, got.headers["Allow"]) == (405, "POST")
    got = requests.post(f"{a.url}/crl/issuing.crl", data=b"", timeout=10)
    assert (got.status_code, got.headers["Allow"]) == (405, "GET")


# troubles

@pytest.mark.parametrize("service", ["ocsp", "crl", "delta", "tsp", "ca"])
def test_troubles_that_need_no_cryptography(own, service):
    a = own("ec")

    def get():
        if service in ("ocsp", "tsp"):
            return a.ask(service, question(a, "gateway") if service == "ocsp" else stamp_question(SHA256, b"x" * 32))
        path = {"crl": "crl/issuing.crl", "delta": "crl/issuing_d.crl", "ca": "ca/issuing.crt"}[service]
        return requests.get(f"{a.url}/{path}", timeout=30)
    usual = get()
    assert usual.status_code == 200 and usual.content
    a.trouble(service, "down")
    assert get().status_code == 503
    a.trouble(service, "empty")
    assert (get().status_code, get().content) == (200, b"")
    a.trouble(service, "slow", 400)
    began = time.monotonic()
    assert get().content and time.monotonic() - began >= 0.4
    a.trouble(service, "none")
    assert len(get().content) > 0


def test_a_trouble_is_of_its_service_alone(own):
    a = own("ec")
    a.trouble("ocsp", "down")
    a.trouble("crl", "empty")
    assert a.ask("ocsp", question(a, "gateway")).status_code == 503 and a.crl() == b""
    assert a.crl(delta=True) and a.ask("tsp", stamp_question(SHA256, b"x" * 32)).status_code == 200
    for words in (["crl", "wrong-nonce"], ["ca", "forged"], ["ocsp", "lagging"], ["post", "down"], ["ocsp", "bad"]):
        assert command("trouble", a.folder, *words).returncode == 2, words


OCSP_TROUBLES = {
    "try-later": "trylater (3)", "refused": "unauthorized (6)", "no-nonce": "no nonce in response", "wrong-nonce": "Nonce Verify error",
    "wrong-signer": "Response Verify Failure", "forged": "Response Verify Failure", "stale": "Status times invalid",
    "other": "No Status found",
}


@pytest.mark.parametrize("algorithm", PLAIN)
@pytest.mark.parametrize("trouble", OCSP_TROUBLES)
def test_openssl_sees_each_trouble_of_the_responder(own, algorithm, trouble):
    a = own(algorithm)
    assert OCSP_TROUBLES[trouble] not in status(a, "gateway")
    a.trouble("ocsp", trouble)
    assert OCSP_TROUBLES[trouble] in status(a, "gateway")
    a.trouble("ocsp", "none")
    assert "gateway.crt: good" in status(a, "gateway") and "Response verify OK" in status(a, "gateway")


@needs_engine
def test_false_signers_of_national_answers(own):
    a = own("gost")
    for trouble, signer in (("wrong-signer", "department"), ("forged", "attacker-ocsp")):
        a.trouble("ocsp", trouble)
        basic = basic_of(a.ask("ocsp", question(a, "gateway")).content)
        enclosed = basic[3][0][0].raw
        assert enclosed == a.der(signer)
        assert gost.verifies(gost.spki_of(enclosed), basic[1][0].oid(), basic[0].raw, basic[2].value[1:])
    a.trouble("crl", "forged")
    node = der.Node(a.crl())
    assert node[0][2].raw == der.Node(a.der("issuing"))[0][5].raw
    assert not gost.verifies(gost.spki_of(a.der("issuing")), node[1][0].oid(), node[0].raw, node[2].value[1:])
    assert gost.verifies(gost.spki_of(a.der("attacker-ca")), node[1][0].oid(), node[0].raw, node[2].value[1:])
    a.trouble("tsp", "forged")
    signed = signed_data(a.ask("tsp", stamp_question(SHA256, b"x" * 32)).content)
    entry = signed[-1][0]
    assert not gost.verifies(gost.spki_of(signed[3][0].raw), entry[4][0].oid(), b"\x31" + entry[3].raw[1:], entry[5].value)


@pytest.mark.parametrize("delta", [False, True])
def test_troubles_of_lists(own, delta):
    a, service = own("rsa"), "delta" if delta else "crl"
    a.revoke("permits")
    assert a["permits"].certificate.serial_number in listed(a.crl(delta=delta))
    a.trouble(service, "forged")
    octets = a.crl(delta=delta)
    assert "verify failure" in crl_text(octets, "-CAfile", a.path("issuing.crt")) and listed(octets) == {}
    assert x509.load_der_x509_crl(octets).issuer == a["issuing"].certificate.subject
    a.trouble(service, "stale")
    octets = a.crl(delta=delta)
    assert "verify OK" in crl_text(octets, "-CAfile", a.path("issuing.crt"))
    assert x509.load_der_x509_crl(octets).next_update < datetime.datetime.utcnow()
    if not delta:
        a.trouble(service, "lagging")
        assert listed(a.crl()).keys() == {a[n].certificate.serial_number for n in ("revoked", "on-hold")}
        base = x509.load_der_x509_crl(a.crl()).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        change = x509.load_der_x509_crl(a.crl(delta=True)).extensions.get_extension_for_class(x509.DeltaCRLIndicator)
        assert change.value.crl_number == base


TSP_TROUBLES = {
    "try-later": "response verification", "refused": "response verification", "wrong-nonce": "nonce mismatch",
    "wrong-signer": "certificate verify error", "forged": "signature failure", "other": "message imprint mismatch",
}


@pytest.mark.parametrize("trouble", TSP_TROUBLES)
def test_openssl_sees_each_trouble_of_the_time_stamps(own, tmp_path, trouble):
    a = own("rsa")
    a.trouble("tsp", trouble)
    verdict, text, octets = stamp(a, tmp_path, "-sha256")
    assert "FAILED" in verdict
    if trouble in ("try-later", "refused"):
        assert der.Node(octets)[0][0].number() == {"try-later": 3, "refused": 2}[trouble]
    else:
        assert TSP_TROUBLES[trouble] in verdict and "Granted" in text
    a.trouble("tsp", "none")
    assert "Verification: OK" in stamp(a, tmp_path, "-sha256")[0]


def test_a_stale_time_stamp_is_of_two_days_ago(own, tmp_path):
    a = own("rsa")
    a.trouble("tsp", "stale")
    verdict, _, octets = stamp(a, tmp_path, "-sha256")
    info = der.Node(signed_data(octets)[2][1][0].value)
    at = datetime.datetime.strptime(info[4].value.decode(), "%Y%m%d%H%M%SZ")
    assert "Verification: OK" in verdict
    assert at < datetime.datetime.utcnow() - datetime.timedelta(hours=47)


# the gateway with such a folder

@pytest.mark.parametrize("algorithm", PLAIN)
def test_a_gateway_lives_on_the_folder(made, tmp_path, algorithm):
    pki = Pki(made[algorithm].folder)
    provider = Provider(pki["permits"])
    gateway = Gateway(tmp_path, pki)
    gateway.service(provider)
    gateway.start()
    answered = gateway.send()
    answered.verified()
    assert (answered.status, answered.code) == (200, "SCSS001")
    refused = gateway.post(wss.sign(soap.envelope(soap.request()), pki["attacker-own-ca"]))
    assert refused.status_code != 200 and len(provider.received) == 1
    assert gateway.stop() == 0
    provider.close()


def signed(identity, text):
    """By our own command: no other program signs XML with national keys."""
    done = subprocess.run([BIN / "qaqpa", "sign", "--certificate", identity.certificate_path, "--key", identity.key_path],
                          input=text.encode(), capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def national(made, tmp_path):
    """A gateway with national keys everywhere, not started yet."""
    pki = made["gost"]
    provider = Provider(pki["permits"])
    provider.answer = lambda _: (200, "text/xml; charset=utf-8", signed(pki["permits"], soap.envelope(soap.response())))
    gateway = Gateway(tmp_path, pki)
    gateway.service(provider)
    gateway.provider = provider
    yield gateway
    assert gateway.stop() == 0
    provider.close()


def refuses(gateway, name):
    before = len(gateway.provider.received)
    answered = gateway.post(signed(gateway.pki[name], soap.envelope(soap.request())))
    return answered.status_code != 200 and len(gateway.provider.received) == before


def test_a_gateway_lives_on_national_keys_out_of_pkcs12(national):
    pki = national.pki
    national.conf["keys"] = [{"name": "gateway", "pkcs12": str(pki.path("gateway.p12")),
                              "password_file": str(pki.path("gateway.p12.password"))}]
    national.start()
    answered = national.post(signed(pki["department"], soap.envelope(soap.request())))
    assert (answered.status_code, b"SCSS001" in answered.content) == (200, True), answered.text
    for name, code in (("gateway", 0), ("permits", 2)):
        done = subprocess.run([BIN / "qaqpa", "verify", "--certificate", pki[name].certificate_path], input=answered.content,
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == code, done.stdout.decode()
    for octets in (answered.content, national.provider.received[0]):
        assert b"gostr34102015-gostr34112015-512" in octets
    for name in ("attacker-own-ca", "expired", "future", "department-2004", "other-system"):
        assert refuses(national, name), name


def test_participants_with_national_keys_are_known_by_their_issuer(national):
    department = national.participant("department")
    del department["certificates"]
    department.update(issuer=str(national.pki.path("issuing.crt")), bin="200440000015")
    national.start()
    assert national.post(signed(national.pki["department"], soap.envelope(soap.request()))).status_code == 200
    for name in ("employee", "person", "attacker-own-ca", "expired", "future", "permits"):
        assert refuses(national, name), name
