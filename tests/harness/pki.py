# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away keys of certs/make-test-pki, one folder per build tree."""
import os
import subprocess
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

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


def default():
    return Pki(os.environ.get("QAQPA_TEST_PKI", "/tmp/qaqpa-test-pki"))
