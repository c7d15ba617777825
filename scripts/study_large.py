#!/usr/bin/env python3
"""The step from OPT-1.3B to 13B, batch 16 to 128: a table as the paper's of the core step.

    scripts/study_large.py ZOGAP OUT [--models LIST] [--batches LIST] [--engines LIST] [--memory GIB]
                           [--blocks N] [--budget S] [--budget-rest S] [zogap run's options...]

A cell is one `zogap run` in OUT/MODEL-bBATCH, cheapest first; a complete one is kept, so that the study can go
on another day.  Where the engines together need more than --memory, the run keeps the most layers that fit in
their dtypes (fused:dtype=int8 keeps all 40 of 13B) and repeats them up to the depth (--layers-resident): such
cells carry a * in the table.  A cell that would take the study beyond --budget seconds is measured without the
first engine, the loop, in OUT/MODEL-bBATCH-rest, if that takes no more than --budget-rest seconds for all of them;
else it is left out, with the time that it would take: the loop's step on 13B and 128 examples alone is half an hour
on two cores.  OUT/large.csv has every cell.
"""
import argparse
import pathlib
import time

import study

SHAPES = {"opt-1.3b": (24, 2048), "opt-2.7b": (32, 2560), "opt-6.7b": (32, 4096), "opt-13b": (40, 5120)}
N_VOCAB, N_POSITIONS = 50272, 2050
# Steps of an engine in a --brief run beside its blocks: three of the check, one of warm-up, one for the phases
# (and one more to count in them, without --events none).
STEPS_BESIDE = 5
# The loop on two cores with AVX2, until the first cell says what it is here.
FIRST_RATE = 2.2 / (125e6 * 16**1.1)


def parameters(model):
    n_layers, d = SHAPES[model]
    return 12 * n_layers * d * d + (N_VOCAB + N_POSITIONS) * d


def bytes_per_weight(engine, options):
    """Of a linear layer's weight; a pair of dtypes keeps both."""
    dtype = next((word[6:] for word in engine.split(":") if word.startswith("dtype=")), None)
    for i, word in enumerate(options):
        if dtype is None and word.split("=")[0] == "--dtype":
            dtype = word[8:] if "=" in word else options[i + 1]
    return sum({"fp32": 4, "bf16": 2, "int8": 1}[part] for part in (dtype or "fp32").split("+"))


def resident_layers(model, batch, weight_bytes, memory_gib):
    """The most distinct layers that fit: each engine has weights of its dtype, fp32 embedding and activations of its own."""
    n_layers, d = SHAPES[model]
    padded_tokens = 2 * batch * 72
    fixed = len(weight_bytes) * 4 * ((N_VOCAB + N_POSITIONS) * d + padded_tokens * 12 * d)
    k = int((memory_gib * 2**30 - fixed) // (sum(weight_bytes) * 12 * d * d))
    return max(1, min(k, n_layers))


def cell_options(a, engines, model, batch, options):
    weight_bytes = [bytes_per_weight(engine, options) for engine in engines]
    k = resident_layers(model, batch, weight_bytes, a.memory)
    aliased = ["--layers-resident", str(k)] if k < SHAPES[model][0] else []
    return ["--engines", ",".join(engines), "--model", model, "--batch", str(batch), "--steps", "1", "--blocks", str(a.blocks),
            "--brief", *aliased]


def size(model, batch):
    return parameters(model) * batch**1.1  # padding grows with the batch


def text(cell, engine, loop):
    row = next((r for r in cell if r["engine"] == engine), None)
    if not row:
        return "-"
    mark = "*" if row["extrapolated"] == "1" else ""
    ratio = f" ({float(row['speedup']):.2f}x)" if row["speedup"] and row["baseline"] == loop != row["engine"] else ""
    return f"{float(row['wall_s_per_step_median']):.2f}{mark}{ratio}"


def step_s(rows):
    return sum(float(r["wall_s_per_step_median"]) for r in rows)


def measure(a, engines, suffix, wanted, budget_s, rate, options):
    """Each cell's rows, and what is left out of `wanted`, in seconds.  rate: a step's of all engines, over size()."""
    begin, cells, skipped = time.monotonic(), {}, {}
    for model, batch in wanted:
        out = a.out / f"{model}-b{batch}{suffix}"
        estimate_s = (STEPS_BESIDE + a.blocks) * rate * size(model, batch)
        if not study.is_complete(out) and time.monotonic() - begin + estimate_s > budget_s:
            skipped[model, batch] = estimate_s
            continue
        study.run(a.zogap, out, [*cell_options(a, engines, model, batch, options), *options])
        cells[model, batch] = study.rows(out)
        rate = step_s(cells[model, batch]) / size(model, batch)
    return cells, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zogap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--models", default=",".join(SHAPES), metavar="LIST")
    parser.add_argument("--batches", default="16,32,64,128", metavar="LIST")
    parser.add_argument("--engines", default="naive,fused", metavar="LIST")
    parser.add_argument("--memory", type=float, default=20, metavar="GIB")
    parser.add_argument("--blocks", type=int, default=2, metavar="N")
    parser.add_argument("--budget", type=float, default=2400, metavar="S")
    parser.add_argument("--budget-rest", type=float, default=0, metavar="S")
    a, options = parser.parse_known_args()
    models, batches, engines = a.models.split(","), [int(b) for b in a.batches.split(",")], a.engines.split(",")
    a.out.mkdir(parents=True, exist_ok=True)  # also where the budget has room for no cell
    wanted = sorted(((m, b) for m in models for b in batches), key=lambda c: size(*c))
    cells, skipped = measure(a, engines, "", wanted, a.budget, FIRST_RATE, options)
    if len(engines) > 1:
        rates = [step_s(rows[1:]) / size(*cell) for cell, rows in cells.items()]
        rest, skipped_rest = measure(a, engines[1:], "-rest", list(skipped), a.budget_rest, max(rates, default=FIRST_RATE),
                                     options)
        cells |= rest
        skipped = {cell: skipped[cell] for cell in skipped_rest}
    lines = [(r["model"], r["batch"], r["engine"], r["dtype"], r["layers_resident"], r["extrapolated"],
              r["wall_s_per_step_median"], r["baseline"], r["speedup"], r["gflops_useful"], r["peak_share"], r["peak_rss_mib"])
             for cell in cells.values() for r in cell]
    study.write_csv(a.out / "large.csv",
                    ["model", "batch", "engine", "dtype", "layers_resident", "extrapolated", "wall_s_per_step", "baseline",
                     "speedup", "gflops_useful", "peak_share", "peak_rss_mib"], lines)
    timed = list(dict.fromkeys(line[2] for line in lines))
    print("\n| model | engine | " + " | ".join(f"batch {b}" for b in batches) + " |\n|---|---|" + "---|" * len(batches))
    for model in models:
        for engine in timed:
            row = (text(cells.get((model, b), []), engine, engines[0]) for b in batches)
            print(f"| {model} | {engine} | " + " | ".join(row) + " |")
    print("\ns/step (speed-up); *: layers repeat up to the depth, see large.csv; synthetic weights.")
    for (model, batch), s in skipped.items():
        print(f"left out: {model}, batch {batch}: about {s / 60:.0f} minutes")


if __name__ == "__main__":
    main()
