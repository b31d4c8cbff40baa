# SPDX-License-Identifier: GPL-3.0-or-later
"""Health and metrics are for the machine itself, or for those who prove who they are."""
import signal
import subprocess

import pytest
import requests

from harness.gateway import BIN

TOKEN = "bWFyaw-0123456789-abcdef"
PAGES = ("/livez", "/readyz", "/status", "/metrics", "/nothing")


def token_file(folder, text=TOKEN, mode=0o600):
    path = folder / "token"
    path.write_text(text + "\n")
    path.chmod(mode)
    return str(path)


def with_tls(gateway, kind):
    p = gateway.pki.path
    gateway.conf["admin"].update(tls=kind, certificate=str(p("tls-server.crt")), key=str(p("tls-server.key")))
    if kind == "mutual":
        gateway.conf["admin"]["client_ca"] = str(p("tls-ca.crt"))


def ask(gateway, page="/livez", scheme="http", **more):
    return requests.get(f"{scheme}://127.0.0.1:{gateway.ports['admin']}{page}", timeout=10,
                        verify=str(gateway.pki.path("tls-ca.crt")), **more)


def bearer(token):
    return {"headers": {"Authorization": token}}


def checked(gateway):
    return subprocess.run([BIN / "qaqpa", "check", "--config", gateway.write()], capture_output=True, check=False)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "10.1.2.3:9081", "admin.example:9081"])
def test_an_address_that_others_reach_is_refused_without_proof(lone, address):
    lone.conf["admin"]["listen"] = address
    done = checked(lone)
    assert done.returncode != 0 and b"nothing asks who they are" in done.stdout + done.stderr
    started = subprocess.run([BIN / "qaqpad", "--config", lone.write()], capture_output=True, timeout=30, check=False)
    assert started.returncode == 1 and b"nothing asks who they are" in started.stderr and b"front.listening" not in started.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0", "localhost:0"])
def test_loopback_needs_none(lone, address):
    lone.conf["admin"]["listen"] = address
    assert checked(lone).returncode == 0


def test_with_a_certificate_of_the_client_it_may_listen_everywhere(lone):
    lone.conf["admin"]["listen"] = "0.0.0.0:0"
    with_tls(lone, "mutual")
    lone.start()
    client = (str(lone.pki.path("tls-client.crt")), str(lone.pki.path("tls-client.key")))
    for page in PAGES[:4]:
        assert ask(lone, page, "https", cert=client).status_code == 200
        with pytest.raises(requests.exceptions.RequestException):
            ask(lone, page, "https")
        with pytest.raises(requests.exceptions.RequestException):
            ask(lone, page)


def test_with_a_token_it_may_listen_everywhere_by_tls_alone(lone, tmp_path):
    lone.conf["admin"].update(listen="0.0.0.0:0", token_file=token_file(tmp_path))
    done = checked(lone)
    assert done.returncode != 0 and b"the token would travel" in done.stdout + done.stderr
    with_tls(lone, "server")
    lone.start()
    assert ask(lone, "/readyz", "https", **bearer(f"Bearer {TOKEN}")).status_code == 200
    assert ask(lone, "/readyz", "https").status_code == 401


def test_nothing_is_told_without_the_token(lone, tmp_path):
    lone.conf["admin"]["token_file"] = token_file(tmp_path)
    lone.start()
    wrong = [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, f"Bearer x {TOKEN}"]
    for page in PAGES:
        for word in wrong:
            answer = ask(lone, page, **(bearer(word) if word is not None else {}))
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), word
            assert answer.json() == {"error": "a token is needed"}
    assert [ask(lone, page, **bearer(f"bearer {TOKEN}")).status_code for page in PAGES] == [200, 200, 200, 200, 404]
    assert TOKEN not in lone.log_path.read_text()


def test_a_new_token_is_taken_by_a_reload(lone, tmp_path):
    lone.conf["admin"]["token_file"] = token_file(tmp_path)
    lone.start()
    token_file(tmp_path, "another-" + TOKEN)
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: lone.events("config.reload"))
    assert ask(lone, **bearer(f"Bearer {TOKEN}")).status_code == 401
    assert ask(lone, **bearer(f"Bearer another-{TOKEN}")).status_code == 200


@pytest.mark.parametrize("text, mode, words", [
    (TOKEN, 0o644, "lets others touch"), (TOKEN, 0o640, "lets others touch"), ("short", 0o600, "fewer than 16"), ("", 0o600, "no password")])
def test_a_token_that_is_none_is_refused(lone, tmp_path, text, mode, words):
    lone.conf["admin"]["token_file"] = token_file(tmp_path, text, mode)
    done = checked(lone)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 and words in said, said
    assert not text or text not in said.replace("shorter", "")


def test_the_token_belongs_to_the_admin_listener_alone(lone, tmp_path):
    lone.conf["admin"]["token_file"] = token_file(tmp_path)
    lone.start()
    assert lone.send().status == 200
