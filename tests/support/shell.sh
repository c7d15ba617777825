# shell.sh - what tests of the command line share.  Sourced first of all:
#
#     . "$(dirname "$0")/../../support/shell.sh"
#     zogap=$1
#     make_tiny "$2"                              # a model, tiny
#     run 0 info --format json                    # exit code 0; out.txt, err.txt: what it says
#     says out.txt '"isa"'
#     expect 2 'batch 0: must be' run --batch 0   # the same in one, of a failure also that it is one line
#     finish
#
# The current directory is one of the test's own, $work, and is removed at its end.  A check that fails is told and
# counted; finish, the last command, is the test's exit code.
set -u
shell_from=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
n=0 # commands that were run

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$*"
}

finish() {
  echo "$n commands, $failures failures"
  [ "$failures" = 0 ]
}

# from_here PATH: of a path that was given to the test, from where it was started.
from_here() { (cd "$shell_from" && realpath "$1"); }

# run CODE ARGUMENT...: zogap's exit code; out.txt and err.txt, of $work, get what it says.
run() {
  local code=$1 got
  shift
  n=$((n + 1))
  timeout 120 "$zogap" "$@" >"$work/out.txt" 2>"$work/err.txt" </dev/null
  got=$?
  [ "$got" = "$code" ] || fail "exit code $got, not $code: zogap $*: $(head -c 400 "$work/err.txt")"
}

# says FILE PATTERN: a line of the file has the extended pattern.
says() { grep -qE -- "$2" "$work/$1" || fail "no '$2' in $1: $(head -c 600 "$work/$1")"; }
first_line_says() { head -1 "$work/out.txt" | grep -qE -- "$1" || fail "no '$1' in the first line: $(head -1 "$work/out.txt")"; }
one_line() { [ "$(wc -l <"$work/err.txt")" = 1 ] || fail "not one line of error: $*: $(cat "$work/err.txt")"; }

# expect CODE PATTERN ARGUMENT...: the exit code; of a failure one line on the standard error that has the basic pattern, else
# the standard output has it.  Where $failures_print_nothing is set, a failure has no results either.
expect() {
  local code=$1 pattern=$2 file=out.txt
  shift 2
  run "$code" "$@"
  if [ "$code" != 0 ]; then
    one_line "zogap $*"
    [ -n "${failures_print_nothing-}" ] && [ -s "$work/out.txt" ] && fail "a failure with results: zogap $*: $(head -c 300 "$work/out.txt")"
    file=err.txt
  fi
  [ -z "$pattern" ] || grep -q -e "$pattern" "$work/$file" || fail "no '$pattern' in $file of zogap $*: $(head -c 300 "$work/$file")"
}

# await_lines N FILE PID: until FILE has more than N lines, or the process has ended.
await_lines() {
  for _ in $(seq 3000); do
    [ -s "$2" ] && [ "$(wc -l <"$2")" -gt "$1" ] && return
    kill -0 "$3" 2>/dev/null || return
    sleep 0.02
  done
}

# make_tiny PROGRAM: a small model in the directory tiny; the program is make_tiny_model.
make_tiny() { mkdir tiny && "$1" tiny || exit 1; }

# make_reviews: a task of rows in files, task/mine.json.
make_reviews() {
  mkdir task
  cat >task/mine.json <<'JSON'
{"name": "reviews", "data": {"train": "rows.tsv", "dev": "rows.tsv"}, "delimiter": "\t", "quote": "",
 "template": "{text} It was", "options": [" bad", " good"], "label": "label", "loss": "classification"}
JSON
  { printf 'text\tlabel\n'; for _ in 1 2 3 4 5 6; do printf 'a fine day\t1\na bad day\t0\n'; done; } >task/rows.tsv
}
