# SPDX-License-Identifier: GPL-3.0-or-later
"""A running gateway and its keeper have given up what they do not need, in every thread, and work on."""
import signal
from pathlib import Path

import pytest

from harness.gateway import instrumented


pytestmark = pytest.mark.skipif(instrumented(), reason="an instrumented build is not confined")


def threads(process):
    """The status of each thread, as a dict of its lines."""
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)


def confined(process):
    found = [(t["Seccomp"], t["NoNewPrivs"]) for t in threads(process)]
    return len(found) > 1 and set(found) == {("2", "1")}


def said(gateway):
    return [(e["what"], e["level"], e["to"]) for e in gateway.events("process.confined")]


def test_every_thread_of_the_gateway_is_confined_and_it_works(lone):
    lone.start()
    assert confined(lone.process)
    (writing, *_), *calls = said(lone)
    assert writing == "writing" and calls == [("calls", "info", "those that are needed")]
    assert lone.send().status == 200
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: any(e["result"] == "new configuration in use" for e in lone.events("config.reload")))
    assert lone.send().status == 200
    assert confined(lone.process)  # those that began later too
    assert lone.stop() == 0


def test_every_thread_of_the_keeper_is_confined_and_it_signs(lone, keeper):
    keeper.start()
    lone.start()
    assert lone.send().status == 200
    assert confined(keeper.process)
    keeper.process.send_signal(signal.SIGHUP)
    lone.wait(lambda: keeper.said("keeper.reload"))
    assert lone.send().status == 200
    assert keeper.stop() == 0 and not keeper.path.exists()


def test_it_can_be_switched_off_and_the_log_says_so(lone, keeper):
    lone.conf["gateway"] = {"confine": False}
    keeper.start()
    lone.start()
    for process in (lone.process, keeper.process):
        assert {(t["Seccomp"], t["NoNewPrivs"]) for t in threads(process)} == {("0", "1")}
    assert said(lone) == [(what, "warning", "nothing, as confine is false") for what in ("writing", "calls")]
    assert keeper.log.read_text().count("as confine is false") == 2


def test_a_list_of_blocks_in_another_place_is_written_after_a_restart(lone, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "blocks").write_text("")
    lone.conf["blocks"] = str(tmp_path / "one/blocks")
    lone.start()
    lone.conf["blocks"] = str(tmp_path / "two/blocks")
    lone.write()
    lone.kill(signal.SIGHUP)
    lone.wait(lambda: lone.events("config.reload"))
    assert any("not written there by rules" in e["what"] and e["level"] == "warning" for e in lone.events("config.problem"))
    assert lone.send().status == 200


def test_no_core_is_left_by_either(lone, keeper):
    keeper.start()
    lone.start()
    for process in (lone.process, keeper.process):
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        [core] = (line.split() for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core[4:6] == ["0", "0"], core
