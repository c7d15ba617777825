#!/usr/bin/env bash
# test_cli_stop.sh ZOGAP MAKE_TINY_MODEL - a run that is interrupted, and a sweep that is killed and gone on with: exit codes,
# whole files, and no sample lost or there twice.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
make_tiny "$2"
two=(--engines "naive:gemm=reference,naive:gemm=reference" --model tiny --batch 2 --threads 1)
export ZOGAP_PEAKS=brief

echo "== interruption"
for signal in INT TERM; do
  rm -rf i1
  "$zogap" run "${two[@]}" --blocks 100000 --steps 1 --events none --max-time 0 --out i1 >out.txt 2>err.txt &
  pid=$!
  await_lines 5 i1/samples.csv $pid
  "$zogap" run "${two[@]}" --blocks 100000 --steps 1 --events none --max-time 0 --out i1 --resume >/dev/null 2>both.txt
  [ $? = 2 ] && grep -q 'i1: another zogap is writing there' both.txt || fail "two runs in one directory: $(cat both.txt)"
  kill -$signal $pid
  wait $pid
  code=$?
  [ $code = $((128 + $(kill -l $signal))) ] || fail "SIG$signal: exit code $code ($(cat err.txt))"
  grep -q '"interrupted": true' i1/meta.json || fail "SIG$signal: meta.json is not marked interrupted"
  [ "$(wc -l <err.txt)" = 1 ] || fail "SIG$signal: not one line of error: $(cat err.txt)"
  [ "$(tail -c 1 i1/samples.csv | od -An -c | tr -d ' ')" = '\n' ] || fail "SIG$signal: torn samples.csv"
  [ "$(ls -A i1 | wc -l)" = 6 ] || fail "SIG$signal: i1 holds $(ls -A i1)"
done

echo "== resuming a sweep"
sweep=(run "${two[@]}" --batch 2,4 --steps 1 --blocks 120 --max-time 0 --events none --out w1)
"$zogap" "${sweep[@]}" >out.txt 2>err.txt &
pid=$!
await_lines 250 w1/samples.csv $pid
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
[ "$(wc -l <w1/summary.csv)" = 3 ] || echo "note: the sweep was not killed in its second case"
expect 2 'command_line' "${sweep[@]}" --seed 2 --resume
cp w1/meta.json here.json
sed -i '/"cpu": {/,/"name"/ s/"name": ".*"/"name": "Another Processor"/' w1/meta.json
expect 3 'of Another Processor, threads 1; this is .*, threads 1' "${sweep[@]}" --resume
sed 's/"n_threads": 1,/"n_threads": 7,/' here.json >w1/meta.json
expect 3 ', threads 7; this is .*, threads 1' "${sweep[@]}" --resume
cp here.json w1/meta.json
cp w1/samples.csv before.csv
touch w1/.summary.csv.123.tmp w1/.zogap-trial-123
expect 0 'results in w1' "${sweep[@]}" --resume
n_lost=$(head -n "$(wc -l <before.csv)" before.csv | sort | comm -23 - <(sort w1/samples.csv) | wc -l)
[ "$(ls -A w1 | wc -l)" = 6 ] || fail "resumed: w1 holds $(ls -A w1)"
[ "$n_lost" -le 1 ] || fail "resumed: $n_lost samples are lost, more than the block that was cut off"
[ "$(grep -c '"n_blocks_before": 0' w1/meta.json)" = 1 ] || fail "resumed: did not go on inside the second case"
[ "$(grep -c '"fingerprint_xxh3"' w1/meta.json)" = 2 ] || fail "resumed: meta.json has not each case once"
[ "$(wc -l <w1/summary.csv)" = 5 ] || fail "resumed: $(wc -l <w1/summary.csv) lines of summary, not 5"
[ "$(wc -l <w1/samples.csv)" = 481 ] || fail "resumed: $(wc -l <w1/samples.csv) lines of samples, not 481"
[ "$(sort w1/samples.csv | uniq -d | wc -l)" = 0 ] || fail "resumed: a sample is there twice"

finish
