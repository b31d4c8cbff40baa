# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be found where operators and strangers look."""
import re


def is_number(digits):
    """Does the check digit fit (IIN and BIN)?"""
    d = [int(c) for c in digits]
    rest = sum(x * (i + 1) for i, x in enumerate(d[:11])) % 11
    if rest == 10:
        rest = sum(x * ((i + 2) % 11 + 1) for i, x in enumerate(d[:11])) % 11
    return rest == d[11]


# SHA-256 and UUID: of some thousands one holds twelve digits in a row that could be a person's.
RANDOM = re.compile(r"(?<![\da-f])(?:[\da-f]{64}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\da-f])")


def persons_in(text):
    """Numbers of persons (IIN) that stand in the text whole."""
    found = re.findall(r"(?<!\d)\d{12}(?!\d)", RANDOM.sub(" ", text))
    return [n for n in found if "01" <= n[2:4] <= "12" and "01" <= n[4:6] <= "31" and n[6] <= "6" and is_number(n)]
