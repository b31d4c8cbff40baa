# SPDX-License-Identifier: GPL-3.0-or-later
"""Several gateways are read as one: their journals are searched together, and what is missing is said to be missing."""
import base64
import hashlib
import http.client
import json
import signal
import subprocess

import pytest
import requests
import yaml

from harness import soap, wss
from harness.gateway import BIN
from harness.pair import Pair

TOKEN = "c2VhcmNo-0123456789-abcdef"


class Nodes(Pair):
    """Two gateways that tell their facts to whoever has the token, and a configuration that names both."""

    def node(self, folder, spool):
        g = super().node(folder, spool)
        g.service(self.provider)
        g.conf["admin"].update(facts=True, token_file=self.token(folder))
        return g

    @staticmethod
    def token(folder, text=TOKEN):
        path = folder / "token"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    def begin(self):
        for g in self.nodes:
            g.start()
        self.name_nodes()
        return self

    def name_nodes(self, **changes):
        one = self.nodes[0]
        conf = json.loads(json.dumps(one.conf))
        conf["nodes"] = [{"name": name, "url": f"http://127.0.0.1:{g.ports['admin']}", "token_file": g.conf["admin"]["token_file"]}
                         for name, g in zip(("first", "second"), self.nodes)]
        conf["nodes"][1].update(changes)
        self.path = one.folder / "all.yaml"
        self.path.write_text(yaml.safe_dump(conf, sort_keys=False))
        self.path.chmod(0o600)

    def qaqpa(self, *words):
        return subprocess.run([BIN / "qaqpa", *words, "-c", self.path], capture_output=True, check=False)

    def find(self, *words, code=0):
        done = self.qaqpa("msg", "find", "--nodes", "-o", "json", *words)
        assert done.returncode == code, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def close(self):
        super().close()
        for g in self.nodes:
            assert TOKEN not in g.log_path.read_text()


@pytest.fixture
def pair(tmp_path, pki):
    p = Nodes(tmp_path, pki)
    yield p
    p.close()


def test_the_journals_of_all_nodes_are_searched_as_one(pair):
    one, two = pair.begin().nodes
    for n in range(3):
        assert one.send(message_id=f"a{n}").status == two.send(message_id=f"b{n}").status == 200
    facts = pair.find()
    assert len(facts) == 24
    moments = [f["at"] for f in facts]
    assert moments == sorted(moments, reverse=True)
    assert {f["message_id"][0] + f["node"] for f in facts} == {"afirst", "bsecond"}
    apart = {json.dumps(f, sort_keys=True) for g in (one, two) for f in g.journal()}
    for f in facts:
        del f["node"]
    assert {json.dumps(f, sort_keys=True) for f in pair.find("--numbers", "--limit", "100") if f.pop("node")} == apart
    assert [f["message_id"] for f in pair.find("--message-id", "b1")] == ["b1"] * 4
    assert [f["message_id"] for f in pair.find("--limit", "5")] == ["b2"] * 4 + ["a2"]


def test_every_word_of_the_question_reaches_every_node(pair):
    one, two = pair.begin().nodes
    strange = "50%&x=1 Ж+{y}"
    for g in (one, two):
        g.send(message_id=strange.replace("&", "&amp;"), correlation="c&amp;=1")
        g.send(sender="nobody")
    exchange = pair.find("--message-id", strange, "--limit", "4")[0]["exchange"]
    assert len(pair.find("--message-id", strange)) == 8
    assert len(pair.find("--correlation-id", "c&=1")) == 8
    assert {f["exchange"] for f in pair.find("--exchange", exchange)} == {exchange}
    refused = pair.find("--refused")
    assert [f["reason"] for f in refused] == ["sender.unknown"] * 2
    assert [f["error_id"] for f in pair.find(refused[0]["error_id"])] == [refused[0]["error_id"]] * 2
    assert len(pair.find("--participant", "permits")) == len(pair.find("--sender", "department_is", "--service", "Demo")) / 2 == 4
    assert pair.find("--since", refused[0]["at"][:4].replace("20", "21") + "-01-01T00:00:00+05:00", code=1) == []
    assert len(pair.find("--until", refused[0]["at"], "--refused")) >= 1


def test_octets_come_exactly_and_numbers_of_persons_are_hidden_unless_asked_for(pair):
    one, two = pair.begin().nodes
    octets = wss.sign(soap.envelope(soap.request(message_id="880101300123 Ж")), pair.pki["department"])
    two.post(octets)
    [got] = [f for f in pair.find("--octets", "--numbers") if f["direction"] == "received" and f["kind"] == "request"]
    assert got["octets"].encode() == octets and got["message_id"].startswith("880101300123") and got["node"] == "second"
    assert not any("octets" in f for f in pair.find())
    assert not any(f["message_id"].startswith("880101300123") for f in pair.find())


def test_a_story_over_two_nodes_is_told_in_its_order(pair):
    one, two = pair.begin().nodes
    octets = wss.sign(soap.envelope(soap.request(message_id="story")), pair.pki["department"])
    one.post(octets)
    two.post(octets)
    done = pair.qaqpa("msg", "trace", "--nodes", "story")
    heads = [line for line in done.stdout.decode().splitlines() if not line.startswith(" ")]
    assert done.returncode == 0 and [h.split()[-1] for h in heads] == ["first", "second"]
    done = pair.qaqpa("msg", "show", "--nodes", "story")
    assert done.stdout.decode().count("node         second") == 4


@pytest.mark.parametrize("how, words", [
    ("killed", "connect"), ("token", "HTTP 401"), ("page", "facts of the section admin"), ("tls", "SSL")])
def test_a_node_that_does_not_answer_makes_the_result_partial(pair, tmp_path, how, words):
    if how == "page":
        pair.nodes[1].conf["admin"]["facts"] = False
    one, two = pair.begin().nodes
    one.send(message_id="here")
    if how == "killed":
        two.stop(signal.SIGKILL)
    if how == "token":
        (tmp_path / "other").mkdir()
        pair.name_nodes(token_file=pair.token(tmp_path / "other", TOKEN + "x"))
    if how == "tls":
        pair.name_nodes(url=f"https://127.0.0.1:{two.ports['admin']}", ca=str(pair.pki.path("tls-ca.crt")))
    done = pair.qaqpa("msg", "find", "--nodes", "here")
    said = done.stderr.decode()
    assert done.returncode == 69 and len(done.stdout.splitlines()) == 4
    assert "node second (http" in said and words in said and "the result is partial: 1 of 2 nodes are missing" in said, said
    assert pair.qaqpa("msg", "find", "--nodes", "nothing").returncode == 69  # found nothing, and cannot know


def test_facts_are_told_to_nobody_without_proof(pair):
    one, _ = pair.begin().nodes
    one.send()
    assert one.admin("/facts").status_code == 401
    assert one.admin("/facts", TOKEN).json()["facts"]
    for wrong in ("?x=1", "?message_id=%", "?message_id=%zz", "?limit=0", "?limit=-1", "?message_id", "?since=now", "?message_id=%0", "?message_id=%00x"):
        asked = http.client.HTTPConnection("127.0.0.1", one.ports["admin"], timeout=10)
        asked.request("GET", f"/facts{wrong}", headers={"Authorization": f"Bearer {TOKEN}"})
        assert asked.getresponse().status == 400, wrong
        asked.close()
    one.conf["admin"]["facts"] = False
    assert "new configuration" in one.reload()
    assert one.admin("/facts", TOKEN).status_code == 404
    done = subprocess.run([BIN / "qaqpa", "check", "-c", pair.path], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    del pair.nodes[0].conf["admin"]["token_file"]
    pair.nodes[0].conf["admin"]["facts"] = True
    done = subprocess.run([BIN / "qaqpa", "check", "-c", one.write()], capture_output=True, check=False)
    assert done.returncode != 0 and b"facts would be told to everybody" in done.stdout + done.stderr


def test_more_than_a_node_can_tell_at_once_is_said_to_be_missing(pair):
    one, _ = pair.begin().nodes
    for n in range(12):
        assert one.send(message_id=f"big{n}", data=f"<data><x>{'x' * 2**20}</x></data>").status == 200
    done = pair.qaqpa("msg", "find", "--nodes", "--octets", "--output", "json")
    assert done.returncode == 69 and b"node first found more than it can tell at once" in done.stderr, done.stderr
    facts = json.loads(done.stdout)
    assert 0 < len(facts) < 48 and facts[0]["message_id"] == "big11"
    assert len(pair.find()) == 48  # without the contents all fit


def test_the_configuration_in_force_is_seen_everywhere_and_compared(pair):
    one, two = pair.begin().nodes
    hashes = []
    for g in (one, two):
        status, metrics = g.admin("/status", TOKEN).json()["config_hash"], g.admin("/metrics", TOKEN).text
        assert hashlib.sha256(g.write().read_bytes()).hexdigest() == status
        assert f'qaqpa_config_info{{hash="{status}"}} 1' in metrics
        assert g.events("gateway.ready")[0]["config_hash"] == status
        hashes.append(status)
    done = pair.qaqpa("nodes", "--output", "json")
    told = json.loads(done.stdout)
    assert done.returncode == 1 and done.stderr.decode().count("runs another configuration than this file") == 2
    assert [n["status"]["config_hash"] for n in told["nodes"]] == hashes
    assert told["config_hash"] == hashlib.sha256(pair.path.read_bytes()).hexdigest()


def test_nodes_that_run_one_file_are_told_apart_from_those_that_do_not(pair):
    one, two = pair.begin().nodes
    one.conf = yaml.safe_load(pair.path.read_text())
    one.write = two.write = lambda: pair.path.write_text(yaml.safe_dump(one.conf, sort_keys=False))  # one place for both
    for g in (one, two):
        (g.folder / "qaqpa.yaml").unlink()
        (g.folder / "qaqpa.yaml").symlink_to(pair.path)
        assert "new configuration" in g.reload()
        assert g.events("config.reload")[0]["config_hash"] == hashlib.sha256(pair.path.read_bytes()).hexdigest()
    done = pair.qaqpa("nodes", "--output", "table")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert [line.split()[0] for line in lines] == ["node", "first", "second", "this"]
    assert lines[1].split()[2] == lines[2].split()[2] == lines[3].split()[2]
    one.conf["gateway"] = {"log_level": "debug"}
    assert "new configuration" in one.reload()
    done = pair.qaqpa("nodes", "--output", "table")
    assert done.returncode == 1 and b"node second runs another" in done.stderr and b"node first runs" not in done.stderr
    two.stop(signal.SIGKILL)
    done = pair.qaqpa("nodes", "--output", "table")
    assert done.returncode == 69 and b"node second (http" in done.stderr and b"first" in done.stdout


def test_a_question_does_not_hold_up_messages(pair):
    one, _ = pair.begin().nodes
    for n in range(20):
        one.send(message_id=f"m{n}")
    with requests.Session() as s:
        s.headers["Authorization"] = f"Bearer {TOKEN}"
        answer = s.get(f"http://127.0.0.1:{one.ports['admin']}/facts?octets=1&limit=10000", timeout=30).json()
    assert len(answer["facts"]) == 80 and answer["more"] is False
    assert base64.b64decode(answer["facts"][-1]["octets"]).startswith(b"<soapenv:Envelope")
    assert one.send().status == 200
