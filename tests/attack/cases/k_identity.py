# SPDX-License-Identifier: GPL-3.0-or-later
"""Freshness, repetition, and who speaks: correctly signed messages that must not be believed."""
from datetime import datetime, timedelta, timezone

from attack.outcomes import DUPLICATE, EXPIRED, FORMAT, SENDER, SERVICE, UNSIGNED
from attack.table import passing, refused
from harness import soap
from harness.forge import swap

CLASS = "K  freshness, repetition, identity"


def stamped(content=None, references=("id-time", "id-body")):
    return lambda w: w.signed(timestamp=soap.timestamp(content), references=references)


def moments(created, expires=None):
    """Counted from when the case is carried out."""
    def build(w):
        until = f"<wsu:Expires>{soap.utc(**expires)}</wsu:Expires>" if expires else ""
        return stamped(f"<wsu:Created>{soap.utc(**created)}</wsu:Created>{until}")(w)
    return build


def raw_moments(*texts):
    return stamped("".join(f"<wsu:{name}>{text}</wsu:{name}>" for name, text in texts))


def two_timestamps(w):
    text = w.signed(timestamp=soap.timestamp(), references=("id-time", "id-body"))
    return swap(text, "<ds:Signature ", soap.timestamp().replace("id-time", "id-other") + "<ds:Signature ")


def asked(identity="department", **fields):
    return lambda w: w.signed(soap.envelope(soap.request(**fields)), identity=w.pki[identity])


def dated(change=str, **shift):
    """messageDate so long before or after the case is carried out."""
    return lambda w: asked(date=change(soap.now(**shift)))(w)


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

NO_DATES = ["now", "2030-01-01", "2030-13-01T00:00:00+05:00", "2030-01-01T24:00:01+05:00", "2030-01-01T00:00:00+15:00",
            "2030-1-1T0:0:0Z", "+2030-01-01T00:00:00Z", "-2030-01-01T00:00:00Z", "2030-01-01 00:00:00Z", "2030-01-01T00:00:00,5Z",
            "1893456000", "0000-00-00T00:00:00Z", "2030-02-29T00:00:00Z", "2030-01-01T00:00:00+05", "٢٠٣٠-01-01T00:00:00Z"]
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
        dated(days=-7, minutes=-1), EXPIRED, "message.date-window"),
    "messageDate lies ahead": (dated(minutes=10), EXPIRED, "message.date-window"),
    "messageDate lies ahead by its zone": (
        dated(lambda date: date.replace("+05:00", "-05:00")), EXPIRED, "message.date-window"),
    "messageDate is a day that never was": (asked(date="2024-02-30T25:61:61"), FORMAT, "channel.date"),
    "messageDate is of the year ten thousand": (asked(date="10000-01-01T00:00:00+05:00"), FORMAT, "channel.date"),
    "messageDate has octets behind it": (dated(lambda date: date + "x"), FORMAT, "channel.date"),
    "another participant uses the name and password of the sender": (asked("permits"), SENDER, "sender.unknown"),
    "the sender is nobody": (asked(sender="nobody"), SENDER, "sender.unknown"),
    "the name of the sender is longer by a blank": (asked(sender="department_is "), SENDER, "sender.unknown"),
    "the name of the sender is in other case": (asked(sender="Department_is"), SENDER, "sender.unknown"),
    "the password is wrong": (asked(password="Secret"), SENDER, "sender.password"),
    "the password is empty": (asked(password=""), SENDER, "sender.password"),
    "there is no password": (asked(password=None), SENDER, "sender.password"),
    **{f"messageDate is {date}": (asked(date=date), FORMAT, "channel.date") for date in NO_DATES},
    "messageDate is older by its zone": (asked(date=soap.now(days=-6, hours=-20).replace("+05:00", "+14:00")), EXPIRED, "message.date-window"),
    "the Timestamp is of the year ten thousand": (
        raw_moments(("Created", "10000-01-01T00:00:00Z")), UNSIGNED, "security.timestamp"),
    "the Timestamp has octets behind it": (raw_moments(("Created", FRESH + "x")), UNSIGNED, "security.timestamp"),
    "the Timestamp only expires": (raw_moments(("Expires", soap.utc(hours=1))), UNSIGNED, "security.timestamp"),
    "the Timestamp holds something else": (
        stamped(f"<wsu:Created>{FRESH}</wsu:Created><x/>"), UNSIGNED, "security.timestamp"),
    "the name of the sender is that of another, who may do more": (asked(sender="permits_is"), SENDER, "sender.unknown"),
    "the name of the sender has a letter of another alphabet": (asked(sender="dep\u0430rtment_is"), SENDER, "sender.unknown"),
    "the name of the sender has no length": (asked(sender=""), FORMAT, "channel.length"),
    "the name of the sender holds a mark of direction": (asked(sender="department_is\u200f"), SENDER, "sender.unknown"),
    "the password is longer by a blank": (asked(password="secret "), SENDER, "sender.password"),
    "the password is shorter by a letter": (asked(password="secre"), SENDER, "sender.password"),
    "the password is its own hash": (asked(password="$y$j9T$x"), SENDER, "sender.password"),
    "there are two passwords": (
        bent("<password>secret</password>", "<password>x</password><password>secret</password>"), FORMAT, "channel.format"),
    "a sender who may not call uses the sender's name": (asked("other-system"), SENDER, "certificate.owner"),
    "there are two services": (bent("<serviceId>", "<serviceId>Other</serviceId><serviceId>"), FORMAT, "channel.format"),
    "there are two messageDates": (
        bent("<messageDate>", f"<messageDate>{soap.now()}</messageDate><messageDate>"), FORMAT, "channel.format"),
    "the service has a blank behind it": (asked(service="Demo "), SERVICE, "service.unknown"),
    "the service has no length": (asked(service=""), FORMAT, "channel.length"),
    "the service holds an instruction of a shell": (asked(service="Demo;id"), SERVICE, "service.unknown"),
    "messageId is longer than messageIds are": (asked(message_id="m" * 129), FORMAT, "channel.length"),
    "messageId holds a line end": (asked(message_id="a&#10;b"), FORMAT, "channel.format"),
    "correlationId holds a control character of Unicode": (asked(correlation="a\u0085b"), FORMAT, "channel.format"),
    "correlationId is longer than it may be": (asked(correlation="c" * 2000), FORMAT, "channel.length"),
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


def far_zone():
    return datetime.now(timezone(timedelta(hours=-12))).isoformat(timespec="seconds")


def signed_anew(w):
    text = soap.envelope(soap.request())
    w.repeats(w.signed(text), w.signed(text, form="bst"))


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
    "the very same message again": lambda w: w.repeats(text := w.signed(), text),
    "a repetition signed anew": signed_anew,
    **passing({
        "messageDate six days old": asked(date=soap.now(days=-6)),
        "messageDate four minutes ahead": asked(date=soap.now(minutes=4)),
        "messageDate in UTC": asked(date=soap.utc()),
        "messageDate with nine digits of a second": asked(date=soap.utc().replace(".000Z", ".123456789Z")),
        "messageDate without fractions": asked(date=soap.utc().replace(".000Z", "Z")),
        "messageDate in the zone of the line of dates": lambda w: asked(date=far_zone())(w),
        "messageId as long as it may be": lambda w: asked(message_id=(soap.new_id() + "m" * 128)[:128])(w),
        "a correlationId": asked(correlation="c-1"),
        "a Timestamp that does not expire": moments({}),
        "a Timestamp that expires in an hour": moments({}, {"hours": 1}),
        "a Timestamp with a comment in it": raw_moments(("Created", FRESH[:4] + "<!-- -->" + FRESH[4:])),
        "a Timestamp without fractions": raw_moments(("Created", FRESH.replace(".000", ""))),
        "the password in a CDATA section": bent("<password>secret<", "<password><![CDATA[secret]]><"),
    }),
}
