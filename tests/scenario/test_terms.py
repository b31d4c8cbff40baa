# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules I2 and P7: the gateway says whether a message was in time and from when on it counts as filed, and throws none away
that it was not told to. The last days lie far from now on either side, so that no clock decides a test."""
import re
import subprocess
from datetime import datetime

import pytest

from harness import soap, wss
from harness.gateway import BIN, Answer, Gateway
from harness.provider import Provider

PAST, FUTURE = "2020-01-31", "9999-12-30"
ENDED, ENDS = "2020-01-31T04:00:00.000+06:00", "9999-12-30T04:00:00.000+05:00"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:00"
TERM = {"element": "LastDay"}
HOURS = {"from": "09:00", "to": "18:30", "break_from": "13:00", "break_to": "14:30"}


def document(last_day=None):
    day = f"<LastDay>{last_day}</LastDay>" if last_day else ""
    return f"<data><p:Report xmlns:p='urn:demo:report'>{day}</p:Report></data>"


def years(folder, *numbers):
    folder.mkdir()
    for year in numbers:
        (folder / f"{year}.days").write_text(f"year {year}\nstate complete\nsource s a test\ndayoff {year}-01-07 s Christmas\n")
    return str(folder)


def node(folder, pki, provider, redis, **terms):
    """Services Mark, Strict and Hours, whose caller waits, and Kept and KeptStrict, which are queued."""
    folder.mkdir()
    g = Gateway(folder, pki)
    strict = {**TERM, "late": "refuse"}
    queued = {"delivery": "queued", "retry": "fast"}
    g.conf["queue"] = {"socket": str(redis.socket), "spool": str(folder.parent / "spool")}
    g.conf["retries"] = [{"name": "fast", "initial": "100ms", "max_interval": "400ms", "expire_after": "1h"}]
    g.conf["calendar"] = years(folder / "days", *terms.pop("years", range(datetime.now().year - 1, datetime.now().year + 3)))
    for name, words in {"Mark": {"term": TERM}, "Strict": {"term": strict}, "Hours": {"hours": HOURS},
                        "Kept": {"term": TERM, "hours": HOURS, **queued}, "KeptStrict": {"term": strict, **queued},
                        **terms}.items():
        g.service(provider, name, **words)
    return g


@pytest.fixture
def provider(pki):
    p = Provider(pki["permits"])
    yield p
    p.close()


@pytest.fixture
def gate(tmp_path, pki, provider, redis):
    g = node(tmp_path / "one", pki, provider, redis).start_with_queue()
    yield g
    assert g.stop() == 0


def evidence(g, got):
    return next(f for f in g.journal("--exchange", got.text("sessionId"))
                if (f["direction"], f["kind"]) == ("received", "request"))["detail"]


@pytest.mark.rule("I2")
@pytest.mark.parametrize("service", ("Mark", "Kept"))
def test_a_late_message_goes_on_and_is_marked(gate, provider, service):
    for day, says in ((FUTURE, f"in time, term ends {ENDS}"), (PAST, f"late, term ended {ENDED}")):
        met = len(provider.received)
        got = gate.send(service=service, data=document(day))
        assert (got.status, got.code) == (200, "SCSS001"), got.octets
        assert re.fullmatch(rf"received {MOMENT}, {re.escape(says)}.*", evidence(gate, got))
        gate.wait(lambda met=met: len(provider.received) > met)


@pytest.mark.rule("I2")
def test_the_acceptance_of_a_queued_message_says_so_too(gate):
    got = gate.send(service="Kept", data=document(FUTURE))
    said = re.fullmatch(rf"Accepted for delivery; received ({MOMENT}), in time, term ends {re.escape(ENDS)}, filed ({MOMENT})\.",
                        got.text("message"))
    assert said, got.text("message")
    received, filed = map(datetime.fromisoformat, said.groups())
    assert filed >= received and (filed.hour, filed.minute) >= (9, 0)
    got.verified()


@pytest.mark.rule("I2")
@pytest.mark.parametrize("service", ("Strict", "KeptStrict"))
def test_late_is_refused_only_where_the_service_says_so(gate, provider, pki, service):
    name = soap.new_id()
    octets = wss.sign(soap.envelope(soap.request(service=service, data=document(PAST), message_id=name)), pki["department"])
    for _ in range(2):
        got = Answer(gate, gate.post(octets))
        assert (got.status, got.code, got.reason) == (500, "QG025", "term.late"), got.octets
    fact = gate.journal("--msg-id", name)
    assert all(f"late, term ended {ENDED}" in f["detail"] for f in fact if f["direction"] == "received")
    assert (lambda a: (a.code, a.reason))(gate.send(service=service, data=document())) == ("QG025", "payload.field")
    assert not provider.received
    assert gate.send(service=service, data=document(FUTURE)).status == 200


def test_a_message_without_a_last_day_has_no_term(gate):
    assert evidence(gate, gate.send(service="Mark", data=document())) == ""


@pytest.mark.rule("P7")
def test_a_message_counts_as_filed_from_the_next_moment_of_work(gate):
    words = evidence(gate, gate.send(service="Hours", data=document()))
    said = re.fullmatch(rf"received ({MOMENT}), filed ({MOMENT})", words)
    received, filed = map(datetime.fromisoformat, said.groups())
    at = filed.hour * 60 + filed.minute
    assert filed >= received and filed.weekday() < 5 and (540 <= at < 780 or 870 <= at < 1110), words
    assert filed == received or (filed.second, filed.microsecond) == (0, 0)


def test_a_year_without_a_file_is_told_and_refuses_nothing(tmp_path, pki, provider, redis):
    rolls = {**TERM, "roll": "rolls"}
    g = node(tmp_path / "one", pki, provider, redis, years=(2001,), Rolls={"term": rolls},
             StrictRolls={"term": {**rolls, "late": "refuse"}}).start_with_queue()
    got = g.send(service="Hours", data=document())
    assert got.status == 200 and re.search(r"filed cannot be told: there is no calendar of the year \d{4}$", evidence(g, got))
    got = g.send(service="Rolls", data=document(FUTURE))
    assert got.status == 200 and evidence(g, got).endswith("in time cannot be told: there is no calendar of the year 9999")
    got = g.send(service="StrictRolls", data=document(FUTURE))
    assert (got.code, got.reason) == ("SCE909", "calendar.year")
    assert g.stop() == 0


def test_a_repetition_at_another_gateway_is_as_early_as_the_first_copy(tmp_path, pki, provider, redis, gate):
    """The mark that the first gateway left in Redis is set back to a day within the term, instead of a clock."""
    octets = wss.sign(soap.envelope(soap.request(service="Kept", data=document(PAST))), pki["department"])
    first = Answer(gate, gate.post(octets))
    assert "late, term ended" in first.text("message")
    mark = next(k for k in redis.command("KEYS", "*").decode().split()
                if redis.command("GET", k).startswith(first.text("sessionId").encode() + b" "))
    exchange, _, content = redis.command("GET", mark).decode().split()
    redis.command("SET", mark, f"{exchange} {int(datetime.fromisoformat('2020-01-30T12:00:00+06:00').timestamp() * 1000)} {content}")
    other = node(tmp_path / "two", pki, provider, redis)
    next(s for s in other.conf["services"] if s["id"] == "Kept")["term"] = {**TERM, "late": "refuse"}
    again = Answer(other, other.start_with_queue().post(octets))
    assert again.status == 200, again.octets
    assert "received 2020-01-30T12:00:00.000+06:00, in time" in again.text("message")
    assert again.text("sessionId") == first.text("sessionId")
    assert other.stop() == 0


def test_a_repealed_order_is_told_and_served(tmp_path, pki, provider):
    g = Gateway(tmp_path, pki)
    g.service(provider, "Old", repealed="2021-07-01")
    g.service(provider, "New")
    g.start()
    assert [(e["service"], e["since"], e["level"]) for e in g.events("service.repealed")] == [("Old", "2021-07-01", "warning")]
    assert g.send(service="Old").status == 200
    assert g.stop() == 0
    done = subprocess.run([BIN / "qaqpa", "check", "--config", g.write()], capture_output=True, check=False)
    assert done.returncode == 0 and b"warning: service Old: the order behind it is repealed since 2021-07-01" in done.stderr
    assert b"service New" not in done.stderr
