#!/usr/bin/env bash
# test_gate_builds.sh ZOGAP SPINNING MAKE_TINY_MODEL - the gate on real builds: do they take the options that it gives
# them, and is the build slow whose steps should be?
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
spinning=$2
make_tiny "$3"
case=(--engines fused --model tiny --task embedded --batch 4 --threads 1 --mechanisms default --seed 3)
"$zogap" info --format json | tr -d ' \n' | grep -q '"name":"fused"' || case[1]=naive:gemm=reference
export ZOGAP_TEST_SPIN=20

# A time that has no room is refused after the pilot, before anything else is run.
"$zogap" gate --baseline-bin "$zogap" --candidate-bin "$spinning" "${case[@]}" --max-time 0.001 --out refused >/dev/null 2>err.txt
[ $? = 4 ] && grep -q '1 case needs 6 blocks; must be at least' err.txt || fail "no room for a gate: $(cat err.txt)"
[ -e refused ] && fail "a gate that refused left $(ls refused)"

# Both are verified once; their processes do nothing but sample, each engine in a time of its own.
"$zogap" gate --baseline-bin "$zogap" --candidate-bin "$spinning" "${case[@]}" --blocks 6 --out kept --format csv >out.csv 2>err.txt
code=$?
for side in baseline candidate; do
  grep -q '"status": "complete"' "kept/block-000-$side/meta.json" || fail "no result of the $side is kept: $(cat err.txt)"
  grep -q '"gate_child": "samples"' "kept/block-000-$side/meta.json" || fail "the $side is no process of a gate"
  grep -q '"fingerprint_xxh3": null' "kept/block-000-$side/meta.json" || fail "the $side hashes its weights in each process"
  [ -e "kept/block-000-$side/roofline.csv" ] && fail "the $side measures peaks"
  [ "$(wc -l <"kept/block-000-$side/phases.csv")" = 1 ] || fail "the $side looks at phases"
done
[ "$(grep -c '' out.csv)" = 2 ] || fail "one case was to be judged: $(cat out.csv)"
# 21 times as slow is found; on a busy machine nobody is blamed.
busy=$(sed -n 's/.*"busy_blocks": *\([0-9]*\).*/\1/p' kept/gate.json)
if [ "${busy:-0}" -le 3 ] && [ "$code" != 1 ] && ! grep -q 'spans a factor' out.csv; then
  fail "a build 21 times as slow: exit code $code: $(cat out.csv err.txt)"
fi
grep -q '"samples_share": 0\.' kept/gate.json || fail "no share of the time in samples"

# 21 times as slow, on spans of milliseconds on a busy machine: at least twice.
column=$(head -1 kept/block-000-baseline/samples.csv | tr ',' '\n' | grep -nx wall_s_per_step | cut -d: -f1)
seconds() { sed -n 2p "kept/block-000-$1/samples.csv" | cut -d, -f"$column"; }
awk "BEGIN { exit !($(seconds candidate) > 2 * $(seconds baseline)) }" ||
  fail "spinning: $(seconds candidate) s a step, without $(seconds baseline) s"

# An older build knows nothing of a gate's wishes: both are run with what it has.
cat >older <<EOF
#!/bin/sh
unset ZOGAP_GATE
exec "$zogap" "\$@"
EOF
chmod +x older
"$zogap" gate --baseline-bin "$PWD/older" --candidate-bin "$zogap" "${case[@]}" --steps 2 --blocks 6 --out old >/dev/null 2>err.txt
grep -q '"status": "complete"' old/block-005-candidate/meta.json || fail "an older build: $(cat err.txt)"
grep -q '"gate_child"' old/block-005-*/meta.json && fail "beside an older build the newer one is run otherwise"

echo "real builds take the options, and the spinning one is slow: $(seconds candidate) s a step, not $(seconds baseline) s"
[ "$failures" = 0 ]
