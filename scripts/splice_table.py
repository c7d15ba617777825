#!/usr/bin/env python3
"""Puts the gap table of a result directory into a Markdown file, between the lines `<!-- gap table -->` and
`<!-- end of gap table -->`, and the command that made it between `<!-- gap command -->` and its end.

    scripts/splice_table.py results/DATE-MACHINE README.md

The table, the command and the machine come from summary.csv and meta.json; nothing is typed by hand.
"""
import csv
import json
import pathlib
import re
import shlex
import sys
import textwrap

import study


def number(text, form, missing="-"):
    return format(float(text), form) if text else missing


def gap_table(directory):
    meta = json.loads((directory / "meta.json").read_text())
    with open(directory / "summary.csv", newline="") as f:
        rows = [study.split_algorithm(row) for row in csv.DictReader(f)]
    true = any(r.get("fidelity_probes") for r in rows)
    second = rows[0].get("second_baseline")
    columns = ["engine", "s/step", "speed-up (95 %)", *([f"over {second}"] if second else []), "of peak", "RSS MiB",
               *(["sign match"] if true else [])]
    lines = [columns]
    for r in rows:
        ratio = number(r["speedup"], ".2f")
        if r["speedup_ci_low"]:
            ratio += f" ({number(r['speedup_ci_low'], '.2f')} to {number(r['speedup_ci_high'], '.2f')})"
        lines.append([
            r["engine"], number(r["wall_s_per_step_median"], ".4f"), ratio,
            *([number(r["second_speedup"], ".2f")] if second else []),
            number(r["peak_share"], ".1%"), number(r["peak_rss_mib"], ".0f"),
            *([number(r["fidelity_sign"], ".1%")] if true else []),
        ])
    lines = [f"| {' | '.join(cells)} |" for cells in lines]
    lines.insert(1, "|" + "---|" * len(columns))
    return meta, rows, lines


def main(directory, target):
    directory, target = pathlib.Path(directory), pathlib.Path(target)
    meta, rows, lines = gap_table(directory)
    first = rows[0]
    failed = [r["engine"] for r in rows if r["verified"] == "0"]
    if failed or len({tuple(r.get(c) for c in ("model", "task", "batch", "algorithm", "rank", "nu", "seed")) for r in rows}) > 1:
        sys.exit(f"{directory}: wants one case with engines that all agree" + (f"; {', '.join(failed)} does not" if failed else ""))
    dtypes = list(dict.fromkeys(r["dtype"] for r in rows))
    low = [d for d in dtypes if d != "fp32"]
    layers = (
        f" ({first['layers_resident']} of {first['layers']} layers resident, repeated: throughput only)"
        if first["extrapolated"] == "1"
        else ""
    )
    checked = f"fp32 engines verified equal, losses in {', '.join(low)} to its tolerance" if low else "all engines verified equal"
    caption = (
        f"{first['model']} shape{' (synthetic weights: throughput only)' if first['synthetic'] == '1' else ''}{layers}, "
        f"task {first['task']}, {first['algorithm']}, batch {first['batch']}, rank {first.get('rank', '-')}, "
        f"{first['threads']} threads, {first['n']} blocks of the same {first['steps']} steps; {checked}. "
        f"Machine: {meta['machine']['cpu']['name'].strip()}. Evidence: [{directory.name}](results/{directory.name}/)."
    )
    command = " ".join(["build/zogap", *map(shlex.quote, meta["command_line"])])
    wrap = textwrap.TextWrapper(break_long_words=False, break_on_hyphens=False)
    wrap.width = 120
    splice(target, "gap table", [*lines, "", *wrap.wrap(caption)])
    wrap.width, wrap.subsequent_indent = 98, "  "
    splice(target, "gap command", ["```sh", " \\\n".join(wrap.wrap(command)), "```"])


def splice(target, name, lines):
    """Puts lines between `<!-- NAME -->` and `<!-- end of NAME -->`, where the file has them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    text = target.read_text()
    if begin not in text or end not in text:
        sys.exit(f"{target}: needs the lines {begin.strip()} and {end}")
    head, rest = text.split(begin, 1)
    target.write_text(head + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
