# SPDX-License-Identifier: GPL-3.0-or-later
"""qaqpa cert on files, beside the openssl command and a library that share no code with it."""
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtensionOID, NameOID

from harness.gateway import BIN, Gateway

DONE, INVALID, CANNOT_TELL, USAGE, BAD_INPUT, CONFIG = 0, 1, 2, 64, 65, 78
SYSTEM = "1.2.398.3.3.4.1.2.6"


class Done:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout.decode(), process.stderr.decode()

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def cert(*words, **more):
    return Done(subprocess.run([BIN / "qaqpa", "cert", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=60, check=False, **more))


def shown(path, *words):
    done = cert("show", path, "-o", "json", *words)
    assert done.code == DONE, done
    return json.loads(done.out)


@pytest.mark.parametrize("name,kind", [("department", "organisation"), ("person", "person"), ("issuing", "authority"),
                                       ("department-ec384", "organisation"), ("expired", "organisation")])
def test_what_is_shown_is_what_stands_in_the_certificate(pki, name, kind):
    c, (one,) = pki[name].certificate, shown(pki.path(f"{name}.crt"), "--numbers")
    assert one["kind"] == kind
    assert one["sha256"] == c.fingerprint(hashes.SHA256()).hex() and one["sha1"] == c.fingerprint(hashes.SHA1()).hex()
    assert one["serial"] == str(c.serial_number)
    assert one["name"] == c.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert one["key_identifier"] == c.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    assert one["authority"] is (kind == "authority")
    if kind != "authority":
        purposes = c.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
        assert [p["oid"] for p in one["purposes"]] == [p.dotted_string for p in purposes]
        assert set(one["usage"]) == {"digitalSignature", "nonRepudiation"}
    assert one["now"] == {"expired": "ended"}.get(name, "valid")


def test_numbers_are_hidden_unless_asked_for(pki):
    for words, seen in (((), False), (("--numbers",), True)):
        for form in ((), ("-o", "json")):
            for name, number in (("person", "900101300017"), ("department", "200440000015")):
                done = cert("show", pki.path(f"{name}.crt"), *words, *form)
                assert (number in done.out) is seen, done
                assert (seen or f"********{number[8:]}" in done.out), done


def test_roles_have_names(pki):
    purposes = {p["oid"]: p["means"] for p in shown(pki.path("department.crt"))[0]["purposes"]}
    assert purposes[SYSTEM] == "information system of the organisation"
    assert "information system of the organisation" in cert("show", pki.path("department.crt")).out


def test_files_of_several_and_of_none(pki, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(pki.path("person.crt").read_bytes() + pki.path("issuing.crt").read_bytes())
    assert [c["kind"] for c in shown(both)] == ["person", "authority"]
    (tmp_path / "der").write_bytes(pki["person"].der)
    assert shown(tmp_path / "der")[0]["kind"] == "person"
    assert cert("show", pki.path("person.key")).code == BAD_INPUT
    assert cert("show", tmp_path / "absent").code == CONFIG
    assert cert("show").code == USAGE and cert().code == USAGE and cert("frobnicate").code == USAGE


# ls

@pytest.fixture
def conf(tmp_path, pki):
    g = Gateway(tmp_path, pki)
    g.conf["blocks"] = str(tmp_path / "blocked")
    (tmp_path / "blocked").write_text("")
    return g


def listed(conf, code):
    done = cert("ls", "-c", conf.write(), "-o", "json")
    assert done.code == code, done
    return json.loads(done.out)


def test_ls_names_every_certificate_and_its_owner(conf, pki, tmp_path):
    (tmp_path / "word").write_text("one two\n")
    (tmp_path / "word").chmod(0o600)
    subprocess.run(["openssl", "pkcs12", "-export", "-in", pki.path("gateway-ec.crt"), "-inkey", pki.path("gateway-ec.key"),
                    "-passout", f"file:{tmp_path}/word", "-out", tmp_path / "ec.p12"], check=True)
    (tmp_path / "ec.p12").chmod(0o600)
    conf.conf["keys"].append({"name": "ec", "pkcs12": str(tmp_path / "ec.p12"), "password_file": str(tmp_path / "word")})
    for p in conf.conf["participants"]:
        p["key"] = "gateway"
    rows = {(r["what"], r["owner"], r["sha256"]): r for r in listed(conf, DONE)}
    wanted = [("authority", "", "root"), ("authority", "", "issuing"), ("key", "gateway", "gateway"), ("key", "ec", "gateway-ec"),
              ("participant", "department", "department"), ("participant", "permits", "permits")]
    assert set(rows) == {(what, owner, pki[name].certificate.fingerprint(hashes.SHA256()).hex()) for what, owner, name in wanted}
    assert all(r["state"] == "valid" for r in rows.values())
    table = cert("ls", "-c", conf.write()).out
    assert len(table.splitlines()) == 1 + len(wanted) and "department" in table
    assert "200440000015" not in table + json.dumps(list(rows.values()))


def test_the_exit_code_of_ls_is_a_verdict(conf, pki, tmp_path):
    listed(conf, DONE)
    assert cert("block", "-c", conf.write(), pki.path("permits.crt"), "--reason", "lost", "--by", "anna").code == DONE
    row = next(r for r in listed(conf, INVALID) if r["owner"] == "permits")
    assert (row["state"], row["blocked_by"], row["reason"]) == ("blocked", "anna", "lost")
    conf.participant("department")["certificates"] = str(pki.path("expired.crt"))
    assert {r["owner"]: r["state"] for r in listed(conf, INVALID)}["department"] == "ended"
    conf.participant("department")["certificates"] = str(tmp_path / "absent.crt")
    assert {r["owner"]: r["state"] for r in listed(conf, CANNOT_TELL)}["department"] == "unreadable"
    (tmp_path / "blocked").write_text("nonsense\n")
    assert cert("ls", "-c", conf.write()).code == CONFIG


# block

def test_blocking_by_file_digest_and_issuer(pki, tmp_path):
    path, c = tmp_path / "list", pki["person"].certificate
    digest = c.fingerprint(hashes.SHA256()).hex()
    where = ("--list", path, "-o", "json")
    done = cert("block", *where, pki.path("person.crt"), "--reason", "lost key")
    assert json.loads(done.out) == {"certificate": digest, "state": "blocked", "changed": True}
    assert path.read_text().startswith(digest + " ") and path.read_text().endswith(" lost key\n")
    assert json.loads(cert("block", *where, digest, "--reason", "again").out)["changed"] is False
    assert json.loads(cert("unblock", *where, digest.upper()).out)["changed"] is True
    assert path.read_text() == ""
    issuer = c.issuer.rfc4514_string()
    done = cert("block", *where, "--issuer", issuer, "--serial", c.serial_number, "--reason", "lost")
    assert done.code == DONE, done
    assert path.read_text().startswith("name:") and str(c.serial_number) in path.read_text()
    assert json.loads(cert("unblock", *where, pki.path("person.crt")).out)["changed"] is True
    assert path.read_text() == ""


@pytest.mark.parametrize("words", [
    ("block", "{person}"), ("block", "--reason", "x"), ("block", "{person}", "--reason", "x", "--issuer", "CN=a", "--serial", "1"),
    ("block", "--reason", "x", "--issuer", "CN=a"), ("block", "{person}", "--reason", "two\nlines"), ("block", "{person}", "--reason", ""),
    ("block", "{person}", "--reason", "x", "--by", "two words"), ("unblock",)])
def test_a_line_that_says_too_little_or_too_much(pki, tmp_path, words):
    done = cert(*(w.format(person=pki.path("person.crt")) for w in words), "--list", tmp_path / "list")
    assert done.code == USAGE and done.err.startswith("qaqpa cert"), done
    assert not (tmp_path / "list").exists()


def test_many_commands_at_once_lose_no_line(tmp_path):
    digests = [f"{n:064x}" for n in range(20)]
    running = [subprocess.Popen([BIN / "qaqpa", "cert", "block", d, "--list", tmp_path / "list", "--reason", "r"],
                                stdout=subprocess.DEVNULL) for d in digests]
    assert [p.wait(60) for p in running] == [0] * len(digests)
    assert sorted(line.split()[0] for line in (tmp_path / "list").read_text().splitlines()) == digests


# request

@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "ec-p256", "ec-p384"])
def test_a_request_for_a_new_key(tmp_path, kind):
    key = tmp_path / "new.key"
    done = cert("request", "--new-key", key, "--kind", kind, "--common-name", "АЖ «Тест»", "--organisation", "АҚ", "--bin",
                "200440000015", "--purpose", "1.2.398.3.3.4.1.2", "--purpose", SYSTEM)
    assert done.code == DONE, done
    csr = x509.load_pem_x509_csr(done.out.encode())
    assert csr.is_signature_valid
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert private.public_key().public_numbers() == csr.public_key().public_numbers()
    assert csr.subject.rfc4514_string() == "OU=BIN200440000015,O=АҚ,C=KZ,CN=АЖ «Тест»"
    usage = csr.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and usage.value.content_commitment
    purposes = csr.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [p.dotted_string for p in purposes] == ["1.2.398.3.3.4.1.2", SYSTEM]
    before = key.read_bytes()
    assert cert("request", "--new-key", key, "--kind", kind, "--common-name", "a").code == CONFIG  # it is there already
    assert key.read_bytes() == before


def test_the_subject_of_an_employee_is_in_the_profile(tmp_path):
    done = cert("request", "--new-key", tmp_path / "k", "--kind", "ec-p256", "--common-name", "ТЕСТОВ ТЕСТ", "--surname", "ТЕСТОВ",
                "--patronymic", "ТЕСТҰЛЫ", "--iin", "900101300017", "--bin", "200440000015", "--organisation", "АҚ")
    csr = x509.load_pem_x509_csr(done.out.encode())
    assert [(a.oid.dotted_string, a.value) for a in csr.subject] == [
        ("2.5.4.3", "ТЕСТОВ ТЕСТ"), ("2.5.4.4", "ТЕСТОВ"), ("2.5.4.5", "IIN900101300017"), ("2.5.4.6", "KZ"), ("2.5.4.10", "АҚ"),
        ("2.5.4.11", "BIN200440000015"), ("2.5.4.42", "ТЕСТҰЛЫ")]


def test_a_request_for_a_new_national_key(tmp_path):
    word = tmp_path / "word"
    word.write_text("new word\n")
    word.chmod(0o600)
    done = cert("request", "--new-key", "new.key", "--password-file", "word", "--common-name", "a", "--out", "new.csr", cwd=tmp_path)
    assert (done.code, done.out) == (DONE, ""), done
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in (tmp_path / "new.key").read_bytes()
    text = subprocess.run(["openssl", "asn1parse", "-in", tmp_path / "new.csr"], capture_output=True, check=True).stdout.decode()
    for oid in ("1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.1.2.2.1", "1.2.398.3.10.1.1.2.3.2"):  # key, curve, signature
        assert f":{oid}\n" in text, text
    plain = subprocess.run(["openssl", "pkcs8", "-in", tmp_path / "new.key", "-passin", f"file:{word}", "-topk8", "-nocrypt"],
                           capture_output=True, check=False)
    assert b"PRIVATE KEY" in plain.stdout or b"unsupported" in plain.stderr  # openssl knows no such key, but it opened it


def test_a_request_for_a_key_of_the_configuration(conf, pki):
    done = cert("request", "-c", conf.write(), "--key", "gateway", "--common-name", "Gateway")
    csr = x509.load_pem_x509_csr(done.out.encode())
    assert csr.is_signature_valid
    assert csr.public_key().public_numbers() == pki["gateway"].key.public_key().public_numbers()
    assert cert("request", "-c", conf.write(), "--key", "gatewy", "--common-name", "a").code == USAGE


@pytest.mark.parametrize("words", [
    (), ("--new-key", "k"), ("--new-key", "k", "--common-name", "a", "--key", "b"),
    ("--new-key", "k", "--common-name", "a", "--kind", "rsa-1024"), ("--new-key", "k", "--common-name", "a", "--bin", "200440000016"),
    ("--new-key", "k", "--common-name", "a", "--iin", "1"), ("--new-key", "k", "--common-name", ""),
    ("--new-key", "k", "--common-name", "a", "--purpose", "director", "--kind", "ec-p256")])
def test_a_request_that_cannot_be_made(tmp_path, words):
    done = cert("request", *words, cwd=tmp_path)
    assert done.code == USAGE and done.out == "", done
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name,kind", [("individual_valid", "person"), ("legal_infosystem_valid", "organisation")])
def test_a_key_of_the_authoritys_kit(tmp_path, name, kind):
    vectors = Path(os.environ.get("QAQPA_VECTORS", Path(__file__).resolve().parents[3] / "shared/vectors"))
    p12 = vectors / "nca-test/keys" / f"{name}.p12"
    if not p12.exists():
        pytest.skip(f"no test vectors of the authority at {vectors} (QAQPA_VECTORS)")
    pem = subprocess.run(["openssl", "pkcs12", "-legacy", "-in", p12, "-passin", "pass:Qwerty12", "-nokeys"],
                         capture_output=True, check=False).stdout
    (tmp_path / "c.pem").write_bytes(pem)
    (one,) = shown(tmp_path / "c.pem")
    assert (one["kind"], one["key"]) == (kind, "GOST 34.10-2015 512")
    assert one["policies"][0]["means"] == "policy of the authority"
    assert one["iin" if kind == "person" else "bin"].startswith("********")
