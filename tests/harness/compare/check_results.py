#!/usr/bin/env python3
"""check_results.py ZOGAP RESULTS - every result directory below RESULTS still reads, and is of the same cases as itself
written in the columns of schema version 3.

Each is compared with itself, gated against itself, and both again against a copy whose rows are rewritten here.  What
holds one block only, or the baseline alone, cannot be judged: exit code 4, with the reason.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

ZOGAP, RESULTS = sys.argv[1], pathlib.Path(sys.argv[2])
# What the first files of version 1 ended with, and what came after it.
LATER = {
    "samples.csv": ("involuntary_switches", ["fma_gflops", "handoff_ns", "disturbed"]),
    "phases.csv": ("bytes_per_step", ["instructions_per_cycle", "ghz", "bytes_per_flop", "counts_estimated"]),
    "summary.csv": ("steps", """layers rows_per_pass peak_dtype fidelity_probes fidelity_rms fidelity_sign
        fidelity_sign_large fidelity_large_probes second_baseline second_speedup second_speedup_ci_low
        second_speedup_ci_high peak_share_then instructions_per_cycle ghz bytes_per_flop counts_estimated""".split()),
}
GONE = ("direction", "direction_scale", "rank", "nu", "eps", "lr")


def run(*arguments):
    done = subprocess.run([ZOGAP, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def algorithm(row):
    """The text of version 3, from the cells of version 2."""
    options = [f"{key}={row[key]}" for key in ("rank", "nu", "eps", "lr")]
    options += [f"direction={row['direction']}"] * (row["direction"] != "correct")
    options += [f"direction-scale={row['direction_scale']}"] * (row["direction_scale"] != "none")
    return row["algorithm"] + ":" + "+".join(options)


def columns_of_3(columns, name):
    """Without the algorithm's options, and with the columns that came after the first files of version 1."""
    columns = [c for c in columns if c not in GONE]
    if "layers_resident" not in columns:
        columns.insert(columns.index("synthetic") + 1, "layers_resident")
    if name not in LATER:
        return columns
    last, later = LATER[name]
    end = columns.index(last) + 1
    return columns[:end] + later + [c for c in columns[end:] if c not in later]


def rewrite(old, new):
    """A directory of version 1 or 2 as one of version 3."""
    new.mkdir()
    meta = json.loads((old / "meta.json").read_text())
    (new / "meta.json").write_text(json.dumps({**meta, "schema_version": 3}))
    for path in old.glob("*.csv"):
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), reader.fieldnames
        if "direction" in columns:
            rows = [{**row, "algorithm": algorithm(row)} for row in rows]
            columns = columns_of_3(columns, path.name)
        with open(new / path.name, "w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def without(path, texts):
    return [text.replace(str(path), "DIR") if isinstance(text, str) else text for text in texts]


def check(old, new):
    """`new` is `old` in the columns of version 3."""
    alone = run("compare", old, "--format", "csv")
    assert alone[0] == 0, (old, alone)
    assert without(new, run("compare", new, "--format", "csv")) == without(old, alone), old
    same = run("compare", old, old, "--format", "csv")
    assert same[0] == 0, (old, same)
    assert without(new, without(old, run("compare", old, new, "--format", "csv"))) == without(old, same), old
    for measure in ("ratio", "seconds"):
        gate = run("gate", "--baseline", old, "--candidate", old, "--measure", measure)
        assert gate[0] == 0 and "\n0 worse" in gate[1] or gate[0] == 4 and "nothing to judge" in gate[2], (old, gate)
        other = run("gate", "--baseline", old, "--candidate", new, "--measure", measure)
        assert without(new, without(old, other)) == without(old, gate), (old, other)
    return gate[0] == 0


def main():
    directories = sorted(path.parent for path in RESULTS.glob("**/meta.json"))
    assert directories, f"{RESULTS} holds no results"
    n_judged = 0
    for directory in directories:
        with tempfile.TemporaryDirectory() as temporary:
            new = pathlib.Path(temporary) / "new"
            rewrite(directory, new)
            n_judged += check(directory, new)
    print(f"{len(directories)} directories read as what they were; {n_judged} have the blocks for a gate")


main()
