#!/usr/bin/env python3
"""How often does the gate alarm when nothing changed, and how often does it find a slow-down that was put there?

    scripts/study_gate.py ZOGAP SPINNING OUT [--same 100] [--slower 0.10:20 ...] [zogap gate's options...]

ZOGAP against itself, `--same` times; then ZOGAP against SPINNING (build/tests/harness/zogap_spinning, whose steps
take longer by the share in ZOGAP_TEST_SPIN), N times for each SHARE:N of `--slower`.  Each gate has a seed of its
own, which draws its batches and the order of builds in a block.  Gates are OUT/*.json, and are kept when the study
is run again with the same options; OUT/gates.csv has a row each.  A threshold of half the slow-down gives its
estimate room:

    scripts/study_gate.py build/zogap build/tests/harness/zogap_spinning studies/gate --same 100 --slower 0.10:20 \\
        --engines fused --model opt-125m --layers-resident 1 --batch 1,2,4,8
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

import study

VERDICTS = ("worse", "undecided", "same", "better")


def gate(binaries, share, path, options):
    """One gate into path, unless it is there; its document, with the seconds that it took."""
    command = [str(binaries[0]), "gate", "--baseline-bin", str(binaries[0]), "--candidate-bin", str(binaries[1]),
               "--json", str(path), "--quiet", *options]
    told = path.with_suffix(".command")
    if path.exists():
        if told.read_text().splitlines()[0] != shlex.join(command):
            sys.exit(f"{path} is of another gate: {told.read_text().splitlines()[0]}")
    else:
        begin = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "ZOGAP_TEST_SPIN": str(share)})
        if done.returncode not in (0, 1) or not path.exists():
            sys.exit(f"{shlex.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
        told.write_text(f"{shlex.join(command)}\n{time.monotonic() - begin:.1f}\n")
    return json.loads(path.read_text()), float(told.read_text().splitlines()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    program = lambda path: pathlib.Path(path).absolute()  # "./zogap" would lose its "./"
    parser.add_argument("zogap", type=program)
    parser.add_argument("spinning", type=program)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--same", type=int, default=100)
    parser.add_argument("--slower", action="append", default=[], metavar="SHARE:N")
    a, options = parser.parse_known_args()
    plans = [(0.0, a.same)] if a.same else []
    plans += [(float(share), int(n)) for share, n in (plan.split(":") for plan in a.slower)]
    a.out.mkdir(parents=True, exist_ok=True)
    lines, tallies = [], []
    for share, n in plans:
        tally = dict.fromkeys(VERDICTS, 0)
        longest = 0.0
        for i in range(n):
            binaries = (a.zogap, a.spinning if share else a.zogap)
            path = a.out / f"{share:g}-{i:03d}.json"
            found, seconds = gate(binaries, share, path, [*options, "--seed", str(i + 1)])
            tally[found["verdict"]] += 1
            longest = max(longest, seconds)
            blocks = len(found["cases"][0]["baseline"])
            ratios = " ".join(f"{case['ratio']:.4f}" for case in found["cases"])
            lines.append((share, i, found["verdict"], *(found["counts"][v] for v in VERDICTS), blocks, seconds, ratios))
            print(f"{share:.1%} slower, gate {i + 1} of {n}: {found['verdict']}, {blocks} blocks, {seconds:.0f} s, "
                  f"ratios {ratios}", flush=True)
        tallies.append((share, n, tally, longest))
    study.write_csv(a.out / "gates.csv", ["slowdown", "gate", "verdict", *(f"cases_{v}" for v in VERDICTS), "blocks",
                                          "wall_s", "ratios"], lines)
    for share, n, tally, longest in tallies:
        told = ", ".join(f"{tally[v]} {v}" for v in VERDICTS)
        print(f"{share:.1%} slower: of {n} gates {told}; the longest took {longest:.0f} s")


if __name__ == "__main__":
    main()
