#!/usr/bin/env python3
"""What part of a step is each phase?  From the phases.csv of a result directory, largest first.

    scripts/phase_shares.py DIR [PHASE...]        scripts/phase_shares.py DIR adapter
"""
import itertools
import sys

import study


def main(directory, wanted):
    key = lambda r: tuple(r[k] for k in ("engine", "model", "dtype", "batch", "threads"))
    for case, phases in itertools.groupby(study.rows(directory, "phases.csv"), key):
        seconds = {r["phase"]: float(r["s_per_step"]) for r in phases}
        total = sum(seconds.values())
        shares = sorted(((s / total, p) for p, s in seconds.items() if not wanted or p in wanted), reverse=True)
        if shares:
            print("{}, {}, {}, batch {}, {} threads:".format(*case), ", ".join(f"{p} {s:.2%}" for s, p in shares))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
