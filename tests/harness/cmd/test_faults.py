#!/usr/bin/env python3
"""Nothing lost: the n-th allocation, write, fsync, rename, ... of a command that writes results fails, once or for
good.

    test_faults.py FAULTY MAKE_TINY_MODEL [--all | --once] [--only SCENARIO,...] [--kind KIND,...] [--csv FILE]
                   [--verbose]

FAULTY is zogap_faulty (fault.c).  Each fault must end in exit code 4 with one line of error, or do no harm: then all is
there.  Older results stay as they are, what a directory held keeps its rows, and a run that failed can be resumed.
Two dozen faults, spread over scenarios and calls; --all takes the first and the last call of every place in the
program that makes one (a place is a call with all its callers, up to main), each once and for good; --once takes
the first call of each, once: a third of that.  --csv has a row for each scenario and kind, as soon as it is through.
TMPDIR=/dev/shm spares most of a run's time: waits for the disk.
"""
import argparse
import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ENGINES = "naive:gemm=reference,naive:gemm=reference"
CASE = ["--model", "tiny", "--threads", "1", "--limit", "16"]
POLICY = ["--steps", "1", "--events", "none"]


def fail(text):
    fail.n += 1
    print("FAILED:", text, flush=True)


fail.n = 0


def snapshot(path):
    """Every file at or below a path, with its bytes."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    return {f.name: f.read_bytes() for f in files}


def table(data):
    """The rows of a CSV file as its columns name them; raises where it is torn or uneven."""
    text = data.decode()
    if not text.endswith("\n"):
        raise ValueError("the last row is torn")
    rows = list(csv.reader(io.StringIO(text), strict=True))
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("rows of different lengths")
    return rows


def shape(name, data):
    """What does not change from run to run: rows and empty cells of a table, keys and nulls of a document."""
    def of(value):
        if isinstance(value, dict):  # what the machine did meanwhile may be known or not, and is warned of or not
            return {k: of(v) for k, v in value.items()
                    if k not in ("during", "warnings", "sampling", "sessions") and not k.startswith("ZOGAP_FAULT")}
        if isinstance(value, list):
            return [of(v) for v in value]
        return value if isinstance(value, str) and len(value) < 12 else value is None
    if name.endswith(".csv"):
        return [[cell == "" for cell in row] for row in table(data)]
    if name.endswith(".json"):
        return of(json.loads(data))
    if name.endswith((".svg", ".xml")):  # as long as its numbers are
        return data.rstrip()[-6:]
    if name.endswith(".zo"):  # times are in it
        return len(data)
    return data.count(b"\n"), data[-1:]


class Scenario:
    """A command, what is there before it, and what must hold after it."""

    def __init__(self, name, work, words, before=None, out="out"):
        self.name, self.work, self.words, self.before = name, work, words, before
        self.out = work / out
        self.n_told = 0  # faults that ended in exit code 4
        self.prepare()
        done = self.run()
        if done.returncode:
            sys.exit(f"{name}: without a fault: exit code {done.returncode}: {done.stderr}")
        self.whole = snapshot(self.out)

    def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.unlink(missing_ok=True)
        if self.before:
            shutil.copytree(self.before, self.out)

    def run(self, fault=None, words=None, **more):
        environment = {**os.environ, "ZOGAP_PEAKS": "brief", "OMP_WAIT_POLICY": "passive",
                       "FAULT_DIR": str(self.out), **more}
        if fault:
            environment["FAULT"] = fault
        return subprocess.run([FAULTY, *(words or self.words)], cwd=self.work, env=environment, text=True, timeout=900,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def places(self):
        """{kind: [(first, last)]}: numbers of the first and the last call of each place."""
        path = self.work / "places.txt"
        self.prepare()
        self.run(FAULT_PLACES=str(path))
        numbers = {}
        for line in path.read_text().splitlines():
            kind, first, last = line.split()
            numbers.setdefault(kind, []).append((int(first), int(last)))
        return numbers

    def check(self, fault):
        self.prepare()
        before = snapshot(self.out) if self.before else {}
        try:
            done = self.run(fault)
        except subprocess.TimeoutExpired:
            return fail(f"{self.name}, {fault}: does not end")
        errors = [line for line in done.stderr.splitlines() if not line.startswith("zogap: warning: ")]
        told = f"{self.name}, {fault}: exit code {done.returncode}, {' / '.join(errors)!r}"
        if VERBOSE:
            print(told, flush=True)
        self.n_told += done.returncode == 4
        try:
            if done.returncode == 0:
                self.check_whole()
            elif done.returncode != 4:
                raise ValueError("neither 4 nor a success")
            elif len(errors) != 1 or not errors[0].startswith("zogap: "):
                raise ValueError("not one line of error")
            else:
                self.check_failed(before, fault)
        except (ValueError, KeyError, AssertionError) as error:
            fail(f"{told}: {error}")

    def check_whole(self):
        now = snapshot(self.out)
        if now.keys() != self.whole.keys():
            raise ValueError(f"a success, and the files are {sorted(now)}")
        for name, data in now.items():
            says_so = name == "roofline.csv" and b"no memory for the array" in data
            if not says_so and shape(name, data) != shape(name, self.whole[name]):
                raise ValueError(f"a success, and {name} is not whole")

    def check_failed(self, before, fault):
        now = snapshot(self.out) if self.out.exists() else {}
        hidden = [name for name in now if name.startswith(".")]
        if hidden:
            raise ValueError(f"left behind: {hidden}")
        for name, data in now.items():
            if name.endswith(".csv") and not (name in ("samples.csv", "curve.csv") and "truncate" in fault):
                table(data)
        for name, data in before.items():
            if name in ("samples.csv", "phases.csv", "summary.csv", "verify.csv"):
                lost = [row for row in table(data) if row not in table(now[name])]
                if lost:
                    raise ValueError(f"{len(lost)} rows of {name} are lost")
            elif name not in now:
                raise ValueError(f"{name} is lost")
        if "meta.json" not in now and now:
            raise ValueError(f"no meta.json beside {sorted(now)}")
        if now:
            status = json.loads(now["meta.json"])["status"]
            if status == "complete" and before:
                return
            wanted = ("failed", "complete") if "pwrite" not in fault else ("failed", "running", "complete")
            if status not in wanted:
                raise ValueError(f"meta.json says {status}")
            self.check_resumed()

    def check_resumed(self):
        words = self.words if "--resume" in self.words else [*self.words, "--resume"]
        done = self.run(words=words)
        if done.returncode:
            raise ValueError(f"cannot be resumed: {done.stderr.strip()}")
        self.check_whole()


class Files(Scenario):
    """A command that writes files but no results of a run: each is the old one, or the new one and whole."""

    def check_failed(self, before, fault):
        now = snapshot(self.out) if self.out.exists() else {}
        if [name for name in now if name.startswith(".")]:
            raise ValueError(f"left behind: {sorted(now)}")
        for name, data in now.items():
            if data != before.get(name) and shape(name, data) != shape(name, self.whole[name]):
                raise ValueError(f"{name} is neither the old one nor whole")


def spread(numbers, n):
    """n of them, evenly, the last among them."""
    return sorted({numbers[(i + 1) * len(numbers) // n - 1] for i in range(min(n, len(numbers)))})


def cut_off(sweep, to):
    """A directory whose sweep failed inside its second case: at the first write that leaves a part of it."""
    rows = len(table(sweep.whole["samples.csv"]))
    low, high = 0, 128  # writes: the next one is early enough, this one is too late or just right
    while high - low > 1:
        sweep.prepare()
        sweep.run(f"write:{(low + high) // 2}")
        path = sweep.out / "samples.csv"
        there = len(table(path.read_bytes())) if path.exists() else 0
        if there > rows * 3 // 4 and there < rows:
            break
        low, high = (low, (low + high) // 2) if there >= rows else ((low + high) // 2, high)
    assert rows * 3 // 4 < there < rows, f"{there} of {rows} rows"
    shutil.copytree(sweep.out, to)


def scenarios(work, wanted):
    """Made one after the other: the later ones start from what the earlier ones wrote."""
    out = str(work / "out")
    one = ["--engines", ENGINES.split(",")[0], "--batch", "2", *CASE]
    two = ["--engines", ENGINES, "--batch", "2", *CASE]
    run = ["run", *two, *POLICY, "--blocks", "6", "--out", out]
    sweep = ["run", "--engines", ENGINES, "--batch", "2,4", *CASE, *POLICY, "--blocks", "6", "--quiet", "--out", out]
    gate = ["gate", "--baseline", "old", "--candidate", "old", "--json", out + "/gate.json",
            "--junit", out + "/gate.xml", "--markdown", out + "/gate.md"]
    new = Scenario("run", work, run)
    shutil.copytree(new.out, work / "old")
    if "run" in wanted:
        yield new
    if "resume-complete" in wanted:
        yield Scenario("resume-complete", work, [*run, "--resume"], before=work / "old")
    if "resume-cut" in wanted:
        cut_off(Scenario("sweep", work, sweep), work / "cut")
        yield Scenario("resume-cut", work, [*sweep, "--resume"], before=work / "cut")
    train = ["train", "--engines", ENGINES, "--batch", "2", *CASE, "--train-rows", "8", "--dev-rows", "4", "--eval-rows", "4",
             "--nu", "2", "--steps", "5", "--eval-every", "3", "--log-every", "1", "--out", out]
    if "train" in wanted:
        yield Scenario("train", work, train)
    if "train-cut" in wanted:
        cut = Scenario("train", work, train)
        n_writes = max(last for _, last in cut.places()["write"])
        cut.prepare()
        cut.run(f"write:{n_writes // 2}")
        shutil.copytree(cut.out, work / "half")
        yield Scenario("train-cut", work, [*train, "--resume"], before=work / "half")
    if "ladder" in wanted:
        ladder = ["ladder", "--batch", "2", *CASE, *POLICY, "--loop", "naive:gemm=reference", "--order", "adapter,lazy",
                  "--out", out]
        if subprocess.run([FAULTY, "ladder", "--list"], capture_output=True).returncode == 0:  # its engine is there
            yield Scenario("ladder", work, ladder)
    for name, words in {"verify": ["verify", *two], "score": ["score", *one], "roofline": ["roofline"]}.items():
        if name in wanted:
            yield Files(name, work, [*words, "--out", out])
    if "gate" in wanted:
        (work / "reports").mkdir()
        for suffix in ("json", "xml", "md"):
            (work / "reports" / f"gate.{suffix}").write_text("of the day before\n")
        yield Files("gate", work, gate, before=work / "reports")


# How many faults of a scenario the quick test takes of each kind, half of them for good.
QUICK = {"run": {"malloc": 3, "json": 2, "open": 1, "write": 3, "fsync": 2, "rename": 2},
         "resume-complete": {"write": 1, "rename": 1},
         "resume-cut": {"write": 2, "fsync": 1, "rename": 2},
         "train": {"malloc": 3, "json": 2, "write": 3, "fsync": 2, "rename": 2},
         "train-cut": {"malloc": 1, "write": 2, "fsync": 1, "rename": 1},
         "gate": {"malloc": 2, "json": 1, "rename": 1, "write": 1}}


def faults_of(scenario, sweep, kinds):
    """(kind, number of places, [fault]) of each kind."""
    places = scenario.places()
    for kind in kinds:
        calls = sorted({n for place in places.get(kind, []) for n in place})
        if sweep == "all":
            faults = [f"{kind}:{n}{more}" for n in calls for more in ("", "+")]
        elif sweep == "once":
            faults = [f"{kind}:{first}" for first, _ in sorted(places.get(kind, []))]
        else:
            chosen = spread(calls, QUICK.get(scenario.name, {}).get(kind, 0))
            faults = [f"{kind}:{n}{'+' if i % 2 else ''}" for i, n in enumerate(chosen)]
        if faults:
            yield kind, len(places[kind]), faults


def main():
    global FAULTY, VERBOSE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faulty", type=pathlib.Path)
    parser.add_argument("make_tiny_model", type=pathlib.Path)
    parser.add_argument("--all", dest="sweep", action="store_const", const="all")
    parser.add_argument("--once", dest="sweep", action="store_const", const="once")
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--kind", default="malloc,json,open,mkdir,write,fsync,rename,truncate,close")
    a = parser.parse_args()
    FAULTY, VERBOSE = a.faulty.absolute(), a.verbose
    every = "run,resume-complete,resume-cut,train,train-cut,ladder,verify,score,roofline,gate"
    wanted = (a.only or (every if a.sweep else ",".join(QUICK))).split(",")
    if unknown := set(wanted) - set(every.split(",")):
        parser.error(f"--only {','.join(sorted(unknown))}: there are {every}")
    n = 0
    lines = ["scenario,kind,places,faults,exit_4,failures"]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name).resolve()
        (work / "tiny").mkdir()
        subprocess.run([a.make_tiny_model.absolute(), work / "tiny"], check=True)
        old = None
        for scenario in scenarios(work, wanted):
            old = old or snapshot(work / "old")
            for kind, n_places, faults in faults_of(scenario, a.sweep, a.kind.split(",")):
                n_failures, scenario.n_told = fail.n, 0
                for fault in faults:
                    scenario.check(fault)
                n += len(faults)
                lines.append(f"{scenario.name},{kind},{n_places},{len(faults)},{scenario.n_told},{fail.n - n_failures}")
                print("#", lines[-1], flush=True)
                if a.csv:
                    a.csv.write_text("\n".join(lines) + "\n")
        if snapshot(work / "old") != old:
            fail("an older result directory is not what it was")
    print(f"{n} faults, {fail.n} failures")
    return fail.n != 0


sys.exit(main())
