"""What the study_*.py scripts share: running zogap into a directory of its own, and reading what it wrote."""
import csv
import json
import pathlib
import re
import shlex
import subprocess
import sys


def run(zogap, out, options):
    """Runs `zogap run` unless OUT holds a complete result; goes on with one that was cut off."""
    out = pathlib.Path(out)
    command = [str(zogap), "run", "--out", str(out), "--quiet", *options]
    meta = out / "meta.json"
    if meta.exists():
        old = json.loads(meta.read_text())
        wanted = [word for word in command[1:] if word != "--quiet"]
        if old["command_line"] != wanted:
            sys.exit(f"{out} holds another run: zogap {shlex.join(old['command_line'])}")
        if old["status"] == "complete":
            print(f"# kept: {out}")
            return
        command.append("--resume")
    out.parent.mkdir(parents=True, exist_ok=True)
    print("#", shlex.join(command), flush=True)
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if code:
        sys.exit(f"{shlex.join(command)}: exit code {code}")


def is_complete(out):
    meta = pathlib.Path(out) / "meta.json"
    return meta.exists() and json.loads(meta.read_text())["status"] == "complete"


def split_algorithm(row):
    """lozo:rank=2+nu=50 as cells of their own, which is how files of schema version 2 have it: algorithm lozo, rank 2, nu
    50.  Then files of all versions have the same names, and what differs between cases shows by itself."""
    name, _, options = (row.get("algorithm") or "").partition(":")
    if not options:
        return row
    cells = dict(option.split("=", 1) for option in re.split(r"\+(?=\D)", options))
    cells = {key.replace("-", "_"): value for key, value in cells.items()}
    usual = {"direction": "correct", "direction_scale": "none"} if name == "lozo" else {}
    split = {}
    for key, value in row.items():
        split[key] = name if key == "algorithm" else value
        if key == "algorithm":
            split.update({**cells, **{k: v for k, v in usual.items() if k not in cells}})
    return split


def rows(out, name="summary.csv"):
    """A file's rows, the algorithm's options in columns; of the summary only, an engine that failed its check ends the
    study."""
    with open(pathlib.Path(out) / name, newline="") as f:
        lines = [split_algorithm(line) for line in csv.DictReader(f)]
    failed = [line["engine"] for line in lines if line.get("verified") == "0"]
    if failed:
        sys.exit(f"{out}: not verified, so not timed: {', '.join(failed)}")
    return lines


def write_csv(path, header, lines):
    with open(path, "w", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
    print(f"# wrote {path}")
