#!/usr/bin/env bash
# test_algorithms.sh ZOGAP MAKE_TINY_MODEL - every algorithm through verify, run and score: engines agree, lr_effective
# is in summary.csv, and what an engine lacks is refused in one line that says who has it.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
make_tiny "$2"
case=(--model tiny --batch 2 --threads 1)
export ZOGAP_PEAKS=brief

echo "== engines agree"
for algorithm in lozo:queries=3 lozo:sides=one+queries=2 lozo-m:nu=2 lozo-m:beta=0.5+sides=one \
  factorised:rank=4 factorised:rank=4+queries=2 lozo:queries=3+basis=own lozo:schedule=cosine+warmup=3+horizon=9; do
  expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,fused --algorithm "$algorithm"
done
for algorithm in mezo mezo:sides=one+queries=2+wd=0.1 lozo:wd=0.1 lozo-m:wd=0.1; do
  expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,naive:gemm=reference --algorithm "$algorithm"
done
expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,fused --dtype bf16 --algorithm lozo-m:queries=2
expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,naive:gemm=reference --scope full --algorithm mezo
for algorithm in lozo-m lozo:queries=2+basis=own factorised:rank=4; do
  expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,fused --scope full --algorithm "$algorithm"
done

for algorithm in lozo:layers=1 lozo:first-layer=1+queries=2 factorised:first-layer=1+layers=1; do
  expect 0 '' verify "${case[@]}" --engines naive:gemm=reference,fused --algorithm "$algorithm"
done

echo "== scores"
expect 0 '^0,0.001,1,' score "${case[@]}" --engines naive:gemm=reference --limit 2 --algorithm mezo
expect 0 '^0,0.5,1,' score "${case[@]}" --engines fused --limit 2 --algorithm lozo:queries=2+sides=one+eps=0.5
expect 0 '^0,0.001,1,' score "${case[@]}" --engines fused --limit 2 --algorithm lozo-m

echo "== a run has lr_effective"
expect 0 '' run "${case[@]}" --engines naive:gemm=reference,fused --blocks 1 --steps 1 --events none --quiet --out runs \
  --algorithm lozo:rank=4+eps=0.25+lr=1,lozo-m:rank=4+eps=0.25+lr=1+sides=one+warmup=9,factorised:rank=4+eps=0.25+lr=1
python3 - <<'END' || fail "summary.csv has other effective rates"
import csv
rows = list(csv.DictReader(open("runs/summary.csv")))
assert list(rows[0])[-1] == "lr_effective"
want = {"lozo": 4, "lozo-m": 8, "factorised": 2}
for row in rows:
    assert float(row["lr_effective"]) == want[row["algorithm"].split(":")[0]], row
    assert row["verified"] == "1", row
assert len(rows) == 6
END
expect 0 'lozo-m' compare runs

echo "== what an engine lacks"
expect 2 '--algorithm mezo: engine fused has no dense directions; naive has it' \
  run "${case[@]}" --engines naive:gemm=reference,fused --algorithm mezo
expect 2 'lozo:.*+wd=0.1: engine fused has no weight decay; naive has it' \
  verify "${case[@]}" --engines naive:gemm=reference,fused --algorithm lozo:wd=0.1
expect 2 '--algorithm factorised: draws V anew' \
  run "${case[@]}" --engines fused --dtype bf16 --algorithm factorised:rank=4
expect 2 'direction 0: layers from 9 to before 2; the model has 0 to 1' \
  verify "${case[@]}" --engines naive:gemm=reference,fused --algorithm lozo:first-layer=9
expect 2 'scope full with layers of its own' \
  verify "${case[@]}" --engines naive:gemm=reference,fused --algorithm lozo:first-layer=1 --scope full
expect 2 'warmup 9: must be below horizon 9' run --algorithm lozo:schedule=linear+warmup=9+horizon=9
expect 2 "rank: is no option of algorithm mezo" run --algorithm mezo --rank 4

finish
