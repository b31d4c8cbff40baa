# SPDX-License-Identifier: GPL-3.0-or-later
"""What a soak counts: memory as it goes, lines of the log, facts of the journal."""
import json
import mmap
import struct
import time
from collections import Counter

RECEIVED, REQUEST, VERIFIED = 0, 0, 0  # as journal.h numbers them


class Figures:
    """Resident memory, and of it what belongs to nobody's file, in MB."""

    def __init__(self, node):
        self.node, self.taken = node, []

    def take(self):
        status = self.node.status()
        self.taken.append((time.monotonic(), *(int(status[k].split()[0]) / 1024 for k in ("VmRSS", "RssAnon"))))

    def growth(self, name):
        """Least, most, and by how much the line fitted to the second half rises over it."""
        column = ("resident", "heap").index(name) + 1
        half = self.taken[len(self.taken) // 2:]
        values = [row[column] for row in self.taken]
        times, heights = [row[0] for row in half], [row[column] for row in half]
        middle, height = sum(times) / len(times), sum(heights) / len(heights)
        spread = sum((t - middle) ** 2 for t in times)
        slope = sum((t - middle) * (h - height) for t, h in zip(times, heights)) / spread
        return min(values), max(values), slope * (times[-1] - times[0])


class LogBook:
    """The log as it grows."""

    def __init__(self, path):
        self.file = path.open("rb")
        self.rest, self.lines, self.errors, self.events = b"", 0, [], Counter()

    def read(self):
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        for line in lines:
            self.lines += 1
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"level": "error", "event": "no line of the log"}
            self.events[entry["event"]] += 1
            if entry["level"] == "error":
                self.errors.append(line.decode(errors="replace")[:300])


def texts(head, at, count):
    """So many texts of a record; each has its length before it, and a NUL behind."""
    for _ in range(count):
        [n] = struct.unpack_from("<I", head, at)
        yield head[at + 4:at + 4 + n]
        at += 4 + n + 1


def facts(head):
    """(direction, kind, verdict, exchange and the eleven texts) of each fact of a record, as journal_record.c writes it."""
    at = 11
    for _ in range(head[0]):
        direction, kind, verdict = head[at + 1:at + 4]
        size, kept = struct.unpack_from("<QQ", head, at + 28)
        at += 76 + (32 if kept != size else 0)
        found = list(texts(head, at, 12))
        at += sum(len(text) + 5 for text in found)
        yield direction, kind, verdict, found


def heads(folder):
    """All records of the logs of a journal: what is behind lengths, place and checksum."""
    for path in sorted(folder.glob("journal-*.log")):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
            at = 24
            while at < len(log):
                letters, length, octets, place = struct.unpack_from("<4sIQQ", log[at:at + 24].ljust(24, b"\0"))
                if letters == bytes(4) and not any(log[at:]):
                    break  # written ahead by a gateway that was killed
                assert (letters, place) == (b"QJR3", at), f"{path} has no record at octet {at}"
                yield log[at + 32:at + length]
                at += length + octets


def journal_counts(folder):
    """Messages that a journal says were received and verified, and how often one of them was repeated."""
    known, repeated = set(), 0
    for head in heads(folder):
        for direction, kind, verdict, (_, _, _, _, sender_id, message_id, _, _, _, reason, _, _) in facts(head):
            if (direction, kind, verdict) != (RECEIVED, REQUEST, VERIFIED):
                continue
            if reason == b"replay.answered":
                repeated += 1
            else:
                known.add((sender_id, message_id))
    return len(known), repeated


def percentile(ordered, per_cent):
    return ordered[min(len(ordered) - 1, len(ordered) * per_cent // 100)] if ordered else 0.0
