# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny time-stamp authority made of the command `openssl ts -reply`."""
import http.server
import subprocess
import threading

CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
[signer]
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
[tsa]
serial = {folder}/serial
default_policy = 1.2.398.3.3.2.6.2
other_policies = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
"""


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


class Stamps:
    """`answers` False: HTTP 503. `asked` counts questions."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.config = folder / "openssl.cnf"
        self.config.write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("0A\n")
        self.answers, self.asked, self.lock = True, 0, threading.Lock()
        self.root, self.signer = folder / "root.crt", folder / "signer.crt"
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", self.config]
        openssl("req", "-x509", *new, "-keyout", folder / "root.key", "-out", self.root, "-subj", "/CN=Root of stamps", "-days", 30,
                "-extensions", "authority")
        openssl("req", *new, "-keyout", folder / "signer.key", "-out", folder / "signer.csr", "-subj", "/CN=Stamps")
        openssl("x509", "-req", "-in", folder / "signer.csr", "-CA", self.root, "-CAkey", folder / "root.key", "-CAcreateserial",
                "-out", self.signer, "-days", 30, "-extfile", self.config, "-extensions", "signer")
        stamps = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, reply = stamps.answer(self.headers["Content-Type"], body)
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, content_type, body):
        with self.lock:  # the command keeps its serial number in a file
            self.asked += 1
            if not self.answers:
                return 503, b""
            if content_type != "application/timestamp-query":
                return 415, b""
            query, reply = self.folder / "query", self.folder / "reply"
            query.write_bytes(body)
            openssl("ts", "-reply", "-config", self.config, "-section", "tsa", "-queryfile", query, "-signer", self.signer, "-inkey",
                    self.folder / "signer.key", "-out", reply)
            return 200, reply.read_bytes()

    def token(self, octets):
        """A token over the SHA-256 of these octets, without asking over the wire."""
        data, query = self.folder / "data", self.folder / "own.tsq"
        data.write_bytes(octets)
        openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
        reply = self.folder / "own.tsr"
        reply.write_bytes(self.answer("application/timestamp-query", query.read_bytes())[1])
        openssl("ts", "-reply", "-in", reply, "-token_out", "-out", data)
        return data.read_bytes()

    def verify(self, token, digest):
        """What openssl says of a token over the digest."""
        done = subprocess.run(["openssl", "ts", "-verify", "-in", token, "-token_in", "-digest", digest, "-CAfile", self.root,
                               "-untrusted", self.signer], capture_output=True, check=False)
        return (done.stdout + done.stderr).decode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
