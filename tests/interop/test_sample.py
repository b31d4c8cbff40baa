# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample configuration is whole: every system takes part, every adapter's services are there, and the gateway would start
with it once the certificates lie where it says."""
import re
import shutil
import subprocess

import pytest
import yaml

from harness.gateway import BIN
from harness.pki import ROOT
from harness.world import World, identities

FILES = {"nca-root": "root", "nca-issuing": "issuing", "gateway": "gateway", "tls-server": "tls-server", "tls-clients": "tls-ca"}
EXPECTED = re.compile(r"repealed|may be read by everybody")  # warnings that the sample has to give


@pytest.fixture
def sample(tmp_path):
    for folder in ("config", "adapters", "wsdl"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    made = identities(tmp_path / "pki")
    certs = tmp_path / "config/certs"
    certs.mkdir()
    for name, source in FILES.items():
        shutil.copy(made / f"{source}.crt", certs / f"{name}.pem")
        if source in ("gateway", "tls-server"):
            shutil.copy(made / f"{source}.key", certs / f"{name}.key")
    main = tmp_path / "config/qaqpa.yaml"
    main.write_text(main.read_text().replace("/var/lib/qaqpa", str(tmp_path)))
    (tmp_path / "blocked").touch(0o600)
    return main


def test_the_sample_is_whole(sample):
    done = subprocess.run([BIN / "qaqpa", "check", "--config", sample], capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    warnings = [line for line in said.splitlines() if "warning" in line and not EXPECTED.search(line)]
    assert not warnings


def test_every_system_takes_part():
    conf = yaml.safe_load((ROOT / "config/qaqpa.yaml").read_text())
    included = {(ROOT / "config" / folder).resolve() for folder in conf["include"]}
    assert {p.parent for p in (ROOT / "adapters").glob("*/services.yaml")} <= included
    systems = yaml.safe_load((ROOT / "config/participants.d/systems.yaml").read_text())["participants"]
    known = subprocess.run([BIN / "qaqpa", "sim"], capture_output=True, check=False)
    named = set(re.findall(r"^  ([\w-]+)  ", (known.stdout + known.stderr).decode(), re.M)) - {"scripted"}
    assert named <= {p["name"] for p in systems}


def services():
    """Of all descriptors: who provides what."""
    return {s["id"]: s["provider"] for path in (ROOT / "adapters").glob("*/services.yaml")
            for s in yaml.safe_load(path.read_text())["services"]}


def calls():
    systems = yaml.safe_load((ROOT / "config/participants.d/systems.yaml").read_text())["participants"]
    return {p["name"]: set(p["may_call"]) for p in systems}


def test_nobody_may_call_more_than_the_orders_have_it_call():
    callers = {service: {name for name, ids in calls().items() if service in ids} for service in services()}
    assert set.union(*calls().values()) <= set(services())  # no "*"
    assert {s for s, who in callers.items() if not who} == {"PORTAL_GATEWAY_NOTICE"}  # which the gateway itself sends
    assert callers["PERMITS_SEARCH"] == set(calls())  # rule P18
    only = {"PERMITS_DEATH": "gbdfl", "TREASURY_RESULT": "integrated-treasury", "INTEGRATED_TREASURY_DOCUMENT": "treasury",
            "APPEALS_EDMS_STATE": "edms", "PERMITS_STAFF_APPLICATION": "monitoring", "MONITORING_DATA": "department"}
    assert {service: callers[service] for service in only} == {service: {who} for service, who in only.items()}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("strict"), list(calls()), strict=True)
    yield w.begin()
    w.close()


@pytest.mark.parametrize("name", ["licence", "death", "treasury", "appeal"])
def test_the_stories_call_nothing_that_is_not_allowed(strict, name):
    strict.script(f'. config/stories/{name}.sh; world_up() {{ :; }}; story_{name} "$1"', strict.folder)
    forbidden = [e for e in strict.events("message.refused") if e["reason"] == "service.forbidden"]
    assert not forbidden, forbidden


@pytest.mark.parametrize("name", ["department", "tax", "portal", "treasury"])
def test_what_is_not_allowed_is_refused(strict, name):
    for service in sorted(set(services()) - calls()[name] - {"DEPARTMENT_CASE"}):  # that one has a channel of its own
        answer = strict.say(name, service, "<x/>")
        assert (answer.code, answer.reason) == ("QG020", "service.forbidden"), (service, answer.octets)
