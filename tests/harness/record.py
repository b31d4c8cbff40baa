# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the hostile set: what came out, by class. As a program, `record.py FOLDER`, it prints what all runs left."""
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

COLUMNS = ("cases", "refused as expected", "legitimate", "passed")


class Record:
    def __init__(self):
        self.classes = defaultdict(Counter)
        self.dearest = Counter()

    def count(self, title, column):
        self.classes[title][column] += 1

    def cost(self, title, seconds):
        """Of the gateway's processor, for one message that was refused; the dearest is told."""
        self.dearest[title] = max(self.dearest[title], round(seconds * 1000))

    def save(self, folder):
        """One file for each class, so that runs side by side do not meet."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        for title, row in self.classes.items():
            (Path(folder) / f"hostile-{title[0]}.json").write_text(json.dumps([title, row, self.dearest[title]]))

    def load(self, folder):
        for path in Path(folder).glob("hostile-*.json"):
            title, row, dearest = json.loads(path.read_text())
            self.classes[title], self.dearest[title] = Counter(row), dearest
        return self

    def lines(self):
        yield f"{'class':<44}" + "".join(f"{column:>22}" for column in COLUMNS) + f"{'dearest, ms CPU':>18}"
        total = sum(self.classes.values(), Counter())
        self.dearest["all"] = max(self.dearest.values(), default=0)
        for title, row in [*sorted(self.classes.items()), ("all", total)]:
            yield f"{title:<44}" + "".join(f"{row[column]:>22}" for column in COLUMNS) + f"{self.dearest[title] or '':>18}"


if __name__ == "__main__":
    print("\n".join(Record().load(sys.argv[1]).lines()))
