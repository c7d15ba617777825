#!/usr/bin/env bash
# test_check_docs.sh SOURCE PYTHON3 - does scripts/check-docs find what is wrong?  Into copies of a small tree each kind of
# fault is planted, one at a time: each must be found, named and fail.  The tree without one must pass.
set -u
source=$1 python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# put FILE LINE...: writes the lines into the file of the copy, after what it has.
put() {
  local file=$work/tree/$1
  shift
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$@" >>"$file"
}
tree() {
  rm -rf "$work/tree"
  put harness/CMakeLists.txt 'add_executable(zogap main.c)'
  put harness/base/CMakeLists.txt 'zogap_room(base SOURCES clock.c)'
  put harness/base/clock.h 'double zg_clock(void);'
  put harness/base/clock.c '#include "harness/base/clock.h"'
  put harness/base/README.md '# base' '`clock.h`' '## What time is it, `now`?'
  put harness/cmd/CMakeLists.txt 'zogap_room(cmd SOURCES run.c ROOMS base)'
  put harness/cmd/run.c '#include "harness/base/clock.h"' '{"steps", "N"}'
  put harness/README.md '# harness' '| room | stands on |' '|---|---|' '| [base](base/) | |' '| [cmd](cmd/) | base |'
  put README.md '# tree' '[time](harness/base/README.md#what-time-is-it-now) [x](#tree) [web](https://example.org/none)' \
    '`zogap run --steps 3` `build/zogap` `harness/ROOM/clock.c` `zg_clock()` `a / b` `OLD/zogap`' \
    '' '```sh' 'build/zogap run --steps 3    # a block may be as wide as it likes, for nobody breaks a command line for its page' '```' \
    '<!-- floors of harness -->' '```' '1  cmd' '0  base' '```'
}

# check WHAT PATTERN: the copy must fail, and the output match.
check() {
  local out
  out=$("$python" "$source/scripts/check-docs" --root "$work/tree")
  if [ $? -ne 1 ] || ! grep -qE -- "$2" <<<"$out"; then
    printf '%s: not found:\n%s\n' "$1" "$out"
    failures=$((failures + 1))
  fi
  tree
}

mkdir -p "$work/tree"
tree
if ! out=$("$python" "$source/scripts/check-docs" --root "$work/tree"); then
  printf 'a sound tree fails:\n%s\n' "$out"
  failures=1
fi

put README.md '[gone](harness/gone.md)'
check "a link to no file" '^README.md:[0-9]+: the link harness/gone.md leads to no file$'
put README.md '[gone](harness/base/README.md#what-day)'
check "a link to no heading" '^README.md:[0-9]+: harness/base/README.md has no heading #what-day$'
put README.md '`harness/base/watch.c`'
check "a path" '^README.md:[0-9]+: no harness/base/watch.c$'
put README.md '`harness/ROOM/watch_*.c`'
check "a path with a placeholder" '^README.md:[0-9]+: no harness/ROOM/watch_'
put harness/base/README.md '`watch.h`'
check "a file" '^harness/base/README.md:[0-9]+: no watch.h$'
put README.md '`build/zogap_slow`'
check "a program" '^README.md:[0-9]+: no CMakeLists.txt knows zogap_slow$'
put README.md '`--stepps 3`'
check "an option" '^README.md:[0-9]+: no source has the option --stepps$'
put README.md '```sh' 'build/zogap run --stepps 3' '```'
check "an option in a block" '^README.md:[0-9]+: no source has the option --stepps$'
put README.md '`zogap walk`'
check "a command" '^README.md:[0-9]+: zogap has no command walk$'
put README.md '`zg_watch()`'
check "a function" '^README.md:[0-9]+: no source has zg_watch\(\)$'
put README.md "$(printf 'word %.0s' {1..25})"
check "a long line" '^README.md:[0-9]+: 125 columns$'
put harness/base/child.h 'int zg_child(void);'
check "a header that its room does not name" '^harness/base/README.md: child.h is not named$'
put README.md '<!-- floors of harness -->' '```' '1  cmd' '1  base' '```'
check "a wrong floor" '^README.md: the picture does not have harness/base on floor 0$'
put README.md '<!-- floors of harness -->' '```' '1  cmd  attic' '0  base' '```'
check "a room that is none" '^README.md: the picture has harness/attic, which is no room$'
put harness/rows/CMakeLists.txt 'zogap_room(rows SOURCES rows.c)'
check "a room that the table lacks" '^harness/README.md: the table: harness/rows stands on '
put harness/README.md '' '| room | stands on |' '|---|---|' '| [base](base/) | |' '| [cmd](cmd/) | |'
check "a wrong arrow" '^harness/README.md: the table: harness/cmd stands on base$'

echo "check-docs: $failures failures"
[ "$failures" -eq 0 ]
