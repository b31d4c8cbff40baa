# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of `qaqpa attack`, the order of an attack, and its report."""
import argparse
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from attack import cases
from attack.prepare import prepare
from attack.target import Refused, Skipped, Through, World

NOTHING_THROUGH, THROUGH, NOT_DONE = 0, 1, 2
LISTEN = "127.0.0.1:18080"
USAGE = """\
Usage: qaqpa attack prepare DIR [--listen ADDRESS]
       qaqpa attack --target URL --with DIR [OPTIONS]

Sends hostile messages to a gateway and names those that got through.
prepare makes throw-away keys and says what the target must know of them.

      --target URL       the gateway, with the path of its synchronous channel
      --with DIR         what prepare has made
      --listen ADDRESS   HOST:PORT of the provider that the target knows, played by this program
      --class LETTERS    of the classes A to P and Z only these, for example A,B,G
      --every N          of the cases of a class only the first, the one N further, and so on: a quick look
      --patience N       seconds until a slow client must be hung up on; 60 unless said
      --json             the report as JSON
  -h, --help             print this
"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print(f"qaqpa attack: {message}; see qaqpa attack --help", file=sys.stderr)
        sys.exit(NOT_DONE)


def address(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is no HOST:PORT")
    return host, int(port)


def arguments(words):
    parser = Parser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--target")
    parser.add_argument("--with", dest="folder", type=Path)
    parser.add_argument("--listen", type=address)
    parser.add_argument("--class", dest="classes", type=lambda text: text.upper().split(","))
    parser.add_argument("--every", type=int, default=1, choices=range(1, 1001), metavar="N")
    parser.add_argument("--patience", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    return parser.parse_intermixed_args(words)


def modules():
    """The classes by their letters."""
    found = (importlib.import_module(f"attack.cases.{m.name}") for m in pkgutil.iter_modules(cases.__path__))
    return {module.CLASS[0]: module for module in found}


def carried_out(world, case):
    """What became of a hostile case, and how."""
    try:
        case(world)
    except Skipped as e:
        return "skipped", str(e)
    except Through as e:
        return "through", str(e)
    except Refused as e:
        return "untried", f"what comes before it was not answered: {e}"
    except TimeoutError:
        return "through", f"no end within {world.patience} s"
    except ConnectionError:
        pass  # hung up: a refusal
    except Exception as e:  # noqa: BLE001 - this case is not tried, the others are
        return "untried", repr(e)
    return "refused", ""


def answered(world, case):
    """What became of a legitimate message, and why."""
    try:
        case(world)
    except Skipped as e:
        return "skipped", str(e)
    except (Refused, Through, OSError) as e:
        return "turned down", str(e)
    return "passed", ""


class Gone(Exception):
    """The target answers no more."""


def one(world, act, case):
    """A case and what has to hold behind it."""
    verdict = act(world, case)
    try:
        world.after_case()
    except Through as e:
        world.waits(Gone)
        return verdict if verdict[0] == "through" else ("through", str(e))
    return verdict


class Report:
    """What came out, by class."""

    def __init__(self, target, every):
        self.target, self.every, self.rows, self.remarks = target, every, {}, {}

    def carry_out(self, world, module):
        row = self.rows[module.CLASS] = {"attacks": {}, "legitimate": {}}
        for kind, act, table in (("attacks", carried_out, module.ATTACKS), ("legitimate", answered, module.LEGITIMATE)):
            for name, case in list(table.items())[::self.every]:
                row[kind][name] = one(world, act, case)

    def counts(self, row):
        attacks = [verdict for verdict, _ in row["attacks"].values()]
        legitimate = [verdict for verdict, _ in row["legitimate"].values()]
        return [len(attacks), *(attacks.count(word) for word in ("refused", "through", "skipped", "untried")),
                len(legitimate), legitimate.count("passed")]

    def found(self, *verdicts):
        """Class, case and words of those with a verdict."""
        return [(title[0], name, words) for title, row in self.rows.items() for kind in row.values()
                for name, (verdict, words) in kind.items() if verdict in verdicts]

    @staticmethod
    def line(title, columns):
        return f"{title:<42}" + "".join(f"{column:>11}" for column in columns)

    def head(self):
        return self.line("class", "cases,refused,got through,skipped,not tried,legitimate,passed".split(","))

    def last(self, title):
        return self.line(title, self.counts(self.rows[title]))

    def lists(self):
        yield self.line("all", [sum(column) for column in zip(*map(self.counts, self.rows.values()), strict=True)])
        for words, verdicts in (("Got through", ["through"]), ("Not tried", ["untried"]), ("Skipped", ["skipped"]),
                                ("Legitimate, and not answered", ["turned down"])):
            found = self.found(*verdicts)
            if found:
                yield f"\n{words}:"
                yield from (f"  {letter}  {name}: {why}" for letter, name, why in found)
        if self.remarks:
            yield "\nRemarks:"
            yield from (f"  {times} {words}" for words, times in self.remarks.items())

    def json(self):
        return json.dumps({"target": self.target, "remarks": self.remarks, "classes": [
            {"class": title, **dict(zip(("cases", "refused", "through", "skipped", "untried", "legitimate", "passed"),
                                        self.counts(row), strict=True)),
             "cases_by_name": {kind: {name: {"verdict": verdict, "words": words} for name, (verdict, words) in table.items()}
                               for kind, table in row.items()}}
            for title, row in self.rows.items()]}, ensure_ascii=False, indent=1)

    @property
    def code(self):
        return THROUGH if self.found("through") else NOT_DONE if self.found("untried") else NOTHING_THROUGH


def attack(options):
    chosen = {letter: module for letter, module in modules().items() if letter in (options.classes or modules())}
    if not chosen:
        return fail("no such class; there are " + ", ".join(modules()))
    world = World(options.folder.resolve(), options.target, options.listen, options.patience)
    try:
        world.probe()
    except Refused as e:
        return fail(f"a good message is not answered, so nothing can be told: {e}. See qaqpa attack prepare "
                    f"{options.folder} for what the target must know")
    report, show = Report(options.target, options.every), sys.stderr if options.json else sys.stdout
    print(report.head(), file=show)
    try:
        for module in chosen.values():
            report.carry_out(world, module)
            print(report.last(module.CLASS), file=show, flush=True)
    except Gone as e:
        report.remarks[f"the attack ends here: {e}"] = 1
    report.remarks.update(world.remarks)
    if options.json:
        print(report.json())
    else:
        print(*report.lists(), sep="\n")
    return report.code


def fail(words):
    print(f"qaqpa attack: {words}", file=sys.stderr)
    return NOT_DONE


def make_ready(options):
    password = subprocess.run([os.environ.get("QAQPA", "qaqpa"), "hash-password"], input=b"secret", capture_output=True, check=True)
    host, port = options.listen or address(LISTEN)
    print(prepare(options.words[1], f"http://{host}:{port}/", password.stdout.decode().strip()), end="")
    return NOTHING_THROUGH


def main(words):
    options = arguments(words)
    if options.help:
        print(USAGE, end="")
        return NOTHING_THROUGH
    if options.words[:1] == ["prepare"] and len(options.words) == 2:
        return make_ready(options)
    if options.words or not options.target or not options.folder:
        return fail("--target URL and --with DIR are needed; see qaqpa attack --help")
    if not (options.folder / "pki").is_dir():
        return fail(f"{options.folder} was not prepared; see qaqpa attack --help")
    return attack(options)
