# SPDX-License-Identifier: GPL-3.0-or-later
"""The temporary file store, as a system of its own and as the gateway itself: both say the same."""
import base64
import hashlib
import os
import stat

import pytest

from harness import soap
from harness.world import World

NS = "http://egov.bee.kz/eds/tempstorage/v2/"
DONE, SOME_FAILED = "000", "001"


@pytest.fixture(scope="module", params=["simulator", "handler"])
def world(request, tmp_path_factory):
    handled = request.param == "handler"
    w = World(tmp_path_factory.mktemp("world"), () if handled else ("files",))
    if handled:
        descriptor = w.folder / "conf.d" / "files.yaml"
        lines = [line for line in descriptor.read_text().splitlines() if "provider:" not in line]
        descriptor.write_text("\n".join("    handler: temp-files" if "endpoint:" in line else line for line in lines))
    w.handled = handled
    yield w.begin()
    w.close()


def kept_in(world):
    """Where the files lie."""
    if not world.handled:
        return world.folder / "state" / "files"
    return world.folder / "spool/adapters/temp-files"  # where every gateway of the queue finds them


def fields(**values):
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def ask(world, kind, part, content, sender="department", form="qualified", credentials="", **more):
    """The same request in the three forms that are met."""
    inside = f"<{part}>{content}</{part}>{credentials}"
    if form == "qualified":
        payload = f'<tempStorageRequest xmlns="{NS}"><type>{kind}</type>{inside}</tempStorageRequest>'
    elif form == "root qualified":
        payload = f'<f:tempStorageRequest xmlns:f="{NS}">{inside}<type>{kind}</type></f:tempStorageRequest>'
    else:
        payload = f"<tempStorageRequest>{inside}<type>{kind}</type></tempStorageRequest>"
    return world.say(sender, "EDS_TEMP_FILES", payload, **more)


def upload(world, *files, **more):
    parts = "".join(f"<fileUploadRequests>{fields(fileProcessIdentifier=i)}<content>{base64.b64encode(octets).decode()}</content>"
                    f"{fields(**rest)}</fileUploadRequests>" for i, (octets, rest) in enumerate(files))
    return ask(world, "UPLOAD", "uploadRequest", parts, **more)


def identifiers(answer):
    return texts(answer, "fileIdentifier")


def one(world, octets=b"sample", sender="department", **rest):
    [identifier] = identifiers(upload(world, (octets, rest), sender=sender))
    return identifier


def about(world, kind, *ids, **more):
    part = {"DOWNLOAD": "downloadRequest", "CONFIRM": "confirmRequest", "GET_FILE_INFO": "getFileInfoRequest"}[kind]
    return ask(world, kind, part, "".join(fields(fileIdentifiers=i) for i in ids), **more)


def texts(answer, name):
    return [node.text or "" for node in answer.verified().xpath(f"//*[local-name()='data']//*[local-name()='{name}']")]


def codes(answer):
    """Statuses of the files in their order, and of the whole."""
    return texts(answer, "code")


@pytest.mark.parametrize("form", ["qualified", "root qualified", "bare"])
def test_a_file_goes_in_and_comes_out_in_the_form_of_the_request(world, form):
    octets = os.urandom(1000)
    up = upload(world, (octets, {"name": "Құжат.pdf", "mime": "application/pdf"}), form=form)
    assert up.code == "SCSS001" and codes(up) == [DONE, DONE], up.octets
    assert texts(up, "fileProcessIdentifier") == ["0"] and texts(up, "lifeTime") == ["28800000"]
    down = about(world, "DOWNLOAD", *identifiers(up), form=form)
    assert down.code == "SCSS001" and codes(down) == [DONE, DONE], down.octets
    assert base64.b64decode(texts(down, "content")[0]) == octets
    assert (texts(down, "name"), texts(down, "mime"), texts(down, "size")) == (["Құжат.pdf"], ["application/pdf"], ["1000"])
    for answer in (up, down):
        [root] = answer.verified().xpath("//*[local-name()='tempStorageResponse']")
        assert root.tag == ("tempStorageResponse" if form == "bare" else f"{{{NS}}}tempStorageResponse")
        kind = "type" if form != "qualified" else f"{{{NS}}}type"
        assert [child.tag for child in root].index(kind) == (0 if form == "qualified" else 1)


def test_who_knows_the_identifier_may_have_the_file_and_nobody_can_guess_it(world):
    known = one(world)
    assert codes(about(world, "DOWNLOAD", known, sender="permits")) == [DONE, DONE]
    guessed = known[:-1] + ("0" if known[-1] != "0" else "1")
    for identifier in (guessed, "../" + known, "x", "", ".."):
        answer = about(world, "DOWNLOAD", identifier, sender="permits")
        assert (answer.code, codes(answer)) == ("SCSE001", ["201", SOME_FAILED]), identifier
        assert not texts(answer, "content")


def test_information_is_given_without_the_content(world):
    answer = about(world, "GET_FILE_INFO", one(world, b"12345", name="a.txt", lifeTime=3600000), "none")
    assert codes(answer) == [DONE, "201", SOME_FAILED] and answer.code == "SCSE001"
    assert texts(answer, "size") == ["5"] and not texts(answer, "content")
    assert 0 < int(texts(answer, "lifeTime")[0]) <= 3600000 and texts(answer, "needToBeConfirmed") == ["false"]


def test_a_file_ends_with_its_life(world):
    identifier = one(world, lifeTime=1)
    world.wait(lambda: codes(about(world, "DOWNLOAD", identifier)) == ["201", SOME_FAILED])
    assert not (kept_in(world) / identifier).exists(), "it was swept"


def test_a_file_is_gone_once_its_receipt_is_confirmed(world):
    wanted, other = one(world, needToBeConfirmed="true"), one(world)
    assert codes(about(world, "DOWNLOAD", wanted, sender="permits")) == [DONE, DONE]
    answer = about(world, "CONFIRM", wanted, other, sender="permits")
    assert codes(answer) == [DONE, "202", SOME_FAILED]
    answer = about(world, "DOWNLOAD", wanted, other, sender="permits")
    assert codes(answer) == ["201", DONE, SOME_FAILED] and len(texts(answer, "content")) == 1


def test_every_file_has_a_status_of_its_own(world):
    answer = upload(world, (b"good", {}), (b"bad name", {"name": "n&#10;n"}), (b"bad life", {"lifeTime": 0}),
                    (b"too long", {"lifeTime": 999999999999}))
    assert codes(answer) == [DONE, "105", "106", DONE, SOME_FAILED] and answer.code == "SCSE001", answer.octets
    assert texts(answer, "fileProcessIdentifier") == ["0", "1", "2", "3"]
    assert len(identifiers(answer)) == 2 and texts(answer, "lifeTime") == ["28800000", str(72 * 3600000)]


def test_a_long_file_travels_whole(world):
    octets = os.urandom(9 << 20)
    identifier = one(world, octets)
    down = about(world, "DOWNLOAD", identifier)
    assert codes(down) == [DONE, DONE], down.octets[:2000]
    found = base64.b64decode(texts(down, "content")[0])
    assert hashlib.sha256(found).digest() == hashlib.sha256(octets).digest()
    other = one(world, octets[:2 << 20])
    both = about(world, "DOWNLOAD", identifier, other)
    assert codes(both) == [DONE, "203", SOME_FAILED], "the second one has to be asked for alone"
    many = about(world, "GET_FILE_INFO", *[identifier] * 40)
    assert codes(many) == [DONE] * 41, "what it says of many files is not bounded by what they hold together"


def test_who_says_to_be_somebody_else_is_refused(world):
    names = {"right": "department_is", "wrong": "permits_is"}
    answers = {how: about(world, "GET_FILE_INFO", "x", credentials=f"<credentials>{fields(senderId=name, password='')}</credentials>")
               for how, name in names.items()}
    assert codes(answers["right"]) == ["201", SOME_FAILED]
    assert answers["wrong"].code == "SCSE001" and not codes(answers["wrong"])
    assert "credentials" in answers["wrong"].text("message")


def test_a_wrong_password_in_credentials_is_refused_where_it_is_known(world):
    right = (world.folder / "department.password").read_text().strip()
    known = {}
    for password in (right, "another"):
        given = f"<credentials>{fields(senderId='department_is', password=password)}</credentials>"
        known[password] = bool(codes(about(world, "GET_FILE_INFO", "x", credentials=given)))
    assert known == {right: True, "another": not world.handled}


@pytest.mark.parametrize("payload", [
    f'<tempStorageRequest xmlns="{NS}"><type>DELETE</type></tempStorageRequest>',
    f'<tempStorageRequest xmlns="{NS}"><type>UPLOAD</type><uploadRequest/></tempStorageRequest>',
    '<tempStorageRequest xmlns="urn:other"><type>UPLOAD</type></tempStorageRequest>',
    f'<tempStorageRequest xmlns="{NS}"><uploadRequest><fileUploadRequests><fileProcessIdentifier>1</fileProcessIdentifier>'
    '<content>not base64!</content></fileUploadRequests></uploadRequest><type>UPLOAD</type></tempStorageRequest>'])
def test_what_is_no_request_is_refused_by_the_schema(world, payload):
    answer = world.say("department", "EDS_TEMP_FILES", payload)
    assert (answer.status, answer.reason) == (500, "payload.schema"), answer.octets


def test_a_type_without_its_part_is_an_error_of_data(world):
    answer = ask(world, "UPLOAD", "downloadRequest", fields(fileIdentifiers="x"))
    assert answer.code == "SCSE002", answer.octets


def test_a_message_that_comes_twice_keeps_its_files_once(world):
    same = {"message_id": soap.new_id(), "date": soap.now()}
    ids = {tuple(identifiers(upload(world, (b"one", {}), (b"two", {}), **same))) for _ in range(2)}
    assert len(ids) == 1 and len(*ids) == 2


def test_files_survive_a_restart_and_others_cannot_read_them(world):
    identifier = one(world, b"stays")
    if world.handled:
        world.stop()
        world.start()
    else:
        world.end("files")
        world.play("files")
    assert base64.b64decode(texts(about(world, "DOWNLOAD", identifier), "content")[0]) == b"stays"
    for path in (kept_in(world), kept_in(world) / identifier):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_shares_and_lives_are_settings_of_the_simulator(world):
    if world.handled:
        return  # the gateway has no words for them
    world.end("files")
    world.play("files", "--set", "share=3000", "--set", "life=7200000")
    try:
        answer = upload(world, (b"x" * 2000, {}), (b"x" * 2000, {}), sender="monitoring")
        assert codes(answer) == [DONE, "104", SOME_FAILED] and texts(answer, "lifeTime") == ["7200000"]
    finally:
        world.end("files")
        world.play("files")
