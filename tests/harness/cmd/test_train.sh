#!/usr/bin/env bash
# test_train.sh ZOGAP MAKE_TINY_MODEL - `zogap train`: its files, its limits, engines that agree, and a training that was cut
# off anywhere and gone on with, which is the one that was never cut.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
trap 'umount "$work/full" 2>/dev/null; rm -rf "$work"' EXIT

# refused CODE PATTERN ARGUMENT...: one line of error, no directory
refused() {
  local code=$1 pattern=$2
  shift 2
  run "$code" train "$@" --out nowhere
  [ "$(grep -cv '^zogap: warning: ' err.txt)" = 1 ] || fail "not one line of error: $(cat err.txt)"
  says err.txt "$pattern"
  [ ! -e nowhere ] || fail "refused, and a directory is there: $*"
  rm -rf nowhere
}

# cell FILE COLUMN ROW: of a file without commas in its cells
cell() { awk -F, -v name="$2" -v row="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == row + 1 { print $c }' "$1"; }
# The columns of a curve that do not hang on the clock.
same_columns() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /wall_s$/) drop[i] = 1 }
    { line = ""; for (i = 1; i <= NF; i++) if (!(i in drop)) line = line "," $i; print line }' "$1"
}
# same A B: two trainings are one, to the bit, but for times
same() {
  local i
  [ "$(same_columns "$1/curve.csv")" = "$(same_columns "$2/curve.csv")" ] ||
    fail "curves of $1 and $2: $(diff <(same_columns "$1/curve.csv") <(same_columns "$2/curve.csv") | head -4)"
  for i in 1 2; do
    for column in rows_xxh3 weights_xxh3 dev_loss_best eval_loss steps; do
      [ "$(cell "$1/train.csv" $column $i)" = "$(cell "$2/train.csv" $column $i)" ] || fail "$column $i of $1 and $2"
    done
  done
  [ -n "$(cell "$1/train.csv" weights_xxh3 1)" ] || fail "$1 has no hash of its weights"
}

make_tiny "$2"
tiny=(--model tiny --batch 4 --threads 1 --train-rows 40 --dev-rows 12 --eval-rows 8)
two=(--engines naive:gemm=reference,fused)
short=("${two[@]}" "${tiny[@]}" --nu 5 --lr 1e-5 --steps 24 --eval-every 6 --log-every 2)

echo "== a training"
run 0 train "${short[@]}" --out whole
for file in meta.json curve.csv train.csv steps.zo steps-2.zo curve.gp; do
  [ -s whole/$file ] || fail "no $file"
done
[ "$(ls -A whole | grep -c '\.tmp$')" = 0 ] || fail "a temporary file is left"
# 13 rows of each engine with steps 0, 2, ... 24, and one of the eval rows
[ "$(wc -l <whole/curve.csv)" = 29 ] || fail "$(wc -l <whole/curve.csv) lines of curve.csv, not 29"
[ "$(wc -l <whole/train.csv)" = 3 ] || fail "$(wc -l <whole/train.csv) lines of train.csv, not 3"
[ "$(cell whole/curve.csv step 1)" = 0 ] && [ -n "$(cell whole/curve.csv eval_loss 1)" ] || fail "the first row is not of step 0"
[ "$(cell whole/curve.csv forwards 27)" = 48 ] || fail "24 steps of two probes are not 48 forwards"
[ "$(cell whole/train.csv ended 1)" = steps ] || fail "ended by $(cell whole/train.csv ended 1)"
[ "$(cell whole/train.csv reference 2)" = naive:gemm=reference ] || fail "no reference"
[ "$(cell whole/train.csv sign_match 2)" = 1 ] || fail "signs agree in $(cell whole/train.csv sign_match 2)"
[ "$(cell whole/train.csv compared_steps 2)" = 24 ] || fail "steps compared: $(cell whole/train.csv compared_steps 2)"
awk -v d="$(cell whole/train.csv loss_difference_max 2)" 'BEGIN { exit !(d >= 0 && d < 1e-4) }' || fail "losses apart"
grep -q '"status": "complete"' whole/meta.json || fail "not complete"
says out.txt '^results in whole$'
says out.txt 'accuracy of the dev rows'
says out.txt '^ *o naive:gemm=reference$'
awk 'length > 100' out.txt | grep -q . && fail "a line of more than 100 columns: $(awk 'length > 100' out.txt | head -1)"
command -v gnuplot >/dev/null && { [ -s whole/curve.svg ] || fail "gnuplot drew nothing: $(cat out.txt)"; }

echo "== the same again, and evaluated more often"
run 0 train "${short[@]}" --out again
same whole again
run 0 train "${short[@]}" --eval-every 1 --log-every 1 --out often
for i in 1 2; do
  [ "$(cell whole/train.csv weights_xxh3 $i)" = "$(cell often/train.csv weights_xxh3 $i)" ] || fail "evaluating leaves a trace"
done

echo "== alone: the same steps as beside another"
run 0 train "${short[@]}" --engines fused --out alone
[ "$(cell whole/train.csv weights_xxh3 2)" = "$(cell alone/train.csv weights_xxh3 1)" ] || fail "another engine leaves a trace"
[ -z "$(cell alone/train.csv reference 1)" ] || fail "one engine has a reference"

echo "== limits"
# Nothing said: the model that comes with zogap, at its own rate, also where it is gone on with.
few=(--threads 1 --train-rows 16 --dev-rows 5 --eval-rows 5)
run 0 train "${few[@]}" --steps 2 --out usual
says usual/curve.csv '^fused,opt-tiny,embedded,task,lozo:rank=2[+]nu=50[+]eps=0.001[+]lr=0.0007,'
run 0 train --resume usual --steps 3
run 0 train "${few[@]}" --steps 2 --lr 1e-5 --out slower
says slower/curve.csv '^fused,opt-tiny,.*[+]lr=1e-05,'
run 0 train "${few[@]}" --steps 2 --model opt-mini --out mini
says mini/curve.csv '^fused,opt-mini,.*[+]lr=1e-06,'

run 0 train "${tiny[@]}" --epochs 2 --out epochs --format csv
[ "$(cell epochs/train.csv steps 1)" = 20 ] || fail "two epochs of 40 rows are not 20 steps of 4"
[ "$(cell epochs/train.csv epochs 1)" = 2 ] || fail "not two epochs"
cmp -s out.txt epochs/train.csv || fail "--format csv is not train.csv"
run 0 train "${tiny[@]}" --batch 16 --epochs 1 --out short --quiet
[ "$(cell short/train.csv steps 1)" = 3 ] || fail "40 rows in batches of 16 are not 3 steps"
run 0 train "${tiny[@]}" --budget-forwards 15 --out forwards
[ "$(cell forwards/train.csv forwards 1)" = 14 ] || fail "15 forwards are not 7 steps of 2"
[ "$(cell forwards/train.csv ended 1)" = forwards ] || fail "ended by $(cell forwards/train.csv ended 1)"
run 0 train "${two[@]}" "${tiny[@]}" --budget-time 0.2 --out time
for i in 1 2; do
  awk -v s="$(cell time/train.csv wall_s $i)" 'BEGIN { exit !(s >= 0.2) }' || fail "0.2 s are $(cell time/train.csv wall_s $i)"
done
[ "$(cell time/train.csv ended 2)" = time ] || fail "ended by $(cell time/train.csv ended 2)"

echo "== a task that answers in its own words"
printf '%s\n' '{"name": "qa", "data": {"train": "qa.jsonl"}, "fields": {"first": "a[0]", "all": "a[]"},' \
  '"template": "{q} It was", "options": [" {first}\n"], "answers": "all", "loss": "lm", "metric": "f1", "generate": 6}' >qa.json
for i in $(seq 30); do
  printf '{"q": "film %s .", "a": ["good", "a bad one"]}\n' "$i"
done >qa.jsonl
run 0 train "${two[@]}" --task qa.json --model tiny --batch 4 --threads 1 --train-rows 10 --dev-rows 6 --eval-rows 6 --nu 5 \
  --steps 2 --out words
says out.txt 'f1 of 6 and 6 rows'
for row in 1 2; do
  [ -n "$(cell words/curve.csv eval_metric $row)" ] || fail "no f1 in the curve"
done
[ "$(cell words/curve.csv eval_metric 1)" = "$(cell words/curve.csv eval_metric 2)" ] || fail "engines generate other texts"

echo "== refused"
refused 2 '--steps and --epochs: a training ends by one' "${tiny[@]}" --steps 3 --epochs 1
refused 2 '--budget-forwards 1: a step of this algorithm has 2' "${tiny[@]}" --budget-forwards 1
refused 2 '--batch 41' "${tiny[@]}" --batch 41 --steps 2
refused 2 '--split: ' "${tiny[@]}" --split dev --steps 2
refused 2 'a list is a sweep' "${tiny[@]}" --lr 1e-5,1e-6 --steps 2
refused 2 '--data-seed' "${tiny[@]}" --data-seed 4294967296 --steps 2
refused 2 'needs horizon=N|give horizon=N' "${tiny[@]}" --algorithm lozo:schedule=cosine --budget-time 1
refused 3 'nosuch' "${tiny[@]}" --model nosuch/ --steps 2
refused 2 "did you mean '--eval-every'" "${tiny[@]}" --eval-evry 2
run 2 train whole
says err.txt 'only --resume takes a directory'
run 2 train "${tiny[@]}" --resume
says err.txt '--resume DIR'
run 2 train "${short[@]}" --out whole
says err.txt 'already holds results'

echo "== a broken row of data"
mkdir task
cat >task/mine.json <<'JSON'
{"name": "reviews", "data": {"train": "rows.tsv", "dev": "rows.tsv"}, "delimiter": "\t", "quote": "",
 "template": "{text} It was", "options": [" bad", " good"], "label": "label", "loss": "classification"}
JSON
{ printf 'text\tlabel\n'; for _ in 1 2 3 4 5 6; do printf 'a fine day\t1\na bad day\t0\n'; done; } >task/rows.tsv
own=(--engines naive:gemm=reference --model tiny --task task/mine.json --batch 2 --threads 1 --steps 3 --train-rows 6 --dev-rows 4)
run 0 train "${own[@]}" --out own
sed -i '9s/\t.*/\t7/' task/rows.tsv
run 3 train "${own[@]}" --train-rows 8 --out broken
says err.txt 'rows.tsv.*9'
[ ! -e broken ] || fail "a broken row leaves a directory"

echo "== a loss that is not finite"
run 1 train "${tiny[@]}" --engines naive:gemm=reference --lr 1e30 --steps 50 --eval-every 50 --log-every 1 --out nan
says err.txt 'engine naive:gemm=reference: step [0-9]*: the (losses are|dev loss is)'
[ "$(wc -l <err.txt)" = 1 ] || fail "not one line: $(cat err.txt)"
[ "$(wc -l <nan/curve.csv)" -gt 1 ] || fail "what was written did not stay"
grep -q '"status": "failed"' nan/meta.json || fail "NaN: $(grep '"status"' nan/meta.json)"
[ "$(cell nan/train.csv ended 1)" = failed ] || fail "NaN: ended by $(cell nan/train.csv ended 1)"

echo "== gone on with, cut at several places"
for n in 0 1 200 1000 3000; do
  rm -rf cut && mkdir cut && cp whole/* cut/ && rm cut/train.csv
  sed -i 's/"status": "complete"/"status": "running"/' cut/meta.json
  for file in steps.zo steps-2.zo; do
    size=$(stat -c %s cut/$file)
    [ "$size" -gt $n ] && truncate -s $((size - n)) cut/$file
  done
  run 0 train --resume cut
  same whole cut
done
rm -rf cut && mkdir cut && cp whole/* cut/ && rm cut/train.csv
sed -i 's/"status": "complete"/"status": "running"/' cut/meta.json
truncate -s -77 cut/curve.csv
run 0 train --resume cut
same whole cut
rm -rf cut && mkdir cut && cp whole/* cut/ && rm cut/curve.csv cut/train.csv
sed -i 's/"status": "complete"/"status": "running"/' cut/meta.json
run 0 train --resume cut
same whole cut

echo "== killed and interrupted"
for signal in KILL INT; do
  rm -rf killed
  "$zogap" train "${short[@]}" --out killed >out.txt 2>err.txt </dev/null &
  pid=$!
  await_lines 9 killed/curve.csv $pid
  kill -$signal $pid 2>/dev/null
  wait $pid 2>/dev/null
  if [ $signal = INT ] && grep -q '"status": "interrupted"' killed/meta.json; then
    says err.txt '^zogap: train: interrupted after [0-9]+ steps?; what was trained is in killed$'
    says out.txt '^to go on: .*zogap train .* --out killed --resume$'
    [ "$(cell killed/train.csv ended 1)" = interrupted ] || fail "ended by $(cell killed/train.csv ended 1)"
  fi
  run 0 train "${short[@]}" --out killed --resume
  same whole killed
done

echo "== nothing left, and made longer"
before=$(cat killed/* | cksum)
run 0 train --resume killed
says out.txt 'all was trained already'
[ "$(cat killed/* | cksum)" = "$before" ] || fail "a --resume with nothing to do wrote"
run 0 train --resume killed --steps 30
run 0 train "${short[@]}" --steps 30 --out longer
[ "$(cell killed/train.csv weights_xxh3 1)" = "$(cell longer/train.csv weights_xxh3 1)" ] || fail "longer is not the same"
run 2 train --resume killed --steps 10
says err.txt 'has 30 steps of engine naive:gemm=reference already, and 10 are asked for'

echo "== another training's directory"
resumed() { # CODE PATTERN WORD...
  local code=$1 pattern=$2 before
  shift 2
  before=$(cat again/* | cksum)
  run "$code" train "${short[@]}" --out again --resume "$@"
  [ "$(wc -l <err.txt)" = 1 ] || fail "not one line of error: $(cat err.txt)"
  says err.txt "$pattern"
  [ "$(cat again/* | cksum)" = "$before" ] || fail "a refused --resume wrote: $*"
}
resumed 2 '--seed 1 and 2' --seed 2
resumed 2 'lr 1e-05 and 2e-05|lr=' --lr 2e-5
resumed 2 'rank' --rank 3
resumed 2 '--eval-every 6 and 7' --eval-every 7
resumed 2 '--log-every 2 and 3' --log-every 3
resumed 2 '--data-seed 0 and 1' --data-seed 1
resumed 2 'dev rows 12 and 13' --dev-rows 13
resumed 2 '--engines' --engines fused
sed -i 's/"status": "complete"/"status": "running"/' again/meta.json
cp again/steps.zo keep
cp alone/steps.zo again/steps.zo
resumed 3 'steps.zo'
head -c 100 /dev/urandom >again/steps.zo
resumed 3 'steps.zo'
cp keep again/steps.zo
cp again/curve.csv keep
sed -i '3s/,lozo/,mezo/' again/curve.csv
resumed 3 'curve.csv: row 2 '
cp keep again/curve.csv
run 3 train --resume own/../task
says err.txt 'meta.json'

echo "== a full disk"
mkdir full
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=160k tmpfs full 2>/dev/null; then
  "$zogap" train "${short[@]}" --steps 100000 --eval-every 100000 --out full/x >out.txt 2>err.txt </dev/null &
  pid=$!
  await_lines 9 full/x/curve.csv $pid
  cat /dev/zero >full/filler 2>/dev/null
  wait $pid
  [ $? = 4 ] || fail "a full disk is not exit code 4"
  says err.txt '^zogap: train: full/x/.*: No space left on device$'
  [ "$(wc -l <err.txt)" = 1 ] || fail "a full disk: $(cat err.txt)"
  [ "$(tail -c 1 full/x/curve.csv | od -An -c | tr -d ' ')" = '\n' ] || fail "a full disk: a torn curve.csv"
  grep -q '"status": "failed"' full/x/meta.json || fail "a full disk: $(grep '"status"' full/x/meta.json)"
  rm full/filler
  n=$(wc -l <full/x/curve.csv)
  "$zogap" train --resume full/x >out.txt 2>err.txt </dev/null &
  pid=$!
  await_lines $((n + 4)) full/x/curve.csv $pid
  kill -INT $pid
  wait $pid
  [ $? = 130 ] || fail "gone on after a full disk: $(cat err.txt)"
  [ "$(wc -l <full/x/curve.csv)" -gt "$n" ] || fail "a training does not go on after a full disk"
  umount full
else
  echo "note: no tmpfs can be mounted: a full disk is not tried"
fi

finish
