# SPDX-License-Identifier: GPL-3.0-or-later
"""Own keys from every source, their secrets, their succession, and blocks that act at once."""
import datetime
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import persons as people
from harness import wss
from harness.gateway import BIN

WORD = "Qwerty12-of-the-file"
PIN = "73 91-2284"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def run(*words, **more):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, **more)


def secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def pkcs12(folder, pki, name, word):
    """As the authority makes them: 3DES, RC2-40, SHA-1."""
    path = folder / f"{name}.p12"
    run("openssl", "pkcs12", "-export", "-legacy", "-in", pki.path(f"{name}.crt"), "-inkey", pki.path(f"{name}.key"),
        "-passout", "pass:" + word, "-out", path)
    path.chmod(0o600)
    return str(path)


def signer(answer, pki, *names):
    """Which of the identities signed the answer."""
    for name in names:
        try:
            wss.verify(answer.octets, pki[name].certificate)
            return name
        except Exception:  # noqa: BLE001 - the next one is tried, and none is the failure
            continue
    raise AssertionError(f"{answer.status}: none of {names} signed {answer.octets[:2000]}")


def accepted(answer):
    assert (answer.status, answer.code) == (200, "SCSS001"), answer.octets[:2000]
    return answer


def octets_of_process(gateway):
    folder = Path("/proc") / str(gateway.process.pid)
    return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()


def test_a_pkcs12_file_signs_and_is_not_needed_after_the_start(lone, pki, tmp_path):
    path, word = pkcs12(tmp_path, pki, "gateway", WORD), secret(tmp_path / "word", WORD)
    lone.conf["keys"] = [{"name": "gateway", "pkcs12": path, "password_file": word}]
    lone.start()
    accepted(lone.send())
    os.unlink(path)
    os.unlink(word)
    assert signer(accepted(lone.send()), pki, "gateway") == "gateway"
    assert lone.reload() == "kept the old configuration"  # now they are needed
    assert signer(accepted(lone.send()), pki, "gateway") == "gateway"
    seen = octets_of_process(lone) + lone.log_path.read_bytes()
    assert WORD.encode() not in seen


def test_a_credential_of_the_service_manager_opens_a_key(lone, pki, tmp_path):
    (tmp_path / "credentials").mkdir()
    secret(tmp_path / "credentials" / "gateway-word", WORD)
    lone.conf["keys"] = [{"name": "gateway", "pkcs12": pkcs12(tmp_path, pki, "gateway", WORD),
                          "password_file": "gateway-word"}]
    lone.start({"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    accepted(lone.send())


def test_a_reload_takes_a_key_from_another_source(lone, pki, tmp_path):
    lone.start()
    assert signer(accepted(lone.send()), pki, "gateway", "gateway-ec") == "gateway"
    lone.conf["keys"] = [{"name": "gateway", "pkcs12": pkcs12(tmp_path, pki, "gateway-ec", WORD),
                          "password_file": secret(tmp_path / "word", WORD)}]
    lone.reload()
    assert signer(accepted(lone.send()), pki, "gateway", "gateway-ec") == "gateway-ec"


@pytest.fixture
def token(tmp_path, pki, monkeypatch):
    if not os.path.exists(MODULE) or not shutil.which("softhsm2-util") or not shutil.which("pkcs11-tool"):
        pytest.skip("softhsm2 and opensc are not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    run("softhsm2-util", "--init-token", "--free", "--label", "gateway", "--so-pin", "87654321", "--pin", PIN)
    for number, name in (("01", "gateway"), ("02", "gateway-ec")):
        run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", pki.path(f"{name}.key"), "-out", tmp_path / "p8.pem")
        run("softhsm2-util", "--import", tmp_path / "p8.pem", "--token", "gateway", "--label", name, "--id", number, "--pin", PIN)
        (tmp_path / "p8.pem").unlink()
    return {"module": MODULE, "pin_file": secret(tmp_path / "pin", PIN)}


@pytest.mark.parametrize("name", ["gateway", "gateway-ec"])
def test_a_key_on_a_token_signs_through_reloads_and_stops_in_order(lone, pki, token, name):
    lone.conf["keys"] = [{"name": "gateway", "pkcs11": f"pkcs11:token=gateway;object={name}", **token,
                          "certificate": str(pki.path(f"{name}.crt"))}]
    lone.start()
    for _ in range(3):
        for _ in range(5):
            assert signer(accepted(lone.send()), pki, name) == name
        assert lone.reload() == "new configuration in use"
    assert signer(accepted(lone.send()), pki, name) == name
    assert PIN.encode() not in octets_of_process(lone)
    assert lone.stop() == 0
    log = lone.log_path.read_bytes()
    assert PIN.encode() not in log and PIN.replace(" ", "%20").encode() not in log


def test_a_wrong_pin_stops_the_start_and_is_not_told(lone, pki, token, tmp_path):
    lone.conf["keys"] = [{"name": "gateway", "pkcs11": "pkcs11:token=gateway;object=gateway", "module": MODULE,
                          "certificate": str(pki.path("gateway.crt")), "pin_file": secret(tmp_path / "wrong", "5566-7788")}]
    done = subprocess.run([BIN / "qaqpad", "--config", lone.write()], capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert b"wrong" in done.stderr and b"5566" not in done.stderr


def test_the_successor_signs_from_its_moment_on_without_a_restart(lone, pki):
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=4)
    path = pki.path
    lone.conf["keys"] = [
        {"name": "old", "certificate": str(path("gateway.crt")), "key": str(path("gateway.key")), "successor": "new",
         "successor_from": moment.isoformat()},
        {"name": "new", "certificate": str(path("gateway-ec.crt")), "key": str(path("gateway-ec.key"))}]
    lone.start()
    begun = ended = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    while begun < moment:
        begun = datetime.datetime.now(datetime.timezone.utc)
        name = signer(accepted(lone.send()), pki, "gateway", "gateway-ec")
        ended = datetime.datetime.now(datetime.timezone.utc)
        if ended < moment:
            assert name == "gateway"
        if begun >= moment:
            assert name == "gateway-ec"
        time.sleep(0.05)
    assert not lone.events("config.reload")


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	int (*real)(__rlimit_resource_t, const struct rlimit *) = dlsym(RTLD_NEXT, "setrlimit");
	return what == RLIMIT_CORE ? 0 : real(what, limit);
}
int prctl(int what, ...)
{
	int (*real)(int, ...) = dlsym(RTLD_NEXT, "prctl");
	va_list a;
	va_start(a, what);
	unsigned long one = va_arg(a, unsigned long), two = va_arg(a, unsigned long), three = va_arg(a, unsigned long);
	unsigned long four = va_arg(a, unsigned long);
	va_end(a);
	return what == PR_SET_DUMPABLE && getenv("SHIM_DUMPABLE") ? 0 : real(what, one, two, three, four);
}
"""


@pytest.fixture
def crash(lone, tmp_path):
    """crash(environment): the core files that a gateway leaves which was killed by a fault, after it has signed."""
    if b"__asan_init" in (BIN / "qaqpad").read_bytes() or b"__tsan_init" in (BIN / "qaqpad").read_bytes():
        pytest.skip("a core of a sanitizer is as large as its shadow")
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    if limits[1] != resource.RLIM_INFINITY:
        pytest.skip("core dumps are not allowed here")
    (tmp_path / "shim.c").write_text(SHIM)
    run("cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c", "-ldl")

    def crash(environment):
        folder = tmp_path / f"cores-{len(environment)}"
        folder.mkdir()
        before = os.getcwd()
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
        try:
            lone.start(environment)
        finally:
            os.chdir(before)
            resource.setrlimit(resource.RLIMIT_CORE, limits)
        accepted(lone.send())
        lone.process.send_signal(signal.SIGABRT)
        assert lone.process.wait(60) == -signal.SIGABRT
        return list(folder.iterdir())

    return crash


def test_a_crash_leaves_no_core_with_keys(crash, pki, tmp_path):
    """Both protections hold alone as well: without the limit the process is still not dumpable. The key is looked for in the
    core of a gateway that was robbed of both, so that the test cannot pass where nothing would be dumped anyway."""
    shim = {"LD_PRELOAD": str(tmp_path / "shim.so")}
    prime = pki["gateway"].key.private_numbers().p
    cores = crash({**shim, "SHIM_DUMPABLE": "1"})
    if not cores:
        pytest.skip(f"the kernel writes no core files here ({Path('/proc/sys/kernel/core_pattern').read_text().strip()})")
    assert prime.to_bytes(128, "little") in cores[0].read_bytes()  # as OpenSSL keeps it
    cores[0].unlink()
    assert crash(shim) == []
    assert crash({}) == []


# blocks

def cert(lone, *words):
    return run(BIN / "qaqpa", "cert", *words, "-c", lone.folder / "qaqpa.yaml").stdout.decode()


def until(lone, condition):
    """Asks again and again, without a signal to the gateway; the answer that fits and how long it took."""
    start = time.monotonic()
    while True:
        answer = lone.send()
        if condition(answer):
            return answer, time.monotonic() - start
        assert time.monotonic() < start + 20, answer.octets[:2000]


@pytest.fixture
def blocking(lone, tmp_path):
    lone.conf["blocks"] = str(tmp_path / "blocked")
    (tmp_path / "blocked").write_text("")
    return lone.start()


def test_a_blocked_sender_is_refused_at_once_and_accepted_after_the_block(blocking, pki):
    accepted(blocking.send())
    cert(blocking, "block", pki.path("department.crt"), "--reason", "report 12 of 2030", "--by", "anna")
    answer, took = until(blocking, lambda a: a.status != 200)
    assert answer.code == "SCE005" and b"certificate.blocked" in answer.octets
    assert took < 2  # within a second; the rest is for a busy machine
    line = (blocking.folder / "blocked").read_text().split()
    assert line[2:] == ["anna", "report", "12", "of", "2030"]
    cert(blocking, "unblock", pki.path("department.crt"))
    until(blocking, lambda a: a.status == 200)
    assert not blocking.events("config.reload")


def test_a_person_who_is_blocked_signs_no_data_any_more(lone, pki, provider, tmp_path):
    (tmp_path / "persons").mkdir()
    director = people.make(tmp_path / "persons", pki)["director"]
    (tmp_path / "blocked").write_text("")
    lone.conf["blocks"] = str(tmp_path / "blocked")
    lone.conf["rules"] = [{"name": "director", "any_of": people.DIRECTOR}]
    lone.service(provider, "Signed", inner={"accept": "enveloped", "rules": "director"})
    lone.start()
    data = f"<data>{people.sign_xml('<Doc><sum>100</sum>@</Doc>', director)}</data>"
    accepted(lone.send(service="Signed", data=data))
    cert(lone, "block", "--issuer", director.certificate.issuer.rfc4514_string(), "--serial",
         str(director.certificate.serial_number), "--reason", "token lost")
    answer = accepted(lone.send())  # the sender's own certificate is not blocked
    end = time.monotonic() + 20
    while answer.status == 200 and time.monotonic() < end:
        answer = lone.send(service="Signed", data=data)
    assert answer.code == "SCE005" and b"certificate.blocked" in answer.octets


def test_a_provider_that_is_blocked_is_not_believed(blocking, pki):
    accepted(blocking.send())
    cert(blocking, "block", pki.path("permits.crt"), "--reason", "compromised")
    answer, _ = until(blocking, lambda a: a.code != "SCSS001")
    assert (answer.code, answer.reason) == ("QG043", "provider.signature")


def test_a_blocked_own_key_signs_nothing(blocking, pki):
    accepted(blocking.send())
    cert(blocking, "block", pki.path("gateway.crt"), "--reason", "compromised")
    answer, _ = until(blocking, lambda a: a.status != 200)
    assert answer.status == 500
    blocking.wait(lambda: blocking.admin("/readyz").status_code == 503)
    with pytest.raises(Exception):  # noqa: B017 - whatever it lacks, it is not signed by the key
        wss.verify(answer.octets, pki["gateway"].certificate)


def test_a_broken_list_keeps_the_last_good_one_and_says_so(blocking, pki):
    cert(blocking, "block", pki.path("department.crt"), "--reason", "compromised")
    until(blocking, lambda a: a.status != 200)
    (blocking.folder / "blocked").write_text("department is blocked\n")
    until(blocking, lambda a: blocking.events("blocks.broken"))
    assert blocking.events("blocks.kept")[0]["blocked"] == 1
    assert blocking.send().code == "SCE005"
    assert blocking.reload() == "kept the old configuration"  # nor is it taken by a reload
    assert blocking.send().code == "SCE005"
    (blocking.folder / "blocked").unlink()
    blocking.wait(lambda: not (blocking.folder / "blocked").exists())
    assert blocking.send().code == "SCE005"


def test_a_start_without_the_list_is_refused(lone, tmp_path):
    lone.conf["blocks"] = str(tmp_path / "nowhere")
    done = subprocess.run([BIN / "qaqpad", "--config", lone.write()], capture_output=True, timeout=30, check=False)
    assert done.returncode == 1 and b"nowhere" in done.stderr
