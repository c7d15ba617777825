#!/usr/bin/env bash
# coverage.sh - which lines and branches of loaders, CSV, statistics and gate do their tests take?  Builds with --coverage
# (build-coverage/), runs the tests of those rooms and the gate's, reads what they took with lcov, prints a table.
#   scripts/coverage.sh [--at-least PERCENT] [--html] [--no-run]
# --at-least 95: exit code 1 if a room has fewer of its branches (default: 0).  --html: build-coverage/html/ too, line by
# line.  --no-run: of the counts that there are.  Optimisation is off, so that a branch is one of the source.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh

rooms=(engines/model workloads harness/rows harness/stats harness/gate)
# Folders of tests: those of the rooms, and those that use them.  Not test_harness_faults: libgcov's own allocations would
# fail too.
tests=(engines/base engines/model workloads harness/rows harness/stats harness/store harness/gate)
at_least=0 html= run=1
while [ $# -gt 0 ]; do
  case $1 in
  --at-least)
    at_least=${2?"coverage.sh: --at-least PERCENT"}
    shift
    ;;
  --html) html=1 ;;
  --no-run) run= ;;
  *)
    echo "usage: scripts/coverage.sh [--at-least PERCENT] [--html] [--no-run]" >&2
    exit 2
    ;;
  esac
  shift
done

want_packages "${zogap_coverage_packages[@]}"
command -v lcov >/dev/null || { echo "coverage.sh: lcov is needed: apt-get install lcov" >&2 && exit 2; }

build=build-coverage
jobs=${JOBS:-$(nproc)}
if [ -n "$run" ]; then
  mkdir -p "$build"
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Coverage -DCMAKE_C_FLAGS_COVERAGE="-O0 -g --coverage -fprofile-update=atomic" >/dev/null
  cmake --build "$build" -j "$jobs" >"$build/build.log" || { tail -20 "$build/build.log" >&2 && exit 2; }
  find "$build" -name '*.gcda' -delete
  for folder in "${tests[@]}"; do
    ctest --test-dir "$build/tests/$folder" --no-tests=error -j "$jobs" --output-on-failure -Q ||
      { echo "coverage.sh: a test of $folder fails" >&2 && exit 2; }
  done
fi

# Branches inside of assert() and of jansson's loop macro, and of marked lines, are not counted.
lcov=(lcov --quiet --rc lcov_branch_coverage=1 --rc 'lcov_excl_br_line=LCOV_EXCL_BR_LINE|json_object_foreach|assert\(')
patterns=()
for room in "${rooms[@]}"; do
  patterns+=("$PWD/$room/*.c")
done
"${lcov[@]}" --capture --directory "$build" --base-directory . --no-external \
  --output-file "$build/all.info" 2>"$build/lcov.log" || { tail -5 "$build/lcov.log" >&2 && exit 2; }
"${lcov[@]}" --extract "$build/all.info" "${patterns[@]}" --output-file "$build/rooms.info"
[ -z "$html" ] || genhtml --quiet --branch-coverage --prefix "$PWD" --output-directory "$build/html" "$build/rooms.info"

awk -v root="$PWD/" -v at_least="$at_least" '
  function share(n, of) { return of ? 100 * n / of : 100 }
  function row(name, a, b, c, d) {
    printf "%-36s %6d of %5d %6.1f %%   %6d of %5d %6.1f %%\n", name, a, b, share(a, b), c, d, share(c, d)
  }
  /^SF:/ { file = substr($0, 4); sub(root, "", file); room = file; sub("/[^/]*$", "", room) }
  /^LF:/ { lines[file] = substr($0, 4) }
  /^LH:/ { lines_taken[file] = substr($0, 4) }
  /^BRF:/ { branches[file] = substr($0, 5) }
  /^BRH:/ { branches_taken[file] = substr($0, 5) }
  /^end_of_record/ {
    if (!(room in seen)) order[++n_rooms] = room
    seen[room] = 1
    files[room] = files[room] " " file
  }
  END {
    printf "%-36s %24s   %24s\n", "file", "lines", "branches"
    for (i = 1; i <= n_rooms; i++) {
      room = order[i]
      n = split(files[room], names, " ")
      a = b = c = d = 0
      for (j = 1; j <= n; j++) {
        f = names[j]
        row(f, lines_taken[f], lines[f], branches_taken[f], branches[f])
        a += lines_taken[f]; b += lines[f]; c += branches_taken[f]; d += branches[f]
      }
      row("= " room, a, b, c, d)
      print ""
      if (share(c, d) < at_least) too_few = too_few " " room
      A += a; B += b; C += c; D += d
    }
    row("= all", A, B, C, D)
    if (too_few) { print "fewer than " at_least " % of the branches:" too_few; exit 1 }
  }' "$build/rooms.info"
