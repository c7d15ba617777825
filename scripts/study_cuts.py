#!/usr/bin/env python3
"""Is a training that was cut off the one that never was?  kill -9 and Ctrl-C at random instants, again and again.

    scripts/study_cuts.py ZOGAP MAKE_TINY_MODEL OUT [--cuts 50] [--steps 200] [--seed 1] [--engines A,B]

MAKE_TINY_MODEL is build/tests/harness/make_tiny_model, whose model takes no time.  A training of two engines side by side
is cut up to three times, at instants drawn over the time that it takes, and gone on with until it is whole.  Its curve
but for times, and the hash of its weights, must be the bits of the training that was never cut.
OUT/cuts.csv has a row each; exit code 1 where one differs.
"""
import argparse
import csv
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import study

COLUMNS = ("training", "cuts", "at_s", "signals", "steps_then", "resumes", "same_curve", "same_weights", "ok")
WALL = ("wall_s", "eval_wall_s")


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def curve(out):
    """Each row but what hangs on the clock."""
    return [{k: v for k, v in row.items() if k not in WALL} for row in table(out / "curve.csv")]


def weights(out):
    return [row["weights_xxh3"] for row in table(out / "train.csv")]


def start(words):
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})


def finish(words):
    process = start(words)
    _, errors = process.communicate()
    return process.returncode, errors


def cut(words, at_s, number):
    """Starts, waits, ends it by a signal; false: it was whole before."""
    process = start(words)
    try:
        process.wait(at_s)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    process.communicate()
    return process.returncode != 0


def steps_of(out):
    """Of the last whole row of the curve, -1: none."""
    path = out / "curve.csv"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    if len(lines) < 2:
        return -1
    rows = list(csv.DictReader(lines))
    return int(rows[-1]["step"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap", type=lambda path: pathlib.Path(path).absolute())
    parser.add_argument("make_tiny_model", type=lambda path: pathlib.Path(path).absolute())
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default="naive:gemm=reference,fused")
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    model, whole, out = a.out / "tiny", a.out / "whole", a.out / "cut"
    model.mkdir(exist_ok=True)
    subprocess.run([a.make_tiny_model, model], check=True)
    words = [str(a.zogap), "train", "--engines", a.engines, "--model", str(model), "--batch", "4", "--threads", "1",
             "--train-rows", "40", "--dev-rows", "12", "--eval-rows", "8", "--nu", "7", "--lr", "1e-5", "--steps",
             str(a.steps), "--eval-every", "20", "--log-every", "3"]
    shutil.rmtree(whole, ignore_errors=True)
    begin = time.monotonic()
    code, errors = finish([*words, "--out", str(whole)])
    if code:
        sys.exit(f"without a cut: exit code {code}: {errors}")
    took = time.monotonic() - begin
    draw = random.Random(a.seed)
    lines, n_cuts = [], 0
    while n_cuts < a.cuts:
        shutil.rmtree(out, ignore_errors=True)
        at, then, names = [], [], []
        for _ in range(draw.randint(1, 3)):
            number = draw.choice((signal.SIGKILL, signal.SIGINT))
            at_s = draw.uniform(0, took)
            resume = ["--resume"] if out.exists() else []
            if not cut([*words, "--out", str(out), *resume], at_s, number):
                break
            at.append(f"{at_s:.3f}")
            then.append(str(steps_of(out)))
            names.append(number.name)
        code, errors = finish([*words, "--out", str(out), *(["--resume"] if out.exists() else [])])
        same_curve = code == 0 and curve(out) == curve(whole)
        same_weights = code == 0 and weights(out) == weights(whole)
        good = same_curve and same_weights
        n_cuts += max(1, len(at))
        lines.append((len(lines), len(at), " ".join(at), " ".join(names), " ".join(then), len(at), int(same_curve),
                      int(same_weights), int(good)))
        if not good:
            print(f"training {len(lines)}: {dict(zip(COLUMNS, lines[-1]))} {errors.strip()}", flush=True)
            shutil.rmtree(a.out / f"bad-{len(lines)}", ignore_errors=True)
            shutil.copytree(out, a.out / f"bad-{len(lines)}")
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(model)
    study.write_csv(a.out / "cuts.csv", COLUMNS, lines)
    good = sum(line[-1] for line in lines)
    print(f"{sum(line[1] for line in lines)} cuts in {len(lines)} trainings of {took:.1f} s: {good} are the same as "
          f"the one that was never cut")
    return good != len(lines)


if __name__ == "__main__":
    sys.exit(main())
