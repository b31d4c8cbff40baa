# SPDX-License-Identifier: GPL-3.0-or-later
"""The systems around the five orders: what they do for the rules."""
import pytest

from harness.pki import ROOT

SYSTEMS = ("payment",)
PAYER, OTHER = "900101300017", "750404300041"


def status(world, code, amount="39320.00", payer=PAYER):
    example = (ROOT / "adapters/payment/examples/payment-request.xml").read_text()
    asked = example.replace("FEE-0001", code).replace(PAYER, payer)
    return world.say("permits", "PAYMENT_STATUS", asked.replace("<Amount>39320.00</Amount>",
                                                                f"<Amount>{amount}</Amount>" if amount else ""))


def told(answer):
    """Paid or not, the reason, the amount."""
    tree = answer.verified()
    return tuple(tree.findtext(f".//{name}") for name in ("Paid", "Code", "Amount"))


@pytest.mark.rule("P17")
def test_p17_a_fee_is_paid_through_the_payment_gateway_while_filing(world):
    before = status(world, "FEE-1")
    assert (before.code, told(before)) == ("SCSE001", ("false", "payment.absent", None))
    assert world.act("payment", "pay", f"FEE-1 39320.00 {PAYER}") == ["FEE-1: 39320.00 paid"]
    after = status(world, "FEE-1")
    assert (after.code, told(after)) == ("SCSS001", ("true", None, "39320.00"))
    [moment] = world.rows("payment", "SELECT moment FROM payment WHERE code = 'FEE-1'")
    assert after.text("Moment") == moment[0] and moment[0].endswith("+05:00")


@pytest.mark.rule("P17")
def test_p17_too_little_and_anothers_payment_are_told_apart(world):
    world.act("payment", "pay", f"FEE-2 10000 {PAYER}")
    world.act("payment", "pay", f"FEE-3 39320.00 {OTHER}")
    short, others = status(world, "FEE-2"), status(world, "FEE-3")
    assert told(short) == ("false", "payment.short", "10000.00") and "10000.00 of 39320.00" in short.text("Text")
    assert told(others) == ("false", "payment.payer", None) and OTHER not in others.octets.decode()
    world.act("payment", "pay", f"FEE-2 29320.00 {PAYER}")
    assert told(status(world, "FEE-2")) == ("true", None, "39320.00")


def test_any_payment_will_do_when_no_amount_is_asked(world):
    assert told(status(world, "FEE-4", amount=None)) == ("false", "payment.absent", None)
    world.act("payment", "pay", f"FEE-4 0.01 {PAYER}")
    assert told(status(world, "FEE-4", amount=None)) == ("true", None, "0.01")


def test_a_wrong_number_of_the_payer_is_told(world):
    assert told(status(world, "FEE-1", payer="900101300018")) == ("false", "payment.number", None)


@pytest.mark.parametrize("argument", ["FEE-9", "FEE-9 1.5 900101300017", "FEE-9 0 900101300017", "FEE-9 -1 900101300017",
                                      "fee-9 1 900101300017", "FEE-9 1 900101300018", "FEE-9 1 900101300017 more"])
def test_what_is_no_payment_is_not_taken(world, argument):
    assert not world.act("payment", "pay", argument, code=78)
    assert world.rows("payment", "SELECT count(*) FROM payment WHERE code LIKE '%-9'") == [(0,)]


def test_what_was_paid_survives_a_restart(world):
    world.act("payment", "pay", f"FEE-5 39320.00 {PAYER}")
    world.end("payment")
    world.play("payment")
    assert told(status(world, "FEE-5")) == ("true", None, "39320.00")
