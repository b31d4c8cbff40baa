# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients as they should be: one message after the other in each correlation, the same octets again until it is accepted.

A line of the ledger: moment, what, messageId, correlationId or -, business number, words. A is an acceptance, with the seconds
from the request to the answer, G was given up,
X was refused for good, D is a repetition with another answer or, at another gateway, under another sessionId, V an acceptance
whose signature does not verify. B is a connection that broke; N was put off, with the code; U may have reached a provider who
gets it only once: what became of it stays unknown.
"""
import ctypes
import multiprocessing
import os
import random
import re
import socket
import threading
import time
from collections import deque

from harness import soap
from message import CASE, SERVICE, Signer, async_request, field, is_signed_by, own_certificates, request

PUT_OFF = {"QG023", "QG040", "QG041", "QG050", "QG051", "QG052", "SCE909"}  # come again with the same octets
IN_DOUBT = "QG041"
REPEATED_EVERY = 60
VERIFIED_EVERY = 60
ANSWER_S = 15
BAD_GATEWAY = 502  # no gateway says so: a balancer does, when its connection to one broke
LENGTH = re.compile(rb"[Cc]ontent-[Ll]ength: *(\d+)")
BIG_ONE_IN = 20  # goes through the spool


class Broken(OSError):
    pass


class Connection:
    def __init__(self, port, address="127.0.0.1", tls=None):
        self.port, self.address, self.tls = port, address, tls
        self.socket = None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def exchange(self, octets):
        """Status and body of the answer; Broken when there is none."""
        try:
            if not self.socket:
                self.open()
            self.socket.sendall(octets)
            status, body = self.read()
            if status == BAD_GATEWAY:
                raise Broken
            return status, body
        except OSError as e:
            self.close()
            raise Broken from e

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), ANSWER_S, (self.address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            self.socket = self.tls.wrap_socket(self.socket, server_hostname="localhost")

    def read(self):
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(LENGTH.search(head).group(1))
        while len(body) < length:
            body += self.more()
        if b"connection: close" in head.lower():
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def more(self):
        octets = self.socket.recv(1 << 16)
        if not octets:
            raise Broken
        return octets


class Client:
    """One thread's share: correlations of its own. Of CASE it sends a request as the department and a response as the permits
    system. It remembers `memory` messages, and repeats one of them after every so many. Behind a balancer it does not know which
    gateway it speaks to. Messages that the provider gets `once` may end in doubt."""

    def __init__(self, name, ledger, ports, pki, seed, sizes=(), service=SERVICE, password=None, memory=1,
                 repeated_every=REPEATED_EVERY, address="127.0.0.1", tls=False, balanced=False, once=False):
        self.name, self.service, self.password, self.repeated_every = name, service, password, repeated_every
        self.file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.ports = ports
        self.balanced, self.once = balanced, once
        self.connection = Connection(ports[0], address, pki.tls_client() if tls else None)
        self.signer, self.other_signer = Signer(pki["department-ec"]), Signer(pki["permits"])
        self.gateway_certificates = own_certificates(pki)
        self.remembered = deque(maxlen=memory)
        self.random = random.Random(f"{seed} {name}")
        self.poison_at = 0  # number of the message that the receiver will refuse
        self.sizes = sizes
        self.at = {}  # correlation: last number
        self.count = 0
        self.give_up = False

    def write(self, what, message_id, correlation, number, words="-"):
        os.write(self.file, f"{time.monotonic():.6f} {what} {message_id} {correlation or '-'} {number} {words}\n".encode())

    def one(self, correlation=None):
        """One message until it is accepted; None is a message outside of any order."""
        self.count += 1
        message_id = soap.new_id()
        key = correlation or ""
        self.at[key] = self.at.get(key, 0) + 1
        number = f"{self.name}/{key}/{self.at[key]}"
        poison = self.count == self.poison_at
        octets = request(self.signer, message_id, correlation, number, self.some_size(), poison, self.service, self.password)
        return bool(self.insist_and_look(octets, message_id, correlation, number))

    def chain(self):
        """A chain of the asynchronous channel, there and back."""
        self.count += 1
        number = f"{self.name}//{self.count}"
        octets = async_request(self.signer, "REQUEST", "department_is", number, self.some_size(), password=self.password)
        answer = self.insist_and_look(octets, "-", None, number)
        if answer:
            octets = async_request(self.other_signer, "RESPONSE", "permits_is", f"{number}.back", self.some_size(), field(answer, "correlationId"))
            self.insist_and_look(octets, "-", None, f"{number}.back")

    def insist_and_look(self, octets, message_id, correlation, number):
        answer = self.insist(octets, message_id, correlation, number)
        if answer:
            self.remembered.append((octets, answer, message_id, correlation, number))
            if self.count % VERIFIED_EVERY == 1 and not is_signed_by(answer, self.gateway_certificates):
                self.write("V", message_id, correlation, number)
            if self.random.randrange(self.repeated_every) == 0:
                self.repeat(*self.random.choice(self.remembered))
        return answer

    def some_size(self):
        if self.sizes:
            return self.random.choice(self.sizes)
        return 30000 if self.random.randrange(BIG_ONE_IN) == 0 else self.random.randrange(800)

    def insist(self, octets, message_id, correlation, number):
        while not self.give_up:
            begun = time.monotonic()
            try:
                status, body = self.connection.exchange(octets)
            except Broken:
                self.write("B", message_id, correlation, number)
                self.move()
                time.sleep(self.random.uniform(0.02, 0.1))
                continue
            if status == 200 and self.is_acceptance(body):
                name = field(body, "messageId") if self.service == CASE else message_id
                self.write("A", name, correlation, number, f"{time.monotonic() - begun:.6f}")
                return body
            code = field(body, "errorCode")
            if self.once and code == IN_DOUBT:
                self.write("U", message_id, correlation, number)
                return None
            if code not in PUT_OFF and status != 503:
                self.write("X", message_id, correlation, number, f"{status}:{code}")
                return None
            self.write("N", message_id, correlation, number, code or status)
            time.sleep(self.random.uniform(0.03, 0.15))
        self.write("G", message_id, correlation, number)
        return None

    def move(self):
        """To a gateway by chance: whoever meets trouble at one tries another, with the same octets."""
        port = self.random.choice(self.ports)
        if port != self.connection.port:
            self.connection.close()
            self.connection = Connection(port, self.connection.address, self.connection.tls)

    def is_acceptance(self, body):
        return (b"sendMessageResponse" if self.service == CASE else b"SCSS001") in body

    def repeat(self, octets, answer, message_id, correlation, number):
        """The same octets again are answered with the same octets; an acceptance at another gateway with the same sessionId; while
        something is broken, or not at all."""
        here = self.connection.port
        self.move()
        try:
            status, body = self.connection.exchange(octets)
        except Broken:
            return
        same_octets = self.once or (self.connection.port == here and not self.balanced)
        same = body == answer if same_octets else field(body, "sessionId") == field(answer, "sessionId")
        if status == 200 and not same:
            self.write("D", message_id, correlation, number)

    def close(self):
        self.connection.close()
        os.close(self.file)


def work(client, stop, most, pause, correlations):
    due = time.monotonic() + client.random.random() * pause
    names = [f"{client.name}-{i}" for i in range(correlations)] + [None]
    while not stop.is_set() and (not most or client.count < most):
        if client.service == CASE:
            client.chain()
        else:
            client.one(client.random.choice(names))
        due = max(due + pause, time.monotonic())
        stop.wait(due - time.monotonic())
    client.close()


def run(name, ledger, ports, pki, seed, threads, rate, most, poison, ordered, stop, give_up, more):
    ctypes.CDLL(None).prctl(1, 9)  # does not outlive the run
    clients = [Client(f"{name}.{i}", ledger, ports[i % len(ports):] + ports[:i % len(ports)], pki, seed, **more)
               for i in range(threads)]
    if poison:
        clients[0].poison_at = most // threads // 2
    local = threading.Event()
    working = [threading.Thread(target=work, args=(c, local, most // threads, threads / rate, 6 if ordered else 0)) for c in clients]
    for thread in working:
        thread.start()
    while any(t.is_alive() for t in working):
        if stop.wait(0.05):
            local.set()
            time.sleep(0.02)
        if give_up.is_set():
            for c in clients:
                c.give_up = True


class Load:
    """A process with some clients, made with `more`; ends by itself after `most` messages, or when told."""

    def __init__(self, name, ledger, ports, pki, seed, threads=8, rate=120, most=0, poison=False, ordered=True, **more):
        self.stopping, self.give_up = multiprocessing.Event(), multiprocessing.Event()
        self.process = multiprocessing.Process(target=run, daemon=True, args=(
            name, str(ledger), ports, pki, seed, threads, rate, most, poison, ordered, self.stopping, self.give_up, more))
        self.process.start()

    def alive(self):
        return self.process.is_alive()

    def stop(self):
        self.stopping.set()

    def abandon(self):
        self.give_up.set()
        self.stopping.set()
        self.process.join(20)
