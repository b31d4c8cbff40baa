# SPDX-License-Identifier: GPL-3.0-or-later
"""What an applicant does on the portal beside reading: fetching a document that lies in the temporary store."""
import base64
import hashlib

from harness.pki import ROOT

SYSTEMS = ("portal", "files")
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
