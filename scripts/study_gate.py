#!/usr/bin/env python3
"""How often does the gate alarm when nothing changed, and how often does it find a slow-down that was put there?

    scripts/study_gate.py ZOGAP SPINNING OUT [--same 100] [--slower 0.10:20 ...] [--others 0.05] [--busy N]
                          [zogap gate's options...]

ZOGAP against itself, `--same` times; then ZOGAP against SPINNING (build/tests/harness/zogap_spinning, whose steps
take longer by the share in ZOGAP_TEST_SPIN; "-" where there is no --slower), N times for each SHARE:N of `--slower`.
Each gate has a seed of its own, which draws its batches and the order of builds in a block.  Gates are OUT/*.json, and are kept when the study
is run again with the same options; OUT/gates.csv has a row each, `others` being the share of this process's cpus
(bind it: taskset) that other processes had meanwhile.  With --others SHARE a gate waits until they have less, and one
during which they had more is set aside, whatever it said, and run again: OUT/*.disturbed-N.json, rows with disturbed
1.  With --busy N, N programs keep cpus busy beside every gate: none may be called worse.  The least study is the one
of the defaults, and `seconds` that of the decision, pilots and checks included:

    scripts/study_gate.py build/zogap - studies/default --same 20
    scripts/study_gate.py build/zogap - studies/busy --same 20 --busy 2 --engines naive,fused --model opt-mini --max-time 60

A threshold of half the slow-down gives its estimate room:

    scripts/study_gate.py build/zogap build/tests/harness/zogap_spinning studies/gate --same 100 --slower 0.10:20 \\
        --engines fused --model opt-mini --batch 1,2,4,8 --blocks 20
"""
import argparse
import json
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import time

import study

VERDICTS = ("worse", "undecided", "same", "better")


class Watch:
    """What others do on the cpus that this process may use, from its making on."""

    def __init__(self):
        self.begin, self.begin_busy, self.begin_own = time.monotonic(), self.busy(), self.own()

    @staticmethod
    def busy():
        names = {f"cpu{cpu}" for cpu in os.sched_getaffinity(0)}
        lines = [line.split() for line in pathlib.Path("/proc/stat").read_text().splitlines()]
        # user, nice, system, irq, softirq: not idle, iowait, nor steal, which is another machine's
        ticks = sum(int(line[i]) for line in lines if line[0] in names for i in (1, 2, 3, 6, 7))
        return ticks / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def own():
        uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(use.ru_utime + use.ru_stime for use in uses)

    def others(self):
        lasted = (time.monotonic() - self.begin) * len(os.sched_getaffinity(0))
        return max(0.0, self.busy() - self.begin_busy - (self.own() - self.begin_own)) / lasted


def wait_for_others(most):
    while most < 1:
        watch = Watch()
        time.sleep(2)
        if watch.others() <= most:
            return


class Busy:
    """Programs that spin beside what is run inside `with`."""

    def __init__(self, n):
        self.n = n

    def __enter__(self):
        self.programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(self.n)]

    def __exit__(self, *_):
        for program in self.programs:
            program.kill()
            program.wait()


def gate(binaries, share, path, options, most, n_busy):
    """One gate into path, unless it is there; its document, the seconds that it took, and others' share."""
    command = [str(binaries[0]), "gate", "--baseline-bin", str(binaries[0]), "--candidate-bin", str(binaries[1]),
               "--json", str(path), "--quiet", *options]
    told = path.with_suffix(".command")
    if path.exists():
        if told.read_text().splitlines()[0] != shlex.join(command):
            sys.exit(f"{path} is of another gate: {told.read_text().splitlines()[0]}")
    else:
        wait_for_others(most)
        begin, watch = time.monotonic(), Watch()
        with Busy(n_busy):
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "ZOGAP_TEST_SPIN": str(share)})
        if done.returncode not in (0, 1) or not path.exists():
            sys.exit(f"{shlex.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
        told.write_text(f"{shlex.join(command)}\n{time.monotonic() - begin:.1f}\n{watch.others():.3f}\n")
    _, seconds, others = told.read_text().splitlines()
    return json.loads(path.read_text()), float(seconds), float(others)


def set_aside(path):
    n = len(list(path.parent.glob(f"{path.stem}.disturbed-*.json")))
    for old in (path, path.with_suffix(".command")):
        old.rename(old.with_name(f"{path.stem}.disturbed-{n}{old.suffix}"))


def row_of(share, i, disturbed, found, seconds, others):
    ratios, lows, highs = (" ".join(f"{case[name]:.4f}" for case in found["cases"])
                           for name in ("ratio", "ratio_low", "ratio_high"))
    return (share, i, disturbed, found["verdict"], *(found["counts"][v] for v in VERDICTS),
            len(found["cases"][0]["baseline"]), seconds, others, ratios, lows, highs,
            found.get("samples_share"), found.get("busy_blocks"))


def disturbed_rows(share, i, path):
    for old in sorted(path.parent.glob(f"{path.stem}.disturbed-*.json")):
        _, seconds, others = old.with_suffix(".command").read_text().splitlines()
        yield row_of(share, i, 1, json.loads(old.read_text()), float(seconds), float(others))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    program = lambda path: None if path == "-" else pathlib.Path(path).absolute()  # "./zogap" would lose its "./"
    parser.add_argument("zogap", type=program)
    parser.add_argument("spinning", type=program)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--same", type=int, default=100)
    parser.add_argument("--slower", action="append", default=[], metavar="SHARE:N")
    parser.add_argument("--others", type=float, default=1.0, metavar="SHARE")
    parser.add_argument("--busy", type=int, default=0, metavar="N")
    a, options = parser.parse_known_args()
    plans = [(0.0, a.same)] if a.same else []
    plans += [(float(share), int(n)) for share, n in (plan.split(":") for plan in a.slower)]
    a.out.mkdir(parents=True, exist_ok=True)
    lines, tallies = [], []
    for share, n in plans:
        tally = dict.fromkeys(VERDICTS, 0)
        longest, same_in_time = 0.0, 0
        for i in range(n):
            binaries = (a.zogap, a.spinning if share else a.zogap)
            path = a.out / f"{share:g}-{i:03d}.json"
            while True:
                found, seconds, others = gate(binaries, share, path, [*options, "--seed", str(i + 1)], a.others,
                                             a.busy)
                row = row_of(share, i, 0, found, seconds, others)
                print(f"{share:.1%} slower, gate {i + 1} of {n}: {found['verdict']}, {row[8]} blocks, {seconds:.0f} s, "
                      f"{found.get('samples_share') or 0:.0%} in samples, {found.get('busy_blocks')} blocks busy, "
                      f"others {others:.1%}, ratios {row[11]} [{row[12]}, {row[13]}]", flush=True)
                if others <= a.others:
                    break
                set_aside(path)
            lines += [*disturbed_rows(share, i, path), row]
            tally[found["verdict"]] += 1
            longest = max(longest, seconds)
            same_in_time += found["verdict"] == "same" and seconds <= 180
        tallies.append((share, n, tally, longest, same_in_time))
    study.write_csv(a.out / "gates.csv", ["slowdown", "gate", "disturbed", "verdict", *(f"cases_{v}" for v in VERDICTS),
                                          "blocks", "wall_s", "others", "ratios", "lows", "highs", "samples_share",
                                          "busy_blocks"], lines)
    for share, n, tally, longest, same_in_time in tallies:
        told = ", ".join(f"{tally[v]} {v}" for v in VERDICTS)
        print(f"{share:.1%} slower: of {n} gates {told}; the longest took {longest:.0f} s; same within three minutes: "
              f"{same_in_time}")
    aside = [line for line in lines if line[2]]
    if aside:
        told = ", ".join(f"{sum(line[3] == v for line in aside)} {v}" for v in VERDICTS)
        print(f"set aside, for others had more than {a.others:.0%} of the cpus: {len(aside)} gates, {told}")


if __name__ == "__main__":
    main()
