#!/usr/bin/env python3
"""Is a step's time linear in tokens?  Sweeps the batch and fits a line through time against token rows.

    scripts/study_linearity.py ZOGAP OUT [--engine fused] [--batch 2,4,...,512] [zogap run's options...]

Each batch size is a case of one `zogap run` in OUT/run; OUT/linearity.csv has rows, seconds, the fitted
seconds and the relative distance of each case; slope, intercept and R^2 are printed.  Exit code 1: R^2 below 0.99.
"""
import argparse
import pathlib
import sys

import study


def fit(x, y):
    """Least squares: intercept, slope, R^2."""
    n, mean_x, mean_y = len(x), sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)
    intercept = mean_y - slope * mean_x
    left = sum((b - intercept - slope * a) ** 2 for a, b in zip(x, y))
    return intercept, slope, 1 - left / sum((b - mean_y) ** 2 for b in y)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--batch", default="2,4,8,16,32,64,128,256,320", metavar="LIST")
    a, options = parser.parse_known_args()
    if len(a.batch.split(",")) < 3:
        sys.exit("--batch: a line needs three sizes or more")
    if not any(word.split("=")[0] == "--max-time" for word in options):
        options += ["--max-time", "20"]
    study.run(a.zogap, a.out / "run", ["--engines", a.engine, "--batch", a.batch, *options])
    cases = study.rows(a.out / "run")
    x = [float(c["rows_per_pass"]) for c in cases]
    y = [float(c["wall_s_per_step_median"]) for c in cases]
    intercept, slope, r2 = fit(x, y)
    lines = [(c["batch"], b, s, f"{intercept + slope * b:.6g}", f"{(intercept + slope * b) / s - 1:.4f}")
             for c, b, s in zip(cases, x, y)]
    study.write_csv(a.out / "linearity.csv", ["batch", "rows", "wall_s_per_step", "fitted_s", "fitted_relative"], lines)
    for line in lines:
        print("batch {:>4}: {:8.1f} rows, {:9.5f} s, the line says {} ({})".format(*line))
    print(f"{a.engine}: {intercept:.4g} s + {slope * 1e6:.4g} us a row, {min(x):.0f} to {max(x):.0f} rows, R^2 = {r2:.5f}")
    sys.exit(r2 < 0.99)


if __name__ == "__main__":
    main()
