#!/usr/bin/env bash
# test_plants.sh ZOGAP PLANTED MAKE_TINY_MODEL PLANTS - does `zogap verify` find what is wrong, and nothing where all is well?
# Every defect of PLANTS (plant_table.cmake) must fail the check of the engine it is in, 100 seeds of zogap must pass.
set -u
zogap=$1
planted=$2
plants=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" && mkdir tiny && "$3" tiny || exit 1
failures=0
fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$*"
}
case=(--model tiny --batch 4 --threads 1 --format csv)

# Options of several tokens, of different lengths: in the embedded task every option is one token.
printf 'sentence\tlabel\n%s\t1\n%s\t0\n%s\t1\n%s\t0\n' "a real page turner" "a dud" "a film to see" "no fun at all" >words.tsv
cat >words.json <<'JSON'
{"name": "words", "data": {"train": "words.tsv"}, "delimiter": "\t", "quote": "", "template": "{sentence} It was",
 "options": [" not a good film", " a real treat to see"], "label": "label"}
JSON

# The switch off changes nothing.
"$zogap" verify --engines naive:gemm=reference,fused "${case[@]}" >zogap.csv || fail "zogap verify: $(cat zogap.csv)"
"$planted" verify --engines naive:gemm=reference,fused "${case[@]}" >planted.csv || fail "zogap_planted verify"
cmp zogap.csv planted.csv || fail "zogap_planted differs with no defect switched on"

n=0
while IFS='|' read -r name engine options what; do
  n=$((n + 1))
  baseline=naive:gemm=reference
  other=fused
  [ "$engine" = naive ] && baseline=fused other=naive:gemm=reference
  # shellcheck disable=SC2086 # options are words
  ZOGAP_TEST_PLANT=$engine:$name "$planted" verify --engines "$baseline,$other" --baseline "$baseline" "${case[@]}" \
    $options >out.csv 2>err.txt </dev/null
  code=$?
  reason=$(tail -1 out.csv | sed 's/.*,0,//')
  [ "$code" = 1 ] && grep -q '1 of 2 checks failed' err.txt ||
    fail "$name is not found (exit code $code $(cat err.txt)): $what: $(tail -1 out.csv)"
  printf '%-20s %-62s %s\n' "$name" "$what" "$reason"
done <"$plants"
found=$((n - failures))

"$zogap" verify --engines naive:gemm=reference,fused "${case[@]}" --seed "$(seq -s, 1 100)" >clean.csv 2>err.txt ||
  fail "clean seeds: $(cat err.txt)"
clean=$(grep -c '^fused,.*,1,$' clean.csv)
[ "$clean" = 100 ] || fail "only $clean of 100 clean seeds pass"
echo "$found of $n defects found, $((100 - clean)) of 100 clean seeds blamed"
[ "$failures" = 0 ]
