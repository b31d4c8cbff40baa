# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider in a thread: records what arrives, answers what the test says."""
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import soap, wss


class Provider:
    """`answer(octets)` gives (status, content type, octets); None closes the connection without an answer."""

    def __init__(self, identity, answer=None, port=0, host="127.0.0.1"):
        self.identity = identity
        self.answer = answer or self.signed_answer
        self.received = []
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                with provider.lock:
                    provider.received.append(octets)
                result = provider.answer(octets)
                if result is None:
                    self.close_connection = True
                    return
                status, kind, body = result
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.place = socket.socket()  # never listens; while the provider is away nobody else is given its port
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind((host, port))
        self.server = Server((host, self.place.getsockname()[1]), Handler)
        self.url = f"http://{host}:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def signed_answer(self, _octets, text=None, **fields):
        text = text or soap.envelope(soap.response(**fields))
        return 200, "text/xml; charset=utf-8", wss.sign(text, self.identity)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
