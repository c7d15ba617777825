#!/usr/bin/env python3
"""What part of a step is each phase?  From the phases.csv of a result directory, largest first; a line a case and engine,
which names what of the case else differs from line to line.

    scripts/phase_shares.py DIR [PHASE...]        scripts/phase_shares.py DIR adapter
"""
import itertools
import sys

import study


def main(directory, wanted):
    rows = study.rows(directory, "phases.csv")
    # algorithms have options that others do not have
    columns = list(dict.fromkeys(c for r in rows for c in itertools.takewhile(lambda name: name != "phase", r)))
    named = ("engine", "model", "dtype", "batch", "threads")
    differ = [c for c in columns if c not in named and len({r.get(c) for r in rows}) > 1]
    for _, phases in itertools.groupby(rows, lambda r: [r.get(c) for c in columns]):
        phases = list(phases)
        case = phases[0]
        seconds = {r["phase"]: float(r["s_per_step"]) for r in phases}
        total = sum(seconds.values())
        shares = sorted(((s / total, p) for p, s in seconds.items() if not wanted or p in wanted), reverse=True)
        if shares:
            print("{}, {}, {}, batch {}, {} threads".format(*(case[c] for c in named))
                  + "".join(f", {c} {case.get(c) or '-'}" for c in differ) + ":", ", ".join(f"{p} {s:.2%}" for s, p in shares))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
