# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents tell the truth: commands and options stand in the manual and no others do, links lead somewhere, the files
and tests they name exist. Usage: documents.py, with the built programs in the folder QAQPA_BIN; exit 1 with a line per finding."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("QAQPA_BIN", ROOT / "build/dev/bin"))
EVERYWHERE = {"-h", "--help"}


def documents():
    done = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def said(*command):
    done = subprocess.run([BIN / command[0], *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def options_of(help_text):
    found = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)", help_text, re.M)
    return {word for pair in found for word in pair if word} - EVERYWHERE


def options_in(section):
    """The options that begin the items of a section, before the colon."""
    heads = re.findall(r"^- (`-.*?):", section, re.M)
    return set(re.findall(r"`(--?[\w-]+)", " ".join(heads))) - EVERYWHERE


def compare(page, where, built, written):
    for word in sorted(built - written):
        yield f"{page}: {where}: {word} is not described"
    for word in sorted(written - built):
        yield f"{page}: {where}: {word} does not exist"


def sections(page, level):
    """Heading: text below it, of one level of headings."""
    parts = re.split(rf"^{'#' * level} (.*)$", (ROOT / page).read_text(), flags=re.M)
    return dict(zip(parts[1::2], (re.split(r"^#", part, flags=re.M)[0] for part in parts[2::2])))


def commands():
    page = "docs/man/qaqpa.1.md"
    written = sections(page, 3)
    built = {"qaqpa " + name for name in re.findall(r"^  ([\w-]+)  ", said("qaqpa", "--help"), re.M)}
    yield from compare(page, "COMMANDS", built, set(written))
    for name in sorted(built & set(written)):
        command = name.split()[1:]
        systems = re.findall(r"^  (\w+)  ", said("qaqpa", *command), re.M) if command == ["sim"] else []
        verbs = {"msg": ["find"], "sim": systems[:1]}.get(command[0], [])
        text = said("qaqpa", *command, *verbs, "--help")
        yield from compare(page, name, options_of(text), options_in(written[name]))
        usage = text.splitlines()[0].split()
        for verb in next((word.split("|") for word in usage if "|" in word), []):
            if f"{name} {verb}" not in written[name]:
                yield f"{page}: {name}: {verb} is not described"
        for system in systems:
            if f"`{system}`" not in written[name]:
                yield f"{page}: {name}: {system} is not described"
    page = "docs/man/qaqpad.8.md"
    yield from compare(page, "OPTIONS", options_of(said("qaqpad", "--help")), options_in(sections(page, 2)["OPTIONS"]) - {"-c"})


def links():
    for path in documents():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                file = target.split("#")[0]
                if file and not re.match(r"[a-z]+:", file) and not (path.parent / file).exists():
                    yield f"{path.relative_to(ROOT)}:{number}: {target} leads nowhere"


def names():
    """Files in backticks exist; `file::name` says that the file holds the name."""
    for path in documents():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for file, name in re.findall(r"`((?:tests|gateway|docs|config|certs|cmake)/[\w./-]*)(?:::(\w+))?`", line):
                if not (ROOT / file).exists():
                    yield f"{path.relative_to(ROOT)}:{number}: {file} does not exist"
                elif name and not re.search(rf"\b{name}\b", (ROOT / file).read_text()):
                    yield f"{path.relative_to(ROOT)}:{number}: {file} has no {name}"


def places():
    """A document speaks of the tree, not of the machine it was written on."""
    for path in documents():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"(?<![\w.])/(work\b|tmp/b-)", line):
                yield f"{path.relative_to(ROOT)}:{number}: a path of one machine"


def main():
    findings = [finding for rule in (commands, links, names, places) for finding in rule()]
    print("\n".join(findings) if findings else "documents: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
