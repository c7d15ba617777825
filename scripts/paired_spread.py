#!/usr/bin/env python3
"""Why ratios are taken inside a block: their spread, and that of ratios between different blocks.

    scripts/paired_spread.py DIR [DIR...]

For each engine but the baseline of a result directory: the standard deviation of log(baseline's time / its time), in
percent, over pairs from the same block (paired) and over all pairs from different blocks (unpaired), as if the two had been
measured at different times of the same run.  Needs three blocks.
"""
import math
import pathlib
import statistics
import sys

import study


def spread(ratios):
    return 100 * statistics.stdev(math.log(r) for r in ratios)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    print("| directory | engine | blocks | paired, % | unpaired, % |\n|---|---|---|---|---|")
    for directory in map(pathlib.Path, sys.argv[1:]):
        cases = {}
        for row in study.rows(directory, "samples.csv"):
            # the case without the engine's own columns
            key = tuple(row.get(c) for c in ("model", "task", "batch", "algorithm", "rank", "nu", "threads"))
            cases.setdefault(key, {}).setdefault(row["engine"], {})[row["block"]] = float(row["wall_s_per_step"])
        baselines = {r["baseline"] for r in study.rows(directory)}
        for engines in cases.values():
            for baseline in baselines & engines.keys():
                base = engines[baseline]
                for engine, times in engines.items():
                    if engine == baseline or len(times) < 3:
                        continue
                    paired = [base[b] / t for b, t in times.items() if b in base]
                    unpaired = [base[a] / t for b, t in times.items() for a in base if a != b]
                    print(f"| {directory.name} | {engine} | {len(paired)} | {spread(paired):.1f} | {spread(unpaired):.1f} |")


if __name__ == "__main__":
    main()
