#!/usr/bin/env bash
# test_tables.sh ZOGAP MAKE_TINY_MODEL - what commands print for people fits 100 columns, however long the names of engines
# and directories and however many columns there are; --wide and the other forms have every column; a sweep is one table.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
export LC_ALL=C.UTF-8 ZOGAP_PEAKS=brief

except=
# fits ARGUMENT...: the command succeeds, and no line of its output is longer than 100 characters.
fits() {
  run 0 "$@"
  [ -s out.txt ] || fail "zogap $* prints nothing"
  awk 'length($0) > 100' out.txt | grep -v "^results in $except" >long.txt
  [ -s long.txt ] && fail "lines over 100 columns: zogap $*: $(head -3 long.txt)"
}

# has WORDS...: the last output has each.
has() {
  for words in "$@"; do
    grep -qF -- "$words" out.txt || fail "'$words' is not in: $(head -30 out.txt)"
  done
}

make_tiny "$2"
long=a-directory-of-a-name-that-nobody-would-give-to-the-results-of-a-run-unless-it-were-for-a-test-like-this-one
engines="naive:gemm=reference,naive:gemm=reference:dtype=bf16"
"$zogap" info --format json | tr -d ' \n' | grep -q '"name":"fused"' &&
  engines+=",fused:mechanisms=adapter+lazy+ragged+scored+paired+trie+cancel+last+common+packed,fused:dtype=bf16"
one=(--engines "$engines" --model tiny --threads 1 --steps 1 --blocks 6 --events none --quiet)

echo "== run"
fits run "${one[@]}" --batch 2 --fidelity 4 --out "$long"
has '--wide also has:'
fits compare "$long"
"$zogap" compare "$long" --wide >out.txt
has 'engine' 'dtype' 'time of a step' 'speed-up [95 %]' 'over naive:gemm=reference:dtype=bf16' 'useful GFLOP/s' 'of peak' \
  'of peak then' 'executed' 'peak RSS MiB' 'dL error' 'sign match' 'check'
grep -q -- '--wide' out.txt && fail "--wide speaks of itself: $(cat out.txt)"
"$zogap" compare "$long" --format markdown >out.txt
has '| of peak then | executed |' '| dL error | sign match |'

echo "== a sweep"
fits run "${one[@]}" --batch 1,2,3 --rank 1,2 --fidelity 0 --out sweep
[ "$(grep -c 'engine' out.txt)" = 1 ] || fail "a sweep of six cases has not one heading: $(cat out.txt)"
grep -Eq '^ *batch +rank' <(tr -s '\n ' '  ' <out.txt) || grep -Eq 'batch +rank +engine' out.txt || fail "no columns for what varies: $(cat out.txt)"
grep -q '6 cases of 6 blocks' <(tr -s '\n ' '  ' <out.txt) || fail "no number of cases: $(head -3 out.txt)"
grep 'note: ' out.txt | grep -v 'note: batch [123], rank [12]: \|note: texts' | grep -q . && fail "a note names no case: $(grep note out.txt)"
"$zogap" run "${one[@]:0:12}" --batch 1,2 --fidelity 0 --out told >out.txt 2>err.txt
grep -q '^case 1 of 2, batch 1: naive:gemm=reference ' err.txt && grep -q '^case 2 of 2, batch 2: ' err.txt ||
  fail "nothing told while the sweep went on: $(cat err.txt)"
fits compare sweep sweep
[ "$(grep -c '^batch\|engine' out.txt)" = 1 ] || fail "compare of sweeps has not one heading: $(cat out.txt)"
fits run "${one[@]}" --batch 1,2,3 --rank 1,2 --list

echo "== other tables"
fits compare "$long" "$long"
fits compare "$long" --phases
has 'share' 'GFLOP/s'
fits compare "$long" sweep --phases
"$zogap" compare "$long" --phases --format csv >out.txt
cmp -s out.txt "$long/phases.csv" || fail "compare --phases --format csv is not phases.csv"
"$zogap" compare "$long" sweep --phases --format csv | head -1 | grep -q '^set,directory,engine,' || fail "phases of two directories"
cp -r sweep other && sed -i 's/"huge_pages": "[a-z]*"/"huge_pages": "other"/; s/"nice": 0/"nice": 7/' other/meta.json
fits compare sweep other --machines
fits compare sweep other sweep other sweep other sweep other sweep other --machines
fits verify "${one[@]:0:6}" --batch 2
fits roofline --threads 1 --quiet --out peaks
has 'ridge point of 1 thread: fp32 '
fits compare peaks
has 'quantity' 'ridge point'
cp -r peaks peaks2 && sed -i 's/"run_id": "[^"]*"/"run_id": "another"/; s/"kernel": "[^"]*"/"kernel": "other"/' peaks2/meta.json
awk -F, -v OFS=, -v CONVFMT=%.9g 'NR > 1 && $5 != "" { $5 *= 2; $6 *= 2 } 1' peaks/roofline.csv >peaks2/roofline.csv
fits compare peaks peaks2
has 'B differs from A in' 'quantity' 'B over A' 'GFLOP/s'
grep -Eq '^peak +fp32 .* 2\.00x$' out.txt || fail "a peak of twice A's: $(cat out.txt)"
grep -Eq '^read .* 2\.00x$' out.txt || fail "twice A's bandwidth: $(cat out.txt)"
run 0 compare peaks peaks2 peaks --format markdown
has '| C over A |'
fits compare peaks peaks2 --machines
fits compare peaks sweep # which has measured peaks, too
has 'peak' 'read' 'B over A'
run 0 compare peaks peaks2 --format csv
[ "$(head -1 out.txt)" = "set,directory,$(head -1 peaks/roofline.csv),over_first" ] || fail "columns of several rooflines: $(head -1 out.txt)"
[ "$(wc -l <out.txt)" = "$((2 * $(wc -l <peaks/roofline.csv) - 1))" ] || fail "not a row a peak and directory: $(cat out.txt)"
[ "$(grep -c '^B,peaks2,peak,fp32,.*,2$' out.txt)" = 1 ] || fail "over_first: $(cat out.txt)"
fits roofline --results "$long"
has 'GFLOP/s' 'FLOP/byte' 'bound'
[ "$("$zogap" roofline --results sweep --format csv | head -1)" = \
  batch,rank,engine,dtype,gflops_executed,flops_per_byte,bound_gflops,bound_share,bound_by ] || fail "columns of roofline --results"
except='\|^warning: \|above 1 is slower' fits gate --baseline sweep --candidate other --max-regression 900%

echo "== refusals"
cp -r sweep without && rm without/roofline.csv
expect 3 'peaks: has peaks that `zogap roofline` measured and no engine.s times; without has no peaks' compare without peaks
expect 3 'peaks: has peaks that .* and no engine.s times$' compare peaks peaks2 --phases
: >without/roofline.csv
expect 3 'without/roofline.csv: no complete header row' compare peaks without
head -1 peaks/roofline.csv >without/roofline.csv
expect 3 'without/roofline.csv: has a header but no row' compare peaks without
rm without/meta.json
expect 3 'without/meta.json: No such file' compare peaks without
expect 2 'needs a DIR' compare
expect 2 '^zogap: compare: --machines: needs two directories or more' compare sweep --machines
expect 2 '^zogap: compare: --across: needs two directories or more' compare sweep --across rank
expect 2 '^zogap: compare: --across: needs two directories or more' compare peaks --across threads
expect 2 '^zogap: compare: --common: needs two directories or more' compare sweep --common
expect 2 '^zogap: compare: --common: needs two directories or more' compare sweep --common --phases
expect 2 '^zogap: compare: --common: has no effect with --phases' compare sweep other --common --phases
expect 2 '^zogap: compare: --across: has no effect with --machines' compare sweep other --across threads --machines
expect 2 '^zogap: compare: --common: has no effect on peaks, and peaks has nothing else' compare peaks peaks2 --common
expect 2 '^zogap: compare: --across: has no effect on peaks, and peaks has nothing else' compare sweep peaks --across threads
expect 2 '--machines and --phases' compare "$long" sweep --phases --machines
expect 2 'nothing for --out' roofline --results sweep --out x
expect 2 'nothing for --threads' roofline --results sweep --threads 1
expect 2 'nothing for --cpus' roofline --results sweep --cpus 0
expect 2 'nothing for --strict' roofline --results sweep --strict
rm -f other/phases.csv
expect 3 'other/phases.csv' compare other --phases

echo "== ladder"
ladder=(ladder --loop naive:gemm=reference --model tiny --threads 1 --quiet --steps 1 --events none)
if [[ $engines = *fused* ]]; then
  fits "${ladder[@]}" --list
  fits "${ladder[@]}" --batch 1,2 --blocks 6 --out ladder
  fits compare ladder
  "$zogap" compare ladder --wide >out.txt
  has 'rung' 'time of a step' 'against the one above [95 %]' 'share of the gap' 'against the loop [95 %]' 'paper has it' 'check' \
    'what it changes'
  fits "${ladder[@]}" --leave-one-out --blocks 6 --out left
  "$zogap" "${ladder[@]}" --blocks 5 --out few >out.txt 2>err.txt
  [ $? = 2 ] && grep -q -- '--blocks 5: a ladder needs at least 6' err.txt || fail "a ladder of five blocks: $(cat err.txt)"
  "$zogap" "${ladder[@]}" --max-time 0.001 --out few >out.txt 2>err.txt
  [ $? = 2 ] && grep -q -- '--max-time 0.001: has no room for the 6 blocks .* take about [0-9]* s' err.txt ||
    fail "a ladder without time: $(cat err.txt)"
  [ -e few ] && fail "a refused ladder left its directory"
fi

echo "== info"
fits info
grep -q '^ *$' out.txt && fail "info has empty lines"
[ "$(grep -c 'because' out.txt)" -le 2 ] || fail "info repeats a reason: $(grep -A1 because out.txt)"
grep -Eq '^  caches +L1: ' out.txt || echo "note: the machine tells no caches"
"$zogap" info --wide >out.txt
has 'caches'

echo "== a narrow terminal"
if command -v script >/dev/null && command -v stty >/dev/null; then
  script -qec "stty cols 72; '$zogap' compare sweep" /dev/null </dev/null 2>&1 | tr -d '\r' >out.txt
  has 'engine'
  awk 'length($0) > 72' out.txt >long.txt
  [ -s long.txt ] && fail "lines over 72 columns: $(head -3 long.txt)"
else
  echo "skipped: script or stty is not installed"
fi

finish
