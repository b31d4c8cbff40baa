# SPDX-License-Identifier: GPL-3.0-or-later
"""AsyncChannel v10 with zeep, an ordinary Python SOAP client, on both sides of the gateway: contract, types, signatures and
faults are zeep's, read from the WSDL of the running gateway by its address.

Two things zeep has no words for, so lxml does them: it knows no servers, so the HTTP side and the choice of the operation by
the name in the Body are here (what the operation means is read and written by zeep's messages of the WSDL), and it writes no
faults, so the soap:Fault around a declared detail is put together here (the detail is zeep's)."""
import re
from datetime import datetime, timedelta

import pytest
import zeep
from lxml import etree
from test_zeep import DEMO, FORMS, Partner, Payload, Unchecked
from zeep.exceptions import Fault, SignatureVerificationFailed

from harness import soap, wss
from harness.gateway import Gateway
from harness.provider import Provider
from harness.redis import Redis

TYPES = "http://bip.bee.kz/AsyncChannel/v10/Types"
CLIENT = "http://bip.bee.kz/AsyncChannel/v10/Interfaces/Client/Binding"
ELEMENT = f'<p:Case xmlns:p="{DEMO}" a="1"><p:number>7</p:number></p:Case>'
FAST = {"name": "standard", "initial": "100ms", "factor": 2, "max_interval": "400ms", "jitter": 10, "expire_after": "1h"}
# who begins a chain and who provides the service, by the way they take their messages
PUSHED, PULLED = ("department", "permits", "Case"), ("monitoring", "other-system", "Pulled")


class Endpoint(Provider):
    """A participant that messages are pushed to. `taken` holds (operation, request as zeep reads it, octets)."""

    def __init__(self, pki, name, form):
        self.gateway, self.partner = pki["gateway"], Partner(pki, FORMS[form], sender=name)
        self.taken, self.refusal, self.binding = [], None, None
        super().__init__(pki[name], self.serve)

    def learn(self, address):
        self.client = zeep.Client(address + "?client-wsdl")
        self.binding = self.client.wsdl.bindings[f"{{{CLIENT}}}AsyncChannelClientHttpBinding"]

    def serve(self, octets):
        envelope = etree.fromstring(octets)
        self.partner.verify(envelope)
        wss.verify(octets, self.gateway.certificate)  # and what is signed is the Body
        operation = self.binding.get(etree.QName(envelope.find(f"{{{soap.SOAP}}}Body")[0]).localname)
        request = operation.input.deserialize(envelope)
        self.taken.append((operation.name, request, octets))
        if self.refusal:
            return 500, "text/xml; charset=utf-8", self.signed(self.fault(operation))
        return 200, "text/xml; charset=utf-8", self.signed(self.acknowledgement(operation, request))

    @staticmethod
    def acknowledgement(operation, request):
        now = datetime.now(soap.ALMATY)
        if operation.name == "sendMessage":
            info = request.messageInfo
            fields = {"messageId": info.messageId, "correlationId": info.correlationId, "responseDate": now, "sessionId": info.sessionId}
        else:
            fields = {"responseDate": now, "sessionId": request.sessionId}
        return operation.output.serialize(response=fields).content

    def fault(self, operation):
        detail = etree.Element("detail")
        element = self.client.get_element(f"{{{TYPES}}}{operation.name}Fault1_{operation.name}Fault")
        code, words = self.refusal
        element.render(detail, element(errorCode=code, errorMessage=words, errorDate=datetime.now(soap.ALMATY)))
        envelope = etree.fromstring(soap.envelope(f"<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{words}</faultstring>"
                                                  "</soapenv:Fault>"))
        envelope.find(f".//{{{soap.SOAP}}}Fault").append(detail)
        return envelope

    def signed(self, envelope):
        return etree.tostring(self.partner.apply(envelope, {})[0])

    def of(self, operation):
        return [request for name, request, _ in self.taken if name == operation]

    @property
    def messages(self):
        return self.of("sendMessage")

    @property
    def notices(self):
        return self.of("changeMassageStatusNotification")


class World:
    """One gateway, two participants that messages are pushed to, two that fetch theirs."""

    def __init__(self, folder, pki):
        self.pki, self.redis = pki, Redis(folder / "redis")
        self.gateway = Gateway(folder, pki)
        self.endpoints = {name: Endpoint(pki, name, form) for name, form in zip(PUSHED, FORMS)}
        conf = self.gateway.conf
        conf["queue"] = {"socket": str(self.redis.socket), "spool": str(folder / "spool")}
        conf["retries"] = [FAST]
        conf["participants"] += [{"name": name, "sender_ids": f"{name}_is", "certificates": str(pki.path(f"{name}.crt")), "may_call": "*"}
                                 for name in PULLED[:2]]
        conf["services"] += [{"id": service, "provider": provider, "channel": "async"} for _, provider, service in (PUSHED, PULLED)]
        for name, endpoint in self.endpoints.items():
            self.gateway.participant(name)["async"] = {"mode": "push", "endpoint": endpoint.url, "breaker_failures": 1000}
        for name in PULLED[:2]:
            self.gateway.participant(name)["async"] = {"mode": "pull"}
        self.gateway.start()
        self.url = f"http://127.0.0.1:{self.gateway.ports['plain']}/bip-async/"
        self.wait = self.gateway.wait
        self.wait(self.gateway.ready)
        for endpoint in self.endpoints.values():
            endpoint.learn(self.url)

    def party(self, name, form="X509Data", *plugins, partner=None):
        return Party(self.url, partner or Partner(self.pki, FORMS[form], sender=name), name, plugins)

    def close(self):
        code = self.gateway.stop()
        for endpoint in self.endpoints.values():
            endpoint.close()
        self.redis.stop()
        return code


class Party:
    """A participant as a caller. Every answer that comes back from `service` was verified by zeep."""

    def __init__(self, url, partner, name, plugins):
        self.client = zeep.Client(url + "?wsdl", wsse=partner, plugins=list(plugins))
        self.partner, self.service = partner, self.client.service
        self.sender = {"senderId": f"{name}_is", "password": "secret" if name == "department" else None}

    def send(self, kind, service, data="text", correlation=None, sender=None, **info):
        info = {"correlationId": correlation, "serviceId": service, "messageType": kind, "messageDate": datetime.now(soap.ALMATY),
                "sender": sender or self.sender, **info}
        return self.service.sendMessage(request={"messageInfo": info, "messageData": {"data": data}})

    def fetch(self, service, **chosen):
        return self.service.getMessages(request={"serviceId": service, "requestDate": datetime.now(soap.ALMATY), "sender": self.sender, **chosen})

    def status(self, message_id):
        return self.service.getMessageStatus(request={"messageId": message_id, "requestDate": datetime.now(soap.ALMATY),
                                                      "sender": self.sender})

    def notify(self, message_id, service, accepted=True, resend=False):
        now = datetime.now(soap.ALMATY)
        status = {"receiveStatus": "MESSAGE_ACCEPTED" if accepted else "MESSAGE_NOT_ACCTEPTED", "statusDate": now,
                  "resendMessage": "RESEND" if resend else "NOT_RESEND"}
        return self.service.sendDeliveryNotification(request={
            "notification": {"messageId": message_id, "serviceId": service, "notificationDate": now, "deliveryStatus": status},
            "requestDate": now, "sender": self.sender})

    def error(self, refused):
        """The declared detail as zeep reads it by the schema, with the operation it is declared for."""
        detail = refused.value.detail[0]
        return etree.QName(detail), self.client.wsdl.types.deserialize(detail)


@pytest.fixture(scope="module")
def world(tmp_path_factory, pki):
    w = World(tmp_path_factory.mktemp("world"), pki)
    yield w
    assert w.close() == 0


def test_the_contract_is_read_by_its_address_alone(world):
    port = world.party("department").client.wsdl.services["AsyncChannelHttpService"].ports["AsyncChannelHttpPort"]
    assert port.binding_options["address"] == world.url
    assert sorted(port.binding.all()) == ["getMessageStatus", "getMessages", "sendDeliveryNotification", "sendMessage"]
    client_side = world.endpoints["permits"]
    assert sorted(client_side.binding.all()) == ["changeMassageStatusNotification", "sendMessage"]
    state = client_side.client.get_type("{http://bip.bee.kz/AsyncChannel/v10/ITypes}MessageState")
    assert state is not None


@pytest.mark.parametrize("form", FORMS)
def test_a_chain_whose_messages_are_fetched(world, form):
    consumer, provider = world.party("monitoring", form), world.party("other-system", form)
    sent = world.party("monitoring", form, Payload(ELEMENT)).send("REQUEST", "Pulled")
    assert re.fullmatch(r"[0-9a-f-]{36}", sent.messageId) and re.fullmatch(r"\{[0-9a-f-]{36}\}", sent.sessionId)
    assert isinstance(sent.responseDate, datetime)
    assert consumer.status(sent.messageId).messageState == "ON_DELIVERY"

    answer = provider.fetch("Pulled")
    assert [m.messageInfo.messageId for m in answer.messages] == [sent.messageId]
    info, data = answer.messages[0].messageInfo, answer.messages[0].messageData.data
    assert (info.correlationId, info.messageType, info.serviceId, info.sender.senderId) == (sent.correlationId, "REQUEST", "Pulled",
                                                                                          "monitoring_is")
    assert [e.tag for e in data] == [f"{{{DEMO}}}Case"] and data[0].findtext(f"{{{DEMO}}}number") == "7"
    assert provider.notify(sent.messageId, "Pulled").notificationId
    assert not provider.fetch("Pulled").messages
    status = consumer.status(sent.messageId)
    assert status.messageState == "DELIVERED" and isinstance(status.status.statusDate, datetime)

    for kind in ("NOTIFICATION", "RESPONSE"):
        said = provider.send(kind, "Pulled", f"{kind} <&>", correlation=sent.correlationId)
        assert said.correlationId == sent.correlationId
    fetched = consumer.fetch("Pulled", correlationId=sent.correlationId).messages
    assert [(m.messageInfo.messageType, m.messageData.data) for m in fetched] == [("NOTIFICATION", "NOTIFICATION <&>"),
                                                                                 ("RESPONSE", "RESPONSE <&>")]
    for message in fetched:
        consumer.notify(message.messageInfo.messageId, "Pulled")
    assert not consumer.fetch("Pulled").messages
    assert (consumer.partner.verified, provider.partner.verified) == (6, 5)


def test_not_accepted_and_wanted_again_stays_until_it_is_not_wanted(world):
    consumer, provider = world.party("monitoring"), world.party("other-system")
    sent = consumer.send("REQUEST", "Pulled")
    provider.notify(sent.messageId, "Pulled", accepted=False, resend=True)
    assert [m.messageInfo.messageId for m in provider.fetch("Pulled").messages] == [sent.messageId]
    assert consumer.status(sent.messageId).messageState == "ON_DELIVERY"
    provider.notify(sent.messageId, "Pulled", accepted=False, resend=False)
    assert not provider.fetch("Pulled").messages
    assert consumer.status(sent.messageId).messageState == "NOT_DELIVERED"


def test_no_more_messages_are_fetched_than_asked_for(world):
    consumer, provider = world.party("monitoring"), world.party("other-system")
    sent = {consumer.send("REQUEST", "Pulled").messageId for _ in range(3)}
    assert len(provider.fetch("Pulled", amount=2).messages) == 2
    assert {m.messageInfo.messageId for m in provider.fetch("Pulled", amount=0).messages} == sent
    for message_id in sent:
        provider.notify(message_id, "Pulled")


@pytest.mark.parametrize("form", FORMS)
def test_a_chain_whose_messages_are_pushed(world, form):
    consumer, provider = world.endpoints["department"], world.endpoints["permits"]
    before, notices = len(provider.messages), len(consumer.notices)
    sent = world.party("department", form, Payload(ELEMENT)).send("REQUEST", "Case", properties=[{"key": "k", "value": "Ә"}])
    world.wait(lambda: len(provider.messages) > before)
    request = provider.messages[-1]
    assert (request.messageInfo.messageId, request.messageInfo.correlationId) == (sent.messageId, sent.correlationId)
    assert (request.messageInfo.messageType, request.messageInfo.sessionId) == ("REQUEST", sent.sessionId)
    assert request.messageInfo.sender.password is None
    assert [(p.key, p.value) for p in request.messageInfo.properties] == [("k", "Ә")]
    assert [e.tag for e in request.messageData.data] == [f"{{{DEMO}}}Case"]

    world.wait(lambda: len(consumer.notices) > notices)  # the sender is told what became of it
    notice = consumer.notices[-1]
    assert (notice.notification.messageId, notice.notification.messageState) == (sent.messageId, "DELIVERED")
    assert notice.notification.status.statusCode and isinstance(notice.notification.notificationDate, datetime)
    assert world.party("department", form).status(sent.messageId).messageState == "DELIVERED"

    before = len(consumer.messages)
    back = world.party("permits", form)
    said = [back.send(kind, "Case", kind, correlation=sent.correlationId) for kind in ("NOTIFICATION", "RESPONSE")]
    world.wait(lambda: len(consumer.messages) == before + 2)
    got = consumer.messages[before:]
    assert [(m.messageInfo.messageType, m.messageInfo.messageId, m.messageData.data) for m in got] == [
        ("NOTIFICATION", said[0].messageId, "NOTIFICATION"), ("RESPONSE", said[1].messageId, "RESPONSE")]
    assert {m.messageInfo.correlationId for m in got} == {sent.correlationId}
    world.wait(lambda: len(provider.notices) >= 2 and {n.notification.messageId for n in provider.notices[-2:]} == {s.messageId for s in said})


def test_a_declared_fault_of_the_receiver_ends_the_delivery_and_the_sender_is_told(world):
    consumer, provider = world.endpoints["department"], world.endpoints["permits"]
    before, notices = len(provider.messages), len(consumer.notices)
    provider.refusal = ("SCSE001", "not for me")
    try:
        sent = world.party("department").send("REQUEST", "Case")
        world.wait(lambda: len(consumer.notices) > notices)
    finally:
        provider.refusal = None
    notice = consumer.notices[-1].notification
    assert (notice.messageId, notice.messageState, notice.status.statusCode) == (sent.messageId, "NOT_DELIVERED", "SCSE001")
    assert len(provider.messages) == before + 1
    assert world.party("department").status(sent.messageId).messageState == "NOT_DELIVERED"


STRANGE = "aaaaaaaa-0000-4000-8000-000000000001"
REFUSALS = {
    "an unknown service": ("department", "sendMessage", "SCE004", lambda p: p.send("REQUEST", "Nowhere")),
    "a wrong password": ("department", "sendMessage", "QG013",
                         lambda p: p.send("REQUEST", "Case", sender={"senderId": "department_is", "password": "wrong"})),
    "an old date": ("department", "sendMessage", "QG014",
                    lambda p: p.send("REQUEST", "Case", messageDate=datetime.now(soap.ALMATY) - timedelta(days=30))),
    "a response to a chain that does not exist": ("permits", "sendMessage", None, lambda p: p.send("RESPONSE", "Case", correlation=STRANGE)),
    "the status of a message that nobody sent": ("department", "getMessageStatus", None, lambda p: p.status(STRANGE)),
    "a notification about no message": ("other-system", "sendDeliveryNotification", None, lambda p: p.notify(STRANGE, "Pulled")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_the_declared_fault_of_its_operation_signed_by_the_gateway(world, name):
    who, operation, code, ask = REFUSALS[name]
    party, before = world.party(who), len(world.endpoints["permits"].taken)
    with pytest.raises(Fault) as refused:
        ask(party)
    assert party.partner.verified == 1
    declared, error = party.error(refused)
    assert (declared.namespace, declared.localname) == (TYPES, f"{operation}Fault1_{operation}Fault")
    assert error.errorCode == code if code else error.errorCode.startswith(("QG", "SCE"))
    assert isinstance(error.errorDate, datetime) and error.sessionId.startswith("{") and refused.value.message
    assert len(world.endpoints["permits"].taken) == before


@pytest.mark.parametrize("name,more,code", [
    ("the default SHA-1 of zeep", {"signature_method": None}, "QG010"),
    ("a stranger", {"sender": "attacker-own-ca"}, "SCE005"),
])
def test_an_unfit_signature_is_refused(world, name, more, code):
    party = world.party("department", partner=Unchecked(world.pki, **more))
    with pytest.raises(Fault) as refused:
        party.send("REQUEST", "Case")
    assert party.error(refused)[1].errorCode == code


def test_an_answer_changed_on_the_way_is_seen_by_zeep(world):
    """The counter-proof: the verification above is not idle."""
    party, original = world.party("department"), zeep.Transport.post_xml

    def meddle(address, envelope, headers):
        response = original(party.client.transport, address, envelope, headers)
        response._content, n = re.subn(rb"<messageId>.", b"<messageId>x", response.content)
        assert n == 1
        return response

    party.client.transport.post_xml = meddle
    with pytest.raises(SignatureVerificationFailed):
        party.send("REQUEST", "Case")
