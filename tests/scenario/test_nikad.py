# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of documents (NIKAD) given and guarded by the gateway itself: P1 what a number is, P2 a document is sent only with a
number that was given to its sender and is not used, P4 when it is given. Two gateways share one Redis."""
import re
import shutil
import signal
import subprocess
import threading

import pytest

from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.pki import ROOT
from harness.provider import Provider
from harness.redis import Redis

SCHEMA = str(ROOT / "wsdl/permits/v1/permits.xsd")
NS = "urn:qaqpa:permits:v1"
INFO = ("<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>chain</ChainId>"
        "<RequestDate>2026-03-02T10:00:00.000+05:00</RequestDate></SystemInfo>")


def ask(kind="PERMIT", of="ABC"):
    return (f'<data><p:NikadRequest xmlns:p="{NS}">{INFO}<BusinessData><DocumentType>{of}</DocumentType>'
            f"<DocumentKind>{kind}</DocumentKind></BusinessData></p:NikadRequest></data>")


def use(nikad, kind="PERMIT", document="the document"):
    return (f'<data><p:RegisterRequest xmlns:p="{NS}">{INFO}<BusinessData><Nikad>{nikad}</Nikad><DocumentKind>{kind}</DocumentKind>'
            f"<Document>{document}</Document></BusinessData></p:RegisterRequest></data>")


class Pair:
    """Two gateways with the same services; permits provides the registration, nobody the numbers."""

    def __init__(self, folder, pki, **register):
        self.pki = pki
        self.redis = Redis(folder / "redis")
        self.permits = Provider(pki["permits"])
        self.nodes = [self.node(folder / name, folder / "spool", register) for name in ("one", "two")]
        self.one, self.two = self.nodes

    def node(self, folder, spool, register):
        folder.mkdir()
        g = Gateway(folder, self.pki)
        g.conf["queue"] = {"socket": str(self.redis.socket), "spool": str(spool), "command_time": "1s"}
        g.conf["retries"] = [{"name": "fast", "initial": "100ms", "factor": 2, "max_interval": "400ms"}]
        monitoring = {"name": "monitoring", "sender_ids": "monitoring_is", "certificates": str(self.pki.path("monitoring.crt")),
                      "may_call": "*"}
        g.conf["participants"].append(monitoring)
        g.conf["services"].append({"id": "PERMITS_NIKAD", "handler": "nikad", "schema": SCHEMA, "answer_schema": SCHEMA})
        guard = {"checks": "nikad-given", "actions": "nikad-used", "deadline": "2s"}
        g.service(self.permits, "PERMITS_REGISTER", **{**guard, **register})
        g.conf["services"].append({"id": "NOWHERE", "provider": "permits", "endpoint": "http://127.0.0.1:1/", **guard})
        return g

    def begin(self):
        for g in self.nodes:
            g.start_with_queue()
        return self

    @staticmethod
    def ready(g):
        g.wait(lambda: g.check("queue")["ok"])

    def close(self):
        codes = [g.stop() for g in self.nodes]
        self.permits.close()
        self.redis.stop()
        assert set(codes) <= {0, None, -signal.SIGKILL}

    def octets(self, service, data, who="department", password="secret", **fields):
        info = soap.request_info(service, sender=f"{who}_is", password=password if who == "department" else None, **fields)
        return wss.sign(soap.envelope(soap.request(data, info)), self.pki[who])

    def number(self, g=None, **asked):
        a = Answer(g or self.one, (g or self.one).post(self.octets("PERMITS_NIKAD", ask(**asked))))
        assert a.code == "SCSS001", a.octets
        a.verified()
        return a.text("Nikad")

    def register(self, nikad, g=None, who="department", service="PERMITS_REGISTER", **more):
        return Answer(g or self.one, (g or self.one).post(self.octets(service, use(nikad, **more), who)))


@pytest.fixture
def pair(tmp_path, pki):
    p = Pair(tmp_path, pki).begin()
    yield p
    p.close()


def serial(nikad):
    return int(nikad[7:])


def check_digits_are_right(nikad):
    text = nikad[4:] + nikad[:4]
    return int("".join(str(int(c, 36)) for c in text)) % 97 == 1


@pytest.mark.rule("P1")
def test_p1_serials_run_on_within_a_type_over_both_gateways_and_a_restart_of_everything(pair):
    given = [pair.number(g) for g in (pair.one, pair.two, pair.one, pair.two)]
    assert [serial(n) for n in given] == [1, 2, 3, 4]
    assert all(n.startswith("KZ") and n[4:7] == "ABC" and check_digits_are_right(n) for n in given)
    assert serial(pair.number(of="DEF")) == 1
    pair.one.stop(signal.SIGKILL)
    pair.redis.kill()
    pair.redis.start()
    pair.one.start()
    for g in pair.nodes:
        pair.ready(g)
    assert [serial(pair.number(g)) for g in pair.nodes] == [5, 6]


@pytest.mark.rule("P1")
@pytest.mark.parametrize("written, words", [
    ("KZ03АBC00000001", "place 5 holds the Cyrillic letter А; the Latin letter A is meant"),
    ("KZ03aBC00000001", "place 5 holds the lower-case letter a; write A"),
    ("KZ03ABI00000001", "place 7 holds I; the type of a document has no letters I and O"),
    ("KZ04ABC00000001", "the check digits are 04; for these other parts they must be 03"),
    ("KZ03ABC0000001", "the number has 14 places instead of 15"),
    ("QQ03ABC00000001", "QQ is no country code of ISO 3166-1"),
])
def test_p1_a_number_that_is_wrong_in_itself_is_told_with_its_place(pair, written, words):
    a = pair.register(written)
    assert (a.code, a.reason) == ("QG027", "nikad.malformed")
    assert words in a.text("errorData")
    assert not pair.permits.received


@pytest.mark.rule("P2")
def test_p2_a_document_goes_with_its_number_once(pair):
    mine, another = pair.number(), pair.number()
    assert pair.register(mine).code == "SCSS001"
    second = pair.register(mine, g=pair.two, document="another document")
    assert (second.code, second.reason) == ("QG027", "nikad.used")
    assert pair.register(another, g=pair.two).code == "SCSS001"
    assert len(pair.permits.received) == 2


@pytest.mark.rule("P2")
def test_p2_the_same_message_again_is_not_a_second_use(pair):
    octets = pair.octets("PERMITS_REGISTER", use(pair.number()))
    first = Answer(pair.one, pair.one.post(octets))
    assert first.code == "SCSS001"
    assert Answer(pair.one, pair.one.post(octets)).octets == first.octets
    assert Answer(pair.two, pair.two.post(octets)).code == "SCSS001"


@pytest.mark.rule("P2")
def test_p2_each_misuse_has_its_own_refusal_and_all_that_is_wrong_is_told(pair):
    given = pair.number()
    wanted = [
        (pair.register("KZ73ABC00000002"), "nikad.unknown", "was not given"),
        (pair.register("US31ABC00000001"), "nikad.unknown", "of another country"),
        (pair.register(given, kind="REFUSAL"), "nikad.kind", "for a document of kind PERMIT"),
        (pair.register(given, who="monitoring"), "nikad.foreign", "to another system"),
        (pair.register(given, who="monitoring", kind="REFUSAL"), "nikad.foreign", "to another system; it was given for a document of "
         "kind PERMIT"),
    ]
    for answer, reason, words in wanted:
        assert (answer.code, answer.reason) == ("QG027", reason)
        assert words in answer.text("errorData")
    assert not pair.permits.received
    assert pair.register(given).code == "SCSS001"


@pytest.mark.rule("P2")
def test_p2_a_number_is_free_again_when_the_document_was_refused_or_never_sent(pair):
    given = pair.number()
    pair.permits.answer = lambda o: pair.permits.signed_answer(o, code="SCSE001", message="the signature is wrong")
    assert pair.register(given).code == "SCSE001"
    pair.permits.answer = lambda o: (500, "text/xml", wss.sign(soap.envelope(soap.fault("SCE909")), pair.pki["permits"]))
    assert pair.register(given).code == "QG044"
    assert pair.register(given, service="NOWHERE").code == "QG040"
    pair.permits.answer = pair.permits.signed_answer
    assert pair.register(given).code == "SCSS001"
    assert pair.register(given).reason == "nikad.used"


@pytest.mark.rule("P2")
def test_p2_of_two_documents_at_once_with_one_number_one_is_let_through(pair):
    given, let_go = pair.number(), threading.Event()
    pair.permits.answer = lambda o: (let_go.wait(20), pair.permits.signed_answer(o))[1]
    answers = []
    first = threading.Thread(target=lambda: answers.append(pair.register(given)))
    first.start()
    pair.one.wait(lambda: pair.permits.received)
    try:
        second = pair.register(given, g=pair.two, document="another document")
    finally:
        let_go.set()
        first.join()
    assert (second.code, second.reason) == ("QG027", "nikad.used")
    assert "is held by another message" in second.text("errorData")
    assert answers[0].code == "SCSS001"


@pytest.mark.rule("P2")
def test_p2_a_number_stays_with_a_message_whose_outcome_is_not_known(pair):
    given = pair.number()
    octets = pair.octets("PERMITS_REGISTER", use(given))
    pair.permits.answer = lambda o: None
    assert Answer(pair.one, pair.one.post(octets)).code == "QG041"
    pair.permits.answer = pair.permits.signed_answer
    assert pair.register(given).reason == "nikad.used"
    assert Answer(pair.one, pair.one.post(octets)).reason == "replay.uncertain"
    assert pair.register(given).reason == "nikad.used"
    assert Answer(pair.two, pair.two.post(octets)).code == "SCSS001"


@pytest.mark.rule("P2")
def test_p2_a_gateway_killed_while_the_provider_works_leaves_the_number_with_the_message(tmp_path, pki):
    p = Pair(tmp_path, pki, repeat_safe=True).begin()
    try:
        given, let_go = p.number(), threading.Event()
        octets = p.octets("PERMITS_REGISTER", use(given))
        p.permits.answer = lambda o: (let_go.wait(20), p.permits.signed_answer(o))[1]
        sender = threading.Thread(target=lambda: pytest.raises(OSError, p.one.post, octets))
        sender.start()
        p.one.wait(lambda: p.permits.received)
        p.one.stop(signal.SIGKILL)
        let_go.set()
        sender.join()
        p.ready(p.one.start())
        assert p.register(given, g=p.two).reason == "nikad.used"
        assert Answer(p.one, p.one.post(octets)).code == "SCSS001"  # the same message goes on, and its number is used now
        assert "was used in exchange" in p.register(given, g=p.two).text("errorData")
    finally:
        p.close()


@pytest.mark.rule("P2")
def test_p2_of_what_is_delivered_later_the_number_is_used_when_the_receiver_has_it(tmp_path, pki):
    p = Pair(tmp_path, pki, delivery="queued", retry="fast", repeat_safe=True).begin()
    try:
        given, refused = p.number(), p.number()
        assert p.register(given).code == "SCSS001"
        p.one.wait(lambda: p.permits.received)
        p.one.wait(lambda: "was used in exchange" in p.register(given, g=p.two).text("errorData"))
        p.one.wait(lambda: any(f["detail"] and f"nikad: used {given}" in f["detail"] for g in p.nodes for f in g.journal()))
        p.permits.answer = lambda o: p.permits.signed_answer(o, code="SCSE001", message="no")
        assert p.register(refused).code == "SCSS001"
        p.one.wait(lambda: p.one.events("delivery.dead") or p.two.events("delivery.dead"))
        p.permits.answer = p.permits.signed_answer
        p.one.wait(lambda: p.register(refused, g=p.two, document="mended").code == "SCSS001")
        p.one.wait(lambda: len(p.permits.received) == 3)
    finally:
        p.close()


@pytest.mark.rule("P2")
@pytest.mark.parametrize("answers", ("nothing", "an unsigned fault"))
@pytest.mark.parametrize("way", ({}, {"delivery": "queued", "retry": "fast"}), ids=("direct", "queued"))
def test_p2_a_number_stays_with_a_document_that_the_receiver_may_have_accepted(tmp_path, pki, way, answers):
    p = Pair(tmp_path, pki, **way).begin()
    try:
        given = p.number()
        unsigned = (500, "text/xml", soap.envelope(soap.fault("SCE001")).encode())
        p.permits.answer = lambda o: unsigned if answers == "an unsigned fault" else None
        code = p.register(given).code
        if way:
            p.one.wait(lambda: p.one.events("delivery.dead") or p.two.events("delivery.dead"))
        assert (code == "SCSS001") == bool(way)
        p.permits.answer = p.permits.signed_answer
        second = p.register(given, document="another document")
        assert second.reason == "nikad.used"
        assert "is held by another message" in second.text("errorData")
    finally:
        p.close()


@pytest.mark.rule("P2")
def test_p2_a_repetition_that_was_not_sent_does_not_make_the_first_copy_certain(tmp_path, pki):
    p = Pair(tmp_path, pki, repeat_safe=True).begin()

    def reload(**words):
        next(s for s in p.one.conf["services"] if s["id"] == "PERMITS_REGISTER").update(words)
        p.one.reload()
    try:
        given = p.number()
        octets = p.octets("PERMITS_REGISTER", use(given))
        p.permits.answer = lambda o: None
        assert Answer(p.one, p.one.post(octets)).code == "QG041"
        reload(endpoint="http://127.0.0.1:1/")
        assert Answer(p.one, p.one.post(octets)).code == "QG040"
        assert p.register(given, g=p.two, document="another document").reason == "nikad.used"
        reload(endpoint=p.permits.url, repeat_safe=False)
        assert Answer(p.one, p.one.post(octets)).reason == "replay.uncertain"
        assert len(p.permits.received) == 1
    finally:
        p.close()


@pytest.mark.rule("P2")
def test_p2_a_repetition_that_cannot_be_kept_leaves_the_number_with_the_copy_that_waits(tmp_path, pki):
    p = Pair(tmp_path, pki, delivery="queued", retry="fast", repeat_safe=True)
    p.two.conf["journal"]["free_space"] = "1000GiB"
    p.begin()
    try:
        given, let_go = p.number(), threading.Event()
        p.permits.answer = lambda o: (let_go.wait(20), p.permits.signed_answer(o))[1]
        octets = p.octets("PERMITS_REGISTER", use(given))
        assert Answer(p.one, p.one.post(octets)).code == "SCSS001"
        again, second = Answer(p.two, p.two.post(octets)), p.register(given, document="another document")
        assert again.reason == "journal.unwritable"
        assert second.reason == "nikad.used"
    finally:
        let_go.set()
        p.close()


@pytest.mark.rule("P4")
def test_p4_a_number_is_given_once_for_a_message_whichever_gateway_it_comes_to(pair):
    octets = pair.octets("PERMITS_NIKAD", ask())
    first = Answer(pair.one, pair.one.post(octets))
    again = [Answer(g, g.post(octets)) for g in (pair.one, pair.two)]
    assert first.code == "SCSS001"
    assert again[0].octets == first.octets
    assert again[1].text("Nikad") == first.text("Nikad")
    assert serial(pair.number()) == serial(first.text("Nikad")) + 1


@pytest.mark.rule("P4")
def test_p4_what_was_given_stands_in_the_journal_and_nobody_else_was_asked(pair):
    given = pair.number()
    facts = pair.one.journal("--service", "PERMITS_NIKAD")
    assert {(f["direction"], f["kind"]) for f in facts} == {("received", "request"), ("sent", "answer")}
    assert not pair.permits.received
    assert given


@pytest.mark.rule("P4")
def test_p4_a_request_that_the_schema_does_not_stop_is_answered_with_all_reasons(tmp_path, pki):
    p = Pair(tmp_path, pki)
    for g in p.nodes:
        del g.conf["services"][0]["schema"]
    try:
        p.begin()
        a = Answer(p.one, p.one.post(p.octets("PERMITS_NIKAD", ask(kind="NOVEL", of="A1C"))))
        assert a.code == "SCSE001"
        assert "NOVEL is no kind of document" in a.octets.decode() and "the type A1C" in a.octets.decode()
        assert Answer(p.one, p.one.post(p.octets("PERMITS_NIKAD", "<data><x/></data>"))).code == "SCSE002"
        other = p.octets("PERMITS_NIKAD", ask(of="XYZ"), message_id="one")
        assert Answer(p.one, p.one.post(other)).code == "SCSS001"
        clash = p.octets("PERMITS_NIKAD", ask(of="XYZ", kind="REFUSAL"), message_id="one")
        assert Answer(p.two, p.two.post(clash)).reason == "replay.conflict"
    finally:
        p.close()


def test_what_is_wrong_with_the_content_is_told_without_diagnostics_and_nothing_else(tmp_path, pki):
    p = Pair(tmp_path, pki)
    for g in p.nodes:
        g.conf["listeners"][0]["diagnostics"] = False
    try:
        p.begin()
        told = p.register("KZ04ABC00000001").text("errorData")
        assert "reason=nikad.malformed" in told and "they must be 03" in told
        assert p.register("KZ03ABC00000001", service="ELSEWHERE").reason is None
        assert Answer(p.one, p.one.post(p.octets("PERMITS_NIKAD", ask(of="A1C")))).reason == "payload.schema"
    finally:
        p.close()


@pytest.mark.rule("P1")
def test_p1_without_redis_no_number_is_given_and_the_message_may_be_repeated(pair):
    octets = pair.octets("PERMITS_NIKAD", ask())
    pair.redis.kill()
    a = Answer(pair.one, pair.one.post(octets))
    assert (a.code, a.reason) == ("QG051", "queue.down")
    pair.redis.start()
    pair.ready(pair.one)
    assert serial(Answer(pair.one, pair.one.post(octets)).text("Nikad")) == 1


@pytest.mark.rule("P1")
def test_p1_a_redis_that_lost_everything_gives_nothing_until_serials_are_put_back(pair, tmp_path):
    given = [pair.number(g) for g in (pair.one, pair.two, pair.two, pair.one)]
    unused, used, refused, uncertain = given
    assert pair.register(used, g=pair.two).code == "SCSS001"
    pair.permits.answer = lambda o: pair.permits.signed_answer(o, code="SCSE001", message="the signature is wrong")
    assert pair.register(refused).code == "SCSE001"
    pair.permits.answer = lambda o: None
    assert pair.register(uncertain).code == "QG041"
    pair.permits.answer = pair.permits.signed_answer
    pair.redis.kill()
    for f in (tmp_path / "redis").iterdir():
        shutil.rmtree(f) if f.is_dir() else f.unlink()
    pair.redis.start()
    octets = pair.octets("PERMITS_NIKAD", ask())
    assert Answer(pair.one, pair.one.post(octets)).code == "QG051"
    rebuilt = subprocess.run([BIN / "qaqpa", "queue", "rebuild", "--socket", pair.redis.socket, "--spool", tmp_path / "spool",
                              "--journal", tmp_path / "one/journal", "--journal", tmp_path / "two/journal"],
                             capture_output=True, check=True).stdout.decode()
    assert "nikad: type ABC goes on after 00001000" in rebuilt
    for g in pair.nodes:
        pair.ready(g)
    after = pair.number()
    assert serial(after) > max(serial(n) for n in given)
    assert serial(after) == 1001
    kept = subprocess.run([BIN / "qaqpa", "queue", "adapters", "--socket", pair.redis.socket], capture_output=True, check=True)
    assert kept.stdout.decode() == "nikad: type ABC last 1001 given 5 used 1 gaps 996\n"
    assert "was used in exchange" in pair.register(used).text("errorData")
    assert "is held by another message" in pair.register(uncertain).text("errorData")
    assert pair.register(unused, kind="REFUSAL").reason == "nikad.kind"
    assert pair.register(unused, who="monitoring").reason == "nikad.foreign"
    assert [pair.register(n, g=pair.two).code for n in (unused, refused)] == ["SCSS001", "SCSS001"]


def test_what_a_handler_answers_is_checked_as_a_providers_answer_is(pair, tmp_path):
    other = tmp_path / "other.xsd"
    other.write_text(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NS}"><xs:element name="Other"/></xs:schema>')
    pair.one.conf["services"][0]["answer_schema"] = str(other)
    pair.one.reload()
    octets = pair.octets("PERMITS_NIKAD", ask())
    refused = Answer(pair.one, pair.one.post(octets))
    assert (refused.code, refused.reason) == ("QG042", "provider.format"), refused.octets
    [told] = pair.one.events("handler.answer-wrong")
    assert (told["level"], told["handler"], told["reason"]) == ("error", "nikad", "payload.schema")
    pair.one.conf["services"][0]["answer_schema"] = SCHEMA
    pair.one.reload()
    again = Answer(pair.one, pair.one.post(octets))
    assert (again.code, serial(again.text("Nikad"))) == ("SCSS001", 1)


def test_names_of_adapters_are_checked_with_a_suggestion(pair, tmp_path):
    conf = pair.one.conf
    conf["services"][1].update(checks="nikad-givn", actions="nikad-given")
    conf["services"][0]["handler"] = "nikads"
    path = pair.one.write()
    told = subprocess.run([BIN / "qaqpa", "check", "--config", path], capture_output=True, check=False).stderr.decode()
    assert "there is no check 'nikad-givn'; did you mean 'nikad-given'?" in told
    assert "there is no action 'nikad-given'" in told
    assert "there is no handler 'nikads'; did you mean 'nikad'?" in told
    del conf["queue"]
    conf["services"][1].update(checks="nikad-given", actions="nikad-used")
    conf["services"][0]["handler"] = "nikad"
    pair.one.write()
    told = subprocess.run([BIN / "qaqpa", "check", "--config", path], capture_output=True, check=False).stderr.decode()
    assert re.search("the handler nikad needs Redis, yet there is no queue", told)


def test_a_reload_that_brings_a_queue_waits_for_a_restart(tmp_path, pki):
    p = Pair(tmp_path, pki)
    g = p.one
    queue, services = g.conf.pop("queue"), g.conf["services"]
    g.conf["services"] = []
    try:
        g.start()
        g.conf.update(queue=queue, services=services)
        g.reload()
        octets = p.octets("PERMITS_NIKAD", ask())
        for answer in (Answer(g, g.post(octets)), p.register("KZ03ABC00000001")):
            assert (answer.code, answer.reason) == ("QG051", "queue.down")
            assert "was not configured when the gateway started" in answer.text("errorData")
        assert g.stop() == 0
        g.start()
        p.ready(g)
        assert serial(Answer(g, g.post(octets)).text("Nikad")) == 1
    finally:
        p.close()
