#!/usr/bin/env python3
"""How well does an engine use more threads?  One thread and all of them, in turns, on the same batches.

    scripts/study_scaling.py ZOGAP OUT [--engine fused] [--threads 2] [--repeats 3] [zogap run's options...]

A run has one number of threads, so runs alternate: OUT/1-0, OUT/2-0, OUT/1-1, ...  Efficiency is the one
thread's time over N times that of N threads, medians over the repeats; beside it the ratio of their shares of
the peak, measured in the same run, which a change of clock or a neighbour does not move.  OUT/scaling.csv.
"""
import argparse
import pathlib
import statistics

import study


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    a, options = parser.parse_known_args()
    fixed = ["--engines", a.engine, "--steps", "4", "--blocks", "7"]  # the same batches at any speed
    lines, medians = [], {}
    for repeat in range(a.repeats):
        for n in (1, a.threads):
            out = a.out / f"{n}-{repeat}"
            study.run(a.zogap, out, [*fixed, "--threads", str(n), *options])
            row = study.rows(out)[0]
            lines.append((n, repeat, row["wall_s_per_step_median"], row["gflops_useful"], row["peak_gflops"], row["peak_share"]))
    study.write_csv(a.out / "scaling.csv",
                    ["threads", "repeat", "wall_s_per_step", "gflops_useful", "peak_gflops", "peak_share"], lines)
    for n in (1, a.threads):
        of_n = [line for line in lines if line[0] == n]
        medians[n] = [statistics.median(float(line[i]) for line in of_n) for i in (2, 5)]
        print(f"{a.engine}, {n} threads: {medians[n][0]:.5f} s/step, {medians[n][1]:.1%} of the peak")
    efficiency = medians[1][0] / (a.threads * medians[a.threads][0])
    print(f"efficiency {efficiency:.1%}; shares of the peak {medians[a.threads][1] / medians[1][1]:.1%}")


if __name__ == "__main__":
    main()
