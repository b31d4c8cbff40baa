# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway told by strace that a chosen system call of a chosen thread failed.

As with kills, one clean run of a message tells which thread makes which calls. The call is not carried out, and the gateway gets
an error that the kernel may well give it. What it must do then: go on, and answer rightly or refuse clearly."""
import threading

from crash import Point, clean_run, fresh, let_go, thread_of, trace

RECEIVE = ("ECONNRESET", "ETIMEDOUT", "ENOMEM", "EINTR")
SEND = ("EPIPE", "ECONNRESET", "ENOBUFS", "EINTR")
STORE = ("EIO", "ENOSPC", "EINTR")
LOOK = ("EIO", "ENOMEM")
ERRORS = {
    "accept4": ("EMFILE", "ENFILE", "ENOBUFS", "ECONNABORTED"), "socket": ("EMFILE", "ENOBUFS"),
    "connect": ("ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH"), "recvfrom": RECEIVE, "recvmsg": RECEIVE, "read": ("EIO", "EINTR"),
    "readv": ("EIO",), "pread64": ("EIO",), "sendto": SEND, "sendmsg": SEND, "write": STORE, "writev": STORE, "pwrite64": STORE,
    "pwritev": STORE, "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"), "ftruncate": STORE, "fallocate": STORE,
    "openat": ("EMFILE", "ENOMEM", "EACCES", "ENOSPC"), "rename": ("EIO", "ENOSPC"), "renameat2": ("EIO", "ENOSPC"),
    "unlink": ("EIO",), "unlinkat": ("EIO",), "rt_sigtimedwait": ("EINTR",), "mkdir": ("ENOSPC",), "mmap": ("ENOMEM",), "mprotect": ("ENOMEM",),
    "epoll_ctl": ("ENOMEM", "ENOSPC"), "epoll_wait": ("EINTR",), "poll": ("EINTR", "ENOMEM"), "ppoll": ("EINTR", "ENOMEM"),
    "ioctl": ("EIO",), "setsockopt": ("ENOMEM",), "getsockopt": ("ENOBUFS",), "getpeername": ("ENOBUFS",),
    "getsockname": ("ENOBUFS",), "fstat": LOOK, "newfstatat": LOOK, "stat": LOOK, "statfs": LOOK, "fstatfs": LOOK, "lseek": ("EINVAL",),
    "access": LOOK, "shutdown": ("ENOTCONN",), "clone3": ("EAGAIN",), "getrandom": ("EINTR",),
}
# The kernel's brk never gives an error, it answers with the old end of the heap; libc takes an injected errno for a new end.
# A lock on a local file is given, or taken back, or it is another's (EAGAIN): fcntl is not interrupted there, and SQLite counts on
# that where it gives a lock back.
UNTOUCHED = {"brk", "close", "fcntl", "futex", "munmap", "madvise", "sched_yield", "clock_nanosleep", "clock_gettime", "restart_syscall", "rt_sigprocmask",
             "set_robust_list", "rseq", "getpid", "gettid", "exit", "rt_sigaction", "sigaltstack", "prctl", "umask", "geteuid"}
WAKES = "[eventfd]"  # what wakes a thread knows no errors: a gateway that is given one may end, or sleep on
PATIENCE_S = 30


class Failure(Point):
    def __init__(self, point, error):
        super().__init__(point.role, point.thread, point.number, point.call, point.text)
        self.error = error

    @property
    def kind(self):
        return f"{self.call} {self.error}"


def failures(world, client):
    """Of every call of one message with every error that is listed for it; and the calls that none is listed for."""
    points = [p for p in clean_run(world, client, "all") if WAKES not in p.text]
    unknown = {p.call for p in points} - set(ERRORS) - UNTOUCHED
    return [Failure(p, error) for p in points for error in ERRORS.get(p.call, ())], unknown


def send(world, client):
    """One message, until it is accepted and has arrived."""
    sender = threading.Thread(target=client.one, args=(client.name,))
    sender.start()

    def is_over():
        if world.gateway.process.returncode is not None:  # that is a fault already; the next message finds another
            world.gateway.again()
        return not sender.is_alive()

    client.give_up = not world.wait(is_over, "the message is accepted", PATIENCE_S)
    sender.join()
    client.give_up = False
    world.drained()


def fail_at(world, client, failure):
    """One message while the failure waits for it, and one behind it; True when the failure came about. Of the n-th write of a
    thread only the run itself tells what it writes to; one that wakes a thread leaves no finding."""
    node, out = world.gateway, world.folder / "strace.fail"
    before = len(world.books.faults)
    fresh(client)
    thread = thread_of(world, failure)
    tracer = trace(node, ["-y", "-e", f"inject={failure.call}:error={failure.error}:when={failure.number}"], thread, out, failure.call)
    send(world, client)
    let_go(tracer)
    told = out.read_text()
    hit = next((line for line in told.splitlines() if "INJECTED" in line), "")
    torn = not hit and told.endswith("<detached ...>\n")  # let go in the middle of it: the call got ENOSYS, which no kernel gives
    send(world, client)
    if torn or WAKES in hit:
        del world.books.faults[before:]
        return False
    if len(world.books.faults) > before:
        world.books.fault("failed call", f"{failure.role}: {failure.kind}, number {failure.number}")
    return bool(hit)
