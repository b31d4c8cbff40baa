# SPDX-License-Identifier: GPL-3.0-or-later
"""What an applicant does on the portal beside reading: filing with an own signature, fetching a document that lies in the
temporary store."""
import base64
import hashlib

import pytest

from harness.pki import ROOT

SYSTEMS = ("permits", "department", "gbdfl", "gbdul", "tax", "payment", "portal", "files")
PERSON = "900101300017"
EXAMPLES = ROOT / "adapters/portal/examples"


def keep(world, octets):
    """A file in the store; its identifier."""
    text = (ROOT / "adapters/files/examples/upload-request.xml").read_text()
    answer = world.say("department", "EDS_TEMP_FILES", text.replace("c2FtcGxl", base64.b64encode(octets).decode()))
    assert answer.code == "SCSS001", answer.octets
    return answer.text("fileIdentifier")


def notice(world, document, identifier, digest):
    text = (EXAMPLES / "cabinet-notice.xml").read_text().replace("KZ03ABC00000001", document)
    text = text.replace("0123456789abcdef0123456789abcdef", identifier)
    old = text[text.index("<Sha256>"):text.index("</Sha256>")]
    assert world.say("department", "PORTAL_NOTICE", text.replace(old, f"<Sha256>{digest}")).code == "SCSS001"
    world.wait(lambda: world.rows("portal", "SELECT 1 FROM notice WHERE document = ?", document))


def test_the_document_of_a_notice_is_fetched_and_its_digest_checked(world):
    octets = bytes(range(256)) * 5000
    identifier = keep(world, octets)
    notice(world, "DOC-1", identifier, hashlib.sha256(octets).hexdigest())
    assert world.act("portal", "fetch", "DOC-1") == [f"permit.xml: {len(octets)} octets, the digest is right"]


def test_another_file_and_no_file_are_told(world):
    notice(world, "DOC-2", keep(world, b"this"), hashlib.sha256(b"that").hexdigest())
    [line] = world.act("portal", "fetch", "DOC-2", code=1)
    assert "another than the message says" in line
    notice(world, "DOC-3", "nowhere", hashlib.sha256(b"that").hexdigest())
    [line] = world.act("portal", "fetch", "DOC-3", code=1)
    assert "No file lies under this identifier" in line
    assert not world.act("portal", "fetch", "DOC-4", code=78)


def filed(lines):
    """The numbers in what the act reports."""
    [line] = lines
    _, number, _, nikad, _, registration = line.replace(":", "").replace(",", "").split()
    return number, nikad, registration


@pytest.mark.rule("P17")
def test_p17_an_application_is_filed_once_its_fee_is_paid(world):
    [line] = world.act("portal", "application", "service=LICENCE-001 payment=FEE-77", code=1)
    assert "nothing is paid" in line
    world.act("payment", "pay", f"FEE-77 39320.00 {PERSON}")
    number, nikad, _ = filed(world.act("portal", "application", "service=LICENCE-001 payment=FEE-77"))
    assert world.rows("portal", "SELECT applicant FROM filed WHERE request_number = ?", number) == [(PERSON,)]
    world.wait(lambda: world.rows("portal", "SELECT 1 FROM notice WHERE kind = 'REGISTERED' AND applicant = ? AND document = ?",
                                  PERSON, nikad))


def test_an_application_bears_the_signature_of_the_applicant_and_of_nobody_else(world):
    [line] = world.act("portal", "application", "service=PERMIT-002 signer=other-person", code=1)
    assert "applicant" in line.lower() or "signature" in line.lower()
    assert not world.act("portal", "application", "signer=nobody", code=78)
    assert not world.act("portal", "application", "colour=red", code=78)
    assert not world.act("portal", "application", "number=930202300081", code=78)
    number, _, _ = filed(world.act("portal", "application", "service=PERMIT-002"))
    assert len(number) == 20


def test_a_file_travels_beside_the_application(world, tmp_path):
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF-1.4 " + bytes(3 << 20))
    _, nikad, _ = filed(world.act("portal", "application", f"service=PERMIT-002 file={path}"))
    [message] = [row[0] for row in world.rows("permits", "SELECT data FROM outbox") if nikad in row[0] and "FileIdentifier" in row[0]]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in message
    identifier = message.split("FileIdentifier&gt;")[-2 if message.count("FileIdentifier&gt;") > 1 else -1]
    stored = [p for p in (world.folder / "state" / "files").iterdir() if p.stat().st_size > 3 << 20]
    assert [p.name for p in stored] == [identifier.split("&lt;")[0]]
