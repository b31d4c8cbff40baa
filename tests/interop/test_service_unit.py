# SPDX-License-Identifier: GPL-3.0-or-later
"""config/qaqpad.service: as strict as it says, by systemd's own measure, and not stricter than what the gateway needs."""
import re
import signal
import subprocess
import time

import pytest

from harness import wss
from harness.gateway import Gateway, instrumented, may_trace
from harness.pki import ROOT
from harness.redis import Redis

UNIT = ROOT / "config/qaqpad.service"
# systemd lets a service do this whatever its filter says (systemd.exec(5), SystemCallFilter).
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
          "arch_prctl", "brk", "mmap", "munmap", "mprotect", "restart_syscall"}


def analyze(*words):
    return subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, check=False)


@pytest.mark.parametrize("name", ["qaqpad.service", "qaqpa-keyd.service"])
def test_the_exposure_is_low(name):
    done = analyze("security", "--offline=true", "--threshold=15", str(UNIT.with_name(name)))
    said = done.stdout.decode()
    assert done.returncode == 0, said[-400:]
    assert float(re.search(rf"exposure level for {name}: ([\d.]+)", said)[1]) <= 1.5


def members(name):
    """The system calls of a group of systemd."""
    if not name.startswith("@"):
        return {name}
    found = set()
    for line in analyze("syscall-filter", name).stdout.decode().splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= members(word)
    return found


def allowed():
    calls = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.M):
        named = set().union(*(members(word) for word in line.lstrip("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls | ALWAYS


def whole(trace):
    """What strace wrote, a call a line where it ended. It may write its last lines when the program has ended already, and cuts a
    call in two when another thread's came between."""
    end = time.monotonic() + 30
    while "exit_group(" not in trace.read_text(errors="replace"):
        assert time.monotonic() < end, "strace does not end its report"
        time.sleep(0.05)
    begun, lines = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        resumed = re.match(r" *<[.]{3} \w+ resumed>(.*)", call)
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
        else:
            lines.append(f"{thread} {begun.pop(thread, '') + resumed[1] if resumed else call}")
    return "\n".join(lines)


def works_within_its_own(traced):
    """What it needs is on the list of calls and in the folders that it leaves itself: nothing is refused behind them."""
    filtered = re.search(r"^\d+ +seccomp\(SECCOMP_SET_MODE_FILTER, .*= 0$", traced, re.M)
    if instrumented():
        assert not filtered
        return
    writes = re.search(r"^\d+ +landlock_restrict_self\(.*= 0$", traced, re.M)
    assert writes or "landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) = -1" in traced
    threads = re.search(r"^\d+ +clone3?\(", traced, re.M)
    assert (writes.end() if writes else 0) < threads.start() < filtered.start()
    refused = re.findall(r"^\d+ .*= -1 (?:EPERM|EACCES|ENOSYS) .*$", traced[filtered.end():], re.M)
    assert not [line for line in refused if "clone3(" not in line], refused


@pytest.mark.skipif(not may_trace(), reason="strace may not look at other processes here")
def test_what_the_gateway_does_is_allowed(tmp_path, pki, provider):
    """Traced from start to stop: a call that waits for an answer, a queued one, a name that has to be asked for, a refusal, a reload."""
    provider.answer = provider.signed_answer
    redis, trace = Redis(tmp_path / "redis"), tmp_path / "trace"
    g = Gateway(tmp_path, pki)
    g.service(provider)
    g.service(provider, "Later", delivery="queued")
    g.service(provider, "Far", deadline="2s")
    g.conf["services"][-1]["endpoint"] = "http://nobody.invalid:9/"
    g.conf["queue"] = {"socket": str(redis.socket), "spool": str(tmp_path / "spool")}
    g.program = ["strace", "-D", "-f", "-qq", "-o", trace, *g.program]  # -D: the gateway stays our child
    try:
        g.start()
        g.wait(g.ready)
        assert [g.send().status, g.send(service="Later").status, g.send(service="Nobody").status] == [200, 200, 500]
        assert wss.parse(g.send().octets) is not None
        assert g.send(service="Far").status in (500, 504)
        g.kill(signal.SIGHUP)
        g.wait(lambda: g.events("config.reload"))
        assert g.send().status == 200
        assert g.stop() == 0
    finally:
        redis.stop()
    used = set(re.findall(r"^\d+ +(\w+)\(", whole(trace), re.M))
    assert {"accept4", "fdatasync", "sendto"} & used
    works_within_its_own(whole(trace))
    beyond = used - allowed()
    # Limits are denied by the unit, which sets them itself; fchown is what SQLite does where it runs as root, as in a test.
    assert beyond <= {"setrlimit", "prlimit64", "fchown"}, beyond


@pytest.mark.skipif(not may_trace(), reason="strace may not look at other processes here")
def test_what_the_keeper_does_is_allowed(lone, keeper, tmp_path):
    trace = tmp_path / "trace"
    keeper.program = ["strace", "-D", "-f", "-qq", "-o", trace, *keeper.program]
    keeper.start()
    lone.start()
    assert lone.send().status == 200
    keeper.process.send_signal(signal.SIGHUP)
    lone.wait(lambda: keeper.said("keeper.reload"))
    assert lone.send().status == 200
    assert keeper.stop() == 0
    works_within_its_own(whole(trace))
