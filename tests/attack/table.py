# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a class made into cases: name, function of a world."""


def refused(rows):
    """Rows of a message, the fault and the reason that it must get."""
    def case(build, outcome, reason):
        return lambda w: w.refuses(build(w), outcome, reason)
    return {name: case(*row) for name, row in rows.items()}


def turned_away(rows):
    """Rows of a body and what HTTP says about it; refused as a medium that is not served."""
    def case(build, how):
        return lambda w: w.turns_away(build(w), 415, **how)
    return {name: case(*row) for name, row in rows.items()}


def cut_off(rows):
    """Rows of what is made of a good message, octets as they go over the wire, and the status that they must get."""
    def case(build, status):
        return lambda w: w.cuts_off(build(w.signed().encode()), status)
    return {name: case(*row) for name, row in rows.items()}


def passing(rows):
    """Rows of a message that must be answered."""
    def case(build):
        return lambda w: w.passes(build(w))
    return {name: case(build) for name, build in rows.items()}


def passing_as(rows):
    """Rows of what HTTP says about a good message that must be answered."""
    def case(how):
        return lambda w: w.passes(w.signed(), **how)
    return {name: case(how) for name, how in rows.items()}


def taken(rows):
    """Rows of what is made of a good message, octets as they go over the wire, and must be answered."""
    def case(build):
        def act(w):
            good = w.signed().encode()
            w.answered(good, w.talk(build(good)))
        return act
    return {name: case(build) for name, build in rows.items()}
