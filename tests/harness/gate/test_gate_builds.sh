#!/usr/bin/env bash
# test_gate_builds.sh ZOGAP SPINNING MAKE_TINY_MODEL - the gate on real builds: do they take the options that it gives
# them, and is the build slow whose steps should be?
set -u
zogap=$1
spinning=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" && mkdir tiny && "$3" tiny || exit 1
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}
case=(--engines fused --model tiny --task embedded --batch 4 --threads 1 --mechanisms default --seed 3)
"$zogap" info --format json | tr -d ' \n' | grep -q '"name":"fused"' || case[1]=naive:gemm=reference
export ZOGAP_TEST_SPIN=20

# Both are verified and run once; the time is too short for a second block, and it says so.
"$zogap" gate --baseline-bin "$zogap" --candidate-bin "$spinning" "${case[@]}" --steps 4 --max-time 0.001 --out kept \
  >/dev/null 2>err.txt
[ $? = 4 ] && grep -q '1 case needs 6 blocks' err.txt || fail "one block of two builds: $(cat err.txt)"
for side in baseline candidate; do
  grep -q '"status": "complete"' "kept/block-000-$side/meta.json" || fail "no result of the $side is kept"
  grep -q '"ZOGAP_PEAKS is brief' "kept/block-000-$side/meta.json" || fail "the $side measures all peaks"
  grep -q '^peak,fp32,' "kept/block-000-$side/roofline.csv" || fail "the $side has no peak"
  grep -q '^read,' "kept/block-000-$side/roofline.csv" && fail "the $side measures memory, which takes longer than its steps"
done

# 21 times as slow, on spans of milliseconds on a busy machine: at least twice.
column=$(head -1 kept/block-000-baseline/samples.csv | tr ',' '\n' | grep -nx wall_s_per_step | cut -d: -f1)
seconds() { sed -n 2p "kept/block-000-$1/samples.csv" | cut -d, -f"$column"; }
awk "BEGIN { exit !($(seconds candidate) > 2 * $(seconds baseline)) }" ||
  fail "spinning: $(seconds candidate) s a step, without $(seconds baseline) s"
echo "real builds take the options, and the spinning one is slow: $(seconds candidate) s a step, not $(seconds baseline) s"
