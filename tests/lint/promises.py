# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/threat-model.md: every promise names a test that is there, and every room of gateway/ stands over a table of promises.
Usage: promises.py [PAGE]; exit 1 with a line per finding."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What ./test runs.
RUN = r"tests/(?:unit/\w+/test_\w+\.c|(?:scenario|hostile|interop|cost)/test_\w+\.py|fault/(?:\w+/)?\w+\.(?:py|c)|fuzz/\w+\.(?:c|py)|lint/\w+\.py)"


def rooms_of_the_tree():
    done = subprocess.run(["git", "ls-files", "-z", "gateway/"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return {Path(name).parts[1] for name in done.stdout.decode().split("\0") if len(Path(name).parts) > 2}


def tables(text):
    """(number, rooms named in the heading, [(number, promise, tests)]) of each table under `What is promised`."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            inside = line.startswith("## What is promised")
        elif inside and line.startswith("### "):
            named = re.search(r"\(rooms? (.*)\)$", line)
            found.append((number, set(re.findall(r"`(\w+)`", named[1])) if named else set(), []))
        elif inside and found and line.startswith("| ") and not re.match(r"\| (promise \||-)", line):
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            found[-1][2].append((number, cells[0], cells[1] if len(cells) == 2 else ""))
    return found


def defines(path, name):
    """Is that a function of the file? A word of a comment is not."""
    form = rf"^ *(?:async )?def {name}\(" if path.suffix == ".py" else rf"^(?:static )?(?:void|int|bool) {name}\("
    return re.search(form, path.read_text(), re.M)


def judge_row(number, promise, tests):
    named = [word.partition("::") for word in re.findall(r"`(tests/[^`]+)`", tests)]
    if not any(re.fullmatch(RUN, file) for file, _, _ in named):
        yield f"{number}: no test that is run holds the promise: {promise[:60]}"
    for file, _, name in named:
        path = ROOT / file
        if not path.exists():
            yield f"{number}: {file} does not exist"
        elif name and not defines(path, name):
            yield f"{number}: {file} has no function {name}"


def judge(page):
    there, said = rooms_of_the_tree(), set()
    found = tables(page.read_text())
    if not found:
        yield "1: there are no promises"
    for number, rooms, rows in found:
        said |= rooms
        if not rooms:
            yield f"{number}: the heading names no room"
        if not rows:
            yield f"{number}: the table has no promise"
        for room in sorted(rooms - there):
            yield f"{number}: there is no room {room}"
        for row in rows:
            yield from judge_row(*row)
    for room in sorted(there - said):
        yield f"1: the room {room} promises nothing"


def main():
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/threat-model.md"
    findings = [f"{page.name}:{finding}" for finding in judge(page)]
    print("\n".join(findings) if findings else "promises: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
