# SPDX-License-Identifier: GPL-3.0-or-later
"""What a target must know before it is attacked: throw-away keys and certificates, and the words that make them known."""
from pathlib import Path

from attack.cases.g_certificate import BRANCH
from harness.pki import Pki

WORDS = """\
The keys and certificates in {pki} are for this attack alone. Tell the target:

  authorities that may issue certificates   {pki}/root.crt
                                            {pki}/issuing.crt
  a system, senderId department_is          {pki}/department.crt
    with the password "secret"              {pki}/department-ec.crt   (class E, some cases)
  a provider of the service Demo            {pki}/permits.crt
    that answers at                         {endpoint}

Some cases need more, and are skipped when it is not there:

  a system, senderId branch_is,             any certificate of {pki}/issuing.crt
    that is known by issuer and number      with OU=BIN{branch} (class G)
  a system, senderId free_is, that may      {pki}/monitoring.crt (legitimate messages)
    use every form of token, and Id
    without a namespace
  an https address (class P), and one       {pki}/tls-ca.crt
    that demands client certificates of

Take all of it away again when you are done.
"""
FRAGMENT = """\
# Made by `qaqpa attack prepare`: systems that exist for the attack alone. Take this file away when you are done.
# The main file needs as well:
#   authorities: [ {pki}/root.crt, {pki}/issuing.crt ]
profiles:
  - name: attack
  - name: attack-loose
    accept: [ key-identifier, issuer-serial, binary-security-token, x509-data, plain ]
    plain_id: true
participants:
  - name: attack-department
    sender_ids: department_is
    password_hash: {hash}
    certificates: [ {pki}/department.crt, {pki}/department-ec.crt, {pki}/expired.crt, {pki}/future.crt ]
    profile: attack
    may_call: Demo
  - name: attack-permits
    sender_ids: permits_is
    certificates: {pki}/permits.crt
    profile: attack
  - name: attack-free
    sender_ids: free_is
    certificates: {pki}/monitoring.crt
    profile: attack-loose
    may_call: Demo
  - name: attack-branch
    sender_ids: branch_is
    issuer: {pki}/issuing.crt
    bin: "{branch}"
    profile: attack
    may_call: Demo
services:
  - id: Demo
    provider: attack-permits
    endpoint: {endpoint}
"""


def fragment(pki, endpoint, password_hash):
    """Configuration of Qaqpa that makes the systems of the attack known."""
    return FRAGMENT.format(pki=pki, endpoint=endpoint, hash=password_hash, branch=BRANCH)


def words(pki, endpoint):
    return WORDS.format(pki=pki, endpoint=endpoint, branch=BRANCH)


def prepare(folder, endpoint, password_hash):
    """Makes the folder ready for an attack; what there is to say about it."""
    folder = Path(folder).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pki = Pki(folder / "pki").folder
    path = folder / "qaqpa.yaml"
    path.touch(0o600)
    path.write_text(fragment(pki, endpoint, password_hash))
    return words(pki, endpoint) + f"\nA target that is Qaqpa: put {path} into a folder that it includes.\n"
