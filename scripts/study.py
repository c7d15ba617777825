"""What the study_*.py scripts share: running zogap into a directory of its own, and reading what it wrote."""
import csv
import json
import pathlib
import shlex
import subprocess
import sys


def run(zogap, out, options):
    """Runs `zogap run` unless OUT holds a complete result; goes on with one that was cut off."""
    out = pathlib.Path(out)
    command = [str(zogap), "run", "--out", str(out), "--quiet", *options]
    meta = out / "meta.json"
    if meta.exists():
        if json.loads(meta.read_text())["status"] == "complete":
            print(f"# kept: {out}")
            return
        command.append("--resume")
    out.parent.mkdir(parents=True, exist_ok=True)
    print("#", shlex.join(command), flush=True)
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if code:
        sys.exit(f"{shlex.join(command)}: exit code {code}")


def rows(out, name="summary.csv"):
    with open(pathlib.Path(out) / name, newline="") as f:
        return list(csv.DictReader(f))


def write_csv(path, header, lines):
    with open(path, "w", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
    print(f"# wrote {path}")
