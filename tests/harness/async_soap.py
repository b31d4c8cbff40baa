# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of AsyncChannel v10, and a participant that takes its messages at an endpoint."""
import re

from . import soap, wss
from .provider import Provider

TYPES = "http://bip.bee.kz/AsyncChannel/v10/Types"
CLIENT = "http://bip.bee.kz/AsyncChannel/v10/Types/Client"
DATA = '<data><p:Case xmlns:p="urn:demo:case"><p:n>1</p:n></p:Case></data>'


def element(operation, content, ns=TYPES):
    return f'<t:{operation} xmlns:t="{ns}">{content}</t:{operation}>'


def wrap(operation, content, ns=TYPES):
    return soap.envelope(element(operation, content, ns))


def sender(name, password):
    word = f"<password>{password}</password>" if password is not None else ""
    return f"<sender><senderId>{name}</senderId>{word}</sender>"


def send_message(kind="REQUEST", service="Case", who="department_is", password="secret", correlation=None, data=DATA, head=""):
    chain = f"<correlationId>{correlation}</correlationId>" if correlation is not None else ""
    return element("sendMessage", f"<request><messageInfo>{head}{chain}<serviceId>{service}</serviceId><messageType>{kind}</messageType>"
                   f"<messageDate>{soap.now()}</messageDate>{sender(who, password)}</messageInfo><messageData>{data}</messageData></request>")


def message(*what, **fields):
    return soap.envelope(send_message(*what, **fields))


def get_messages(service="Case", who="permits_is", password=None, inner=""):
    return wrap("getMessages", f"<request>{inner}<requestDate>{soap.now()}</requestDate><serviceId>{service}</serviceId>"
                f"{sender(who, password)}</request>")


def get_status(message_id, who="department_is", password="secret"):
    return wrap("getMessageStatus", f"<request><messageId>{message_id}</messageId><requestDate>{soap.now()}</requestDate>"
                f"{sender(who, password)}</request>")


def delivery(message_id, accepted=True, resend=False, service="Case", who="permits_is", password=None):
    status = "MESSAGE_ACCEPTED" if accepted else "MESSAGE_NOT_ACCTEPTED"
    return wrap("sendDeliveryNotification", f"<request><notification><messageId>{message_id}</messageId><serviceId>{service}</serviceId>"
                f"<notificationDate>{soap.now()}</notificationDate><deliveryStatus><receiveStatus>{status}</receiveStatus>"
                f"<statusDate>{soap.now()}</statusDate><resendMessage>{'RESEND' if resend else 'NOT_RESEND'}</resendMessage>"
                f"</deliveryStatus></notification><requestDate>{soap.now()}</requestDate>{sender(who, password)}</request>")


def text(octets, name):
    found = re.search(rb"<(?:\w+:)?" + name.encode() + rb"(?: [^>]*)?>([^<]*)<", octets)
    return found.group(1).decode() if found else None


def is_notice(octets):
    return b"changeMassageStatusNotification" in octets


def acknowledgement(octets):
    """What a receiver says to a message or a notice."""
    session = f"<sessionId>{text(octets, 'sessionId')}</sessionId>"
    if is_notice(octets):
        return element("changeMassageStatusNotificationResponse",
                       f"<response><responseDate>{soap.now()}</responseDate>{session}</response>", CLIENT)
    return element("sendMessageResponse", f"<response><messageId>{text(octets, 'messageId')}</messageId>"
                   f"<correlationId>{text(octets, 'correlationId')}</correlationId><responseDate>{soap.now()}</responseDate>"
                   f"{session}</response>")


class Client(Provider):
    """Acknowledges messages and notices; they are in `messages` and `notices`."""

    def __init__(self, identity, **more):
        self.messages, self.notices = [], []
        super().__init__(identity, self.acknowledge, **more)

    def acknowledge(self, octets):
        (self.notices if is_notice(octets) else self.messages).append(octets)
        return 200, "text/xml; charset=utf-8", wss.sign(soap.envelope(acknowledgement(octets)), self.identity)
