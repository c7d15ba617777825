#!/usr/bin/env python3
"""check_formats.py ZOGAP - every --format of `zogap compare` through a standard reader: csv, json, sqlite3.

Writes two result directories by hand, so that nothing of zogap's own writer is needed, and holds what comes back
against ratios computed here.  No other byte may be on the standard output; a refusal is one line and exit code 3.
"""

import csv
import io
import json
import math
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile

ZOGAP = sys.argv[1]
CASE = dict(engine="naive", model="opt|125m", task="it's, a \"task\"", objective="task",
            algorithm="lozo:rank=2+nu=50+eps=0.001+lr=1e-06", dtype="fp32", scope="linear", split="train", batch=16,
            bos=0, row_limit="", threads=2, seed=1, synthetic=1, layers_resident="")
# The case columns of schema version 2, the same case.
CASE_2 = dict(engine="naive", model="opt|125m", task="it's, a \"task\"", objective="task", algorithm="lozo", dtype="fp32",
              scope="linear", direction="correct", direction_scale="none", split="train", batch=16, rank=2, nu=50,
              eps=0.001, lr=1e-06, bos=0, row_limit="", threads=2, seed=1, synthetic=1, layers_resident="")
# The columns that the first files of schema version 2 had; what came later is empty.
SUMMARY = """n wall_s_per_step_median wall_s_per_step_mad wall_s_per_step_ci_low wall_s_per_step_ci_high baseline speedup
speedup_ci_low speedup_ci_high useful_flops_per_step executed_flops_per_step gflops_useful gflops_executed peak_gflops
peak_share executed_peak_share peak_rss_mib verified extrapolated steps layers""".split()
SUMMARY_3 = SUMMARY + """rows_per_pass peak_dtype fidelity_probes fidelity_rms fidelity_sign fidelity_sign_large
fidelity_large_probes second_baseline second_speedup second_speedup_ci_low second_speedup_ci_high peak_share_then
instructions_per_cycle ghz bytes_per_flop counts_estimated""".split()
SAMPLES = """block order steps wall_s_per_step cpu_s_per_step minor_faults major_faults voluntary_switches
involuntary_switches""".split()
SAMPLES_3 = SAMPLES + ["fma_gflops", "handoff_ns", "disturbed"]
VERIFY = """reference steps loss_difference_max loss_tolerance gradient_relative_error gradient_tolerance
gradient_sign_match weight_difference_max weight_tolerance passed reason""".split()

TIMES = [{"naive": [4.0, 4.4, 4.2, 4.1, 4.3, 4.5], "fused": [1.0, 1.2, 1.1, 1.05, 1.15, 1.25]},
         {"naive": [4.1, 4.0, 4.6, 4.2, 4.4, 4.3], "fused": [0.5, 0.6, 0.55, 0.52, 0.57, 0.62]}]


def write_csv(path, case, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(case) + columns, restval="", lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**case, **row} for row in rows)


def write_directory(path, times, meta, version=3, **changed):
    """`changed` are cells of the case."""
    path.mkdir()
    document = {"schema_version": version, "status": "complete", "baseline": "naive",
                "machine": {"cpu": {"name": "CPU"}}}
    (path / "meta.json").write_text(json.dumps({**document, **meta}))
    case = {**(CASE if version == 3 else CASE_2), **changed}
    summary, samples = (SUMMARY_3, SAMPLES_3) if version == 3 else (SUMMARY, SAMPLES)
    if version == 1:
        del case["layers_resident"]
        summary = summary[:-1]
    write_csv(path / "summary.csv", case, summary,
              [{ "engine": e, "n": len(t), "baseline": "naive", "useful_flops_per_step": 1e9, "verified": 1,
                "extrapolated": 0, "steps": 4, "layers": 12} for e, t in times.items()])
    write_csv(path / "samples.csv", case, samples,
              [{"engine": e, "block": b, "order": 0, "steps": 4, "wall_s_per_step": s}
               for e, t in times.items() for b, s in enumerate(t)])
    write_csv(path / "verify.csv", case, VERIFY,
              [{"engine": e, "reference": "naive", "steps": 5, "passed": 1} for e in times])


def run(code, *arguments):
    done = subprocess.run([ZOGAP, "compare", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == code, (arguments, done)
    return done.stdout.decode(), done.stderr.decode()


def quiet(*arguments):
    out, err = run(0, *arguments)
    assert err == "", err
    return out


def parse_sql(text, table):
    """The rows without the run that they are of; the same text twice into one database changes nothing."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(text)
    rows = [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]
    database.executescript(text)
    assert rows == [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')], text
    assert all(isinstance(row.pop("run"), str) for row in rows), rows
    return rows


def parse_csv(text):
    return list(csv.DictReader(io.StringIO(text), strict=True))


def parse_markdown(text):
    """Tables of rows of cells; every row is as wide as its heading."""
    tables = []
    for block in text.split("\n\n"):
        rows = [[cell.strip() for cell in line.replace("\\|", "\0").strip("|").split("|")]
                for line in block.splitlines() if line.startswith("|")]
        if rows:
            assert len(rows) > 2 and len(set(map(len, rows))) == 1 and set(rows[1]) <= {"---", "---:"}, block
            tables.append(rows)
    return tables


def same_cell(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(float(a), float(b), rel_tol=1e-8)
    return a == b


def check_rows(rows):
    assert [(r["engine"], r["set"]) for r in rows] == [("naive", "A"), ("naive", "B"), ("fused", "A"), ("fused", "B")]
    for r in rows:
        assert r["task"] == CASE["task"] and r["model"] == CASE["model"] and r["row_limit"] is None, r
        mine = TIMES["AB".index(r["set"])]
        assert r["n"] == 6 and math.isclose(r["wall_s_per_step_median"], statistics.median(mine[r["engine"]])), r
        ratios = [math.log(a / b) for a in TIMES[0][r["engine"]] for b in mine[r["engine"]]]
        if r["set"] == "B":
            assert math.isclose(r["over_first"], math.exp(statistics.median(ratios)), rel_tol=1e-8), r
            assert r["over_first_ci_low"] < r["over_first"] < r["over_first_ci_high"], r
            # of 6 and 6 the exact interval leaves out the 5 least and greatest differences (Mann-Whitney, 5 %)
            ratios.sort()
            assert math.isclose(r["over_first_ci_low"], math.exp(ratios[5]), rel_tol=1e-8), r
            assert math.isclose(r["over_first_ci_high"], math.exp(ratios[-6]), rel_tol=1e-8), r
        else:
            assert r["over_first"] == 1 and r["over_first_ci_low"] is None, r
        if r["engine"] == "fused":
            paired = statistics.median(a / b for a, b in zip(mine["naive"], mine["fused"]))
            assert math.isclose(r["speedup"], paired, rel_tol=1e-8), r


def check_formats(a, b):
    rows = json.loads(quiet(a, b, "--format", "json"))
    check_rows(rows)
    lines = [json.loads(line) for line in quiet("--format", "jsonl", a, b).splitlines()]
    assert lines == rows
    assert parse_sql(quiet(a, "--format=sql", b), "compare") == [{k: v for k, v in row.items() if k != "run"} for row in rows]
    for got, want in zip(parse_csv(quiet(a, b, "--format", "csv")), rows, strict=True):
        assert list(got) == list(want)
        assert all(same_cell(got[k] if got[k] != "" else None, want[k] if isinstance(want[k], float) or want[k] is None
                             else str(want[k])) for k in want), (got, want)
    tables = parse_markdown(quiet(a, b, "--format", "markdown"))
    assert [[row[0] for row in rows] for rows in tables] == \
        [["dir", "---", "A", "B"], ["engine", "---", "naive", "naive", "fused", "fused"],
         ["differs", "---", "machine.cpu.name"], ["dir", "---", "B"]], tables
    text = quiet(a, b)
    assert "over A [95 %]" in text and "machine.cpu.name" in text and "a warning" in text, text

    machines = json.loads(quiet(a, b, "--machines", "--format", "json"))
    assert machines == [{"fact": "machine.cpu.name", "value_1": "CPU", "value_2": "other; DROP"}], machines
    assert parse_sql(quiet(a, b, "--machines", "--format", "sql"), "machines") == machines
    assert "do not differ" in quiet(a, a, "--machines")
    assert json.loads(quiet(a, a, "--machines", "--format", "json")) == []


def check_one(a):
    rows = json.loads(quiet(a, "--format", "json"))
    assert [r["engine"] for r in rows] == ["naive", "fused"] and rows[1]["fidelity_rms"] is None
    assert parse_sql(quiet(a, "--format", "sql"), "summary") == rows
    assert "speed-up [95 %]" in quiet(a)


def refuse(code, words, *arguments):
    out, err = run(code, *arguments)
    assert out == "" and err.count("\n") == 1 and words in err, (out, err)


def check_refusals(a, b, work):
    new = work / "new"
    write_directory(new, TIMES[0], {"schema_version": 4})
    wide = work / "wide"
    write_directory(wide, TIMES[0], {}, batch=32)
    refuse(3, f"{new}/meta.json: schema_version is 4; this zogap reads 1 to 3", a, new)
    refuse(3, "batch 32 and 16", a, b, wide)
    refuse(3, "No such file", a, work / "absent")
    refuse(2, "needs a DIR")
    refuse(2, "--machines", "--machines", a)
    refuse(2, "--across engine", "--across", "engine", a, b)
    refuse(2, "--across height", "--across", "threads,height", a, b)
    refuse(2, "--format xml", "--format", "xml", a)
    refuse(2, "more than 26", *[a] * 27)
    out, err = run(0, a, wide, "--across", "batch", "--format", "jsonl")
    assert err == "" and [json.loads(line)["batch"] for line in out.splitlines()] == [16, 32, 16, 32], out
    # what a kill left behind is dropped with a warning that is not on the standard output
    samples = work / "b" / "samples.csv"
    samples.write_text(samples.read_text()[:-2])
    out, err = run(0, a, b, "--format", "json")
    assert [r["n"] for r in json.loads(out)] == [6, 6, 6, 5] and "torn and was dropped" in err, (out, err)


def check_older(a, work):
    """Files of versions 1 and 2 are of the same cases as those of version 3."""
    for version in (1, 2):
        same = work / f"version-{version}"
        write_directory(same, TIMES[0], {}, version)
        rows = json.loads(quiet(a, same, "--format", "json"))
        assert len(rows) == 4 and all(r["algorithm"] == CASE["algorithm"] and r["over_first"] == 1 for r in rows), rows
        assert "lozo, batch 16, rank 2, nu 50, 2 threads" in quiet(a, same, "--wide")
    done = subprocess.run([ZOGAP, "run", "--resume", "--out", same], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "has schema_version 2; this zogap writes version 3" in done.stderr, done
    other = work / "other"
    write_directory(other, TIMES[0], {}, 2, rank=4, direction="official", direction_scale="rms", eps=1e10)
    refuse(3, "rank 4 and 2, eps 1e+10 and 0.001, direction official and none, direction-scale rms and none", a, other)
    rows = json.loads(quiet(a, other, "--across", "direction,eps,direction_scale,rank", "--format", "json"))
    assert [r["algorithm"] for r in rows] == \
        [CASE["algorithm"], "lozo:rank=4+nu=50+eps=1e+10+lr=1e-06+direction=official+direction-scale=rms"] * 2, rows
    assert [(r["rank"], r["direction"], r["direction-scale"]) for r in rows[:2]] == \
        [(2, None, None), (4, "official", "rms")], rows
    assert "direction-scale" in quiet(a, other, "--wide", "--across", "direction,eps,direction_scale,rank")
    assert len(json.loads(quiet(a, other, "--across", "algorithm", "--format", "json"))) == 4
    refuse(3, "nu 7 and 50", other, make_other(work), "--across", "rank,eps,direction,direction-scale")


def make_other(work):
    path = work / "third"
    write_directory(path, TIMES[0], {}, algorithm="lozo:rank=2+nu=7+eps=0.001+lr=1e-06")
    return path


def main():
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        a, b = work / "a", work / "b"
        write_directory(a, TIMES[0], {})
        write_directory(b, TIMES[1], {"machine": {"cpu": {"name": "other; DROP"}}, "warnings": ["a warning"]})
        check_formats(a, b)
        check_one(a)
        check_older(a, work)
        check_refusals(a, b, work)
    print("every format reads back")


main()
