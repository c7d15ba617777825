#!/usr/bin/env python3
"""Do two builds compute the same bits?  Losses, gradients and weights of every engine, dtype and mechanism on one case.

    same_bits.py OLD NEW [ENGINE...]                  two builds on this machine, in every ISA that it has
    same_bits.py --goldens FILE BUILD                 a build against the file of goldens (ctest: bits_portable, ...)
    same_bits.py --write FILE BUILD                   makes that file

A build is a build directory, or the program itself (tests/engines/bits).  Into a directory that lacks the program, as of
an older tree, it is compiled here: the source (--source) against the tree's headers and the directory's libraries.

    git worktree add ../old 297c9dd && cmake -S ../old -B ../old/build -DCMAKE_BUILD_TYPE=Release
    cmake --build ../old/build --target zogap && scripts/same_bits.py ../old/build build

Exit codes: 0 the same, 1 different, 2 usage, 77 this machine lacks the ISA."""
import argparse
import math
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
ISAS = ["portable", "avx2", "avx512", "avx512bf16", "amx"]
OWN = ["fused", "naive:gemm=reference"]  # no library computes in them
PARTS = ["losses", "gradients", "weights", "cost"]
SKIPPED = 77


class Line:
    """One configuration's: what it is, its hashes, its loss and gradient as numbers."""

    def __init__(self, text):
        self.name, hashes, numbers = (part.strip() for part in text.split("|"))
        self.hashes = hashes.split()
        self.loss, self.gradient = (float(number) for number in numbers.split())

    def short(self):
        return f"{zlib.crc32(' '.join(self.hashes[:3]).encode()):08x}"

    def cost(self):
        return self.hashes[3][:8]


def compiled(build, source, scratch):
    """The program, linked as the build links its own: the same compiler, flags and libraries."""
    cache = (build / "CMakeCache.txt").read_text()
    entry = lambda name: re.search(rf"^{name}:\w+=(.*)$", cache, re.M).group(1)
    flags = " ".join(f"{entry('CMAKE_C_FLAGS')} {entry('CMAKE_C_FLAGS_' + entry('CMAKE_BUILD_TYPE').upper())} "
                     f"{entry('ZOGAP_SANITIZE')}".split())
    words = shlex.split((build / "harness/CMakeFiles/zogap.dir/link.txt").read_text())
    kept = [word for word in words[1:] if re.search(r"\.so(\.\d+)*$", word) or re.match(r"-(?!o$|I|D)", word)]
    archives = [str(path) for path in sorted((build / "engines").rglob("*.a"))]
    program = scratch / f"bits{len(list(scratch.iterdir()))}"
    subprocess.run([entry("CMAKE_C_COMPILER"), "-std=gnu11", f'-DZG_BITS_FLAGS="{flags}"', "-I",
                    entry("CMAKE_HOME_DIRECTORY"), str(source), "-o", str(program), "-Wl,--start-group", *archives,
                    "-Wl,--end-group", *kept, "-fopenmp", "-lm"], check=True)
    return program


def program_of(build, source, scratch):
    build = pathlib.Path(build)
    if not build.is_dir():
        return build
    program = build / "tests/engines/bits"
    return program if program.exists() else compiled(build, source, scratch)


def output(program, isa, engines, n_threads):
    environment = dict(os.environ, ZOGAP_ISA=isa, OMP_WAIT_POLICY="passive")
    command = [str(program.resolve()), "--threads", str(n_threads), *engines]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"{program}: exit code {result.returncode} in {isa}")
    return result.stdout.splitlines()


class Level:
    """What a program computes in an ISA."""

    def __init__(self, program, isa, engines, n_threads):
        head, *lines = output(program, isa, engines, n_threads)
        self.key, self.column = (part.strip() for part in head.lstrip("#").split("|"))
        self.lines = {line.name: line for line in map(Line, lines)}
        if not self.lines:
            sys.exit(f"{program}: no such engine: {' '.join(engines)}")


def has_isa(program, isa):
    """The cap is an upper bound: a machine that lacks the ISA runs a lower one."""
    return output(program, isa, ["none"], 1)[0].split("|")[1].split("-")[0].strip() == isa


# ---- two builds ---------------------------------------------------------------------------------------------------------

def compare(old, new, isas, engines, n_threads):
    n_lines = n_different = 0
    for isa in isas:
        if not has_isa(old, isa):
            continue
        before, after = Level(old, isa, engines, n_threads), Level(new, isa, engines, n_threads)
        if before.key != after.key:
            print(f"note: {before.key} against {after.key}")
        for name, line in before.lines.items():
            other = after.lines.get(name)
            n_lines += 1
            if other and line.hashes == other.hashes:
                continue
            n_different += 1
            if not other:
                print(f"{isa}: {name}: not in {new}")
                continue
            parts = ", ".join(part for part, a, b in zip(PARTS, line.hashes, other.hashes) if a != b)
            print(f"{isa}: {name}: {parts} differ; loss {line.loss:.9g} -> {other.loss:.9g}, "
                  f"gradient {line.gradient:.6g} -> {other.gradient:.6g}")
        for name in after.lines.keys() - before.lines.keys():
            print(f"{isa}: {name}: new")
        print(f"{before.column}: {len(before.lines)} configurations", flush=True)
    print(f"{n_different} of {n_lines} differ" if n_different else f"the same bits: all of {n_lines}")
    return 1 if n_different else 0


# ---- goldens ------------------------------------------------------------------------------------------------------------

HEADER = """\
# The bits of zogap's own engines on the case of tests/engines/bits.c, which says what a name means.
# Made by `scripts/same_bits.py --write tests/engines/goldens.txt BUILD`.  A change of it is a change of numerics: the
# commit says why.
#
#     NAME | loss gradient | cost and, for each ISA, hash of losses, gradients and weights
#
# They do not depend on the number of threads.  They do on the compiler and its flags (which products and sums it contracts),
# and may on libm's exp() and log().  So hashes are compared where the key is the same, elsewhere the numbers, within what
# rounding may do; the cost always.
"""


def write(path, program, n_threads):
    levels = [Level(program, isa, OWN, n_threads) for isa in ISAS if has_isa(program, isa)]
    columns = " ".join(level.column for level in levels)
    with open(path, "w") as f:
        f.write(HEADER)
        f.write(f"# key: {levels[0].key}\n# isa: {columns}\n")
        for name, line in levels[0].lines.items():
            shorts = " ".join(level.lines[name].short() for level in levels)
            f.write(f"{name} | {line.loss:.9g} {line.gradient:.6g} | {line.cost()} {shorts}\n")
    print(f"wrote {path}: {len(levels[0].lines)} configurations in {columns}")


def loss_tolerance(name, loss):
    """How far another order of fp32 sums may move a loss.  In fp32 it is conformance's (zg_rig_tolerance): a sum of k terms
    is off by 2 u sqrt(k), and 8 layers + 2 such errors add up.  Below fp32 two compilations round almost all numbers alike;
    where a sum lies at the edge of two, one is off by a unit: together less than one u in the loss (measured between the
    ISAs: a tenth)."""
    dtypes = name.split()[1].split("+")
    if dtypes == ["fp32"]:
        return 2 * 2.0**-24 * math.sqrt(72) * math.sqrt(8 * 3 + 2) * (1 + abs(loss))
    return 2.0**-8 * (1 + abs(loss))


def is_near(name, line, loss, gradient):
    """Both losses of a gradient may be off, over 2 eps."""
    allowed = loss_tolerance(name, loss)
    return abs(line.loss - loss) <= allowed and abs(line.gradient - gradient) <= allowed / 1e-2


def read_goldens(path):
    head, rows = {}, {}
    for text in pathlib.Path(path).read_text().splitlines():
        if text.startswith("#"):
            field = re.match(r"# (key|isa): (.*)", text)
            if field:
                head[field[1]] = field[2]
            continue
        name, numbers, hashes = (part.strip() for part in text.split("|"))
        cost, *shorts = hashes.split()
        rows[name] = (*(float(x) for x in numbers.split()), cost, dict(zip(head["isa"].split(), shorts)))
    return head["key"], rows


def check(path, program, isas, n_threads):
    golden_key, rows = read_goldens(path)
    n_bad = n_levels = 0
    for isa in isas:
        if not has_isa(program, isa):
            print(f"{isa}: skipped, this machine lacks it")
            continue
        n_levels += 1
        level = Level(program, isa, OWN, n_threads)
        key, column, lines = level.key, level.column, level.lines
        exact = key == golden_key and column in next(iter(rows.values()))[3]
        for name, (loss, gradient, cost, shorts) in rows.items():
            line = lines.pop(name, None)
            if not line:
                problem = "is missing"
            elif line.cost() != cost:
                problem = "another cost"
            elif exact and line.short() != shorts[column]:
                problem = "other bits"
            elif not is_near(name, line, loss, gradient):
                problem = "beyond rounding"
            else:
                continue
            n_bad += 1
            numbers = f"loss {line.loss:.9g}, gradient {line.gradient:.6g}" if line else "nothing"
            print(f"{isa}: {name}: {problem}: {numbers}; golden {loss:.9g}, {gradient:.6g}")
        for name in lines:
            n_bad += 1
            print(f"{isa}: {name}: not among the goldens")
        how = "hashes" if exact else f"numbers within rounding, as hashes are of {golden_key}"
        print(f"{column}: {len(rows)} configurations of {key}: {how}")
    if not n_levels:
        return SKIPPED
    print(f"{n_bad} differ" if n_bad else "the same")
    return 1 if n_bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldens", metavar="FILE", help="compare BUILD with this file")
    parser.add_argument("--write", metavar="FILE", help="make this file from BUILD")
    parser.add_argument("--isa", type=lambda text: text.split(","), default=ISAS, help="of: " + ",".join(ISAS))
    parser.add_argument("--threads", type=int, default=2, help="bits do not depend on it: 2")
    parser.add_argument("--source", type=pathlib.Path, default=ROOT / "tests/engines/bits.c",
                        help="the program, where a build lacks it")
    parser.add_argument("build", nargs="+", metavar="BUILD")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        program = lambda i: program_of(args.build[i], args.source, pathlib.Path(scratch))
        if args.write:
            return write(args.write, program(0), args.threads)
        if args.goldens:
            return check(args.goldens, program(0), args.isa, args.threads)
        if len(args.build) < 2:
            parser.error("two builds to compare, or --goldens FILE and one")
        return compare(program(0), program(1), args.isa, args.build[2:], args.threads)


if __name__ == "__main__":
    sys.exit(main())
