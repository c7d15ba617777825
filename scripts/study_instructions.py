#!/usr/bin/env python3
"""Does the gate on counted instructions find half a per cent of more work, and leave unchanged builds alone?

    scripts/study_instructions.py ZOGAP SPINNING OUT [--runs 10] [--more 0.005] [options of count_instructions.sh...]

Counts the instructions of ZOGAP --runs times (scripts/count_instructions.sh, about a minute each), then as often those
of SPINNING (build/tests/harness/zogap_spinning) with --more of an engine's count added to each of its steps.  Then
`zogap gate` holds every count against the next one of the same build, and against the heavier build's of the same
number.  Counts are directories OUT/same-N and OUT/more-N, kept when the study is run again; OUT/counts.csv has a row an
engine of a count (of all its blocks the least, the median and the most), OUT/gates.csv a row a gate.

    scripts/study_instructions.py build/zogap build/tests/harness/zogap_spinning studies/instructions
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import study

ROUND = 3  # instructions of a round of spinning_step.c's loop, as GCC and Clang make it


def count(program, out, environment, options):
    if study.is_complete(out):
        return
    command = [str(pathlib.Path(__file__).parent / "count_instructions.sh"), str(out), *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "ZOGAP": str(program), **environment})
    if done.returncode:
        sys.exit(f"{out}: exit code {done.returncode}: {done.stderr.strip()}")


def counts(out):
    """Instructions of a step in every block, by engine."""
    found = {}
    for row in study.rows(out, "samples.csv"):
        found.setdefault(row["engine"], []).append(float(row["instructions"]) / int(row["steps"]))
    return found


def gate(zogap, old, new, path):
    done = subprocess.run([str(zogap), "gate", "--baseline", str(old), "--candidate", str(new), "--measure", "instructions",
                           "--json", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{path}: exit code {done.returncode}: {done.stderr.strip()}")
    found = json.loads(path.read_text())
    return done.returncode, found["verdict"], " ".join(f"{case['ratio']:.6f}" for case in found["cases"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    program = lambda path: pathlib.Path(path).absolute()
    parser.add_argument("zogap", type=program)
    parser.add_argument("spinning", type=program)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--more", type=float, default=0.005)
    a, options = parser.parse_known_args()
    a.out.mkdir(parents=True, exist_ok=True)
    same = [a.out / f"same-{i}" for i in range(a.runs)]
    more = [a.out / f"more-{i}" for i in range(a.runs)]
    for out in same:
        count(a.zogap, out, {}, options)
        print(out.name, {engine: min(values) for engine, values in counts(out).items()}, flush=True)
    loops = {f"ZOGAP_TEST_LOOPS_{engine}": str(round(a.more * statistics.median(values) / ROUND))
             for engine, values in counts(same[0]).items()}
    for out in more:
        count(a.spinning, out, loops, options)
        print(out.name, {engine: min(values) for engine, values in counts(out).items()}, flush=True)

    study.write_csv(a.out / "counts.csv", ["count", "engine", "blocks", "least", "median", "most"],
                    [(out.name, engine, len(v), f"{min(v):.0f}", f"{statistics.median(v):.0f}", f"{max(v):.0f}")
                     for out in same + more for engine, v in counts(out).items()])
    gates = [("unchanged", i, same[i], same[(i + 1) % a.runs]) for i in range(a.runs)]
    gates += [(f"{a.more:.2%} more", i, same[i], more[i]) for i in range(a.runs)]
    lines = [(what, i, *gate(a.zogap, old, new, a.out / f"{new.name}-over-{old.name}.json")) for what, i, old, new in gates]
    study.write_csv(a.out / "gates.csv", ["build", "gate", "exit_code", "verdict", "ratios"], lines)
    for engine in counts(same[0]):
        medians = [statistics.median(counts(out)[engine]) for out in same]
        print(f"{engine}: {a.runs} counts, {max(medians) / min(medians) - 1:.4%} from least to most")
    for what in dict.fromkeys(line[0] for line in lines):
        told = [line[2:4] for line in lines if line[0] == what]
        print(f"{what}: of {len(told)} gates", ", ".join(f"{told.count(t)} {t[1]} (exit code {t[0]})" for t in dict.fromkeys(told)))


if __name__ == "__main__":
    main()
