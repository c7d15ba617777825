#!/usr/bin/env python3
"""Would the unit tests notice?  Changes one operator or constant of a file, runs the file's tests, and says what passed.

    mutate.py --list                             the changes that there are
    mutate.py --number 400 --seed 1              a sample of them; on two cores some ten minutes
    mutate.py --files harness/stats/judge.c      all of one file (any number of --files; a folder is its files)

Which files there are and which test programs are theirs says tests/mutants.txt; which changes nobody could see, and
why, tests/mutants_equivalent.txt.  A change that does not compile does not count, nor does one that gives the same
object code.  It is noticed if a program fails, crashes, or takes five times its processor time.

Nothing is written into the tree: a copy of it is built (BUILD/source, BUILD/build); the changed file lies in a temporary
directory, is compiled as the build compiles the original, and linked before the libraries into programs of its own.
What was found is in the CSV file (--csv), which a second call goes on with: stopping it loses nothing.  What is of
other sources or other tests is measured again.

Exit codes: 0 at least --at-least percent noticed, 1 fewer, 2 it cannot be said (usage, a build or a test that fails
without any change, a list that is stale, stopped)."""
import argparse
import csv
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = ["file", "line", "column", "original", "changed", "outcome", "by", "of"]
MEMORY = 8 << 30  # bytes of address space of a test: a loop that allocates for ever ends


class Stop(Exception):
    """What ends it with exit code 2."""


# ---- a copy of the tree ------------------------------------------------------------------------------------------------

def files_of(source):
    """What git knows, or has not been told to leave out; without git, all but what lies in build directories."""
    listed = subprocess.run(["git", "-C", str(source), "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True,
                            check=False)
    if listed.returncode == 0:
        return [pathlib.Path(os.fsdecode(name)) for name in listed.stdout.split(b"\0") if name]
    return [path.relative_to(source) for path in source.rglob("*")
            if path.is_file() and not path.relative_to(source).parts[0].startswith(("build", "."))]


def copy_tree(source, copy):
    """Makes the copy what the source is; what is the same already stays as old as it is."""
    wanted = [path for path in files_of(source) if (source / path).is_file()]
    for path in wanted:
        new = (source / path).read_bytes()
        if not (copy / path).is_file() or (copy / path).read_bytes() != new:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(new)
            shutil.copymode(source / path, copy / path)
    for path in set(old.relative_to(copy) for old in copy.rglob("*") if old.is_file()) - set(wanted):
        (copy / path).unlink()


# ---- the changes of a text ---------------------------------------------------------------------------------------------

# What nobody changes, then the tokens; longest first.
TOKEN = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')
      | (?P<number>(?:0[xX][0-9a-fA-F]+|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)[uUlLfF]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<operator><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]\#\\])
      | (?P<space>\s+)""", re.X | re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
CONSTANT = re.compile(r"^[ \t]*#[ \t]*define[ \t]+\w+[ \t]+")  # of a constant: what follows is changed like code

INSTEAD = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
           "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
           "++": "--", "--": "++", "!": "", "true": "false", "false": "true", r"'\0'": r"'\1'"}
TWO_SIDED = {"+", "-", "*", "/", "%", "<<", ">>"}
NO_VALUE = {"return", "case", "sizeof", "else", "do", "const", "struct", "enum", "void", "char", "int", "long", "double",
            "float", "unsigned", "static", "size_t", "bool", "FILE"}


def other_numbers(text):
    """0 for 1, 2 and 0 for 1, one more for another; what has an exponent stays."""
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)|(\d+\.\d+)([fF]?)", text)
    if not match:
        return []
    if match[3]:
        whole, fraction = match[3].split(".")
        return [f"{int(whole) + 1}.{fraction}{match[4]}"]
    if match[1][:2] in ("0x", "0X"):
        return [f"{int(match[1], 16) + 1:#x}{match[2]}"]
    value = int(match[1], 8 if re.fullmatch(r"0[0-7]+", match[1]) else 10)
    return [f"{other}{match[2]}" for other in ((value + 1, value - 1) if value == 1 else (value + 1,))]


def is_room(tokens, i):
    """Is it the size of an array that is declared, `char text[64]`?  More room changes nothing."""
    return (i >= 3 and tokens[i].lastgroup == "number" and tokens[i - 1][0] == "[" and
            tokens[i - 2].lastgroup == "name" and
            (tokens[i - 3].lastgroup == "name" and tokens[i - 3][0] not in ("return", "case", "else", "sizeof") or
             tokens[i - 3][0] == "*" and tokens[i - 4].lastgroup == "name" and tokens[i - 4][0] in NO_VALUE))


def instead_of(kind, text, before, after, returned):
    """The texts that may stand in a token's place; `before` and `after` are its neighbours."""
    if kind == "number":
        return other_numbers(text)
    if kind == "name" and text == "ZG_OK" and returned:
        return ["ZG_INPUT"]
    if text in TWO_SIDED:
        value = before and (before[0] in ("number", "char") or before[1] in ")]" or
                            before[0] == "name" and before[1] not in NO_VALUE)
        if not value or after in (")", ",", "*", "const", ">"):
            return []  # a sign, or a pointer
    return [INSTEAD[text]] if text in INSTEAD else []


class Change:
    def __init__(self, file, text, at, length, new):
        begin = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        self.file, self.text = file, text[:at] + new + text[at + length:]
        self.line, self.column = text.count("\n", 0, at) + 1, at - begin + 1
        self.original = text[begin:end].strip()
        self.changed = (text[begin:at] + new + text[at + length:end]).strip()

    def __str__(self):
        return f"{self.file}:{self.line}: {self.original} -> {self.changed}"

    def key(self):
        return self.file, self.original, self.changed

    def place(self):
        return self.file, str(self.line), str(self.column), self.original, self.changed


def changes_of(file, text):
    """Every change of a file, in its order."""
    untouched = []  # (begin, end) of directives, but for the value of a constant
    for match in DIRECTIVE.finditer(text):
        constant = CONSTANT.match(match[0])
        if not constant or "\\\n" in match[0]:
            untouched.append(match.span())
        else:
            untouched.append((match.start(), match.start() + constant.end()))
    tokens = [match for match in TOKEN.finditer(text) if match.lastgroup not in ("skip", "space") and
              not any(begin <= match.start() < end for begin, end in untouched)]
    changes = []
    for i, token in enumerate(tokens):
        before = (tokens[i - 1].lastgroup, tokens[i - 1][0]) if i else None
        after = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if is_room(tokens, i):
            continue
        for new in instead_of(token.lastgroup, token[0], before, after, before and before[1] == "return"):
            changes.append(Change(file, text, token.start(), len(token[0]), new))
    return changes


# ---- the lists ---------------------------------------------------------------------------------------------------------

def read_table(path):
    """file -> its test programs"""
    table = {}
    for i, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if words and len(words) < 2:
            raise Stop(f"{path}:{i}: {words[0]} has no test program")
        if words:
            table[words[0]] = words[1:]
    return table


def read_equivalents(path):
    """(file, original, changed) -> reason.  An entry is four lines: the file, `- original`, `+ changed`, `= reason`."""
    found, entry = {}, []
    for i, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        if not line.strip() or line.startswith("#"):
            continue
        mark = ["", "- ", "+ ", "= "][len(entry)]
        if not line.startswith(mark):
            raise Stop(f"{path}:{i}: \"{line}\" does not begin with \"{mark}\"")
        entry.append(line[len(mark):].strip())
        if len(entry) == 4:
            if tuple(entry[:3]) in found:
                raise Stop(f"{path}:{i}: the entry is there twice")
            found[tuple(entry[:3])] = entry[3]
            entry = []
    if entry:
        raise Stop(f"{path}: the last entry is cut short")
    return found


def refuse_stale(equivalents, path, changes):
    keys = {change.key() for change in changes}
    files = {change.file for change in changes}
    stale = [": ".join((key[0], " -> ".join(key[1:]))) for key in equivalents if key[0] in files and key not in keys]
    if stale:
        raise Stop(f"{path}: stale, for no such change is there:\n  " + "\n  ".join(stale))


# ---- compiling and running ---------------------------------------------------------------------------------------------

def run(words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def limits(cpu_s):
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not os.environ.get("MUTATE_ANY_MEMORY"):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run_test(program, directory, cpu_s):
    """None: passed; else how it failed."""
    with subprocess.Popen([str(program)], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: limits(cpu_s),
                          env=dict(os.environ, TMPDIR=str(directory), OMP_WAIT_POLICY="passive")) as process:
        try:
            code = process.wait(timeout=60 + 10 * cpu_s)
        except subprocess.TimeoutExpired:
            code = -signal.SIGXCPU
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "too long"
    return f"crash {-code}" if code < 0 else f"exit {code}" if code else None


class Build:
    """A build directory of its own, and how it makes objects and programs."""

    def __init__(self, root, path, options):
        self.root, self.path, self.options = root, path, options

    def configure(self):
        words = ["cmake", "-S", str(self.root), "-B", str(self.path), "-G", "Unix Makefiles",
                 "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *self.options]
        self.call(words)
        self.commands = json.loads((self.path / "compile_commands.json").read_text())

    def make(self, targets, jobs):
        self.call(["cmake", "--build", str(self.path), "-j", str(jobs), "--target", *targets])

    def call(self, words):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Stop(f"{shlex.join(words)}:\n{(done.stdout + done.stderr)[-4000:]}")

    def command_of(self, file):
        """(directory, words, object) that compile a file; of several, that of the library of its folder."""
        found = [c for c in self.commands if pathlib.Path(c["file"]) == self.root / file]
        found.sort(key=lambda c: not c["directory"].endswith(str(pathlib.Path(file).parent)))
        if not found:
            raise Stop(f"{file}: the build does not compile it")
        words = shlex.split(found[0]["command"])
        return pathlib.Path(found[0]["directory"]), words, words[words.index("-o") + 1]

    def link_of(self, target):
        """(directory, words) that link a program."""
        for link in self.path.rglob(f"CMakeFiles/{target}.dir/link.txt"):
            return link.parent.parent.parent, shlex.split(link.read_text())
        raise Stop(f"{target}: the build has no such program")

    def sources_of(self, target):
        """What a program is compiled of itself."""
        return [os.path.relpath(c["file"], self.root) for c in self.commands if f"/{target}.dir/" in c["command"]]


class Unit:
    """A file and its test programs: the same object and programs made of any text of the file."""

    def __init__(self, build, file, targets):
        self.build, self.file, self.targets = build, file, targets
        self.text = (build.root / file).read_text()
        self.is_header = not file.endswith(".c")

    def compile(self, text, scratch):
        """target -> {object of the build: object of this text}; None if it does not compile."""
        copy = scratch / "text" / self.file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
        made = {}
        for target in self.targets:
            made[target] = {}
            for file in self.build.sources_of(target) if self.is_header else [self.file]:
                directory, words, name = self.build.command_of(file)
                out = scratch / f"{target if self.is_header else ''}{pathlib.Path(file).name}.o"
                made[target][str(directory / name)] = out
                if not self.is_header and target != self.targets[0]:
                    continue
                words = [str(out) if word == name else word for word in words]
                if not self.is_header:
                    words = [str(copy) if word == str(self.build.root / file) else word for word in words]
                words[-1:-1] = ["-w", "-iquote", str(self.build.root / file.rpartition("/")[0])]
                words[1:1] = ["-I", str(scratch / "text")] if self.is_header else []
                if run(words, cwd=directory, env=dict(os.environ, CCACHE_DISABLE="1")).returncode:
                    return None
        return made

    def link(self, target, objects, scratch):
        """The program of these objects; what a library has of them is then not taken from it."""
        directory, words = self.build.link_of(target)
        out = scratch / target
        words[words.index("-o") + 1] = str(out)
        added = []
        for name, made in objects.items():
            own = [i for i, word in enumerate(words) if str(directory / word) == name]
            for i in own:
                words[i] = str(made)
            added += [] if own else [str(made)]
        first = next(i for i, word in enumerate(words) if word.endswith(".o"))
        words[first:first] = added
        if run(words, cwd=directory).returncode:
            raise Stop(f"{self.file}: {target} does not link with its object in a library's place")
        return out

    def prepare(self, scratch):
        """The text as it is: its objects, how long its tests take.  Ends it if one fails."""
        objects = self.compile(self.text, scratch)
        if not objects:
            raise Stop(f"{self.file}: does not compile by the command of the build")
        self.bytes = self.bytes_of(objects)
        self.cpu_s, digest = {}, hashlib.sha256(self.bytes)
        for target in self.targets:
            program = self.link(target, objects[target], scratch)
            digest.update(program.read_bytes())
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            failed = run_test(program, scratch, 300)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if failed:
                raise Stop(f"{self.file}: {target} fails without any change: {failed}")
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self.cpu_s[target] = int(2 + 5 * spent)
        self.hash = digest.hexdigest()[:12]

    @staticmethod
    def bytes_of(objects):
        return b"".join(out.read_bytes() for made in objects.values() for out in made.values())

    def try_change(self, change, scratch):
        """(outcome, by)"""
        objects = self.compile(change.text, scratch)
        if not objects:
            return "not compiled", ""
        if self.bytes_of(objects) == self.bytes:
            return "equivalent", "the object code is the same"
        for target in self.targets:
            failed = run_test(self.link(target, objects[target], scratch), scratch, self.cpu_s[target])
            if failed:
                return "noticed", f"{target}: {failed}"
        return "survived", ""


# ---- the sample --------------------------------------------------------------------------------------------------------

class Results:
    """place -> row, in a CSV file that grows by a row a change."""

    def __init__(self, path):
        self.path, self.rows = path, {}
        if path.exists():
            with path.open(newline="") as file:
                reader = csv.DictReader(file)
                if reader.fieldnames and reader.fieldnames != COLUMNS:
                    raise Stop(f"{path}: is not what this script writes")
                for row in reader:
                    if None not in row.values():  # else the last of a call that was killed
                        self.rows[tuple(row[name] for name in COLUMNS[:5])] = row
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write()

    def write(self):
        part = self.path.with_name(self.path.name + ".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            place = lambda r: (r["file"], int(r["line"]), int(r["column"]), r["changed"])
            writer.writerows(sorted(self.rows.values(), key=place))
        part.replace(self.path)

    def add(self, change, outcome, by, of):
        row = dict(zip(COLUMNS, (*change.place(), outcome, by, of)))
        self.rows[change.place()] = row
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)
        return row

    def known(self, change, of):
        row = self.rows.get(change.place())
        return row if row and row["of"] == of else None


class Sample:
    """Takes changes in their order until `number` of them count; so the sample is the same for any number of jobs."""

    def __init__(self, changes, units, number, results, equivalents):
        self.changes, self.units, self.number = iter(changes), units, number
        self.results, self.equivalents = results, equivalents
        self.rows, self.running, self.counted, self.failure = [], 0, 0, None
        self.turn = threading.Condition()

    def next(self):
        with self.turn:
            while self.running and self.counted + self.running >= self.number and not self.failure:
                self.turn.wait()
            change = None
            if self.counted + self.running < self.number and not self.failure:
                change = next(self.changes, None)
            self.running += change is not None
            return change

    def work(self, scratch):
        try:
            while (change := self.next()) is not None:
                unit = self.units[change.file]
                row = self.results.known(change, unit.hash)
                found = None if row else unit.try_change(change, scratch)
                with self.turn:
                    row = row or self.results.add(change, *found, unit.hash)
                    self.rows.append((change, self.judged(change, row)))
                    self.counted += self.rows[-1][1]["outcome"] in ("noticed", "survived")
                    self.running -= 1
                    self.turn.notify_all()
                    if found and sys.stderr.isatty():
                        print(f"\r{self.counted} of {self.number}", end="", file=sys.stderr, flush=True)
        except Exception as failure:  # pylint: disable=broad-except
            with self.turn:
                self.failure = self.failure or failure
                self.turn.notify_all()

    def judged(self, change, row):
        reason = self.equivalents.get(change.key())
        if reason and row["outcome"] == "noticed":
            raise Stop(f"listed as equivalent, but {row['by'].split(':')[0]} notices it: {change}")
        if reason and row["outcome"] == "survived":
            row.update(outcome="equivalent", by=reason)
        elif not reason and row["outcome"] == "equivalent" and row["by"] != "the object code is the same":
            row.update(outcome="survived", by="")  # no longer listed
        return row


def report(rows, at_least, counted_all):
    files = {}
    for change, row in rows:
        files.setdefault(change.file, []).append(row["outcome"])
    width = max(map(len, files), default=0)
    print(f"{'file':<{width}}  noticed  survived  equivalent  not compiled")
    for file, outcomes in sorted(files.items()):
        print(f"{file:<{width}}  {outcomes.count('noticed'):>7}  {outcomes.count('survived'):>8}"
              f"  {outcomes.count('equivalent'):>10}  {outcomes.count('not compiled'):>12}")
    for change, row in sorted(rows, key=lambda r: (r[0].file, r[0].line, r[0].column)):
        if row["outcome"] == "survived":
            print(f"survived: {change}")
    noticed = sum(row["outcome"] == "noticed" for _, row in rows)
    counted = noticed + sum(row["outcome"] == "survived" for _, row in rows)
    share = 100 * noticed / counted if counted else 100
    print(f"noticed {noticed} of {counted} ({share:.1f} %)" + ("" if counted_all else ": all that there are"))
    return 0 if share >= at_least else 1


# ---- the command line --------------------------------------------------------------------------------------------------

def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, metavar="N", help="as many changes that count; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample's order; default 1")
    parser.add_argument("--files", nargs="+", default=[], metavar="FILE", help="of these, or folders; default: all")
    parser.add_argument("--only", metavar="TEXT", help="changes whose line holds this text")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="as many at a time; default 1")
    parser.add_argument("--at-least", type=float, default=92, metavar="PERCENT", help="else exit code 1; default 92")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="what was found; default BUILD/mutants.csv")
    parser.add_argument("--list", action="store_true", help="prints the changes, tries none")
    parser.add_argument("--source", type=pathlib.Path, default=ROOT, metavar="DIR", help="the tree; default: this one")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR",
                        help="for the copy and its build; default SOURCE/build-mutate")
    parser.add_argument("--cmake", action="append", default=[], metavar="-DNAME=VALUE", help="an option of the build")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE", help="default SOURCE/tests/mutants.txt")
    parser.add_argument("--equivalents", type=pathlib.Path, metavar="FILE",
                        help="default SOURCE/tests/mutants_equivalent.txt")
    options = parser.parse_args(arguments)
    if options.jobs < 1 or options.number is not None and options.number < 1:
        parser.error("--jobs and --number must be at least 1")
    options.source = options.source.resolve()
    options.build = (options.build or options.source / "build-mutate").resolve()
    options.table = options.table or options.source / "tests/mutants.txt"
    options.equivalents = options.equivalents or options.source / "tests/mutants_equivalent.txt"
    options.csv = options.csv or options.build / "mutants.csv"
    return options


def chosen(table, wanted):
    wanted = [name.rstrip("/") for name in wanted]
    for name in wanted:
        if not any(file == name or file.startswith(name + "/") for file in table):
            raise Stop(f"--files {name}: the table has no such file")
    return [file for file in table if not wanted or any(file == n or file.startswith(n + "/") for n in wanted)]


def mutate(options):
    table = read_table(options.table)
    files = chosen(table, options.files)
    changes = []
    for file in files:
        if not (options.source / file).exists():
            raise Stop(f"{options.table}: {file} is not there")
        changes += changes_of(file, (options.source / file).read_text())
    equivalents = read_equivalents(options.equivalents)
    gone = {key[0] for key in equivalents} - set(table)
    if gone:
        raise Stop(f"{options.equivalents}: stale, for the table has no {', '.join(sorted(gone))}")
    refuse_stale(equivalents, options.equivalents, changes)
    changes = [change for change in changes if not options.only or options.only in change.original]
    if options.list:
        for change in changes:
            print(change, f"   # {equivalents[change.key()]}" if change.key() in equivalents else "")
        return 0
    if options.number is not None or options.jobs > 1:
        random.Random(options.seed).shuffle(changes)
    copy_tree(options.source, options.build / "source")
    build = Build(options.build / "source", options.build / "build", options.cmake)
    build.configure()
    build.make(sorted(set(itertools.chain(*(table[file] for file in files)))), options.jobs)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="mutate-"))
    try:
        units = {file: Unit(build, file, table[file]) for file in files}
        results = Results(options.csv)
        places = [scratch / str(i) for i in range(options.jobs)]
        for place in places:
            place.mkdir()
        for unit in units.values():
            unit.prepare(places[0])
        sample = Sample(changes, units, options.number or len(changes), results, equivalents)
        threads = [threading.Thread(target=sample.work, args=(place,), daemon=True) for place in places]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.1)
        except KeyboardInterrupt:
            with sample.turn:
                sample.failure = Stop("stopped; the same command goes on")
            for thread in threads:
                thread.join(60)
        if sample.failure:
            raise sample.failure
        results.write()
        counted = options.number is None or sample.counted == options.number
        return report(sample.rows, options.at_least, counted)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    try:
        return mutate(parse(sys.argv[1:]))
    except Stop as stop:
        print(f"mutate.py: {stop}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mutate.py: stopped; the same command goes on", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
