# SPDX-License-Identifier: GPL-3.0-or-later
"""The destination: a process that acts once for each messageId, keeps a ledger of it, and has moods.

A line of the ledger: moment, what (E effect, R repeat, P poison refused, F forged), messageId, sessionId, correlationId
or -, business number, path of the address. Below /async/ it is the
participant of that name on the asynchronous channel, whose notices are acknowledged and not counted. It is written before the answer, so that a killed receiver knows after its start
what it has done.
"""
import ctypes
import multiprocessing
import os
import socket
import threading
import time

from harness import async_soap
from message import Signer, acknowledgement, answer, field, is_signed_by, own_certificates

NORMAL, SLOW, BREAKS, TWICE, SILENT = range(5)
VERIFIED_EVERY = 40
SILENCE_S = 1.5


def dash(text):
    return text or "-"


def read_message(connection, octets):
    """Path and body of one request, and what came behind it; None at the end."""
    while b"\r\n\r\n" not in octets:
        more = connection.recv(1 << 18)
        if not more:
            return None
        octets += more
    head, _, body = octets.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    parts, have = [body], len(body)
    while have < length:
        more = connection.recv(1 << 18)
        if not more:
            return None
        parts.append(more)
        have += len(more)
    body = b"".join(parts)
    return head.split(b" ", 2)[1].decode(), body[:length], body[length:]


class Service:
    """What runs in the process."""

    def __init__(self, ledger, port, mood, identities, gateway_certificates):
        self.mood = mood
        self.gateway_certificates = gateway_certificates
        self.signers = {f"/async/{name}": Signer(identity) for name, identity in identities.items()}
        self.yes = answer(Signer(identities["permits"]), "SCSS001", "done")
        self.no = answer(Signer(identities["permits"]), "SCSE002", "not like this")
        self.known = set()
        if os.path.exists(ledger):
            with open(ledger, encoding="ascii") as lines:
                self.known.update(line.split()[2] for line in lines)
        self.file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.taken = 0
        self.server = socket.create_server(("127.0.0.1", port), backlog=256)

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def act(self, path, octets, poison):
        message_id = field(octets, "messageId")
        with self.lock:
            self.taken += 1
            check = self.taken % VERIFIED_EVERY == 1
            kind = "R" if message_id in self.known else "P" if poison else "E"
            self.known.add(message_id)
            os.write(self.file, f"{time.monotonic():.6f} {kind} {message_id} {dash(field(octets, 'sessionId'))} "
                     f"{dash(field(octets, 'correlationId'))} {dash(field(octets, 'p:number'))} {path}\n".encode())
        if check:
            self.verify(octets, message_id)

    def verify(self, octets, message_id):
        if not is_signed_by(octets, self.gateway_certificates):
            os.write(self.file, f"{time.monotonic():.6f} F {message_id} - - - -\n".encode())

    def talk(self, connection):
        octets = b""
        try:
            while found := read_message(connection, octets):
                path, body, octets = found
                if not self.reply(connection, path, body):
                    break
        except OSError:
            pass
        connection.close()

    def reply(self, connection, path, body):
        poison = b"<p:poison>" in body
        text = self.no if poison else self.yes
        if path in self.signers:
            text = acknowledgement(self.signers[path], body)
            if async_soap.is_notice(body):
                connection.sendall(text)
                return True
        mood = self.mood.value
        if mood == SILENT:  # takes the message, acts, and is heard no more
            self.act(path, body, poison)
            time.sleep(SILENCE_S)
            return False
        if mood == SLOW:
            time.sleep(0.3)
        self.act(path, body, poison)
        if mood == BREAKS:
            connection.sendall(text[:len(text) // 2])
            return False
        connection.sendall(text * (2 if mood == TWICE else 1))
        return True


def run(*arguments):
    ctypes.CDLL(None).prctl(1, 9)  # does not outlive the run
    Service(*arguments).serve()


class Receiver:
    """The handle of the run."""

    def __init__(self, ledger, port, pki):
        self.mood = multiprocessing.Value("i", NORMAL, lock=False)  # who is killed would keep a lock
        self.port, self.url = port, f"http://127.0.0.1:{port}/"
        self.ledger = ledger
        self.arguments = (str(ledger), port, self.mood, {"permits": pki["permits"], "department": pki["department-ec"]}, own_certificates(pki))
        self.start()

    def start(self):
        self.process = multiprocessing.Process(target=run, args=self.arguments, daemon=True)
        self.process.start()

    def kill(self):
        self.process.kill()
        self.process.join()

    def be(self, mood):
        self.mood.value = mood
