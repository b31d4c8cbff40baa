#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules that a script can check. Usage: lint.py rooms|limits|banned|faults|tree; exit 1 with a line per finding."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = {  # include prefix: library as docs/architecture.md names it
    "openssl/": {"OpenSSL", "libcrypto"}, "libxml/": {"libxml2"}, "xmlsec/": {"xmlsec1"}, "curl/": {"libcurl"},
    "sqlite3.h": {"SQLite"}, "yaml.h": {"libyaml"}, "jansson.h": {"jansson"}, "crypt.h": {"libcrypt"},
    "hiredis": {"hiredis"}, "nettle/": {"nettle"}, "gmp.h": {"nettle"}, "seccomp.h": {"libseccomp"}, "xxhash.h": {"xxHash"}, "stdsoap2.h": {"gSOAP"}, "contractH.h": {"gSOAP"},
}
BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "atoi", "atol", "strtok", "alloca", "system", "popen",
          "mktemp", "tmpnam", "rand", "srand", "localtime", "gmtime", "ctime", "asctime", "strerror_r"]
ONLY = {"exit": {"daemon", "cli"}, "_exit": {"daemon"}, "printf": {"cli"}, "puts": {"cli", "daemon", "keyd"}, "abort": {"base"},
        "front_abandon": {"front", "sim"}}


def tracked(*patterns):
    done = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def code_of(text):
    """The text with comments and strings blanked, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


def table():
    rows = {}
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if re.match(r"\| `\w+` \|", line) and len(cells) == 4:
            rows[cells[0].strip("`")] = (cells[2].split(), {c.strip() for c in cells[3].split(",") if c.strip()})
    for i, (room, (uses, libraries)) in enumerate(rows.items()):
        if uses == ["all", "above"]:
            rows[room] = (list(rows)[:i], libraries)
    return rows


def rooms():
    """A room includes only the rooms and the outside libraries that docs/architecture.md gives it."""
    rows = table()
    for path in tracked("gateway/**.c", "gateway/**.h", "gateway/*/*.c", "gateway/*/*.h"):
        room = path.parent.name
        if room not in rows:
            yield f"{path.relative_to(ROOT)}: room {room} is not in docs/architecture.md"
            continue
        uses, libraries = rows[room]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            own = re.match(r'#include "(\w+)/', line)
            if own and own[1] != room and own[1] not in uses:
                yield f"{path.relative_to(ROOT)}:{number}: {room} may not use {own[1]}"
            other = re.match(r'#include [<"]([^>"]+)[>"]', line)
            wanted = [names for prefix, names in LIBRARIES.items() if other and other[1].startswith(prefix)]
            if wanted and not wanted[0] & libraries:
                yield f"{path.relative_to(ROOT)}:{number}: {room} may not use {other[1]}"


def functions(text):
    """(name, first line, length) of each function of our layout: an opening brace in column 0 and its closing one."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            head = " ".join(lines[max(0, start - 5):start - 1])
            name = re.findall(r"(\w+)\(", head)
            yield (name[-1] if name else "?"), start, number - start
            start = None


def limits():
    """Files up to 600 lines, functions up to 60 (100 with the words `Long because` above), lines up to 125 columns."""
    for path in tracked("*.c", "*.h"):
        text = path.read_text()
        name = path.relative_to(ROOT)
        if text.count("\n") > 600:
            yield f"{name}: {text.count(chr(10))} lines"
        for number, line in enumerate(text.splitlines(), 1):
            if len(line.expandtabs(4)) > 125 and "DO_NOT_WRAP" not in line and not line.startswith("R("):
                yield f"{name}:{number}: {len(line.expandtabs(4))} columns"
        for function, line, length in functions(code_of(text)):
            before = "\n".join(text.splitlines()[max(0, line - 12):line])
            if length > (100 if "Long because" in before else 60):
                yield f"{name}:{line}: {function} has {length} lines"


def banned():
    """Calls that have no place here, goto, and leaving the process from inside a room."""
    for path in tracked("gateway/*/*.c", "gateway/*/*.h", "adapters/*/*.c", "adapters/*/*.h", "certs/*/*.c", "certs/*/*.h"):
        room = path.parent.name
        for number, line in enumerate(code_of(path.read_text()).splitlines(), 1):
            for call in re.findall(r"(?<![\w.>])(\w+)\(", line):
                if call in BANNED or room not in ONLY.get(call, {room}):
                    yield f"{path.relative_to(ROOT)}:{number}: {call}"
            if re.search(r"\bgoto\b", line):
                yield f"{path.relative_to(ROOT)}:{number}: goto"


def faults():
    """Each fault code has its page docs/faults/<code>.md, which names every reason that leads to it; no page is without a code."""
    catalogue = {}
    for line in (ROOT / "gateway/base/faults.def").read_text().splitlines():
        row = re.match(r'F\((\w+), "(\w+)"', line)
        if row:
            catalogue[row[1]] = row[2]
    pages = {p.stem: p.read_text() for p in (ROOT / "docs/faults").glob("*.md") if p.stem != "README"}
    for name, code in catalogue.items():
        if name != "NONE" and code not in pages:
            yield f"docs/faults/{code}.md is missing"
    for code in pages:
        if code not in catalogue.values():
            yield f"docs/faults/{code}.md: no such fault"
    for line in (ROOT / "gateway/base/reasons.def").read_text().splitlines():
        row = re.match(r'R\((\w+), "([\w.-]+)", (\w+),', line)
        if row and row[3] != "NONE" and row[2] not in pages.get(catalogue[row[3]], ""):
            yield f"docs/faults/{catalogue[row[3]]}.md does not name {row[2]}"


def tree():
    """Licence heads, no generated or vendored code, no keys, nothing big."""
    for path in tracked("*", ":!tests/fuzz/corpus"):  # those are octets
        name = path.relative_to(ROOT)
        if path.stat().st_size > 400_000:
            yield f"{name}: {path.stat().st_size} octets"
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            yield f"{name}: not text"
            continue
        if path.suffix in {".c", ".h", ".py", ".cmake"} and "SPDX-License-Identifier: GPL-3.0-or-later" not in text[:400]:
            yield f"{name}: no licence head"
        if name != Path("tests/lint/lint.py") and re.search("Generated by gSOAP|BEGIN (RSA |EC )?PRIVATE KEY", text):
            yield f"{name}: generated code or a key"


def main():
    rule = {f.__name__: f for f in (rooms, limits, banned, faults, tree)}[sys.argv[1]]
    findings = list(rule())
    print("\n".join(findings) if findings else f"{sys.argv[1]}: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
