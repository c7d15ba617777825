#!/usr/bin/env python3
"""Do the loop and the runtime arrive at the same place, and how much sooner does one?  Trains with several seeds.

    scripts/study_train.py ZOGAP OUT [--seeds 1,2,3] [--engines naive,fused,...] [zogap train's options...]
    scripts/study_train.py ZOGAP OUT --algorithms lozo,mezo:lr=1e-4 [--scopes linear,full] --budget-forwards 20000

The first form trains all engines side by side, a directory OUT/seed-S a seed.  The second compares algorithms: each in
each scope and with each seed by itself, in OUT/ALGORITHM-SCOPE-S, so that a budget of forwards or of time is the same
for all; --engines then has one.  Both keep what is complete and go on with what was cut off.  OUT/study.csv has a row
an engine, or an algorithm: mean, least and most over the seeds of what train.csv says; the 95 % interval of a mean is
Student's t over the seeds.
"""
import argparse
import csv
import json
import math
import pathlib
import re
import shlex
import subprocess
import sys

COLUMNS = ("eval_metric", "dev_metric_last", "dev_metric_best", "dev_loss_last", "wall_s", "wall_s_per_step", "target_wall_s",
           "speedup", "sign_match", "sign_match_high_signal", "loss_difference_last")
# The 97.5 % quantile of Student's t by degrees of freedom.
T = (math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


def train(zogap, out, options):
    """Runs `zogap train` unless OUT holds a complete training; goes on with one that was cut off."""
    meta = out / "meta.json"
    command = [zogap, "train", *options, "--out", str(out), "--quiet"]
    if meta.exists():
        if json.loads(meta.read_text(encoding="utf-8"))["status"] == "complete":
            print(f"# kept: {out}")
            return
        command.append("--resume")
    out.parent.mkdir(parents=True, exist_ok=True)
    print("#", shlex.join(command), flush=True)
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code:
        sys.exit(f"{shlex.join(command)}: exit code {code}")


def read(out):
    with open(out / "train.csv", newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def number(text):
    return float(text) if text else math.nan


def summary(values):
    """Mean, half of its 95 % interval, least, most, of those that are known; and how many are not."""
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return math.nan, math.nan, math.nan, math.nan, len(values)
    mean, n = sum(known) / len(known), len(known)
    half = math.nan
    if 1 < n <= len(T):
        half = T[n - 1] * math.sqrt(sum((v - mean)**2 for v in known) / (n - 1) / n)
    return mean, half, min(known), max(known), len(values) - n


def ratios(rows, column):
    """The first engine's time over that of each, seed by seed."""
    return {key: [number(first[column]) / number(row[column]) if number(row[column]) else math.nan
                  for first, row in zip(next(iter(rows.values())), rows[key])] for key in rows}


def report(rows, out):
    """rows: key -> the row of each seed."""
    with open(out / "study.csv", "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(["key", "quantity", "mean", "half_ci95", "min", "max", "n_seeds", "n_unknown"])
        for key, seeds in rows.items():
            found = {column: [number(row[column]) for row in seeds] for column in COLUMNS if column in seeds[0]}
            found["target_time_ratio"] = ratios(rows, "target_wall_s")[key]
            for column, values in found.items():
                mean, half, least, most, unknown = summary(values)
                writer.writerow([key, column, f"{mean:.6g}", f"{half:.6g}", f"{least:.6g}", f"{most:.6g}", len(values), unknown])
                if column in ("eval_metric", "dev_metric_last", "target_wall_s", "target_time_ratio"):
                    gone = f", {unknown} of {len(values)} seeds not" if unknown else ""
                    print(f"{key}: {column} {mean:.4g} +- {half:.2g} ({least:.4g} to {most:.4g}{gone})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--engines")
    parser.add_argument("--algorithms", help="commas between them")
    parser.add_argument("--scopes", default="linear")
    a, options = parser.parse_known_args()
    seeds, rows = a.seeds.split(","), {}
    if not a.algorithms:
        engines = a.engines or "naive,fused,fused:dtype=bf16,fused:dtype=int8"
        for seed in seeds:
            out = a.out / f"seed-{seed}"
            train(a.zogap, out, ["--engines", engines, "--seed", seed, *options])
            for row in read(out):
                rows.setdefault(row["engine"], []).append(row)
    else:
        for algorithm in a.algorithms.split(","):
            for scope in a.scopes.split(","):
                for seed in seeds:
                    out = a.out / (re.sub(r"[^A-Za-z0-9.=+-]", "_", algorithm) + f"-{scope}-{seed}")
                    train(a.zogap, out, ["--engines", a.engines or "naive", "--algorithm", algorithm, "--scope", scope,
                                         "--seed", seed, *options])
                    rows.setdefault(f"{algorithm} {scope}", []).append(read(out)[0])
    report(rows, a.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
