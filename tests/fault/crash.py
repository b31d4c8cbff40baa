# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway killed at a chosen system call of a chosen thread, by strace.

One clean run of a message tells which thread makes which calls; a crash point is the n-th call of one name in one thread. The
call itself is not carried out: the kill at the next point is the kill behind this one."""
import os
import re
import signal
import subprocess
import threading
import time
from collections import defaultdict
from pathlib import Path

CALLS = "read,recvfrom,write,pwrite64,fsync,fdatasync,sendto,sendmsg,connect,accept4,openat,rename,unlink,close"
ROLES = (("journal", r"fdatasync\("), ("front", r"accept4\("), ("queue", r"sendto\(\S+, .*EVALSHA"), ("egress", r'sendmsg\(.*"POST'))


def allowed():
    """Is there a strace, and may it look at other processes?"""
    child = subprocess.Popen(["sleep", "60"])
    try:
        tracer = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-p", str(child.pid)], stderr=subprocess.DEVNULL)
        attached = is_traced(child.pid, tracer)
        tracer.terminate()
        tracer.wait()
        return attached
    except FileNotFoundError:
        return False
    finally:
        child.kill()
        child.wait()


def is_traced(thread, tracer):
    """Waits until the tracer holds the thread; False when it gave up."""
    while tracer.poll() is None:
        try:
            if "TracerPid:\t0\n" not in Path(f"/proc/{thread}/status").read_text():
                return True
        except FileNotFoundError:
            return False
        time.sleep(0.01)
    return False


def threads(process):
    """Its threads in the order of their making, which is always the same."""
    return sorted(int(t) for t in os.listdir(f"/proc/{process.pid}/task"))


def trace(node, arguments, thread, out, calls=CALLS):
    tracer = subprocess.Popen(["strace", "-q", "-o", str(out), "-e", f"trace={calls}", *arguments, "-p", str(thread)],
                              stderr=subprocess.DEVNULL)
    if not is_traced(thread, tracer) and node.process.poll() is None:
        raise RuntimeError("strace does not hold the gateway")
    return tracer


def let_go(tracer):
    if tracer.poll() is None:
        tracer.terminate()
    tracer.wait()


def fresh(client):
    """Each message comes over a connection of its own; the gateway has seen the end of the last one."""
    client.connection.close()
    time.sleep(0.05)


class Point:
    def __init__(self, role, thread, number, call, text):
        self.role, self.thread, self.number, self.call, self.text = role, thread, number, call, text

    @property
    def kind(self):
        return self.call


def clean_run(world, client, calls=CALLS):
    """The calls of one message, from its acceptance to its end in the queue."""
    node, out = world.gateway, world.folder / "strace.clean"
    fresh(client)
    made = threads(node.process)
    tracer = trace(node, ["-f", "-y"], node.process.pid, out, calls)
    time.sleep(0.3)  # all threads
    client.one(client.name)
    world.drained()
    let_go(tracer)
    calls, texts = defaultdict(list), defaultdict(str)
    for line in out.read_text().splitlines():
        found = re.match(r"(\d+) +(\w+)\((.*)", line)
        if found and int(found[1]) in made:
            calls[made.index(int(found[1]))].append((found[2], found[3]))
            texts[made.index(int(found[1]))] += found[2] + "(" + found[3] + "\n"
    points = []
    for thread, made_calls in sorted(calls.items()):
        names = [name for name, _ in made_calls]
        role = next((role for role, sign in ROLES if re.search(sign, texts[thread])), "worker")
        points += [Point(role, thread, names[:n].count(call), call, text) for n, (call, text) in enumerate(made_calls, 1)]
    return points


def chosen(points, most, generator):
    """All points, or so many: first one of every kind of every role, then others."""
    if not most:
        return points
    mixed = generator.sample(points, len(points))
    kinds = {(p.role, p.kind): p for p in mixed}
    first = sorted(kinds.values(), key=lambda p: p.call in ("close", "read", "openat"))  # what moves nothing is last
    return (first + [p for p in mixed if p not in first])[:most]


def thread_of(world, point):
    """A gateway that began anew may be ready before it has made its last thread."""
    process = world.gateway.process
    world.wait(lambda: len(threads(process)) > point.thread, "the gateway has its threads")
    return threads(process)[point.thread]


def is_killed(node):
    """By itself: a tracer that is let go in that moment may only have said that it detached."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        ended = os.waitid(os.P_PID, node.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended:
            return ended.si_status == signal.SIGKILL
        time.sleep(0.01)
    return False


def kill_at(world, client, point):
    """One message while the point waits for it. The call that was hit, or None when the message came through."""
    node, out = world.gateway, world.folder / "strace.kill"
    fresh(client)
    thread = thread_of(world, point)
    tracer = trace(node, ["-e", f"inject={point.call}:signal=KILL:when={point.number}"], thread, out)
    sender = threading.Thread(target=client.one, args=(client.name,))
    sender.start()
    end = time.monotonic() + 5
    while tracer.poll() is None and node.process.returncode is None and time.monotonic() < end:
        world.books.read()
        if not sender.is_alive() and not world.books.open and world.places()[:2] == (0, 0):
            break
        time.sleep(0.005)
    let_go(tracer)
    hit = None
    if is_killed(node):
        node.process.wait()
        world.killed += 1
        hit = re.findall(r"^(\w+)\(", out.read_text(), re.M)[-1]
        node.again()
    sender.join()
    return hit
