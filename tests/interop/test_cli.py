# SPDX-License-Identifier: GPL-3.0-or-later
"""The command qaqpa as integrators use it: on files and pipes, with exit codes that scripts can trust."""
import json
import re
import subprocess

import pytest
from lxml import etree

from harness import soap, wss, xmlsec1
from harness.gateway import BIN, Gateway

FORMS = ["key-identifier", "issuer-serial", "binary-security-token", "x509-data"]
ALGORITHMS = [("department", "rsa-sha256"), ("department", "rsa-sha384"), ("department", "rsa-sha512"),
              ("department-ec", "ecdsa-sha256"), ("department-ec384", "ecdsa-sha384")]
VALID, INVALID, CANNOT_TELL, NOT_SIGNED = 0, 1, 2, 3
DONE, USAGE, BAD_INPUT, TRY_LATER, CONFIG = 0, 64, 65, 75, 78


class Done:
    def __init__(self, process):
        self.code, self.octets = process.returncode, process.stdout
        self.out, self.err = process.stdout.decode(), process.stderr.decode()

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def qaqpa(*words, given=b""):
    return Done(subprocess.run([BIN / "qaqpa", *map(str, words)], input=given, capture_output=True, timeout=60, check=False))


def own(identity):
    return "--certificate", identity.certificate_path, "--key", identity.key_path


def signed(identity, text=None, *words):
    done = qaqpa("sign", *own(identity), *words, given=(text or soap.envelope(soap.request())).encode())
    assert done.code == DONE, done
    return done.octets


def verdict(octets, *trusted, explain=False):
    pins = [w for t in trusted for w in ("--certificate", t.certificate_path)]
    return qaqpa("verify", *pins, *(["--explain"] if explain else []), given=octets)


# sign and verify

@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name,algorithm", ALGORITHMS)
def test_what_is_signed_verifies_here_and_elsewhere(pki, form, name, algorithm):
    octets = signed(pki[name], None, "--form", form, "--algorithm", algorithm)
    done = verdict(octets, pki[name])
    assert (done.code, "OU=BIN200440000015" in done.out) == (VALID, True), done
    wss.verify(octets, pki[name].certificate)
    assert xmlsec1.verify(octets, pki[name])
    assert wss.SIGNATURES[algorithm][0].encode() in octets


@pytest.mark.parametrize("name,algorithm", [("department", "rsa-sha256"), ("department-ec", "ecdsa-sha256"),
                                            ("department-ec384", "ecdsa-sha384")])
def test_the_algorithm_follows_the_key(pki, name, algorithm):
    assert wss.SIGNATURES[algorithm][0].encode() in signed(pki[name])


def test_the_body_keeps_its_octets_and_files_do_as_well_as_pipes(pki, tmp_path):
    text = soap.envelope(soap.request(data="<data a = '1'><![CDATA[Ң]]>\r\n&#13;</data>"), prefix="S")
    (tmp_path / "in.xml").write_bytes(text.encode())
    done = qaqpa("sign", *own(pki["department"]), tmp_path / "in.xml")
    assert done.code == DONE
    body = text[text.index("<S:Body"):text.index("</S:Body>")]
    assert body.encode() in done.octets
    (tmp_path / "out.xml").write_bytes(done.octets)
    assert qaqpa("verify", "--certificate", pki.path("department.crt"), tmp_path / "out.xml").code == VALID


@pytest.mark.parametrize("form", FORMS)
def test_the_four_verdicts(pki, form):
    octets = signed(pki["department"], None, "--form", form)
    cases = [(VALID, octets, ["department"]), (VALID, octets, ["permits", "department"]),
             (INVALID, octets.replace(b"<p:number>1", b"<p:number>2"), ["department"]),
             (CANNOT_TELL, octets, ["permits"]), (CANNOT_TELL, octets, []),
             (NOT_SIGNED, soap.envelope(soap.request()).encode(), ["department"]),
             (NOT_SIGNED, re.sub(rb"<ds:Signature .*</ds:Signature>", b"", octets), ["department"])]
    for code, text, names in cases:
        done = verdict(text, *(pki[n] for n in names))
        assert done.code == code, (names, done)
        assert done.out.startswith("valid: ") == (code == VALID)
        assert bool(re.match(r"qaqpa: [a-z.-]+ \(", done.err)) == (code != VALID), done  # the stable code


def test_other_words_to_verify(pki, tmp_path):
    octets = signed(pki["department"])
    assert verdict(b"no message", pki["department"]).code == INVALID
    assert qaqpa("verify", "--certificate", tmp_path / "absent.crt", given=octets).code == CANNOT_TELL
    assert qaqpa("verify", "--certificate", pki.path("department.crt"), tmp_path / "absent.xml").code == CANNOT_TELL
    sha1 = wss.sign(soap.envelope(soap.request()), pki["department"], algorithm="rsa-sha1", digest="sha1")
    assert verdict(sha1, pki["department"]).code == INVALID
    assert qaqpa("verify", "--sha1", "--certificate", pki.path("department.crt"), given=sha1).code == VALID


def test_verify_with_the_trust_of_a_configuration(pki, tmp_path):
    gateway = Gateway(tmp_path, pki)
    path = gateway.write()
    assert qaqpa("verify", "--config", path, given=signed(pki["department"])).code == VALID
    assert qaqpa("verify", "--config", path, given=signed(pki["other-system"])).code == CANNOT_TELL
    assert qaqpa("verify", "--config", path, given=signed(pki["attacker-own-ca"])).code == CANNOT_TELL


def test_sign_says_why_it_cannot(pki, tmp_path):
    text = soap.envelope(soap.request()).encode()
    department, permits = pki["department"], pki["permits"]
    mixed = ("--certificate", department.certificate_path, "--key", permits.key_path)
    for words, given, code, said in [
        (mixed, text, CONFIG, "is not the key of"),
        ((*own(department), "--algorithm", "ecdsa-sha256"), text, CONFIG, "cannot make ecdsa-sha256"),
        ((*own(department), "--algorithm", "rsa-sha1"), text, USAGE, "no algorithm for signing is called rsa-sha1"),
        ((*own(department), "--algorithm", "md5"), text, USAGE, "no algorithm for signing is called md5"),
        ((*own(department), "--form", "plain"), text, USAGE, "no signature form is called plain"),
        (own(department), b"", BAD_INPUT, "xml.empty"),
        (own(department), b"<a/>", BAD_INPUT, "soap.not-envelope"),
        (own(department), text[:-3], BAD_INPUT, "xml.malformed"),
        ((*own(department), tmp_path), b"", BAD_INPUT, "Is a directory"),
        ((*own(department), tmp_path / "absent"), b"", BAD_INPUT, "No such file"),
    ]:
        done = qaqpa("sign", *words, given=given)
        assert (done.code, done.octets) == (code, b""), (words, done)
        assert said in done.err


# explain

def indented(octets):
    root = etree.fromstring(octets)
    etree.indent(root.find(f"{{{soap.SOAP}}}Body"), space="\t")
    return etree.tostring(root)


def edited(octets, tag):
    """Another letter behind the tag."""
    at = octets.index(tag) + len(tag)
    return octets[:at] + (b"B" if octets[at:at + 1] == b"A" else b"A") + octets[at + 1:]


TWO_LINES = {False: "<data>one\ntwo</data>", True: "<data>one&#13;\ntwo</data>"}  # without and with carriage return


@pytest.mark.parametrize("name,cr,change,told", [
    ("indented", False, indented, "certain: it was signed without line breaks and indented afterwards"),
    ("CR LF became LF", True, lambda o: o.replace(b"&#13;\n", b"\n"), "certain: it was signed with CR LF line ends, which were changed to LF"),
    ("CR references became octets", True, lambda o: o.replace(b"&#13;\n", b"\r\n"), "certain: it was signed with CR LF line ends"),
    ("LF became CR LF", False, lambda o: o.replace(b"one\n", b"one&#13;\n"), "certain: it was signed with LF line ends"),
    ("a value edited", False, lambda o: o.replace(b"one", b"own"), "certain: the digest is the signer's own"),
    ("the digest edited", False, lambda o: edited(o, b"<ds:DigestValue>"), "SignatureValue does not fit SignedInfo either: the digest was changed"),
    ("the signature value edited", False, lambda o: edited(o, b"<ds:SignatureValue>"),
     "the certificate named is not that of the signing key"),
])
def test_explain_names_the_cause(pki, name, cr, change, told):
    octets = signed(pki["department"], soap.envelope(soap.request(data=TWO_LINES[cr])))
    assert verdict(octets, pki["department"], explain=True).out.count("WRONG") == 0
    changed = change(octets)
    assert changed != octets
    done = verdict(changed, pki["department"], explain=True)
    assert done.code == INVALID and told in done.out, done


def test_plain_line_end_conversion_does_no_harm(pki):
    """An XML parser reads CR LF as LF, so a file that only changed its line ends still verifies."""
    octets = signed(pki["department"], soap.envelope(soap.request(data=TWO_LINES[False])))
    assert verdict(octets.replace(b"\n", b"\r\n"), pki["department"]).code == VALID


def test_explain_tells_a_wrong_key_from_a_wrong_certificate(pki):
    department, permits = pki["department"], pki["permits"]
    keys = wss.key_info(department, "key-identifier")
    stolen = wss.sign(soap.envelope(soap.request()), permits, key_info_text=keys)  # the key is not the named certificate's
    done = verdict(stolen, department, permits, explain=True)
    assert done.code == INVALID
    assert "    equal\n" in done.out and "1. the certificate named is not that of the signing key" in done.out, done
    done = verdict(wss.sign(soap.envelope(soap.request()), permits), department, explain=True)
    assert done.code == CANNOT_TELL
    assert "certificate: WRONG" in done.out and "certificate.unknown" in done.out and "    equal\n" in done.out
    done = verdict(signed(department), department, explain=True)
    assert "subject:    OU=BIN200440000015" in done.out and "signature: ok" in done.out


# check

def checked(gateway, *words):
    return qaqpa("check", "--config", gateway.write(), *words)


@pytest.fixture
def conf(tmp_path, pki, provider):
    g = Gateway(tmp_path, pki)
    g.conf["listeners"][0]["diagnostics"] = False
    g.service(provider)
    return g


def test_check_passes_a_right_configuration(conf):
    assert checked(conf).code == 0
    done = checked(conf, "-o", "json")
    assert done.code == 0 and all(p["level"] == "warning" for p in json.loads(done.out))


@pytest.mark.parametrize("name,change,said", [
    ("unknown word", lambda c: c["services"][0].update(endpiont="x"), "endpoint"),
    ("unknown provider", lambda c: c["services"][0].update(provider="permit"), "permits"),
    ("value out of range", lambda c: c["services"][0].update(deadline="2d"), "deadline"),
    ("key that is not the certificate's", lambda c: c["keys"][0].update(key=c["keys"][0]["key"].replace("gateway", "permits")), "is not the key of"),
    ("absent certificate", lambda c: c["participants"][0].update(certificates="absent.crt"), "absent.crt"),
    ("expired certificate of its own", lambda c: c["keys"][0].update(certificate=c["keys"][0]["certificate"].replace("gateway.", "expired."),
                                                                      key=c["keys"][0]["key"].replace("gateway.", "expired.")), "expired"),
    ("the same senderId twice", lambda c: c["participants"][1].update(sender_ids="department_is"), "department_is"),
    ("unknown service allowed", lambda c: c["participants"][0].update(may_call=["Deno"]), "Demo"),
])
def test_check_names_the_mistake_and_its_line(conf, name, change, said):
    change(conf.conf)
    done = checked(conf)
    assert done.code == 1 and said in done.err, done
    assert re.match(r"\S+/qaqpa\.yaml:\d+: error: ", done.err)
    found = json.loads(checked(conf, "-o", "json").out)
    assert any(said in p["what"] + (p["remedy"] or "") and p["level"] == "error" and p["line"] > 1 for p in found)


def test_check_gathers_all_mistakes_at_once(conf):
    conf.conf["services"][0].update(endpiont="x", deadline="2d")
    conf.conf["participants"][0]["wrod"] = 1
    assert checked(conf).err.count(": error: ") >= 3


def test_check_cannot_judge_what_it_cannot_read(conf, tmp_path):
    assert qaqpa("check", "--config", tmp_path / "absent.yaml").code == 2
    path = conf.write()
    path.chmod(0o644)
    done = qaqpa("check", "--config", path)
    assert done.code == 2 and "everybody may read it" in done.err, done


def test_strict_makes_warnings_errors(conf, pki):
    conf.participant("department")["certificates"] = [str(pki.path("department.crt")), str(pki.path("expired.crt"))]
    warned, strict = checked(conf), checked(conf, "--strict")
    assert (warned.code, strict.code) == (0, 1)
    assert ": warning: " in warned.err and ": error: " in strict.err and "expired.crt" in warned.err, warned


def test_every_word_of_the_configuration_is_printed():
    done = qaqpa("check", "--words")
    assert done.code == DONE
    for word in ("listeners", "password_hash", "answer_limit", "Asia/Almaty"):
        assert word in done.out


# send and msg, against a running gateway

@pytest.fixture(scope="module")
def purse(tmp_path_factory):
    path = tmp_path_factory.mktemp("purse") / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def send(gateway, pki, purse):
    def act(*words, given=b"", service="Demo", sender="department", peer="gateway", url=None):
        return qaqpa("send", "--url", url or gateway.url, "--service", service, "--sender-id", "department_is", "--password-file", purse,
                     *own(pki[sender]), "--peer-certificate", pki.path(f"{peer}.crt"), *words, given=given)
    return act


def test_send_prints_the_answer_as_json(send, gateway, provider, tmp_path):
    (tmp_path / "data.xml").write_text('<p:Request xmlns:p="urn:demo:permit"><p:n>Ә</p:n></p:Request>')
    done = send("-o", "json", "--message-id", "m-json-1", tmp_path / "data.xml")
    assert done.code == DONE, done
    answer = json.loads(done.out)
    assert answer["http_status"] == 200 and answer["verified"] is True and answer["fault"] is False
    assert answer["status_code"] == "SCSS001" and answer["message_id"] == "m-json-1"
    assert "BIN200140000014" in answer["signed_by"] and re.fullmatch(r"\{[0-9a-f-]{36}\}", answer["session_id"])
    assert "<p:number>1</p:number>" in answer["data"]
    assert '<data><p:Request xmlns:p="urn:demo:permit"><p:n>Ә</p:n></p:Request></data>'.encode() in provider.received[-1]


def test_send_prints_the_answer_for_people(send):
    done = send()
    assert done.code == DONE
    assert "signature verified, HTTP 200" in done.out and "SCSS001" in done.out


def test_send_tells_faults_apart(send, gateway, provider, pki, tmp_path):
    done = send("-o", "json", service="Nowhere")
    answer = json.loads(done.out)
    assert (done.code, answer["fault"], answer["error_code"], answer["verified"]) == (BAD_INPUT, True, "SCE004", True)
    assert "errorId=" in answer["error_data"]
    done = send(sender="attacker-own-ca")
    assert done.code == BAD_INPUT and "NOT signed" in done.out and "SCE005" in done.out
    assert send(peer="permits").code not in (DONE, USAGE)  # the answer is not that of the pinned other side
    assert send(url="http://127.0.0.1:9/").code == TRY_LATER
    provider.answer = lambda o: provider.signed_answer(o, code="SCSE001")
    assert send().code == 1


def test_a_printed_message_can_be_sent_as_it_is(send, gateway, pki, tmp_path):
    done = send("--print", "--message-id", "m-printed-1")
    assert done.code == DONE
    wss.verify(done.octets, pki["department"].certificate)
    (tmp_path / "saved.xml").write_bytes(done.octets)
    raw = send("--raw", tmp_path / "saved.xml")
    assert raw.code == DONE and raw.err == "HTTP 200\n", raw
    wss.verify(raw.octets.strip(), pki["gateway"].certificate)
    (tmp_path / "changed.xml").write_bytes(done.octets.replace(b"m-printed-1", b"m-printed-2"))
    raw = send("--raw", tmp_path / "changed.xml")
    assert (raw.code, raw.err) == (BAD_INPUT, "HTTP 500\n") and b"SCE006" in raw.octets


@pytest.fixture(scope="module")
def run(tmp_path_factory, pki, provider):
    """The journal of a short run: two good exchanges and a refused one."""
    g = Gateway(tmp_path_factory.mktemp("short"), pki)
    provider.answer = provider.signed_answer
    g.service(provider)
    g.service(provider, "Other")
    g.start()
    first = soap.request_info(message_id="first").replace("<serviceId>", "<correlationId>chain-7</correlationId><serviceId>")
    g.session = g.send(info=first).text("sessionId")
    g.send(message_id="123456789012", service="Other")
    fault = g.send(message_id="third", service="Nowhere")
    g.error_id = re.search(r"errorId=(\w+)", fault.text("errorData")).group(1)
    assert g.stop() == 0
    return g


def find(run, *words):
    done = qaqpa("msg", "find", "--journal", run.folder / "journal", "-o", "json", *words)
    return done, json.loads(done.out)


FIRST, SECOND, THIRD = ["first"] * 4, ["123456789012"] * 4, ["third"] * 2


@pytest.mark.parametrize("words,ids", [
    ([], THIRD + SECOND + FIRST),
    (["--message-id", "first"], FIRST),
    (["--correlation-id", "chain-7"], FIRST),
    (["--exchange", "{session}"], FIRST),
    (["--error-id", "{error_id}"], THIRD),
    (["--service", "Other"], SECOND),
    (["--sender", "department_is"], THIRD + SECOND + FIRST),
    (["--sender", "permits_is"], []),
    (["--participant", "permits"], SECOND[:2] + FIRST[:2]),
    (["--participant", "permits", "--service", "Demo"], FIRST[:2]),
    (["--refused"], THIRD[:1]),
    (["-n", "3"], THIRD + SECOND[:1]),
    (["--since", "2099-01-02T03:04:05+05:00"], []),
    (["--since", "2020-01-02T03:04:05+05:00", "--until", "2099-01-02T03:04:05+05:00"], THIRD + SECOND + FIRST),
    (["--until", "2020-01-02T03:04:05+05:00"], []),
    (["--message-id", "nobody's"], []),
    (["first"], FIRST),
    (["{session}"], FIRST),
    (["{error_id}"], THIRD),
    (["123456789012"], SECOND),
])
def test_find_filters_the_journal(run, words, ids):
    said = [w.replace("{session}", run.session).replace("{error_id}", run.error_id) for w in words]
    done, facts = find(run, *said)
    assert [f["message_id"] for f in facts] == ids
    assert done.code == (DONE if ids else 1) and ("nothing found" in done.err) == (not ids)


def test_find_prints_a_line_for_each_fact(run):
    done = qaqpa("msg", "find", "--journal", run.folder / "journal")
    lines = done.out.splitlines()
    assert len(lines) == 10 and done.code == DONE
    assert "refused" in lines[1] and "service.unknown" in lines[1] and run.error_id in lines[1]


def test_find_takes_the_journal_of_the_configuration(run):
    done = qaqpa("msg", "find", "--config", run.folder / "qaqpa.yaml", "-o", "json")
    assert len(json.loads(done.out)) == 10


def test_show_gives_everything_and_the_octets_still_verify(run, pki):
    done = qaqpa("msg", "show", run.error_id, "--journal", run.folder / "journal")
    assert done.code == DONE and "reason       service.unknown" in done.out and "case-sensitive" in done.out, done
    assert done.out.count("messageId    third") == 2
    done = qaqpa("msg", "show", "first", "--octets", "--journal", run.folder / "journal", "-o", "json")
    legs = json.loads(done.out)
    signers = {("sent", "answer"): "gateway", ("received", "answer"): "permits", ("sent", "request"): "gateway",
               ("received", "request"): "department"}
    assert [(f["direction"], f["kind"]) for f in legs] == list(signers)
    for f in legs:
        assert verdict(f["octets"].encode(), pki[signers[f["direction"], f["kind"]]]).code == VALID
    done = qaqpa("msg", "show", "first", "--octets", "--journal", run.folder / "journal")
    assert all(f["octets"] in done.out for f in legs)


def test_trace_tells_an_exchange_from_its_beginning(run):
    lines = qaqpa("msg", "trace", "first", "--journal", run.folder / "journal").out.splitlines()
    assert run.session in lines[0] and "messageId first" in lines[0]
    assert [re.search(r"(\w+ -> \w+) +(\w+)", line).groups() for line in lines[1:] if line] == [
        ("department -> gateway", "request"), ("gateway -> permits", "request"), ("permits -> gateway", "answer"),
        ("gateway -> department", "answer")]


def test_msg_says_why_it_cannot(run, tmp_path):
    journal = run.folder / "journal"
    for words, code in [((), USAGE), (("list",), USAGE), (("find", "--since", "tomorrow", "--journal", journal), USAGE),
                        (("find", "-n", "many", "--journal", journal), USAGE), (("find", "-n", "0", "--journal", journal), USAGE),
                        (("find", "-o", "yaml", "--journal", journal), USAGE), (("find", "one", "two", "--journal", journal), USAGE),
                        (("find", "--config", tmp_path / "absent.yaml"), CONFIG), (("find", "--journal", tmp_path / "absent"), CONFIG)]:
        done = qaqpa("msg", *words)
        assert (done.code, done.out) == (code, ""), (words, done)
        assert done.err


# the rest

@pytest.mark.parametrize("number,code,said", [
    ("KZ03 ABC 0000 0001", 0, "KZ03ABC00000001"),
    ("KZ03ABC00000001", 0, "KZ03ABC00000001"),
    ("KZ03 АВС 0000 0001", 1, "place 5 holds the Cyrillic letter А; the Latin letter A is meant"),
    ("KZ04 ABC 0000 0001", 1, "check digits"),
    ("KZ03 ABC 0000 0002", 1, "check digits"),
    ("KZ03 ABC 0000 000", 1, ""),
    ("", 1, ""),
])
def test_nikad(number, code, said):
    done = qaqpa("nikad", "check", number)
    assert done.code == code and said in (done.err if code else done.out), done
    assert bool(done.err) == bool(code)
    explained = qaqpa("nikad", "explain", number)
    assert explained.code == code
    assert ("MOD 97-10, right" in explained.out) == (code == 0), explained


def test_hash_password(conf, pki):
    one, other = (qaqpa("hash-password", given=b"secret\n") for _ in range(2))
    assert one.code == DONE and one.out.startswith("$y$") and one.out != other.out
    assert "secret" not in one.out + one.err
    assert qaqpa("hash-password", given=b"\n").code == BAD_INPUT
    told = qaqpa("hash-password", "secret")
    assert told.code == USAGE and "secret" not in told.err
    conf.participant("department")["password_hash"] = other.out.strip()
    conf.start()
    assert (conf.send().status, conf.send(password="secret ").code) == (200, "QG013")
    assert conf.stop() == 0


COMMANDS = ["check", "send", "sign", "verify", "msg", "sim", "nikad", "hash-password"]


@pytest.mark.parametrize("words,code", [
    ([], USAGE), (["bogus"], USAGE), (["--bogus"], USAGE), (["sign"], USAGE), (["verify", "--certificate"], USAGE),
    (["send", "--certificate", "x", "--key", "x", "--peer-certificate", "x"], USAGE), (["nikad"], USAGE), (["nikad", "guess", "KZ"], USAGE),
    (["sim"], USAGE), (["sim", "bogus"], USAGE), (["check", "a.yaml"], USAGE), (["verify", "a", "b"], USAGE),
    *[([command, "--bogus"], USAGE) for command in COMMANDS],
    *[([command, "--help"], DONE) for command in COMMANDS], (["--help"], DONE), (["--version"], DONE),
])
def test_usage(words, code):
    done = qaqpa(*words)
    assert done.code == code
    assert bool(done.out) == (code == DONE) and bool(done.err) == (code == USAGE), done
    assert "Segmentation" not in done.err and (code == USAGE or "Usage: qaqpa" in done.out or words == ["--version"])
