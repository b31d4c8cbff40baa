# SPDX-License-Identifier: GPL-3.0-or-later
"""AsyncChannel v10: the whole life of an exchange, sent to its receivers and fetched by them."""
import re
import subprocess

import pytest
import requests

from harness import async_soap as a
from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.redis import Redis

PATH = "/bip-async/"
FAST = {"name": "standard", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1h"}


class World(Gateway):
    """The department begins chains, the permits system answers them; each by push or pull."""

    def __init__(self, folder, pki, redis, provider_mode="push", consumer_mode="push", expire="1h", mode="off"):
        super().__init__(folder, pki)
        self.consumer, self.provider = a.Client(pki["department"]), a.Client(pki["permits"])
        self.conf["queue"] = {"socket": str(redis.socket), "spool": str(folder / "spool"), "lease": "2s", "command_time": "1s"}
        self.conf["retries"] = [{**FAST, "expire_after": expire}, {**FAST, "name": "notices"}]
        self.conf["services"].append({"id": "Case", "provider": "permits", "channel": "async", "mode": mode})
        for name, mode, client in (("department", consumer_mode, self.consumer), ("permits", provider_mode, self.provider)):
            self.participant(name)["async"] = {"mode": mode, "endpoint": client.url, "breaker_failures": 1000}
        self.participant("department")["async"]["retry"] = "notices"  # these are not to expire with what they tell of

    def begin(self):
        return self.start_with_queue()

    def ask(self, text, name="department"):
        octets = text if isinstance(text, bytes) else wss.sign(text, self.pki[name])
        return Answer(self, requests.post(f"http://127.0.0.1:{self.ports['plain']}{PATH}", data=octets,
                                          headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30))

    def request(self, **fields):
        answer = self.ask(a.message(**fields))
        answer.verified()
        assert answer.status == 200, answer.octets
        return answer

    def from_provider(self, kind, correlation, **fields):
        return self.ask(a.message(kind, who="permits_is", password=None, correlation=correlation, **fields), "permits")


@pytest.fixture
def make(tmp_path, pki):
    redis = Redis(tmp_path / "redis")
    made = []

    def world(**modes):
        made.append(World(tmp_path, pki, redis, **modes).begin())
        return made[-1]

    yield world
    for w in made:
        w.stop()
        w.consumer.close()
        w.provider.close()
    redis.stop()


def test_a_chain_from_request_to_response_by_push(make):
    world = make()
    first = world.request()
    message_id, correlation = first.text("messageId"), first.text("correlationId")
    assert re.fullmatch(r"\{[0-9a-f-]{36}\}", first.text("sessionId"))
    world.wait(lambda: world.provider.messages)
    got = world.provider.messages[0]
    wss.verify(got, world.pki["gateway"].certificate)
    assert a.text(got, "messageId") == message_id and a.text(got, "correlationId") == correlation
    assert a.text(got, "messageType") == "REQUEST" and a.DATA.encode() in got and b"password" not in got
    for kind in ("NOTIFICATION", "RESPONSE"):
        assert world.from_provider(kind, correlation).text("correlationId") == correlation
    world.wait(lambda: len(world.consumer.messages) == 2)
    assert [a.text(m, "messageType") for m in world.consumer.messages] == ["NOTIFICATION", "RESPONSE"]
    assert {a.text(m, "correlationId") for m in world.consumer.messages} == {correlation}
    assert len({a.text(m, "messageId") for m in world.consumer.messages} | {message_id}) == 3


def test_senders_are_told_what_became_of_their_messages(make):
    world = make()
    first = world.request()
    world.wait(lambda: world.consumer.notices)
    notice = world.consumer.notices[0]
    wss.verify(notice, world.pki["gateway"].certificate)
    assert a.text(notice, "messageId") == first.text("messageId")
    assert a.text(notice, "messageState") == "DELIVERED"
    assert world.ask(a.get_status(first.text("messageId"))).text("messageState") == "DELIVERED"


def test_while_the_receiver_is_away_the_message_is_on_delivery(make):
    world = make()
    world.provider.close()
    first = world.request()
    assert world.ask(a.get_status(first.text("messageId"))).text("messageState") == "ON_DELIVERY"
    world.provider = a.Client(world.pki["permits"], port=world.provider.server.server_port)
    world.wait(lambda: world.provider.messages)
    world.wait(lambda: world.ask(a.get_status(first.text("messageId"))).text("messageState") == "DELIVERED")


def test_an_update_follows_its_request_in_order(make):
    world = make()
    world.provider.close()
    correlation = world.request().text("correlationId")
    for n in range(4):
        assert world.ask(a.message("UPDATE", correlation=correlation, data=f"<data><n>{n}</n></data>")).status == 200
    world.provider = a.Client(world.pki["permits"], port=world.provider.server.server_port)
    world.wait(lambda: len(world.provider.messages) >= 5)
    assert [a.text(m, "messageType") for m in world.provider.messages] == ["REQUEST"] + ["UPDATE"] * 4
    assert [a.text(m, "n") for m in world.provider.messages[1:]] == ["0", "1", "2", "3"]


def test_a_chain_by_pull(make):
    world = make(provider_mode="pull", consumer_mode="pull")
    first = world.request(data='<data xsi:type="q:T" xmlns:q="urn:q" xmlns:xsi="%s"><q:n>7</q:n></data>' % soap.XSI)
    message_id, correlation = first.text("messageId"), first.text("correlationId")
    fetched = world.ask(a.get_messages(), "permits")
    root = fetched.verified()
    assert [e.text for e in root.xpath("//*[local-name()='messages']//*[local-name()='messageId']")] == [message_id]
    data = root.xpath("//*[local-name()='data']")[0]
    assert data.nsmap["q"] == "urn:q" and data.get(f"{{{soap.XSI}}}type") == "q:T" and data[0].text == "7"
    assert world.ask(a.get_messages(), "permits").text("messageId") == message_id  # until it is accepted
    assert world.ask(a.delivery(message_id), "permits").status == 200
    assert world.ask(a.get_messages(), "permits").text("messageId") is None
    assert world.ask(a.get_status(message_id)).text("messageState") == "DELIVERED"
    world.from_provider("RESPONSE", correlation)
    answer = world.ask(a.get_messages(who="department_is", password="secret"))
    assert (answer.text("messageType"), answer.text("correlationId")) == ("RESPONSE", correlation)
    assert world.provider.messages == world.consumer.messages == []


def test_a_service_may_say_how_its_messages_are_taken(make):
    world = make(mode="pull")
    message_id = world.request().text("messageId")
    assert world.ask(a.get_messages(), "permits").text("messageId") == message_id
    assert world.provider.messages == []


def test_not_accepted_with_resend_stays_and_without_goes(make):
    world = make(provider_mode="pull")
    message_id = world.request().text("messageId")
    assert world.ask(a.delivery(message_id, accepted=False, resend=True), "permits").status == 200
    assert world.ask(a.get_messages(), "permits").text("messageId") == message_id
    assert world.ask(a.delivery(message_id, accepted=False, resend=False), "permits").status == 200
    assert world.ask(a.get_messages(), "permits").text("messageId") is None
    world.wait(lambda: world.consumer.notices)
    assert a.text(world.consumer.notices[0], "messageState") == "NOT_DELIVERED"
    assert world.ask(a.get_status(message_id)).text("messageState") == "NOT_DELIVERED"


def test_an_old_question_is_not_answered(make):
    """A recorded question must not fetch what waits now."""
    world = make(provider_mode="pull")
    world.request()
    old = a.get_messages().replace(soap.now()[:16], soap.now(minutes=-6)[:16])
    answer = world.ask(old, "permits")
    assert (answer.status, answer.reason) == (500, "message.date-window")


def test_a_retried_message_still_waits_to_be_fetched(make, tmp_path):
    world = make(provider_mode="pull")
    message_id = world.request().text("messageId")
    redis = world.conf["queue"]["socket"]
    for verb in ("retry", "plan"):
        done = subprocess.run([BIN / "qaqpa", "queue", verb, f"{{{message_id}}}", "--socket", redis, "--spool", tmp_path / "spool"],
                              capture_output=True, check=False)
    assert b"fetched" in done.stdout, done
    assert world.ask(a.get_messages(), "permits").text("messageId") == message_id
    assert world.provider.messages == []


def test_messages_are_fetched_by_id_by_chain_and_by_amount(make):
    world = make(provider_mode="pull")
    sent = [world.request(data=f"<data><n>{n}</n></data>") for n in range(4)]

    def fetched(inner):
        root = world.ask(a.get_messages(inner=inner), "permits").verified()
        return sorted(e.text for e in root.xpath("//*[local-name()='messages']//*[local-name()='messageId']"))

    ids = [s.text("messageId") for s in sent]
    assert fetched("") == sorted(ids)
    assert fetched(f"<messageId>{ids[2]}</messageId>") == [ids[2]]
    assert fetched(f"<correlationId>{sent[1].text('correlationId')}</correlationId>") == [ids[1]]


def test_an_identical_message_is_acknowledged_with_the_same_identifiers_and_goes_once(make):
    world = make()
    octets = wss.sign(a.message(), world.pki["department"])
    first, second = world.ask(octets), world.ask(octets)
    assert first.octets == second.octets
    world.request()
    world.wait(lambda: len(world.provider.messages) >= 2)
    assert len(world.provider.messages) == 2


def test_an_expired_message_is_given_up_and_its_sender_is_told(make):
    world = make(expire="1s")
    world.provider.close()
    first = world.request()
    world.wait(lambda: world.consumer.notices)
    notice = world.consumer.notices[0]
    assert (a.text(notice, "messageId"), a.text(notice, "messageState")) == (first.text("messageId"), "NOT_DELIVERED")
    assert world.ask(a.get_status(first.text("messageId"))).text("messageState") == "NOT_DELIVERED"


REFUSED = {
    "a response to a chain that does not exist": lambda w: w.from_provider("RESPONSE", "aaaaaaaa-0000-4000-8000-000000000001"),
    "a response without correlationId": lambda w: w.from_provider("RESPONSE", None),
    "an update of another's chain": lambda w: w.ask(a.message("UPDATE", who="permits_is", password=None,
                                                              correlation=w.request().text("correlationId")), "permits"),
    "a response by somebody who does not provide the service": lambda w: w.ask(a.message("RESPONSE", correlation="x")),
    "an unknown service": lambda w: w.ask(a.message(service="Nowhere")),
    "another participant's sender": lambda w: w.ask(a.message(who="permits_is")),
    "a wrong password": lambda w: w.ask(a.message(password="wrong")),
    "a synchronous message": lambda w: w.ask(soap.envelope(soap.request())),
    "an unsigned message": lambda w: w.ask(a.message().encode()),
    "the status of another's message": lambda w: w.ask(a.get_status(w.request().text("messageId"), "permits_is", None), "permits"),
    "a notification about an unknown message": lambda w: w.ask(a.delivery(soap.new_id()), "permits"),
}


def test_wrong_messages_are_refused_with_their_reason_and_nothing_goes(make):
    world = make(provider_mode="pull")
    expected = {
        "a response to a chain that does not exist": "async.correlation",
        "a response without correlationId": "async.correlation",
        "an update of another's chain": "async.correlation",
        "a response by somebody who does not provide the service": "service.forbidden",
        "an unknown service": "service.unknown",
        "another participant's sender": "sender.unknown",
        "a wrong password": "sender.password",
        "a synchronous message": "soap.operation",
        "an unsigned message": "security.absent",
        "the status of another's message": "async.message",
        "a notification about an unknown message": "async.message",
    }
    for name, send in REFUSED.items():
        answer = send(world)
        assert (answer.status, answer.reason) == (500, expected[name]), (name, answer.octets)
    assert world.consumer.messages == world.provider.messages == []


def test_the_fault_is_the_operation_s_own(make):
    world = make()
    answer = world.ask(a.message(service="Nowhere"))
    assert b"sendMessageFault1_sendMessageFault" in answer.octets and answer.code == "SCE004"
    answer = world.ask(a.get_status(soap.new_id()))
    assert b"getMessageStatusFault1_getMessageStatusFault" in answer.octets


def test_the_contract_is_served(make):
    world = make()
    url = f"http://127.0.0.1:{world.ports['plain']}{PATH}"
    page = requests.get(url + "?wsdl", timeout=10)
    assert page.status_code == 200 and f'location="{url}"'.encode() in page.content
    assert requests.get(url + "?client-wsdl", timeout=10).status_code == 200
