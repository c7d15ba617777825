#!/usr/bin/env bash
# test_plants.sh ZOGAP PLANTED MAKE_TINY_MODEL PLANTS [SEEDS] - does `zogap verify` find what is wrong, and nothing where all
# is well?  Every defect of PLANTS (plant_table.cmake) must fail the check of the engine it is in, for each of SEEDS seeds (1);
# 100 seeds without one must pass.  Of the engine `both`, fused is held against fused, and both have the defect.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
planted=$2
plants=$4
seeds=$(seq -s, 1 "${5-1}")
make_tiny "$3"
case=(--model tiny --batch 2 --threads 1 --format jsonl)
loop=naive:gemm=reference

# Options of several tokens, of different lengths: in the embedded task every option is one token.
printf 'sentence\tlabel\n%s\t1\n%s\t0\n%s\t1\n%s\t0\n' "a real page turner" "a dud" "a film to see" "no fun at all" >words.tsv
cat >words.json <<'JSON'
{"name": "words", "data": {"train": "words.tsv"}, "delimiter": "\t", "quote": "", "template": "{sentence} It was",
 "options": [" not a good film", " a real treat to see"], "label": "label"}
JSON

# Nothing switched on: every case passes.
cut -d'|' -f3 "$plants" | sort -u >cases.txt
while read -r options; do
  # shellcheck disable=SC2086 # options are words
  "$planted" verify --engines "$loop,fused" "${case[@]}" --seed "$seeds" $options >out.jsonl 2>err.txt </dev/null ||
    fail "no defect is on, case '$options': $(cat err.txt) $(tail -1 out.jsonl)"
done <cases.txt

n=0
found=0
while IFS='|' read -r name engine options what; do
  n=$((n + 1))
  baseline=$loop
  other=fused
  [ "$engine" = naive ] && baseline=fused other=$loop
  [ "$engine" = both ] && baseline=fused other=fused#2 engine=fused
  # shellcheck disable=SC2086
  ZOGAP_TEST_PLANT=$engine:$name "$planted" verify --engines "$baseline,${other%#2}" --baseline "$baseline" "${case[@]}" \
    --seed "$seeds" $options >out.jsonl 2>err.txt </dev/null
  code=$?
  n_failed=$(grep -c "\"engine\": \"$other[^\"]*\".*\"passed\": 0" out.jsonl)
  if [ "$code" = 1 ] && [ "$n_failed" = "${5-1}" ]; then
    found=$((found + 1))
  else
    fail "$name: exit code $code, $n_failed of ${5-1} seeds find it $(cat err.txt)"
  fi
  printf '%-16s %-62s %s\n' "$name" "$what" "$(tail -1 out.jsonl | sed 's/.*"reason": "\?\([^"]*\)".*/\1/')"
done <"$plants"
[ "$n" -ge 20 ] || fail "only $n defects were planted"

"$zogap" verify --engines "$loop,fused" "${case[@]}" --seed "$(seq -s, 1 100)" >clean.jsonl 2>err.txt ||
  fail "clean seeds: $(cat err.txt)"
clean=$(grep -c '"engine": "fused".*"passed": 1' clean.jsonl)
[ "$clean" = 100 ] || fail "only $clean of 100 clean seeds pass"
echo "$found of $n defects found, $((100 - clean)) of 100 clean seeds blamed"
[ "$failures" = 0 ]
