# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the fuzz targets and prints a record: executions, what of the code they reached, findings.

  run.py [TARGET ...]             a smoke of a fixed number of inputs each
  run.py --seconds N [TARGET ...] each target for so long, on what it has found before
  run.py --keep [TARGET ...]      puts the smallest corpus of the same reach into tests/fuzz/corpus

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("QAQPA_FUZZ_BIN", HERE.parents[1] / "build/fuzz/bin"))
WORK = BIN.parent / "fuzz"
# Target: inputs of the smoke, and the least reach (edges of our own code that libFuzzer counts) that counts as a run.
TARGETS = {"http_head": (200000, 180), "http_chunk": (200000, 75), "proxy": (50000, 200), "envelope": (40000, 370), "message": (20000, 900),
           "certificate": (10000, 200), "revocation": (1000, 160), "timestamp": (4000, 70), "conf": (5000, 600),
           "attachment": (50000, 400), "demand": (40000, 500),
           "nikad": (50000, 136), "weather": (50000, 234), "text": (50000, 254), "redis": (50000, 297),
           "inner": (10000, 645), "cms": (3000, 235), "schema": (10000, 435), "payload": (15000, 610), "canonical": (20000, 300)}
MOST_BYTES = 65536


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
    corpus = unpack(target)
    length = [f"-max_total_time={seconds}"] if seconds else [f"-runs={TARGETS[target][0]}", "-seed=1"]
    code, said = call(target, *length, corpus, WORK / "seeds" / target)
    last = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+)", said)
    executions, reach = map(int, last[-1]) if last else (0, 0)
    return target, code, executions, reach, said


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
    options.add_argument("targets", nargs="*")
    said = options.parse_args()
    chosen = said.targets or list(TARGETS)
    shutil.rmtree(WORK / "seeds", ignore_errors=True)
    (WORK / "seeds").mkdir(parents=True)
    subprocess.run([sys.executable, "-B", HERE / "seeds.py", WORK / "seeds"], check=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        if said.keep:
            for target, n in pool.map(keep, chosen):
                print(f"{target:12} {n:6} inputs kept")
            return 0
        bad = 0
        print(f"{'target':12} {'inputs':>10} {'reach':>7} {'floor':>7}")
        for target, code, executions, reach, words in pool.map(lambda t: run(t, said.seconds), chosen):
            floor = TARGETS[target][1]
            wrong = code != 0 or reach < floor
            bad += wrong
            print(f"{target:12} {executions:10} {reach:7} {floor:7}  {'FINDING' if code else 'below its floor' if wrong else ''}")
            if code:
                print(words[-3000:])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
