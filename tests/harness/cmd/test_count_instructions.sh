#!/usr/bin/env bash
# test_count_instructions.sh ZOGAP MAKE_TINY_MODEL SPINNING - scripts/count_instructions.sh on a tiny model: a count in every
# row, the same in every block; and `zogap gate` on what it wrote: a build with 1 % more instructions is worse, the same
# counts are the same.  Skipped (77) where valgrind, its header, jemalloc or AVX2 is missing.
set -euo pipefail
zogap=$1 make_tiny_model=$2 spinning=$3
script=$(dirname "${BASH_SOURCE[0]}")/../../../scripts/count_instructions.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
  echo "FAILED: $1"
  cat "$dir/said"
  exit 1
}

code=0
ZOGAP=$dir/absent "$script" "$dir/out" >"$dir/said" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'absent: no such program' "$dir/said" || fail "an absent program: exit $code"

mkdir "$dir/model"
"$make_tiny_model" "$dir/model"
code=0
ZOGAP=$zogap "$script" "$dir/out" --engines fused --model "$dir/model" --blocks 3 >"$dir/said" 2>&1 || code=$?
if [ "$code" = 4 ] && grep -Eq 'valgrind is missing|without valgrind|lacks AVX2|jemalloc is missing' "$dir/said"; then
  cat "$dir/said"
  exit 77
fi
[ "$code" = 0 ] || fail "exit $code"

# no times; a header, three rows, counts in the last column
awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  $at["wall_s_per_step"] != "" || $NF != $at["instructions"] || !($NF > 100000) || $NF > 10000000 { bad = 1 }
  # a step this small is half a million instructions, and the housekeeping of jemalloc 0.1 % of that
  { low = NR == 2 || $NF < low ? $NF : low; high = $NF > high ? $NF : high }
  END { exit bad || NR != 4 || high > 1.003 * low }' "$dir/out/samples.csv" || {
  cat "$dir/out/samples.csv"
  fail "samples.csv"
}
grep -q 'valgrind emulates the processor' "$dir/out/meta.json" || fail "meta.json has no warning"

# 0.445 million instructions a step; a round of the loop has two or three, by the compiler
code=0
ZOGAP_TEST_LOOPS_fused=1800 ZOGAP=$spinning "$script" "$dir/more" --engines fused --model "$dir/model" --blocks 3 \
  >"$dir/said" 2>&1 || code=$?
[ "$code" = 0 ] || fail "counting the heavier build: exit $code"
gate() { # CODE WORDS CANDIDATE
  local got=0
  "$zogap" gate --baseline "$dir/out" --candidate "$3" --max-regression 0.5% >"$dir/said" 2>&1 || got=$?
  [ "$got" = "$1" ] && grep -q "$2" "$dir/said" || fail "gate on $3: exit $got"
}
gate 1 '^1 worse, 0 undecided, 0 same, 0 better; .*instructions of a step' "$dir/more"
gate 0 '^0 worse, 0 undecided, 1 same, 0 better; .*instructions of a step' "$dir/out"
