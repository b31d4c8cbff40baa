# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/requirements.md, made of docs/rules.tsv and of the marks in code, descriptors, schemas and tests.

A rule is carried out where its number stands: after `Spec:` or `rule` in a comment of C or YAML or in the documentation of a
schema. It is shown by the tests marked with pytest.mark.rule. Usage: requirements.py check | write; check exits 1 with a line
per finding: a rule that nothing carries out or shows, a mark of no rule, a page that is not what the marks say."""
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/requirements.md"
PARTS = {"B": "Rules for every message", "P": "Permits system, order No. 232", "M": "Monitoring system, order No. 1277",
         "T": "Treasury-Client, order No. 98", "I": "Insolvency administrators, order No. 432",
         "A": "Video reception and appeals, order No. 50 (repealed on 1 July 2021)"}
COMMENT = {".c": r"/\*.*?\*/", ".h": r"/\*.*?\*/", ".def": r"/\*.*?\*/", ".lua": r"--[^\n]*", ".yaml": r"#[^\n]*",
           ".xsd": r"<xs:documentation>.*?</xs:documentation>"}
RULE = r"[BPMTIA]\d{1,2}"
# "Spec: P1, P2; x.xsd", "rules T4 and T9", "rule I2", "(M3 - M6)", "P3..P5"
LIST = re.compile(rf"(?:Spec:|\b[Rr]ules?:?|\()\s*({RULE}(?:(?:\s*(?:,|and|-|to|\.\.)\s*)(?:and )?{RULE})*)\b")
HEAD = """# Requirements

What each rule of the orders demands, where it is carried out, and which tests show it. Made by `tests/lint/requirements.py
write` of [rules.tsv](rules.tsv) and of the marks in code, descriptors, schemas and tests; the test `lint.requirements` fails
when a rule has none, or when this page is not what the marks say.
"""


def rules():
    rows = (line.split("\t") for line in (ROOT / "docs/rules.tsv").read_text().splitlines())
    return {number: (clause, sentence) for number, clause, sentence in rows}


def spread(words):
    """The rules that words name: P1, P3 - P5 are four."""
    found = []
    for sign, number in re.findall(rf"(-|to|\.\.)?\s*({RULE})", words):
        first = int(found[-1][1:]) + 1 if sign and found and found[-1][0] == number[0] else int(number[1:])
        found += [f"{number[0]}{n}" for n in range(first, int(number[1:]) + 1)]
    return found


def comments(path):
    return re.findall(COMMENT[path.suffix], path.read_text(), re.S)


def carried_out():
    """Rule: files."""
    places = {}
    for folder in ("gateway", "adapters", "wsdl", "certs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in COMMENT:
                continue
            named = {r for text in comments(path) for m in LIST.finditer(text) for r in spread(m[1])}
            for rule in named:
                places.setdefault(rule, []).append(str(path.relative_to(ROOT)))
    return places


def marks_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rule":
                yield from ((word.value, node.name) for word in mark.args)


def shown():
    """Rule: names of tests."""
    tests = {}
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        for rule, name in marks_of(path):
            tests.setdefault(rule, []).append(f"{path.parent.name}.{path.stem}::{name}")
    return tests


def page(known, places, tests):
    yield HEAD
    for letter, title in PARTS.items():
        yield f"\n## {title}\n"
        yield "| rule | clause | what | carried out | shown by |\n| --- | --- | --- | --- | --- |"
        for rule, (clause, sentence) in known.items():
            if rule[0] == letter:
                where = "<br>".join(f"`{p}`" for p in places.get(rule, []))
                by = "<br>".join(f"`{t}`" for t in tests.get(rule, []))
                yield f"| {rule} | {clause} | {sentence} | {where} | {by} |"


def findings(known, places, tests):
    for rule in known:
        if rule not in places:
            yield f"{rule}: nothing carries it out"
        if rule not in tests:
            yield f"{rule}: no test shows it"
    for rule in sorted((set(places) | set(tests)) - set(known)):
        yield f"{rule}: is no rule; {(places.get(rule) or tests.get(rule))[0]}"


def main(verb):
    known, places, tests = rules(), carried_out(), shown()
    text = "\n".join(page(known, places, tests)) + "\n"
    if verb == "write":
        PAGE.write_text(text)
        return 0
    wrong = list(findings(known, places, tests))
    if not PAGE.exists() or PAGE.read_text() != text:
        wrong.append("docs/requirements.md is not what the marks say: run tests/lint/requirements.py write")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
