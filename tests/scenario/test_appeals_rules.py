# SPDX-License-Identifier: GPL-3.0-or-later
"""Order No. 50: video reception and video appeals, A1 to A9, over the gateway with the document circulation beside it."""
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from xml.sax.saxutils import escape

import pytest

SYSTEMS = ("monitoring", "portal", "appeals", "edms")
NS = "urn:qaqpa:appeals:v1"
PORTAL, CORPORATION = "portal", "monitoring"
DEPARTMENT, PERMITS = "200440000015", "200240000018"
PERSON = ("900101300017", "ТЕСТОВ ТЕСТ")
MONDAY = "2025-11-03T10:00:00+05:00"
numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def clock(world):
    """The service's clock stands still at a Monday; turn(moment) moves it."""
    def turn(moment):
        world.end("appeals")
        world.play("appeals", "--set", f"now={moment}")
    turn(MONDAY)
    return turn


@pytest.fixture
def at(clock):
    yield clock
    clock(MONDAY)


def request(name, business, signed=False):
    info = f"<RequestNumber>{next(numbers):020}</RequestNumber><ChainId>c</ChainId><RequestDate>{MONDAY}</RequestDate>"
    return (f'<a:{name}Request xmlns:a="{NS}"><SystemInfo>{info}</SystemInfo><BusinessData>{business}</BusinessData>'
            f"{'@' if signed else ''}</a:{name}Request>")


def applicant(person=PERSON, email="test@example.invalid"):
    return (f"<Applicant><Iin>{person[0]}</Iin><Name>{person[1]}</Name><PostalAddress>Astana, Test street 1</PostalAddress>"
            f"<Email>{email}</Email><Phone>+7 700 000 00 00</Phone></Applicant>")


def booking(body=DEPARTMENT, **who):
    return request("Booking", applicant(**who) + f"<Body>{body}</Body><Wanted>2025-12-10T15:00:00+05:00</Wanted><Office>OFFICE-7</Office>"
                   "<Language>kk</Language><Question>Why was the licence not renewed?</Question>", signed=True)


def book(world, signer="person", **fields):
    return world.say(PORTAL, "APPEALS_BOOKING", world.signed(booking(**fields), signer))


def granted(day="2025-12-10"):
    return f"<Granted><From>{day}T15:00:00+05:00</From><To>{day}T15:15:00+05:00</To></Granted>"


def answer_booking(world, number, decision, signer="head", sender="department"):
    text = request("BookingAnswer", f"<Booking>{number}</Booking>{decision}", signed=True)
    return world.say(sender, "APPEALS_BOOKING_ANSWER", world.signed(text, signer))


def schedule(world, kind, number, day, month="2025-12", sender="department"):
    times = f"<From>{day}T15:00:00+05:00</From><To>{day}T15:15:00+05:00</To>"
    return world.say(sender, "APPEALS_SCHEDULE", request("Schedule", f"<Body>{DEPARTMENT}</Body><Kind>{kind}</Kind><Month>{month}</Month>"
                     f"<Reception><Booking>{number}</Booking>{times}</Reception>"))


def appeal_payload(body=DEPARTMENT, topic=None, point="The licence was not renewed in time.", seconds=95, interest=None, issued="2020-01-02", **who):
    topic = topic or f"TOPIC-{next(numbers)}"
    stated = "" if point is None else f"<Point>{escape(point)}</Point>"
    other = f"<Interest><Iin>{interest}</Iin></Interest>" if interest else ""
    return request("Appeal", applicant(**who) + "<IdentityDocument><Kind>Identity card</Kind><Number>012345678</Number>"
                   f"<IssueDate>{issued}</IssueDate></IdentityDocument><Body>{body}</Body>{other}<Topic>{topic}</Topic>{stated}<Recording>"
                   f"<FileIdentifier>video-1</FileIdentifier><Sha256>{'0' * 64}</Sha256><Seconds>{seconds}</Seconds></Recording>")


def appeal(world, **fields):
    return done(world.say(CORPORATION, "APPEALS_APPEAL", appeal_payload(**fields)))


def redirect(world, number, to=PERMITS, sender="department"):
    return world.say(sender, "APPEALS_REDIRECT", request("Redirect", f"<Appeal>{number}</Appeal><Body>{to}</Body>"
                     "<Reason>Renewal is in the competence of the committee.</Reason>"))


def decide(world, number, outcome="SATISFIED", sender="department", grounds=None):
    extra = f"<Grounds>{grounds}</Grounds>" if grounds else ""
    return world.say(sender, "APPEALS_OUTCOME", request("Outcome", f"<Appeal>{number}</Appeal><Outcome>{outcome}</Outcome>{extra}"
                     "<Text>The licence is renewed.</Text>"))


def find(world, code, terminal, kind="SecretCode"):
    return world.say(PORTAL, "APPEALS_FIND", request("Find", f"<{kind}>{code}</{kind}><Terminal>{terminal}</Terminal>"))


def done(answer):
    assert answer.code == "SCSS001", answer.octets.decode()
    assert answer.verified() is not None
    return answer


def refused(answer, *codes):
    """The codes of all reasons."""
    assert answer.code == "SCSE001", answer.octets.decode()
    assert answer.verified().xpath("//Reason/Code/text()") == list(codes), answer.octets.decode()
    return answer


def card(world, number):
    """State of a paper in the document circulation, as the service heard of it."""
    return (world.rows("appeals", "SELECT state FROM card WHERE id = ?", number) or [("none",)])[0][0]


def notices(world, number):
    """Kinds of the notices about a matter in the applicant's cabinet, in their order."""
    world.wait(lambda: world.rows("appeals", "SELECT count(*) FROM outbox WHERE service = 'PORTAL_NOTICE' AND result = ''") == [(0,)])
    world.wait(lambda: world.rows("portal", "SELECT count(*) FROM notice") ==
               world.rows("appeals", "SELECT count(*) FROM outbox WHERE service = 'PORTAL_NOTICE' AND result = 'done'"))
    return [kind for (kind,) in world.rows("portal", "SELECT kind FROM notice WHERE document = ? ORDER BY id", number)]


def letters(world, number):
    return world.rows("appeals", "SELECT channel, address, text FROM letter WHERE about = ? ORDER BY id", number)


def told(world, number, count):
    """What the operator and the State Corporation know of a reception: the same, once it is there so many times."""
    def rows(system):
        return world.rows(system, "SELECT kind, body, applicant, from_time, office FROM reception WHERE booking = ? ORDER BY id", number)
    world.wait(lambda: len(rows("portal")) == len(rows("monitoring")) == count)
    assert rows("portal") == rows("monitoring")
    return rows("portal")


@pytest.mark.rule("A1")
def test_a1_a_signed_application_reaches_the_officer_of_the_chosen_body(world):
    answer = done(book(world))
    number = answer.text("Booking")
    assert answer.text("Officer") == "ҚЫЗМЕТКЕР ТЕСТ"
    assert world.rows("appeals", "SELECT body, officer, applicant, state FROM booking WHERE printf('VR%010d', id) = ?", number) == [
        (DEPARTMENT, "ҚЫЗМЕТКЕР ТЕСТ", PERSON[0], "sent")]
    [(document,)] = world.rows("appeals", "SELECT document FROM booking WHERE printf('VR%010d', id) = ?", number)
    assert "SignatureValue" in document and PERSON[0] in document


@pytest.mark.rule("A1")
def test_a1_an_application_signed_by_another_or_by_nobody_is_refused(world):
    refused(book(world, signer="other-person"), "applicant.other")
    unsigned = world.say(PORTAL, "APPEALS_BOOKING", "".join(booking().rsplit("@", 1)))
    assert unsigned.status == 500 and unsigned.reason == "inner.absent", unsigned.octets


@pytest.mark.rule("A1")
def test_a1_an_unknown_body_and_another_signer_are_told_together_and_wrong_numbers_before(world):
    refused(book(world, body="200540000019", signer="other-person"), "body.unknown", "applicant.other")
    for wrong in ({"body": "200540000018"}, {"person": ("900101300018", "ТЕСТОВ ТЕСТ")}):
        assert book(world, **wrong).reason == "payload.field"


@pytest.mark.rule("A1")
def test_a1_an_application_that_comes_twice_is_one(world):
    text = world.signed(booking(), "person")
    first, second = (done(world.say(PORTAL, "APPEALS_BOOKING", text)).text("Booking") for _ in range(2))
    assert first == second


@pytest.mark.rule("A2")
def test_a2_a_card_is_formed_in_the_document_circulation_on_arrival(world):
    number = done(book(world)).text("Booking")
    world.wait(lambda: card(world, number) == "execution")
    [(registration,)] = world.rows("appeals", "SELECT registration FROM card WHERE id = ?", number)
    assert world.rows("edms", "SELECT registration, receiver, state FROM document WHERE portal_id = ?", number) == [
        (registration, "Department of licences (test)", "execution")]
    assert re.fullmatch(r"ED-\d{4}-\d{8}", registration)


@pytest.mark.rule("A2")
def test_a2_the_card_is_formed_later_when_the_document_circulation_is_away(world):
    world.end("edms")
    try:
        number = done(book(world)).text("Booking")
        assert card(world, number) == "sent"
        world.wait(lambda: world.rows("appeals", "SELECT 1 FROM outbox WHERE tries > 0 AND result = ''"))
        world.end("appeals", 9)
        world.play("appeals", "--set", f"now={MONDAY}")
    finally:
        world.play("edms")
    world.wait(lambda: card(world, number) == "execution", 40)


@pytest.mark.rule("A3")
def test_a3_a_granted_reception_is_told_to_the_applicant_the_operator_and_the_corporation(world):
    number = done(book(world)).text("Booking")
    world.wait(lambda: card(world, number) == "execution")
    done(answer_booking(world, number, granted()))
    assert notices(world, number) == ["RECEPTION_GRANTED"]
    [(channel, address, text)] = letters(world, number)
    assert (channel, address) == ("e-mail", "test@example.invalid") and "2025-12-10T15:00:00+05:00" in text
    assert told(world, number, 1) == [("GRANTED", DEPARTMENT, PERSON[1], "2025-12-10T15:00:00+05:00", "OFFICE-7")]
    world.wait(lambda: card(world, number) == "finished")


@pytest.mark.rule("A3")
def test_a3_a_refusal_is_told_to_the_applicant_alone(world):
    number = done(book(world)).text("Booking")
    done(answer_booking(world, number, "<Refused><Reason>Outside the competence of the head.</Reason></Refused>"))
    assert notices(world, number) == ["RECEPTION_REFUSED"] and "Outside the competence" in letters(world, number)[0][2]
    world.wait(lambda: card(world, f"{number}-A") == "registered")
    others = world.rows("appeals", "SELECT count(*) FROM outbox WHERE service LIKE 'APPEALS_%' AND data LIKE ?", f"%{number}%")
    assert others == [(0,)] and not told(world, number, 0)


@pytest.mark.rule("A3")
def test_a3_the_answer_is_the_heads_of_the_chosen_body_and_is_given_once(world):
    number = done(book(world)).text("Booking")
    by_another = answer_booking(world, number, granted(), signer="coordinator-head")
    assert by_another.status == 500 and by_another.reason == "certificate.role", by_another.octets
    by_employee = answer_booking(world, number, granted(), signer="employee")
    assert by_employee.status == 500 and by_employee.reason == "certificate.role", by_employee.octets
    refused(answer_booking(world, number, granted("2025-11-01")), "reception.past")
    refused(answer_booking(world, "VR9999999999", granted()), "booking.unknown")
    done(answer_booking(world, number, granted()))
    refused(answer_booking(world, number, granted()), "booking.answered")
    other = done(book(world, body=PERMITS)).text("Booking")
    refused(answer_booking(world, other, granted()), "body.other")


@pytest.fixture(scope="module")
def planned(world):
    """A granted reception in the schedule of December."""
    number = done(book(world)).text("Booking")
    done(answer_booking(world, number, granted()))
    done(schedule(world, "MONTH", number, "2025-12-10"))
    return number


@pytest.mark.rule("A4")
def test_a4_the_schedule_of_a_month_goes_to_the_operator_and_the_corporation(world, planned):
    assert [row[0] for row in told(world, planned, 2)] == ["GRANTED", "MONTH"]
    refused(schedule(world, "MONTH", planned, "2025-12-10"), "schedule.known")


@pytest.mark.rule("A4")
def test_a4_a_change_comes_one_working_day_before_at_the_latest(world, planned, at):
    at("2025-12-05T23:59:00+05:00")  # a Friday; the reception moves to a Monday
    done(schedule(world, "CHANGE", planned, "2025-12-08"))
    assert notices(world, planned)[-1] == "RECEPTION_MOVED"
    assert [channel for channel, _, text in letters(world, planned) if "2025-12-08" in text] == ["e-mail", "sms"]
    assert told(world, planned, 3)[2][0] == "CHANGE"
    at("2025-12-06T00:00:00+05:00")
    late = refused(schedule(world, "CHANGE", planned, "2025-12-20"), "schedule.late")
    assert "2025-12-05T23:59:59.999+05:00" in late.text("Text")


@pytest.mark.rule("A4")
def test_a4_a_day_off_does_not_count_as_the_working_day_before(world, at):
    """16 December is Independence Day: a reception on the 17th is moved by the 15th."""
    number = done(book(world)).text("Booking")
    done(answer_booking(world, number, granted("2026-12-17")))
    done(schedule(world, "MONTH", number, "2026-12-17", month="2026-12"))
    at("2026-12-16T09:00:00+05:00")
    assert "2026-12-15T23:59:59" in refused(schedule(world, "CHANGE", number, "2026-12-21", month="2026-12"), "schedule.late").text("Text")


@pytest.mark.rule("A4")
def test_a4_a_schedule_holds_granted_receptions_of_its_body_and_comes_three_days_before_its_month(world, at):
    number = done(book(world)).text("Booking")
    refused(schedule(world, "MONTH", number, "2026-01-20", month="2026-01"), "schedule.booking")
    refused(schedule(world, "CHANGE", number, "2026-01-20", month="2026-01"), "schedule.booking", "schedule.absent")
    done(answer_booking(world, number, granted("2026-01-20")))
    refused(schedule(world, "MONTH", number, "2026-02-20", month="2026-01"), "reception.time")
    refused(schedule(world, "MONTH", number, "2026-01-20", month="2026-01", sender="permits"), "body.other")
    at("2025-12-30T00:00:00+05:00")
    late = refused(schedule(world, "MONTH", number, "2026-01-20", month="2026-01"), "schedule.late")
    assert "2025-12-29T23:59:59.999+05:00" in late.text("Text")


def ean13(digits):
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


@pytest.mark.rule("A5")
def test_a5_a_recorded_appeal_gets_a_receipt_and_its_sending_is_registered(world):
    receipt = appeal(world)
    number = receipt.text("Appeal")
    assert receipt.text("RegisteredDate").startswith("2025-11-03T10:00:00")
    assert re.fullmatch("[0-9A-Z]{12}", receipt.text("SecretCode"))
    assert len(receipt.text("BarCode")) == 13 and ean13(receipt.text("BarCode"))
    assert receipt.text("AnswerBy") == "2025-11-18"
    assert world.rows("appeals", "SELECT body, document, recording, registered FROM appeal WHERE number = ?", number) == [
        (DEPARTMENT, "Identity card 012345678", "video-1", "2025-11-03T10:00:00.000+05:00")]
    world.wait(lambda: card(world, number) == "execution")


@pytest.mark.rule("A5")
def test_a5_a_term_that_ends_on_a_day_off_ends_on_the_next_working_day(world, at):
    at("2025-11-07T10:00:00+05:00")  # fifteen days later is a Saturday
    assert appeal(world).text("AnswerBy") == "2025-11-24"


@pytest.mark.rule("A5")
@pytest.mark.parametrize("point", [None, "", "  \n "])
def test_a5_an_appeal_whose_point_is_not_stated_is_not_considered(world, point):
    before = world.rows("appeals", "SELECT count(*) FROM appeal")
    answer = refused(world.say(CORPORATION, "APPEALS_APPEAL", appeal_payload(point=point)), "appeal.point")
    assert "not considered" in answer.text("Text") and world.rows("appeals", "SELECT count(*) FROM appeal") == before


@pytest.mark.rule("A5")
def test_a5_all_that_is_wrong_with_an_appeal_is_told_at_once(world):
    refused(world.say(CORPORATION, "APPEALS_APPEAL", appeal_payload(body="200540000019", seconds=181, point=" ")),
            "recording.long", "appeal.point", "body.unknown")
    for wrong in ({"interest": "800303300035"}, {"person": ("900101300018", "ТЕСТОВ ТЕСТ")}, {"issued": "2990-01-01"}):
        assert world.say(CORPORATION, "APPEALS_APPEAL", appeal_payload(**wrong)).reason == "payload.field"


@pytest.mark.rule("A5")
def test_a5_codes_are_not_guessed_from_others_and_a_repeated_appeal_has_the_same(world):
    text = appeal_payload()
    first, again = (done(world.say(CORPORATION, "APPEALS_APPEAL", text)) for _ in range(2))
    other = appeal(world)
    for name in ("Appeal", "SecretCode", "BarCode", "AnswerBy", "RegisteredDate"):
        assert first.text(name) == again.text(name)
    assert first.text("SecretCode") != other.text("SecretCode")
    assert abs(int(first.text("BarCode")) - int(other.text("BarCode"))) > 100


@pytest.mark.rule("A6")
def test_a6_an_appeal_is_redirected_within_three_working_days_and_the_applicant_is_told(world, at):
    number = appeal(world).text("Appeal")
    world.wait(lambda: card(world, number) == "execution")
    at("2025-11-06T23:59:00+05:00")  # the third working day
    refused(redirect(world, number, sender="permits"), "body.other")
    refused(redirect(world, number, to=DEPARTMENT), "redirect.same")
    refused(redirect(world, number, to="200540000019"), "body.unknown")
    done(redirect(world, number))
    assert notices(world, number) == ["APPEAL_REDIRECTED"] and "Permits committee" in letters(world, number)[0][2]
    assert world.rows("appeals", "SELECT body FROM appeal WHERE number = ?", number) == [(PERMITS,)]
    [(second,)] = world.rows("appeals", "SELECT card FROM appeal WHERE number = ?", number)
    world.wait(lambda: (card(world, number), card(world, second)) == ("finished", "execution"))
    sent = world.rows("appeals", "SELECT data FROM outbox WHERE service = 'ESEDO_UNIVERSAL_SERVICE' AND data LIKE ?", f"%<docNo>{second}<%")
    assert "<documentReceiverRu>Permits committee (test)<" in sent[0][0] and "<fileIdentifier>video-1<" in sent[0][0]
    refused(redirect(world, number), "body.other", "redirect.same")


@pytest.mark.rule("A6")
def test_a6_a_late_redirection_is_refused_and_says_until_when_it_had_to_come(world, at):
    at("2025-11-06T10:00:00+05:00")  # Thursday; then Friday, Monday, Tuesday
    number = appeal(world).text("Appeal")
    at("2025-11-12T00:00:00+05:00")
    late = refused(redirect(world, number), "redirect.late")
    assert "2025-11-11T23:59:59.999+05:00" in late.text("Text")
    assert world.rows("appeals", "SELECT body FROM appeal WHERE number = ?", number) == [(DEPARTMENT,)]


@pytest.mark.rule("A7")
@pytest.mark.parametrize("outcome, grounds", [("SATISFIED", None), ("SATISFIED_IN_PART", None), ("REFUSED", "Article 5"),
                                              ("EXPLAINED", None), ("DISCONTINUED", None)])
def test_a7_an_appeal_ends_with_one_of_the_outcomes(world, outcome, grounds):
    number = appeal(world).text("Appeal")
    world.wait(lambda: card(world, number) == "execution")
    assert done(decide(world, number, outcome, grounds=grounds)).text("InTime") == "true"
    assert world.rows("appeals", "SELECT state, outcome, grounds FROM appeal WHERE number = ?", number) == [
        ("answered", outcome, grounds or "")]
    world.wait(lambda: card(world, number) == "finished")
    refused(decide(world, number), "appeal.answered")


@pytest.mark.rule("A7")
def test_a7_a_refusal_says_its_grounds_and_another_outcome_is_none(world, at):
    number = appeal(world).text("Appeal")
    refused(decide(world, number, "REFUSED"), "outcome.grounds")
    assert decide(world, number, "FORGOTTEN").reason == "payload.schema"
    refused(decide(world, number, sender="permits"), "body.other")
    refused(decide(world, "VA9999999999"), "appeal.unknown")
    at("2025-11-19T09:00:00+05:00")  # the term ended the day before
    assert done(decide(world, number)).text("InTime") == "false"


@pytest.mark.rule("A7")
def test_a7_of_several_answers_at_the_same_moment_one_is_taken(world):
    number = appeal(world).text("Appeal")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: decide(world, number), range(4)))
    assert sorted(a.code for a in answers) == ["SCSE001"] * 3 + ["SCSS001"]
    assert notices(world, number) == ["APPEAL_ANSWERED"] and len(letters(world, number)) == 2


@pytest.mark.rule("A8")
def test_a8_later_appeals_on_one_question_in_one_interest_are_attached_to_the_first_and_answered_together(world, at):
    question = {"topic": "SAME-1", "interest": "800303300034"}
    first = appeal(world, **question)
    at("2025-11-05T10:00:00+05:00")
    second = appeal(world, **question, person=("850202300024", "ҚЫЗМЕТКЕР ТЕСТ"), email="second@example.invalid")
    other_interest = appeal(world, topic="SAME-1", interest="750404300041")
    other_body = appeal(world, **question, body=PERMITS)
    main, attached = first.text("Appeal"), second.text("Appeal")
    assert (first.text("MainAppeal"), second.text("MainAppeal")) == (None, main)
    assert second.text("AnswerBy") == first.text("AnswerBy") == "2025-11-18"
    assert other_interest.text("MainAppeal") is None and other_body.text("MainAppeal") is None
    refused(decide(world, attached), "appeal.attached")
    refused(redirect(world, attached), "appeal.attached")
    world.wait(lambda: card(world, main) == card(world, attached) == "execution")
    answer = done(decide(world, main))
    assert answer.verified().xpath("//ResponseData/Appeal/text()") == [main, attached]
    assert notices(world, main) == notices(world, attached) == ["APPEAL_ANSWERED"]
    assert done(find(world, second.text("SecretCode"), "T-8")).text("State") == "ANSWERED"
    assert "second@example.invalid" in [address for _, address, _ in letters(world, attached)]
    world.wait(lambda: card(world, main) == card(world, attached) == "finished")
    assert appeal(world, **question).text("MainAppeal") is None, "the first is answered, so this is a new one"


@pytest.mark.rule("A8")
def test_a8_what_is_attached_is_redirected_with_the_first(world):
    main, attached = (appeal(world, topic="SAME-2").text("Appeal") for _ in range(2))
    done(redirect(world, main))
    assert world.rows("appeals", "SELECT body FROM appeal WHERE number IN (?, ?)", main, attached) == [(PERMITS,), (PERMITS,)]
    assert notices(world, main) == notices(world, attached) == ["APPEAL_REDIRECTED"]
    later = appeal(world, topic="SAME-2")
    assert later.text("MainAppeal") == main
    done(decide(world, main, sender="permits"))


@pytest.mark.rule("A9")
def test_a9_the_answer_is_found_by_secret_code_or_bar_code_and_mailed(world):
    receipt = appeal(world)
    waiting = done(find(world, receipt.text("SecretCode"), "T-1"))
    assert (waiting.text("State"), waiting.text("Text")) == ("OPEN", None)
    done(decide(world, receipt.text("Appeal"), "REFUSED", grounds="Article 5"))
    for kind in ("SecretCode", "BarCode"):
        answer = done(find(world, receipt.text(kind), "T-1", kind))
        assert [answer.text(n) for n in ("Appeal", "State", "Outcome", "Grounds", "Text")] == [
            receipt.text("Appeal"), "ANSWERED", "REFUSED", "Article 5", "The licence is renewed."]
    assert [(channel, address) for channel, address, _ in letters(world, receipt.text("Appeal"))] == [
        ("e-mail", "test@example.invalid"), ("post", "Astana, Test street 1")]


@pytest.mark.rule("A9")
def test_a9_a_wrong_code_tells_nothing_and_is_not_tried_often(world, at):
    receipt = appeal(world)
    secret, bar = receipt.text("SecretCode"), receipt.text("BarCode")
    changed = secret[:-1] + ("2" if secret[-1] != "2" else "3")
    wrong_digit = bar[:-1] + str((int(bar[-1]) + 1) % 10)
    answers = [find(world, changed, "T-2"), find(world, "x", "T-2"), find(world, "", "T-2"), find(world, wrong_digit, "T-2", "BarCode"),
               find(world, bar, "T-2", "SecretCode")]
    for answer in answers:
        refused(answer, "find.nothing")
        assert answer.text("Text") == "nothing is found by this code"
    refused(find(world, secret, "T-2"), "find.attempts")
    done(find(world, secret, "T-3"))
    at("2025-11-03T10:15:01+05:00")
    done(find(world, secret, "T-2"))


def test_the_sample_says_that_the_order_is_repealed(world):
    said = world.script('qaqpa check --config "$1/qaqpa.yaml" 2>&1', world.folder)
    warned = {line.split("service ")[1].split(":")[0] for line in said.splitlines() if "repealed since 2021-07-01" in line}
    assert len(warned) == 10 and all(name.startswith("APPEALS_") for name in warned)
    assert {e["service"] for e in world.events("service.repealed")} == warned


def test_an_operator_sees_cards_and_letters_of_a_matter(world):
    number = appeal(world).text("Appeal")
    world.wait(lambda: card(world, number) == "execution")
    done(decide(world, number))
    world.wait(lambda: card(world, number) == "finished")
    first, second, *sent = world.act("appeals", "show", number)
    assert first.startswith(f"card {number} finished ED-") and second.startswith(f"card {number}-A ")
    assert sent == ["letter e-mail to test@example.invalid", "letter post to Astana, Test street 1"]
    assert world.act("appeals", "show", "VA0", code=1) == ["there is nothing about VA0"]


def test_a_card_about_what_was_never_sent_is_refused(world):
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:e="http://esedo.nitec.kz/service/model/notification"'
    password = (world.folder / "edms.password").read_text().strip()
    answer = world.send(identity=world.pki["edms"], service="APPEALS_EDMS_STATE", sender="edms_is", password=password,
                        data=f'<data {xsi} xsi:type="e:stateDelivered"><idPortalInternal>VR9999999999</idPortalInternal></data>')
    assert answer.code == "SCSE001" and "idPortalInternal" in answer.text("message")
