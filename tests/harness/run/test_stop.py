#!/usr/bin/env python3
"""A run that is stopped for a while inside a block: the sample says so, and the verdict does not move.

    test_stop.py ZOGAP MAKE_TINY_MODEL [SECONDS]

The ratio of the summary, with the stopped sample in it, must lie in the interval of the same ratio without that block,
and the other way round.
"""
import csv
import math
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BLOCKS = 9
ENGINES = ("naive:gemm=reference", "naive:gemm=reference#2")


def start(zogap, work, out, steps):
    shutil.rmtree(out, ignore_errors=True)
    words = [zogap, "run", "--engines", ",".join(ENGINES[:1] * 2), "--model", "tiny", "--batch", "4", "--limit", "16",
             "--threads", "1", "--steps", str(steps), "--blocks", str(BLOCKS), "--max-time", "0", "--events", "none",
             "--out", out]
    return subprocess.Popen(words, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "ZOGAP_PEAKS": "brief", "OMP_WAIT_POLICY": "passive"})


def rows(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def stop_once(process, samples, seconds):
    """After the fourth block, 20 ms past its row: in the next span, as a rule."""
    while process.poll() is None and not (samples.exists() and samples.read_bytes().count(b"\n") > 8):
        time.sleep(0.005)
    time.sleep(0.02)
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def interval(ratios):
    """Of the median: the narrowest pair of order statistics that covers it 95 % of the time, or all."""
    ratios, n, k = sorted(ratios), len(ratios), 0
    while 2 * sum(math.comb(n, i) for i in range(k + 2)) <= 0.05 * 2**n:
        k += 1
    return ratios[k], ratios[-1 - k]


def check(out, told, seconds):
    """What is wrong, and whether the stop was inside a sample at all."""
    samples, summary = rows(out / "samples.csv"), rows(out / "summary.csv")[1]
    span = {(s["engine"], int(s["block"])): float(s["wall_s_per_step"]) * float(s["steps"]) for s in samples}
    flagged = [(s["engine"], int(s["block"])) for s in samples if s["disturbed"] == "1"]
    stopped = [key for key in span if span[key] >= seconds]
    print(f"{len(samples)} samples of {1e3 * statistics.median(span.values()):.0f} ms; stopped: {stopped}; "
          f"flagged: {flagged}")
    if not stopped:
        return [], False
    if len(samples) != 2 * BLOCKS or any(s["disturbed"] not in ("0", "1") for s in samples):
        return ["samples or flags are missing"], True
    if len(stopped) != 1 or stopped[0] not in flagged:
        return [f"the sample that was stopped for {seconds} s is not flagged"], True
    failures = []
    starved = {key for key, s in zip(span, samples) if float(s["cpu_s_per_step"]) < 0.9 * float(s["wall_s_per_step"])}
    if set(flagged) != starved | set(stopped):  # on a quiet machine none but the one
        failures.append(f"flagged: {flagged}, and it should be {starved | set(stopped)}")
    if f"note: {len(flagged)} of {len(samples)} samples {'is' if len(flagged) == 1 else 'are'} disturbed" not in told:
        failures.append("no note of it")
    ratios = {b: span[ENGINES[0], b] / span[ENGINES[1], b] for b in range(BLOCKS)}
    without = [ratio for b, ratio in ratios.items() if b != stopped[0][1]]
    speedup, low, high = (float(summary[k]) for k in ("speedup", "speedup_ci_low", "speedup_ci_high"))
    low_without, high_without = interval(without)
    print(f"ratio {speedup:.4f} ({low:.4f} to {high:.4f}); without that block {statistics.median(without):.4f} "
          f"({low_without:.4f} to {high_without:.4f}); of that block {ratios[stopped[0][1]]:.4f}")
    if not (low_without <= speedup <= high_without and low <= statistics.median(without) <= high):
        failures.append("the ratio moved")
    return failures, True


def main():
    zogap, make_tiny_model = (pathlib.Path(path).absolute() for path in sys.argv[1:3])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        out = work / "out"
        (work / "tiny").mkdir()
        subprocess.run([make_tiny_model, work / "tiny"], check=True)
        if start(zogap, work, out, 1).wait():
            sys.exit("FAILED: a run that nobody stops")
        step_s = statistics.median(float(s["wall_s_per_step"]) for s in rows(out / "samples.csv"))
        steps = max(1, round(0.08 / step_s))  # long enough to be met, short enough for a test
        inside = False
        for _ in range(4):  # between two samples it would prove nothing
            process = start(zogap, work, out, steps)
            stop_once(process, out / "samples.csv", seconds)
            told = process.communicate()[0]
            failures, inside = check(out, told, seconds) if process.returncode == 0 else (["it failed"], True)
            if inside:
                break
    if not inside:
        failures = ["the stop was never inside a sample"]
    for failure in failures:
        print("FAILED:", failure)
    return bool(failures)


sys.exit(main())
