#!/usr/bin/env python3
"""Nothing lost: kill -9 at random instants of a run, again and again.

    scripts/study_kill.py ZOGAP MAKE_TINY_MODEL OUT [--kills 200] [--blocks 60] [--seed 1]

MAKE_TINY_MODEL is build/tests/harness/make_tiny_model, whose model takes no time; the run is a sweep of two cases of
two engines with many short blocks.  Instants are drawn over the time that the run takes when nobody kills
it.  After each kill: all that was synced is there and parses, `zogap compare` reads the directory or says in one line
why not, and `zogap run --resume` completes it, with every sample of a whole block kept and no sample twice.
OUT/kills.csv has a row each; exit code 1 where anything was lost.

kill -9 takes the process, not the machine: what write() took is there.  That a power failure leaves what fsync()
confirmed is the disk's to keep.
"""
import argparse
import collections
import csv
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

import study

ENGINES = ("naive:gemm=reference", "naive:gemm=reference#2")
BATCHES = ("2", "4")
COLUMNS = ("kill", "at_s", "status", "rows", "torn_bytes", "whole_block_rows", "compare", "resume", "final_rows",
           "lost", "twice", "left_behind", "ok")


def command(zogap, model, out, blocks):
    return [str(zogap), "run", "--engines", ",".join(ENGINES[:1] * 2), "--model", str(model),
            "--batch", ",".join(BATCHES), "--limit", "16", "--threads", "1", "--steps", "1", "--blocks", str(blocks),
            "--max-time", "0", "--events", "none", "--out", str(out)]


def quiet(words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "ZOGAP_PEAKS": "brief"}, **more)


def samples(out):
    """The whole lines of samples.csv as dicts, each with its text, and the bytes of a torn one."""
    path = out / "samples.csv"
    text = path.read_text() if path.exists() else ""
    lines = text[:text.rfind("\n") + 1]
    rows = list(csv.reader(io.StringIO(lines), strict=True))
    for row in rows:
        if len(row) != len(rows[0]):
            raise ValueError(f"a row of {len(row)} cells in samples.csv")
    return [dict(zip(rows[0], row)) for row in rows[1:]], len(text) - len(lines)


def key(row):
    return row["engine"], row["batch"], row["block"]


def whole_block_rows(rows):
    there = collections.Counter((row["batch"], row["block"]) for row in rows)
    return [row for row in rows if there[row["batch"], row["block"]] == len(ENGINES)]


def check_parses(out):
    """All files but the stream are whole at any instant; meta.json's status."""
    status = "no directory" if not out.exists() else "no meta.json"
    for path in sorted(out.glob("*")):
        if path.name == "meta.json":
            status = json.loads(path.read_text())["status"]
        elif path.suffix == ".csv" and path.name != "samples.csv":
            text = path.read_text()
            rows = list(csv.reader(io.StringIO(text), strict=True))
            if not text.endswith("\n") or any(len(row) != len(rows[0]) for row in rows):
                raise ValueError(f"{path.name} is torn")
    return status


def kill_one(words, out, blocks, at_s):
    """Starts, kills, looks, resumes, looks again: the row's cells from `status` on."""
    shutil.rmtree(out, ignore_errors=True)
    begin = time.monotonic()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env={**os.environ, "ZOGAP_PEAKS": "brief"})
    seen = 0
    while time.monotonic() - begin < at_s and process.poll() is None:
        seen = max(seen, len(samples(out)[0]) if out.exists() else 0)
        time.sleep(max(0, min(0.02, at_s - (time.monotonic() - begin))))
    process.kill()
    process.wait()
    status = check_parses(out)
    rows, torn = samples(out)
    if len(rows) < seen:
        raise ValueError(f"{len(rows)} rows are there, {seen} were")
    compared = quiet([words[0], "compare", str(out)])
    if compared.returncode not in (0, 3) or compared.returncode and compared.stderr.count("\n") != 1:
        raise ValueError(f"compare: exit code {compared.returncode}: {compared.stderr}")
    resumed = quiet([*words, "--resume"])
    final, torn_now = samples(out)
    keep = whole_block_rows(rows)
    lost = sum(row not in final for row in keep)
    counts = collections.Counter(map(key, final))
    wanted = {(engine, batch, str(block)) for engine in ENGINES for batch in BATCHES for block in range(blocks)}
    twice = sum(n - 1 for n in counts.values())
    left = [path.name for path in out.glob(".*")]
    good = (resumed.returncode == 0 and set(counts) == wanted and not lost and not twice and not torn_now and not left
            and check_parses(out) == "complete" and quiet([words[0], "compare", str(out)]).returncode == 0)
    if resumed.returncode:
        print(f"# resume: {resumed.stderr.strip()}")
    return (status, len(rows), torn, len(keep), compared.returncode, resumed.returncode, len(final), lost, twice,
            len(left), int(good))


def time_one(words, out):
    """Seconds of a run that nobody kills."""
    shutil.rmtree(out, ignore_errors=True)
    begin = time.monotonic()
    done = quiet(words)
    if done.returncode:
        sys.exit(f"without a kill: exit code {done.returncode}: {done.stderr}")
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap", type=lambda path: pathlib.Path(path).absolute())
    parser.add_argument("make_tiny_model", type=lambda path: pathlib.Path(path).absolute())
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    out, model = a.out / "killed", a.out / "tiny"
    model.mkdir(exist_ok=True)
    subprocess.run([a.make_tiny_model, model], check=True)
    words = command(a.zogap, model, out, a.blocks)
    draw = random.Random(a.seed)
    lines = []
    for i in range(a.kills):
        if i % 10 == 0:  # how fast the machine is may change
            took = time_one(words, out)
        at_s = draw.uniform(0, took)
        try:
            cells = kill_one(words, out, a.blocks, at_s)
        except ValueError as error:
            print(f"# kill {i}: {error}")
            cells = ("",) * (len(COLUMNS) - 3) + (0,)
        lines.append((i, f"{at_s:.4f}", *cells))
        if not cells[-1]:
            print(f"kill {i + 1} of {a.kills} at {at_s:.3f} s: {dict(zip(COLUMNS[2:], cells))}", flush=True)
            shutil.rmtree(a.out / f"bad-{i}", ignore_errors=True)
            shutil.copytree(out, a.out / f"bad-{i}")
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(model)
    study.write_csv(a.out / "kills.csv", COLUMNS, lines)
    good = sum(line[-1] for line in lines)
    stages = collections.Counter(line[2] for line in lines)
    inside = sum(1 for line in lines if line[3])
    print(f"{a.kills} kills, {good} lost nothing and were resumed; {inside} had samples, "
          f"{sum(1 for line in lines if line[4])} a torn row; " + ", ".join(f"{n} {s}" for s, n in stages.items()))
    return good != a.kills


if __name__ == "__main__":
    sys.exit(main())
