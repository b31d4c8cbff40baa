# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile messages by class, with their legitimate neighbours, and the program `qaqpa attack`, which sends them.

A case is a function of a world. A world is who is attacked and how what comes out is judged; it has

    me, attacker, pki, folder       keys and certificates; a folder for what is made
    canary, bait                    an address and a file that no message may make anybody look at
    signed(text, identity, ...)     a message of the sender; loose(text, ...) of the one who may use every form
    needs(name)                     the case makes sense only where this was prepared
    connect(listener), talk(octets) a connection; exactly these octets and what comes back
    refuses, turns_away, cuts_off   nothing is routed; a fault, an HTTP status, an HTTP status and the end
    passes, answered, repeats       answered and routed once
    expect(condition, words)        what else must hold

There are two: harness.hostile.World, a gateway of ours that is looked into, and attack.target.World, any gateway from
outside."""
