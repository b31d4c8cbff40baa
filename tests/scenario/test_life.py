# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the process: start, health, reload, certificate change, stop, kill; nothing answered is ever lost."""
import json
import shutil
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import yaml
from cryptography import x509

from harness import soap, wss
from harness.gateway import PATH, Gateway, instrumented
from harness.provider import Provider


class Load:
    """Clients that post signed messages one after the other over kept connections until told to stop."""

    def __init__(self, gateway, clients=4, each=40, url=None, **session):
        self.gateway, self.answers, self.broken = gateway, {}, 0
        self.stop = threading.Event()
        identity = gateway.pki["department"]
        self.work = [[(i, wss.sign(soap.envelope(soap.request(message_id=i)), identity)) for i in (soap.new_id() for _ in range(each))]
                     for _ in range(clients)]
        self.url = url or gateway.url
        self.session = session
        self.threads = [threading.Thread(target=self.run, args=(messages,)) for messages in self.work]

    def start(self):
        for t in self.threads:
            t.start()
        return self

    def run(self, messages):
        session = requests.Session()
        session.trust_env = False  # the test says whom to trust
        for name, value in self.session.items():
            setattr(session, name, value)
        for message_id, octets in messages:
            if self.stop.is_set():
                return
            try:
                r = session.post(self.url, data=octets, headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30)
                self.answers[message_id] = (r.status_code, r.content)
            except requests.RequestException as e:
                self.broken += 1
                self.last = e

    def join(self):
        for t in self.threads:
            t.join()


def test_killed_in_the_middle_of_load_every_answered_message_is_in_the_journal(lone):
    answered = {}
    for _ in range(3):
        lone.start()
        load = Load(lone, each=60).start()
        lone.wait(lambda: len(load.answers) > 40)
        lone.process.kill()
        lone.process.wait()
        load.stop.set()
        load.join()
        assert load.broken, "the kill came after the load"
        answered.update(load.answers)
    legs = lone.journal("--octets")
    for message_id, (status, octets) in answered.items():
        assert status == 200
        mine = [f for f in legs if f["message_id"] == message_id]
        assert {(f["direction"], f["kind"]) for f in mine} >= {
            ("received", "request"), ("sent", "request"), ("received", "answer"), ("sent", "answer")}
        assert [f["octets"].encode() for f in mine if (f["direction"], f["kind"]) == ("sent", "answer")] == [octets]


def test_its_threads_have_names(lone):
    lone.start()
    assert lone.send().status == 200
    names = {(task / "comm").read_text().strip() for task in Path(f"/proc/{lone.process.pid}/task").iterdir()}
    assert {"front", "worker", "reader", "journal", "index", "egress"} < names


def resident(process):
    """MB of memory that are the process's."""
    return next(int(line.split()[1]) / 1024 for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
                if line.startswith("VmRSS"))


@pytest.mark.skipif(instrumented(), reason="the memory is a sanitizer's")
@pytest.mark.parametrize(("octets", "count", "clients"), [(7_000_000, 8, 4), (1_000_000, 32, 16)])
def test_long_messages_leave_no_memory_behind(lone, octets, count, clients):
    """Blocks are kept for the next ones for a second or two."""
    lone.start()
    before = resident(lone.process)
    messages = [wss.sign(soap.envelope(soap.request(data="<data>" + "x" * octets + "</data>")), lone.pki["department"])
                for _ in range(count)]
    for _ in range(2):
        with ThreadPoolExecutor(clients) as pool:
            assert {a.status_code for a in pool.map(lone.post, messages)} == {200}
    lone.wait(lambda: resident(lone.process) < before + 15)


def test_a_reload_under_load_fails_no_request(lone):
    lone.start()
    load = Load(lone).start()
    for n in range(5):
        lone.wait(lambda: len(load.answers) >= (n + 1) * 15)
        lone.conf["services"].append({"id": f"New{n}", "provider": "permits", "endpoint": "http://127.0.0.1:9/"})
        lone.reload()
    load.join()
    assert load.broken == 0 and {s for s, _ in load.answers.values()} == {200} and len(load.answers) == 160
    assert lone.send(service="New4").code == "QG040"  # known now, though nobody answers


def test_a_key_change_under_load_fails_no_request(lone, tmp_path):
    """The gateway's own certificate is replaced in place; answers verify with the old one, then with the new one."""
    for kind in ("crt", "key"):
        shutil.copy(lone.pki.path(f"gateway.{kind}"), tmp_path / f"own.{kind}")
    (tmp_path / "own.key").chmod(0o600)
    lone.conf["keys"][0].update(certificate=str(tmp_path / "own.crt"), key=str(tmp_path / "own.key"))
    lone.start()
    load = Load(lone).start()
    lone.wait(lambda: len(load.answers) >= 20)
    for kind in ("crt", "key"):
        shutil.copy(lone.pki.path(f"gateway-ec.{kind}"), tmp_path / f"next.{kind}")
        (tmp_path / f"next.{kind}").rename(tmp_path / f"own.{kind}")
    (tmp_path / "own.key").chmod(0o600)
    lone.kill(signal.SIGHUP)
    load.join()
    assert load.broken == 0 and len(load.answers) == 160
    signed = {"gateway": 0, "gateway-ec": 0}
    for status, octets in load.answers.values():
        assert status == 200
        for name in signed:
            try:
                wss.verify(octets, lone.pki[name].certificate)
                signed[name] += 1
            except Exception:  # noqa: BLE001 - the other key's
                pass
    assert sum(signed.values()) == 160 and all(signed.values()), signed


def presented(gateway):
    """Serial number of the certificate that a new TLS connection is shown."""
    with socket.create_connection(("127.0.0.1", gateway.ports["tls"])) as plain, \
            gateway.pki.tls_client().wrap_socket(plain, server_hostname="localhost") as s:
        return x509.load_der_x509_certificate(s.getpeercert(binary_form=True)).serial_number


def test_a_tls_certificate_change_under_load_fails_no_request(lone, tmp_path):
    serial = lone.pki.issue_tls(tmp_path)
    lone.conf["listeners"].append({"name": "tls", "listen": "127.0.0.1:0", "tls": "mutual", "certificate": str(tmp_path / "tls.crt"),
                                   "key": str(tmp_path / "tls.key"), "client_ca": str(lone.pki.path("tls-ca.crt"))})
    lone.start()
    url = f"https://127.0.0.1:{lone.ports['tls']}{PATH}"
    client = dict(verify=str(lone.pki.path("tls-ca.crt")),
                  cert=(str(lone.pki.path("tls-client.crt")), str(lone.pki.path("tls-client.key"))))
    load = Load(lone, url=url, **client).start()
    for n in range(3):
        lone.wait(lambda: len(load.answers) >= (n + 1) * 25)
        assert presented(lone) == serial
        serial = lone.pki.issue_tls(tmp_path)
        lone.reload()
        assert presented(lone) == serial
    load.join()
    assert load.broken == 0 and {s for s, _ in load.answers.values()} == {200} and len(load.answers) == 160
    stranger = requests.Session()
    stranger.trust_env = False
    with pytest.raises(requests.exceptions.RequestException):  # no client certificate, no service
        stranger.post(url, data=b"x", verify=client["verify"], timeout=10)


def test_a_broken_configuration_is_not_taken(lone):
    lone.start()
    before = lone.admin("/status").json()["config_hash"]
    lone.conf["services"][0]["provider"] = "nobody"
    lone.reload()
    problem = lone.events("config.problem")[0]
    assert "nobody" in problem["what"] and problem["line"] > 1
    assert lone.admin("/status").json()["config_hash"] == before
    assert lone.send().status == 200


def test_an_orderly_stop_answers_what_was_begun(lone, provider):
    gate = threading.Event()

    def slow(octets):
        gate.wait(10)
        return provider.signed_answer(octets)

    provider.answer = slow
    lone.start()
    load = Load(lone, clients=5, each=1).start()
    lone.wait(lambda: len(provider.received) == 5)
    lone.kill(signal.SIGTERM)
    lone.wait(lambda: lone.events("gateway.stopping"))
    gate.set()
    load.join()
    assert lone.process.wait(20) == 0
    assert [s for s, _ in load.answers.values()] == [200] * 5
    assert len(lone.journal()) == 20


def test_without_a_journal_nothing_is_accepted(lone, provider):
    lone.conf["journal"]["free_space"] = "1000GiB"
    lone.start()
    answer = lone.send()
    assert (answer.status, answer.code) == (503, "QG051")
    assert answer.headers["Retry-After"] == "5"
    assert provider.received == []
    ready = lone.admin("/readyz")
    assert ready.status_code == 503
    assert [c["check"] for c in ready.json()["checks"] if not c["ok"]] == ["journal"]
    assert lone.admin("/livez").status_code == 200


def test_what_is_marked_as_a_state_secret_is_refused_and_not_kept(lone, provider):
    lone.conf["secrecy"] = {"properties": ["secrecy"], "harmless": ["none"]}
    lone.start()
    mark = "<properties><key>secrecy</key><value>{}</value></properties>"
    secret = "<data><x>do not keep this</x></data>"
    answer = lone.send(tail=mark.format("top"), data=secret)
    assert (answer.status, answer.code) == (500, "QG024")
    assert provider.received == []
    facts = lone.journal("--octets")
    assert [f["reason"] for f in facts if f["direction"] == "received"] == ["message.secret"]
    assert not any("do not keep this" in json.dumps(f) for f in facts)
    for file in (lone.folder / "journal").rglob("*"):
        assert file.is_dir() or b"do not keep this" not in file.read_bytes()
    assert lone.send(tail=mark.format("none")).status == 200


def test_files_belong_to_the_service_alone(lone):
    lone.start()
    lone.send()
    folder = lone.folder / "journal"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in folder.rglob("*")} == {0o600, 0o700}
    assert all(f.is_dir() == (f.stat().st_mode & 0o777 == 0o700) for f in folder.rglob("*"))


def test_a_new_service_is_five_lines(lone, provider, tmp_path):
    lone.start()
    assert lone.send(service="Fresh").code == "SCE004"
    path = lone.folder / "qaqpa.yaml"
    conf = yaml.safe_load(path.read_text())
    addition = [{"id": "Fresh", "provider": "permits", "endpoint": provider.url}]
    assert len(yaml.safe_dump(addition).splitlines()) <= 5
    conf["services"] += addition
    path.write_text(yaml.safe_dump(conf))
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: lone.events("config.reload"))
    assert lone.send(service="Fresh").status == 200


def test_no_secret_reaches_log_or_health(lone):
    lone.start()
    lone.send()
    lone.send(password="wrong-word")
    text = lone.log_path.read_text() + "".join(lone.admin(p).text for p in ("/status", "/readyz", "/metrics"))
    assert "secret" not in text and "wrong-word" not in text and lone.password_hash not in text


def test_startup_fails_with_words_when_the_configuration_is_wrong(tmp_path, pki):
    import subprocess

    from harness.gateway import BIN
    g = Gateway(tmp_path, pki)
    g.conf["participants"][0]["certificates"] = str(tmp_path / "absent.crt")
    done = subprocess.run([BIN / "qaqpad", "--config", g.write()], stderr=subprocess.PIPE, timeout=20, check=False)
    assert done.returncode == 1
    assert b"absent.crt" in done.stderr
    check = subprocess.run([BIN / "qaqpa", "check", "--config", g.write()], stderr=subprocess.PIPE, timeout=20, check=False)
    assert check.returncode == 1
    assert b"qaqpa.yaml:" in check.stderr and b"absent.crt" in check.stderr
