#!/usr/bin/env bash
# test_equal.sh ZOGAP MAKE_TINY_MODEL - equal runs are equal from wherever they are started, and unlike ones are told:
# by compare in its first sentence, by gate with exit code 3.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
export ZOGAP_PEAKS=brief

make_tiny "$2"
make_reviews
two="naive:gemm=reference,naive:gemm=reference"
policy=(--engines "$two" --batch 2 --threads 1 --blocks 6 --steps 1 --events none --quiet)
measure() { run 0 run "${policy[@]}" "$@"; }
# alike A B, unlike A B WORDS: by compare and by gate
alike() {
  run 0 compare --wide "$1" "$2"
  first_line_says '^B is of the same machine, build, settings, policy and files as A$'
  run 0 gate --baseline "$1" --candidate "$2" --max-regression 1000%
}
unlike() {
  run 0 compare --wide "$1" "$2"
  first_line_says "^B differs from A in .*$3"
  run 0 compare "$1" "$2" --format csv
  says err.txt "warning: B differs from A in .*$3"
  run 3 gate --baseline "$1" --candidate "$2"
  says err.txt "$3"
}

echo "== the same from other folders"
measure --model ./tiny --task task/mine.json --out a
(cd task && measure --model ../tiny/ --task mine.json --out ../a2)
mkdir b && (cd b && ln -s ../tiny link && measure --model link --task "$work/task/mine.json" --out "$work/a3")
alike a a2
alike a a3
[ "$(sed 1d a/summary.csv | cut -d, -f2,3 | sort -u)" = tiny,reviews ] || fail "names of a: $(cut -d, -f2,3 a/summary.csv)"
grep -q '"as_typed": "./tiny"' a/meta.json || fail "the path as typed is not in meta.json"

echo "== other files under the same names"
cp -r task copy && sed 's/$/\r/' task/rows.tsv >copy/rows.tsv # lines that end otherwise, keys in another order
sed -i 's/{"name": "reviews", /{"loss": "classification",  "name": "reviews", /; s/, "loss": "classification"}/}/' copy/mine.json
measure --model tiny --task copy/mine.json --out same
alike a same
cp -r task flip && sed -i 's/\t1$/\t9/; s/\t0$/\t1/; s/\t9$/\t0/' flip/rows.tsv
measure --model tiny --task flip/mine.json --out flipped
unlike a flipped 'data fingerprint [0-9a-f]{16} and [0-9a-f]{16}'
cp -r task other && sed -i 's/ bad"/ sad"/' other/mine.json
measure --model tiny --task other/mine.json --out other1
unlike a other1 'task fingerprint'
measure --model tiny --task task/mine.json --data flip --out data1
unlike a data1 'data fingerprint'
if command -v python3 >/dev/null; then
  mkdir words
  python3 - <<'PY'
import json
vocab = json.load(open("tiny/vocab.json"))
a, b = list(vocab)[-2:]
vocab[a], vocab[b] = vocab[b], vocab[a]
json.dump(vocab, open("words/vocab.json", "w"))
PY
  cp tiny/merges.txt words
  measure --model tiny --tokenizer words --task task/mine.json --out words1
  unlike a words1 'tokenizer fingerprint'
  cp -r tiny sub && mkdir nudged && mv sub nudged/tiny
  printf '\001' | dd of=nudged/tiny/model.safetensors bs=1 seek=$(($(stat -c %s tiny/model.safetensors) - 4)) conv=notrunc 2>/dev/null
  measure --model nudged/tiny --task task/mine.json --out nudged1
  unlike a nudged1 'weights fingerprint'
fi
mkdir -p x/tiny && cp tiny/* x/tiny
measure --model tiny,x/tiny --task task/mine.json,flip/mine.json --out apart
[ "$(sed 1d apart/summary.csv | cut -d, -f2,3 | sort -u | grep -c '/tiny,reviews (.*/mine.json)$')" = 4 ] ||
  fail "two models and two tasks of one name: $(cut -d, -f2,3 apart/summary.csv)"
run 2 run "${policy[@]}" --model tiny,./tiny
says err.txt 'listed twice'

echo "== other kernels, settings, policy"
cap=portable
"$zogap" info | grep -q 'isa *portable' && cap=avx2
ZOGAP_ISA=$cap measure --model tiny --task task/mine.json --out isa1
unlike a isa1 "isa in use [a-z0-9]* and $cap, ZOGAP_ISA none and $cap"
says err.txt 'of one machine, but not alike'
export OMP_WAIT_POLICY=active && measure --model tiny --task task/mine.json --out wait1 && unset OMP_WAIT_POLICY
unlike a wait1 'OMP_WAIT_POLICY none and active'
export MALLOC_ARENA_MAX=1 && measure --model tiny --task task/mine.json --out arena1 && unset MALLOC_ARENA_MAX
unlike a arena1 'MALLOC_ARENA_MAX none and 1'
measure --model tiny --task task/mine.json --out events1 --events software --brief
run 0 compare --wide a events1
first_line_says '^B differs from A in the policy \(--brief false and true, --events none and software\)$'
run 0 gate --baseline a --candidate events1 --max-regression 1000% --wide
says out.txt 'warning: policy differs: --brief false and true, --events none and software'

echo "== mechanisms"
if "$zogap" info --format json | tr -d ' \n' | grep -q '"name":"fused"'; then
  policy[1]=naive:gemm=reference,fused
  measure --model tiny --out m1
  measure --model tiny --mechanisms lazy,scored,ragged,paired,adapter --out m2
  run 0 compare --wide m1 m2
  first_line_says 'the engines \(fused in A alone, fused:mechanisms=adapter\+paired\+ragged\+scored\+lazy in B alone\)'
  run 3 gate --baseline m1 --candidate m2
  says err.txt 'no engine fused, but fused:mechanisms=adapter'
  measure --model tiny --mechanisms default --out m3
  alike m1 m3
fi

echo "== a tokenizer that stands in"
run 0 run "${policy[@]}" --model opt-mini --layers-resident 1 --task task/mine.json --out shape --wide
says out.txt '^note: no --tokenizer: texts are cut by the embedded tokenizer, into [0-9.]* tokens on average'
run 0 run "${policy[@]}" --model opt-mini --layers-resident 1 --task task/mine.json --tokenizer tiny --out shape2
grep -q 'embedded tokenizer' out.txt && fail "a tokenizer that was given: $(cat out.txt)"

echo "== several runs in one second"
mkdir together && cd together || exit 1
for _ in 1 2 3 4; do
  "$zogap" run --engines naive:gemm=reference --model ../tiny --batch 2 --threads 1 --blocks 1 --steps 1 --events none --quiet \
    >out.$RANDOM.$RANDOM 2>&1 &
done
wait
[ "$(find zogap-results -name summary.csv | wc -l)" = 4 ] || fail "four runs at once made: $(ls zogap-results)"
cd ..

echo "== one run twice, and what is no run"
cp -r a again && ln -s a linked
for other in a again linked; do
  run 0 gate --baseline a --candidate $other --max-regression 1000%
  says out.txt 'both are the same run'
  run 0 compare a $other
  first_line_says '^A and B are the same run$'
done
mkdir empty
run 3 compare empty
says err.txt 'empty/meta.json: No such file.*the directory is empty'
run 3 compare .
says err.txt 'holds some, like ./a$'
run 3 compare task a
says err.txt 'task/meta.json: No such file, summary.csv, verify.csv, samples.csv; want'

finish
