#!/usr/bin/env bash
# test_mutate.sh SOURCE PYTHON3 - does scripts/mutate.py tell what the tests of a small project notice from what they do not?
# A function whose lower bound is tested and whose upper one is not, a header, and a change that nobody could see.
set -u
source=$1 python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

mkdir -p "$work/tree/tests" && cd "$work/tree" || exit 1
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.22)
project(small LANGUAGES C)
include_directories("${CMAKE_SOURCE_DIR}")
add_library(small STATIC small.c)
foreach(name test_small test_twice)
  add_executable(${name} tests/${name}.c)
  target_link_libraries(${name} PRIVATE small)
endforeach()
END
cat >small.c <<'END'
/* small.c - is 0 < n && n < 9 in a comment changed?  No. */
#include "small.h"
#define MOST 9
int zg_inside(int n)
{
    return n >= 1 && n <= MOST; /* "n > 7" */
}
int zg_sign(int n)
{
    if (n == 0)
        return 0;
    return n > 0 ? 1 : -1;
}
END
cat >small.h <<'END'
int zg_inside(int n);
int zg_sign(int n);
static inline int zg_twice(int n)
{
    return n + n;
}
END
cat >tests/test_small.c <<'END'
#include "small.h"
int main(void)
{
    while (zg_sign(3) != 1)
        ;
    return !(zg_inside(1) && !zg_inside(0) && zg_inside(5) && !zg_inside(20) && zg_sign(0) == 0 && zg_sign(-3) == -1);
}
END
cat >tests/test_twice.c <<'END'
#include "small.h"
int main(void)
{
    return zg_twice(3) != 6;
}
END
printf '%s\n' '# comment' 'small.c test_small' 'small.h test_twice # of it' >tests/mutants.txt
cp -r "$work/tree" "$work/before"

# mutate CODE WHAT [OPTION...]: what it says is in $work/said.
mutate() {
  local want=$1 what=$2 code=0
  shift 2
  "$python" "$source/scripts/mutate.py" --source "$work/tree" --build "$work/build" "$@" >"$work/said" 2>&1 || code=$?
  if [ "$code" != "$want" ]; then
    failures=$((failures + 1))
    printf 'FAILED: %s: exit %s, not %s\n' "$what" "$code" "$want"
    cat "$work/said"
  fi
}
says() {
  if ! grep -qE -- "$2" "$work/said"; then
    failures=$((failures + 1))
    printf 'FAILED: %s: nobody said: %s\n' "$1" "$2"
    cat "$work/said"
  fi
}
silent() {
  if grep -qE -- "$2" "$work/said"; then
    failures=$((failures + 1))
    printf 'FAILED: %s: it is said: %s\n' "$1" "$2"
    cat "$work/said"
  fi
}

mutate 0 "the list" --list
says "the list" 'small\.c:6: return n >= 1 && n <= MOST; .* -> return n > 1 && n <= MOST;'
says "a constant of a #define" 'small\.c:3: #define MOST 9 -> #define MOST 10'
says "a header" 'small\.h:5: return n \+ n; -> return n - n;'
silent "comments, texts, includes" '0 <= n|n >= 7|small\.c:[12]:'

mutate 1 "the upper bound is not tested"
says "the survivor" '^survived: small\.c:6: return n >= 1 && n <= MOST; .* -> return n >= 1 && n < MOST;'
says "what survives with it" '^survived: small\.c:3: #define MOST 9 -> #define MOST 10$'
says "nobody could see it" '^survived: small\.c:12: return n > 0 \? 1 : -1; -> return n >= 0 \? 1 : -1;$'
says "the summary" '^noticed [0-9]+ of [0-9]+ \([0-9.]+ %\)$'
silent "the lower bound is" '^survived: .*n > 1 &&'
silent "the header is" '^survived: small\.h'
grep -q '^small.c,12,20,return n > 0 ? 1 : -1;,return n > 0 ? 2 : -1;,noticed,test_small: too long,' "$work/build/mutants.csv" || {
  failures=$((failures + 1))
  echo "FAILED: a test that does not end"
  cat "$work/build/mutants.csv"
}
mutate 0 "half of them would do" --at-least 50
cp "$work/said" "$work/first"

# Again: all is known, and the report is the same; with two at a time too, from the start.
sed -i 's/,exit 1,/,remembered,/' "$work/build/mutants.csv"
before=$(grep -c 'remembered' "$work/build/mutants.csv")
sed -i '4d' "$work/build/mutants.csv"
mutate 0 "going on" --at-least 50
cmp -s "$work/said" "$work/first" || { failures=$((failures + 1)) && echo "FAILED: the second report differs" && cat "$work/said"; }
[ "$(grep -c 'remembered' "$work/build/mutants.csv")" -ge $((before - 1)) ] || { failures=$((failures + 1)) && echo "FAILED: all was tried again"; }
mutate 0 "two jobs" --at-least 50 --jobs 2 --csv "$work/two.csv"
cmp -s "$work/said" "$work/first" || { failures=$((failures + 1)) && echo "FAILED: two jobs say something else" && cat "$work/said"; }

# A sample is the same for the same seed.
mutate 0 "a sample" --number 4 --seed 5 --at-least 0 --csv "$work/sample1.csv"
says "a sample" '^noticed [0-4] of 4 '
mutate 0 "the same sample" --number 4 --seed 5 --at-least 0 --csv "$work/sample2.csv" --jobs 2
cmp -s "$work/sample1.csv" "$work/sample2.csv" || { failures=$((failures + 1)) && echo "FAILED: samples differ"; }

# What nobody could see is listed with its reason, and counts no more; an entry that fits nothing, or is noticed, is an error.
entry() { printf '%s\n' "$@" >"$work/tree/tests/mutants_equivalent.txt"; }
entry 'small.c' '- return n > 0 ? 1 : -1;' '+ return n >= 0 ? 1 : -1;' '= n is not 0 here'
mutate 1 "an equivalent"
silent "an equivalent" '^survived: small\.c:12: .*n >= 0'
grep -q '^small.c,12,14,.*,equivalent,n is not 0 here,' "$work/build/mutants.csv" || { failures=$((failures + 1)) && echo "FAILED: no reason"; }
printf '\n%s\n%s\n' '/* moved down */' '/* twice */' | cat - "$work/before/small.c" >"$work/tree/small.c"
mutate 1 "an equivalent on another line"
silent "an equivalent on another line" '^survived: .*n >= 0'
cp "$work/before/small.c" "$work/tree/small.c"
entry 'small.c' '- return n > 1 ? 1 : -1;' '+ return n >= 1 ? 1 : -1;' '= gone'
mutate 2 "a stale entry"
says "a stale entry" 'stale.*'
says "the stale entry" 'small\.c: return n > 1 \? 1 : -1; ->'
entry 'small.c' '- return n >= 1 && n <= MOST; /* "n > 7" */' '+ return n > 1 && n <= MOST; /* "n > 7" */' '= wrong'
mutate 2 "an entry that a test notices"
says "an entry that a test notices" 'listed as equivalent, but test_small notices it'
entry 'small.c' '+ out of order'
mutate 2 "an entry out of order"
rm "$work/tree/tests/mutants_equivalent.txt"

mutate 2 "a file that the table lacks" --files tests/test_small.c
mutate 2 "no jobs" --jobs 0
mutate 1 "files of one" --files small.c
silent "files of one" '^small\.h'
sed -i 's/!= 6/!= 7/' "$work/tree/tests/test_twice.c"
mutate 2 "a test that fails as it is"
says "a test that fails as it is" 'small\.h: test_twice fails without any change: exit 1'
cp "$work/before/tests/test_twice.c" "$work/tree/tests/test_twice.c"

diff -r "$work/before" "$work/tree" || { failures=$((failures + 1)) && echo "FAILED: the tree has changed"; }
[ "$failures" = 0 ] && echo "all found"
exit "$failures"
