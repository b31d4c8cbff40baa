# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away keys of certs/make-test-pki, one folder per build tree."""
import os
import ssl
import subprocess
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parents[2]


class Identity:
    """A certificate with its key, by the name it has in the test PKI."""

    def __init__(self, folder, name):
        self.name = name
        self.certificate_path = folder / f"{name}.crt"
        self.key_path = folder / f"{name}.key"

    @cached_property
    def certificate(self):
        return x509.load_pem_x509_certificate(self.certificate_path.read_bytes())

    @cached_property
    def key(self):
        return serialization.load_pem_private_key(self.key_path.read_bytes(), None)

    @cached_property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)


class Pki:
    def __init__(self, folder):
        self.folder = Path(folder)
        subprocess.run([ROOT / "certs/make-test-pki", self.folder], check=True, stdout=subprocess.DEVNULL)

    def __getitem__(self, name):
        return Identity(self.folder, name)

    def path(self, name):
        return self.folder / name

    def issue_tls(self, folder):
        """Another server certificate of the TLS authority, put in place of tls.crt and tls.key; its serial number."""
        key = rsa.generate_private_key(65537, 2048)
        authority = self["tls-ca"]
        old = self["tls-server"].certificate
        names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        made = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(authority.certificate.subject)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(old.not_valid_before).not_valid_after(old.not_valid_after)
                .add_extension(names, False).sign(authority.key, hashes.SHA256()))
        texts = {"crt": made.public_bytes(serialization.Encoding.PEM),
                 "key": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())}
        for kind, text in texts.items():
            path = folder / f"next.{kind}"
            path.write_bytes(text)
            path.chmod(0o600)
            path.rename(folder / f"tls.{kind}")
        return made.serial_number

    def tls_client(self):
        """What a client needs: whom to trust, and a certificate of its own."""
        context = ssl.create_default_context(cafile=self.path("tls-ca.crt"))
        context.load_cert_chain(self.path("tls-client.crt"), self.path("tls-client.key"))
        return context


def default():
    return Pki(os.environ.get("QAQPA_TEST_PKI", "/tmp/qaqpa-test-pki"))
