# SPDX-License-Identifier: GPL-3.0-or-later
"""DER in a page: a tree to look at, and the few writers that tests need."""

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, PRINTABLE, IA5, BMP, SEQUENCE, SET = 0x0C, 0x13, 0x16, 0x1E, 0x30, 0x31


class Node:
    def __init__(self, octets):
        self.tag, length, at = octets[0], octets[1], 2
        if length & 0x80:
            at += length & 0x7F
            length = int.from_bytes(octets[2:at], "big")
        self.raw = octets[:at + length]
        self.value = octets[at:at + length]
        assert len(self.value) == length, "cut off"

    def children(self):
        found, rest = [], self.value
        while rest:
            found.append(Node(rest))
            rest = rest[len(found[-1].raw):]
        return found

    def __getitem__(self, i):
        return self.children()[i]

    def __len__(self):
        return len(self.children())

    def inside(self):
        """What an OCTET STRING or a BIT STRING (of whole octets) holds, as a node."""
        return Node(self.value[1:] if self.tag == BIT_STRING else self.value)

    def oid(self):
        assert self.tag == OID
        numbers, value = [], 0
        for octet in self.value:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def number(self):
        assert self.tag in (INTEGER, 0x0A)
        return int.from_bytes(self.value, "big", signed=True)

    def find(self, dotted):
        """All parents of this OID, at any depth that is written openly."""
        if not self.tag & 0x20:
            return []
        here = [self] if any(c.tag == OID and c.oid() == dotted for c in self.children()) else []
        return here + [found for c in self.children() for found in c.find(dotted)]


def tlv(tag, *values):
    value = b"".join(values)
    n = len(value)
    length = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + value


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for number in [first * 40 + second, *rest]:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.insert(0, number & 0x7F | 0x80)
        out += bytes(groups)
    return tlv(OID, out)


def integer(number):
    return tlv(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
