# SPDX-License-Identifier: GPL-3.0-or-later
"""What a soak counts: memory as it goes, lines of the log, facts of the journal."""
import json
import sqlite3
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


def journal_counts(folder):
    """Messages that a journal says were received and verified, and how often one of them was repeated."""
    known, repeated = set(), 0
    for path in sorted(folder.glob("journal-*.sqlite")):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            for sender_id, message_id, reason in db.execute("SELECT sender_id, message_id, reason FROM fact"
                                                            f" WHERE direction = {RECEIVED} AND kind = {REQUEST} AND verdict = {VERIFIED}"):
                if reason == "replay.answered":
                    repeated += 1
                else:
                    known.add((sender_id, message_id))
        db.close()
    return len(known), repeated


def percentile(ordered, per_cent):
    return ordered[min(len(ordered) - 1, len(ordered) * per_cent // 100)] if ordered else 0.0
