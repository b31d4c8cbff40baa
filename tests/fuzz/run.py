# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the fuzz targets and prints a record: executions, what of the code they reached, findings.

  run.py [TARGET ...]             a smoke of a fixed number of inputs each
  run.py --seconds N [TARGET ...] each target for so long, on what it has found before
  run.py --keep [TARGET ...]      puts the smallest corpus of the same reach into tests/fuzz/corpus
  run.py --table                  checks README.md: every room is there with its targets, or with why it has none

Environment: QAQPA_FUZZ_BIN, the folder of the targets; QAQPA_BIN, the programs that make the seeds. Inputs that break something
are left in the folder of the targets' build, below fuzz/findings. Exit 1: a finding, or a target that reaches less than its floor."""
import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("QAQPA_FUZZ_BIN", HERE.parents[1] / "build/fuzz/bin"))
WORK = BIN.parent / "fuzz"
# Target: inputs of the smoke, and the least reach (edges of our own code that libFuzzer counts) that counts as a run.
TARGETS = {"http_head": (200000, 180), "http_chunk": (200000, 75), "http_answer": (200000, 215), "proxy": (50000, 85), "envelope": (40000, 1100), "message": (20000, 1300),
           "certificate": (10000, 200), "revocation": (1000, 160), "timestamp": (4000, 70), "conf": (5000, 600),
           "attachment": (50000, 400), "demand": (40000, 500), "nikad": (50000, 136), "weather": (50000, 234),
           "text": (50000, 254), "redis": (50000, 297), "inner": (10000, 690), "cms": (3000, 235),
           "schema": (10000, 435), "payload": (15000, 610), "canonical": (8000, 560), "wsdl": (10000, 200),
           "keeper": (10000, 60), "files": (3000, 300), "meta": (100000, 45)}
MOST_BYTES = 65536


TABLE = re.compile(r"^\| `([\w/]+)` \| (.*?) \| (.*?) \|$", re.M)


def untold():
    """What is wrong with the table of parsers: rooms that are not in it, targets that are not there, or that nobody names."""
    rows = {room: (reads, targets) for room, reads, targets in TABLE.findall((HERE / "README.md").read_text())}
    chapter = (HERE.parents[1] / "docs/architecture.md").read_text().split("\n## ")[1]
    rooms = re.findall(r"^\| `(\w+)` \|", chapter, re.M)
    named = {target for _, targets in rows.values() for target in re.findall(r"`fuzz_(\w+)`", targets)}
    files = {path.stem[5:] for path in HERE.glob("fuzz_*.c")}
    for room in rooms:
        if room not in rows:
            yield f"README.md does not say what the room {room} reads"
    for room, (reads, targets) in rows.items():
        if reads != "nothing foreign" and "`fuzz_" not in targets:
            yield f"{room} reads {reads} and has no target"
    yield from (f"README.md names fuzz_{target}, which is not there" for target in sorted(named - files))
    yield from (f"fuzz_{target} is for no parser of README.md" for target in sorted(files - named))
    yield from (f"fuzz_{target} is not among the targets of run.py" for target in sorted(files ^ set(TARGETS)))


def unpack(target):
    """The folder of what is known: seeds, what is kept, and what earlier runs have found."""
    folder = WORK / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    archive = HERE / f"corpus/{target}.tar.xz"
    if archive.exists():
        with tarfile.open(archive) as kept:
            kept.extractall(folder)
    return folder


def call(target, *words):
    (WORK / "findings").mkdir(parents=True, exist_ok=True)
    done = subprocess.run([BIN / f"fuzz_{target}", f"-artifact_prefix={WORK}/findings/{target}-", f"-max_len={MOST_BYTES}", *map(str, words)],
                          env={**os.environ, "QAQPA_FUZZ_SEEDS": str(WORK / "seeds"), "TZ": "Asia/Almaty"}, capture_output=True, check=False)
    return done.returncode, done.stderr.decode(errors="replace")


def run(target, seconds):
    corpus, begun = unpack(target), time.monotonic()
    length = [f"-max_total_time={seconds}"] if seconds else [f"-runs={TARGETS[target][0]}", "-seed=1"]
    code, said = call(target, *length, corpus, WORK / "seeds" / target)
    last = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", said)
    executions, reach, features, inputs = map(int, last[-1]) if last else (0, 0, 0, 0)
    took = time.monotonic() - begun
    return Record(target, executions, took, reach, TARGETS[target][1], features, inputs, code != 0, said)


class Record(NamedTuple):
    target: str
    executions: int
    seconds: float
    reach: int
    floor: int
    features: int
    inputs: int
    finding: bool
    words: str

    @property
    def verdict(self):
        return "FINDING" if self.finding else "below its floor" if self.reach < self.floor else ""

    def __str__(self):
        return (f"{self.target:12} {self.executions:11} {self.executions / max(self.seconds, .01):9.0f} {self.reach:7} {self.floor:7} {self.features:9} "
                f"{self.inputs:7} {int(self.finding):8}  {self.verdict}")


HEAD = f"{'target':12} {'executions':>11} {'a second':>9} {'edges':>7} {'floor':>7} {'features':>9} {'corpus':>7} {'findings':>8}"


def keep(target):
    smallest = WORK / "smallest" / target
    shutil.rmtree(smallest, ignore_errors=True)
    smallest.mkdir(parents=True)
    code, said = call(target, "-merge=1", smallest, unpack(target), WORK / "seeds" / target)
    if code:
        sys.exit(said[-2000:])
    (HERE / "corpus").mkdir(exist_ok=True)
    with tarfile.open(HERE / f"corpus/{target}.tar.xz", "w:xz") as archive:
        for path in sorted(smallest.iterdir()):
            member = tarfile.TarInfo(path.name)
            member.size = path.stat().st_size
            archive.addfile(member, io.BytesIO(path.read_bytes()))
    return target, len(list(smallest.iterdir()))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=0)
    options.add_argument("--keep", action="store_true")
    options.add_argument("--table", action="store_true")
    options.add_argument("targets", nargs="*")
    said = options.parse_args()
    wrong = list(untold())
    if said.table or wrong:
        print("\n".join(wrong) or "table: nothing found")
        return 1 if wrong else 0
    chosen = said.targets or list(TARGETS)
    shutil.rmtree(WORK / "seeds", ignore_errors=True)
    (WORK / "seeds").mkdir(parents=True)
    subprocess.run([sys.executable, "-B", HERE / "seeds.py", WORK / "seeds"], check=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        if said.keep:
            for target, n in pool.map(keep, chosen):
                print(f"{target:12} {n:6} inputs kept")
            return 0
        records = []
        for record in pool.map(lambda t: run(t, said.seconds), chosen):
            records.append(record)
            if said.seconds:
                print(f"{record.target}: {record.executions} executions", flush=True)
    return tell(records)


def tell(records):
    """The record, with the words of what was found before it; 1 when there is something to mend."""
    for record in records:
        if record.finding:
            print(record.words[-3000:])
    print(HEAD)
    for record in records:
        print(record)
    print(f"{'all':12} {sum(r.executions for r in records):11} {'':9} {sum(r.reach for r in records):7} {sum(r.floor for r in records):7} "
          f"{sum(r.features for r in records):9} {sum(r.inputs for r in records):7} {sum(r.finding for r in records):8}")
    return 1 if any(r.verdict for r in records) else 0


if __name__ == "__main__":
    sys.exit(main())
