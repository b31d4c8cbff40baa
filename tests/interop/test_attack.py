# SPDX-License-Identifier: GPL-3.0-or-later
"""`qaqpa attack` as those use it who have a gateway of their own: against Qaqpa nothing gets through, and against a target
that looks for a signature without verifying it the program names what got through."""
import json
import math
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from attack.main import modules
from harness import soap, wss
from harness.gateway import BIN, PATH, Gateway
from harness.pki import Pki
from harness.ports import free_port

NOTHING_THROUGH, THROUGH, NOT_DONE = 0, 1, 2
EVERY = 4  # all cases are judged from inside by tests/hostile; QAQPA_WHOLE=1 has all of them judged from outside, too
LISTEN = f"127.0.0.1:{free_port()}"


def qaqpa_attack(*words, command=BIN / "qaqpa"):
    return subprocess.run([command, "attack", *map(str, words)], capture_output=True, text=True, timeout=1200, check=False)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attack")
    done = qaqpa_attack("prepare", folder, "--listen", LISTEN)
    assert done.returncode == 0 and "senderId department_is" in done.stdout, done
    return folder


@pytest.fixture(scope="module")
def target(prepared, tmp_path_factory):
    """Qaqpa with nothing but what prepare has written."""
    pki = Pki(prepared / "pki")
    g = Gateway(tmp_path_factory.mktemp("gateway"), pki)
    slow = {"head_time": "2s", "body_time": "4s", "idle_time": "1s", "handshake_time": "1s"}
    tls = {"certificate": str(pki.path("tls-server.crt")), "key": str(pki.path("tls-server.key")), "limits": slow}
    g.conf["listeners"] = [{"name": "plain", "listen": "127.0.0.1:0", "limits": slow},
                           {"name": "server", "tls": "server", "listen": "127.0.0.1:0", **tls},
                           {"name": "mutual", "tls": "mutual", "client_ca": str(pki.path("tls-ca.crt")), "listen": "127.0.0.1:0", **tls}]
    for word in ("participants", "services"):
        del g.conf[word]
    g.conf["include"] = str(prepared)
    g.start()
    yield g
    assert g.stop() == 0


def report(prepared, url, *words):
    done = qaqpa_attack("--target", url, "--with", prepared, "--listen", LISTEN, "--json", *words)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    return done.returncode, {row["class"][0]: row for row in found["classes"]}, found["remarks"]


def verdicts(row, kind, *wanted):
    return {name: case["words"] for name, case in row["cases_by_name"][kind].items() if case["verdict"] in wanted}


def test_nothing_gets_through_qaqpa(prepared, target):
    every = 1 if os.environ.get("QAQPA_WHOLE") else EVERY
    code, rows, remarks = report(prepared, target.url, "--every", every)
    for row in rows.values():
        assert not verdicts(row, "attacks", "through", "untried"), row["class"]
        assert not verdicts(row, "legitimate", "turned down"), row["class"]
    assert (code, remarks) == (NOTHING_THROUGH, {})
    assert {letter: row["cases"] for letter, row in rows.items()} == {k: math.ceil(len(m.ATTACKS) / every) for k, m in modules().items()}
    skipped = {letter for letter, row in rows.items() if row["skipped"]}
    assert skipped == {"P"} and rows["P"]["skipped"] == rows["P"]["cases"], "http has no TLS; all else was prepared"


@pytest.mark.parametrize("listener,others", [("server", "mutual"), ("mutual", "server")])
def test_the_class_of_tls_needs_an_address_of_https(prepared, target, listener, others):
    url = f"https://127.0.0.1:{target.ports[listener]}{PATH}"
    code, rows, _ = report(prepared, url, "--class", "A,P")
    assert not verdicts(rows["P"], "attacks", "through", "untried")
    assert code == NOTHING_THROUGH
    assert rows["A"]["refused"] == rows["A"]["cases"]
    assert rows["P"]["refused"] + rows["P"]["skipped"] == rows["P"]["cases"] and rows["P"]["refused"] > 10
    assert all(others in name or "certificate" in words for name, words in verdicts(rows["P"], "attacks", "skipped").items())


class Naive:
    """Wants a Signature, asks nothing more of it, and hands everything on."""

    def __init__(self, pki):
        naive = self
        self.pki = pki

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = naive.answer(octets)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}{PATH}"

    def answer(self, octets):
        if not re.search(rb"<\w*:?Signature[ >]", octets):
            return 500, wss.sign(soap.envelope(soap.fault()), self.pki["gateway"])
        reply = requests.post(f"http://{LISTEN}/", data=octets, timeout=10)
        return reply.status_code, reply.content


@pytest.fixture
def naive(prepared):
    target = Naive(Pki(prepared / "pki"))
    yield target
    target.server.shutdown()


NOT_NAIVE = {
    "A": {"a message without any signature", "a message without a Header", "the Security header is empty",
          "a Security header with nothing but the sender's certificate"},
    "B": set(), "D": set(), "E": set()}


def test_what_gets_through_a_target_that_believes_everything_is_named(prepared, naive):
    code, rows, _ = report(prepared, naive.url, "--class", ",".join(NOT_NAIVE))
    assert code == THROUGH
    for letter, refused in NOT_NAIVE.items():
        through = verdicts(rows[letter], "attacks", "through")
        assert set(verdicts(rows[letter], "attacks", "refused")) == refused
        assert len(through) == rows[letter]["through"] == rows[letter]["cases"] - len(refused) > 0
        assert all("HTTP 200" in words for words in through.values())


def test_what_only_reaches_the_provider_got_through_as_well(prepared, naive):
    """The target refuses to the client's face, and hands on behind his back."""
    answer = naive.answer

    def two_faced(octets):
        status, reply = answer(octets)
        return (status, reply) if b">1<" in octets else (500, wss.sign(soap.envelope(soap.fault()), naive.pki["gateway"]))
    naive.answer = two_faced
    _, rows, _ = report(prepared, naive.url, "--class", "A")
    assert verdicts(rows["A"], "attacks", "through")["a digit of the data differs"] == "the provider got it"


def test_the_report_in_words_names_class_and_case(prepared, naive):
    done = qaqpa_attack("--target", naive.url, "--with", prepared, "--listen", LISTEN, "--class", "a")
    assert done.returncode == THROUGH
    assert "\nGot through:\n" in done.stdout and "  A  a digit of the data differs: answered with HTTP 200" in done.stdout


@pytest.mark.parametrize("words,said", [
    ((), "--target URL and --with DIR are needed"),
    (("--target", "http://127.0.0.1:1/", "--with", "nowhere"), "was not prepared"),
    (("--target", "http://127.0.0.1:1/", "--with", "{prepared}"), "a good message is not answered"),
    (("--target", "http://127.0.0.1:1/", "--with", "{prepared}", "--class", "X"), "no such class"),
    (("--targets", "x"), "see qaqpa attack --help")])
def test_what_could_not_be_done_says_why(prepared, words, said):
    done = qaqpa_attack(*(word.replace("{prepared}", str(prepared)) for word in words))
    assert (done.returncode, said in done.stderr) == (NOT_DONE, True), done


def test_it_works_where_it_is_installed(tmp_path):
    """What is installed is complete: nothing of the source tree is needed."""
    subprocess.run(["cmake", "--install", BIN.parent, "--component", "attack", "--prefix", tmp_path], check=True, capture_output=True)
    (tmp_path / "bin").mkdir()
    command = shutil.copy(BIN / "qaqpa", tmp_path / "bin")
    done = qaqpa_attack("prepare", tmp_path / "made", command=command)
    assert done.returncode == 0, done
    assert (tmp_path / "made/qaqpa.yaml").stat().st_mode & 0o777 == 0o600
    done = qaqpa_attack("--target", "http://127.0.0.1:1/", "--with", tmp_path / "made", command=command)
    assert "a good message is not answered" in done.stderr, done


def test_where_it_is_not_installed_it_says_so(tmp_path):
    done = qaqpa_attack("--help", command=shutil.copy(BIN / "qaqpa", tmp_path))
    assert (done.returncode, "the program is not installed" in done.stderr) == (NOT_DONE, True), done
