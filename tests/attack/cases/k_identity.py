# SPDX-License-Identifier: GPL-3.0-or-later
"""Freshness, repetition, and who speaks: correctly signed messages that must not be believed."""
from attack.outcomes import DUPLICATE, EXPIRED, FORMAT, SENDER, SERVICE, UNSIGNED
from attack.table import passing, refused
from harness import soap
from harness.forge import swap

CLASS = "K  freshness, repetition, identity"


def stamped(content=None, references=("id-time", "id-body")):
    return lambda w: w.signed(timestamp=soap.timestamp(content), references=references)


def moments(created, expires=None):
    until = f"<wsu:Expires>{soap.utc(**expires)}</wsu:Expires>" if expires else ""
    return stamped(f"<wsu:Created>{soap.utc(**created)}</wsu:Created>{until}")


def raw_moments(*texts):
    return stamped("".join(f"<wsu:{name}>{text}</wsu:{name}>" for name, text in texts))


def two_timestamps(w):
    text = w.signed(timestamp=soap.timestamp(), references=("id-time", "id-body"))
    return swap(text, "<ds:Signature ", soap.timestamp().replace("id-time", "id-other") + "<ds:Signature ")


def asked(identity="department", **fields):
    return lambda w: w.signed(soap.envelope(soap.request(**fields)), identity=w.pki[identity])


def bent(old, new):
    """A request with something else in it, correctly signed."""
    return lambda w: w.signed(swap(soap.envelope(soap.request()), old, new))


def qualified_sender(w):
    text = soap.envelope(soap.request()).replace("sender>", "t:sender>").replace("senderId>", "t:senderId>")
    return w.signed(text)


def empty_id(w):
    body = soap.request(message_id="to-be-gone").replace("to-be-gone", "")
    return w.signed(soap.envelope(body))


FRESH = soap.utc()
SENDER_ID = "<senderId>department_is</senderId>"
INJECTION = "x&#13;&#10;*1&#13;&#10;$8&#13;&#10;FLUSHALL&#13;&#10;"

CASES = {
    "the Timestamp expired an hour ago": (moments(dict(hours=-2), dict(hours=-1)), EXPIRED, "security.expired"),
    "the Timestamp was made an hour ahead": (moments(dict(hours=1), dict(hours=2)), EXPIRED, "security.expired"),
    "the Timestamp expires before it was made": (moments(dict(), dict(minutes=-1)), UNSIGNED, "security.timestamp"),
    "the Timestamp lives for ten years": (moments(dict(days=-2), dict(days=3650)), EXPIRED, "security.expired"),
    "the Timestamp without end is a month old": (moments(dict(days=-30)), EXPIRED, "security.expired"),
    "the Timestamp is no date": (raw_moments(("Created", "yesterday")), UNSIGNED, "security.timestamp"),
    "the Timestamp names no zone": (raw_moments(("Created", "2026-01-01T00:00:00")), UNSIGNED, "security.timestamp"),
    "the Timestamp was made twice": (
        raw_moments(("Created", FRESH), ("Created", "2020-01-01T00:00:00Z")), UNSIGNED, "security.timestamp"),
    "the Timestamp expires twice": (
        raw_moments(("Created", FRESH), ("Expires", soap.utc(hours=1)), ("Expires", FRESH)),
        UNSIGNED, "security.timestamp"),
    "the Timestamp is empty": (stamped(" "), UNSIGNED, "security.timestamp"),
    "the Timestamp is not signed": (stamped(references=("id-body",)), UNSIGNED, "security.timestamp"),
    "there are two Timestamps": (two_timestamps, UNSIGNED, "security.timestamp"),
    "messageDate is older than messages are remembered": (
        asked(date=soap.now(days=-7, minutes=-1)), EXPIRED, "message.date-window"),
    "messageDate lies ahead": (asked(date=soap.now(minutes=10)), EXPIRED, "message.date-window"),
    "messageDate lies ahead by its zone": (
        asked(date=soap.now().replace("+05:00", "-05:00")), EXPIRED, "message.date-window"),
    "messageDate is a day that never was": (asked(date="2024-02-30T25:61:61"), FORMAT, "channel.date"),
    "messageDate is of the year ten thousand": (asked(date="10000-01-01T00:00:00+05:00"), FORMAT, "channel.date"),
    "messageDate has octets behind it": (asked(date=soap.now() + "x"), FORMAT, "channel.date"),
    "another participant uses the name and password of the sender": (asked("permits"), SENDER, "sender.unknown"),
    "the sender is nobody": (asked(sender="nobody"), SENDER, "sender.unknown"),
    "the name of the sender is longer by a blank": (asked(sender="department_is "), SENDER, "sender.unknown"),
    "the name of the sender is in other case": (asked(sender="Department_is"), SENDER, "sender.unknown"),
    "the password is wrong": (asked(password="Secret"), SENDER, "sender.password"),
    "the password is empty": (asked(password=""), SENDER, "sender.password"),
    "there is no password": (asked(password=None), SENDER, "sender.password"),
    "there is no sender": (
        bent(f"<sender>{SENDER_ID}<password>secret</password></sender>", ""), FORMAT, "channel.format"),
    "there is no name of a sender": (bent(SENDER_ID, ""), FORMAT, "channel.format"),
    "there are two names of senders": (
        bent(SENDER_ID, "<senderId>nobody</senderId>" + SENDER_ID), FORMAT, "channel.format"),
    "there are two senders": (bent("</sender>", f"</sender><sender>{SENDER_ID}</sender>"), FORMAT, "channel.format"),
    "the sender is in the namespace of the types": (qualified_sender, FORMAT, "channel.format"),
    "there are two messageIds": (bent("<messageId>", "<messageId>1</messageId><messageId>"), FORMAT, "channel.format"),
    "nobody offers the service": (asked(service="Other"), SERVICE, "service.unknown"),
    "the service is spelled in other case": (asked(service="demo"), SERVICE, "service.unknown"),
    "the service is a path": (asked(service="../Demo"), SERVICE, "service.unknown"),
    "messageId holds lines of a store's protocol": (asked(message_id=INJECTION), FORMAT, "channel.format"),
    "messageId is empty": (empty_id, FORMAT, "channel.length"),
}
ATTACKS = refused(CASES)


def other_content(w):
    message_id = soap.new_id()
    w.passes(asked(message_id=message_id)(w))
    w.refuses(asked(message_id=message_id, data="<data>other</data>")(w), DUPLICATE, "replay.conflict")


def other_prefix(w):
    """Another meaning of a prefix is other content."""
    body = soap.request(data=f'<data xsi:type="f:T" xmlns:xsi="{soap.XSI}"/>')
    first, second = (soap.envelope(body, envelope_attributes=f' xmlns:f="{uri}"') for uri in ("urn:one", "urn:two"))
    w.passes(w.signed(first))
    w.refuses(w.signed(second), DUPLICATE, "replay.conflict")


def with_another_header(w):
    text = w.signed()
    w.repeats(text, swap(text, "</soapenv:Header>", '<x:y xmlns:x="urn:x"/></soapenv:Header>'))


ATTACKS.update({
    "other content under a used messageId": other_content,
    "a prefix with another meaning under a used messageId": other_prefix,
    "twenty copies at once": lambda w: w.at_once(w.signed(), 20),
})

STRANGE = ["%s%n%x", "'; DROP TABLE facts; --", "../../etc/passwd", "a&amp;b&lt;c", "Қ", "${jndi:ldap://x}"]
LEGITIMATE = {
    **passing({f"messageId is {word}": asked(message_id=f"{word} {soap.new_id()}") for word in STRANGE}),
    "a repetition with another header": with_another_header,
}
